/* src/llm/provider/openrouter_models.h: OpenRouter's list of models (GET /models) as rows of a price table. */
#pragma once

#include "llm/llm.h"

#define OPENROUTER_MODELS_MAX 20000
#define OPENROUTER_ID_MAX     200           /* bytes */

/* Rows live in the arena; `model` is "openrouter:ID". Entries without a price, or with a name that can't be one, are
 * counted in *skipped and left out. ERR_BAD_INPUT when it is not such a list, ERR_TOO_LARGE past OPENROUTER_MODELS_MAX. */
enum err_code openrouter_models_read(struct str body, struct arena *a, struct llm_price **rows, size_t *count,
                                     size_t *skipped, struct err *e) MUST_USE;
/* Dollars for one token ("0.00000015", "1.5e-7") as nano-dollars for a million, exactly; what is finer is rounded half
 * up. False: no number, negative, or more than a billion dollars. */
bool          openrouter_price(struct str text, int64_t *nanousd) MUST_USE;
