#include "base/test.h"
#include "embedded.h"
#include "eval/check/check.h"
#include "eval/metric/metric.h"
#include "eval/task_load.h"

#include <stdio.h>

static const char *task_dir(void)
{
    static char dir[128];

    if (!dir[0]) {
        char path[200];

        snprintf(dir, sizeof dir, "%s/task", test_folder());
        snprintf(path, sizeof path, "%s/prompts", dir);
        CHECK_OK(file_mkdirs(path, 0755, NULL));
    }
    return dir;
}

static void task_write(const char *name, const char *text)
{
    char path[300];

    snprintf(path, sizeof path, "%s/%s", task_dir(), name);
    CHECK_OK(file_write_atomic(path, str_c(text), 0644, NULL));
}

/* Every problem on a line: "t.yaml:1:2: what", warnings with "warning" in front. */
static struct task *task_try(struct arena *a, const char *text, const struct task_overrides *ov, struct buf *out)
{
    AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
    struct err e = ERR_INIT;
    struct task *t = NULL;
    enum err_code code;

    buf_reset(out);
    code = task_load_text(S("t.yaml"), task_dir(), str_c(text), ov, a, &t, &p, &e);
    for (size_t i = 0; i < p.list.len; i++)
        buf_printf(out, "%s" STR_FMT ": " STR_FMT "\n", p.list.at[i].warning ? "warning " : "",
                   STR_ARG(p.list.at[i].where), STR_ARG(p.list.at[i].text));
    CHECK((code != ERR_OK) == (p.errors > 0));
    CHECK(code == ERR_OK || e.text[0]);
    return code == ERR_OK ? t : NULL;
}

#define CHECK_PROBLEMS(text, want)                              \
    do {                                                        \
        AUTO_ARENA *a_ = arena_new_sized(0);                    \
        AUTO_BUF struct buf out_ = BUF_INIT(1 << 20);           \
        task_try(a_, text, NULL, &out_);                        \
        CHECK_STR(buf_str(&out_), want);                        \
    } while (0)

TEST(task_a_whole_file_is_read)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t;

    task_write("prompts/route.jinja", "Route: {{ ticket }}\n");
    task_write("tickets.jsonl", "{\"ticket\": \"x\", \"expected\": \"y\"}\n");
    task_write("answer.schema.json", "{\"type\": \"object\"}");
    t = task_try(a, "name: support_tickets\n"
                    "description: Read a ticket.\n"
                    "models: [openai:gpt-4o-mini, {model: sim:careful, params: {temperature: 1}, base_url: 'http://x/v1'}]\n"
                    "params: {temperature: 0, max_tokens: 200, stop: [END]}\n"
                    "system: You route tickets.\n"
                    "prompt: prompts/route.jinja\n"
                    "turns: [Why?, {label: sure, prompt: 'Sure about {{ answer }}?'}]\n"
                    "dataset: {path: tickets.jsonl, expected: queue, id: no}\n"
                    "vars: {tone: kind}\n"
                    "output: {format: json, schema: answer.schema.json, name: My Answer}\n"
                    "repeat: 3\n"
                    "checks:\n"
                    "  - {name: known_queue, path: $.queue, one_of: [billing, sales], severity: critical, weight: 2}\n"
                    "  - not_contains: sorry\n"
                    "  - {contains: a, not: true}\n"
                    "  - json_valid\n"
                    "metrics: [accuracy, {metric: accuracy, name: by_id, key: id}, cost, latency]\n"
                    "judge: {model: x}\n"
                    "budget_usd: 1.25\n"
                    "thresholds: {accuracy: 0.85, latency: {max: 2000}, known_queue: {min: 1}}\n", NULL, &out);
    CHECK_STR(buf_str(&out), "");
    REQUIRE(t);
    CHECK_STR(t->name, "support_tickets");
    CHECK_INT(t->variant_count, 2);
    CHECK_STR(t->variants[0].name, "openai:gpt-4o-mini");
    CHECK_NEAR(t->variants[0].params.temperature, 0, 0);
    CHECK_NEAR(t->variants[1].params.temperature, 1, 0);
    CHECK_INT(t->variants[1].params.max_tokens, 200);
    CHECK_STR(t->variants[1].base_url, "http://x/v1");
    CHECK_INT(t->prompt_count, 1);
    CHECK_STR(t->prompts[0].name, "route");
    CHECK_STR(t->prompts[0].file, "prompts/route.jinja");
    CHECK_STR(t->prompts[0].source, "Route: {{ ticket }}\n");
    CHECK_INT(t->turn_count, 2);
    CHECK_STR(t->turns[0].label, "followup_1");
    CHECK_STR(t->turns[1].label, "sure");
    CHECK_STR(t->dataset.path, "tickets.jsonl");
    CHECK_STR(t->dataset.expected, "queue");
    CHECK_STR(t->dataset.id, "no");
    CHECK_STR(json_get_str(t->dataset.defaults, "tone"), "kind");
    CHECK(t->output.format == OUTPUT_JSON && t->output.format_given && t->output.schema);
    CHECK_STR(t->output.schema_name, "My_Answer");
    CHECK_INT(t->repeat, 3);
    CHECK_INT(t->check_count, 5);
    CHECK_STR(t->checks[4].name, "output_schema");          /* by itself, because the output has a schema */
    CHECK_STR(t->checks[4].kind, "json_schema");
    CHECK(t->checks[0].severity == SEVERITY_CRITICAL && !t->checks[0].negate);
    CHECK_NEAR(t->checks[0].weight, 2, 0);
    CHECK_STR(t->checks[1].kind, "contains");
    CHECK(t->checks[1].negate && t->checks[2].negate);
    CHECK_STR(t->checks[1].name, "not_contains");
    CHECK_STR(t->checks[3].kind, "json_valid");
    CHECK_INT(t->metric_count, 4);
    CHECK_STR(t->metrics[1].name, "by_id");
    CHECK_STR(t->metrics[1].kind, "accuracy");
    CHECK_INT(t->budget_nanousd, 1250000000);
    CHECK_INT(t->threshold_count, 3);
    CHECK_NEAR(t->thresholds[1].low, 2000, 0);
    CHECK_INT(t->thresholds[1].line, 20);
}

