/* The protocol: lines, JSON-RPC, the life of a session. What the tools do is in mcp_*.c. */
#include "compat/mcp_parts.h"

#include "version.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* JSON-RPC 2.0, section 5.1, and MCP's own. */
enum { MCP_PARSE = -32700, MCP_INVALID = -32600, MCP_NO_METHOD = -32601, MCP_PARAMS = -32602, MCP_INTERNAL = -32603,
       MCP_NO_RESOURCE = -32002, MCP_NO_VERSION = -32022 };

#define MCP_VERSION_NOW  "2026-07-28"
#define MCP_META_VERSION "io.modelcontextprotocol/protocolVersion"
static const char *const mcp_versions[] = { "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05" };   /* that begin with initialize */

static const char mcp_instructions[] =
    "assay compares language models on a task: it runs a task file over its models, scores and prices every answer, and says "
    "how sure the result is. list_tasks finds task files; validate_task and estimate cost nothing; run_task spends money, at "
    "most its budget, and gives a run id at once; run_status follows it (wait_seconds waits for the end); read_results, "
    "read_trial, compare_runs and explain_run read what came of it. Paths are relative to the folder the server was started for.";

/* --- sending ------------------------------------------------------------------------------------------------------ */
static enum err_code mcp_write(struct mcp *m, const json_t *message, struct err *e)
{
    AUTO_BUF struct buf line = BUF_INIT(2 * MCP_ANSWER_MAX + MCP_MESSAGE_MAX);

    json_write(message, &line);
    buf_byte(&line, '\n');
    ASSERT(!buf_failed(&line));                 /* answers are bounded where they are made */
    return m->options.write(m->options.arg, buf_str(&line), e);
}

/* Takes the message. */
static enum err_code mcp_send(struct mcp *m, json_t *message, struct err *e)
{
    enum err_code code = ERR_OK;

    if (m->batch)
        json_array_append(m->batch, message);
    else
        code = mcp_write(m, message, e);
    json_decref(message);
    return code;
}

static json_t *mcp_envelope(const json_t *id)
{
    json_t *o = json_object();

    json_object_set_new(o, "jsonrpc", json_string("2.0"));
    json_object_set_new(o, "id", id ? json_deep_copy(id) : json_null());
    return o;
}

/* Takes data, which may be NULL. */
static enum err_code mcp_refuse_with(struct mcp *m, const json_t *id, int code, struct str text, json_t *data,
                                     struct err *e)
{
    json_t *o = mcp_envelope(id), *error = json_object();

    json_object_set_new(error, "code", json_integer(code));
    json_set_str(error, "message", text);
    if (data)
        json_object_set_new(error, "data", data);
    json_object_set_new(o, "error", error);
    return mcp_send(m, o, e);
}

static enum err_code mcp_refuse(struct mcp *m, const json_t *id, int code, struct str text, struct err *e)
{
    return mcp_refuse_with(m, id, code, text, NULL, e);
}

static json_t *mcp_server_info(void)
{
    json_t *o = json_object();

    json_object_set_new(o, "name", json_string("assay"));
    json_object_set_new(o, "title", json_string("assay: which model does this job best"));
    json_object_set_new(o, "version", json_string(ASSAY_VERSION));
    return o;
}

/* Takes the result. One that is too large becomes a refusal. */
static enum err_code mcp_reply(struct mcp *m, const json_t *id, json_t *result, struct err *e)
{
    AUTO_BUF struct buf size = BUF_INIT(2 * MCP_ANSWER_MAX);
    json_t *o;

    if (m->phase == MCP_STATELESS) {            /* what every result of that version says; nothing may be kept */
        json_object_set_new(result, "resultType", json_string("complete"));
        json_object_set_new(result, "ttlMs", json_integer(0));
        json_object_set_new(result, "cacheScope", json_string("private"));
        json_object_set_new(result, "_meta",
                            json_pack("{s:o}", "io.modelcontextprotocol/serverInfo", mcp_server_info()));
    }
    json_write(result, &size);
    if (buf_failed(&size)) {
        json_decref(result);
        return mcp_refuse(m, id, MCP_INTERNAL, S("the answer is larger than 16 MiB; ask for less"), e);
    }
    o = mcp_envelope(id);
    json_object_set_new(o, "result", result);
    return mcp_send(m, o, e);
}

