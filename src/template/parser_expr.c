#include "template/engine.h"
#include "template/parser.h"

static enum err_code parser_unary(struct parser *p, bool with_filter, struct expr **out) MUST_USE;
static enum err_code parser_primary(struct parser *p, unsigned flags, struct expr **out) MUST_USE;
static enum err_code parser_postfix(struct parser *p, struct expr **x) MUST_USE;

struct exprs { struct expr **at; size_t len, cap; };

static void exprs_dispose(struct exprs *v)
{
    vec_dispose(v);
}

static struct expr *parser_node(struct parser *p, enum expr_kind kind, struct pos at)
{
    struct expr *x = arena_new(p->t->arena, struct expr);

    x->kind = kind;
    x->at = at;
    return x;
}

static void parser_give(struct parser *p, struct exprs *v, struct expr *x)
{
    x->items = arena_array(p->t->arena, struct expr *, v->len + 1);
    if (v->len)
        memcpy(x->items, v->at, v->len * sizeof *v->at);
    x->len = v->len;
}

enum err_code parser_name(struct parser *p, const char *what, struct str *out)
{
    char found[80];

    if (p->at->kind != TOKEN_NAME)
        return parser_fail(p, p->at->at, "%s is expected, not %s", what, parser_describe(p->at, found));
    *out = env_intern(p->t->env, p->at->text);
    p->at++;
    return ERR_OK;
}

/* Reads `left (op right)*` for one level. */
static enum err_code parser_level(struct parser *p, int level, struct expr **out);

static enum err_code parser_call_args(struct parser *p, struct call_args **out)
{
    AUTO(exprs_dispose) struct exprs at = { 0 };
    struct call_args *args = arena_new(p->t->arena, struct call_args);
    VEC(struct keyword) keywords = { 0 };
    enum err_code code = parser_expect_op(p, '(', "the name of what is called");
    bool first = true;

    while (code == ERR_OK && !parser_is_op(p, ')')) {
        struct expr *x = NULL;
        struct pos pos;

        if (!first && (code = parser_expect_op(p, ',', "an argument")) != ERR_OK)
            break;
        if (!first && parser_is_op(p, ')'))
            break;
        first = false;
        pos = p->at->at;
        if (parser_is_op(p, '*') || parser_is_op(p, OP2('*', '*'))) {
            struct expr **slot = parser_is_op(p, '*') ? &args->star : &args->star_star;

            if (*slot || (slot == &args->star && args->star_star)) {
                code = parser_fail(p, pos, "only one *list and then one **dict may be given to a call");
                break;
            }
            p->at++;
            code = parser_expr(p, slot);
        } else if (p->at->kind == TOKEN_NAME && p->at[1].kind == TOKEN_OP && p->at[1].op == '=') {
            struct keyword k = { .name = env_intern(p->t->env, p->at->text) };

            for (size_t i = 0; code == ERR_OK && i < keywords.len; i++)
                if (keywords.at[i].name.at == k.name.at)
                    code = parser_fail(p, pos, "argument \"" STR_FMT "\" is given twice", STR_ARG(k.name));
            if (code == ERR_OK && args->star_star)
                code = parser_fail(p, pos, "a named argument can't follow **dict");
            p->at += 2;
            if (code == ERR_OK && (code = parser_expr(p, &k.value)) == ERR_OK)
                vec_push(&keywords, k);
        } else if (args->star || args->star_star || keywords.len) {
            code = parser_fail(p, pos, "an argument without a name can't follow named ones");
        } else if ((code = parser_expr(p, &x)) == ERR_OK) {
            vec_push(&at, x);
        }
    }
    if (code == ERR_OK) {
        p->at++;
        args->at = arena_array(p->t->arena, struct expr *, at.len + 1);
        args->len = at.len;
        args->keywords = arena_array(p->t->arena, struct keyword, keywords.len + 1);
        args->keyword_len = keywords.len;
        if (at.len)
            memcpy(args->at, at.at, at.len * sizeof *at.at);
        if (keywords.len)
            memcpy(args->keywords, keywords.at, keywords.len * sizeof *keywords.at);
        *out = args;
    }
    vec_dispose(&keywords);
    return code;
}

