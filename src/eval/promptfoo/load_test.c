#include "base/test.h"
#include "eval/promptfoo/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *load_dir(void)
{
    static char dir[128];

    if (!dir[0]) {
        snprintf(dir, sizeof dir, "%s/promptfoo", test_folder());
        CHECK_OK(file_mkdirs(dir, 0755, NULL));
    }
    return dir;
}

static void load_write(const char *name, const char *text)
{
    char path[300];

    snprintf(path, sizeof path, "%s/%s", load_dir(), name);
    CHECK_OK(file_write_atomic(path, str_c(text), 0644, NULL));
}

/* NULL when it has errors; every problem on a line of `out`. */
static struct task *load_try_as(struct arena *a, const char *name, const char *text, const struct task_overrides *ov,
                                struct buf *out)
{
    AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
    struct err e = ERR_INIT;
    struct task *t = NULL;
    enum err_code code = task_load_text(str_c(name), load_dir(), str_c(text), ov, a, &t, &p, &e);

    buf_reset(out);
    for (size_t i = 0; i < p.list.len; i++)
        buf_printf(out, "%s" STR_FMT ": " STR_FMT "\n", p.list.at[i].warning ? "warning " : "",
                   STR_ARG(p.list.at[i].where), STR_ARG(p.list.at[i].text));
    CHECK((code != ERR_OK) == (p.errors > 0));
    return code == ERR_OK ? t : NULL;
}

static struct task *load_try(struct arena *a, const char *text, struct buf *out)
{
    return load_try_as(a, "promptfooconfig.yaml", text, NULL, out);
}

static struct str load_var(const struct task *t, size_t i, const char *name)
{
    return json_to_str(json_child(json_child(json_array_get(t->dataset.inline_cases, i), "vars"), name));
}

static const json_t *load_about(const struct task *t, size_t i)
{
    return JSON_AT(json_array_get(t->dataset.inline_cases, i), "vars", PROMPTFOO_VARIABLE);
}

#define LOAD_HEAD "prompts: ['Say {{ x }}']\nproviders: [echo]\n"

TEST(promptfoo_config_becomes_a_task)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t = load_try(a,
                              "description: Greetings\n" LOAD_HEAD
                              "tests:\n- vars: {x: hi}\n  assert: [{type: contains, value: '{{ x }}!'}]\n",
                              &out);

    CHECK_STR(buf_str(&out), "");
    CHECK(t && t->variant_count == 1 && t->check_count == 1 && json_array_size(t->dataset.inline_cases) == 1);
    CHECK_STR(t->name, "Greetings");
    CHECK_STR(t->variants[0].model_text, "sim:echo");
    CHECK_STR(t->variants[0].name, "echo");
    CHECK_STR(t->prompts[0].source, "Say {{ x }}");
    CHECK_STR(json_get_str(json_array_get(json_child(load_about(t, 0), "assert"), 0), "value"), "hi!");
    CHECK(t->chunking.mode == CHUNK_OFF);
}

TEST(promptfoo_variables_multiply_and_fill_each_other)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t;

    load_write("v.txt", " of a file \n");
    load_write("v.yaml", "a: [1]\n");
    t = load_try(a, LOAD_HEAD "defaultTest: {vars: {y: 'y of {{ x }}'}}\ntests:\n- vars: {x: [a, b], z: [c, d]}\n- vars: {x: file://v.txt, n: 2.0}\n"
                    "- vars: {x: '{{ nobody }}', y: file://v.yaml}\n- vars: {x: [1, 2]}\n- vars: {x: [p, q]}\n  options: {disableVarExpansion: true}\n", &out);
    CHECK_STR(buf_str(&out), "");
    CHECK(t && json_array_size(t->dataset.inline_cases) == 8);
    CHECK_STR(load_var(t, 0, "x"), "a");
    CHECK_STR(load_var(t, 1, "z"), "d");
    CHECK_STR(load_var(t, 2, "y"), "y of b");
    CHECK_STR(load_var(t, 4, "x"), "of a file");
    CHECK(json_is_integer(JSON_AT(json_array_get(t->dataset.inline_cases, 4), "vars", "n")));
    CHECK_STR(load_var(t, 5, "x"), "{{ nobody }}");
    CHECK_STR(load_var(t, 5, "y"), "{\"a\":[1]}");
    CHECK(json_array_size(JSON_AT(json_array_get(t->dataset.inline_cases, 6), "vars", "x")) == 2);
    CHECK(json_array_size(JSON_AT(json_array_get(t->dataset.inline_cases, 7), "vars", "x")) == 2);
    CHECK(str_contains(t->prompts[0].source, S("join")));       /* a list is written as JavaScript writes it */
}

