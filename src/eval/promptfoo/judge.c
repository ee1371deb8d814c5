/* The verdict of a test from the verdicts of its assertions. The arithmetic is in promptfoo.h. What was not evaluated
 * has a score nobody knows, from 0 to 1: a threshold is met or missed only when it is for both. */
#include "eval/promptfoo/kinds.h"

#include <math.h>

#define JUDGE_KEPT_REASON 400
#define JUDGE_KEPT_NAMES  64

struct sum {
    double score, weight, unknown;      /* of what was evaluated; unknown: the weight of what was not */
    bool failed, skipped, broken;
    struct str failing, skipping;       /* the last failure's reason, the first one that was not evaluated */
    json_t *named, *weights;            /* of what bears a name; shared with the sets */
};

static double judge_weight(const json_t *assertion)
{
    const json_t *w = json_child(assertion, "weight");

    return json_is_number(w) ? json_number_value(w) : 1;
}

static double judge_threshold(const json_t *o)
{
    const json_t *t = json_child(o, "threshold");

    return json_is_number(t) ? json_number_value(t) : NAN;
}

static void judge_name(json_t *named, json_t *weights, struct str metric, double score, double weight)
{
    char *name = metric.len ? xstrndup(metric.at, metric.len) : NULL;

    if (name) {
        json_object_set_new(named, name, json_real(json_get_double(named, name, 0) + score * weight));
        json_object_set_new(weights, name, json_real(json_get_double(weights, name, 0) + weight));
    }
    free(name);
}

/* Scores that came along with an assertion are the test's too, at its weight. */
static void judge_add_names(struct sum *sum, const json_t *assertion, const json_t *named, const json_t *weights)
{
    double weight = judge_weight(assertion);

    for (void *it = json_object_iter((json_t *)named); it; it = json_object_iter_next((json_t *)named, it)) {
        const char *name = json_object_iter_key(it);

        if (json_is_number(json_object_iter_value(it)) && !str_is(json_get_str(assertion, "metric"), name))
            judge_name(sum->named, sum->weights, str_c(name), json_number_value(json_object_iter_value(it)),
                       weight * json_get_double(weights, name, 1));
    }
}

static void judge_add(struct sum *sum, const json_t *assertion, const struct promptfoo_answer *x)
{
    double weight = judge_weight(assertion);

    if (x->state == PROMPTFOO_BROKEN)
        sum->broken = true;
    if (x->state == PROMPTFOO_SKIP) {
        if (weight == 0)
            return;                                     /* it can change nothing */
        sum->unknown += weight;
        if (!sum->skipped)
            sum->skipping = x->reason;
        sum->skipped = true;
        return;
    }
    sum->score += x->score * weight;
    sum->weight += weight;
    judge_name(sum->named, sum->weights, json_get_str(assertion, "metric"), x->score, weight);
    judge_add_names(sum, assertion, x->named, x->named_weights);
    if (x->state != PROMPTFOO_PASS) {
        sum->failed = true;
        sum->failing = x->reason;
    }
}

static void judge_sum_threshold(const struct sum *sum, double threshold, struct arena *a, struct promptfoo_answer *out)
{
    double all = sum->weight + sum->unknown, low = all > 0 ? sum->score / all : 0;
    double high = all > 0 ? (sum->score + sum->unknown) / all : 0;

    if (low >= threshold)
        out->state = PROMPTFOO_PASS;
    else
        out->state = high < threshold ? PROMPTFOO_FAIL : PROMPTFOO_SKIP;
    if (out->state == PROMPTFOO_FAIL)
        out->reason = arena_printf(a, "the score %.2f is below the threshold %.15g%s" STR_FMT, high, threshold,
                                   sum->failing.len ? "; " : "", STR_ARG(sum->failing));
    else if (out->state == PROMPTFOO_SKIP)
        out->reason = sum->skipping;
}

