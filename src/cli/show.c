/* assay show RUN [TRIAL]: a run's result, or one trial with everything that was said. */
#include "cli/pager.h"
#include "cli/session.h"
#include "eval/report/grid.h"

#include <inttypes.h>

static const struct option show_options[] = {
    { "detail", 0, NULL, "every metric and check", NULL },
    { "failed", 0, NULL, "list the failed trials", NULL },
    { "violations", 0, NULL, "list the trials with a failed check", NULL },
    { "variant", 0, "NAME", "of this variant only (with --failed, --violations)", "@variant" },
    { "limit", 'n', "N", "at most N trials in a list (default 50)", NULL },
    { "pass", 0, "N", "of one trial: what the judge said in pass N (default: the newest)", NULL },
    { "by", 0, "DIMENSION", "the quality at each level of a dimension of the task", NULL },
    SESSION_MAX_COST_OPTION,
    { "format", 'f', "NAME", "table json markdown", "table json markdown" },
    { "json", 0, NULL, "as JSON", NULL },
    PAGER_OPTION,
    OPTION_END,
};

/* What a judge said of a trial: the scorers that its scores are of, and (of a pass without scores) its words. */
struct show_said { struct judge_scorers all; const struct judge_pass *pass; json_t *words; };

/* With --pass the trial's scores become those of that pass. */
static enum err_code show_said(struct session *s, const struct args *args, const struct run *run,
                               struct store_trial *t, struct show_said *out, struct err *e)
{
    json_t *settings;
    struct str text;
    int64_t no = 0;

    *out = (struct show_said){ .words = NULL };
    TRY(args_int(args, "pass", 1, INT64_MAX, &no, e));
    TRY(json_read(run->settings, &settings, e));
    json_in_arena(settings, s->arena);
    TRY(judge_scorers_of(s->store, run, settings, 0, s->arena, &out->all, e));
    for (size_t i = 0; i < out->all.pass_count; i++)
        if (out->all.passes[i].no == no)
            out->pass = &out->all.passes[i];
    if (no)
        TRY(store_score_get(s->store, run->no, no, t->trial.number, s->arena, &text, e));
    if (!out->pass || out->pass->kind == JUDGE_PASS_SCORES) {
        t->scores = no ? text : t->scores;
        return no ? judge_scorers_of(s->store, run, settings, no, s->arena, &out->all, e) : ERR_OK;
    }
    if (out->pass->kind == JUDGE_PASS_AGAIN) {          /* the same scorers as the pass it repeats */
        t->scores = text;
        return judge_scorers_of(s->store, run, settings, out->pass->of, s->arena, &out->all, e);
    }
    TRY(json_read(text, &out->words, e));
    json_in_arena(out->words, s->arena);
    return ERR_OK;
}

/* The pass whose scores are shown. */
static const struct judge_pass *show_pass_of(const struct show_said *said)
{
    if (said->pass && !said->words)
        return said->pass;
    return said->all.shown >= 0 ? &said->all.passes[said->all.shown] : NULL;
}

static enum err_code show_trial_scores(const struct store_trial *t, const struct show_said *said, json_t *o,
                                       struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    json_t *values, *notes, *detail;
    struct str judged;

    TRY(scores_to_json(t->scores, said->all.infos, said->all.count, a, &values, &notes, e));
    json_object_set_new(o, "scores", values);
    json_object_set_new(o, "notes", notes);
    if (scores_read_judged(t->scores, said->all.infos, said->all.count, a, &judged))
        json_set_str(o, "judged", judged);
    detail = show_pass_of(said) ? judge_detail_of(t->scores) : NULL;
    if (detail) {
        json_object_set_new(detail, "pass", json_integer(show_pass_of(said)->no));
        json_object_set_new(o, "judge", detail);
    }
    if (said->words) {
        json_object_set_new(said->words, "pass", json_integer(said->pass->no));
        json_object_set_new(said->words, "by", json_string(judge_pass_name(said->pass->kind)));
        json_object_set(o, "judge_said", said->words);
    }
    return ERR_OK;
}

