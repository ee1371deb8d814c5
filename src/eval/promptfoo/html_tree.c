/* What the tree of an HTML document is built with: the stack of open elements, the list of those to open again, where
 * an element or a text goes, and how an end tag moves elements (the standard's adoption agency). */
#include "eval/promptfoo/html_tree.h"

#define TREE_OUTER 8                    /* the standard's bounds on how often an end tag moves elements */
#define TREE_INNER 3

/* --- the stack ---------------------------------------------------------------------------------------------------- */

bool tree_step(struct tree *t)
{
    t->unsure |= ++t->steps > HTML_STEPS_MAX;
    return !t->unsure;
}

bool tree_is_one(const struct tree_node *n, const enum html_tag *tags)
{
    while (*tags != HTML_TAG_COUNT)
        if (tree_is(n, *tags++))
            return true;
    return false;
}
bool tree_is_tag(enum html_tag tag, const enum html_tag *tags)
{
    while (*tags != HTML_TAG_COUNT)
        if (tag == *tags++)
            return true;
    return false;
}

bool tree_text_point(const struct tree_node *n)
{
    return n->ns == TREE_MATHML &&
           tree_is_tag(n->tag, TAGS(HTML_TAG_MI, HTML_TAG_MN, HTML_TAG_MO, HTML_TAG_MS, HTML_TAG_MTEXT));
}

bool tree_html_point(const struct tree_node *n)
{
    if (n->ns == TREE_SVG)
        return tree_is_tag(n->tag, TAGS(HTML_TAG_FOREIGNOBJECT, HTML_TAG_DESC, HTML_TAG_TITLE));
    return n->ns == TREE_MATHML && n->tag == HTML_TAG_ANNOTATION_XML && n->encoded;
}

bool tree_special(const struct tree_node *n)
{
    if (n->ns == TREE_HTML)
        return html_traits(n->tag) & HTML_SPECIAL;
    if (n->ns == TREE_SVG)
        return tree_html_point(n);
    return tree_text_point(n) || n->tag == HTML_TAG_ANNOTATION_XML;
}

ptrdiff_t tree_find(struct tree *t, const struct tree_node *n)
{
    for (size_t i = t->depth; i-- > 0 && tree_step(t);)
        if (t->open[i] == n)
            return (ptrdiff_t)i;
    return -1;
}

ptrdiff_t tree_find_tag(struct tree *t, enum html_tag tag)
{
    for (size_t i = t->depth; i-- > 0 && tree_step(t);)
        if (tree_is(t->open[i], tag))
            return (ptrdiff_t)i;
    return -1;
}

static struct tree_node *tree_inside(struct tree *t, struct tree_node *n)
{
    return tree_is(n, HTML_TAG_TEMPLATE) ? &t->aside : n;
}

static struct tree_node *tree_foster_parent(struct tree *t)
{
    ptrdiff_t table = tree_find_tag(t, HTML_TAG_TABLE), template = tree_find_tag(t, HTML_TAG_TEMPLATE);

    if (template > table)
        return &t->aside;
    if (table < 0)
        return t->open[0];
    return t->open[table]->parent ? t->open[table]->parent : t->open[table - 1];
}

bool tree_fosters(enum html_tag tag)
{
    return tree_is_tag(tag, TAGS(HTML_TAG_TABLE, HTML_TAG_TBODY, HTML_TAG_TFOOT, HTML_TAG_THEAD, HTML_TAG_TR));
}

static struct tree_node *tree_place(struct tree *t)
{
    struct tree_node *n = tree_current(t);

    if (!n)
        return NULL;
    return t->foster && tree_fosters(n->tag) ? tree_foster_parent(t) : tree_inside(t, n);
}

