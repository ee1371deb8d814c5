/* src/base/jsonpath_parts.h (private to base): a compiled query, for jsonpath_compile.c and jsonpath_select.c. */
#pragma once

#include "base/base.h"

struct jp_expr;

enum jp_selector_kind { JP_NAME, JP_WILDCARD, JP_INDEX, JP_SLICE, JP_FILTER };
struct jp_selector {
    enum jp_selector_kind kind;
    struct str name;                    /* JP_NAME */
    int64_t index;                      /* JP_INDEX */
    int64_t start, end, step;           /* JP_SLICE */
    bool has_start, has_end;
    const struct jp_expr *filter;       /* JP_FILTER: logical */
};
struct jp_segment { bool descendant; struct jp_selector *at; size_t count; };
struct jp_query {
    bool relative, singular;            /* @ instead of $; names and indexes only */
    struct jp_segment *segments;
    size_t count;
};

/* RFC 9535, 2.4.1. A query is nodes, and stands for logical (there are some) and, when singular, for a value. */
enum jp_type { JP_VALUE, JP_LOGICAL, JP_NODES };

enum jp_function_id { JP_LENGTH, JP_COUNT, JP_VALUE_OF, JP_MATCH, JP_SEARCH };
struct jp_function {
    const char *name;
    enum jp_function_id id;
    enum jp_type result;
    size_t count;
    enum jp_type params[2];
};

enum jp_kind { JP_OR, JP_AND, JP_NOT, JP_COMPARE, JP_LITERAL, JP_QUERY, JP_CALL };
enum jp_operator { JP_EQ, JP_NE, JP_LT, JP_LE, JP_GT, JP_GE };
struct jp_expr {
    enum jp_kind kind;
    enum jp_operator operator;
    bool parenthesised;
    const struct jp_expr *left, *right; /* JP_NOT has a left only */
    const json_t *literal;
    const struct jp_query *query;
    const struct jp_function *function;
    const struct jp_expr *args[2];
    const struct regex *regex;          /* of a pattern written as a literal; NULL: it can't be read, or is no text */
};

struct jsonpath { struct str text, doubt; const struct jp_query *query; };

/* The pattern of match() or search(). */
enum err_code jp_regex(struct str pattern, bool whole, struct arena *a, struct regex **out, struct err *e) MUST_USE;
