/* src/eval/check/regex_fits.c: the output (or the value at `path`) is a pattern of the model's making, and is tried on
 * examples: each of `match` must match as a whole, none of `reject` may. Examples stand in the check, or a "$.path"
 * says where in the expected answer they are, so that they can differ from case to case and be held out of the prompt.
 * The pattern is a stranger's: its length, steps and memory are bounded, and one that meets a bound fails. */
#include "eval/check/check.h"

#define FITS_EXAMPLES_MAX 1000

struct fits_side { struct jsonpath *path; const json_t *list; };
struct fits { struct fits_side match, reject; };

static enum err_code fits_side_read(const json_t *v, const char *name, struct arena *a, struct fits_side *out,
                                    struct err *e)
{
    if (json_is_string(v))
        return jsonpath_compile(json_to_str(v), a, &out->path, e);
    if (v && !json_is_array(v))
        return err_set(e, ERR_BAD_INPUT, "regex_fits: %s is a list of texts, or a $.path into the expected answer",
                       name);
    for (size_t i = 0; i < json_array_size(v); i++)
        if (!json_is_string(json_array_get(v, i)))
            return err_set(e, ERR_BAD_INPUT, "regex_fits: %s holds something that is no text", name);
    if (json_array_size(v) > FITS_EXAMPLES_MAX)
        return err_set(e, ERR_TOO_LARGE, "regex_fits: %s has more than %d examples", name, FITS_EXAMPLES_MAX);
    out->list = v;
    return ERR_OK;
}

static enum err_code fits_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct fits *f = arena_new(a, struct fits);
    const char *key;
    json_t *value;

    if (!json_is_object(spec->argument))
        return err_set(e, ERR_BAD_INPUT, "regex_fits is {match: examples, reject: examples}");
    json_object_foreach((json_t *)spec->argument, key, value)
        if (strcmp(key, "match") != 0 && strcmp(key, "reject") != 0)
            return err_set(e, ERR_BAD_INPUT, "regex_fits has match and reject, not \"%.80s\"", key);
    TRY(fits_side_read(json_child(spec->argument, "match"), "match", a, &f->match, e));
    TRY(fits_side_read(json_child(spec->argument, "reject"), "reject", a, &f->reject, e));
    if (!f->match.path && !json_array_size(f->match.list) && !f->reject.path && !json_array_size(f->reject.list))
        return err_set(e, ERR_BAD_INPUT, "regex_fits needs examples, as in {match: [AB-1], reject: [ab-1]}");
    *state = f;
    return ERR_OK;
}

/* False when the pattern does to the example what it should not. */
static bool fits_example(const struct regex *r, struct str example, bool wanted, struct arena *a, struct str *why)
{
    char gave_up[REGEX_WHY] = "";
    enum regex_verdict v = regex_match(r, example, gave_up);
    const char *shown = arena_cstr(a, subject_quote(example, a));

    if (v == REGEX_GAVE_UP)
        *why = arena_printf(a, "on %s: %s", shown, gave_up);
    else if (v == REGEX_YES && !wanted)
        *why = arena_printf(a, "matches %s and should not", shown);
    else if (v == REGEX_NO && wanted)
        *why = arena_printf(a, "does not match %s as a whole", shown);
    else
        return true;
    return false;
}

static enum check_verdict fits_list(const struct regex *r, const json_t *list, bool wanted, size_t *tried,
                                    struct arena *a, struct str *why)
{
    size_t n = json_is_array(list) ? json_array_size(list) : 1;

    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_is_array(list) ? json_array_get(list, i) : list;

        if (!json_is_string(one))
            continue;
        if (++*tried > FITS_EXAMPLES_MAX) {
            *why = arena_printf(a, "the expected answer holds more than %d examples", FITS_EXAMPLES_MAX);
            return CHECK_SKIP;
        }
        if (!fits_example(r, json_to_str(one), wanted, a, why))
            return CHECK_FAIL;
    }
    return CHECK_PASS;
}

static enum check_verdict fits_side_judge(const struct regex *r, const struct fits_side *s, const json_t *expected,
                                          bool wanted, size_t *tried, struct arena *a, struct str *why)
{
    enum check_verdict v = CHECK_PASS;
    struct jsonpath_nodes nodes = { 0 };
    struct err e = ERR_INIT;

    if (!s->path)
        return s->list ? fits_list(r, s->list, wanted, tried, a, why) : CHECK_PASS;
    if (expected && jsonpath_select(s->path, expected, a, &nodes, &e) != ERR_OK) {
        *why = arena_strdup(a, str_c(e.text));
        return CHECK_SKIP;
    }
    for (size_t i = 0; i < nodes.len && v == CHECK_PASS; i++)
        v = fits_list(r, nodes.at[i].value, wanted, tried, a, why);
    return v;
}

static enum check_verdict fits_judge(const void *state, const struct check_target *t, struct arena *a, struct str *why)
{
    const struct fits *f = state;
    const json_t *expected = subject_expected(t->subject);
    struct regex *r;
    struct err e = ERR_INIT;
    enum check_verdict v;
    size_t tried = 0;

    if (!t->text.len || regex_compile(t->text, REGEX_WHOLE, a, &r, &e) != ERR_OK) {
        *why = t->text.len ? arena_strdup(a, str_c(e.text)) : S("the pattern is empty");
        return CHECK_FAIL;
    }
    v = fits_side_judge(r, &f->match, expected, true, &tried, a, why);
    if (v == CHECK_PASS)
        v = fits_side_judge(r, &f->reject, expected, false, &tried, a, why);
    if (v == CHECK_PASS && !tried) {
        *why = S("the case has no examples to try the pattern on");
        return CHECK_SKIP;
    }
    return v;
}

const struct check check_regex_fits = {
    .name = "regex_fits", .argument = CHECK_VALUE,
    .doc = "The output is a PCRE2 pattern that matches every example of match as a whole and none of reject; examples are "
           "lists, or a $.path into the expected answer.",
    .example = "- {path: $.regex, regex_fits: {match: [AB-12, XY-7], reject: [ab-12]}}",
    .prepare = fits_prepare, .judge = fits_judge,
};
