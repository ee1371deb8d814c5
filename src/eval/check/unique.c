/* src/eval/check/unique.c: nothing is there twice: whole records (records.h), one or more of their fields together, or
 * the lines of a text (`of: lines`, empty ones not counted). White space at both ends of a text does not count. */
#include "eval/check/records.h"

#include "eval/items.h"

struct unique { struct record_field *fields; size_t count; bool lines, ignore_case; };
struct unique_text { struct str text; size_t index; };
struct unique_list { struct unique_text *at; size_t len; };

static enum err_code unique_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    const json_t *of = json_child(spec->options, "of"), *arg = spec->argument;
    struct unique *u = arena_new(a, struct unique);

    u->ignore_case = check_option(spec, "ignore_case");
    u->lines = str_is(json_to_str(of), "lines");
    if (of && !u->lines && !str_is(json_to_str(of), "items"))
        return err_set(e, ERR_BAD_INPUT, "unique: of: is items or lines");
    u->count = json_is_true(arg) ? 0 : json_is_array(arg) ? json_array_size(arg) : 1;
    if (u->lines && u->count)
        return err_set(e, ERR_BAD_INPUT, "unique: lines have no fields; write {unique: true, of: lines}");
    u->fields = arena_array(a, struct record_field, u->count + 1);
    for (size_t i = 0; i < u->count; i++)
        TRY(record_field_prepare(json_to_str(json_is_array(arg) ? json_array_get(arg, i) : arg), a, &u->fields[i], e));
    *state = u;
    return ERR_OK;
}

static struct str unique_lower(struct str s, struct arena *a)
{
    struct str copy = arena_strdup(a, s);

    for (size_t i = 0; i < copy.len; i++)
        if (copy.at[i] >= 'A' && copy.at[i] <= 'Z')
            ((char *)copy.at)[i] |= 0x20;
    return copy;
}

static void unique_lines(struct str text, struct arena *a, struct unique_list *out)
{
    struct str rest = text, line;
    size_t n = 1;

    for (size_t i = 0; i < text.len; i++)
        n += text.at[i] == '\n';
    *out = (struct unique_list){ .at = arena_array(a, struct unique_text, n) };
    for (size_t no = 1; str_split(&rest, '\n', &line); no++)
        if (str_trim(line).len)
            out->at[out->len++] = (struct unique_text){ str_trim(line), no };
}

/* What is compared of one record: its fields, or all of it. */
static bool unique_record(const struct unique *u, const struct records *r, size_t i, struct arena *a, struct str *out,
                          struct str *why)
{
    AUTO_BUF struct buf b = BUF_INIT((size_t)64 << 20);
    const json_t *json;
    struct str text;

    for (size_t k = 0; k < u->count; k++) {
        if (!record_field(r, i, &u->fields[k], a, &text, &json)) {
            *why = record_lacks(r, i, &u->fields[k], a);
            return false;
        }
        if (u->count == 1)
            *out = str_trim(text);
        buf_puts(&b, k ? ", " : "");
        buf_append(&b, str_trim(text));
    }
    for (size_t k = 0; !u->count && k < r->at[i].cell_count; k++) {
        buf_puts(&b, k ? "," : "");
        json_write_str(str_trim(r->at[i].cells[k]), &b);
    }
    if (!u->count && r->at[i].json)
        *out = str_trim(items_text(r->at[i].json, a));
    else if (u->count != 1)
        *out = arena_strdup(a, buf_str(&b));
    return true;
}

static int unique_cmp(const void *a, const void *b)
{
    const struct unique_text *x = a, *y = b;
    int order = str_cmp(x->text, y->text);

    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static enum check_verdict unique_judge(const void *state, const struct check_target *t, struct arena *a,
                                       struct str *why)
{
    const struct unique *u = state;
    struct unique_list l = { 0 };
    struct records r;

    if (u->lines) {
        unique_lines(t->text, a, &l);
    } else {
        if (!records_read(t, a, &r, why))
            return CHECK_FAIL;
        l.at = arena_array(a, struct unique_text, r.count + 1);
        for (; l.len < r.count; l.len++) {
            l.at[l.len].index = l.len + 1;
            if (!unique_record(u, &r, l.len, a, &l.at[l.len].text, why))
                return CHECK_FAIL;
        }
    }
    for (size_t i = 0; u->ignore_case && i < l.len; i++)
        l.at[i].text = unique_lower(l.at[i].text, a);
    if (l.len)
        qsort(l.at, l.len, sizeof *l.at, unique_cmp);
    for (size_t i = 1; i < l.len; i++)
        if (str_eq(l.at[i].text, l.at[i - 1].text)) {
            *why = arena_printf(a, STR_FMT " is there twice: %s %zu and %zu", STR_ARG(subject_quote(l.at[i].text, a)),
                                u->lines ? "lines"
                                : r.csv  ? "rows"
                                         : "items",
                                l.at[i - 1].index, l.at[i].index);
            return CHECK_FAIL;
        }
    return CHECK_PASS;
}

const struct check check_unique = {
    .name = "unique", .argument = CHECK_KEYS, .scope = CHECK_OF_NODES, .options = "of ignore_case",
    .doc = "No two items of the list, CSV rows, lines (of: lines) or values chosen by path are equal; a key or column, or a "
           "list of them, compares only these.",
    .example = "- unique: id",
    .prepare = unique_prepare, .judge = unique_judge,
};
