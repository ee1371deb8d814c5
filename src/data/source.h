/* src/data/source.h (private to data): one form a dataset can be kept in.
 *
 * A source hands out raw items in order and knows the line each began on; what makes a case of an item is case.c's
 * knowledge, the same for all. The table of them is in sources.c. */
#pragma once

#include "data/data.h"

struct source_item {
    json_t *json;                       /* yours: decref it */
    int64_t line;                       /* 0: the source has no lines */
    struct str id;                      /* when the source itself names its items; lives until the next one */
};

struct source_kind {
    const char *name;                   /* "jsonl": for sentences */
    const char *extensions;             /* "jsonl ndjson"; empty: not told by a name */
    bool cells_are_text;                /* an expected answer in JSON is still text */
    /* MUST. `src` outlives the state. Errors begin with the source's name. */
    enum err_code (*open)(const struct dataset_source *src, void **state, struct err *e);
    /* MUST. *more false at the end. */
    enum err_code (*next)(void *state, struct source_item *out, bool *more, struct err *e);
    /* MUST. NULL is fine. */
    void (*close)(void *state);
};

enum err_code source_kind_of(const struct dataset_source *src, const struct source_kind **out, struct err *e) MUST_USE;

/* Items of a document that may be a list, or an object with the list inside: which member is it?
 * `has` says whether the object has that member as a list. NULL: none. */
#define SOURCE_LISTS(X) X(cases) X(data) X(items) X(concepts) X(goldens)    /* goldens: DeepEval's */
#define SOURCE_LISTS_COUNT 5
/* True when the object describes one case: `input` beside `concepts` or `items`, and neither `cases` nor `data`. */
bool          source_is_gold(bool input, bool cases, bool data, bool items, bool concepts);
/* {"input": ..., "items": [...]} as {"input": ..., "expected": [...]}; takes the reference and gives one back. */
json_t       *source_gold_item(json_t *object);
