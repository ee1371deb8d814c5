#include "base/base.h"

#include <stdio.h>
#include <unistd.h>

static void NORETURN mem_exhausted(size_t size)
{
    char line[96];
    int n = snprintf(line, sizeof line, "assay: out of memory (wanted %zu bytes)\n", size);

    if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
        _exit(4);
    abort();
}

void *xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);

    if (!p)
        mem_exhausted(size);
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    if (!p)
        mem_exhausted(size);
    return p;
}

void *xrealloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);

    if (!p)
        mem_exhausted(size);
    return p;
}

void *xreallocarray(void *old, size_t n, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(n, size, &total))
        mem_exhausted(SIZE_MAX);
    return xrealloc(old, total);
}

char *xstrndup(const char *s, size_t n)
{
    char *p = xmalloc(n + 1);

    if (n)
        memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

void freep(void *p)
{
    free(*(void **)p);
    *(void **)p = NULL;
}

void assert_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "assay: broken promise: %s (%s:%d)\n", what, file, line);
    abort();
}
