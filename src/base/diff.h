/* src/base/diff.h: what was taken away and what was added between two texts, word by word.
 *
 * A word is a run of letters, digits and bytes above 0x7f; every other character is a piece of its own, white space a
 * run. Myers' greedy algorithm (E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1, 1986)
 * finds the shortest script. Past DIFF_EDITS_MAX edits, or DIFF_WORDS_MAX words on a side, what lies between the common
 * beginning and the common end is said to be replaced as a whole: right, but not the shortest.
 * Cost: O(words x edits) time, at most 4 MiB for a moment. Threads: any. */
#pragma once

#include "base/base.h"

#define DIFF_EDITS_MAX 1000
#define DIFF_WORDS_MAX 100000

enum diff_kind { DIFF_SAME, DIFF_REMOVED, DIFF_ADDED };
struct diff_piece { enum diff_kind kind; struct str text; };        /* borrowed from the texts */

/* Neighbours of one kind are one piece; of a change what was removed comes first. Pieces live in the arena. */
size_t diff_words(struct str before, struct str after, struct arena *a, struct diff_piece **out);
