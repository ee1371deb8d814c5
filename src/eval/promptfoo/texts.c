/* Assertions about the text as it stands: equals, contains and its kin, starts-with, regex, word-count. */
#include "eval/promptfoo/kinds.h"

#include <math.h>

#include "eval/metric/sequence.h"
#include "template/unicode.h"

/* --- texts -------------------------------------------------------------------------------------------------------- */

struct str promptfoo_scalar(const json_t *j, struct arena *a)
{
    if (json_is_string(j))
        return json_to_str(j);
    if (json_is_boolean(j))
        return json_is_true(j) ? S("true") : S("false");
    if (json_is_integer(j))
        return arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
    if (json_is_real(j)) {
        AUTO_BUF struct buf b = BUF_INIT(64);

        if (json_real_value(j) == floor(json_real_value(j)) && fabs(json_real_value(j)) < 1e15)
            return arena_printf(a, "%.0f", json_real_value(j));
        json_write(j, &b);
        return arena_strdup(a, buf_str(&b));
    }
    return json_is_null(j) ? S("null") : STR_NONE;
}

bool promptfoo_is_space(uint32_t cp)
{
    return cp == 0xfeff || (unicode_is_space(cp) && !(cp >= 0x1c && cp <= 0x1f) && cp != 0x85);
}

struct str promptfoo_trim(struct str s)
{
    size_t from = 0, to = 0, i = 0;

    while (i < s.len) {
        size_t at = i;

        if (promptfoo_is_space(str_utf8_next(s, &i)))
            continue;
        from = to ? from : at;
        to = i;
    }
    return str_sub(s, from, to - from);
}

json_t *promptfoo_value(const json_t *v)
{
    double x = json_real_value(v);
    json_t *new;

    if (json_is_real(v) && x == floor(x) && fabs(x) < 1e15)
        return json_integer((json_int_t)x);
    if (json_is_array(v)) {
        new = json_array();
        for (size_t i = 0; i < json_array_size(v); i++)
            json_array_append_new(new, promptfoo_value(json_array_get(v, i)));
        return new;
    }
    if (!json_is_object(v))
        return json_incref((json_t *)v);
    new = json_object();
    for (void *it = json_object_iter((json_t *)v); it; it = json_object_iter_next((json_t *)v, it))
        json_object_setn_new(new, json_object_iter_key(it), json_object_iter_key_len(it),
                             promptfoo_value(json_object_iter_value(it)));
    return new;
}

struct str promptfoo_lower(struct str text, struct arena *a)
{
    char *out = arena_alloc(a, 6 * text.len + 1);       /* as in normalized_match: no code point becomes more */
    size_t n = 0;

    for (size_t i = 0; i < text.len;) {
        uint32_t lower[3];
        int mapped = sequence_fold(str_utf8_next(text, &i), lower);

        for (int k = 0; k < mapped; k++)
            n += str_utf8_put(lower[k], out + n);
    }
    return str_n(out, n);
}

static bool texts_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* From the quote at `i` to behind the one that closes it; false: none does. */
static bool texts_quoted(struct str s, size_t *i, struct buf *out)
{
    for (++*i; *i < s.len; ++*i) {
        char c = s.at[*i], next = *i + 1 < s.len ? s.at[*i + 1] : '\0';

        if ((c == '\\' && (next == '"' || next == '\\')) || (c == '"' && next == '"')) {
            buf_byte(out, next);
            ++*i;
        } else if (c == '"') {
            ++*i;
            return true;
        } else {
            buf_byte(out, c);
        }
    }
    return false;
}

