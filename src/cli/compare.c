/* assay compare RUN...: the variants of one run, or several runs, held against each other case by case. */
#include "cli/pager.h"
#include "cli/session.h"

#include "base/diff.h"
#include "eval/report/comparison.h"
#include "eval/report/grid.h"

#include <inttypes.h>

#define COMPARE_TEXT_MAX ((size_t)64 << 20)

static const struct option compare_options[] = {
    { "against", 0, "VARIANT", "one run: hold the others against this variant (default: the best)", "@variant" },
    { "by", 0, "WHAT", "several runs: pair variants by name (default), model, prompt or position", "name model prompt position" },
    { "variant", 0, "NAME", "only this variant", "@variant" },
    { "metric", 0, "NAME", "decide by this metric or check instead of the ranking one", "@scorer" },
    { "pass", 0, "X", "a case passes when its value is at least X (default 0.5)", NULL },
    { "cases", 0, NULL, "list the cases that broke, were fixed, got worse or better", NULL },
    { "limit", 'n', "N", "at most N cases of each kind and variant in the list (default 20)", NULL },
    { "case", 0, "ID", "show both answers of this case, with what differs", NULL },
    { "detail", 0, NULL, "every metric and check of every variant", NULL },
    { "format", 'f', "NAME", "table (default) json markdown", "table json markdown" },
    { "md", 0, NULL, "as Markdown (same as --format markdown)", NULL },
    { "json", 0, NULL, "as JSON (same as --format json)", NULL },
    PAGER_OPTION,
    OPTION_END,
};

enum compare_form { COMPARE_TABLE, COMPARE_JSON, COMPARE_MARKDOWN };

static enum err_code compare_form_of(const struct args *args, enum compare_form *out, struct err *e)
{
    static const char *const names[] = { "table", "json", "markdown", "md" };
    struct str name = args_has(args, "json") ? S("json")
                      : args_has(args, "md") ? S("markdown")
                                             : args_get(args, "format");
    struct suggest near;
    char hint[160];

    *out = COMPARE_TABLE;
    if (!name.len)
        return ERR_OK;
    suggest_begin(&near, name);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_is(name, names[i])) {
            *out = (enum compare_form)MIN(i, (size_t)COMPARE_MARKDOWN);
            return ERR_OK;
        }
        suggest_offer(&near, str_c(names[i]));
    }
    return err_set(e, ERR_USAGE, "a comparison has no format \"" STR_FMT "\"%s; there are table, json, markdown",
                   STR_ARG(name), suggest_hint(&near, hint));
}

/* --- one case ----------------------------------------------------------------------------------------------------- */

/* A trial of one side of a pair, as far as it is shown. */
struct compare_side {
    const struct compare_run *run;
    const struct result_variant *variant;
    struct str label;
    const struct store_trial *trial;    /* NULL: it has no outcome */
    struct str prompt, answer;          /* all turns, one after the other */
};

static void compare_side_turns(struct compare_side *s, const json_t *transcript, struct arena *a)
{
    AUTO_BUF struct buf prompt = BUF_INIT(COMPARE_TEXT_MAX), answer = BUF_INIT(COMPARE_TEXT_MAX);
    const json_t *turns = json_child(transcript, "turns");

    buf_append(&prompt, json_get_str(transcript, "system"));
    for (size_t i = 0; i < json_array_size(turns); i++) {
        struct turn turn;

        turn_from_json(json_array_get(turns, i), a, &turn);
        if (prompt.len)
            buf_puts(&prompt, "\n\n");
        buf_append(&prompt, turn.prompt);
        if (i)
            buf_puts(&answer, "\n\n");
        buf_append(&answer, turn.response);
        if (turn.tool_calls)
            json_write_pretty(turn.tool_calls, &answer);
    }
    s->prompt = arena_strdup(a, buf_str(&prompt));
    s->answer = arena_strdup(a, buf_str(&answer));
}

