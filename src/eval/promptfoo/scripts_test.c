#include "base/test.h"
#include "eval/promptfoo/load.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "eval/evaluators.h"
#include "eval/scoring.h"
#include "eval/task_load.h"

/* '+' passes, '-' fails, '?' is not evaluated, '!' can't be judged */
static const char script_marks[] = { [PROMPTFOO_FAIL] = '-', [PROMPTFOO_PASS] = '+', [PROMPTFOO_SKIP] = '?', [PROMPTFOO_BROKEN] = '!' };

static bool script_runs(enum promptfoo_language language)
{
    const struct sandbox_finding *found;
    AUTO_ARENA *a = arena_new_sized(0);
    struct str why;

    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0, n = sandbox_doctor(a, &found); i < n; i++)
        if (found[i].level == SANDBOX_LACKS_NEEDED) {
            printf("SKIPPED: this machine can't isolate a program: " STR_FMT "\n", STR_ARG(found[i].found));
            return false;
        }
    if (promptfoo_language_runs(language, a, &why))
        return true;
    printf("SKIPPED: %s: " STR_FMT "\n", promptfoo_language_name(language), STR_ARG(why));
    return false;
}

struct script_wait { pthread_mutex_t lock; pthread_cond_t more; bool done; };

static void script_done(struct evaluation *x)
{
    struct script_wait *w = x->owner;

    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
}

static void script_ask(struct evaluators *p, struct evaluation *x, struct arena *a)
{
    struct script_wait w = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };

    x->arena = a;
    x->done = script_done;
    x->owner = &w;
    evaluators_ask(p, x);
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.more, &w.lock);
    pthread_mutex_unlock(&w.lock);
}

/* What every script may use: an evaluator for each language, and files. */
#define SCRIPT_FILES                                                                                                   \
    "{javascript: {files: {t/a.js: 'module.exports = (o, c) => { if (o === \"throw\") throw new Error(\"on purpose\"); "  \
    "return o.length > c.config.least; };', t/t.mjs: 'export default (o) => [o]; export const half = (o) => o[0]'}, "    \
    "load: [[t/a.js, ''], [t/t.mjs, '', transform]]}, "                                                                \
    "python: {files: {t/a.py: \"def get_assert(output, context):\\n  if output == 'throw': raise ValueError('on purpose')\\n" \
    "  return len(output) > context['config']['least']\\n\", t/t.py: \"def get_transform(output, context):\\n  return {'is': output, 'n': 2.0}\\n"  \
    "def none(output, context):\\n  print(output)\\n\"}, load: [[t/a.py, get_assert], [t/t.py, get_transform, transform]]}}"

struct script_try {
    struct arena *a;
    struct evaluators *pool;
    struct promptfoo_scripts *scripts;
    struct dataset_case kase;
    struct turn turn;
    struct subject s;
    const struct promptfoo_verdict *v;
};

