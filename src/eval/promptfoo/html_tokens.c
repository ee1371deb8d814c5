/* Tokens of HTML. Text inside elements whose content is raw is passed over; of an entity it is only known whether it
 * stands for white space, for that is all the tree depends on. */
#include "eval/promptfoo/html.h"

#define TOKENS_NAME_MAX  14             /* bytes of the longest name in the table */
#define TOKENS_ATTRS_MAX 64             /* attributes of a tag that are looked at for being there already */

static const struct { const char *name; unsigned traits; } tokens_tags[] = {
#define X(id, title, bits) { title, bits },
    HTML_TAGS(X)
#undef X
};

unsigned html_traits(enum html_tag tag)
{
    return tag < HTML_TAG_OTHER ? tokens_tags[tag].traits : 0;
}

const char *html_name(enum html_tag tag)
{
    return tag < HTML_TAG_OTHER ? tokens_tags[tag].name : "";
}

static enum html_tag tokens_tag(struct str name)
{
    size_t low = 0, high = COUNT_OF(tokens_tags);
    char text[TOKENS_NAME_MAX + 1];

    if (name.len > TOKENS_NAME_MAX)
        return HTML_TAG_OTHER;
    for (size_t i = 0; i < name.len; i++)
        text[i] = name.at[i] >= 'A' && name.at[i] <= 'Z' ? (char)(name.at[i] | 0x20) : name.at[i];
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = str_cmp(str_n(text, name.len), str_c(tokens_tags[mid].name));

        if (order == 0)
            return (enum html_tag)mid;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return HTML_TAG_OTHER;
}

/* '\0' past the end, as for the byte itself: who cares asks tokens_more. */
static char tokens_byte(const struct html_tokens *x, size_t ahead)
{
    return x->at + ahead < x->text.len ? x->text.at[x->at + ahead] : '\0';
}

static bool tokens_more(const struct html_tokens *x)
{
    return x->at < x->text.len;
}

static bool tokens_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\f' || c == '\r';
}

static bool tokens_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void tokens_blanks(struct html_tokens *x)
{
    while (tokens_more(x) && tokens_is_blank(tokens_byte(x, 0)))
        x->at++;
}

static struct str tokens_rest(const struct html_tokens *x)
{
    return str_from(x->text, x->at);
}

/* Behind the first `end`, or at the end of the text. */
static void tokens_past(struct html_tokens *x, struct str end)
{
    ptrdiff_t at = str_find(tokens_rest(x), end);

    x->at = at < 0 ? x->text.len : x->at + (size_t)at + end.len;
}

/* --- tags --------------------------------------------------------------------------------------------------------- */

static uint64_t tokens_hash(uint64_t h, struct str s, bool fold)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];

        h = (h ^ (fold && c >= 'A' && c <= 'Z' ? c | 0x20u : c)) * 0x100000001b3u;      /* FNV-1a */
    }
    return (h ^ s.len) * 0x100000001b3u;
}

struct tokens_attrs { uint64_t seen[TOKENS_ATTRS_MAX]; size_t count; };

static void tokens_attr(struct html_token *out, struct tokens_attrs *attrs, struct str name, struct str value)
{
    uint64_t h = tokens_hash(0xcbf29ce484222325u, name, true);

    for (size_t i = 0; i < attrs->count; i++)
        if (attrs->seen[i] == h)
            return;                                     /* the first of a name counts */
    if (attrs->count < TOKENS_ATTRS_MAX)
        attrs->seen[attrs->count++] = h;
    out->looks += tokens_hash(h, value, false);
    if (str_ieq(name, S("type")))
        out->hidden = str_ieq(value, S("hidden"));
    if (str_ieq(name, S("encoding")))
        out->encoded = str_ieq(value, S("text/html")) || str_ieq(value, S("application/xhtml+xml"));
    out->font |= str_ieq(name, S("color")) || str_ieq(name, S("face")) || str_ieq(name, S("size"));
}

static struct str tokens_attr_value(struct html_tokens *x)
{
    char quote = tokens_byte(x, 0);
    size_t from = x->at;
    ptrdiff_t end;

    if (quote == '"' || quote == '\'') {
        x->at++;
        end = str_find_byte(tokens_rest(x), quote);
        x->at = end < 0 ? x->text.len : x->at + (size_t)end + 1;
        return end < 0 ? STR_NONE : str_sub(x->text, from + 1, (size_t)end);
    }
    while (tokens_more(x) && !tokens_is_blank(tokens_byte(x, 0)) && tokens_byte(x, 0) != '>')
        x->at++;
    return str_sub(x->text, from, x->at - from);
}

