#include "template/unicode.h"

struct unicode_range { uint32_t first, last; };
struct unicode_run { uint32_t first, last; int32_t stride, delta; };
struct unicode_special { uint32_t cp, to[3]; };

#include "template/unicode_table.h"

static bool unicode_in(const struct unicode_range *ranges, size_t n, uint32_t cp)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (cp > ranges[mid].last)
            lo = mid + 1;
        else if (cp < ranges[mid].first)
            hi = mid;
        else
            return true;
    }
    return false;
}

static const struct unicode_special *unicode_special_find(const struct unicode_special *rows, size_t n, uint32_t cp)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (rows[mid].cp == cp)
            return &rows[mid];
        if (rows[mid].cp < cp)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* Runs are in order of their first member; two with stride 2 may interleave, so look back over a few. */
static uint32_t unicode_run_map(const struct unicode_run *runs, size_t n, uint32_t cp)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (runs[mid].first <= cp)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (size_t back = 0; back < 4 && lo > back; back++) {
        const struct unicode_run *r = &runs[lo - 1 - back];

        if (cp >= r->first && cp <= r->last && (cp - r->first) % (uint32_t)r->stride == 0)
            return (uint32_t)((int32_t)cp + r->delta);
    }
    return cp;
}

int unicode_map(uint32_t cp, enum unicode_case to, uint32_t out[3])
{
    const struct unicode_special *s;

    if (cp < 0x80) {
        bool lower = cp >= 'a' && cp <= 'z', upper = cp >= 'A' && cp <= 'Z';

        out[0] = to == UNICODE_LOWER ? (upper ? cp + 32 : cp) : (lower ? cp - 32 : cp);
        return 1;
    }
    s = to == UNICODE_LOWER   ? unicode_special_find(unicode_lower_special, COUNT_OF(unicode_lower_special), cp)
        : to == UNICODE_UPPER ? unicode_special_find(unicode_upper_special, COUNT_OF(unicode_upper_special), cp)
                              : unicode_special_find(unicode_title_special, COUNT_OF(unicode_title_special), cp);
    if (s) {
        memcpy(out, s->to, sizeof s->to);
        return s->to[2] ? 3 : 2;
    }
    out[0] = to == UNICODE_LOWER ? unicode_run_map(unicode_lower_runs, COUNT_OF(unicode_lower_runs), cp)
                                 : unicode_run_map(unicode_upper_runs, COUNT_OF(unicode_upper_runs), cp);
    if (to == UNICODE_TITLE)
        for (size_t i = 0; i < COUNT_OF(unicode_title_pairs); i++)
            if (unicode_title_pairs[i].first == cp)
                out[0] = unicode_title_pairs[i].last;
    return 1;
}

bool unicode_is_space(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= 9 && cp <= 13) || (cp >= 0x1c && cp <= 0x20);
    return cp == 0x85 || cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 ||
           cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

bool unicode_is_break(uint32_t cp)
{
    return (cp >= 10 && cp <= 13) || (cp >= 0x1c && cp <= 0x1e) || cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

bool unicode_is_alpha(uint32_t cp)
{
    if (cp < 0x80)
        return (cp | 32) >= 'a' && (cp | 32) <= 'z';
    return unicode_in(unicode_alpha, COUNT_OF(unicode_alpha), cp);
}

bool unicode_is_word(uint32_t cp)
{
    if (cp < 0x80)
        return ((cp | 32) >= 'a' && (cp | 32) <= 'z') || (cp >= '0' && cp <= '9') || cp == '_';
    return unicode_in(unicode_word, COUNT_OF(unicode_word), cp);
}

bool unicode_is_digit(uint32_t cp)   { return unicode_in(unicode_digit, COUNT_OF(unicode_digit), cp); }
bool unicode_is_decimal(uint32_t cp) { return unicode_in(unicode_decimal, COUNT_OF(unicode_decimal), cp); }
bool unicode_is_numeric(uint32_t cp) { return unicode_in(unicode_numeric, COUNT_OF(unicode_numeric), cp); }

bool unicode_is_printable(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 0x20 && cp < 0x7f;
    return !unicode_in(unicode_hidden, COUNT_OF(unicode_hidden), cp);
}

bool unicode_is_lower(uint32_t cp)
{
    uint32_t to[3];

    if (cp < 0x80)
        return cp >= 'a' && cp <= 'z';
    return (unicode_map(cp, UNICODE_UPPER, to) > 1 || to[0] != cp) && unicode_map(cp, UNICODE_LOWER, to) == 1 &&
           to[0] == cp;
}

bool unicode_is_upper(uint32_t cp)
{
    uint32_t to[3];

    if (cp < 0x80)
        return cp >= 'A' && cp <= 'Z';
    return (unicode_map(cp, UNICODE_LOWER, to) > 1 || to[0] != cp) && unicode_map(cp, UNICODE_UPPER, to) == 1 &&
           to[0] == cp;
}

size_t unicode_offset(struct str s, size_t n)
{
    size_t i = 0;

    while (n && i < s.len) {
        i++;
        while (i < s.len && ((unsigned char)s.at[i] & 0xc0) == 0x80)
            i++;
        n--;
    }
    return i;
}
