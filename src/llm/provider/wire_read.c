#include "llm/provider/wire.h"

#include <math.h>
#include <stdio.h>

#define WIRE_TOKENS_MAX INT64_C(1000000000000)

int64_t wire_count(const json_t *o, const char *key)
{
    int64_t n = json_get_i64(o, key, 0);

    return n < 0 || n > WIRE_TOKENS_MAX ? 0 : n;
}

void wire_usage_settle(struct usage *u)
{
    u->cached = MIN(u->cached, u->input);
    u->cache_written = MIN(u->cache_written, u->input - u->cached);
    u->reasoning = MIN(u->reasoning, u->output);
}

enum finish wire_finish(struct str native)
{
    static const struct { const char *word; enum finish finish; } words[] = {
        { "stop", FINISH_STOP }, { "end_turn", FINISH_STOP }, { "eos", FINISH_STOP }, { "length", FINISH_MAX_TOKENS },
        { "max_tokens", FINISH_MAX_TOKENS }, { "model_length", FINISH_MAX_TOKENS },
        { "model_context_window_exceeded", FINISH_MAX_TOKENS }, { "stop_sequence", FINISH_STOP_SEQUENCE },
        { "tool_calls", FINISH_TOOL_USE }, { "function_call", FINISH_TOOL_USE }, { "tool_use", FINISH_TOOL_USE },
        { "content_filter", FINISH_CONTENT_FILTER }, { "refusal", FINISH_REFUSAL }, { "error", FINISH_ERROR },
        { "insufficient_system_resource", FINISH_ERROR },
    };

    if (!native.len)
        return FINISH_UNKNOWN;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_ieq(native, str_c(words[i].word)))
            return words[i].finish;
    return FINISH_OTHER;
}

int64_t wire_money(const json_t *o, const char *key)
{
    const json_t *v = json_child(o, key);
    int64_t nanousd;
    double usd;

    if (json_is_number(v) && money_from_double(json_number_value(v), &nanousd))
        return nanousd;
    if (json_is_string(v) && str_to_double(json_to_str(v), &usd) && money_from_double(usd, &nanousd))
        return nanousd;
    return MONEY_UNKNOWN;
}

struct str wire_keep(struct arena *a, const json_t *string)
{
    struct str s = json_to_str(string);

    return s.len ? arena_strdup(a, s) : STR_NONE;
}

void wire_raw(json_t **raw, const json_t *o, const char *key)
{
    json_t *v = json_child(o, key);

    if (!v || json_is_null(v))
        return;
    if (!*raw)
        *raw = json_object();
    json_object_set(*raw, key, v);
}

static bool wire_key_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '*' || c == '.';
}

/* What begins like a vendor's key and goes on like one. */
static size_t wire_key_length(struct str s, size_t *shown)
{
    static const char *const marks[] = { "sk-", "AIza", "xai-", "gsk_", "Bearer ", "AQ." };

    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        size_t n = strlen(marks[i]), end = n;

        if (!str_starts(s, str_c(marks[i])))
            continue;
        while (end < s.len && wire_key_byte(s.at[end]))
            end++;
        *shown = n;
        return end - n >= 6 ? end : 0;
    }
    return 0;
}

const char *wire_clean(struct str text, char out[512])
{
    size_t n = 0, shown;

    text = str_trim(text);
    for (size_t i = 0; i < text.len && n < 500;) {
        bool word_start = i == 0 || !wire_key_byte(text.at[i - 1]) || text.at[i - 1] == '.';
        size_t key = word_start ? wire_key_length(str_from(text, i), &shown) : 0;

        if (key) {
            n += (size_t)snprintf(out + n, 512 - n, STR_FMT "***", (int)MIN(shown, 500 - n), text.at + i);
            i += key;
        } else {
            unsigned char c = (unsigned char)text.at[i++];

            out[n++] = c < 0x20 ? ' ' : (char)c;
        }
    }
    n = MIN(n, (size_t)500);
    n = str_utf8_head(str_n(out, n), n).len;
    out[n] = '\0';
    return out;
}

