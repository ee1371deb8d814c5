/* src/cli/cli.h: what every sub-command shares. One file per command, named after it, ends in
 * `const struct command command_X = { ... };` and its name stands in main.c's table; help, completion, nearest names
 * and exit codes follow from the table. Only this room prints to the terminal. */
#pragma once

#include "domain/domain.h"

#include <stdio.h>

struct option {
    const char *name;           /* "models": typed --models */
    char letter;                /* 'm' for -m, or 0 */
    const char *arg;            /* "A,B" shown in help; NULL: a flag, no value */
    const char *doc;
    const char *words;          /* "table json csv": values completion offers, or a kind: "@model" (complete.c); may be NULL */
};
#define OPTION_END { .name = NULL }

struct args;
struct command {
    const char *name;
    const char *usage;          /* after the name: "TASK [options]" */
    const char *summary;        /* one line for the list */
    const char *doc;            /* paragraphs for `assay help X`, may be NULL */
    const struct option *options;           /* ended by OPTION_END; NULL: none */
    int positional_min, positional_max;     /* -1: any number */
    const char *complete;       /* what each positional is, the last for all that follow: "file", "run trial" (complete.c) */
    bool hidden;                /* for programs: in no list of commands */
    /* Exit status 0, or the error's (err_exit_status) with its sentence printed by main. */
    enum err_code (*run)(struct args *args, int *status, struct err *e);
};
const struct command *command_at(size_t i);             /* NULL past the end */

/* --- arguments (args.c) -------------------------------------------------------------------------------------- */
struct args { const struct command *command; struct arena *arena; struct str *values; bool *given; VEC(struct str) positional; };
/* --help sets *help and is no error. */
enum err_code args_read(struct args *a, const struct command *c, int argc, char **argv, bool *help, struct err *e);
void          args_dispose(struct args *a);
bool          args_has(const struct args *a, const char *name);
struct str    args_get(const struct args *a, const char *name);         /* empty when not given */
enum err_code args_int(const struct args *a, const char *name, int64_t low, int64_t high, int64_t *out, struct err *e) MUST_USE;
enum err_code args_double(const struct args *a, const char *name, double low, double high, double *out, struct err *e) MUST_USE;
enum err_code args_money(const struct args *a, const char *name, int64_t *nanousd, struct err *e) MUST_USE;   /* untouched when absent */
/* "90s", "30m", "12h", "7d"; untouched when absent. */
enum err_code args_duration(const struct args *a, const char *name, int64_t *ms, struct err *e) MUST_USE;
struct str    args_positional(const struct args *a, size_t i);          /* empty when absent */
/* Splits "a,b" values into the arena; empty parts dropped. */
size_t        args_list(const struct args *a, const char *name, struct str **out);
void          args_help(const struct command *c, FILE *to, bool colour, int columns);

/* --- the terminal (term.c) ------------------------------------------------------------------------------------- */
struct term { bool out_tty, err_tty, colour, colour_err, unicode, links; int columns, rows; };
const struct term *term_get(void);                      /* read once: isatty, NO_COLOR, TERM, COLUMNS, LANG */
void  term_problem(const struct err *e);                /* "assay: <sentence>" on standard error */
void  term_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void  term_note(const char *fmt, ...) PRINTF_LIKE(1, 2);        /* standard error, silent with --quiet */
void  term_quiet(bool on);
/* Standard output that notices a full disk or a closed pipe. */
enum err_code term_write(struct str bytes, struct err *e);
enum err_code term_json(json_t *j /* taken */, struct err *e);  /* pretty, one newline */
/* `s` without what could steer a terminal: control characters (C0, C1, DEL) and marks that turn the direction of text
 * become '?', bytes that are not UTF-8 U+FFFD. Tabs and line ends stay. */
struct str term_clean(struct str s, struct arena *a);
/* `text` as a link to a file where the terminal has such (OSC 8; ASSAY_LINKS=0 turns it off), else as it is. `path`
 * need not be absolute; one that does not exist is no link. */
struct str term_link(const char *path, struct str text, struct arena *a);
bool  term_ask(const char *question);                   /* y/N on a terminal; false without one */

/* Words of `text` from column `from` on (where the cursor stands), on lines of at most `columns`; ends with a newline. */
void  term_wrap(FILE *to, struct str text, int from, int columns);
/* A heading and below it, indented, a text from outside: what it holds can't steer the terminal. Nothing for an empty
 * one. */
void  term_text(const char *label, struct str text);
void  term_entry(const char *name, const char *doc);    /* one line of a list: the name, then its sentence */

/* The progress line: one that rewrites itself on a terminal, else a plain line every few seconds. */
struct progress_line { int64_t last_ms; size_t width; bool shown; };
void  progress_show(struct progress_line *p, struct str text, bool force);
void  progress_clear(struct progress_line *p);

/* Interrupts: the first Ctrl-C asks for a clean stop, the second for a quick one. 0, 1 or 2. */
void  interrupts_watch(void);
int   interrupts_seen(void);
