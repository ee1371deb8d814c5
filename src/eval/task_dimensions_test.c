#include "base/test.h"
#include "eval/task_load.h"

#include <stdio.h>

/* The first prompt with its placeholders, then every problem on a line. */
static const char *dimensions_try(const char *text, struct buf *out)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
    struct task *t = NULL;
    struct err e = ERR_INIT;

    buf_reset(out);
    if (task_load_text(S("t.yaml"), test_folder(), str_c(text), NULL, a, &t, &p, &e) == ERR_OK)
        buf_append(out, t->prompts[0].source);
    for (size_t i = 0; i < p.list.len; i++)
        buf_printf(out, "|%s" STR_FMT ": " STR_FMT, p.list.at[i].warning ? "warning " : "", STR_ARG(p.list.at[i].where),
                   STR_ARG(p.list.at[i].text));
    return buf_cstr(out);
}

#define CHECK_TASK(text, want)                                              \
    do {                                                                    \
        AUTO_BUF struct buf out_ = BUF_INIT(1 << 20);                       \
        CHECK_STR(str_c(dimensions_try(text, &out_)), want);                \
    } while (0)
#define CHECK_TASK_SAYS(text, want)                                         \
    do {                                                                    \
        AUTO_BUF struct buf out_ = BUF_INIT(1 << 20);                       \
        if (!str_contains(str_c(dimensions_try(text, &out_)), S(want)))     \
            test_fail(__FILE__, __LINE__, "%s lacks %s", buf_cstr(&out_), want); \
    } while (0)

#define HEAD "name: n\nmodels: [sim:echo]\n"
#define TONE "dimensions: [{name: Tone, values: [calm, angry]}]\n"
#define SHOWN "{{ dimension[\"Tone\"].text }}"

TEST(dimension_placeholders_are_found_in_any_case_and_left_alone_in_code)
{
    CHECK_TASK(HEAD TONE "prompt: 'A [tone] and [TONE].'\n", "A " SHOWN " and " SHOWN ".");
    CHECK_TASK(HEAD TONE "prompt: '[[Tone]] [Tone'\n", "[" SHOWN "] [Tone");
    CHECK_TASK(HEAD TONE "prompt: '[Tone] {{ \"[Tone] }} [Tone]\" }} {# [Tone] #} {% if [Tone] %}x{% endif %}'\n",
               SHOWN " {{ \"[Tone] }} [Tone]\" }} {# [Tone] #} {% if [Tone] %}x{% endif %}");
    CHECK_TASK(HEAD TONE "prompt: '[Tone] {% raw %}[Tone] {{ {% endraw %}[Tone]'\n",
               SHOWN " {% raw %}[Tone] {{ {% endraw %}" SHOWN);
    CHECK_TASK(HEAD TONE
               "prompt: '{{ {\"a\": {\"b\": \"[Tone]\"}}[\"a\"] }} {%- raw -%}endraw [Tone]{% endraw +%}[Tone]'\n",
               "{{ {\"a\": {\"b\": \"[Tone]\"}}[\"a\"] }} {%- raw -%}endraw [Tone]{% endraw +%}" SHOWN);
    CHECK_TASK(HEAD TONE "prompt: '{[Tone]} {\"a\": \"[Tone]\"}'\n", "{{ \"{\" }}" SHOWN "} {\"a\": \"" SHOWN "\"}");
    CHECK_TASK(HEAD TONE "prompt: '[Tone] [link](u) [ref][1] [x] [ ]'\n", SHOWN " [link](u) [ref][1] [x] [ ]");
    CHECK_TASK(HEAD "dimensions: [{name: 'Who \"is\" it', values: [a, b]}]\nprompt: '[who \"IS\" it]'\n",
               "{{ dimension[\"Who \\\"is\\\" it\"].text }}");
    CHECK_TASK(HEAD TONE "placeholders: none\nprompt: '{{ Tone }} [Tone]'\n", "{{ Tone }} [Tone]");
}

