/* src/data/data.h: cases from whatever people keep them in, one at a time.
 *
 * Forms, told by the name: .jsonl .ndjson (one object a line), .json (a list; or an object with the list in `cases`,
 * `data`, `items`, `goldens` or `concepts`; or, with `input` beside `items` or `concepts`, the one case it describes),
 * .csv .tsv (a header row), .yaml .yml (a list; whole in memory, so 64 MiB at most), a folder of text files (id: the
 * file's name, variable `input`: its text, expected answer: the file of the same name in a folder `expected` inside or
 * beside it), a use-case folder (data/usecase.h), and cases written inline. All but YAML and inline are streamed:
 * memory does not grow with the dataset.
 *
 * A case: members of the object are the variables; a member `vars` that is an object is spread among them. `id` or
 * `case_id` names it, else its position in the source does. The expected answer is the member the user named, else the
 * first there is of: expected expected_output expectedOutput answer ideal label target gold output reference
 * completion; it is taken out of the variables, so that no prompt can show it. In CSV, columns "expected.NAME" make an
 * object, and an expected cell that holds a JSON object or list is read as one. A case that is not an object is the
 * variable `input`.
 *
 * With dimensions (domain/dimension.h) each case becomes one case per combination, made when its turn comes: its id has
 * the combination's name behind it ("t1 / Tone_2"), its variables those of dimensions_set.
 *
 * Ceilings: 16 MiB a case, 512 levels. Errors begin "file:line: ". Threads: a reader has one owner at a time. */
#pragma once

#include "domain/domain.h"

#define DATASET_CASE_MAX (16u * 1024 * 1024)

struct dataset_source {
    struct str path;                    /* file or folder as the process sees it; empty: inline_cases */
    struct str name;                    /* how errors call it; empty: path */
    const json_t *inline_cases;         /* a list; borrowed while reading */
    struct str expected, id;            /* member names when the user said; else empty */
    const json_t *defaults;             /* object or NULL: variables a case has unless it says otherwise */
    struct dimensions dimensions;       /* each case is handed out in every combination; borrowed while reading */
    bool plain;                         /* nothing is an expected answer: every member is a variable */
    bool alone;                         /* its one case is nobody's: the combination's name is the id */
    struct str prefer;                  /* use-case folders: the extension of ground truth that wins; empty: as it says */
};
/* Applied in this order: cases where `where` holds, of these the first `limit`, of these a sample. */
struct dataset_select {
    const char *where;                  /* a template expression over the variables, `expected`, `id`; NULL: all */
    int64_t limit;                      /* 0: no limit */
    int64_t sample;                     /* 0: all; every subset of this size is equally likely, the source's order is kept */
    int percent;                        /* 0: all; a share of them, drawn as data/percent.h says, in the source's order */
    uint64_t seed;
};

struct dataset_source dataset_source_of(const struct task *t, struct arena *a);

struct dataset_reader;
/* With a sample the source is read twice, once here to count. */
int64_t dataset_percent_seed(uint64_t seed);            /* what a seed comes to in a sample by percent */
enum err_code dataset_open(const struct dataset_source *source, const struct dataset_select *select,
                           struct dataset_reader **out, struct err *e) MUST_USE;
/* The case lives in the arena. *more is false, and *out not touched, after the last one. */
enum err_code dataset_next(struct dataset_reader *r, struct arena *a, struct dataset_case *out, bool *more,
                           struct err *e) MUST_USE;
void          dataset_close(struct dataset_reader *r);
void          dataset_closep(struct dataset_reader **r);