static enum err_code compare_side_load(struct session *s, const struct compare *c, size_t run,
                                       const struct result_variant *v, struct str id, struct compare_side *out,
                                       struct err *e)
{
    const struct compare_run *r = &c->runs[run];
    struct trial_place place = { .variant = v->no };
    AUTO_JSON *transcript = NULL;
    struct store_trial *trial;
    enum err_code code;

    *out = (struct compare_side){ .run = r, .variant = v, .label = comparison_label(c, run, s->arena) };
    TRY(compare_case_find(s->store, r->run, id, &place.case_index, e));
    if (place.case_index < 0)
        return ERR_OK;
    code = store_trial_get(s->store, r->run->no, run_trial_number(r->run, place), s->arena, &trial, e);
    if (code == ERR_NOT_FOUND)
        return ERR_OK;
    TRY(code);
    out->trial = trial;
    if (json_read(trial->transcript, &transcript, NULL) == ERR_OK)
        compare_side_turns(out, transcript, s->arena);
    return ERR_OK;
}

static json_t *compare_side_json(const struct compare_side *s)
{
    json_t *o = json_object();
    char money[MONEY_TEXT];

    json_set_str(o, "run", s->run->run->id);
    json_set_str(o, "variant", s->variant->name);
    json_object_set_new(o, "trial", s->trial ? json_integer(s->trial->trial.number) : json_null());
    if (!s->trial)
        return o;
    json_object_set_new(o, "state", json_string(s->trial->trial.state == TRIAL_DONE ? "done" : "failed"));
    if (s->trial->trial.state == TRIAL_FAILED)
        json_set_str(o, "error_text", s->trial->trial.error_text);
    json_set_str(o, "prompt", s->prompt);
    json_set_str(o, "answer", s->answer);
    json_object_set_new(o, "latency_ms", json_integer(s->trial->trial.latency_ms));
    json_object_set_new(o, "cost_usd",
                        s->trial->trial.cost_nanousd == MONEY_UNKNOWN
                            ? json_null()
                            : json_string(money_exact(s->trial->trial.cost_nanousd, money)));
    return o;
}

static json_t *compare_diff_json(struct str before, struct str after, struct arena *a)
{
    static const char *const kinds[] = { "same", "removed", "added" };
    struct diff_piece *pieces;
    size_t n = diff_words(before, after, a, &pieces);
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "kind", kinds[pieces[i].kind], "text",
                                              json_from_str(pieces[i].text)));
    return list;
}

/* Removed words in red between [- and -], added ones in green between {+ and +}: the marks stay without colour. */
static void compare_diff_print(struct session *s, const char *what, struct str before, struct str after,
                               struct buf *out)
{
    static const char *const open[] = { "", "[-", "{+" }, *const close[] = { "", "-]", "+}" };
    static const enum grid_paint paints[] = { GRID_PLAIN, GRID_RED, GRID_GREEN };
    struct report_options o = session_report_options();
    struct diff_piece *pieces;
    size_t n = diff_words(before, after, s->arena, &pieces);

    grid_painted(str_c(what), GRID_BOLD, &o, out);
    buf_byte(out, '\n');
    for (size_t i = 0; i < n; i++) {
        struct str rest = pieces[i].text, line;
        bool first = true;

        while (str_split(&rest, '\n', &line)) {         /* paint never crosses a line: pagers lose it there */
            struct str marked = arena_printf(s->arena, "%s" STR_FMT "%s", first ? open[pieces[i].kind] : "",
                                             STR_ARG(term_clean(line, s->arena)), rest.at ? "" : close[pieces[i].kind]);

            if (!first)
                buf_puts(out, "\n    ");
            else if (i == 0)
                buf_puts(out, "    ");
            grid_painted(marked, paints[pieces[i].kind], &o, out);
            first = false;
        }
    }
    buf_byte(out, '\n');
}