TEST(dimension_placeholders_work_in_system_texts_and_turns)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct task *t;

    REQUIRE(task_load_text(S("t.yaml"), ".", S(HEAD TONE "system: 's [Tone]'\nprompt: x\nturns: ['t [Tone]']\n"), NULL,
                           a, &t, NULL, NULL) == ERR_OK);
    CHECK_STR(t->system, "s " SHOWN);
    CHECK_STR(t->turns[0].source, "t " SHOWN);
    CHECK(t->dataset.alone);
    CHECK_INT(t->dimensions.seed, 1);
}

TEST(dimension_placeholders_without_dimensions_are_variables_when_asked_for)
{
    CHECK_TASK(HEAD "placeholders: brackets\nprompt: 'A [word] [two words]'\nvars: {word: x}\n",
               "A {{ word }} [two words]");
    CHECK_TASK(HEAD "prompt: 'A [word]'\n", "A [word]");
    CHECK_TASK_SAYS(HEAD "placeholders: brackets\nprompt: 'A [word]'\n", "the prompt reads \"word\"");
    CHECK_TASK_SAYS(HEAD "placeholders: bracket\nprompt: x\n",
                    "|t.yaml:3:15: placeholders is brackets or none, not \"bracket\" (did you mean \"brackets\"?)");
}

TEST(dimension_that_no_prompt_shows_and_placeholder_without_dimension_are_warnings)
{
    CHECK_TASK(HEAD TONE "prompt: x\n", "x|warning t.yaml:3:13: no prompt shows the dimension \"Tone\"; write [Tone] where it belongs");
    CHECK_TASK(HEAD TONE "prompt: '[Tone] [Toen]'\n",
               SHOWN " [Toen]|warning t.yaml:4:10: the prompt has a placeholder [Toen], and there is no such dimension (did you mean "
               "\"Tone\"?); it stays as it is");
    CHECK_TASK(HEAD TONE "prompt: '{{ Tone }}'\n", "{{ Tone }}");
    CHECK_TASK(HEAD TONE "prompt: '{{ dimensions.Tone }}'\n", "{{ dimensions.Tone }}");
}

TEST(dimension_faults_say_where_and_what)
{
    CHECK_TASK(HEAD "prompt: x\ndimensions: [{name: A}]\n",
               "|t.yaml:4:14: a dimension needs levels: a list of {score, label}");
    CHECK_TASK(HEAD "prompt: x\ndimensions: [{values: [a, b]}]\n", "|t.yaml:4:14: a dimension needs name");
    CHECK_TASK(HEAD "prompt: x\ndimensions: [{name: A, values: [a]}]\n",
               "|t.yaml:4:32: the dimension \"A\" has 1 level; from 2 to 10 are needed");
    CHECK_TASK_SAYS(HEAD "prompt: x\ndimensions: [{name: A, values: [a,b,c,d,e,f,g,h,i,j,k]}]\n", "has 11 levels");
    CHECK_TASK(HEAD "prompt: x\ndimensions: [{name: A, levels: [{score: 6, label: x}, {score: 1, label: y}]}]\n",
               "|t.yaml:4:41: a level's score is 6; it must be from 1 to 5");
    CHECK_TASK_SAYS(HEAD "prompt: x\ndimensions: [{name: A, levels: [{label: x}, {score: 1}]}]\n",
                    "|t.yaml:4:33: a level needs score: a whole number from 1 to 5");
    CHECK_TASK_SAYS(HEAD "prompt: x\ndimensions: [{name: A, levels: [{score: 1, label: ' '}, {score: 1, lable: y}]}]\n",
                    "|t.yaml:4:52: a level's label is blank");
    CHECK_TASK_SAYS(HEAD "prompt: x\ndimensions: [{name: A, levels: [{score: 1, lable: y}, {score: 2, label: z}]}]\n",
                    "a level has no key \"lable\" (did you mean \"label\"?)");
    CHECK_TASK_SAYS(HEAD "prompt: x\ndimensions: [{name: A, values: [a, b], levels: []}]\n",
                    "levels or values, not both");
    CHECK_TASK_SAYS(HEAD "prompt: x\ndimensions: [{name: A, values: [a, b]}, {name: a, values: [a, b]}]\n",
                    "|t.yaml:4:48: two dimensions are called \"A\" (capitals don't count)");
    CHECK_TASK_SAYS(HEAD "prompt: x\ndimensions: [{name: task, values: [a, b]}]\n",
                    "\"task\" is a variable of every prompt");
    CHECK_TASK_SAYS(HEAD "prompt: x\ndimensions: [{name: 'a]', values: [a, b]}]\n", "without [ and ]");
    CHECK_TASK_SAYS(HEAD "prompt: x\ndimensions: [{name: _a, values: [a, b]}]\n", "can't begin with _");
    CHECK_TASK_SAYS(HEAD "prompt: x\ndimensions: 3\n", "dimensions must be a list");
    CHECK_TASK_SAYS(HEAD "prompt: x\nseed: -1\n", "seed is -1; it must be from 0");
    CHECK_TASK_SAYS(HEAD
                    "prompt: '[A]'\ndimensions: [{name: A, levels: [{score: 3, label: x}, {score: 3, label: y}]}]\n",
                    "|warning t.yaml:4:55: two levels of \"A\" have the score 3");
}

