/* src/sim/sim_test.c: the simulator as a client sees it (libcurl): every wire format, every fault on each of them. */
#include "base/test.h"
#include "http/http.h"
#include "sim/book.h"
#include "sim/embed.h"
#include "sim/models.h"
#include "sim/sim.h"

#include <curl/curl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

#define TICKET "My invoice for October was charged twice and I want a refund."

/* How to ask each vendor. `%s` in body: the model, then "true" or "false" for stream where the body says so. */
static const struct wire {
    const char *vendor, *path, *stream_path, *key, *body;
    int quota_status;
    const char *stream_text;                /* what stands before a piece of text in a stream */
} wires[] = {
    { "openai-compatible", "/v1/chat/completions", NULL, "X-None: 1",
      "{\"model\":\"%s\",\"stream\":%s,\"temperature\":0,\"messages\":[{\"role\":\"system\",\"content\":\"Route it.\"},{\"role\":\"user\",\"content\":\"Ticket: " TICKET "\"}]}", 429, "\"content\":\"" },
    { "openai", "/openai/v1/chat/completions", NULL, "Authorization: Bearer sk-test",
      "{\"model\":\"%s\",\"stream\":%s,\"temperature\":0,\"messages\":[{\"role\":\"system\",\"content\":\"Route it.\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Ticket: " TICKET "\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}]}]}", 429, "\"content\":\"" },
    { "xai", "/xai/v1/chat/completions", NULL, "Authorization: Bearer sk-test",
      "{\"model\":\"%s\",\"stream\":%s,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Ticket: " TICKET "\"}]}", 429, "\"content\":\"" },
    { "deepseek", "/deepseek/chat/completions", NULL, "Authorization: Bearer sk-test",
      "{\"model\":\"%s\",\"stream\":%s,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Ticket: " TICKET "\"}]}", 402, "\"content\":\"" },
    { "mistral", "/mistral/v1/chat/completions", NULL, "Authorization: Bearer sk-test",
      "{\"model\":\"%s\",\"stream\":%s,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Ticket: " TICKET "\"}]}", 402, "\"content\":\"" },
    { "openrouter", "/openrouter/api/v1/chat/completions", NULL, "Authorization: Bearer sk-test",
      "{\"model\":\"%s\",\"stream\":%s,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Ticket: " TICKET "\"}]}", 402, "\"content\":\"" },
    { "anthropic", "/anthropic/v1/messages", NULL, "x-api-key: sk-test",
      "{\"model\":\"%s\",\"stream\":%s,\"temperature\":0,\"max_tokens\":200,\"system\":\"Route it.\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Ticket: " TICKET "\"},{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}}]}]}", 402, "\"text_delta\",\"text\":\"" },
    { "google", "/google/v1beta/models/%s:generateContent", "/google/v1beta/models/%s:streamGenerateContent?alt=sse", "x-goog-api-key: sk-test",
      "{\"m\":\"%s\",\"s\":%s,\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Ticket: " TICKET "\"}]}],\"generationConfig\":{\"temperature\":0}}", 429, "\"text\":\"" },
    { "openai-responses", "/openai/v1/responses", NULL, "Authorization: Bearer sk-test",
      "{\"model\":\"%s\",\"stream\":%s,\"temperature\":0,\"instructions\":\"Route it.\",\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"Ticket: " TICKET "\"},{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,AAAA\"}]}]}", 429, "\"delta\":\"" },
    { "azure-openai", "/azure/openai/deployments/%s/chat/completions?api-version=2024-10-21", "/azure/openai/deployments/%s/chat/completions?api-version=2024-10-21", "api-key: sk-test",
      "{\"m\":\"%s\",\"stream\":%s,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Ticket: " TICKET "\"}]}", 429, "\"content\":\"" },
    { "groq", "/groq/v1/chat/completions", NULL, "Authorization: Bearer sk-test",
      "{\"model\":\"%s\",\"stream\":%s,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Ticket: " TICKET "\"}]}", 429, "\"content\":\"" },
    { "cohere", "/cohere/v2/chat", NULL, "Authorization: Bearer sk-test",
      "{\"model\":\"%s\",\"stream\":%s,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Ticket: " TICKET "\"}]}", 429, "\"text\":\"" },
    { "bedrock", "/bedrock/model/%s/converse", "/bedrock/model/%s/converse-stream", "Authorization: AWS4-HMAC-SHA256 Credential=AKID/x",
      "{\"m\":\"%s\",\"s\":%s,\"inferenceConfig\":{\"temperature\":0},\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Ticket: " TICKET "\"}]}]}", 400, "\"text\":\"" },
    { "ollama", "/api/chat", NULL, "X-None: 1",
      "{\"model\":\"%s\",\"stream\":%s,\"options\":{\"temperature\":0},\"messages\":[{\"role\":\"user\",\"content\":\"Ticket: " TICKET "\"}]}", 402, "\"content\":\"" },
};

struct got { long status; CURLcode code; struct buf body; char type[64], retry[64], retry_ms[64], left[64]; int64_t ms; };

static size_t got_write(char *bytes, size_t size, size_t n, void *arg)
{
    struct got *g = arg;

    buf_append(&g->body, str_n(bytes, size * n));
    return buf_failed(&g->body) ? 0 : size * n;
}

static void got_header(CURL *c, const char *name, char out[64])
{
    struct curl_header *h;

    out[0] = '\0';
    if (curl_easy_header(c, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK)
        snprintf(out, 64, "%s", h->value);
}

static void http_say(struct sim *s, const char *method, const char *path, struct str body, const char *const *headers,
                     long timeout_ms, struct got *g)
{
    CURL *c = curl_easy_init();
    struct curl_slist *list = NULL;
    char url[300];
    char *type = NULL;
    int64_t began = clock_mono_ms();

    *g = (struct got){ .body = BUF_INIT(1 << 20) };
    snprintf(url, sizeof url, "%s%s", sim_url(s), path);
    for (; headers && *headers; headers++)
        list = curl_slist_append(list, *headers);
    list = curl_slist_append(list, "Content-Type: application/json");
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, got_write);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, g);
    if (body.at) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.at);
    }
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
    g->code = curl_easy_perform(c);
    g->ms = clock_mono_ms() - began;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &g->status);
    if (curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type)
        snprintf(g->type, sizeof g->type, "%s", type);
    got_header(c, "retry-after", g->retry);
    got_header(c, "retry-after-ms", g->retry_ms);
    got_header(c, "x-ratelimit-remaining-requests", g->left);
    curl_slist_free_all(list);
    curl_easy_cleanup(c);
}