static void compare_side_print(const struct compare_side *s, struct session *session, struct buf *out)
{
    const struct trial *t = s->trial ? &s->trial->trial : NULL;
    struct str name = report_fit(s->variant->name, 60, !term_get()->unicode, session->arena);
    char money[MONEY_TEXT];

    buf_printf(out, STR_FMT "  " STR_FMT "  ", STR_ARG(s->label), STR_ARG(name));
    if (!t)
        buf_puts(out, "no outcome\n");
    else if (t->state == TRIAL_FAILED)
        buf_printf(out, "trial %" PRId64 "  FAILED %s: " STR_FMT "\n", t->number, err_name(t->error),
                   STR_ARG(term_clean(str_utf8_head(t->error_text, 300), session->arena)));
    else
        buf_printf(out, "trial %" PRId64 "  %" PRId64 " ms  %s\n", t->number, t->latency_ms,
                   money_show(t->cost_nanousd, money));
}

static enum err_code compare_scores_print(struct session *s, const struct compare_side *base,
                                          const struct compare_side *other, struct buf *out, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "metric or check", .least = 10 }, { .heading = "base", .right = true }, { .heading = "this", .right = true },
        { .heading = "why", .least = 8, .drop = 1 },
    };
    struct report_options o = session_report_options();
    struct grid *g = grid_new(s->arena, columns, COUNT_OF(columns));
    const struct compare_side *sides[] = { base, other };
    const struct result *r = base->run->result;
    struct score *scores[2];

    for (int k = 0; k < 2; k++) {
        size_t n = sides[k]->run->result->scorer_count;

        scores[k] = arena_array(s->arena, struct score, n + 1);
        if (sides[k]->trial)
            TRY(scores_read(sides[k]->trial->scores, s->arena, scores[k], n, e));
    }
    for (size_t i = 0; i < r->scorer_count; i++) {
        const struct result *to = other->run->result;
        struct score x = scores[0][i], y = score_missing(S(""));
        char text[REPORT_TEXT];

        for (size_t k = 0; k < to->scorer_count; k++)
            if (str_eq(to->scorers[k].name, r->scorers[i].name))
                y = scores[1][k];
        grid_cell(g, r->scorers[i].name, GRID_PLAIN);
        grid_cell(g, x.state == SCORE_VALUE ? str_c(report_value(r->scorers[i].unit, x.value, text)) : S("-"),
                  GRID_PLAIN);
        grid_cell(g, y.state == SCORE_VALUE ? str_c(report_value(r->scorers[i].unit, y.value, text)) : S("-"),
                  x.state != y.state || x.value == y.value                ? GRID_PLAIN
                  : (y.value > x.value) == r->scorers[i].higher_is_better ? GRID_GREEN
                                                                          : GRID_RED);
        grid_cell(g, y.note.len ? y.note : x.note, GRID_DIM);
    }
    buf_byte(out, '\n');
    grid_write(g, &o, 0, out);
    return ERR_OK;
}

static enum err_code compare_case_print(struct session *s, const struct compare_side *base,
                                        const struct compare_side *other, struct err *e)
{
    AUTO_BUF struct buf out = BUF_INIT(2 * COMPARE_TEXT_MAX);

    compare_side_print(base, s, &out);
    compare_side_print(other, s, &out);
    buf_byte(&out, '\n');
    if (str_eq(base->prompt, other->prompt))
        buf_puts(&out, "The prompt is the same.\n\n");
    else if (base->trial && other->trial)
        compare_diff_print(s, "prompt", base->prompt, other->prompt, &out);
    if (base->trial && other->trial && str_eq(base->answer, other->answer))
        buf_puts(&out, "The answers are the same:\n");
    compare_diff_print(s, "answer", base->answer, other->answer, &out);
    TRY(compare_scores_print(s, base, other, &out, e));
    buf_byte(&out, '\n');
    if (buf_failed(&out))
        return err_set(e, ERR_TOO_LARGE,
                       "the answers are too large to show side by side; `assay show RUN TRIAL --json` gives one");
    return term_write(buf_str(&out), e);
}

