/* src/eval/metric/classification.c: outputs that are one label of a few: classification and macro_f1.
 *
 * The expected label is the expected answer itself (a string, number or boolean, trimmed), or the member `key` of an
 * object; an object with a single member needs no key. The given label is read the same way from the output; what is
 * not exactly a label counts as none of them, and as wrong. ignore_case folds ASCII letters. `labels` closes the list:
 * an expected answer outside it is missing; without it the labels are the expected answers that occur in the run.
 *   classification   1 when the given label is the expected one; its mean is the accuracy
 *   macro_f1         mean over the labels that were expected or given of 2 TP / (2 TP + FP + FN)
 *                    (Sokolova, Lapalme 2009, F-score macro; scikit-learn's f1_score, average macro, zero_division 0)
 * A label has at most SCORE_LABEL_MAX bytes, a task at most CLASS_LABELS_MAX labels (corpus.h says what is past it). */
#include "eval/metric/metric.h"

#include <math.h>

#include "eval/items.h"

struct classification { struct str key; bool ignore_case; struct str *labels; size_t label_count; };

static struct str classification_fold(const struct classification *c, struct str s, struct arena *a)
{
    char *folded;

    s = str_trim(s);
    if (!c->ignore_case)
        return s;
    folded = arena_cstr(a, s);
    for (size_t i = 0; i < s.len; i++)
        folded[i] = folded[i] >= 'A' && folded[i] <= 'Z' ? (char)(folded[i] + 32) : folded[i];
    return str_n(folded, s.len);
}

static enum err_code classification_labels(struct classification *c, const json_t *list, struct arena *a, struct err *e)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || !n || n > CLASS_LABELS_MAX)
        return err_set(e, ERR_BAD_INPUT, "labels takes a list of 1 to %d labels, for example [billing, sales]",
                       CLASS_LABELS_MAX);
    c->labels = arena_array(a, struct str, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *j = json_array_get(list, i);
        struct str label = json_is_object(j) || json_is_array(j) || json_is_null(j)
                               ? STR_NONE
                               : classification_fold(c, items_text(j, a), a);

        if (!label.len || label.len > SCORE_LABEL_MAX)
            return err_set(e, ERR_BAD_INPUT, "label %zu of labels is no text of 1 to %d bytes", i + 1, SCORE_LABEL_MAX);
        for (size_t k = 0; k < i; k++)
            if (str_eq(c->labels[k], label))
                return err_set(e, ERR_BAD_INPUT, "labels has \"" STR_FMT "\" twice", STR_ARG(label));
        c->labels[c->label_count++] = label;
    }
    return ERR_OK;
}

static enum err_code classification_prepare(const struct metric_spec *spec, struct arena *a, void **state,
                                            struct err *e)
{
    const json_t *key = json_child(spec->options, "key"), *list = json_child(spec->options, "labels"),
                 *fold = json_child(spec->options, "ignore_case");
    struct classification *c = arena_new(a, struct classification);

    if (key && (!json_is_string(key) || !json_string_length(key)))
        return err_set(e, ERR_BAD_INPUT, "key takes the name of one member, for example queue");
    if (fold && !json_is_boolean(fold))
        return err_set(e, ERR_BAD_INPUT, "ignore_case takes true or false");
    c->key = json_to_str(key);
    c->ignore_case = json_is_true(fold);
    if (list)
        TRY(classification_labels(c, list, a, e));
    *state = c;
    return ERR_OK;
}

static bool classification_is_one(const json_t *j)
{
    return json_is_string(j) || json_is_number(j) || json_is_boolean(j);
}

/* The expected label, and the member it came from; empty with the reason in *why. */
static struct str classification_expected(const struct classification *c, const json_t *gold, struct str *member,
                                          struct arena *a, struct str *why)
{
    const json_t *one = gold;
    struct str label;

    *member = c->key;
    if (json_is_object(gold) && !c->key.len && json_object_size(gold) == 1)
        *member = str_c(json_object_iter_key(json_object_iter((json_t *)gold)));
    if (json_is_object(gold))
        one = member->len ? json_object_getn(gold, member->at, member->len) : NULL;
    *why = S("the expected answer is no single label; key names the member that is");
    if (!classification_is_one(one))
        return STR_NONE;
    label = classification_fold(c, items_text(one, a), a);
    *why = S("the expected label is empty");
    if (label.len > SCORE_LABEL_MAX)
        *why = arena_printf(a, "the expected answer is longer than a label's %d bytes", SCORE_LABEL_MAX);
    return label.len > SCORE_LABEL_MAX ? STR_NONE : label;
}

static struct str classification_given(const struct classification *c, const struct subject *s, struct str member,
                                       struct arena *a)
{
    bool json_wanted = s->task && s->task->output.format == OUTPUT_JSON;
    const json_t *json = json_wanted || member.len ? subject_json(s, a, NULL) : NULL;
    const json_t *one = json_is_object(json) && member.len ? json_object_getn(json, member.at, member.len) : json;
    struct str label = json_wanted ? STR_NONE : subject_text(s);

    if (classification_is_one(one))
        label = items_text(one, a);
    else if (json_is_object(json))
        label = STR_NONE;
    label = classification_fold(c, label, a);
    return label.len > SCORE_LABEL_MAX || !str_is_utf8(label) ? STR_NONE : label;
}

static bool classification_allows(const struct classification *c, struct str label)
{
    for (size_t i = 0; i < c->label_count; i++)
        if (str_eq(c->labels[i], label))
            return true;
    return !c->label_count;
}

static void classification_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    struct score_parts *p = arena_new(a, struct score_parts);
    struct str member, why;

    p->expected = classification_expected(state, subject_expected(s), &member, a, &why);
    if (!p->expected.len) {
        *out = score_missing(why);
        return;
    }
    if (!classification_allows(state, p->expected)) {
        *out = score_missing(
            arena_printf(a, STR_FMT " is expected, and none of the labels", STR_ARG(subject_quote(p->expected, a))));
        return;
    }
    p->got = classification_given(state, s, member, a);
    *out = score_of(str_eq(p->expected, p->got));
    out->parts = p;
}

static struct metric_labels classification_labels_of(const void *state)
{
    const struct classification *c = state;

    return (struct metric_labels){ c->labels, c->label_count };
}

static double classification_macro_f1(const double *sums, size_t count)
{
    double total = 0, labels = 0;

    for (size_t i = 0; i + 3 <= count; i += 3)
        if (sums[i] + sums[i + 1] > 0) {
            total += 2 * sums[i + 2] / (sums[i] + sums[i + 1]);
            labels++;
        }
    return labels > 0 ? total / labels : NAN;
}

const struct metric metric_classification = {
    .name = "classification", .label = "class accuracy", .unit = METRIC_RATIO, .higher_is_better = true,
    .needs_expected = true, .labels = true, .options = "key labels ignore_case",
    .doc = "1 when the output is the expected label; the mean is the accuracy, and the run gets a confusion matrix.",
    .prepare = classification_prepare, .labels_of = classification_labels_of, .score = classification_score,
};
const struct metric metric_macro_f1 = {
    .name = "macro_f1", .label = "macro F1", .unit = METRIC_RATIO, .higher_is_better = true, .needs_expected = true,
    .labels = true, .options = "key labels ignore_case",
    .doc = "Mean over the labels of 2 TP / (2 TP + FP + FN), over all trials of a variant.",
    .prepare = classification_prepare, .labels_of = classification_labels_of, .score = classification_score,
    .corpus = classification_macro_f1,
};