TEST(promptfoo_providers_are_named_as_ours)
{
    static const struct { const char *theirs, *ours; } rows[] = {
        { "openai:gpt-4o", "openai:gpt-4o" }, { "openai:chat:gpt-4o", "openai:gpt-4o" }, { "openai:responses:gpt-5", "openai-responses:gpt-5" },
        { "anthropic:messages:claude-x", "anthropic:claude-x" }, { "anthropic:claude-x", "anthropic:claude-x" },
        { "azure:chat:dep", "azure-openai:dep" }, { "bedrock:us.amazon.nova-lite-v1:0", "bedrock:us.amazon.nova-lite-v1:0" },
        { "google:gemini-2.0-flash", "google:gemini-2.0-flash" }, { "mistral:mistral-large", "mistral:mistral-large" },
        { "openrouter:meta/llama:free", "openrouter:meta/llama:free" }, { "ollama:chat:llama3:8b", "ollama:llama3:8b" },
        { "togetherai:chat:x/y", "together:x/y" }, { "groq:x", "groq:x" }, { "xai:grok", "xai:grok" }, { "echo", "sim:echo" },
    };
    static const char *const strangers[] = { "openai:embedding:x", "file://p.py", "exec:python p.py", "https://example.com/x", "websocket:x",
                                             "vertex:gemini", "openai:realtime:x", "python:p.py" };
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    char text[300];
    struct task *t;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        snprintf(text, sizeof text, "prompts: [p]\nproviders: ['%s']\n", rows[i].theirs);
        t = load_try(a, text, &out);
        CHECK_STR(buf_str(&out), "");
        CHECK(t && t->variant_count == 1);
        CHECK_STR(t->variants[0].model_text, rows[i].ours);
    }
    for (size_t i = 0; i < COUNT_OF(strangers); i++) {
        struct str model = S("sim:echo");

        snprintf(text, sizeof text, "prompts: [p]\nproviders: ['%s']\n", strangers[i]);
        CHECK(!load_try(a, text, &out));
        CHECK(str_contains(buf_str(&out), S("is not here")));
        t = load_try_as(a, "promptfooconfig.yaml", text, &(struct task_overrides){ .models = &model, .model_count = 1 }, &out);
        CHECK(t && t->variant_count == 1);
    }
}

TEST(promptfoo_settings_are_sent_or_told)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t = load_try(a, "prompts: [{raw: one, label: 'A:1'}, {raw: two, label: B}]\nproviders:\n- id: openai:chat:x\n  label: mine\n  prompts: [A]\n"
                                 "  config: {temperature: 0.5, max_tokens: 7, apiBaseUrl: 'http://h/v1', apiKey: sk-12345678, stop: END,\n"
                                 "    response_format: {type: json_object}, passthrough: {zap: 1}, headers: {X: Bearer abcdef}, reasoning: {effort: low}}\n"
                                 "- openai:y: {config: {apiHost: example.com}}\n", &out);

    CHECK(t && t->variant_count == 3);
    CHECK(str_contains(buf_str(&out), S("apiKey is not taken from the file")) &&
          str_contains(buf_str(&out), S("\"headers\" is not honoured")));
    CHECK(!str_contains(t->text, S("sk-12345678")) && !str_contains(t->text, S("abcdef")));
    CHECK_STR(t->variants[0].name, "mine [A:1]");
    CHECK(t->variants[0].params.temperature == 0.5 && t->variants[0].params.max_tokens == 7 &&
          t->variants[0].params.stop_count == 1);
    CHECK_STR(t->variants[0].base_url, "http://h/v1");
    CHECK_STR(t->variants[0].params.reasoning_effort, "low");
    CHECK(json_get_i64(t->variants[0].params.extra, "zap", 0) == 1 &&
          json_child(t->variants[0].params.extra, "response_format"));
    CHECK_STR(t->variants[1].base_url, "https://example.com/v1");
}

