/* src/blob/blob.h: bytes named by their SHA-256. One interface; a folder behind it now, S3 later.
 *
 * An object is written once and never changes; writing the same bytes again is a no-op. Threads: any. */
#pragma once

#include "base/base.h"

struct blob;                                /* the place */

enum err_code blob_open(const char *home, struct blob **out, struct err *e) MUST_USE;   /* objects lie in home/objects/ab/cdef... */
void          blob_close(struct blob *b);

/* Writes an object of unknown size: begin, append as often as you like, then end (fsync, rename into place) or drop. */
struct blob_writer;
enum err_code blob_writer_new(struct blob *b, struct blob_writer **out, struct err *e) MUST_USE;
enum err_code blob_writer_append(struct blob_writer *w, struct str bytes, struct err *e) MUST_USE;
int64_t       blob_writer_offset(const struct blob_writer *w);
enum err_code blob_writer_end(struct blob_writer *w, char hash[HASH_HEX], struct err *e) MUST_USE;  /* frees w whatever it answers */
void          blob_writer_drop(struct blob_writer *w);

bool          blob_has(struct blob *b, struct str hash);
/* Random access to one object. */
struct blob_reader;
enum err_code blob_reader_new(struct blob *b, struct str hash, struct blob_reader **out, struct err *e) MUST_USE;
int64_t       blob_reader_size(const struct blob_reader *r);
enum err_code blob_reader_at(struct blob_reader *r, int64_t offset, void *bytes, size_t len, struct err *e) MUST_USE;  /* whole or error */
void          blob_reader_free(struct blob_reader *r);
