#include "template/parser.h"
#include "template/engine.h"

#include <stdio.h>

static enum err_code parser_body(struct parser *p, const char *const *ends, struct pos opened, const char *tag,
                                 struct statement **out) MUST_USE;

enum err_code parser_fail(struct parser *p, struct pos at, const char *fmt, ...)
{
    char text[600];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return lexer_fail(p->t->name, at, p->e, "%s", text);
}

const char *parser_describe(const struct token *t, char out[80])
{
    switch (t->kind) {
    case TOKEN_END:         return "the end of the template";
    case TOKEN_TEXT:        return "text";
    case TOKEN_BLOCK_BEGIN: return "\"{%\"";
    case TOKEN_BLOCK_END:   return "\"%}\"";
    case TOKEN_PRINT_BEGIN: return "\"{{\"";
    case TOKEN_PRINT_END:   return "\"}}\"";
    default:                break;
    }
    snprintf(out, 80, t->kind == TOKEN_STRING ? "the string \"" STR_FMT "\"" : "\"" STR_FMT "\"",
             STR_ARG(str_utf8_head(t->text, 50)));
    return out;
}

enum err_code parser_enter(struct parser *p)
{
    if (++p->depth <= p->o->depth_max)
        return ERR_OK;
    return err_set(p->e, ERR_TOO_LARGE, STR_FMT ":%u:%u: the template nests deeper than %d levels (depth_max)",
                   STR_ARG(p->t->name), p->at->at.line, p->at->at.col, p->o->depth_max);
}

bool parser_skip_op(struct parser *p, int op)
{
    bool is = parser_is_op(p, op);

    p->at += is;
    return is;
}

bool parser_skip_word(struct parser *p, const char *word)
{
    bool is = parser_is_word(p, word);

    p->at += is;
    return is;
}

enum err_code parser_expect_op(struct parser *p, int op, const char *after)
{
    char found[80];

    if (parser_skip_op(p, op))
        return ERR_OK;
    return parser_fail(p, p->at->at, "\"%c\" is expected after %s, not %s", op, after, parser_describe(p->at, found));
}

static enum err_code parser_expect_word(struct parser *p, const char *word)
{
    char found[80];

    if (parser_skip_word(p, word))
        return ERR_OK;
    return parser_fail(p, p->at->at, "\"%s\" is expected, not %s", word, parser_describe(p->at, found));
}

static enum err_code parser_tag_end(struct parser *p)
{
    char found[80];

    if (p->at->kind != TOKEN_BLOCK_END)
        return parser_fail(p, p->at->at, "\"%%}\" is expected, not %s", parser_describe(p->at, found));
    p->at++;
    return ERR_OK;
}

static struct statement *parser_statement_new(struct parser *p, enum statement_kind kind, struct pos at)
{
    struct statement *s = arena_new(p->t->arena, struct statement);

    s->kind = kind;
    s->at = at;
    s->top = p->top;
    s->root = p->root;
    return s;
}

/* ":" and "%}", then the body up to one of `ends` (whose word is then the current token). */
static enum err_code parser_section(struct parser *p, const char *const *ends, struct pos opened, const char *tag,
                                    struct statement **out)
{
    parser_skip_op(p, ':');
    TRY(parser_tag_end(p));
    return parser_body(p, ends, opened, tag, out);
}

/* A body that is no longer the template's top level; its end word is passed over. */
static enum err_code parser_inner(struct parser *p, const char *end, struct pos opened, const char *tag,
                                  struct statement **out)
{
    bool top = p->top, root = p->root;

    p->top = p->root = false;
    TRY(parser_section(p, (const char *const[]){ end, NULL }, opened, tag, out));
    p->top = top;
    p->root = root;
    p->at++;
    return ERR_OK;
}

static bool parser_target_has(const struct expr *x, const char *name)
{
    if (x->kind == EXPR_NAME)
        return str_is(x->name, name);
    for (size_t i = 0; x->kind == EXPR_TUPLE && i < x->len; i++)
        if (parser_target_has(x->items[i], name))
            return true;
    return false;
}

