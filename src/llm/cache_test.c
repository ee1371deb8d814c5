#include "base/test.h"
#include "llm/cache.h"

/* Every field that decides an answer, changed one at a time: every key differs from all others. */
TEST(cache_keys_differ_in_every_part)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *schema = json_pack("{s:s}", "type", "object"), *tools = json_pack("[{s:s}]", "name", "now");
    struct model m = { S("openai"), S("gpt-4o"), S("openai:gpt-4o") }, mini = { S("openai"), S("gpt-4o-mini"), S("openai:gpt-4o-mini") };
    struct model other = { S("groq"), S("gpt-4o"), S("groq:gpt-4o") };
    struct part image = { .kind = PART_IMAGE, .media_type = S("image/png"), .base64 = S("AAAA") }, image2 = image, address = image;
    struct message hello = message_text(MESSAGE_USER, S("Hello"), a), bye = message_text(MESSAGE_USER, S("Bye"), a);
    struct message system = message_text(MESSAGE_SYSTEM, S("Hello"), a), two[] = { hello, bye };
    struct message picture = { MESSAGE_USER, &image, 1 }, picture2 = { MESSAGE_USER, &image2, 1 }, picture3 = { MESSAGE_USER, &address, 1 };
    struct request base = { .model = &m, .messages = &hello, .message_count = 1 }, r[24];
    int64_t repetition[COUNT_OF(r)] = { 0 };
    char keys[COUNT_OF(r)][HASH_HEX], again[HASH_HEX];
    struct llm *l = NULL;
    size_t n = 0;

    CHECK_OK(llm_new(NULL, &l, NULL));
    image2.base64 = S("AAAB");
    address = (struct part){ .kind = PART_IMAGE, .url = S("https://x/AAAA.png") };
#define VARY(change) do { r[n] = base; struct request *x = &r[n++]; (void)x; change; } while (0)
    r[n++] = base;
    VARY(x->model = &mini);
    VARY(x->model = &other);
    VARY(x->base_url = S("http://127.0.0.1:1/v1"));
    VARY((x->params.set = BIT(PARAM_TEMPERATURE)));
    VARY((x->params.set = BIT(PARAM_TEMPERATURE), x->params.temperature = 1));
    VARY((x->params.set = BIT(PARAM_MAX_TOKENS), x->params.max_tokens = 1));
    VARY((x->params.set = BIT(PARAM_SEED), x->params.seed = 1));
    VARY((x->params.set = BIT(PARAM_TOP_P), x->params.top_p = 1));
    VARY((x->params.set = BIT(PARAM_STREAM), x->params.stream = true));
    VARY((x->params.set = BIT(PARAM_EXTRA), x->params.extra = schema));
    VARY(x->output = OUTPUT_JSON);
    VARY(x->schema = schema);
    VARY(x->schema_name = S("form"));
    VARY(x->tools = tools);
    VARY((x->tools = tools, x->tool_choice = S("required")));
    VARY(x->messages = &bye);
    VARY(x->messages = &system);
    VARY((x->messages = two, x->message_count = 2));
    VARY(x->messages = &picture);
    VARY(x->messages = &picture2);
    VARY(x->messages = &picture3);
    VARY(repetition[n - 1] = 1);
#undef VARY
    for (size_t i = 0; i < n; i++)
        cache_key(l, &r[i], repetition[i], keys[i]);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(keys[i], keys[k]) == 0)
                test_fail(__FILE__, __LINE__, "requests %zu and %zu have one key", i, k);
    base.tag = S("run/7");                              /* who asks decides nothing */
    cache_key(l, &base, 0, again);
    CHECK_STR(str_c(again), keys[0]);
    llm_free(l);
}

