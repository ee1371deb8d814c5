/* src/eval/promptfoo/load.h (private to promptfoo): the parts of a configuration's reader share this.
 *
 * The reader turns a configuration into the mapping a task file would hold, and tells what it can't honour: as a
 * warning when the run means the same without it or leaves a verdict open, as an error when it would mean something
 * else. Everything is bounded: PROMPTFOO_TESTS_MAX tests after expansion, DOC_BYTES_MAX a file, LOAD_FILES_MAX files. */
#pragma once

#include "eval/promptfoo/promptfoo.h"
#include "eval/task_read.h"

#define PROMPTFOO_TESTS_MAX 100000
#define LOAD_FILES_MAX      2000            /* read from the folder, all together */
#define LOAD_NOTES_MAX      60              /* different things told that are not honoured */
#define LOAD_DEPTH_MAX      64              /* of $ref in $ref, and of values */

struct template_env;

/* What a prompt turned out to be: its texts in the form a task has them. */
struct load_prompt { struct str name, label; const json_t *body; const struct doc_node *at; };
struct load_test { const json_t *test; struct str where; };

struct load {
    struct task_read *r;
    struct arena *a;
    const struct doc_node *root;
    const json_t *env;                      /* the configuration's own, over the process's */
    const json_t *default_test;             /* object or NULL */
    struct str default_where;
    VEC(struct load_prompt) prompts;
    VEC(struct load_test) tests;
    json_t *cases;
    json_t *scripts;                        /* what the check is told of them (promptfoo.h) */
    json_t *tools;                          /* of the providers, when they agree */
    bool tools_differ;
    json_t *graders, *rubrics;              /* of the check's options (promptfoo.h) */
    json_t *graders_seen, *rubrics_seen;    /* [{raw, vectors or geval, at}]: what stands in the file for each */
    const json_t *options;                  /* of the test whose assertions are read */
    json_t *providers;                      /* {variant: {transform, blind}}: of providers that have one */
    bool compares;                          /* a test compares the answers of all columns */
    bool affixes;                           /* a test has a prefix or suffix */
    struct template_env *templates;
    struct map notes;                       /* told already */
    struct map odd;                         /* variables that JavaScript writes otherwise than Python does */
    int files;
    bool full;                              /* more cases than are allowed, and it was said */
    bool notes_full;                        /* and it was said */
    bool no_references;                     /* inside assertionTemplates */
    int64_t referred;                       /* nodes that $ref led to */
};

/* --- load.c ------------------------------------------------------------------------------------------------------- */
/* "task.yaml:12:3" of a node, in the file that is being read. */
struct str load_where(const struct load *l, const struct doc_node *n);
/* Not honoured, but the run goes on. Each text is told once. */
void load_note(struct load *l, struct str where, const char *fmt, ...) PRINTF_LIKE(3, 4);
void load_fault(struct load *l, struct str where, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Makes stars of what the text a run keeps is not to hold. */
void load_hide(struct load *l, struct str secret);
/* JSON as the nodes a task's readers take; all of it stands at `at`. */
struct doc_node *load_node(struct load *l, const json_t *j, const struct doc_node *at);
/* The keys of a map that nobody reads are notes: `known` are read, `quiet` change nothing here. */
void load_keys(struct load *l, const struct doc_node *map, const char *what, const char *known, const char *quiet);

void load_json_keys(struct load *l, struct str where, const json_t *o, const char *what, const char *known);

/* --- files.c ------------------------------------------------------------------------------------------------------ */
/* "file://x" -> x; false: it is no such reference. */
bool load_is_file(struct str s, struct str *path);
bool load_is_code(struct str path);                         /* .js .py .rb ..., which would be run */
bool load_has_magic(struct str path);                       /* * ? [ */
/* A file of the folder; told when it can't be read. */
bool load_read(struct load *l, struct str where, struct str path, struct str *out);
/* The same of one that may be code; what is not there is told, or (`maybe`) just false. */
bool load_read_any(struct load *l, struct str where, struct str path, bool maybe, struct str *out);
/* The same as a tree; *shown is how places in it are called. */
bool load_tree(struct load *l, struct str where, struct str path, struct doc_node **out, struct str *shown);
/* Files below the folder that the pattern names, sorted; told when there are none. */
bool load_glob(struct load *l, struct str where, struct str pattern, struct str **out, size_t *count);
/* References in a value are replaced by what the files hold (.json and .yaml as values, the rest as text). */
json_t *load_files_in(struct load *l, struct str where, json_t *value, int depth);
/* {{ env.X }} and $ref, everywhere in the tree; in place. */
void load_prepare(struct load *l, struct doc_node *root);

/* --- texts of templates (load_templates.c) ------------------------------------------------------------------------ */
/* Nunjucks as our language: dump, values that JavaScript writes otherwise. */
struct str load_template(const struct load *l, struct str text);
/* Rendered with a test's variables. `strict`: as it is when it reads a variable that is not there. */
struct str load_render(struct load *l, struct str where, struct str text, const json_t *vars, bool strict);
/* Every text in the value. */
json_t *load_render_value(struct load *l, struct str where, const json_t *value, const json_t *vars, int depth);
/* The names a template reads, into `names` as keys with "" as value. */
void load_reads(struct load *l, struct str text, json_t *names);
/* Told when `env`, which stands for nothing, is still read once load_prepare has filled it in. */
void load_check_env(struct load *l, struct str where, const json_t *reads);

/* --- the rest ----------------------------------------------------------------------------------------------------- */
void load_prompts(struct load *l);                          /* load_prompts.c: fills prompts */
struct doc_node *load_prompts_node(struct load *l);         /* with templates in our language */
struct doc_node *load_variants(struct load *l);             /* load_providers.c; NULL: there are none */
/* {model, base_url, params} of a provider that grades; NULL: it is not here, which was told. In the arena. */
json_t *load_grader(struct load *l, struct str where, const json_t *provider, bool vectors);
/* load_graders.c: who grades the assertion, into `out`, which becomes the case's. */
void load_graded(struct load *l, struct str where, const json_t *assertion, json_t *out);
void load_graders_into(struct load *l, json_t *check);      /* once every case is read */
void load_tests(struct load *l);                            /* load_tests.c: fills cases and odd */
/* load_csv.c: rows as tests. */
void load_csv(struct load *l, struct str path, struct str text);
/* load_scripts.c: a javascript or python assertion's value as the case keeps it, yours; its file goes into l->scripts. */
json_t *load_script(struct load *l, struct str where, const json_t *assertion, const struct promptfoo_kind *kind,
                    const json_t *vars);
/* The transform of a provider, a test, an assertion (`whose`: "a provider's") into `out`, which becomes the case's; its
 * file goes into l->scripts. One that can't be run here is told: out.blind is why. */
void load_transform(struct load *l, struct str where, const json_t *transform, const char *whose, json_t *out);
/* "contains-any(0.5): a, b" as an assertion; the caller's. */
json_t *load_assertion(struct str text, struct arena *a);
