/* src/eval/metric/answer_match.c: 1 when the answer that stands in the output is an expected one.
 *
 * The answer is the whole output, or what `regex` finds in it: of its matches number `pick` (0 the first, -1 the last),
 * of that the first group that took part, else all of it; trimmed. Without a match the answer is wrong. Before they are
 * held against each other, both sides lose what the patterns of `ignore` match, then case (ignore_case: ASCII), ASCII
 * punctuation (ignore_punctuation), digits (ignore_numbers). `how`:
 *   equals (not said)   they are the same
 *   starts              the answer begins with the expected one
 *   includes            the expected one stands in the answer
 *   fuzzy               one stands in the other once both are normalised as normalized_match does; empty is like empty
 * only
 *   json                both are JSON and the same value (order of members and 1.0 against 1 do not count)
 * Of several expected answers any will do. The rules are those of lm-evaluation-harness's regex filter and exact_match,
 * and of OpenAI evals' Match, Includes, FuzzyMatch and JsonMatch, on trimmed texts. Bounds: reference.h's,
 * ANSWER_MATCHES_MAX matches, ANSWER_IGNORE_MAX patterns. */
#include "eval/metric/reference.h"

#include "eval/items.h"

#define ANSWER_MATCHES_MAX 10000
#define ANSWER_IGNORE_MAX  16

enum answer_how { ANSWER_EQUALS, ANSWER_STARTS, ANSWER_INCLUDES, ANSWER_FUZZY, ANSWER_JSON, ANSWER_HOWS };
static const char *const answer_hows[ANSWER_HOWS] = { "equals", "starts", "includes", "fuzzy", "json" };

struct answer_match {
    struct str key;
    struct regex *regex;                /* NULL: the whole output */
    int64_t pick;
    struct regex *ignore[ANSWER_IGNORE_MAX];
    size_t ignore_count;
    bool ignore_case, ignore_punctuation, ignore_numbers;
    enum answer_how how;
};

static enum err_code answer_flag(const struct metric_spec *spec, const char *name, bool *out, struct err *e)
{
    const json_t *j = json_child(spec->options, name);

    if (j && !json_is_boolean(j))
        return err_set(e, ERR_BAD_INPUT, "%s takes true or false", name);
    *out = json_is_true(j);
    return ERR_OK;
}

static enum err_code answer_how_of(const struct metric_spec *spec, enum answer_how *out, struct err *e)
{
    const json_t *j = json_child(spec->options, "how");
    struct suggest near;
    char hint[160];

    *out = ANSWER_EQUALS;
    if (!j)
        return ERR_OK;
    suggest_begin(&near, json_to_str(j));
    for (enum answer_how i = 0; i < ANSWER_HOWS; i++) {
        if (str_is(json_to_str(j), answer_hows[i]))
            return *out = i, ERR_OK;
        suggest_offer(&near, str_c(answer_hows[i]));
    }
    return err_set(e, ERR_BAD_INPUT, "how takes equals, starts, includes, fuzzy or json%s", suggest_hint(&near, hint));
}

static enum err_code answer_ignore(const struct metric_spec *spec, struct answer_match *m, struct arena *a,
                                   struct err *e)
{
    const json_t *list = json_child(spec->options, "ignore");
    size_t n = json_array_size(list);

    if (list && (!json_is_array(list) || n > ANSWER_IGNORE_MAX))
        return err_set(e, ERR_BAD_INPUT, "ignore takes a list of at most %d patterns", ANSWER_IGNORE_MAX);
    for (size_t i = 0; i < n; i++) {
        if (!json_is_string(json_array_get(list, i)))
            return err_set(e, ERR_BAD_INPUT, "pattern %zu of ignore is no text", i + 1);
        TRY(regex_compile(json_to_str(json_array_get(list, i)), 0, a, &m->ignore[m->ignore_count++], e));
    }
    return ERR_OK;
}

static enum err_code answer_match_prepare(const struct metric_spec *spec, struct arena *a, void **state, struct err *e)
{
    const json_t *regex = json_child(spec->options, "regex"), *pick = json_child(spec->options, "pick");
    struct answer_match *m = arena_new(a, struct answer_match);

    *state = m;
    TRY(reference_key(spec, &m->key, e));
    if (regex && !json_is_string(regex))
        return err_set(e, ERR_BAD_INPUT, "regex takes a pattern, for example \"answer is (\\\\d+)\"");
    if (regex)
        TRY(regex_compile(json_to_str(regex), 0, a, &m->regex, e));
    if (pick && (!regex || !json_is_integer(pick)))
        return err_set(e, ERR_BAD_INPUT,
                       "pick says which match of regex counts: 0 the first, 1 the second, -1 the last");
    m->pick = json_integer_value(pick);
    TRY(answer_flag(spec, "ignore_case", &m->ignore_case, e));
    TRY(answer_flag(spec, "ignore_punctuation", &m->ignore_punctuation, e));
    TRY(answer_flag(spec, "ignore_numbers", &m->ignore_numbers, e));
    TRY(answer_how_of(spec, &m->how, e));
    return answer_ignore(spec, m, a, e);
}

