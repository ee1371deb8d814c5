/* src/cli/editor.h: the user's own editor on a text of ours.
 *
 * $VISUAL, $EDITOR, else `editor` or `vi`; its words are split at spaces and started without a shell. The text stands
 * in a file of its own folder below $TMPDIR that only the user can read, and that is removed afterwards.
 * Threads: the main one. */
#pragma once

#include "cli/cli.h"

#define EDITOR_BYTES_MAX (1u << 20)

/* `name` is how the file is called. ERR_ENVIRONMENT: there is no editor; ERR_CANCELLED: it ended with another status
 * than 0, and nothing is taken. */
enum err_code editor_run(const char *name, struct str text, struct arena *a, struct str *out, struct err *e) MUST_USE;
