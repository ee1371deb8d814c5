/* src/template/engine.h: one render in progress, and how its parts call each other (private to the folder). */
#pragma once

#include "template/ast.h"

#define ENGINE_STACK_MAX (768u * 1024)      /* C stack one render may use; depth_max is met first in ordinary builds */

struct slot { const char *name; size_t name_len; struct value value; bool exported; };

/* Names of one block of text. The chain ends in a root: a template's own top level. */
struct scope {
    struct scope *parent;
    struct slot *slots;
    uint32_t len, cap;
    struct root *root;                      /* set in the top scope of a template */
};

struct block_stack { struct str name; const struct block_def **at; size_t len; };

/* One template (with those it extends) being run: what {% include %} and {% import %} start anew. */
struct root {
    struct scope scope;
    const json_t *vars;                     /* NULL when the names of the caller are not seen */
    const struct template *parent;          /* what {% extends %} named */
    struct block_stack *blocks;
    size_t block_len;
};

struct render {
    struct template_env *env;
    const struct template *t;               /* whose text is being run: for messages */
    struct pos at;
    struct arena *arena;
    struct buf *out;
    size_t out_start, output_max, memory_max, memory_start;
    struct scope *scope;
    struct root *root;
    struct value body;                      /* of EXPR_BODY */
    int64_t steps_left, steps_max;
    int depth, depth_max;
    const char *stack;
    bool output_off;                        /* below {% extends %}: text outside blocks is not shown (calls and includes are, as
                                             * in Jinja2) */
    struct err *e;
};