static void judge_sum(const struct sum *sum, double threshold, struct arena *a, struct promptfoo_answer *out)
{
    *out = (struct promptfoo_answer){ .state = PROMPTFOO_PASS };
    out->score = sum->unknown > 0 ? NAN : sum->weight > 0 ? sum->score / sum->weight : 0;
    if (sum->broken) {
        *out = (struct promptfoo_answer){ .state = PROMPTFOO_BROKEN, .reason = sum->failing };
    } else if (!isnan(threshold)) {
        judge_sum_threshold(sum, threshold, a, out);
    } else if (sum->failed) {
        out->state = PROMPTFOO_FAIL;
        out->reason = sum->failing;
    } else if (sum->skipped) {
        out->state = PROMPTFOO_SKIP;
        out->reason = sum->skipping;
    }
}

static void judge_one(const struct subject *s, const struct promptfoo_output *whole, const json_t *assertion,
                      struct arena *a, struct promptfoo_answer *out)
{
    struct promptfoo_question q = { .s = s, .assertion = assertion, .value = json_child(assertion, "value"), .a = a };
    struct promptfoo_output output;
    const struct promptfoo_kind *kind = promptfoo_kind_find(json_get_str(assertion, "type"), &q.inverse);

    q.threshold = judge_threshold(assertion);
    if (json_is_null(q.value))
        q.value = NULL;
    if (!kind) {
        promptfoo_broken(arena_printf(a, "there is no assertion \"" STR_FMT "\"",
                                      STR_ARG(json_get_str(assertion, "type"))),
                         out);
        return;
    }
    if (!kind->judge) {
        promptfoo_skip(arena_printf(a, STR_FMT ": %s", STR_ARG(json_get_str(assertion, "type")), kind->about), out);
        return;
    }
    output = promptfoo_output_for(s, whole, assertion, a);
    if (output.state != PROMPTFOO_PASS) {
        *out = (struct promptfoo_answer){ .state = output.state, .score = output.state == PROMPTFOO_SKIP ? NAN : 0,
                                          .reason = arena_printf(a, STR_FMT ": " STR_FMT,
                                                                 STR_ARG(json_get_str(assertion, "type")),
                                                                 STR_ARG(output.reason)) };
        return;
    }
    q.output = output.text;
    q.json = output.json;
    q.transformed = output.transformed;
    kind->judge(&q, out);
    if (out->state != PROMPTFOO_PASS && out->state != PROMPTFOO_SKIP)
        out->reason = arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(json_get_str(assertion, "type")),
                                   STR_ARG(out->reason));
    if (out->state == PROMPTFOO_FAIL && !out->firm && judge_weight(assertion) == 0)
        out->state = PROMPTFOO_PASS;
}

/* sums of score * weight -> means */
static const json_t *judge_named(const struct sum *sum, struct arena *a)
{
    json_t *means = json_object();

    for (void *it = json_object_iter(sum->named); it; it = json_object_iter_next(sum->named, it)) {
        const char *name = json_object_iter_key(it);
        double weight = json_get_double(sum->weights, name, 0);

        json_object_set_new(means, name,
                            json_real(weight > 0 ? json_number_value(json_object_iter_value(it)) / weight : 0));
    }
    return json_in_arena(means, a);
}

/* A set's named scores are the test's too, at the weight of the set. */
static void judge_set_names(struct sum *sum, const struct sum *set, const json_t *assertion, struct arena *a)
{
    judge_add_names(sum, assertion, judge_named(set, a), set->weights);
}

struct judging { const struct subject *s; struct promptfoo_verdict *v; struct arena *a; };

/* Numbers only; null when there are none, or too many to keep. */
static json_t *judge_named_copy(const json_t *named)
{
    json_t *o;

    if (!json_object_size(named) || json_object_size(named) > JUDGE_KEPT_NAMES)
        return json_null();
    o = json_object();
    for (void *it = json_object_iter((json_t *)named); it; it = json_object_iter_next((json_t *)named, it))
        if (json_is_number(json_object_iter_value(it)))
            json_object_set_new(o, json_object_iter_key(it), json_real(json_number_value(json_object_iter_value(it))));
    return o;
}

