/* Which of two outputs is better: what a reply says, and what a pass of such replies comes to. */
#include "eval/judge.h"

#include <math.h>

static const char *const pair_choices[JUDGE_CHOICES] = { "A", "B", "tie" };

const char *judge_choice_name(enum judge_choice c)
{
    return pair_choices[c];
}

/* --- a reply ------------------------------------------------------------------------------------------------------ */

static bool pair_choice_of(struct str s, enum judge_choice *out)
{
    static const struct { const char *word; enum judge_choice choice; } words[] = {
        { "A", JUDGE_CHOICE_FIRST }, { "B", JUDGE_CHOICE_SECOND }, { "tie", JUDGE_CHOICE_TIE },
        { "output A", JUDGE_CHOICE_FIRST }, { "output B", JUDGE_CHOICE_SECOND }, { "neither", JUDGE_CHOICE_TIE },
        { "equal", JUDGE_CHOICE_TIE }, { "both", JUDGE_CHOICE_TIE },
    };

    s = str_trim(s);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_ieq(s, str_c(words[i].word))) {
            *out = words[i].choice;
            return true;
        }
    return false;
}

bool judge_choice_read(struct str reply, struct arena *a, enum judge_choice *out, struct str *reasoning,
                       struct str *why)
{
    const json_t *found = judge_reply_object(reply, "winner", a, why);

    if (!found)
        return false;
    if (!pair_choice_of(json_get_str(found, "winner"), out)) {
        *why = S("winner is none of A, B and tie");
        return false;
    }
    *reasoning = arena_strdup(a, str_utf8_head(str_trim(json_get_str(found, "reasoning")), JUDGE_REASONING_BYTES));
    return true;
}

/* --- a pass ------------------------------------------------------------------------------------------------------- */

struct pair_row { int64_t trial; bool known; enum judge_choice choice; double measured; };
struct pair_rows { VEC(struct pair_row) rows; };

static void pair_rows_dispose(struct pair_rows *r)
{
    vec_dispose(&r->rows);
}

static enum err_code pair_read(int64_t trial, struct str text, void *arg, struct err *e)
{
    struct pair_rows *r = arg;
    struct pair_row row = { .trial = trial, .measured = NAN };
    AUTO_JSON *o = NULL;

    TRY(json_read(text, &o, e));
    row.known = pair_choice_of(json_get_str(o, "choice"), &row.choice);
    if (json_is_number(json_child(o, "measured")))
        row.measured = json_number_value(json_child(o, "measured"));
    vec_push(&r->rows, row);
    return ERR_OK;
}

static int pair_row_cmp(const void *trial, const void *row)
{
    int64_t a = *(const int64_t *)trial, b = ((const struct pair_row *)row)->trial;

    return (a > b) - (a < b);
}

static const struct pair_row *pair_find(const struct pair_rows *r, int64_t trial)
{
    return r->rows.len ? bsearch(&trial, r->rows.at, r->rows.len, sizeof *r->rows.at, pair_row_cmp) : NULL;
}

/* `first`: with the first variant's output as A; `second`: with the second's. */
static void pair_count(struct judge_pairs *p, const struct pair_row *first, const struct pair_row *second, int64_t *net)
{
    enum judge_choice a = first->choice, b = second->choice;
    const struct pair_row *rows[] = { first, second };

    p->pairs++;
    if (a == JUDGE_CHOICE_TIE && b == JUDGE_CHOICE_TIE) {
        p->ties++;
    } else if (a != JUDGE_CHOICE_TIE && b != JUDGE_CHOICE_TIE && a != b) {
        int winner = a != JUDGE_CHOICE_FIRST;           /* 1: the second variant, at both places */

        p->wins[winner]++;
        *net += winner ? -1 : 1;
        p->flagged += isfinite(first->measured) && isfinite(second->measured) &&
                      (rows[!winner]->measured - rows[winner]->measured) * 100 > JUDGE_FAR;
    } else {
        p->inconsistent++;
        p->follows_first += a == JUDGE_CHOICE_FIRST && b == JUDGE_CHOICE_FIRST;
        p->follows_second += a == JUDGE_CHOICE_SECOND && b == JUDGE_CHOICE_SECOND;
    }
}

