#include "base/test.h"

#include "eval/code_tests.h"
#include "eval/metric/metric.h"

#include <pthread.h>
#include <signal.h>

/* --- the program in an answer ------------------------------------------------------------------------------------- */

TEST(code_find_takes_the_block_that_is_meant)
{
    static const struct { const char *answer, *program; } ways[] = {
        { "x = 1", "x = 1" },
        { "  x = 1\n\n", "x = 1" },
        { "```python\nx = 1\n```", "x = 1" },
        { "Sure!\n\n```py\nx = 1\n```\nThat is it.", "x = 1" },
        { "```\nx = 1\n```", "x = 1" },
        { "```json\nx = 1\n```", "x = 1" },                                             /* the only one */
        { "```json\n{}\n```\n```python\nx = 1\n```\n```sh\nls\n```", "x = 1" },         /* the one of the language */
        { "```python\nx = 1\n```\n```Python3 title=a\nx = 2\n```\n```sh\nls\n```", "x = 2" },    /* its last */
        { "```sh\nls\n```\n```\nx = 3\n```", "x = 3" },                                 /* the last */
        { "~~~~python\nx = '''\n~~~\n'''\n~~~~", "x = '''\n~~~\n'''" },
        { "```python\nx = 1\ny = 2", "x = 1\ny = 2" },                                  /* cut short */
        { "    ```python\nx = 1\n", "```python\nx = 1" },                               /* four blanks: no fence */
        { "``` a`b\nx", "``` a`b\nx" },
        { "```python\n```", "" },
        { "```", "" },
        { "", "" },
    };

    for (size_t i = 0; i < COUNT_OF(ways); i++)
        CHECK_STR(code_find(str_c(ways[i].answer), CODE_PYTHON), ways[i].program);
    CHECK_STR(code_find(S("```python\nx\n```\n```sqlite\nSELECT 1;\n```\n```py\ny\n```"), CODE_SQL), "SELECT 1;");
}

/* --- options ------------------------------------------------------------------------------------------------------ */

TEST(code_tests_refuse_options_that_make_no_sense)
{
    static const struct { const char *options, *why; } ways[] = {
        { "{\"language\":\"pyton\"}", "python or sql (did you mean \"python\"?)" },
        { "{\"language\":\"sql\",\"tests\":{\"text\":\"x\"}}", "tests is for language: python" },
        { "{\"setup\":{\"text\":\"x\"}}", "setup is for language: sql" },
        { "{\"tests\":\"x\"}", "tests takes the name of a file beside the task, or {text: ...}" },
        { "{\"tests\":{\"text\":\"x\"},\"tests_variable\":\"y\"}", "say tests: or tests_variable:, not both" },
        { "{\"tests_variable\":\"\"}", "tests_variable takes a name" },
        { "{\"time\":700}", "time is at most 600 s" },
        { "{\"time\":true}", "time takes a number, or a text such as 500ms" },
        { "{\"memory\":\"32M\"}", "memory is at least 64M" },
        { "{\"language\":\"sql\",\"tolerance\":2}", "tolerance takes a number from 0 to 1" },
        { "{\"language\":\"sql\",\"max_rows\":0}", "max_rows takes a number from 1 to 100000" },
        { "{\"language\":\"sql\",\"ordered\":1}", "ordered takes true or false" },
    };
    AUTO_ARENA *a = arena_new_sized(0);

    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct code_tests *t;
        struct err e = ERR_INIT;
        json_t *o = NULL;

        CHECK_OK(json_read(str_c(ways[i].options), &o, NULL));
        CHECK_INT(code_tests_prepare(json_in_arena(o, a), a, &t, &e), ERR_BAD_INPUT);
        if (!strstr(e.text, ways[i].why))
            test_fail(__FILE__, __LINE__, "%s: %s", ways[i].options, e.text);
    }
}

/* --- programs that are run ---------------------------------------------------------------------------------------- */

#define ASKED_MAX 40
struct asked { pthread_mutex_t lock; pthread_cond_t more; size_t done; };

static void asked_done(struct evaluation *x)
{
    struct asked *k = x->owner;

    pthread_mutex_lock(&k->lock);
    k->done++;
    pthread_cond_signal(&k->more);
    pthread_mutex_unlock(&k->lock);
}

struct one { const char *answer, *tests, *why; int64_t passed, total; };

