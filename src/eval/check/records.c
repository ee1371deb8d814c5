#include "eval/check/records.h"

#include "eval/items.h"

struct records_rows { VEC(struct record) rows; };

static bool records_csv_rows(struct csv *c, struct arena *a, struct records_rows *rows, struct str *why)
{
    const struct str *fields;
    struct err e = ERR_INIT;
    size_t count;
    bool more;

    for (;;) {
        struct str *cells;

        if (csv_next(c, &fields, &count, &more, &e) != ERR_OK) {
            *why = arena_printf(a, "is not CSV: line %s", e.text);
            return false;
        }
        if (!more)
            return true;
        cells = arena_array(a, struct str, count);
        for (size_t i = 0; i < count; i++)
            cells[i] = arena_strdup(a, fields[i]);
        vec_push(&rows->rows, (struct record){ .cells = cells, .cell_count = count });
    }
}

bool records_csv(struct str text, struct arena *a, struct records *out, struct str *why)
{
    struct records_rows rows = { 0 };
    struct csv c;
    bool good;

    *out = (struct records){ .csv = true, .numbered = true };
    csv_open_str(&c, text, ',');
    good = records_csv_rows(&c, a, &rows, why);
    csv_close(&c);
    if (good && !rows.rows.len) {
        *why = S("the output is empty");
        good = false;
    }
    if (good) {
        out->columns = rows.rows.at[0].cells;
        out->column_count = rows.rows.at[0].cell_count;
        out->count = rows.rows.len - 1;
        out->at = arena_array(a, struct record, rows.rows.len);
        memcpy(out->at, rows.rows.at + 1, out->count * sizeof *out->at);
    }
    vec_dispose(&rows.rows);
    return good;
}

static void records_of_list(const json_t *list, struct arena *a, struct records *out)
{
    out->numbered = true;
    out->count = json_array_size(list);
    out->at = arena_array(a, struct record, out->count + 1);
    for (size_t i = 0; i < out->count; i++)
        out->at[i].json = json_array_get(list, i);
}

bool records_read(const struct check_target *t, struct arena *a, struct records *out, struct str *why)
{
    const struct jsonpath_nodes *nodes = t->nodes;
    const json_t *j = t->node;
    bool fenced;

    *out = (struct records){ 0 };
    if (nodes && !(nodes->len == 1 && json_is_array(nodes->at[0].value))) {
        out->numbered = true;
        out->count = nodes->len;
        out->at = arena_array(a, struct record, nodes->len + 1);
        for (size_t i = 0; i < nodes->len; i++)
            out->at[i].json = nodes->at[i].value;
        return true;
    }
    if (nodes) {
        records_of_list(nodes->at[0].value, a, out);
        return true;
    }
    if (!j && t->subject->task && t->subject->task->output.format == OUTPUT_CSV)
        return records_csv(subject_unfenced(t->subject->output, &fenced), a, out, why);
    j = check_target_json(t, a, why);
    if (!j)
        return false;
    if (items_list(j)) {
        records_of_list(items_list(j), a, out);
        return true;
    }
    out->count = 1;
    out->at = arena_new(a, struct record);
    out->at[0].json = j;
    return true;
}

enum err_code record_field_prepare(struct str name, struct arena *a, struct record_field *out, struct err *e)
{
    *out = (struct record_field){ .name = name };
    if (!str_starts(name, S("$")))
        return ERR_OK;
    TRY(jsonpath_compile(name, a, &out->path, e));
    if (!jsonpath_singular(out->path))
        return err_set(e, ERR_BAD_INPUT, "the field \"" STR_FMT "\" may be more than one; write names and indexes only",
                       STR_ARG(str_utf8_head(name, 80)));
    return ERR_OK;
}

static const json_t *record_field_json(const json_t *j, const struct record_field *f, struct arena *a)
{
    struct jsonpath_nodes nodes;

    if (!f->path)
        return json_is_object(j) ? json_object_getn(j, f->name.at, f->name.len) : NULL;
    return jsonpath_select(f->path, j, a, &nodes, NULL) == ERR_OK && nodes.len ? nodes.at[0].value : NULL;
}

bool record_field(const struct records *r, size_t i, const struct record_field *f, struct arena *a, struct str *text,
                  const json_t **json)
{
    *json = NULL;
    if (!r->csv) {
        *json = record_field_json(r->at[i].json, f, a);
        if (*json)
            *text = items_text(*json, a);
        return *json != NULL;
    }
    for (size_t c = 0; c < r->column_count && c < r->at[i].cell_count; c++)
        if (str_eq(str_trim(r->columns[c]), f->name)) {
            *text = str_trim(r->at[i].cells[c]);
            return true;
        }
    return false;
}

struct str record_lacks(const struct records *r, size_t i, const struct record_field *f, struct arena *a)
{
    struct str name = subject_quote(f->name, a);

    if (r->csv || r->numbered)
        return arena_printf(a, "%s %zu has no " STR_FMT, r->csv ? "row" : "item", i + 1, STR_ARG(name));
    return arena_printf(a, "there is no " STR_FMT, STR_ARG(name));
}
