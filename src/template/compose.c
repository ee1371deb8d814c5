/* Templates out of templates: macros, blocks and inheritance, include, import. */
#include "template/engine.h"

enum err_code call_macro(struct render *r, const struct macro *m, const struct given *given, struct value *out)
{
    const struct macro_def *def = m->def;
    struct scope *scope_before = r->scope, *inner;
    struct root *root = r->root;
    const struct template *t = r->t;
    struct pos at = r->at;
    bool *used = arena_array(r->arena, bool, given->keyword_len + 1);
    size_t taken = MIN(given->len, def->len);
    bool found_caller = def->explicit_caller;

    TRY(render_enter(r, "macros"));
    r->scope = m->scope;
    inner = scope_push(r);
    r->scope = scope_before;
    for (size_t i = 0; i < taken; i++)
        scope_set(r, inner, def->params[i], given->at[i], false);
    struct value *named = arena_array(r->arena, struct value, def->len + 1);

    for (size_t i = taken; i < def->len; i++)
        for (size_t k = 0; k < given->keyword_len; k++)
            if (!used[k] && str_eq(given->keywords[k].name, def->params[i])) {
                named[i] = given->keywords[k].value;
                used[k] = true;
            }
    struct value caller = value_undefined(r, r->t->words.caller,
                                          "this macro was not called by {%% call %%}, so there is no caller()");
    struct dict *kwargs = dict_new(r);
    struct list *varargs = list_new(r, LIST_TUPLE, 0);

    for (size_t k = 0; k < given->keyword_len; k++) {
        if (used[k])
            continue;
        if (def->uses_caller && !found_caller && str_is(given->keywords[k].name, "caller"))
            caller = given->keywords[k].value;
        else if (def->uses_kwargs)
            TRY(dict_put(r, kwargs, value_str(given->keywords[k].name), given->keywords[k].value));
        else
            return render_fail(r, ERR_BAD_INPUT, "macro \"" STR_FMT "\" has no parameter \"" STR_FMT "\"",
                               STR_ARG(def->name), STR_ARG(given->keywords[k].name));
    }
    if (given->len > def->len && !def->uses_varargs)
        return render_fail(r, ERR_BAD_INPUT, "macro \"" STR_FMT "\" takes %zu values, and %zu are given",
                           STR_ARG(def->name), def->len, given->len);
    for (size_t i = def->len; i < given->len; i++)
        TRY(list_push(r, varargs, given->at[i]));
    r->t = m->t;
    r->root = m->root;
    r->scope = inner;
    if (def->uses_caller)
        scope_set(r, inner, m->t->words.caller, caller, false);
    if (def->uses_kwargs)
        scope_set(r, inner, m->t->words.kwargs, value_dict(kwargs), false);
    if (def->uses_varargs)
        scope_set(r, inner, m->t->words.varargs, value_list(varargs), false);
    for (size_t i = taken; i < def->len; i++) {
        struct value v = named[i];

        if (v.kind == VALUE_MISSING && def->defaults[i])
            TRY(eval(r, def->defaults[i], &v));
        else if (v.kind == VALUE_MISSING)
            v = value_undefined(r, def->params[i],
                                "the parameter \"" STR_FMT "\" of macro \"" STR_FMT "\" was not given",
                                STR_ARG(def->params[i]), STR_ARG(def->name));
        scope_set(r, inner, def->params[i], v, false);
    }
    TRY(run_caught(r, def->body, false, out));
    r->scope = scope_before;
    r->root = root;
    r->t = t;
    r->at = at;
    render_leave(r);
    return ERR_OK;
}

static struct block_stack *compose_stack(struct root *root, struct str name)
{
    for (size_t i = 0; i < root->block_len; i++)
        if (root->blocks[i].name.at == name.at)
            return &root->blocks[i];
    return NULL;
}