static void judging_keep(struct judging *j, json_t *one)
{
    if (!j->v->kept)
        j->v->kept = json_in_arena(json_array(), j->a);
    json_array_append_new((json_t *)j->v->kept, one);
}

/* What an assertion came to that asked outside: [part, state, score, reason, firm, named, weights]. */
static void judging_keep_part(struct judging *j, size_t part, const struct promptfoo_answer *x)
{
    json_t *one = json_array();

    json_array_append_new(one, json_integer((json_int_t)part));
    json_array_append_new(one, json_integer(x->state));
    json_array_append_new(one, isnan(x->score) ? json_null() : json_real(x->score));
    json_array_append_new(one, json_from_str(str_utf8_head(x->reason, JUDGE_KEPT_REASON)));
    json_array_append_new(one, json_boolean(x->firm));
    json_array_append_new(one, judge_named_copy(x->named));
    json_array_append_new(one, judge_named_copy(x->named_weights));
    judging_keep(j, one);
}

/* What was kept of this part when the trial was new; false: nothing. */
static bool judging_kept(const struct judging *j, size_t part, struct promptfoo_answer *out)
{
    for (size_t i = 0; i < json_array_size(j->s->kept); i++) {
        const json_t *one = json_array_get(j->s->kept, i), *score = json_array_get(one, 2);
        json_int_t state = json_integer_value(json_array_get(one, 1));

        if (!json_is_integer(json_array_get(one, 0)) || (size_t)json_integer_value(json_array_get(one, 0)) != part ||
            state < PROMPTFOO_FAIL || state > PROMPTFOO_BROKEN)
            continue;
        *out = (struct promptfoo_answer){
            .state = (enum promptfoo_state)state, .score = json_is_number(score) ? json_number_value(score) : NAN,
            .reason = json_to_str(json_array_get(one, 3)), .firm = json_is_true(json_array_get(one, 4)),
            .named = json_array_get(one, 5), .named_weights = json_array_get(one, 6) };
        return true;
    }
    return false;
}

/* Somebody else was asked about it: a model or a program. */
static bool judging_asked(const struct judging *j, const json_t *assertion)
{
    bool inverse;
    const struct promptfoo_kind *kind = promptfoo_kind_find(json_get_str(assertion, "type"), &inverse);

    return j->s->wish_count && kind && kind->judge &&
           (kind->support == PROMPTFOO_MODEL || kind->support == PROMPTFOO_SANDBOX ||
            json_child(assertion, "transform"));
}

static void judging_one(struct judging *j, struct promptfoo_part *p)
{
    size_t part = (size_t)(p - j->v->parts);

    if (judging_kept(j, part, &p->answer)) {
        judging_keep_part(j, part, &p->answer);
        return;
    }
    judge_one(j->s, &j->v->output, p->assertion, j->a, &p->answer);
    if (judging_asked(j, p->assertion))
        judging_keep_part(j, part, &p->answer);
}

static struct promptfoo_part *judging_part(struct judging *j, const json_t *assertion, bool in_set)
{
    struct promptfoo_part *p = &j->v->parts[j->v->part_count++];

    *p = (struct promptfoo_part){ .assertion = assertion, .in_set = in_set };
    return p;
}

/* Who compares is not asked here: the first of its kind is later (compare.c), promptfoo passes over any other. */
static bool judging_compares(struct promptfoo_part *p)
{
    bool inverse;
    const struct promptfoo_kind *kind = promptfoo_kind_find(json_get_str(p->assertion, "type"), &inverse);

    if (!kind || !promptfoo_kind_compares(kind))
        return false;
    promptfoo_skip(S("promptfoo looks at the first of a kind only, and not in sets"), &p->answer);
    return true;
}

