/* src/template/text.h: Python's string work, shared by filters and methods. Text is UTF-8, counts are code points.
 * Results live in the render's arena. Cost: linear, and paid for in steps. */
#pragma once

#include "template/engine.h"

enum text_change { TEXT_LOWER, TEXT_UPPER, TEXT_CAPITALIZE, TEXT_TITLE, TEXT_SWAP };
enum { TEXT_LEFT = 1, TEXT_RIGHT = 2 };

enum err_code text_change(struct render *r, struct str s, enum text_change how, struct value *out) MUST_USE;
enum err_code text_title_words(struct render *r, struct str s, struct value *out) MUST_USE;     /* the filter `title` */
struct str    text_strip(struct str s, const struct str *chars, unsigned sides);    /* chars NULL: white space */
enum err_code text_replace(struct render *r, struct str s, struct str old, struct str new, int64_t count,
                           struct value *out) MUST_USE;
/* Spaces (or `fill`) on the sides until `width` code points. Both sides: as str.center shares them. */
enum err_code text_pad(struct render *r, struct str s, int64_t width, unsigned sides, struct str fill,
                       struct value *out) MUST_USE;
/* sep NULL: runs of white space. max < 0: no limit. */
enum err_code text_split(struct render *r, struct str s, const struct str *sep, int64_t max, bool from_right,
                         struct list **out) MUST_USE;
enum err_code text_lines(struct render *r, struct str s, bool keep_ends, struct list **out) MUST_USE;
enum err_code text_reverse(struct render *r, struct str s, struct value *out) MUST_USE;
void          text_escape_html(struct str s, struct buf *out);
