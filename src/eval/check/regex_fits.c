/* src/eval/check/regex_fits.c: the output (or the value at `path`) is a pattern of the model's making, and is tried on
 * examples: each of `match` must match as a whole, none of `reject` may. Examples stand in the check, or a "$.path"
 * says where in the expected answer they are, so that they can differ from case to case and be held out of the prompt.
 * The pattern is a stranger's: its length, steps and memory are bounded, and one that meets a bound fails. */
#include "eval/check/check.h"

#include "eval/json_path.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define FITS_PATTERN_MAX  4096
#define FITS_STEPS_MAX    100000
#define FITS_HEAP_KIB     1024
#define FITS_EXAMPLES_MAX 1000

struct fits_side { struct json_path *path; const json_t *list; };
struct fits { struct fits_side match, reject; };

static enum err_code fits_side_read(const json_t *v, const char *name, struct arena *a, struct fits_side *out,
                                    struct err *e)
{
    if (json_is_string(v))
        return json_path_compile(json_to_str(v), a, &out->path, e);
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

/* --- one pattern -------------------------------------------------------------------------------------------------- */

struct fits_pattern { pcre2_code *code; pcre2_match_context *limits; pcre2_match_data *data; };

static void fits_pattern_dispose(struct fits_pattern *p)
{
    pcre2_code_free(p->code);
    pcre2_match_context_free(p->limits);
    pcre2_match_data_free(p->data);
}

static bool fits_pattern_init(struct fits_pattern *p, struct str pattern, struct arena *a, struct str *why)
{
    PCRE2_UCHAR text[200];
    PCRE2_SIZE at;
    int code;

    if (pattern.len == 0 || pattern.len > FITS_PATTERN_MAX) {
        *why = pattern.len ? arena_printf(a, "the pattern is longer than %d bytes", FITS_PATTERN_MAX)
                           : S("the pattern is empty");
        return false;
    }
    p->code = pcre2_compile((PCRE2_SPTR)pattern.at, pattern.len,
                            PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at,
                            NULL);
    if (!p->code) {
        pcre2_get_error_message(code, text, sizeof text);
        *why = arena_printf(a, STR_FMT " is no pattern: %s", STR_ARG(subject_quote(pattern, a)), (char *)text);
        return false;
    }
    p->limits = pcre2_match_context_create(NULL);
    p->data = pcre2_match_data_create(1, NULL);
    ASSERT(p->limits && p->data);
    pcre2_set_match_limit(p->limits, FITS_STEPS_MAX);
    pcre2_set_depth_limit(p->limits, FITS_STEPS_MAX);
    pcre2_set_heap_limit(p->limits, FITS_HEAP_KIB);
    return true;
}

/* False when the pattern does to the example what it should not. */
static bool fits_example(struct fits_pattern *p, struct str example, bool wanted, struct arena *a, struct str *why)
{
    int code = pcre2_match(p->code, (PCRE2_SPTR)(example.len ? example.at : ""), example.len, 0,
                           PCRE2_ANCHORED | PCRE2_ENDANCHORED, p->data, p->limits);
    const char *shown = arena_cstr(a, subject_quote(example, a));

    if (code >= 0 && !wanted)
        *why = arena_printf(a, "matches %s and should not", shown);
    else if (code == PCRE2_ERROR_NOMATCH && wanted)
        *why = arena_printf(a, "does not match %s as a whole", shown);
    else if (code < 0 && code != PCRE2_ERROR_NOMATCH)
        *why = arena_printf(a, "takes more than %d steps on %s", FITS_STEPS_MAX, shown);
    else
        return true;
    return false;
}

static enum check_verdict fits_list(struct fits_pattern *p, const json_t *list, bool wanted, size_t *tried,
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
        if (!fits_example(p, json_to_str(one), wanted, a, why))
            return CHECK_FAIL;
    }
    return CHECK_PASS;
}

static enum check_verdict fits_side_judge(struct fits_pattern *p, const struct fits_side *s, const json_t *expected,
                                          bool wanted, size_t *tried, struct arena *a, struct str *why)
{
    enum check_verdict v = CHECK_PASS;
    const json_t **nodes;
    size_t n;

    if (!s->path)
        return s->list ? fits_list(p, s->list, wanted, tried, a, why) : CHECK_PASS;
    n = expected ? json_path_select(s->path, expected, a, &nodes) : 0;
    for (size_t i = 0; i < n && v == CHECK_PASS; i++)
        v = fits_list(p, nodes[i], wanted, tried, a, why);
    return v;
}

static enum check_verdict fits_judge(const void *state, const struct check_target *t, struct arena *a, struct str *why)
{
    const struct fits *f = state;
    const json_t *expected = subject_expected(t->subject);
    AUTO(fits_pattern_dispose) struct fits_pattern p = { 0 };
    enum check_verdict v;
    size_t tried = 0;

    if (!fits_pattern_init(&p, t->text, a, why))
        return CHECK_FAIL;
    v = fits_side_judge(&p, &f->match, expected, true, &tried, a, why);
    if (v == CHECK_PASS)
        v = fits_side_judge(&p, &f->reject, expected, false, &tried, a, why);
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
