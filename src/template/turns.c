/* {% for %}: one item is taken at a time and at most one looked ahead at, so a loop's `if` sees what its body did. */
#include "template/engine.h"

/* The next item that passes the loop's `if`. */
static enum err_code turns_pull(struct render *r, struct turns *l, struct value *out, bool *more)
{
    const struct statement *s = l->statement;

    *more = false;
    while (l->next < list_len(l->items)) {
        struct scope *before = r->scope;
        struct value verdict;
        bool yes = true;

        TRY(render_steps(r, 1));
        *out = list_item(r, l->items, l->next++);
        if (s->test && !l->filtered) {
            r->scope = l->outer;
            scope_push(r);
            TRY(eval_assign(r, s->target, *out, false));
            TRY(eval(r, s->test, &verdict));
            r->at = s->test->at;
            TRY(value_truth(r, verdict, &yes));
            r->scope = before;
        }
        if (yes) {
            *more = true;
            return ERR_OK;
        }
    }
    return ERR_OK;
}

static enum err_code turns_peek(struct render *r, struct turns *l, bool *more)
{
    *more = true;
    if (l->after.kind != VALUE_MISSING)
        return ERR_OK;
    TRY(turns_pull(r, l, &l->after, more));
    if (!*more)
        l->after = VALUE_OF_MISSING;
    return ERR_OK;
}

static enum err_code turns_length(struct render *r, struct turns *l, int64_t *out)
{
    if (l->length < 0) {
        struct list *rest = l->items;
        size_t skipped = l->next;

        if (l->statement->test) {
            struct value v;
            bool more;

            rest = list_new(r, LIST_PLAIN, 0);
            for (;;) {
                TRY(turns_pull(r, l, &v, &more));
                if (!more)
                    break;
                TRY(list_push(r, rest, v));
            }
            l->items = rest;
            l->next = skipped = 0;
            l->filtered = true;
        }
        l->length = (int64_t)(list_len(rest) - skipped) + l->index0 + 1 + (l->after.kind != VALUE_MISSING);
    }
    *out = l->length;
    return ERR_OK;
}

enum err_code turns_attr(struct render *r, struct turns *l, struct str name, struct value *out, bool *found)
{
    struct { const char *name; int64_t v; } numbers[] = {
        { "index", l->index0 + 1 }, { "index0", l->index0 }, { "depth", l->depth0 + 1 }, { "depth0", l->depth0 },
    };
    const struct callable *fn;
    int64_t length;
    bool more;

    *found = true;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (str_is(name, numbers[i].name)) {
            *out = value_int(numbers[i].v);
            return ERR_OK;
        }
    if (str_is(name, "first")) {
        *out = value_bool(l->index0 == 0);
    } else if (str_is(name, "last")) {
        TRY(turns_peek(r, l, &more));
        *out = value_bool(!more);
    } else if (str_is(name, "length")) {
        TRY(turns_length(r, l, &length));
        *out = value_int(length);
    } else if (str_is(name, "revindex") || str_is(name, "revindex0")) {
        TRY(turns_length(r, l, &length));
        *out = value_int(length - l->index0 - str_is(name, "revindex0"));
    } else if (str_is(name, "previtem")) {
        *out = l->index0 ? l->previous : value_undefined(r, name, "the first turn of a loop has no loop.previtem");
    } else if (str_is(name, "nextitem")) {
        TRY(turns_peek(r, l, &more));
        *out = more ? l->after : value_undefined(r, name, "the last turn of a loop has no loop.nextitem");
    } else if ((fn = methods_find((struct value){ .kind = VALUE_LOOP, .loop = l }, name))) {
        struct method *m = arena_new(r->arena, struct method);

        *m = (struct method){ { .kind = VALUE_LOOP, .loop = l }, fn };
        *out = (struct value){ .kind = VALUE_METHOD, .method = m };
    } else {
        *found = false;
    }
    return ERR_OK;
}

static enum err_code turns_all(struct render *r, struct turns *l, struct str loop_name)
{
    const struct statement *s = l->statement;
    struct scope *inner = NULL;

    for (;;) {
        struct value item = l->after;
        bool more = item.kind != VALUE_MISSING;

        l->after = VALUE_OF_MISSING;
        if (!more)
            TRY(turns_pull(r, l, &item, &more));
        if (!more)
            return ERR_OK;
        l->index0++;
        l->previous = l->current;
        l->current = item;
        r->scope = l->outer;
        if (!inner || s->closes) {
            inner = scope_push(r);
        } else {
            inner->len = 0;
            r->scope = inner;
        }
        if (s->uses_loop)
            scope_set(r, inner, loop_name, (struct value){ .kind = VALUE_LOOP, .loop = l }, false);
        r->at = s->target->at;
        TRY(eval_assign(r, s->target, item, false));
        TRY(run(r, s->body));
        r->scope = l->outer;
    }
}

enum err_code turns_run(struct render *r, const struct statement *s, struct value iterable, struct scope *outer,
                        int depth0)
{
    struct scope *before = r->scope;
    struct turns *l = arena_new(r->arena, struct turns);

    TRY(render_stack(r));
    *l = (struct turns){ .statement = s, .outer = outer, .root = r->root, .t = r->t, .index0 = -1, .length = -1,
                        .depth0 = depth0 };
    TRY(value_iterate(r, iterable, &l->items));
    r->scope = outer;
    TRY(turns_all(r, l, r->t->words.loop));
    if (l->index0 < 0 && s->other) {
        r->scope = outer;
        scope_push(r);
        TRY(run(r, s->other));
    }
    r->scope = before;
    return ERR_OK;
}

/* loop(iterable): the whole loop again, one level down; its text is the answer. */
enum err_code turns_call(struct render *r, struct turns *l, struct value iterable, struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct buf *out_before = r->out;
    const struct template *t = r->t;
    struct root *root = r->root;
    struct pos at = r->at;
    bool off = r->output_off;

    if (!l->statement->recursive)
        return render_fail(r, ERR_BAD_INPUT,
                           "a loop can call itself only when it is written {%% for ... recursive %%}");
    TRY(render_enter(r, "recursive loops"));
    r->out = &b;
    r->t = l->t;
    r->root = l->root;
    r->output_off = false;
    TRY(turns_run(r, l->statement, iterable, l->outer, l->depth0 + 1));
    r->out = out_before;
    r->t = t;
    r->root = root;
    r->at = at;
    r->output_off = off;
    render_leave(r);
    return value_take_text(r, &b, out);
}