static enum err_code parser_for(struct parser *p, struct statement *s)
{
    static const char *const ends[] = { "else", "endfor", NULL };
    bool top = p->top, root = p->root;
    size_t loops, macros = p->saw_macro;

    TRY(parser_target(p, 0, "in", &s->target));
    if (parser_target_has(s->target, "loop"))
        return parser_fail(p, s->target->at, "\"loop\" is the loop itself and can't be the loop's variable");
    TRY(parser_expect_word(p, "in"));
    TRY(parser_tuple(p, 0, "recursive", &s->value));
    if (parser_skip_word(p, "if"))
        TRY(parser_expr(p, &s->test));
    s->recursive = parser_skip_word(p, "recursive");
    loops = p->saw_loop;
    p->top = p->root = false;
    TRY(parser_section(p, ends, s->at, "for", &s->body));
    s->closes = p->saw_macro != macros;
    s->uses_loop = s->recursive || p->saw_loop != loops;
    if (parser_skip_word(p, "else"))
        TRY(parser_section(p, ends + 1, s->at, "for", &s->other));
    p->at++;
    p->top = top;
    p->root = root;
    return ERR_OK;
}

static enum err_code parser_if(struct parser *p, struct statement *s)
{
    static const char *const ends[] = { "elif", "else", "endif", NULL };
    struct statement *first = s;
    bool root = p->root;
    int in_if = p->in_if;

    p->root = false;
    TRY(parser_tuple(p, 0, NULL, &s->test));
    p->in_if++;
    for (;;) {
        TRY(parser_section(p, ends, first->at, "if", &s->body));
        if (parser_skip_word(p, "elif")) {
            s->other = parser_statement_new(p, STATEMENT_IF, p->at->at);
            s = s->other;
            TRY(parser_tuple(p, 0, NULL, &s->test));
            continue;
        }
        if (parser_skip_word(p, "else"))
            TRY(parser_section(p, ends + 2, first->at, "if", &s->other));
        p->at++;
        p->root = root;
        p->in_if = in_if;
        return ERR_OK;
    }
}

static enum err_code parser_set(struct parser *p, struct statement *s)
{
    struct expr *body;

    TRY(parser_target(p, PARSE_NAMESPACE, NULL, &s->target));
    if (parser_skip_op(p, '='))
        return parser_tuple(p, PARSE_IF, NULL, &s->value);
    s->kind = STATEMENT_SET_BLOCK;
    body = arena_new(p->t->arena, struct expr);
    body->kind = EXPR_BODY;
    body->at = s->at;
    TRY(parser_filter_chain(p, body, false, &s->value));
    return parser_inner(p, "endset", s->at, "set", &s->body);
}

static enum err_code parser_with(struct parser *p, struct statement *s)
{
    struct { struct expr **at; size_t len, cap; } targets = { 0 }, values = { 0 };
    enum err_code code = ERR_OK;
    struct expr *x = NULL;

    while (code == ERR_OK && p->at->kind != TOKEN_BLOCK_END && !parser_is_op(p, ':')) {
        if (targets.len && (code = parser_expect_op(p, ',', "an assignment")) != ERR_OK)
            break;
        if ((code = parser_target(p, 0, NULL, &x)) != ERR_OK)
            break;
        vec_push(&targets, x);
        if ((code = parser_expect_op(p, '=', "the name to set")) == ERR_OK && (code = parser_expr(p, &x)) == ERR_OK)
            vec_push(&values, x);
    }
    if (code == ERR_OK) {
        s->len = targets.len;
        s->targets = arena_array(p->t->arena, struct expr *, s->len + 1);
        s->values = arena_array(p->t->arena, struct expr *, s->len + 1);
        for (size_t i = 0; i < s->len; i++) {
            s->targets[i] = targets.at[i];
            s->values[i] = values.at[i];
        }
        code = parser_inner(p, "endwith", s->at, "with", &s->body);
    }
    vec_dispose(&targets);
    vec_dispose(&values);
    return code;
}

