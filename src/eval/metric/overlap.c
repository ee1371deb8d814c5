/* src/eval/metric/overlap.c: what the output's items have in common with the expected ones (items.h says what items
 * are). TP = in both, FP = only in the output, FN = only expected.
 *   accuracy (precision)   TP / (TP + FP); 0 when nothing was extracted
 *   hallucination          1 - accuracy; so 1 when nothing was extracted
 *   completeness (recall)  TP / (TP + FN); 0 when the output can't be read, and when nothing is expected
 *   f1                     2 TP / (2 TP + FP + FN); for plain text against a text it is computed over words: runs of
 * bytes
 *                          that are not ASCII white space or punctuation, ASCII case ignored, each as often as it
 * occurs */
#include "eval/metric/metric.h"

#include "eval/items.h"

static bool overlap_key_is_good(const json_t *name)
{
    return json_string_length(name) && str_find_byte(json_to_str(name), ITEMS_KEY_SEPARATOR) < 0;
}

/* key: id, or key: [id, date] */
static enum err_code overlap_prepare(const struct metric_spec *spec, struct arena *a, void **state, struct err *e)
{
    const json_t *key = json_child(spec->options, "key");
    size_t n = json_is_array(key) ? json_array_size(key) : 1;
    struct str *out;
    bool good = n && n <= ITEMS_KEYS_MAX;

    if (!key)
        return ERR_OK;
    out = arena_new(a, struct str);
    for (size_t i = 0; good && i < n; i++) {
        const json_t *name = json_is_array(key) ? json_array_get(key, i) : key;

        good = overlap_key_is_good(name);
        if (good)
            *out = i ? arena_printf(a, STR_FMT "%c" STR_FMT, STR_ARG(*out), ITEMS_KEY_SEPARATOR,
                                    STR_ARG(json_to_str(name)))
                     : json_to_str(name);
    }
    if (!good)
        return err_set(e, ERR_BAD_INPUT,
                       "key takes the name of one member, for example id, or a list of 1 to %d of them",
                       ITEMS_KEYS_MAX);
    *state = out;
    return ERR_OK;
}

static const struct items *overlap_items(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    const struct items *i = items_compare(s, state ? *(const struct str *)state : STR_NONE, a);

    if (i->unparseable)
        out->note = i->why;
    else if (!i->output_count)
        out->note = S("nothing was extracted");
    return i;
}

static double overlap_precision(const struct items *i)
{
    return i->output_count ? (double)i->common / (double)i->output_count : 0;
}

static void overlap_accuracy(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    const struct items *i = overlap_items(state, s, a, out);

    *out = (struct score){ .state = SCORE_VALUE, .value = overlap_precision(i), .note = out->note };
}

static void overlap_hallucination(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    const struct items *i = overlap_items(state, s, a, out);

    *out = (struct score){ .state = SCORE_VALUE, .value = 1 - overlap_precision(i), .note = out->note };
}

static void overlap_completeness(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    const struct items *i = overlap_items(state, s, a, out);
    double v = i->unparseable || !i->gold_count ? 0 : (double)i->common / (double)i->gold_count;

    *out = (struct score){ .state = SCORE_VALUE, .value = v,
                           .note = i->unparseable || i->gold_count ? out->note : S("nothing is expected") };
}

/* --- f1 over words ------------------------------------------------------------------------------------------------ */

static bool overlap_word_byte(char c)
{
    return (c & 0x80) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int overlap_word_cmp(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static size_t overlap_words(struct str text, struct arena *a, struct str **out)
{
    char *lower = arena_alloc(a, text.len + 1);
    struct str *words = arena_array(a, struct str, text.len / 2 + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        lower[i] = text.at[i] >= 'A' && text.at[i] <= 'Z' ? (char)(text.at[i] + 32) : text.at[i];
    for (size_t i = 0; i < text.len;) {
        size_t from = i;

        while (i < text.len && overlap_word_byte(lower[i]))
            i++;
        if (i > from)
            words[n++] = str_n(lower + from, i - from);
        else
            i++;
    }
    if (n)
        qsort(words, n, sizeof *words, overlap_word_cmp);
    *out = words;
    return n;
}

static double overlap_f1_words(struct str output, struct str gold, struct arena *a)
{
    struct str *x, *y;
    size_t n = overlap_words(output, a, &x), m = overlap_words(gold, a, &y), common = 0;

    for (size_t i = 0, k = 0; i < n && k < m;) {
        int order = str_cmp(x[i], y[k]);

        common += order == 0;
        i += order <= 0;
        k += order >= 0;
    }
    return n + m ? 2 * (double)common / (double)(n + m) : 0;
}

static void overlap_f1(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    const json_t *gold = subject_expected(s);
    enum output_format format = s->task ? s->task->output.format : OUTPUT_TEXT;
    const struct items *i;
    size_t sum;

    if (json_is_string(gold) && (format == OUTPUT_TEXT || format == OUTPUT_MARKDOWN)) {
        *out = score_of(overlap_f1_words(subject_text(s), json_to_str(gold), a));
        return;
    }
    i = overlap_items(state, s, a, out);
    sum = i->output_count + i->gold_count;
    *out = (struct score){ .state = SCORE_VALUE, .value = sum ? 2 * (double)i->common / (double)sum : 0, .note = out->note };
}

#define OVERLAP(id, heading, better, words)                                                         \
    const struct metric metric_##id = {                                                             \
        .name = #id, .label = heading, .doc = words, .unit = METRIC_RATIO, .higher_is_better = better, \
        .needs_expected = true, .options = "key", .prepare = overlap_prepare, .score = overlap_##id, \
    }
OVERLAP(accuracy, "accuracy", true, "Share of the output's items that are expected (precision).");
OVERLAP(hallucination, "hallucination", false, "Share of the output's items that are not expected: 1 - accuracy.");
OVERLAP(completeness, "completeness", true, "Share of the expected items that the output has (recall).");
OVERLAP(f1, "f1", true, "Harmonic mean of precision and recall, over items, or over words for plain text.");