/* The blocks of `t` go behind those of the templates that extend it. */
static void compose_add_blocks(struct render *r, struct root *root, const struct template *t)
{
    for (size_t i = 0; i < t->block_len; i++) {
        struct block_stack *stack = compose_stack(root, t->blocks[i].name);
        const struct block_def **at;

        if (!stack) {
            struct block_stack *stacks = arena_array(r->arena, struct block_stack, root->block_len + 1);

            if (root->block_len)
                memcpy(stacks, root->blocks, root->block_len * sizeof *stacks);
            root->blocks = stacks;
            stack = &stacks[root->block_len++];
            stack->name = t->blocks[i].name;
        }
        at = arena_array(r->arena, const struct block_def *, stack->len + 1);
        if (stack->len)
            memcpy(at, stack->at, stack->len * sizeof *at);
        at[stack->len++] = &t->blocks[i];
        stack->at = at;
    }
}

enum err_code compose_run(struct render *r, const struct template *t, struct root *root)
{
    bool off = r->output_off;

    scope_set(r, &root->scope, t->words.self, (struct value){ .kind = VALUE_SELF }, false);
    compose_add_blocks(r, root, t);
    r->root = root;
    for (;;) {
        TRY(render_enter(r, "templates that extend each other"));
        r->t = t;
        r->scope = &root->scope;
        root->parent = NULL;
        r->output_off = false;
        TRY(run(r, t->body));
        if (!root->parent)
            break;
        t = root->parent;
        compose_add_blocks(r, root, t);
    }
    r->output_off = off;
    return ERR_OK;
}

enum err_code compose_block(struct render *r, const struct block_stack *stack, size_t level, struct scope *parent)
{
    const struct block_def *def = stack->at[level];
    struct scope *before = r->scope, *inner;
    const struct template *t = r->t;
    struct value super;
    struct pos at = r->at;
    bool off = r->output_off;

    TRY(render_enter(r, "blocks"));
    r->scope = parent;
    inner = scope_push(r);
    r->t = def->of;
    r->output_off = false;
    if (level + 1 < stack->len) {
        struct block_ref *ref = arena_new(r->arena, struct block_ref);

        *ref = (struct block_ref){ stack, level + 1, r->root };
        super = (struct value){ .kind = VALUE_BLOCK, .block = ref };
    } else {
        super = value_undefined(r, def->of->words.super,
                                "block \"" STR_FMT "\" has no block above it, so there is no super()",
                                STR_ARG(def->name));
    }
    scope_set(r, inner, def->of->words.super, super, false);
    TRY(run(r, def->at->body));
    r->scope = before;
    r->t = t;
    r->at = at;
    r->output_off = off;
    render_leave(r);
    return ERR_OK;
}

enum err_code compose_block_statement(struct render *r, const struct statement *s)
{
    struct block_stack *stack = compose_stack(r->root, s->text);

    if (s->top && r->root->parent)
        return ERR_OK;                          /* a child only defines its blocks; the parent places them */
    ASSERT(stack && stack->len);
    if (s->required && stack->len <= 1)
        return render_fail(r, ERR_BAD_INPUT, "block \"" STR_FMT "\" is required, and no template fills it",
                           STR_ARG(s->text));
    return compose_block(r, stack, 0, s->scoped ? r->scope : &r->root->scope);
}

enum err_code compose_self(struct render *r, struct str name, struct value *out)
{
    for (size_t i = 0; i < r->root->block_len; i++)
        if (str_eq(r->root->blocks[i].name, name)) {
            struct block_ref *ref = arena_new(r->arena, struct block_ref);

            *ref = (struct block_ref){ &r->root->blocks[i], 0, r->root };
            *out = (struct value){ .kind = VALUE_BLOCK, .block = ref };
            return ERR_OK;
        }
    *out = value_undefined(r, name, "there is no block \"" STR_FMT "\"", STR_ARG(name));
    return ERR_OK;
}

enum err_code compose_super(struct render *r, const struct block_ref *ref, struct value *out)
{
    struct block_ref *up = arena_new(r->arena, struct block_ref);

    if (ref->level + 1 >= ref->stack->len) {
        *out = value_undefined(r, S("super"), "there is no block above this one");
        return ERR_OK;
    }
    *up = (struct block_ref){ ref->stack, ref->level + 1, ref->root };
    *out = (struct value){ .kind = VALUE_BLOCK, .block = up };
    return ERR_OK;
}

