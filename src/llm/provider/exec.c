#include "llm/provider/wire.h"

/* A program of the user's own as a model: `exec:./answer.py`. It is started once for each call, without a shell, reads
 * one JSON object from its standard input and writes one to its standard output.
 *
 * Asked:   {"model": "./answer.py", "messages": [{"role": "user", "content": "Hi"}], "params": {"temperature": 0}}
 *          content is a list of {"type": "text", "text"} and {"type": "image", "url" | "media_type" + "base64"} when
 * the
 *          message has images; "output": "json", "schema", "schema_name", "tools" and "tool_choice" when the task has
 *          them.
 * Answers: {"text": "Hello"} and, if it likes, "reasoning", "tool_calls" (a list), "finish" (stop, max_tokens,
 * tool_use,
 *          refusal ...), "model_version", "id", "cost_usd", "usage": {"input_tokens", "output_tokens", "cached_tokens",
 *          "reasoning_tokens"}; or {"error": {"code": "RATE_LIMIT", "message": "..."}}, codes as in transcripts.
 * An exit status other than 0 is a failure whatever was written. Arguments come from the task, and so do the names of
 * environment variables it may see beside the usual ones (child.h):
 * `params: {extra: {argv: [--fast], env: [MODEL_PATH]}}`; the rest of `extra` stands in "params". */
#define EXEC_LABEL "the program"
#define EXEC_ARGUMENTS_MAX 64
#define EXEC_ENV_MAX 64
#define EXEC_ENV_NAME_MAX 255
#define EXEC_ARGUMENT_BYTES_MAX (64u * 1024)

static void exec_write_message(struct wire *w, const struct message *m, struct arena *a)
{
    wire_open(w, '{');
    wire_str(w, "role", str_c(message_role_name(m->role)));
    if (!wire_has_images(m)) {
        wire_str(w, "content", wire_message_text(m, a));
        wire_close(w, '}');
        return;
    }
    wire_key(w, "content");
    wire_open(w, '[');
    for (size_t i = 0; i < m->part_count; i++) {
        const struct part *p = &m->parts[i];

        wire_open(w, '{');
        wire_str(w, "type", p->kind == PART_TEXT ? S("text") : S("image"));
        if (p->kind == PART_TEXT) {
            wire_str(w, "text", p->text);
        } else if (p->url.len) {
            wire_str(w, "url", p->url);
        } else {
            wire_str(w, "media_type", p->media_type);
            wire_str(w, "base64", p->base64);
        }
        wire_close(w, '}');
    }
    wire_close(w, ']');
    wire_close(w, '}');
}

/* argv, each ended by NUL; the program first. */
static enum err_code exec_write_argv(const struct request *rq, const json_t *argv, struct buf *out, struct err *e)
{
    const json_t *word;
    size_t i;

    if (!rq->model->id.len || memchr(rq->model->id.at, 0, rq->model->id.len))
        return err_set(e, ERR_REJECTED, "exec: names no program; write exec:./answer.py");
    buf_append(out, rq->model->id);
    buf_byte(out, '\0');
    if (argv && (!json_is_array(argv) || json_array_size(argv) > EXEC_ARGUMENTS_MAX))
        return err_set(e, ERR_REJECTED, "\"extra\": argv is a list of at most %d texts", EXEC_ARGUMENTS_MAX);
    json_array_foreach((json_t *)argv, i, word) {
        struct str text = json_to_str(word);

        if (!json_is_string(word) || memchr(text.at, 0, text.len))
            return err_set(e, ERR_REJECTED, "\"extra\": argv[%zu] is no text; numbers go in quotes", i);
        buf_append(out, text);
        buf_byte(out, '\0');
    }
    if (buf_failed(out) || out->len > EXEC_ARGUMENT_BYTES_MAX)
        return err_set(e, ERR_REJECTED, "\"extra\": argv is longer than %u bytes", EXEC_ARGUMENT_BYTES_MAX);
    return ERR_OK;
}

static bool exec_env_name_ok(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char low = (char)(name.at[i] | 0x20);

        if (!(low >= 'a' && low <= 'z') && name.at[i] != '_' && !(i && name.at[i] >= '0' && name.at[i] <= '9'))
            return false;
    }
    return name.len && name.len <= EXEC_ENV_NAME_MAX;
}

/* Names of variables, each ended by NUL. */
static enum err_code exec_write_env(const json_t *env, struct buf *out, struct err *e)
{
    const json_t *word;
    size_t i;

    if (env && (!json_is_array(env) || json_array_size(env) > EXEC_ENV_MAX))
        return err_set(e, ERR_REJECTED, "\"extra\": env is a list of at most %d names of environment variables",
                       EXEC_ENV_MAX);
    json_array_foreach((json_t *)env, i, word) {
        if (!exec_env_name_ok(json_to_str(word)))
            return err_set(e, ERR_REJECTED, "\"extra\": env[%zu] is not the name of an environment variable (letters, digits and _; "
                                            "its value is taken from the environment)", i);
        buf_append(out, json_to_str(word));
        buf_byte(out, '\0');
    }
    return ERR_OK;
}