static void say_within(struct sim *s, const struct wire *w, const char *model, bool stream, const char *fault,
                       const char *trial, long timeout_ms, struct got *g)
{
    AUTO_BUF struct buf body = BUF_INIT(100000), path = BUF_INIT(1000);
    char fault_line[200], trial_line[200];
    const char *headers[4] = { w->key };
    const char *pattern = stream && w->stream_path ? w->stream_path : w->path, *mark = strstr(pattern, "%s");
    const char *in_body = strstr(w->body, "%s"), *flag = strstr(in_body + 2, "%s");
    int n = 1;

    if (mark) {
        buf_append(&path, str_n(pattern, (size_t)(mark - pattern)));
        buf_puts(&path, model);
        buf_puts(&path, mark + 2);
    } else {
        buf_puts(&path, pattern);
    }
    buf_append(&body, str_n(w->body, (size_t)(in_body - w->body)));
    buf_puts(&body, model);
    buf_append(&body, str_n(in_body + 2, (size_t)(flag - in_body - 2)));
    buf_puts(&body, stream ? "true" : "false");
    buf_puts(&body, flag + 2);
    if (fault) {
        snprintf(fault_line, sizeof fault_line, "x-sim-fault: %s", fault);
        headers[n++] = fault_line;
    }
    if (trial) {
        snprintf(trial_line, sizeof trial_line, "x-assay-trial: %s", trial);
        headers[n++] = trial_line;
    }
    headers[n] = NULL;
    http_say(s, "POST", buf_cstr(&path), buf_str(&body), headers, timeout_ms, g);
}

static void say(struct sim *s, const struct wire *w, const char *model, bool stream, const char *fault,
                const char *trial, struct got *g)
{
    say_within(s, w, model, stream, fault, trial, 20000, g);
}

static const struct wire *wire_of(const char *vendor)
{
    for (size_t i = 0; i < COUNT_OF(wires); i++)
        if (strcmp(wires[i].vendor, vendor) == 0)
            return &wires[i];
    ASSERT(!"a vendor of the table");
    return NULL;
}

static struct sim *sim_with(struct sim_options o)
{
    struct err e = ERR_INIT;
    struct sim *s = NULL;
    AUTO_JSON *expected = json_pack("{s:s,s:s}", "queue", "billing", "urgency", "high");
    AUTO_JSON *other = json_pack("{s:s,s:s}", "queue", "technical", "urgency", "low");

    if (sim_new(&o, &s, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s", e.text);
    ASSERT(s);
    CHECK_OK(sim_book_add_text(s, S(TICKET), expected, &e));
    CHECK_OK(sim_book_add_text(s, S("The app crashes whenever I open the camera."), other, &e));
    return s;
}

/* The answer's text, wherever the vendor puts it. */
static struct str text_of(const json_t *j)
{
    const json_t *t = JSON_AT(j, "choices", "0", "message", "content");

    if (!t)
        t = JSON_AT(j, "content", "0", "text");
    if (!t)
        t = JSON_AT(j, "candidates", "0", "content", "parts", "0", "text");
    if (!t)
        t = JSON_AT(j, "message", "content", "0", "text");
    if (!t)
        t = JSON_AT(j, "message", "content");
    if (!t)
        t = JSON_AT(j, "output", "0", "content", "0", "text");
    if (!t)
        t = JSON_AT(j, "output", "message", "content", "0", "text");
    return json_to_str(t);
}

static json_t *ledger(struct sim *s, bool all)
{
    return sim_ledger_json(s, 0, 0, all);
}

TEST(sim_answers_in_every_wire_format)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 1 });

    for (size_t i = 0; i < COUNT_OF(wires); i++) {
        AUTO_JSON *j = NULL;
        struct got g;

        say(s, &wires[i], "instant", false, NULL, NULL, &g);
        CHECK_INT(g.status, 200);
        CHECK_STR(str_c(g.type), "application/json");
        CHECK_OK(json_read(buf_str(&g.body), &j, NULL));
        CHECK_STR(text_of(j), "{\"queue\":\"billing\",\"urgency\":\"high\"}");
        if (test_failing())
            printf("  %s: " STR_FMT "\n", wires[i].vendor, STR_ARG(buf_str(&g.body)));
        buf_dispose(&g.body);
    }
    sim_free(s);
}

TEST(sim_streams_the_same_text_in_every_wire_format)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 1 });

    for (size_t i = 0; i < COUNT_OF(wires); i++) {
        AUTO_BUF struct buf text = BUF_INIT(1000);
        struct str mark = str_c(wires[i].stream_text), rest;
        struct got g;
        ptrdiff_t at;

        say(s, &wires[i], "instant", true, NULL, NULL, &g);
        CHECK_INT(g.status, 200);
        for (rest = buf_str(&g.body); (at = str_find(rest, mark)) >= 0;) {
            rest = str_from(rest, (size_t)at + mark.len);
            for (; rest.len && *rest.at != '"'; rest = str_from(rest, 1)) {
                if (*rest.at == '\\')
                    rest = str_from(rest, 1);
                buf_byte(&text, *rest.at);
            }
        }
        CHECK_STR(buf_str(&text), "{\"queue\":\"billing\",\"urgency\":\"high\"}");
        CHECK_STR(str_c(g.type), strcmp(wires[i].vendor, "ollama") == 0    ? "application/x-ndjson"
                                 : strcmp(wires[i].vendor, "bedrock") == 0 ? "application/vnd.amazon.eventstream"
                                                                           : "text/event-stream");
        buf_dispose(&g.body);
    }
    sim_free(s);
}

TEST(sim_wants_a_key_where_the_vendor_does)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 1 });
    static const char *const none[] = { NULL };

    for (size_t i = 0; i < COUNT_OF(wires); i++) {
        bool needs = strstr(wires[i].key, "X-None") == NULL, google = strcmp(wires[i].vendor, "google") == 0;
        const char *bad[] = { google ? "x-goog-api-key: wrong" : "Authorization: Bearer an-invalid-key", NULL };
        const char *path = google ? "/google/v1beta/models/instant:generateContent" : wires[i].path;
        struct str body = S("{\"model\":\"instant\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":"
                            "\"x\"}],\"contents\":[{\"parts\":[{\"text\":\"x\"}]}]}");
        int refused = strcmp(wires[i].vendor, "bedrock") == 0 ? 403 : 401;
        struct got g;

        http_say(s, "POST", path, body, none, 2000, &g);
        CHECK_INT(g.status, needs ? refused : 200);
        buf_dispose(&g.body);
        http_say(s, "POST", path, body, bad, 2000, &g);
        CHECK_INT(g.status, google ? 400 : refused);        /* Gemini: INVALID_ARGUMENT with reason API_KEY_INVALID */
        if (google)
            CHECK(str_contains(buf_str(&g.body), S("API_KEY_INVALID")));
        buf_dispose(&g.body);
    }
    sim_free(s);
}