TEST(task_tools_are_read_flat_and_as_the_chat_apis_write_them)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t = task_try(a, "name: n\nmodels: [sim:swift]\nprompt: Hi\ncases: [{input: x}]\n"
                                 "tools:\n"
                                 "  - {name: find, description: Finds., parameters: {type: object}}\n"
                                 "  - {type: function, function: {name: now}}\n"
                                 "tool_choice: find\n", NULL, &out);

    REQUIRE(t);
    CHECK_STR(buf_str(&out), "");
    CHECK_INT(json_array_size(t->tools), 2);
    CHECK_STR(json_get_str(json_array_get(t->tools, 0), "description"), "Finds.");
    CHECK_STR(json_get_str(json_array_get(t->tools, 1), "name"), "now");
    CHECK_STR(t->tool_choice, "find");
}

TEST(task_tools_that_no_vendor_takes_are_problems)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);

    CHECK(!task_try(a, "name: n\nmodels: [sim:swift]\nprompt: Hi\ncases: [{input: x}]\n"
                       "tools: [{name: a b}, {name: now}, {name: now}, {descripton: x}, 7]\ntool_choice: nwo\n", NULL, &out));
    CHECK(str_contains(buf_str(&out), S("\"a b\" can't be a tool's name")));
    CHECK(str_contains(buf_str(&out), S("two tools are called \"now\"")));
    CHECK(str_contains(buf_str(&out), S("did you mean \"description\"?")));
    CHECK(str_contains(buf_str(&out), S("a tool must be")));
    CHECK(str_contains(buf_str(&out), S("did you mean \"now\"?")));
}

TEST(task_the_smallest_file_is_enough)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t = task_try(a, "name: n\nmodels: [sim:echo]\nprompt: 'Say {{ word }}'\ncases: [{word: hi}]\n", NULL,
                              &out);

    CHECK_STR(buf_str(&out), "");
    REQUIRE(t);
    CHECK_INT(t->repeat, 1);
    CHECK_INT(t->metric_count, 5);              /* the default six, without consistency: nothing is repeated */
    CHECK_INT(json_array_size(t->dataset.inline_cases), 1);
    CHECK_STR(t->prompts[0].name, "prompt");
    CHECK_INT(t->prompts[0].line, 3);
    t = task_try(a, "{\"name\": \"n\", \"models\": [\"sim:echo\"], \"prompt\": \"Say hi\"}", NULL, &out);
    REQUIRE(t);
    CHECK_INT(json_array_size(t->dataset.inline_cases), 1);     /* nothing to fill in: one case */
}

