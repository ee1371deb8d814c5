#include "llm/provider/wire.h"

#include <math.h>
#include <stdio.h>

/* A value ends in a quote, a digit, a letter or a closing bracket; after anything else no comma is due. */
static void wire_comma(struct wire *w)
{
    char last = w->out->len ? w->out->bytes[w->out->len - 1] : '{';

    if (last != '{' && last != '[' && last != ':')
        buf_byte(w->out, ',');
}

void wire_open(struct wire *w, char bracket)
{
    wire_comma(w);
    buf_byte(w->out, bracket);
}

void wire_close(struct wire *w, char bracket)
{
    buf_byte(w->out, bracket);
}

void wire_key(struct wire *w, const char *name)
{
    wire_comma(w);
    if (!name)
        return;
    buf_byte(w->out, '"');
    buf_puts(w->out, name);
    buf_append(w->out, S("\":"));
}

void wire_str(struct wire *w, const char *name, struct str value)
{
    wire_key(w, name);
    if (str_is_utf8(value)) {
        json_write_str(value, w->out);
    } else {
        AUTO_JSON *clean = json_from_str(value);

        json_write_str(json_to_str(clean), w->out);
    }
}

void wire_i64(struct wire *w, const char *name, int64_t value)
{
    wire_key(w, name);
    buf_printf(w->out, "%lld", (long long)value);
}

/* The shortest text that reads back as the same number: 0.7, not 0.69999999999999996. */
void wire_double(struct wire *w, const char *name, double value)
{
    char text[40];

    if (value == floor(value) && fabs(value) < 1e9) {
        wire_i64(w, name, (int64_t)value);
        return;
    }
    wire_key(w, name);
    for (int digits = 15; digits <= 17; digits++) {
        double back;

        snprintf(text, sizeof text, "%.*g", digits, value);
        if (str_to_double(str_c(text), &back) && back == value)
            break;
    }
    buf_puts(w->out, text);
}

void wire_bool(struct wire *w, const char *name, bool value)
{
    wire_key(w, name);
    buf_puts(w->out, value ? "true" : "false");
}

void wire_json(struct wire *w, const char *name, const json_t *value)
{
    wire_key(w, name);
    json_write(value, w->out);
}

void wire_strs(struct wire *w, const char *name, const struct str *at, size_t n)
{
    wire_key(w, name);
    buf_byte(w->out, '[');
    for (size_t i = 0; i < n; i++)
        wire_str(w, NULL, at[i]);
    buf_byte(w->out, ']');
}

void wire_drop(struct wire *w, const char *name)
{
    struct str rest = buf_str(w->dropped), part;

    while (rest.len && str_split(&rest, ',', &part))
        if (str_is(str_trim(part), name))
            return;
    if (w->dropped->len)
        buf_puts(w->dropped, ", ");
    buf_puts(w->dropped, name);
}

bool wire_extra_has(const struct wire *w, const char *name)
{
    return w->extra && json_child(w->extra, name) != NULL;
}

bool wire_takes(struct wire *w, const char *name)
{
    if (wire_extra_has(w, name))
        return false;
    if (!quirks_refuse(w->quirks, name))
        return true;
    wire_drop(w, name);
    return false;
}

void wire_extra(struct wire *w, const char *const *skip)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)w->extra, key, value) {
        bool merged = false;

        for (const char *const *s = skip; s && *s && !merged; s++)
            merged = strcmp(*s, key) == 0;
        if (merged)
            continue;
        wire_comma(w);
        json_write_str(str_c(key), w->out);
        buf_byte(w->out, ':');
        json_write(value, w->out);
    }
}

enum err_code wire_check_extra(const struct request *rq, struct err *e)
{
    static const struct { const char *name, *instead; } fixed[] = {
        { "model", "choose it in models or variants" }, { "messages", "the prompt is what the task says" },
        { "contents", "the prompt is what the task says" }, { "stream", "use the parameter stream" },
    };
    const json_t *extra = params_has(&rq->params, PARAM_EXTRA) ? rq->params.extra : NULL;

    if (!extra)
        return ERR_OK;
    for (size_t i = 0; i < COUNT_OF(fixed); i++)
        if (json_child(extra, fixed[i].name))
            return err_set(e, ERR_REJECTED, "\"extra\" may not set \"%s\": %s", fixed[i].name, fixed[i].instead);
    if (json_get_i64(extra, "n", 1) != 1)
        return err_set(e, ERR_REJECTED,
                       "\"extra\" asks for n = %lld answers in one call, of which only the first would be "
                       "read; use repeat",
                       (long long)json_get_i64(extra, "n", 1));
    return ERR_OK;
}