enum err_code wire_invalid(struct failure *f, struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (f)
        *f = (struct failure){ .retryable = err_retryable(ERR_INVALID_RESPONSE), .retry_after_ms = -1 };
    va_start(ap, fmt);
    err_setv(e, ERR_INVALID_RESPONSE, fmt, ap);
    va_end(ap);
    return ERR_INVALID_RESPONSE;
}

static bool wire_is_html(struct str text)
{
    text = str_trim_start(text);
    return str_istarts(text, S("<!doctype")) || str_istarts(text, S("<html")) || str_istarts(text, S("<?xml"));
}

enum err_code wire_read_body(const struct http_answer *in, const char *label, json_t **out, struct failure *f,
                             struct err *e)
{
    struct str text = str_trim(in->body);
    struct err why = ERR_INIT;
    char shown[512];
    json_t *body;

    if (!text.len)
        return wire_invalid(f, e, "%s answered %d with an empty body", label, in->status);
    if (wire_is_html(text))
        return wire_invalid(f, e, "%s answered %d with a web page instead of JSON: is the base URL right?", label,
                            in->status);
    if (json_read(text, &body, &why) != ERR_OK)
        return wire_invalid(f, e, "%s answered %d with a body that is %s; it begins: %s", label, in->status, why.text,
                            wire_clean(str_sub(text, 0, 120), shown));
    if (!json_is_object(body)) {
        json_decref(body);
        return wire_invalid(f, e, "%s answered %d with JSON that is not an object; it begins: %s", label, in->status,
                            wire_clean(str_sub(text, 0, 120), shown));
    }
    *out = body;
    return ERR_OK;
}

enum err_code wire_read_event(struct str data, const char *label, json_t **out, struct stream *st, struct err *e)
{
    struct err why = ERR_INIT;
    char shown[512];

    if (json_read(str_trim(data), out, &why) == ERR_OK) {
        if (json_is_object(*out))
            return ERR_OK;
        json_freep(out);
        snprintf(why.text, sizeof why.text, "not an object");
    }
    return wire_invalid(&st->failure, e, "an event of %s's stream is %s; it begins: %s", label, why.text,
                        wire_clean(str_sub(data, 0, 120), shown));
}

enum err_code wire_check_stream(const struct stream *st, struct err *e)
{
    if (buf_failed(&st->text) || buf_failed(&st->reasoning))
        return err_set(e, ERR_TOO_LARGE, "the streamed answer is larger than %zu bytes",
                       buf_failed(&st->text) ? st->text.max : st->reasoning.max);
    return ERR_OK;
}

/* --- failures ------------------------------------------------------------------------------------------------ */

/* [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]: "body.seed: Extra inputs ..." */
static struct str wire_detail_text(const json_t *detail, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(2000);
    const json_t *item, *step;
    size_t i, k;

    if (json_is_string(detail))
        return json_to_str(detail);
    if (json_is_object(detail))
        return json_get_str(detail, "message").len ? json_get_str(detail, "message") : json_get_str(detail, "msg");
    json_array_foreach((json_t *)detail, i, item) {
        if (text.len)
            buf_puts(&text, "; ");
        json_array_foreach(json_child(item, "loc"), k, step) {
            if (k)
                buf_byte(&text, '.');
            if (json_is_integer(step))
                buf_printf(&text, "%lld", (long long)json_integer_value(step));
            else
                buf_append(&text, json_to_str(step));
        }
        if (json_get_str(item, "msg").len)
            buf_printf(&text, ": " STR_FMT, STR_ARG(json_get_str(item, "msg")));
    }
    return arena_strdup(a, buf_str(&text));
}

static struct str wire_page_title(struct str page)
{
    ptrdiff_t from = str_ifind(page, S("<title>")), to;

    if (from < 0)
        return S("a web page without a title");
    page = str_from(page, (size_t)from + 7);
    to = str_find_byte(page, '<');
    return str_trim(to < 0 ? str_sub(page, 0, 80) : str_sub(page, 0, MIN((size_t)to, (size_t)120)));
}