/* What every fault must look like on the wire, whoever the vendor. status 0: as `code` says. */
static const struct fault_case { const char *fault; long status; int plain, stream; const char *in_body; bool billed; } fault_cases[] = {
    { "429=2", 429, CURLE_OK, CURLE_OK, NULL, false },
    { "500", 500, CURLE_OK, CURLE_OK, NULL, false },
    { "502", 502, CURLE_OK, CURLE_OK, NULL, false },
    { "503", 503, CURLE_OK, CURLE_OK, NULL, false },
    { "529", 529, CURLE_OK, CURLE_OK, NULL, false },
    { "401", 401, CURLE_OK, CURLE_OK, NULL, false },
    { "400", 400, CURLE_OK, CURLE_OK, NULL, false },
    { "quota", -1, CURLE_OK, CURLE_OK, NULL, false },
    { "reset", 0, CURLE_RECV_ERROR, CURLE_RECV_ERROR, NULL, false },
    { "no_reply", 0, CURLE_OPERATION_TIMEDOUT, CURLE_OPERATION_TIMEDOUT, NULL, false },
    { "slow_first_byte=150", 200, CURLE_OK, CURLE_OK, "billin", true },
    { "slow_first_byte=1500", 0, CURLE_OPERATION_TIMEDOUT, CURLE_OPERATION_TIMEDOUT, NULL, true },
    { "cut_stream", 200, CURLE_PARTIAL_FILE, CURLE_PARTIAL_FILE, NULL, true },
    { "stall_stream", 200, CURLE_OPERATION_TIMEDOUT, CURLE_OPERATION_TIMEDOUT, NULL, true },
    { "slow=1000", -2, CURLE_OPERATION_TIMEDOUT, CURLE_OPERATION_TIMEDOUT, NULL, true },
    { "garbage", 200, CURLE_OK, CURLE_OK, NULL, true },
    { "truncated_json", 200, CURLE_OK, CURLE_OK, NULL, true },
    { "wrong_content_type", 200, CURLE_OK, CURLE_OK, "<h1>", true },
    { "huge_body=50000000", 200, CURLE_WRITE_ERROR, CURLE_WRITE_ERROR, NULL, true },
    { "billed_but_failed", 500, CURLE_OK, CURLE_OK, NULL, true },
    { "error_in_200", 200, CURLE_OK, CURLE_OK, "rror", false },
    { "empty_choices", 200, CURLE_OK, CURLE_OK, NULL, true },
    { "refuse_param=temperature", 400, CURLE_OK, CURLE_OK, "temperature", false },
    { "refuse_param=top_p", 200, CURLE_OK, CURLE_OK, "billin", true },
    { "content_filter", 200, CURLE_OK, CURLE_OK, NULL, true },
};

struct fault_ask { struct sim *s; const struct wire *w; const struct fault_case *want; bool stream; struct got got; };

static void *fault_ask_run(void *arg)
{
    struct fault_ask *f = arg;

    say_within(f->s, f->w, "instant", f->stream, f->want->fault, NULL,
               f->want->plain == CURLE_OPERATION_TIMEDOUT ? 600 : 20000, &f->got);
    return NULL;
}

static void fault_ask_check(const struct fault_ask *f, const json_t *rows)
{
    bool mistral = strcmp(f->w->vendor, "mistral") == 0, bedrock = strcmp(f->w->vendor, "bedrock") == 0,
         failed = test_failing();
    long status = f->want->status == -1                           ? f->w->quota_status
                  : mistral && strcmp(f->want->fault, "400") == 0 ? 422
                  : bedrock && strcmp(f->want->fault, "401") == 0 ? 403
                                                                  : f->want->status;
    AUTO_JSON *j = NULL;
    const json_t *row;
    int seen = 0;
    size_t i;

    if (status != -2)
        CHECK_INT(f->got.status, status);
    CHECK_INT(f->got.code, f->stream ? f->want->stream : f->want->plain);
    if (f->want->in_body)
        CHECK(str_contains(buf_str(&f->got.body), str_c(f->want->in_body)));
    if (f->got.status >= 400)
        CHECK_OK(json_read(buf_str(&f->got.body), &j, NULL));
    json_array_foreach(rows, i, row)
        if (str_is(json_get_str(row, "api"), f->w->vendor) && json_get_bool(row, "stream", false) == f->stream) {
            CHECK_INT(json_get_bool(row, "billed", false), f->want->billed);
            seen++;
        }
    CHECK_INT(seen, 1);
    if (test_failing() && !failed)
        printf("  %s at %s %s: " STR_FMT "\n", f->want->fault, f->w->vendor, f->stream ? "streamed" : "plain",
               STR_ARG(str_sub(buf_str(&f->got.body), 0, 400)));
}

TEST(sim_every_fault_at_every_vendor)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 1, .threads = 2 });
    enum { ASKS = COUNT_OF(wires) * 2 };

    for (size_t n = 0; n < COUNT_OF(fault_cases); n++) {
        struct fault_ask asks[ASKS];
        pthread_t threads[ASKS];
        AUTO_JSON *rows = NULL;

        sim_ledger_reset(s);
        for (size_t i = 0; i < ASKS; i++) {
            asks[i] = (struct fault_ask){ .s = s, .w = &wires[i / 2], .want = &fault_cases[n], .stream = i % 2 };
            pthread_create(&threads[i], NULL, fault_ask_run, &asks[i]);
        }
        for (size_t i = 0; i < ASKS; i++)
            pthread_join(threads[i], NULL);
        rows = ledger(s, true);
        for (size_t i = 0; i < ASKS; i++) {
            fault_ask_check(&asks[i], json_child(rows, "rows"));
            buf_dispose(&asks[i].got.body);
        }
    }
    sim_free(s);
}

TEST(sim_refuses_in_each_vendors_own_shape)
{
    static const struct { const char *vendor, *fault, *shape; } shapes[] = {
        { "openai", "429", "\"type\":\"rate_limit_error\"" }, { "openai", "429", "\"code\":\"rate_limit_exceeded\"" },
        { "openai", "quota", "\"code\":\"insufficient_quota\"" }, { "openai", "401", "\"code\":\"invalid_api_key\"" },
        { "openai", "refuse_param=temperature", "\"code\":\"unsupported_parameter\"" },
        { "openai", "refuse_param=temperature", "\"param\":\"temperature\"" },
        { "anthropic", "429", "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\"" }, { "anthropic", "529", "overloaded_error" },
        { "anthropic", "quota", "billing_error" }, { "anthropic", "500", "\"api_error\"" }, { "anthropic", "500", "\"request_id\":\"req_" },
        { "google", "429=2", "\"status\":\"RESOURCE_EXHAUSTED\"" }, { "google", "429=2", "\"retryDelay\":\"2s\"" },
        { "google", "503", "\"UNAVAILABLE\"" }, { "google", "quota", "QuotaFailure" },
        { "xai", "429", "\"code\":\"resource-exhausted\",\"error\":\"" }, { "deepseek", "quota", "Insufficient Balance" },
        { "mistral", "429", "\"code\":\"1300\"" }, { "mistral", "400", "\"detail\":[{" }, { "mistral", "401", "{\"message\":\"Unauthorized\"" },
        { "openrouter", "502", "\"code\":502" }, { "openrouter", "error_in_200", "\"code\":502" }, { "ollama", "500", "{\"error\":\"" },
    };
    struct sim *s = sim_with((struct sim_options){ .seed = 1 });
    struct got g;

    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        say(s, wire_of(shapes[i].vendor), "instant", false, shapes[i].fault, NULL, &g);
        if (!str_contains(buf_str(&g.body), str_c(shapes[i].shape)))
            test_fail(__FILE__, __LINE__, "%s %s lacks %s: " STR_FMT, shapes[i].vendor, shapes[i].fault,
                      shapes[i].shape, STR_ARG(buf_str(&g.body)));
        buf_dispose(&g.body);
    }
    say(s, wire_of("openai"), "instant", false, "429=2", NULL, &g);
    CHECK_STR(str_c(g.retry), "2");
    buf_dispose(&g.body);
    say(s, wire_of("openai"), "instant!429=250ms", false, NULL, NULL, &g);
    CHECK_STR(str_c(g.retry_ms), "250");
    CHECK_STR(str_c(g.retry), "");
    buf_dispose(&g.body);
    say(s, wire_of("openai"), "instant!429", false, NULL, NULL, &g);
    CHECK_STR(str_c(g.retry), "");
    buf_dispose(&g.body);
    sim_free(s);
}

