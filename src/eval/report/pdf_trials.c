/* src/eval/report/pdf_trials.c: the worst trials, with what was asked, expected and answered. */
#include "data/pack.h"
#include "eval/report/pdf.h"

#include <inttypes.h>
#include <math.h>

#define PDF_TURNS_MAX 6                         /* of one trial that are printed */
#define PDF_NOTES_MAX 12
#define PDF_INPUT_MAX ((size_t)16 << 20)        /* bytes of a case's variables that are looked at */
#define PDF_ONE_LINE  90                        /* bytes of JSON that still stand on one */

struct worst_search {
    const struct result *r;
    struct pdf_worst *out;
    struct score *scores;
    size_t max;
};

/* 0: not bad. */
static double worst_badness(const struct result *r, const struct trial *t, const struct score *scores)
{
    double badness = 0;

    if (t->state == TRIAL_FAILED)
        return 1;
    if (r->quality >= 0 && scores[r->quality].state == SCORE_VALUE) {
        double q = scores[r->quality].value;
        bool higher = r->scorers[r->quality].higher_is_better;

        if (higher && q < 1)
            badness = 2 + (1 - MAX(q, -1.0));
    }
    if (t->critical > 0)
        return MAX(badness, 2.0) + 3;
    return badness > 0 ? badness : t->violations > 0 ? 0.5 : 0;
}

static bool worst_before(const struct pdf_bad *a, const struct pdf_bad *b)
{
    return a->badness != b->badness ? a->badness > b->badness
           : a->place != b->place   ? a->place < b->place
                                    : a->number < b->number;
}

/* The list stays sorted; it is short. */
static void worst_add(struct worst_search *w, struct pdf_bad bad)
{
    struct pdf_worst *o = w->out;
    size_t at;

    o->all++;
    if (!w->max || (o->count == w->max && !worst_before(&bad, &o->bad[o->count - 1])))
        return;
    if (o->count < w->max)
        o->count++;
    for (at = o->count - 1; at > 0 && worst_before(&bad, &o->bad[at - 1]); at--)
        o->bad[at] = o->bad[at - 1];
    o->bad[at] = bad;
}

static enum err_code worst_each(const struct store_trial *t, void *arg, struct err *e)
{
    struct worst_search *w = arg;
    const struct result_variant *v = report_variant(w->r, t->trial.variant);
    struct pdf_bad bad = { .number = t->trial.number, .place = v ? (size_t)(v - w->r->variants) : SIZE_MAX };

    TRY(scores_read(t->scores, NULL, w->scores, w->r->scorer_count, e));
    bad.badness = worst_badness(w->r, &t->trial, w->scores);
    if (bad.badness > 0)
        worst_add(w, bad);
    return ERR_OK;
}

enum err_code pdf_worst_find(const struct result *r, struct store *s, size_t max, struct arena *a,
                             struct pdf_worst *out, struct err *e)
{
    struct worst_search w = { .r = r, .out = out, .max = max, .scores = arena_array(a, struct score, r->scorer_count + 1) };

    *out = (struct pdf_worst){ .bad = arena_array(a, struct pdf_bad, max + 1) };
    return store_trials_each(s, r->run->no, &(struct store_trials_filter){ .variant = -1 }, worst_each, &w, e);
}

/* --- one trial ---------------------------------------------------------------------------------------------------- */
static struct str worst_json_text(const json_t *j, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 20);

    if (json_is_string(j))
        return json_to_str(j);
    report_json_text(j, false, &b);                 /* on one line where that is short */
    if (b.len > PDF_ONE_LINE) {
        buf_reset(&b);
        report_json_text(j, true, &b);
    }
    return buf_failed(&b) ? S("(too large to show)") : arena_strdup(a, buf_str(&b));
}

/* What a case brings: the text when that is all, else a line for each variable. */
static struct str worst_input(const json_t *vars, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(PDF_INPUT_MAX);
    const char *key;
    json_t *value;

    if (json_object_size(vars) == 1 && json_is_string(json_object_iter_value(json_object_iter((json_t *)vars))))
        return json_to_str(json_object_iter_value(json_object_iter((json_t *)vars)));
    json_object_foreach((json_t *)vars, key, value) {
        struct str text = worst_json_text(value, a);

        buf_printf(&b, "%s%.200s: ", b.len ? "\n" : "", key);
        buf_append(&b, text);
    }
    return buf_failed(&b) ? S("(too large to show)") : arena_strdup(a, buf_str(&b));
}

static bool worst_case(struct data_pack *pack, int64_t case_index, struct arena *a, struct dataset_case *out)
{
    AUTO(pack_cursor_freep) struct pack_cursor *cursor = NULL;
    bool more = false;

    if (!pack || case_index >= data_pack_cases(pack))
        return false;
    cursor = pack_cursor_new(pack, case_index);
    return pack_cursor_next(cursor, a, out, &more, NULL) == ERR_OK && more;
}

static void worst_turn(struct pdf *p, const json_t *o, size_t i, size_t count, bool prompt, struct arena *a)
{
    struct str which = count > 1 ? arena_printf(a, " (turn %zu of %zu)", i + 1, count) : S("");
    struct turn t;

    turn_from_json(o, a, &t);
    if (prompt)
        pdf_quoted(p, arena_printf(a, "asked" STR_FMT, STR_ARG(which)).at, t.prompt);
    if (t.tool_calls)
        pdf_quoted(p, arena_printf(a, "tools called" STR_FMT, STR_ARG(which)).at, worst_json_text(t.tool_calls, a));
    if (t.response.len || !t.tool_calls)
        pdf_quoted(p, arena_printf(a, "answered" STR_FMT, STR_ARG(which)).at, t.response);
}

