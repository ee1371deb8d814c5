/* src/eval/check/regex.c: a PCRE2 pattern somewhere in the output. Compiled once with JIT; a match that needs more than
 * REGEX_MATCH_MAX steps (or REGEX_HEAP_KIB of memory) is given up and the check is not evaluated: patterns are the
 * user's, texts are a model's, and neither may hang a run. */
#include "eval/check/check.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define REGEX_PATTERN_MAX 4096
#define REGEX_MATCH_MAX   1000000
#define REGEX_DEPTH_MAX   10000
#define REGEX_HEAP_KIB    4096

struct regex_state { pcre2_code *code; pcre2_match_context *limits; struct str pattern; };

static void regex_release(void *arg)
{
    struct regex_state *r = arg;

    pcre2_code_free(r->code);
    pcre2_match_context_free(r->limits);
}

static enum err_code regex_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct regex_state *r = arena_new(a, struct regex_state);
    uint32_t flags = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    PCRE2_UCHAR text[200];
    PCRE2_SIZE at;
    int code;

    r->pattern = json_to_str(spec->argument);
    if (r->pattern.len > REGEX_PATTERN_MAX)
        return err_set(e, ERR_TOO_LARGE, "the pattern has %zu bytes; at most %d are allowed", r->pattern.len,
                       REGEX_PATTERN_MAX);
    if (check_option(spec, "ignore_case"))
        flags |= PCRE2_CASELESS;
    r->code = pcre2_compile((PCRE2_SPTR)r->pattern.at, r->pattern.len, flags, &code, &at, NULL);
    if (!r->code) {
        pcre2_get_error_message(code, text, sizeof text);
        return err_set(e, ERR_BAD_INPUT, "regex \"" STR_FMT "\": %s at character %zu", STR_ARG(r->pattern),
                       (char *)text, str_utf8_len(str_sub(r->pattern, 0, at)) + 1);
    }
    pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);         /* without JIT it is slower, nothing else */
    r->limits = pcre2_match_context_create(NULL);
    ASSERT(r->limits);
    pcre2_set_match_limit(r->limits, REGEX_MATCH_MAX);
    pcre2_set_depth_limit(r->limits, REGEX_DEPTH_MAX);
    pcre2_set_heap_limit(r->limits, REGEX_HEAP_KIB);
    arena_defer(a, regex_release, r);
    *state = r;
    return ERR_OK;
}

static enum check_verdict regex_judge(const void *state, const struct check_target *t, struct arena *a, struct str *why)
{
    const struct regex_state *r = state;
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    PCRE2_UCHAR text[200];
    int code;

    ASSERT(found);
    code = pcre2_match(r->code, (PCRE2_SPTR)(t->text.len ? t->text.at : ""), t->text.len, 0, 0, found, r->limits);
    if (code == PCRE2_ERROR_JIT_STACKLIMIT)
        code = pcre2_match(r->code, (PCRE2_SPTR)t->text.at, t->text.len, 0, PCRE2_NO_JIT, found, r->limits);
    pcre2_match_data_free(found);
    if (code >= 0)
        return CHECK_PASS;
    if (code == PCRE2_ERROR_NOMATCH) {
        *why = arena_printf(a, STR_FMT " does not match " STR_FMT, STR_ARG(subject_quote(t->text, a)),
                            STR_ARG(r->pattern));
        return CHECK_FAIL;
    }
    pcre2_get_error_message(code, text, sizeof text);
    *why = arena_printf(a, "regex gave up: %s", (char *)text);
    return CHECK_SKIP;
}

const struct check check_regex = {
    .name = "regex", .argument = CHECK_TEXT, .options = "ignore_case",
    .doc = "The PCRE2 pattern matches somewhere in the output; ^ and $ tie it to the ends.",
    .example = "- regex: '^[A-Z]{2}-\\d{4}$'",
    .prepare = regex_prepare, .judge = regex_judge,
};