TEST(sim_faults_strike_first_times_by_chance_or_in_turn)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 5 });
    struct err e = ERR_INIT;
    AUTO_JSON *every = json_pack("{s:[{s:s,s:i,s:[s]}]}", "faults", "kind", "503", "every", 3, "models", "instant");
    AUTO_JSON *none = json_pack("{s:[]}", "faults");
    const struct wire *w = wire_of("openai-compatible");
    int failed = 0;
    struct got g;

    for (int i = 0; i < 4; i++) {                                           /* twice for each request of one text */
        say(s, w, "instant!500@2", false, NULL, "a", &g);
        CHECK_INT(g.status, i < 2 ? 500 : 200);
        buf_dispose(&g.body);
    }
    say(s, w, "instant!500@2", false, NULL, "another trial", &g);
    CHECK_INT(g.status, 500);
    buf_dispose(&g.body);
    for (int i = 0; i < 200; i++) {
        say(s, w, "instant!500~0.3", false, NULL, NULL, &g);
        failed += g.status == 500;
        buf_dispose(&g.body);
    }
    CHECK(failed > 35 && failed < 85);
    for (int i = 0; i < 4; i++) {
        say(s, w, "instant!flap", false, NULL, NULL, &g);
        CHECK_INT(g.status, i % 2 ? 200 : 503);
        buf_dispose(&g.body);
    }
    CHECK_OK(sim_control(s, every, &e));
    for (int i = 1; i <= 6; i++) {
        say(s, w, "instant", false, NULL, NULL, &g);
        CHECK_INT(g.status, i % 3 ? 200 : 503);
        buf_dispose(&g.body);
    }
    say(s, w, "echo", false, NULL, NULL, &g);
    CHECK_INT(g.status, 200);
    buf_dispose(&g.body);
    CHECK_OK(sim_control(s, none, &e));
    for (int i = 0; i < 4; i++) {
        say(s, w, "instant", false, NULL, NULL, &g);
        CHECK_INT(g.status, 200);
        buf_dispose(&g.body);
    }
    sim_free(s);
}

TEST(sim_says_what_is_wrong_with_faults_and_control)
{
    static const struct { const char *json, *says; } bad[] = {
        { "{\"fault\":[]}", "control has no \"fault\" (did you mean \"faults\"?)" },
        { "{\"faults\":[{\"kind\":\"rest\"}]}", "fault 1: there is no fault \"rest\" (did you mean \"reset\"?)" },
        { "{\"faults\":[{\"kind\":\"429\",\"rat\":1}]}", "fault 1: a fault has no \"rat\" (did you mean \"rate\"?)" },
        { "{\"faults\":[{\"kind\":\"429\",\"rate\":2}]}", "rate is between 0 and 1" },
        { "{\"faults\":[{\"kind\":\"slow=0\"}]}", "fault \"slow\" takes factor" },
        { "{\"faults\":[{\"kind\":\"reset=1\"}]}", "fault \"reset\" takes no value" },
        { "{\"limits\":{\"requests_per_minute\":-1}}", "\"limits\" is an object" },
        { "{\"latency_scale\":-1}", "latency_scale is between 0" },
        { "[]", "control is an object" },
    };
    struct sim *s = sim_with((struct sim_options){ .seed = 1 }), *refused = NULL;
    struct err e = ERR_INIT;
    struct got g;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        http_say(s, "PUT", "/control", str_c(bad[i].json), NULL, 2000, &g);
        CHECK_INT(g.status, 400);
        AUTO_JSON *j = NULL;
        CHECK_OK(json_read(buf_str(&g.body), &j, NULL));
        if (!str_contains(json_get_str(json_child(j, "error"), "message"), str_c(bad[i].says)))
            test_fail(__FILE__, __LINE__, "%s gave " STR_FMT, bad[i].json, STR_ARG(buf_str(&g.body)));
        buf_dispose(&g.body);
    }
    CHECK_INT(sim_new(&(struct sim_options){ .faults = "429,sloww" }, &refused, &e), ERR_BAD_INPUT);
    CHECK(str_contains(str_c(e.text), S("did you mean \"slow\"?")));
    sim_free(s);
}

TEST(sim_bills_what_a_vendor_would_bill)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 1 });
    const struct wire *w = wire_of("openai");
    AUTO_JSON *billed = NULL;
    AUTO_JSON *all = NULL;
    AUTO_JSON *answer = NULL;
    const json_t *row;
    struct got g;

    say(s, w, "swift", false, NULL, "run/7", &g);
    CHECK_OK(json_read(buf_str(&g.body), &answer, NULL));
    buf_dispose(&g.body);
    say(s, w, "swift!billed_but_failed", false, NULL, "run/8", &g);
    buf_dispose(&g.body);
    say(s, w, "swift!429", false, NULL, "run/9", &g);
    buf_dispose(&g.body);
    say(s, w, "unpriced", false, NULL, NULL, &g);
    buf_dispose(&g.body);
    billed = ledger(s, false);
    all = ledger(s, true);
    CHECK_INT(json_array_size(json_child(billed, "rows")), 3);
    CHECK_INT(json_array_size(json_child(all, "rows")), 4);
    row = JSON_AT(billed, "rows", "0");
    CHECK_STR(json_get_str(row, "trial"), "run/7");
    CHECK_STR(json_get_str(row, "case"), "1");
    CHECK_STR(json_get_str(row, "model"), "swift");
    CHECK_INT(json_get_i64(row, "input_tokens", -1), json_get_i64(json_child(answer, "usage"), "prompt_tokens", -2));
    CHECK_INT(json_get_i64(row, "cost_nanousd", -1),
              json_get_i64(row, "input_tokens", 0) * 150 + json_get_i64(row, "output_tokens", 0) * 600);
    CHECK_STR(json_get_str(JSON_AT(billed, "rows", "1"), "fault"), "billed_but_failed");
    CHECK_INT(json_get_i64(JSON_AT(billed, "rows", "1"), "status", 0), 500);
    CHECK(json_is_null(json_child(JSON_AT(billed, "rows", "2"), "cost_nanousd")));
    CHECK_INT(json_get_i64(json_child(billed, "totals"), "calls", 0), 4);
    CHECK_INT(json_get_i64(json_child(billed, "totals"), "billed", 0), 3);
    CHECK_INT(json_get_i64(json_child(json_child(billed, "totals"), "statuses"), "429", 0), 1);

    http_say(s, "GET", "/ledger?since=1&limit=1&all=1", STR_NONE, NULL, 2000, &g);
    AUTO_JSON *page = NULL;
    CHECK_OK(json_read(buf_str(&g.body), &page, NULL));
    buf_dispose(&g.body);
    CHECK_INT(json_array_size(json_child(page, "rows")), 1);
    CHECK_INT(json_get_i64(page, "next", 0), 2);
    http_say(s, "DELETE", "/ledger", STR_NONE, NULL, 2000, &g);
    buf_dispose(&g.body);
    http_say(s, "GET", "/ledger?summary=1", STR_NONE, NULL, 2000, &g);
    CHECK(str_contains(buf_str(&g.body), S("\"calls\":0")));
    buf_dispose(&g.body);
    sim_free(s);
}