const json_t *promptfoo_fields(struct str s, struct arena *a)
{
    AUTO_BUF struct buf field = BUF_INIT(PROMPTFOO_VALUE_MAX);
    json_t *list = json_in_arena(json_array(), a);
    size_t i = 0;

    for (;;) {
        size_t from;

        while (i < s.len && (texts_blank(s.at[i]) || s.at[i] == ','))
            i++;
        if (i == s.len)
            return list;
        buf_reset(&field);
        if (s.at[i] == '"') {
            if (!texts_quoted(s, &i, &field))
                return NULL;
            while (i < s.len && texts_blank(s.at[i]))
                i++;
            if (i < s.len && s.at[i] != ',')
                return NULL;
            json_array_append_new(list, json_from_str(buf_str(&field)));
            continue;
        }
        for (from = i; i < s.len && s.at[i] != ','; i++)
            ;
        json_array_append_new(list, json_from_str(str_trim(str_sub(s, from, i - from))));
    }
}

bool promptfoo_texts(const json_t *value, struct arena *a, struct str **at, size_t *count)
{
    *count = json_is_array(value) ? json_array_size(value) : 1;
    *at = arena_array(a, struct str, *count + 1);
    if (!json_is_array(value) && !json_is_string(value))
        return false;
    for (size_t i = 0; i < *count; i++) {
        const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;

        if (!json_is_string(one))
            return false;
        (*at)[i] = json_to_str(one);
    }
    return true;
}

/* --- equals, contains --------------------------------------------------------------------------------------------- */

void promptfoo_equals(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    AUTO_JSON *said = NULL;
    struct err e = ERR_INIT;
    struct str want;

    if (json_is_object(q->value) || json_is_array(q->value)) {
        AUTO_JSON *wanted = promptfoo_value(q->value), *given = NULL;
        bool same = json_read(q->output, &said, &e) == ERR_OK && json_equal(given = promptfoo_value(said), wanted);

        promptfoo_say(q, same,
                      arena_printf(q->a, STR_FMT " is not the JSON value wanted",
                                   STR_ARG(subject_quote(q->output, q->a))),
                      out);
        return;
    }
    want = q->value ? promptfoo_scalar(q->value, q->a) : S("undefined");
    promptfoo_say(q, str_eq(want, q->output),
                  arena_printf(q->a, STR_FMT " is not " STR_FMT, STR_ARG(subject_quote(q->output, q->a)),
                               STR_ARG(subject_quote(want, q->a))),
                  out);
}

static void texts_contains(const struct promptfoo_question *q, bool fold, struct promptfoo_answer *out)
{
    struct str want = promptfoo_scalar(q->value, q->a);
    bool has;

    if (!want.len || !(json_is_string(q->value) || json_is_number(q->value))) {
        promptfoo_broken(S("its value must be a text that is not empty, or a number"), out);
        return;
    }
    has = fold ? str_contains(promptfoo_lower(q->output, q->a), promptfoo_lower(want, q->a))
               : str_contains(q->output, want);
    promptfoo_say(q, has,
                  arena_printf(q->a, STR_FMT " does not contain " STR_FMT, STR_ARG(subject_quote(q->output, q->a)),
                               STR_ARG(subject_quote(want, q->a))),
                  out);
}

void promptfoo_contains(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    texts_contains(q, false, out);
}

void promptfoo_icontains(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    texts_contains(q, true, out);
}

/* How many of the list's texts are in the output; *missing is the first that is not. */
static void texts_contains_list(const struct promptfoo_question *q, bool all, bool fold, struct promptfoo_answer *out)
{
    const json_t *list = json_is_string(q->value) && json_string_length(q->value)
                             ? promptfoo_fields(json_to_str(q->value), q->a)
                             : q->value;
    struct str output = fold ? promptfoo_lower(q->output, q->a) : q->output, missing = STR_NONE;
    size_t found = 0;

    if (!json_is_array(list)) {
        promptfoo_broken(S("its value must be a list of texts, or texts with commas between them"), out);
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str want = promptfoo_scalar(json_array_get(list, i), q->a);

        if (str_contains(output, fold ? promptfoo_lower(want, q->a) : want))
            found++;
        else if (!missing.at)
            missing = subject_quote(want, q->a);
    }
    promptfoo_say(q, all ? found == json_array_size(list) : found > 0,
                  arena_printf(q->a, STR_FMT " contains %zu of the %zu texts, and not " STR_FMT,
                               STR_ARG(subject_quote(q->output, q->a)), found, json_array_size(list), STR_ARG(missing)),
                  out);
}

