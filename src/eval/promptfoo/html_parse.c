/* From a text to what is known of its tree: the rules of templates, of framesets and of what follows a body, those of
 * SVG and MathML, and which rules a token is for. */
#include "eval/promptfoo/html_tree.h"

/* --- templates, and what follows a body --------------------------------------------------------------------------- */

bool tree_in_template(struct tree *t, const struct html_token *k)
{
    enum tree_mode mode = TREE_IN_BODY;

    if (k->kind == HTML_EOF) {
        if (!t->template_open) {
            t->stopped = true;
            return false;
        }
        tree_pop_until(t, HTML_TAG_TEMPLATE);
        tree_again_clear(t);
        t->template_count--;
        tree_reset(t);
        return true;
    }
    if (k->kind == HTML_END)
        return k->tag == HTML_TAG_TEMPLATE ? tree_in_head(t, k) : false;
    if (k->kind != HTML_START)
        return tree_in_body(t, k);
    if (tree_is_tag(k->tag,
                    TAGS(HTML_TAG_BASE, HTML_TAG_BASEFONT, HTML_TAG_BGSOUND, HTML_TAG_LINK, HTML_TAG_META,
                         HTML_TAG_NOFRAMES, HTML_TAG_SCRIPT, HTML_TAG_STYLE, HTML_TAG_TEMPLATE, HTML_TAG_TITLE)))
        return tree_in_head(t, k);
    if (tree_is_tag(k->tag, TAGS(HTML_TAG_CAPTION, HTML_TAG_COLGROUP, HTML_TAG_TBODY, HTML_TAG_TFOOT, HTML_TAG_THEAD)))
        mode = TREE_IN_TABLE;
    else if (k->tag == HTML_TAG_COL)
        mode = TREE_IN_COLUMN_GROUP;
    else if (k->tag == HTML_TAG_TR)
        mode = TREE_IN_TABLE_BODY;
    else if (k->tag == HTML_TAG_TD || k->tag == HTML_TAG_TH)
        mode = TREE_IN_ROW;
    t->templates[t->template_count - 1] = mode;
    return tree_go(t, mode);
}

static bool tree_after_body(struct tree *t, const struct html_token *k)
{
    if (k->kind == HTML_COMMENT || k->kind == HTML_DOCTYPE)
        return false;
    if (k->kind == HTML_WHITE || tree_start(k, HTML_TAG_HTML))
        return tree_in_body(t, k);
    if (tree_end(k, HTML_TAG_HTML) && t->mode == TREE_AFTER_BODY)
        return tree_done(t, TREE_AFTER_AFTER_BODY);
    t->stopped = k->kind == HTML_EOF;
    return t->stopped ? false : tree_go(t, TREE_IN_BODY);
}

static bool tree_in_frameset(struct tree *t, const struct html_token *k)
{
    if (tree_start(k, HTML_TAG_FRAMESET)) {
        (void)tree_insert(t, k);
    } else if (tree_start(k, HTML_TAG_NOFRAMES)) {
        return tree_in_head(t, k);
    } else if (tree_start(k, HTML_TAG_FRAME)) {
        tree_append(t, k);
    } else if (tree_end(k, HTML_TAG_FRAMESET) && t->depth > 1) {
        tree_pop(t);
        if (!tree_current_is(t, HTML_TAG_FRAMESET))
            t->mode = TREE_AFTER_FRAMESET;
    }
    t->stopped = k->kind == HTML_EOF;
    return false;
}

static bool tree_after_frameset(struct tree *t, const struct html_token *k)
{
    if (tree_start(k, HTML_TAG_NOFRAMES))
        return tree_in_head(t, k);
    if (k->kind == HTML_WHITE && t->mode == TREE_AFTER_AFTER_FRAMESET)
        return tree_in_body(t, k);
    if (tree_end(k, HTML_TAG_HTML))
        t->mode = TREE_AFTER_AFTER_FRAMESET;
    t->stopped = k->kind == HTML_EOF;
    return false;
}

/* --- SVG and MathML ----------------------------------------------------------------------------------------------- */

static bool tree_is_foreign(const struct tree *t)
{
    const struct tree_node *n = tree_current(t);

    return n && n->ns != TREE_HTML;
}

/* No point at which HTML is let in. */
static bool tree_is_closed(const struct tree *t)
{
    return tree_is_foreign(t) && !tree_text_point(tree_current(t)) && !tree_html_point(tree_current(t));
}

