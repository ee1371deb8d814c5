/* src/base/log.h (through base.h): one JSON object a line on standard error.
 *
 * A line is an event: a constant dotted name, then ids and numbers with their units. `struct secret` has no field
 * macro, so a key cannot be logged. Text is cut at 500 bytes. Below the level, a call costs one load.
 * Level from ASSAY_LOG (trace debug info warn error off), warn by default. Threads: any; one write per line. */
#pragma once

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

struct log_field { const char *key; char kind; struct str s; int64_t i; double d; };
#define LOG_S(k, v) ((struct log_field){ .key = (k), .kind = 's', .s = (v) })
#define LOG_C(k, v) ((struct log_field){ .key = (k), .kind = 's', .s = str_c(v) })
#define LOG_I(k, v) ((struct log_field){ .key = (k), .kind = 'i', .i = (int64_t)(v) })
#define LOG_D(k, v) ((struct log_field){ .key = (k), .kind = 'd', .d = (v) })

#define log_event(level, name, ...)                                                                \
    do {                                                                                           \
        if ((level) >= log_level())                                                                \
            log_write((level), (name), (struct log_field[]){ __VA_ARGS__, { .key = NULL } });      \
    } while (0)

enum log_level log_level(void);
void log_set_level(enum log_level level);
bool log_level_from(struct str name, enum log_level *out) MUST_USE;
void log_write(enum log_level level, const char *name, const struct log_field *fields);
