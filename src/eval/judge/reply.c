#include "eval/judge.h"

#include <ctype.h>
#include <math.h>

/* --- kinds of violations ------------------------------------------------------------------------------------------ */

const char *violation_kind_name(enum violation_kind k)
{
    static const char *const names[VIOLATION_KINDS] = { "under_min", "over_max", "format", "missing_field", "other" };

    return names[k];
}

static bool reply_in_word(char c)
{
    return isalnum((unsigned char)c) || ((unsigned char)c & 0x80);
}

/* Whole words, so that an overlap is not "over". */
static bool reply_has_words(struct str text, struct str words)
{
    for (size_t from = 0; from < text.len;) {
        ptrdiff_t at = str_ifind(str_from(text, from), words);
        size_t begin, end;

        if (at < 0)
            return false;
        begin = from + (size_t)at;
        end = begin + words.len;
        if ((begin == 0 || !reply_in_word(text.at[begin - 1])) && (end == text.len || !reply_in_word(text.at[end])))
            return true;
        from = begin + 1;
    }
    return false;
}

enum violation_kind violation_kind_of(struct str text)
{
    static const char *const words[VIOLATION_OTHER][8] = {
        [VIOLATION_UNDER_MIN] = { "under", "too short", "below" },
        [VIOLATION_OVER_MAX] = { "over", "too long", "exceed", "exceeds", "exceeded", "exceeding" },
        [VIOLATION_FORMAT] = { "format", "formatted", "formatting", "invalid" },
        [VIOLATION_MISSING_FIELD] = { "missing" },
    };

    for (enum violation_kind k = 0; k < VIOLATION_OTHER; k++)
        for (size_t i = 0; i < 8 && words[k][i]; i++)
            if (reply_has_words(text, str_c(words[k][i])))
                return k;
    return VIOLATION_OTHER;
}

/* --- finding the object ------------------------------------------------------------------------------------------- */

static const json_t *reply_score_of(const json_t *o, enum judge_part p)
{
    static const char *const inside[] = { "metrics", "scores" };
    char key[32];
    const json_t *v;

    snprintf(key, sizeof key, "%s_score", judge_part_name(p));
    v = json_child(o, key) ? json_child(o, key) : json_child(o, judge_part_name(p));
    for (size_t i = 0; i < COUNT_OF(inside) && !v; i++) {
        const json_t *in = json_child(o, inside[i]);

        v = json_child(in, key) ? json_child(in, key) : json_child(in, judge_part_name(p));
    }
    return v;
}

static bool reply_has_scores(const json_t *o)
{
    for (enum judge_part p = 0; p < JUDGE_PARTS; p++)
        if (reply_score_of(o, p))
            return true;
    return false;
}

/* The one object with scores. Two that disagree are none: who knows which is the judge's and which it quotes. */
static const json_t *reply_find(struct str s, struct arena *a, struct str *why)
{
    struct json_loose l = JSON_LOOSE_INIT(s, "{", JUDGE_DEPTH_MAX);
    const json_t *found = NULL, *o;

    *why = S("it holds no JSON object with scores");
    while ((o = json_loose_next(&l, a))) {
        if (!reply_has_scores(o))
            continue;
        if (found && !json_equal(found, o)) {
            *why = S("it holds several objects with scores, and they differ");
            return NULL;
        }
        found = o;
    }
    if (!l.deep)
        return found;
    *why = arena_printf(a, "its JSON is nested deeper than %d", JUDGE_DEPTH_MAX);
    return NULL;
}

/* --- reading it --------------------------------------------------------------------------------------------------- */

/* 87, 87.4, "87", "87 %" and "87/100". */
static bool reply_number(const json_t *v, double *out)
{
    struct str s = str_trim(json_to_str(v));

    if (json_is_number(v)) {
        *out = json_number_value(v);
        return true;
    }
    if (str_ends(s, S("%")))
        s = str_trim(str_n(s.at, s.len - 1));
    else if (str_ends(s, S("/100")))
        s = str_trim(str_n(s.at, s.len - 4));
    return s.len && str_to_double(s, out);
}

