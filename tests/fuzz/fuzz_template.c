/* tests/fuzz/fuzz_template.c: any bytes as a template, over fixed data and under small ceilings. */
#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fuzz_vars =
    "{\"n\":7,\"f\":2.5,\"s\":\"hello w\\u00f6rld\",\"none\":null,\"yes\":true,\"xs\":[3,1,2],\"d\":{\"b\":2,\"a\":1},"
    "\"users\":[{\"name\":\"Bea\",\"age\":31},{\"name\":\"carl\",\"age\":25}],\"nested\":[[1,2],[3,[4,5]]]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static json_t *vars;
    struct template_options options = {
        .output_max = 1 << 16, .memory_max = 1 << 22, .source_max = 1 << 14, .depth_max = 40, .steps_max = 20000,
        .trim_blocks = size & 1, .lstrip_blocks = size & 2, .keep_trailing_newline = size & 4,
    };
    AUTO(template_env_freep) struct template_env *env = template_env_new(&options);
    AUTO_ARENA *arena = arena_new_sized(0);
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct template *t;
    struct str *names;
    struct err e = ERR_INIT;

    if (!vars)
        ASSERT(json_read(str_c(fuzz_vars), &vars, &e) == ERR_OK);
    if (template_compile(env, S("fuzz"), str_n((const char *)data, size), &t, &e) != ERR_OK)
        return 0;
    template_variables(t, arena, &names);
    if (template_render(t, vars, arena, &out, &e) != ERR_OK)
        ASSERT(e.code != ERR_OK && e.text[0] && out.len == 0);
    return 0;
}
