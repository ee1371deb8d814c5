/* The rules of the modes before the body and in it (13.2.6.4.1 to 13.2.6.4.8 of the standard). */
#include "eval/promptfoo/html_tree.h"

/* --- what several modes do ---------------------------------------------------------------------------------------- */

/* An element whose content is text to its end tag. */
static bool tree_raw(struct tree *t, const struct html_token *k)
{
    (void)tree_insert(t, k);
    t->in.raw = k->tag;
    t->original = t->mode;
    return tree_done(t, TREE_TEXT);
}

static void tree_reset_select(struct tree *t)
{
    ptrdiff_t table = tree_find_tag(t, HTML_TAG_TABLE);

    t->mode = table > 0 && table > tree_find_tag(t, HTML_TAG_TEMPLATE) ? TREE_IN_SELECT_IN_TABLE : TREE_IN_SELECT;
}

/* The mode that the open elements mean. */
void tree_reset(struct tree *t)
{
    for (size_t i = t->depth; i-- > 0 && tree_step(t);) {
        const struct tree_node *n = t->open[i];

        if (n->ns != TREE_HTML)
            continue;
        switch ((int)n->tag) {
        case HTML_TAG_SELECT: tree_reset_select(t); return;
        case HTML_TAG_TD:
        case HTML_TAG_TH: t->mode = TREE_IN_CELL; return;
        case HTML_TAG_TR: t->mode = TREE_IN_ROW; return;
        case HTML_TAG_TBODY:
        case HTML_TAG_THEAD:
        case HTML_TAG_TFOOT: t->mode = TREE_IN_TABLE_BODY; return;
        case HTML_TAG_CAPTION: t->mode = TREE_IN_CAPTION; return;
        case HTML_TAG_COLGROUP: t->mode = TREE_IN_COLUMN_GROUP; return;
        case HTML_TAG_TABLE: t->mode = TREE_IN_TABLE; return;
        case HTML_TAG_TEMPLATE: t->mode = t->templates[t->template_count - 1]; return;
        case HTML_TAG_HEAD: t->mode = TREE_IN_HEAD; return;
        case HTML_TAG_BODY: t->mode = TREE_IN_BODY; return;
        case HTML_TAG_FRAMESET: t->mode = TREE_IN_FRAMESET; return;
        case HTML_TAG_HTML: t->mode = t->head ? TREE_AFTER_HEAD : TREE_BEFORE_HEAD; return;
        default: break;
        }
    }
    t->mode = TREE_IN_BODY;
}

/* --- before the body ---------------------------------------------------------------------------------------------- */

bool tree_initial(struct tree *t, const struct html_token *k)
{
    if (k->kind == HTML_WHITE || k->kind == HTML_COMMENT)
        return false;
    t->quirks = k->kind != HTML_DOCTYPE || k->quirks;
    t->mode = TREE_BEFORE_HTML;
    return k->kind != HTML_DOCTYPE;
}

static const enum html_tag tree_tail[] = { HTML_TAG_HEAD, HTML_TAG_BODY, HTML_TAG_HTML, HTML_TAG_BR, HTML_TAG_COUNT };

bool tree_before_html(struct tree *t, const struct html_token *k)
{
    if (tree_passed_over(k) || (k->kind == HTML_END && !tree_is_tag(k->tag, tree_tail)))
        return false;
    if (tree_start(k, HTML_TAG_HTML)) {
        (void)tree_insert(t, k);
        return tree_done(t, TREE_BEFORE_HEAD);
    }
    (void)tree_imply(t, HTML_TAG_HTML);
    return tree_go(t, TREE_BEFORE_HEAD);
}

bool tree_before_head(struct tree *t, const struct html_token *k)
{
    if (tree_passed_over(k) || (k->kind == HTML_END && !tree_is_tag(k->tag, tree_tail)))
        return false;
    if (tree_start(k, HTML_TAG_HTML))
        return tree_in_body(t, k);
    if (tree_start(k, HTML_TAG_HEAD)) {
        t->head = tree_insert(t, k);
        return tree_done(t, TREE_IN_HEAD);
    }
    t->head = tree_imply(t, HTML_TAG_HEAD);
    return tree_go(t, TREE_IN_HEAD);
}

static void tree_template_start(struct tree *t, const struct html_token *k)
{
    (void)tree_insert(t, k);
    tree_again_add(t, NULL);
    t->frameset_ok = false;
    if (t->template_count == HTML_DEPTH_MAX)
        t->unsure = true;
    else
        t->templates[t->template_count++] = TREE_IN_TEMPLATE;
    t->mode = TREE_IN_TEMPLATE;
}

