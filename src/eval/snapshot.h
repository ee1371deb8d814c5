/* src/eval/snapshot.h: a task as JSON with everything inside it, and back.
 *
 * A run keeps this text: prompts, schema, params and variants as they were, so it is resumed and repeated exactly
 * whatever became of the files. The reader trusts only its own writer: it checks types and ends with ERR_STORE on a
 * text that is not a snapshot. */
#pragma once

#include "domain/domain.h"

json_t       *snapshot_of_task(const struct task *t);
/* Strings live in the arena; the JSON it was read from may go. */
enum err_code snapshot_to_task(const json_t *o, struct arena *a, struct task **out, struct err *e) MUST_USE;
