/* src/store/press.h: transcripts made small; private to the room.
 *
 * The first byte says how the rest is packed: 'r' as it is (short, or not smaller when packed), 'z' one zstd frame
 * that carries its length. Packing contexts and the buffer are kept, so a trial costs no allocation.
 * Threads: one owner; a connection has one. Cost: about 6 us to pack 1 KiB of JSON, 2 us to unpack. */
#pragma once

#include "base/base.h"

enum { PRESS_BYTES_MAX = 64 << 20 };    /* of one transcript, unpacked */

struct press;
struct press *press_new(void) MUST_USE;
void          press_free(struct press *p);              /* NULL is fine */
/* *out is borrowed until the next call. */
enum err_code press_pack(struct press *p, struct str plain, struct str *out, struct err *e) MUST_USE;
enum err_code press_unpack(struct press *p, struct str packed, struct str *out, struct err *e) MUST_USE;