TEST(promptfoo_prompts_come_from_files_of_every_kind)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t;

    load_write("two.txt", "first\n---\nsecond {{ x }}\n");
    load_write("chat.json", "[{\"role\": \"developer\", \"content\": \"be {{ x }}\"}, {\"role\": \"user\", "
                            "\"content\": [{\"type\": \"text\", \"text\": \"say\"}]}]");
    load_write("chat.yaml", "- role: user\n  content: say {{ x }}\n");
    load_write("lines.jsonl", "[{\"role\": \"user\", \"content\": \"one\"}]\n\"two\"\n");
    load_write("table.csv", "prompt,label\n\"p, {{ x }}\",first\nq,\n");
    load_write("g-1.md", "# one\n");
    load_write("g-2.md", "# two\n");
    t = load_try(a, "prompts: [file://two.txt, chat.json, file://chat.yaml, lines.jsonl, table.csv, 'g-*.md', 'text {{ x }}']\nproviders: [echo]\n"
                    "tests: [{vars: {x: a}}]\n", &out);
    CHECK_STR(buf_str(&out), "");
    CHECK(t && t->prompt_count == 11);
    CHECK_STR(t->prompts[0].source, "first");
    CHECK_STR(t->prompts[2].system, "be {{ x }}");
    CHECK_STR(t->prompts[2].source, "say");
    CHECK_STR(t->prompts[3].source, "say {{ x }}");
    CHECK_STR(t->prompts[6].name, "first");
    CHECK_STR(t->prompts[8].name, "g-1");
    CHECK_STR(t->prompts[10].source, "text {{ x }}");
    CHECK(!load_try(a,
                    "prompts: ['[{\"role\": \"user\", \"content\": \"{% if x %}a{% endif %}\"}{% if x %}{% endif "
                    "%}]']\nproviders: [echo]\n",
                    &out));
    CHECK(str_contains(buf_str(&out), S("becomes a conversation only when it is filled in")));
}

TEST(promptfoo_never_leaves_its_folder)
{
    static const char *const rows[] = { "prompts: [file://../outside.txt]", "prompts: [file:///etc/hostname]", "prompts: ['file://link.txt']",
        "prompts: ['file://../*.txt']", "prompts: ['file://lin*.txt']", "prompts: [p]\ntests: file://../outside.yaml",
        "prompts: [p]\ntests: [{vars: {x: file:///etc/hostname}}]", "prompts: [p]\ndefaultTest: file://../outside.yaml",
        "prompts: [p]\ntests: [{vars: {x: a}, assert: [{type: equals, value: file://../outside.txt}]}]",
        "prompts: [p]\ntests: [{vars: file:///etc/hostname}]", "prompts: [p]\ntests: [{vars: {x: file://link.txt}}]" };
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    char path[300], text[400];

    load_write("../outside.txt", "secret");
    load_write("../outside.yaml", "- vars: {x: secret}\n");
    snprintf(path, sizeof path, "%s/link.txt", load_dir());
    (void)unlink(path);
    CHECK(symlink("../outside.txt", path) == 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        snprintf(text, sizeof text, "providers: [echo]\n%s\n", rows[i]);
        if (load_try(a, text, &out))
            fprintf(stderr, "%s was read\n", rows[i]);
        CHECK(out.len > 0 && !str_contains(buf_str(&out), S("secret")));
    }
}

TEST(promptfoo_reads_short_assertions)
{
    static const struct { const char *text, *json; } rows[] = {
        { "hello", "{\"type\":\"equals\",\"value\":\"hello\"}" },
        { "contains: a b", "{\"type\":\"contains\",\"value\":\"a b\"}" },
        { "not-contains:x", "{\"type\":\"not-contains\",\"value\":\"x\"}" },
        { "contains-all: a, \"b, c\"", "{\"type\":\"contains-all\",\"value\":[\"a\",\"b, c\"]}" },
        { "similar(0.9): x", "{\"threshold\":0.9,\"type\":\"similar\",\"value\":\"x\"}" },
        { "similar:cosine: x", "{\"type\":\"similar:cosine\",\"value\":\"x\"}" },
        { "levenshtein(5): x", "{\"threshold\":5.0,\"type\":\"levenshtein\",\"value\":\"x\"}" },
        { "rouge-n: x", "{\"threshold\":0.75,\"type\":\"rouge-n\",\"value\":\"x\"}" },
        { "is-json", "{\"type\":\"is-json\"}" },
        { "fn:output > 1", "{\"type\":\"javascript\",\"value\":\"output > 1\"}" },
        { "grade: is kind", "{\"type\":\"llm-rubric\",\"value\":\"is kind\"}" },
        { "python: True", "{\"type\":\"python\",\"value\":\"True\"}" },
        { "file://x.py", "{\"type\":\"python\",\"value\":\"file://x.py\"}" },
        { "contains(x): y", "{\"type\":\"equals\",\"value\":\"contains(x): y\"}" },
        { "containsing", "{\"type\":\"equals\",\"value\":\"containsing\"}" },
    };
    AUTO_ARENA *a = arena_new_sized(0);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_JSON *j = load_assertion(str_c(rows[i].text), a);
        AUTO_BUF struct buf b = BUF_INIT(1000);

        json_write_canonical(j, &b);
        CHECK_STR(buf_str(&b), rows[i].json);
    }
}