/* a.b.c after | or is: one dotted name. */
static enum err_code parser_dotted(struct parser *p, const char *what, struct str *out)
{
    TRY(parser_name(p, what, out));
    while (parser_skip_op(p, '.')) {
        struct str part;

        TRY(parser_name(p, "a name", &part));
        *out = arena_printf(p->t->arena, STR_FMT "." STR_FMT, STR_ARG(*out), STR_ARG(part));
    }
    return ERR_OK;
}

/* A misspelt filter or test is found when the template is read, unless it has asked whether the name exists. */
static enum err_code parser_unknown(struct parser *p, struct pos at, const char *what, struct str name, struct str near)
{
    if (p->in_if && p->asked)
        return ERR_OK;
    if (near.len)
        return parser_fail(p, at, "there is no %s \"" STR_FMT "\"; did you mean \"" STR_FMT "\"?", what, STR_ARG(name),
                           STR_ARG(near));
    return parser_fail(p, at, "there is no %s \"" STR_FMT "\"", what, STR_ARG(name));
}

enum err_code parser_filter_chain(struct parser *p, struct expr *on, bool begun, struct expr **out)
{
    while (begun || parser_is_op(p, '|')) {
        struct expr *x;

        if (!begun)
            p->at++;
        begun = false;
        x = parser_node(p, EXPR_FILTER, p->at->at);
        TRY(parser_dotted(p, "the name of a filter", &x->name));
        x->fn = filters_find(x->name);
        if (!x->fn)
            TRY(parser_unknown(p, x->at, "filter", x->name, filters_nearest(x->name)));
        if (parser_is_op(p, '('))
            TRY(parser_call_args(p, &x->args));
        x->a = on;
        on = x;
    }
    *out = on;
    return ERR_OK;
}

static enum err_code parser_test(struct parser *p, struct expr *on, struct expr **out)
{
    struct expr *x, *arg;
    const struct token *t;

    p->at++;                                                    /* is */
    x = parser_node(p, EXPR_TEST, p->at->at);
    x->negated = parser_skip_word(p, "not");
    x->at = p->at->at;
    TRY(parser_dotted(p, "the name of a test", &x->name));
    x->fn = tests_find(x->name);
    if (!x->fn)
        TRY(parser_unknown(p, x->at, "test", x->name, tests_nearest(x->name)));
    p->asked |= str_is(x->name, "filter") || str_is(x->name, "test");
    x->a = on;
    *out = x;
    t = p->at;
    if (parser_is_op(p, '('))
        return parser_call_args(p, &x->args);
    if ((t->kind == TOKEN_NAME && !str_is(t->text, "else") && !str_is(t->text, "or") && !str_is(t->text, "and")) ||
        t->kind == TOKEN_STRING || t->kind == TOKEN_INT || t->kind == TOKEN_FLOAT || parser_is_op(p, '[') ||
        parser_is_op(p, '{')) {
        if (token_is_word(t, "is"))
            return parser_fail(p, t->at, "tests can't be chained; write `x is a and x is b`");
        TRY(parser_primary(p, 0, &arg));
        TRY(parser_postfix(p, &arg));
        x->args = arena_new(p->t->arena, struct call_args);
        x->args->at = arena_array(p->t->arena, struct expr *, 1);
        x->args->at[0] = arg;
        x->args->len = 1;
    }
    return ERR_OK;
}

static enum err_code parser_index(struct parser *p, struct expr *on, struct expr **out)
{
    struct expr *x = parser_node(p, EXPR_SLICE, p->at->at), *first = NULL;

    x->a = on;
    if (!parser_is_op(p, ':')) {
        TRY(parser_expr(p, &first));
        if (!parser_is_op(p, ':')) {
            *out = first;
            return ERR_OK;
        }
    }
    x->b = first;
    p->at++;
    if (!parser_is_op(p, ':') && !parser_is_op(p, ']') && !parser_is_op(p, ','))
        TRY(parser_expr(p, &x->c));
    if (parser_skip_op(p, ':') && !parser_is_op(p, ']') && !parser_is_op(p, ','))
        TRY(parser_expr(p, &x->d));
    *out = x;
    return ERR_OK;
}

