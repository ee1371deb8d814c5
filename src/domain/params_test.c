#include "base/test.h"
#include "domain/domain.h"

static enum err_code params_of(const char *text, struct arena *a, struct params *out, struct err *e)
{
    json_t *j = NULL;

    ASSERT(json_read(str_c(text), &j, NULL) == ERR_OK);
    return params_read(json_in_arena(j, a), a, out, e);
}

static const char params_all[] = "{\"temperature\":0.5,\"top_p\":0.9,\"top_k\":40,\"max_tokens\":200,\"seed\":7,"
                                 "\"frequency_penalty\":-1.0,\"presence_penalty\":0.25,\"stop\":[\"a\",\"b\"],"
                                 "\"reasoning_effort\":\"low\",\"stream\":true,\"timeout_ms\":30000,"
                                 "\"extra\":{\"x\":[1]}}";

TEST(params_that_were_read_are_written_as_they_were)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(4096);
    struct params p = PARAMS_INIT;
    struct err e = ERR_INIT;

    CHECK_OK(params_of(params_all, a, &p, &e));
    CHECK_INT(p.set, BIT(PARAMS) - 1);
    json_write(json_in_arena(params_to_json(&p), a), &b);
    CHECK_STR(buf_str(&b), params_all);
}

TEST(params_not_set_are_not_written)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(100);
    struct params p;
    struct err e = ERR_INIT;

    CHECK_OK(params_of("{\"temperature\": null, \"max_tokens\": 5.0}", a, &p, &e));
    CHECK(!params_has(&p, PARAM_TEMPERATURE) && params_has(&p, PARAM_MAX_TOKENS));
    json_write(json_in_arena(params_to_json(&p), a), &b);
    CHECK_STR(buf_str(&b), "{\"max_tokens\":5}");
}

TEST(params_out_of_range_say_what_is_allowed)
{
    static const struct { const char *text, *sentence; } rows[] = {
        { "{\"temperature\": 2.1}", "\"temperature\" is 2.1; it must be from 0 to 2" },
        { "{\"temperature\": \"hot\"}", "\"temperature\" must be a number from 0 to 2" },
        { "{\"max_tokens\": 0}", "\"max_tokens\" is 0; it must be from 1 to 1000000" },
        { "{\"max_tokens\": 1.5}", "\"max_tokens\" must be a whole number from 1 to 1000000" },
        { "{\"max_tokens\": true}", "\"max_tokens\" must be a whole number from 1 to 1000000" },
        { "{\"seed\": -1}", NULL },
        { "{\"temprature\": 1}", "there is no parameter \"temprature\" (did you mean \"temperature\"?)" },
        { "{\"\": 1}", "there is no parameter \"\"" },
        { "{\"reasoning_effort\": \"hihg\"}", NULL },
        { "{\"stop\": 5}", "\"stop\" must be a string or a list of strings" },
        { "{\"stop\": [\"\"]}", "\"stop\" must hold strings that are not empty" },
        { "{\"stop\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}",
          "\"stop\" has 17 strings; at most 16 are allowed" },
        { "{\"stream\": 1}", "\"stream\" must be true or false" },
        { "{\"extra\": []}", "\"extra\" must be an object" },
        { "[]", "parameters must be an object of name: value" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct params p = PARAMS_INIT;
        struct err e = ERR_INIT;

        CHECK_INT(params_of(rows[i].text, a, &p, &e), ERR_BAD_INPUT);
        if (rows[i].sentence)
            CHECK_STR(str_c(e.text), rows[i].sentence);
        CHECK(*e.text);
        CHECK_INT(p.set, 0);                        /* what is refused changes nothing */
    }
}

TEST(params_take_the_whole_range_of_seeds_and_a_single_stop)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct params p;
    struct err e = ERR_INIT;

    CHECK_OK(params_of("{\"seed\": 9223372036854775807, \"stop\": \"END\"}", a, &p, &e));
    CHECK(p.seed == INT64_MAX);
    CHECK_INT(p.stop_count, 1);
    CHECK_STR(p.stop[0], "END");
}

TEST(params_merge_lets_the_second_win_where_it_speaks)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(4096);
    struct params base, over, all, none = PARAMS_INIT;
    struct err e = ERR_INIT;

    CHECK_OK(params_of("{\"temperature\": 1, \"stop\": [\"x\"], \"stream\": true, \"seed\": 1}", a, &base, &e));
    CHECK_OK(params_of("{\"temperature\": 0, \"stop\": [], \"stream\": false, \"top_k\": 3}", a, &over, &e));
    params_merge(&base, &over);
    json_write(json_in_arena(params_to_json(&base), a), &b);
    CHECK_STR(buf_str(&b), "{\"temperature\":0.0,\"top_k\":3,\"seed\":1,\"stop\":[],\"stream\":false}");
    CHECK_OK(params_of(params_all, a, &all, &e));
    params_merge(&none, &all);
    buf_reset(&b);
    json_write(json_in_arena(params_to_json(&none), a), &b);
    CHECK_STR(buf_str(&b), params_all);
}

TEST(params_all_have_a_name)
{
    for (int i = 0; i < PARAMS; i++)
        CHECK(param_name((enum param)i) && *param_name((enum param)i));
}
