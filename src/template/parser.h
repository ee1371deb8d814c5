/* src/template/parser.h: tokens to a tree, by recursive descent (private to the folder).
 *
 * parser.c reads statements, parser_expr.c expressions. Nesting is bounded by depth_max. The order of binding is
 * Jinja2's: inline if, or, and, not, comparisons, + -, ~, * / // %, **, sign, postfix, filters and tests; ** takes
 * its left neighbour first, and a sign binds before it. */
#pragma once

#include "template/lexer.h"

struct parser {
    struct template *t;
    const struct template_options *o;
    struct token *at;                   /* the current token; the last one is TOKEN_END */
    int depth;
    int in_if;                          /* inside a condition's branches: an unknown filter may stay unused... */
    bool asked;                         /* ...when the template has asked "x is filter" */
    size_t saw_macro;
    size_t saw_loop, saw_caller, saw_kwargs, saw_varargs;   /* how often these names were read */
    bool top, root;                     /* for what is being read: see struct statement */
    VEC(struct block_def) blocks;
    struct err *e;
};

enum { PARSE_IF = 1, PARSE_NAMES = 2, PARSE_NAMESPACE = 4, PARSE_EMPTY = 8 };

enum err_code parser_run(struct template *t, struct str source, struct err *e) MUST_USE;

/* Expressions. */
enum err_code parser_expr(struct parser *p, struct expr **out) MUST_USE;
/* One expression or several with commas. PARSE_IF: inline `if` allowed; PARSE_NAMES: only names and literals (targets);
 * PARSE_EMPTY: () is a tuple. `end`: a keyword that ends it, or NULL. */
enum err_code parser_tuple(struct parser *p, unsigned flags, const char *end, struct expr **out) MUST_USE;
enum err_code parser_filter_chain(struct parser *p, struct expr *on, bool begun, struct expr **out) MUST_USE;
enum err_code parser_target(struct parser *p, unsigned flags, const char *end, struct expr **out) MUST_USE;
enum err_code parser_name(struct parser *p, const char *what, struct str *out) MUST_USE;

/* Tokens. */
static inline bool parser_is_op(const struct parser *p, int op) { return p->at->kind == TOKEN_OP && p->at->op == op; }
static inline bool token_is_word(const struct token *t, const char *w) { return t->kind == TOKEN_NAME && str_is(t->text, w); }
static inline bool parser_is_word(const struct parser *p, const char *w) { return token_is_word(p->at, w); }
bool parser_skip_op(struct parser *p, int op);
bool parser_skip_word(struct parser *p, const char *word);
enum err_code parser_expect_op(struct parser *p, int op, const char *after) MUST_USE;
enum err_code parser_fail(struct parser *p, struct pos at, const char *fmt, ...) PRINTF_LIKE(3, 4);
const char *parser_describe(const struct token *t, char out[80]);
enum err_code parser_enter(struct parser *p) MUST_USE;
static inline void parser_leave(struct parser *p) { p->depth--; }