/* --- tools -------------------------------------------------------------------------------------------------------- */
static json_t *mcp_content(struct str text)
{
    json_t *list = json_array(), *one = json_object();

    json_object_set_new(one, "type", json_string("text"));
    json_set_str(one, "text", text);
    json_array_append_new(list, one);
    return list;
}

static json_t *mcp_failure(const struct err *why)
{
    json_t *o = json_object(), *data = json_object();

    json_object_set_new(o, "content", mcp_content(str_c(why->text)));
    json_object_set_new(data, "error", json_string(err_name(why->code)));
    json_object_set_new(data, "message", json_string(why->text));
    json_object_set_new(o, "structuredContent", data);
    json_object_set_new(o, "isError", json_true());
    return o;
}

/* Takes data. */
static json_t *mcp_success(struct str text, json_t *data)
{
    AUTO_BUF struct buf shown = BUF_INIT(MCP_ANSWER_MAX);
    json_t *o = json_object();

    if (!text.len)
        json_write(data, &shown);
    if (buf_failed(&shown) || text.len > MCP_ANSWER_MAX) {
        struct err large = ERR_INIT;

        json_decref(data);
        json_decref(o);
        err_set(&large, ERR_TOO_LARGE, "the answer is larger than 8 MiB; ask for less with limit");
        return mcp_failure(&large);
    }
    json_object_set_new(o, "content", mcp_content(text.len ? text : buf_str(&shown)));
    json_object_set_new(o, "structuredContent", data);
    json_object_set_new(o, "isError", json_false());
    return o;
}

static bool mcp_wait_add(struct mcp *m, const json_t *id, const json_t *token, const struct mcp_answer *answer)
{
    for (size_t i = 0; i < MCP_WAITS_MAX; i++) {
        struct mcp_wait *w = &m->waits[i];

        if (w->used)
            continue;
        *w = (struct mcp_wait){ .used = true, .starts = answer->starts, .id = json_deep_copy(id), .told = -1,
                                .token = token ? json_deep_copy(token) : NULL,
                                .until_ms = clock_mono_ms() + answer->wait_ms };
        snprintf(w->run, sizeof w->run, STR_FMT, STR_ARG(answer->wait_run));
        return true;
    }
    return false;
}

static void mcp_wait_end(struct mcp_wait *w)
{
    json_decref(w->id);
    json_decref(w->token);
    *w = (struct mcp_wait){ .used = false };
}

static enum err_code mcp_call(struct mcp *m, const json_t *id, const json_t *params, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    AUTO_JSON *none = json_object();
    const json_t *arguments = json_child(params, "arguments"),
                 *token = JSON_AT((json_t *)params, "_meta", "progressToken");
    const struct mcp_tool *tool;
    struct mcp_request rq = { .m = m, .a = a, .arguments = json_is_object(arguments) ? arguments : none };
    struct mcp_answer answer = { .data = NULL };
    struct err why = ERR_INIT;
    enum err_code code;

    if (mcp_tool_find(json_get_str(params, "name"), &tool, &why) != ERR_OK)
        return mcp_refuse(m, id, MCP_PARAMS, str_c(why.text), e);
    if (arguments && !json_is_object(arguments) && !json_is_null(arguments))
        return mcp_refuse(m, id, MCP_PARAMS, S("`arguments` must be an object"), e);
    code = mcp_tool_check(tool, rq.arguments, a, &why);
    if (code == ERR_OK)
        code = tool->call(&rq, &answer, &why);
    if (code != ERR_OK) {
        json_decref(answer.data);
        return mcp_reply(m, id, mcp_failure(&why), e);
    }
    if (answer.wait_ms > 0 && !m->batch &&
        mcp_wait_add(m, id, json_is_string(token) || json_is_integer(token) ? token : NULL, &answer)) {
        json_decref(answer.data);
        return mcp_tick(m, e);
    }
    return mcp_reply(m, id, mcp_success(answer.text, answer.data), e);
}