/* Every answer is asked for, judged, and held to what is expected of it. */
static void try_all(const char *options, const struct one *at, size_t count,
                    const json_t *(*vars)(const struct one *, struct arena *),
                    const json_t *(*expected)(const struct one *, struct arena *))
{
    static struct asked k = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(evaluators_freep) struct evaluators *p = NULL;
    struct dataset_case cases[ASKED_MAX] = { 0 };
    struct subject subjects[ASKED_MAX] = { 0 };
    struct subject_wishes wishes[ASKED_MAX] = { 0 };
    struct code_tests *t = NULL;
    struct err e = ERR_INIT;
    json_t *o = NULL;
    size_t asked = 0;

    signal(SIGPIPE, SIG_IGN);
    if (sandbox_ready(&e) != ERR_OK) {
        printf("SKIPPED: %s\n", e.text);
        return;
    }
    REQUIRE(count <= ASKED_MAX);
    CHECK_OK(json_read(str_c(options), &o, NULL));
    CHECK_OK(code_tests_prepare(json_in_arena(o, a), a, &t, &e));
    REQUIRE(evaluators_new(&p, &e) == ERR_OK);
    k.done = 0;
    for (size_t i = 0; i < count; i++) {
        cases[i] = (struct dataset_case){ .vars = vars(&at[i], a), .expected = expected ? expected(&at[i], a) : NULL };
        subjects[i] = (struct subject){ .kase = &cases[i], .output = str_c(at[i].answer) };
        wishes[i].arena = a;
        code_tests_wish(t, &subjects[i], &wishes[i]);
        for (size_t n = 0; n < wishes[i].count; n++, asked++) {
            struct evaluation *x = wishes[i].at[n].evaluation;

            x->arena = arena_new_sized(0);      /* what is answered is written by another thread */
            arena_defer(a, (void (*)(void *))arena_free, x->arena);
            x->done = asked_done;
            x->owner = &k;
            evaluators_ask(p, x);
        }
    }
    pthread_mutex_lock(&k.lock);
    while (k.done < asked)
        pthread_cond_wait(&k.more, &k.lock);
    pthread_mutex_unlock(&k.lock);
    for (size_t i = 0; i < count; i++) {
        struct code_verdict v;
        bool known;

        for (size_t n = 0; n < wishes[i].count; n++)
            wishes[i].at[n].why = wishes[i].at[n].evaluation->why;
        subjects[i].wishes = wishes[i].at;
        subjects[i].wish_count = wishes[i].count;
        known = code_tests_verdict(t, &subjects[i], a, &v);
        if (known != (at[i].total > 0) || (known && (v.passed != at[i].passed || v.total != at[i].total)) ||
            (at[i].why ? !str_contains(v.why, str_c(at[i].why)) : v.why.len > 0))
            test_fail(__FILE__, __LINE__, "%s\n  known %d, %lld of %lld: " STR_FMT, at[i].answer, known,
                      (long long)v.passed, (long long)v.total, STR_ARG(v.why));
    }
}

static const json_t *vars_tests(const struct one *c, struct arena *a)
{
    json_t *o = json_object();

    if (c->tests)
        json_set_str(o, "tests", str_c(c->tests));
    json_set_str(o, "entry_point", S("add"));
    return json_in_arena(o, a);
}

#define T "assert add(1, 2) == 3\nassert add(-1, 1) == 0\n"
#define LOADS "0 of 2 tests passed; loading it: "

