#include "eval/constraints.h"

#include <math.h>

#include "eval/items.h"

enum constraint_kind {
    CONSTRAINT_OTHER, CONSTRAINT_ITEMS, CONSTRAINT_LENGTH, CONSTRAINT_WORDS, CONSTRAINT_TOKENS, CONSTRAINT_DURATION,
    CONSTRAINT_FIELDS, CONSTRAINT_COLUMNS
};

static enum constraint_kind constraint_kind(struct str key, bool *is_min)
{
    struct str what = str_from(key, 4);

    *is_min = str_starts(key, S("min_")) || str_is(key, "chunk_min_minutes");
    if (str_is(key, "required_fields") || str_is(key, "required_json_keys"))
        return CONSTRAINT_FIELDS;
    if (str_is(key, "required_csv_columns"))
        return CONSTRAINT_COLUMNS;
    if (str_is(key, "chunk_min_minutes") || str_is(key, "chunk_max_minutes"))
        return CONSTRAINT_DURATION;
    if (!str_starts(key, S("min_")) && !str_starts(key, S("max_")))
        return CONSTRAINT_OTHER;
    if (str_is(what, "duration_minutes") || str_is(what, "segment_duration_minutes"))
        return CONSTRAINT_DURATION;
    if (str_is(what, "length"))
        return CONSTRAINT_LENGTH;
    if (str_is(what, "words"))
        return CONSTRAINT_WORDS;
    if (str_is(what, "tokens"))
        return CONSTRAINT_TOKENS;
    if (str_ends(what, S("count")) || str_ends(what, S("items")) || str_ends(what, S("concepts")))
        return CONSTRAINT_ITEMS;
    return CONSTRAINT_OTHER;
}

bool constraint_known(struct str key)
{
    bool is_min;

    return constraint_kind(key, &is_min) != CONSTRAINT_OTHER;
}

static bool constraint_csv(const struct subject *s)
{
    return s->task && s->task->output.format == OUTPUT_CSV;
}

/* "H:MM:SS" or "MM:SS", optionally in brackets, as seconds. */
static bool constraint_seconds(struct str text, double *out)
{
    struct str rest = str_trim(text), part;
    double total = 0, n;
    int parts = 0;

    if (rest.len > 1 && rest.at[0] == '[' && rest.at[rest.len - 1] == ']')
        rest = str_sub(rest, 1, rest.len - 2);
    while (str_split(&rest, ':', &part)) {
        if (++parts > 3 || !str_to_double(part, &n) || n < 0)
            return false;
        total = total * 60 + n;
    }
    *out = total;
    return parts == 2 || parts == 3;
}

static void constraint_fail(struct constraint_result *out, struct arena *a, struct str key, double found, double limit)
{
    out->violations = 1;
    out->why = arena_printf(a, STR_FMT " %.15g: found %.15g", STR_ARG(key), limit, found);
}

static void constraint_duration(struct str key, bool is_min, double limit, const struct subject *s, struct arena *a,
                                struct constraint_result *out)
{
    const json_t *list = NULL;
    struct items_rows rows;

    if (constraint_csv(s)) {
        size_t start = SIZE_MAX, end = SIZE_MAX;
        bool fenced;

        items_csv(subject_unfenced(s->output, &fenced), a, &rows);
        for (size_t i = 0; rows.count && i < rows.cells[0]; i++) {
            start = str_is(rows.rows[0][i], "start_time") ? i : start;
            end = str_is(rows.rows[0][i], "end_time") ? i : end;
        }
        for (size_t i = 1; i < rows.count && !out->violations && start != SIZE_MAX && end != SIZE_MAX; i++) {
            double from, to;

            if (MAX(start, end) < rows.cells[i] && constraint_seconds(rows.rows[i][start], &from) &&
                constraint_seconds(rows.rows[i][end], &to) &&
                (is_min ? to - from < limit * 60 : to - from > limit * 60))
                constraint_fail(out, a, key, (to - from) / 60, limit);
        }
        return;
    }
    list = items_list(subject_json(s, a, NULL));
    for (size_t i = 0; list && i < json_array_size(list) && !out->violations; i++) {
        const json_t *item = json_array_get(list, i);
        double from, to;

        if (constraint_seconds(json_get_str(item, "start_time"), &from) &&
            constraint_seconds(json_get_str(item, "end_time"), &to) &&
            (is_min ? to - from < limit * 60 : to - from > limit * 60))
            constraint_fail(out, a, key, (to - from) / 60, limit);
    }
}