TEST(promptfoo_tables_and_scenarios_are_tests)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t;

    load_write("t.csv", "x,__expected,__expected2,__metric,__threshold,__prefix,__config:__expected2:threshold,__metadata:tags[],__description\n"
                        "a,contains: a,levenshtein: b,m,0.5,Pre ,3,\"u, v\",about a\n");
    load_write("t.jsonl", "{\"vars\": {\"x\": \"j\"}}\n\n{\"vars\": {\"x\": \"k\"}}\n");
    load_write("t.yaml", "vars: {x: y}\n");
    load_write("a.yaml", "- {type: contains, value: from a file}\n");
    t = load_try(a, LOAD_HEAD "tests: [file://t.csv, 't.jsonl', file://t.yaml]\nscenarios:\n- config: [{vars: {x: s1}}, {vars: {x: s2}, assert: [{type: is-json}]}]\n"
                    "  tests: [{vars: {y: 1}, assert: file://a.yaml}, {vars: {y: 2}, threshold: 1}]\n", &out);
    CHECK_STR(buf_str(&out), "");
    CHECK(t && json_array_size(t->dataset.inline_cases) == 8);
    CHECK_STR(json_get_str(json_array_get(t->dataset.inline_cases, 0), "id"), "1 about a");
    CHECK(json_get_double(load_about(t, 0), "threshold", 0) == 0.5);
    CHECK_STR(json_get_str(load_about(t, 0), "prefix"), "Pre ");
    CHECK(json_get_double(json_array_get(json_child(load_about(t, 0), "assert"), 1), "threshold", 0) == 3);
    CHECK_STR(json_get_str(json_array_get(json_child(load_about(t, 0), "assert"), 1), "metric"), "m");
    CHECK(json_array_size(JSON_AT(load_about(t, 0), "metadata", "tags")) == 2);
    CHECK_STR(t->prompts[0].source, "{{ promptfoo.prefix }}Say {{ x }}{{ promptfoo.suffix }}");
    CHECK_STR(load_var(t, 4, "x"), "s1");
    CHECK_STR(load_var(t, 7, "x"), "s2");
    CHECK(json_array_size(json_child(load_about(t, 7), "assert")) == 1);
}

