#include "base/base.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>

static char str_lower_byte(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

bool str_ieq(struct str a, struct str b)
{
    return a.len == b.len && str_istarts(a, b);
}

int str_cmp(struct str a, struct str b)
{
    size_t n = MIN(a.len, b.len);
    int c = n ? memcmp(a.at, b.at, n) : 0;

    return c ? c : (a.len > b.len) - (a.len < b.len);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_n(s.at, prefix.len), prefix);
}

bool str_istarts(struct str s, struct str prefix)
{
    if (s.len < prefix.len)
        return false;
    for (size_t i = 0; i < prefix.len; i++)
        if (str_lower_byte(s.at[i]) != str_lower_byte(prefix.at[i]))
            return false;
    return true;
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix);
}

ptrdiff_t str_find(struct str hay, struct str needle)
{
    const char *p;

    if (needle.len == 0)
        return 0;
    if (hay.len < needle.len)
        return -1;
    p = memmem(hay.at, hay.len, needle.at, needle.len);
    return p ? p - hay.at : -1;
}

ptrdiff_t str_ifind(struct str hay, struct str needle)
{
    for (size_t i = 0; i + needle.len <= hay.len; i++)
        if (str_istarts(str_from(hay, i), needle))
            return (ptrdiff_t)i;
    return -1;
}

ptrdiff_t str_find_byte(struct str s, char c)
{
    const char *p = s.len ? memchr(s.at, c, s.len) : NULL;

    return p ? p - s.at : -1;
}

bool str_contains(struct str hay, struct str needle)
{
    return str_find(hay, needle) >= 0;
}

struct str str_from(struct str s, size_t offset)
{
    if (offset >= s.len)
        return str_n(s.at ? s.at + s.len : NULL, 0);
    return str_n(s.at + offset, s.len - offset);
}

struct str str_sub(struct str s, size_t offset, size_t len)
{
    struct str r = str_from(s, offset);

    r.len = MIN(r.len, len);
    return r;
}

static bool str_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim_start(struct str s)
{
    while (s.len && str_is_space(s.at[0]))
        s.at++, s.len--;
    return s;
}

struct str str_trim_end(struct str s)
{
    while (s.len && str_is_space(s.at[s.len - 1]))
        s.len--;
    return s;
}

struct str str_trim(struct str s)
{
    return str_trim_end(str_trim_start(s));
}

bool str_split(struct str *rest, char sep, struct str *part)
{
    ptrdiff_t i;

    if (!rest->at)
        return false;
    i = str_find_byte(*rest, sep);
    if (i < 0) {
        *part = *rest;
        *rest = STR_NONE;       /* the last part has been handed out */
        return true;
    }
    *part = str_n(rest->at, (size_t)i);
    *rest = str_n(rest->at + i + 1, rest->len - (size_t)i - 1);
    return true;
}

bool str_to_i64(struct str s, int64_t *out)
{
    bool negative = false;
    int64_t v = 0;
    size_t i = 0;

    if (s.len && (s.at[0] == '-' || s.at[0] == '+'))
        negative = s.at[0] == '-', i = 1;
    if (i == s.len)
        return false;
    for (; i < s.len; i++) {
        int d = s.at[i] - '0';

        if (d < 0 || d > 9 || __builtin_mul_overflow(v, (int64_t)10, &v) ||
            __builtin_sub_overflow(v, (int64_t)d, &v))      /* kept negative, so INT64_MIN fits */
            return false;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, v, &v))
        return false;
    *out = v;
    return true;
}

bool str_to_double(struct str s, double *out)
{
    static locale_t c_locale;
    char text[64], *end;
    double v;

    if (s.len == 0 || s.len >= sizeof text)
        return false;
    for (size_t i = 0; i < s.len; i++)          /* keeps out inf, nan, hexadecimal and spaces */
        if (!isdigit((unsigned char)s.at[i]) && !strchr("+-.eE", s.at[i]))
            return false;
    if (!__atomic_load_n(&c_locale, __ATOMIC_ACQUIRE))
        __atomic_store_n(&c_locale, newlocale(LC_ALL_MASK, "C", NULL), __ATOMIC_RELEASE);
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    v = strtod_l(text, &end, c_locale);
    if (end != text + s.len || !isfinite(v))
        return false;
    *out = v;
    return true;
}