static void tree_template_end(struct tree *t)
{
    if (!t->template_open)
        return;
    tree_imply_ends(t, HTML_TAG_COUNT, HTML_IMPLIED | HTML_IMPLIED_MORE);
    tree_pop_until(t, HTML_TAG_TEMPLATE);
    tree_again_clear(t);
    t->template_count--;
    tree_reset(t);
}

bool tree_in_head(struct tree *t, const struct html_token *k)
{
    if (k->kind == HTML_WHITE || k->kind == HTML_COMMENT || k->kind == HTML_DOCTYPE || tree_start(k, HTML_TAG_HEAD))
        return false;
    if (tree_start(k, HTML_TAG_HTML))
        return tree_in_body(t, k);
    if (tree_start_of(k, TAGS(HTML_TAG_BASE, HTML_TAG_BASEFONT, HTML_TAG_BGSOUND, HTML_TAG_LINK, HTML_TAG_META))) {
        tree_append(t, k);
        return false;
    }
    if (tree_start_of(k, TAGS(HTML_TAG_TITLE, HTML_TAG_NOSCRIPT, HTML_TAG_NOFRAMES, HTML_TAG_STYLE, HTML_TAG_SCRIPT)))
        return tree_raw(t, k);
    if (tree_start(k, HTML_TAG_TEMPLATE)) {
        tree_template_start(t, k);
        return false;
    }
    if (tree_end(k, HTML_TAG_TEMPLATE)) {
        tree_template_end(t);
        return false;
    }
    if (k->kind == HTML_END && !tree_is_tag(k->tag, tree_tail))
        return false;
    tree_pop(t);
    return tree_end(k, HTML_TAG_HEAD) ? tree_done(t, TREE_AFTER_HEAD) : tree_go(t, TREE_AFTER_HEAD);
}

bool tree_after_head(struct tree *t, const struct html_token *k)
{
    if (tree_passed_over(k) || tree_start(k, HTML_TAG_HEAD))
        return false;
    if (tree_start(k, HTML_TAG_HTML))
        return tree_in_body(t, k);
    if (tree_start_of(k, TAGS(HTML_TAG_BASE, HTML_TAG_BASEFONT, HTML_TAG_BGSOUND, HTML_TAG_LINK, HTML_TAG_META,
                              HTML_TAG_NOFRAMES, HTML_TAG_SCRIPT, HTML_TAG_STYLE, HTML_TAG_TEMPLATE, HTML_TAG_TITLE))) {
        tree_push(t, t->head);
        (void)tree_in_head(t, k);
        tree_remove(t, t->head);
        return false;
    }
    if (tree_end(k, HTML_TAG_TEMPLATE))
        return tree_in_head(t, k);
    if (k->kind == HTML_END && !tree_is_tag(k->tag, TAGS(HTML_TAG_BODY, HTML_TAG_HTML, HTML_TAG_BR)))
        return false;
    if (tree_start(k, HTML_TAG_FRAMESET)) {
        (void)tree_insert(t, k);
        return tree_done(t, TREE_IN_FRAMESET);
    }
    if (tree_start(k, HTML_TAG_BODY)) {
        t->body = tree_node_of(t, HTML_TAG_BODY, TREE_HTML, k->name, 0);
        t->body_written = true;
        t->frameset_ok = false;
        tree_recognise(t, HTML_TAG_BODY, k->name, true);
    } else {
        t->body = tree_node_of(t, HTML_TAG_BODY, TREE_HTML, S(""), 0);
    }
    t->body->parent = tree_current(t);
    tree_push(t, t->body);
    t->mode = TREE_IN_BODY;
    return !t->body_written;
}

/* --- in the body -------------------------------------------------------------------------------------------------- */

static void tree_frameset(struct tree *t, const struct html_token *k)
{
    if (!t->frameset_ok || t->depth < 2 || !tree_is(t->open[1], HTML_TAG_BODY))
        return;
    tree_pop_to(t, 1);
    t->body = NULL;                                     /* and all that was in it */
    t->body_written = t->body_text = t->in_body = false;
    (void)tree_insert(t, k);
    t->mode = TREE_IN_FRAMESET;
}

