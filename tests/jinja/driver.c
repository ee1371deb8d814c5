/* tests/jinja/driver.c: renders templates read from standard input, for differential.py.
 *
 * One case a line: {"template": ..., "vars": {...}, "files": {path: text}, "options": {...}}; one answer a line:
 * {"output": ...} or {"error": sentence, "code": name}. With the argument `bench` it measures instead. */
#include "template/template.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

static int driver_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void driver_write_files(const json_t *files, const char *folder)
{
    const char *name;
    json_t *text;

    json_object_foreach((json_t *)(uintptr_t)files, name, text) {
        char path[1024];
        struct err e = ERR_INIT;

        snprintf(path, sizeof path, "%s/%s", folder, name);
        *strrchr(path, '/') = '\0';
        ASSERT(file_mkdirs(path, 0700, &e) == ERR_OK);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        ASSERT(file_write_atomic(path, json_to_str(text), 0600, &e) == ERR_OK);
    }
}

static enum err_code driver_case(const json_t *c, const char *folder, struct buf *out, struct err *e)
{
    const json_t *files = json_child(c, "files"), *o = json_child(c, "options");
    struct template_options options = {
        .folder = files ? folder : NULL, .trim_blocks = json_get_bool(o, "trim_blocks", false),
        .lstrip_blocks = json_get_bool(o, "lstrip_blocks", false),
        .keep_trailing_newline = json_get_bool(o, "keep_trailing_newline", false),
    };
    AUTO(template_env_freep) struct template_env *env = template_env_new(&options);
    AUTO_ARENA *arena = arena_new_sized(0);
    struct template *t;

    TRY(template_compile(env, S("main"), json_get_str(c, "template"), &t, e));
    return template_render(t, json_child(c, "vars"), arena, out, e);
}

static void driver_bench(void)
{
    static const char *const source =
        "You route support tickets.\n\nCustomer: {{ name }}\nSubject: {{ subject }}\n\n{{ body }}\n\nAnswer with a JSON object "
        "with the fields \"queue\" (billing, technical or sales) and \"urgent\" (true or false). Don't explain, don't add text "
        "before or after the object, and don't wrap it in a code fence, please.\n";
    AUTO(template_env_freep) struct template_env *env = template_env_new(NULL);
    AUTO_ARENA *arena = arena_new_sized(4096);
    AUTO_BUF struct buf out = BUF_INIT(1 << 20);
    AUTO_JSON *vars = json_pack("{s:s,s:s,s:s}", "name", "Ada", "subject", "Invoice is wrong", "body",
                                "I was charged twice.");
    struct template *t;
    struct err e = ERR_INIT;
    int64_t n = 1000000, start;

    ASSERT(template_compile(env, S("bench"), str_c(source), &t, &e) == ERR_OK);
    start = clock_mono_us();
    for (int64_t i = 0; i < n; i++) {
        buf_reset(&out);
        arena_reset(arena);
        ASSERT(template_render(t, vars, arena, &out, &e) == ERR_OK);
    }
    start = clock_mono_us() - start;
    printf("%zu-byte prompt, 3 variables: %.0f renders/s on one thread\n", strlen(source),
           (double)n * 1e6 / (double)start);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/assay-jinja-XXXXXX";
    AUTO(freep) char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    if (argc > 1 && strcmp(argv[1], "bench") == 0) {
        driver_bench();
        return 0;
    }
    while ((len = getline(&line, &cap, stdin)) > 0) {
        AUTO_BUF struct buf out = BUF_INIT(64 << 20), answer = BUF_INIT(256 << 20);
        AUTO_JSON *c = NULL, *result = json_object();
        char place[sizeof folder];
        struct err e = ERR_INIT;
        enum err_code code;

        ASSERT(json_read(str_n(line, (size_t)len), &c, &e) == ERR_OK);
        memcpy(place, folder, sizeof folder);
        if (json_child(c, "files")) {
            ASSERT(mkdtemp(place));
            driver_write_files(json_child(c, "files"), place);
        }
        code = driver_case(c, place, &out, &e);
        if (code == ERR_OK) {
            json_set_str(result, "output", buf_str(&out));
        } else {
            json_set_str(result, "error", str_c(e.text));
            json_set_str(result, "code", str_c(err_name(code)));
        }
        json_write(result, &answer);
        puts(buf_cstr(&answer));
        fflush(stdout);
        if (json_child(c, "files"))
            nftw(place, driver_remove, 16, FTW_DEPTH | FTW_PHYS);
    }
    return 0;
}