static json_t *script_yaml(const char *text, struct arena *a)
{
    struct doc_node *tree;
    struct err e = ERR_INIT;

    if (doc_read(S("test"), str_c(text), DOC_YAML, a, &tree, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", text, e.text);
    return json_in_arena(doc_to_json(tree), a);
}

static struct script_try script_begin(struct arena *a)
{
    struct script_try t = { .a = a };

    CHECK_OK(promptfoo_scripts_new(script_yaml(SCRIPT_FILES, a), a, &t.scripts, NULL));
    CHECK_OK(evaluators_new(&t.pool, NULL));
    return t;
}

/* Asked until nothing more is wanted, as the runner does. */
static void script_rounds(struct script_try *t, struct subject_wishes *w, int64_t time_ms)
{
    do {
        size_t before = w->count;

        w->more = false;
        promptfoo_transforms_wish(t->scripts, &t->s, w);
        promptfoo_scripts_wish(t->scripts, &t->s, w);
        for (size_t i = before; i < w->count; i++) {
            struct evaluator *quick = arena_new(t->a, struct evaluator);

            *quick = *w->at[i].evaluation->evaluator;
            quick->time_ms = time_ms ? time_ms : quick->time_ms;
            evaluator_seal(quick);
            w->at[i].evaluation->evaluator = quick;
            script_ask(t->pool, w->at[i].evaluation, t->a);
            w->at[i].why = w->at[i].evaluation->why;
        }
        t->s.wishes = w->at;
        t->s.wish_count = w->count;
    } while (w->more);
}

/* The test {assert: [...]} judged as the runner would have it. `time_ms` 0: the usual. */
static char script_judge(struct script_try *t, const char *test, struct str output, int64_t time_ms)
{
    struct subject_wishes w = { .arena = t->a };
    json_t *vars = json_in_arena(json_pack("{s:s}", "wanted", "green"), t->a);

    json_object_set(vars, PROMPTFOO_VARIABLE, script_yaml(test, t->a));
    t->kase = (struct dataset_case){ .id = S("1"), .vars = vars };
    t->turn = (struct turn){ .finish = FINISH_STOP, .prompt = S("Say it"), .response = output };
    t->s = (struct subject){ .kase = &t->kase, .output = output, .turns = &t->turn, .turn_count = 1,
                             .cost_nanousd = 2000000, .latency_ms = 500 };
    subject_begin(&t->s, t->a);
    script_rounds(t, &w, time_ms);
    CHECK(promptfoo_judge(&t->s, t->a, &t->v));
    return script_marks[t->v->answer.state];
}

struct script_row { const char *assertion, *output; char mark; double score; const char *reason; };

static void script_rows(const struct script_row *rows, size_t count)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct script_try t = script_begin(a);

    for (size_t i = 0; i < count; i++) {
        char test[2000], mark;
        double score;

        snprintf(test, sizeof test, "{assert: [%s]}", rows[i].assertion);
        mark = script_judge(&t, test, str_c(rows[i].output), 0);
        score = t.v->answer.score;
        if (mark != rows[i].mark || (mark != '?' && (score < rows[i].score - 1e-9 || score > rows[i].score + 1e-9)) ||
            !str_contains(t.v->answer.reason, str_c(rows[i].reason)))
            test_fail(__FILE__, __LINE__, "%s of \"%s\": %c %g (" STR_FMT ")", rows[i].assertion, rows[i].output, mark,
                      score, STR_ARG(t.v->answer.reason));
    }
    evaluators_free(t.pool);
}

TEST(promptfoo_javascript_says_what_it_returns)
{
    static const struct script_row rows[] = {
        { "{type: javascript, value: output.includes('b')}", "abc", '+', 1, "" },
        { "{type: not-javascript, value: output.includes('b')}", "abc", '-', 0, "must not" },
        { "{type: javascript, value: output.length / 10, threshold: 0.4}", "abc", '-', 0.3, "below 0.4" },
        { "{type: javascript, value: \"const n = output.length; n > 2\"}", "abc", '+', 1, "" },
        { "{type: javascript, value: \"let n = 2;\\nreturn {pass: n > 1, score: 0.5, reason: 'r'}\"}", "abc", '+', 0.5, "" },
        { "{type: javascript, value: \"({pass: false, score: 0.5, reason: 'the reason'})\"}", "abc", '-', 0.5, "the reason" },
        { "{type: javascript, value: context.vars.wanted === 'green' && context.prompt === 'Say it'}", "abc", '+', 1, "" },
        { "{type: javascript, value: context.providerResponse.cost === 0.002}", "abc", '+', 1, "" },
        { "{type: javascript, value: 'context.vars.promptfoo === undefined'}", "abc", '+', 1, "" },
        { "{type: not-javascript, value: nobody.knows}", "abc", '-', 0, "ReferenceError: nobody is not defined" },
        { "{type: javascript, value: '0 / 0'}", "abc", '?', 0, "no finite number (NaN)" },
        { "{type: javascript, value: 'process.stdout.write(\"x\") && !!console.log(1) || true'}", "abc", '+', 1, "" },
        { "{type: javascript, value: file://t/a.js, config: {least: 2}}", "abc", '+', 1, "" },
        { "{type: javascript, value: file://t/a.js}", "throw", '!', 0, "t/a.js:1: Error: on purpose" },
        { "{type: javascript, value: file://t/none.js}", "abc", '!', 0, "t/none.js: " },
        { "{type: javascript, value: file://t/a.ts}", "abc", '?', 0, "no script that is run here" },
        { "{type: javascript, value: 'output === 3', transform: output.length}", "abc", '+', 1, "" },
        { "{type: javascript, value: 'false', weight: 0}, {type: contains, value: b}", "abc", '+', 1, "" },
        { "{type: javascript}", "abc", '-', 0, "its value is a text" },
        { "{type: assert-set, threshold: 0.5, assert: [{type: javascript, value: 'true'}, {type: contains, value: z}]}", "abc", '+', 0.5, "" },
    };

    if (script_runs(PROMPTFOO_JAVASCRIPT))
        script_rows(rows, COUNT_OF(rows));
}

TEST(promptfoo_python_says_what_it_returns)
{
    static const struct script_row rows[] = {
        { "{type: python, value: \"'b' in output\"}", "abc", '+', 1, "" },
        { "{type: not-python, value: \"'b' in output\"}", "abc", '-', 0, "must not" },
        { "{type: python, value: len(output) / 10, threshold: 0.4}", "abc", '-', 0.3, "below 0.4" },
        { "{type: python, value: \"if len(output) > 2:\\n  return {'pass': True, 'score': 0.5, 'reason': 'r'}\\n\"}", "abc", '+', 0.5, "" },
        { "{type: python, value: \"{'pass': True, 'score': 0.5, 'reason': 'r'}\", threshold: 0.6}", "abc", '-', 0.5, "less than the threshold 0.6: r" },
        { "{type: python, value: \"context['vars']['wanted'] == 'green' and 'promptfoo' not in context['vars']\"}", "abc", '+', 1, "" },
        { "{type: python, value: \"'tRUE'\"}", "abc", '+', 1, "" }, { "{type: python, value: \"'.5e1x'\"}", "abc", '+', 5, "" },
        { "{type: python, value: \"None\"}", "abc", '-', 0, "not null" }, { "{type: python, value: \"[]\"}", "abc", '-', 0, "not a list" },
        { "{type: python, value: \"10 ** 400\"}", "abc", '?', 0, "no finite number" },
        { "{type: python, value: \"exit(0)\"}", "abc", '-', 0, "SystemExit" },
        { "{type: python, value: \"print('x' * 3000000) or True\"}", "abc", '+', 1, "" },
        { "{type: python, value: file://t/a.py, config: {least: 2}}", "abc", '+', 1, "" },
        { "{type: python, value: file://t/a.py, weight: 0}, {type: contains, value: t}", "throw", '-', 1, "t/a.py:2: ValueError: on purpose" },
        { "{type: python, value: 'file://t/a.py:nobody'}", "abc", '-', 0, "nobody" },
        { "{type: python, value: file://t/a.js}", "abc", '?', 0, "no script that is run here" },
        { "{type: python, value: 3}", "abc", '!', 0, "its value is a text" },
    };

    if (script_runs(PROMPTFOO_PYTHON))
        script_rows(rows, COUNT_OF(rows));
}

TEST(promptfoo_transforms_make_texts_and_values)
{
    static const struct { const char *transform, *output, *want; char mark; } rows[] = {
        { "output + '!'", "abc", "abc!", '+' }, { "'[output, 1.0, null]'", "abc", "[\"abc\",1,null]", '+' }, { "1 / 3 > 0", "abc", "true", '+' },
        { "\"const n = output.length;\\nreturn {n, prompt: context.prompt.label ?? 'raw'}\"", "abc", "{\"n\":3,\"prompt\":\"Say it\"}", '+' },
        { "context.vars.wanted + ('promptfoo' in context.vars)", "abc", "greenfalse", '+' }, { "String.fromCharCode(0xD800)", "abc", "\xef\xbf\xbd", '+' },
        { "'[String.fromCharCode(0xD800)]'", "abc", "[\"\xef\xbf\xbd\"]", '+' }, { "NaN", "abc", "null", '+' }, { "new Date(0)", "abc", "\"1970-01-01T00:00:00.000Z\"", '+' },
        { "process.stdout.write('x') && console.log(1) || 'quiet'", "abc", "quiet", '+' },
        { "file://t/t.mjs", "abc", "[\"abc\"]", '+' }, { "'file://t/t.mjs:half'", "abc", "a", '+' }, { "'file://t/t.mjs:none'", "abc", "[\"abc\"]", '+' },
        { "file://t/a.js", "throw", "t/a.js:1: Error: on purpose", '!' }, { "output.nobody.knows", "abc", "TypeError: ", '!' },
        { "undefined", "abc", "it returned nothing", '!' }, { "\"output\\n\"", "abc", "needs a return", '!' }, { "10n", "abc", "BigInt", '!' },
        { "() => 1", "abc", "it returned a function", '!' }, { "output ==", "abc", "SyntaxError", '!' },
        { "process.exit(3)", "abc", "it ended with 3", '?' }, { "\"'x'.repeat(1 << 21)\"", "abc", "more output than it may", '?' },
        { "\"'x'.repeat(1 << 19)\"", "abc", "xxx", '+' },
        { "file://t/t.py", "abc", "{\"is\":\"abc\",\"n\":2}", '+' }, { "'file://t/t.py:none'", "abc", "t/t.py: it returned nothing", '!' },
        { "file://t/a.py", "throw", "t/a.py", '!' },
    };
    AUTO_ARENA *a = arena_new_sized(0);
    struct script_try t;

    if (!script_runs(PROMPTFOO_JAVASCRIPT) || !script_runs(PROMPTFOO_PYTHON))
        return;
    t = script_begin(a);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str test = arena_printf(a, "{transform: %s}", rows[i].transform), said;
        char mark = script_judge(&t, arena_cstr(a, test), str_c(rows[i].output), 0);

        said = mark == '+' ? t.v->output.text : t.v->answer.reason;
        if (mark != rows[i].mark || !str_contains(said, str_c(rows[i].want)))
            test_fail(__FILE__, __LINE__, "%s: %c " STR_FMT, rows[i].transform, mark,
                      STR_ARG(str_utf8_head(said, 200)));
    }
    evaluators_free(t.pool);
}