/* --- methods ------------------------------------------------------------------------------------------------------ */
static json_t *mcp_capabilities(void)
{
    return json_pack("{s:{s:b}, s:{s:b, s:b}}", "tools", "listChanged", 0, "resources", "subscribe", 0, "listChanged",
                     0);
}

static json_t *mcp_versions_json(bool all)
{
    json_t *list = json_array();

    json_array_append_new(list, json_string(MCP_VERSION_NOW));
    for (size_t i = 0; all && i < COUNT_OF(mcp_versions); i++)
        json_array_append_new(list, json_string(mcp_versions[i]));
    return list;
}

static enum err_code mcp_discover(struct mcp *m, const json_t *id, struct err *e)
{
    json_t *o = json_object();

    json_object_set_new(o, "supportedVersions", mcp_versions_json(false));
    json_object_set_new(o, "capabilities", mcp_capabilities());
    json_object_set_new(o, "instructions", json_string(mcp_instructions));
    return mcp_reply(m, id, o, e);
}

static enum err_code mcp_initialize(struct mcp *m, const json_t *id, const json_t *params, struct err *e)
{
    struct str asked = json_get_str(params, "protocolVersion");
    const char *version = mcp_versions[0];
    json_t *o;

    if (!asked.len)
        return mcp_refuse(m, id, MCP_PARAMS, S("initialize needs protocolVersion, such as \"2025-11-25\""), e);
    if (m->phase != MCP_NEW)
        return mcp_refuse(m, id, MCP_INVALID, S("the session is initialized already"), e);
    for (size_t i = 0; i < COUNT_OF(mcp_versions); i++)
        if (str_is(asked, mcp_versions[i]))
            version = mcp_versions[i];
    m->phase = MCP_GREETED;
    m->batches = strcmp(version, "2025-03-26") == 0;
    o = json_object();
    json_object_set_new(o, "protocolVersion", json_string(version));
    json_object_set_new(o, "capabilities", mcp_capabilities());
    json_object_set_new(o, "serverInfo", mcp_server_info());
    json_object_set_new(o, "instructions", json_string(mcp_instructions));
    return mcp_reply(m, id, o, e);
}

static enum err_code mcp_resources(struct mcp *m, const json_t *id, struct str method, const json_t *params,
                                   struct err *e)
{
    struct err why = ERR_INIT;
    json_t *o = NULL;
    enum err_code code;

    if (str_is(method, "resources/templates/list"))
        return mcp_reply(m, id, mcp_resource_templates(), e);
    if (str_is(method, "resources/list"))
        code = mcp_resources_list(m, params, &o, &why);
    else
        code = mcp_resource_read(m, json_get_str(params, "uri"), &o, &why);
    if (code == ERR_OK)
        return mcp_reply(m, id, o, e);
    return mcp_refuse(m, id,
                      code == ERR_NOT_FOUND && m->phase != MCP_STATELESS                    ? MCP_NO_RESOURCE
                      : code == ERR_USAGE || code == ERR_NOT_FOUND || code == ERR_BAD_INPUT ? MCP_PARAMS
                                                                                            : MCP_INTERNAL,
                      str_c(why.text), e);
}

static enum err_code mcp_no_version(struct mcp *m, const json_t *id, struct str asked, struct err *e)
{
    json_t *data = json_object();

    json_object_set_new(data, "supported", mcp_versions_json(m->phase == MCP_NEW));
    json_set_str(data, "requested", asked);
    return mcp_refuse_with(m, id, MCP_NO_VERSION, S("this version of the protocol is not spoken here"), data, e);
}

/* Which way does the session go, and may the request? *answered: it was refused. */
static enum err_code mcp_admit(struct mcp *m, const json_t *id, struct str method, const json_t *params, bool *answered,
                               struct err *e)
{
    const json_t *meta = json_child(params, "_meta"), *version = json_child(meta, MCP_META_VERSION);
    bool initialize = str_is(method, "initialize");