/* error.message | error (string) | message | detail | the raw body, in that order. */
static struct str wire_fault_text(const struct wire_fault *what, const json_t *error, struct arena *a)
{
    struct str found[] = {
        json_get_str(error, "message"), json_to_str(error), json_get_str(what->body, "message"),
        wire_detail_text(json_child(what->body, "detail"), a),
        wire_detail_text(json_child(what->body, "message"), a),
        wire_is_html(what->text) ? wire_page_title(what->text) : str_trim(what->text),
    };
    struct str raw = json_get_str(json_child(error, "metadata"), "raw");

    if (raw.len && found[0].len && !str_eq(raw, found[0])) /* OpenRouter: its own words, then what the upstream said */
        return arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(found[0]),
                            STR_ARG(str_sub(raw, 0, MIN(raw.len, (size_t)400))));
    for (size_t i = 0; i < COUNT_OF(found); i++)
        if (str_trim(found[i]).len)
            return found[i];
    return S("no further explanation");
}

struct wire_words { struct str code, type, param, reason; };   /* reason: Google's ErrorInfo */

static bool wire_word_is(const struct wire_words *w, const char *word)
{
    return str_ieq(w->code, str_c(word)) || str_ieq(w->type, str_c(word)) || str_ieq(w->reason, str_c(word));
}

static bool wire_says(struct str text, const char *const *phrases)
{
    for (; *phrases; phrases++)
        if (str_ifind(text, str_c(*phrases)) >= 0)
            return true;
    return false;
}

/* Words of the vendors that mean a code whatever the HTTP status was; in this order. */
static enum err_code wire_code_of_words(const struct wire_words *w)
{
    static const struct { const char *word; enum err_code code; } words[] = {
        { "insufficient_quota", ERR_QUOTA }, { "billing_hard_limit_reached", ERR_QUOTA },
        { "billing_not_active", ERR_QUOTA }, { "billing_error", ERR_QUOTA },
        { "invalid_api_key", ERR_AUTH }, { "API_KEY_INVALID", ERR_AUTH }, { "authentication_error", ERR_AUTH },
        { "permission_error", ERR_AUTH }, { "UNAUTHENTICATED", ERR_AUTH }, { "PERMISSION_DENIED", ERR_AUTH },
        { "context_length_exceeded", ERR_REJECTED }, { "content_filter", ERR_REJECTED },
        { "request_too_large", ERR_REJECTED },
        { "model_not_found", ERR_NO_MODEL }, { "invalid_model", ERR_NO_MODEL }, { "DeploymentNotFound", ERR_NO_MODEL },
        { "not_found_error", ERR_NO_MODEL }, { "NotFoundError", ERR_NO_MODEL },
        { "rate_limit_exceeded", ERR_RATE_LIMIT }, { "rate_limit_error", ERR_RATE_LIMIT },
        { "rate_limited", ERR_RATE_LIMIT }, { "RESOURCE_EXHAUSTED", ERR_RATE_LIMIT },
        { "overloaded_error", ERR_SERVER }, { "api_error", ERR_SERVER }, { "server_error", ERR_SERVER },
        { "UNAVAILABLE", ERR_SERVER }, { "INTERNAL", ERR_SERVER }, { "timeout_error", ERR_TIMEOUT },
        { "DEADLINE_EXCEEDED", ERR_TIMEOUT },
        { "ThrottlingException", ERR_RATE_LIMIT }, { "ServiceQuotaExceededException", ERR_QUOTA },
        { "AccessDeniedException", ERR_AUTH }, { "UnrecognizedClientException", ERR_AUTH },
        { "ExpiredTokenException", ERR_AUTH }, { "InvalidSignatureException", ERR_AUTH },
        { "MissingAuthenticationTokenException", ERR_AUTH }, { "ResourceNotFoundException", ERR_NO_MODEL },
        { "ValidationException", ERR_REJECTED }, { "ModelErrorException", ERR_SERVER },
        { "ModelStreamErrorException", ERR_SERVER }, { "ModelNotReadyException", ERR_SERVER },
        { "InternalServerException", ERR_SERVER }, { "ServiceUnavailableException", ERR_SERVER },
        { "ModelTimeoutException", ERR_TIMEOUT },
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (wire_word_is(w, words[i].word))
            return words[i].code;
    return ERR_OK;
}

static enum err_code wire_fault_code(int status, const struct wire_words *w, struct str text)
{
    static const char *const quota[] = { "insufficient_quota", "exceeded your current quota, please check your plan",
                                         "insufficient balance", "credit balance is too low", "insufficient credits",
                                         "used all available credits", "monthly spending limit", "trial key, which is limited",
                                         NULL };
    static const char *const rate[] = { "rate limit", "rate_limit", "ratelimit", "too many requests", NULL };
    static const char *const key[] = { "incorrect api key", "invalid api key", "api key not valid", NULL };
    static const char *const model[] = { "model not exist", "not a valid model id", "model does not exist",
                                         "no such model", "model identifier is invalid", NULL };
    static const char *const invalid[] = { "invalid_request", "INVALID_ARGUMENT", "BadRequest", NULL };
    static const char *const moderation[] = { "moderation", "flagged", "usage guidelines", "content policy", NULL };
    enum err_code of_words = wire_code_of_words(w), of_status = provider_code_of_status(status);
    bool google_quota = str_is(w->type, "RESOURCE_EXHAUSTED");
    struct str head = str_sub(text, 0, MIN(text.len, (size_t)500));

