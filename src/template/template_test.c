#include "base/test.h"
#include "template/template.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

/* One template over `vars` (JSON text); the text or the error's sentence is in `out`. */
static enum err_code template_test_run(const struct template_options *o, const char *source, const char *vars,
                                       struct buf *out)
{
    AUTO(template_env_freep) struct template_env *env = template_env_new(o);
    AUTO_ARENA *arena = arena_new_sized(0);
    AUTO_JSON *j = NULL;
    struct template *t;
    struct err e = ERR_INIT;
    enum err_code code = json_read(str_c(vars ? vars : "{}"), &j, &e);

    ASSERT(code == ERR_OK);
    buf_reset(out);
    code = template_compile(env, S("t"), str_c(source), &t, &e);
    if (code == ERR_OK)
        code = template_render(t, j, arena, out, &e);
    if (code != ERR_OK)
        buf_puts(out, e.text);
    return code;
}

static void template_test_says(const struct template_options *o, const char *source, const char *vars,
                               enum err_code want, const char *text)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 24);
    enum err_code code = template_test_run(o, source, vars, &out);

    if (code != want || !str_contains(buf_str(&out), str_c(text)))
        test_fail(__FILE__, __LINE__, "%s gave %s \"%s\", wanted %s \"%s\"", source, err_name(code), buf_cstr(&out),
                  err_name(want), text);
}

#define SAYS(source, vars, text)         template_test_says(NULL, source, vars, ERR_OK, text)
#define FAILS(source, vars, code, text)  template_test_says(NULL, source, vars, code, text)

TEST(template_fills_in_a_prompt)
{
    SAYS("Hi {{ name }}, {% for x in xs %}{{ x }}{{ ', ' if not loop.last }}{% endfor %}!", "{\"name\":\"Ada\",\"xs\":[1,2.5]}",
         "Hi Ada, 1, 2.5!");
}

TEST(template_names_the_nearest_variable)
{
    FAILS("a\n  {{ tikcet.subject }}", "{\"ticket\":{},\"other\":1}", ERR_BAD_INPUT,
          "t:2:6: variable \"tikcet\" is not defined; did you mean \"ticket\"?");
    FAILS("{{ zzzzzz }}", "{\"a\":1,\"b\":2}", ERR_BAD_INPUT,
          "t:1:4: variable \"zzzzzz\" is not defined; known here: a, b");
    FAILS("{{ ticket.subjct }}", "{\"ticket\":{\"subject\":\"x\"}}", ERR_BAD_INPUT,
          "t:1:11: field \"ticket.subjct\" is not defined; did you mean \"subject\"?");
    FAILS("{{ xs[9] }}", "{\"xs\":[1]}", ERR_BAD_INPUT, "list has no item 9");
    FAILS("{% for item in xs %}{{ itme }}{% endfor %}", "{\"xs\":[1]}", ERR_BAD_INPUT, "did you mean \"item\"?");
}

TEST(template_says_what_is_wrong_in_its_text)
{
    FAILS("{% fro x in y %}", NULL, ERR_BAD_INPUT, "t:1:4: there is no tag \"fro\" here; did you mean \"for\"?");
    FAILS("{{ x|uper }}", NULL, ERR_BAD_INPUT, "there is no filter \"uper\"; did you mean \"upper\"?");
    FAILS("{{ x is definde }}", NULL, ERR_BAD_INPUT, "there is no test \"definde\"; did you mean \"defined\"?");
    FAILS("{% if a %}", NULL, ERR_BAD_INPUT, "{% if %} of line 1 is still open");
    FAILS("\n\n{{ a", NULL, ERR_BAD_INPUT, "\"}}\" is missing");
    FAILS("{% for x in y %}{% break %}{% endfor %}", NULL, ERR_BAD_INPUT, "loops always run to their end");
    FAILS("{% do x.append(1) %}", NULL, ERR_BAD_INPUT, "templates can't");
    FAILS("\xff", NULL, ERR_BAD_INPUT, "not UTF-8");
}

TEST(template_cannot_change_data)
{
    FAILS("{{ xs.append(1) }}", "{\"xs\":[]}", ERR_BAD_INPUT, "would change data");
    FAILS("{{ d.update(a=1) }}", "{\"d\":{}}", ERR_BAD_INPUT, "would change data");
    FAILS("{% set d.x = 1 %}", "{\"d\":{}}", ERR_BAD_INPUT, "make it with namespace()");
}

