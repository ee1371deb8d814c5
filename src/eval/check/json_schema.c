/* src/eval/check/json_schema.c: the JSON output fits a schema (base/schema.h: JSON Schema 2020-12, references inside it
 * only). A task whose output has a schema gets this check by itself, as output_schema. A validation that met a limit is
 * not evaluated. */
#include "eval/check/check.h"

#define JSON_SCHEMA_SHOWN 3

static enum err_code json_schema_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct schema *s = NULL;

    TRY(schema_compile(spec->argument, a, &s, e));
    *state = s;
    return ERR_OK;
}

static enum check_verdict json_schema_judge(const void *state, const struct check_target *t, struct arena *a,
                                            struct str *why)
{
    const json_t *value = check_target_json(t, a, why);
    struct schema_fault faults[JSON_SCHEMA_SHOWN];
    AUTO_BUF struct buf text = BUF_INIT(4096);
    enum schema_verdict verdict;
    size_t count;

    if (!value)
        return CHECK_FAIL;
    verdict = schema_validate(state, value, a, faults, COUNT_OF(faults), &count);
    if (verdict == SCHEMA_VALID)
        return CHECK_PASS;
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s" STR_FMT ": " STR_FMT, i ? "; " : "", STR_ARG(faults[i].path), STR_ARG(faults[i].text));
    *why = arena_strdup(a, buf_str(&text));
    return verdict == SCHEMA_INVALID ? CHECK_FAIL : CHECK_SKIP;
}

const struct check check_json_schema = {
    .name = "json_schema", .argument = CHECK_VALUE,
    .doc = "The JSON output fits this JSON Schema (2020-12); a task with output.schema has it by itself.",
    .example = "- json_schema: {type: object, required: [queue]}",
    .prepare = json_schema_prepare, .judge = json_schema_judge,
};