/* What the key counts; false when there is nothing to count. */
static bool constraint_count(enum constraint_kind kind, const struct subject *s, struct arena *a, double *n)
{
    const json_t *j, *list;
    struct items_rows rows;
    bool fenced, space = true;

    *n = 0;
    switch (kind) {
    case CONSTRAINT_LENGTH: *n = (double)str_utf8_len(subject_text(s)); return true;
    case CONSTRAINT_WORDS:
        for (struct str t = subject_text(s), one = t; one.len; one = str_from(one, 1)) {
            bool now = one.at[0] == ' ' || (one.at[0] >= '\t' && one.at[0] <= '\r');

            *n += space && !now;
            space = now;
        }
        return true;
    case CONSTRAINT_TOKENS: *n = s->usage ? (double)s->usage->output : 0; return s->usage != NULL;
    default: break;
    }
    if (constraint_csv(s)) {
        items_csv(subject_unfenced(s->output, &fenced), a, &rows);
        *n = rows.count ? (double)rows.count - 1 : 0;
        return true;
    }
    j = subject_json(s, a, NULL);
    list = items_list(j);
    *n = (double)(list ? json_array_size(list) : json_object_size(j));
    return json_is_array(j) || json_is_object(j);
}

static void constraint_absent(struct constraint_result *out, struct arena *a, struct str name)
{
    out->checks++;
    out->violations++;
    if (!out->why.len)
        out->why = arena_printf(a, STR_FMT " is missing", STR_ARG(subject_quote(name, a)));
}

static bool constraint_has_field(const json_t *j, struct str name)
{
    const json_t *list = items_list(j);

    if (!list || (json_is_object(j) && json_object_getn(j, name.at, name.len)))
        return !json_is_object(j) || json_object_getn(j, name.at, name.len);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);

        if (json_is_object(item) && !json_object_getn(item, name.at, name.len))
            return false;
    }
    return true;
}

static void constraint_required(enum constraint_kind kind, const json_t *names, const struct subject *s,
                                struct arena *a, struct constraint_result *out)
{
    const json_t *j = kind == CONSTRAINT_FIELDS ? subject_json(s, a, NULL) : NULL;
    struct items_rows rows = { 0 };
    bool fenced;

    if (kind == CONSTRAINT_FIELDS && !j)
        return;                                     /* the format's check speaks for it */
    if (kind == CONSTRAINT_COLUMNS) {
        if (!constraint_csv(s))
            return;
        items_csv(subject_unfenced(s->output, &fenced), a, &rows);
    }
    for (size_t i = 0; i < json_array_size(names); i++) {
        struct str name = json_to_str(json_array_get(names, i));
        bool has = false;

        if (kind == CONSTRAINT_FIELDS)
            has = constraint_has_field(j, name);
        for (size_t c = 0; rows.count && c < rows.cells[0]; c++)
            has |= str_eq(rows.rows[0][c], name);
        if (!has)
            constraint_absent(out, a, name);
    }
}

void constraint_judge(struct str key, const json_t *value, const struct subject *s, struct arena *a,
                      struct constraint_result *out)
{
    bool is_min;
    enum constraint_kind kind = constraint_kind(key, &is_min);
    double n, limit = json_number_value(value);

    *out = (struct constraint_result){ .checks = 1 };
    if (kind == CONSTRAINT_OTHER)
        return;
    if (kind == CONSTRAINT_FIELDS || kind == CONSTRAINT_COLUMNS)
        constraint_required(kind, value, s, a, out);
    else if (json_is_number(value) && kind == CONSTRAINT_DURATION)
        constraint_duration(key, is_min, limit, s, a, out);
    else if (json_is_number(value) && constraint_count(kind, s, a, &n) && (is_min ? n < limit : n > limit))
        constraint_fail(out, a, key, n, limit);
}

double constraints_score(const struct subject *s, struct arena *a, struct str *why)
{
    int64_t checks = 1, violations = 0;

    if (s->task->output.format == OUTPUT_JSON && !subject_json(s, a, why))
        violations++;
    for (void *it = json_object_iter((json_t *)s->task->constraints); it;
         it = json_object_iter_next((json_t *)s->task->constraints, it)) {
        struct constraint_result r;

        constraint_judge(str_c(json_object_iter_key(it)), json_object_iter_value(it), s, a, &r);
        checks += r.checks;
        violations += r.violations;
        if (why && !why->len)
            *why = r.why;
    }
    return fmax(0, 1 - (double)violations / (double)checks);
}