TEST(sim_keeps_hidden_limits_and_told_ones)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 1 });
    struct err e = ERR_INIT;
    AUTO_JSON *told = json_pack("{s:{s:i,s:f}}", "limits", "requests_per_minute", 60, "burst_seconds", 3.0);
    AUTO_JSON *hidden = json_pack("{s:{s:i,s:f,s:b}}", "limits", "tokens_per_minute", 60, "burst_seconds", 20.0,
                                  "headers", 0);
    struct got g;

    CHECK_OK(sim_control(s, told, &e));
    for (int i = 0; i < 4; i++) {
        say(s, wire_of("openai"), "instant", false, NULL, NULL, &g);
        CHECK_INT(g.status, i < 3 ? 200 : 429);
        CHECK(g.left[0]);
        CHECK_INT(g.retry[0] != '\0', i == 3);
        buf_dispose(&g.body);
    }
    CHECK_OK(sim_control(s, hidden, &e));
    for (int i = 0; i < 3; i++) {
        say(s, wire_of("openai-compatible"), "instant", false, NULL, NULL, &g);
        CHECK_INT(g.status, i < 1 ? 200 : 429);
        CHECK_STR(str_c(g.left), "");
        CHECK_STR(str_c(g.retry), "");
        buf_dispose(&g.body);
    }
    sim_free(s);
}

static json_t *ask(struct sim *s, const char *path, const char *body)
{
    static const char *const key[] = { "Authorization: Bearer k", "x-api-key: k", "x-goog-api-key: k", NULL };
    json_t *j = NULL;
    struct got g;

    http_say(s, "POST", path, str_c(body), key, 3000, &g);
    if (json_read(buf_str(&g.body), &j, NULL) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s: no JSON, status %ld: " STR_FMT, path, g.status, STR_ARG(buf_str(&g.body)));
    buf_dispose(&g.body);
    return j;
}

TEST(sim_honours_limits_of_length_stops_and_json_mode)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 1 });
    struct err e = ERR_INIT;
    AUTO_JSON *word = json_string("one two three four five six");
    json_t *j;

    CHECK_OK(sim_book_add_text(s, S("count up please"), word, &e));
    j = ask(
        s, "/v1/chat/completions",
        "{\"model\":\"instant\",\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":\"count up please\"}]}");
    CHECK_STR(text_of(j), "one two ");
    CHECK_STR(json_to_str(JSON_AT(j, "choices", "0", "finish_reason")), "length");
    json_decref(j);
    j = ask(s, "/v1/chat/completions",
            "{\"model\":\"instant\",\"stop\":[\" four\"],\"messages\":[{\"role\":\"user\",\"content\":\"count up "
            "please\"}]}");
    CHECK_STR(text_of(j), "one two three");
    json_decref(j);
    j = ask(s, "/v1/messages",
            "{\"model\":\"instant\",\"max_tokens\":99,\"stop_sequences\":[\" "
            "two\"],\"messages\":[{\"role\":\"user\",\"content\":\"count up please\"}]}");
    CHECK_STR(text_of(j), "one");
    CHECK_STR(json_get_str(j, "stop_reason"), "stop_sequence");
    CHECK_STR(json_get_str(j, "stop_sequence"), " two");
    json_decref(j);
    j = ask(s, "/v1/chat/completions",
            "{\"model\":\"instant\",\"response_format\":{\"type\":\"json_object\"},\"messages\":[{\"role\":\"user\","
            "\"content\":\"count up please\"}]}");
    CHECK_STR(text_of(j), "{\"answer\":\"one two three four five six\"}");
    json_decref(j);
    j = ask(s, "/v1/chat/completions",
            "{\"model\":\"instant\",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":{\"type\":\"object\",\"properties\":"
            "{\"n\":{\"type\":\"integer\",\"minimum\":3},\"k\":{\"enum\":[\"a\",\"b\"]}}}}},\"messages\":[{\"role\":\"user\",\"content\":\"something else\"}]}");
    CHECK_STR(text_of(j), "{\"n\":3,\"k\":\"a\"}");
    json_decref(j);
    j = ask(s, "/v1/chat/completions",
            "{\"model\":\"echo\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
            "\"content\":\"b\"},{\"role\":\"user\",\"content\":\"say \\u00e9\"}]}");
    CHECK_STR(text_of(j), "say \xc3\xa9");
    json_decref(j);
    sim_free(s);
}