static enum err_code parser_subscript(struct parser *p, struct expr **x)
{
    struct token *t = p->at++;
    struct expr *node = parser_node(p, EXPR_ITEM, t->at);
    char found[80];

    node->a = *x;
    if (t->op == '.') {
        node->at = p->at->at;
        if (p->at->kind == TOKEN_NAME) {
            node->kind = EXPR_ATTR;
            node->name = env_intern(p->t->env, p->at->text);
        } else if (p->at->kind == TOKEN_INT) {
            node->b = parser_node(p, EXPR_CONST, p->at->at);
            node->b->constant = value_int(p->at->i);
        } else {
            return parser_fail(p, p->at->at, "a name or a number is expected after \".\", not %s",
                               parser_describe(p->at, found));
        }
        p->at++;
        *x = node;
        return ERR_OK;
    }
    node->at = p->at->at;
    if (parser_is_op(p, ']'))
        return parser_fail(p, p->at->at, "an index is expected between \"[\" and \"]\"");
    TRY(parser_index(p, *x, &node->b));
    if (parser_is_op(p, ','))
        return parser_fail(p, p->at->at, "only one index can be given");
    TRY(parser_expect_op(p, ']', "an index"));
    *x = node->b->kind == EXPR_SLICE && node->b->a == *x && !node->b->parenthesised ? node->b : node;
    return ERR_OK;
}

static enum err_code parser_call(struct parser *p, struct expr **x)
{
    struct expr *node = parser_node(p, EXPR_CALL, (*x)->at);

    TRY(parser_call_args(p, &node->args));
    node->a = *x;
    *x = node;
    return ERR_OK;
}

static enum err_code parser_postfix(struct parser *p, struct expr **x)
{
    for (int n = 0;; n++) {
        if (n > p->o->depth_max)
            return err_set(p->e, ERR_TOO_LARGE, STR_FMT ":%u:%u: this expression has more than %d parts in a row",
                           STR_ARG(p->t->name), p->at->at.line, p->at->at.col, p->o->depth_max);
        if (parser_is_op(p, '.') || parser_is_op(p, '['))
            TRY(parser_subscript(p, x));
        else if (parser_is_op(p, '('))
            TRY(parser_call(p, x));
        else
            return ERR_OK;
    }
}

static enum err_code parser_filter_expr(struct parser *p, struct expr **x)
{
    for (int n = 0;; n++) {
        if (n > p->o->depth_max)
            return err_set(p->e, ERR_TOO_LARGE, STR_FMT ":%u:%u: more than %d filters in a row", STR_ARG(p->t->name),
                           p->at->at.line, p->at->at.col, p->o->depth_max);
        if (parser_is_op(p, '|')) {
            struct expr *filter = *x;

            TRY(parser_filter_chain(p, filter, false, x));
        } else if (parser_is_word(p, "is")) {
            TRY(parser_test(p, *x, x));
        } else if (parser_is_op(p, '(')) {
            TRY(parser_call(p, x));
        } else {
            return ERR_OK;
        }
    }
}

static enum err_code parser_brackets(struct parser *p, struct expr **out)
{
    AUTO(exprs_dispose) struct exprs v = { 0 };
    bool is_dict = parser_is_op(p, '{');
    int close = is_dict ? '}' : ']';
    struct expr *x = parser_node(p, is_dict ? EXPR_DICT : EXPR_LIST, p->at->at), *item = NULL;

    p->at++;
    while (!parser_is_op(p, close)) {
        if (v.len)
            TRY(parser_expect_op(p, ',', is_dict ? "an entry of a dict" : "an item of a list"));
        if (parser_is_op(p, close))
            break;
        TRY(parser_expr(p, &item));
        vec_push(&v, item);
        if (is_dict) {
            TRY(parser_expect_op(p, ':', "a dict's key"));
            TRY(parser_expr(p, &item));
            vec_push(&v, item);
        }
    }
    p->at++;
    parser_give(p, &v, x);
    *out = x;
    return ERR_OK;
}

static enum err_code parser_string(struct parser *p, struct expr *x)
{
    struct token *first = p->at;

