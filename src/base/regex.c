#include "base/base.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

struct regex { pcre2_code *code; pcre2_match_context *limits; struct str pattern; };

static void regex_release(void *arg)
{
    struct regex *r = arg;

    pcre2_code_free(r->code);
    pcre2_match_context_free(r->limits);
}

/* As RFC 9485 wants it read: every dot outside a class is [^\n\r]. Returns the byte of the pattern whose translation
 * reaches `at` bytes. */
static size_t regex_interoperable(struct str pattern, size_t at, struct buf *out)
{
    bool inside = false;
    size_t i = 0;

    for (; i < pattern.len && out->len < at; i++) {
        char c = pattern.at[i];

        if (c == '\\' && i + 1 < pattern.len) {
            buf_append(out, str_sub(pattern, i++, 2));
        } else if (c == '.' && !inside) {
            buf_puts(out, "[^\\n\\r]");
        } else {
            inside = inside ? c != ']' : c == '[';
            buf_byte(out, c);
        }
    }
    return i;
}

enum err_code regex_compile(struct str pattern, unsigned flags, struct arena *a, struct regex **out, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(REGEX_PATTERN_MAX * 8 + 16);
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    struct regex *r = arena_new(a, struct regex);
    PCRE2_UCHAR why[200];
    PCRE2_SIZE at;
    int code;

    if (pattern.len > REGEX_PATTERN_MAX)
        return err_set(e, ERR_TOO_LARGE, "the pattern has %zu bytes; at most %d are allowed", pattern.len,
                       REGEX_PATTERN_MAX);
    if (flags & REGEX_INTEROPERABLE)
        regex_interoperable(pattern, SIZE_MAX, &text);
    else
        buf_append(&text, pattern);
    options |= flags & REGEX_INTEROPERABLE ? PCRE2_DOLLAR_ENDONLY : PCRE2_UCP;
    options |= flags & REGEX_IGNORE_CASE ? PCRE2_CASELESS : 0;
    options |= flags & REGEX_WHOLE ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0;
    r->pattern = arena_strdup(a, pattern);
    r->code = pcre2_compile((PCRE2_SPTR)buf_cstr(&text), text.len, options, &code, &at, NULL);
    if (!r->code) {
        pcre2_get_error_message(code, why, sizeof why);
        buf_reset(&text);
        if (flags & REGEX_INTEROPERABLE)
            at = regex_interoperable(pattern, at, &text);
        return err_set(e, ERR_BAD_INPUT, "regex \"" STR_FMT "\": %s at character %zu", STR_ARG(pattern), (char *)why,
                       str_utf8_len(str_sub(pattern, 0, at)) + 1);
    }
    pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);         /* without JIT it is slower, nothing else */
    r->limits = pcre2_match_context_create(NULL);
    ASSERT(r->limits);
    pcre2_set_match_limit(r->limits, REGEX_MATCH_MAX);
    pcre2_set_depth_limit(r->limits, REGEX_DEPTH_MAX);
    pcre2_set_heap_limit(r->limits, REGEX_HEAP_KIB);
    arena_defer(a, regex_release, r);
    *out = r;
    return ERR_OK;
}

struct str regex_text(const struct regex *r)
{
    return r->pattern;
}

static enum regex_verdict regex_run(const struct regex *r, struct str text, size_t from, uint32_t options,
                                    pcre2_match_data *found, char *why)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.len ? text.at : "");
    PCRE2_UCHAR said[REGEX_WHY];
    int code = pcre2_match(r->code, subject, text.len, from, options, found, r->limits);

    if (code == PCRE2_ERROR_JIT_STACKLIMIT)
        code = pcre2_match(r->code, subject, text.len, from, options | PCRE2_NO_JIT, found, r->limits);
    if (code >= 0)
        return REGEX_YES;
    if (code == PCRE2_ERROR_NOMATCH)
        return REGEX_NO;
    pcre2_get_error_message(code, said, sizeof said);
    if (why)
        snprintf(why, REGEX_WHY, "regex gave up: %.180s", (char *)said);
    return REGEX_GAVE_UP;
}

enum regex_verdict regex_find_group(const struct regex *r, struct str text, size_t from, size_t *start, size_t *end,
                                    struct str *group, char why[REGEX_WHY])
{
    pcre2_match_data *found = pcre2_match_data_create_from_pattern(r->code, NULL);       /* room for its groups and no more */
    enum regex_verdict v;

    ASSERT(found);
    v = regex_run(r, text, from, 0, found, why);
    if (v == REGEX_YES) {
        const PCRE2_SIZE *where = pcre2_get_ovector_pointer(found);

        *start = where[0];
        *end = MAX(*start, where[1]);           /* \K may put the start behind the end */
        *group = str_sub(text, *start, *end - *start);
        for (uint32_t i = 1; i < pcre2_get_ovector_count(found); i++)
            if (where[2 * i] != PCRE2_UNSET && where[2 * i + 1] > where[2 * i]) {
                *group = str_sub(text, where[2 * i], where[2 * i + 1] - where[2 * i]);
                break;
            }
    }
    pcre2_match_data_free(found);
    return v;
}

enum regex_verdict regex_find(const struct regex *r, struct str text, size_t from, size_t *start, size_t *end,
                              char why[REGEX_WHY])
{
    struct str group;

    return regex_find_group(r, text, from, start, end, &group, why);
}

enum regex_verdict regex_match(const struct regex *r, struct str text, char why[REGEX_WHY])
{
    size_t start, end;

    return regex_find(r, text, 0, &start, &end, why);
}

enum regex_verdict regex_count(const struct regex *r, struct str text, int64_t max, int64_t *count,
                               char why[REGEX_WHY])
{
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    enum regex_verdict v = REGEX_YES;
    size_t at = 0;

    ASSERT(found);
    *count = 0;
    while (*count < max && at <= text.len && (v = regex_run(r, text, at, 0, found, why)) == REGEX_YES) {
        const PCRE2_SIZE *where = pcre2_get_ovector_pointer(found);

        ++*count;
        if (where[1] > where[0] && where[1] > at)
            at = where[1];
        else if ((at = MAX(at, where[1])) < text.len)
            str_utf8_next(text, &at);
        else
            break;
    }
    pcre2_match_data_free(found);
    return v == REGEX_GAVE_UP ? REGEX_GAVE_UP : *count ? REGEX_YES : REGEX_NO;
}