void tree_recognise(struct tree *t, enum html_tag tag, struct str name, bool written)
{
    bool known = html_traits(tag) & HTML_KNOWN;
    struct str lower = name;

    if (tag == HTML_TAG_HTML || tag == HTML_TAG_HEAD || tag == HTML_TAG_BODY)
        known = written;
    for (size_t i = 0; !known && i < name.len; i++) {
        known = name.at[i] == '-';
        if ((name.at[i] & 0x80) && lower.at == name.at)
            lower = promptfoo_lower(name, t->a);        /* a Kelvin sign is a k */
    }
    for (size_t i = 0; lower.at != name.at && !known && i < HTML_TAG_OTHER; i++)
        known = (html_traits((enum html_tag)i) & HTML_KNOWN) && str_is(lower, html_name((enum html_tag)i));
    if (!known)
        return;
    if (t->body)
        t->in_body = true;
    else
        t->before_body = true;
}

struct tree_node *tree_node_of(struct tree *t, enum html_tag tag, enum tree_ns ns, struct str name,
                                      uint64_t looks)
{
    struct tree_node *n = arena_new(t->a, struct tree_node);

    *n = (struct tree_node){ .tag = tag, .ns = ns, .name = name, .looks = looks };
    return n;
}

void tree_push(struct tree *t, struct tree_node *n)
{
    if (t->depth == HTML_DEPTH_MAX)
        t->unsure = true;
    else
        t->open[t->depth++] = n;
    t->template_open += !t->unsure && tree_is(n, HTML_TAG_TEMPLATE);
}

struct tree_node *tree_insert_as(struct tree *t, const struct html_token *k, enum html_tag tag, enum tree_ns ns)
{
    struct tree_node *parent = tree_place(t), *n = tree_node_of(t, tag, ns, k->name, k->looks);

    n->encoded = k->encoded;
    n->parent = parent;
    tree_recognise(t, tag, k->name, true);
    tree_push(t, n);
    (void)tree_step(t);
    return n;
}

struct tree_node *tree_insert(struct tree *t, const struct html_token *k)
{
    return tree_insert_as(t, k, k->tag, TREE_HTML);
}

struct tree_node *tree_imply(struct tree *t, enum html_tag tag)
{
    struct tree_node *parent = tree_place(t), *n = tree_node_of(t, tag, TREE_HTML, S(""), 0);

    n->parent = parent;
    tree_recognise(t, tag, S(""), false);
    tree_push(t, n);
    return n;
}

void tree_append(struct tree *t, const struct html_token *k)
{
    tree_recognise(t, k->tag, k->name, true);
}

void tree_text(struct tree *t, bool visible)
{
    if (visible && t->body && tree_place(t) == t->body)
        t->body_text = true;
}

void tree_pop(struct tree *t)
{
    if (t->depth)
        t->template_open -= tree_is(t->open[--t->depth], HTML_TAG_TEMPLATE);
}

void tree_pop_to(struct tree *t, size_t depth)
{
    while (t->depth > depth)
        tree_pop(t);
}

void tree_pop_until(struct tree *t, enum html_tag tag)
{
    ptrdiff_t at = tree_find_tag(t, tag);

    if (at >= 0)
        tree_pop_to(t, (size_t)at);
}

void tree_clear_to(struct tree *t, const enum html_tag *tags)
{
    while (t->depth && !tree_is_one(tree_current(t), tags) && tree_step(t))
        tree_pop(t);
}

void tree_remove(struct tree *t, const struct tree_node *n)
{
    ptrdiff_t at = tree_find(t, n);

    if (at < 0)
        return;
    memmove(t->open + at, t->open + at + 1, (t->depth - (size_t)at - 1) * sizeof *t->open);
    t->depth--;
}

/* --- scopes ------------------------------------------------------------------------------------------------------- */

bool tree_ends_scope(const struct tree_node *n, enum tree_scope scope)
{
    if (scope == TREE_SCOPE_SELECT)
        return !tree_is_one(n, TAGS(HTML_TAG_OPTION, HTML_TAG_OPTGROUP));
    if (scope == TREE_SCOPE_TABLE)                      /* the standard's ends at templates too, promptfoo's parser's not */
        return tree_is_one(n, TAGS(HTML_TAG_TABLE, HTML_TAG_HTML));
    if (n->ns != TREE_HTML)
        return tree_special(n);
    return (html_traits(n->tag) & HTML_SCOPE) ||
           (scope == TREE_SCOPE_LIST && (n->tag == HTML_TAG_OL || n->tag == HTML_TAG_UL)) ||
           (scope == TREE_SCOPE_BUTTON && n->tag == HTML_TAG_BUTTON);
}

