#include "base/base.h"

void secret_set(struct secret *s, struct str bytes)
{
    char *copy = xstrndup(bytes.at, bytes.len);     /* first: `bytes` may be a part of what is there */

    secret_dispose(s);
    s->bytes = copy;
    s->len = bytes.len;
}

bool secret_is_set(const struct secret *s)
{
    return s->len > 0;
}

struct str secret_reveal(const struct secret *s)
{
    return str_n(s->bytes, s->len);
}

void secret_dispose(struct secret *s)
{
    if (s->bytes)
        sodium_memzero(s->bytes, s->len);
    free(s->bytes);
    *s = SECRET_INIT;
}
