/* src/template/ast.h: a template after parsing. It is never changed again, so threads share it freely.
 *
 * Names are interned in the env: two names are equal when their pointers are. Everything lives in the template's arena. */
#pragma once

#include "template/template.h"
#include "template/value.h"

struct pos { uint32_t line, col; };                     /* from 1; col counts bytes */

enum expr_kind {
    EXPR_CONST, EXPR_NAME, EXPR_NS_ATTR, EXPR_TUPLE, EXPR_LIST, EXPR_DICT, EXPR_NEG, EXPR_POS, EXPR_NOT, EXPR_AND, EXPR_OR,
    EXPR_BINARY, EXPR_CONCAT, EXPR_COMPARE, EXPR_IF, EXPR_ATTR, EXPR_ITEM, EXPR_SLICE, EXPR_CALL, EXPR_FILTER,
    EXPR_TEST, EXPR_BODY                                /* BODY: the text a filter or set block has caught */
};
enum compare_op { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE, COMPARE_IN, COMPARE_NOT_IN };

struct keyword { struct str name; struct expr *value; };
struct call_args {
    struct expr **at;
    size_t len;
    struct keyword *keywords;
    size_t keyword_len;
    struct expr *star, *star_star;
};

struct expr {
    enum expr_kind kind;
    struct pos at;
    struct value constant;                              /* CONST */
    struct str name;                                    /* NAME, ATTR, NS_ATTR (the namespace), FILTER, TEST as written */
    struct str attr;                                    /* NS_ATTR */
    struct expr *a, *b, *c, *d;                         /* operands; IF: a if b else c; SLICE: a[b:c:d] */
    struct expr **items;                                /* TUPLE, LIST, CONCAT, COMPARE (operands), DICT (key, value, ...) */
    size_t len;
    enum operator_kind op;                              /* BINARY */
    enum compare_op *compares;                          /* COMPARE: len - 1 of them */
    struct call_args *args;                             /* CALL, FILTER, TEST */
    const struct callable *fn;                          /* FILTER, TEST; NULL: unknown, and an `if` may step around it */
    bool negated;                                       /* TEST: is not */
    bool parenthesised;
};

enum statement_kind {
    STATEMENT_TEXT, STATEMENT_PRINT, STATEMENT_FOR, STATEMENT_IF, STATEMENT_SET, STATEMENT_SET_BLOCK, STATEMENT_WITH,
    STATEMENT_MACRO, STATEMENT_CALL, STATEMENT_FILTER, STATEMENT_BLOCK, STATEMENT_EXTENDS, STATEMENT_INCLUDE,
    STATEMENT_IMPORT, STATEMENT_FROM, STATEMENT_GROUP   /* GROUP: {% autoescape false %} */
};

struct macro_def {
    struct str name;
    struct str *params;
    struct expr **defaults;                             /* NULL where there is none */
    size_t len;
    bool uses_caller, uses_kwargs, uses_varargs, explicit_caller;
    struct statement *body;
};

struct import_name { struct str name, alias; };

struct statement {
    enum statement_kind kind;
    struct pos at;
    struct statement *next;
    struct str text;                                    /* TEXT, BLOCK's name, IMPORT's target */
    struct expr *target, *value, *test;                 /* FOR target in value if test; IF test; SET; CALL's call */
    struct statement *body, *other;
    struct expr **targets, **values;                    /* WITH */
    size_t len;
    struct macro_def *macro;                            /* MACRO, CALL (its body as caller) */
    struct import_name *names;                          /* FROM; len */
    bool uses_loop, closes, recursive, scoped, required, ignore_missing, with_context;
    bool top;                                           /* at the template's top level (inside `if` counts) */
    bool root;                                          /* and not even inside `if` */
    /* closes: a macro in the loop's body may outlive its turn, so each turn needs names of its own */
};

struct block_def { struct str name; const struct statement *at; const struct template *of; };

/* Names the engine itself sets. */
struct words { struct str loop, self, super, caller, kwargs, varargs; };

struct template {
    struct words words;
    struct template_env *env;
    struct arena *arena;
    struct str name;
    struct statement *body;
    struct block_def *blocks;
    size_t block_len;
    bool extends, extends_at_root;                      /* has {% extends %}; one that is not inside an `if` */
    struct str source;                                  /* of a file below the folder; else empty */
    bool followed;                                      /* template_files has been through its includes */
    struct template *next;                              /* the env's list */
};
