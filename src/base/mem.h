/* src/base/mem.h (through base.h): allocation that cannot fail.
 *
 * Running out of memory ends the program with one line; whoever sizes an allocation from outside data checks
 * a ceiling first. xreallocarray refuses a product that overflows. Threads: any. */
#pragma once

void *xmalloc(size_t size) MUST_USE __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) MUST_USE __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t size) MUST_USE __attribute__((returns_nonnull));
void *xreallocarray(void *p, size_t n, size_t size) MUST_USE __attribute__((returns_nonnull));
char *xstrdup(const char *s) MUST_USE __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t n) MUST_USE __attribute__((malloc, returns_nonnull));

void freep(void *p);                /* AUTO(freep) char *x: free(*(void **)p) */
