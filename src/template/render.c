#include "template/engine.h"

#include <stdio.h>

enum err_code render_fail(struct render *r, enum err_code code, const char *fmt, ...)
{
    char text[640];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(r->e, code, STR_FMT ":%u:%u: %s", STR_ARG(r->t->name), r->at.line, r->at.col, text);
}

enum err_code render_steps(struct render *r, int64_t n)
{
    if (n > r->steps_left)
        return render_fail(r, ERR_TOO_LARGE, "this template needs more than %lld steps (steps_max)",
                           (long long)r->steps_max);
    r->steps_left -= n;
    if (arena_bytes(r->arena) - r->memory_start > r->memory_max)
        return render_fail(r, ERR_TOO_LARGE, "this template needs more than %zu bytes of memory (memory_max)",
                           r->memory_max);
    return ERR_OK;
}

enum err_code render_stack(struct render *r)
{
    const char *here = __builtin_frame_address(0);

    if ((size_t)(r->stack > here ? r->stack - here : here - r->stack) < ENGINE_STACK_MAX)
        return ERR_OK;
    return render_fail(r, ERR_TOO_LARGE, "values or calls nest too deeply");
}

enum err_code render_enter(struct render *r, const char *what)
{
    TRY(render_stack(r));
    if (++r->depth > r->depth_max)
        return render_fail(r, ERR_TOO_LARGE, "%s nest deeper than %d levels (depth_max); is it a circle?", what,
                           r->depth_max);
    return ERR_OK;
}

size_t render_text_max(const struct render *r)
{
    return r->memory_max;
}

enum err_code render_emit(struct render *r, struct str s)
{
    buf_append(r->out, s);
    if (buf_failed(r->out))
        return render_fail(r, ERR_TOO_LARGE, "the text is longer than %zu bytes (output_max)", r->out->max);
    return ERR_OK;
}

struct scope *scope_push(struct render *r)
{
    struct scope *s = arena_new(r->arena, struct scope);

    s->parent = r->scope;
    r->scope = s;
    return s;
}

void scope_set(struct render *r, struct scope *s, struct str name, struct value v, bool exported)
{
    for (uint32_t i = 0; i < s->len; i++)
        if (s->slots[i].name == name.at) {
            s->slots[i].value = v;
            s->slots[i].exported = exported;
            return;
        }
    if (s->len == s->cap) {
        uint32_t cap = s->cap ? s->cap * 2 : 4;
        struct slot *slots = arena_array(r->arena, struct slot, cap);

        if (s->len)
            memcpy(slots, s->slots, s->len * sizeof *slots);
        s->slots = slots;
        s->cap = cap;
    }
    s->slots[s->len++] = (struct slot){ name.at, name.len, v, exported };
}

bool scope_find(struct render *r, const struct scope *s, struct str name, struct value *out)
{
    for (; s; s = s->parent) {
        for (uint32_t i = 0; i < s->len; i++)
            if (s->slots[i].name == name.at) {
                *out = s->slots[i].value;
                return true;
            }
        if (s->root && s->root->vars) {
            const json_t *j = json_object_getn(s->root->vars, name.at, name.len);

            if (j) {
                *out = value_json(r, j);
                return true;
            }
        }
    }
    return false;
}

/* Offers a name to the spelling helper and, for the first eight, to the list of what is there. */
static void scope_offer(struct suggest *near, struct buf *known, size_t *n, struct str name)
{
    suggest_offer(near, name);
    if (*n < 8)
        buf_printf(known, "%s" STR_FMT, *n ? ", " : "", STR_ARG(str_utf8_head(name, 40)));
    ++*n;
}

static void scope_offer_dict(struct dict *d, struct suggest *near, struct buf *known, size_t *n)
{
    const char *key;
    size_t key_len;
    json_t *ignored;

    if (d->json) {
        json_object_keylen_foreach((json_t *)(uintptr_t)d->json, key, key_len, ignored)
            scope_offer(near, known, n, str_n(key, key_len));
        return;
    }
    for (size_t i = 0; i < d->len; i++)
        if (d->at[i].key.kind == VALUE_STR)
            scope_offer(near, known, n, d->at[i].key.s);
}