TEST(task_every_fault_is_told_at_once_with_its_place)
{
    CHECK_PROBLEMS("name: n\n"
                   "modles: [sim:echo]\n"
                   "prompt: 'Hello {{ name '\n"
                   "cases: []\n"
                   "params: {temprature: 0, top_p: 7}\n"
                   "repeat: 0\n"
                   "output: jsn\n"
                   "checks:\n"
                   "  - contians: x\n"
                   "  - {max_words: many}\n"
                   "  - {contains: a, regex: b}\n"
                   "  - {contains: a, severity: criticl}\n"
                   "metrics: [acuracy]\n"
                   "thresholds: {latency: 5, cots: 1}\n",
                   "t.yaml:1:1: the task names no models; add for example: models: [sim:careful, sim:swift], or give --models\n"
                   "t.yaml:2:1: a task has no key \"modles\" (did you mean \"models\"?)\n"
                   "t.yaml:3:19: this tag is not closed; \"}}\" is missing\n"
                   "t.yaml:4:8: the list of cases is empty\n"
                   "t.yaml:5:10: there is no parameter \"temprature\" (did you mean \"temperature\"?)\n"
                   "t.yaml:5:25: \"top_p\" is 7; it must be from 0 to 1\n"
                   "t.yaml:6:9: repeat is 0; it must be from 1 to 1000\n"
                   "t.yaml:7:9: the output format is text, json, csv or markdown, not \"jsn\" (did you mean \"json\"?)\n"
                   "t.yaml:9:5: there is no check \"contians\" (did you mean \"contains\"?)\n"
                   "t.yaml:10:5: max_words takes a whole number, 0 or more; for example: - max_words: 40\n"
                   "t.yaml:11:19: one check has one kind, and this has \"contains\" and \"regex\"; make two checks of it\n"
                   "t.yaml:12:29: severity is critical, warning or info, not \"criticl\" (did you mean \"critical\"?)\n"
                   "t.yaml:13:11: there is no metric \"acuracy\" (did you mean \"accuracy\"?)\n"
                   "t.yaml:14:14: the threshold is for \"latency\", which this task does not measure; add it to metrics\n"
                   "t.yaml:14:26: there is no metric or check \"cots\" to hold to a threshold (did you mean \"cost\"?)\n");
}

TEST(task_the_sentence_counts_the_rest)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;
    struct task *t;

    CHECK_INT(task_load_text(S("t.yaml"), task_dir(), S("nme: x\nprompt: hi\nmodels: [a b]\n"), NULL, a, &t, NULL, &e),
              ERR_BAD_INPUT);
    CHECK_STR(str_c(e.text), "t.yaml:1:1: a task has no key \"nme\" (did you mean \"name\"?) (and 2 more)");
}

TEST(task_no_more_than_a_hundred_problems_are_kept)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf text = BUF_INIT(1 << 16);
    AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
    struct task *t;

    buf_puts(&text, "name: n\nprompt: p\nmodels: [m]\n");
    for (int i = 0; i < 150; i++)
        buf_printf(&text, "zz%d: 1\n", i);
    CHECK_INT(task_load_text(S("t.yaml"), task_dir(), buf_str(&text), NULL, a, &t, &p, NULL), ERR_BAD_INPUT);
    CHECK_INT(p.list.len, 100);
    CHECK_INT(p.more, 50);
}

TEST(task_yaml_faults_keep_their_place)
{
    CHECK_PROBLEMS("name: n\nmodels: [a\n", "t.yaml:3:1: not valid YAML: flow sequence without a closing bracket\n");
    CHECK_PROBLEMS("name: n\nname: m\n", "t.yaml:2:1: the key \"name\" stands here and on line 1; keep one\n");
    CHECK_PROBLEMS("just text",
                   "t.yaml:1:1: a task is a mapping with name, models, prompt and cases, and this is text\n");
    CHECK_PROBLEMS("name: 12\nprompt: p\nmodels: m\n",
                   "t.yaml:1:7: name must be text, and this is a whole number; put it in quotes: \"12\"\n");
}

TEST(task_prompts_make_a_matrix)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t;

    task_write("prompts/short.txt", "Short {{ x }}");
    t = task_try(a, "name: n\nmodels: [m1, m2]\ncases: [{x: 1}]\n"
                    "prompts:\n  - prompts/short.txt\n  - Long {{ x }}\n  - {name: chat, system: Be kind., prompt: 'Chat {{ x }}'}\n"
                    "  - - {role: system, content: Sys}\n    - {role: user, content: 'U {{ x }}'}\n"
                    "variants:\n  - {name: warm, model: m1, prompt: short, params: {temperature: 1}}\n"
                    "  - {name: own, model: m2, prompt: 'Just say {{ x }}'}\n", NULL, &out);
    CHECK_STR(buf_str(&out), "");
    REQUIRE(t);
    CHECK_INT(t->variant_count, 10);
    CHECK_INT(t->prompt_count, 5);
    CHECK_STR(t->variants[0].name, "m1 [short]");
    CHECK_STR(t->variants[1].name, "m1 [prompt]");
    CHECK_STR(t->variants[2].name, "m1 [chat]");
    CHECK_STR(t->prompts[2].system, "Be kind.");
    CHECK_STR(t->prompts[3].system, "Sys");
    CHECK_STR(t->prompts[3].source, "U {{ x }}");
    CHECK_STR(t->variants[8].name, "warm");
    CHECK_INT(t->variants[8].prompt, 0);
    CHECK_INT(t->variants[9].prompt, 4);
    t = task_try(a, "name: n\nmodels: [m1]\ncases: [{x: 1}]\nprompts: {a: 'A {{ x }}', b: 'B'}\n", NULL, &out);
    REQUIRE(t);
    CHECK_STR(t->variants[1].name, "m1 [b]");
}