TEST(dimension_bounds_are_met)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);

    buf_puts(&b, HEAD "prompt: '{{ dimensions }}'\ndimensions:\n");     /* a thousand: as many as there may be */
    for (int i = 0; i < 3; i++)
        buf_printf(&b, "  - {name: %c, values: [a,b,c,d,e,f,g,h,i,j]}\n", 'a' + i);
    CHECK_STR(str_c(dimensions_try(buf_cstr(&b), &out)), "{{ dimensions }}");
    buf_reset(&b);
    buf_puts(&b, HEAD "prompt: '[a][b][c][d]'\ndimensions:\n  - {name: d, values: [a, b]}\n");
    for (int i = 0; i < 3; i++)
        buf_printf(&b, "  - {name: %c, values: [a,b,c,d,e,f,g,h,i,j]}\n", 'a' + i);
    CHECK(str_contains(str_c(dimensions_try(buf_cstr(&b), &out)),
                       S("the dimensions have 2000 combinations; at most 1000")));
    buf_reset(&b);
    buf_puts(&b, HEAD "prompt: x\ndimensions:\n");
    for (int i = 0; i < 11; i++)
        buf_printf(&b, "  - {name: d%d, values: [a, b]}\n", i);
    CHECK(str_contains(str_c(dimensions_try(buf_cstr(&b), &out)), S("the task has 11 dimensions; at most 10")));
    buf_reset(&b);
    buf_puts(&b, HEAD TONE "prompt: \"[Tone]");
    for (int i = 0; i < 10000 - 6; i++)
        buf_byte(&b, 'x');
    buf_puts(&b, "\"\n");
    CHECK(str_starts(str_c(dimensions_try(buf_cstr(&b), &out)), S(SHOWN "x")));
    buf_truncate(&b, b.len - 2);
    buf_puts(&b, "x\"\n");
    CHECK(str_contains(str_c(dimensions_try(buf_cstr(&b), &out)), S("at most 10000 characters, and this has 10001")));
    buf_reset(&b);
    buf_puts(&b,
             HEAD "prompt: x\ndimensions: [{name: A, levels: [{score: 2, label: y}, {score: 1, label: x, options: [");
    for (int i = 0; i < 101; i++)
        buf_puts(&b, i ? ",o" : "o");
    buf_puts(&b, "]}]}]\n");
    CHECK(str_contains(str_c(dimensions_try(buf_cstr(&b), &out)), S("a level has 101 options; at most 100")));
}