TEST(code_tests_run_each_test_and_name_the_first_that_fails)
{
    static const struct one ways[] = {
        { "def add(a, b): return a + b", T, NULL, 2, 2 },
        { "Sure!\n```python\ndef add(a, b):\n    return a + b\n```\nEnjoy.", T, NULL, 2, 2 },
        { "def add(a, b): return 3", T, "1 of 2 tests passed; line 2: assert add(-1, 1) == 0: got 3, not 0", 1, 2 },
        { "def add(a, b): return a + b", "def check(candidate):\n    for i in range(3):\n        assert candidate(i, 1) == i + 1\n"
          "    assert candidate(1, 1) == 3, 'one and one'\n", "1 of 2 tests passed; line 4: assert candidate(1, 1) == 3, 'one and one': one and one", 1, 2 },
        { "def add(a, b): return a + b", "def test_a():\n    assert add(1, 1) == 2\ndef test_b():\n    assert add(1, 1) == 3\n",
          "1 of 2 tests passed; test_b: got 2, not 3", 1, 2 },
        { "def add(a, b): raise KeyError('a')", T, "0 of 2 tests passed; line 1: assert add(1, 2) == 3: KeyError: ", 0, 2 },
        { "def sub(a, b): return a - b", T, LOADS "it defines no add", 0, 2 },
        { "def add(a b): return 3", T, LOADS "SyntaxError: invalid syntax", 0, 2 },
        { "1 / 0", T, LOADS "ZeroDivisionError: division by zero in line 1", 0, 2 },
        { "import socket\nsocket.socket()\ndef add(a, b): return a + b", T, LOADS "the program ended: ", 0, 2 },
        { "", T, "the answer holds no program", 0, 1 },
        { "def add(a, b): return a + b", NULL, "the case has no variable \"tests\"", 0, 0 },
        { "def add(a, b): return a + b", "assert (", "the tests can't be run: '(' was never closed in line 1", 0, 0 },
        { "def add(a, b): return a + b", "x = 1", "the tests can't be run: they hold no assert", 0, 0 },
        { "def add(a, b): return {a: (b, {1, 2}, b'x', 2 ** 80, None, 0.1)}",
          "assert add('k', [1]) == {'k': ([1], {2, 1}, b'x', 1 << 80, None, 0.1)}", NULL, 1, 1 },
        { "def add(f, xs):\n    xs.sort()\n    return (f(x) for x in xs)", "xs = [3, 1]\nassert list(add(lambda x: x * x, xs)) == [1, 9]\nassert xs == [1, 3]",
          NULL, 2, 2 },
        { "class add:\n    def __init__(self, n): self.n = n\n    def __add__(self, o): return add(self.n + o.n)\n    def __eq__(self, o): return self.n == o.n\n",
          "assert add(1) + add(2) == add(3)\nassert (add(1) + add(1)).n == 2\nassert add(1) != add(2)", NULL, 3, 3 },
    };

    try_all("{\"time\":\"5s\"}", ways, COUNT_OF(ways), vars_tests, NULL);
}

/* None of these may pass, and each says something. */
TEST(code_tests_believe_nothing_that_the_program_says_of_itself)
{
    static const struct one ways[] = {
        { "import sys\nsys.exit(0)", T, LOADS "SystemExit", 0, 2 },
        { "import os\nos._exit(0)", T, LOADS "the program ended: with status 0", 0, 2 },
        { "import os\ndef add(a, b): os._exit(0)", T, "the program ended: with status 0", 0, 2 },
        { "import sys\ndef add(a, b): sys.exit(0)", T, "SystemExit", 0, 2 },
        { "class E:\n    def __eq__(self, o): return True\n    def __ne__(self, o): return False\ndef add(a, b): return E()", T,
          "got <E object of the program>, not 3", 0, 2 },
        { "class E(int):\n    def __eq__(self, o): return True\n    def __hash__(self): return 3\ndef add(a, b): return E(99)", T, "not 3", 0, 2 },
        { "class E(list):\n    def __contains__(self, o): return True\n    def __iter__(self): return iter([1])\ndef add(a, b): return E()",
          "assert 3 in add(1, 2)", "line 1: assert 3 in add(1, 2)", 0, 1 },
        { "class E:\n    def __contains__(self, o): return True\n    def __lt__(self, o): return True\n    def __gt__(self, o): return True\n"
          "    def __getattr__(self, n): return self\n    def __call__(self, *a): return self\ndef add(a, b): return E()",
          "assert 3 in add(1, 2)\nassert add(1, 2) < 5\nassert 2 < add(1, 2)\nassert isinstance(add(1, 2), int)\nassert add(1, 2) in (3, 4)",
          "0 of 5", 0, 5 },
        { "import builtins, json, operator, unittest\nbuiltins.AssertionError = type('N', (Exception,), {})\nbuiltins.print = builtins.len = lambda *a, **k: 3\n"
          "json.dumps = lambda *a, **k: '{\"passed\": 2, \"total\": 2, \"failed\": \"\", \"why\": \"\"}'\noperator.eq = lambda a, b: True\ndef add(a, b): return 0",
          T, "0 of 2", 0, 2 },
        { "print('{\"passed\": 2, \"total\": 2, \"failed\": \"\", \"why\": \"\"}', flush=True)\nimport os\nos._exit(0)", T, "0 of 2", 0, 2 },
        { "import os\nfor fd in range(64):\n    try: os.write(fd, b'{\"passed\": 2, \"total\": 2, \"failed\": \"\", \"why\": \"\"}\\n')\n    except OSError: pass\n"
          "os._exit(0)", T, "0 of 2", 0, 2 },
        { "import atexit, os, sys\natexit.register(lambda: [os.write(fd, b'{\"r\": 3}\\n') for fd in (3, 4)])\nsys.exit(0)", T, "0 of 2", 0, 2 },
        { "import os\nos.write(4, b'{\"ready\": {\"add\": {\"t\": \"back\", \"v\": 0}}}\\n')\ndef add(a, b): return 1", T, "0 of 2", 0, 2 },
        { "def assert_(x): return True\ncompared = lambda a, b: True\nglobals()['compared#'] = lambda a, b: True\ndef add(a, b): return 7", T, "got 7, not 3", 0, 2 },
        { "import os, sys\nfound = []\nfor d in ('/box/work', '/box/tmp', '/proc', '.'):\n    for r, _, fs in os.walk(d):\n        for f in fs:\n"
          "            try: found.append(open(os.path.join(r, f), errors='replace').read())\n            except OSError: pass\n"
          "def add(a, b):\n    if any('assert add(1, 2)' in x for x in found): return {(1, 2): 3, (-1, 1): 0}[a, b]\n    return 'not found'", T,
          "got 'not found', not 3", 0, 2 },
        { "import gc, sys\nhits = [o for o in gc.get_objects() if isinstance(o, dict) and 'tests' in o and isinstance(o['tests'], str)]\n"
          "def add(a, b):\n    f, seen = sys._getframe(), []\n    while f:\n        seen += [v for v in f.f_locals.values() if isinstance(v, str) and 'assert ' + 'add(1' in v]\n"
          "        f = f.f_back\n    return {(1, 2): 3, (-1, 1): 0}[a, b] if seen or hits else 'not found'", T, "got 'not found', not 3", 0, 2 },
        { "class E(BaseException): pass\ndef add(a, b): raise E()", "try:\n    ok = add(1, 2) == 3\nexcept Exception:\n    ok = True\nassert ok", "line 1: try:", 0, 1 },
        { "import os\ndef add(a, b): os._exit(0)", "ok = False\ntry:\n    add(1, 2)\nexcept:\n    ok = True\nassert ok\nassert add(1, 2) in (3,)", "0 of 2", 0, 2 },
    };

    try_all("{\"time\":\"5s\"}", ways, COUNT_OF(ways), vars_tests, NULL);
}