static struct str tokens_attr_name(struct html_tokens *x)
{
    size_t from = x->at++;                              /* whatever it is, '=' too */

    while (tokens_more(x) && !tokens_is_blank(tokens_byte(x, 0)) &&
           !strchr("/>=", tokens_byte(x, 0) ? tokens_byte(x, 0) : 'x'))
        x->at++;
    return str_sub(x->text, from, x->at - from);
}

/* From the name to behind the '>'. False: the text ends before, and there is no tag. */
static bool tokens_tag_read(struct html_tokens *x, struct html_token *out)
{
    struct tokens_attrs attrs = { .count = 0 };
    size_t from = x->at;

    while (tokens_more(x) && !tokens_is_blank(tokens_byte(x, 0)) && tokens_byte(x, 0) != '/' &&
           tokens_byte(x, 0) != '>')
        x->at++;
    out->name = str_sub(x->text, from, x->at - from);
    out->tag = tokens_tag(out->name);
    for (;;) {
        struct str name, value = STR_NONE;

        tokens_blanks(x);
        if (!tokens_more(x))
            return false;
        if (tokens_byte(x, 0) == '>')
            break;
        if (tokens_byte(x, 0) == '/') {
            x->at++;
            out->self_closing = tokens_byte(x, 0) == '>';
            continue;
        }
        name = tokens_attr_name(x);
        tokens_blanks(x);
        if (tokens_byte(x, 0) == '=') {
            x->at++;
            tokens_blanks(x);
            value = tokens_attr_value(x);
        }
        tokens_attr(out, &attrs, name, value);
    }
    x->at++;
    return true;
}

/* --- DOCTYPE ------------------------------------------------------------------------------------------------------ */

/* Public identifiers that begin so mean quirks mode; the last two only where there is no system identifier. */
static const char *const tokens_quirks[] = {
    "+//Silmaril//dtd html Pro v0r11 19970101//", "-//AS//DTD HTML 3.0 asWedit + extensions//",
    "-//AdvaSoft Ltd//DTD HTML 3.0 asWedit + extensions//", "-//IETF//DTD HTML 2.0 Level 1//", "-//IETF//DTD HTML 2.0 Level 2//",
    "-//IETF//DTD HTML 2.0 Strict Level 1//", "-//IETF//DTD HTML 2.0 Strict Level 2//", "-//IETF//DTD HTML 2.0 Strict//",
    "-//IETF//DTD HTML 2.0//", "-//IETF//DTD HTML 2.1E//", "-//IETF//DTD HTML 3.0//", "-//IETF//DTD HTML 3.2 Final//",
    "-//IETF//DTD HTML 3.2//", "-//IETF//DTD HTML 3//", "-//IETF//DTD HTML Level 0//", "-//IETF//DTD HTML Level 1//",
    "-//IETF//DTD HTML Level 2//", "-//IETF//DTD HTML Level 3//", "-//IETF//DTD HTML Strict Level 0//",
    "-//IETF//DTD HTML Strict Level 1//", "-//IETF//DTD HTML Strict Level 2//", "-//IETF//DTD HTML Strict Level 3//",
    "-//IETF//DTD HTML Strict//", "-//IETF//DTD HTML//", "-//Metrius//DTD Metrius Presentational//",
    "-//Microsoft//DTD Internet Explorer 2.0 HTML Strict//", "-//Microsoft//DTD Internet Explorer 2.0 HTML//",
    "-//Microsoft//DTD Internet Explorer 2.0 Tables//", "-//Microsoft//DTD Internet Explorer 3.0 HTML Strict//",
    "-//Microsoft//DTD Internet Explorer 3.0 HTML//", "-//Microsoft//DTD Internet Explorer 3.0 Tables//",
    "-//Netscape Comm. Corp.//DTD HTML//", "-//Netscape Comm. Corp.//DTD Strict HTML//", "-//O'Reilly and Associates//DTD HTML 2.0//",
    "-//O'Reilly and Associates//DTD HTML Extended 1.0//", "-//O'Reilly and Associates//DTD HTML Extended Relaxed 1.0//",
    "-//SQ//DTD HTML 2.0 HoTMetaL + extensions//", "-//SoftQuad Software//DTD HoTMetaL PRO 6.0::19990601::extensions to HTML 4.0//",
    "-//SoftQuad//DTD HoTMetaL PRO 4.0::19971010::extensions to HTML 4.0//", "-//Spyglass//DTD HTML 2.0 Extended//",
    "-//Sun Microsystems Corp.//DTD HotJava HTML//", "-//Sun Microsystems Corp.//DTD HotJava Strict HTML//",
    "-//W3C//DTD HTML 3 1995-03-24//", "-//W3C//DTD HTML 3.2 Draft//", "-//W3C//DTD HTML 3.2 Final//", "-//W3C//DTD HTML 3.2//",
    "-//W3C//DTD HTML 3.2S Draft//", "-//W3C//DTD HTML 4.0 Frameset//", "-//W3C//DTD HTML 4.0 Transitional//",
    "-//W3C//DTD HTML Experimental 19960712//", "-//W3C//DTD HTML Experimental 970421//", "-//W3C//DTD W3 HTML//",
    "-//W3O//DTD W3 HTML 3.0//", "-//WebTechs//DTD Mozilla HTML 2.0//", "-//WebTechs//DTD Mozilla HTML//",
    "-//W3C//DTD HTML 4.01 Frameset//", "-//W3C//DTD HTML 4.01 Transitional//",
};

