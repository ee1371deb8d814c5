/* src/base/json.h (through base.h): jansson with our strings, errors and ceilings.
 *
 * Reading: json_read refuses more than one value, invalid UTF-8 and nesting past 512, and says line and column.
 * Looking: the json_get_* calls never fail; a missing member or another type gives the fallback.
 * Threads: as jansson: one owner at a time, or read-only. */
#pragma once

#include <jansson.h>

#define JSON_DEPTH_MAX 512

#define AUTO_JSON AUTO(json_freep) json_t
void           json_freep(json_t **j);

enum err_code  json_read(struct str text, json_t **out, struct err *e) MUST_USE;
/* json_read's quick way (json_plain.c): takes what is plainly valid, declines (false) all that jansson must look at. */
bool           json_read_plain(struct str text, json_t **out) MUST_USE;
/* The place of the fault apart from the sentence, for a text that is a piece of a larger file. From 1. */
enum err_code  json_read_located(struct str text, json_t **out, int *line, int *column, struct err *e) MUST_USE;
json_t        *json_from_str(struct str s);                         /* bytes that are not UTF-8 become U+FFFD */
struct str     json_to_str(const json_t *j);                        /* borrowed; empty unless a string */
json_t        *json_child(const json_t *o, const char *key);        /* borrowed, NULL when absent */
struct str     json_get_str(const json_t *o, const char *key);      /* empty unless a string */
int64_t        json_get_i64(const json_t *o, const char *key, int64_t fallback);
double         json_get_double(const json_t *o, const char *key, double fallback);
bool           json_get_bool(const json_t *o, const char *key, bool fallback);
/* Follows members by name and array items by "0", "1"...; NULL when the path leaves the document. */
json_t        *json_at(const json_t *j, const char *const *path, size_t n);
#define JSON_AT(j, ...)                                                                            \
    json_at((j), (const char *const[]){ __VA_ARGS__ }, COUNT_OF(((const char *const[]){ __VA_ARGS__ })))

void           json_set_str(json_t *o, const char *key, struct str value);
/* Compact text; numbers with the fewest digits that read back the same. Sorted keys make it canonical: equal values,
 * equal bytes. A tree deeper than 1024, or one that holds itself, sets the buffer's failed flag. */
void           json_write(const json_t *j, struct buf *out);
void           json_write_canonical(const json_t *j, struct buf *out);
void           json_write_pretty(const json_t *j, struct buf *out);
/* Appends `s` as a JSON string with its quotes, for the few hot places that write JSON by hand; bytes that are not
 * UTF-8 become U+FFFD. */
void           json_write_str(struct str s, struct buf *out);
void           json_write_i64(int64_t n, struct buf *out);
/* "key": with a comma before it unless it is the object's first. `key` needs no escapes. */
void           json_write_key(const char *key, struct buf *out);
/* Ties the value to the arena: decref'd when the arena ends. Returns j. */
json_t        *json_in_arena(json_t *j, struct arena *a);
