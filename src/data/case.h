/* src/data/case.h (private to data): from a raw item to a case; the rules data.h states. */
#pragma once

#include "data/source.h"

/* What the members a user named looked like over the whole source, to tell a misspelt name at the end. */
struct case_reader {
    const struct dataset_source *src;
    bool cells_are_text;
    bool expected_seen;
    char hint[160];                     /* " (did you mean ...)" from the first case that lacks the named member */
    bool hint_made;
};

/* Takes item->json, also on failure. position counts from 1. */
enum err_code case_of_item(struct case_reader *c, struct source_item *item, int64_t position, struct arena *a,
                           struct dataset_case *out, struct err *e) MUST_USE;
/* After the last item: the member named for expected answers must have been there once. */
enum err_code case_reader_end(const struct case_reader *c, int64_t items, struct err *e) MUST_USE;
