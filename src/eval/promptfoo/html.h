/* src/eval/promptfoo/html.h (private to promptfoo): as much of an HTML parser as is-html asks for.
 *
 * html_tokens.c cuts a text into tokens, html_tree.c goes through the tree that the HTML standard builds of them
 * (https://html.spec.whatwg.org/multipage/parsing.html, chapters 13.2.5 and 13.2.6; `select` as before 2025, scripting
 * on), and remembers of it what html.c asks: no nodes are kept but those that are open or may be opened again.
 * Cost: bounded by the three limits below; past one of them nothing is decided. Threads: values; all memory is the
 * arena's. */
#pragma once

#include "eval/promptfoo/kinds.h"

#define HTML_BYTES_MAX 1000000          /* of a text */
#define HTML_DEPTH_MAX 5000             /* elements in elements, and elements to open again */
#define HTML_STEPS_MAX 50000000         /* looks at an open element, all together */

/* What is known of an element by its name. */
enum html_trait {
    HTML_KNOWN = 1,                     /* promptfoo takes it for one of HTML's */
    HTML_SPECIAL = 2, HTML_FORMAT = 4,  /* the standard's words */
    HTML_SCOPE = 8,                     /* ends every scope */
    HTML_EXIT = 16,                     /* leaves SVG and MathML */
    HTML_IMPLIED = 32, HTML_IMPLIED_MORE = 64,              /* its end tag may be missing; MORE: at a template's end */
};
/* Sorted by name. The wrappers html, head and body are known when they were written only. */
#define HTML_TAGS(X)                                                                                                   \
    X(A, "a", 1 | 4) X(ABBR, "abbr", 1) X(ADDRESS, "address", 1 | 2) X(ANNOTATION_XML, "annotation-xml", 1) X(APPLET, "applet", 2 | 8) \
    X(AREA, "area", 1 | 2) X(ARTICLE, "article", 1 | 2) X(ASIDE, "aside", 1 | 2) X(AUDIO, "audio", 1) X(B, "b", 1 | 4 | 16) \
    X(BASE, "base", 1 | 2) X(BASEFONT, "basefont", 2) X(BDI, "bdi", 1) X(BDO, "bdo", 1) X(BGSOUND, "bgsound", 2) \
    X(BIG, "big", 4 | 16) X(BLOCKQUOTE, "blockquote", 1 | 2 | 16) X(BODY, "body", 2 | 16) X(BR, "br", 1 | 2 | 16) \
    X(BUTTON, "button", 1 | 2) X(CANVAS, "canvas", 1) X(CAPTION, "caption", 1 | 2 | 8 | 64) X(CENTER, "center", 2 | 16) \
    X(CITE, "cite", 1) X(CODE, "code", 1 | 4 | 16) X(COL, "col", 1 | 2) X(COLGROUP, "colgroup", 1 | 2 | 64) X(DATA, "data", 1) \
    X(DATALIST, "datalist", 1) X(DD, "dd", 1 | 2 | 16 | 32) X(DEL, "del", 1) X(DESC, "desc", 0) X(DETAILS, "details", 1 | 2) \
    X(DFN, "dfn", 1) X(DIALOG, "dialog", 1) X(DIR, "dir", 2) X(DIV, "div", 1 | 2 | 16) X(DL, "dl", 1 | 2 | 16) \
    X(DT, "dt", 1 | 2 | 16 | 32) X(EM, "em", 1 | 4 | 16) X(EMBED, "embed", 1 | 2 | 16) X(FIELDSET, "fieldset", 1 | 2) \
    X(FIGCAPTION, "figcaption", 1 | 2) X(FIGURE, "figure", 1 | 2) X(FONT, "font", 4) X(FOOTER, "footer", 1 | 2) \
    X(FOREIGNOBJECT, "foreignobject", 0) X(FORM, "form", 1 | 2) X(FRAME, "frame", 2) X(FRAMESET, "frameset", 2) \
    X(H1, "h1", 1 | 2 | 16) X(H2, "h2", 1 | 2 | 16) X(H3, "h3", 1 | 2 | 16) X(H4, "h4", 1 | 2 | 16) X(H5, "h5", 1 | 2 | 16) \
    X(H6, "h6", 1 | 2 | 16) X(HEAD, "head", 2 | 16) X(HEADER, "header", 1 | 2) X(HGROUP, "hgroup", 2) X(HR, "hr", 1 | 2 | 16) \
    X(HTML, "html", 2 | 8) X(I, "i", 1 | 4 | 16) X(IFRAME, "iframe", 1 | 2) X(IMAGE, "image", 0) X(IMG, "img", 1 | 2 | 16) \
    X(INPUT, "input", 1 | 2) X(INS, "ins", 1) X(KBD, "kbd", 1) X(KEYGEN, "keygen", 0) X(LABEL, "label", 1) \
    X(LEGEND, "legend", 1) X(LI, "li", 1 | 2 | 16 | 32) X(LINK, "link", 1 | 2) X(LISTING, "listing", 2 | 16) \
    X(MAIN, "main", 1 | 2) X(MALIGNMARK, "malignmark", 0) X(MAP, "map", 1) X(MARK, "mark", 1) X(MARQUEE, "marquee", 2 | 8) \
    X(MATH, "math", 1) X(MENU, "menu", 1 | 2 | 16) X(META, "meta", 1 | 2 | 16) X(METER, "meter", 1) X(MGLYPH, "mglyph", 0) \
    X(MI, "mi", 0) X(MN, "mn", 0) X(MO, "mo", 0) X(MS, "ms", 0) X(MTEXT, "mtext", 0) X(NAV, "nav", 1 | 2) \
    X(NOBR, "nobr", 4 | 16) X(NOEMBED, "noembed", 2) X(NOFRAMES, "noframes", 2) X(NOSCRIPT, "noscript", 1 | 2) \
    X(OBJECT, "object", 1 | 2 | 8) X(OL, "ol", 1 | 2 | 16) X(OPTGROUP, "optgroup", 1 | 32) X(OPTION, "option", 1 | 32) \
    X(OUTPUT, "output", 1) X(P, "p", 1 | 2 | 16 | 32) X(PARAM, "param", 1 | 2) X(PICTURE, "picture", 1) \
    X(PLAINTEXT, "plaintext", 2) X(PRE, "pre", 1 | 2 | 16) X(PROGRESS, "progress", 1) X(Q, "q", 1) X(RB, "rb", 32) \
    X(RP, "rp", 1 | 32) X(RT, "rt", 1 | 32) X(RTC, "rtc", 32) X(RUBY, "ruby", 1 | 16) X(S, "s", 1 | 4 | 16) X(SAMP, "samp", 1) \
    X(SCRIPT, "script", 1 | 2) X(SEARCH, "search", 0) X(SECTION, "section", 1 | 2) X(SELECT, "select", 1 | 2) X(SLOT, "slot", 1) \
    X(SMALL, "small", 1 | 4 | 16) X(SOURCE, "source", 1 | 2) X(SPAN, "span", 1 | 16) X(STRIKE, "strike", 4 | 16) \
    X(STRONG, "strong", 1 | 4 | 16) X(STYLE, "style", 1 | 2) X(SUB, "sub", 1 | 16) X(SUMMARY, "summary", 1 | 2) \
    X(SUP, "sup", 1 | 16) X(SVG, "svg", 1) X(TABLE, "table", 1 | 2 | 8 | 16) X(TBODY, "tbody", 1 | 2 | 64) X(TD, "td", 1 | 2 | 8 | 64) \
    X(TEMPLATE, "template", 1 | 2 | 8) X(TEXTAREA, "textarea", 1 | 2) X(TFOOT, "tfoot", 1 | 2 | 64) X(TH, "th", 1 | 2 | 8 | 64) \
    X(THEAD, "thead", 1 | 2 | 64) X(TIME, "time", 1) X(TITLE, "title", 1 | 2) X(TR, "tr", 1 | 2 | 64) X(TRACK, "track", 1 | 2) \
    X(TT, "tt", 4 | 16) X(U, "u", 1 | 4 | 16) X(UL, "ul", 1 | 2 | 16) X(VAR, "var", 1 | 16) X(VIDEO, "video", 1) \
    X(WBR, "wbr", 1 | 2) X(XMP, "xmp", 2)

