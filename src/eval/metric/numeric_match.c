/* src/eval/metric/numeric_match.c: 1 when the output's number is the expected one, within a tolerance:
 *
 *   |x - y| <= max(rel * max(|x|, |y|), abs)         (Python's math.isclose; PEP 485)
 *
 * rel is 1e-9 when not said, abs 0. A text's number is the last one in it (`take: first` the first): digits, with
 * commas between groups of three, a fraction, an exponent; a sign counts where no letter or digit stands before it. An
 * output without a number, or with one too large for a double, is wrong; an expected answer without one is missing. Of
 * several expected answers any will do. */
#include "eval/metric/reference.h"

#include <math.h>

#define NUMERIC_TEXT_MAX 400            /* bytes of one number */

struct numeric { struct str key; double abs, rel; bool first; };

static enum err_code numeric_prepare(const struct metric_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct numeric *n = arena_new(a, struct numeric);
    const json_t *take = json_child(spec->options, "take");

    *n = (struct numeric){ .rel = 1e-9, .first = take && str_is(json_to_str(take), "first") };
    *state = n;
    if (take && !n->first && !str_is(json_to_str(take), "last"))
        return err_set(e, ERR_BAD_INPUT, "take is first or last: which number of a text counts");
    TRY(metric_number(spec, "abs", 0, 1e300, &n->abs, e));
    TRY(metric_number(spec, "rel", 0, 1, &n->rel, e));
    return reference_key(spec, &n->key, e);
}

static bool numeric_digit(struct str s, size_t i)
{
    return i < s.len && s.at[i] >= '0' && s.at[i] <= '9';
}

static bool numeric_word(struct str s, size_t i)
{
    return numeric_digit(s, i) ||
           (i < s.len && ((s.at[i] >= 'a' && s.at[i] <= 'z') || (s.at[i] >= 'A' && s.at[i] <= 'Z')));
}

/* Three digits and no fourth. */
static bool numeric_group(struct str s, size_t i)
{
    return numeric_digit(s, i) && numeric_digit(s, i + 1) && numeric_digit(s, i + 2) && !numeric_digit(s, i + 3);
}

static size_t numeric_digits(struct str s, size_t i, struct buf *out)
{
    for (; numeric_digit(s, i); i++)
        buf_byte(out, s.at[i]);
    return i;
}

/* The number that begins at `i`, a digit or a point before one: where it ends, and its text without commas in `out`. */
static size_t numeric_read(struct str s, size_t i, struct buf *out)
{
    size_t from = i, k;

    i = numeric_digits(s, i, out);
    while (i - from >= 1 && i - from <= 3 && i < s.len && s.at[i] == ',' && numeric_group(s, i + 1)) {
        from = i + 1;
        i = numeric_digits(s, from, out);
    }
    if (i < s.len && s.at[i] == '.' && numeric_digit(s, i + 1)) {
        buf_byte(out, '.');
        i = numeric_digits(s, i + 1, out);
    }
    k = i + 1 + (i + 1 < s.len && (s.at[i + 1] == '-' || s.at[i + 1] == '+'));
    if (i < s.len && (s.at[i] == 'e' || s.at[i] == 'E') && numeric_digit(s, k)) {
        buf_append(out, str_sub(s, i, k - i));
        i = numeric_digits(s, k, out);
    }
    return i;
}

/* U+2212, the typographic minus, ends right before `i`. */
static bool numeric_minus_sign(struct str s, size_t i)
{
    return i >= 3 && str_eq(str_sub(s, i - 3, 3), S("\xe2\x88\x92"));
}

static bool numeric_find(struct str s, bool first, double *out)
{
    bool found = false;

    for (size_t i = 0; i < s.len && !(first && found);) {
        AUTO_BUF struct buf text = BUF_INIT(NUMERIC_TEXT_MAX);
        size_t sign = i && s.at[i - 1] == '-' ? 1 : numeric_minus_sign(s, i) ? 3 : 0;
        double v;

        if (!numeric_digit(s, i) && !(s.at[i] == '.' && numeric_digit(s, i + 1))) {
            i++;
            continue;
        }
        if (sign && (i == sign || !numeric_word(s, i - sign - 1)))
            buf_byte(&text, '-');
        if (s.at[i] == '.')
            buf_byte(&text, '0');
        i = numeric_read(s, i, &text);
        if (!buf_failed(&text) && str_to_double(buf_str(&text), &v)) {
            *out = v;
            found = true;
        }
    }
    return found;
}

static bool numeric_close(const struct numeric *n, double x, double y)
{
    return x == y || fabs(x - y) <= fmax(n->rel * fmax(fabs(x), fabs(y)), n->abs);
}

static void numeric_match_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    const struct numeric *n = state;
    struct reference r;
    double x, y;
    bool some = false, expected = false, right = false;

    if (!reference_of(n->key, s, a, &r, out))
        return;
    some = numeric_find(r.output, n->first, &x);
    for (size_t i = 0; i < r.count; i++)
        if (numeric_find(r.golds[i], n->first, &y)) {
            expected = true;
            right |= some && numeric_close(n, x, y);
        }
    *out = expected ? score_of(right) : score_missing(S("there is no number in the expected answer"));
    if (expected && !some)
        out->note = S("there is no number in the output");
}

const struct metric metric_numeric_match = {
    .name = "numeric_match", .label = "numeric match", .unit = METRIC_RATIO, .higher_is_better = true,
    .needs_expected = true, .options = REFERENCE_OPTIONS " abs rel take", .prepare = numeric_prepare,
    .score = numeric_match_score,
    .doc = "1 when the last number of the output is the expected one within abs or rel, else 0 (math.isclose).",
};
