/* Tools asked for by the simulator and read by our providers: every wire format, whole and as a stream. */
#include "base/test.h"
#include "llm/llm.h"
#include "sim/sim.h"

#include <pthread.h>
#include <stdio.h>

#define WEATHER "What is the weather in Oslo, and the time in Lima, dear model?"
#define BOTH "[[\"weather\",{\"city\":\"Oslo\",\"days\":3,\"note\":\"\\u00e5 \\\"quoted\\\" {brace}\"}],[\"now\",{}]]"

static const struct seat { const char *provider, *path; } seats[] = {
    { "anthropic", "/anthropic" }, { "azure-openai", "/azure" }, { "bedrock", "/bedrock" }, { "cohere", "/cohere" },
    { "deepseek", "/deepseek" }, { "fireworks", "/fireworks/v1" }, { "google", "/google" }, { "groq", "/groq/v1" },
    { "mistral", "/mistral/v1" }, { "ollama", "/ollama" }, { "openai", "/openai/v1" }, { "openai-compatible", "/v1" },
    { "openai-responses", "/openai/v1" }, { "openrouter", "/openrouter/api/v1" }, { "sim", "/v1" },
    { "together", "/together/v1" }, { "xai", "/xai/v1" },
};

struct hall { struct sim *sim; struct llm *llm; json_t *tools; };

static void hall_open(struct hall *h)
{
    static const char *const keys[] = {
        "ANTHROPIC", "AZURE_OPENAI", "COHERE", "DEEPSEEK", "FIREWORKS", "GOOGLE", "GEMINI", "GROQ", "MISTRAL", "OPENAI",
        "OPENAI_COMPATIBLE", "OPENROUTER", "TOGETHER", "XAI",
    };
    AUTO_JSON *vars = json_pack("{s:s}", "input", WEATHER), *expected = NULL,
              *words = json_pack("{s:s}", "input", "Only say hello to me.");
    AUTO_JSON *hello = json_string("hello");
    struct err e = ERR_INIT;
    char name[64], url[128];

    *h = (struct hall){ .sim = NULL };
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        snprintf(name, sizeof name, "%s_API_KEY", keys[i]);
        setenv(name, "key-of-a-test", 1);
    }
    setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret-of-a-test", 1);
    setenv("AWS_REGION", "eu-west-1", 1);
    CHECK_OK(json_read(S("{\"tool_calls\":[{\"name\":\"weather\",\"arguments\":{\"city\":\"Oslo\",\"days\":3,"
                         "\"note\":\"\\u00e5 \\\"quoted\\\" {brace}\"}},{\"name\":\"now\",\"arguments\":{}}],"
                         "\"content\":\"It rains in Oslo.\"}"), &expected, &e));
    CHECK_OK(json_read(S("[{\"name\":\"weather\",\"description\":\"Looks at the sky.\",\"parameters\":{\"type\":\"object\","
                         "\"properties\":{\"city\":{\"type\":\"string\"},\"days\":{\"type\":\"integer\",\"minimum\":1},\"note\":{\"type\":"
                         "\"string\"}},\"required\":[\"city\"]}},{\"name\":\"now\"}]"), &h->tools, &e));
    CHECK_OK(sim_new(&(struct sim_options){ .seed = 3, .aws_secret = "secret-of-a-test" }, &h->sim, &e));
    CHECK_OK(sim_book_add(h->sim, &(struct dataset_case){ .id = S("w"), .vars = vars, .expected = expected }, &e));
    CHECK_OK(sim_book_add(h->sim, &(struct dataset_case){ .id = S("h"), .vars = words, .expected = hello }, &e));
    CHECK_OK(llm_new(&(struct llm_options){ .attempts_max = 1 }, &h->llm, &e));
    for (size_t i = 0; i < COUNT_OF(seats); i++) {
        snprintf(url, sizeof url, "%s%s", sim_url(h->sim), seats[i].path);
        CHECK_OK(llm_set_base_url(h->llm, str_c(seats[i].provider), str_c(url), &e));
    }
}

static void hall_close(struct hall *h)
{
    llm_free(h->llm);
    sim_free(h->sim);
    json_decref(h->tools);
}

struct bell { pthread_mutex_t lock; pthread_cond_t rung; bool done; };

static void bell_ring(struct call *c)
{
    struct bell *b = c->owner;

    pthread_mutex_lock(&b->lock);
    b->done = true;
    pthread_cond_signal(&b->rung);
    pthread_mutex_unlock(&b->lock);
}

