/* src/data/pack.h: the cases of a run, frozen. What is resumed or repeated reads the pack, whatever became of the file.
 *
 * A pack is one blob: "assaypk1", zstd frames of at most 256 cases or 1 MiB each, the index (16 bytes a frame), a
 * footer of fixed size. A case is a line of canonical JSON {"e":expected,"i":id,"v":variables}, so equal cases make
 * equal bytes and the pack's hash names them. Building and reading are streamed; one frame is in memory at a time.
 * Threads: a pack may be read by many, each with its own cursor. */
#pragma once

#include "blob/blob.h"
#include "data/data.h"

struct data_pack_info {
    char hash[HASH_HEX];                /* of the blob: what data_pack_open asks for */
    char content[HASH_HEX];             /* of the cases alone: the same whatever version of zstd pressed them */
    int64_t cases, bytes;               /* bytes: of the lines, not pressed */
    int64_t expected_count;             /* cases that have an expected answer */
    int64_t var_bytes_avg, var_bytes_max;   /* text in the variables of a case: what a prompt can grow by */
    int64_t duplicate_ids;              /* found among the first 262,144 different ids; made unique as "id#position" */
    char first_duplicate[64];           /* one of them, maybe cut; empty when there is none */
};

/* ERR_BAD_INPUT when the reader has no case. progress (may be NULL) is called about every 4,096 cases. */
enum err_code data_pack_build(struct dataset_reader *r, struct blob *b, struct data_pack_info *out,
                              void (*progress)(void *arg, int64_t cases), void *arg, struct err *e) MUST_USE;

struct data_pack;
enum err_code data_pack_open(struct blob *b, struct str hash, struct data_pack **out, struct err *e) MUST_USE;
void          data_pack_close(struct data_pack *p);
void          data_pack_closep(struct data_pack **p);
int64_t       data_pack_cases(const struct data_pack *p);
const struct data_pack_info *data_pack_info_of(const struct data_pack *p);     /* hash as asked; duplicates not kept */

struct pack_cursor;
struct pack_cursor *pack_cursor_new(struct data_pack *p, int64_t first_case) MUST_USE;     /* the pack must outlive it */
/* Cases in order from first_case on; they live in the arena. */
enum err_code pack_cursor_next(struct pack_cursor *c, struct arena *a, struct dataset_case *out, bool *more,
                               struct err *e) MUST_USE;
void          pack_cursor_free(struct pack_cursor *c);
void          pack_cursor_freep(struct pack_cursor **c);