static void tree_list_item(struct tree *t, const struct html_token *k)
{
    const enum html_tag *items = k->tag == HTML_TAG_LI ? TAGS(HTML_TAG_LI) : TAGS(HTML_TAG_DD, HTML_TAG_DT);

    t->frameset_ok = false;
    for (size_t i = t->depth; i-- > 0 && tree_step(t);) {
        struct tree_node *n = t->open[i];

        if (tree_is_one(n, items)) {
            tree_imply_ends(t, n->tag, HTML_IMPLIED);
            tree_pop_until(t, n->tag);
            break;
        }
        if (tree_special(n) && !tree_is_one(n, TAGS(HTML_TAG_ADDRESS, HTML_TAG_DIV, HTML_TAG_P)))
            break;
    }
    tree_close_p(t);
    (void)tree_insert(t, k);
}

static void tree_format_start(struct tree *t, const struct html_token *k)
{
    struct tree_node *before = k->tag == HTML_TAG_A ? tree_again_tag(t, HTML_TAG_A) : NULL;
    ptrdiff_t at;

    if (before) {
        tree_adopt(t, k);
        tree_remove(t, before);
        if ((at = tree_again_find(t, before)) >= 0)
            tree_again_remove(t, (size_t)at);
    }
    tree_reconstruct(t);
    if (k->tag == HTML_TAG_NOBR && tree_has_tag(t, HTML_TAG_NOBR, TREE_SCOPE)) {
        tree_adopt(t, k);
        tree_reconstruct(t);
    }
    tree_again_add(t, tree_insert(t, k));
}

static void tree_foreign_root(struct tree *t, const struct html_token *k)
{
    tree_reconstruct(t);
    if (k->self_closing)
        tree_append(t, k);
    else
        (void)tree_insert_as(t, k, k->tag, k->tag == HTML_TAG_SVG ? TREE_SVG : TREE_MATHML);
}

static const enum html_tag tree_headings[] = { HTML_TAG_H1, HTML_TAG_H2, HTML_TAG_H3, HTML_TAG_H4, HTML_TAG_H5, HTML_TAG_H6,
                                               HTML_TAG_COUNT };
static const enum html_tag tree_blocks[] = {
    HTML_TAG_P, HTML_TAG_DL, HTML_TAG_OL, HTML_TAG_UL, HTML_TAG_DIV, HTML_TAG_DIR, HTML_TAG_NAV, HTML_TAG_MAIN, HTML_TAG_MENU,
    HTML_TAG_ASIDE, HTML_TAG_CENTER, HTML_TAG_FIGURE, HTML_TAG_FOOTER, HTML_TAG_HEADER, HTML_TAG_HGROUP, HTML_TAG_DIALOG,
    HTML_TAG_DETAILS, HTML_TAG_ADDRESS, HTML_TAG_ARTICLE, HTML_TAG_SEARCH, HTML_TAG_SECTION, HTML_TAG_SUMMARY, HTML_TAG_FIELDSET,
    HTML_TAG_BLOCKQUOTE, HTML_TAG_FIGCAPTION, HTML_TAG_COUNT,
};

/* Start tags whose element stands beside a paragraph, not in one. */
static bool tree_block_start(struct tree *t, const struct html_token *k)
{
    switch ((int)k->tag) {
    case HTML_TAG_PRE:
    case HTML_TAG_LISTING:
        t->skip_newline = true;
        t->frameset_ok = false;
        break;
    case HTML_TAG_PLAINTEXT: t->in.plain = true; break;
    case HTML_TAG_HR:
        tree_close_p(t);
        tree_append(t, k);
        t->frameset_ok = false;
        return true;
    case HTML_TAG_LI:
    case HTML_TAG_DD:
    case HTML_TAG_DT: tree_list_item(t, k); return true;
    default:
        if (!tree_is_tag(k->tag, tree_blocks) && !tree_is_tag(k->tag, tree_headings))
            return false;
    }
    tree_close_p(t);
    if (tree_is_tag(k->tag, tree_headings) && tree_is_one(tree_current(t), tree_headings))
        tree_pop(t);
    (void)tree_insert(t, k);
    return true;
}