TEST(template_reaches_nothing_private)
{
    FAILS("{{ ''.__class__ }}", NULL, ERR_DENIED, "names that start with \"_\" are private");
    FAILS("{{ xs|map(attribute='__class__')|join }}", "{\"xs\":[1]}", ERR_DENIED, "private");
    FAILS("{{ '{0.__class__}'.format(1) }}", NULL, ERR_DENIED, "private");
    FAILS("{{ x|attr('__init__') }}", "{\"x\":1}", ERR_DENIED, "private");
    FAILS("{{ cycler.__init__.__globals__ }}", NULL, ERR_DENIED, "private");
    SAYS("{{ d._id }}", "{\"d\":{\"_id\":5}}", "5");
}

TEST(template_reads_files_only_beneath_its_folder)
{
    struct template_options o = { .folder = test_folder() };
    char path[300];
    struct err e = ERR_INIT;

    snprintf(path, sizeof path, "%s/ok.txt", test_folder());
    CHECK_OK(file_write_atomic(path, S("fine {{ x }}"), 0600, &e));
    snprintf(path, sizeof path, "%s/broken.txt", test_folder());
    CHECK_OK(file_write_atomic(path, S("\n{{ }}"), 0600, &e));
    snprintf(path, sizeof path, "%s/self.txt", test_folder());
    CHECK_OK(file_write_atomic(path, S("{% include 'self.txt' %}"), 0600, &e));
    snprintf(path, sizeof path, "%s/link.txt", test_folder());
    CHECK(symlink("/etc/hostname", path) == 0);
    template_test_says(&o, "{% include 'ok.txt' %}", "{\"x\":1}", ERR_OK, "fine 1");
    template_test_says(&o, "{% include '../secret' %}", NULL, ERR_DENIED, "leads out of the task's folder");
    template_test_says(&o, "{% include '/etc/passwd' %}", NULL, ERR_DENIED, "leads out of the task's folder");
    template_test_says(&o, "{% include 'link.txt' %}", NULL, ERR_DENIED, "leads out of the task's folder");
    template_test_says(&o, "{% include '../x' ignore missing %}", NULL, ERR_DENIED, "leads out");
    template_test_says(&o, "{% include 'none.txt' %}", NULL, ERR_NOT_FOUND, "t:1:4: \"none.txt\"");
    template_test_says(&o, "{% include 'broken.txt' %}", NULL, ERR_BAD_INPUT, "broken.txt:2:4:");
    template_test_says(&o, "{% include 'self.txt' %}", NULL, ERR_TOO_LARGE, "is it a circle?");
    FAILS("{% include 'ok.txt' %}", NULL, ERR_DENIED, "has no folder");
}

TEST(template_stops_at_its_ceilings)
{
    struct template_options small = { .output_max = 1000, .steps_max = 5000, .memory_max = 1 << 20, .depth_max = 20 };
    AUTO_BUF struct buf deep = BUF_INIT(1 << 16);

    template_test_says(&small, "{% for i in range(200) %}0123456789{% endfor %}", NULL, ERR_TOO_LARGE, "output_max");
    template_test_says(&small, "{% for i in range(4000) %}{{ '' }}{% endfor %}", NULL, ERR_TOO_LARGE, "steps_max");
    template_test_says(&small, "{{ range(10000000000)|length }}", NULL, ERR_TOO_LARGE, "steps_max");
    template_test_says(&small, "{{ ('x' * 9000000)|length }}", NULL, ERR_TOO_LARGE, "longer than");
    template_test_says(
        &small,
        "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", NULL,
        ERR_TOO_LARGE, "");
    template_test_says(&small, "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", NULL, ERR_TOO_LARGE, "depth_max");
    template_test_says(&small, "{% for x in [[[1]]] recursive %}{{ loop([[[1]]]) }}{% endfor %}", NULL, ERR_TOO_LARGE,
                       "depth_max");
    template_test_says(&small, "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}", NULL, ERR_TOO_LARGE, "");
    FAILS("{{ 9223372036854775807 + 1 }}", NULL, ERR_TOO_LARGE, "64-bit integer");
    FAILS("{{ 99999999999999999999 }}", NULL, ERR_BAD_INPUT, "64 bits");
    FAILS("{{ '%999999999d' % 1 }}", NULL, ERR_TOO_LARGE, "width or precision");
    FAILS("{{ 'x'|center(99999999999) }}", NULL, ERR_TOO_LARGE, "longer than");
    for (int i = 0; i < 5000; i++)
        buf_byte(&deep, '(');
    buf_puts(&deep, "");
    AUTO_BUF struct buf source = BUF_INIT(1 << 16);

    buf_printf(&source, "{{ %s1 }}", buf_cstr(&deep));
    FAILS(buf_cstr(&source), NULL, ERR_TOO_LARGE, "deeper");
}