void promptfoo_contains_all(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    texts_contains_list(q, true, false, out);
}

void promptfoo_contains_any(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    texts_contains_list(q, false, false, out);
}

void promptfoo_icontains_all(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    texts_contains_list(q, true, true, out);
}

void promptfoo_icontains_any(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    texts_contains_list(q, false, true, out);
}

void promptfoo_starts_with(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    struct str want = json_to_str(q->value);

    if (!want.len) {
        promptfoo_broken(S("its value must be a text that is not empty"), out);
        return;
    }
    promptfoo_say(q, str_starts(q->output, want),
                  arena_printf(q->a, STR_FMT " does not start with " STR_FMT, STR_ARG(subject_quote(q->output, q->a)),
                               STR_ARG(subject_quote(want, q->a))),
                  out);
}

/* --- regex -------------------------------------------------------------------------------------------------------- */

/* After "(?": what JavaScript knows. Names are (?<name>. */
static bool regex_group_known(struct str rest)
{
    char c = rest.len ? rest.at[0] : '\0', next = rest.len > 1 ? rest.at[1] : '\0';

    return c == ':' || c == '=' || c == '!' ||
           (c == '<' && (next == '=' || next == '!' || next == '_' || next == '$' || (next >= 'a' && next <= 'z') ||
                         (next >= 'A' && next <= 'Z')));
}

static bool regex_hex(struct str s, size_t digits)
{
    for (size_t i = 0; i < digits; i++)
        if (i >= s.len || !strchr("0123456789abcdefABCDEF", s.at[i]))
            return false;
    return true;
}

/* "\x" at *i, moved past. Escapes that mean something to PCRE2 alone stand for their letter in JavaScript. */
static void regex_escape(struct str p, size_t *i, bool in_class, struct buf *out)
{
    char c = p.at[*i + 1];

    *i += 2;
    if (c == 'u' && regex_hex(str_from(p, *i), 4)) {
        buf_printf(out, "\\x{%.4s}", p.at + *i);
        *i += 4;
    } else if (c == 'x' && !regex_hex(str_from(p, *i), 2)) {
        buf_byte(out, c);
    } else if (strchr("AZzGKQEhHVRXNCaegoluLUpP", c) && c) {
        buf_byte(out, c);                               /* \p too: without the flag u it is the letter */
    } else if (c == 's' || c == 'S') {
        /* ECMA-262's white space, of which PCRE2's \s knows the ASCII part only */
        if (in_class && c == 's')
            buf_puts(out, "\\s\\x{a0}\\x{feff}\\p{Z}");
        else if (in_class)
            buf_puts(out, "\\S");
        else
            buf_puts(out, c == 's' ? "[\\s\\x{a0}\\x{feff}\\p{Z}]" : "[^\\s\\x{a0}\\x{feff}\\p{Z}]");
    } else {
        buf_byte(out, '\\');
        buf_byte(out, c);
    }
}