    *answered = true;
    if (m->phase == MCP_STATELESS && initialize)
        return mcp_no_version(m, id, json_get_str(params, "protocolVersion"), e);
    if (m->phase == MCP_GREETED && version)
        return mcp_refuse(m, id, MCP_INVALID, S("the session began with initialize; its requests name no version"), e);
    if (m->phase == MCP_STATELESS || (m->phase == MCP_NEW && version && !initialize)) {
        if (!json_is_string(version) || !json_is_object(json_child(meta, "io.modelcontextprotocol/clientCapabilities")))
            return mcp_refuse(m, id, MCP_PARAMS, S("params._meta needs " MCP_META_VERSION " (text) and "
                              "io.modelcontextprotocol/clientCapabilities (an object)"), e);
        if (!str_is(json_to_str(version), MCP_VERSION_NOW))
            return mcp_no_version(m, id, json_to_str(version), e);
        m->phase = MCP_STATELESS;
    }
    if (m->phase == MCP_NEW && !initialize && !str_is(method, "ping"))
        return mcp_refuse(m, id, MCP_INVALID,
                          S("a session begins with initialize, or its requests name their version in _meta"), e);
    *answered = false;
    return ERR_OK;
}

static enum err_code mcp_request(struct mcp *m, const json_t *id, struct str method, const json_t *params,
                                 struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    bool answered;

    TRY(mcp_admit(m, id, method, params, &answered, e));
    if (answered)
        return ERR_OK;
    if (str_is(method, "initialize"))
        return mcp_initialize(m, id, params, e);
    if (str_is(method, "ping"))
        return mcp_reply(m, id, json_object(), e);
    if (str_is(method, "server/discover") && m->phase == MCP_STATELESS)
        return mcp_discover(m, id, e);
    if (str_is(method, "tools/list"))
        return mcp_reply(m, id, mcp_tools_list(), e);
    if (str_is(method, "tools/call"))
        return mcp_call(m, id, params, e);
    if (str_is(method, "resources/list") || str_is(method, "resources/templates/list") ||
        str_is(method, "resources/read"))
        return mcp_resources(m, id, method, params, e);
    return mcp_refuse(m, id, MCP_NO_METHOD,
                      arena_printf(a, "there is no method \"" STR_FMT "\"", STR_ARG(str_utf8_head(method, 100))), e);
}

/* The client no longer wants an answer: who began a run does not want the run. */
static void mcp_cancelled(struct mcp *m, const json_t *params)
{
    const json_t *id = json_child(params, "requestId");

    for (size_t i = 0; i < MCP_WAITS_MAX; i++) {
        struct mcp_wait *w = &m->waits[i];
        struct mcp_run *run;

        if (!w->used || !id || !json_equal(w->id, id))
            continue;
        run = w->starts ? mcp_run_find(m, str_c(w->run)) : NULL;
        if (run)
            __atomic_store_n(&run->stop, 1, __ATOMIC_RELAXED);
        mcp_wait_end(w);
    }
}

static enum err_code mcp_message(struct mcp *m, const json_t *message, struct err *e)
{
    const json_t *id = json_child(message, "id"), *method = json_child(message, "method"),
                 *params = json_child(message, "params");

    if (!json_is_object(message))
        return mcp_refuse(m, NULL, MCP_INVALID, S("a message is a JSON object"), e);
    if (!method && (json_child(message, "result") || json_child(message, "error")))
        return ERR_OK;                          /* an answer: we asked for nothing */
    if (!json_is_string(method) || !str_is(json_get_str(message, "jsonrpc"), "2.0") ||
        (id && !json_is_string(id) && !json_is_integer(id)))
        return mcp_refuse(m, json_is_string(id) || json_is_integer(id) ? id : NULL, MCP_INVALID,
                          S("a request has jsonrpc \"2.0\", a method, and an id that is text or a whole number"), e);
    if (params && !json_is_object(params))
        return id ? mcp_refuse(m, id, MCP_PARAMS, S("`params` must be an object"), e) : ERR_OK;
    if (id)
        return mcp_request(m, id, json_to_str(method), params, e);
    if (str_is(json_to_str(method), "notifications/cancelled"))
        mcp_cancelled(m, params);
    return ERR_OK;                              /* a notification never gets an answer */
}