/* The case's input instead of the first prompt, which says the same for every case; later prompts as they were. */
static void worst_said(struct pdf *p, struct data_pack *pack, int64_t case_index, struct str transcript)
{
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    AUTO_JSON *root = NULL;
    struct dataset_case kase = { 0 };
    bool has_case = worst_case(pack, case_index, a, &kase);
    bool readable = json_read(transcript, &root, NULL) == ERR_OK;
    const json_t *turns = json_child(root, "turns");
    size_t count = json_array_size(turns);

    if (has_case)
        pdf_quoted(p, "input", worst_input(kase.vars, a));
    if (has_case && kase.expected)
        pdf_quoted(p, "expected", worst_json_text(kase.expected, a));
    for (size_t i = 0; i < MIN(count, (size_t)PDF_TURNS_MAX); i++)
        worst_turn(p, json_array_get(turns, i), i, count, i > 0 || !has_case, a);
    if (count > PDF_TURNS_MAX)
        pdf_text(p, PDF_SMALL, SCENE_MUTED, arena_printf(a, "... and %zu turns more", count - PDF_TURNS_MAX));
    if (!readable)
        pdf_text(p, PDF_SMALL, SCENE_MUTED, S("The transcript can't be read."));
}

static void worst_checks(struct pdf *p, const struct result *r, const struct score *scores)
{
    struct arena *a = pdf_arena(p);
    size_t said = 0, more = 0;

    for (size_t i = 0; i < r->scorer_count; i++) {
        const struct scorer_info *info = &r->scorers[i];

        if (info->kind != SCORER_CHECK || scores[i].state != SCORE_VALUE || scores[i].value > 0)
            continue;
        if (said++ >= PDF_NOTES_MAX) {
            more++;
            continue;
        }
        pdf_text(p, PDF_SMALL, info->severity == SEVERITY_CRITICAL ? SCENE_BAD : SCENE_WARN,
                 arena_printf(a, "%s: " STR_FMT "%s" STR_FMT, severity_name(info->severity), STR_ARG(info->name),
                              scores[i].note.len ? " - " : "", STR_ARG(str_utf8_head(scores[i].note, 300))));
    }
    if (more)
        pdf_text(p, PDF_SMALL, SCENE_MUTED, arena_printf(a, "... and %zu failed checks more", more));
}

static struct str worst_facts(const struct result *r, const struct trial *t, const struct score *scores,
                              struct arena *a)
{
    char took[REPORT_TEXT], money[MONEY_TEXT], value[REPORT_TEXT];
    struct str quality = S("");

    if (r->quality >= 0 && t->state == TRIAL_DONE)
        quality = arena_printf(a, "%s %s \xc2\xb7 ", result_quality_name(r),
                               scores[r->quality].state == SCORE_VALUE
                                   ? report_value(r->scorers[r->quality].unit, scores[r->quality].value, value)
                                   : "not measured");
    return arena_printf(a, STR_FMT "%s \xc2\xb7 %" PRId64 " tokens in, %" PRId64 " out \xc2\xb7 %s", STR_ARG(quality),
                        report_ms(t->latency_ms, took), t->usage.input, t->usage.output,
                        money_show(t->cost_nanousd, money));
}

static enum err_code worst_one(struct pdf *p, const struct result *r, struct store *s, struct data_pack *pack,
                               int64_t number, struct score *scores, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    struct trial_place at = run_trial_place(r->run, number);
    struct store_trial *t;
    const struct result_variant *v;

    TRY(store_trial_get(s, r->run->no, number, a, &t, e));
    TRY(scores_read(t->scores, a, scores, r->scorer_count, e));
    v = report_variant(r, t->trial.variant);
    pdf_part(p,
             arena_printf(a, "Case " STR_FMT " \xc2\xb7 " STR_FMT, STR_ARG(report_fit(t->trial.case_id, 30, false, a)),
                          STR_ARG(report_fit(v ? v->name : S("?"), 44, false, a))));
    pdf_text(p, PDF_SMALL, SCENE_MUTED,
             arena_printf(a, "trial %" PRId64 " \xc2\xb7 " STR_FMT, number,
                          STR_ARG(worst_facts(r, &t->trial, scores, a))));
    if (t->trial.state == TRIAL_FAILED)
        pdf_text(p, PDF_SMALL, SCENE_BAD,
                 arena_printf(a, "%s after %" PRId64 " attempts: " STR_FMT, err_name(t->trial.error), t->trial.attempts,
                              STR_ARG(t->trial.error_text)));
    worst_checks(p, r, scores);
    worst_said(p, pack, at.case_index, t->transcript);
    return ERR_OK;
}

enum err_code pdf_worst_draw(struct pdf *p, const struct result *r, struct store *s, struct blob *blob,
                             const struct pdf_worst *worst, struct err *e)
{
    AUTO(data_pack_closep) struct data_pack *pack = NULL;
    struct score *scores = arena_array(pdf_arena(p), struct score, r->scorer_count + 1);

    if (blob && data_pack_open(blob, r->run->dataset_hash, &pack, NULL) != ERR_OK)
        pdf_text(p, PDF_SMALL, SCENE_MUTED,
                 S("The frozen cases of the run can't be read, so the expected answers are missing."));
    for (size_t i = 0; i < worst->count && !pdf_failed(p); i++)
        TRY(worst_one(p, r, s, pack, worst->bad[i].number, scores, e));
    return ERR_OK;
}
