/* src/sandbox/beneath.h: files at paths that somebody untrusted chose.
 *
 * The one module by which the host opens, writes or lists anything below a folder whose contents or names a guest (or
 * an archive, or a model) controls. All paths are relative to an open folder and resolved by the kernel (openat2 with
 * RESOLVE_BENEATH, NO_SYMLINKS, NO_MAGICLINKS): no "..", no absolute path, no link of any kind on the way, not even one
 * that stays inside. Only ordinary files are opened; opening never waits. Nothing is ever overwritten: a file is made
 * new or not at all. Errors: ERR_DENIED for a path that leads or links out, or is not a file; ERR_BAD_INPUT for a path
 * that is none; ERR_NOT_FOUND; ERR_CONFLICT where a file exists; ERR_ENVIRONMENT on kernels without openat2 (before
 * 5.6). Threads: any; a walk must not see its folder's descriptor closed. */
#pragma once

#include "base/base.h"

#define BENEATH_PATH_MAX 1024

enum beneath_kind { BENEATH_FILE, BENEATH_FOLDER, BENEATH_LINK, BENEATH_OTHER };    /* OTHER: pipe, socket, device */
struct beneath_entry { struct str path; enum beneath_kind kind; int64_t bytes; unsigned mode; };
struct beneath_bounds { size_t entries, depth; };       /* seen at most; folders below folders at most */

/* A relative path that may name something below a folder: parts not empty, ".", or "..", no NUL, within the lengths. */
enum err_code beneath_path_check(struct str path, struct err *e) MUST_USE;
/* Our own folder, by a path of our own; links are followed. The caller closes *fd. */
enum err_code beneath_folder(const char *path, int *fd, struct err *e) MUST_USE;
enum err_code beneath_open(int folder, struct str path, int *fd, struct err *e) MUST_USE;
enum err_code beneath_read(int folder, struct str path, size_t bytes_max, struct buf *out, struct err *e) MUST_USE;
/* Makes the folders on the way (0777 less umask) and a new file. A file cut short by a fault is removed again. */
enum err_code beneath_write(int folder, struct str path, unsigned mode, struct str bytes, struct err *e) MUST_USE;
/* Calls `see` for everything below, folders before what they hold, names in byte order; a folder that can't be listed
 * is seen and passed over. A walk past its bounds ends with ERR_TOO_LARGE; an error of `see` ends it too. */
enum err_code beneath_walk(int folder, struct beneath_bounds bounds,
                           enum err_code (*see)(void *arg, const struct beneath_entry *entry, struct err *e), void *arg,
                           struct err *e) MUST_USE;
