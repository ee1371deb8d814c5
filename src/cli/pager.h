/* src/cli/pager.h: output longer than the screen goes through a pager, as git's does.
 *
 * Between pager_begin and pager_end standard output is a pipe. Nothing is started while what was written fits the
 * screen; then it is $ASSAY_PAGER, else $PAGER, else `less -FRX`, and without any the output goes straight on. The
 * variable is split at spaces and started without a shell, unless it holds characters only a shell understands; empty
 * or "cat" means no pager. Should the pager not start, or die before it took all, what it got is written again,
 * plainly: output is never lost. A reader who quits it has seen enough: the rest is dropped.
 * Threads: one helper thread, gone when pager_end returns. Memory: at most PAGER_KEPT_MAX. */
#pragma once

#include "cli/cli.h"

#define PAGER_KEPT_MAX ((size_t)4 << 20)

#define PAGER_OPTION { "no-pager", 0, NULL, "do not page long output", NULL }

struct pager;
/* NULL (no paging) when standard output is no terminal, TERM is dumb, or `wanted` is false. */
struct pager *pager_begin(bool wanted);
void          pager_end(struct pager *p);       /* writes out, waits for the reader; NULL is fine */
void          pager_endp(struct pager **p);
#define AUTO_PAGER AUTO(pager_endp) struct pager
/* What the variables ask for, as arguments in the arena, NULL at the end; *shell: one string for /bin/sh -c. NULL: no
 * pager. */
char        **pager_words(const char *own, const char *usual, struct arena *a, bool *shell);
/* Screen lines that text takes at this width; escape sequences take none. Counts up to `enough`. */
size_t        pager_lines(struct str text, size_t columns, size_t enough);
