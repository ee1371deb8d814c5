#include "sim/wire/wire.h"

#include <stdio.h>

void sim_tell(struct sim_told *t, const char *fmt, ...)
{
    AUTO_BUF struct buf line = BUF_INIT(1024);
    va_list ap;

    if (t->count == SIM_HEADERS_MAX)
        return;
    va_start(ap, fmt);
    buf_vprintf(&line, fmt, ap);
    va_end(ap);
    if (!buf_failed(&line))
        t->lines[t->count++] = arena_cstr(t->arena, buf_str(&line));
    t->lines[t->count] = NULL;
}

void sim_event_raw(struct sim_events *out, struct str bytes, int64_t tokens)
{
    vec_push(&out->list, (struct sim_event){ arena_strdup(out->arena, bytes), tokens });
}

void sim_event_sse(struct sim_events *out, const char *name, json_t *data, int64_t tokens)
{
    AUTO_BUF struct buf text = BUF_INIT(SIM_BODY_MAX);

    if (name)
        buf_printf(&text, "event: %s\n", name);
    buf_puts(&text, "data: ");
    json_write(data, &text);
    buf_puts(&text, "\n\n");
    json_decref(data);
    sim_event_raw(out, buf_str(&text), tokens);
}

/* About four tokens, more for long texts so that a stream stays below some thousand events. */
bool sim_piece(struct str *rest, struct str *piece)
{
    size_t want = MAX((size_t)16, rest->len / 1000);

    if (!rest->len)
        return false;
    *piece = str_utf8_head(*rest, want);
    if (!piece->len)
        *piece = str_sub(*rest, 0, want);
    *rest = str_from(*rest, piece->len);
    return true;
}

void sim_texts_init(struct sim_texts *t)
{
    *t = (struct sim_texts){ .system = BUF_INIT(SIM_BODY_MAX), .user = BUF_INIT(SIM_BODY_MAX), .last = BUF_INIT(SIM_BODY_MAX) };
}

void sim_texts_add(struct buf *to, struct str s)
{
    if (to->len)
        buf_byte(to, '\n');
    buf_append(to, s);
}

void sim_texts_done(struct sim_texts *t, struct sim_ask *ask, struct arena *a)
{
    ask->system = arena_strdup(a, buf_str(&t->system));
    ask->user = arena_strdup(a, buf_str(&t->user));
    if (t->last.len == t->user.len)
        ask->last_user = ask->user;
    else
        ask->last_user = arena_strdup(a, buf_str(&t->last));
    ask->hash = hash_bytes(ask->user, hash_bytes(ask->system, 1));
    buf_dispose(&t->system);
    buf_dispose(&t->user);
    buf_dispose(&t->last);
}

enum err_code sim_read_stops(const json_t *stops, struct sim_ask *ask, struct err *e)
{
    const json_t *s;
    size_t i;

    if (json_is_string(stops)) {
        ask->stops[ask->stop_count++] = json_to_str(stops);
        return ERR_OK;
    }
    if (stops && !json_is_null(stops) && (!json_is_array(stops) || json_array_size(stops) > COUNT_OF(ask->stops)))
        return err_set(e, ERR_BAD_INPUT, "stop is a string or a list of at most %zu strings", COUNT_OF(ask->stops));
    json_array_foreach(stops, i, s)
        if (json_is_string(s))
            ask->stops[ask->stop_count++] = json_to_str(s);
    return ERR_OK;
}

int64_t sim_round_s(int64_t ms)
{
    return (ms + 999) / 1000;
}

const char *sim_duration(struct arena *a, int64_t ms)
{
    if (ms < 1000)
        return arena_printf(a, "%lldms", (long long)ms).at;
    if (ms < 60000)
        return arena_printf(a, "%.3gs", (double)ms / 1000).at;
    return arena_printf(a, "%lldm%llds", (long long)(ms / 60000), (long long)(ms / 1000 % 60)).at;
}
