#include "eval/check/check.h"

#include "eval/items.h"

/* What every check may say about itself beside its kind. */
static const char check_words[] = "name description severity weight path not kind";

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
    case CHECK_AMOUNT: return json_is_number(v) && json_number_value(v) >= 0 ? NULL : "a number, 0 or more";
    case CHECK_KEYS:
        for (size_t i = 0; i < json_array_size(v); i++)
            if (!json_string_length(json_array_get(v, i)))
                return "true, a name or a list of names";
        return json_is_true(v) || json_string_length(v) || json_array_size(v) ? NULL
                                                                              : "true, a name or a list of names";
    case CHECK_MAP: return json_object_size(v) ? NULL : "a map";
    case CHECK_CHECKS: return json_array_size(v) ? NULL : "a list of at least one check";
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

static void check_offer_words(const char *words, struct suggest *s)
{
    struct str rest = words ? str_c(words) : STR_NONE, one;

    while (words && str_split(&rest, ' ', &one))
        suggest_offer(s, one);
}

enum err_code check_members_verify(const char *what, const json_t *map, const char *names, struct err *e)
{
    for (void *it = json_object_iter((json_t *)map); it; it = json_object_iter_next((json_t *)map, it)) {
        struct str key = str_n(json_object_iter_key(it), json_object_iter_key_len(it));
        struct suggest near;
        char hint[160];

        if (check_has_word(names, key))
            continue;
        suggest_begin(&near, key);
        check_offer_words(names, &near);
        return err_set(e, ERR_BAD_INPUT, "%s has no \"" STR_FMT "\"%s; it knows %s", what,
                       STR_ARG(str_utf8_head(key, 60)), suggest_hint(&near, hint), names);
    }
    return ERR_OK;
}

static enum err_code check_options_verify(const struct check *c, const json_t *options, struct err *e)
{
    if (!json_is_object(options))
        return ERR_OK;
    for (void *it = json_object_iter((json_t *)options); it; it = json_object_iter_next((json_t *)options, it)) {
        struct str key = str_c(json_object_iter_key(it));
        struct str plain = str_starts(key, S("not_")) ? str_from(key, 4) : key;
        struct suggest s;
        char hint[160];
        bool known = str_is(plain, c->name) || check_has_word(check_words, key) || check_has_word(c->options, key);

        if (known)
            continue;
        suggest_begin(&s, key);
        check_offer_words(check_words, &s);
        check_offer_words(c->options, &s);
        return err_set(e, ERR_BAD_INPUT, "a %s check has no setting \"" STR_FMT "\"%s; it knows name, description, severity, "
                       "weight, path, not%s%s", c->name, STR_ARG(key), suggest_hint(&s, hint), c->options ? ", " : "",
                       c->options ? c->options : "");
    }
    return ERR_OK;
}

static enum err_code check_path_prepare(const struct check *c, const json_t *path, struct arena *a,
                                        struct jsonpath **out, struct err *e)
{
    if (!path)
        return ERR_OK;
    if (c->scope == CHECK_OF_TRIAL)
        return err_set(e, ERR_BAD_INPUT, "%s judges the trial, not a value of its output: it takes no path", c->name);
    if (!json_is_string(path))
        return err_set(e, ERR_BAD_INPUT, "path takes a string, for example $.queue");
    TRY(jsonpath_compile(str_trim(json_to_str(path)), a, out, e));
    if (jsonpath_doubt(*out).len)
        return err_set(e, ERR_BAD_INPUT, "the path selects nothing: " STR_FMT, STR_ARG(jsonpath_doubt(*out)));
    return ERR_OK;
}

static enum err_code check_unknown(struct str kind, struct err *e)
{
    struct suggest s;
    char hint[160];

    suggest_begin(&s, kind);
    check_suggest(&s);
    return err_set(e, ERR_BAD_INPUT, "there is no check \"" STR_FMT "\"%s", STR_ARG(str_utf8_head(kind, 60)),
                   suggest_hint(&s, hint));
}

enum err_code check_prepare(const struct check_spec *spec, struct arena *a, struct check_ready *out, struct err *e)
{
    const struct check *c = check_find(spec->kind);
    const json_t *path = json_child(spec->options, "path");
    const char *wanted;

    if (!c)
        return check_unknown(spec->kind, e);
    wanted = check_shape(c, spec->argument);
    if (wanted)
        return err_set(e, ERR_BAD_INPUT, "%s takes %s; for example: %s", c->name, wanted, c->example);
    TRY(check_options_verify(c, spec->options, e));
    *out = (struct check_ready){ .check = c, .negate = spec->negate };
    if (c->argument == CHECK_MAP)
        TRY(check_members_verify(c->name, spec->argument, c->members, e));
    TRY(check_path_prepare(c, path, a, &out->path, e));
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
    if (c->check->scope == CHECK_OF_VALUE)
        *why = arena_printf(a, STR_FMT " must not satisfy %s", STR_ARG(subject_quote(t->text, a)), c->check->name);
    else
        *why = arena_printf(a, "must not satisfy %s, and does", c->check->name);
    return CHECK_FAIL;
}

