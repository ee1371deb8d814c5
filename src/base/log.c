#include "base/base.h"

#include <math.h>
#include <unistd.h>

static const char *const log_names[] = { "trace", "debug", "info", "warn", "error", "off" };
static int log_current = -1;

bool log_level_from(struct str name, enum log_level *out)
{
    for (int i = 0; i <= LOG_OFF; i++)
        if (str_ieq(name, str_c(log_names[i]))) {
            *out = (enum log_level)i;
            return true;
        }
    return false;
}

enum log_level log_level(void)
{
    int now = __atomic_load_n(&log_current, __ATOMIC_RELAXED);

    if (now < 0) {
        enum log_level level = LOG_WARN;
        const char *asked = getenv("ASSAY_LOG");

        if (asked && !log_level_from(str_c(asked), &level))
            level = LOG_WARN;
        now = (int)level;
        __atomic_store_n(&log_current, now, __ATOMIC_RELAXED);
    }
    return (enum log_level)now;
}

void log_set_level(enum log_level level)
{
    __atomic_store_n(&log_current, (int)level, __ATOMIC_RELAXED);
}

void log_write(enum log_level level, const char *name, const struct log_field *fields)
{
    AUTO_BUF struct buf line = BUF_INIT(16 * 1024);
    AUTO_JSON *o = json_object();

    json_object_set_new(o, "level", json_string(log_names[level]));
    json_object_set_new(o, "time", json_integer(clock_wall_ms()));
    json_object_set_new(o, "event", json_string(name));
    for (; fields->key; fields++) {
        json_t *v = fields->kind == 's'   ? json_from_str(str_utf8_head(fields->s, 500))
                    : fields->kind == 'i' ? json_integer(fields->i)
                    : isfinite(fields->d) ? json_real(fields->d)
                                          : json_null();

        json_object_set_new(o, fields->key, v);
    }
    json_write(o, &line);
    buf_byte(&line, '\n');
    if (!buf_failed(&line) && write(STDERR_FILENO, line.bytes, line.len) < 0)
        log_set_level(LOG_OFF);                 /* nobody listens: stop trying */
}
