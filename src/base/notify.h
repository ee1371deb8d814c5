/* src/base/notify.h: which files below some folders have changed (Linux inotify).
 *
 * Folders are watched, not files: an editor that writes beside and renames, and a version control that replaces a whole
 * folder, are both seen. Names of editors' own files (hidden, "~", ".swp", ".tmp", ".part", "4913") are not told of.
 * Paths are compared as they are written: give resolved ones. A folder that went away is looked for again at each wait.
 * Hidden folders are not entered. Threads: one owner at a time. Memory: bounded by NOTIFY_FOLDERS_MAX and
 * NOTIFY_NAMES_MAX. */
#pragma once

#include "base/base.h"

#define NOTIFY_FOLDERS_MAX 256
#define NOTIFY_DEPTH_MAX   8
#define NOTIFY_NAMES_MAX   8                /* names told; more only count */

struct notify;
/* ERR_ENVIRONMENT when the system gives no more watchers, with what to do. */
enum err_code notify_new(struct notify **out, struct err *e) MUST_USE;
void          notify_free(struct notify *n);
void          notify_freep(struct notify **n);
/* The folder and, with `deep`, those below it. One that is watched already is no error. ERR_NOT_FOUND, ERR_TOO_LARGE
 * past NOTIFY_FOLDERS_MAX (`deep`: the rest is left out and *cut set instead; may be NULL). */
enum err_code notify_add(struct notify *n, const char *folder, bool deep, bool *cut, struct err *e) MUST_USE;
/* Nothing is told of this file or folder, nor of what lies in it; said before notify_add. Up to NOTIFY_IGNORED_MAX. */
#define NOTIFY_IGNORED_MAX 8
void          notify_ignore(struct notify *n, const char *path);
size_t        notify_folders(const struct notify *n);

struct notify_changes { char names[NOTIFY_NAMES_MAX][256]; size_t count; };     /* count: of all, also those not kept */
/* Waits up to timeout_ms for a first change, then until it has been quiet for quiet_ms (at most ten times as long).
 * False: nothing changed, or a signal came. */
bool          notify_wait(struct notify *n, int64_t timeout_ms, int64_t quiet_ms, struct notify_changes *out);
