#include "template/lexer.h"
#include "template/unicode.h"

#include <stdio.h>

#define LEXER_BRACKETS_MAX 512

struct lexer {
    const struct template_options *o;
    struct str name, src;
    size_t i;                           /* where we are in src */
    size_t counted, line_start;         /* lines are counted up to here */
    uint32_t line;
    bool line_starting;                 /* the tag before ended a line (or there is none) */
    char brackets[LEXER_BRACKETS_MAX];  /* what closes each open bracket */
    size_t bracket_len;
    VEC(struct token) tokens;
    struct arena *arena;
    struct err *e;
};

enum err_code lexer_fail(struct str name, struct pos at, struct err *e, const char *fmt, ...)
{
    char text[600];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(e, ERR_BAD_INPUT, STR_FMT ":%u:%u: %s", STR_ARG(name), at.line, at.col, text);
}

static struct pos lexer_pos(struct lexer *l, size_t offset)
{
    ASSERT(offset >= l->counted);
    for (; l->counted < offset; l->counted++)
        if (l->src.at[l->counted] == '\n') {
            l->line++;
            l->line_start = l->counted + 1;
        }
    return (struct pos){ l->line, (uint32_t)(offset - l->line_start + 1) };
}

static char lexer_at(const struct lexer *l, size_t i)
{
    return i < l->src.len ? l->src.at[i] : '\0';
}

static bool lexer_is2(const struct lexer *l, size_t i, char a, char b)
{
    return lexer_at(l, i) == a && lexer_at(l, i + 1) == b && i + 1 < l->src.len;
}

static size_t lexer_skip_space(const struct lexer *l, size_t i)
{
    while (i < l->src.len) {
        size_t next = i;

        if (!unicode_is_space(str_utf8_next(l->src, &next)))
            break;
        i = next;
    }
    return i;
}

static struct str lexer_trim_end(struct str s)
{
    while (s.len) {
        size_t start = s.len - 1, next;

        while (start > 0 && ((unsigned char)s.at[start] & 0xc0) == 0x80)
            start--;
        next = start;
        if (!unicode_is_space(str_utf8_next(s, &next)))
            break;
        s.len = start;
    }
    return s;
}

static struct token *lexer_push(struct lexer *l, enum token_kind kind, size_t offset, struct str text)
{
    vec_push(&l->tokens, (struct token){ .kind = kind, .at = lexer_pos(l, offset), .text = text });
    return &l->tokens.at[l->tokens.len - 1];
}

/* The text before a tag, after white-space control. `sign` is what follows the tag's opening. */
static void lexer_push_text(struct lexer *l, size_t start, size_t end, char sign, bool is_print)
{
    struct str text = str_sub(l->src, start, end - start);

    if (sign == '-') {
        text = lexer_trim_end(text);
    } else if (sign != '+' && l->o->lstrip_blocks && !is_print) {
        size_t line = text.len;

        while (line > 0 && text.at[line - 1] != '\n')
            line--;
        if ((line > 0 || l->line_starting) && lexer_trim_end(str_from(text, line)).len == 0)
            text.len = line;
    }
    if (text.len)
        lexer_push(l, TOKEN_TEXT, start, text);
}

/* After a tag's end at i: what `-` or trim_blocks takes away. */
static void lexer_after(struct lexer *l, size_t i, char sign, bool trims)
{
    size_t end = i;

    if (sign == '-')
        end = lexer_skip_space(l, i);
    else if (sign != '+' && trims && l->o->trim_blocks && lexer_at(l, i) == '\n')
        end = i + 1;
    l->i = end;
    l->line_starting = end > 0 && l->src.at[end - 1] == '\n';
}

static enum err_code lexer_comment(struct lexer *l, size_t open)
{
    size_t start = l->i;
    ptrdiff_t end = str_find(str_from(l->src, start), S("#}"));
    char before;

    if (end < 0)
        return lexer_fail(l->name, lexer_pos(l, open), l->e, "this comment is not closed; \"#}\" is missing");
    before = end > 0 ? l->src.at[start + (size_t)end - 1] : '\0';
    lexer_after(l, start + (size_t)end + 2, before == '-' || before == '+' ? before : '\0', true);
    return ERR_OK;
}

/* {% raw %} at `i` (after its sign): *body is where its text begins. */
static bool lexer_raw_begins(const struct lexer *l, size_t i, size_t *body)
{
    i = lexer_skip_space(l, i);
    if (!str_starts(str_from(l->src, i), S("raw")))
        return false;
    i = lexer_skip_space(l, i + 3);
    if (lexer_at(l, i) == '-' && lexer_is2(l, i + 1, '%', '}')) {
        *body = lexer_skip_space(l, i + 3);
        return true;
    }
    *body = i + 2;
    return lexer_is2(l, i, '%', '}');
}