bool promptfoo_regex_text(struct str p, struct arena *a, struct str *out, struct str *why)
{
    AUTO_BUF struct buf b = BUF_INIT(4 * REGEX_PATTERN_MAX);
    bool in_class = false;

    for (size_t i = 0; i < p.len;) {
        struct str rest = str_from(p, i);

        if (p.at[i] == '\\' && i + 1 < p.len) {
            regex_escape(p, &i, in_class, &b);
        } else if (!in_class && str_starts(rest, S("[^]"))) {
            buf_puts(&b, "[\\s\\S]");
            i += 3;
        } else if (!in_class && str_starts(rest, S("[]"))) {
            buf_puts(&b, "(?!)");
            i += 2;
        } else if (!in_class && str_starts(rest, S("(?")) && !regex_group_known(str_from(rest, 2))) {
            *why = arena_printf(a, "JavaScript knows no group that begins \"" STR_FMT "\"",
                                STR_ARG(str_utf8_head(rest, 4)));
            return false;
        } else if (!in_class && str_starts(rest, S("(*"))) {
            *why = S("JavaScript has nothing to repeat after a bracket");
            return false;
        } else if (!in_class && p.at[i] == '$') {
            buf_puts(&b, "\\z");                        /* not before a last line end */
            i++;
        } else if (in_class && p.at[i] == '[') {
            buf_puts(&b, "\\[");                        /* [[:alpha:]] is no class of letters */
            i++;
        } else {
            if (p.at[i] == '[')
                in_class = true;
            else if (p.at[i] == ']')
                in_class = false;
            buf_byte(&b, p.at[i++]);
        }
    }
    *out = arena_strdup(a, buf_str(&b));
    if (buf_failed(&b))
        *why = S("the pattern is too long");
    return !buf_failed(&b);
}

void promptfoo_regex(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    struct str pattern = json_to_str(q->value), text, why = STR_NONE;
    struct regex *r = NULL;
    struct err e = ERR_INIT;
    char gave_up[REGEX_WHY];

    if (!pattern.len) {
        promptfoo_broken(S("its value must be a pattern that is not empty"), out);
        return;
    }
    if (!promptfoo_regex_text(pattern, q->a, &text, &why) ||
        regex_compile(text, REGEX_INTEROPERABLE, q->a, &r, &e) != ERR_OK) {
        *out = (struct promptfoo_answer){ PROMPTFOO_FAIL, 0, why.len ? why : arena_strdup(q->a, str_c(e.text)) };
        return;                                         /* a pattern that can't be read fails, inverse or not */
    }
    switch (regex_match(r, q->output, gave_up)) {
    case REGEX_GAVE_UP: promptfoo_skip(arena_strdup(q->a, str_c(gave_up)), out); return;
    case REGEX_YES: promptfoo_say(q, true, STR_NONE, out); return;
    case REGEX_NO:
        promptfoo_say(q, false,
                      arena_printf(q->a, STR_FMT " does not match " STR_FMT, STR_ARG(subject_quote(q->output, q->a)),
                                   STR_ARG(subject_quote(pattern, q->a))),
                      out);
    }
}

/* --- word-count --------------------------------------------------------------------------------------------------- */

static int64_t texts_words(struct str s)
{
    int64_t n = 0;
    bool inside = false;

    for (size_t i = 0; i < s.len;) {
        uint32_t c = str_utf8_next(s, &i);
        bool blank = promptfoo_is_space(c);

        n += !blank && !inside;
        inside = !blank;
    }
    return n;
}

void promptfoo_word_count(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    const json_t *min = json_child(q->value, "min"), *max = json_child(q->value, "max");
    double words = (double)texts_words(q->output), exact;
    bool holds;

    if (json_is_object(q->value)) {
        if ((!min && !max) || (min && !json_is_number(min)) || (max && !json_is_number(max)) ||
            (min && max && json_number_value(min) > json_number_value(max))) {
            promptfoo_broken(S("its value must be a number, or {min, max} in this order"), out);
            return;
        }
        holds = (!min || words >= json_number_value(min)) && (!max || words <= json_number_value(max));
    } else {
        exact = json_number_value(q->value);
        if (!json_is_number(q->value) && !str_to_double(str_trim(json_to_str(q->value)), &exact)) {
            promptfoo_broken(S("its value must be a number, or {min, max}"), out);
            return;
        }
        holds = words == exact;
    }
    promptfoo_say(q, holds, arena_printf(q->a, "%.0f words", words), out);
}