struct tokens_ids { struct str public, system; bool has_public, has_system; };

static bool tokens_is_quirks(struct str name, const struct tokens_ids *ids)
{
    static const char *const whole[] = { "-//W3O//DTD W3 HTML Strict 3.0//EN//", "-/W3C/DTD HTML 4.0 Transitional/EN", "HTML" };
    size_t prefixes = COUNT_OF(tokens_quirks) - (ids->has_system ? 2 : 0);

    if (!str_ieq(name, S("html")) ||
        str_ieq(ids->system, S("http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd")))
        return true;
    for (size_t i = 0; ids->has_public && i < COUNT_OF(whole); i++)
        if (str_ieq(ids->public, str_c(whole[i])))
            return true;
    for (size_t i = 0; ids->has_public && i < prefixes; i++)
        if (str_istarts(ids->public, str_c(tokens_quirks[i])))
            return true;
    return false;
}

/* Text in quotes; false: it is not closed before the DOCTYPE ends. */
static bool tokens_quoted(struct html_tokens *x, struct str *out, bool *has)
{
    char quote = tokens_byte(x, 0);
    size_t from = ++x->at;

    *has = true;
    while (tokens_more(x) && tokens_byte(x, 0) != quote && tokens_byte(x, 0) != '>')
        x->at++;
    *out = str_sub(x->text, from, x->at - from);
    if (!tokens_more(x) || tokens_byte(x, 0) == '>')
        return false;
    x->at++;
    return true;
}

static bool tokens_at_quote(const struct html_tokens *x)
{
    return tokens_byte(x, 0) == '"' || tokens_byte(x, 0) == '\'';
}

/* Behind the name. False: it breaks the rules so that quirks mode follows. */
static bool tokens_doctype_ids(struct html_tokens *x, struct tokens_ids *ids)
{
    bool public = str_istarts(tokens_rest(x), S("PUBLIC"));

    if (tokens_byte(x, 0) == '>')
        return true;
    if (!public && !str_istarts(tokens_rest(x), S("SYSTEM")))
        return false;
    x->at += 6;
    tokens_blanks(x);
    if (!tokens_at_quote(x) ||
        !(public ? tokens_quoted(x, &ids->public, &ids->has_public) : tokens_quoted(x, &ids->system, &ids->has_system)))
        return false;
    tokens_blanks(x);
    if (!public || tokens_byte(x, 0) == '>')
        return tokens_more(x);
    return tokens_at_quote(x) && tokens_quoted(x, &ids->system, &ids->has_system);
}

static void tokens_doctype(struct html_tokens *x, struct html_token *out)
{
    struct tokens_ids ids = { .has_public = false };
    size_t from;

    out->kind = HTML_DOCTYPE;
    tokens_blanks(x);
    from = x->at;
    while (tokens_more(x) && !tokens_is_blank(tokens_byte(x, 0)) && tokens_byte(x, 0) != '>')
        x->at++;
    out->name = str_sub(x->text, from, x->at - from);
    tokens_blanks(x);
    out->quirks = !tokens_doctype_ids(x, &ids) || tokens_is_quirks(out->name, &ids);
    tokens_past(x, S(">"));
}

/* --- comments ----------------------------------------------------------------------------------------------------- */

static void tokens_comment(struct html_tokens *x)
{
    struct str rest = tokens_rest(x);

    if (str_starts(rest, S(">")) || str_starts(rest, S("->"))) {
        tokens_past(x, S(">"));
        return;
    }
    for (; tokens_more(x); x->at++) {
        ptrdiff_t dash = str_find_byte(tokens_rest(x), '-');

        if (dash < 0)
            break;
        x->at += (size_t)dash;
        if (str_starts(tokens_rest(x), S("-->")) || str_starts(tokens_rest(x), S("--!>"))) {
            tokens_past(x, S(">"));
            return;
        }
    }
    x->at = x->text.len;
}