/* Start tags of what holds nothing, or nothing but text. */
static bool tree_leaf_start(struct tree *t, const struct html_token *k)
{
    struct html_token image = *k;

    switch ((int)k->tag) {
    case HTML_TAG_IMAGE:
        image.tag = HTML_TAG_IMG;
        tree_reconstruct(t);
        tree_append(t, &image);
        t->frameset_ok = false;
        return true;
    case HTML_TAG_BR:
    case HTML_TAG_IMG:
    case HTML_TAG_WBR:
    case HTML_TAG_AREA:
    case HTML_TAG_EMBED:
    case HTML_TAG_KEYGEN:
    case HTML_TAG_INPUT:
        tree_reconstruct(t);
        tree_append(t, k);
        t->frameset_ok &= k->tag == HTML_TAG_INPUT && k->hidden;
        return true;
    case HTML_TAG_PARAM:
    case HTML_TAG_TRACK:
    case HTML_TAG_SOURCE: tree_append(t, k); return true;
    case HTML_TAG_XMP:
        tree_close_p(t);
        tree_reconstruct(t);
        t->frameset_ok = false;
        (void)tree_raw(t, k);
        return true;
    case HTML_TAG_TEXTAREA:
    case HTML_TAG_IFRAME:
        t->frameset_ok = false;
        (void)tree_raw(t, k);
        return true;
    case HTML_TAG_NOEMBED:
    case HTML_TAG_NOSCRIPT: (void)tree_raw(t, k); return true;
    case HTML_TAG_BASE:
    case HTML_TAG_BASEFONT:
    case HTML_TAG_BGSOUND:
    case HTML_TAG_LINK:
    case HTML_TAG_META:
    case HTML_TAG_NOFRAMES:
    case HTML_TAG_SCRIPT:
    case HTML_TAG_STYLE:
    case HTML_TAG_TEMPLATE:
    case HTML_TAG_TITLE: (void)tree_in_head(t, k); return true;
    default: return false;
    }
}

static void tree_form_start(struct tree *t, const struct html_token *k)
{
    if (t->form && !t->template_open)
        return;
    tree_close_p(t);
    (void)tree_insert(t, k);
    if (!t->template_open)
        t->form = tree_current(t);
}

static bool tree_in_table_mode(enum tree_mode m)
{
    return m == TREE_IN_TABLE || m == TREE_IN_CAPTION || m == TREE_IN_TABLE_BODY || m == TREE_IN_ROW ||
           m == TREE_IN_CELL;
}

static void tree_body_start(struct tree *t, const struct html_token *k)
{
    if ((html_traits(k->tag) & HTML_FORMAT)) {
        tree_format_start(t, k);
        return;
    }
    if (tree_block_start(t, k) || tree_leaf_start(t, k))
        return;
    switch ((int)k->tag) {
    case HTML_TAG_HTML:
    case HTML_TAG_CAPTION:
    case HTML_TAG_COL:
    case HTML_TAG_COLGROUP:
    case HTML_TAG_FRAME:
    case HTML_TAG_HEAD:
    case HTML_TAG_TBODY:
    case HTML_TAG_TD:
    case HTML_TAG_TFOOT:
    case HTML_TAG_TH:
    case HTML_TAG_THEAD:
    case HTML_TAG_TR: return;
    case HTML_TAG_BODY: t->frameset_ok &= t->template_open || t->depth < 2 || !tree_is(t->open[1], HTML_TAG_BODY); return;
    case HTML_TAG_FRAMESET: tree_frameset(t, k); return;
    case HTML_TAG_FORM: tree_form_start(t, k); return;
    case HTML_TAG_SVG:
    case HTML_TAG_MATH: tree_foreign_root(t, k); return;
    case HTML_TAG_TABLE:
        if (!t->quirks)
            tree_close_p(t);
        (void)tree_insert(t, k);
        t->frameset_ok = false;
        t->mode = TREE_IN_TABLE;
        return;
    case HTML_TAG_BUTTON:
        if (tree_has_tag(t, HTML_TAG_BUTTON, TREE_SCOPE)) {
            tree_imply_ends(t, HTML_TAG_COUNT, HTML_IMPLIED);
            tree_pop_until(t, HTML_TAG_BUTTON);
        }
        t->frameset_ok = false;
        break;
    case HTML_TAG_APPLET:
    case HTML_TAG_MARQUEE:
    case HTML_TAG_OBJECT:
        tree_reconstruct(t);
        (void)tree_insert(t, k);
        tree_again_add(t, NULL);
        t->frameset_ok = false;
        return;
    case HTML_TAG_SELECT:
        tree_reconstruct(t);
        (void)tree_insert(t, k);
        t->frameset_ok = false;
        t->mode = tree_in_table_mode(t->mode) ? TREE_IN_SELECT_IN_TABLE : TREE_IN_SELECT;
        return;
    case HTML_TAG_OPTION:
    case HTML_TAG_OPTGROUP:
        if (tree_current_is(t, HTML_TAG_OPTION))
            tree_pop(t);
        break;
    case HTML_TAG_RB:
    case HTML_TAG_RTC:
    case HTML_TAG_RT:
    case HTML_TAG_RP:
        if (tree_has_tag(t, HTML_TAG_RUBY, TREE_SCOPE))
            tree_imply_ends(t, k->tag == HTML_TAG_RT || k->tag == HTML_TAG_RP ? HTML_TAG_RTC : HTML_TAG_COUNT,
                            HTML_IMPLIED);
        (void)tree_insert(t, k);
        return;
    default: break;
    }
    tree_reconstruct(t);
    (void)tree_insert(t, k);
}