TEST(sim_reports_reasoning_and_cached_tokens_the_vendors_way)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 1 });
    const char *chat = "{\"model\":\"deep\",\"messages\":[{\"role\":\"system\",\"content\":\"A long system prompt, the "
                       "same for every ticket, that a vendor would keep in its cache.\"},"
                       "{\"role\":\"user\",\"content\":\"" TICKET "\"}]}";
    json_t *j = ask(s, "/openai/v1/chat/completions", chat), *u = json_child(j, "usage");
    int64_t reasoning = json_get_i64(json_child(u, "completion_tokens_details"), "reasoning_tokens", 0);
    int64_t cached = json_get_i64(json_child(u, "prompt_tokens_details"), "cached_tokens", 0),
            input = json_get_i64(u, "prompt_tokens", 0);

    CHECK(reasoning > 20 && cached == 16 && json_get_i64(u, "completion_tokens", 0) > reasoning);
    json_decref(j);
    j = ask(s, "/xai/v1/chat/completions", chat);
    u = json_child(j, "usage");
    CHECK(json_get_i64(u, "completion_tokens", 0) < reasoning);             /* beside, not inside */
    CHECK_INT(json_get_i64(u, "total_tokens", 0), json_get_i64(u, "prompt_tokens", 0) + json_get_i64(u, "completion_tokens", 0) + reasoning);
    json_decref(j);
    j = ask(s, "/deepseek/v1/chat/completions", chat);
    CHECK_INT(json_get_i64(json_child(j, "usage"), "prompt_cache_hit_tokens", 0), cached);
    CHECK(json_to_str(JSON_AT(j, "choices", "0", "message", "reasoning_content")).len > 0);
    json_decref(j);
    j = ask(s, "/v1/messages", "{\"model\":\"deep\",\"max_tokens\":500,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024},\"system\":\"A long system prompt, the same for every ticket, that a vendor would keep in its cache.\","
                               "\"messages\":[{\"role\":\"user\",\"content\":\"" TICKET "\"}]}");
    u = json_child(j, "usage");
    CHECK_INT(json_get_i64(u, "input_tokens", 0) + json_get_i64(u, "cache_read_input_tokens", 0), input);
    CHECK_STR(json_to_str(JSON_AT(j, "content", "0", "type")), "thinking");
    CHECK_STR(json_to_str(JSON_AT(j, "content", "1", "type")), "text");
    json_decref(j);
    j = ask(s, "/v1beta/models/deep:generateContent", "{\"contents\":[{\"parts\":[{\"text\":\"" TICKET "\"}]}]}");
    u = json_child(j, "usageMetadata");
    CHECK_INT(json_get_i64(u, "totalTokenCount", 0), json_get_i64(u, "promptTokenCount", 0) +
                                                         json_get_i64(u, "candidatesTokenCount", 0) +
                                                         json_get_i64(u, "thoughtsTokenCount", 0));
    json_decref(j);
    j = ask(s, "/openrouter/api/v1/chat/completions", chat);
    CHECK(json_get_double(json_child(j, "usage"), "cost", 0) > 0);
    CHECK_STR(json_get_str(j, "provider"), "Simulated");
    json_decref(j);
    sim_free(s);
}

TEST(sim_finds_no_unknown_model_and_refuses_what_reasoning_models_refuse)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 1 });
    struct got g;
    json_t *j;

    for (size_t i = 0; i < COUNT_OF(wires); i++) {
        say(s, &wires[i], "no-such-model", false, NULL, NULL, &g);
        CHECK_INT(g.status, 404);
        buf_dispose(&g.body);
        say(s, &wires[i], "gpt-4o-mini", false, NULL, NULL, &g);
        CHECK_INT(g.status, 200);
        buf_dispose(&g.body);
    }
    j = ask(s, "/v1/chat/completions", "{\"model\":\"carful\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    CHECK(str_contains(json_get_str(json_child(j, "error"), "message"), S("did you mean \"careful\"?")));
    json_decref(j);
    j = ask(s, "/openai/v1/chat/completions",
            "{\"model\":\"o3-mini\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    CHECK_STR(json_get_str(json_child(j, "error"), "code"), "unsupported_parameter");
    CHECK_STR(json_get_str(json_child(j, "error"), "param"), "max_tokens");
    json_decref(j);
    j = ask(s, "/openai/v1/chat/completions",
            "{\"model\":\"o3-mini\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    CHECK_STR(json_get_str(json_child(j, "error"), "code"), "unsupported_value");
    json_decref(j);
    j = ask(
        s, "/openai/v1/chat/completions",
        "{\"model\":\"o3-mini\",\"max_completion_tokens\":9000,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    CHECK(json_child(j, "choices") != NULL);
    json_decref(j);
    sim_free(s);
}

TEST(sim_names_what_a_request_lacks)
{
    static const struct { const char *path, *body; int status; const char *says; } bad[] = {
        { "/v1/chat/completions", "{", 400, "could not parse the JSON body" },
        { "/v1/chat/completions", "{\"model\":\"echo\"}", 400, "messages" },
        { "/v1/chat/completions", "{\"model\":\"echo\",\"messages\":[{\"role\":\"robot\",\"content\":\"x\"}]}", 400, "robot" },
        { "/v1/chat/completions", "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", 400, "model" },
        { "/v1/chat/completions", "{\"model\":\"echo\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}]}", 400, "image" },
        { "/v1/messages", "{\"model\":\"echo\",\"max_tokens\":5,\"messages\":[]}", 400, "at least one message" },
        { "/v1/messages", "{\"model\":\"echo\",\"max_tokens\":5,\"temperature\":2,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", 400, "temperature" },
        { "/v1beta/models/echo:generateContent", "{}", 400, "contents" },
        { "/api/chat", "{\"model\":\"echo\",\"messages\":[{\"role\":\"robot\",\"content\":\"x\"}]}", 400, "robot" },
        { "/v1/chat/completion", "{}", 404, "has no path" },
        { "/v1/chat/completions", "{\"model\":\"echo\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":7}", 400, "expected an array" },
        { "/v1/chat/completions", "{\"model\":\"echo\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\"}]}", 400, "tools[0].name" },
        { "/v1/chat/completions", "{\"model\":\"echo\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tool_choice\":\"required\"}", 400, "only allowed when" },
        { "/v1/messages", "{\"model\":\"echo\",\"max_tokens\":5,\"messages\":[{\"role\":\"assistant\",\"content\":\"x\"}]}", 400, "first message" },
        { "/mistral/v1/chat/completions", "{\"model\":\"echo\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"system\",\"content\":\"y\"}]}", 422, "after role 'user'" },
        { "/v1beta/models/echo:generateContent", "{\"contents\":[{\"parts\":[{\"text\":\"x\"}]}],\"tool_config\":{\"function_calling_config\":"
          "{\"mode\":\"AUTO\",\"allowed_function_names\":[\"a\"]}}}", 400, "mode is ANY" },
    };
    static const char *const key[] = { "x-api-key: k", "x-goog-api-key: k", "authorization: Bearer k", NULL };
    AUTO_BUF struct buf many = BUF_INIT(1 << 20);
    struct sim *s = sim_with((struct sim_options){ .seed = 1 });
    struct got g;

    buf_puts(&many, "{\"model\":\"echo\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[");
    for (int i = 0; i < 129; i++)
        buf_printf(&many, "%s{\"type\":\"function\",\"function\":{\"name\":\"f%d\"}}", i ? "," : "", i);
    buf_puts(&many, "]}");
    http_say(s, "POST", "/v1/chat/completions", buf_str(&many), key, 2000, &g);
    CHECK_INT(g.status, 400);
    CHECK(str_contains(buf_str(&g.body), S("maximum length 128")));
    buf_dispose(&g.body);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        http_say(s, "POST", bad[i].path, str_c(bad[i].body), key, 2000, &g);
        CHECK_INT(g.status, bad[i].status);
        if (!str_contains(buf_str(&g.body), str_c(bad[i].says)))
            test_fail(__FILE__, __LINE__, "%s %s gave " STR_FMT, bad[i].path, bad[i].body, STR_ARG(buf_str(&g.body)));
        buf_dispose(&g.body);
    }
    http_say(s, "GET", "/v1/chat/completions", STR_NONE, key, 2000, &g);
    CHECK_INT(g.status, 405);
    buf_dispose(&g.body);
    sim_free(s);
}

TEST(sim_lists_models_for_every_client)
{
    static const struct { const char *path, *has; } lists[] = {
        { "/v1/models", "\"object\":\"list\"" }, { "/v1/models/careful", "\"id\":\"careful\"" }, { "/openai/v1/models", "\"id\":\"deep\"" },
        { "/anthropic/v1/models", "\"type\":\"model\"" }, { "/google/v1beta/models", "models/careful" }, { "/v1beta/models/careful", "models/careful" },
        { "/api/tags", "\"name\":\"careful\"" }, { "/ollama/api/version", "\"version\"" }, { "/openrouter/api/v1/models", "\"id\":\"swift\"" },
        { "/mistral/v1/models", "capabilities" },
    };
    static const char *const key[] = { "Authorization: Bearer k", "x-api-key: k", "x-goog-api-key: k", NULL };
    struct sim *s = sim_with((struct sim_options){ .seed = 1 });
    struct got g;

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        http_say(s, "GET", lists[i].path, STR_NONE, key, 2000, &g);
        CHECK_INT(g.status, 200);
        if (!str_contains(buf_str(&g.body), str_c(lists[i].has)))
            test_fail(__FILE__, __LINE__, "%s gave " STR_FMT, lists[i].path, STR_ARG(buf_str(&g.body)));
        buf_dispose(&g.body);
    }
    sim_free(s);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

TEST(sim_takes_the_time_its_model_takes)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 1, .latency_scale = 0.2 });
    struct got plain, streamed;

    say(s, wire_of("openai"), "careful", false, NULL, NULL, &plain);
    say(s, wire_of("openai"), "careful", true, NULL, NULL, &streamed);
    CHECK_INT(plain.status, 200);
    CHECK(plain.ms >= 40);                                  /* 800 ms, scaled, lognormal; no ceiling: machines are busy */
    CHECK(streamed.ms >= 40);
    buf_dispose(&plain.body);
    buf_dispose(&streamed.body);
    sim_free(s);
}