static enum err_code parser_signature(struct parser *p, struct macro_def *m)
{
    VEC(struct import_name) names = { 0 };              /* only .name is used */
    struct { struct expr **at; size_t len, cap; } defaults = { 0 };
    enum err_code code = parser_expect_op(p, '(', "the macro's name");
    bool optional = false;

    while (code == ERR_OK && !parser_is_op(p, ')')) {
        struct import_name name = { 0 };
        struct expr *value = NULL;
        struct pos at;

        if (names.len && (code = parser_expect_op(p, ',', "a parameter")) != ERR_OK)
            break;
        at = p->at->at;
        if ((code = parser_name(p, "a parameter's name", &name.name)) != ERR_OK)
            break;
        for (size_t i = 0; i < names.len; i++)
            if (names.at[i].name.at == name.name.at)
                code = parser_fail(p, at, "parameter \"" STR_FMT "\" is there twice", STR_ARG(name.name));
        if (code == ERR_OK && parser_skip_op(p, '=')) {
            optional = true;
            code = parser_expr(p, &value);
        } else if (code == ERR_OK && optional) {
            code = parser_fail(p, at, "parameter \"" STR_FMT "\" needs a default, as one before it has one",
                               STR_ARG(name.name));
        }
        vec_push(&names, name);
        vec_push(&defaults, value);
    }
    if (code == ERR_OK) {
        p->at++;
        m->len = names.len;
        m->params = arena_array(p->t->arena, struct str, m->len + 1);
        m->defaults = arena_array(p->t->arena, struct expr *, m->len + 1);
        for (size_t i = 0; i < m->len; i++) {
            m->params[i] = names.at[i].name;
            m->defaults[i] = defaults.at[i];
            m->explicit_caller |= str_is(m->params[i], "caller");
        }
    }
    vec_dispose(&names);
    vec_dispose(&defaults);
    return code;
}

static bool parser_macro_has(const struct macro_def *m, const char *name)
{
    for (size_t i = 0; i < m->len; i++)
        if (str_is(m->params[i], name))
            return true;
    return false;
}

static enum err_code parser_macro_body(struct parser *p, struct macro_def *m, const char *end, struct pos opened,
                                       const char *tag)
{
    size_t caller = p->saw_caller, kwargs = p->saw_kwargs, varargs = p->saw_varargs;

    p->saw_macro++;
    TRY(parser_inner(p, end, opened, tag, &m->body));
    for (size_t i = 0; i < m->len; i++)
        if (str_is(m->params[i], "caller") && !m->defaults[i] && p->saw_caller != caller)
            return parser_fail(p, opened, "the parameter \"caller\" needs a default, as in caller=none");
    m->uses_caller = p->saw_caller != caller && !m->explicit_caller;
    m->uses_kwargs = p->saw_kwargs != kwargs && !parser_macro_has(m, "kwargs");
    m->uses_varargs = p->saw_varargs != varargs && !parser_macro_has(m, "varargs");
    return ERR_OK;
}

static enum err_code parser_macro(struct parser *p, struct statement *s)
{
    s->macro = arena_new(p->t->arena, struct macro_def);
    TRY(parser_name(p, "the macro's name", &s->macro->name));
    TRY(parser_signature(p, s->macro));
    return parser_macro_body(p, s->macro, "endmacro", s->at, "macro");
}

static enum err_code parser_call_block(struct parser *p, struct statement *s)
{
    s->macro = arena_new(p->t->arena, struct macro_def);
    s->macro->name = env_intern(p->t->env, S("caller"));
    if (parser_is_op(p, '('))
        TRY(parser_signature(p, s->macro));
    TRY(parser_expr(p, &s->value));
    if (s->value->kind != EXPR_CALL)
        return parser_fail(p, s->value->at,
                           "{%% call %%} needs a call of a macro, as in {%% call panel(\"title\") %%}");
    return parser_macro_body(p, s->macro, "endcall", s->at, "call");
}

