/* src/eval/task_edit.h: checks added to the text of a task file, and not a byte of the rest touched.
 *
 * The new text is the old one with one piece put in: comments, order, quoting, indentation and line ends stay as they
 * are; an explicit `checks: null` is the one thing that is replaced. Where the piece belongs is tried place by place
 * (end of the list, end of the file, before a key), and a place is taken only when the result, read again, is the old
 * document with the new checks at the end of its list. So a text that no place suits is refused and never damaged.
 * Understood: YAML in block and in flow style, JSON; lists that are empty, missing, inline or at the end of a file
 * without its last line break; LF, CRLF and CR. Threads: any. Cost: a reading of the file for each place,
 * TASK_EDIT_TRIES at most. */
#pragma once

#include "base/base.h"

#define TASK_EDIT_BYTES_MAX (8u << 20)
#define TASK_EDIT_TRIES     64

/* `checks`: a list of objects. ERR_BAD_INPUT: the text is no task file; ERR_CONFLICT: no place suits, with what to do. */
enum err_code task_edit_add_checks(struct str name, struct str text, enum doc_form form, const json_t *checks,
                                   struct buf *out, struct err *e) MUST_USE;
/* The checks alone, a YAML list in block style, as they are shown to be edited. */
void          task_edit_yaml(const json_t *checks, struct buf *out);
