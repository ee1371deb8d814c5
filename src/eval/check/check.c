#include "eval/check/check.h"

#include "eval/items.h"
#include "eval/json_path.h"

/* What every check may say about itself beside its kind. */
static const char *const check_words[] = { "name", "description", "severity", "weight", "path", "not", "kind" };

static const char *check_shape(const struct check *c, const json_t *v)
{
    bool scalar = json_is_string(v) || json_is_number(v) || json_is_boolean(v) || json_is_null(v);

    switch (c->argument) {
    case CHECK_TEXT: return json_is_string(v) ? NULL : "a string";
    case CHECK_TEXTS:
    case CHECK_VALUES:
        if (json_is_array(v) && json_array_size(v)) {
            for (size_t i = 0; i < json_array_size(v); i++) {
                const json_t *one = json_array_get(v, i);

                if (json_is_array(one) || json_is_object(one) || (c->argument == CHECK_TEXTS && !json_is_string(one)))
                    return c->argument == CHECK_TEXTS ? "a string or a list of strings" : "a list of plain values";
            }
            return NULL;
        }
        if (c->argument == CHECK_VALUES)
            return "a list of at least one value, for example [billing, sales]";
        return json_is_string(v) ? NULL : "a string or a list of strings";
    case CHECK_VALUE: return scalar || json_is_array(v) || json_is_object(v) ? NULL : "a value";
    case CHECK_NUMBER: return json_is_integer(v) && json_integer_value(v) >= 0 ? NULL : "a whole number, 0 or more";
    case CHECK_BOUNDS:
        if (!json_is_object(v) || !json_object_size(v))
            return "{min: number, max: number}, or one of the two";
        for (void *it = json_object_iter((json_t *)v); it; it = json_object_iter_next((json_t *)v, it))
            if ((strcmp(json_object_iter_key(it), "min") && strcmp(json_object_iter_key(it), "max")) ||
                !json_is_number(json_object_iter_value(it)))
                return "{min: number, max: number}, or one of the two";
        if (json_child(v, "min") && json_child(v, "max") &&
            json_number_value(json_child(v, "min")) > json_number_value(json_child(v, "max")))
            return "a min that is not above its max";
        return NULL;
    case CHECK_TRUE: return json_is_true(v) ? NULL : "true (to ask for the opposite, put not_ before its name)";
    }
    return NULL;
}

static bool check_has_word(const char *words, struct str word)
{
    struct str rest = words ? str_c(words) : STR_NONE, one;

    while (words && str_split(&rest, ' ', &one))
        if (str_eq(one, word))
            return true;
    return false;
}

static enum err_code check_options_verify(const struct check *c, const json_t *options, struct err *e)
{
    if (!json_is_object(options))
        return ERR_OK;
    for (void *it = json_object_iter((json_t *)options); it; it = json_object_iter_next((json_t *)options, it)) {
        struct str key = str_c(json_object_iter_key(it)), rest = c->options ? str_c(c->options) : STR_NONE, one;
        struct str plain = str_starts(key, S("not_")) ? str_from(key, 4) : key;
        struct suggest s;
        char hint[160];
        bool known = str_is(plain, c->name) || check_has_word(c->options, key);

        for (size_t i = 0; i < COUNT_OF(check_words) && !known; i++)
            known = str_is(key, check_words[i]);
        if (known)
            continue;
        suggest_begin(&s, key);
        for (size_t i = 0; i < COUNT_OF(check_words); i++)
            suggest_offer(&s, str_c(check_words[i]));
        while (c->options && str_split(&rest, ' ', &one))
            suggest_offer(&s, one);
        return err_set(e, ERR_BAD_INPUT, "a %s check has no setting \"" STR_FMT "\"%s; it knows name, description, severity, "
                       "weight, path, not%s%s", c->name, STR_ARG(key), suggest_hint(&s, hint), c->options ? ", " : "",
                       c->options ? c->options : "");
    }
    return ERR_OK;
}

enum err_code check_prepare(const struct check_spec *spec, struct arena *a, struct check_ready *out, struct err *e)
{
    const struct check *c = check_find(spec->kind);
    const json_t *path = json_child(spec->options, "path");
    const char *wanted;

    if (!c) {
        struct suggest s;
        char hint[160];

        suggest_begin(&s, spec->kind);
        check_suggest(&s);
        return err_set(e, ERR_BAD_INPUT, "there is no check \"" STR_FMT "\"%s", STR_ARG(spec->kind),
                       suggest_hint(&s, hint));
    }
    wanted = check_shape(c, spec->argument);
    if (wanted)
        return err_set(e, ERR_BAD_INPUT, "%s takes %s; for example: %s", c->name, wanted, c->example);
    TRY(check_options_verify(c, spec->options, e));
    *out = (struct check_ready){ .check = c, .negate = spec->negate };
    if (path && !json_is_string(path))
        return err_set(e, ERR_BAD_INPUT, "path takes a string, for example $.queue");
    if (path)
        TRY(json_path_compile(json_to_str(path), a, &out->path, e));
    return c->prepare(spec, a, &out->state, e);
}

enum err_code check_verify(const struct check_spec *spec, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct check_ready ready;

    return check_prepare(spec, a, &ready, e);
}

bool check_option(const struct check_spec *spec, const char *name)
{
    return json_get_bool(spec->options, name, false);
}

const json_t *check_target_json(const struct check_target *t, struct arena *a, struct str *why)
{
    return t->node ? t->node : subject_json(t->subject, a, why);
}

static enum check_verdict check_judge_one(const struct check_ready *c, const struct check_target *t, struct arena *a,
                                          struct str *why)
{
    enum check_verdict v = c->check->judge(c->state, t, a, why);

    if (!c->negate || v == CHECK_SKIP)
        return v;
    if (v == CHECK_FAIL)
        return CHECK_PASS;
    *why = arena_printf(a, STR_FMT " must not satisfy %s", STR_ARG(subject_quote(t->text, a)), c->check->name);
    return CHECK_FAIL;
}

static enum check_verdict check_judge_path(const struct check_ready *c, const struct subject *s, struct arena *a,
                                           struct str *why)
{
    const json_t *root = subject_json(s, a, why), **nodes;
    size_t n;

    if (!root)
        return CHECK_FAIL;
    n = json_path_select(c->path, root, a, &nodes);
    if (!n) {
        *why = arena_printf(a, "nothing at " STR_FMT, STR_ARG(json_path_text(c->path)));
        return CHECK_FAIL;
    }
    for (size_t i = 0; i < n; i++) {
        struct check_target t = { .subject = s, .text = items_text(nodes[i], a), .node = nodes[i] };
        enum check_verdict v = check_judge_one(c, &t, a, why);

        if (v != CHECK_PASS)
            return v;
    }
    return CHECK_PASS;
}

void check_judge(const struct check_ready *c, const struct subject *s, struct arena *a, struct score *out)
{
    struct check_target whole = { .subject = s, .text = subject_text(s) };
    struct str why = STR_NONE;
    enum check_verdict v = c->path ? check_judge_path(c, s, a, &why) : check_judge_one(c, &whole, a, &why);

    if (v == CHECK_SKIP)
        *out = score_missing(why);
    else
        *out = (struct score){ .state = SCORE_VALUE, .value = v == CHECK_PASS, .note = v == CHECK_PASS ? STR_NONE : why };
}