    if (of_words == ERR_QUOTA || of_status == ERR_QUOTA)
        return ERR_QUOTA;
    if ((of_status == ERR_REJECTED || of_status == ERR_RATE_LIMIT || of_status == ERR_AUTH) && !google_quota &&
        wire_says(head, quota))
        return ERR_QUOTA;
    if (of_words == ERR_AUTH || of_words == ERR_NO_MODEL)
        return of_words;
    if (of_status == ERR_REJECTED && wire_says(head, key))
        return ERR_AUTH;
    if (of_status == ERR_REJECTED && wire_says(head, model))
        return ERR_NO_MODEL;
    if (of_status == ERR_RATE_LIMIT || (status != 401 && status != 404 && wire_says(head, rate)))
        return ERR_RATE_LIMIT;
    if (of_words == ERR_REJECTED || of_words == ERR_RATE_LIMIT)
        return of_words;
    if (of_status == ERR_OK || of_status == ERR_UNKNOWN)
        return of_words != ERR_OK               ? of_words
               : wire_says(w->type, invalid)    ? ERR_REJECTED
               : status >= 200 && status <= 299 ? ERR_SERVER        /* taken, and then something broke */
                                                : ERR_UNKNOWN;
    if (of_status == ERR_AUTH && status == 403 && wire_says(head, moderation))
        return ERR_REJECTED;
    return of_status;
}

/* Google's details: when to come back, and whether it is the day's quota that is used up. */
static void wire_read_details(const json_t *error, struct failure *f, struct wire_words *w, bool *daily)
{
    const json_t *item, *violation;
    size_t i, k;

    json_array_foreach(json_child(error, "details"), i, item) {
        struct str delay = json_get_str(item, "retryDelay"), kind = json_get_str(item, "@type");
        double seconds;

        if (str_ends(delay, S("s")) && str_to_double(str_sub(delay, 0, delay.len - 1), &seconds) && seconds >= 0 &&
            seconds < 1e9)
            f->retry_after_ms = (int64_t)ceil(seconds * 1000);
        if (str_ends(kind, S("ErrorInfo")))
            w->reason = json_get_str(item, "reason");
        json_array_foreach(json_child(item, "violations"), k, violation)
            if (str_contains(json_get_str(violation, "quotaId"), S("PerDay")))
                *daily = true;
    }
}

static bool wire_request_has(const struct request *rq, const char *field)
{
    static const struct {
        const char *field;
        enum param param;
    } fields[] = {
        { "temperature", PARAM_TEMPERATURE },
        { "top_p", PARAM_TOP_P },
        { "topP", PARAM_TOP_P },
        { "top_k", PARAM_TOP_K },
        { "topK", PARAM_TOP_K },
        { "max_tokens", PARAM_MAX_TOKENS },
        { "max_completion_tokens", PARAM_MAX_TOKENS },
        { "num_predict", PARAM_MAX_TOKENS },
        { "seed", PARAM_SEED },
        { "random_seed", PARAM_SEED },
        { "frequency_penalty", PARAM_FREQUENCY_PENALTY },
        { "frequencyPenalty", PARAM_FREQUENCY_PENALTY },
        { "presence_penalty", PARAM_PRESENCE_PENALTY },
        { "presencePenalty", PARAM_PRESENCE_PENALTY },
        { "stop", PARAM_STOP },
        { "stop_sequences", PARAM_STOP },
        { "stopSequences", PARAM_STOP },
        { "reasoning_effort", PARAM_REASONING_EFFORT },
        { "reasoning", PARAM_REASONING_EFFORT },
        { "thinking", PARAM_REASONING_EFFORT },
        { "thinkingConfig", PARAM_REASONING_EFFORT },
        { "think", PARAM_REASONING_EFFORT },
        { "stream", PARAM_STREAM },
        { "stream_options", PARAM_STREAM },
        { "max_output_tokens", PARAM_MAX_TOKENS },
        { "k", PARAM_TOP_K },
        { "p", PARAM_TOP_P },
        { "maxTokens", PARAM_MAX_TOKENS },
    };

    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (strcmp(fields[i].field, field) == 0)
            return params_has(&rq->params, fields[i].param);
    if (str_starts(str_c(field), S("tool")))
        return json_array_size(rq->tools) > 0;
    if (str_starts(str_c(field), S("messages")))
        return rq->message_count && rq->messages[0].role == MESSAGE_SYSTEM;
    return rq->output == OUTPUT_JSON;       /* response_format and its relatives */
}

/* `name` stands in the text as a word, however the vendor quotes or camel-cases it. */
static bool wire_names_field(struct str text, const char *field)
{
    char camel[64];
    size_t n = 0;

    for (const char *p = field; *p && n + 1 < sizeof camel; p++)
        if (*p == '_' && p[1] >= 'a' && p[1] <= 'z')
            camel[n++] = (char)(*++p - 'a' + 'A');
        else
            camel[n++] = *p;
    for (int spelling = 0; spelling < 2; spelling++) {
        struct str word = spelling ? str_n(camel, n) : str_c(field);
        struct str rest = text;

        for (ptrdiff_t at; (at = str_find(rest, word)) >= 0; rest = str_from(rest, (size_t)at + 1)) {
            struct str after = str_from(rest, (size_t)at + word.len);
            bool open = at == 0 || !wire_key_byte(rest.at[at - 1]) || rest.at[at - 1] == '.';
            bool closed = !after.len || !wire_key_byte(after.at[0]) || after.at[0] == '.';

            if (open && closed)
                return true;
        }
    }
    return false;
}

/* Which field does the model not take? Vendors either name it (param, loc) or only speak of it. */
static struct str wire_refused(const struct wire_fault *what, const struct wire_words *w, struct str text)
{
    static const char *const phrases[] = { "unsupported",      "not support",       "not permitted",
                                           "not allowed",      "unrecognized",      "unknown name",
                                           "unknown field",    "unknown parameter", "deprecated",
                                           "cannot both",      "not enabled",       "not compatible",
                                           "extra_forbidden",  "extra inputs",      "must be 'json_schema' or 'text'",
                                           "is not available", "incompatible",      "t support",
                                           NULL };
    static const struct {
        const char *phrase, *field;
    } said[] = {
        { "thinking", "think" },
        { "thinking", "thinkingConfig" },
        { "penalty", "presencePenalty" },
        { "penalty", "frequencyPenalty" },
        { "json mode", "responseMimeType" },
        { "schema", "responseMimeType" },
        { "structured output", "response_format" },
        { "json mode", "response_format" },
        { "tool use", "toolConfig" },
        { "tools", "tools" },
    };
    bool refused = wire_word_is(w, "unsupported_parameter") || wire_word_is(w, "unsupported_value") ||
                   wire_word_is(w, "unknown_parameter") ||
                   wire_says(str_sub(text, 0, MIN(text.len, (size_t)500)), phrases);
    struct str bare = w->param;

