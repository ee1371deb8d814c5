/* src/eval/task_read.h (private to eval): the parts of task_load share this.
 *
 * One struct task_read goes through the readers of the keys in a fixed order (task_load.c holds the table), each fills
 * its part of the task and adds problems as it finds them; none stops at the first. A value that is wrong leaves its
 * field as it was. Values written as nothing (`schema:`) count as not written. */
#pragma once

#include "eval/task_load.h"

#define TASK_TEXT_MAX       (4u * 1024 * 1024)      /* a prompt, a schema */
#define TASK_NAME_MAX       255
#define TASK_LIST_MAX       1000                    /* prompts, turns, checks, metrics, models, variants */
#define TASK_REPEAT_MAX     1000
#define TASK_CHUNK_MIN      200                     /* characters of a part */
#define TASK_FORKS_MAX      16                      /* ancestors of a fork */

struct template_env;
struct task_read {
    struct arena *a;
    struct task *t;
    struct problems *p;
    struct str name;                    /* how problems call the file */
    struct str inside;                  /* another file that nodes are being read from; empty: the task's */
    struct str files[TASK_FORKS_MAX + 1];       /* the same of every file the task is made of, by doc_node.file */
    int file_count;
    const struct usecase *usecase;      /* the task is, or forks, a use case: it has no prompt of its own */
    const json_t *usecase_judge;        /* what its tools wrote for a judge; object or NULL */
    bool usecase_generated;             /* its description is a generated task prompt, and not the goal itself */
    char *dir;                          /* task.dir, NUL-terminated */
    const struct doc_node *root;
    const struct task_overrides *ov;    /* never NULL */
    struct template_env *env;
    bool variants_full;                 /* and it was said */
    bool brackets;                      /* [Name] in a prompt is a placeholder */
    bool bracket_used[DIMENSIONS_MAX];
    bool benchmark;                     /* a benchmark file (task_compose.c): no prompt of its own */
    size_t matrix_prompts;              /* prompts that every model answers; the rest belong to explicit variants */
    VEC(struct task_prompt) prompts;
    VEC(struct variant) variants;
    VEC(struct str) reads;              /* variables the templates read, each once */
};

/* `file`: of the node or the pair's value that stands there. */
void task_problem(struct task_read *r, int file, int line, int column, const char *fmt, ...) PRINTF_LIKE(5, 6);
void task_problem_at(struct task_read *r, const struct doc_node *n, const char *fmt, ...) PRINTF_LIKE(3, 4);
void task_warning_at(struct task_read *r, const struct doc_node *n, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "name:12:3: what" -> 12, 3, what. */
bool task_split_place(struct str s, struct str name, int64_t *line, int64_t *column, struct str *what);
/* `where` as it is: for faults inside other files. */
void task_problem_in(struct task_read *r, struct str where, bool warning, struct str text);
/* "name:12:3: what", as doc_read and template_compile say it; at `n` when no place stands in front. */
void task_problem_placed(struct task_read *r, const struct doc_node *n, struct str name, struct str text);
/* A key that is not one of `names` (space-separated), with the nearest. */
void task_unknown_key(struct task_read *r, const struct doc_pair *key, const char *of_what, const char *names);
/* Reports every key of `map` that is not in `names`. */
void task_check_keys(struct task_read *r, const struct doc_node *map, const char *of_what, const char *names);

/* The value when it is written, is of the kind, and not blank; `what` names it in the sentence. */
bool task_text(struct task_read *r, const struct doc_node *n, const char *what, size_t bytes_max, struct str *out);
bool task_is(struct task_read *r, const struct doc_node *n, const char *what, enum doc_kind kind);
bool task_number(struct task_read *r, const struct doc_node *n, const char *what, double low, double high, double *out);
bool task_whole(struct task_read *r, const struct doc_node *n, const char *what, int64_t low, int64_t high,
                int64_t *out);
/* Member of a map, NULL when absent or written as nothing. */
const struct doc_node *task_member(const struct doc_node *map, const char *key);
const json_t *task_json(struct task_read *r, const struct doc_node *n);
void task_params(struct task_read *r, const struct doc_node *n, struct params *out);
/* Reads a file in the task's folder; a problem at `n` when it can't be. */
bool task_file(struct task_read *r, const struct doc_node *n, struct str path, size_t bytes_max, struct str *out);
/* Compiles `source`; faults are told where they stand: in `file`, or in the task file when it is empty. */
void task_template(struct task_read *r, struct str file, const struct doc_node *n, struct str source);

/* The nearest file name to one that is not there, as a hint: " (did you mean ...)" or "". */
void task_near_file(const struct task_read *r, struct str path, char hint[160]);

/* task_tools.c */
void task_read_tools(struct task_read *r);
/* task_prompts.c */
/* A text, or the file it names, into source, file and line of `out`. */
bool task_prompt_source(struct task_read *r, const struct doc_node *n, struct task_prompt *out);
void task_read_prompts(struct task_read *r);
void task_read_turns(struct task_read *r);
void task_read_images(struct task_read *r);
void task_prompt_override(struct task_read *r);
/* A prompt named, or written, in a variant. False when a problem was told. */
bool task_prompt_of_variant(struct task_read *r, const struct doc_node *n, size_t *out);
/* task_chat.c: false when a problem was told */
bool task_is_chat(const struct doc_node *n);
bool task_chat_read(struct task_read *r, const struct doc_node *n, struct task_prompt *out);
bool task_names_chat_file(struct str path);             /* by its ending: .yaml .yml .json */
/* The text of such a file; `shown` is how problems call it. */
bool task_chat_text(struct task_read *r, const struct doc_node *n, struct str shown, struct str text,
                    struct task_prompt *out);
/* task_fork.c: the keys of the files a task forks, where it has none of its own. `text` is the task's own file. */
enum err_code task_read_root(struct task_read *r, struct str text, struct doc_node **out, struct err *e) MUST_USE;
/* task_usecase.c: a use case as the mapping a task file would hold; fills r->usecase. NULL: told. */
struct doc_node *task_usecase_root(struct task_read *r, int file, struct str text);
/* An older use-case file (name, goal) as one; `root` itself when it is none. */
struct doc_node *task_usecase_old(struct task_read *r, struct doc_node *root);
/* task_dimensions.c */
void task_read_dimensions(struct task_read *r);
void task_check_dimensions(struct task_read *r);        /* after all that is said was read: which were used */
/* The template with its [Name]s written as expressions; a fault in it stands at `n`. */
struct str task_placeholders(struct task_read *r, const struct doc_node *n, struct str source);
/* task_compose.c: benchmark files and use cases */
void task_read_benchmark(struct task_read *r);
void task_compose_prompt(struct task_read *r);
void task_read_constraints(struct task_read *r);
/* task_choose.c */
void task_read_choose(struct task_read *r);
void task_read_recommend(struct task_read *r);
/* task_models.c */
void task_read_models(struct task_read *r);
/* task_scoring.c */
void task_read_checks(struct task_read *r);
void task_read_metrics(struct task_read *r);
void task_read_rank_by(struct task_read *r);
void task_read_thresholds(struct task_read *r);
/* task_sure.c */
void task_read_sure(struct task_read *r);
/* task_data.c */
void task_read_dataset(struct task_read *r);
void task_read_output(struct task_read *r);
