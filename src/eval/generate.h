/* src/eval/generate.h: a model writes what the user would have to: a task's checks, a use case's prompts and rubric.
 *
 * What it replies is data. A rule becomes a check of ours, a question to a judge, or is kept as "not evaluated"
 * (check/rule.h); prompts and rubrics are texts. Nothing is executed, and nothing is kept that the task file's own
 * reader would refuse. A reply past a limit below is refused in a sentence and asked for once more.
 * Threads: any; generate_ask waits for the model. */
#pragma once

#include "eval/check/rule.h"

/* --- asking (generate/ask.c) ------------------------------------------------------------------------------------- */
#define GENERATE_REPLY_MAX  (256u << 10)
#define GENERATE_DEPTH_MAX  32

struct generate_question {
    struct llm *llm;
    const struct model *model;
    const struct message *messages;     /* two */
    int64_t max_tokens;
    enum phase phase;
    int64_t budget_nanousd;             /* 0: none; a call that might cost more than what is left is not made */
    /* Reads the reply into what `arg` knows; false: *why says what is wrong with it. */
    bool (*read)(void *arg, struct str reply, struct arena *a, struct str *why);
    void *arg;
    const char *form;                   /* what a repaired reply must be: "one JSON object {\"checks\": [...]}" */
    int (*interrupted)(void *arg);      /* as runner_options; may be NULL */
};
struct generate_spent { struct ledger_entry ledger; int rounds; };
/* *spent is right also with an error. ERR_INVALID_RESPONSE: neither reply can be used. */
enum err_code generate_ask(const struct generate_question *q, struct arena *a, struct generate_spent *spent,
                           struct err *e) MUST_USE;

/* --- checks (generate/checks.c) ----------------------------------------------------------------------------------- */
#define GENERATE_CHECKS_MAX       50    /* in one reply */
#define GENERATE_NAME_MAX         60
#define GENERATE_DESCRIPTION_MAX  400

struct generated_check {
    struct str name;                    /* short_snake_case */
    struct str description;
    struct str text;                    /* the rule as it was written */
    enum severity severity;
    struct rule rule;
};
struct generated_checks { struct generated_check *at; size_t count; size_t already; };    /* already: dropped by generate_checks_fit */

/* Two messages. `domain` may be empty. */
struct message *generate_checks_ask(const struct task *t, struct str domain, struct arena *a);
/* In any wrapping; keys, kinds and severities in any case and near spelling. */
bool generate_checks_read(struct str reply, struct arena *a, struct generated_checks *out, struct str *why);
/* One check as JSON of a model or of the user's own edit; false: *why. */
bool generate_check_of(const json_t *o, struct arena *a, struct generated_check *out, struct str *why);
/* Three that make sense without knowing more: not empty, in the format that was asked for, of reasonable length. */
void generate_checks_default(const struct task *t, struct arena *a, struct generated_checks *out);
/* Gives each a name that nothing in the task and none before it has; drops those whose rule the task has already. */
void generate_checks_fit(const struct task *t, struct arena *a, struct generated_checks *g);
/* As it stands in a task file: {name, description, KIND: ..., severity}. Yours. */
json_t *generate_check_json(const struct generated_check *c);
