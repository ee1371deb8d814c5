/* src/base/secret.h (through base.h): bytes that must never be printed. There is no log macro, no JSON writer and
 * no printf for it; it is wiped when disposed. Threads: one owner at a time. */
#pragma once

struct secret { char *bytes; size_t len; };
#define SECRET_INIT ((struct secret){ 0 })
#define AUTO_SECRET AUTO(secret_dispose)

void       secret_set(struct secret *s, struct str bytes);
bool       secret_is_set(const struct secret *s);
struct str secret_reveal(const struct secret *s);       /* the one way out: for an Authorization header */
void       secret_dispose(struct secret *s);
