/* src/eval/check/timestamps.c: points in time (times.h) in their form, in a range, in order. Judged are the named
 * fields of every record (records.h); without `fields` the values a path chooses, or every time found in the running
 * text, of which there must be one. min and max may be templates over the case. Ascending concerns each field by
 * itself; equal times are in order. */
#include "eval/check/records.h"
#include "eval/check/text_arg.h"
#include "eval/times.h"

#include "eval/items.h"

#define TIMESTAMPS_FOUND_MAX 100000

struct timestamps {
    struct record_field *fields;
    size_t count;
    bool any_form, ascending, has_min, has_max;
    enum time_form form;
    struct text_arg min, max;
    struct regex *finder;
};

/* The range, and what was seen before, while one output is judged. */
struct timestamps_run {
    const struct timestamps *ts;
    struct arena *arena;
    bool has_min, has_max;
    struct time_point min, max;
    struct time_point *last;                            /* by field */
    bool *seen;
    struct str *why;
};

static enum err_code timestamps_bound(const json_t *map, const char *name, struct arena *a, bool *has,
                                      struct text_arg *out, struct err *e)
{
    const json_t *j = json_child(map, name);
    struct time_point p;

    *has = j != NULL;
    if (!j)
        return ERR_OK;
    if (!json_is_string(j) && !json_is_number(j))
        return err_set(e, ERR_BAD_INPUT, "timestamps: %s is a time, for example \"1:30:00\"", name);
    TRY(text_arg_prepare(arena_strdup(a, items_text(j, a)), a, out, e));
    if (!out->tmpl && !time_parse(out->fixed, true, &p))
        return err_set(e, ERR_BAD_INPUT, "timestamps: %s \"" STR_FMT "\" is no time; write MM:SS, H:MM:SS, RFC 3339 or "
                       "seconds", name, STR_ARG(str_utf8_head(out->fixed, 60)));
    return ERR_OK;
}

static enum err_code timestamps_fields(const json_t *fields, struct arena *a, struct timestamps *ts, struct err *e)
{
    ts->count = json_is_array(fields) ? json_array_size(fields) : fields != NULL;
    ts->fields = arena_array(a, struct record_field, ts->count + 1);
    for (size_t i = 0; i < ts->count; i++) {
        struct str name = json_to_str(json_is_array(fields) ? json_array_get(fields, i) : fields);

        if (!name.len)
            return err_set(e, ERR_BAD_INPUT, "timestamps: fields is a name or a list of names");
        TRY(record_field_prepare(name, a, &ts->fields[i], e));
    }
    if (json_is_array(fields) && !ts->count)
        return err_set(e, ERR_BAD_INPUT, "timestamps: fields is a name or a list of names");
    return ERR_OK;
}

static enum err_code timestamps_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    const json_t *arg = spec->argument, *ascending = json_child(arg, "ascending"), *form = json_child(arg, "format");
    struct timestamps *ts = arena_new(a, struct timestamps);

    TRY(timestamps_fields(json_child(arg, "fields"), a, ts, e));
    TRY(timestamps_bound(arg, "min", a, &ts->has_min, &ts->min, e));
    TRY(timestamps_bound(arg, "max", a, &ts->has_max, &ts->max, e));
    ts->any_form = !form || str_is(json_to_str(form), "any");
    if (!ts->any_form && !time_form_from(json_to_str(form), &ts->form))
        return err_set(e, ERR_BAD_INPUT, "timestamps: format is clock (MM:SS, H:MM:SS), rfc3339, number or any");
    if (ascending && !json_is_boolean(ascending))
        return err_set(e, ERR_BAD_INPUT, "timestamps: ascending is true or false");
    ts->ascending = json_is_true(ascending);
    TRY(regex_compile(str_c(time_pattern), 0, a, &ts->finder, e));
    *state = ts;
    return ERR_OK;
}

static bool timestamps_one(struct timestamps_run *r, size_t field, struct time_point p, struct str text)
{
    const struct timestamps *ts = r->ts;
    struct str shown = subject_quote(text, r->arena);

    if (!ts->any_form && p.form != ts->form)
        *r->why = arena_printf(r->arena, STR_FMT " is not of the form %s", STR_ARG(shown), time_form_name(ts->form));
    else if ((r->has_min && !time_comparable(p, r->min)) || (r->has_max && !time_comparable(p, r->max)))
        *r->why = arena_printf(r->arena, STR_FMT " is of another form than the range", STR_ARG(shown));
    else if (r->has_min && p.seconds < r->min.seconds)
        *r->why = arena_printf(r->arena, STR_FMT " is before the range", STR_ARG(shown));
    else if (r->has_max && p.seconds > r->max.seconds)
        *r->why = arena_printf(r->arena, STR_FMT " is after the range", STR_ARG(shown));
    else if (ts->ascending && r->seen[field] && !time_comparable(p, r->last[field]))
        *r->why = arena_printf(r->arena, STR_FMT " is of another form than the time before it", STR_ARG(shown));
    else if (ts->ascending && r->seen[field] && p.seconds < r->last[field].seconds)
        *r->why = arena_printf(r->arena, STR_FMT " comes after a later time", STR_ARG(shown));
    else {
        r->seen[field] = true;
        r->last[field] = p;
        return true;
    }
    return false;
}