    if (!refused)
        return STR_NONE;
    for (size_t i = 0; i < bare.len; i++)
        if (bare.at[i] == '.')
            bare.len = i;
    for (const char *const *o = what->optional; o && *o; o++)
        if ((str_is(w->param, *o) || str_is(bare, *o)) && wire_request_has(what->rq, *o))
            return str_c(*o);
    if (w->param.len)
        return STR_NONE; /* it named something that we cannot leave out */
    if (str_ifind(text, S("temperature")) >= 0 && str_ifind(text, S("top_p")) >= 0 &&
        wire_request_has(what->rq, "top_p"))
        return S("top_p"); /* both together are refused: temperature is the one people mean */
    for (const char *const *o = what->optional; o && *o; o++) {
        if (!wire_request_has(what->rq, *o))
            continue;
        if (wire_names_field(text, *o))
            return str_c(*o);
        for (size_t i = 0; i < COUNT_OF(said); i++)
            if (strcmp(said[i].field, *o) == 0 && str_ifind(text, str_c(said[i].phrase)) >= 0)
                return str_c(*o);
    }
    return STR_NONE;
}

static void wire_read_words(const struct wire_fault *what, const json_t *error, struct wire_words *w)
{
    const json_t *holder = json_is_object(error) ? error : what->body;
    const json_t *loc = JSON_AT(what->body, "detail", "0", "loc");

    *w = (struct wire_words){ .code = json_get_str(holder, "code"), .type = json_get_str(holder, "type"),
                              .param = json_get_str(holder, "param"), };
    if (!w->type.len || json_get_str(holder, "status").len)
        w->type = json_get_str(holder, "status").len ? json_get_str(holder, "status") : w->type;
    if (!w->param.len && json_array_size(loc))
        w->param = json_to_str(json_array_get(loc, json_array_size(loc) - 1));
}

static int wire_fault_status(const struct wire_fault *what, const json_t *error)
{
    int64_t code = json_get_i64(error, "code", 0);

    if (!code)
        code = json_get_i64(error, "status",
                            json_get_i64(what->body, "raw_status_code", json_get_i64(what->body, "statusCode", 0)));
    return what->status < 300 && code >= 300 && code <= 599 ? (int)code : what->status;
}

enum err_code wire_fail(const struct wire_fault *what, struct arena *a, struct failure *f, struct err *e)
{
    const json_t *error = json_child(what->body, "error");
    struct wire_words w;
    int status = wire_fault_status(what, error);
    struct str text = wire_fault_text(what, error, a), should_retry = STR_NONE;
    enum err_code code;
    bool daily = false;
    char shown[512];