TEST(promptfoo_scripts_that_break_off_are_not_evaluated)
{
    static const struct { enum promptfoo_language in; const char *good, *bad, *why; } rows[] = {
        { PROMPTFOO_JAVASCRIPT, "javascript", "process.exit(3)", "it ended with 3" },
        { PROMPTFOO_JAVASCRIPT, "javascript", "(() => { for (;;); })()", "longer than" },
        { PROMPTFOO_JAVASCRIPT, "javascript", "process.mainModule.require('fs').writeSync(1, 'nonsense' + String.fromCharCode(10))", "not one JSON object" },
        { PROMPTFOO_JAVASCRIPT, "javascript", "({pass: true, score: 1, reason: 'x'.repeat(3000000)})", "more output than it may" },
        { PROMPTFOO_JAVASCRIPT, "javascript", "(() => { const a = []; for (;;) a.push(new Array(100000).fill({})); })()", "" },
        { PROMPTFOO_PYTHON, "python", "__import__('os')._exit(3)", "it ended with 3" },
        { PROMPTFOO_PYTHON, "python", "__import__('time').sleep(60)", "longer than" },
        { PROMPTFOO_PYTHON, "python", "__import__('socket').socket()", "what no guest may" },
    };
    const char *good = "output.length";
    bool runs[PROMPTFOO_LANGUAGES] = { script_runs(PROMPTFOO_JAVASCRIPT), script_runs(PROMPTFOO_PYTHON) };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct script_try t;
        char test[500];

        if (!runs[rows[i].in])
            continue;
        t = script_begin(a);
        snprintf(test, sizeof test, "{assert: [{type: %s, value: \"%s\"}]}", rows[i].good,
                 rows[i].in == PROMPTFOO_PYTHON ? "len(output)" : good);
        CHECK(script_judge(&t, test, S("abc"), 1500) == '+');
        snprintf(test, sizeof test, "{assert: [{type: %s, value: \"%s\"}]}", rows[i].good, rows[i].bad);
        if (script_judge(&t, test, S("abc"), 1500) != '?' || !str_contains(t.v->answer.reason, str_c(rows[i].why)))
            test_fail(__FILE__, __LINE__, "%s: %d " STR_FMT, rows[i].bad, t.v->answer.state,
                      STR_ARG(t.v->answer.reason));
        snprintf(test, sizeof test, "{assert: [{type: %s, value: \"%s\"}]}", rows[i].good,
                 rows[i].in == PROMPTFOO_PYTHON ? "len(output)" : good);
        CHECK(script_judge(&t, test, S("abc"), 1500) == '+');
        evaluators_free(t.pool);
    }
}