TEST(template_leaves_the_output_alone_when_it_fails)
{
    AUTO(template_env_freep) struct template_env *env = template_env_new(NULL);
    AUTO_ARENA *arena = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(100);
    struct template *t;
    struct err e = ERR_INIT;

    buf_puts(&out, "before");
    CHECK_OK(template_compile(env, S("t"), S("some text {{ nope }}"), &t, &e));
    CHECK(template_render(t, NULL, arena, &out, &e) == ERR_BAD_INPUT);
    CHECK_STR(buf_str(&out), "before");
}

TEST(template_lists_the_variables_it_reads)
{
    static const char *const source =
        "{% set a = b %}{{ a }}{{ ticket.subject|default(fallback) }}{% for x in xs if x > low %}{{ x }}{{ loop.index }}{% endfor %}"
        "{% macro m(p, q=dflt) %}{{ p }}{{ q }}{{ outer }}{% endmacro %}{{ m(1) }}{% if c %}{% set y = 1 %}{% endif %}{{ y }}"
        "{% if c %}{% set w = 1 %}{% else %}{% set w = 2 %}{% endif %}{{ w }}{{ range(3) }}{% with v = 1 %}{{ v }}{% endwith %}";
    static const char *const want[] = { "b", "ticket", "fallback", "xs", "low", "dflt", "outer", "c", "y" };
    AUTO(template_env_freep) struct template_env *env = template_env_new(NULL);
    AUTO_ARENA *arena = arena_new_sized(0);
    struct template *t;
    struct str *names;
    struct err e = ERR_INIT;

    CHECK_OK(template_compile(env, S("t"), str_c(source), &t, &e));
    REQUIRE(template_variables(t, arena, &names) == COUNT_OF(want));
    for (size_t i = 0; i < COUNT_OF(want); i++)
        CHECK_STR(names[i], want[i]);
}

struct template_test_thread { const struct template *t; const json_t *vars; int wrong; };

static void *template_test_render_many(void *arg)
{
    struct template_test_thread *th = arg;
    AUTO_ARENA *arena = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1000);
    struct err e = ERR_INIT;

    for (int i = 0; i < 300; i++) {
        buf_reset(&out);
        arena_reset(arena);
        if (template_render(th->t, th->vars, arena, &out, &e) != ERR_OK ||
            !str_is(buf_str(&out), "shared: 1-2-3 fine 7"))
            th->wrong++;
    }
    return NULL;
}

static void template_test_file(const char *folder, const char *name, const char *text)
{
    char path[300];
    struct err e = ERR_INIT;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (text)
        CHECK_OK(file_write_atomic(path, str_c(text), 0600, &e));
    else
        CHECK(unlink(path) == 0);
}

TEST(template_files_are_all_that_are_named_and_stay_as_they_were)
{
    char folder[] = "/tmp/assay-template-XXXXXX";
    static const char source[] =
        "{% import 'm.jinja' as m %}{% if x %}{% include ['gone.jinja', 'a.jinja'] %}{% endif %}{{ m.hi() }}";
    AUTO(template_env_freep) struct template_env *first = NULL;
    AUTO(template_env_freep) struct template_env *again = NULL;
    AUTO_ARENA *arena = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1000);
    AUTO_JSON *vars = json_pack("{s:b}", "x", 1);
    AUTO_JSON *files = NULL;
    struct template *t;
    struct err e = ERR_INIT;

    REQUIRE(mkdtemp(folder));
    template_test_file(folder, "m.jinja", "{% macro hi() %}hi{% endmacro %}");
    template_test_file(folder, "a.jinja", "A{% include 'b.jinja' %}");
    template_test_file(folder, "b.jinja", "B ");
    first = template_env_new(&(struct template_options){ .folder = folder });
    CHECK_OK(template_compile(first, S("t"), str_c(source), &t, &e));
    files = template_files(first);
    CHECK_INT(json_object_size(files), 3);
    CHECK_STR(json_get_str(files, "b.jinja"), "B ");
    template_test_file(folder, "a.jinja", "changed");
    template_test_file(folder, "b.jinja", NULL);
    again = template_env_new(&(struct template_options){ .folder = folder, .files = files });
    CHECK_OK(template_compile(again, S("t"), str_c(source), &t, &e));
    CHECK_OK(template_render(t, vars, arena, &out, &e));
    CHECK_STR(buf_str(&out), "AB hi");
    template_test_file(folder, "a.jinja", NULL);
    template_test_file(folder, "m.jinja", NULL);
    rmdir(folder);
}

