/* src/eval/generate_usecase.h: prompts and a rubric for a use-case folder, written by a model or without one.
 *
 * They stand in the folder as generated-prompts.json: analysis, task_prompt, judge_prompt, rubric (eval/task_usecase.c
 * reads it for `assay run` and `assay judge`; files of prompts/ are the user's own and win), and `made` {by, of, at}.
 * `of` is the hash of USE-CASE.md and of the first input with its ground truth, which is all a model is shown: when one
 * of them changes the file is stale. One without `made` is somebody else's and is not replaced unasked.
 * Threads: any. */
#pragma once

#include "data/usecase.h"
#include "eval/generate.h"

#define GENERATED_FILE      "generated-prompts.json"
#define GENERATE_PROMPT_MAX 20000           /* bytes of a prompt */
#define GENERATE_PROMPT_TOKENS 6000

enum generated_state { GENERATED_NONE, GENERATED_FRESH, GENERATED_STALE, GENERATED_FOREIGN, GENERATED_STATES };
const char   *generated_state_name(enum generated_state s);         /* "none" "fresh" "stale" "foreign" */
/* *by: who made it; empty when nobody says. */
enum err_code generate_usecase_state(const struct usecase *u, struct arena *a, enum generated_state *state,
                                     struct str *by, struct err *e) MUST_USE;
enum err_code generate_usecase_hash(const struct usecase *u, char hex[HASH_HEX], struct err *e) MUST_USE;

/* Two messages: USE-CASE.md, the beginning of the first input and of what is right for it. */
enum err_code generate_usecase_ask(const struct usecase *u, struct arena *a, struct message **out,
                                   struct err *e) MUST_USE;
/* The reply in any wrapping, as the file's members: only what is known, within limits, weights that sum to 100. */
bool          generate_usecase_read(struct str reply, struct arena *a, const json_t **out, struct str *why);
/* The same without a model: prompts from the goal, the usual weights, rules for durations where the use case has some. */
enum err_code generate_usecase_default(const struct usecase *u, struct arena *a, const json_t **out,
                                       struct err *e) MUST_USE;
enum err_code generate_usecase_save(const struct usecase *u, const json_t *prompts, struct str by,
                                    struct err *e) MUST_USE;