bool tree_has(struct tree *t, const enum html_tag *tags, enum tree_scope scope)
{
    for (size_t i = t->depth; i-- > 0 && tree_step(t);) {
        if (tree_is_one(t->open[i], tags))
            return true;
        if (tree_ends_scope(t->open[i], scope))
            return false;
    }
    return false;
}

bool tree_has_tag(struct tree *t, enum html_tag tag, enum tree_scope scope)
{
    return tree_has(t, TAGS(tag), scope);
}

void tree_imply_ends(struct tree *t, enum html_tag except, unsigned traits)
{
    while (t->depth && tree_current(t)->ns == TREE_HTML && (html_traits(tree_current(t)->tag) & traits) &&
           tree_current(t)->tag != except && tree_step(t))
        tree_pop(t);
}

void tree_close_p(struct tree *t)
{
    if (!tree_has_tag(t, HTML_TAG_P, TREE_SCOPE_BUTTON))
        return;
    tree_imply_ends(t, HTML_TAG_P, HTML_IMPLIED);
    tree_pop_until(t, HTML_TAG_P);
}

bool tree_close(struct tree *t, enum html_tag tag, enum tree_scope scope, enum html_tag except)
{
    if (!tree_has_tag(t, tag, scope))
        return false;
    tree_imply_ends(t, except, HTML_IMPLIED);
    tree_pop_until(t, tag);
    return true;
}

/* --- elements to open again --------------------------------------------------------------------------------------- */

void tree_again_remove(struct tree *t, size_t i)
{
    memmove(t->again + i, t->again + i + 1, (t->again_count - i - 1) * sizeof *t->again);
    t->again_count--;
}

void tree_again_add(struct tree *t, struct tree_node *n)
{
    size_t same = 0, oldest = 0;

    for (size_t i = t->again_count; n && i-- > 0 && t->again[i] && tree_step(t);)
        if (t->again[i]->tag == n->tag && t->again[i]->looks == n->looks) {
            same++;
            oldest = i;
        }
    if (same == 3)
        tree_again_remove(t, oldest);
    if (t->again_count == HTML_DEPTH_MAX)
        t->unsure = true;
    else
        t->again[t->again_count++] = n;
}

ptrdiff_t tree_again_find(struct tree *t, const struct tree_node *n)
{
    for (size_t i = t->again_count; i-- > 0 && tree_step(t);)
        if (t->again[i] == n)
            return (ptrdiff_t)i;
    return -1;
}

struct tree_node *tree_again_tag(struct tree *t, enum html_tag tag)
{
    for (size_t i = t->again_count; i-- > 0 && t->again[i] && tree_step(t);)
        if (t->again[i]->tag == tag)
            return t->again[i];
    return NULL;
}

void tree_again_clear(struct tree *t)
{
    while (t->again_count && t->again[t->again_count - 1])
        t->again_count--;
    t->again_count -= t->again_count > 0;
}

void tree_reconstruct(struct tree *t)
{
    size_t i = t->again_count;

    while (i > 0 && t->again[i - 1] && tree_find(t, t->again[i - 1]) < 0 && tree_step(t))
        i--;
    for (; i < t->again_count && !t->unsure; i++) {
        const struct html_token k = { .tag = t->again[i]->tag, .name = t->again[i]->name, .looks = t->again[i]->looks };

        t->again[i] = tree_insert(t, &k);
    }
}

/* --- the adoption agency ------------------------------------------------------------------------------------------ */

/* Any end tag that no rule is for: closes what has the name, unless something special is in between. */
void tree_end_any(struct tree *t, const struct html_token *k)
{
    for (size_t i = t->depth; i-- > 1 && tree_step(t);) {
        struct tree_node *n = t->open[i];

        if (tree_is(n, k->tag) && (k->tag != HTML_TAG_OTHER || str_ieq(n->name, k->name))) {
            tree_imply_ends(t, k->tag, HTML_IMPLIED);
            tree_pop_to(t, i);
            return;
        }
        if (tree_special(n))
            return;
    }
}

