/* src/eval/items.h: outputs and expected answers as sets of items, for accuracy, hallucination, completeness and f1.
 *
 * What the items are (E: of the output, G: of the expected answer); duplicates collapse, equality is that of bytes:
 *   a JSON array, or the list under "items" or "concepts" of an object     its elements
 *   another object                                                          its members, each "name":value
 *   a single string, number or boolean                                      itself, trimmed
 *   CSV (output.format csv)                                                 its rows without the header row; one
 * column:
 *                                                                           the cell, several: the list of cells
 * The last three lines but one are ours: they make accuracy work for classification, where an answer is one object or
 * one word. An item's text: strings as they are, everything else as canonical JSON (sorted keys, 1.0 written 1).
 * An expected answer given as a string is read as JSON when it holds an object or array and the output's format is not
 * text; for CSV as CSV. When the output's format is JSON (or the expected answer is an object or list) and the output
 * can't be read as JSON, nothing was extracted: `unparseable`. Plain text against a string compares the trimmed texts.
 * `key` reduces objects (and CSV rows, by the header) to that one member: compare ids only. It may be several names
 * with ITEMS_KEY_SEPARATOR between them; what is there of these then makes a row. */
#pragma once

#include "eval/subject.h"

#define ITEMS_KEYS_MAX 8
#define ITEMS_KEY_SEPARATOR '\x1f'      /* between the names of a key of several members */

struct items {
    struct str *output, *gold;          /* sorted, each once */
    size_t output_count, gold_count;
    size_t common;                      /* |E and G| */
    bool unparseable;
    struct str why;                     /* when unparseable */
};

/* Computed once per subject and key. The case must have an expected answer. */
const struct items *items_compare(const struct subject *s, struct str key, struct arena *a);

/* An item's text; borrowed from `j` when it is a string. */
struct str items_text(const json_t *j, struct arena *a);
void       items_write(const json_t *j, struct buf *out);       /* canonical JSON: strings quoted too */
/* The list of an array, or under "items" or "concepts" of an object; NULL otherwise. */
const json_t *items_list(const json_t *j);

/* CSV cells of `text`, row after row (RFC 4180 quoting). Used where a whole small answer is in memory. */
struct items_rows { struct str **rows; size_t *cells; size_t count; };
void       items_csv(struct str text, struct arena *a, struct items_rows *out);