static void *say_slow(void *arg)
{
    struct got g;

    say_within(arg, wire_of("openai"), "careful", false, "no_reply", NULL, 200, &g);
    buf_dispose(&g.body);
    say_within(arg, wire_of("openai"), "careful", true, "stall_stream", NULL, 200, &g);
    buf_dispose(&g.body);
    say_within(arg, wire_of("openai"), "careful", false, NULL, NULL, 20000, &g);       /* the simulator stops meanwhile */
    CHECK(g.code != CURLE_OK && g.code != CURLE_OPERATION_TIMEDOUT);
    buf_dispose(&g.body);
    return NULL;
}

TEST(sim_stops_while_calls_are_waiting)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 1, .latency_scale = 100 });
    pthread_t t[4];

    for (size_t i = 0; i < COUNT_OF(t); i++)
        pthread_create(&t[i], NULL, say_slow, s);
    for (int64_t calls = 0; calls < 3 * (int64_t)COUNT_OF(t); clock_sleep_ms(10)) {
        AUTO_JSON *totals = sim_ledger_summary(s);

        calls = json_get_i64(totals, "calls", 0);
    }
    sim_free(s);
    for (size_t i = 0; i < COUNT_OF(t); i++)
        pthread_join(t[i], NULL);
}

/* --- the book ----------------------------------------------------------------------------------------------------- */

TEST(sim_book_finds_each_of_many_cases_that_begin_alike)
{
    struct sim_book *b = sim_book_new();
    struct err e = ERR_INIT;
    AUTO_ARENA *a = arena_new_sized(0);
    int wrong = 0;
    int64_t began;

    for (int i = 0; i < 20000; i++) {
        struct str text = arena_printf(a,
                                       "A customer wrote to us through the web form and this is what the message said: "
                                       "ticket %d, please look into it soon.",
                                       i * 7919);
        AUTO_JSON *vars = json_pack("{s:s%,s:s}", "text", text.at, text.len, "lang", i % 2 ? "en" : "de");
        AUTO_JSON *expected = json_integer(i);

        CHECK_OK(sim_book_put(b, STR_NONE, vars, expected, &e));
    }
    CHECK_INT(sim_book_count(b), 20000);
    began = clock_mono_ms();
    for (int i = 0; i < 20000; i += 7) {
        struct str prompt = arena_printf(a,
                                         "Answer briefly.\n\nA customer wrote to us through the web form and this is "
                                         "what the message said: ticket %d, please look into it soon.\n\nJSON only.",
                                         i * 7919);
        uint32_t which = sim_book_find(b, prompt);

        wrong += which != (uint32_t)i;
    }
    CHECK_INT(wrong, 0);
    CHECK(clock_mono_ms() - began < 3000);
    CHECK_INT(sim_book_find(b, S("nothing that anybody asked")), SIM_NO_CASE);
    sim_book_free(b);
}

TEST(sim_book_tells_twins_apart_and_takes_the_longest)
{
    static const struct { const char *vars; int expected; } cases[] = {
        { "{\"doc\":\"The very same document, word by word, for both of the questions.\",\"q\":\"Who?\"}", 0 },
        { "{\"doc\":\"The very same document, word by word, for both of the questions.\",\"q\":\"When?\"}", 1 },
        { "{\"doc\":\"short\"}", 2 }, { "{\"doc\":\"short story\"}", 3 }, { "{\"q\":\"7+5\"}", 4 }, { "{\"a\":{\"b\":[\"deep inside the lists\"]}}", 5 },
        { "{\"x\":\"twin\",\"y\":\"two\"}", 6 }, { "{\"x\":\"twin\",\"y\":\"two\"}", 7 }, { "{\"n\":12}", 8 },
    };
    static const struct { const char *prompt; uint32_t which; } asks[] = {
        { "Read: The very same document, word by word, for both of the questions. Who? Say.", 0 },
        { "Read: The very same document, word by word, for both of the questions. When? Say.", 1 },
        { "a short tale", 2 }, { "a short story", 3 }, { "what is 7+5", 4 }, { "deep inside the lists", 5 }, { "twin two", 6 }, { "", SIM_NO_CASE },
        { "7+", SIM_NO_CASE },
    };
    struct sim_book *b = sim_book_new();
    struct err e = ERR_INIT;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_JSON *vars = json_loads(cases[i].vars, 0, NULL);
        AUTO_JSON *expected = json_integer(cases[i].expected);

        CHECK_OK(sim_book_put(b, STR_NONE, vars, expected, &e));
    }
    CHECK_INT(sim_book_count(b), 8);                        /* the last has no string to be found by */
    for (size_t i = 0; i < COUNT_OF(asks); i++)
        CHECK_INT(sim_book_find(b, str_c(asks[i].prompt)), asks[i].which);
    sim_book_free(b);
}

