/* Rows under a header. Every cell is text; columns "expected.NAME" become one object. */
#include "data/source.h"

struct csv_source { const struct dataset_source *src; struct csv csv; char **columns; size_t column_count; };

static void csv_source_close(void *state)
{
    struct csv_source *s = state;

    if (!s)
        return;
    for (size_t i = 0; i < s->column_count; i++)
        free(s->columns[i]);
    free(s->columns);
    csv_close(&s->csv);
    free(s);
}

static enum err_code csv_source_columns(struct csv_source *s, const struct str *names, size_t n, struct err *e)
{
    s->columns = xcalloc(MAX(n, 1u), sizeof *s->columns);
    for (size_t i = 0; i < n; i++) {
        struct str name = str_trim(names[i]);

        if (!str_is_utf8(name) || str_find_byte(name, '\0') >= 0)
            return err_set(e, ERR_BAD_INPUT, STR_FMT ":1: the name of column %zu is not UTF-8 text",
                           STR_ARG(s->src->name), i + 1);
        if (name.len == 0 && asprintf(&s->columns[i], "column_%zu", i + 1) < 0)
            s->columns[i] = xstrdup("column");
        if (name.len)
            s->columns[i] = xstrndup(name.at, name.len);
        s->column_count++;
        for (size_t k = 0; k < i; k++)
            if (strcmp(s->columns[k], s->columns[i]) == 0)
                return err_set(e, ERR_BAD_INPUT, STR_FMT ":1: columns %zu and %zu are both called \"%s\"",
                               STR_ARG(s->src->name), k + 1, i + 1, s->columns[i]);
    }
    return ERR_OK;
}

/* A column the user named must be there; said now, not after a million rows. */
static enum err_code csv_source_check(struct csv_source *s, struct str wanted, const char *role, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, wanted);
    for (size_t i = 0; i < s->column_count; i++) {
        struct str column = str_c(s->columns[i]);

        if (str_eq(column, wanted) || (str_starts(column, wanted) && column.at[wanted.len] == '.'))
            return ERR_OK;
        suggest_offer(&near, column);
    }
    return wanted.len == 0
               ? ERR_OK
               : err_set(e, ERR_BAD_INPUT, STR_FMT ":1: there is no column \"" STR_FMT "\" to take the %s from%s",
                         STR_ARG(s->src->name), STR_ARG(wanted), role, suggest_hint(&near, hint));
}

/* The next row; a fault says FILE:LINE. */
static enum err_code csv_source_row(struct csv_source *s, const struct str **cells, size_t *n, bool *more,
                                    struct err *e)
{
    struct err why = ERR_INIT;
    enum err_code code = csv_next(&s->csv, cells, n, more, &why);

    return code == ERR_OK ? ERR_OK : err_set(e, code, STR_FMT ":%s", STR_ARG(s->src->name), why.text);
}

static enum err_code csv_source_begin(struct csv_source *s, struct err *e)
{
    char separator = str_ieq(path_ext(s->src->path), S("tsv")) ? '\t' : ',';
    const struct str *names;
    size_t n;
    bool more;

    TRY(csv_open(&s->csv, s->src->path.at, separator, e));
    TRY(csv_source_row(s, &names, &n, &more, e));
    if (!more)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ": the file is empty; a header row is needed", STR_ARG(s->src->name));
    TRY(csv_source_columns(s, names, n, e));
    TRY(csv_source_check(s, s->src->expected, "expected answer", e));
    return csv_source_check(s, s->src->id, "id", e);
}

static enum err_code csv_source_open(const struct dataset_source *src, void **state, struct err *e)
{
    struct csv_source *s = xcalloc(1, sizeof *s);
    enum err_code code;

    s->src = src;
    code = csv_source_begin(s, e);
    if (code != ERR_OK)
        csv_source_close(s);
    else
        *state = s;
    return code;
}

/* "expected.queue" puts into the object "expected". */
static void csv_source_put(json_t *row, const char *column, json_t *cell)
{
    const char *dot = strchr(column, '.');
    json_t *inner;

    if (!dot || dot == column || !str_starts(str_c(column), S("expected.")) || !dot[1]) {
        json_object_set_new(row, column, cell);
        return;
    }
    inner = json_object_get(row, "expected");
    if (!json_is_object(inner))
        json_object_set_new(row, "expected", inner = json_object());
    json_object_set_new(inner, dot + 1, cell);
}

static enum err_code csv_source_next(void *state, struct source_item *out, bool *more, struct err *e)
{
    struct csv_source *s = state;
    const struct str *cells;
    size_t n;
    json_t *row;

    TRY(csv_source_row(s, &cells, &n, more, e));
    if (!*more)
        return ERR_OK;
    out->line = s->csv.row_line;
    if (n != s->column_count)
        return err_set(e, ERR_BAD_INPUT,
                       STR_FMT ":%lld: the row has %zu fields and the header %zu (a comma in a text needs the "
                               "text in double quotes)",
                       STR_ARG(s->src->name), (long long)out->line, n, s->column_count);
    row = json_object();
    for (size_t i = 0; i < n; i++) {
        if (!str_is_utf8(cells[i])) {
            json_decref(row);
            return err_set(e, ERR_BAD_INPUT, STR_FMT ":%lld: column \"%s\" is not UTF-8; save the file as UTF-8",
                           STR_ARG(s->src->name), (long long)out->line, s->columns[i]);
        }
        csv_source_put(row, s->columns[i], json_from_str(cells[i]));
    }
    out->json = row;
    return ERR_OK;
}

const struct source_kind source_csv = {
    .name = "csv", .extensions = "csv tsv", .cells_are_text = true,
    .open = csv_source_open, .next = csv_source_next, .close = csv_source_close,
};