static enum err_code parser_block(struct parser *p, struct statement *s)
{
    size_t loops, kwargs, varargs, caller;
    struct block_def def = { .at = s, .of = p->t };

    TRY(parser_name(p, "the block's name", &s->text));
    for (size_t i = 0; i < p->blocks.len; i++)
        if (p->blocks.at[i].name.at == s->text.at)
            return parser_fail(p, s->at, "block \"" STR_FMT "\" is there twice", STR_ARG(s->text));
    def.name = s->text;
    vec_push(&p->blocks, def);
    s->scoped = parser_skip_word(p, "scoped");
    s->required = parser_skip_word(p, "required");
    if (parser_is_op(p, '-'))
        return parser_fail(p, p->at->at, "a block's name can't hold \"-\"; use \"_\"");
    loops = p->saw_loop, kwargs = p->saw_kwargs, varargs = p->saw_varargs, caller = p->saw_caller;
    TRY(parser_inner(p, "endblock", s->at, "block", &s->body));
    p->saw_loop = loops + s->scoped, p->saw_kwargs = kwargs, p->saw_varargs = varargs, p->saw_caller = caller;
    for (const struct statement *b = s->required ? s->body : NULL; b; b = b->next)
        if (b->kind != STATEMENT_TEXT || str_trim(b->text).len)
            return parser_fail(p, s->at, "a required block may hold only comments and white space");
    if (p->at->kind == TOKEN_NAME && str_eq(p->at->text, s->text))
        p->at++;
    return ERR_OK;
}

static enum err_code parser_context(struct parser *p, struct statement *s, bool fallback)
{
    s->with_context = fallback;
    if ((parser_is_word(p, "with") || parser_is_word(p, "without")) && token_is_word(p->at + 1, "context")) {
        s->with_context = parser_is_word(p, "with");
        p->at += 2;
    }
    return ERR_OK;
}

static enum err_code parser_include(struct parser *p, struct statement *s)
{
    TRY(parser_expr(p, &s->value));
    if (parser_is_word(p, "ignore") && token_is_word(p->at + 1, "missing")) {
        s->ignore_missing = true;
        p->at += 2;
    }
    return parser_context(p, s, true);
}

static enum err_code parser_import(struct parser *p, struct statement *s)
{
    TRY(parser_expr(p, &s->value));
    TRY(parser_expect_word(p, "as"));
    TRY(parser_name(p, "a name", &s->text));
    return parser_context(p, s, false);
}

static enum err_code parser_from(struct parser *p, struct statement *s)
{
    VEC(struct import_name) names = { 0 };
    enum err_code code;

    TRY(parser_expr(p, &s->value));
    TRY(parser_expect_word(p, "import"));
    for (code = ERR_OK; code == ERR_OK;) {
        struct import_name n;
        struct pos at;

        if (names.len && (code = parser_expect_op(p, ',', "a name")) != ERR_OK)
            break;
        if ((parser_is_word(p, "with") || parser_is_word(p, "without")) && token_is_word(p->at + 1, "context"))
            break;
        at = p->at->at;
        if ((code = parser_name(p, "a name to import", &n.name)) != ERR_OK)
            break;
        if (n.name.at[0] == '_') {
            code = parser_fail(p, at, "names that start with \"_\" can't be imported");
            break;
        }
        n.alias = n.name;
        if (parser_skip_word(p, "as") && (code = parser_name(p, "a name", &n.alias)) != ERR_OK)
            break;
        vec_push(&names, n);
        if (!parser_is_op(p, ','))
            break;
    }
    if (code == ERR_OK) {
        s->names = arena_array(p->t->arena, struct import_name, names.len + 1);
        s->len = names.len;
        if (names.len)
            memcpy(s->names, names.at, names.len * sizeof *names.at);
        code = parser_context(p, s, false);
    }
    vec_dispose(&names);
    return code;
}