TEST(promptfoo_files_that_do_not_load_are_told_before_anything_is_asked)
{
    static const struct { enum promptfoo_language in; const char *scripts, *want; } rows[] = {
        { PROMPTFOO_JAVASCRIPT, "{javascript: {files: {a.js: \"module.exports = 1;\\nconst x = ;\\n\"}, load: [[a.js, '']]}}", "a.js:2: SyntaxError" },
        { PROMPTFOO_JAVASCRIPT, "{javascript: {files: {a.mjs: \"export const x = 1;\\n\\nexport default ;\\n\"}, load: [[a.mjs, '']]}}", "a.mjs:3: SyntaxError" },
        { PROMPTFOO_JAVASCRIPT, "{javascript: {files: {a.js: \"\\nthrow new Error('no')\\n\"}, load: [[a.js, '']]}}", "a.js:2: Error: no" },
        { PROMPTFOO_JAVASCRIPT, "{javascript: {files: {a.js: \"exports.x = 1\"}, load: [[a.js, y]]}}", "a.js: Error: it exports no function \"y\"" },
        { PROMPTFOO_JAVASCRIPT, "{javascript: {files: {a.js: \"exports.x = 1\"}, load: [[a.js, y, transform]]}}", "a.js: Error: it exports no function \"y\"" },
        { PROMPTFOO_JAVASCRIPT, "{javascript: {files: {a.js: \"require('./b')\"}, load: [[a.js, '']]}}", "Cannot find module './b'" },
        { PROMPTFOO_PYTHON, "{python: {files: {d/a.py: \"x = 1\\ndef f(:\\n\"}, load: [[d/a.py, f]]}}", "d/a.py:2: SyntaxError" },
        { PROMPTFOO_PYTHON, "{python: {files: {a.py: \"\\n\\nimport nobody\\n\"}, load: [[a.py, f]]}}", "a.py:3: ModuleNotFoundError: No module named 'nobody'" },
        { PROMPTFOO_PYTHON, "{python: {files: {a.py: \"x = 1\\n\"}, load: [[a.py, f]]}}", "a.py: it has no function f" },
        { PROMPTFOO_PYTHON, "{python: {files: {a.py: \"f = 1\\n\"}, load: [[a.py, f]]}}", "a.py: f is no function" },
        { PROMPTFOO_PYTHON, "{python: {files: {a.py: \"f = 1\\n\"}, load: [[a.py, get_transform, transform]]}}", "a.py: it has no function get_transform" },
    };
    AUTO_ARENA *a = arena_new_sized(0);
    bool runs[PROMPTFOO_LANGUAGES] = { script_runs(PROMPTFOO_JAVASCRIPT), script_runs(PROMPTFOO_PYTHON) };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(evaluators_freep) struct evaluators *p = NULL;
        struct promptfoo_scripts *x;
        struct err e = ERR_INIT;

        if (!runs[rows[i].in])
            continue;
        CHECK_OK(promptfoo_scripts_new(script_yaml(rows[i].scripts, a), a, &x, &e));
        REQUIRE(evaluators_new(&p, &e) == ERR_OK);
        CHECK_INT(evaluators_greet(p, promptfoo_scripts_program(x, 0), &e), ERR_BAD_INPUT);
        if (!strstr(e.text, rows[i].want))
            test_fail(__FILE__, __LINE__, "%s: %s", rows[i].scripts, e.text);
    }
}

