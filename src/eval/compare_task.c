/* What differs between the tasks of two runs, by their snapshots. */
#include "eval/compare.h"

static const struct { const char *key, *words; } compare_parts[] = {
    { "name", "the task's name" }, { "system", "the system message" }, { "prompts", "the prompt" },
    { "files", "what the prompt includes" }, { "turns", "the follow-up turns" }, { "images", "the images" },
    { "examples", "the examples" }, { "output", "the output's form" }, { "tools", "the tools" },
    { "tool_choice", "the tool choice" }, { "checks", "the checks" }, { "metrics", "the metrics" },
    { "constraints", "the constraints" }, { "criteria", "the criteria" }, { "judge", "the judge" },
    { "rank_by", "what ranks" }, { "thresholds", "the thresholds" }, { "repeat", "the repetitions" },
};

/* A prompt that only moved to another line, or was renamed, is the same prompt. */
static void compare_strip(json_t *part)
{
    json_t *one;
    size_t i;

    json_array_foreach(part, i, one)
        json_object_del(one, "line");
}

static bool compare_same(const json_t *x, const json_t *y)         /* nothing equals nothing */
{
    return x && y ? json_equal(x, y) : x == y;
}

static bool compare_part_same(const json_t *a, const json_t *b, const char *key)
{
    AUTO_JSON *x = json_deep_copy(json_child(a, key)), *y = json_deep_copy(json_child(b, key));

    compare_strip(x);
    compare_strip(y);
    return compare_same(x, y);
}

static bool compare_params_same(const json_t *a, const json_t *b)
{
    const json_t *x = json_child(a, "variants"), *y = json_child(b, "variants");

    for (size_t i = 0; i < json_array_size(x); i++)
        for (size_t k = 0; k < json_array_size(y); k++) {
            const json_t *v = json_array_get(x, i), *w = json_array_get(y, k);

            if (str_eq(json_get_str(v, "name"), json_get_str(w, "name")) &&
                !compare_same(json_child(v, "params"), json_child(w, "params")))
                return false;
        }
    return true;
}

void compare_task(const json_t *base_settings, const json_t *other_settings, struct arena *a, struct str **out,
                  size_t *count)
{
    const json_t *base = json_child(base_settings, "task"), *other = json_child(other_settings, "task");

    *out = arena_array(a, struct str, COUNT_OF(compare_parts) + 2);
    *count = 0;
    for (size_t i = 0; i < COUNT_OF(compare_parts); i++)
        if (!compare_part_same(base, other, compare_parts[i].key))
            (*out)[(*count)++] = str_c(compare_parts[i].words);
    if (!compare_params_same(base, other))
        (*out)[(*count)++] = S("the parameters");
    if (!str_eq(json_get_str(base_settings, "program"), json_get_str(other_settings, "program")))
        (*out)[(*count)++] = arena_printf(a, "the program (" STR_FMT ", here " STR_FMT ")",
                                          STR_ARG(json_get_str(base_settings, "program")),
                                          STR_ARG(json_get_str(other_settings, "program")));
}
