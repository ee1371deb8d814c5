/* src/eval/check/json.c: checks of JSON form: json_valid, required_keys. */
#include "eval/check/check.h"

#include "eval/items.h"

static enum err_code json_valid_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    (void)a;
    (void)e;
    *state = (void *)(uintptr_t)check_option(spec, "no_fence");
    return ERR_OK;
}

static enum check_verdict json_valid_judge(const void *state, const struct check_target *t, struct arena *a,
                                           struct str *why)
{
    if (!check_target_json(t, a, why))
        return CHECK_FAIL;
    if (state && !t->node && subject_fenced(t->subject, a)) {
        *why = S("fenced: JSON, but inside a code block");
        return CHECK_FAIL;
    }
    return CHECK_PASS;
}

struct required_keys { struct str *at; size_t count; };

static enum err_code required_keys_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct required_keys *k = arena_new(a, struct required_keys);

    (void)e;
    k->count = json_is_array(spec->argument) ? json_array_size(spec->argument) : 1;
    k->at = arena_array(a, struct str, k->count);
    for (size_t i = 0; i < k->count; i++)
        k->at[i] = json_to_str(json_is_array(spec->argument) ? json_array_get(spec->argument, i) : spec->argument);
    *state = k;
    return ERR_OK;
}

static enum check_verdict required_keys_of(const struct required_keys *k, const json_t *o, struct arena *a,
                                           struct str *why)
{
    if (!json_is_object(o)) {
        *why = S("is not a JSON object");
        return CHECK_FAIL;
    }
    for (size_t i = 0; i < k->count; i++)
        if (!json_object_getn(o, k->at[i].at, k->at[i].len)) {
            *why = arena_printf(a, "key " STR_FMT " is missing", STR_ARG(subject_quote(k->at[i], a)));
            return CHECK_FAIL;
        }
    return CHECK_PASS;
}

static enum check_verdict required_keys_judge(const void *state, const struct check_target *t, struct arena *a,
                                              struct str *why)
{
    const json_t *j = check_target_json(t, a, why);
    enum check_verdict v = j ? CHECK_PASS : CHECK_FAIL;

    if (!json_is_array(j))
        return j ? required_keys_of(state, j, a, why) : v;
    for (size_t i = 0; i < json_array_size(j) && v == CHECK_PASS; i++)
        v = required_keys_of(state, json_array_get(j, i), a, why);
    return v;
}

const struct check check_json_valid = {
    .name = "json_valid", .argument = CHECK_TRUE, .options = "no_fence",
    .doc = "The output is one JSON value; a code fence around it is forgiven unless no_fence: true.",
    .example = "- json_valid: true",
    .prepare = json_valid_prepare, .judge = json_valid_judge,
};
const struct check check_required_keys = {
    .name = "required_keys", .argument = CHECK_TEXTS,
    .doc = "The JSON object has these keys; of a list, every object in it.",
    .example = "- required_keys: [queue, urgency]",
    .prepare = required_keys_prepare, .judge = required_keys_judge,
};