TEST(promptfoo_tells_what_it_does_not_honour)
{
    static const struct { const char *text, *want; } rows[] = {
        { "tests: [{vars: {x: a}, assert: [{type: ruby, value: 'true'}]}]", "warning promptfooconfig.yaml:3:9: assertion ruby: it is a program" },
        { "tests: [{vars: {x: a}, assert: [{type: g-eval, value: x}]}]", "no model grades it" },
        { "tests: [{vars: {x: a}, assert: [{type: select-best, value: x}]}]", "one prompt with one provider is one: not evaluated" },
        { "tests: [{vars: {x: a}, assert: [{type: select-best, value: x}]}]", "no model grades it" },
        { "tests: [{vars: {x: a}, assert: [{type: select-best}]}]", "select-best needs the criterion" },
        { "tests: [{vars: {x: a}, assert: [{type: not-select-best, value: x}]}]", "no \"not-\" of what compares" },
        { "tests: [{vars: {x: a}, assert: [{type: max-score}, {type: equals, value: x}, {type: max-score}]}]", "of several max-score in a test the first counts" },
        { "tests: [{vars: {x: a}, assert: [{type: max-score}]}]", "there are none: not evaluated" },
        { "tests: [{vars: {x: a}, assert: [{type: assert-set, assert: [{type: max-score}]}]}]", "max-score in an assert-set is passed over" },
        { "tests: [{vars: {x: a}, assert: [{type: llm-rubric, value: x, provider: 'https://grade.me'}]}]", "\"https://grade.me\", which grades, is not here" },
        { "tests: [{vars: {x: a}, options: {provider: openai:gpt-4o}, assert: [{type: similar, value: x, provider: 'anthropic:claude-x'}]}]", "gives no vectors here" },
        { "tests: [{vars: {x: a}, options: {provider: {classification: x}}, assert: [{type: llm-rubric}]}]", "a provider that grades is its id" },
        { "tests: [{vars: {x: a}, options: {provider: sim:judge, rubricPrompt: file://r.js}, assert: [{type: llm-rubric}]}]", "made by code" },
        { "tests: [{vars: {x: a}, options: {provider: sim:judge, rubricPrompt: [1]}, assert: [{type: llm-rubric}]}]", "list of messages" },
        { "tests: [{vars: {x: a}, options: {provider: sim:judge, rubricPrompt: a}, assert: [{type: g-eval, value: b}]}]", "{steps, evaluate}" },
        { "tests: [{vars: {x: a}, options: {provider: sim:judge, rubricPrompt: '{% if %}'}, assert: [{type: llm-rubric}]}]", "rubricPrompt:1" },
        { "tests: [{vars: {x: a}, options: {provider: sim:judge}, assert: [{type: not-factuality, value: b}]}]", "round for nobody" },
        { "tests: [{vars: {x: a}, options: {transform: file://t.ts}}]", "a test's transform: \"file://t.ts\" is neither .js" },
        { "tests: [{vars: {x: a}, options: {postprocess: [1]}}]", "a test's transform: it is no text: not evaluated" },
        { "tests: [{vars: {x: a}, assert: [{type: equals, value: a, transform: file://t.rb}]}]", "an assertion's transform: \"file://t.rb\" is neither" },
        { "tests: [{vars: {x: a}, assert: [{type: equals, value: file://t.js}]}]", "its value is made by code" },
        { "tests: [{vars: {x: a}, assert: [{type: equals, value: a}, {type: max-score, transform: output}]}]", "max-score has no transform of its own" },
        { "tests: [{vars: {x: a}, provider: echo}]", "own provider is not honoured" },
        { "tests: [{vars: {x: a}, assertt: []}]", "\"assertt\" is not honoured (did you mean \"assert\"?)" },
        { "tests: [{vars: {x: a}, assert: [{type: contians, value: x}]}]", "there is no assertion \"contians\" (did you mean \"contains\"?)" },
        { "outputPath: x.json", "\"outputPath\" is not honoured" }, { "redteam: {}", "redteam makes attacks" },
        { "evaluateOptions: {maxConcurrency: 4, repeat: 2}", "--concurrency" }, { "nunjucksFilters: {f: f.js}", "\"nunjucksFilters\" is not honoured" },
        { "tests: https://docs.google.com/x", "not fetched" }, { "tests: file://none.csv", "there is no file \"none.csv\"" },
        { "tests: 'no-*.yaml'", "no file in the configuration's folder" }, { "tests: tests.js", "not run here" },
        { "tests: [3]", "a test is a mapping" }, { "tests: [{vars: {promptfoo: x}}]", "the name is taken" },
        { "tests: [{vars: {x: file://v.js}}]", "not made here" }, { "tests: [{vars: {x: file://p.png}}]", "can't be variables" },
        { "tests: [{vars: {x: 1}, assert: [{$ref: '#/assertionTemplates/none'}]}]", "$ref leads nowhere" },
        { "tests: [{vars: {x: 1}, assert: [{type: equals, value: '{% if %}'}]}]", "can't be filled in" },
        { "scenarios: [{tests: []}]", "with config" }, { "defaultTest: 3", "defaultTest is a mapping" },
        { "env: {API_KEY: sk-1}", "is not taken from the file" },
        { "tests: [{vars: {x: a}, options: {prefixx: a}}]", "options: \"prefixx\" is not honoured (did you mean \"prefix\"?)" },
        { "tests: [{vars: {x: a}, assert: [{type: equals, vale: a}]}]", "an assertion: \"vale\" is not honoured (did you mean \"value\"?)" },
        { "tests: [{vars: {x: \"{{ env.HOME | default('x') }}\", env: ''}}]", "with nothing behind it" },
        { "tests: [{vars: {x: a}}]\nevaluateOptions: {delay: 5}", "\"delay\" is not honoured" },
    };
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    char text[500];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        snprintf(text, sizeof text, LOAD_HEAD "%s\n", rows[i].text);
        (void)load_try(a, text, &out);
        if (!str_contains(buf_str(&out), str_c(rows[i].want)))
            fprintf(stderr, "%s: " STR_FMT "\n", rows[i].text, STR_ARG(buf_str(&out)));
        CHECK(str_contains(buf_str(&out), str_c(rows[i].want)));
    }
    snprintf(text, sizeof text, LOAD_HEAD "%s\n", rows[0].text);
    CHECK(load_try(a, text, &out));
    CHECK(!load_try_as(a, "promptfooconfig.yaml", text, &(struct task_overrides){ .strict = true }, &out));
}

