/* The rules inside of tables and of select (13.2.6.4.9 to 13.2.6.4.17, as before 2025). */
#include "eval/promptfoo/html_tree.h"

/* --- tables ------------------------------------------------------------------------------------------------------- */

static const enum html_tag tree_table_parts[] = { HTML_TAG_CAPTION, HTML_TAG_COL, HTML_TAG_COLGROUP, HTML_TAG_TBODY, HTML_TAG_TD,
                                                  HTML_TAG_TFOOT, HTML_TAG_TH, HTML_TAG_THEAD, HTML_TAG_TR, HTML_TAG_COUNT };
static const enum html_tag tree_table_ctx[] = { HTML_TAG_TABLE, HTML_TAG_TEMPLATE, HTML_TAG_HTML, HTML_TAG_COUNT };
static const enum html_tag tree_bodies[] = { HTML_TAG_TBODY, HTML_TAG_TFOOT, HTML_TAG_THEAD, HTML_TAG_COUNT };
static const enum html_tag tree_body_ctx[] = { HTML_TAG_TBODY, HTML_TAG_TFOOT, HTML_TAG_THEAD, HTML_TAG_TEMPLATE, HTML_TAG_HTML,
                                               HTML_TAG_COUNT };
static const enum html_tag tree_row_ctx[] = { HTML_TAG_TR, HTML_TAG_TEMPLATE, HTML_TAG_HTML, HTML_TAG_COUNT };

/* What does not belong into a table goes before it. */
static bool tree_table_other(struct tree *t, const struct html_token *k)
{
    bool before = t->foster, again;

    t->foster = true;
    again = tree_in_body(t, k);
    t->foster = before;
    return again;
}

static bool tree_table_start(struct tree *t, const struct html_token *k)
{
    switch ((int)k->tag) {
    case HTML_TAG_CAPTION:
        tree_clear_to(t, tree_table_ctx);
        tree_again_add(t, NULL);
        (void)tree_insert(t, k);
        return tree_done(t, TREE_IN_CAPTION);
    case HTML_TAG_COLGROUP:
        tree_clear_to(t, tree_table_ctx);
        (void)tree_insert(t, k);
        return tree_done(t, TREE_IN_COLUMN_GROUP);
    case HTML_TAG_COL:
        tree_clear_to(t, tree_table_ctx);
        (void)tree_imply(t, HTML_TAG_COLGROUP);
        return tree_go(t, TREE_IN_COLUMN_GROUP);
    case HTML_TAG_TBODY:
    case HTML_TAG_TFOOT:
    case HTML_TAG_THEAD:
        tree_clear_to(t, tree_table_ctx);
        (void)tree_insert(t, k);
        return tree_done(t, TREE_IN_TABLE_BODY);
    case HTML_TAG_TD:
    case HTML_TAG_TH:
    case HTML_TAG_TR:
        tree_clear_to(t, tree_table_ctx);
        (void)tree_imply(t, HTML_TAG_TBODY);
        return tree_go(t, TREE_IN_TABLE_BODY);
    case HTML_TAG_TABLE:
        if (!tree_has_tag(t, HTML_TAG_TABLE, TREE_SCOPE_TABLE))
            return false;
        tree_pop_until(t, HTML_TAG_TABLE);
        tree_reset(t);
        return true;
    case HTML_TAG_STYLE:
    case HTML_TAG_SCRIPT:
    case HTML_TAG_TEMPLATE: return tree_in_head(t, k);
    case HTML_TAG_INPUT:
        if (!k->hidden)
            return tree_table_other(t, k);
        tree_append(t, k);
        return false;
    case HTML_TAG_FORM:
        if (!t->form && !t->template_open) {
            t->form = tree_insert(t, k);
            tree_pop(t);
        }
        return false;
    default: return tree_table_other(t, k);
    }
}

static bool tree_table_end(struct tree *t, const struct html_token *k)
{
    if (k->tag == HTML_TAG_TEMPLATE)
        return tree_in_head(t, k);
    if (k->tag == HTML_TAG_BODY || k->tag == HTML_TAG_HTML || tree_is_tag(k->tag, tree_table_parts))
        return false;
    if (k->tag != HTML_TAG_TABLE)
        return tree_table_other(t, k);
    if (tree_has_tag(t, HTML_TAG_TABLE, TREE_SCOPE_TABLE)) {
        tree_pop_until(t, HTML_TAG_TABLE);
        tree_reset(t);
    }
    return false;
}

bool tree_in_table(struct tree *t, const struct html_token *k)
{
    switch (k->kind) {
    case HTML_WHITE:
    case HTML_TEXT:
    case HTML_NUL:
        if (!tree_current(t) || !tree_fosters(tree_current(t)->tag))
            return tree_table_other(t, k);
        t->waiting_text = t->waiting_visible = false;
        t->original = t->mode;
        return tree_go(t, TREE_IN_TABLE_TEXT);
    case HTML_COMMENT:
    case HTML_DOCTYPE: return false;
    case HTML_EOF: return tree_in_body(t, k);
    case HTML_START: return tree_table_start(t, k);
    case HTML_END: return tree_table_end(t, k);
    }
    return false;
}