static bool tree_foreign_takes(const struct tree *t, const struct html_token *k)
{
    const struct tree_node *n = tree_current(t);

    if (!tree_is_foreign(t))
        return false;
    if (k->kind == HTML_END || k->kind == HTML_COMMENT)
        return true;
    if (k->kind != HTML_START)
        return tree_is_closed(t) && (k->kind == HTML_WHITE || k->kind == HTML_TEXT || k->kind == HTML_NUL);
    if (k->tag == HTML_TAG_SVG && n->ns == TREE_MATHML && n->tag == HTML_TAG_ANNOTATION_XML)
        return false;
    return tree_is_closed(t) || (tree_text_point(n) && (k->tag == HTML_TAG_MGLYPH || k->tag == HTML_TAG_MALIGNMARK));
}

static bool tree_outside(struct tree *t, const struct html_token *k);

static bool tree_foreign_end(struct tree *t, const struct html_token *k)
{
    for (size_t i = t->depth; i-- > 1 && tree_step(t);) {
        if (t->open[i]->ns == TREE_HTML)
            break;
        if (str_ieq(t->open[i]->name, k->name)) {
            tree_pop_to(t, i);
            return false;
        }
    }
    return t->depth > 1 ? tree_outside(t, k) : false;
}

static bool tree_foreign(struct tree *t, const struct html_token *k)
{
    bool leaves = k->kind == HTML_START ? (html_traits(k->tag) & HTML_EXIT) || (k->tag == HTML_TAG_FONT && k->font)
                                        : k->kind == HTML_END && (k->tag == HTML_TAG_P || k->tag == HTML_TAG_BR);

    if (leaves) {
        while (tree_is_closed(t) && tree_step(t))
            tree_pop(t);
        return tree_outside(t, k);
    }
    switch (k->kind) {
    case HTML_START:
        if (k->self_closing)
            tree_append(t, k);
        else
            (void)tree_insert_as(t, k, k->tag, tree_current(t)->ns);
        return false;
    case HTML_END: return tree_foreign_end(t, k);
    case HTML_TEXT: t->frameset_ok = false; return false;
    default: return false;
    }
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static bool tree_outside(struct tree *t, const struct html_token *k)
{
    static tree_rules *const rules[TREE_MODES] = {
        [TREE_INITIAL] = tree_initial, [TREE_BEFORE_HTML] = tree_before_html, [TREE_BEFORE_HEAD] = tree_before_head,
        [TREE_IN_HEAD] = tree_in_head, [TREE_AFTER_HEAD] = tree_after_head, [TREE_IN_BODY] = tree_in_body, [TREE_TEXT] = tree_in_text,
        [TREE_IN_TABLE] = tree_in_table, [TREE_IN_TABLE_TEXT] = tree_in_table_text, [TREE_IN_CAPTION] = tree_in_caption,
        [TREE_IN_COLUMN_GROUP] = tree_in_column_group, [TREE_IN_TABLE_BODY] = tree_in_table_body, [TREE_IN_ROW] = tree_in_row,
        [TREE_IN_CELL] = tree_in_cell, [TREE_IN_SELECT] = tree_in_select, [TREE_IN_SELECT_IN_TABLE] = tree_in_select_in_table,
        [TREE_IN_TEMPLATE] = tree_in_template, [TREE_AFTER_BODY] = tree_after_body, [TREE_IN_FRAMESET] = tree_in_frameset,
        [TREE_AFTER_FRAMESET] = tree_after_frameset, [TREE_AFTER_AFTER_BODY] = tree_after_body,
        [TREE_AFTER_AFTER_FRAMESET] = tree_after_frameset,
    };

    return rules[t->mode](t, k);
}

void html_read(struct str text, struct arena *a, struct html_found *out)
{
    struct tree *t = arena_new(a, struct tree);
    struct html_token k = { .kind = HTML_COMMENT };

    *t = (struct tree){ .in = { .text = text, .raw = HTML_TAG_OTHER }, .a = a, .frameset_ok = true, .mode = TREE_INITIAL };
    t->unsure = text.len > HTML_BYTES_MAX;
    t->open = arena_array(a, struct tree_node *, HTML_DEPTH_MAX + 1);
    t->again = arena_array(a, struct tree_node *, HTML_DEPTH_MAX + 1);
    t->templates = arena_array(a, enum tree_mode, HTML_DEPTH_MAX + 1);
    while (!t->unsure && !t->stopped && tree_step(t)) {
        bool newline = t->skip_newline;

        html_next(&t->in, &k);
        t->skip_newline = false;
        if (newline && k.kind == HTML_WHITE && k.newline)
            continue;
        while (!t->unsure && (tree_foreign_takes(t, &k) ? tree_foreign(t, &k) : tree_outside(t, &k)))
            (void)tree_step(t);
        t->in.foreign = tree_is_closed(t);
    }
    *out = (struct html_found){ .unsure = t->unsure, .body_written = t->body_written, .text = t->body_text,
                                .elements = t->before_body || t->in_body };
}