static enum err_code mcp_batch(struct mcp *m, const json_t *list, struct err *e)
{
    AUTO_JSON *answers = NULL;
    const json_t *one;
    enum err_code code = ERR_OK;
    size_t i;

    if (!m->batches)
        return mcp_refuse(m, NULL, MCP_INVALID, S("a list of messages is known to version 2025-03-26 only"), e);
    if (!json_array_size(list) || json_array_size(list) > MCP_BATCH_MAX)
        return mcp_refuse(m, NULL, MCP_INVALID, S("a batch has 1 to 50 messages"), e);
    m->batch = json_array();
    json_array_foreach(list, i, one)
        if (code == ERR_OK)
            code = mcp_message(m, one, e);
    answers = TAKE(m->batch);
    return code == ERR_OK && json_array_size(answers) ? mcp_write(m, answers, e) : code;
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */
static bool mcp_too_deep(const json_t *j, int depth)
{
    const json_t *one;
    const char *key;
    size_t i;

    if (!json_is_object(j) && !json_is_array(j))
        return false;
    if (depth == 0)
        return true;
    json_array_foreach(j, i, one)
        if (mcp_too_deep(one, depth - 1))
            return true;
    json_object_foreach((json_t *)j, key, one)
        if (mcp_too_deep(one, depth - 1))
            return true;
    return false;
}

static enum err_code mcp_line(struct mcp *m, struct str line, struct err *e)
{
    AUTO_JSON *message = NULL;
    AUTO_ARENA *a = arena_new_sized(0);
    struct err why = ERR_INIT;

    line = str_trim(line);
    if (!line.len)
        return ERR_OK;
    if (json_read(line, &message, &why) != ERR_OK)
        return mcp_refuse(m, NULL, MCP_PARSE, arena_printf(a, "the line is no JSON: %s", why.text), e);
    if (mcp_too_deep(message, MCP_DEPTH_MAX))
        return mcp_refuse(m, NULL, MCP_INVALID, S("the message is nested deeper than 64 levels"), e);
    return json_is_array(message) ? mcp_batch(m, message, e) : mcp_message(m, message, e);
}

enum err_code mcp_receive(struct mcp *m, struct str bytes, struct err *e)
{
    while (bytes.len) {
        ptrdiff_t end = str_find_byte(bytes, '\n');
        struct str piece = end < 0 ? bytes : str_n(bytes.at, (size_t)end);
        enum err_code code = ERR_OK;

        bytes = end < 0 ? STR_NONE : str_from(bytes, (size_t)end + 1);
        if (!m->skipping)
            buf_append(&m->in, piece);
        if (buf_failed(&m->in)) {
            buf_reset(&m->in);
            m->skipping = true;
            TRY(mcp_refuse(m, NULL, MCP_INVALID, S("the message is larger than 4 MiB"), e));
        }
        if (end < 0)
            return ERR_OK;
        if (!m->skipping)
            code = mcp_line(m, buf_str(&m->in), e);
        m->skipping = false;
        buf_reset(&m->in);
        TRY(code);
    }
    return ERR_OK;
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */
bool mcp_waits(const struct mcp *m)
{
    for (size_t i = 0; i < MCP_WAITS_MAX; i++)
        if (m->waits[i].used)
            return true;
    return false;
}

/* "120 of 320 trials, 2 failed, $0.0213" */
static enum err_code mcp_tell(struct mcp *m, struct mcp_wait *w, const struct runner_progress *p, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    char money[MONEY_TEXT];
    json_t *o, *params;

    if (!w->token || p->finished <= w->told)
        return ERR_OK;
    w->told = p->finished;
    o = json_object();
    params = json_object();
    json_object_set(params, "progressToken", w->token);
    json_object_set_new(params, "progress", json_integer(p->finished));
    json_object_set_new(params, "total", json_integer(p->trials));
    json_set_str(params, "message",
                 arena_printf(a, "%lld of %lld trials, %lld failed, %s%s", (long long)p->finished, (long long)p->trials,
                              (long long)p->failed, money_show(p->cost_nanousd, money),
                              p->unknown_calls ? " + unknown" : ""));
    json_object_set_new(o, "jsonrpc", json_string("2.0"));
    json_object_set_new(o, "method", json_string("notifications/progress"));
    json_object_set_new(o, "params", params);
    return mcp_send(m, o, e);
}

static enum err_code mcp_wait_look(struct mcp *m, struct mcp_wait *w, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *id = NULL;
    struct mcp_run *run = mcp_run_find(m, str_c(w->run));
    struct runner_progress p = { .trials = 0 };
    bool lives = run && mcp_run_lives(m, run, &p);
    struct err why = ERR_INIT;
    json_t *data = NULL;
    enum err_code code;

    if (run)
        TRY(mcp_tell(m, w, &p, e));
    if (lives && clock_mono_ms() < w->until_ms)
        return ERR_OK;
    code = mcp_run_status(m, str_c(w->run), a, &data, &why);
    id = json_incref(w->id);
    mcp_wait_end(w);
    return mcp_reply(m, id, code == ERR_OK ? mcp_success(STR_NONE, data) : mcp_failure(&why), e);
}

enum err_code mcp_tick(struct mcp *m, struct err *e)
{
    uint64_t count;

