/* src/eval/promptfoo/html_tree.h (private to html_*.c): the tree of an HTML document, as far as a question about it is
 * still open: elements that are closed are forgotten, of text it is known only whether it stands in the body itself.
 * The words are the standard's: its "active formatting elements" are those to open `again`.
 * Whatever goes through open elements counts its steps; past a limit `unsure` is set, loops end, and nothing that
 * follows means anything. All memory is the arena's. Threads: one owner. */
#pragma once

#include "eval/promptfoo/html.h"

enum tree_mode {
    TREE_INITIAL, TREE_BEFORE_HTML, TREE_BEFORE_HEAD, TREE_IN_HEAD, TREE_AFTER_HEAD, TREE_IN_BODY, TREE_TEXT, TREE_IN_TABLE,
    TREE_IN_TABLE_TEXT, TREE_IN_CAPTION, TREE_IN_COLUMN_GROUP, TREE_IN_TABLE_BODY, TREE_IN_ROW, TREE_IN_CELL, TREE_IN_SELECT,
    TREE_IN_SELECT_IN_TABLE, TREE_IN_TEMPLATE, TREE_AFTER_BODY, TREE_IN_FRAMESET, TREE_AFTER_FRAMESET, TREE_AFTER_AFTER_BODY,
    TREE_AFTER_AFTER_FRAMESET, TREE_MODES
};
enum tree_ns { TREE_HTML, TREE_SVG, TREE_MATHML };

struct tree_node {
    enum html_tag tag;
    enum tree_ns ns;
    struct str name;
    uint64_t looks;
    bool encoded;                       /* an annotation-xml that holds HTML */
    struct tree_node *parent;
};

struct tree {
    struct html_tokens in;
    struct arena *a;
    struct tree_node **open;            size_t depth;       /* HTML_DEPTH_MAX at most */
    struct tree_node **again;           size_t again_count; /* active formatting elements; NULL: a marker */
    enum tree_mode *templates;          size_t template_count;  /* their modes; a template that went otherwise left its own */
    size_t template_open;               /* templates in `open` */
    enum tree_mode mode, original;
    struct tree_node *head, *form, *body;
    struct tree_node aside;             /* stands for what templates hold */
    bool foster, frameset_ok, quirks, skip_newline, stopped;
    bool waiting_text, waiting_visible;  /* text in a table that is not placed yet */
    bool body_written, body_text, before_body, in_body;     /* recognised elements, by where */
    int64_t steps;
    bool unsure;
};

/* A list of tags for the calls below. */
#define TAGS(...) ((const enum html_tag[]){ __VA_ARGS__, HTML_TAG_COUNT })

bool tree_step(struct tree *t);                     /* one look at an element; false: too many */
bool tree_is_tag(enum html_tag tag, const enum html_tag *tags);
bool tree_is_one(const struct tree_node *n, const enum html_tag *tags);    /* an HTML element of these */
bool tree_special(const struct tree_node *n);
bool tree_text_point(const struct tree_node *n);    /* of MathML, where text is HTML's */
bool tree_html_point(const struct tree_node *n);    /* of SVG or MathML, where HTML is let in */
bool tree_fosters(enum html_tag tag);               /* what does not belong in it goes before the table */

static inline struct tree_node *tree_current(const struct tree *t)
{
    return t->depth ? t->open[t->depth - 1] : NULL;
}

static inline bool tree_is(const struct tree_node *n, enum html_tag tag)
{
    return n && n->tag == tag && n->ns == TREE_HTML;
}

static inline bool tree_current_is(const struct tree *t, enum html_tag tag)
{
    return tree_is(tree_current(t), tag);
}

/* --- the stack of open elements: html_tree.c ---------------------------------------------------------------------- */