TEST(promptfoo_scripts_of_no_shape_are_refused)
{
    static const char *const bad[] = { "3", "{ruby: {}}", "{javascript: 3}", "{python: {load: {}}}", "{python: {load: [a.py]}}",
                                       "{python: {files: {a.py: 3}}}", "[javascript]" };
    AUTO_ARENA *a = arena_new_sized(0);
    struct promptfoo_scripts *x;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct err e = ERR_INIT;

        CHECK_INT(promptfoo_scripts_new(script_yaml(bad[i], a), a, &x, &e), ERR_BAD_INPUT);
        CHECK(e.text[0]);
    }
    CHECK_OK(promptfoo_scripts_new(script_yaml("true", a), a, &x, NULL));
    CHECK(!promptfoo_scripts_program(x, 0));
}

TEST(promptfoo_answers_of_scripts_are_kept_and_judged_again)
{
    AUTO_ARENA *a = arena_new_sized(0), *later = arena_new_sized(0);
    struct script_try t;
    const struct promptfoo_verdict *again;
    struct score scores[2] = { { 0 } }, none[1] = { { 0 } };
    AUTO_BUF struct buf text = BUF_INIT(1 << 16);
    AUTO_JSON *kept = NULL;
    struct subject stored;

    if (!script_runs(PROMPTFOO_PYTHON))
        return;
    t = script_begin(a);
    CHECK(script_judge(&t, "{assert: [{type: contains, value: b}, {type: python, metric: m, value: \"{'pass': False, 'score': 0.5, "
                           "'reason': 'why', 'namedScores': {'n': 0.25}}\"}, {type: assert-set, assert: [{type: python, value: '1'}]}]}",
                       S("abc"), 0) == '-');
    evaluators_free(t.pool);
    scores[1] = (struct score){ .state = SCORE_VALUE, .value = t.v->answer.score, .kept = t.v->kept };
    scores_write(scores, 2, &text);
    CHECK_OK(scores_read_kept(buf_str(&text), 1, &kept, NULL));
    CHECK_INT(json_array_size(kept), 2);
    stored = t.s;
    stored.wishes = NULL;
    stored.wish_count = 0;
    stored.kept = kept;
    subject_begin(&stored, later);
    CHECK(promptfoo_judge(&stored, later, &again));
    CHECK(again->answer.state == t.v->answer.state && again->answer.score == t.v->answer.score);
    CHECK_STR(again->answer.reason, "python: why");
    CHECK(json_equal(again->named, t.v->named) && json_get_double(again->named, "n", 0) == 0.25);
    stored.kept = NULL;
    subject_begin(&stored, later);
    CHECK(promptfoo_judge(&stored, later, &again) && isnan(again->answer.score));
    buf_reset(&text);
    scores_write(none, 1, &text);
    CHECK_STR(buf_str(&text), "{\"v\":[null]}");
}

