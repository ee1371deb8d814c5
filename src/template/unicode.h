/* src/template/unicode.h: letters as Python sees them: case, classes, what may be printed.
 *
 * The tables (unicode_table.h) hold every one-to-one and one-to-many mapping of Unicode 14. The final form of the
 * Greek sigma is chosen as Python does; language-dependent rules (Turkish, Lithuanian) are not applied.
 * Threads: any. Cost: ASCII is a comparison, the rest a binary search. */
#pragma once

#include "base/base.h"

enum unicode_case { UNICODE_LOWER, UNICODE_UPPER, UNICODE_TITLE };

/* Writes the mapping of `cp`, one to three code points; returns how many. */
int  unicode_map(uint32_t cp, enum unicode_case to, uint32_t out[3]);
bool unicode_is_space(uint32_t cp);         /* str.isspace */
bool unicode_is_alpha(uint32_t cp);
bool unicode_is_word(uint32_t cp);          /* \w: letters, digits, underscore */
bool unicode_is_digit(uint32_t cp);
bool unicode_is_decimal(uint32_t cp);
bool unicode_is_numeric(uint32_t cp);
bool unicode_is_printable(uint32_t cp);
bool unicode_is_lower(uint32_t cp);         /* has an upper-case form and is not one */
bool unicode_is_upper(uint32_t cp);
bool unicode_is_break(uint32_t cp);         /* what str.splitlines splits at */

/* Offset of the n-th code point (n may be the length: the end). Text is UTF-8. */
size_t unicode_offset(struct str s, size_t n);