ptrdiff_t tree_find(struct tree *t, const struct tree_node *n);     /* the place in `open`; -1: it is not there */
ptrdiff_t tree_find_tag(struct tree *t, enum html_tag tag);         /* of the topmost */
struct tree_node *tree_node_of(struct tree *t, enum html_tag tag, enum tree_ns ns, struct str name, uint64_t looks);
void tree_push(struct tree *t, struct tree_node *n);
/* An element of the token: where the next one goes, and open. */
struct tree_node *tree_insert(struct tree *t, const struct html_token *k);
struct tree_node *tree_insert_as(struct tree *t, const struct html_token *k, enum html_tag tag, enum tree_ns ns);
struct tree_node *tree_imply(struct tree *t, enum html_tag tag);    /* one that nobody wrote */
void tree_append(struct tree *t, const struct html_token *k);       /* one that holds nothing, so it is not open */
/* promptfoo's question about an element, once it is in the tree. `written`: by a tag of its own. */
void tree_recognise(struct tree *t, enum html_tag tag, struct str name, bool written);
void tree_text(struct tree *t, bool visible);
void tree_pop(struct tree *t);
void tree_pop_to(struct tree *t, size_t depth);
void tree_pop_until(struct tree *t, enum html_tag tag);             /* up to and with the topmost of that tag */
void tree_clear_to(struct tree *t, const enum html_tag *tags);      /* up to the topmost of these, without it */
void tree_remove(struct tree *t, const struct tree_node *n);        /* from wherever it stands */

enum tree_scope { TREE_SCOPE, TREE_SCOPE_LIST, TREE_SCOPE_BUTTON, TREE_SCOPE_TABLE, TREE_SCOPE_SELECT };
bool tree_ends_scope(const struct tree_node *n, enum tree_scope scope);
bool tree_has(struct tree *t, const enum html_tag *tags, enum tree_scope scope);
bool tree_has_tag(struct tree *t, enum html_tag tag, enum tree_scope scope);
/* Closes what need not be closed: elements with one of the traits, but not `except`. */
void tree_imply_ends(struct tree *t, enum html_tag except, unsigned traits);
/* Implied ends, then up to the element; false: none is in scope, and nothing happens. */
bool tree_close(struct tree *t, enum html_tag tag, enum tree_scope scope, enum html_tag except);
void tree_close_p(struct tree *t);

/* --- elements to open again: html_tree.c -------------------------------------------------------------------------- */

void tree_again_add(struct tree *t, struct tree_node *n);           /* NULL: a marker */
void tree_again_remove(struct tree *t, size_t i);
ptrdiff_t tree_again_find(struct tree *t, const struct tree_node *n);
struct tree_node *tree_again_tag(struct tree *t, enum html_tag tag);    /* the last behind the last marker, or NULL */
void tree_again_clear(struct tree *t);                              /* to the last marker */
void tree_reconstruct(struct tree *t);
void tree_adopt(struct tree *t, const struct html_token *k);        /* the adoption agency, for an end tag */
void tree_end_any(struct tree *t, const struct html_token *k);      /* an end tag that no rule is for */

/* --- rules: one for each mode ------------------------------------------------------------------------------------- */

/* True: the token is to be looked at again, in the mode that is set now. */
typedef bool tree_rules(struct tree *t, const struct html_token *k);
tree_rules tree_initial, tree_before_html, tree_before_head, tree_in_head, tree_after_head, tree_in_body, tree_in_text;   /* html_body.c */
tree_rules tree_in_table, tree_in_table_text, tree_in_caption, tree_in_column_group, tree_in_table_body, tree_in_row,
    tree_in_cell, tree_in_select, tree_in_select_in_table;                                                      /* html_tables.c */
tree_rules tree_in_template;                                                                                    /* html_parse.c */
void tree_reset(struct tree *t);                                    /* to the mode that the open elements mean */

static inline bool tree_start(const struct html_token *k, enum html_tag tag)
{
    return k->kind == HTML_START && k->tag == tag;
}

static inline bool tree_end(const struct html_token *k, enum html_tag tag)
{
    return k->kind == HTML_END && k->tag == tag;
}

static inline bool tree_start_of(const struct html_token *k, const enum html_tag *tags)
{
    return k->kind == HTML_START && tree_is_tag(k->tag, tags);
}

static inline bool tree_end_of(const struct html_token *k, const enum html_tag *tags)
{
    return k->kind == HTML_END && tree_is_tag(k->tag, tags);
}

static inline bool tree_passed_over(const struct html_token *k)
{
    return k->kind == HTML_WHITE || k->kind == HTML_COMMENT || k->kind == HTML_DOCTYPE;
}

static inline bool tree_go(struct tree *t, enum tree_mode mode)
{
    t->mode = mode;
    return true;
}

static inline bool tree_done(struct tree *t, enum tree_mode mode)
{
    t->mode = mode;
    return false;
}
