#include "base/test.h"
#include "domain/domain.h"

static struct str turn_text(const struct turn *t, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 20);

    turn_write(t, &b);
    return arena_strdup(a, str_c(buf_cstr(&b)));
}

static struct str turn_round_trip(const struct turn *t, struct arena *a, struct turn *back)
{
    struct str text = turn_text(t, a);
    json_t *j = NULL;

    CHECK_OK(json_read(text, &j, NULL));
    turn_from_json(j, a, back);
    json_decref(j);                                 /* what was read must not need the document */
    return text;
}

TEST(turn_with_everything_in_it_survives_its_json)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct attempt attempts[] = {
        { .code = ERR_RATE_LIMIT, .http_status = 429, .text = S("slow down"), .started_ms = 1795248900123,
          .duration_ms = 80, .cost_nanousd = MONEY_UNKNOWN, .usage = { .input = 3 } },
        { .code = ERR_TIMEOUT, .text = S("no byte in 30 s"), .started_ms = 1795248901000, .duration_ms = 30000,
          .waited_ms = 500, .usage = { .input = 5, .output = 2 } },
        { .code = ERR_OK, .http_status = 200, .started_ms = 1795248932000, .duration_ms = 640, .waited_ms = 900 },
    };
    struct turn t = {
        .number = 2, .label = S("followup_1"), .prompt = S("Ask \"this\"\n"), .response = S("caf\xc3\xa9"),
        .reasoning = S("think"), .finish = FINISH_MAX_TOKENS, .finish_native = S("length"),
        .model_version = S("m-2026"), .response_id = S("r1"), .upstream = S("up"), .dropped = S("seed"),
        .tool_calls = json_in_arena(json_pack("[{s:s}]", "name", "f"), a),
        .raw = json_in_arena(json_pack("{s:i}", "k", 1), a),
        .usage = { 100, 20, 30, 10, 5, true, false }, .cost_nanousd = 123456789, .cost_reported = true,
        .latency_ms = 640, .first_token_ms = 90, .attempts = attempts, .attempt_count = COUNT_OF(attempts),
    };
    struct turn back, again;
    struct str text = turn_round_trip(&t, a, &back);

    CHECK_STR(turn_text(&back, a), text.at);
    CHECK_INT(back.number, 2);
    CHECK_STR(back.prompt, "Ask \"this\"\n");
    CHECK_INT(back.finish, FINISH_MAX_TOKENS);
    CHECK_INT(back.cost_nanousd, 123456789);
    CHECK(back.cost_reported && back.usage.input_estimated && !back.usage.output_estimated);
    CHECK_INT(back.usage.cache_written, 10);
    REQUIRE(back.attempt_count == 3);
    CHECK_INT(back.attempts[0].code, ERR_RATE_LIMIT);
    CHECK_INT(back.attempts[0].started_ms, 1795248900123);
    CHECK(back.attempts[0].cost_nanousd == MONEY_UNKNOWN);
    CHECK_INT(back.attempts[1].usage.output, 2);
    CHECK_INT(back.attempts[1].cost_nanousd, 0);
    CHECK_INT(back.attempts[1].waited_ms, 500);
    turn_round_trip(&back, a, &again);
    CHECK_STR(json_get_str(json_array_get(again.tool_calls, 0), "name"), "f");
    CHECK_INT(json_get_i64(again.raw, "k", 0), 1);
}

TEST(turn_of_unknown_cost_stays_unknown_and_a_free_one_free)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct turn t = { .cost_nanousd = MONEY_UNKNOWN, .first_token_ms = -1 }, back;

    turn_round_trip(&t, a, &back);
    CHECK(back.cost_nanousd == MONEY_UNKNOWN);
    CHECK_INT(back.first_token_ms, -1);
    CHECK_INT(back.attempt_count, 0);
    t.cost_nanousd = 0;
    t.first_token_ms = 0;
    turn_round_trip(&t, a, &back);
    CHECK_INT(back.cost_nanousd, 0);
    CHECK_INT(back.first_token_ms, 0);
}

TEST(turn_from_any_json_is_a_turn)
{
    static const char *const rows[] = { "{}", "[]", "null", "{\"attempts\": 5, \"usage\": [], \"finish\": 7}",
                                        "{\"attempts\": [1, null, {\"started_at\": \"yesterday\"}]}" };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        AUTO_JSON *j = NULL;
        struct turn t;

        CHECK_OK(json_read(str_c(rows[i]), &j, NULL));
        turn_from_json(j, a, &t);
        CHECK(t.cost_nanousd == MONEY_UNKNOWN);
        CHECK(turn_text(&t, a).len > 0);
    }
}

TEST(finish_names_read_back)
{
    for (int i = 0; i < FINISHES; i++)
        CHECK_INT(finish_from(str_c(finish_name((enum finish)i))), i);
    CHECK_INT(finish_from(S("bored")), FINISH_OTHER);
    CHECK_STR(str_c(finish_name((enum finish)99)), "other");
}

TEST(usage_sums_keep_the_mark_of_an_estimate_and_do_not_wrap)
{
    struct usage sum = { 0 }, one = { 10, 5, 4, 3, 2, false, true }, most = { .input = INT64_MAX, .output = -1 };

    usage_add(&sum, &one);
    usage_add(&sum, &(struct usage){ .input = 1, .output = 1 });
    CHECK_INT(sum.input, 11);
    CHECK_INT(sum.output, 6);
    CHECK_INT(sum.cached + sum.cache_written + sum.reasoning, 9);
    CHECK(!sum.input_estimated && sum.output_estimated);
    usage_add(&sum, &most);
    CHECK(sum.input == INT64_MAX);
    CHECK_INT(sum.output, 5);
}

TEST(usage_survives_its_json)
{
    struct usage u = { 10, 5, 4, 3, 2, true, true }, back;
    AUTO_JSON *j = usage_to_json(&u);

    usage_from_json(j, &back);
    CHECK(back.input == 10 && back.output == 5 && back.cached == 4 && back.cache_written == 3 && back.reasoning == 2);
    CHECK(back.input_estimated && back.output_estimated);
    usage_from_json(NULL, &back);
    CHECK_INT(back.input, 0);
}
