/* src/base/suggest.h (through base.h): the nearest valid name for a misspelt one.
 *
 * Optimal string alignment distance (one edit = insert, delete, replace, or swap neighbours), case ignored; a name
 * is near when its distance is at most a third of the longer word, and at least one. Threads: any. */
#pragma once

struct suggest { struct str word, best; size_t best_distance; };

void       suggest_begin(struct suggest *s, struct str word);
void       suggest_offer(struct suggest *s, struct str name);
struct str suggest_best(const struct suggest *s);               /* empty when nothing is near */
/* " (did you mean \"accuracy\"?)" or "". The text lives in `out`. */
const char *suggest_hint(const struct suggest *s, char out[160]);
size_t     suggest_distance(struct str a, struct str b);
