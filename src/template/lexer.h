/* src/template/lexer.h: a template's text as tokens.
 *
 * White-space control is done here: line ends become \n, the last one is dropped unless kept, `-` eats the white space
 * on its side, trim_blocks and lstrip_blocks do what Jinja2 says. Raw sections arrive as text, comments not at all.
 * Cost: linear; tokens and unescaped strings live in the arena. */
#pragma once

#include "template/ast.h"

enum token_kind {
    TOKEN_TEXT,
    TOKEN_BLOCK_BEGIN,
    TOKEN_BLOCK_END,
    TOKEN_PRINT_BEGIN,
    TOKEN_PRINT_END,
    TOKEN_NAME,
    TOKEN_STRING,
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_OP,
    TOKEN_END
};

#define OP2(a, b) ((a) | (b) << 8)

struct token {
    enum token_kind kind;
    struct pos at;
    struct str text;            /* TEXT, NAME, STRING (unescaped); the rest as written */
    int op;                     /* OP: the character, or OP2 of the two */
    int64_t i;
    double d;
};

struct tokens { struct token *at; size_t len; };

enum err_code lexer_run(const struct template_options *o, struct str name, struct str source, struct arena *a,
                        struct tokens *out, struct err *e) MUST_USE;
enum err_code lexer_fail(struct str name, struct pos at, struct err *e, const char *fmt, ...) PRINTF_LIKE(4, 5);
