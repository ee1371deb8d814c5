/* Replies of a judge that are no scores: a grade of one criterion, a label. Whatever a reply holds is data: nothing in
 * it is ever executed. */
#include "eval/judge.h"

#include <math.h>

/* Two that disagree are none: who knows which is the judge's and which it quotes. */
const json_t *judge_reply_object(struct str reply, const char *key, struct arena *a, struct str *why)
{
    struct json_loose l;
    const json_t *o, *found = NULL;

    reply = str_trim(reply);
    if (!reply.len) {
        *why = S("it is empty");
        return NULL;
    }
    if (reply.len > JUDGE_REPLY_MAX) {
        *why = arena_printf(a, "it has %zu bytes, at most %u are read", reply.len, JUDGE_REPLY_MAX);
        return NULL;
    }
    l = JSON_LOOSE_INIT(reply, "{", JUDGE_DEPTH_MAX);
    while ((o = json_loose_next(&l, a))) {
        if (!json_child(o, key))
            continue;
        if (found && !json_equal(found, o)) {
            *why = arena_printf(a, "it holds several objects with a %s, and they differ", key);
            return NULL;
        }
        found = o;
    }
    if (l.deep)
        *why = arena_printf(a, "its JSON is nested deeper than %d", JUDGE_DEPTH_MAX);
    else if (!found)
        *why = arena_printf(a, "it holds no JSON object with a %s", key);
    return l.deep ? NULL : found;
}

/* --- a grade ------------------------------------------------------------------------------------------------------ */

/* 4, "4" and "4/5" on a scale up to 5. */
static bool answer_number(const json_t *v, double high, struct arena *a, double *out)
{
    struct str s = str_trim(json_to_str(v)), of = arena_printf(a, "/%g", high);

    if (json_is_number(v)) {
        *out = json_number_value(v);
        return isfinite(*out);
    }
    if (str_ends(s, of))
        s = str_trim(str_n(s.at, s.len - of.len));
    return s.len && str_to_double(s, out);
}

static struct str answer_steps(const json_t *list, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(JUDGE_REPLY_MAX);

    if (json_is_string(list))
        return arena_strdup(a, str_utf8_head(str_trim(json_to_str(list)), JUDGE_REASONING_BYTES));
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str step = str_trim(json_to_str(json_array_get(list, i)));

        if (step.len)
            buf_printf(&b, "%s" STR_FMT, b.len ? " / " : "", STR_ARG(step));
    }
    return arena_strdup(a, str_utf8_head(buf_failed(&b) ? STR_NONE : buf_str(&b), JUDGE_REASONING_BYTES));
}

bool judge_grade_read(struct str reply, const struct judge_criterion *c, struct arena *a, double *grade,
                      struct str *steps, struct judge_verdict *out, struct str *why)
{
    const json_t *o = judge_reply_object(reply, "grade", a, why);
    double n;

    if (!o)
        return false;
    if (!answer_number(json_child(o, "grade"), c->high, a, &n) || n < c->low || n > c->high) {
        *why = arena_printf(a, "grade is not a number from %g to %g", c->low, c->high);
        return false;
    }
    *grade = n;
    *steps = answer_steps(json_child(o, "steps"), a);
    judge_violations_read(json_child(o, "violations"), a, out);
    return true;
}

int judge_criteria_overall(const struct judge_rubric *rubric, const double *grades)
{
    double sum = 0;

    for (size_t i = 0; i < rubric->criterion_count; i++) {
        const struct judge_criterion *c = &rubric->criteria[i];

        sum += c->weight * (grades[i] - c->low) / (c->high - c->low) * 100;
    }
    return (int)floor(sum + 1e-9);
}

/* --- a label ------------------------------------------------------------------------------------------------------ */

bool judge_label_read(struct str reply, const struct judge_rubric *rubric, struct arena *a, struct judge_verdict *out,
                      struct str *why)
{
    struct judge_verdict v = { .judged = true };
    const json_t *o = judge_reply_object(reply, "label", a, why), *said = json_child(o, "label");
    struct str label = str_trim(json_to_str(said));

    if (!o)
        return false;
    if (json_is_integer(said))
        label = arena_printf(a, "%lld", (long long)json_integer_value(said));
    while (label.len > 1 && strchr("*_", label.at[0]) && label.at[label.len - 1] == label.at[0])
        label = str_trim(str_sub(label, 1, label.len - 2));
    for (size_t i = 0; i < rubric->label_count && !v.label.len; i++)
        if (str_ieq(label, rubric->labels[i]))
            v.label = rubric->labels[i];
    if (!v.label.len) {
        *why = S("label is none of those to choose from");
        return false;
    }
    v.reasoning = arena_strdup(a, str_utf8_head(str_trim(json_get_str(o, "reasoning")), JUDGE_REASONING_BYTES));
    *out = v;
    return true;
}