TEST(promptfoo_transforms_travel_with_the_cases)
{
    static const char text[] =
        "prompts: ['a {{ x }}', 'b {{ x }}']\n"
        "providers:\n- {id: echo, label: A, transform: output.trim()}\n- {id: echo, label: B, transform: null}\n- echo: {transform: 'file://t.js'}\n"
        "- {id: echo, label: C, transform: file://t.ts}\n"
        "defaultTest: {options: {transform: file://./t.js:f}}\n"
        "tests:\n- vars: {x: 1}\n- {vars: {x: 2, id: 3}, options: {transform: 'output + 1'}, assert: [{type: equals, value: a, transform: 'file://d/../t.py'}, "
        "{type: assert-set, assert: [{type: equals, value: a, transform: '{{ x }}'}, {type: equals, value: a, transform: ''}]}]}\n"
        "- {vars: {x: 3}, options: {transform: '', postprocess: file://../t.js}}\n";
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    const json_t *about, *providers, *list;
    struct task *t;
    struct str why;

    for (size_t i = 0; i < PROMPTFOO_LANGUAGES; i++)
        if (!promptfoo_language_runs(i, a, &why)) {
            t = load_try(a, LOAD_HEAD "tests: [{vars: {x: a}, options: {transform: output}}]\n", &out);
            printf("SKIPPED: %s: " STR_FMT "\n", promptfoo_language_name(i), STR_ARG(why));
            if (i == PROMPTFOO_JAVASCRIPT)              /* told, and not evaluated */
                CHECK(t && str_contains(buf_str(&out), S(": not evaluated")) && json_get_str(load_about(t, 0), "blind").len);
            return;
        }
    load_write("t.js", "module.exports = (x) => x; module.exports.f = (x) => x;\n");
    load_write("t.py", "def get_transform(output, context):\n  return output\n");
    t = load_try(a, text, &out);
    REQUIRE(t != NULL);
    CHECK_STR(buf_str(&out),
              "warning promptfooconfig.yaml:6:35: a provider's transform: \"file://t.ts\" is neither .js, .cjs, .mjs nor .py: not evaluated\n"
              "warning promptfooconfig.yaml:11:3: a test's transform: its file lies outside the configuration's folder: not evaluated\n");
    about = load_about(t, 0);
    providers = json_child(about, "providers");
    CHECK_INT(json_object_size(providers), 6);          /* a variant each of A, echo, C and the two prompts */
    for (size_t i = 0; i < t->variant_count; i++)
        CHECK((json_child(providers, arena_cstr(a, t->variants[i].name)) == NULL) ==
              str_starts(t->variants[i].name, S("B")));
    CHECK_STR(json_get_str(json_child(providers, "A [prompt]"), "transform"), "output.trim()");
    CHECK_STR(json_get_str(json_child(providers, "echo [prompt_2]"), "transform"), "file://t.js");
    CHECK(str_ends(json_get_str(json_child(providers, "C [prompt]"), "blind"), S(": not evaluated")));
    CHECK_STR(json_get_str(about, "transform"), "file://t.js:f");
    CHECK(!json_child(about, "id"));
    about = load_about(t, 1);
    CHECK(json_is_true(json_child(about, "id")));
    CHECK_STR(json_get_str(about, "transform"), "output + 1");
    list = json_child(about, "assert");
    CHECK_STR(json_get_str(json_array_get(list, 0), "transform"), "file://t.py");
    list = json_child(json_array_get(list, 1), "assert");
    CHECK_STR(json_get_str(json_array_get(list, 0), "transform"), "{{ x }}");       /* code is no template */
    CHECK(!json_child(json_array_get(list, 1), "transform"));
    about = load_about(t, 2);
    CHECK(!json_child(about, "transform") && json_get_str(about, "blind").len);
    list = JSON_AT(t->checks[0].argument, "javascript", "load");
    CHECK_INT(json_array_size(list), 2);                /* "" and f, once each */
    CHECK_STR(json_to_str(json_array_get(json_array_get(list, 0), 2)), "transform");
    list = json_array_get(JSON_AT(t->checks[0].argument, "python", "load"), 0);
    CHECK_STR(json_to_str(json_array_get(list, 1)), "get_transform");
}

TEST(promptfoo_fills_in_the_environment_but_no_secret)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t;

    setenv("LOAD_TEST_WORD", "hello", 1);
    setenv("LOAD_TEST_API_KEY", "sk-abc", 1);
    t = load_try(a,
                 "env: {OWN: here}\nprompts: ['{{env.LOAD_TEST_WORD}} {{ env[\"OWN\"] }} {{ env.LOAD_TEST_API_KEY }}{{ "
                 "env.LOAD_TEST_NONE }}']\nproviders: [echo]\n",
                 &out);
    CHECK(t != NULL);
    CHECK_STR(t->prompts[0].source, "hello here ");
    CHECK(str_contains(buf_str(&out), S("sounds like a secret")) &&
          str_contains(buf_str(&out), S("has no LOAD_TEST_NONE")));
    unsetenv("LOAD_TEST_WORD");
    unsetenv("LOAD_TEST_API_KEY");
}

