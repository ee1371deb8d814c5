/* src/eval/metric/edit_similarity.c: 1 - d / max(n, m): d is Levenshtein's distance (1966) in code points between the
 * trimmed texts, n and m their lengths; 1 when both are empty. `ignore_case` compares lower case. Of several expected
 * answers the nearest counts. Texts of more than SEQUENCE_MAX code points have no value. */
#include "eval/metric/reference.h"

#include "eval/metric/sequence.h"

struct edit { struct str key; bool ignore_case; };

static enum err_code edit_prepare(const struct metric_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct edit *edit = arena_new(a, struct edit);
    const json_t *fold = json_child(spec->options, "ignore_case");

    *state = edit;
    if (fold && !json_is_boolean(fold))
        return err_set(e, ERR_BAD_INPUT, "ignore_case takes true or false");
    edit->ignore_case = json_is_true(fold);
    return reference_key(spec, &edit->key, e);
}

static struct sequence edit_units(const struct edit *edit, struct str text, struct arena *a)
{
    struct sequence s = sequence_of_characters(text, true, a);
    uint32_t *lower;
    size_t n = 0;

    if (!edit->ignore_case)
        return s;
    lower = arena_array(a, uint32_t, 3 * s.count + 1);
    for (size_t i = 0; i < s.count; i++)
        n += (size_t)sequence_fold(s.ids[i], lower + n);
    return (struct sequence){ lower, n };
}

static void edit_similarity_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    const struct edit *edit = state;
    struct reference r;
    struct sequence output;
    double best = 0;

    if (!reference_of(edit->key, s, a, &r, out))
        return;
    output = edit_units(edit, r.output, a);
    for (size_t i = 0; i < r.count; i++) {
        struct sequence gold = edit_units(edit, r.golds[i], a);
        size_t longest = MAX(output.count, gold.count);

        if (!reference_fits(output.count, gold.count, "characters", a, out))
            return;
        best = MAX(best, longest ? 1 - (double)sequence_distance(output, gold, a) / (double)longest : 1.0);
    }
    *out = score_of(best);
}

const struct metric metric_edit_similarity = {
    .name = "edit_similarity", .label = "edit similarity", .unit = METRIC_RATIO, .higher_is_better = true,
    .needs_expected = true, .options = REFERENCE_OPTIONS " ignore_case", .prepare = edit_prepare,
    .score = edit_similarity_score,
    .doc = "1 - edits / length of the longer text: insertions, deletions and substitutions of characters (Levenshtein).",
};
