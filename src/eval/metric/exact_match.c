/* src/eval/metric/exact_match.c: 1 when the output is the expected answer. Both are trimmed; when both can be read as
 * JSON they are compared as JSON values (order of members, spacing and 1.0 against 1 do not count). */
#include "eval/metric/metric.h"

#include "eval/items.h"

static void exact_match_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    const json_t *gold = subject_expected(s), *json = subject_json(s, a, NULL);
    struct str want = str_trim(json_to_str(gold));
    json_t *read;

    (void)state;
    if (json_is_string(gold) && str_eq(want, subject_text(s))) {
        *out = score_of(1);
        return;
    }
    if (json && json_is_string(gold) && json_read(want, &read, NULL) == ERR_OK)
        gold = json_in_arena(read, a);
    *out = score_of(json && str_eq(str_trim(items_text(json, a)), str_trim(items_text(gold, a))) &&
                    json_is_string(json) == json_is_string(gold));
}

const struct metric metric_exact_match = {
    .name = "exact_match", .label = "exact match", .unit = METRIC_RATIO, .higher_is_better = true, .needs_expected = true,
    .doc = "1 when the output equals the expected answer (trimmed; as JSON when both are), else 0.",
    .score = exact_match_score,
};