TEST(promptfoo_translates_templates)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct task *t = load_try(a, "prompts: ['{{ o | dump }} {% if flag %}{{ flag }}{% endif %} {{ other }} {{ n }}']\nproviders: [echo]\n"
                                 "tests: [{vars: {o: {a: 1}, flag: true, n: 1}, assert: [{type: equals, value: '{{ flag }} {{ nothing }}{{ o.a }}{{ o.b }}'}]}]\n", &out);

    CHECK_STR(buf_str(&out), "");
    CHECK(t && str_starts(t->prompts[0].source, S("{{ o | tojson }} {% if flag %}{{ \"\" if flag is undefined")));
    CHECK(str_ends(t->prompts[0].source, S("{{ other }} {{ n }}")));
    CHECK_STR(json_get_str(json_array_get(json_child(load_about(t, 0), "assert"), 0), "value"), "true 1");
    CHECK_STR(json_get_str(t->dataset.defaults, "other"), "");
    t = load_try(
        a, "prompts: ['{% raw %}{{ flag }}{% endraw %}{{ flag }}']\nproviders: [echo]\ntests: [{vars: {flag: null}}]\n",
        &out);
    CHECK(t && str_starts(t->prompts[0].source, S("{% raw %}{{ flag }}{% endraw %}{{ \"\" if flag is undefined")));
}

TEST(promptfoo_has_its_bounds)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16), text = BUF_INIT(1 << 20);

    buf_puts(&text, LOAD_HEAD "tests:\n- vars:\n");
    for (int v = 0; v < 17; v++)                        /* 2^17 tests */
        buf_printf(&text, "    v%d: [a, b]\n", v);
    CHECK(!load_try(a, buf_cstr(&text), &out));
    CHECK(str_contains(buf_str(&out), S("more than 100000 tests")));
    buf_reset(&text);
    buf_puts(&text, LOAD_HEAD "tests:\n- vars: {x: a}\n  assert:\n");
    for (int i = 0; i <= PROMPTFOO_ASSERTS_MAX; i++)
        buf_puts(&text, "  - {type: is-json}\n");
    CHECK(!load_try(a, buf_cstr(&text), &out));
    CHECK(str_contains(buf_str(&out), S("at most 256 assertions")));
    buf_reset(&text);
    buf_puts(&text, LOAD_HEAD
             "assertionTemplates: {t: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]}\ntests:\n- vars: {x: a}\n  assert:\n");
    for (int i = 0; i < 70; i++)
        buf_printf(&text, "    - zap%d: {$ref: '#/assertionTemplates/t'}\n", i);
    CHECK(!load_try(a, buf_cstr(&text), &out));
    buf_reset(&text);
    buf_puts(&text, LOAD_HEAD);
    for (int i = 0; i < LOAD_NOTES_MAX + 5; i++)
        buf_printf(&text, "strange%d: 1\n", i);
    CHECK(load_try(a, buf_cstr(&text), &out));
    CHECK(str_contains(buf_str(&out), S("and more is not honoured")));
}

static const json_t *load_graders(const struct task *t, const char *key)
{
    return t ? json_child(t->checks[0].options, key) : NULL;
}

TEST(promptfoo_graders_stand_once_in_the_check_and_by_number_in_the_cases)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    const json_t *asserts, *grader;
    struct task *t;

    t = load_try(a,
                 LOAD_HEAD
                 "defaultTest: {options: {provider: {text: openai:gpt-4o-mini, embedding: openai:embedding:text-embedding-3-small}}}\n"
                 "tests:\n- vars: {x: a}\n  assert:\n  - {type: llm-rubric, value: b}\n  - {type: similar, value: b}\n"
                 "  - {type: assert-set, assert: [{type: g-eval, value: c}]}\n"
                 "  - {type: factuality, value: d, rubricPrompt: 'Is {{ completion }} {{ ideal }}?', provider: {id: 'anthropic:messages:claude-x', config: {max_tokens: 9, apiBaseUrl: 'https://x/v1'}}}\n"
                 "- vars: {x: b}\n  options: {provider: sim:judge, rubricPrompt: 'Is {{ completion }} {{ ideal }}?', factuality: {subset: 0}}\n"
                 "  assert: [{type: factuality, value: d}, {type: llm-rubric}]\n",
                 &out);
    CHECK_STR(buf_str(&out), "");
    REQUIRE(json_array_size(load_graders(t, "graders")) == 4);
    CHECK_INT(json_array_size(load_graders(t, "rubrics")), 1);
    CHECK_STR(json_get_str(json_array_get(load_graders(t, "graders"), 0), "model"), "openai:gpt-4o-mini");
    CHECK_STR(json_get_str(json_array_get(load_graders(t, "graders"), 1), "model"), "openai:text-embedding-3-small");
    grader = json_array_get(load_graders(t, "graders"), 2);
    CHECK_STR(json_get_str(grader, "model"), "anthropic:claude-x");
    CHECK_STR(json_get_str(grader, "base_url"), "https://x/v1");
    CHECK_INT(json_get_i64(json_child(grader, "params"), "max_tokens", 0), 9);
    asserts = json_child(load_about(t, 0), "assert");
    CHECK_INT(json_get_i64(json_array_get(asserts, 0), "grader", -9), 0);
    CHECK_INT(json_get_i64(json_array_get(asserts, 1), "grader", -9), 1);
    CHECK_INT(json_get_i64(json_array_get(json_child(json_array_get(asserts, 2), "assert"), 0), "grader", -9), 0);
    CHECK_INT(json_get_i64(json_array_get(asserts, 3), "grader", -9), 2);
    CHECK_INT(json_get_i64(json_array_get(asserts, 3), "rubric", -9), 0);
    asserts = json_child(load_about(t, 1), "assert");
    CHECK_INT(json_get_i64(json_array_get(asserts, 0), "grader", -9), 3);
    CHECK_INT(json_get_i64(json_array_get(asserts, 0), "rubric", -9), 0);
    CHECK_INT(json_get_i64(json_child(json_array_get(asserts, 0), "factuality"), "subset", -9), 0);
}

