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

static enum err_code scores_prepare(struct judging_work *w, struct err *e)
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
    return judge_scores_write(w->trial.scores, j->scorers.judge_at, &w->verdict, str_utf8_len(w->trial.transcript), row,
                              e);
}

const struct judging_kind judging_scores = {
    .read = scores_read_window, .read_all = scores_read_all, .prepare = scores_prepare, .hear = scores_hear,
    .keep = scores_keep,
    .form = "{\"accuracy_score\", \"format_score\", \"compliance_score\", \"violations\", \"reasoning\"}; the scores are "
            "whole numbers from 0 to 100",
};