static enum err_code lexer_raw(struct lexer *l, size_t open, size_t body)
{
    l->line_starting = l->src.at[body - 1] == '\n';
    for (size_t i = body; i + 1 < l->src.len; i++) {
        size_t j = i + 2;
        char sign, end_sign = '\0';

        if (!lexer_is2(l, i, '{', '%'))
            continue;
        sign = lexer_at(l, j);
        if (sign == '-' || sign == '+')
            j++;
        j = lexer_skip_space(l, j);
        if (!str_starts(str_from(l->src, j), S("endraw")))
            continue;
        j = lexer_skip_space(l, j + 6);
        if (lexer_at(l, j) == '-' || lexer_at(l, j) == '+')
            end_sign = l->src.at[j++];
        if (!lexer_is2(l, j, '%', '}'))
            continue;
        lexer_push_text(l, body, i, sign, false);
        lexer_after(l, j + 2, end_sign, true);
        return ERR_OK;
    }
    return lexer_fail(l->name, lexer_pos(l, open), l->e, "this raw section is not closed; {%% endraw %%} is missing");
}

static int lexer_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escape of a string literal at s[*i] (after the backslash). */
static enum err_code lexer_escape(struct lexer *l, size_t offset, struct str s, size_t *i, struct buf *out)
{
    static const char letters[] = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v";
    char c = s.at[*i], put[4];
    uint32_t cp = 0;
    int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;

    for (const char *p = letters; *p; p += 2)
        if (*p == c) {
            buf_byte(out, p[1]);
            ++*i;
            return ERR_OK;
        }
    if (c == '\n') {
        ++*i;
        return ERR_OK;
    }
    if (c >= '0' && c <= '7') {
        for (int n = 0; n < 3 && *i < s.len && s.at[*i] >= '0' && s.at[*i] <= '7'; n++)
            cp = cp * 8 + (uint32_t)(s.at[(*i)++] - '0');
        buf_append(out, str_n(put, str_utf8_put(cp, put)));
        return ERR_OK;
    }
    if (c == 'N')
        return lexer_fail(l->name, lexer_pos(l, offset), l->e, "\\N{...} is not understood; write \\uXXXX");
    if (!digits) {
        buf_byte(out, '\\');            /* unknown escapes stay as they are */
        return ERR_OK;
    }
    ++*i;
    for (int n = 0; n < digits; n++, ++*i) {
        int h = *i < s.len ? lexer_hex(s.at[*i]) : -1;

        if (h < 0)
            return lexer_fail(l->name, lexer_pos(l, offset), l->e, "\\%c needs %d hexadecimal digits", c, digits);
        cp = cp * 16 + (uint32_t)h;
    }
    if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
        return lexer_fail(l->name, lexer_pos(l, offset), l->e, "\\%c%0*x is not a Unicode character", c, digits, cp);
    buf_append(out, str_n(put, str_utf8_put(cp, put)));
    return ERR_OK;
}

static enum err_code lexer_string(struct lexer *l)
{
    size_t start = l->i, i = start + 1;
    char quote = l->src.at[start];
    struct str body, text;

    while (i < l->src.len && l->src.at[i] != quote)
        i += l->src.at[i] == '\\' ? 2 : 1;
    if (i >= l->src.len)
        return lexer_fail(l->name, lexer_pos(l, start), l->e, "this string is not closed; %c is missing", quote);
    body = text = str_sub(l->src, start + 1, i - start - 1);
    if (str_find_byte(body, '\\') >= 0) {
        AUTO_BUF struct buf b = BUF_INIT(l->src.len + 8);

        for (size_t j = 0; j < body.len;) {
            if (body.at[j] != '\\') {
                buf_byte(&b, body.at[j++]);
                continue;
            }
            j++;
            TRY(lexer_escape(l, start, body, &j, &b));
        }
        text = arena_strdup(l->arena, buf_str(&b));
    }
    lexer_push(l, TOKEN_STRING, start, text);
    l->i = i + 1;
    return ERR_OK;
}

/* Digits with single underscores between them; the end, or `i` when there is none. */
static size_t lexer_digits(const struct lexer *l, size_t i, int base)
{
    size_t end = i;

    for (size_t j = i;;) {
        int h;

        if (j > i && lexer_at(l, j) == '_')
            j++;
        h = lexer_hex(lexer_at(l, j));
        if (h < 0 || h >= base)
            return end;
        end = ++j;
    }
}

