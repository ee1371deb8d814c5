/* src/domain/dataset.h (through domain.h): one case, as every reader hands it on. `case` is a word of C, hence the
 * name. */
#pragma once

struct dataset_case {
    int64_t index;              /* from 0, among the cases that were chosen */
    struct str id;              /* the user's, or the position "1", "2"... in the source */
    const json_t *vars;         /* object: what the templates see */
    const json_t *expected;     /* any JSON value, or NULL when the case has none */
};