bool tree_in_table_text(struct tree *t, const struct html_token *k)
{
    const struct html_token text = { .kind = HTML_TEXT, .visible = t->waiting_visible };

    if (k->kind == HTML_WHITE || k->kind == HTML_TEXT || k->kind == HTML_NUL) {
        t->waiting_text |= k->kind == HTML_TEXT;
        t->waiting_visible |= k->visible;
        return false;
    }
    if (t->waiting_text)
        (void)tree_table_other(t, &text);
    return tree_go(t, t->original);
}

/* Out of what is open up to `clear`, into `mode`; false: `scope` holds none of `tags`, and nothing happens. */
static bool tree_leave(struct tree *t, const enum html_tag *tags, const enum html_tag *clear, enum tree_mode mode)
{
    if (!tree_has(t, tags, TREE_SCOPE_TABLE))
        return false;
    tree_clear_to(t, clear);
    tree_pop(t);
    return tree_go(t, mode);
}

bool tree_in_caption(struct tree *t, const struct html_token *k)
{
    bool ends = tree_start_of(k, tree_table_parts) || tree_end_of(k, TAGS(HTML_TAG_CAPTION, HTML_TAG_TABLE));

    if (!ends)
        return k->kind == HTML_END &&
                       (k->tag == HTML_TAG_BODY || k->tag == HTML_TAG_HTML || tree_is_tag(k->tag, tree_table_parts))
                   ? false
                   : tree_in_body(t, k);
    if (!tree_has_tag(t, HTML_TAG_CAPTION, TREE_SCOPE_TABLE))
        return false;
    (void)tree_close(t, HTML_TAG_CAPTION, TREE_SCOPE_TABLE, HTML_TAG_COUNT);
    tree_again_clear(t);
    t->mode = TREE_IN_TABLE;
    return !tree_end(k, HTML_TAG_CAPTION);
}

bool tree_in_column_group(struct tree *t, const struct html_token *k)
{
    if (tree_passed_over(k) || tree_end(k, HTML_TAG_COL))
        return false;
    if (tree_start(k, HTML_TAG_HTML) || k->kind == HTML_EOF)
        return tree_in_body(t, k);
    if (tree_start(k, HTML_TAG_COL)) {
        tree_append(t, k);
        return false;
    }
    if (tree_start(k, HTML_TAG_TEMPLATE) || tree_end(k, HTML_TAG_TEMPLATE))
        return tree_in_head(t, k);
    if (!tree_current_is(t, HTML_TAG_COLGROUP))
        return false;
    tree_pop(t);
    t->mode = TREE_IN_TABLE;
    return !tree_end(k, HTML_TAG_COLGROUP);
}

bool tree_in_table_body(struct tree *t, const struct html_token *k)
{
    if (tree_start_of(k, TAGS(HTML_TAG_TR, HTML_TAG_TD, HTML_TAG_TH))) {
        tree_clear_to(t, tree_body_ctx);
        if (k->tag == HTML_TAG_TR)
            (void)tree_insert(t, k);
        else
            (void)tree_imply(t, HTML_TAG_TR);
        t->mode = TREE_IN_ROW;
        return k->tag != HTML_TAG_TR;
    }
    if (tree_start_of(k, tree_table_parts) || tree_end(k, HTML_TAG_TABLE))
        return tree_leave(t, tree_bodies, tree_body_ctx, TREE_IN_TABLE);
    if (tree_end_of(k, tree_bodies)) {
        (void)tree_leave(t, TAGS(k->tag), tree_body_ctx, TREE_IN_TABLE);
        return false;
    }
    return tree_in_table(t, k);
}

bool tree_in_row(struct tree *t, const struct html_token *k)
{
    if (tree_start_of(k, TAGS(HTML_TAG_TD, HTML_TAG_TH))) {
        tree_clear_to(t, tree_row_ctx);
        (void)tree_insert(t, k);
        tree_again_add(t, NULL);
        return tree_done(t, TREE_IN_CELL);
    }
    if (tree_start_of(k, tree_table_parts) || tree_end(k, HTML_TAG_TABLE))
        return tree_leave(t, TAGS(HTML_TAG_TR), tree_row_ctx, TREE_IN_TABLE_BODY);
    if (tree_end(k, HTML_TAG_TR)) {
        (void)tree_leave(t, TAGS(HTML_TAG_TR), tree_row_ctx, TREE_IN_TABLE_BODY);
        return false;
    }
    if (tree_end_of(k, tree_bodies))
        return tree_leave(t, TAGS(k->tag, HTML_TAG_TR), tree_row_ctx, TREE_IN_TABLE_BODY);
    return tree_in_table(t, k);
}

