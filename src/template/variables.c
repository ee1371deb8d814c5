/* The names a template reads from outside: those met before anything in the template has set them. */
#include "template/engine.h"

struct names { struct str *at; size_t len, cap; };
struct variables { const struct words *words; struct names set, free; };

static bool names_has(const struct names *n, struct str name)
{
    for (size_t i = 0; i < n->len; i++)
        if (n->at[i].at == name.at)
            return true;
    return false;
}

static void names_add(struct names *n, struct str name)
{
    if (!names_has(n, name))
        vec_push(n, name);
}

static void variables_statements(struct variables *v, const struct statement *s);

static void variables_expr(struct variables *v, const struct expr *x)
{
    if (!x)
        return;
    if (x->kind == EXPR_NAME || x->kind == EXPR_NS_ATTR) {
        if (!names_has(&v->set, x->name) && !globals_find(x->name))
            names_add(&v->free, x->name);
        return;
    }
    variables_expr(v, x->a);
    variables_expr(v, x->b);
    variables_expr(v, x->c);
    variables_expr(v, x->d);
    for (size_t i = 0; i < x->len; i++)
        variables_expr(v, x->items[i]);
    if (!x->args)
        return;
    for (size_t i = 0; i < x->args->len; i++)
        variables_expr(v, x->args->at[i]);
    for (size_t i = 0; i < x->args->keyword_len; i++)
        variables_expr(v, x->args->keywords[i].value);
    variables_expr(v, x->args->star);
    variables_expr(v, x->args->star_star);
}

static void variables_target(struct variables *v, const struct expr *x)
{
    if (x->kind == EXPR_NAME)
        names_add(&v->set, x->name);
    else if (x->kind == EXPR_NS_ATTR)
        variables_expr(v, x);
    for (size_t i = 0; x->kind == EXPR_TUPLE && i < x->len; i++)
        variables_target(v, x->items[i]);
}

/* A body whose names end with it. */
static void variables_inner(struct variables *v, const struct statement *body, size_t outer)
{
    variables_statements(v, body);
    v->set.len = outer;
}

static void variables_macro(struct variables *v, const struct macro_def *m)
{
    size_t outer = v->set.len;

    for (size_t i = 0; i < m->len; i++) {
        variables_expr(v, m->defaults[i]);
        names_add(&v->set, m->params[i]);
    }
    names_add(&v->set, v->words->caller);
    names_add(&v->set, v->words->kwargs);
    names_add(&v->set, v->words->varargs);
    variables_inner(v, m->body, outer);
}

/* Only what every branch sets is set afterwards. */
static void variables_if(struct variables *v, const struct statement *s)
{
    size_t outer = v->set.len, kept = outer;
    struct names first = { 0 };

    variables_expr(v, s->test);
    variables_statements(v, s->body);
    for (size_t i = outer; i < v->set.len; i++)
        vec_push(&first, v->set.at[i]);
    v->set.len = outer;
    variables_statements(v, s->other);
    for (size_t i = outer; i < v->set.len; i++)
        if (names_has(&first, v->set.at[i]))
            v->set.at[kept++] = v->set.at[i];
    v->set.len = kept;
    vec_dispose(&first);
}

static void variables_for(struct variables *v, const struct statement *s)
{
    size_t outer = v->set.len;

    variables_expr(v, s->value);
    variables_target(v, s->target);
    variables_expr(v, s->test);
    names_add(&v->set, v->words->loop);
    variables_inner(v, s->body, outer);
    variables_inner(v, s->other, outer);
}

static void variables_statement(struct variables *v, const struct statement *s)
{
    size_t outer = v->set.len;

    switch (s->kind) {
    case STATEMENT_TEXT: return;
    case STATEMENT_IF: variables_if(v, s); return;
    case STATEMENT_FOR: variables_for(v, s); return;
    case STATEMENT_WITH:
        for (size_t i = 0; i < s->len; i++)
            variables_expr(v, s->values[i]);
        for (size_t i = 0; i < s->len; i++)
            variables_target(v, s->targets[i]);
        variables_inner(v, s->body, outer);
        return;
    case STATEMENT_MACRO:
        names_add(&v->set, s->macro->name);
        variables_macro(v, s->macro);
        return;
    case STATEMENT_CALL:
        variables_expr(v, s->value);
        variables_macro(v, s->macro);
        return;
    case STATEMENT_BLOCK: variables_inner(v, s->body, outer); return;
    case STATEMENT_GROUP: variables_statements(v, s->body); return;
    case STATEMENT_IMPORT:
        variables_expr(v, s->value);
        names_add(&v->set, s->text);
        return;
    case STATEMENT_FROM:
        variables_expr(v, s->value);
        for (size_t i = 0; i < s->len; i++)
            names_add(&v->set, s->names[i].alias);
        return;
    case STATEMENT_FILTER:
        variables_statements(v, s->body);
        variables_expr(v, s->value);
        v->set.len = outer;
        return;
    default:                                    /* print, set, extends, include */
        if (s->body)
            variables_inner(v, s->body, outer);
        variables_expr(v, s->value);
        if (s->target)
            variables_target(v, s->target);
    }
}

static void variables_statements(struct variables *v, const struct statement *s)
{
    for (; s; s = s->next)
        variables_statement(v, s);
}

size_t template_variables(const struct template *t, struct arena *a, struct str **names)
{
    struct variables v = { .words = &t->words };
    size_t n;

    names_add(&v.set, t->words.self);
    names_add(&v.set, t->words.super);
    variables_statements(&v, t->body);
    n = v.free.len;
    *names = arena_array(a, struct str, n + 1);
    for (size_t i = 0; i < n; i++)
        (*names)[i] = arena_strdup(a, v.free.at[i]);
    vec_dispose(&v.set);
    vec_dispose(&v.free);
    return n;
}
