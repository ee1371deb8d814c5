/* contains-html: signs are counted, and two are enough: an opening and a closing tag count 2, one of them 1; a tag that
 * closes itself 1; an entity 1; a DOCTYPE of HTML 2; a comment 1; an attribute in quotes 1; a usual tag 2. No score but
 * 1 and 0. Linear in the text. */
#include "eval/promptfoo/kinds.h"

#define HTML_UNITS_MAX (10 * 1024 * 1024)       /* promptfoo's, of UTF-16 */

/* --- signs -------------------------------------------------------------------------------------------------------- */

static bool html_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool html_alnum(char c)
{
    return html_letter(c) || (c >= '0' && c <= '9');
}

static char html_at(struct str s, size_t i)
{
    return i < s.len ? s.at[i] : '\0';
}

/* Past the white space at i. */
static size_t html_blanks(struct str s, size_t i)
{
    while (i < s.len) {
        size_t next = i;

        if (!promptfoo_is_space(str_utf8_next(s, &next)))
            break;
        i = next;
    }
    return i;
}

struct html_signs { bool opening, closing, self_closing, entity, doctype, comment, attribute, usual; };

static size_t html_name_end(struct str s, size_t i)
{
    while (html_alnum(html_at(s, i)) || html_at(s, i) == '-')
        i++;
    return i;
}

static bool html_is_usual(struct str s)
{
    static const char *const usual[] = { "html", "head", "body", "div", "span", "p", "a", "img", "h1", "h2", "h3", "h4", "h5", "h6",
                                         "ul", "ol", "li", "table", "tr", "td", "th", "form", "input", "button", "script", "style",
                                         "link", "meta", "br", "hr" };
    size_t len = 0;

    while (html_alnum(html_at(s, len)) || html_at(s, len) == '_')
        len++;
    for (size_t i = 0; i < COUNT_OF(usual); i++)
        if (str_ieq(str_sub(s, 0, len), str_c(usual[i])))
            return true;
    return false;
}

/* `close`: where the next '>' behind i is. */
static void html_sign_tag(struct str s, size_t i, size_t close, struct html_signs *f)
{
    size_t name = html_name_end(s, i + 1), blank = html_blanks(s, name), end;

    if (html_letter(html_at(s, i + 1))) {
        f->usual |= html_is_usual(str_from(s, i + 1));
        f->opening |= html_at(s, name) == '>' || (blank > name && close < s.len);
        f->self_closing |= (html_at(s, name) == '/' && html_at(s, name + 1) == '>') ||
                           (blank > name && close < s.len && s.at[close - 1] == '/');
    }
    if (html_at(s, i + 1) == '/' && html_letter(html_at(s, i + 2))) {
        end = html_blanks(s, html_name_end(s, i + 2));
        f->closing |= html_at(s, end) == '>';
    }
    if (str_istarts(str_from(s, i), S("<!DOCTYPE")) && html_blanks(s, i + 9) > i + 9)
        f->doctype |= str_istarts(str_from(s, html_blanks(s, i + 9)), S("html"));
    if (!f->comment && str_starts(str_from(s, i), S("<!--"))) {
        ptrdiff_t dashes = str_find(str_from(s, i + 4), S("--"));

        f->comment = dashes >= 0 && html_at(s, i + 4 + (size_t)dashes + 2) == '>';
    }
}

static bool html_sign_entity(struct str s, size_t i)
{
    size_t from = i + 1 + (html_at(s, i + 1) == '#') + (html_at(s, i + 1) == '#' && html_at(s, i + 2) == 'x'), at = from;

    while (at < s.len && (from == i + 1   ? html_letter(s.at[at])
                          : from == i + 2 ? s.at[at] >= '0' && s.at[at] <= '9'
                                          : (s.at[at] >= '0' && s.at[at] <= '9') ||
                                                ((s.at[at] | 0x20) >= 'a' && (s.at[at] | 0x20) <= 'f')))
        at++;
    return at > from && html_at(s, at) == ';';
}

/* Around the '=' at i: white space and a name before it, a text in quotes behind it. */
static bool html_sign_attribute(struct str s, size_t i)
{
    size_t name = i, blank, value = html_blanks(s, i + 1);

    while (name > 0 && (html_letter(s.at[name - 1]) || s.at[name - 1] == '-'))
        name--;
    for (blank = name; blank > 0 && (s.at[blank - 1] & 0xc0) == 0x80;)
        blank--;
    blank -= blank > 0;
    if (name == i || name == 0 || !promptfoo_is_space(str_utf8_next(s, &blank)) ||
        (html_at(s, value) != '"' && html_at(s, value) != '\''))
        return false;
    for (value++; value < s.len; value++)
        if (s.at[value] == '"' || s.at[value] == '\'')
            return true;
    return false;
}

static size_t html_units(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len;)
        n += 1 + (str_utf8_next(s, &i) > 0xffff);
    return n;
}

static bool html_contains(struct str s)
{
    struct html_signs f = { .opening = false };
    size_t close = s.len;

    if (s.len > HTML_UNITS_MAX && html_units(s) > HTML_UNITS_MAX)
        return false;
    for (size_t i = s.len; i-- > 0;) {
        if (s.at[i] == '>')
            close = i;
        else if (s.at[i] == '<')
            html_sign_tag(s, i, close, &f);
        else if (s.at[i] == '&')
            f.entity |= html_sign_entity(s, i);
        else if (s.at[i] == '=' && !f.attribute)
            f.attribute = html_sign_attribute(s, i);
    }
    return (f.opening && f.closing ? 2 : f.opening || f.closing) + f.self_closing + f.entity + 2 * f.doctype +
               f.comment + f.attribute + 2 * f.usual >=
           2;
}

void promptfoo_contains_html(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    promptfoo_say(q, html_contains(q->output), S("the output holds no HTML"), out);
}