static enum err_code lexer_int(struct lexer *l, size_t start, size_t from, size_t end, int base)
{
    int64_t v = 0;

    for (size_t j = from; j < end; j++) {
        if (l->src.at[j] == '_')
            continue;
        if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, lexer_hex(l->src.at[j]), &v))
            return lexer_fail(l->name, lexer_pos(l, start), l->e, STR_FMT " is too large; integers have 64 bits",
                              STR_ARG(str_sub(l->src, start, MIN(end - start, (size_t)40))));
    }
    lexer_push(l, TOKEN_INT, start, str_sub(l->src, start, end - start))->i = v;
    l->i = end;
    return ERR_OK;
}

static enum err_code lexer_number(struct lexer *l)
{
    size_t start = l->i, end = lexer_digits(l, start, 10), whole = end, more;
    bool is_float = false;
    char kind = lexer_at(l, start + 1) | 32;
    int base = kind == 'b' ? 2 : kind == 'o' ? 8 : kind == 'x' ? 16 : 0;

    if (start == 0 || l->src.at[start - 1] != '.') {
        if (lexer_at(l, end) == '.' && (more = lexer_digits(l, end + 1, 10)) > end + 1) {
            end = more;
            is_float = true;
        }
        if ((lexer_at(l, end) | 32) == 'e') {
            size_t exp = end + 1 + (lexer_at(l, end + 1) == '+' || lexer_at(l, end + 1) == '-');

            if ((more = lexer_digits(l, exp, 10)) > exp) {
                end = more;
                is_float = true;
            }
        }
    }
    if (is_float) {
        AUTO_BUF struct buf b = BUF_INIT(4096);
        double d;

        for (size_t j = start; j < end; j++)
            if (l->src.at[j] != '_')
                buf_byte(&b, l->src.at[j]);
        if (buf_failed(&b))
            return lexer_fail(l->name, lexer_pos(l, start), l->e, "this number is too long");
        d = strtod(buf_cstr(&b), NULL);
        lexer_push(l, TOKEN_FLOAT, start, str_sub(l->src, start, end - start))->d = d;
        l->i = end;
        return ERR_OK;
    }
    if (l->src.at[start] == '0' && base) {
        size_t from = start + 2 + (lexer_at(l, start + 2) == '_');

        if ((end = lexer_digits(l, from, base)) > from)
            return lexer_int(l, start, from, end, base);
    }
    if (l->src.at[start] == '0') {              /* 00 is a number, 01 is two */
        end = start + 1;
        while (lexer_at(l, end) == '0' || (lexer_at(l, end) == '_' && lexer_at(l, end + 1) == '0'))
            end++;
        whole = end;
    }
    return lexer_int(l, start, start, whole, 10);
}

static enum err_code lexer_operator(struct lexer *l)
{
    static const char pairs[][3] = { "//", "**", "==", "!=", ">=", "<=" };
    char c = l->src.at[l->i];
    size_t len = 1;
    int op = c;