static ptrdiff_t tree_adopt_block(struct tree *t, size_t at)
{
    for (size_t i = at + 1; i < t->depth && tree_step(t); i++)
        if (tree_special(t->open[i]))
            return (ptrdiff_t)i;
    return -1;
}

/* Opens the formatting elements between `at` and `block` again, at most three of them; what came last. */
static struct tree_node *tree_adopt_between(struct tree *t, size_t at, size_t block, size_t *bookmark)
{
    struct tree_node *last = t->open[block];
    bool first = true;
    int n = 0;

    for (size_t i = block; i-- > at + 1 && tree_step(t); n++) {
        ptrdiff_t entry = tree_again_find(t, t->open[i]);

        if (entry >= 0 && n >= TREE_INNER) {
            tree_again_remove(t, (size_t)entry);
            *bookmark -= (size_t)entry < *bookmark;
            entry = -1;
        }
        if (entry < 0) {
            t->steps += (int64_t)(t->depth - i) / 8;
            memmove(t->open + i, t->open + i + 1, (t->depth - i - 1) * sizeof *t->open);
            t->depth--;
            continue;
        }
        t->again[entry] = t->open[i] = tree_node_of(t, t->open[i]->tag, t->open[i]->ns, t->open[i]->name,
                                                    t->open[i]->looks);
        if (first)
            *bookmark = (size_t)entry + 1;
        first = false;
        last->parent = t->open[i];
        last = t->open[i];
    }
    return last;
}

/* One round. False: there is nothing more to do. */
static bool tree_adopt_once(struct tree *t, const struct html_token *k)
{
    struct tree_node *format = tree_again_tag(t, k->tag), *block, *above, *last, *copy;
    ptrdiff_t at, found;
    size_t bookmark, i;

    if (!format) {
        tree_end_any(t, k);
        return false;
    }
    at = tree_find(t, format);
    bookmark = (size_t)tree_again_find(t, format);
    if (at < 0) {
        tree_again_remove(t, bookmark);
        return false;
    }
    for (i = t->depth; i-- > (size_t)at + 1 && tree_step(t);)
        if (tree_ends_scope(t->open[i], TREE_SCOPE))
            return false;
    found = tree_adopt_block(t, (size_t)at);
    if (found < 0) {
        tree_pop_to(t, (size_t)at);
        tree_again_remove(t, bookmark);
        return false;
    }
    block = t->open[found];
    above = t->open[at - 1];
    last = tree_adopt_between(t, (size_t)at, (size_t)found, &bookmark);
    last->parent = tree_fosters(above->tag) ? tree_foster_parent(t) : tree_inside(t, above);
    copy = tree_node_of(t, format->tag, format->ns, format->name, format->looks);
    for (i = 0; i < t->depth && tree_step(t); i++)
        if (t->open[i]->parent == block)
            t->open[i]->parent = copy;
    copy->parent = block;
    /* in the list it takes the bookmark's place, in the stack the one above the block */
    i = (size_t)tree_again_find(t, format);
    if (bookmark > i) {
        memmove(t->again + i, t->again + i + 1, (bookmark - i - 1) * sizeof *t->again);
        t->again[bookmark - 1] = copy;
    } else {
        memmove(t->again + bookmark + 1, t->again + bookmark, (i - bookmark) * sizeof *t->again);
        t->again[bookmark] = copy;
    }
    tree_remove(t, format);
    i = (size_t)tree_find(t, block) + 1;
    memmove(t->open + i + 1, t->open + i, (t->depth - i) * sizeof *t->open);
    t->open[i] = copy;
    t->depth++;
    return !t->unsure;
}

void tree_adopt(struct tree *t, const struct html_token *k)
{
    if (tree_current_is(t, k->tag) && tree_again_find(t, tree_current(t)) < 0) {
        tree_pop(t);
        return;
    }
    for (int i = 0; i < TREE_OUTER && !t->unsure; i++)
        if (!tree_adopt_once(t, k))
            return;
}