enum err_code wire_check_stops(const struct request *rq, const char *label, size_t most, struct err *e)
{
    if (params_has(&rq->params, PARAM_STOP) && rq->params.stop_count > most)
        return err_set(e, ERR_REJECTED, "\"stop\" has %zu strings; %s takes at most %zu", rq->params.stop_count, label,
                       most);
    return ERR_OK;
}

enum err_code wire_check_body(const struct http_call *c, struct err *e)
{
    if (buf_failed(&c->body))
        return err_set(e, ERR_REJECTED, "the request would be larger than %u MiB", HTTP_CALL_BODY_MAX >> 20);
    if (buf_failed(&c->argv))
        return err_set(e, ERR_REJECTED, "the program's arguments would be longer than %zu bytes", c->argv.max);
    if (buf_failed(&c->url))
        return err_set(e, ERR_REJECTED, "the address of the model would be longer than %zu bytes", c->url.max);
    return ERR_OK;
}

struct str wire_message_text(const struct message *m, struct arena *a)
{
    AUTO_BUF struct buf all = BUF_INIT(HTTP_CALL_BODY_MAX);

    if (m->part_count == 1 && m->parts[0].kind == PART_TEXT)
        return m->parts[0].text;
    for (size_t i = 0; i < m->part_count; i++) {
        if (m->parts[i].kind != PART_TEXT)
            continue;
        if (all.len)
            buf_puts(&all, "\n\n");
        buf_append(&all, m->parts[i].text);
    }
    return arena_strdup(a, buf_str(&all));
}

struct str wire_system_text(const struct request *rq, struct arena *a)
{
    AUTO_BUF struct buf all = BUF_INIT(HTTP_CALL_BODY_MAX);
    struct str one = STR_NONE;
    size_t n = 0;

    for (size_t i = 0; i < rq->message_count; i++) {
        if (rq->messages[i].role != MESSAGE_SYSTEM)
            continue;
        one = wire_message_text(&rq->messages[i], a);
        if (n++)
            buf_puts(&all, "\n\n");
        buf_append(&all, one);
    }
    return n > 1 ? arena_strdup(a, buf_str(&all)) : one;
}

static bool wire_system_is_late(const struct request *rq)
{
    bool spoken = false;

    for (size_t i = 0; i < rq->message_count; i++) {
        if (rq->messages[i].role != MESSAGE_SYSTEM)
            spoken = true;
        else if (spoken)
            return true;
    }
    return false;
}

void wire_tell_moved(struct wire *w, const struct request *rq)
{
    if (wire_system_is_late(rq))
        wire_drop(w, "place of a later system message");
}

enum err_code wire_check_begins(const struct request *rq, const char *label, struct err *e)
{
    for (size_t i = 0; i < rq->message_count; i++) {
        if (rq->messages[i].role == MESSAGE_USER)
            break;
        if (rq->messages[i].role == MESSAGE_ASSISTANT)
            return err_set(e, ERR_REJECTED,
                           "%s wants the user to speak first, and this conversation begins with the assistant", label);
    }
    return ERR_OK;
}

struct message *wire_alternate(const struct request *rq, struct arena *a, size_t *count)
{
    struct message *list = arena_array(a, struct message, rq->message_count + 1);
    struct str system = wire_system_text(rq, a);
    size_t n = 0, parts;

    if (system.len)
        list[n++] = message_text(MESSAGE_SYSTEM, system, a);
    for (size_t i = 0, end; i < rq->message_count; i = end) {
        enum message_role role = rq->messages[i].role;
        struct message *m = &list[n];

        end = i + 1;
        if (role == MESSAGE_SYSTEM)
            continue;
        parts = rq->messages[i].part_count;
        for (; end < rq->message_count && (rq->messages[end].role == role || rq->messages[end].role == MESSAGE_SYSTEM);
             end++)
            parts += rq->messages[end].part_count;
        *m = (struct message){ .role = role, .parts = arena_array(a, struct part, parts) };
        for (size_t k = i; k < end; k++)
            for (size_t p = 0; rq->messages[k].role == role && p < rq->messages[k].part_count; p++)
                m->parts[m->part_count++] = rq->messages[k].parts[p];
        n++;
    }
    *count = n;
    return list;
}

bool wire_has_images(const struct message *m)
{
    for (size_t i = 0; i < m->part_count; i++)
        if (m->parts[i].kind == PART_IMAGE)
            return true;
    return false;
}

bool wire_says_json(const struct request *rq)
{
    for (size_t i = 0; i < rq->message_count; i++)
        for (size_t k = 0; k < rq->messages[i].part_count; k++)
            if (str_ifind(rq->messages[i].parts[k].text, S("json")) >= 0)
                return true;
    return false;
}