TEST(promptfoo_graders_of_contexts_are_read)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    const json_t *asserts, *pair;
    struct task *t;

    t = load_try(a,
                 LOAD_HEAD
                 "defaultTest: {options: {provider: {text: openai:gpt-4o-mini, embedding: openai:embedding:text-embedding-3-small}}}\n"
                 "tests:\n- vars: {x: a, query: q, context: c}\n  assert:\n  - {type: answer-relevance}\n"
                 "  - {type: context-faithfulness, rubricPrompt: ['', {role: user, content: '{{ statements }}?'}]}\n"
                 "  - {type: context-faithfulness, rubricPrompt: []}\n  - {type: context-faithfulness, rubricPrompt: one}\n"
                 "  - {type: context-recall, value: x, contextTransform: output}\n",
                 &out);
    CHECK(str_contains(buf_str(&out), S("is a list of two")) && str_contains(buf_str(&out), S("contextTransform is code")));
    REQUIRE(json_array_size(load_graders(t, "graders")) == 2 && json_array_size(load_graders(t, "rubrics")) == 1);
    pair = json_array_get(load_graders(t, "rubrics"), 0);
    CHECK(!json_child(pair, "steps"));                  /* an empty one is our own words */
    CHECK_STR(json_get_str(json_array_get(json_child(pair, "evaluate"), 0), "content"), "{{ statements }}?");
    asserts = json_child(load_about(t, 0), "assert");
    CHECK_INT(json_get_i64(json_array_get(asserts, 0), "grader", -9), 0);
    CHECK_INT(json_get_i64(json_array_get(asserts, 0), "embedder", -9), 1);
    CHECK_INT(json_get_i64(json_array_get(asserts, 1), "rubric", -9), 0);
    CHECK(!json_child(json_array_get(asserts, 2), "rubric") && !json_child(json_array_get(asserts, 2), "rubric_unfit"));
    CHECK(json_is_true(json_child(json_array_get(asserts, 3), "rubric_unfit")));
    CHECK(json_get_str(json_array_get(asserts, 4), "blind").len);
}

TEST(promptfoo_keys_of_graders_are_not_kept)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16), kept = BUF_INIT(1 << 16);
    struct task *t = load_try(a,
                              LOAD_HEAD "tests:\n- vars: {x: a}\n  assert:\n  - type: llm-rubric\n    value: b\n"
                                        "    provider: {id: openai:gpt-4o, config: {apiKey: hidden-key-1, headers: {x: hidden-key-2}}}\n",
                              &out);

    CHECK(str_contains(buf_str(&out), S("apiKey is not taken from the file")));
    REQUIRE(t);
    json_write(t->dataset.inline_cases, &kept);
    json_write(t->checks[0].options, &kept);
    buf_append(&kept, t->text);
    CHECK(!str_contains(buf_str(&kept), S("hidden-key")));
}

TEST(promptfoo_graders_and_rubrics_have_a_bound)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16), text = BUF_INIT(1 << 20);

    buf_puts(&text, LOAD_HEAD "tests:\n- vars: {x: a}\n  assert:\n");
    for (int i = 0; i <= PROMPTFOO_GRADERS_MAX; i++)
        buf_printf(&text, "  - {type: llm-rubric, value: b, provider: 'openai:m%d'}\n", i);
    CHECK(!load_try(a, arena_cstr(a, buf_str(&text)), &out));
    CHECK(str_contains(buf_str(&out), S("at most 32 graders")));
    buf_reset(&text);
    buf_puts(&text, LOAD_HEAD "tests:\n- vars: {x: a}\n  assert:\n");
    for (int i = 0; i <= PROMPTFOO_RUBRICS_MAX; i++)
        buf_printf(&text, "  - {type: llm-rubric, value: b, provider: sim:judge, rubricPrompt: 'r%d'}\n", i);
    CHECK(!load_try(a, arena_cstr(a, buf_str(&text)), &out));
    CHECK(str_contains(buf_str(&out), S("at most 64 different rubricPrompts")));
}