/* --- which part of the output ------------------------------------------------------------------------------------- */
/* What the matches captured, the wanted one of them. REGEX_NO: there is none. */
static enum regex_verdict answer_find(const struct answer_match *m, struct str text, struct str *out,
                                      char why[REGEX_WHY])
{
    VEC(struct str) all = { 0 };
    size_t at = 0, start, end;
    enum regex_verdict v = REGEX_NO;
    struct str group;

    while (all.len < ANSWER_MATCHES_MAX && at <= text.len &&
           (v = regex_find_group(m->regex, text, at, &start, &end, &group, why)) == REGEX_YES) {
        vec_push(&all, group);
        at = MAX(end, at);
        if (end == start && at < text.len)
            str_utf8_next(text, &at);
        else if (end == start)
            break;
    }
    if (v != REGEX_GAVE_UP) {
        int64_t which = m->pick < 0 ? (int64_t)all.len + m->pick : m->pick;

        v = which >= 0 && which < (int64_t)all.len ? REGEX_YES : REGEX_NO;
        if (v == REGEX_YES)
            *out = str_trim(all.at[which]);
    }
    vec_dispose(&all);
    return v;
}

/* --- what does not count ------------------------------------------------------------------------------------------ */
static struct str answer_without(const struct regex *r, struct str text, struct arena *a)
{
    char *out = arena_alloc(a, text.len + 1);
    size_t n = 0, at = 0, from = 0, start, end;

    for (int i = 0;
         i < ANSWER_MATCHES_MAX && at <= text.len && regex_find(r, text, at, &start, &end, NULL) == REGEX_YES; i++) {
        memcpy(out + n, text.at + from, start - from);
        n += start - from;
        from = at = end;
        if (end == start) {
            if (at >= text.len)
                break;
            str_utf8_next(text, &at);
        }
    }
    if (from < text.len) {
        memcpy(out + n, text.at + from, text.len - from);
        n += text.len - from;
    }
    return str_n(out, n);
}

static bool answer_keeps(const struct answer_match *m, char c)
{
    bool digit = c >= '0' && c <= '9', letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

    return !(m->ignore_numbers && digit) && !(m->ignore_punctuation && c > ' ' && c < 0x7f && !digit && !letter);
}

static struct str answer_plain(const struct answer_match *m, struct str text, struct arena *a)
{
    char *out;
    size_t n = 0;

    for (size_t i = 0; i < m->ignore_count; i++)
        text = answer_without(m->ignore[i], text, a);
    if (!m->ignore_case && !m->ignore_punctuation && !m->ignore_numbers)
        return text;
    out = arena_alloc(a, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        if (answer_keeps(m, text.at[i]))
            out[n++] = m->ignore_case && text.at[i] >= 'A' && text.at[i] <= 'Z' ? (char)(text.at[i] + 32) : text.at[i];
    return str_n(out, n);
}

/* --- the same? ---------------------------------------------------------------------------------------------------- */
static bool answer_fuzzy(struct str x, struct str y, struct arena *a)
{
    x = normalized_text(x, a);
    y = normalized_text(y, a);
    if (!x.len || !y.len)
        return x.len == y.len;
    return str_contains(x, y) || str_contains(y, x);
}

static bool answer_holds(const struct answer_match *m, struct str answer, struct str gold, struct arena *a)
{
    gold = answer_plain(m, gold, a);
    switch (m->how) {
    case ANSWER_STARTS: return str_starts(answer, gold);
    case ANSWER_INCLUDES: return str_contains(answer, gold);
    case ANSWER_FUZZY: return answer_fuzzy(answer, gold, a);
    default: return str_eq(answer, gold);
    }
}

static bool answer_same_json(const json_t *answer, const json_t *gold, struct arena *a)
{
    json_t *read = NULL;

    if (json_is_string(gold) && json_read(json_to_str(gold), &read, NULL) == ERR_OK)
        gold = json_in_arena(read, a);
    return json_is_string(answer) == json_is_string(gold) && str_eq(items_text(answer, a), items_text(gold, a));
}

static void answer_json(const struct answer_match *m, const struct subject *s, struct arena *a, struct score *out)
{
    const json_t *gold = subject_expected(s), *answer = subject_json(s, a, NULL);
    bool same = false;

    if (m->key.len) {
        answer = json_object_getn(answer, m->key.at, m->key.len);
        gold = json_is_object(gold) ? json_object_getn(gold, m->key.at, m->key.len) : gold;
    }
    for (size_t i = 0; answer && json_is_array(gold) && i < json_array_size(gold); i++)
        same |= answer_same_json(answer, json_array_get(gold, i), a);
    *out = score_of(answer && gold && (same || answer_same_json(answer, gold, a)));
}

static void answer_match_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    const struct answer_match *m = state;
    struct str answer = STR_NONE;
    char why[REGEX_WHY] = "";
    struct reference r;
    bool right = false;

    if (m->how == ANSWER_JSON) {
        answer_json(m, s, a, out);
        return;
    }
    if (!reference_of(m->key, s, a, &r, out))
        return;
    answer = r.output;
    if (m->regex) {
        switch (answer_find(m, r.output, &answer, why)) {
        case REGEX_GAVE_UP: *out = score_missing(arena_strdup(a, str_c(why))); return;
        case REGEX_NO: *out = score_of(0); out->note = S("the pattern finds no answer in the output"); return;
        case REGEX_YES: break;
        }
    }
    answer = answer_plain(m, answer, a);
    for (size_t i = 0; i < r.count; i++)
        right |= answer_holds(m, answer, r.golds[i], a);
    *out = score_of(right);
}

const struct metric metric_answer_match = {
    .name = "answer_match", .label = "answer match", .unit = METRIC_RATIO, .higher_is_better = true, .needs_expected = true,
    .options = "key regex pick ignore_case ignore_punctuation ignore_numbers ignore how", .prepare = answer_match_prepare,
    .score = answer_match_score,
    .doc = "1 when the answer that `regex` finds in the output (or all of it) is an expected one; `how`: equals, starts, "
           "includes, fuzzy, json.",
};
