/* The verdict of a test from the verdicts of its assertions. The arithmetic is in promptfoo.h. What was not evaluated
 * has a score nobody knows, from 0 to 1: a threshold is met or missed only when it is for both. */
#include "eval/promptfoo/kinds.h"

#include <math.h>
#include <stdio.h>

struct sum {
    double score, weight, unknown;      /* of what was evaluated; unknown: the weight of what was not */
    bool failed, skipped, broken;
    struct str failing, skipping;       /* the last failure's reason, the first one that was not evaluated */
    json_t *named, *weights;            /* of what bears a name; shared with the sets */
};

static const char *const judge_states[] = {
    [PROMPTFOO_FAIL] = "fail", [PROMPTFOO_PASS] = "pass", [PROMPTFOO_SKIP] = "not evaluated", [PROMPTFOO_BROKEN] = "broken",
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
        *out = (struct promptfoo_answer){ PROMPTFOO_BROKEN, 0, sum->failing };
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

/* Why no output of the test can be judged as it came; empty: it can. */
static struct str judge_blind(const struct subject *s)
{
    return json_to_str(JSON_AT(s->kase->vars, PROMPTFOO_VARIABLE, "blind"));
}

/* The answers that a stored trial keeps, by the number of the part. */
static bool judge_kept(const struct subject *s, size_t number, struct arena *a, struct promptfoo_answer *out)
{
    char name[24];
    const json_t *o, *score;

    snprintf(name, sizeof name, "%zu", number);
    o = json_child(s->kept, name);
    score = json_child(o, "score");
    if (!o)
        return false;
    *out = (struct promptfoo_answer){ .score = score ? json_number_value(score) : NAN,
                                      .reason = arena_strdup(a, json_get_str(o, "reason")) };
    out->state = PROMPTFOO_SKIP;
    for (size_t i = 0; i < COUNT_OF(judge_states); i++)
        if (str_is(json_get_str(o, "state"), judge_states[i]))
            out->state = (enum promptfoo_state)i;
    return true;
}

static void judge_one(const struct subject *s, struct str output, const json_t *assertion, size_t number,
                      struct arena *a, struct promptfoo_answer *out)
{
    struct promptfoo_question q = { .s = s, .output = output, .assertion = assertion,
                                    .value = json_child(assertion, "value"), .a = a };
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
    if (s->kept && judge_kept(s, number, a, out))
        return;
    if (judge_blind(s).len) {
        promptfoo_skip(judge_blind(s), out);
        return;
    }
    if (!kind->judge || json_child(assertion, "transform")) {
        promptfoo_skip(arena_printf(a, STR_FMT ": %s", STR_ARG(json_get_str(assertion, "type")),
                                    kind->judge ? "its transform is code, which needs the sandbox: not evaluated"
                                                : kind->about),
                       out);
        return;
    }
    kind->judge(&q, out);
    if (out->state != PROMPTFOO_PASS && out->state != PROMPTFOO_SKIP)
        out->reason = arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(json_get_str(assertion, "type")),
                                   STR_ARG(out->reason));
    if (out->state == PROMPTFOO_FAIL && judge_weight(assertion) == 0)
        out->state = PROMPTFOO_PASS;
}

struct str promptfoo_output(const struct subject *s, struct arena *a)
{
    struct str text = subject_text(s);
    const json_t *calls = s->turn_count ? s->turns[s->turn_count - 1].tool_calls : NULL;
    AUTO_BUF struct buf b = BUF_INIT((size_t)16 << 20);

    if (text.len || !json_array_size(calls))
        return text;
    json_write(calls, &b);
    return arena_strdup(a, buf_str(&b));
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
    const json_t *means = judge_named(set, a);
    double weight = judge_weight(assertion);

    for (void *it = json_object_iter((json_t *)means); it; it = json_object_iter_next((json_t *)means, it)) {
        const char *name = json_object_iter_key(it);

        if (!str_is(json_get_str(assertion, "metric"), name))
            judge_name(sum->named, sum->weights, str_c(name), json_number_value(json_object_iter_value(it)),
                       weight * json_get_double(set->weights, name, 1));
    }
}

struct judging { const struct subject *s; struct str output; struct promptfoo_verdict *v; struct arena *a; };

static struct promptfoo_part *judging_part(struct judging *j, const json_t *assertion, bool in_set)
{
    struct promptfoo_part *p = &j->v->parts[j->v->part_count++];

    *p = (struct promptfoo_part){ .assertion = assertion, .in_set = in_set };
    return p;
}

static void judging_set(struct judging *j, const json_t *assertion, struct sum *sum)
{
    const json_t *members = json_child(assertion, "assert");
    struct promptfoo_part *whole = judging_part(j, assertion, false);
    struct sum own = { .named = json_in_arena(json_object(), j->a), .weights = json_in_arena(json_object(), j->a) };

    for (size_t i = 0; i < json_array_size(members) && j->v->part_count < PROMPTFOO_ASSERTS_MAX; i++) {
        struct promptfoo_part *p = judging_part(j, json_array_get(members, i), true);

        judge_one(j->s, j->output, p->assertion, j->v->part_count, j->a, &p->answer);
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
        judge_one(j->s, j->output, assertion, j->v->part_count, j->a, &p->answer);
        judge_add(&sum, assertion, &p->answer);
    }
    judge_sum(&sum, judge_threshold(test), j->a, &j->v->answer);
    if (!json_array_size(list))
        j->v->answer = (struct promptfoo_answer){ PROMPTFOO_PASS, 1, STR_NONE };
    j->v->named = judge_named(&sum, j->a);
}

bool promptfoo_judge(const struct subject *s, struct arena *a, const struct promptfoo_verdict **out)
{
    const json_t *test = s->kase ? json_child(s->kase->vars, PROMPTFOO_VARIABLE) : NULL;
    struct judging j = { .s = s, .a = a };
    void **kept;

    if (!json_is_object(test))
        return false;
    kept = subject_slot(s, S("promptfoo verdict"), a);
    if (!*kept) {
        *kept = j.v = arena_new(a, struct promptfoo_verdict);
        j.output = promptfoo_output(s, a);
        judging_all(&j, test);
    }
    *out = *kept;
    return true;
}

json_t *promptfoo_keep(const struct subject *s, struct arena *a)
{
    const struct promptfoo_verdict *v;
    json_t *kept = NULL;
    bool inverse;

    if (!promptfoo_judge(s, a, &v))
        return NULL;
    for (size_t i = 0; i < v->part_count; i++) {
        const struct promptfoo_answer *x = &v->parts[i].answer;
        const struct promptfoo_kind *kind = promptfoo_kind_find(json_get_str(v->parts[i].assertion, "type"), &inverse);
        char name[24];
        json_t *o;

        if (!kind || !kind->judge || (kind->support != PROMPTFOO_MODEL && kind->support != PROMPTFOO_SANDBOX))
            continue;
        kept = kept ? kept : json_object();
        snprintf(name, sizeof name, "%zu", i + 1);
        json_object_set_new(kept, name, o = json_pack("{s:s}", "state", judge_states[x->state]));
        if (!isnan(x->score))
            json_object_set_new(o, "score", json_real(x->score));
        if (x->reason.len)
            json_set_str(o, "reason", x->reason);
    }
    return kept;
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