/* Behind "<!". False: it is no token of its own. */
static bool tokens_declaration(struct html_tokens *x, struct html_token *out)
{
    out->kind = HTML_COMMENT;
    if (str_starts(tokens_rest(x), S("--"))) {
        x->at += 2;
        tokens_comment(x);
    } else if (str_istarts(tokens_rest(x), S("DOCTYPE"))) {
        x->at += 7;
        tokens_doctype(x, out);
    } else if (x->foreign && str_starts(tokens_rest(x), S("[CDATA["))) {
        ptrdiff_t end = str_find(str_from(x->text, x->at + 7), S("]]>"));

        x->at += 7;
        x->cdata = end < 0 ? x->text.len : x->at + (size_t)end;
        return false;
    } else {
        tokens_past(x, S(">"));
    }
    return true;
}

/* --- text --------------------------------------------------------------------------------------------------------- */

enum tokens_class { TOKENS_WHITE, TOKENS_NUL, TOKENS_BLANK, TOKENS_VISIBLE };

static enum tokens_class tokens_class_of(uint32_t c)
{
    if (c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r')
        return TOKENS_WHITE;
    return c == 0 ? TOKENS_NUL : promptfoo_is_space(c) ? TOKENS_BLANK : TOKENS_VISIBLE;
}

/* "&#...;" behind its '&'; *next is behind it. */
static enum tokens_class tokens_number(const struct html_tokens *x, size_t *next)
{
    bool hex = tokens_byte(x, 2) == 'x' || tokens_byte(x, 2) == 'X';
    size_t first = x->at + (hex ? 3 : 2), i = first;
    uint32_t n = 0;

    for (; i < x->text.len; i++) {
        char c = x->text.at[i], low = (char)(c | 0x20);
        uint32_t digit = c >= '0' && c <= '9'              ? (uint32_t)(c - '0')
                         : hex && low >= 'a' && low <= 'f' ? (uint32_t)(low - 'a' + 10)
                                                           : 99;

        if (digit == 99)
            break;
        n = MIN(n * (hex ? 16 : 10) + digit, 0x110000u);
    }
    if (i == first) {
        *next = x->at + 1;                              /* a mere '&' */
        return TOKENS_VISIBLE;
    }
    *next = i + (i < x->text.len && x->text.at[i] == ';');
    if (n == 0 || n == 0x85)
        return TOKENS_VISIBLE;                          /* U+FFFD, and an ellipsis by an old table */
    return tokens_class_of(n);
}

/* An entity that is white space, or the '&' alone. */
static enum tokens_class tokens_entity(const struct html_tokens *x, size_t *next)
{
    static const struct { const char *name; enum tokens_class class; } blanks[] = {
        { "&Tab;", TOKENS_WHITE }, { "&NewLine;", TOKENS_WHITE }, { "&nbsp", TOKENS_BLANK }, { "&NonBreakingSpace;", TOKENS_BLANK },
        { "&ensp;", TOKENS_BLANK }, { "&emsp;", TOKENS_BLANK }, { "&emsp13;", TOKENS_BLANK }, { "&emsp14;", TOKENS_BLANK },
        { "&numsp;", TOKENS_BLANK }, { "&puncsp;", TOKENS_BLANK }, { "&thinsp;", TOKENS_BLANK }, { "&ThinSpace;", TOKENS_BLANK },
        { "&hairsp;", TOKENS_BLANK }, { "&VeryThinSpace;", TOKENS_BLANK }, { "&MediumSpace;", TOKENS_BLANK },
        { "&ThickSpace;", TOKENS_BLANK },
    };
    struct str rest = tokens_rest(x);

    if (tokens_byte(x, 1) == '#')
        return tokens_number(x, next);
    for (size_t i = 0; i < COUNT_OF(blanks); i++)
        if (str_starts(rest, str_c(blanks[i].name))) {
            *next = x->at + strlen(blanks[i].name);
            *next += *next < x->text.len && x->text.at[*next] == ';' && x->text.at[*next - 1] != ';';
            return blanks[i].class;
        }
    *next = x->at + 1;
    return TOKENS_VISIBLE;
}

static enum tokens_class tokens_character(const struct html_tokens *x, size_t *next)
{
    char c = tokens_byte(x, 0);

