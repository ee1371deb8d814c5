/* src/eval/check/overlap.c: intervals that do not overlap. Each record (records.h) is one, from its `start` to its
 * `end`: numbers (seconds) or points in time (times.h); calendar times do not mix with others. Intervals may touch.
 * They need not stand in order. */
#include "eval/check/records.h"

#include "eval/times.h"

struct overlap {
    struct record_field start, end;
    bool gapless;
    double tolerance;                                   /* seconds by which they may overlap or leave a gap */
    double min, max;                                    /* of an interval; max < 0: none */
};
struct interval { double start, end; size_t index; };

/* A length of time: seconds, or H:MM:SS. */
static enum err_code overlap_seconds(const json_t *map, const char *name, double fallback, double *out, struct err *e)
{
    const json_t *j = json_child(map, name);
    struct time_point p;

    *out = fallback;
    if (!j)
        return ERR_OK;
    if (!time_of_json(j, true, &p) || p.form == TIME_CALENDAR || p.seconds < 0)
        return err_set(e, ERR_BAD_INPUT, "no_overlap: %s is seconds, or a length of time as \"1:30\" or \"0:01:30\"",
                       name);
    *out = p.seconds;
    return ERR_OK;
}

static enum err_code overlap_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct str start = json_get_str(spec->argument, "start"), end = json_get_str(spec->argument, "end");
    const json_t *gapless = json_child(spec->argument, "gapless");
    struct overlap *o = arena_new(a, struct overlap);

    if (!start.len || !end.len)
        return err_set(e, ERR_BAD_INPUT, "no_overlap needs start: and end:, the names of two fields or columns");
    if (gapless && !json_is_boolean(gapless))
        return err_set(e, ERR_BAD_INPUT, "no_overlap: gapless is true or false");
    TRY(record_field_prepare(start, a, &o->start, e));
    TRY(record_field_prepare(end, a, &o->end, e));
    TRY(overlap_seconds(spec->argument, "tolerance", 0, &o->tolerance, e));
    TRY(overlap_seconds(spec->argument, "min_duration", 0, &o->min, e));
    TRY(overlap_seconds(spec->argument, "max_duration", -1, &o->max, e));
    if (o->max >= 0 && o->min > o->max)
        return err_set(e, ERR_BAD_INPUT, "no_overlap: min_duration is above max_duration");
    o->gapless = json_is_true(gapless);
    *state = o;
    return ERR_OK;
}

static bool overlap_point(const struct records *r, size_t i, const struct record_field *f, struct arena *a,
                          struct time_point *out, struct str *why)
{
    const json_t *json;
    struct str text;

    if (!record_field(r, i, f, a, &text, &json)) {
        *why = record_lacks(r, i, f, a);
        return false;
    }
    if (json ? !time_of_json(json, true, out) : !time_parse(text, true, out)) {
        *why = arena_printf(a, "item %zu: " STR_FMT " is no number and no time", i + 1,
                            STR_ARG(subject_quote(text, a)));
        return false;
    }
    return true;
}

static bool overlap_interval(const struct overlap *o, const struct records *r, size_t i, struct time_point *first,
                             struct arena *a, struct interval *out, struct str *why)
{
    struct time_point start, end;
    double length;

    if (!overlap_point(r, i, &o->start, a, &start, why) || !overlap_point(r, i, &o->end, a, &end, why))
        return false;
    *first = i ? *first : start;
    if (!time_comparable(start, *first) || !time_comparable(end, *first)) {
        *why = arena_printf(a, "item %zu: a calendar time and one that is none can't be compared", i + 1);
        return false;
    }
    length = end.seconds - start.seconds;
    *out = (struct interval){ start.seconds, end.seconds, i + 1 };
    if (length < 0)
        *why = arena_printf(a, "item %zu ends before it starts", i + 1);
    else if (length < o->min - o->tolerance)
        *why = arena_printf(a, "item %zu lasts %.15g s, at least %.15g", i + 1, length, o->min);
    else if (o->max >= 0 && length > o->max + o->tolerance)
        *why = arena_printf(a, "item %zu lasts %.15g s, at most %.15g", i + 1, length, o->max);
    else
        return true;
    return false;
}

static int overlap_cmp(const void *a, const void *b)
{
    const struct interval *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end ? 1 : (x->index > y->index) - (x->index < y->index);
}

static enum check_verdict overlap_judge(const void *state, const struct check_target *t, struct arena *a,
                                        struct str *why)
{
    const struct overlap *o = state;
    struct time_point first;
    struct interval *list;
    struct records r;

    if (!records_read(t, a, &r, why))
        return CHECK_FAIL;
    list = arena_array(a, struct interval, r.count + 1);
    for (size_t i = 0; i < r.count; i++)
        if (!overlap_interval(o, &r, i, &first, a, &list[i], why))
            return CHECK_FAIL;
    if (r.count)
        qsort(list, r.count, sizeof *list, overlap_cmp);
    for (size_t i = 1, last = 0; i < r.count; i++) {
        double gap = list[i].start - list[last].end;

        if (gap < -o->tolerance)
            *why = arena_printf(a, "items %zu and %zu overlap by %.15g s", list[last].index, list[i].index, -gap);
        else if (o->gapless && gap > o->tolerance)
            *why = arena_printf(a, "between items %zu and %zu is a gap of %.15g s", list[last].index, list[i].index,
                                gap);
        if (gap < -o->tolerance || (o->gapless && gap > o->tolerance))
            return CHECK_FAIL;
        last = list[i].end >= list[last].end ? i : last;            /* what reaches farthest, within the tolerance */
    }
    return CHECK_PASS;
}

const struct check check_no_overlap = {
    .name = "no_overlap", .argument = CHECK_MAP, .scope = CHECK_OF_NODES,
    .members = "start end gapless tolerance min_duration max_duration",
    .doc = "The intervals from start to end (fields of the items, columns of the rows; numbers, MM:SS, H:MM:SS or RFC 3339) "
           "do not overlap; gapless: true also leaves no gap; min_duration and max_duration bound each.",
    .example = "- no_overlap: {start: start_time, end: end_time, max_duration: \"0:10:00\"}",
    .prepare = overlap_prepare, .judge = overlap_judge,
};