static void scope_offer_variables(struct render *r, struct suggest *near, struct buf *known, size_t *n)
{
    for (const struct scope *s = r->scope; s; s = s->parent) {
        for (uint32_t i = 0; i < s->len; i++)
            if (s->slots[i].value.kind != VALUE_UNDEFINED && s->slots[i].value.kind != VALUE_SELF)
                scope_offer(near, known, n, str_n(s->slots[i].name, s->slots[i].name_len));
        if (s->root && s->root->vars) {
            struct dict d = { .json = s->root->vars };

            scope_offer_dict(&d, near, known, n);
        }
    }
}

/* "ticket.customer.nmae", as far as it was written with plain names. */
static bool scope_path(const struct expr *x, struct buf *out)
{
    if (!x)
        return false;
    if (x->kind == EXPR_NAME) {
        buf_append(out, x->name);
        return true;
    }
    if (x->kind == EXPR_ATTR && scope_path(x->a, out)) {
        buf_byte(out, '.');
        buf_append(out, x->name);
        return true;
    }
    return false;
}

enum err_code scope_undefined(struct render *r, struct value v)
{
    AUTO_BUF struct buf known = BUF_INIT(500), path = BUF_INIT(200);
    const struct undefined *u = v.undefined;
    struct suggest near;
    size_t n = 0;
    char rest[600] = "";
    struct str what = u->name;

    if (u->hint.len)
        return err_set(r->e, u->denied ? ERR_DENIED : ERR_BAD_INPUT, STR_FMT ":%u:%u: " STR_FMT, STR_ARG(u->t->name),
                       u->line, u->col, STR_ARG(u->hint));
    suggest_begin(&near, u->name);
    if (u->of)
        scope_offer_dict(u->of, &near, &known, &n);
    else
        scope_offer_variables(r, &near, &known, &n);
    if (u->of && scope_path(u->expr, &path) && !buf_failed(&path))
        what = buf_str(&path);
    if (suggest_best(&near).len)
        snprintf(rest, sizeof rest, "; did you mean \"" STR_FMT "\"?", STR_ARG(suggest_best(&near)));
    else if (n)
        snprintf(rest, sizeof rest, "; %s " STR_FMT "%s", u->of ? "there is" : "known here:", STR_ARG(buf_str(&known)),
                 n > 8 ? ", ..." : "");
    return err_set(r->e, ERR_BAD_INPUT, STR_FMT ":%u:%u: %s \"" STR_FMT "\" is not defined%s", STR_ARG(u->t->name),
                   u->line, u->col, u->of ? "field" : "variable", STR_ARG(str_utf8_head(what, 150)), rest);
}

enum err_code run_caught(struct render *r, const struct statement *s, bool output_off, struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct buf *before = r->out;
    bool off = r->output_off;

    r->out = &b;
    r->output_off = output_off;
    TRY(run(r, s));             /* on error the render is over, and r->out with it */
    r->out = before;
    r->output_off = off;
    return value_take_text(r, &b, out);
}

static enum err_code run_print(struct render *r, const struct expr *x)
{
    struct value v;

    TRY(eval(r, x, &v));
    r->at = x->at;
    TRY(value_print(r, v, r->out));
    return render_emit(r, S(""));
}

static enum err_code run_if(struct render *r, const struct statement *s)
{
    for (; s && s->kind == STATEMENT_IF && s->test; s = s->other) {
        struct value v;
        bool yes;

        TRY(eval(r, s->test, &v));
        r->at = s->test->at;
        TRY(value_truth(r, v, &yes));
        if (yes)
            return run(r, s->body);
        if (!s->other || s->other->kind != STATEMENT_IF || s->other->next)
            return run(r, s->other);
    }
    return ERR_OK;
}

static enum err_code run_set(struct render *r, const struct statement *s)
{
    struct value v;