/* --- what a configuration brings ---------------------------------------------------------------------------------- */

static const char *script_dir(void)
{
    static char dir[128];

    snprintf(dir, sizeof dir, "%s/promptfoo-scripts", test_folder());
    return dir;
}

static void script_write(const char *name, const char *text)
{
    char path[300];

    snprintf(path, sizeof path, "%s/%s", script_dir(), name);
    CHECK_OK(file_write_atomic(path, str_c(text), 0644, NULL));
}

static struct task *script_load(const char *asserts, struct arena *a, struct buf *out)
{
    AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
    struct err e = ERR_INIT;
    struct task *t = NULL;
    struct str text = arena_printf(
        a, "prompts: ['Say {{ x }}']\nproviders: [echo]\ntests:\n- vars: {x: hi}\n  assert: [%s]\n", asserts);
    enum err_code code = task_load_text(S("promptfooconfig.yaml"), script_dir(), text, NULL, a, &t, &p, &e);

    buf_reset(out);
    for (size_t i = 0; i < p.list.len; i++)
        buf_printf(out, "%s" STR_FMT "\n", p.list.at[i].warning ? "warning " : "", STR_ARG(p.list.at[i].text));
    return code == ERR_OK ? t : NULL;
}

TEST(promptfoo_scripts_come_with_the_modules_they_name)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    const json_t *of;
    struct task *t;

    if (!script_runs(PROMPTFOO_JAVASCRIPT) || !script_runs(PROMPTFOO_PYTHON))
        return;
    CHECK_OK(file_mkdirs(arena_cstr(a, arena_printf(a, "%s/s/pkg", script_dir())), 0755, NULL));
    script_write(
        "s/a.js",
        "const { b } = require('./b');\nconst d = require(\"../data.json\");\nrequire('fs'); require('./gone');\n");
    script_write("s/b.js", "import('./c.mjs');\nexports.b = require('../../outside');\n");
    script_write("s/c.mjs", "import x from './b.js';\n");
    script_write("s/package.json", "{}");
    script_write("data.json", "{}");
    script_write("s/p.py", "import os, pkg.m as m\nfrom near import x\n    \n");
    script_write("s/near.py", "x = 1\n");
    script_write("s/pkg/__init__.py", "");
    script_write("s/pkg/m.py", "import near\n");
    script_write("i.txt", " output === '{{ x }}'\n");
    t = script_load("{type: javascript, value: file://./s/a.js}, {type: javascript, value: 'file://s/../s/a.js:f'}, {type: javascript, value: file://s/a.js}, "
                    "{type: python, value: file://s/p.py}, {type: javascript, value: \"output === '{{ x }}'\"}, {type: javascript, value: file://i.txt}", a, &out);
    CHECK_STR(buf_str(&out), "");
    REQUIRE(t != NULL && t->check_count == 1);
    of = json_child(t->checks[0].argument, "javascript");
    CHECK_INT(json_object_size(json_child(of, "files")), 5);
    CHECK(json_child(json_child(of, "files"), "s/c.mjs") && json_child(json_child(of, "files"), "s/package.json"));
    CHECK_INT(json_array_size(json_child(of, "load")), 2);
    of = json_child(t->checks[0].argument, "python");
    CHECK_INT(json_object_size(json_child(of, "files")), 4);
    CHECK_STR(json_to_str(json_array_get(json_array_get(json_child(of, "load"), 0), 1)), "get_assert");
    of = JSON_AT(json_array_get(t->dataset.inline_cases, 0), "vars", PROMPTFOO_VARIABLE, "assert");
    CHECK_STR(json_get_str(json_array_get(of, 1), "value"), "file://s/a.js:f");
    CHECK_STR(json_get_str(json_array_get(of, 4), "value"), "output === 'hi'");
    CHECK_STR(json_get_str(json_array_get(of, 5), "value"), "output === '{{ x }}'");
}

