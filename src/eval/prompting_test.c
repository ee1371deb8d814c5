#include "base/test.h"
#include "eval/prompting.h"
#include "eval/snapshot.h"
#include "eval/task_load.h"

/* "system: ...|user: ...|": what a case is asked with the first variant; "!..." when it can't be. */
static struct str said(const char *text, const char *vars, bool through_snapshot, struct arena *a)
{
    struct dataset_case kase = { .id = S("c") };
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct prompting *p = NULL;
    struct message *list;
    struct task *t;
    struct err e = ERR_INIT;
    struct str shown;
    json_t *j = NULL;
    size_t count;

    if (task_load_text(S("t.yaml"), test_folder(), str_c(text), NULL, a, &t, NULL, &e) != ERR_OK)
        return arena_printf(a, "!%s", e.text);
    if (through_snapshot) {
        AUTO_JSON *snapshot = snapshot_of_task(t);

        CHECK_INT(json_get_i64(snapshot, "snapshot", 0),
                  t->prompts[0].message_count || t->prompts[0].image_count ? 2 : 1);
        CHECK_OK(snapshot_to_task(snapshot, a, &t, &e));
    }
    CHECK_OK(json_read(str_c(vars), &j, &e));
    kase.vars = json_in_arena(j, a);
    CHECK_OK(prompting_new(t, &p, &e));
    if (prompting_start(p, &t->variants[0], prompting_vars(p, &kase, a), a, &list, &count, &shown, &e) != ERR_OK) {
        prompting_free(p);
        return arena_printf(a, "!%s", e.text);
    }
    for (size_t i = 0; i < count; i++) {
        buf_printf(&out, "%s:", message_role_name(list[i].role));
        for (size_t k = 0; k < list[i].part_count; k++)
            buf_printf(&out, " " STR_FMT, STR_ARG(list[i].parts[k].kind == PART_TEXT ? list[i].parts[k].text : list[i].parts[k].url));
        buf_byte(&out, '|');
    }
    buf_printf(&out, " shown " STR_FMT, STR_ARG(shown));
    prompting_free(p);
    return arena_strdup(a, buf_str(&out));
}

TEST(a_chat_prompt_is_said_message_by_message)
{
    static const char *const task = "name: n\nmodels: [m]\ncases: [{x: 1}]\nimages: ['{{ pic }}']\nprompt:\n"
                                    "- {role: system, content: 'Be {{ how }}.'}\n"
                                    "- role: user\n  content: [{image: 'https://x.test/{{ x }}.png'}, 'What is {{ x }}?']\n"
                                    "- {role: assistant, content: 'It is {{ x }}.'}\n"
                                    "- {role: system, content: '{% if strict %}Strictly now.{% endif %}'}\n"
                                    "- role: user\n  content: ['And {{ y }}?', {image: '{{ own }}'}]\n";
    AUTO_ARENA *a = arena_new_sized(0);

    for (int snapshot = 0; snapshot < 2; snapshot++) {
        CHECK_STR(said(task, "{\"how\":\"brief\",\"x\":\"7\",\"y\":\"8\",\"strict\":true,\"pic\":\"https://x.test/p.png\",\"own\":\"https://x.test/o.png\"}",
                       snapshot, a),
                  "system: Be brief.|user: https://x.test/7.png What is 7?|assistant: It is 7.|system: Strictly now.|"
                  "user: https://x.test/o.png https://x.test/p.png And 8?| shown [image https://x.test/o.png]\n[image https://x.test/p.png]\nAnd 8?");
        CHECK_STR(said(task, "{\"how\":\"kind\",\"x\":\"7\",\"y\":\"8\",\"strict\":false,\"pic\":\"\",\"own\":\"\"}", snapshot, a),
                  "system: Be kind.|user: https://x.test/7.png What is 7?|assistant: It is 7.|user: And 8?| shown And 8?");
        CHECK_STR(said("name: n\nmodels: [m]\ncases: [{x: 1}]\nsystem: S\nprompt: 'Say {{ x }}'\n", "{\"x\":1}", snapshot, a),
                  "system: S|user: Say 1| shown Say 1");
    }
}

TEST(an_example_that_can_not_be_rendered_is_told)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct str told = said("name: n\nmodels: [m]\ncases: [{x: 1}]\nprompt: [{role: user, content: '{{ 1 / x }}'}, "
                           "{role: user, content: b}]\n",
                           "{\"x\":0}", false, a);

    if (!str_starts(told, S("!prompt, message 1:1:")))
        test_fail(__FILE__, __LINE__, "said: " STR_FMT, STR_ARG(told));
    told = said(
        "name: n\nmodels: [m]\ncases: [{x: 1}]\nprompt: [{role: user, content: a}, {role: user, content: '{{ x }}'}]\n",
        "{\"x\":\"\"}", false, a);
    CHECK_STR(told, "!the prompt is empty for this case");
}

TEST(a_turn_that_only_asked_for_tools_is_not_silent_in_the_next)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *calls = json_pack("[{s:s}]", "name", "now");
    struct turn turn = { .response = S(""), .tool_calls = calls };
    struct prompting *p = NULL;
    struct message *list;
    struct task *t;
    struct err e = ERR_INIT;
    struct dataset_case kase = { .id = S("c") };
    const json_t *vars;
    struct str shown;
    size_t count;
    bool more;

    REQUIRE(task_load_text(S("t.yaml"), test_folder(), S("name: n\nmodels: [m]\ncases: [{}]\nprompt: a\nturns: [b]\n"),
                           NULL, a, &t, NULL, &e) == ERR_OK);
    CHECK_OK(prompting_new(t, &p, &e));
    vars = prompting_vars(p, &kase, a);
    CHECK_OK(prompting_start(p, &t->variants[0], vars, a, &list, &count, &shown, &e));
    CHECK_OK(prompting_follow(p, vars, &turn, 1, a, list, &count, &shown, &more, &e));
    CHECK_INT(count, 3);
    CHECK_STR(list[1].parts[0].text, "[{\"name\":\"now\"}]");
    prompting_free(p);
}
