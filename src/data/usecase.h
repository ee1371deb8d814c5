/* src/data/usecase.h: a use-case folder: what is wanted in prose, inputs, and what is right for them.
 *
 *   USE-CASE.md      needed: a title ("# ..."; a prefix "Use Case: " is dropped) and level-2 sections
 *   data/            inputs, one case a file; hidden files and folders inside are left alone
 *   ground-truth/    what is right: .json parsed, everything else text
 *   prompts/, generated-prompts.json     made by tools; eval/task_usecase reads them
 *
 * Sections, in any case of letters: Metadata ("- **Key:** value" lines), Goal, LLM Evaluation Notes, Expected Output
 * Schema, Quality Criteria, Duration Rules, Evaluation Script; others are left alone. A section ends at the next line
 * that begins "## ", also inside a code fence. The output is CSV when the schema section speaks of csv, else JSON. The
 * script is kept as text and never run.
 *
 * Which ground truth belongs to an input: its name without extension gives three patterns, tried in turn: the first two
 * hyphen parts, the name without its last hyphen part, the whole name. Candidates are the files whose name begins with
 * or holds the pattern; the first pattern that has any decides. Of several: those that begin with it; of these (ours)
 * those in the wanted format; of these (ours) those that begin with the input's whole name; then the first by name.
 * Inputs without one are left out; only where there is no ground truth at all is every input a case without one (ours).
 *
 * Folders are hostile: at most USECASE_FILES_MAX files in each of data/ and ground-truth/, DATASET_CASE_MAX bytes each,
 * USECASE_TEXT_MAX of USE-CASE.md; a link that leads out, a pipe, a device is ERR_DENIED. File contents are not read
 * here. Everything lives in the arena. Threads: any. Cost: matching is inputs x ground truths. */
#pragma once

#include "domain/domain.h"

#define USECASE_FILE_NAME  "USE-CASE.md"
#define USECASE_TEXT_MAX   (1024u * 1024)
#define USECASE_FILES_MAX  2000
#define USECASE_ITEMS_MAX  1000            /* edge cases; warnings */

struct usecase_file {
    struct str path;                        /* below the folder: "data/day-01.txt" */
    struct str name, extension;             /* "day-01", "txt" */
    int64_t size_bytes;
};
struct usecase_pair {
    const struct usecase_file *data, *gold; /* gold NULL: there is no ground truth at all */
    int pattern;                            /* 1..3: which one matched; 0 without gold */
    struct str text;                        /* the pattern itself */
};
struct usecase_files {
    struct usecase_file *data;   size_t data_count;        /* by name */
    struct usecase_file *gold;   size_t gold_count;
    struct usecase_pair *pairs;  size_t pair_count;        /* in the order of their inputs */
    struct str *warnings;        size_t warning_count;     /* a missing folder, an input left out */
};
struct usecase_text { struct str text; int line; };         /* trimmed; line 0: there is no such section */

struct usecase {
    struct str folder, file;                /* as given; "FOLDER/USE-CASE.md" */
    struct str source;                      /* USE-CASE.md, whole */
    struct str name;                        /* of the title, else Name, else of the folder */
    struct str difficulty, primary_capability, token_range;
    struct str models;                      /* ours: who answers when nobody says, with commas between */
    struct usecase_text goal, notes, schema, criteria, durations;
    struct str script;
    struct str *edge_cases;      size_t edge_case_count;
    enum output_format format;              /* OUTPUT_JSON or OUTPUT_CSV */
    struct usecase_files files;
};

/* ERR_NOT_FOUND without the folder or its USE-CASE.md. */
enum err_code usecase_read(const char *folder, struct arena *a, struct usecase **out, struct err *e) MUST_USE;
/* Only USE-CASE.md, from text; `files` stays empty. */
enum err_code usecase_read_text(struct str folder, struct str text, struct arena *a, struct usecase **out,
                                struct err *e) MUST_USE;
/* Only data/ and ground-truth/. `prefer`: the extension that wins, "json" or "csv". */
enum err_code usecase_files_read(const char *folder, struct str prefer, struct arena *a, struct usecase_files *out,
                                 struct err *e) MUST_USE;
/* The rule alone: fills the pairs from data and gold. */
void          usecase_match(struct usecase_files *f, struct str prefer, struct arena *a);
bool          usecase_is(const char *folder);               /* it holds a USE-CASE.md */
