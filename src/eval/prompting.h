/* src/eval/prompting.h (private to eval): from a case to the messages of a call.
 *
 * The task's templates are compiled once; rendering is pure and may be done by many threads. A template sees the case's
 * own variables, `case` {id, index}, `task` {name, description}, and in follow-ups `answers` (list) and `answer`. */
#pragma once

#include "domain/domain.h"

struct prompting;

/* Compiles every prompt, system text, follow-up and image template. The sentence names file or task line. */
enum err_code prompting_new(const struct task *task, struct prompting **out, struct err *e) MUST_USE;
void          prompting_free(struct prompting *p);
/* The files its templates include, path -> text; the caller's. */
json_t       *prompting_files(const struct prompting *p);

/* The variables of a case, made once for all its trials; the object lives in the arena. */
json_t       *prompting_vars(const struct prompting *p, const struct dataset_case *kase, struct arena *a);
/* System (if any), the messages a chat prompt has before the user's, and that. `messages` has room for all turns, in
 * the arena; *shown is the user's text as the transcript keeps it. */
enum err_code prompting_start(const struct prompting *p, const struct variant *v, const json_t *vars, struct arena *a,
                              struct message **messages, size_t *count, struct str *shown, struct err *e) MUST_USE;
/* Appends the last answer and the next follow-up (number from 1). False in *more when there is none left. */
enum err_code prompting_follow(const struct prompting *p, const json_t *vars, const struct turn *turns, size_t turn_count,
                               struct arena *a, struct message *messages, size_t *count, struct str *shown, bool *more,
                               struct err *e) MUST_USE;
struct str    prompting_label(const struct prompting *p, size_t turn);      /* 0: "prompt" */
