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
