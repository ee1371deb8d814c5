/* src/base/regex.h (through base.h): PCRE2 patterns written by users, matched against texts written by models.
 *
 * Compiled with Unicode on and JIT where there is one. A match takes at most REGEX_MATCH_MAX steps and REGEX_HEAP_KIB
 * of memory; one that needs more is given up, which is neither yes nor no. Texts that are not UTF-8 are matched around
 * their ill-formed bytes. Threads: a compiled pattern is never changed and may be used by many threads. */
#pragma once

#define REGEX_PATTERN_MAX 4096              /* bytes */
#define REGEX_MATCH_MAX   1000000
#define REGEX_DEPTH_MAX   10000
#define REGEX_HEAP_KIB    4096
#define REGEX_WHY         200

struct regex;

enum regex_flag {
    REGEX_IGNORE_CASE = 1,
    REGEX_WHOLE = 2,                        /* the pattern must match the whole text */
    REGEX_INTEROPERABLE = 4                 /* RFC 9485: a dot is any character but LF and CR; \d \w \s mean ASCII */
};
enum regex_verdict { REGEX_NO, REGEX_YES, REGEX_GAVE_UP };

/* Lives in the arena. ERR_BAD_INPUT: regex "PATTERN": what is wrong at character N. ERR_TOO_LARGE past the ceiling. */
enum err_code      regex_compile(struct str pattern, unsigned flags, struct arena *a, struct regex **out,
                                 struct err *e) MUST_USE;
struct str         regex_text(const struct regex *r);                   /* the pattern as it was written */
/* `why` (may be NULL) says why it was given up, else it is untouched. */
enum regex_verdict regex_match(const struct regex *r, struct str text, char why[REGEX_WHY]);
/* The first match at or after byte `from`: bytes [*start, *end). */
enum regex_verdict regex_find(const struct regex *r, struct str text, size_t from, size_t *start, size_t *end,
                              char why[REGEX_WHY]);
/* The same; *group is what the first group that took part captured, else (none did) the whole match. */
enum regex_verdict regex_find_group(const struct regex *r, struct str text, size_t from, size_t *start, size_t *end,
                                    struct str *group, char why[REGEX_WHY]);
/* Matches that do not overlap, of which an empty one counts too; stops at `max`. */
enum regex_verdict regex_count(const struct regex *r, struct str text, int64_t max, int64_t *count,
                               char why[REGEX_WHY]);