uint32_t str_utf8_next(struct str s, size_t *i)
{
    unsigned char c = (unsigned char)s.at[*i];
    uint32_t cp;
    size_t n;

    if (c < 0x80) {
        (*i)++;
        return c;
    }
    if (c >= 0xc2 && c <= 0xdf)
        n = 1, cp = c & 0x1f;
    else if (c >= 0xe0 && c <= 0xef)
        n = 2, cp = c & 0x0f;
    else if (c >= 0xf0 && c <= 0xf4)
        n = 3, cp = c & 0x07;
    else
        goto bad;
    if (*i + n >= s.len)
        goto bad;
    for (size_t k = 1; k <= n; k++) {
        unsigned char d = (unsigned char)s.at[*i + k];

        if ((d & 0xc0) != 0x80)
            goto bad;
        cp = cp << 6 | (d & 0x3f);
    }
    if ((n == 2 && (cp < 0x800 || (cp >= 0xd800 && cp <= 0xdfff))) || (n == 3 && (cp < 0x10000 || cp > 0x10ffff)))
        goto bad;
    *i += n + 1;
    return cp;
bad:
    (*i)++;
    return 0xfffd;
}

bool str_is_utf8(struct str s)
{
    for (size_t i = 0; i < s.len;) {
        size_t before = i;

        if ((unsigned char)s.at[i] < 0x80)
            i++;
        else if (str_utf8_next(s, &i) == 0xfffd && i - before != 3)
            return false;
    }
    return true;
}

size_t str_utf8_len(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; n++)
        str_utf8_next(s, &i);
    return n;
}

/* Ranges that terminals draw over the cell before them, or two cells wide (Unicode 15 east asian width W/F and
 * emoji presentation, coarsened to blocks). */
static unsigned str_cp_width(uint32_t c)
{
    static const struct { uint32_t lo, hi; unsigned width; } blocks[] = {
        { 0x0300, 0x036f, 0 }, { 0x0483, 0x0489, 0 }, { 0x0591, 0x05bd, 0 }, { 0x0610, 0x061a, 0 },
        { 0x064b, 0x065f, 0 }, { 0x0900, 0x0902, 0 }, { 0x093c, 0x093c, 0 }, { 0x0941, 0x0948, 0 },
        { 0x0e31, 0x0e31, 0 }, { 0x0e34, 0x0e3a, 0 }, { 0x1100, 0x115f, 2 }, { 0x1ab0, 0x1aff, 0 },
        { 0x1dc0, 0x1dff, 0 }, { 0x200b, 0x200f, 0 }, { 0x20d0, 0x20ff, 0 }, { 0x231a, 0x231b, 2 },
        { 0x23e9, 0x23ec, 2 }, { 0x2614, 0x2615, 2 }, { 0x2648, 0x2653, 2 }, { 0x26a1, 0x26a1, 2 },
        { 0x2705, 0x2705, 2 }, { 0x274c, 0x274c, 2 }, { 0x2753, 0x2755, 2 }, { 0x2795, 0x2797, 2 },
        { 0x2e80, 0x303e, 2 }, { 0x3041, 0x33ff, 2 }, { 0x3400, 0x4dbf, 2 }, { 0x4e00, 0x9fff, 2 },
        { 0xa000, 0xa4cf, 2 }, { 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 }, { 0xfe00, 0xfe0f, 0 },
        { 0xfe20, 0xfe2f, 0 }, { 0xfe30, 0xfe6f, 2 }, { 0xff00, 0xff60, 2 }, { 0xffe0, 0xffe6, 2 },
        { 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1f9ff, 2 }, { 0x1fa70, 0x1faff, 2 },
        { 0x20000, 0x3fffd, 2 }, { 0xe0100, 0xe01ef, 0 },
    };

    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return 0;
    for (size_t i = 0; i < COUNT_OF(blocks) && c >= blocks[i].lo; i++)
        if (c <= blocks[i].hi)
            return blocks[i].width;
    return 1;
}

bool str_utf8_steers(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0x61c || cp == 0x200e || cp == 0x200f ||
           (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

size_t str_utf8_width(struct str s)
{
    size_t width = 0;

    for (size_t i = 0; i < s.len;)
        width += str_cp_width(str_utf8_next(s, &i));
    return width;
}

struct str str_utf8_head(struct str s, size_t bytes_max)
{
    size_t n = bytes_max;

    if (s.len <= bytes_max)
        return s;
    while (n > 0 && ((unsigned char)s.at[n] & 0xc0) == 0x80)
        n--;
    return str_n(s.at, n);
}

size_t str_utf8_put(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}
