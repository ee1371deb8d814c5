/* src/eval/choose_parts.h: what the files of choose share; private to choose*.c. */
#pragma once

#include "eval/choose.h"

struct chooser {
    struct llm *l;
    const struct task *task;
    const struct choose_input *in;
    const struct choose_wish *w;
    struct arena *a;
    struct choice *out;
};

#define CHOOSE_WORDS_MAX 8
extern const char *const choose_types[CHOOSE_WORDS_MAX], *const choose_complexities[CHOOSE_WORDS_MAX],
    *const choose_levels[CHOOSE_WORDS_MAX];

/* choose.c */
int64_t       choose_models_max(const struct choose_wish *w);
bool          choose_take(struct chooser *c, const struct choose_candidate *of, enum choose_tier tier, struct str why,
                          struct str best_for);           /* false: taken already, or there are enough */

/* choose_ask.c: the selector's two steps. What it says goes into out->analysis, and out->picks with `dropped`. */
enum err_code choose_ask_analysis(struct chooser *c, struct err *e) MUST_USE;
enum err_code choose_ask_ranking(struct chooser *c, struct err *e) MUST_USE;