    if (first[1].kind == TOKEN_STRING) {
        AUTO_BUF struct buf b = BUF_INIT(p->o->source_max);

        for (; p->at->kind == TOKEN_STRING; p->at++)
            buf_append(&b, p->at->text);
        x->constant = value_str(arena_strdup(p->t->arena, buf_str(&b)));
        return ERR_OK;
    }
    x->constant = value_str(first->text);
    p->at++;
    return ERR_OK;
}

static void parser_count_name(struct parser *p, struct str name)
{
    p->saw_loop += str_is(name, "loop");
    p->saw_caller += str_is(name, "caller");
    p->saw_kwargs += str_is(name, "kwargs");
    p->saw_varargs += str_is(name, "varargs");
}

static bool parser_literal_name(struct str name, struct value *out)
{
    if (str_is(name, "true") || str_is(name, "True"))
        *out = value_bool(true);
    else if (str_is(name, "false") || str_is(name, "False"))
        *out = value_bool(false);
    else if (str_is(name, "none") || str_is(name, "None"))
        *out = VALUE_OF_NONE;
    else
        return false;
    return true;
}

static enum err_code parser_primary(struct parser *p, unsigned flags, struct expr **out)
{
    struct token *t = p->at;
    struct expr *x = parser_node(p, EXPR_CONST, t->at);
    char found[80];

    *out = x;
    switch (t->kind) {
    case TOKEN_NAME:
        p->at++;
        if (parser_literal_name(t->text, &x->constant))
            return ERR_OK;
        x->kind = EXPR_NAME;
        x->name = env_intern(p->t->env, t->text);
        if ((flags & PARSE_NAMESPACE) && parser_skip_op(p, '.')) {
            x->kind = EXPR_NS_ATTR;
            return parser_name(p, "a name", &x->attr);
        }
        if (!(flags & PARSE_NAMES))
            parser_count_name(p, x->name);
        return ERR_OK;
    case TOKEN_STRING: return parser_string(p, x);
    case TOKEN_INT:
        x->constant = value_int(t->i);
        p->at++;
        return ERR_OK;
    case TOKEN_FLOAT:
        x->constant = value_float(t->d);
        p->at++;
        return ERR_OK;
    case TOKEN_OP:
        if (t->op == '(') {
            p->at++;
            TRY(parser_enter(p));
            TRY(parser_tuple(p, PARSE_IF | PARSE_EMPTY, NULL, out));
            (*out)->parenthesised = true;
            parser_leave(p);
            return parser_expect_op(p, ')', "what stands in parentheses");
        }
        if (t->op == '[' || t->op == '{') {
            TRY(parser_enter(p));
            TRY(parser_brackets(p, out));
            parser_leave(p);
            return ERR_OK;
        }
        break;
    default: break;
    }
    return parser_fail(p, t->at, "a value is expected, not %s", parser_describe(t, found));
}

static enum err_code parser_unary(struct parser *p, bool with_filter, struct expr **out)
{
    struct pos at = p->at->at;
    bool minus = parser_is_op(p, '-');

    if (minus || parser_is_op(p, '+')) {
        struct expr *x = parser_node(p, minus ? EXPR_NEG : EXPR_POS, at);

        p->at++;
        TRY(parser_enter(p));
        TRY(parser_unary(p, false, &x->a));
        parser_leave(p);
        *out = x;
    } else {
        TRY(parser_primary(p, 0, out));
    }
    TRY(parser_postfix(p, out));
    return with_filter ? parser_filter_expr(p, out) : ERR_OK;
}

/* How deep a row of left-leaning operators may lean: it is walked by recursion when evaluated. */
static enum err_code parser_row(struct parser *p, int n)
{
    if (n <= 1000)
        return ERR_OK;
    return err_set(p->e, ERR_TOO_LARGE, STR_FMT ":%u:%u: more than 1000 operators in a row", STR_ARG(p->t->name),
                   p->at->at.line, p->at->at.col);
}

enum { LEVEL_PLUS, LEVEL_CONCAT, LEVEL_TIMES, LEVEL_POWER, LEVEL_SIGN };

