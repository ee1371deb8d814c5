/* src/compat/mcp.h: the Model Context Protocol (modelcontextprotocol.io), so that assistants can use assay.
 *
 * JSON-RPC 2.0, one message a line. Version 2026-07-28, where every request names its version and server/discover tells
 * what there is, and those that begin with initialize: 2025-11-25, 2025-06-18, 2025-03-26 (with batches), 2024-11-05.
 * The first request that is understood decides which of the two ways the session goes. Tools: mcp_tools.c's list.
 * Resources: runs as assay://run/ID, a trial as assay://run/ID/trial/N. A tool's failure is its answer (isError) and
 * carries our sentence; only a message that breaks the protocol gets a JSON-RPC error.
 *
 * A run goes on in a thread of its own while the protocol is served; every run has a budget. When the client goes away
 * (mcp_free) runs are stopped cleanly, with everything answered so far kept, and can be resumed.
 *
 * Everything a client names lies below the root folder: a path that leads out, by "..", from "/" or by a link, is
 * refused. Limits: MCP_MESSAGE_MAX bytes a message, MCP_DEPTH_MAX levels, MCP_BATCH_MAX messages in a batch,
 * MCP_RUNS_MAX runs at a time, MCP_WAITS_MAX requests that wait, MCP_ANSWER_MAX bytes an answer.
 *
 * Threads: one owner at a time, who also writes what comes out; runs tell it through mcp_fd that something happened. */
#pragma once

#include "base/base.h"

#define MCP_MESSAGE_MAX ((size_t)4 << 20)
#define MCP_ANSWER_MAX  ((size_t)8 << 20)
#define MCP_DEPTH_MAX   64
#define MCP_BATCH_MAX   50
#define MCP_RUNS_MAX    4
#define MCP_WAITS_MAX   32

struct mcp;
struct mcp_options {
    const char *root;                   /* the folder that holds every task; not "" */
    const char *home;                   /* ASSAY_HOME: where runs are kept */
    int64_t budget_nanousd;             /* the most a run may be allowed, and what it is when nobody says; > 0 */
    const char *prices_file;            /* NULL: the built-in prices */
    const char *base_url, *base_url_provider;   /* that provider is asked there; NULL: where it really is */
    bool allow_programs;                /* exec: models may run */
    double sim_speed;                   /* simulated models answer so many times faster; 0: at once */
    /* Takes one whole line, its newline included; an error ends the session. */
    enum err_code (*write)(void *arg, struct str line, struct err *e);
    void *arg;
};

/* ERR_NOT_FOUND when the root is no folder. The store is opened when first needed. */
enum err_code mcp_new(const struct mcp_options *options, struct mcp **out, struct err *e) MUST_USE;
/* Bytes from the client, cut anywhere. An error is the writer's: the client has gone. */
enum err_code mcp_receive(struct mcp *m, struct str bytes, struct err *e) MUST_USE;
/* Becomes readable when a run has moved: then, and at least every MCP_TICK_MS while mcp_waits, call mcp_tick, which
 * sends progress and answers those that wait. */
#define MCP_TICK_MS 500
int           mcp_fd(const struct mcp *m);
bool          mcp_waits(const struct mcp *m);
enum err_code mcp_tick(struct mcp *m, struct err *e) MUST_USE;
/* Stops what runs: calls in flight are waited for a moment, then dropped. Returns when all is saved. */
void          mcp_free(struct mcp *m);
void          mcp_freep(struct mcp **m);