    for (size_t k = 0; k < COUNT_OF(pairs); k++)
        if (lexer_is2(l, l->i, pairs[k][0], pairs[k][1])) {
            op = OP2(pairs[k][0], pairs[k][1]);
            len = 2;
        }
    if (len == 1 && !strchr("+-/*%~[](){}><=.:|,;", c)) {
        size_t next = l->i;
        struct pos at = lexer_pos(l, l->i);

        str_utf8_next(l->src, &next);
        return lexer_fail(l->name, at, l->e, "\"" STR_FMT "\" has no meaning here",
                          STR_ARG(str_sub(l->src, l->i, next - l->i)));
    }
    if (len == 1 && strchr("([{", c)) {
        if (l->bracket_len == LEXER_BRACKETS_MAX)
            return err_set(l->e, ERR_TOO_LARGE, STR_FMT ":%u:%u: brackets nest deeper than %d", STR_ARG(l->name),
                           lexer_pos(l, l->i).line, 1u, LEXER_BRACKETS_MAX);
        l->brackets[l->bracket_len++] = c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (len == 1 && strchr(")]}", c)) {
        if (!l->bracket_len)
            return lexer_fail(l->name, lexer_pos(l, l->i), l->e, "\"%c\" closes nothing", c);
        if (l->brackets[--l->bracket_len] != c)
            return lexer_fail(l->name, lexer_pos(l, l->i), l->e, "\"%c\" is in the way of \"%c\"", c,
                              l->brackets[l->bracket_len]);
    }
    lexer_push(l, TOKEN_OP, l->i, str_sub(l->src, l->i, len))->op = op;
    l->i += len;
    return ERR_OK;
}

/* The end of a tag at l->i, if it is one. */
static bool lexer_tag_ends(struct lexer *l, bool is_print)
{
    char c = lexer_at(l, l->i), sign = '\0';
    size_t i = l->i, start = i;

    if (l->bracket_len)
        return false;
    if (c == '-' || (c == '+' && !is_print)) {
        sign = c;
        i++;
    }
    if (!lexer_is2(l, i, is_print ? '}' : '%', '}'))
        return false;
    lexer_push(l, is_print ? TOKEN_PRINT_END : TOKEN_BLOCK_END, start, S(""));
    lexer_after(l, i + 2, sign, !is_print);
    return true;
}

static enum err_code lexer_tag(struct lexer *l, size_t open, bool is_print)
{
    while (l->i < l->src.len) {
        size_t i = lexer_skip_space(l, l->i), start;
        char c;

        if (i >= l->src.len)
            break;
        l->i = start = i;
        if (lexer_tag_ends(l, is_print))
            return ERR_OK;
        c = l->src.at[i];
        if (c >= '0' && c <= '9') {
            TRY(lexer_number(l));
            continue;
        }
        if (c == '"' || c == '\'') {
            TRY(lexer_string(l));
            continue;
        }
        while (i < l->src.len) {
            size_t next = i;

            if (!unicode_is_word(str_utf8_next(l->src, &next)))
                break;
            i = next;
        }
        if (i > start) {
            lexer_push(l, TOKEN_NAME, start, str_sub(l->src, start, i - start));
            l->i = i;
            continue;
        }
        TRY(lexer_operator(l));
    }
    return lexer_fail(l->name, lexer_pos(l, MAX(open, l->counted)), l->e, "this tag is not closed; \"%s\" is missing",
                      is_print ? "}}" : "%}");
}

static enum err_code lexer_all(struct lexer *l)
{
    while (l->i < l->src.len) {
        size_t start = l->i, open = start, body;
        char what = '\0', sign;

        for (; open + 1 < l->src.len; open++)
            if (l->src.at[open] == '{' && (what = l->src.at[open + 1], what == '%' || what == '{' || what == '#'))
                break;
        if (open + 1 >= l->src.len) {
            lexer_push(l, TOKEN_TEXT, start, str_from(l->src, start));
            break;
        }
        l->i = open + 2;
        sign = lexer_at(l, l->i);
        if (sign == '-' || sign == '+')
            l->i++;
        else
            sign = '\0';
        lexer_push_text(l, start, open, sign, what == '{');
        if (what == '#') {
            TRY(lexer_comment(l, open));
        } else if (what == '%' && lexer_raw_begins(l, l->i, &body)) {
            TRY(lexer_raw(l, open, body));
        } else {
            lexer_push(l, what == '{' ? TOKEN_PRINT_BEGIN : TOKEN_BLOCK_BEGIN, open, S(""));
            l->bracket_len = 0;
            TRY(lexer_tag(l, open, what == '{'));
        }
    }
    lexer_push(l, TOKEN_END, l->src.len, S(""));
    return ERR_OK;
}

/* Line ends as \n, in the arena. */
static struct str lexer_normalize(const struct template_options *o, struct str source, struct arena *a)
{
    char *to = arena_alloc(a, source.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < source.len; i++) {
        if (source.at[i] == '\r') {
            to[len++] = '\n';
            i += i + 1 < source.len && source.at[i + 1] == '\n';
        } else {
            to[len++] = source.at[i];
        }
    }
    if (len && to[len - 1] == '\n' && !o->keep_trailing_newline)
        len--;
    return str_n(to, len);
}

enum err_code lexer_run(const struct template_options *o, struct str name, struct str source, struct arena *a,
                        struct tokens *out, struct err *e)
{
    struct lexer l = { .o = o, .name = name, .line = 1, .line_starting = true, .arena = a, .e = e };
    enum err_code code;

    if (!str_is_utf8(source))
        return err_set(e, ERR_BAD_INPUT, STR_FMT ": the template is not UTF-8 text", STR_ARG(name));
    l.src = lexer_normalize(o, source, a);
    code = lexer_all(&l);
    if (code == ERR_OK) {
        out->at = arena_array(a, struct token, l.tokens.len);
        out->len = l.tokens.len;
        memcpy(out->at, l.tokens.at, l.tokens.len * sizeof *out->at);
    }
    vec_dispose(&l.tokens);
    return code;
}