static bool parser_binary_op(const struct parser *p, int level, enum operator_kind *op)
{
    static const struct { int level, text; enum operator_kind op; } ops[] = {
        { LEVEL_PLUS, '+', OPERATOR_ADD },   { LEVEL_PLUS, '-', OPERATOR_SUB },
        { LEVEL_TIMES, '*', OPERATOR_MUL },  { LEVEL_TIMES, '/', OPERATOR_DIV },
        { LEVEL_TIMES, OP2('/', '/'), OPERATOR_FLOORDIV }, { LEVEL_TIMES, '%', OPERATOR_MOD },
        { LEVEL_POWER, OP2('*', '*'), OPERATOR_POW },
    };

    for (size_t i = 0; i < COUNT_OF(ops); i++)
        if (ops[i].level == level && parser_is_op(p, ops[i].text)) {
            *op = ops[i].op;
            return true;
        }
    return false;
}

static enum err_code parser_concat(struct parser *p, struct expr **out)
{
    AUTO(exprs_dispose) struct exprs v = { 0 };
    struct expr *x = NULL;

    TRY(parser_level(p, LEVEL_TIMES, out));
    if (!parser_is_op(p, '~'))
        return ERR_OK;
    x = *out;
    vec_push(&v, x);
    while (parser_skip_op(p, '~')) {
        TRY(parser_level(p, LEVEL_TIMES, &x));
        vec_push(&v, x);
    }
    *out = parser_node(p, EXPR_CONCAT, v.at[0]->at);
    parser_give(p, &v, *out);
    return ERR_OK;
}

static enum err_code parser_level(struct parser *p, int level, struct expr **out)
{
    enum operator_kind op;

    if (level == LEVEL_CONCAT)
        return parser_concat(p, out);
    if (level == LEVEL_SIGN)
        return parser_unary(p, true, out);
    TRY(parser_level(p, level + 1, out));
    for (int n = 0; parser_binary_op(p, level, &op); n++) {
        struct expr *x = parser_node(p, EXPR_BINARY, p->at->at);

        TRY(parser_row(p, n));
        p->at++;
        x->op = op;
        x->a = *out;
        TRY(parser_level(p, level + 1, &x->b));
        *out = x;
    }
    return ERR_OK;
}

static bool parser_compare_op(struct parser *p, enum compare_op *op)
{
    static const struct { int text; enum compare_op op; } ops[] = {
        { OP2('=', '='), COMPARE_EQ }, { OP2('!', '='), COMPARE_NE }, { '<', COMPARE_LT },
        { OP2('<', '='), COMPARE_LE }, { '>', COMPARE_GT }, { OP2('>', '='), COMPARE_GE },
    };

    for (size_t i = 0; i < COUNT_OF(ops); i++)
        if (parser_is_op(p, ops[i].text)) {
            *op = ops[i].op;
            p->at++;
            return true;
        }
    if (parser_skip_word(p, "in")) {
        *op = COMPARE_IN;
        return true;
    }
    if (parser_is_word(p, "not") && token_is_word(p->at + 1, "in")) {
        *op = COMPARE_NOT_IN;
        p->at += 2;
        return true;
    }
    return false;
}

static enum err_code parser_compare(struct parser *p, struct expr **out)
{
    AUTO(exprs_dispose) struct exprs v = { 0 };
    enum compare_op ops[64], op;
    struct pos at;
    struct expr *x = NULL;

    TRY(parser_level(p, LEVEL_PLUS, &x));
    at = p->at->at;
    vec_push(&v, x);
    while (parser_compare_op(p, &op)) {
        if (v.len > COUNT_OF(ops))
            return parser_fail(p, p->at->at, "more than %zu comparisons in a row", COUNT_OF(ops));
        ops[v.len - 1] = op;
        TRY(parser_level(p, LEVEL_PLUS, &x));
        vec_push(&v, x);
    }
    if (v.len == 1) {
        *out = v.at[0];
        return ERR_OK;
    }
    x = parser_node(p, EXPR_COMPARE, at);
    parser_give(p, &v, x);
    x->compares = arena_array(p->t->arena, enum compare_op, v.len);
    memcpy(x->compares, ops, (v.len - 1) * sizeof *ops);
    *out = x;
    return ERR_OK;
}

static enum err_code parser_not(struct parser *p, struct expr **out)
{
    struct expr *x;

