/* src/store/press.h: transcripts made small; private to the room.
 *
 * Trials of one run say nearly the same: the system message, the prompt's fixed words, the names of the fields. So a
 * run keeps one of its own transcripts as a dictionary, and the others are packed against it: a 1 KiB transcript
 * takes half of what it would alone, in less time.
 * The first byte says how the rest is packed: 'r' as it is (short, or not smaller when packed), 'z' one zstd frame
 * that carries its length and checksum, 'd' the same against the run's dictionary. Contexts and the buffer are kept,
 * so a trial costs no allocation.
 * Threads: one owner; a connection has one. Cost: about 8 us to pack 1 KiB of JSON, 3 us to unpack. */
#pragma once

#include "base/base.h"

enum { PRESS_BYTES_MAX = 64 << 20 };    /* of one transcript, unpacked */
enum { PRESS_DICT_MIN = 256, PRESS_DICT_MAX = 16 << 10 };

struct press;
struct press *press_new(void) MUST_USE;
void          press_free(struct press *p);              /* NULL is fine */

/* Dictionaries by the number of their run; the last few are kept ready. */
bool          press_dict_has(const struct press *p, int64_t run_no);
void          press_dict_put(struct press *p, int64_t run_no, struct str bytes);
void          press_dicts_forget(struct press *p);
/* The part of `transcript` to be a run's dictionary; empty when it is too short for one. */
struct str    press_dict_of(struct str transcript);

/* With the dictionary of `run_no` when there is one. *out is borrowed until the next call. */
enum err_code press_pack(struct press *p, int64_t run_no, struct str plain, struct str *out, struct err *e) MUST_USE;
bool          press_needs_dict(struct str packed);      /* press_dict_has must be true before it is unpacked */
enum err_code press_unpack(struct press *p, int64_t run_no, struct str packed, struct str *out, struct err *e) MUST_USE;
