#include "data/case.h"

static const char *const case_expected_names[] = { "expected", "expected_output", "expectedOutput", "answer", "ideal", "label", "target",
                                                   "gold", "output", "reference", "completion" };
static const char *const case_id_names[] = { "id", "case_id" };

static enum err_code case_fail(const struct case_reader *c, const struct source_item *item, struct err *e)
{
    if (item->line)
        return err_prefix(e, STR_FMT ":%lld", STR_ARG(c->src->name), (long long)item->line);
    return err_prefix(e, STR_FMT, STR_ARG(c->src->name));
}

static const char *case_first_of(const json_t *o, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (json_object_get(o, names[i]))
            return names[i];
    return NULL;
}

static void case_hint(struct case_reader *c, const json_t *o, struct str wanted)
{
    struct suggest near;
    const char *key;
    json_t *value;

    if (c->hint_made)
        return;
    c->hint_made = true;
    suggest_begin(&near, wanted);
    json_object_foreach((json_t *)o, key, value)
        suggest_offer(&near, str_c(key));
    suggest_hint(&near, c->hint);
}

/* A cell of text that is JSON: an object or a list. Anything else stays text. */
static json_t *case_cell(json_t *text)
{
    struct str s = str_trim(json_to_str(text));
    json_t *j;

    if (s.len == 0 || (s.at[0] != '{' && s.at[0] != '[') || json_read(s, &j, NULL) != ERR_OK)
        return json_incref(text);
    return j;
}

static void case_take_expected(struct case_reader *c, json_t *vars, struct arena *a, struct dataset_case *out)
{
    AUTO(freep) char *named = c->src->expected.len ? xstrndup(c->src->expected.at, c->src->expected.len) : NULL;
    const char *member = named ? named : case_first_of(vars, case_expected_names, COUNT_OF(case_expected_names));
    json_t *value = member ? json_object_get(vars, member) : NULL;

    if (c->src->plain)
        return;
    if (named && !value)
        case_hint(c, vars, c->src->expected);
    if (!value)
        return;
    c->expected_seen = true;
    if (!json_is_null(value) && !(c->cells_are_text && json_is_string(value) && json_string_length(value) == 0))
        out->expected = json_in_arena(c->cells_are_text ? case_cell(value) : json_incref(value), a);
    json_object_del(vars, member);
}

static enum err_code case_take_id(struct case_reader *c, const json_t *vars, const struct source_item *item,
                                  int64_t position, struct arena *a, struct dataset_case *out, struct err *e)
{
    AUTO(freep) char *named = c->src->id.len ? xstrndup(c->src->id.at, c->src->id.len) : NULL;
    const char *member = named ? named : case_first_of(vars, case_id_names, COUNT_OF(case_id_names));
    const json_t *value = member ? json_object_get(vars, member) : NULL;

    if (named && !value) {
        case_hint(c, vars, c->src->id);
        return err_set(e, ERR_BAD_INPUT, "the case has no \"%s\" to take its id from%s", named, c->hint);
    }
    if (json_is_string(value) && json_string_length(value))
        out->id = arena_strdup(a, str_utf8_head(json_to_str(value), 256));
    else if (json_is_integer(value))
        out->id = arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        out->id = arena_printf(a, "%.17g", json_real_value(value));
    else if (named)
        return err_set(e, ERR_BAD_INPUT, "\"%s\" is the case's id and must be text or a number", named);
    else if (item->id.len)
        out->id = json_to_str(json_in_arena(json_from_str(item->id), a));       /* a file's name need not be UTF-8 */
    else
        out->id = arena_printf(a, "%lld", (long long)position);
    return ERR_OK;
}

/* {"vars": {...}, "expected": ...}: the inner members win over the outer ones. */
static void case_spread(json_t *o)
{
    json_t *inner = json_object_get(o, "vars");

    if (!json_is_object(inner))
        return;
    json_incref(inner);
    json_object_del(o, "vars");
    json_object_update(o, inner);
    json_decref(inner);
}

enum err_code case_of_item(struct case_reader *c, struct source_item *item, int64_t position, struct arena *a,
                           struct dataset_case *out, struct err *e)
{
    json_t *vars = TAKE(item->json);
    struct dataset_case made = { .index = position - 1 };

    if (!json_is_object(vars)) {
        json_t *o = json_object();

        json_object_set_new(o, "input", vars);
        vars = o;
    }
    json_in_arena(vars, a);
    if (case_take_id(c, vars, item, position, a, &made, e) != ERR_OK)
        return case_fail(c, item, e);
    case_take_expected(c, vars, a, &made);
    case_spread(vars);
    if (c->src->defaults)
        json_object_update_missing(vars, (json_t *)c->src->defaults);
    made.vars = vars;
    *out = made;
    return ERR_OK;
}

enum err_code case_reader_end(const struct case_reader *c, int64_t items, struct err *e)
{
    if (items == 0 || c->src->expected.len == 0 || c->expected_seen)
        return ERR_OK;
    return err_set(e, ERR_BAD_INPUT, STR_FMT ": no case has \"" STR_FMT "\" to take the expected answer from%s",
                   STR_ARG(c->src->name), STR_ARG(c->src->expected), c->hint);
}