static void judging_set(struct judging *j, const json_t *assertion, struct sum *sum)
{
    const json_t *members = json_child(assertion, "assert");
    struct promptfoo_part *whole = judging_part(j, assertion, false);
    struct sum own = { .named = json_in_arena(json_object(), j->a), .weights = json_in_arena(json_object(), j->a) };

    for (size_t i = 0; i < json_array_size(members) && j->v->part_count < PROMPTFOO_ASSERTS_MAX; i++) {
        struct promptfoo_part *p = judging_part(j, json_array_get(members, i), true);

        if (judging_compares(p))
            continue;
        judging_one(j, p);
        judge_add(&own, p->assertion, &p->answer);
    }
    judge_sum(&own, judge_threshold(assertion), j->a, &whole->answer);
    judge_set_names(sum, &own, assertion, j->a);
    judge_add(sum, assertion, &whole->answer);
}

static void judging_all(struct judging *j, const json_t *test)
{
    const json_t *list = json_child(test, "assert");
    struct sum sum = { .named = json_in_arena(json_object(), j->a), .weights = json_in_arena(json_object(), j->a) };

    j->v->parts = arena_array(j->a, struct promptfoo_part, PROMPTFOO_ASSERTS_MAX);
    for (size_t i = 0; i < json_array_size(list) && j->v->part_count < PROMPTFOO_ASSERTS_MAX; i++) {
        const json_t *assertion = json_array_get(list, i);
        struct promptfoo_part *p;

        if (str_is(json_get_str(assertion, "type"), "assert-set")) {
            judging_set(j, assertion, &sum);
            continue;
        }
        p = judging_part(j, assertion, false);
        if (judging_compares(p))
            continue;
        judging_one(j, p);
        judge_add(&sum, assertion, &p->answer);
    }
    judge_sum(&sum, judge_threshold(test), j->a, &j->v->answer);
    if (!json_array_size(list))
        j->v->answer = (struct promptfoo_answer){ .state = PROMPTFOO_PASS, .score = 1 };
    j->v->named = judge_named(&sum, j->a);
}

/* A test whose output is not known has no verdict, whatever it demands; one whose transform failed is an error. */
static void judging_test(struct judging *j, const json_t *test)
{
    const struct promptfoo_output *o = &j->v->output;

    if (o->state != PROMPTFOO_BROKEN)
        judging_all(j, test);
    if (o->state != PROMPTFOO_PASS)
        j->v->answer = (struct promptfoo_answer){ .state = o->state, .score = o->state == PROMPTFOO_SKIP ? NAN : 0,
                                                  .reason = o->reason };
}

struct promptfoo_verdict *promptfoo_judge_alone(const struct subject *s, struct arena *a)
{
    const json_t *test = s->kase ? json_child(s->kase->vars, PROMPTFOO_VARIABLE) : NULL;
    struct judging j = { .s = s, .a = a };
    void **kept;

    if (!json_is_object(test))
        return NULL;
    kept = subject_slot(s, S("promptfoo verdict alone"), a);
    if (!*kept) {
        *kept = j.v = arena_new(a, struct promptfoo_verdict);
        j.v->output = promptfoo_output(s, a);
        if ((s->wish_count || s->kept) && promptfoo_transforms(s))
            judging_keep(&j, promptfoo_output_keep(&j.v->output));
        judging_test(&j, test);
    }
    return *kept;
}

/* One comparison joins the verdict: who was not chosen has failed, and his score is nothing. */
static void judging_compare(struct judging *j, struct promptfoo_part *p)
{
    struct promptfoo_answer *sum = &j->v->answer, *x = &p->answer;
    size_t part = (size_t)(p - j->v->parts);

    if (!judging_kept(j, part, x)) {
        judge_one(j->s, &j->v->output, p->assertion, j->a, x);
        j->v->waits |= !j->s->rivals;
    }
    if (j->s->rivals || j->s->kept)
        judging_keep_part(j, part, x);
    if (x->state == PROMPTFOO_SKIP) {
        sum->score = NAN;
        if (sum->state == PROMPTFOO_PASS || j->v->waits)
            *sum = *x;
    } else if (x->state != PROMPTFOO_PASS) {
        if (sum->state != PROMPTFOO_BROKEN)
            *sum = *x;
        sum->score = x->score;
    }
    if (x->named)
        json_object_update((json_t *)j->v->named, (json_t *)x->named);
}