    if (c == '&' && !x->plain && !x->cdata)
        return tokens_entity(x, next);
    *next = x->at;
    return tokens_class_of(str_utf8_next(x->text, next));
}

/* A '<' that begins no tag, comment or declaration is text. */
static bool tokens_at_markup(const struct html_tokens *x)
{
    char c = tokens_byte(x, 1);

    if (tokens_byte(x, 0) != '<' || x->plain || x->cdata)
        return false;
    return c == '!' || c == '?' || tokens_is_letter(c) || (c == '/' && x->at + 2 < x->text.len);
}

static void tokens_run(struct html_tokens *x, struct html_token *out)
{
    size_t end = x->cdata ? x->cdata : x->text.len, from = x->at, next;
    enum tokens_class first = tokens_character(x, &next), class = first;

    out->kind = first == TOKENS_WHITE ? HTML_WHITE : first == TOKENS_NUL ? HTML_NUL : HTML_TEXT;
    for (;;) {
        out->visible |= class == TOKENS_VISIBLE;
        x->at = next;
        if (x->at >= end || tokens_at_markup(x))
            break;
        class = tokens_character(x, &next);
        if ((class == TOKENS_BLANK ? TOKENS_VISIBLE : class) != (first == TOKENS_BLANK ? TOKENS_VISIBLE : first))
            break;
    }
    out->newline = x->text.at[from] != '&' && (x->at - from == 1 || (x->at - from == 2 && x->text.at[from] == '\r')) &&
                   (x->text.at[x->at - 1] == '\n' || x->text.at[x->at - 1] == '\r');
}

/* --- raw text ----------------------------------------------------------------------------------------------------- */

/* "</name" or "<name" with an end of the name behind it. */
static bool tokens_at_name(const struct html_tokens *x, const char *open, const char *name)
{
    struct str rest = tokens_rest(x);
    size_t len = strlen(open) + strlen(name);

    return str_starts(rest, str_c(open)) && str_istarts(str_from(rest, strlen(open)), str_c(name)) && rest.len > len &&
           (tokens_is_blank(rest.at[len]) || rest.at[len] == '/' || rest.at[len] == '>');
}

/* To the end tag of the element that is open. In a script "<!--" ... "<script" ... hides one. */
static void tokens_raw(struct html_tokens *x)
{
    const char *name = tokens_tags[x->raw].name;
    bool comment = false, hidden = false;

    for (; tokens_more(x); x->at++) {
        char c = tokens_byte(x, 0);

        if (c != '<' && c != '-')
            continue;
        if (!hidden && tokens_at_name(x, "</", name))
            return;
        if (x->raw != HTML_TAG_SCRIPT)
            continue;
        if (!comment && str_starts(tokens_rest(x), S("<!--"))) {
            comment = true;
            x->at++;                                    /* its dashes may be those that end it */
        } else if (comment && str_starts(tokens_rest(x), S("-->"))) {
            comment = hidden = false;
        } else if (comment && !hidden && tokens_at_name(x, "<", name)) {
            hidden = true;
        } else if (hidden && tokens_at_name(x, "</", name)) {
            hidden = false;
        }
    }
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

/* False: nothing came of it. */
static bool tokens_markup(struct html_tokens *x, struct html_token *out)
{
    bool end = tokens_byte(x, 1) == '/';
    char c = tokens_byte(x, end ? 2 : 1);

    x->at += end ? 2 : 1;
    if (tokens_is_letter(c)) {
        out->kind = end ? HTML_END : HTML_START;
        if (!tokens_tag_read(x, out))
            *out = (struct html_token){ .kind = HTML_EOF };
    } else if (!end && c == '!') {
        x->at++;
        return tokens_declaration(x, out);
    } else {
        out->kind = HTML_COMMENT;
        tokens_past(x, S(">"));
        return !end || c != '>';                        /* "</>" is nothing at all */
    }
    return true;
}

static bool tokens_one(struct html_tokens *x, struct html_token *out)
{
    if (x->cdata && x->at >= x->cdata) {
        x->at = MIN(x->text.len, x->cdata + 3);
        x->cdata = 0;
    }
    if (!tokens_more(x))
        return true;
    if (tokens_at_markup(x))
        return tokens_markup(x, out);
    tokens_run(x, out);
    return true;
}

void html_next(struct html_tokens *x, struct html_token *out)
{
    if (x->raw != HTML_TAG_OTHER) {
        tokens_raw(x);
        x->raw = HTML_TAG_OTHER;
    }
    do {
        *out = (struct html_token){ .kind = HTML_EOF, .tag = HTML_TAG_OTHER };
    } while (!tokens_one(x, out));
}
