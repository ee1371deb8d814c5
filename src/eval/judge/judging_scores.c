/* A judgement of scores: every finished trial of the run, graded by the rubric; also when it is done again. */
#include "eval/judge/judging_parts.h"

#include <math.h>

#include "eval/subject.h"

/* --- which trials ------------------------------------------------------------------------------------------------- */

static enum err_code scores_read_one(const struct store_trial *t, void *arg, struct err *e)
{
    struct judging *j = arg;
    int64_t n = t->trial.number, i = n - j->window;
    struct judging_work *w;

    (void)e;
    if (i >= JUDGING_WINDOW)
        return ERR_CANCELLED;
    if (t->trial.state != TRIAL_DONE || (j->scored[i / 8] >> (i % 8) & 1) ||
        (j->chosen && !(j->chosen[n / 8] >> (n % 8) & 1)))
        return ERR_OK;
    w = judging_work_new(j);
    judging_work_copy(w, t, &w->trial);
    judging_wait(j, w);
    return ERR_OK;
}

static bool scores_read_all(const struct judging *j)
{
    return j->window >= run_trials(j->run);
}

static enum err_code scores_read_window(struct judging *j, struct err *e)
{
    while (!j->waiting && !scores_read_all(j)) {
        struct store_trials_filter f = { .variant = -1, .with_transcript = true, .own_scores = true,
                                         .first = j->window, .limit = JUDGING_WINDOW };
        enum err_code code;

        TRY(store_scored(j->store, j->run->no, j->out->pass, j->window, j->window + JUDGING_WINDOW, j->scored, e));
        code = store_trials_each(j->store, j->run->no, &f, scores_read_one, j, e);
        if (code != ERR_OK && code != ERR_CANCELLED)
            return code;
        j->window += JUDGING_WINDOW;
    }
    return ERR_OK;
}

/* Of a trial of which more than one thing may be asked the question stays, in its arena. */
static enum err_code scores_question(struct judging_work *w, struct judge_question *out, struct err *e)
{
    struct judging *j = w->j;
    struct judge_question q = { .task = j->task, .rubric = j->o->rubric, .instructions = j->o->instructions };
    AUTO_JSON *transcript = NULL;

    TRY(judging_case(j, run_trial_place(j->run, w->trial.trial.number).case_index, e));
    TRY(json_read(w->trial.transcript, &transcript, e));
    judging_said(transcript, w->arena, &q.input, &q.output);
    w->trial.transcript = q.output;                     /* all that is needed of it from here on */
    q.gold = judging_gold(j->kase.expected, w->arena);
    q.mark = judging_mark(j, w->trial.trial.number, (const struct str[]){ q.input, q.output, q.gold }, 3, w->arena);
    *out = q;
    return ERR_OK;
}

static enum err_code scores_prepare(struct judging_work *w, struct err *e)
{
    struct judge_question q;

    TRY(scores_question(w, &q, e));
    w->messages = judge_ask(&q, w->arena);
    return ERR_OK;
}

static bool scores_hear(struct judging_work *w, struct str reply, struct str *why)
{
    return judge_reply_read(reply, w->j->o->rubric, w->arena, &w->verdict, why);
}

/* --- settling ----------------------------------------------------------------------------------------------------- */

static bool scores_invalid(const struct judging *j, struct str output, struct arena *a)
{
    struct subject s = { .task = j->task, .output = output, .cost_nanousd = MONEY_UNKNOWN, .latency_ms = -1 };
    struct str rest = str_trim(output), line;
    size_t lines = 0;

    if (!j->task->output.format_given)
        return false;
    if (j->task->output.format == OUTPUT_JSON) {
        subject_begin(&s, a);
        return !subject_json(&s, a, NULL);
    }
    if (j->task->output.format != OUTPUT_CSV)
        return false;
    while (lines < 2 && str_split(&rest, '\n', &line))
        lines += str_trim(line).len > 0;
    return lines < 2;                                   /* a header and no row */
}

static enum err_code scores_facts(struct judging_work *w, struct judge_facts *out, struct err *e)
{
    struct judging *j = w->j;
    struct score *scores = arena_array(w->arena, struct score, j->scorers.judge_at + 1);
    struct str *failed = arena_array(w->arena, struct str, j->scorers.judge_at + 1);

    TRY(scores_read(w->trial.scores, w->arena, scores, j->scorers.judge_at, e));
    *out = (struct judge_facts){ .measured = NAN, .failed = failed,
                                 .invalid = scores_invalid(j, w->trial.transcript, w->arena) };
    out->checked = j->task->output.format_given;
    for (size_t i = 0; i < j->scorers.judge_at; i++) {
        if (j->scorers.infos[i].kind != SCORER_CHECK || scores[i].state != SCORE_VALUE)
            continue;
        out->checked = true;
        if (scores[i].value == 0)
            failed[out->failed_count++] = scores[i].note.len
                                              ? arena_printf(w->arena, STR_FMT ": " STR_FMT,
                                                             STR_ARG(j->scorers.infos[i].name), STR_ARG(scores[i].note))
                                              : j->scorers.infos[i].name;
    }
    if (j->scorers.measured_at >= 0 && scores[j->scorers.measured_at].state == SCORE_VALUE)
        out->measured = scores[j->scorers.measured_at].value;
    return ERR_OK;
}

static enum err_code scores_keep(struct judging_work *w, struct buf *row, struct err *e)
{
    struct judging *j = w->j;
    struct judge_facts facts;

