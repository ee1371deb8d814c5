#include "base/base.h"

#include <stdio.h>

static bool buf_reserve(struct buf *b, size_t more)
{
    size_t need, cap;

    if (b->failed || __builtin_add_overflow(b->len, more, &need) || need > b->max) {
        b->failed = true;
        return false;
    }
    if (need < b->cap)
        return true;
    cap = b->cap ? b->cap : 64;
    while (cap <= need)
        cap = cap > SIZE_MAX / 2 ? need + 1 : cap * 2;
    b->bytes = xrealloc(b->bytes, cap);
    b->cap = cap;
    return true;
}

void buf_append(struct buf *b, struct str s)
{
    if (!buf_reserve(b, s.len))
        return;
    if (s.len)
        memcpy(b->bytes + b->len, s.at, s.len);
    b->len += s.len;
    b->bytes[b->len] = '\0';
}

void buf_byte(struct buf *b, char c)
{
    if (!buf_reserve(b, 1))
        return;
    b->bytes[b->len++] = c;
    b->bytes[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_append(b, str_c(s));
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    ASSERT(n >= 0);
    if (!buf_reserve(b, (size_t)n))
        return;
    vsnprintf(b->bytes + b->len, (size_t)n + 1, fmt, ap);
    b->len += (size_t)n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

bool buf_failed(const struct buf *b)
{
    return b->failed;
}

struct str buf_str(const struct buf *b)
{
    return str_n(b->bytes ? b->bytes : "", b->len);
}

const char *buf_cstr(const struct buf *b)
{
    return b->bytes ? b->bytes : "";
}

char *buf_take(struct buf *b)
{
    char *p = b->bytes ? b->bytes : xstrdup("");

    *b = BUF_INIT(b->max);
    return p;
}

void buf_truncate(struct buf *b, size_t len)
{
    ASSERT(len <= b->len);
    b->len = len;
    if (b->bytes)
        b->bytes[len] = '\0';
}

void buf_consume(struct buf *b, size_t n)
{
    ASSERT(n <= b->len);
    if (!n)
        return;
    memmove(b->bytes, b->bytes + n, b->len - n + 1);
    b->len -= n;
}

void buf_reset(struct buf *b)
{
    buf_truncate(b, 0);
    b->failed = false;
}

void buf_dispose(struct buf *b)
{
    free(b->bytes);
    *b = BUF_INIT(b->max);
}
