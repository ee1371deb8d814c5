/* src/eval/check/regex.c: PCRE2 patterns (base/regex.h): somewhere in the output, over the whole of it, or so many
 * times. A match that needs more than its limits is not evaluated: patterns are the user's, texts are a model's, and
 * neither may hang a run. Occurrences do not overlap. */
#include "eval/check/check.h"

#include <inttypes.h>

#define REGEX_COUNT_MAX INT64_C(1000000)

static enum err_code regex_of_spec(const struct check_spec *spec, struct str pattern, unsigned flags, struct arena *a,
                                   struct regex **out, struct err *e)
{
    if (check_option(spec, "ignore_case"))
        flags |= REGEX_IGNORE_CASE;
    return regex_compile(pattern, flags, a, out, e);
}

static enum err_code regex_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct regex *r = NULL;

    TRY(regex_of_spec(spec, json_to_str(spec->argument), str_is(spec->kind, "matches") ? REGEX_WHOLE : 0, a, &r, e));
    *state = r;
    return ERR_OK;
}

static enum check_verdict regex_judge(const void *state, const struct check_target *t, struct arena *a, struct str *why)
{
    char text[REGEX_WHY];

    switch (regex_match(state, t->text, text)) {
    case REGEX_YES: return CHECK_PASS;
    case REGEX_NO:
        *why = arena_printf(a, STR_FMT " does not match " STR_FMT, STR_ARG(subject_quote(t->text, a)),
                            STR_ARG(regex_text(state)));
        return CHECK_FAIL;
    case REGEX_GAVE_UP: break;
    }
    *why = arena_strdup(a, str_c(text));
    return CHECK_SKIP;
}

struct occurrences { struct regex *regex; struct str text; int64_t min, max; };

/* The least and the most of a map, whole numbers; *max stays when there is none. */
static enum err_code occurrences_bounds(const json_t *map, int64_t *min, int64_t *max, struct err *e)
{
    static const char *const names[] = { "min", "max" };
    int64_t *const to[] = { min, max };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const json_t *j = json_child(map, names[i]);

        if (j && (!json_is_integer(j) || json_integer_value(j) < 0 || json_integer_value(j) > REGEX_COUNT_MAX))
            return err_set(e, ERR_BAD_INPUT, "occurrences: %s is a whole number, 0 to %" PRId64, names[i],
                           REGEX_COUNT_MAX);
        if (j)
            *to[i] = json_integer_value(j);
    }
    if (*min > *max)
        return err_set(e, ERR_BAD_INPUT, "occurrences: min is above max");
    return ERR_OK;
}

static enum err_code occurrences_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    const json_t *regex = json_child(spec->argument, "regex"), *text = json_child(spec->argument, "text");
    struct occurrences *o = arena_new(a, struct occurrences);
    AUTO_BUF struct buf quoted = BUF_INIT(REGEX_PATTERN_MAX);

    o->min = 0;
    o->max = REGEX_COUNT_MAX;
    if (!json_string_length(regex) == !json_string_length(text))
        return err_set(e, ERR_BAD_INPUT,
                       "occurrences takes one of text: and regex:, for example {text: \"- \", min: 3}");
    TRY(occurrences_bounds(spec->argument, &o->min, &o->max, e));
    if (!json_child(spec->argument, "min") && !json_child(spec->argument, "max"))
        return err_set(e, ERR_BAD_INPUT, "occurrences needs min:, max: or both");
    o->text = json_to_str(text ? text : regex);
    if (text && str_contains(o->text, S("\\E")))
        return err_set(e, ERR_BAD_INPUT, "occurrences: a text with \\E in it has to be written as a regex");
    buf_printf(&quoted, text ? "\\Q" STR_FMT "\\E" : STR_FMT, STR_ARG(o->text));
    if (buf_failed(&quoted))
        return err_set(e, ERR_TOO_LARGE, "occurrences: at most %d bytes are looked for", REGEX_PATTERN_MAX - 8);
    TRY(regex_of_spec(spec, buf_str(&quoted), 0, a, &o->regex, e));
    *state = o;
    return ERR_OK;
}

static enum check_verdict occurrences_judge(const void *state, const struct check_target *t, struct arena *a,
                                            struct str *why)
{
    const struct occurrences *o = state;
    char text[REGEX_WHY];
    int64_t n;

    if (regex_count(o->regex, t->text, o->max < REGEX_COUNT_MAX ? o->max + 1 : o->min, &n, text) == REGEX_GAVE_UP) {
        *why = arena_strdup(a, str_c(text));
        return CHECK_SKIP;
    }
    if (n >= o->min && n <= o->max)
        return CHECK_PASS;
    *why = arena_printf(a, STR_FMT " is there %s%" PRId64 " times, %s %" PRId64, STR_ARG(subject_quote(o->text, a)),
                        n > o->max ? "at least " : "", n, n < o->min ? "at least" : "at most",
                        n < o->min ? o->min : o->max);
    return CHECK_FAIL;
}

const struct check check_regex = {
    .name = "regex", .argument = CHECK_TEXT, .options = "ignore_case",
    .doc = "The PCRE2 pattern matches somewhere in the output; ^ and $ tie it to the ends.",
    .example = "- regex: '^[A-Z]{2}-\\d{4}$'",
    .prepare = regex_prepare, .judge = regex_judge,
};
const struct check check_matches = {
    .name = "matches", .argument = CHECK_TEXT, .options = "ignore_case",
    .doc = "The PCRE2 pattern matches the whole output, or the whole chosen value.",
    .example = "- {path: '$.orders[*].id', matches: '[A-Z]{2}-\\d{4}'}",
    .prepare = regex_prepare, .judge = regex_judge,
};
const struct check check_occurrences = {
    .name = "occurrences", .argument = CHECK_MAP, .members = "text regex min max", .options = "ignore_case",
    .doc = "A text, or a PCRE2 pattern, is in the output at least min and at most max times.",
    .example = "- occurrences: {regex: '\\[\\d+\\]', min: 2, max: 5}",
    .prepare = occurrences_prepare, .judge = occurrences_judge,
};