TEST(task_prompt_faults_are_told)
{
    task_write("prompts/bad.jinja", "line one\n{% if x %}\nnever closed\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{x: 1}]\nprompt: prompts/rout.jinja\n",
                   "t.yaml:4:9: there is no prompt file \"prompts/rout.jinja\" in the task's folder (did you mean \"route.jinja\"?)\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{x: 1}]\nprompt: ../outside.txt\n",
                   "t.yaml:4:9: \"../outside.txt\" leads out of the task's folder; only files inside it may be read\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\nprompt: 'Say {{ word }}'\n",
                   "t.yaml:1:1: the prompt reads \"word\", and the task has no cases to take it from; add dataset: FILE, or cases: a "
                   "list\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: ''\n", "t.yaml:4:10: a prompt is blank\n");
    CHECK_PROBLEMS("name: n\nmodels: [m, m]\ncases: [{}]\nprompt: p\n",
                   "t.yaml:2:13: two variants are called \"m\" (the other: line 2); give one a name of its own under variants\n");
    CHECK_PROBLEMS("name: n\ncases: [{}]\nprompt: p\nvariants: [{model: m, prompt: promt}]\n",
                   "t.yaml:4:31: there is no prompt \"promt\" (did you mean \"prompt\"?)\n");
}

TEST(task_chat_prompts_are_conversations)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t;

    task_write("prompts/few.yaml", "- {role: system, content: Be terse.}\n- {role: user, content: 'One {{ x }}'}\n"
                                   "- {role: assistant, content: Yes}\n- role: user\n  content: [{image: '{{ pic }}'}, 'Two {{ x }}', {text: Three}]\n");
    task_write("prompts/few.json", "{\"system\": \"S {{ x }}\", \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\":"
                                   "\"Q\"}, {\"type\": \"image_url\", \"image_url\": {\"url\": \"https://x.test/a.png\"}}]}]}");
    t = task_try(a, "name: n\nmodels: [m]\ncases: [{x: 1, pic: a.png}]\nprompts:\n  - prompts/few.yaml\n  - prompts/few.json\n"
                    "  - {name: mid, messages: [{role: user, content: a}, {role: user, content: b}, {role: system, content: c},"
                    " {role: assistant, content: d}, {role: user, content: prompts/route.jinja}]}\n", NULL, &out);
    CHECK_STR(buf_str(&out), "");
    REQUIRE(t && t->prompt_count == 3);
    CHECK_STR(t->prompts[0].name, "few");
    CHECK_STR(t->prompts[0].system, "Be terse.");
    CHECK_INT(t->prompts[0].message_count, 2);
    CHECK_INT(t->prompts[0].messages[0].role, MESSAGE_USER);
    CHECK_STR(t->prompts[0].messages[0].source, "One {{ x }}");
    CHECK_INT(t->prompts[0].messages[1].role, MESSAGE_ASSISTANT);
    CHECK_STR(t->prompts[0].source, "Two {{ x }}\n\nThree");
    CHECK_INT(t->prompts[0].image_count, 1);
    CHECK_STR(t->prompts[0].images[0], "{{ pic }}");
    CHECK_STR(t->prompts[1].name, "few_2");
    CHECK_STR(t->prompts[1].system, "S {{ x }}");
    CHECK_STR(t->prompts[1].source, "Q");
    CHECK_STR(t->prompts[1].images[0], "https://x.test/a.png");
    CHECK_INT(t->prompts[2].message_count, 4);
    CHECK_INT(t->prompts[2].messages[2].role, MESSAGE_SYSTEM);
    CHECK_STR(t->prompts[2].system, "");
    CHECK_STR(t->prompts[2].file, "prompts/route.jinja");
}