TEST(promptfoo_scripts_that_can_not_be_run_here_are_told)
{
    static const struct { const char *assertion, *want; } rows[] = {
        { "{type: javascript, value: file://a.ts}", "warning assertion javascript: \"a.ts\" is neither .js, .cjs, .mjs nor .py: not evaluated" },
        { "{type: javascript, value: file://a.py}", "warning assertion javascript: \"a.py\" is in another language: not evaluated" },
        { "{type: python, value: package:a:b}", "warning assertion python: packages are not here, write file://: not evaluated" },
        { "{type: python, value: file://../a.py}", "warning assertion python: its file lies outside the configuration's folder: not evaluated" },
        { "{type: python, value: file://none.py}", "there is no file \"none.py\" in the configuration's folder" },
        { "{type: ruby, value: 'true'}", "warning assertion ruby: it is a program in Ruby: not evaluated" },
        { "{type: python, value: file://big.py}", "scripts in python come to more than 200 files or 8 MiB" },
    };
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16), big = BUF_INIT(1 << 20);

    if (!script_runs(PROMPTFOO_JAVASCRIPT) || !script_runs(PROMPTFOO_PYTHON))
        return;
    CHECK_OK(file_mkdirs(script_dir(), 0755, NULL));
    for (int i = 0; i < 201; i++) {
        char name[20];

        snprintf(name, sizeof name, "m%d.py", i);
        script_write(name, "");
        buf_printf(&big, "import m%d\n", i);
    }
    script_write("big.py", buf_cstr(&big));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)script_load(rows[i].assertion, a, &out);
        if (!str_contains(buf_str(&out), str_c(rows[i].want)))
            test_fail(__FILE__, __LINE__, "%s: " STR_FMT, rows[i].assertion, STR_ARG(buf_str(&out)));
    }
}