TEST(code_tests_hit_every_limit_as_a_failed_answer)
{
    static const struct one ways[] = {
        { "while True: pass", T, LOADS "it took longer than 1 s", 0, 2 },
        { "import time\ndef add(a, b):\n    if a < 0: time.sleep(60)\n    return a + b", T,
          "1 of 2 tests passed; line 2: assert add(-1, 1) == 0: it took longer than 1 s", 1, 2 },
        { "def add(a, b): return len('x' * (1 << 31))", T, "MemoryError", 0, 2 },
        { "def add(a, b): return 'x' * (9 << 20)", T, "the program ended: ", 0, 2 },
        { "def add(a, b):\n    x = []\n    x.append(x)\n    return x", T, "nested more than 200 levels deep", 0, 2 },
        { "import os\nos.write(4, b'[' * 100000 + b'\\n')\nadd = 1", T, LOADS "the program said something that is no value", 0, 2 },
    };

    try_all("{\"time\":1,\"memory\":\"128M\"}", ways, COUNT_OF(ways), vars_tests, NULL);
}

TEST(code_tests_take_a_program_up_to_their_bound_and_none_beyond)
{
    AUTO_BUF struct buf b = BUF_INIT(CODE_PROGRAM_MAX + 64);
    struct one way[2] = { { .tests = T, .passed = 2, .total = 2 },
                          { .tests = T, .why = "the program in the answer is longer than 262144 bytes", .total = 1 } };
    char *fits;

    buf_puts(&b, "def add(a, b): return a + b\n#");
    while (b.len < CODE_PROGRAM_MAX)
        buf_byte(&b, 'x');
    fits = xstrndup(b.bytes, b.len);
    buf_byte(&b, 'x');
    way[0].answer = fits;
    way[1].answer = b.bytes;
    try_all("{}", way, 2, vars_tests, NULL);
    free(fits);
}

/* --- queries ------------------------------------------------------------------------------------------------------ */

static const json_t *vars_none(const struct one *c, struct arena *a)
{
    (void)c;
    return json_in_arena(json_object(), a);
}

static const json_t *expected_json(const struct one *c, struct arena *a)
{
    json_t *j = NULL;

    return c->tests && json_read(str_c(c->tests), &j, NULL) == ERR_OK ? json_in_arena(j, a) : NULL;
}

#define SETUP "{\"language\":\"sql\",\"time\":1,\"max_rows\":50,\"setup\":{\"text\":\"CREATE TABLE t (a INT, b TEXT, c REAL);" \
    "INSERT INTO t VALUES (1, 'x', 0.1), (2, 'y', 0.2), (3, NULL, 0.30000000001);\"}"