TEST(sim_book_finds_a_case_whose_only_own_word_is_its_name)
{
    static const char *const languages[] = { "German", "French" };
    struct sim_book *b = sim_book_new();
    struct err e = ERR_INIT;

    for (int i = 0; i < 4; i++) {
        char id[8];
        int n = snprintf(id, sizeof id, "s%02d", i);
        AUTO_JSON *expected = json_integer(i);
        AUTO_JSON *vars = json_pack("{s:s, s:s, s:s}", "id", id, "sign", i < 2 ? "Mind the step" : "Wet paint",
                                    "language", languages[i % 2]);

        CHECK_OK(sim_book_put(b, str_n(id, (size_t)n), vars, expected, &e));
    }
    CHECK_INT(sim_book_find(b, S("Into German: Mind the step")), 0);
    CHECK_INT(sim_book_find(b, S("Into French: Mind the step")), 1);
    CHECK_INT(sim_book_find(b, S("Into French: Wet paint")), 3);
    CHECK_INT(sim_book_find(b, S("What is s02?")), 2);
    sim_book_free(b);
}

TEST(sim_book_reads_lines_and_says_where_one_is_wrong)
{
    struct sim_book *b = sim_book_new();
    struct err e = ERR_INIT;
    AUTO_ARENA *a = arena_new_sized(0);
    struct str path = arena_printf(a, "%s/book.jsonl", test_folder());

    CHECK_OK(
        file_write_atomic(path.at,
                          S("{\"id\":\"a\",\"input\":\"first question\",\"expected\":1}\n\n{\"vars\":{\"t\":\"second "
                            "question\"},\"expected_output\":\"x\"}\n"),
                          0600, &e));
    CHECK_OK(sim_book_read(b, path.at, &e));
    CHECK_INT(sim_book_count(b), 2);
    CHECK_STR(sim_book_case_id(b, sim_book_find(b, S("the first question"))), "a");
    CHECK_STR(sim_book_expected(b, sim_book_find(b, S("the second question"))), "\"x\"");
    CHECK_OK(file_write_atomic(path.at, S("{\"input\":\"q\",\"expected\":1}\n{\"input\":\"q\"}\n"), 0600, &e));
    CHECK_INT(sim_book_read(b, path.at, &e), ERR_BAD_INPUT);
    CHECK(str_contains(str_c(e.text), S("book.jsonl:2: this case has no \"expected\"")));
    sim_book_free(b);
}

/* --- personalities ------------------------------------------------------------------------------------------------ */

TEST(sim_models_are_as_good_as_they_say_and_repeat_themselves)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 3 });
    static const char *const names[] = { "careful", "thrifty", "erratic", "deep", "instant" };
    static const char *const queues[] = { "billing", "technical", "sales", "legal" };
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;

    for (int i = 0; i < 500; i++) {
        AUTO_JSON *expected = json_pack("{s:s,s:i}", "queue", queues[i % 4], "n", i % 5);

        CHECK_OK(sim_book_add_text(s, arena_printf(a, "case number %d of the personality test", i), expected, &e));
    }
    for (size_t m = 0; m < COUNT_OF(names); m++) {
        double skill = sim_model_find(str_c(names[m]))->skill, right = 0;

        for (int i = 0; i < 500; i++) {
            struct str body = arena_printf(
                a,
                "{\"model\":\"%s\",\"temperature\":0,\"response_format\":{\"type\":\"json_object\"},\"messages\":[{"
                "\"role\":\"user\",\"content\":\"Look: case number %d of the personality test\"}]}",
                names[m], i);
            struct str want = arena_printf(a, "{\"queue\":\"%s\",\"n\":%d}", queues[i % 4], i % 5);
            json_t *j = ask(s, "/v1/chat/completions", body.at), *again;

            right += str_eq(text_of(j), want);
            if (i % 50 == 0) {
                again = ask(s, "/v1/chat/completions", body.at);
                CHECK(str_eq(text_of(j), text_of(again)));
                json_decref(again);
            }
            json_decref(j);
        }
        if (fabs(right / 500 - skill) > 0.06)
            test_fail(__FILE__, __LINE__, "%s is right in %.3f, says %.3f", names[m], right / 500, skill);
    }
    sim_free(s);
}

TEST(sim_answers_vary_with_seed_or_trial_but_not_at_temperature_zero)
{
    struct sim *s = sim_with((struct sim_options){ .seed = 3 });
    AUTO_ARENA *a = arena_new_sized(0);
    int different = 0, cold = 0;
    json_t
        *first = ask(
            s, "/v1/chat/completions",
            "{\"model\":\"erratic\",\"temperature\":0,\"seed\":0,\"messages\":[{\"role\":\"user\",\"content\":\"" TICKET
            "\"}]}"),
        *base = NULL;

    for (int i = 0; i < 40; i++) {
        json_t *warm = ask(s, "/v1/chat/completions",
                           arena_printf(a,
                                        "{\"model\":\"erratic\",\"temperature\":0.8,\"seed\":%d,\"messages\":[{"
                                        "\"role\":\"user\",\"content\":\"" TICKET "\"}]}",
                                        i)
                               .at);
        json_t *zero = ask(s, "/v1/chat/completions",
                           arena_printf(a,
                                        "{\"model\":\"erratic\",\"temperature\":0,\"seed\":%d,\"messages\":[{\"role\":"
                                        "\"user\",\"content\":\"" TICKET "\"}]}",
                                        i)
                               .at);

        if (!base)
            base = json_incref(warm);
        different += !str_eq(text_of(warm), text_of(base));
        cold += !str_eq(text_of(zero), text_of(first));
        json_decref(warm);
        json_decref(zero);
    }
    CHECK(different > 3);
    CHECK_INT(cold, 0);
    json_decref(base);
    json_decref(first);
    sim_free(s);
}

TEST(vectors_of_texts_are_near_when_they_share_words)
{
    double one[SIM_EMBED_SIZE], same[SIM_EMBED_SIZE], near[SIM_EMBED_SIZE], far[SIM_EMBED_SIZE], none[SIM_EMBED_SIZE];
    double length = 0, to_same = 0, to_near = 0, to_far = 0;

    sim_embed_vector(S("The cat sat on the mat."), one);
    sim_embed_vector(S("the CAT, sat; on the mat"), same);
    sim_embed_vector(S("the cat lay on the mat"), near);
    sim_embed_vector(S("prices rose again in May"), far);
    sim_embed_vector(S(" ... "), none);
    for (size_t i = 0; i < SIM_EMBED_SIZE; i++) {
        length += none[i] * none[i];
        to_same += one[i] * same[i];
        to_near += one[i] * near[i];
        to_far += one[i] * far[i];
    }
    CHECK_NEAR(length, 1, 1e-12);
    CHECK_NEAR(to_same, 1, 1e-12);
    CHECK(to_near > 0.6 && to_near < 0.99 && to_far < 0.5);
}