static enum err_code parser_extends(struct parser *p, struct statement *s)
{
    if (!p->top)
        return parser_fail(p, s->at, "{%% extends %%} must stand at the top level of the template");
    TRY(parser_expr(p, &s->value));
    p->t->extends = true;
    p->t->extends_at_root |= s->root;
    return ERR_OK;
}

static enum err_code parser_filter_block(struct parser *p, struct statement *s)
{
    struct expr *body = arena_new(p->t->arena, struct expr);

    body->kind = EXPR_BODY;
    body->at = s->at;
    TRY(parser_filter_chain(p, body, true, &s->value));
    return parser_inner(p, "endfilter", s->at, "filter", &s->body);
}

static enum err_code parser_autoescape(struct parser *p, struct statement *s)
{
    TRY(parser_expr(p, &s->value));
    if (s->value->kind != EXPR_CONST || s->value->constant.kind != VALUE_BOOL || s->value->constant.b)
        return parser_fail(p, s->at, "autoescape is for web pages and is off in prompts; use the filter `escape`");
    return parser_inner(p, "endautoescape", s->at, "autoescape", &s->body);
}

/* {% print a, b %}: one statement each. */
static enum err_code parser_print(struct parser *p, struct statement *s)
{
    struct statement *last = NULL;

    s->kind = STATEMENT_GROUP;
    while (p->at->kind != TOKEN_BLOCK_END) {
        struct statement *one = parser_statement_new(p, STATEMENT_PRINT, p->at->at);

        if (last)
            TRY(parser_expect_op(p, ',', "a value"));
        TRY(parser_expr(p, &one->value));
        if (last)
            last->next = one;
        else
            s->body = one;
        last = one;
    }
    return ERR_OK;
}

static const struct parser_tag {
    const char *word;
    enum statement_kind kind;
    enum err_code (*read)(struct parser *p, struct statement *s);
} parser_tags[] = {
    { "autoescape", STATEMENT_GROUP, parser_autoescape }, { "block", STATEMENT_BLOCK, parser_block },
    { "call", STATEMENT_CALL, parser_call_block },        { "extends", STATEMENT_EXTENDS, parser_extends },
    { "filter", STATEMENT_FILTER, parser_filter_block },  { "for", STATEMENT_FOR, parser_for },
    { "from", STATEMENT_FROM, parser_from },              { "if", STATEMENT_IF, parser_if },
    { "import", STATEMENT_IMPORT, parser_import },        { "include", STATEMENT_INCLUDE, parser_include },
    { "macro", STATEMENT_MACRO, parser_macro },           { "print", STATEMENT_GROUP, parser_print },
    { "set", STATEMENT_SET, parser_set },                 { "with", STATEMENT_WITH, parser_with },
};

/* Tags of extensions people know, with what to do without them. */
static const struct { const char *word, *advice; } parser_absent[] = {
    { "break", "loops always run to their end; filter them: {% for x in xs if ... %}" },
    { "continue", "put the rest of the loop's body into an {% if %}" },
    { "do", "it exists to change data, and templates can't; use {% set %} or a namespace" },
    { "debug", "print a value with {{ value|pprint }}" },
    { "trans", "translation is not for prompts" },
    { "endraw", "there is no {% raw %} before it" },
};

static enum err_code parser_unknown_tag(struct parser *p, const char *const *ends, struct pos opened, const char *tag)
{
    struct str word = p->at->text;
    struct suggest near;

    for (size_t i = 0; i < COUNT_OF(parser_absent); i++)
        if (str_is(word, parser_absent[i].word))
            return parser_fail(p, p->at->at, "there is no tag \"" STR_FMT "\": %s", STR_ARG(word),
                               parser_absent[i].advice);
    suggest_begin(&near, word);
    for (size_t i = 0; i < COUNT_OF(parser_tags); i++)
        suggest_offer(&near, str_c(parser_tags[i].word));
    for (; ends && *ends; ends++)
        suggest_offer(&near, str_c(*ends));
    if (suggest_best(&near).len)
        return parser_fail(p, p->at->at, "there is no tag \"" STR_FMT "\" here; did you mean \"" STR_FMT "\"?",
                           STR_ARG(word), STR_ARG(suggest_best(&near)));
    if (tag)
        return parser_fail(p, p->at->at, "there is no tag \"" STR_FMT "\" here; {%% %s %%} of line %u is still open",
                           STR_ARG(word), tag, opened.line);
    return parser_fail(p, p->at->at, "there is no tag \"" STR_FMT "\"; tags are autoescape, block, call, extends, filter, "
                       "for, from, if, import, include, macro, print, raw, set and with", STR_ARG(word));
}