TEST(code_tests_of_queries_compare_rows)
{
    static const struct one ways[] = {
        { "```sql\nSELECT a FROM t;\n```", "[3, 1, 2]", NULL, 1, 1 },
        { "SELECT a, b FROM t", "[[1, \"x\"], [2, \"y\"], [3, null]]", NULL, 1, 1 },
        { "SELECT a, b AS B FROM t WHERE a = 1", "[{\"b\": \"x\", \"a\": 1}]", NULL, 1, 1 },
        { "SELECT a AS n FROM t", "[{\"a\": 1}]", "its columns are n, not a", 0, 1 },
        { "SELECT c FROM t", "[0.1, 0.2, 0.3]", NULL, 1, 1 },                           /* within the tolerance */
        { "SELECT a FROM t", "\"SELECT a FROM t ORDER BY a DESC\"", NULL, 1, 1 },
        { "SELECT a, 1 FROM t", "\"SELECT a FROM t\"", "it gives 2 columns, not 1", 0, 1 },
        { "SELECT a FROM t WHERE a < 3", "[1, 2, 3]", "it gives 2 rows, not 3", 0, 1 },
        { "SELECT a FROM t", "[1, 2, 4]", "no row is (4,)", 0, 1 },
        { "SELECT nope FROM t", "[1]", "SQLite: no such column: nope", 0, 1 },
        { "DELETE FROM t", "[]", "it may only read", 0, 1 },
        { "ATTACH 'f' AS g", "[]", "it may only read", 0, 1 },
        { "PRAGMA query_only", "[0]", "it may only read", 0, 1 },
        { "SELECT load_extension('x')", "[0]", "it may only read", 0, 1 },
        { "SELECT 1; DROP TABLE t", "[1]", "one statement at a time", 0, 1 },
        { "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", "[1]", "it gives more than 50 rows", 0, 1 },
        { "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n", "[1]", "it took longer than 1 s", 0, 1 },
        { "SELECT zeroblob(1000000000)", "[1]", "too big", 0, 1 },
        { "", "[1]", "the answer holds no program", 0, 1 },
        { "SELECT 1", "\"SELECT x FROM nowhere\"", "the query that the case expects fails: SQLite: no such table: nowhere", 0, 0 },
        { "SELECT 1", NULL, "the case expects neither a query (a text) nor rows (a list)", 0, 0 },
        { "SELECT 1", "{\"rows\": 1}", "the case expects neither a query", 0, 0 },
    };
    static const struct one ordered[] = {
        { "SELECT a FROM t ORDER BY a", "[1, 2, 3]", NULL, 1, 1 },
        { "SELECT a FROM t ORDER BY a DESC", "[1, 2, 3]", "row 1 is (3,), not (1,)", 0, 1 },
    };
    static const struct one broken[] = {
        { "SELECT 1", "[1]", "the script that makes the database fails: SQLite: near \"CREAT\": syntax error", 0, 0 },
    };

    try_all(SETUP "}", ways, COUNT_OF(ways), vars_none, expected_json);
    try_all(SETUP ",\"ordered\":true}", ordered, COUNT_OF(ordered), vars_none, expected_json);
    try_all("{\"language\":\"sql\",\"setup\":{\"text\":\"CREAT\"}}", broken, 1, vars_none, expected_json);
}

TEST(code_tests_that_nobody_ran_say_so)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct dataset_case c = { .vars = json_pack("{s:s}", "tests", T) };
    struct subject s = { .kase = &c, .output = S("x = 1") };
    struct code_tests *t;
    struct code_verdict v;

    CHECK_OK(code_tests_prepare(NULL, a, &t, NULL));
    CHECK(!code_tests_verdict(t, &s, a, &v));
    CHECK_STR(v.why, "nobody ran it: programs are run in the sandbox while a run goes on");
    json_decref((json_t *)c.vars);
}

TEST(code_tests_of_equal_options_ask_one_question)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *other = json_pack("{s:i}", "time", 3);
    struct dataset_case c = { .vars = json_pack("{s:s}", "tests", T) };
    struct subject s = { .kase = &c, .output = S("x = 1") };
    struct subject_wishes w = { .arena = a };
    struct code_tests *t[3];

    for (int i = 0; i < 3; i++) {
        CHECK_OK(code_tests_prepare(i < 2 ? NULL : other, a, &t[i], NULL));
        code_tests_wish(t[i], &s, &w);
    }
    REQUIRE(w.count == 3);
    CHECK(evaluation_same(w.at[0].evaluation, w.at[1].evaluation));
    CHECK(!evaluation_same(w.at[0].evaluation, w.at[2].evaluation));
    w.at[1].evaluation->told = S("another program");
    CHECK(!evaluation_same(w.at[0].evaluation, w.at[1].evaluation));
    json_decref((json_t *)c.vars);
}
