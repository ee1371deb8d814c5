/* src/compat/mcp_parts.h (private to compat): what the files of the MCP server share.
 *
 * A request's answer is made in its arena, which dies when the request is answered. A tool returns a struct mcp_answer
 * or fails with a sentence; mcp.c turns both into the protocol's words. */
#pragma once

#include "blob/blob.h"
#include "compat/mcp.h"
#include "eval/plan.h"
#include "eval/runner.h"
#include "eval/task_load.h"
#include "store/store.h"

#include <pthread.h>

#define MCP_ENDED_MAX       32          /* runs of this session that are remembered after their end */
#define MCP_LIST_MAX        200         /* items on a page */
#define MCP_WAIT_MAX_S      3600

struct sim;

/* One run of this session. `lock` (struct mcp) guards progress, ended, code and err; `stop` is atomic. */
struct mcp_run {
    struct mcp *owner;
    pthread_t thread;
    bool used, joined;
    struct plan *plan;                  /* NULL once joined */
    struct llm *llm;
    struct sim *sim;
    char id[ID_TEXT];
    int64_t variants_unpriced;
    int stop;
    struct runner_progress progress;
    struct runner_result result;        /* its strings die with the plan */
    bool ended;
    enum err_code code;
    struct err err;                     /* of the runner; or, with ERR_OK, the first failed trial's sentence */
    uint64_t seq;                       /* older runs give way first */
};

/* A request that is answered when its run ends or its time is over. */
struct mcp_wait {
    bool used, starts;                  /* starts: it began the run, so cancelling it stops the run */
    json_t *id, *token;                 /* token NULL: no progress wanted */
    char run[ID_TEXT];
    int64_t until_ms;                   /* on the monotonic clock */
    int64_t told;                       /* trials finished when progress was last sent; -1: not yet */
};

enum mcp_phase { MCP_NEW, MCP_GREETED, MCP_STATELESS };    /* initialize was seen; every request says its version */

struct mcp {
    struct mcp_options options;
    char *root;                         /* absolute, no links */
    int event_fd;
    enum mcp_phase phase;
    bool batches;                       /* the version that was agreed on has them */
    struct buf in;
    bool skipping;                      /* a line that is too long is being passed over */
    json_t *batch;                      /* answers of the batch that is being read; NULL: none is */
    struct store *store;
    struct blob *blob;
    pthread_mutex_t lock;
    struct mcp_run runs[MCP_ENDED_MAX];
    struct mcp_wait waits[MCP_WAITS_MAX];
    uint64_t seq;
};

/* What a tool has to say: `text` for a reader, `data` for a program (an object, yours to give away). When a run is
 * named in `wait_run`, the answer waits for it. */
struct mcp_answer {
    struct str text;                    /* empty: data as text */
    json_t *data;
    struct str wait_run;
    int64_t wait_ms;
    bool starts;
};
struct mcp_request { struct mcp *m; const json_t *arguments; struct arena *a; };

struct mcp_tool {
    const char *name, *title, *doc;
    const char *input;                  /* JSON Schema of its arguments */
    bool writes, spends;                /* makes or changes something; may cost money and reaches out */
    enum err_code (*call)(const struct mcp_request *rq, struct mcp_answer *out, struct err *e);
};

/* Members of the tools' schemas that several have. */
#define MCP_TASK_ARGUMENTS                                                                          \
    "\"task\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":4096,\"description\":\"task file, or a folder with task.yaml or "   \
    "USE-CASE.md, relative to the server's folder\"},"                                             \
    "\"models\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":100,\"items\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":300},"  \
    "\"description\":\"ask these models (provider:model) instead of the task's; sim: models are simulated and free\"}"
#define MCP_CASES_ARGUMENTS                                                                        \
    "\"limit\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":100000000,\"description\":\"only the first so many cases\"},"         \
    "\"repeat\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"description\":\"ask every case so many times\"}"
#define MCP_RUN_ARGUMENT                                                                           \
    "\"run\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":100,\"description\":\"a run's id, its last characters, last (the "  \
    "default) or last~1\"}"

/* mcp_tools.c */
json_t       *mcp_tools_list(void);
/* The arguments are held to the tool's schema. ERR_NOT_FOUND: there is no such tool. */
enum err_code mcp_tool_find(struct str name, const struct mcp_tool **out, struct err *e) MUST_USE;
enum err_code mcp_tool_check(const struct mcp_tool *t, const json_t *arguments, struct arena *a,
                             struct err *e) MUST_USE;

/* mcp_resources.c: params and result of resources/list, resources/read. */
enum err_code mcp_resources_list(struct mcp *m, const json_t *params, json_t **out, struct err *e) MUST_USE;
enum err_code mcp_resource_read(struct mcp *m, struct str uri, json_t **out, struct err *e) MUST_USE;
json_t       *mcp_resource_templates(void);

/* mcp_runs.c */
void          mcp_runs_stop(struct mcp *m);
/* Frees what an ended run held. */
void          mcp_runs_reap(struct mcp *m);
struct mcp_run *mcp_run_find(struct mcp *m, struct str id);             /* of this session, by its whole id; or NULL */
bool          mcp_run_lives(struct mcp *m, struct mcp_run *r, struct runner_progress *out);
/* What run_status says. */
enum err_code mcp_run_status(struct mcp *m, struct str id, struct arena *a, json_t **out, struct err *e) MUST_USE;

/* mcp_paths.c: `text` as a path below the root, checked; for a folder, its task file. */
enum err_code mcp_path(const struct mcp *m, struct str text, struct arena *a, struct str *full, struct err *e) MUST_USE;

/* mcp.c */
enum err_code mcp_store(struct mcp *m, struct err *e) MUST_USE;
enum err_code mcp_blob(struct mcp *m, struct err *e) MUST_USE;

/* mcp_tasks.c: a task as the arguments ask for it, planned but not stored. *problems_text: its faults, one a line. */
enum err_code mcp_plan(const struct mcp_request *rq, bool keys, struct llm **llm, struct plan **out,
                       struct err *e) MUST_USE;

/* mcp_results.c: `run` of the arguments (the last when it is not given). */
enum err_code mcp_run_asked(const struct mcp_request *rq, struct run **out, struct err *e) MUST_USE;
/* A run's result as JSON, the document of `assay show --json`. */
enum err_code mcp_result_json(struct mcp *m, const struct run *run, struct arena *a, json_t **out,
                              struct err *e) MUST_USE;
enum err_code mcp_trial_json(struct mcp *m, const struct run *run, int64_t number, struct arena *a, json_t **out,
                             struct err *e) MUST_USE;