TEST(task_chat_prompt_faults_are_told)
{
    AUTO_BUF struct buf many = BUF_INIT(1 << 20);

    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: [{role: user, content: a}, {role: assistant, content: b}]\n",
                   "t.yaml:4:36: the last message of a chat prompt must be the user's, whom the model answers, and this is the "
                   "assistant's\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: [{role: usr, content: a}]\n",
                   "t.yaml:4:17: a role is system, user or assistant, not \"usr\" (did you mean \"user\"?)\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: [{role: tool, content: a}, {role: user, content: b}]\n",
                   "t.yaml:4:17: what a tool gave can't be part of a prompt; a role is system, user or assistant\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: [{role: developer, content: a}, {role: user, content: b}]\n",
                   "t.yaml:4:17: the role \"developer\" is called system here; each vendor is sent its own word\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: [{role: user, contents: a}]\n",
                   "t.yaml:4:10: a message needs role and content\n"
                   "t.yaml:4:23: a message has no key \"contents\" (did you mean \"content\"?)\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt:\n- {role: user, content: a}\n- assistant\n- {role: user, content: '{% if %}'}\n",
                   "t.yaml:6:3: a message must be a mapping, and this is text\nt.yaml:7:32: a value is expected, not \"%}\"\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: [{role: user, content: []}]\n",
                   "t.yaml:4:32: the content of a message is a text or a list of 1 to 64 parts, and here are 0\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: [{role: assistant, content: [{image: x.png}]}, {role: "
                   "user, content: b}]\n",
                   "t.yaml:4:37: only the user shows images; this is the assistant's message\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: [{role: user, content: [{image: x.png, text: b}]}]\n",
                   "t.yaml:4:33: a part of a message is a text, {text: ...} or {image: ...}\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: {system: S, messages: [{role: system, content: a}, "
                   "{role: user, content: b}]}\n",
                   "t.yaml:4:18: the system text stands here and as the first message\n");
    task_write("prompts/wrong.yaml", "- {role: user, content: Hello}\n- role: asistant\n  content: Hi\n- {role: user, content: '{{ x'}\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{x: 1}]\nprompt: prompts/wrong.yaml\n",
                   "prompts/wrong.yaml:2:9: a role is system, user or assistant, not \"asistant\" (did you mean \"assistant\"?)\n"
                   "prompts/wrong.yaml:4:29: this tag is not closed; \"}}\" is missing\n");
    task_write("prompts/broken.json", "[{\"role\": \"user\",\n  \"content\": }]");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: prompts/broken.json\n",
                   "prompts/broken.json:2:14: not valid JSON: \"}]\" where a value is due\n");
    task_write("prompts/other.yaml", "settings: {a: 1}\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: prompts/other.yaml\n",
                   "prompts/other.yaml:1:1: a chat prompt has no key \"settings\"; it knows: messages system\n"
                   "prompts/other.yaml:1:1: a chat prompt file holds a list of messages {role, content}, or {messages, system}\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\ncases: [{}]\nprompt: prompts/fewer.yaml\n",
                   "t.yaml:4:9: there is no prompt file \"prompts/fewer.yaml\" in the task's folder (did you mean \"few.yaml\"?)\n");
    buf_puts(&many, "name: n\nmodels: [m]\ncases: [{}]\nprompt:\n");
    for (int i = 0; i < 1001; i++)
        buf_puts(&many, "- {role: user, content: a}\n");
    CHECK_PROBLEMS(buf_cstr(&many), "t.yaml:5:1: a chat prompt is a list of 1 to 1000 messages {role, content}\n");
}

TEST(task_dataset_faults_are_told)
{
    task_write("tickets.jsonl", "{}\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\nprompt: p\ndataset: tikets.jsonl\n",
                   "t.yaml:4:10: there is no dataset \"tikets.jsonl\" in the task's folder (did you mean \"tickets.jsonl\"?)\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\nprompt: p\ndataset: /etc/passwd\n",
                   "t.yaml:4:10: the dataset \"/etc/passwd\" is outside the task's folder; copy it there, or give it with --dataset\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\nprompt: p\ndataset: tickets.jsonl\ncases: [{}]\n",
                   "t.yaml:5:8: the task has both dataset and cases; keep one\n");
}

TEST(task_output_and_schema_faults_are_told)
{
    task_write("bad.schema.json", "{\"type\": }");
    CHECK_PROBLEMS("name: n\nmodels: [m]\nprompt: p\noutput: {format: csv, schema: {type: object}}\n",
                   "t.yaml:4:31: a schema describes JSON, and the format is csv\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\nprompt: p\noutput: {fromat: csv}\n",
                   "t.yaml:4:10: output has no key \"fromat\" (did you mean \"format\"?)\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\nprompt: p\noutput: {schema: bad.schema.json}\n",
                   "t.yaml:4:18: bad.schema.json:1:10: not valid JSON: \"}\" where a value is due\n");
}