static enum err_code compose_load(struct render *r, struct value name, const struct template **out)
{
    enum err_code code;
    struct err e = ERR_INIT;

    TRY(value_defined(r, name));
    if (name.kind != VALUE_STR)
        return render_fail(r, ERR_BAD_INPUT, "the name of a template is a string, not %s", value_type(name));
    code = env_load(r->env, name.s, out, &e);
    if (code == ERR_OK)
        return ERR_OK;
    if (code == ERR_NOT_FOUND || code == ERR_DENIED || code == ERR_IO)
        return render_fail(r, code, "%s", e.text);
    return err_set(r->e, code, "%s", e.text);           /* it names its own file and line */
}

enum err_code compose_extends(struct render *r, const struct statement *s)
{
    struct value name;

    if (r->root->parent)
        return render_fail(r, ERR_BAD_INPUT, "a template can extend only one other");
    TRY(eval(r, s->value, &name));
    r->at = s->at;
    TRY(compose_load(r, name, &r->root->parent));
    r->output_off = true;
    return ERR_OK;
}

/* The first of the names that is there; *out is NULL when none is and that is allowed. */
static enum err_code compose_choose(struct render *r, struct value names, bool may_miss, const struct template **out)
{
    struct list *l = list_new(r, LIST_PLAIN, 1);
    enum err_code code = ERR_OK;

    *out = NULL;
    TRY(value_defined(r, names));
    if (names.kind == VALUE_LIST)
        TRY(value_iterate(r, names, &l));
    else
        TRY(list_push(r, l, names));
    if (!list_len(l) && !may_miss)
        return render_fail(r, ERR_BAD_INPUT, "the list of templates to include is empty");
    for (size_t i = 0; i < list_len(l); i++) {
        code = compose_load(r, list_item(r, l, i), out);
        if (code != ERR_NOT_FOUND)
            return code;
    }
    if (may_miss)
        return ERR_OK;
    return code;
}

/* Runs `t` as a template of its own; its names end in `root`. */
static enum err_code compose_inside(struct render *r, const struct template *t, bool with_context, struct root **root)
{
    struct root *before = r->root, *inner = arena_new(r->arena, struct root);
    struct scope *scope = r->scope;
    const struct template *t_before = r->t;
    struct pos at = r->at;
    int depth = r->depth;

    TRY(render_enter(r, "templates"));
    inner->scope.root = inner;
    inner->scope.parent = with_context ? scope : NULL;
    TRY(compose_run(r, t, inner));
    r->root = before;
    r->scope = scope;
    r->t = t_before;
    r->at = at;
    r->depth = depth;
    *root = inner;
    return ERR_OK;
}

enum err_code compose_include(struct render *r, const struct statement *s)
{
    const struct template *t;
    struct value names;
    struct root *root;

    TRY(eval(r, s->value, &names));
    r->at = s->at;
    TRY(compose_choose(r, names, s->ignore_missing, &t));
    return t ? compose_inside(r, t, s->with_context, &root) : ERR_OK;
}

enum err_code compose_import(struct render *r, const struct statement *s)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct module *m = arena_new(r->arena, struct module);
    struct value name, text, v = { .kind = VALUE_MODULE, .module = m };
    struct buf *out = r->out;

    TRY(eval(r, s->value, &name));
    r->at = s->at;
    TRY(compose_load(r, name, &m->t));
    r->out = &b;
    TRY(compose_inside(r, m->t, s->with_context, &m->root));
    r->out = out;
    TRY(value_take_text(r, &b, &text));
    m->text = text.s;
    if (s->kind == STATEMENT_IMPORT) {
        scope_set(r, r->scope, s->text, v, false);
        return ERR_OK;
    }
    for (size_t i = 0; i < s->len; i++) {
        struct value got;

        TRY(value_attr(r, v, s->names[i].name, &got));
        if (got.kind == VALUE_UNDEFINED)
            got = value_undefined(r, s->names[i].name,
                                  "\"" STR_FMT "\" does not define \"" STR_FMT "\" at its top level",
                                  STR_ARG(m->t->name), STR_ARG(s->names[i].name));
        scope_set(r, r->scope, s->names[i].alias, got, false);
    }
    return ERR_OK;
}