    *f = (struct failure){ .retry_after_ms = -1 };
    wire_read_words(what, error, &w);
    wire_read_details(error, f, &w, &daily);
    code = wire_fault_code(status, &w, text);
    if (daily && code == ERR_RATE_LIMIT)
        code = ERR_QUOTA;
    if (code == ERR_REJECTED)
        f->refused_param = wire_refused(what, &w, text);
    if (what->in)
        should_retry = http_answer_header(what->in, "x-should-retry");
    f->retryable = err_retryable(code) && !(code == ERR_UNKNOWN && status >= 300 && status < 500);
    if (code != ERR_QUOTA && code != ERR_AUTH)              /* the server's own word, where it gives one */
        f->retryable = (f->retryable || str_is(should_retry, "true")) && !str_is(should_retry, "false");
    wire_clean(text, shown);
    if (status >= 300 && status < 400)
        return err_set(e, code, "%s answered with a redirect (HTTP %d), which is not followed: is the base URL right?",
                       what->label, status);
    return status < 300 ? err_set(e, code, "%s: %s", what->label, shown)
                        : err_set(e, code, "%s: %s (HTTP %d)", what->label, shown, status);
}

enum err_code wire_check_status(const struct request *rq, const struct http_answer *in, const char *label,
                                const char *const *optional, struct arena *a, struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;

    if (in->status >= 200 && in->status < 300)
        return ERR_OK;
    if (json_read(str_trim(in->body), &body, NULL) == ERR_OK && json_is_array(body) && json_array_size(body)) {
        json_t *first = json_incref(json_array_get(body, 0));   /* Google's streaming method answers [{"error": ...}] */

        json_decref(body);
        body = first;
    }
    return wire_fail(&(struct wire_fault){ .rq = rq,
                                           .label = label,
                                           .status = in->status,
                                           .body = body,
                                           .text = in->body,
                                           .in = in,
                                           .optional = optional },
                     a, f, e);
}