TEST(task_rank_by_is_one_of_its_metrics_and_a_share)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t = task_try(a, "name: n\nmodels: [m]\nprompt: p\nmetrics: [accuracy, f1]\nrank_by: f1\n", NULL, &out);

    CHECK_STR(buf_str(&out), "");
    REQUIRE(t);
    CHECK_STR(t->rank_by, "f1");
    CHECK_PROBLEMS("name: n\nmodels: [m]\nprompt: p\nmetrics: [accuracy, latency]\nrank_by: latency\n",
                   "t.yaml:5:10: \"latency\" can't rank: only a share of which more is better can, such as accuracy; the "
                   "table shows the others beside it\n");
    CHECK_PROBLEMS("name: n\nmodels: [m]\nprompt: p\nmetrics: [accuracy]\nrank_by: acuracy\n",
                   "t.yaml:5:10: rank_by names \"acuracy\", which is none of this task's metrics (did you mean "
                   "\"accuracy\"?)\n");
}

TEST(task_thresholds_know_their_direction)
{
    CHECK_PROBLEMS("name: n\nmodels: [m]\nprompt: p\nmetrics: [latency, accuracy]\nthresholds: {latency: {min: 3}, "
                   "accuracy: 85}\n",
                   "t.yaml:5:29: of \"latency\" less is better, so its threshold is a max\n"
                   "t.yaml:5:43: a threshold is 85; it must be from 0 to 1\n");
}

TEST(task_stop_when_sure_takes_a_word_or_its_parts)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task_overrides on = { .sure = true, .sure_level = 0.8, .sure_margin_given = true }, off = { .ask_all = true };
    struct task *t;

#define SURE_TASK "name: n\nmodels: [m]\nprompt: p\nmetrics: [accuracy]\n"
    REQUIRE((t = task_try(a, SURE_TASK, NULL, &out)));
    CHECK(!t->sure.on);
    REQUIRE((t = task_try(a, SURE_TASK, &on, &out)));
    CHECK(t->sure.on);
    CHECK_NEAR(t->sure.level, 0.8, 0);
    CHECK_NEAR(t->sure.margin, 0, 0);
    REQUIRE((t = task_try(a, SURE_TASK "stop_when_sure: true\n", &off, &out)));
    CHECK(!t->sure.on);
    REQUIRE((t = task_try(a, SURE_TASK "stop_when_sure: {margin: 0.03, metric: accuracy}\n", NULL, &out)));
    CHECK(t->sure.on);
    CHECK_NEAR(t->sure.level, 0.95, 0);
    CHECK_NEAR(t->sure.margin, 0.03, 0);
    CHECK_STR(t->sure.metric, "accuracy");
    CHECK_PROBLEMS(SURE_TASK "stop_when_sure: {level: 1, margn: 2}\n",
                   "t.yaml:5:25: level is 1; it must be from 0.5 to 0.9999\n"
                   "t.yaml:5:28: stop_when_sure has no key \"margn\" (did you mean \"margin\"?)\n");
#undef SURE_TASK
}

TEST(task_the_command_line_wins)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct str models[] = { S("sim:swift"), S("sim:deep") };
    struct task_overrides ov = { .models = models, .model_count = 2, .prompt = S("New {{ word }}"), .repeat = 4,
                                 .budget_nanousd = 5, .expected = S("label") };
    struct task *t;
    char path[300];

    ov.params.set = BIT(PARAM_TEMPERATURE);
    ov.params.temperature = 0.5;
    task_write("over.jsonl", "{}\n");
    snprintf(path, sizeof path, "%s/over.jsonl", task_dir());
    ov.dataset = str_c(path);
    t = task_try(
        a, "name: n\nprompt: 'Old {{ word }}'\nparams: {temperature: 1}\nvariants: [{model: m, prompt: gone.txt}]\n",
        &ov, &out);
    CHECK_STR(buf_str(&out), "");
    REQUIRE(t);
    CHECK_INT(t->variant_count, 2);
    CHECK_STR(t->variants[1].name, "sim:deep");
    CHECK_STR(t->prompts[0].source, "New {{ word }}");
    CHECK_NEAR(t->variants[0].params.temperature, 0.5, 0);
    CHECK_INT(t->repeat, 4);
    CHECK_INT(t->budget_nanousd, 5);
    CHECK(t->dataset.path.at[0] == '/');
    CHECK_STR(t->dataset.expected, "label");
    ov.dataset = S("/nowhere/x.jsonl");
    CHECK(!task_try(a, "name: n\nprompt: p\n", &ov, &out));
    CHECK_STR(buf_str(&out), "--dataset: \"/nowhere/x.jsonl\" can't be opened: No such file or directory\n");
}