static void tree_close_cell(struct tree *t)
{
    tree_imply_ends(t, HTML_TAG_COUNT, HTML_IMPLIED);
    tree_clear_to(t, TAGS(HTML_TAG_TD, HTML_TAG_TH));
    tree_pop(t);
    tree_again_clear(t);
    t->mode = TREE_IN_ROW;
}

bool tree_in_cell(struct tree *t, const struct html_token *k)
{
    if (tree_start_of(k, tree_table_parts)) {
        if (!tree_has(t, TAGS(HTML_TAG_TD, HTML_TAG_TH), TREE_SCOPE_TABLE))
            return false;
        tree_close_cell(t);
        return true;
    }
    if (tree_end_of(k, TAGS(HTML_TAG_TD, HTML_TAG_TH))) {
        if (tree_close(t, k->tag, TREE_SCOPE_TABLE, HTML_TAG_COUNT)) {
            tree_again_clear(t);
            t->mode = TREE_IN_ROW;
        }
        return false;
    }
    if (tree_end_of(k, TAGS(HTML_TAG_TABLE, HTML_TAG_TBODY, HTML_TAG_TFOOT, HTML_TAG_THEAD, HTML_TAG_TR))) {
        if (!tree_has_tag(t, k->tag, TREE_SCOPE_TABLE))
            return false;
        tree_close_cell(t);
        return true;
    }
    if (tree_end_of(k, TAGS(HTML_TAG_BODY, HTML_TAG_CAPTION, HTML_TAG_COL, HTML_TAG_COLGROUP, HTML_TAG_HTML)))
        return false;
    return tree_in_body(t, k);
}

/* --- select ------------------------------------------------------------------------------------------------------- */

static void tree_select_leave(struct tree *t)
{
    tree_pop_until(t, HTML_TAG_SELECT);
    tree_reset(t);
}

static bool tree_select_start(struct tree *t, const struct html_token *k)
{
    if (k->tag == HTML_TAG_HTML)
        return tree_in_body(t, k);
    if (k->tag == HTML_TAG_SCRIPT || k->tag == HTML_TAG_TEMPLATE)
        return tree_in_head(t, k);
    if (tree_is_tag(k->tag, TAGS(HTML_TAG_INPUT, HTML_TAG_KEYGEN, HTML_TAG_TEXTAREA, HTML_TAG_SELECT))) {
        if (!tree_has_tag(t, HTML_TAG_SELECT, TREE_SCOPE_SELECT))
            return false;
        tree_select_leave(t);
        return k->tag != HTML_TAG_SELECT;
    }
    if (!tree_is_tag(k->tag, TAGS(HTML_TAG_OPTION, HTML_TAG_OPTGROUP, HTML_TAG_HR)))
        return false;
    if (tree_current_is(t, HTML_TAG_OPTION))
        tree_pop(t);
    if (k->tag != HTML_TAG_OPTION && tree_current_is(t, HTML_TAG_OPTGROUP))
        tree_pop(t);
    if (k->tag == HTML_TAG_HR)
        tree_append(t, k);
    else
        (void)tree_insert(t, k);
    return false;
}

static bool tree_select_end(struct tree *t, const struct html_token *k)
{
    switch ((int)k->tag) {
    case HTML_TAG_OPTGROUP:
    case HTML_TAG_OPTION:
        if (k->tag == HTML_TAG_OPTGROUP && tree_current_is(t, HTML_TAG_OPTION) && t->depth > 1 &&
            tree_is(t->open[t->depth - 2], HTML_TAG_OPTGROUP))
            tree_pop(t);
        if (tree_current_is(t, k->tag))
            tree_pop(t);
        return false;
    case HTML_TAG_SELECT:
        if (tree_has_tag(t, HTML_TAG_SELECT, TREE_SCOPE_SELECT))
            tree_select_leave(t);
        return false;
    case HTML_TAG_TEMPLATE: return tree_in_head(t, k);
    default: return false;
    }
}

bool tree_in_select(struct tree *t, const struct html_token *k)
{
    switch (k->kind) {
    case HTML_START: return tree_select_start(t, k);
    case HTML_END: return tree_select_end(t, k);
    case HTML_EOF: return tree_in_body(t, k);
    default: return false;                              /* its text is in no body */
    }
}

bool tree_in_select_in_table(struct tree *t, const struct html_token *k)
{
    const enum html_tag *parts = TAGS(HTML_TAG_CAPTION, HTML_TAG_TABLE, HTML_TAG_TBODY, HTML_TAG_TFOOT, HTML_TAG_THEAD,
                                      HTML_TAG_TR, HTML_TAG_TD, HTML_TAG_TH);

    if (!tree_start_of(k, parts) && !tree_end_of(k, parts))
        return tree_in_select(t, k);
    if (k->kind == HTML_END && !tree_has_tag(t, k->tag, TREE_SCOPE_TABLE))
        return false;
    tree_select_leave(t);
    return true;
}