/* Two answers never have the same ids. */
static json_t *uses_without_ids(const json_t *value)
{
    json_t *copy = json_deep_copy(value), *child;
    const char *key;
    size_t i;

    json_object_del(copy, "id");
    json_object_del(copy, "call_id");
    json_object_del(copy, "toolUseId");
    json_object_foreach(copy, key, child)
        json_object_set_new(copy, key, uses_without_ids(child));
    json_array_foreach(copy, i, child)
        json_array_set_new(copy, i, uses_without_ids(child));
    return copy;
}

/* Equal but for ids, and each has its own. */
static bool uses_equal(const json_t *one, const json_t *other)
{
    AUTO_JSON *x = uses_without_ids(one), *y = uses_without_ids(other);

    return json_equal(x, y) && (!one || json_equal((json_t *)one, x) || !json_equal((json_t *)one, (json_t *)other));
}

/* Asks and waits; what came is in `c`. */
static void hall_wait(struct hall *h, struct call *c, struct bell *b)
{
    struct err e = ERR_INIT;
    enum err_code code = llm_submit(h->llm, c, &e);     /* once it has taken the call, the call is the engine's */

    if (code != ERR_OK) {
        c->code = code;
        c->err = e;
        return;
    }
    pthread_mutex_lock(&b->lock);
    while (!b->done)
        pthread_cond_wait(&b->rung, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

struct wish { const char *model, *text, *choice; bool stream; int64_t max_tokens; };

static void hall_ask(struct hall *h, const char *provider, const struct wish *w, struct arena *a, struct call *c)
{
    struct bell b = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
    struct model *m = arena_new(a, struct model);
    struct message *said = arena_new(a, struct message);
    struct err e = ERR_INIT;
    AUTO_JSON *params = json_pack("{s:b}", "stream", w->stream);

    *m = (struct model){ .provider = str_c(provider), .id = str_c(w->model), .name = arena_printf(a, "%s:%s", provider, w->model) };
    *said = message_text(MESSAGE_USER, str_c(w->text), a);
    *c = (struct call){ .arena = a, .done = bell_ring, .owner = &b,
                        .request = { .model = m, .messages = said, .message_count = 1, .tools = h->tools,
                                     .tool_choice = str_c(w->choice) } };
    if (w->max_tokens)
        json_object_set_new(params, "max_tokens", json_integer(w->max_tokens));
    CHECK_OK(params_read(params, a, &c->request.params, &e));
    hall_wait(h, c, &b);
}

/* [[name, arguments], ...] whatever form the vendor has for a call. */
static json_t *uses_plain(const json_t *calls)
{
    json_t *list = json_array(), *arguments;
    const json_t *call, *inner;
    size_t i;

    json_array_foreach((json_t *)calls, i, call) {
        inner = json_child(call, "function")       ? json_child(call, "function")
                : json_child(call, "toolUse")      ? json_child(call, "toolUse")
                : json_child(call, "functionCall") ? json_child(call, "functionCall")
                                                   : call;
        arguments = json_child(inner, "arguments") ? json_child(inner, "arguments")
                    : json_child(inner, "input")   ? json_child(inner, "input")
                                                   : json_child(inner, "args");
        if (!json_is_string(arguments))
            json_incref(arguments);
        else if (json_read(json_to_str(arguments), &arguments, NULL) != ERR_OK)
            arguments = json_null();
        json_array_append_new(list, json_pack("[O,o]", json_child(inner, "name"), arguments ? arguments : json_null()));
    }
    return list;
}

static void uses_check(const char *who, bool stream, const struct call *c, const char *want)
{
    AUTO_JSON *got = uses_plain(c->answer.tool_calls), *wanted = NULL;
    AUTO_BUF struct buf text = BUF_INIT(65536);

    CHECK_OK(json_read(str_c(want), &wanted, NULL));
    json_write(got, &text);
    if (c->code != ERR_OK || !json_equal(got, wanted))
        test_fail(__FILE__, __LINE__, "%s%s: %s %s; asked for " STR_FMT, who, stream ? ", streamed" : "",
                  err_name(c->code), c->err.text, STR_ARG(buf_str(&text)));
}

TEST(tools_are_asked_for_in_every_wire_format_plain_and_streamed_alike)
{
    struct hall h;

    hall_open(&h);
    for (size_t i = 0; i < COUNT_OF(seats); i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct call whole, piecemeal;

        hall_ask(&h, seats[i].provider, &(struct wish){ "instant", WEATHER, "", false, 0 }, a, &whole);
        hall_ask(&h, seats[i].provider, &(struct wish){ "instant", WEATHER, "", true, 0 }, a, &piecemeal);
        uses_check(seats[i].provider, false, &whole, BOTH);
        uses_check(seats[i].provider, true, &piecemeal, BOTH);
        if (!uses_equal(whole.answer.tool_calls, piecemeal.answer.tool_calls)) {
            AUTO_BUF struct buf x = BUF_INIT(65536), y = BUF_INIT(65536);

            json_write(whole.answer.tool_calls, &x);
            json_write(piecemeal.answer.tool_calls, &y);
            test_fail(__FILE__, __LINE__, "%s: whole " STR_FMT ", streamed " STR_FMT, seats[i].provider,
                      STR_ARG(buf_str(&x)), STR_ARG(buf_str(&y)));
        }
        if (whole.answer.finish != FINISH_TOOL_USE || piecemeal.answer.finish != FINISH_TOOL_USE)
            test_fail(__FILE__, __LINE__, "%s finishes by %s, streamed by %s", seats[i].provider,
                      finish_name(whole.answer.finish), finish_name(piecemeal.answer.finish));
        if (!str_eq(whole.answer.reasoning, piecemeal.answer.reasoning) || whole.answer.text.len ||
            piecemeal.answer.text.len)
            test_fail(__FILE__, __LINE__, "%s says \"" STR_FMT "\" and \"" STR_FMT "\"", seats[i].provider,
                      STR_ARG(whole.answer.text), STR_ARG(piecemeal.answer.text));
        CHECK_INT(whole.answer.usage.output, piecemeal.answer.usage.output);
        CHECK(whole.answer.usage.output > 20);
    }
    hall_close(&h);
}

TEST(words_beside_calls_and_reasoning_come_the_same_way_plain_and_streamed)
{
    static const struct { const char *model, *choice; } ways[] = { { "deep", "" }, { "chatty", "" }, { "deep", "none" } };
    struct hall h;

    hall_open(&h);
    for (size_t i = 0; i < COUNT_OF(seats) * COUNT_OF(ways); i++) {
        const char *who = seats[i % COUNT_OF(seats)].provider;
        struct wish w = { ways[i / COUNT_OF(seats)].model, WEATHER, ways[i / COUNT_OF(seats)].choice, false, 0 };
        AUTO_ARENA *a = arena_new_sized(0);
        struct call whole, piecemeal;

        hall_ask(&h, who, &w, a, &whole);
        w.stream = true;
        hall_ask(&h, who, &w, a, &piecemeal);
        if (whole.code != ERR_OK || !str_eq(whole.answer.reasoning, piecemeal.answer.reasoning) ||
            !str_eq(whole.answer.text, piecemeal.answer.text) ||
            (whole.answer.tool_calls && !uses_equal(whole.answer.tool_calls, piecemeal.answer.tool_calls)))
            test_fail(__FILE__, __LINE__,
                      "%s %s %s: %s \"" STR_FMT "\" \"" STR_FMT "\", streamed \"" STR_FMT "\" \"" STR_FMT "\"", who,
                      w.model, w.choice, whole.err.text, STR_ARG(whole.answer.reasoning), STR_ARG(whole.answer.text),
                      STR_ARG(piecemeal.answer.reasoning), STR_ARG(piecemeal.answer.text));
        if (*w.choice && (whole.answer.tool_calls || !whole.answer.text.len) && strcmp(who, "ollama") != 0)
            test_fail(__FILE__, __LINE__, "%s was told to use no tool", who);
    }
    hall_close(&h);
}

TEST(a_choice_of_tool_is_obeyed)
{
    static const struct { const char *text, *model, *choice, *want; } cases[] = {
        { "Only say hello to me.", "instant", "required", "[[\"weather\",{\"city\":\"none\",\"days\":1,\"note\":\"none\"}]]" },
        { "Only say hello to me.", "instant", "now", "[[\"now\",{}]]" },
        { "Only say hello to me.", "instant", "", "[]" },
        { "Only say hello to me.", "caller", "auto", "[[\"weather\",{\"city\":\"none\",\"days\":1,\"note\":\"none\"}]]" },
        { WEATHER, "instant", "none", "[]" },
        { WEATHER, "instant", "now", "[[\"now\",{}]]" },
        { "Something that no book knows at all", "instant", "", "[]" },
    };
    struct hall h;

    hall_open(&h);
    for (size_t i = 0; i < COUNT_OF(cases) * COUNT_OF(seats) * 2; i++) {
        const char *who = seats[i / 2 % COUNT_OF(seats)].provider;
        size_t k = i / 2 / COUNT_OF(seats);
        AUTO_ARENA *a = arena_new_sized(0);
        struct call c;

        if (strcmp(who, "ollama") == 0 && *cases[k].choice)
            continue;                           /* it has no such choice */
        if (strcmp(who, "fireworks") == 0 && strcmp(cases[k].model, "caller") == 0)
            continue;                           /* the name becomes accounts/fireworks/models/caller */
        if (strcmp(who, "cohere") == 0 && strcmp(cases[k].choice, "now") == 0)
            continue;                           /* there it is only "some tool" */
        hall_ask(&h, who, &(struct wish){ cases[k].model, cases[k].text, cases[k].choice, i % 2, 0 }, a, &c);
        uses_check(who, i % 2, &c, cases[k].want);
    }
    hall_close(&h);
}

TEST(a_ceiling_too_low_for_a_call_ends_the_answer_without_one)
{
    struct hall h;

    hall_open(&h);
    for (size_t i = 0; i < COUNT_OF(seats); i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct call c;

        hall_ask(&h, seats[i].provider, &(struct wish){ "instant", WEATHER, "", false, 16 }, a, &c);
        if (c.code != ERR_OK || c.answer.finish != FINISH_MAX_TOKENS || json_array_size(c.answer.tool_calls))
            test_fail(__FILE__, __LINE__, "%s: %s %s, finish %s", seats[i].provider, err_name(c.code), c.err.text,
                      finish_name(c.answer.finish));
    }
    hall_close(&h);
}

/* Examples before the question, roles that follow each other, a system message in the middle: every vendor takes it. */
TEST(a_conversation_with_examples_is_taken_by_every_vendor)
{
    AUTO_JSON *vars = json_pack("{s:s}", "input", "My parcel from last week never came to me."),
              *parcel = json_string("shipping");
    struct err e = ERR_INIT;
    struct hall h;

    hall_open(&h);
    CHECK_OK(sim_book_add(h.sim, &(struct dataset_case){ .id = S("p"), .vars = vars, .expected = parcel }, &e));
    for (size_t i = 0; i < COUNT_OF(seats) * 2; i++) {
        struct bell b = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
        const char *who = seats[i / 2].provider;
        AUTO_ARENA *a = arena_new_sized(0);
        struct model m = { str_c(who), S("instant"), arena_printf(a, "%s:instant", who) };
        struct message said[] = {
            message_text(MESSAGE_SYSTEM, S("Answer with one word."), a), message_text(MESSAGE_USER, S("Only say hello to me."), a),
            message_text(MESSAGE_ASSISTANT, S("hello"), a), message_text(MESSAGE_SYSTEM, S("Now for real."), a),
            message_text(MESSAGE_USER, S("Here it comes:"), a), message_text(MESSAGE_USER, S("My parcel from last week never came to me."), a),
        };
        struct call c = { .arena = a, .done = bell_ring, .owner = &b,
                          .request = { .model = &m, .messages = said, .message_count = COUNT_OF(said), .params = { .set = BIT(PARAM_STREAM),
                                       .stream = i % 2 } } };

        hall_wait(&h, &c, &b);
        if (c.code != ERR_OK || !str_is(c.answer.text, "shipping"))
            test_fail(__FILE__, __LINE__, "%s: %s \"" STR_FMT "\"", who, c.err.text, STR_ARG(c.answer.text));
    }
    hall_close(&h);
}

/* Our provider signs, the simulator checks: ids with colons, sessions, streams; and a wrong secret is told as AWS does. */
TEST(bedrock_calls_are_signed_and_the_signature_is_checked)
{
    static const char *const ids[] = { "instant", "anthropic.claude-3-5-haiku-20241022-v1:0", "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x-v1:0" };
    struct hall h;

    for (int wrong = 0; wrong < 2; wrong++) {
        hall_open(&h);
        llm_free(h.llm);
        setenv("AWS_SECRET_ACCESS_KEY", wrong ? "another-secret" : "secret-of-a-test", 1);
        for (size_t i = 0; i < COUNT_OF(ids) * 4; i++) {
            AUTO_ARENA *a = arena_new_sized(0);
            struct err e = ERR_INIT;
            struct call c;

            if (i & 2)
                setenv("AWS_SESSION_TOKEN", "SESSION/token==", 1);
            CHECK_OK(llm_new(&(struct llm_options){ .attempts_max = 1 }, &h.llm, &e));
            CHECK_OK(llm_set_base_url(h.llm, S("bedrock"), arena_printf(a, "%s/bedrock", sim_url(h.sim)), &e));
            hall_ask(&h, "bedrock", &(struct wish){ ids[i / 4], "Only say hello to me.", "", i & 1, 0 }, a, &c);
            if (wrong && (c.code != ERR_AUTH || !strstr(c.err.text, "does not match the signature") ||
                          c.attempts[0].http_status != 403))
                test_fail(__FILE__, __LINE__, "%s: %s %s", ids[i / 4], err_name(c.code), c.err.text);
            if (!wrong && c.code != ERR_OK)
                test_fail(__FILE__, __LINE__, "%s: %s %s", ids[i / 4], err_name(c.code), c.err.text);
            llm_free(h.llm);
            unsetenv("AWS_SESSION_TOKEN");
        }
        sim_free(h.sim);
        json_decref(h.tools);
    }
}
