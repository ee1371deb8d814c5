/* src/base/file.h (through base.h): whole files, lines of files, and paths.
 *
 * Every read has a ceiling. Writes are atomic: a temporary file beside the target, fsync, rename.
 * Threads: any. Paths from tasks and templates go through file_beneath, which cannot leave its folder. */
#pragma once

#include <stdio.h>

enum err_code file_read(const char *path, size_t bytes_max, struct buf *out, struct err *e) MUST_USE;
/* What a failed open means: ERR_NOT_FOUND where no such file can be, else ERR_IO. */
enum err_code file_open_code(int number);
enum err_code file_write_atomic(const char *path, struct str bytes, unsigned mode, struct err *e) MUST_USE;
bool          file_exists(const char *path);
bool          file_is_dir(const char *path);
enum err_code file_mkdirs(const char *path, unsigned mode, struct err *e) MUST_USE;
/* Opens `path` (relative) below folder `dir` for reading; "..", absolute paths and links that lead out are
 * ERR_DENIED (openat2, RESOLVE_BENEATH; on kernels without it, every link is refused). Only ordinary files are opened:
 * a pipe, socket or device is ERR_DENIED, a folder ERR_IO. The caller closes *fd. */
enum err_code file_open_beneath(const char *dir, struct str path, int *fd, struct err *e) MUST_USE;
/* The same of a folder, to be read with fdopendir; a file is ERR_IO. */
enum err_code file_open_folder_beneath(const char *dir, struct str path, int *fd, struct err *e) MUST_USE;
enum err_code file_read_beneath(const char *dir, struct str path, size_t bytes_max, struct buf *out,
                                struct err *e) MUST_USE;

struct str    path_dir(struct str path);                    /* "a/b.c" -> "a", "b.c" -> "." */
struct str    path_base(struct str path);                   /* "a/b.c" -> "b.c" */
struct str    path_ext(struct str path);                    /* "a/b.tar.gz" -> "gz"; empty without a dot */
struct str    path_join(struct arena *a, struct str dir, struct str name);  /* an absolute name wins */

/* Lines of a file of any size. The line is borrowed until the next call; CR before LF is dropped; a line longer
 * than the ceiling is ERR_TOO_LARGE, naming its number. `offset` is where the line begins. */
struct file_lines { FILE *f; char *bytes; size_t cap, line_max; int64_t number, offset, next_offset; };
enum err_code file_lines_open(struct file_lines *l, const char *path, size_t line_max, struct err *e) MUST_USE;
enum err_code file_lines_next(struct file_lines *l, struct str *line, bool *more, struct err *e) MUST_USE;
void          file_lines_close(struct file_lines *l);