/* The statement that begins at the current word; *ended when that word is one of `ends`. */
static enum err_code parser_statement(struct parser *p, const char *const *ends, struct pos opened, const char *tag,
                                      struct statement **out, bool *ended)
{
    char found[80];

    for (const char *const *end = ends; end && *end; end++)
        if (parser_is_word(p, *end)) {
            *ended = true;
            return ERR_OK;
        }
    if (p->at->kind != TOKEN_NAME)
        return parser_fail(p, p->at->at, "the name of a tag is expected, not %s", parser_describe(p->at, found));
    for (size_t i = 0; i < COUNT_OF(parser_tags); i++)
        if (parser_is_word(p, parser_tags[i].word)) {
            struct statement *s = parser_statement_new(p, parser_tags[i].kind, p->at->at);

            p->at++;
            TRY(parser_enter(p));
            TRY(parser_tags[i].read(p, s));
            parser_leave(p);
            *out = s;
            return parser_tag_end(p);
        }
    return parser_unknown_tag(p, ends, opened, tag);
}

/* Statements and text up to a tag in `ends` (current token: its word), or to the end when `ends` is NULL. */
static enum err_code parser_body(struct parser *p, const char *const *ends, struct pos opened, const char *tag,
                                 struct statement **out)
{
    struct statement **last = out;
    bool ended = false;
    char found[80];

    *out = NULL;
    for (;;) {
        struct token *t = p->at;
        struct statement *s = NULL;

        if (t->kind == TOKEN_END) {
            if (!ends)
                return ERR_OK;
            return parser_fail(p, t->at,
                               "the template ends, but {%% %s %%} of line %u is still open; \"%s\" is missing", tag,
                               opened.line,
                               ends[1] && ends[2] ? ends[2]
                               : ends[1]          ? ends[1]
                                                  : ends[0]);
        }
        p->at++;
        if (t->kind == TOKEN_TEXT) {
            s = parser_statement_new(p, STATEMENT_TEXT, t->at);
            s->text = t->text;
        } else if (t->kind == TOKEN_PRINT_BEGIN) {
            s = parser_statement_new(p, STATEMENT_PRINT, p->at->at);
            TRY(parser_tuple(p, PARSE_IF, NULL, &s->value));
            if (p->at->kind != TOKEN_PRINT_END)
                return parser_fail(p, p->at->at, "\"}}\" is expected, not %s", parser_describe(p->at, found));
            p->at++;
        } else {
            TRY(parser_statement(p, ends, opened, tag, &s, &ended));
            if (ended)
                return ERR_OK;
        }
        *last = s;
        last = &s->next;
    }
}

enum err_code parser_run(struct template *t, struct str source, struct err *e)
{
    struct parser p = { .t = t, .o = env_options(t->env), .top = true, .root = true, .e = e };
    struct tokens tokens;
    enum err_code code;

    TRY(lexer_run(p.o, t->name, source, t->arena, &tokens, e));
    p.at = tokens.at;
    code = parser_body(&p, NULL, (struct pos){ 0 }, NULL, &t->body);
    if (code == ERR_OK) {
        t->blocks = arena_array(t->arena, struct block_def, p.blocks.len + 1);
        t->block_len = p.blocks.len;
        if (p.blocks.len)
            memcpy(t->blocks, p.blocks.at, p.blocks.len * sizeof *p.blocks.at);
    }
    vec_dispose(&p.blocks);
    return code;
}
