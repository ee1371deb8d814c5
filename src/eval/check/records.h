/* src/eval/check/records.h (private to check): an answer as a list of records, for checks that look at all of them.
 *
 * With a path: the elements of the one list it chooses, else the values it chooses. Without: the rows of a CSV answer
 * (the task's output is csv; its header row names the columns; RFC 4180, strictly), else the elements of the JSON list
 * (items.h), else the one JSON value. Field names are keys or columns; one that begins with $ is a JSONPath in the
 * record (names and indexes only). */
#pragma once

#include "eval/check/check.h"

struct record { const json_t *json; const struct str *cells; size_t cell_count; };
struct records {
    struct record *at;
    size_t count;
    bool csv;
    const struct str *columns;          /* csv */
    size_t column_count;
    bool numbered;                      /* from a list: sentences count from 1 */
};
struct record_field { struct str name; struct jsonpath *path; };

/* The header row and the rows of a CSV text; false: it is none, *why says where. */
bool          records_csv(struct str text, struct arena *a, struct records *out, struct str *why) MUST_USE;
/* False: there is no list, *why says why, and the check fails. */
bool records_read(const struct check_target *t, struct arena *a, struct records *out, struct str *why) MUST_USE;

enum err_code record_field_prepare(struct str name, struct arena *a, struct record_field *out, struct err *e) MUST_USE;
/* The field of one record: *text, and *json when it is JSON. False when it has none. */
bool          record_field(const struct records *r, size_t i, const struct record_field *f, struct arena *a,
                           struct str *text, const json_t **json) MUST_USE;
/* Sentence "record 3 has no \"start\"". */
struct str    record_lacks(const struct records *r, size_t i, const struct record_field *f, struct arena *a);