    if (s->kind == STATEMENT_SET_BLOCK) {
        struct scope *outer = r->scope;
        struct value body_before = r->body;

        scope_push(r);
        TRY(run_caught(r, s->body, false, &r->body));
        r->scope = outer;
        TRY(eval(r, s->value, &v));
        r->body = body_before;
    } else {
        TRY(eval(r, s->value, &v));
    }
    r->at = s->at;
    return eval_assign(r, s->target, v, s->top);
}

static enum err_code run_with(struct render *r, const struct statement *s)
{
    struct scope *outer = r->scope, *inner = scope_push(r);

    for (size_t i = 0; i < s->len; i++) {
        struct value v;

        r->scope = outer;
        TRY(eval(r, s->values[i], &v));
        r->scope = inner;
        TRY(eval_assign(r, s->targets[i], v, false));
    }
    r->scope = inner;
    TRY(run(r, s->body));
    r->scope = outer;
    return ERR_OK;
}

static struct value run_macro_value(struct render *r, const struct macro_def *def)
{
    struct macro *m = arena_new(r->arena, struct macro);

    *m = (struct macro){ def, r->scope, r->root, r->t };
    return (struct value){ .kind = VALUE_MACRO, .macro = m };
}

static enum err_code run_call(struct render *r, const struct statement *s)
{
    struct value v;

    TRY(eval_call(r, s->value, run_macro_value(r, s->macro), &v));
    r->at = s->at;
    TRY(value_print(r, v, r->out));
    return render_emit(r, S(""));
}

static enum err_code run_filter(struct render *r, const struct statement *s)
{
    struct scope *outer = r->scope;
    struct value v, body_before = r->body;

    scope_push(r);
    TRY(run_caught(r, s->body, r->output_off, &r->body));
    TRY(eval(r, s->value, &v));
    r->scope = outer;
    r->body = body_before;
    r->at = s->at;
    TRY(value_print(r, v, r->out));
    return render_emit(r, S(""));
}

static enum err_code run_group(struct render *r, const struct statement *s)
{
    return run(r, s->body);
}

static enum err_code run_for(struct render *r, const struct statement *s)
{
    struct value iterable;

    TRY(eval(r, s->value, &iterable));
    r->at = s->value->at;
    return turns_run(r, s, iterable, r->scope, 0);
}

static enum err_code run_macro(struct render *r, const struct statement *s)
{
    scope_set(r, r->scope, s->macro->name, run_macro_value(r, s->macro), s->top && s->macro->name.at[0] != '_');
    return ERR_OK;
}

enum err_code run(struct render *r, const struct statement *s)
{
    TRY(render_stack(r));
    for (; s; s = s->next) {
        r->at = s->at;
        TRY(render_steps(r, 1));
        switch (s->kind) {
        case STATEMENT_TEXT:
            if (!r->output_off)
                TRY(render_emit(r, s->text));
            break;
        case STATEMENT_PRINT:
            if (!r->output_off)
                TRY(run_print(r, s->value));
            break;
        case STATEMENT_FOR:       TRY(run_for(r, s)); break;
        case STATEMENT_IF:        TRY(run_if(r, s)); break;
        case STATEMENT_SET:
        case STATEMENT_SET_BLOCK: TRY(run_set(r, s)); break;
        case STATEMENT_WITH:      TRY(run_with(r, s)); break;
        case STATEMENT_MACRO:     TRY(run_macro(r, s)); break;
        case STATEMENT_CALL:      TRY(run_call(r, s)); break;
        case STATEMENT_FILTER:    TRY(run_filter(r, s)); break;
        case STATEMENT_GROUP:     TRY(run_group(r, s)); break;
        case STATEMENT_BLOCK:     TRY(compose_block_statement(r, s)); break;
        case STATEMENT_EXTENDS:   TRY(compose_extends(r, s)); break;
        case STATEMENT_INCLUDE:   TRY(compose_include(r, s)); break;
        case STATEMENT_IMPORT:
        case STATEMENT_FROM:      TRY(compose_import(r, s)); break;
        }
    }
    return ERR_OK;
}
