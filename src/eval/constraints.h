/* src/eval/constraints.h: a task's `constraints:` map, judged one key at a time.
 *
 *   min_/max_ count, items, concepts or anything ending so   elements of the parsed output (list, "items", CSV rows,
 * members)
 *   min_/max_ length, words, tokens                           characters, words of the output; tokens of the answer
 *   min_/max_ duration_minutes, segment_duration_minutes,     each item's end_time - start_time (H:MM:SS or MM:SS)
 *   chunk_min_minutes, chunk_max_minutes
 *   required_fields, required_json_keys                       keys of the object, or of every object of the list
 *   required_csv_columns                                      cells of the header row
 * Every key counts as one check; each absent field adds one check and one violation. Keys of other names, and keys that
 * find nothing they could look at, count as passed: they were told to the model in the prompt and that is all. */
#pragma once

#include "eval/subject.h"

struct constraint_result { int64_t checks, violations; struct str why; };

bool constraint_known(struct str key);          /* one of the names above */
void constraint_judge(struct str key, const json_t *value, const struct subject *s, struct arena *a,
                      struct constraint_result *out);
/* 1 - violations / checks over all keys and the format; checks and violations may be NULL. */
double constraints_score(const struct subject *s, struct arena *a, struct str *why);