enum html_tag {
#define X(id, name, traits) HTML_TAG_##id,
    HTML_TAGS(X)
#undef X
    HTML_TAG_OTHER, HTML_TAG_COUNT
};

enum html_kind { HTML_START, HTML_END, HTML_WHITE, HTML_TEXT, HTML_NUL, HTML_COMMENT, HTML_DOCTYPE, HTML_EOF };

/* Text comes as runs: of white space, of NUL, of the rest. */
struct html_token {
    enum html_kind kind;
    enum html_tag tag;
    struct str name;                    /* of a tag, as it is written */
    uint64_t looks;                     /* of its attributes: equal ones have equal looks, in any order */
    bool self_closing, hidden;          /* hidden: type=hidden */
    bool font, encoded;                 /* color, face or size; an encoding that holds HTML */
    bool quirks;                        /* of a DOCTYPE: such a document is in quirks mode */
    bool visible;                       /* of a text: more than JavaScript trims */
    bool newline;                       /* of white space: it is one line end */
};

/* The one who builds the tree sets `raw`, `plain` and `foreign` between tokens. */
struct html_tokens {
    struct str text;
    size_t at;
    enum html_tag raw;                  /* only its end tag is looked for; HTML_TAG_OTHER: no such */
    bool plain;                         /* there are no more tags */
    bool foreign;                       /* CDATA is text */
    size_t cdata;                       /* where the CDATA that was begun ends; 0: none was */
};
void html_next(struct html_tokens *x, struct html_token *out);

/* What the standard makes of a text. */
struct html_found {
    bool unsure;                        /* a limit was met: nothing is known */
    bool body_written;                  /* there is a body, and its tag was written */
    bool text;                          /* a body, and in it text that is in no other element */
    bool elements;                      /* elements that promptfoo takes for HTML's, wrappers that were not written aside */
};
void html_read(struct str text, struct arena *a, struct html_found *out);
unsigned    html_traits(enum html_tag tag);
const char *html_name(enum html_tag tag);               /* "" for HTML_TAG_OTHER */