    while (read(m->event_fd, &count, sizeof count) > 0)
        ;
    for (size_t i = 0; i < MCP_WAITS_MAX; i++)
        if (m->waits[i].used)
            TRY(mcp_wait_look(m, &m->waits[i], e));
    mcp_runs_reap(m);
    return ERR_OK;
}

/* --- life --------------------------------------------------------------------------------------------------------- */
enum err_code mcp_store(struct mcp *m, struct err *e)
{
    return m->store ? ERR_OK : store_open(m->options.home, &m->store, e);
}

enum err_code mcp_blob(struct mcp *m, struct err *e)
{
    return m->blob ? ERR_OK : blob_open(m->options.home, &m->blob, e);
}

int mcp_fd(const struct mcp *m)
{
    return m->event_fd;
}

enum err_code mcp_new(const struct mcp_options *options, struct mcp **out, struct err *e)
{
    struct mcp *m;
    char *root = realpath(options->root, NULL);

    if (!root)
        return err_errno(e, file_open_code(errno), errno, "the folder %s can't be used", options->root);
    if (!file_is_dir(root)) {
        free(root);
        return err_set(e, ERR_NOT_FOUND, "%s is no folder; --root takes the folder that holds the tasks",
                       options->root);
    }
    m = xcalloc(1, sizeof *m);
    m->options = *options;
    m->root = root;
    m->in = BUF_INIT(MCP_MESSAGE_MAX);
    pthread_mutex_init(&m->lock, NULL);
    m->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (m->event_fd < 0) {
        enum err_code code = err_errno(e, ERR_IO, errno, "an eventfd can't be had");

        mcp_free(m);
        return code;
    }
    *out = m;
    return ERR_OK;
}

void mcp_free(struct mcp *m)
{
    if (!m)
        return;
    mcp_runs_stop(m);
    for (size_t i = 0; i < MCP_WAITS_MAX; i++)
        if (m->waits[i].used)
            mcp_wait_end(&m->waits[i]);
    if (m->blob)
        blob_close(m->blob);
    if (m->store)
        store_close(m->store);
    if (m->event_fd >= 0)
        close(m->event_fd);
    pthread_mutex_destroy(&m->lock);
    buf_dispose(&m->in);
    free(m->root);
    free(m);
}

void mcp_freep(struct mcp **m)
{
    mcp_free(*m);
}