static bool timestamps_value(struct timestamps_run *r, size_t field, const json_t *json, struct str text)
{
    struct time_point p;

    if (json ? time_of_json(json, true, &p) : time_parse(text, true, &p))
        return timestamps_one(r, field, p, text);
    *r->why = arena_printf(r->arena, STR_FMT " is not a time", STR_ARG(subject_quote(text, r->arena)));
    return false;
}

static enum check_verdict timestamps_records(struct timestamps_run *r, const struct check_target *t)
{
    struct records list;
    const json_t *json;
    struct str text;

    if (!records_read(t, r->arena, &list, r->why))
        return CHECK_FAIL;
    for (size_t i = 0; i < list.count; i++) {
        if (!r->ts->count && !timestamps_value(r, 0, list.at[i].json, items_text(list.at[i].json, r->arena)))
            return CHECK_FAIL;
        for (size_t k = 0; k < r->ts->count; k++) {
            if (!record_field(&list, i, &r->ts->fields[k], r->arena, &text, &json)) {
                *r->why = record_lacks(&list, i, &r->ts->fields[k], r->arena);
                return CHECK_FAIL;
            }
            if (!timestamps_value(r, k, json, text))
                return CHECK_FAIL;
        }
    }
    if (!list.count)
        *r->why = S("there is nothing to look at");
    return list.count ? CHECK_PASS : CHECK_FAIL;
}

static enum check_verdict timestamps_text(struct timestamps_run *r, struct str text)
{
    size_t at = 0, start, end;
    char said[REGEX_WHY];
    int64_t n = 0;

    for (;; at = end, n++) {
        enum regex_verdict v = regex_find(r->ts->finder, text, at, &start, &end, said);
        struct str found;

        if (v == REGEX_GAVE_UP || n == TIMESTAMPS_FOUND_MAX) {
            *r->why = v == REGEX_GAVE_UP ? arena_strdup(r->arena, str_c(said))
                                         : S("more times than are looked at (100000)");
            return CHECK_SKIP;
        }
        if (v == REGEX_NO)
            break;
        found = str_sub(text, start, end - start);
        if (!timestamps_value(r, 0, NULL, found))
            return CHECK_FAIL;
    }
    if (!n)
        *r->why = S("there is no time in it");
    return n ? CHECK_PASS : CHECK_FAIL;
}

static bool timestamps_range(const struct text_arg *arg, bool has, const struct check_target *t, struct arena *a,
                             struct time_point *out, struct str *why)
{
    struct str text;

    if (!has)
        return true;
    if (!text_arg_value(arg, t->subject, a, &text, why))
        return false;
    if (time_parse(text, true, out))
        return true;
    *why = arena_printf(a, "the range's " STR_FMT " is no time", STR_ARG(subject_quote(text, a)));
    return false;
}

static enum check_verdict timestamps_judge(const void *state, const struct check_target *t, struct arena *a,
                                           struct str *why)
{
    const struct timestamps *ts = state;
    struct timestamps_run r = { .ts = ts, .arena = a, .has_min = ts->has_min, .has_max = ts->has_max, .why = why,
                                .last = arena_array(a, struct time_point, ts->count + 1),
                                .seen = arena_array(a, bool, ts->count + 1) };

    if (!timestamps_range(&ts->min, ts->has_min, t, a, &r.min, why) ||
        !timestamps_range(&ts->max, ts->has_max, t, a, &r.max, why))
        return CHECK_SKIP;
    if (ts->count || t->nodes)
        return timestamps_records(&r, t);
    return timestamps_text(&r, t->text);
}

const struct check check_timestamps = {
    .name = "timestamps", .argument = CHECK_MAP, .scope = CHECK_OF_NODES,
    .members = "fields format min max ascending",
    .doc = "Times (of the named fields, of what the path chooses, or found in the text) have the format (clock, rfc3339, "
           "number, any), lie from min to max, and with ascending: true stand in order.",
    .example = "- timestamps: {fields: [start, end], format: clock, max: \"{{ duration }}\", ascending: true}",
    .prepare = timestamps_prepare, .judge = timestamps_judge,
};
