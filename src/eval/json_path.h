/* src/eval/json_path.h: the small part of JSONPath (RFC 9535) that checks need.
 *
 *   $              the whole document            $.name  $['a name']   a member
 *   $[0]  $[-1]    an array item, from the end   $[*]  $.*             all items, or all members' values
 * No filters, slices or descent (..). At most 32 steps; a selection stops at 10,000 nodes.
 * Compiled once, then read by many threads. */
#pragma once

#include "base/base.h"

#define JSON_PATH_NODES_MAX 10000

struct json_path;

enum err_code json_path_compile(struct str text, struct arena *a, struct json_path **out, struct err *e) MUST_USE;
/* Selected nodes in document order, borrowed from `root`; *nodes lives in the arena. */
size_t        json_path_select(const struct json_path *p, const json_t *root, struct arena *a, const json_t ***nodes);
struct str    json_path_text(const struct json_path *p);
