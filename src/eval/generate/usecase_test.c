#include "eval/generate_usecase.h"

#include "base/test.h"

#include <sys/stat.h>

static struct usecase *prepare_folder(struct arena *a, const char *prose, const char *gold)
{
    struct str dir = path_join(a, str_c(test_folder()), S("uc"));
    const struct { const char *name, *text; } files[] = { { "USE-CASE.md", prose }, { "data/a-1.txt", "in" }, { "ground-truth/a-1.json", gold } };
    struct usecase *u = NULL;
    struct err e = ERR_INIT;

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct str path = path_join(a, dir, str_c(files[i].name));

        CHECK_OK(file_mkdirs(arena_cstr(a, path_dir(path)), 0755, &e));
        CHECK_OK(file_write_atomic(path.at, str_c(files[i].text), 0644, &e));
    }
    CHECK_OK(usecase_read(dir.at, a, &u, &e));
    return u;
}

static const char prepare_good[] =
    "Here:\n{\"analysis\": {\"key_fields\": [\"a\", 7, \"\"]}, \"task_prompt\": \" Do it. \", \"judge_prompt\": \"Look.\", \"rubric\": "
    "{\"weights\": {\"accuracy\": 2, \"format\": 1, \"compliance\": 1}, \"extra\": \"x\", \"compliance_checks\": [{\"check\": \"c\", "
    "\"severity\": \"hgih\", \"penalty\": \"7\"}, {\"condition\": \"nameless\"}], \"critical_requirements\": [{\"name\": \"n\", "
    "\"penalty_per_violation\": -3},]}}";

TEST(a_reply_becomes_what_is_known_within_limits)
{
    AUTO_ARENA *a = arena_new_sized(0);
    const json_t *o = NULL, *rubric;
    struct str why;

    REQUIRE(generate_usecase_read(str_c(prepare_good), a, &o, &why));
    rubric = json_child(o, "rubric");
    CHECK_STR(json_get_str(o, "task_prompt"), "Do it.");
    CHECK_INT(json_array_size(JSON_AT(o, "analysis", "key_fields")), 1);
    CHECK_NEAR(json_get_double(json_child(rubric, "weights"), "accuracy", 0), 50, 1e-9);
    CHECK_INT(json_array_size(json_child(rubric, "compliance_checks")), 1);
    CHECK_STR(json_to_str(JSON_AT(rubric, "compliance_checks", "0", "severity")), "HIGH");
    CHECK_INT(json_integer_value(JSON_AT(rubric, "compliance_checks", "0", "penalty")), 7);
    CHECK_INT(json_integer_value(JSON_AT(rubric, "critical_requirements", "0", "penalty_per_violation")), 5);
    CHECK(!json_child(rubric, "extra"));
}

TEST(a_reply_without_prompts_or_with_bad_weights_is_refused)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(12u << 20);
    const json_t *o = NULL;
    struct str why;

    CHECK(!generate_usecase_read(S("no"), a, &o, &why) && why.len);
    CHECK(!generate_usecase_read(S("{\"task_prompt\": \"x\"}"), a, &o, &why) && str_contains(why, S("judge_prompt")));
    CHECK(!generate_usecase_read(S("{\"task_prompt\":\"x\",\"judge_prompt\":\"y\",\"rubric\":{\"weights\":{\"accuracy\":-1,\"format\":1,"
                                   "\"compliance\":1}}}"), a, &o, &why) && str_contains(why, S("accuracy")));
    buf_puts(&b, "{\"judge_prompt\":\"y\",\"task_prompt\":\"");
    while (b.len < GENERATE_PROMPT_MAX + 40)
        buf_byte(&b, 'x');
    buf_puts(&b, "\"}");
    CHECK(!generate_usecase_read(buf_str(&b), a, &o, &why) && str_contains(why, S("20000")));
    while (b.len <= GENERATE_REPLY_MAX)
        buf_puts(&b, "more and more and more ");
    CHECK(!generate_usecase_read(buf_str(&b), a, &o, &why) && str_contains(why, S("at most")));
    buf_reset(&b);
    for (int i = 0; i < 10000; i++)
        buf_puts(&b, "{\"a\":");
    CHECK(!generate_usecase_read(buf_str(&b), a, &o, &why) && str_contains(why, S("deeper")));
    CHECK(!o);
}

TEST(what_was_made_is_fresh_until_the_use_case_changes)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct usecase *u = prepare_folder(a, "# Use Case: X\n## Goal\nDo it.\n", "{\"k\": 1}");
    enum generated_state state;
    const json_t *o = NULL;
    struct err e = ERR_INIT;
    struct str by;

    CHECK_OK(generate_usecase_state(u, a, &state, &by, &e));
    CHECK_INT(state, GENERATED_NONE);
    CHECK_OK(generate_usecase_default(u, a, &o, &e));
    CHECK_STR(json_to_str(JSON_AT(o, "analysis", "key_fields", "0")), "k");
    CHECK_OK(generate_usecase_save(u, o, S("me"), &e));
    CHECK_OK(generate_usecase_state(u, a, &state, &by, &e));
    CHECK_INT(state, GENERATED_FRESH);
    CHECK_STR(by, "me");
    u = prepare_folder(a, "# Use Case: X\n## Goal\nDo it.\n", "{\"k\": 2}");
    CHECK_OK(generate_usecase_state(u, a, &state, &by, &e));
    CHECK_INT(state, GENERATED_STALE);
    CHECK_OK(file_write_atomic(path_join(a, u->folder, S(GENERATED_FILE)).at, S("{}"), 0644, &e));
    CHECK_OK(generate_usecase_state(u, a, &state, &by, &e));
    CHECK_INT(state, GENERATED_FOREIGN);
}