static enum err_code show_trial_json(const struct run *run, const struct store_variant *variants,
                                     const struct store_trial *t, const struct show_said *said, struct err *e)
{
    const struct trial *tr = &t->trial;
    struct trial_place place = run_trial_place(run, tr->number);
    AUTO_JSON *o = json_object();
    json_t *part;
    char text[CLOCK_TEXT], money[MONEY_TEXT];

    json_set_str(o, "run", run->id);
    json_object_set_new(o, "trial", json_integer(tr->number));
    json_set_str(o, "variant", variants[tr->variant].name);
    json_set_str(o, "model", variants[tr->variant].model);
    json_set_str(o, "case", tr->case_id);
    json_object_set_new(o, "repetition", json_integer(place.repetition));
    json_object_set_new(o, "state", json_string(tr->state == TRIAL_DONE ? "done" : "failed"));
    if (tr->state == TRIAL_FAILED) {
        json_object_set_new(o, "error", json_string(err_name(tr->error)));
        json_set_str(o, "error_text", tr->error_text);
    }
    json_object_set_new(o, "finished_at", json_string(clock_text(tr->finished_ms, text)));
    json_object_set_new(o, "usage", usage_to_json(&tr->usage));
    json_object_set_new(o, "cost_usd",
                        tr->cost_nanousd == MONEY_UNKNOWN ? json_null()
                                                          : json_string(money_exact(tr->cost_nanousd, money)));
    json_object_set_new(o, "latency_ms", json_integer(tr->latency_ms));
    TRY(show_trial_scores(t, said, o, e));
    if (t->transcript.len && json_read(t->transcript, &part, NULL) == ERR_OK)
        json_object_set_new(o, "transcript", part);
    return term_json(TAKE(o), e);
}

/* Words from outside within a line of ours. */
static void show_clean(const char *before, struct str text)
{
    AUTO_ARENA *a = arena_new_sized(0);

    printf("%s" STR_FMT, before, STR_ARG(report_clean(text, false, false, a)));
}

static void show_turn(const struct turn *t)
{
    char money[MONEY_TEXT];

    printf("\nturn %d: %" PRId64 " ms, %" PRId64 " tokens in, %" PRId64 " out%s, %s, finish %s", t->number,
           t->latency_ms, t->usage.input, t->usage.output,
           t->usage.input_estimated || t->usage.output_estimated ? " (estimated)" : "",
           money_show(t->cost_nanousd, money), finish_name(t->finish));
    if (t->model_version.len)
        show_clean(", ", t->model_version);
    printf("\n");
    term_text("prompt", t->prompt);
    term_text("reasoning", t->reasoning);
    term_text("answer", t->response);
    if (t->tool_calls) {
        AUTO_BUF struct buf calls = BUF_INIT(1 << 20);

        json_write_pretty(t->tool_calls, &calls);
        term_text("tool calls", buf_failed(&calls) ? S("(too large to show)") : buf_str(&calls));
    }
    if (t->cached) {
        char when[CLOCK_TEXT];

        printf("from the cache: asked %s, then it cost %s\n", clock_text(t->cached_ms, when),
               money_show(t->saved_nanousd, money));
    }
    if (t->dropped.len)
        show_clean("left out, because the model refuses it: ", t->dropped), printf("\n");
    for (size_t i = 0; i < t->attempt_count; i++)
        if (t->attempts[i].code != ERR_OK) {
            printf("attempt %zu: %s after %" PRId64 " ms: ", i + 1, err_name(t->attempts[i].code),
                   t->attempts[i].duration_ms);
            show_clean("", t->attempts[i].text);
            printf("\n");
        }
}

static void show_capped(const json_t *said)
{
    printf("capped by what the checks found; the judge itself gave %" PRId64, json_get_i64(said, "overall", 0));
    if (json_child(said, "accuracy"))
        printf(" (accuracy %" PRId64 ", format %" PRId64 ", compliance %" PRId64 ")", json_get_i64(said, "accuracy", 0),
               json_get_i64(said, "format", 0), json_get_i64(said, "compliance", 0));
    printf("\n");
}

static void show_criteria(const json_t *list)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one) {
        show_clean("criterion ", json_get_str(one, "name"));
        printf(": %g of %g to %g\n", json_get_double(one, "grade", 0), json_get_double(one, "low", 0),
               json_get_double(one, "high", 0));
        term_text("    steps", json_get_str(one, "steps"));
    }
}

/* Why the judge gave what it gave. */
static void show_judge(const struct judge_pass *pass, const struct store_trial *t)
{
    AUTO_JSON *detail = judge_detail_of(t->scores);
    const json_t *one, *said = json_child(detail, "said");
    size_t i;

    if (!detail)
        return;
    printf("\njudge: %" PRId64 " points", json_get_i64(detail, "overall", 0));
    if (!json_child(detail, "criteria"))
        printf(" (accuracy %" PRId64 ", format %" PRId64 ", compliance %" PRId64 ")",
               json_get_i64(detail, "accuracy", 0), json_get_i64(detail, "format", 0),
               json_get_i64(detail, "compliance", 0));
    printf(", pass %" PRId64 " by ", pass->no);
    show_clean("", pass->model);
    show_clean(", rubric ", pass->rubric);
    printf("\n");
    if (json_get_bool(detail, "capped", false))
        show_capped(said);
    if (json_child(detail, "flagged")) {
        show_clean("FLAGGED: ", json_get_str(detail, "flagged"));
        printf("\n");
    }
    show_criteria(json_child(detail, "criteria"));
    term_text("judge's reasons", json_get_str(detail, "reasoning"));
    json_array_foreach(json_child(detail, "violations"), i, one) {
        show_clean("violation (", json_get_str(one, "kind"));
        show_clean("): ", json_get_str(one, "text"));
        printf("\n");
    }
}