#define TASK_BENCHMARK                                                                                                  \
    "name: \"ticket_routing\"\n"                                                                                        \
    "description: \"Read tickets and return {{ nothing }} each.\"\n"                                                    \
    "input_type: \"text\"\n"                                                                                            \
    "output_format: \"json\"\n"                                                                                         \
    "evaluation_criteria: [\"Queue is right\"]\n"                                                                       \
    "constraints: {min_count: 1, max_count: 40, required_json_keys: [\"ticket\", \"queue\"]}\n"                         \
    "examples:\n"                                                                                                       \
    "  - input: \"T-7: invoice charged twice\"\n"                                                                       \
    "    expected_output: '[{\"ticket\":\"T-7\"}]'\n"                                                                   \
    "    quality_score: 96\n"                                                                                           \
    "    notes: \"Complete.\"\n"                                                                                        \
    "judge_instructions: |\n  Accuracy 40.\n"

TEST(task_files_of_the_benchmark_load_unchanged)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t = task_try(a, TASK_BENCHMARK, NULL, &out);

    CHECK_STR(buf_str(&out), "warning t.yaml:1:1: the task names no models; give them with --models\n"
                             "warning t.yaml:1:1: the task has no cases; give them with --dataset (each with a variable \"input\")\n");
    REQUIRE(t);
    CHECK_INT(t->prompt_count, 1);
    CHECK(str_contains(t->prompts[0].source, S("{{ \"Read tickets and return {{ nothing }} each.\" }}")));
    CHECK(str_contains(t->prompts[0].source, S("at least 1 items")));
    CHECK(str_contains(t->prompts[0].source, S("\n{{ input }}\n")));
    CHECK(!str_contains(t->prompts[0].source, S("Accuracy 40")));      /* the judge's, never the candidate's */
    CHECK(t->output.format == OUTPUT_JSON);
    CHECK_STR(json_get_str(t->judge, "instructions"), "Accuracy 40.\n");
    CHECK_INT(json_array_size(t->criteria), 1);
    CHECK_INT(json_array_size(t->examples), 1);
}

TEST(task_the_benchmarks_own_rules_are_checked)
{
    task_write("tickets.jsonl", "{\"ticket\": \"x\", \"expected\": \"y\"}\n");
    CHECK_PROBLEMS("name: n\ninput_type: txt\noutput_format: text\nevaluation_criteria: []\n"
                   "constraints: {min_count: 4, max_count: 4, min_duration_minutes: x, max_duration_minutes: 3}\n"
                   "judge_instructions: ' '\nmodels: [m]\ndataset: tickets.jsonl\n",
                   "t.yaml:1:1: the task has no description, and a task without a prompt needs name, description, input_type, "
                   "output_format, evaluation_criteria and judge_instructions\n"
                   "t.yaml:2:13: input_type is one of transcript text csv json, not \"txt\" (did you mean \"text\"?)\n"
                   "t.yaml:3:16: output_format is one of csv json markdown, not \"text\"\n"
                   "t.yaml:4:22: evaluation_criteria is an empty list; write at least one sentence, or leave the key out\n"
                   "t.yaml:5:26: min_count (4) must be below max_count (4)\n"
                   "t.yaml:5:65: min_duration_minutes must be a number, and this is text\n"
                   "t.yaml:6:22: judge_instructions is blank\n");
    CHECK_PROBLEMS("name: n\ndescription: d\ninput_type: csv\noutput_format: csv\nevaluation_criteria: [a]\n"
                   "constraints: {required_csv_columns: []}\njudge_instructions: j\nmodels: [m]\ncases: [{input: i}]\n",
                   "t.yaml:6:37: required_csv_columns is an empty list\n");
}

TEST(task_a_folder_is_its_task_file)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;
    struct task *t = NULL;
    char path[200];

    task_write("task.yaml", "name: n\nmodels: [m]\nprompt: prompts/route.jinja\ndataset: tickets.jsonl\n");
    task_write("prompts/route.jinja", "R {{ t }}");
    CHECK_OK(task_load(task_dir(), NULL, a, &t, NULL, NULL));
    REQUIRE(t);
    snprintf(path, sizeof path, "%s/task.yaml", task_dir());
    CHECK_STR(t->path, path);
    CHECK_STR(t->dir, task_dir());
    snprintf(path, sizeof path, "%s/prompts", task_dir());
    CHECK_INT(task_load(path, NULL, a, &t, NULL, &e), ERR_NOT_FOUND);
    CHECK(str_ends(str_c(e.text), S("has no task.yaml and no USE-CASE.md")));
}