static bool reply_scores(const json_t *o, int out[JUDGE_PARTS], struct arena *a, struct str *why)
{
    for (enum judge_part p = 0; p < JUDGE_PARTS; p++) {
        const json_t *v = reply_score_of(o, p);
        double n;

        if (!v) {
            *why = arena_printf(a, "%s_score is missing", judge_part_name(p));
            return false;
        }
        if (!reply_number(v, &n) || !(n >= 0 && n <= 100)) {
            *why = arena_printf(a, "%s_score is not a number from 0 to 100", judge_part_name(p));
            return false;
        }
        out[p] = (int)lround(n);
    }
    return true;
}

static void reply_violation_add(struct judge_verdict *v, struct str text)
{
    text = str_utf8_head(str_trim(text), JUDGE_VIOLATION_BYTES);
    if (text.len && v->violation_count < JUDGE_VIOLATIONS_MAX)
        v->violations[v->violation_count++] = (struct judge_violation){ violation_kind_of(text), text };
}

/* Texts, or objects with a severity and a description or message. */
void judge_violations_read(const json_t *list, struct arena *a, struct judge_verdict *v)
{
    if (json_is_string(list))
        reply_violation_add(v, json_to_str(list));
    for (size_t i = 0; i < json_array_size(list) && v->violation_count < JUDGE_VIOLATIONS_MAX; i++) {
        const json_t *one = json_array_get(list, i);
        struct str text = json_to_str(one), severity = json_get_str(one, "severity");

        if (json_is_object(one)) {
            text = json_get_str(one, "description");
            text = text.len ? text : json_get_str(one, "message");
            if (severity.len && text.len)
                text = arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(severity), STR_ARG(text));
        }
        reply_violation_add(v, text);
    }
}

static void reply_points(const json_t *list, const char *title, struct buf *b)
{
    for (size_t i = 0; i < MIN(json_array_size(list), (size_t)3); i++)
        buf_printf(b, "%s%s" STR_FMT,
                   i        ? "; "
                   : b->len ? ". "
                            : "",
                   i ? "" : title, STR_ARG(json_to_str(json_array_get(list, i))));
}

static struct str reply_reasoning(const json_t *o, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(JUDGE_REPLY_MAX);
    struct str text = str_trim(json_get_str(o, "reasoning"));

    text = text.len ? text : str_trim(json_get_str(o, "summary"));
    if (!text.len) {
        reply_points(json_child(o, "strengths"), "Strengths: ", &b);
        reply_points(json_child(o, "weaknesses"), "Weaknesses: ", &b);
        text = buf_failed(&b) ? STR_NONE : buf_str(&b);
    }
    return arena_strdup(a, text.len ? str_utf8_head(text, JUDGE_REASONING_BYTES) : S("The judge gave no reasons."));
}

static int reply_overall(const int parts[JUDGE_PARTS], const struct judge_rubric *rubric)
{
    double sum = 0;

    for (enum judge_part p = 0; p < JUDGE_PARTS; p++)
        sum += rubric->weights[p] * parts[p];
    return (int)floor(sum + 1e-9);
}

bool judge_reply_read(struct str reply, const struct judge_rubric *rubric, struct arena *a, struct judge_verdict *out,
                      struct str *why)
{
    struct judge_verdict v = { .judged = true };
    const json_t *o;

    reply = str_trim(reply);
    if (!reply.len) {
        *why = S("it is empty");
        return false;
    }
    if (reply.len > JUDGE_REPLY_MAX) {
        *why = arena_printf(a, "it has %zu bytes, at most %u are read", reply.len, JUDGE_REPLY_MAX);
        return false;
    }
    o = reply_find(reply, a, why);
    if (!o || !reply_scores(o, v.said, a, why))
        return false;
    memcpy(v.parts, v.said, sizeof v.parts);
    v.overall = v.said_overall = reply_overall(v.said, rubric);
    judge_violations_read(json_child(o, "violations"), a, &v);
    v.reasoning = reply_reasoning(o, a);
    *out = v;
    return true;
}