/* What it said that is no score: a label, or which of two is better. */
static void show_words(const struct show_said *said)
{
    static const char *const labels[][2] = { { "label", "label" }, { "choice", "better (this one as A)" },
                                             { "grade", "grade" }, { "why", "not evaluated" } };

    printf("\npass %" PRId64 " by ", said->pass->no);
    show_clean("", said->pass->model);
    show_clean(", rubric ", said->pass->rubric);
    printf("\n");
    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        const json_t *v = json_child(said->words, labels[i][0]);

        if (json_is_number(v))
            printf("%s: %g\n", labels[i][1], json_number_value(v));
        else if (v) {
            printf("%s", labels[i][1]);
            show_clean(": ", json_to_str(v));
            printf("\n");
        }
    }
    if (json_child(said->words, "other"))
        printf("the other one: trial %" PRId64 "\n", json_get_i64(said->words, "other", 0));
    term_text("judge's reasons", json_get_str(said->words, "reasoning"));
}

static enum err_code show_scores(const struct show_said *said, const struct store_trial *t, struct arena *a,
                                 struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "" }, { .heading = "metric or check", .least = 12 }, { .heading = "kind", .drop = 1 }, { .heading = "value" },
        { .heading = "why", .least = 12 },
    };
    struct score *scores = arena_array(a, struct score, said->all.count + 1);
    struct grid *g = grid_new(a, columns, COUNT_OF(columns));
    struct str judged;

    TRY(scores_read(t->scores, a, scores, said->all.count, e));
    if (scores_read_judged(t->scores, said->all.infos, said->all.count, a, &judged))
        term_text("judged, after transforms", judged);
    printf("\n");
    for (size_t i = 0; i < said->all.count; i++) {
        const struct scorer_info *info = &said->all.infos[i];
        bool check = info->kind == SCORER_CHECK;
        char text[REPORT_TEXT];

        grid_cell(g, S(""), GRID_PLAIN);
        grid_cell(g, info->name, GRID_PLAIN);
        grid_cell(g, str_c(check ? severity_name(info->severity) : "metric"), GRID_DIM);
        if (scores[i].state == SCORE_MISSING)
            grid_cell(g, S("not evaluated"), GRID_DIM);
        else if (check)
            grid_cell(g, scores[i].value > 0 ? S("passed") : S("FAILED"), scores[i].value > 0 ? GRID_GREEN : GRID_RED);
        else
            grid_cell(g, str_c(report_value(info->unit, scores[i].value, text)), GRID_PLAIN);
        grid_cell(g, scores[i].note, GRID_PLAIN);
    }
    TRY(session_grid(g, e));
    if (show_pass_of(said))
        show_judge(show_pass_of(said), t);
    if (said->words)
        show_words(said);
    return ERR_OK;
}

static enum err_code show_trial(struct session *s, const struct args *args, struct run *run, struct str which,
                                struct err *e)
{
    struct store_variant *variants;
    struct store_trial *t;
    struct show_said said;
    AUTO_JSON *transcript = NULL;
    const json_t *turns, *message;
    int64_t number;
    size_t count, i;