    if (!parser_is_word(p, "not"))
        return parser_compare(p, out);
    x = parser_node(p, EXPR_NOT, p->at->at);
    p->at++;
    TRY(parser_enter(p));
    TRY(parser_not(p, &x->a));
    parser_leave(p);
    *out = x;
    return ERR_OK;
}

static enum err_code parser_and(struct parser *p, struct expr **out)
{
    TRY(parser_not(p, out));
    for (int n = 0; parser_is_word(p, "and"); n++) {
        struct expr *x = parser_node(p, EXPR_AND, p->at->at);

        TRY(parser_row(p, n));
        p->at++;
        x->a = *out;
        TRY(parser_not(p, &x->b));
        *out = x;
    }
    return ERR_OK;
}

static enum err_code parser_or(struct parser *p, struct expr **out)
{
    TRY(parser_and(p, out));
    for (int n = 0; parser_is_word(p, "or"); n++) {
        struct expr *x = parser_node(p, EXPR_OR, p->at->at);

        TRY(parser_row(p, n));
        p->at++;
        x->a = *out;
        TRY(parser_and(p, &x->b));
        *out = x;
    }
    return ERR_OK;
}

/* A branch of an inline `if` may hold a filter that is not there. */
static enum err_code parser_condition(struct parser *p, struct expr **out)
{
    TRY(parser_or(p, out));
    for (int n = 0; parser_is_word(p, "if"); n++) {
        struct expr *x = parser_node(p, EXPR_IF, (*out)->at);

        TRY(parser_row(p, n));
        p->at++;
        x->a = *out;
        TRY(parser_or(p, &x->b));
        if (parser_skip_word(p, "else")) {
            TRY(parser_enter(p));
            TRY(parser_condition(p, &x->c));
            parser_leave(p);
        }
        *out = x;
    }
    return ERR_OK;
}

enum err_code parser_expr(struct parser *p, struct expr **out)
{
    TRY(parser_enter(p));
    TRY(parser_condition(p, out));
    parser_leave(p);
    return ERR_OK;
}

static bool parser_tuple_ends(const struct parser *p, const char *end)
{
    return p->at->kind == TOKEN_PRINT_END || p->at->kind == TOKEN_BLOCK_END || parser_is_op(p, ')') ||
           (end && parser_is_word(p, end));
}

enum err_code parser_tuple(struct parser *p, unsigned flags, const char *end, struct expr **out)
{
    AUTO(exprs_dispose) struct exprs v = { 0 };
    struct pos at = p->at->at;
    bool is_tuple = false;
    struct expr *x = NULL;
    char found[80];

    for (;;) {
        if (v.len)
            TRY(parser_expect_op(p, ',', "an item"));
        if (parser_tuple_ends(p, end))
            break;
        if (flags & PARSE_NAMES)
            TRY(parser_primary(p, flags, &x));
        else if (flags & PARSE_IF)
            TRY(parser_expr(p, &x));
        else
            TRY(parser_or(p, &x));
        vec_push(&v, x);
        if (!parser_is_op(p, ','))
            break;
        is_tuple = true;
    }
    if (!is_tuple && v.len) {
        *out = v.at[0];
        return ERR_OK;
    }
    if (!is_tuple && !(flags & PARSE_EMPTY))
        return parser_fail(p, p->at->at, "a value is expected, not %s", parser_describe(p->at, found));
    *out = parser_node(p, EXPR_TUPLE, at);
    parser_give(p, &v, *out);
    return ERR_OK;
}

static enum err_code parser_check_target(struct parser *p, const struct expr *x)
{
    if (x->kind == EXPR_NAME || x->kind == EXPR_NS_ATTR)
        return ERR_OK;
    if (x->kind != EXPR_TUPLE)
        return parser_fail(p, x->at, "only a name, names with commas, or namespace.name can be set");
    for (size_t i = 0; i < x->len; i++)
        TRY(parser_check_target(p, x->items[i]));
    return ERR_OK;
}

enum err_code parser_target(struct parser *p, unsigned flags, const char *end, struct expr **out)
{
    TRY(parser_tuple(p, flags | PARSE_NAMES, end, out));
    return parser_check_target(p, *out);
}