/* Every setting by the table's own names, and what stands inside tools, schema and images. */
TEST(cache_keys_differ_by_every_setting_and_inside_tools_schema_and_images)
{
    static const char *const settings[] = {
        "{}", "{\"temperature\":0}", "{\"temperature\":0.5}", "{\"top_p\":0.5}", "{\"top_p\":0.6}", "{\"top_k\":5}", "{\"top_k\":6}",
        "{\"max_tokens\":5}", "{\"max_tokens\":6}", "{\"seed\":5}", "{\"seed\":6}", "{\"frequency_penalty\":1}",
        "{\"frequency_penalty\":0.5}", "{\"presence_penalty\":1}", "{\"presence_penalty\":0.5}", "{\"stop\":[\"a\"]}",
        "{\"stop\":[\"a\",\"b\"]}", "{\"stop\":[\"ab\"]}", "{\"reasoning_effort\":\"low\"}", "{\"reasoning_effort\":\"high\"}",
        "{\"stream\":true}", "{\"stream\":false}", "{\"timeout_ms\":5}", "{\"timeout_ms\":6}", "{\"extra\":{\"a\":1}}",
        "{\"extra\":{\"a\":2}}", "{\"extra\":{\"b\":1}}",
    };
    static const char *const tools[] = {
        "[{\"name\":\"now\"}]", "[{\"name\":\"then\"}]", "[{\"name\":\"now\",\"description\":\"The time.\"}]",
        "[{\"name\":\"now\",\"description\":\"The hour.\"}]", "[{\"name\":\"now\",\"parameters\":{\"type\":\"object\"}}]",
        "[{\"name\":\"now\",\"parameters\":{\"type\":\"object\",\"required\":[\"a\"]}}]", "[{\"name\":\"now\"},{\"name\":\"then\"}]",
        "[{\"name\":\"then\"},{\"name\":\"now\"}]",
    };
    static const char *const choices[] = { "", "auto", "none", "required", "now" };
    AUTO_ARENA *a = arena_new_sized(0);
    struct model m = { S("openai"), S("gpt-4o"), S("openai:gpt-4o") };
    struct part images[] = { { .kind = PART_IMAGE, .media_type = S("image/png"), .base64 = S("AAAA") },
                             { .kind = PART_IMAGE, .media_type = S("image/png"), .base64 = S("AAAB") } };
    struct part turned[] = { images[1], images[0] };
    struct message hello = message_text(MESSAGE_USER, S("Hello"), a), both = { MESSAGE_USER, images, 2 }, swapped = { MESSAGE_USER, turned, 2 };
    struct message one = { MESSAGE_USER, images, 1 }, other = { MESSAGE_USER, turned, 1 };
    struct request base = { .model = &m, .messages = &hello, .message_count = 1 };
    VEC(struct request) r = { 0 };
    struct map seen = { 0 };
    char key[HASH_HEX], again[HASH_HEX];
    struct llm *l = NULL;
    struct err e = ERR_INIT;
    unsigned met = 0;

    CHECK_OK(llm_new(NULL, &l, NULL));
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        AUTO_JSON *o = NULL;
        struct request rq = base;

        CHECK_OK(json_read(str_c(settings[i]), &o, &e));
        CHECK_OK(params_read(json_in_arena(json_incref(o), a), a, &rq.params, &e));
        met |= rq.params.set;
        vec_push(&r, rq);
    }
    CHECK_INT(met, BIT(PARAMS) - 1);                    /* a setting that comes later is to be added above */
    for (size_t i = 0; i < COUNT_OF(tools) * COUNT_OF(choices); i++) {
        json_t *o = NULL;
        struct request rq = base;

        CHECK_OK(json_read(str_c(tools[i / COUNT_OF(choices)]), &o, &e));
        rq.tools = json_in_arena(o, a);
        rq.tool_choice = str_c(choices[i % COUNT_OF(choices)]);
        vec_push(&r, rq);
    }
    for (size_t i = 0; i < 2; i++) {
        struct request rq = base;

        rq.output = OUTPUT_JSON;
        rq.schema = json_in_arena(json_pack("{s:s}", "type", i ? "object" : "array"), a);
        vec_push(&r, rq);
    }
    for (size_t i = 0; i < 4; i++) {
        struct request rq = base;

        rq.messages = (const struct message *[]){ &both, &swapped, &one, &other }[i];
        vec_push(&r, rq);
    }
    for (size_t i = 0; i < r.len; i++)
        for (int64_t repetition = 0; repetition < 3; repetition++) {
            cache_key(l, &r.at[i], repetition, key);
            cache_key(l, &r.at[i], repetition, again);
            CHECK_STR(str_c(key), again);
            if (map_get(&seen, str_c(key)))
                test_fail(__FILE__, __LINE__, "request %zu, repetition %lld has another's key", i,
                          (long long)repetition);
            map_put(&seen, arena_strdup(a, str_c(key)), a);
        }
    CHECK_INT(map_len(&seen), r.len * 3);
    map_dispose(&seen);
    vec_dispose(&r);
    llm_free(l);
}