    if (!str_to_i64(which, &number) || number < 0 || number >= run_trials(run))
        return err_set(e, ERR_USAGE, "trial \"" STR_FMT "\" must be a number from 0 to %" PRId64, STR_ARG(which),
                       run_trials(run) - 1);
    TRY(store_variants(s->store, run->no, s->arena, &variants, &count, e));
    TRY(store_trial_get(s->store, run->no, number, s->arena, &t, e));
    TRY(show_said(s, args, run, t, &said, e));
    if (args_has(args, "json") || str_is(args_get(args, "format"), "json"))
        return show_trial_json(run, variants, t, &said, e);
    printf("trial %" PRId64 " of run " STR_FMT ": case ", number, STR_ARG(id_short(run->id)));
    show_clean("", t->trial.case_id);
    show_clean(", ", variants[t->trial.variant].name);
    printf("\n");
    if (t->trial.state == TRIAL_FAILED) {
        printf("FAILED %s: ", err_name(t->trial.error));
        show_clean("", t->trial.error_text);
        printf("\n");
    }
    if (json_read(t->transcript, &transcript, NULL) == ERR_OK) {
        term_text("system", json_get_str(transcript, "system"));
        json_array_foreach(json_child(transcript, "messages"), i, message)
            term_text(str_is(json_get_str(message, "role"), "assistant") ? "before: assistant"
                      : str_is(json_get_str(message, "role"), "system")  ? "before: system"
                                                                         : "before: user",
                      json_get_str(message, "content"));
        turns = json_child(transcript, "turns");
        for (i = 0; i < json_array_size(turns); i++) {
            struct turn turn;

            turn_from_json(json_array_get(turns, i), s->arena, &turn);
            show_turn(&turn);
        }
    }
    return show_scores(&said, t, s->arena, e);
}

struct show_list {
    const struct run *run;
    const struct store_variant *variants;
    bool failed;
    int64_t left;
    struct grid *grid;                  /* one of the two */
    json_t *json;
};

static void show_list_row(struct show_list *l, const struct trial *t)
{
    struct str variant = l->variants[t->variant].name;

    if (l->json) {
        json_array_append_new(l->json, json_pack("{s:I, s:o, s:o, s:o, s:o, s:I, s:I}", "trial", (json_int_t)t->number, "case",
            json_from_str(t->case_id), "variant", json_from_str(variant), "error",
            t->state == TRIAL_FAILED ? json_string(err_name(t->error)) : json_null(),
            "error_text", t->state == TRIAL_FAILED ? json_from_str(t->error_text) : json_null(), "violations", (json_int_t)t->violations,
            "critical", (json_int_t)t->critical));
        return;
    }
    grid_cellf(l->grid, "%" PRId64, t->number);
    grid_cell(l->grid, t->case_id, GRID_PLAIN);
    grid_cell(l->grid, variant, GRID_PLAIN);
    if (t->state == TRIAL_FAILED) {
        grid_cell(l->grid, str_c(err_name(t->error)), GRID_RED);
        grid_cell(l->grid, t->error_text, GRID_PLAIN);
    } else {
        grid_cellf(l->grid, "%" PRId64 " failed", t->violations);
        grid_cellf(l->grid, "%" PRId64 " critical", t->critical);
    }
}

static enum err_code show_list_each(const struct store_trial *t, void *arg, struct err *e)
{
    struct show_list *l = arg;

    (void)e;
    if (!(l->failed ? t->trial.state == TRIAL_FAILED : t->trial.violations > 0))
        return ERR_OK;
    if (l->left-- <= 0)
        return ERR_CANCELLED;
    show_list_row(l, &t->trial);
    return ERR_OK;
}

static enum err_code show_list(struct session *s, const struct args *args, struct run *run, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "trial", .right = true }, { .heading = "case", .least = 8 }, { .heading = "variant", .least = 8 },
        { .heading = "what" }, { .heading = "", .least = 10 },
    };
    struct show_list l = { .run = run, .failed = args_has(args, "failed"), .left = 50 };
    AUTO_JSON *list = args_has(args, "json") || str_is(args_get(args, "format"), "json") ? json_array() : NULL;
    struct store_variant *variants;
    struct store_trials_filter filter = { .variant = -1 };
    struct str wanted = args_get(args, "variant");
    struct suggest near;
    char hint[160];
    enum err_code code;
    size_t count;

    TRY(args_int(args, "limit", 1, 1000000, &l.left, e));
    TRY(store_variants(s->store, run->no, s->arena, &variants, &count, e));
    l.variants = variants;
    suggest_begin(&near, wanted);
    for (size_t i = 0; i < count && wanted.len; i++) {
        suggest_offer(&near, variants[i].name);
        if (str_eq(variants[i].name, wanted))
            filter.variant = (int64_t)i;
    }
    if (wanted.len && filter.variant < 0)
        return err_set(e, ERR_USAGE, "the run has no variant \"" STR_FMT "\"%s", STR_ARG(wanted),
                       suggest_hint(&near, hint));
    filter.failed_only = l.failed;
    l.grid = grid_new(s->arena, columns, COUNT_OF(columns));
    l.json = list;
    code = store_trials_each(s->store, run->no, &filter, show_list_each, &l, e);
    if (code != ERR_OK && code != ERR_CANCELLED)
        return code;
    if (list)
        return term_json(TAKE(list), e);
    if (!grid_rows(l.grid)) {
        printf("No trial %s.\n", l.failed ? "failed" : "has a failed check");
        return ERR_OK;
    }
    TRY(session_grid(l.grid, e));
    if (code == ERR_CANCELLED)
        printf("... and more; --limit shows them\n");
    return ERR_OK;
}