void wire_image_url(struct wire *w, const char *name, const struct part *p)
{
    if (p->url.len) {
        wire_str(w, name, p->url);
        return;
    }
    wire_key(w, name);
    buf_puts(w->out, "\"data:");
    buf_append(w->out, p->media_type);
    buf_puts(w->out, ";base64,");
    buf_append(w->out, p->base64);
    buf_byte(w->out, '"');
}

struct str wire_schema_name(const struct request *rq, struct arena *a)
{
    size_t n = MIN(rq->schema_name.len, (size_t)64);
    char *name;

    if (!n)
        return S("output");
    name = arena_cstr(a, str_sub(rq->schema_name, 0, n));
    for (size_t i = 0; i < n; i++) {
        char c = name[i], low = (char)(c | 0x20);

        if (!((low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            name[i] = '_';
    }
    return str_n(name, n);
}

double wire_clamp_temperature(struct wire *w, const struct params *p, double most)
{
    char note[64];

    if (!params_has(p, PARAM_TEMPERATURE) || p->temperature <= most)
        return p->temperature;
    snprintf(note, sizeof note, "temperature lowered to %g", most);
    wire_drop(w, note);
    return most;
}

bool wire_schema_is_closed(const json_t *schema, bool all_required)
{
    const json_t *properties = json_child(schema, "properties"), *value;
    const char *key;
    size_t i;

    if (properties &&
        (!json_is_false(json_child(schema, "additionalProperties")) ||
         (all_required && json_array_size(json_child(schema, "required")) != json_object_size(properties))))
        return false;
    json_object_foreach((json_t *)schema, key, value)
        if (!wire_schema_is_closed(value, all_required))
            return false;
    json_array_foreach((json_t *)schema, i, value)
        if (!wire_schema_is_closed(value, all_required))
            return false;
    return true;
}

void wire_schema(struct wire *w, const struct request *rq, struct arena *a)
{
    wire_str(w, "name", wire_schema_name(rq, a));
    wire_json(w, "schema", rq->schema);
    wire_bool(w, "strict", wire_schema_is_closed(rq->schema, true));
}

void wire_url(struct buf *url, struct str base, const char *version, const char *path)
{
    while (base.len && base.at[base.len - 1] == '/')
        base.len--;
    buf_append(url, base);
    if (!str_ends(base, str_c(version)))
        buf_puts(url, version);
    buf_puts(url, path);
}

void wire_url_part(struct buf *url, struct str part, bool slashes)
{
    static const char kept[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

    for (size_t i = 0; i < part.len; i++)
        if (part.at[i] && (strchr(kept, part.at[i]) || (slashes && part.at[i] == '/')))
            buf_byte(url, part.at[i]);
        else
            buf_printf(url, "%%%02X", (unsigned char)part.at[i]);
}

void wire_tool(struct wire *w, const json_t *tool, const char *schema_name)
{
    wire_str(w, "name", json_get_str(tool, "name"));
    if (json_get_str(tool, "description").len)
        wire_str(w, "description", json_get_str(tool, "description"));
    wire_tool_schema(w, schema_name, tool);
}

void wire_tool_schema(struct wire *w, const char *name, const json_t *tool)
{
    const json_t *schema = json_child(tool, "parameters");

    wire_key(w, name);
    if (schema)
        json_write(schema, w->out);
    else
        buf_puts(w->out, "{\"type\":\"object\",\"properties\":{}}");
}

void wire_functions(struct wire *w, const json_t *tools)
{
    const json_t *tool;
    size_t i;

    wire_key(w, "tools");
    wire_open(w, '[');
    json_array_foreach((json_t *)tools, i, tool) {
        wire_open(w, '{');
        wire_str(w, "type", S("function"));
        wire_key(w, "function");
        wire_open(w, '{');
        wire_tool(w, tool, "parameters");
        wire_close(w, '}');
        wire_close(w, '}');
    }
    wire_close(w, ']');
}

bool wire_tool_choice_is_word(const struct request *rq)
{
    return str_is(rq->tool_choice, "auto") || str_is(rq->tool_choice, "none") || str_is(rq->tool_choice, "required");
}

bool wire_family(struct str id, const char *family)
{
    size_t n = strlen(family);

    return str_istarts(id, str_c(family)) && (id.len == n || memchr("-:@./", id.at[n], 5));
}

bool wire_families(struct str id, const char *const *families)
{
    for (; families && *families; families++)
        if (wire_family(id, *families))
            return true;
    return false;
}

bool wire_starts_any(struct str id, const char *const *prefixes)
{
    for (; prefixes && *prefixes; prefixes++)
        if (str_istarts(id, str_c(*prefixes)))
            return true;
    return false;
}
