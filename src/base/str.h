/* src/base/str.h (through base.h): a borrowed look at bytes (pointer and length), never owned, never written.
 *
 * The bytes may hold NUL and need not end in one. Text is UTF-8; functions that care say so.
 * Threads: values. Cost: as the name says, O(length). */
#pragma once

struct str { const char *at; size_t len; };

#define S(literal)       ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE         ((struct str){ NULL, 0 })
#define STR_FMT          "%.*s"
#define STR_ARG(s)       (int)((s).len > 0x7fffffff ? 0x7fffffff : (s).len), ((s).at ? (s).at : "")

static inline struct str str_n(const char *at, size_t len) { return (struct str){ at, len }; }
static inline struct str str_c(const char *c) { return (struct str){ c, c ? strlen(c) : 0 }; }

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}
static inline bool str_is(struct str a, const char *b) { return str_eq(a, str_c(b)); }
bool       str_ieq(struct str a, struct str b);             /* ASCII case ignored */
int        str_cmp(struct str a, struct str b);             /* byte order, then length: for qsort */
bool       str_starts(struct str s, struct str prefix);
bool       str_ends(struct str s, struct str suffix);
bool       str_istarts(struct str s, struct str prefix);
ptrdiff_t  str_find(struct str hay, struct str needle);     /* offset, or -1; an empty needle is at 0 */
ptrdiff_t  str_ifind(struct str hay, struct str needle);    /* ASCII case ignored */
ptrdiff_t  str_find_byte(struct str s, char c);             /* offset, or -1 */
bool       str_contains(struct str hay, struct str needle);
struct str str_from(struct str s, size_t offset);           /* the rest; empty past the end */
struct str str_sub(struct str s, size_t offset, size_t len);
struct str str_trim(struct str s);                          /* ASCII white space at both ends */
struct str str_trim_start(struct str s);
struct str str_trim_end(struct str s);
/* The part before the first `sep`; *rest is what follows it, or empty when there is none. False at the end:
 * while (str_split(&rest, ',', &part)). "a,,b" and "a,b," have three parts, "" has one, STR_NONE has none. */
bool       str_split(struct str *rest, char sep, struct str *part);

/* Whole-string numbers in the C locale; false on anything else (spaces, trailing bytes, overflow, inf, nan). */
bool       str_to_i64(struct str s, int64_t *out) MUST_USE;
bool       str_to_double(struct str s, double *out) MUST_USE;

/* UTF-8. str_utf8_next reads one code point at *i and moves past it; an ill-formed byte gives U+FFFD and moves
 * by one. Surrogates and over-long forms are ill-formed (RFC 3629). */
uint32_t   str_utf8_next(struct str s, size_t *i);
bool       str_is_utf8(struct str s);
size_t     str_utf8_len(struct str s);                      /* code points */
/* Control characters (C0, C1, DEL) and marks that turn the direction of text or end lines: none has a business in a
 * name, and a terminal may obey them. Tab and line feed count too: who wants them asks before. */
bool       str_utf8_steers(uint32_t cp);
size_t     str_utf8_width(struct str s);                    /* terminal columns: wide = 2, combining = 0 */
struct str str_utf8_head(struct str s, size_t bytes_max);   /* the longest prefix that cuts no code point */
/* Writes the UTF-8 of `cp` (1..4 bytes) to out, returns the count. */
size_t     str_utf8_put(uint32_t cp, char out[4]);