static enum check_verdict check_judge_nodes(const struct check_ready *c, const struct check_target *t,
                                            const struct jsonpath_nodes *nodes, struct arena *a, struct str *why)
{
    if (!nodes->len && c->check->scope != CHECK_OF_COUNT) {
        *why = arena_printf(a, "nothing at " STR_FMT, STR_ARG(jsonpath_text(c->path)));
        return CHECK_FAIL;
    }
    if (c->check->scope != CHECK_OF_VALUE) {
        struct check_target all = { .subject = t->subject, .text = t->text, .nodes = nodes };

        return check_judge_one(c, &all, a, why);
    }
    for (size_t i = 0; i < nodes->len; i++) {
        const struct jsonpath_node *n = &nodes->at[i];
        struct check_target one = { .subject = t->subject, .text = items_text(n->value, a), .node = n->value };
        enum check_verdict v = check_judge_one(c, &one, a, why);

        if (v == CHECK_PASS)
            continue;
        if (!jsonpath_singular(c->path))
            *why = arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(jsonpath_place(n, a)), STR_ARG(*why));
        return v;
    }
    return CHECK_PASS;
}

enum check_verdict check_judge_target(const struct check_ready *c, const struct check_target *t, struct arena *a,
                                      struct str *why)
{
    struct jsonpath_nodes nodes;
    struct err e = ERR_INIT;
    const json_t *root;

    *why = STR_NONE;
    if (!c->path)
        return check_judge_one(c, t, a, why);
    root = check_target_json(t, a, why);
    if (!root)
        return CHECK_FAIL;
    if (jsonpath_select(c->path, root, a, &nodes, &e) != ERR_OK) {
        *why = arena_strdup(a, str_c(e.text));
        return CHECK_SKIP;
    }
    return check_judge_nodes(c, t, &nodes, a, why);
}

void check_judge(const struct check_ready *c, const struct subject *s, struct arena *a, struct score *out)
{
    struct check_target whole = { .subject = s, .text = subject_text(s) };
    struct str why;
    enum check_verdict v = check_judge_target(c, &whole, a, &why);

    if (v == CHECK_SKIP)
        *out = score_missing(why);
    else
        *out = (struct score){ .state = SCORE_VALUE, .value = v == CHECK_PASS, .note = v == CHECK_PASS ? STR_NONE : why };
}

/* --- a check inside another --------------------------------------------------------------------------------------- */

static enum err_code check_spec_read_kind(const json_t *j, struct check_spec *out, struct err *e)
{
    struct str stranger = STR_NONE;

    for (void *it = json_object_iter((json_t *)j); it; it = json_object_iter_next((json_t *)j, it)) {
        struct str key = str_n(json_object_iter_key(it), json_object_iter_key_len(it));
        bool negate = !check_find(key) && str_starts(key, S("not_"));
        const struct check *c = check_find(negate ? str_from(key, 4) : key);

        if (check_has_word(check_words, key))
            continue;
        if (!c) {
            stranger = key;
        } else if (out->kind.len) {
            return err_set(e, ERR_BAD_INPUT, "one check has one kind, and this has \"" STR_FMT "\" and \"" STR_FMT
                           "\"; make two checks of it", STR_ARG(out->kind), STR_ARG(key));
        } else {
            out->kind = str_c(c->name);
            out->argument = json_object_iter_value(it);
            out->negate = negate;
        }
    }
    if (!out->kind.len && stranger.len)
        return check_unknown(str_starts(stranger, S("not_")) ? str_from(stranger, 4) : stranger, e);
    if (!out->kind.len)
        return err_set(e, ERR_BAD_INPUT, "the check says nothing to check; add for example: contains: refund");
    return ERR_OK;
}

enum err_code check_spec_read(const json_t *j, struct check_spec *out, struct err *e)
{
    const json_t *weight = json_child(j, "weight"), *not_ = json_child(j, "not"), *severity = json_child(j, "severity");
    struct str word = json_to_str(j);
    bool negate = !check_find(word) && str_starts(word, S("not_"));

    *out = (struct check_spec){ .severity = SEVERITY_WARNING, .weight = 1, .options = j, .name = json_get_str(j, "name") };
    if (json_is_string(j)) {
        *out = (struct check_spec){ .severity = SEVERITY_WARNING, .weight = 1, .argument = json_true(), .negate = negate,
                                    .kind = negate ? str_from(word, 4) : word };
        return check_find(out->kind) ? ERR_OK : check_unknown(out->kind, e);
    }
    if (!json_is_object(j))
        return err_set(e, ERR_BAD_INPUT, "a check is a map, for example {contains: refund}");
    TRY(check_spec_read_kind(j, out, e));
    if (weight && (!json_is_number(weight) || json_number_value(weight) < 0 || json_number_value(weight) > 1e6))
        return err_set(e, ERR_BAD_INPUT, "weight is a number, 0 to 1000000");
    if (not_ && !json_is_boolean(not_))
        return err_set(e, ERR_BAD_INPUT, "not is true or false");
    if (severity && !severity_from(json_to_str(severity), &out->severity))
        return err_set(e, ERR_BAD_INPUT, "severity is critical, warning or info");
    out->weight = weight ? json_number_value(weight) : 1;
    out->negate = out->negate != json_is_true(not_);
    return ERR_OK;
}