static enum err_code compare_case(struct session *s, const struct compare *c, struct str id, bool json, struct err *e)
{
    AUTO_JSON *list = json_array();
    bool found = false;

    for (size_t i = 0; i < c->pair_count; i++) {
        const struct compare_pair *p = &c->pairs[i];
        struct compare_side base, other;

        TRY(compare_side_load(s, c, p->base_run, p->base, id, &base, e));
        TRY(compare_side_load(s, c, p->other_run, p->other, id, &other, e));
        found |= base.trial || other.trial;
        if (!base.trial && !other.trial)
            continue;
        if (json)
            json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "base", compare_side_json(&base), "other",
                                                  compare_side_json(&other), "diff",
                                                  compare_diff_json(base.answer, other.answer, s->arena)));
        else
            TRY(compare_case_print(s, &base, &other, e));
    }
    if (!found)
        return err_set(e, ERR_NOT_FOUND, "no trial of a case \"" STR_FMT "\" has an outcome; `assay compare --cases` lists those that "
                       "differ", STR_ARG(id));
    return json ? term_json(TAKE(list), e) : ERR_OK;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static enum err_code compare_read_options(const struct args *args, struct compare_options *o, struct err *e)
{
    int64_t limit = 20;

    *o = (struct compare_options){ .against = args_get(args, "against"), .variant = args_get(args, "variant"),
                                   .metric = args_get(args, "metric"), .pass = COMPARE_PASS };
    if (args_has(args, "by"))
        TRY(compare_by_from(args_get(args, "by"), &o->by, e));
    TRY(args_double(args, "pass", 0, 1, &o->pass, e));
    TRY(args_int(args, "limit", 1, COMPARE_CHANGES_MAX, &limit, e));
    o->changes_max = args_has(args, "cases") ? limit : 0;
    return ERR_OK;
}

static enum err_code compare_run(struct args *args, int *status, struct err *e)
{
    static comparison_writer *const writers[] = { comparison_table, comparison_json, comparison_markdown };
    AUTO_SESSION s = { 0 };
    AUTO_PAGER *pager = NULL;
    struct comparison_options out = { .report = session_report_options(), .cases = args_has(args, "cases") };
    struct compare_options o;
    struct run *runs[COMPARE_RUNS_MAX];
    struct compare *c;
    enum compare_form form;
    size_t count = MAX(args->positional.len, (size_t)1);

    (void)status;
    out.report.detail = args_has(args, "detail");
    TRY(compare_form_of(args, &form, e));
    pager = pager_begin(form != COMPARE_JSON && !args_has(args, "no-pager"));
    TRY(compare_read_options(args, &o, e));
    o.resample = form == COMPARE_JSON || out.report.detail;
    if (count > COMPARE_RUNS_MAX)
        return err_set(e, ERR_USAGE, "%zu runs are too many; at most %d can be compared at a time", count,
                       COMPARE_RUNS_MAX);
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    for (size_t i = 0; i < count; i++)
        TRY(store_run_get(s.store, args->positional.len ? args_positional(args, i) : S("last"), s.arena, &runs[i], e));
    TRY(compare_load(s.store, runs, count, &o, s.arena, &c, e));
    TRY(session_blob(&s, e));
    compare_contents(s.blob, c);
    if (args_has(args, "case"))
        return compare_case(&s, c, args_get(args, "case"), form == COMPARE_JSON, e);
    return writers[form](c, &out, &term_sink, e);
}

const struct command command_compare = {
    .name = "compare", .usage = "[RUN...] [options]", .summary = "Hold runs, or the variants of one, against each other case by case.",
    .doc = "One RUN (the last by default): its variants against its best. Several: the variants of each against those of the first, "
           "over the cases both have. A case passes when its value is at least --pass and no critical check failed in it; it is "
           "broken when it only passed before, fixed when it only passes now. With several pairs, p is corrected for their number "
           "(Holm); a sentence says who is better, or how many more cases would tell.",
    .options = compare_options, .positional_max = -1, .complete = "run", .run = compare_run,
};