TEST(template_reads_only_so_many_files)
{
    AUTO(template_env_freep) struct template_env *env = NULL;
    AUTO_ARENA *arena = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(100000);
    AUTO_JSON *files = json_object();
    AUTO_JSON *vars = json_object();
    struct template *t;
    struct err e = ERR_INIT;
    char name[32];

    for (int i = 0; i <= TEMPLATE_FILES_MAX; i++) {
        snprintf(name, sizeof name, "f%d", i);
        json_object_set_new(files, name, json_string("."));
    }
    env = template_env_new(&(struct template_options){ .folder = "/nowhere", .files = files });
    CHECK_OK(template_compile(env, S("t"), S("{% for i in range(1000) %}{% include 'f' ~ i %}{% endfor %}"), &t, &e));
    CHECK_OK(template_render(t, vars, arena, &out, &e));
    CHECK_INT(out.len, 1000);
    CHECK_OK(template_compile(env, S("u"), S("{% include 'f1000' %}"), &t, &e));
    CHECK(template_render(t, vars, arena, &out, &e) == ERR_TOO_LARGE);
    CHECK(str_contains(str_c(e.text), S("more than 1000 files")));
}

TEST(template_is_rendered_by_many_threads)
{
    struct template_options o = { .folder = test_folder() };
    AUTO(template_env_freep) struct template_env *env = template_env_new(&o);
    AUTO_JSON *vars = NULL;
    struct template *t;
    struct template_test_thread th[4];
    pthread_t ids[4];
    char path[300];
    struct err e = ERR_INIT;

    snprintf(path, sizeof path, "%s/shared.txt", test_folder());
    CHECK_OK(file_write_atomic(path, S("fine {{ x }}"), 0600, &e));
    CHECK_OK(json_read(S("{\"xs\":[1,2,3],\"x\":7}"), &vars, &e));
    CHECK_OK(template_compile(env, S("t"), S("shared: {{ xs|join('-') }} {% include 'shared.txt' %}"), &t, &e));
    for (int i = 0; i < 4; i++) {
        th[i] = (struct template_test_thread){ t, vars, 0 };
        REQUIRE(pthread_create(&ids[i], NULL, template_test_render_many, &th[i]) == 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(ids[i], NULL);
        CHECK_INT(th[i].wrong, 0);
    }
}

static void template_test_write_files(const json_t *files, const char *folder)
{
    const char *name;
    json_t *text;

    json_object_foreach((json_t *)(uintptr_t)files, name, text) {
        char path[600];
        struct err e = ERR_INIT;

        snprintf(path, sizeof path, "%s/%s", folder, name);
        *strrchr(path, '/') = '\0';
        CHECK_OK(file_mkdirs(path, 0700, &e));
        snprintf(path, sizeof path, "%s/%s", folder, name);
        CHECK_OK(file_write_atomic(path, json_to_str(text), 0600, &e));
    }
}

static void template_test_case(const json_t *c, int64_t line)
{
    const json_t *files = json_child(c, "files"), *want = json_child(c, "output"), *options = json_child(c, "options");
    AUTO_ARENA *arena = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 20);
    char folder[300];
    struct template_options o = {
        .folder = files ? folder : NULL, .trim_blocks = json_get_bool(options, "trim_blocks", false),
        .lstrip_blocks = json_get_bool(options, "lstrip_blocks", false),
        .keep_trailing_newline = json_get_bool(options, "keep_trailing_newline", false),
    };
    AUTO(template_env_freep) struct template_env *env = NULL;
    struct template *t;
    struct err e = ERR_INIT;
    enum err_code code;

    snprintf(folder, sizeof folder, "%s/case-%lld", test_folder(), (long long)line);
    if (files)
        template_test_write_files(files, folder);
    env = template_env_new(&o);
    code = template_compile(env, S("main"), json_get_str(c, "template"), &t, &e);
    if (code == ERR_OK)
        code = template_render(t, json_child(c, "vars"), arena, &out, &e);
    if ((code == ERR_OK) != (want != NULL) || (want && !str_eq(buf_str(&out), json_to_str(want))))
        test_fail("tests/jinja/expected.jsonl", (int)line,
                  STR_FMT ": " STR_FMT "\n    wanted " STR_FMT "\n    got    %s", STR_ARG(json_get_str(c, "name")),
                  STR_ARG(json_get_str(c, "template")), STR_ARG(want ? json_to_str(want) : S("an error")),
                  code == ERR_OK ? buf_cstr(&out) : e.text);
}

TEST(template_agrees_with_jinja2)
{
    struct file_lines l;
    struct str line;
    struct err e = ERR_INIT;
    bool more;

    REQUIRE(file_lines_open(&l, "tests/jinja/expected.jsonl", 1 << 20, &e) == ERR_OK);
    while (file_lines_next(&l, &line, &more, &e) == ERR_OK && more) {
        AUTO_JSON *c = NULL;

        CHECK_OK(json_read(line, &c, &e));
        template_test_case(c, l.number);
    }
    CHECK(l.number >= 500);
    file_lines_close(&l);
}