static void pair_case(struct judge_pairs *p, const struct run *run, const struct pair_rows *rows, int64_t case_index)
{
    int64_t net = 0, before = p->pairs;

    for (int64_t k = 0; k < run->repeat; k++) {
        struct trial_place at = { .case_index = case_index, .variant = p->variants[0], .repetition = k };
        const struct pair_row *one = pair_find(rows, run_trial_number(run, at)), *two;

        at.variant = p->variants[1];
        two = pair_find(rows, run_trial_number(run, at));
        p->not_evaluated += (one && !one->known) + (two && !two->known);
        if (one && two && one->known && two->known)
            pair_count(p, one, two, &net);
        else if ((one && one->known) || (two && two->known))
            p->half++;
    }
    if (p->pairs == before)
        return;
    p->cases[0] += net > 0;
    p->cases[1] += net < 0;
    p->cases_even += net == 0;
}

enum err_code judge_pairs_load(struct store *s, const struct run *run, const struct judge_pass *pass,
                               struct judge_pairs *out, struct err *e)
{
    AUTO(pair_rows_dispose) struct pair_rows rows = { 0 };
    struct judge_pairs p = { .pass = pass->no, .model = pass->model, .rubric = pass->rubric,
                             .variants = { pass->variants[0], pass->variants[1] } };
    int64_t last = -1;

    TRY(store_scores_each(s, run->no, pass->no, pair_read, &rows, e));
    for (size_t i = 0; i < rows.rows.len; i++) {
        int64_t index = run_trial_place(run, rows.rows.at[i].trial).case_index;

        if (index != last)
            pair_case(&p, run, &rows, index);
        last = index;
    }
    p.rate = p.cases[0] + p.cases[1] ? (double)p.cases[0] / (double)(p.cases[0] + p.cases[1]) : NAN;
    p.interval = stats_wilson(p.cases[0], p.cases[0] + p.cases[1], 0.95);
    p.p = stats_mcnemar(p.cases[0], p.cases[1]);
    *out = p;
    return ERR_OK;
}

json_t *judge_pairs_json(const struct judge_pairs *p, struct str first, struct str second)
{
    json_t *o = json_object(), *names = json_array(), *wins = json_object(), *cases = json_object();

    json_array_append_new(names, json_from_str(first));
    json_array_append_new(names, json_from_str(second));
    json_object_set_new(o, "pass", json_integer(p->pass));
    json_set_str(o, "model", p->model);
    json_set_str(o, "rubric", p->rubric);
    json_object_set_new(o, "variants", names);
    json_object_set_new(o, "pairs", json_integer(p->pairs));
    json_object_set_new(o, "half_asked", json_integer(p->half));
    json_object_set_new(o, "not_evaluated", json_integer(p->not_evaluated));
    json_object_set_new(wins, "first", json_integer(p->wins[0]));
    json_object_set_new(wins, "second", json_integer(p->wins[1]));
    json_object_set_new(wins, "tie", json_integer(p->ties));
    json_object_set_new(wins, "inconsistent", json_integer(p->inconsistent));
    json_object_set_new(o, "pairs_won", wins);
    json_object_set_new(cases, "first", json_integer(p->cases[0]));
    json_object_set_new(cases, "second", json_integer(p->cases[1]));
    json_object_set_new(cases, "even", json_integer(p->cases_even));
    json_object_set_new(o, "cases_won", cases);
    json_object_set_new(o, "win_rate", isfinite(p->rate) ? json_real(p->rate) : json_null());
    json_object_set_new(o, "low", p->interval.known ? json_real(p->interval.low) : json_null());
    json_object_set_new(o, "high", p->interval.known ? json_real(p->interval.high) : json_null());
    json_object_set_new(o, "p", json_real(p->p));
    json_object_set_new(o, "follows_first_place", json_integer(p->follows_first));
    json_object_set_new(o, "follows_second_place", json_integer(p->follows_second));
    json_object_set_new(o, "flagged", json_integer(p->flagged));
    return o;
}