static enum err_code exec_encode(const struct request *rq, struct str base_url, const struct quirks *q, struct arena *a,
                                 struct http_call *out, struct err *e)
{
    struct wire w = { .out = &out->body, .quirks = q, .dropped = &out->dropped };
    AUTO_JSON *params = params_to_json(&rq->params);
    json_t *extra = json_child(params, "extra"), *own;

    (void)base_url;
    TRY(wire_check_extra(rq, e));
    TRY(exec_write_argv(rq, json_child(extra, "argv"), &out->argv, e));
    TRY(exec_write_env(json_child(extra, "env"), &out->env, e));
    if (extra) {                                    /* a copy: the task's own stays as it is */
        own = json_copy(extra);
        json_object_del(own, "argv");
        json_object_del(own, "env");
        json_object_del(params, "extra");
        json_object_update(params, own);
        json_decref(own);
    }
    buf_byte(w.out, '{');
    wire_str(&w, "model", rq->model->id);
    wire_key(&w, "messages");
    wire_open(&w, '[');
    for (size_t i = 0; i < rq->message_count; i++)
        exec_write_message(&w, &rq->messages[i], a);
    wire_close(&w, ']');
    wire_json(&w, "params", params);
    if (rq->output == OUTPUT_JSON)
        wire_str(&w, "output", S("json"));
    if (rq->output == OUTPUT_JSON && rq->schema) {
        wire_json(&w, "schema", rq->schema);
        wire_str(&w, "schema_name", wire_schema_name(rq, a));
    }
    if (json_array_size(rq->tools))
        wire_json(&w, "tools", rq->tools);
    if (json_array_size(rq->tools) && rq->tool_choice.len)
        wire_str(&w, "tool_choice", rq->tool_choice);
    buf_byte(w.out, '}');
    return wire_check_body(out, e);
}

static enum err_code exec_fail(const json_t *error, struct failure *f, struct err *e)
{
    struct str said = json_get_str(error, "message"), code = json_get_str(error, "code");
    enum err_code as = err_from_name(code);
    char shown[512];

    if (!said.len)
        said = json_to_str(error).len ? json_to_str(error) : S("no further explanation");
    if (as == ERR_OK)
        as = ERR_UNKNOWN;
    *f = (struct failure){ .retryable = err_retryable(as), .retry_after_ms = -1 };
    return err_set(e, as, EXEC_LABEL ": %s", wire_clean(said, shown));
}

static enum err_code exec_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                 struct answer *out, struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;
    struct answer answer = { .cost_reported_nanousd = MONEY_UNKNOWN };
    const json_t *usage;

    (void)rq;
    if (in->status != 200) {
        char shown[512];

        *f = (struct failure){ .retryable = err_retryable(ERR_SERVER), .retry_after_ms = -1 };
        return err_set(e, ERR_SERVER, EXEC_LABEL " failed: %s", wire_clean(str_sub(in->body, 0, 400), shown));
    }
    TRY(wire_read_body(in, EXEC_LABEL, &body, f, e));
    if (json_child(body, "error") && !json_is_null(json_child(body, "error")))
        return exec_fail(json_child(body, "error"), f, e);
    if (!json_is_string(json_child(body, "text")) && !json_array_size(json_child(body, "tool_calls")))
        return wire_invalid(f, e, EXEC_LABEL " wrote JSON without \"text\"");
    answer.text = arena_strdup(a, str_trim(json_get_str(body, "text")));
    answer.reasoning = arena_strdup(a, str_trim(json_get_str(body, "reasoning")));
    answer.model_version = wire_keep(a, json_child(body, "model_version"));
    answer.response_id = wire_keep(a, json_child(body, "id"));
    answer.finish_native = wire_keep(a, json_child(body, "finish"));
    answer.cost_reported_nanousd = wire_money(body, "cost_usd");
    if (json_array_size(json_child(body, "tool_calls")))
        answer.tool_calls = json_in_arena(json_incref(json_child(body, "tool_calls")), a);
    answer.finish = answer.finish_native.len ? wire_finish(answer.finish_native)
                    : answer.tool_calls      ? FINISH_TOOL_USE
                                             : FINISH_STOP;
    usage = json_child(body, "usage");
    if (json_is_object(usage)) {
        answer.usage = (struct usage){
            .input = wire_count(usage, "input_tokens"), .output = wire_count(usage, "output_tokens"),
            .cached = wire_count(usage, "cached_tokens"), .reasoning = wire_count(usage, "reasoning_tokens"),
        };
        wire_usage_settle(&answer.usage);
        answer.usage_reported = true;
    }
    *out = answer;
    return ERR_OK;
}

const struct provider provider_exec = {
    .name = "exec", .label = "A program",
    .caps = PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .program = true,
    .base_url_variables = (const char *const[]){ NULL },
    .key_variables = (const char *const[]){ NULL },
    .key_needed = false, .auth = AUTH_NONE, .framing = FRAMING_NDJSON,
    .encode = exec_encode, .decode = exec_decode,
};
