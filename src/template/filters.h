/* src/template/filters.h: how a filter is written, and what several of them share (private to the folder).
 *
 * FILTER(upper, 0) { ... } or FILTER(indent, 0, "width", "first") { ... }: the body gets r, self, args (bound to the
 * names), given (as written) and out. To add one: write it in a filters_*.c and put its name into FILTERS (filters.c). */
#pragma once

#include "template/text.h"

#define FILTER_AS(id, row_name, ...)                                                                        \
    static enum err_code filter_##id##_run(struct render *r, struct value self, const struct value *args,  \
                                           const struct given *given, struct value *out);                  \
    const struct callable filter_##id = { .name = row_name, .fn = filter_##id##_run, __VA_ARGS__ };         \
    static enum err_code filter_##id##_run(struct render *r UNUSED, struct value self UNUSED,               \
                                           const struct value *args UNUSED, const struct given *given UNUSED, struct value *out UNUSED)
#define FILTER(id, need, ...) FILTER_AS(id, #id, .required = (need), .params = { __VA_ARGS__ })

/* "a.b.0" or 3: the way to a part of each item. */
#define GETTER_PARTS 8
struct getter { struct value parts[GETTER_PARTS]; size_t len; struct value fallback; };
enum err_code getter_read(struct render *r, struct value attribute, struct getter *out) MUST_USE;
enum err_code getter_get(struct render *r, const struct getter *g, struct value item, struct value *out) MUST_USE;
enum err_code filter_fold_case(struct render *r, bool case_sensitive, struct value *v) MUST_USE;

/* Stable, by `keys` (equal ones need no order, as in Python's lists); moves `items` along. */
struct sorted { struct value key, item; };
enum err_code filter_order_rows(struct render *r, struct sorted *at, size_t len, bool reverse, bool keys_are_lists) MUST_USE;

enum err_code filter_write_json(struct render *r, struct value v, struct str indent, bool indented, int level,
                                struct buf *out) MUST_USE;
enum err_code filter_sorted_pairs(struct render *r, struct dict *d, bool by_type, struct sorted **out) MUST_USE;
bool filter_parse_float(struct str s, double *out);
