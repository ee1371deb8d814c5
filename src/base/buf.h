/* src/base/buf.h (through base.h): a growable byte string with a ceiling.
 *
 * A buffer is born with the largest size it may reach, so no provider's answer and no client's body can
 * make us allocate without bound. An append past the ceiling changes nothing and sets a sticky flag:
 * write the whole document, then look once. The bytes are always NUL-terminated.
 * Threads: one owner at a time. Cost: appending n bytes is O(n), amortised. */
#pragma once

struct buf { char *bytes; size_t len, cap, max; bool failed; };     /* fields are buf.c's business */
#define BUF_INIT(bytes_max) ((struct buf){ .max = (bytes_max) })
#define AUTO_BUF AUTO(buf_dispose)
void       buf_append(struct buf *b, struct str s);
void       buf_byte(struct buf *b, char c);
void       buf_puts(struct buf *b, const char *s);
void       buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void       buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
bool       buf_failed(const struct buf *b) MUST_USE;
struct str buf_str(const struct buf *b);            /* borrowed: dies at the next append */
const char *buf_cstr(const struct buf *b);          /* the same, "" when empty */
char      *buf_take(struct buf *b) MUST_USE;        /* yours now: free() it; the buffer is empty again */
void       buf_truncate(struct buf *b, size_t len); /* keeps the first len bytes */
void       buf_consume(struct buf *b, size_t n);    /* drops the first n bytes */
void       buf_reset(struct buf *b);                /* empty and not failed, memory kept */
void       buf_dispose(struct buf *b);