static const struct axis *show_axis(const struct by_dimension *by, struct str name, size_t *which, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; by && i < by->axes.count; i++) {
        if (str_ieq(by->axes.list[i].name, name))
            return *which = i, &by->axes.list[i];
        suggest_offer(&near, by->axes.list[i].name);
    }
    err_set(e, ERR_USAGE, "the run has no dimension \"" STR_FMT "\"%s", STR_ARG(name), suggest_hint(&near, hint));
    return NULL;
}

/* A row for each variant, a column for each level. */
static enum err_code show_by(struct session *s, const struct args *args, const struct result *result,
                             struct data_pack *cases, struct err *e)
{
    struct by_dimension *by;
    const struct axis *axis;
    size_t which, name = 7;
    char text[REPORT_TEXT];

    TRY(by_dimension_load(result, s->store, cases, s->arena, &by, e));
    axis = show_axis(by, args_get(args, "by"), &which, e);
    if (!axis)
        return e->code;
    for (size_t v = 0; v < result->variant_count; v++)
        name = MAX(name, MIN(str_utf8_width(result->variants[v].name), (size_t)40));
    printf("%s by " STR_FMT "\n\n", result_quality_name(result), STR_ARG(axis->name));
    printf("%-*s", (int)name, "variant");
    for (size_t k = 0; k < axis->level_count; k++) {
        struct str head = arena_printf(s->arena, "%lld " STR_FMT, (long long)axis->levels[k].score,
                                       STR_ARG(axis->levels[k].label));

        head = report_fit(head, 16, !term_get()->unicode, s->arena);
        printf("  %*s" STR_FMT, (int)(16 - MIN(str_utf8_width(head), (size_t)16)), "", STR_ARG(head));
    }
    printf("\n");
    for (size_t v = 0; v < result->variant_count; v++) {
        struct str shown = report_fit(result->variants[v].name, name, !term_get()->unicode, s->arena);

        printf(STR_FMT "%*s", STR_ARG(shown), (int)(name - str_utf8_width(shown)), "");
        for (size_t k = 0; k < axis->level_count; k++) {
            const struct by_cell *c = &by->cells[v][which][k];

            printf("  %16s", c->n ? report_value(result->scorers[result->quality].unit, c->mean, text) : "-");
        }
        printf("\n");
    }
    return ERR_OK;
}

static enum err_code show_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO_PAGER *pager = NULL;
    struct str ref = args_positional(args, 0), trial = args_positional(args, 1);
    struct str name = args_has(args, "json") ? S("json") : args_get(args, "format");
    struct report_options options = session_report_options();
    const struct report_format *format;
    struct result *result;
    struct run *run;

    (void)status;
    options.detail = args_has(args, "detail");
    TRY(session_format(name.len ? name : S("table"), &format, e));
    pager = pager_begin(!str_is(str_c(format->name), "json") && !args_has(args, "no-pager"));
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    TRY(store_run_get(s.store, ref.len ? ref : S("last"), s.arena, &run, e));
    if (trial.len)
        return show_trial(&s, args, run, trial, e);
    if (args_has(args, "pass"))
        return err_set(e, ERR_USAGE,
                       "--pass says which pass of one trial is shown; say which trial: assay show " STR_FMT
                       " TRIAL --pass N",
                       STR_ARG(id_short(run->id)));
    if (args_has(args, "failed") || args_has(args, "violations"))
        return show_list(&s, args, run, e);
    TRY(session_blob(&s, e));
    options.blob = s.blob;
    TRY(result_load(s.store, run, s.arena, &result, e));
    TRY(session_max_cost(&s, args, result, e));
    session_report_cases(&s, result, &options);
    if (args_has(args, "by"))
        return show_by(&s, args, result, options.cases, e);
    TRY(session_report(&s, result, format, &options, S(""), e));
    if (str_is(str_c(format->name), "table") && run->task_path.len)
        printf(" task " STR_FMT "\n", STR_ARG(term_link(arena_cstr(s.arena, run->task_path), run->task_path, s.arena)));
    return ERR_OK;
}

const struct command command_show = {
    .name = "show", .usage = "[RUN] [TRIAL] [options]",
    .summary = "Show a run's result, or one trial with its transcript.",
    .doc = "RUN is an id, its last characters, `last` (the default) or `last~1`.",
    .options = show_options, .positional_max = 2, .complete = "run -", .run = show_run,
};
