/* src/base/jsonpath.h (through base.h): JSONPath queries over JSON values, RFC 9535, all of it.
 *
 *   $.name  $['a name']  $[0]  $[-1]  $[*]  $.*  $[0:10:2]  $..name  $..[0]  $['a','b',0:2]
 *   $.items[?@.price > 10 && @.kind == 'book']   $[?!@.done || (length(@.tags) >= 2)]
 *   functions: length(value) count(nodes) value(nodes) match(text, pattern) search(text, pattern)
 * Patterns are I-Regexps (RFC 9485) run by PCRE2 with its limits (regex.h); what PCRE2 knows beyond them is allowed,
 * and ^ and $ tie to the ends. A pattern that can't be read matches nothing, as the RFC wants; jsonpath_doubt tells of
 * one written in the query. Members come in the document's order. Equal numbers are equal (1 == 1.0).
 *
 * Limits: JSONPATH_TEXT_MAX bytes of query, JSONPATH_NESTING_MAX levels of parentheses, filters and calls in it; a
 * selection takes at most JSONPATH_STEPS_MAX steps (a value looked at), holds at most JSONPATH_NODES_MAX nodes at once
 * and goes JSON_DEPTH_MAX levels deep. One that meets a limit is an error, never a shorter list.
 *
 * Threads: a compiled query is never changed and may be used by many threads.
 * Cost: compiling is linear; a selection is linear in the values its segments look at. */
#pragma once

#define JSONPATH_TEXT_MAX    4096
#define JSONPATH_NESTING_MAX 32
#define JSONPATH_STEPS_MAX   1000000
#define JSONPATH_NODES_MAX   100000

struct jsonpath;

/* A selected value and where it was. Follow `parent` to the root, which has none. */
struct jsonpath_node {
    const json_t *value;                        /* borrowed from the document */
    const struct jsonpath_node *parent;         /* of the object or list it is in */
    struct str key;                             /* its name there; at NULL: it has a number */
    size_t index;
};
struct jsonpath_nodes { struct jsonpath_node *at; size_t len; };

/* The query lives in the arena. ERR_BAD_INPUT: path "TEXT": what is wrong at character N, and what is allowed. */
enum err_code jsonpath_compile(struct str text, struct arena *a, struct jsonpath **out, struct err *e) MUST_USE;
struct str    jsonpath_text(const struct jsonpath *p);
struct str    jsonpath_doubt(const struct jsonpath *p);             /* what is odd in a valid query; empty: nothing */
bool          jsonpath_singular(const struct jsonpath *p);          /* names and indexes only: at most one node */
/* Selected nodes in the RFC's order; they live in the arena. ERR_TOO_LARGE when a limit was met. */
enum err_code jsonpath_select(const struct jsonpath *p, const json_t *root, struct arena *a,
                              struct jsonpath_nodes *out, struct err *e) MUST_USE;
/* The normalized path of RFC 9535, 2.7: $['items'][0]['id']. */
void          jsonpath_write_place(const struct jsonpath_node *node, struct buf *out);
/* The same for people, names that need no quotes without: $.items[0].id */
struct str    jsonpath_place(const struct jsonpath_node *node, struct arena *a);
