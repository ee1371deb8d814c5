/* src/eval/metric/sequence.h (private to metric): texts as sequences of numbers, and what two of them have in common.
 *
 * A character is its code point, a word its number in a vocabulary: equal numbers, equal units. n-grams are counted by
 * sorting the positions once for all orders, so nothing is hashed twice and no collision counts. The longest common
 * subsequence (Hyyro 2004) and the edit distance (Myers 1999, Hyyro 2003) work on bit vectors: n m / 64 steps.
 * Everything lives in the arena. Threads: one owner at a time. */
#pragma once

#include "base/base.h"

struct sequence { const uint32_t *ids; size_t count; };

struct vocabulary { struct map words; };        /* sequences to be compared share one */
#define VOCABULARY_INIT ((struct vocabulary){ MAP_INIT })
#define AUTO_VOCABULARY AUTO(vocabulary_dispose)
void vocabulary_dispose(struct vocabulary *v);

/* Lower case for comparing: as Python's str.lower, but a final sigma is a sigma. Writes 1 to 3 code points; how many. */
int sequence_fold(uint32_t cp, uint32_t out[3]);

/* Code points; without white space (as Python's str.isspace sees it) when `spaces` is false. */
struct sequence sequence_of_characters(struct str text, bool spaces, struct arena *a);
/* mteval's 13a tokenisation as sacrebleu 2 does it: some entities become characters, punctuation and symbols of ASCII
 * stand alone, but not a period or comma between digits. Case counts. */
struct sequence sequence_of_13a(struct str text, struct vocabulary *v, struct arena *a);
/* rouge-score's words without stemming: runs of a-z and 0-9 of the lower-case text; all else separates. */
struct sequence sequence_of_rouge(struct str text, struct vocabulary *v, struct arena *a);

#define GRAMS_ORDER_MAX 6
struct grams { struct sequence s; const uint32_t *sorted; };    /* positions, by the units that follow them */
struct grams grams_of(struct sequence s, struct arena *a);      /* O(n log n) */
size_t       grams_total(const struct grams *g, size_t order);
/* Of every n-gram of `x`: how often it occurs there, but at most as often as in that of the `others` that has it most;
 * summed. O(n log m). */
size_t       grams_common(const struct grams *x, const struct grams *others, size_t other_count, size_t order);

/* Both bounded by the caller: SEQUENCE_MAX units each keep them below about 20 ms. */
#define SEQUENCE_MAX 20000
size_t       sequence_lcs(struct sequence x, struct sequence y, struct arena *a);       /* length of the longest common subsequence */
size_t       sequence_distance(struct sequence x, struct sequence y, struct arena *a);  /* insertions, deletions, substitutions */
