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
    *t = (struct sim_texts){ .system = BUF_INIT(SIM_BODY_MAX), .user = BUF_INIT(SIM_BODY_MAX), .last = BUF_INIT(SIM_BODY_MAX),
                              .tool = BUF_INIT(SIM_BODY_MAX) };
}

void sim_texts_add(struct buf *to, struct str s)
{
    if (to->len)
        buf_byte(to, '\n');
    buf_append(to, s);
}

void sim_texts_user(struct sim_texts *t, struct sim_ask *ask)
{
    buf_reset(&t->last);
    sim_texts_assistant(t, ask);
}

void sim_texts_assistant(struct sim_texts *t, struct sim_ask *ask)
{
    buf_reset(&t->tool);
    ask->tools_answered = false;
}

void sim_texts_tool(struct sim_texts *t, struct sim_ask *ask, struct str gave)
{
    sim_texts_add(&t->tool, gave);
    ask->tools_answered = true;
}

void sim_texts_tool_json(struct sim_texts *t, struct sim_ask *ask, const json_t *gave)
{
    AUTO_BUF struct buf text = BUF_INIT(SIM_BODY_MAX);

    if (gave && !json_is_string(gave) && !json_is_null(gave))
        json_write(gave, &text);
    sim_texts_tool(t, ask, json_is_string(gave) ? json_to_str(gave) : buf_str(&text));
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
    if (ask->tools_answered) {
        ask->tool_result = arena_strdup(a, buf_str(&t->tool));
        ask->hash = hash_bytes(ask->tool_result, ask->hash);
    }
    buf_dispose(&t->tool);
    buf_dispose(&t->system);
    buf_dispose(&t->user);
    buf_dispose(&t->last);
}

/* What the vendors take as a tool's name. */
static bool tool_name_ok(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char low = (char)(name.at[i] | 0x20);

        if (!(low >= 'a' && low <= 'z') && !(name.at[i] >= '0' && name.at[i] <= '9') && !strchr("_-.:", name.at[i]))
            return false;
    }
    return name.len > 0 && name.len <= 128;
}

enum err_code sim_read_tools(const json_t *list, const char *inside, const char *form, struct sim_ask *ask,
                             struct arena *a, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(SIM_BODY_MAX);
    const json_t *item;
    size_t i;

    if (!list || json_is_null(list))
        return ERR_OK;
    if (!json_is_array(list))
        return err_set(e, ERR_BAD_INPUT, "Invalid type for 'tools': expected an array.");
    if (json_array_size(list) + ask->tool_count > SIM_TOOLS_MAX)
        return err_set(e, ERR_BAD_INPUT,
                       "Invalid 'tools': array too long. Expected an array with maximum length %d, but got an array "
                       "with length %zu instead.",
                       SIM_TOOLS_MAX, json_array_size(list) + ask->tool_count);
    if (!ask->tools)
        ask->tools = arena_array(a, struct sim_tool, SIM_TOOLS_MAX);
    json_array_foreach((json_t *)list, i, item) {
        const json_t *tool = inside ? json_child(item, inside) : item, *parameters = json_child(tool, form);
        struct str name = json_get_str(tool, "name");

        if (!tool_name_ok(name))
            return err_set(e, ERR_BAD_INPUT,
                           "Invalid 'tools[%zu].name': expected a string of 1 to 128 letters, digits, underscores "
                           "and hyphens.",
                           i);
        for (size_t k = 0; k < ask->tool_count; k++)
            if (str_eq(ask->tools[k].name, name))
                return err_set(e, ERR_BAD_INPUT,
                               "Invalid 'tools[%zu].name': tool names must be unique, and there is another '" STR_FMT
                               "'.",
                               i, STR_ARG(name));
        if (parameters && !json_is_object(parameters))
            return err_set(e, ERR_BAD_INPUT, "Invalid 'tools[%zu].%s': expected a JSON Schema of type object.", i,
                           form);
        ask->tools[ask->tool_count++] = (struct sim_tool){ name, parameters };
    }
    json_write(list, &text);
    ask->tool_tokens += sim_tokens(buf_str(&text));
    return ERR_OK;
}

enum err_code sim_read_tool_choice(struct str word, struct str name, struct sim_ask *ask, struct err *e)
{
    static const struct { struct str word; enum sim_tool_wish wish; } words[] = {
        { { "auto", 4 }, SIM_TOOLS_AUTO }, { { "none", 4 }, SIM_TOOLS_NONE }, { { "any", 3 }, SIM_TOOLS_ANY },
        { { "required", 8 }, SIM_TOOLS_ANY },
    };

    if (!word.len && !name.len)
        return ERR_OK;
    for (size_t i = 0; !name.len && i < COUNT_OF(words); i++)
        if (str_ieq(word, words[i].word)) {
            ask->tool_wish = words[i].wish;
            return ask->tool_count || ask->tool_wish != SIM_TOOLS_ANY
                       ? ERR_OK
                       : err_set(e, ERR_BAD_INPUT,
                                 "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are "
                                 "specified.");
        }
    for (size_t i = 0; i < ask->tool_count; i++)
        if (str_eq(ask->tools[i].name, name)) {
            ask->tool_wish = SIM_TOOLS_ONE;
            ask->tool_wanted = name;
            return ERR_OK;
        }
    return name.len ? err_set(e, ERR_BAD_INPUT, "Invalid value for 'tool_choice': the tool '" STR_FMT "' is not in 'tools'.", STR_ARG(name))
                    : err_set(e, ERR_BAD_INPUT, "Invalid value for 'tool_choice': '" STR_FMT "'. Supported values are: 'none', 'auto', "
                                                "'required'.", STR_ARG(word));
}

json_t *sim_use_id(const struct sim_reply *reply, size_t i, const char *prefix)
{
    return json_sprintf("%s%016llx", prefix, (unsigned long long)rng_mix(reply->id + i + 1));
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