/* --- what the program knows --------------------------------------------------------------------------------------- */

static bool verdict_says(const struct judge_verdict *v, struct str text)
{
    for (size_t i = 0; i < v->violation_count; i++)
        if (str_ifind(v->violations[i].text, text) >= 0 || str_ifind(text, v->violations[i].text) >= 0)
            return true;
    return false;
}

static void verdict_merge(struct judge_verdict *v, const struct judge_facts *facts, struct arena *a)
{
    size_t added = 0;

    for (size_t i = 0; i < facts->failed_count; i++) {
        if (verdict_says(v, facts->failed[i]))
            continue;
        if (v->violation_count == JUDGE_VIOLATIONS_MAX)         /* what is certain displaces what is thought */
            v->violation_count--;
        reply_violation_add(v, arena_printf(a, "[PROGRAMMATIC] " STR_FMT, STR_ARG(facts->failed[i])));
        if (++added == JUDGE_VIOLATIONS_MAX)
            break;
    }
    if (added)
        v->reasoning = arena_printf(a, STR_FMT " (%zu violation%s found by the task's checks.)", STR_ARG(v->reasoning),
                                    facts->failed_count, facts->failed_count == 1 ? " was" : "s were");
}

/* Criteria are the rubric's own: only their sum is capped. */
static void verdict_cap_criteria(struct judge_verdict *v, const struct judge_facts *facts, int cap)
{
    if (facts->invalid)
        v->overall = MIN(v->overall, 25);
    else if (facts->failed_count > 3)
        v->overall = MIN(v->overall, cap);
    v->capped = v->overall != v->said_overall;
}

static void verdict_cap(struct judge_verdict *v, const struct judge_rubric *rubric, const struct judge_facts *facts)
{
    int *p = v->parts, cap = (int)MAX(INT64_C(30), 100 - 8 * (int64_t)MIN(facts->failed_count, (size_t)100));

    if (rubric->criterion_count) {
        verdict_cap_criteria(v, facts, cap);
        return;
    }
    if (facts->invalid) {
        p[JUDGE_FORMAT] = MIN(p[JUDGE_FORMAT], 20);
        p[JUDGE_COMPLIANCE] = MIN(p[JUDGE_COMPLIANCE], 30);
        v->overall = MIN(MIN(v->overall, reply_overall(p, rubric)), 25);
    } else if (facts->failed_count > 3 && p[JUDGE_COMPLIANCE] > cap) {
        p[JUDGE_COMPLIANCE] = cap;
        v->overall = reply_overall(p, rubric);
    }
    v->capped = v->overall != v->said_overall || memcmp(v->parts, v->said, sizeof v->parts) != 0;
}

/* Next to the measured quality where there is one, as that is what accuracy means; else next to the checks. */
static void verdict_flag(struct judge_verdict *v, const struct judge_facts *facts, struct arena *a)
{
    int measured, said;
    bool quality = isfinite(facts->measured) && facts->measured >= 0 && facts->measured <= 1;

    if (!quality && !facts->checked)
        return;
    measured = quality          ? (int)lround(facts->measured * 100)
               : facts->invalid ? 0
                                : 100 - (int)MIN(facts->failed_count * 10, (size_t)100);
    said = quality && !v->grade_count ? v->said[JUDGE_ACCURACY] : v->said_overall;
    if (abs(said - measured) > JUDGE_FAR)
        v->flag = arena_printf(a, "the judge says %d%s, %s %d", said, quality && !v->grade_count ? " for accuracy" : "",
                               quality ? "the measured quality is" : "the checks say", measured);
}

void judge_verdict_settle(struct judge_verdict *v, const struct judge_rubric *rubric, const struct judge_facts *facts,
                          struct arena *a)
{
    if (!v->judged)
        return;
    verdict_merge(v, facts, a);
    verdict_cap(v, rubric, facts);
    verdict_flag(v, facts, a);
}