TEST(task_the_starter_and_the_example_are_without_fault)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
    char dir[200];
    struct err e = ERR_INIT;
    struct task *t = NULL;

    snprintf(dir, sizeof dir, "%s/starter", test_folder());
    CHECK_OK(file_mkdirs(dir, 0755, NULL));
    for (const struct task_starter_file *f = task_starter(); f->name; f++) {
        char path[300];

        snprintf(path, sizeof path, "%s/%s", dir, f->name);
        CHECK_OK(file_write_atomic(path, f->bytes, 0644, NULL));
    }
    if (task_load(dir, NULL, a, &t, &p, &e) != ERR_OK || p.list.len)
        test_fail(__FILE__, __LINE__, "%s", e.text);
    problems_dispose(&p);
    if (task_load("examples/support-tickets", NULL, a, &t, &p, &e) != ERR_OK || p.list.len)
        test_fail(__FILE__, __LINE__, "%s", e.text);
}

/* The example that every check's help shows can be prepared and fits the schema; its settings are listed there. */
static void task_schema_takes_examples(const json_t *schema, struct arena *a)
{
    const json_t *keys = JSON_AT(schema, "$defs", "check", "properties");
    struct schema *s = NULL;
    struct err e = ERR_INIT;

    CHECK_OK(schema_compile(schema, a, &s, &e));
    for (size_t i = 0; i < check_kinds(); i++) {
        const struct check *c = check_at(i);
        struct str rest = c->options ? str_c(c->options) : STR_NONE, option;
        struct schema_fault fault = { 0 };
        struct check_spec spec = { 0 };
        struct doc_node *n = NULL;
        json_t *task, *example;
        size_t faults;

        while (c->options && str_split(&rest, ' ', &option))
            if (!json_object_getn(keys, option.at, option.len))
                test_fail(__FILE__, __LINE__, "the schema lacks the setting " STR_FMT, STR_ARG(option));
        if (doc_read(S("example"), str_c(c->example), DOC_YAML, a, &n, &e) != ERR_OK) {
            test_fail(__FILE__, __LINE__, "%s: %s", c->name, e.text);
            continue;
        }
        example = json_in_arena(doc_to_json(n), a);
        if (check_spec_read(json_array_get(example, 0), &spec, &e) == ERR_OK && c->files && json_is_string(spec.argument))
            spec.argument = json_in_arena(json_pack("{s:O,s:s}", "name", spec.argument, "text", ""), a);     /* as loaded */
        if (e.code != ERR_OK || check_verify(&spec, &e) != ERR_OK)
            test_fail(__FILE__, __LINE__, "%s: %s", c->example, e.text);
        CHECK_STR(spec.kind, c->name);
        task = json_in_arena(json_pack("{s:s, s:[s], s:s, s:[{s:s}], s:O}", "name", "n", "models", "sim:swift", "prompt",
                                       "Hi", "cases", "input", "x", "checks", example), a);
        if (schema_validate(s, task, a, &fault, 1, &faults) != SCHEMA_VALID)
            test_fail(__FILE__, __LINE__, "the schema refuses %s: " STR_FMT " " STR_FMT, c->example,
                      STR_ARG(fault.path), STR_ARG(fault.text));
    }
}

/* The schema is written by hand for its sentences; what it lists must be what the program knows. */
TEST(task_schema_lists_what_the_reader_knows)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    AUTO_JSON *schema = NULL;
    const json_t *keys, *checks, *metrics, *params;
    struct str rest, key;
    size_t count = 0;
    ptrdiff_t at;

    CHECK_OK(json_read(embedded_data_task_schema_json.bytes, &schema, NULL));
    keys = json_child(schema, "properties");
    task_try(a, "zzzzzzzzzzzzzzzz: 1\n", NULL, &out);
    at = str_find(buf_str(&out), S("it knows: "));
    REQUIRE(at >= 0);
    rest = str_from(buf_str(&out), (size_t)at + strlen("it knows: "));
    REQUIRE(str_split(&rest, '\n', &key));
    for (rest = key; str_split(&rest, ' ', &key); count++)
        if (!json_object_getn(keys, key.at, key.len))
            test_fail(__FILE__, __LINE__, "the schema lacks the key " STR_FMT, STR_ARG(key));
    CHECK_INT(json_object_size(keys), count);
    checks = JSON_AT(schema, "$defs", "check", "properties");
    for (size_t i = 0; i < check_kinds(); i++)
        if (!json_child(checks, check_at(i)->name))
            test_fail(__FILE__, __LINE__, "the schema lacks the check %s", check_at(i)->name);
    task_schema_takes_examples(schema, a);
    metrics = JSON_AT(schema, "$defs", "metric", "anyOf", "0", "enum");
    CHECK_INT(json_array_size(metrics), metric_count());
    for (size_t i = 0; i < metric_count(); i++)
        CHECK_STR(json_to_str(json_array_get(metrics, i)), metric_at(i)->name);
    params = JSON_AT(schema, "$defs", "params", "properties");
    CHECK_INT(json_object_size(params), PARAMS);
    for (int i = 0; i < PARAMS; i++)
        CHECK(json_child(params, param_name((enum param)i)));
}