bool promptfoo_judge(const struct subject *s, struct arena *a, const struct promptfoo_verdict **out)
{
    static promptfoo_judge_fn *const comparing[] = { promptfoo_select_best, promptfoo_max_score };
    const struct promptfoo_verdict *alone = promptfoo_judge_alone(s, a);
    struct judging j = { .s = s, .a = a };
    void **kept;

    if (!alone)
        return false;
    kept = subject_slot(s, S("promptfoo verdict"), a);
    if (!*kept) {
        *kept = j.v = arena_new(a, struct promptfoo_verdict);
        *j.v = *alone;
        for (size_t i = 0; i < COUNT_OF(comparing); i++) {
            const json_t *one = promptfoo_comparison(json_child(s->kase->vars, PROMPTFOO_VARIABLE), comparing[i]);

            for (size_t k = 0; one && k < j.v->part_count; k++)
                if (j.v->parts[k].assertion == one)
                    judging_compare(&j, &j.v->parts[k]);
        }
    }
    *out = *kept;
    return true;
}

/* --- is it a test? ------------------------------------------------------------------------------------------------ */

static struct str judge_fault(const json_t *assertion, size_t number, struct arena *a)
{
    const json_t *weight = json_child(assertion, "weight");
    struct str type = json_get_str(assertion, "type");
    struct suggest near;
    char hint[160];
    bool inverse;

    if (!json_is_object(assertion) || !type.len)
        return arena_printf(a, "assertion %zu has no type; write for example {type: contains, value: refund}", number);
    if (weight && (!json_is_number(weight) || json_number_value(weight) < 0 || json_number_value(weight) > 1e6))
        return arena_printf(a, "assertion %zu (" STR_FMT "): weight is a number, 0 to 1000000", number, STR_ARG(type));
    if (json_child(assertion, "threshold") && !json_is_number(json_child(assertion, "threshold")))
        return arena_printf(a, "assertion %zu (" STR_FMT "): threshold is a number", number, STR_ARG(type));
    if (promptfoo_kind_find(type, &inverse) && !(inverse && str_is(type, "not-assert-set")))
        return STR_NONE;
    suggest_begin(&near, inverse ? str_from(type, 4) : type);
    promptfoo_kind_suggest(&near);
    return arena_printf(a, "there is no assertion \"" STR_FMT "\"%s", STR_ARG(str_utf8_head(type, 60)),
                        suggest_hint(&near, hint));
}

struct str promptfoo_test_fault(const json_t *test, struct arena *a)
{
    const json_t *list = json_child(test, "assert");
    size_t count = 0;

    if (list && !json_is_array(list))
        return S("assert is a list of assertions");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *members = json_child(one, "assert");
        bool set = str_is(json_get_str(one, "type"), "assert-set");
        struct str fault = judge_fault(one, i + 1, a);

        if (!fault.len && set && !json_is_array(members))
            return arena_printf(a, "assertion %zu: an assert-set needs assert: a list of assertions", i + 1);
        for (size_t k = 0; !fault.len && set && k < json_array_size(members); k++) {
            fault = judge_fault(json_array_get(members, k), k + 1, a);
            if (!fault.len && str_is(json_get_str(json_array_get(members, k), "type"), "assert-set"))
                fault = S("an assert-set can't stand in another");
        }
        count += 1 + (set ? json_array_size(members) : 0);
        if (fault.len)
            return fault;
        if (count > PROMPTFOO_ASSERTS_MAX)
            return arena_printf(a, "a test has at most %d assertions, with those of its sets", PROMPTFOO_ASSERTS_MAX);
    }
    return STR_NONE;
}