static void tree_form_end(struct tree *t)
{
    struct tree_node *form = t->form;

    if (!t->template_open)
        t->form = NULL;
    if ((!form && !t->template_open) || !tree_has_tag(t, HTML_TAG_FORM, TREE_SCOPE))
        return;
    tree_imply_ends(t, HTML_TAG_COUNT, HTML_IMPLIED);
    if (t->template_open)
        tree_pop_until(t, HTML_TAG_FORM);
    else
        tree_remove(t, form);
}

static void tree_heading_end(struct tree *t)
{
    if (!tree_has(t, tree_headings, TREE_SCOPE))
        return;
    tree_imply_ends(t, HTML_TAG_COUNT, HTML_IMPLIED);
    tree_clear_to(t, tree_headings);
    tree_pop(t);
}

static bool tree_body_end(struct tree *t, const struct html_token *k)
{
    if ((html_traits(k->tag) & HTML_FORMAT)) {
        tree_adopt(t, k);
        return false;
    }
    switch ((int)k->tag) {
    case HTML_TAG_BODY:
    case HTML_TAG_HTML:
        if (!tree_has_tag(t, HTML_TAG_BODY, TREE_SCOPE))
            return false;
        t->mode = TREE_AFTER_BODY;
        return k->tag == HTML_TAG_HTML;
    case HTML_TAG_P:
        if (!tree_has_tag(t, HTML_TAG_P, TREE_SCOPE_BUTTON))
            (void)tree_imply(t, HTML_TAG_P);
        tree_close_p(t);
        return false;
    case HTML_TAG_BR:
        tree_reconstruct(t);
        tree_recognise(t, HTML_TAG_BR, S(""), false);
        t->frameset_ok = false;
        return false;
    case HTML_TAG_LI: (void)tree_close(t, HTML_TAG_LI, TREE_SCOPE_LIST, HTML_TAG_LI); return false;
    case HTML_TAG_DD:
    case HTML_TAG_DT: (void)tree_close(t, k->tag, TREE_SCOPE, k->tag); return false;
    case HTML_TAG_FORM: tree_form_end(t); return false;
    case HTML_TAG_APPLET:
    case HTML_TAG_MARQUEE:
    case HTML_TAG_OBJECT:
        if (tree_close(t, k->tag, TREE_SCOPE, HTML_TAG_COUNT))
            tree_again_clear(t);
        return false;
    case HTML_TAG_TEMPLATE: tree_template_end(t); return false;
    default: break;
    }
    if (tree_is_tag(k->tag, tree_headings))
        tree_heading_end(t);
    else if (tree_is_tag(k->tag, tree_blocks) ||
             tree_is_tag(k->tag, TAGS(HTML_TAG_PRE, HTML_TAG_LISTING, HTML_TAG_BUTTON)))
        (void)tree_close(t, k->tag, TREE_SCOPE, HTML_TAG_COUNT);
    else
        tree_end_any(t, k);
    return false;
}

bool tree_in_body(struct tree *t, const struct html_token *k)
{
    switch (k->kind) {
    case HTML_WHITE:
    case HTML_TEXT:
        tree_reconstruct(t);
        tree_text(t, k->visible);
        t->frameset_ok &= k->kind == HTML_WHITE;
        break;
    case HTML_START: tree_body_start(t, k); break;
    case HTML_END: return tree_body_end(t, k);
    case HTML_EOF:
        if (t->template_count)
            return tree_in_template(t, k);
        t->stopped = true;
        break;
    case HTML_NUL:
    case HTML_COMMENT:
    case HTML_DOCTYPE: break;
    }
    return false;
}

/* The text itself was passed over. */
bool tree_in_text(struct tree *t, const struct html_token *k)
{
    tree_pop(t);
    t->mode = t->original;
    return k->kind == HTML_EOF;
}