/* "name:line:col: ..." from where the render stands. */
enum err_code render_fail(struct render *r, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
enum err_code render_steps(struct render *r, int64_t n) MUST_USE;               /* spends; ERR_TOO_LARGE when spent */
enum err_code render_stack(struct render *r) MUST_USE;                          /* the C stack has room for more */
enum err_code render_enter(struct render *r, const char *what) MUST_USE;        /* one level deeper */
static inline void render_leave(struct render *r) { r->depth--; }
size_t render_text_max(const struct render *r);                                 /* ceiling of one text being made */
enum err_code render_emit(struct render *r, struct str s) MUST_USE;

/* Evaluating (eval.c) and running (render.c). */
enum err_code eval(struct render *r, const struct expr *x, struct value *out) MUST_USE;
enum err_code eval_assign(struct render *r, const struct expr *target, struct value v, bool exported) MUST_USE;
enum err_code run(struct render *r, const struct statement *s) MUST_USE;
/* Runs in the scope that stands and gives the text. output_off: see struct render; false for what is a value. */
enum err_code run_caught(struct render *r, const struct statement *s, bool output_off, struct value *out) MUST_USE;
struct scope *scope_push(struct render *r);                                     /* a child of r->scope, made current */
void scope_set(struct render *r, struct scope *s, struct str name, struct value v, bool exported);
bool scope_find(struct render *r, const struct scope *s, struct str name, struct value *out);
enum err_code scope_undefined(struct render *r, struct value v);                /* the sentence, with the nearest name */

/* Macros, loops' recursion, blocks (compose.c). */
struct macro { const struct macro_def *def; struct scope *scope; struct root *root; const struct template *t; };
struct module { struct root *root; const struct template *t; struct str text; };
struct block_ref { const struct block_stack *stack; size_t level; struct root *root; };
struct turns {
    const struct statement *statement;
    struct scope *outer;                    /* where the loop stands */
    struct root *root;
    const struct template *t;
    struct list *items;
    size_t next;                            /* first item of `items` not looked at */
    int64_t index0, length;                 /* length -1: not counted yet */
    struct value previous, current, after;  /* after: looked ahead at; MISSING when not */
    struct value changed;                   /* what loop.changed saw last */
    int depth0;
    bool filtered;                          /* `items` have already passed the loop's `if` */
};
enum err_code turns_call(struct render *r, struct turns *l, struct value iterable, struct value *out) MUST_USE;
enum err_code turns_run(struct render *r, const struct statement *s, struct value iterable, struct scope *outer,
                        int depth0) MUST_USE;
enum err_code turns_attr(struct render *r, struct turns *l, struct str name, struct value *out, bool *found) MUST_USE;
enum err_code compose_run(struct render *r, const struct template *t, struct root *root) MUST_USE;  /* with what it extends */
enum err_code compose_block(struct render *r, const struct block_stack *stack, size_t level, struct scope *parent) MUST_USE;
enum err_code compose_block_statement(struct render *r, const struct statement *s) MUST_USE;
enum err_code compose_extends(struct render *r, const struct statement *s) MUST_USE;
enum err_code compose_include(struct render *r, const struct statement *s) MUST_USE;
enum err_code compose_import(struct render *r, const struct statement *s) MUST_USE;
enum err_code compose_self(struct render *r, struct str name, struct value *out) MUST_USE;
enum err_code compose_super(struct render *r, const struct block_ref *ref, struct value *out) MUST_USE;

/* Arguments after evaluation, and calling (call.c). */
struct given_keyword { struct str name; struct value value; };
struct given { struct value *at; size_t len; struct given_keyword *keywords; size_t keyword_len; };

#define CALLABLE_PARAMS 6
/* A filter, test, method or global function. `args` are bound by name: what was not given is VALUE_MISSING. */
struct callable {
    const char *name;
    const char *params[CALLABLE_PARAMS];    /* in order; those past `required` may be left out */
    int required;
    bool variadic;                          /* takes whatever it is given: see `given` instead of `args` */
    bool takes_undefined;                   /* otherwise an undefined `self` never arrives */
    enum err_code (*fn)(struct render *r, struct value self, const struct value *args, const struct given *given,
                        struct value *out);
};
enum err_code call_given(struct render *r, const struct call_args *args, struct given *out) MUST_USE;
enum err_code call_callable(struct render *r, const char *what, const struct callable *fn, struct value self,
                            const struct given *given, struct value *out) MUST_USE;
/* Evaluates and makes the call of an EXPR_CALL; `caller` (or MISSING) goes along as the argument of that name. */
enum err_code eval_call(struct render *r, const struct expr *x, struct value caller, struct value *out) MUST_USE;
enum err_code call_value(struct render *r, struct value fn, const struct given *given, struct value *out) MUST_USE;
enum err_code call_macro(struct render *r, const struct macro *m, const struct given *given,
                         struct value *out) MUST_USE;
/* Typed looks at one bound argument; `what` names it in the sentence. MISSING gives the fallback. */
enum err_code arg_int(struct render *r, struct value v, const char *what, int64_t fallback, int64_t *out) MUST_USE;
enum err_code arg_truth(struct render *r, struct value v, bool fallback, bool *out) MUST_USE;
enum err_code arg_str(struct render *r, struct value v, const char *what, struct str *out) MUST_USE;    /* must be a string */

/* Tables. The name's nearest neighbour goes into messages. */
const struct callable *filters_find(struct str name);
const struct callable *tests_find(struct str name);
const struct callable *globals_find(struct str name);
struct str filters_nearest(struct str name);
struct str tests_nearest(struct str name);
const struct callable *methods_find(struct value self, struct str name);        /* NULL: no such method */
const char *methods_refused(struct value self, struct str name);                /* why a known Python method is not here */

/* % and str.format (format.c). */
enum err_code format_percent(struct render *r, struct str fmt, struct value args, struct value *out) MUST_USE;
enum err_code format_braces(struct render *r, struct str fmt, const struct given *given, struct value *out) MUST_USE;

/* The loader (template.c). NOT_FOUND leaves the render's error alone when `quiet`. */
enum err_code env_load(struct template_env *env, struct str path, const struct template **out, struct err *e) MUST_USE;
const struct template_options *env_options(const struct template_env *env);
struct str env_intern(struct template_env *env, struct str name);
