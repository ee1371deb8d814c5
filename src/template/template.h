/* src/template/template.h: prompt templates in the Jinja2 language.
 *
 * The language is Jinja2 3.1's default environment (autoescape off) as prompts use it, held to the real one by
 * tests/jinja. Different on purpose: an undefined variable is an error that names it and the nearest known one; a
 * template can't change data (append, update, pop are errors); integers are 64 bits and say so when they overflow;
 * nothing is random; include, extends and import read only below `folder`; every size, depth and step has a ceiling.
 *
 * Errors are sentences "name:line:col: ...". ERR_BAD_INPUT: the template or the data is wrong; ERR_TOO_LARGE: a
 * ceiling was met; ERR_DENIED: a file outside the folder or a name that starts with "_"; ERR_NOT_FOUND: no such file.
 *
 * Threads: an env and its templates may be used by many threads at once; one render has one scratch arena and one
 * output. `vars` is only read. Cost: compiling is linear; rendering parses nothing (a 300-byte prompt with three
 * variables takes about a microsecond). */
#pragma once

#include "base/base.h"

struct template_env;
struct template;

struct template_options {
    const char *folder;             /* include/extends/import are read below it; NULL forbids them */
    const json_t *files;            /* path -> text: these are taken from here and not from the folder; may be NULL */
    size_t output_max;              /* bytes of one render; 0: 16 MiB */
    size_t memory_max;              /* bytes of values one render may make; 0: 256 MiB */
    size_t source_max;              /* bytes of one template; 0: 4 MiB */
    int depth_max;                  /* nesting of the text, and of calls, includes, loops when run; 0: 100 */
    int64_t steps_max;              /* statements, items, calls and text made (64 bytes a step); 0: 10 million */
    bool trim_blocks, lstrip_blocks, keep_trailing_newline;     /* as in Jinja2: all false by default */
};

struct template_env *template_env_new(const struct template_options *options) MUST_USE;  /* NULL: all defaults */
void template_env_free(struct template_env *env);                   /* and every template compiled in it */
void template_env_freep(struct template_env **env);

/* `name` is for messages and for a block's own file; the template lives as long as the env. */
enum err_code template_compile(struct template_env *env, struct str name, struct str source, struct template **out,
                               struct err *e) MUST_USE;
/* Reads and compiles a file below the env's folder, once. */
enum err_code template_load(struct template_env *env, struct str path, const struct template **out,
                            struct err *e) MUST_USE;

/* The text of every file that templates of the env have read or name outright (a name that is computed is known only
 * once it was rendered), path -> text; the caller's. At most TEMPLATE_FILES_MAX are ever read. */
#define TEMPLATE_FILES_MAX 1000
json_t *template_files(struct template_env *env);

/* Appends to `out`; on error `out` is as it was. `vars` is an object or NULL. Values made on the way live in `scratch`. */
enum err_code template_render(const struct template *t, const json_t *vars, struct arena *scratch, struct buf *out,
                              struct err *e) MUST_USE;

/* The names a template reads from `vars`, each once, in order of appearance (files it includes are not followed). */
size_t template_variables(const struct template *t, struct arena *a, struct str **names);
struct str template_name(const struct template *t);
