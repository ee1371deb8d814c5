/* Assertions that compare what all columns answered to one test (subject.rivals), in promptfoo's order of columns:
 *
 *   select-best  a grader chooses (graded.c asks once for all of them, grades.c reads)
 *   max-score    sum(score * weight) over the answer's other assertions, those of sets too, by `weights: {kind:
 * weight}`
 *                (1); divided by sum(weight) unless `method: sum`. The first of the highest wins, when it reaches the
 *                `threshold`; an assertion's own weight does not count. One that was not evaluated leaves it open.
 * A test's own assertions of these kinds only, the first of each. */
#include "eval/promptfoo/kinds.h"

#include <math.h>

bool promptfoo_kind_compares(const struct promptfoo_kind *kind)
{
    return kind->judge == promptfoo_select_best || kind->judge == promptfoo_max_score;
}

const json_t *promptfoo_comparison(const json_t *test, promptfoo_judge_fn *judge)
{
    const json_t *list = json_child(test, "assert");

    for (size_t i = 0; i < json_array_size(list) && i < PROMPTFOO_ASSERTS_MAX; i++) {
        bool inverse;
        const struct promptfoo_kind *kind = promptfoo_kind_find(json_get_str(json_array_get(list, i), "type"),
                                                                &inverse);

        if (kind && kind->judge == judge && !inverse)
            return json_array_get(list, i);
    }
    return NULL;
}

bool promptfoo_compares(const struct dataset_case *kase)
{
    const json_t *test = kase ? json_child(kase->vars, PROMPTFOO_VARIABLE) : NULL;

    return promptfoo_comparison(test, promptfoo_select_best) || promptfoo_comparison(test, promptfoo_max_score);
}

bool promptfoo_compared(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    if (!q->s->rivals)
        promptfoo_skip(S("it compares answers, and not all columns have answered: not evaluated"), out);
    else if (q->s->rival_count < 2)
        promptfoo_skip(S("it compares answers, and there is only one column: not evaluated"), out);
    return q->s->rivals && q->s->rival_count >= 2;
}

/* --- max-score ---------------------------------------------------------------------------------------------------- */

struct total { double score, weight, mean; int64_t count; bool open; };

/* What the other assertions of one answer come to. A call that failed has none of them. */
static struct total compare_total(const struct subject *s, const json_t *weights, struct arena *a)
{
    const struct promptfoo_verdict *v = s->failed ? NULL : promptfoo_judge_alone(s, a);
    struct total t = { 0 };

    for (size_t i = 0; v && i < v->part_count; i++) {
        const struct promptfoo_part *p = &v->parts[i];
        struct str type = json_get_str(p->assertion, "type");
        bool inverse;
        const struct promptfoo_kind *kind = promptfoo_kind_find(type, &inverse);
        double weight;

        if (!kind || promptfoo_kind_compares(kind) || str_is(type, "assert-set"))
            continue;
        weight = json_get_double(weights, arena_cstr(a, type), 1);
        t.open |= p->answer.state == PROMPTFOO_SKIP;
        t.score += (isnan(p->answer.score) ? 0 : p->answer.score) * weight;
        t.weight += weight;
        t.count++;
    }
    return t;
}

void promptfoo_max_score(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    const json_t *weights = json_child(q->value, "weights"), *limit = json_child(q->value, "threshold");
    bool sum = str_is(json_get_str(q->value, "method"), "sum");
    struct total *totals;
    size_t best = 0, some = 0;
    double most = -INFINITY;
    json_t *named;

    if (!promptfoo_compared(q, out))
        return;
    totals = arena_array(q->a, struct total, q->s->rival_count);
    for (size_t i = 0; i < q->s->rival_count; i++) {
        struct total *t = &totals[i];

        *t = compare_total(&q->s->rivals[i], weights, q->a);
        t->mean = sum ? t->score : t->weight > 0 ? t->score / t->weight : 0;
        some += t->count > 0;
        if (t->open) {
            promptfoo_skip(S("an assertion of an answer it compares was not evaluated: neither is max-score"), out);
            return;
        }
        if (t->count && t->mean > most) {
            most = t->mean;
            best = i;
        }
    }
    if (!some) {
        promptfoo_skip(S("max-score compares what other assertions give, and the test has none: not evaluated"), out);
        return;
    }
    if (best == q->s->place && !(json_is_number(limit) && most < json_number_value(limit)))
        *out = (struct promptfoo_answer){ .state = PROMPTFOO_PASS, .score = 1 };
    else if (best == q->s->place)
        *out = (struct promptfoo_answer){ .state = PROMPTFOO_FAIL,
            .reason = arena_printf(q->a, "the best score, %.3f, is below the threshold %.15g", most, json_number_value(limit)) };
    else
        *out = (struct promptfoo_answer){ .state = PROMPTFOO_FAIL,
            .reason = arena_printf(q->a, "another answer scores best: %.3f, this one %.3f", most, totals[q->s->place].mean) };
    out->firm = true;                                   /* whatever it weighs */
    named = json_pack("{s:f,s:I,s:f}", "maxScore", totals[q->s->place].mean, "assertionCount",
                      (json_int_t)totals[q->s->place].count, "totalWeight", totals[q->s->place].weight);
    out->named = json_in_arena(named, q->a);
}
