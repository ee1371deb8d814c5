/* A judgement of preferences: of each case's outputs of two variants, which is better; asked in both orders. A row is
 * keyed by the trial whose output is shown first, so each order is committed, and paid for, on its own. */
#include "eval/judge/judging_parts.h"

enum { PAIRS_CASE_MAX = 1 << 20 };      /* trials of one case */

/* The trial, or NULL: it has no outcome, or its call failed. */
static enum err_code pairs_trial(struct judging *j, int64_t number, struct arena *a, struct store_trial **out,
                                 struct err *e)
{
    struct err absent = ERR_INIT;
    enum err_code code = store_trial_get(j->store, j->run->no, number, a, out, &absent);

    if (code == ERR_NOT_FOUND || (code == ERR_OK && (*out)->trial.state != TRIAL_DONE))
        *out = NULL;
    if (code == ERR_OK || code == ERR_NOT_FOUND)
        return ERR_OK;
    return err_set(e, code, "%s", absent.text);
}

/* Both orders of one case and repetition, without those that were heard before. */
static enum err_code pairs_read_one(struct judging *j, const int64_t numbers[2], const bool heard[2], struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    struct store_trial *t[2];

    for (int i = 0; i < 2; i++) {
        TRY(pairs_trial(j, numbers[i], a, &t[i], e));
        if (!t[i])
            return ERR_OK;
    }
    for (int i = 0; i < 2; i++) {
        struct judging_work *w;

        if (heard[i])
            continue;
        w = judging_work_new(j);
        judging_work_copy(w, t[i], &w->trial);
        judging_work_copy(w, t[!i], &w->other);
        judging_wait(j, w);
    }
    return ERR_OK;
}

static enum err_code pairs_read_case(struct judging *j, int64_t case_index, struct err *e)
{
    int64_t each = j->run->variants * j->run->repeat, base = case_index * each;
    AUTO(freep) unsigned char *bits = NULL;

    if (each > PAIRS_CASE_MAX)
        return err_set(e, ERR_TOO_LARGE, "a case has %lld trials, at most %d can be compared", (long long)each,
                       PAIRS_CASE_MAX);
    bits = xcalloc((size_t)each / 8 + 1, 1);
    TRY(store_scored(j->store, j->run->no, j->out->pass, base, base + each, bits, e));
    for (int64_t k = 0; k < j->run->repeat; k++) {
        int64_t numbers[2];
        bool heard[2];

        for (int i = 0; i < 2; i++) {
            struct trial_place at = { .case_index = case_index, .variant = j->o->variants[i], .repetition = k };
            int64_t n;

            numbers[i] = run_trial_number(j->run, at);
            n = numbers[i] - base;
            heard[i] = bits[n / 8] >> (n % 8) & 1;
        }
        if (!heard[0] || !heard[1])
            TRY(pairs_read_one(j, numbers, heard, e));
    }
    return ERR_OK;
}

static bool pairs_read_all(const struct judging *j)
{
    return j->window >= j->run->cases;
}

static enum err_code pairs_read(struct judging *j, struct err *e)
{
    while (!j->waiting && !pairs_read_all(j))
        TRY(pairs_read_case(j, j->window++, e));
    return ERR_OK;
}

static enum err_code pairs_prepare(struct judging_work *w, struct err *e)
{
    struct judging *j = w->j;
    struct judge_pair_question q = { .task = j->task, .rubric = j->o->rubric, .instructions = j->o->instructions };
    struct store_trial *const trials[] = { &w->trial, &w->other };

    TRY(judging_case(j, run_trial_place(j->run, w->trial.trial.number).case_index, e));
    for (int i = 0; i < 2; i++) {
        AUTO_JSON *transcript = NULL;
        struct str input;

        TRY(json_read(trials[i]->transcript, &transcript, e));
        judging_said(transcript, w->arena, &input, &q.outputs[i]);
        trials[i]->transcript = q.outputs[i];
        if (trials[i]->trial.variant == j->o->variants[0])
            q.input = input;                            /* the first variant's, whichever stands first */
    }
    q.gold = judging_gold(j->kase.expected, w->arena);
    q.mark = judging_mark(j, w->trial.trial.number, (const struct str[]){ q.input, q.outputs[0], q.outputs[1], q.gold },
                          4, w->arena);
    w->messages = judge_ask_pair(&q, w->arena);
    return ERR_OK;
}

static bool pairs_hear(struct judging_work *w, struct str reply, struct str *why)
{
    struct judge_verdict v = { .judged = true };

    if (!judge_choice_read(reply, w->arena, &w->choice, &v.reasoning, why))
        return false;
    w->verdict = v;
    return true;
}

static enum err_code pairs_keep(struct judging_work *w, struct buf *row, struct err *e)
{
    struct judging *j = w->j;
    AUTO_JSON *o = json_object(), *own = NULL;
    const json_t *measured;

    json_object_set_new(o, "other", json_integer(w->other.trial.number));
    if (w->verdict.judged) {
        json_object_set_new(o, "choice", json_string(judge_choice_name(w->choice)));
        json_set_str(o, "reasoning", w->verdict.reasoning);
    } else {
        json_set_str(o, "why", str_utf8_head(w->verdict.why, JUDGING_WHY_BYTES));
    }
    if (w->trial.scores.len)
        TRY(json_read(w->trial.scores, &own, e));
    measured = j->scorers.measured_at >= 0 ? json_array_get(json_child(own, "v"), (size_t)j->scorers.measured_at)
                                           : NULL;
    if (json_is_number(measured))
        json_object_set(o, "measured", (json_t *)measured);
    json_write(o, row);
    return buf_failed(row) ? err_set(e, ERR_TOO_LARGE, "what a judge said of a pair does not fit") : ERR_OK;
}

const struct judging_kind judging_pairs = {
    .read = pairs_read, .read_all = pairs_read_all, .prepare = pairs_prepare, .hear = pairs_hear, .keep = pairs_keep,
    .form = "{\"winner\": \"A\" or \"B\" or \"tie\", \"reasoning\"}",
};
