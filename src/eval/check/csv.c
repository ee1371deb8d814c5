/* src/eval/check/csv.c: checks of CSV form (RFC 4180, base/csv.h): csv_valid, csv_columns. A code fence around the
 * whole is forgiven. Column names are compared without white space at their ends. */
#include "eval/check/records.h"

struct csv_columns { struct str *at; size_t count; bool no_others; };

static bool csv_read(const struct check_target *t, struct arena *a, struct records *out, struct str *why)
{
    bool fenced;

    return records_csv(subject_unfenced(t->node ? t->text : t->subject->output, &fenced), a, out, why);
}

static enum err_code csv_valid_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    (void)spec, (void)a, (void)e;
    *state = NULL;
    return ERR_OK;
}

static enum check_verdict csv_valid_judge(const void *state, const struct check_target *t, struct arena *a,
                                          struct str *why)
{
    struct records r;

    (void)state;
    if (!csv_read(t, a, &r, why))
        return CHECK_FAIL;
    for (size_t i = 0; i < r.count; i++)
        if (r.at[i].cell_count != r.column_count) {
            *why = arena_printf(a, "row %zu has %zu cells, the header has %zu", i + 1, r.at[i].cell_count,
                                r.column_count);
            return CHECK_FAIL;
        }
    return CHECK_PASS;
}

static enum err_code csv_columns_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct csv_columns *c = arena_new(a, struct csv_columns);

    (void)e;
    c->no_others = check_option(spec, "no_others");
    c->count = json_is_array(spec->argument) ? json_array_size(spec->argument) : 1;
    c->at = arena_array(a, struct str, c->count);
    for (size_t i = 0; i < c->count; i++)
        c->at[i] = json_to_str(json_is_array(spec->argument) ? json_array_get(spec->argument, i) : spec->argument);
    *state = c;
    return ERR_OK;
}

static bool csv_has(const struct str *list, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(str_trim(list[i]), str_trim(name)))
            return true;
    return false;
}

static enum check_verdict csv_columns_judge(const void *state, const struct check_target *t, struct arena *a,
                                            struct str *why)
{
    const struct csv_columns *c = state;
    struct records r;

    if (!csv_read(t, a, &r, why))
        return CHECK_FAIL;
    for (size_t i = 0; i < c->count; i++)
        if (!csv_has(r.columns, r.column_count, c->at[i])) {
            *why = arena_printf(a, "column " STR_FMT " is missing", STR_ARG(subject_quote(c->at[i], a)));
            return CHECK_FAIL;
        }
    for (size_t i = 0; c->no_others && i < r.column_count; i++)
        if (!csv_has(c->at, c->count, r.columns[i])) {
            *why = arena_printf(a, "column " STR_FMT " is not among them", STR_ARG(subject_quote(r.columns[i], a)));
            return CHECK_FAIL;
        }
    return CHECK_PASS;
}

const struct check check_csv_valid = {
    .name = "csv_valid", .argument = CHECK_TRUE,
    .doc = "The output is CSV, and every row has as many cells as the header.",
    .example = "- csv_valid",
    .prepare = csv_valid_prepare, .judge = csv_valid_judge,
};
const struct check check_csv_columns = {
    .name = "csv_columns", .argument = CHECK_TEXTS, .options = "no_others",
    .doc = "The CSV output has these columns; with no_others: true, only these.",
    .example = "- csv_columns: [start_time, end_time, concept]",
    .prepare = csv_columns_prepare, .judge = csv_columns_judge,
};