    TRY(scores_facts(w, &facts, e));
    judge_verdict_settle(&w->verdict, j->o->rubric, &facts, w->arena);
    return judge_scores_write(w->trial.scores, j->scorers.judge_at, j->o->rubric, &w->verdict,
                              str_utf8_len(w->trial.transcript), row, e);
}

const struct judging_kind judging_scores = {
    .read = scores_read_window, .read_all = scores_read_all, .prepare = scores_prepare, .hear = scores_hear,
    .keep = scores_keep,
    .form = "{\"accuracy_score\", \"format_score\", \"compliance_score\", \"violations\", \"reasoning\"}; the scores are "
            "whole numbers from 0 to 100",
};

/* --- criteria ----------------------------------------------------------------------------------------------------- */

static enum err_code criteria_kept(struct judging_work *w, size_t k, bool *kept, struct err *e)
{
    struct judging *j = w->j;
    struct err absent = ERR_INIT;
    struct str text;
    AUTO_JSON *o = NULL;
    enum err_code code = store_score_get(j->store, j->run->no, j->criterion_passes[k], w->trial.trial.number, w->arena,
                                         &text, &absent);

    *kept = false;
    if (code == ERR_NOT_FOUND)
        return ERR_OK;
    if (code != ERR_OK)
        return err_set(e, code, "%s", absent.text);
    TRY(json_read(text, &o, e));
    w->verdict.grades[k] = json_get_double(o, "grade", 0);
    w->verdict.steps[k] = arena_strdup(w->arena, json_get_str(o, "steps"));
    json_in_arena(json_incref(o), w->arena);            /* violations are texts in it */
    judge_violations_read(json_child(o, "violations"), w->arena, &w->verdict);
    *kept = true;
    return ERR_OK;
}

static const struct judge_criterion *criteria_now(const struct judging_work *w)
{
    return &w->j->o->rubric->criteria[w->criterion];
}

/* Grades that a judgement which was broken off has paid for are taken as they are. */
static enum err_code criteria_prepare(struct judging_work *w, struct err *e)
{
    struct judge_question *q = arena_new(w->arena, struct judge_question);
    size_t last = w->j->o->rubric->criterion_count - 1;
    bool kept = true;

    TRY(scores_question(w, q, e));
    w->question = q;
    while (w->criterion < last && kept) {
        TRY(criteria_kept(w, w->criterion, &kept, e));
        w->criterion += kept;
    }
    w->messages = judge_ask_criterion(q, criteria_now(w), w->arena);
    return ERR_OK;
}

static bool criteria_hear(struct judging_work *w, struct str reply, struct str *why)
{
    const struct judge_rubric *r = w->j->o->rubric;
    struct judge_verdict *v = &w->verdict;
    size_t k = w->criterion;

    w->violations_before = v->violation_count;
    if (!judge_grade_read(reply, criteria_now(w), w->arena, &v->grades[k], &v->steps[k], v, why))
        return false;
    if (k + 1 == r->criterion_count) {
        v->judged = true;
        v->grade_count = r->criterion_count;
        v->overall = v->said_overall = judge_criteria_overall(r, v->grades);
        v->reasoning = arena_printf(w->arena, "Graded by %zu criteria, one at a time.", r->criterion_count);
    }
    return true;
}

static bool criteria_more(struct judging_work *w, struct buf *row, int64_t *pass)
{
    const struct judge_verdict *v = &w->verdict;
    size_t k = w->criterion;
    AUTO_JSON *o = NULL;
    json_t *list;

    if (v->judged)
        return false;
    list = json_array();
    for (size_t i = w->violations_before; i < v->violation_count; i++)
        json_array_append_new(list, json_from_str(v->violations[i].text));
    o = json_pack("{s:f, s:o}", "grade", v->grades[k], "violations", list);
    json_set_str(o, "steps", v->steps[k]);
    json_write(o, row);
    *pass = w->j->criterion_passes[k];
    w->criterion++;
    w->messages = judge_ask_criterion(w->question, criteria_now(w), w->arena);
    return true;
}

const struct judging_kind judging_criteria = {
    .read = scores_read_window, .read_all = scores_read_all, .prepare = criteria_prepare, .hear = criteria_hear,
    .more = criteria_more, .keep = scores_keep,
    .form = "{\"steps\", \"grade\", \"violations\"}; the grade is a number of the scale",
};

/* --- labels ------------------------------------------------------------------------------------------------------- */

static enum err_code labels_prepare(struct judging_work *w, struct err *e)
{
    struct judge_question q;

    TRY(scores_question(w, &q, e));
    w->messages = judge_ask_label(&q, w->arena);
    return ERR_OK;
}

static bool labels_hear(struct judging_work *w, struct str reply, struct str *why)
{
    return judge_label_read(reply, w->j->o->rubric, w->arena, &w->verdict, why);
}

static enum err_code labels_keep(struct judging_work *w, struct buf *row, struct err *e)
{
    AUTO_JSON *o = json_object();

    if (w->verdict.judged) {
        json_set_str(o, "label", w->verdict.label);
        json_set_str(o, "reasoning", w->verdict.reasoning);
    } else {
        json_set_str(o, "why", str_utf8_head(w->verdict.why, JUDGING_WHY_BYTES));
    }
    json_write(o, row);
    return buf_failed(row) ? err_set(e, ERR_TOO_LARGE, "what a judge said of an output does not fit") : ERR_OK;
}

const struct judging_kind judging_labels = {
    .read = scores_read_window, .read_all = scores_read_all, .prepare = labels_prepare, .hear = labels_hear,
    .keep = labels_keep, .form = "{\"label\", \"reasoning\"}; the label is one of those to choose from",
};
