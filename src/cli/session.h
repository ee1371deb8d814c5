/* src/cli/session.h: what most commands open: the place, the store, the engine, and the simulator when it is asked for.
 *
 * ASSAY_HOME chooses the place; else $XDG_DATA_HOME/assay, else ~/.local/share/assay. Each part is opened when first
 * asked for and closed by session_close. */
#pragma once

#include "blob/blob.h"
#include "cli/cli.h"
#include "eval/plan.h"
#include "eval/report/report.h"
#include "eval/task_load.h"
#include "llm/llm.h"
#include "store/store.h"

struct sim;
struct session {
    struct arena *arena;
    struct str home;
    struct store *store;
    struct blob *blob;
    struct llm *llm;
    struct sim *sim;
    struct data_pack *cases;            /* of the run whose report is written */
    struct str *chosen; size_t chosen_count;    /* models that stand in for `auto` (choosing.h) */
};
#define AUTO_SESSION AUTO(session_close) struct session

enum err_code session_open(struct session *s, struct err *e) MUST_USE;          /* finds the place, makes nothing */
enum err_code session_store(struct session *s, struct err *e) MUST_USE;
enum err_code session_blob(struct session *s, struct err *e) MUST_USE;
/* The options every command that calls models has: session_llm_options below. */
enum err_code session_llm(struct session *s, const struct args *args, struct err *e) MUST_USE;
/* For a command that asks nobody and only wants to know models and prices: SESSION_PRICES_OPTION. */
enum err_code session_prices(struct session *s, const struct args *args, struct err *e) MUST_USE;
/* Starts the built-in simulator when a variant is `sim:...` and --base-url does not point elsewhere; its answer book is
 * the frozen cases (none where pack_hash is NULL). */
enum err_code session_sim(struct session *s, const struct args *args, const struct task *task, const char *pack_hash,
                          struct err *e) MUST_USE;
void          session_close(struct session *s);

#define SESSION_PRICES_OPTION { "prices", 0, "FILE", "price table to use instead of the built-in one", NULL }
#define SESSION_LLM_OPTIONS                                                                        \
    { "concurrency", 'c', "N", "calls in flight per provider, at most (default 64; rises and falls by itself)", NULL }, \
    { "rpm", 0, "N", "requests a minute per provider, at most", NULL },                            \
    { "tpm", 0, "N", "tokens a minute per provider, at most", NULL },                              \
    { "timeout", 0, "SECONDS", "for one attempt of a call (default 300)", NULL },                  \
    { "attempts", 0, "N", "attempts per call (default 3)", NULL },                                 \
    { "base-url", 0, "[PROVIDER=]URL", "ask this address instead of the provider's; several with commas", NULL }, \
    { "ca-file", 0, "FILE", "certificates to trust, PEM", NULL },                                  \
    { "allow-exec", 0, NULL, "let exec: models that a task names start their programs", NULL },    \
    SESSION_PRICES_OPTION,                                                                         \
    { "speed", 0, "N", "simulated models answer N times faster (0: at once; default 1)", NULL }

/* --- tasks from the command line ---------------------------------------------------------------------------------- */
#define SESSION_TASK_OPTIONS                                                                       \
    { "models", 'm', "A,B", "ask these models instead of the task's", "@model" },                  \
    { "prompt", 'p', "FILE", "use this prompt (a file or text) instead of the task's", NULL },     \
    { "dataset", 'd', "FILE", "use these cases instead of the task's", NULL },                     \
    { "expected", 0, "NAME", "the member that holds the expected answer", NULL },                  \
    { "limit", 'n', "N", "only the first N cases", NULL },                                         \
    { "sample", 0, "N", "N cases, or N% of them, drawn at random (see --seed)", NULL },            \
    { "seed", 0, "N", "of --sample, of dimensions' options and of the simulator (default 1)", NULL }, \
    { "where", 'w', "EXPR", "only cases where this holds, such as \"urgency == 'high'\"", NULL },  \
    { "repeat", 'r', "N", "ask every case N times", NULL },                                        \
    { "chunk", 0, "SIZE", "ask long inputs in parts: auto (default), off, dynamic, or characters[,overlap]", "auto off dynamic" }, \
    { "stop-when-sure", 0, NULL, "ask a variant no more once the full run's verdict on it is sure", NULL }, \
    { "sure-level", 0, "SHARE", "how sure, 0.5 to 0.9999 (default 0.95; implies --stop-when-sure)", NULL }, \
    { "sure-margin", 0, "SHARE", "a smaller difference counts as none, 0 to 0.5 (default 0.01; implies it too)", NULL }, \
    { "ask-all", 0, NULL, "ask everything, though the task says stop_when_sure", NULL }, \
    { "param", 0, "NAME=VALUE,..", "set parameters over the task's: temperature=0,max_tokens=200", NULL }

/* Loads the task with the command line over it; prints every problem; ERR_BAD_INPUT after printing has an empty text. */
enum err_code session_task(struct session *s, const struct args *args, const char *path, struct task **out,
                           struct err *e) MUST_USE;
/* Freezes the chosen cases. *select (may be NULL): what was chosen, for the settings; in the session's arena. */
enum err_code session_cases(struct session *s, const struct args *args, const struct task *task, struct data_pack_info *info,
                            const json_t **select, struct err *e) MUST_USE;
void          session_problems(const struct problems *p);

/* --- results ------------------------------------------------------------------------------------------------------ */
extern const struct report_sink term_sink;              /* standard output */
/* By name or by a file's ending; the nearest name otherwise. */
enum err_code session_format(struct str name, const struct report_format **out, struct err *e) MUST_USE;
/* For commands that show a recommendation. */
#define SESSION_MAX_COST_OPTION { "max-cost", 0, "USD", "recommend only what costs at most this for 1,000 trials (0: anything)", NULL }
enum err_code session_max_cost(struct session *s, const struct args *args, struct result *result, struct err *e) MUST_USE;
/* As this terminal can show it. */
struct report_options session_report_options(void);
/* What the page shows of trials: the cases, and as many texts as the option says. */
#define SESSION_TEXTS_OPTION                                                                       \
    { "texts", 0, "N|all|none", "trials with their texts in the page (html; default what fits 48 MiB)", "all none" }
enum err_code session_texts(struct session *s, const struct args *args, struct report_options *options,
                            struct err *e) MUST_USE;
/* Into the file `path`, or (empty, or "-") to standard output; a format that is no text is not shown on a terminal. */
enum err_code session_report(struct session *s, const struct result *result, const struct report_format *format,
                             const struct report_options *options, struct str path, struct err *e) MUST_USE;
/* Rows and columns (eval/report/grid.h) on standard output. */
struct grid;
enum err_code session_grid(struct grid *g, struct err *e) MUST_USE;
/* Opens the cases of a run with dimensions, for reports that show them; where they are gone, that is a warning. */
void          session_report_cases(struct session *s, const struct result *result, struct report_options *options);
/* Whole or not at all: beside the target first, then renamed. */
enum err_code session_report_file(struct session *s, const struct result *result, const struct report_format *format,
                                  const struct report_options *options, struct str path, struct err *e) MUST_USE;
