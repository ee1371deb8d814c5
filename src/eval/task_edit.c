#include "eval/task_edit.h"

#include <ctype.h>

struct edit {
    struct str name, text;
    enum doc_form form;
    const struct doc_node *root;
    const struct doc_pair *pair;        /* checks; NULL: there is none */
    const json_t *checks;
    json_t *want;                       /* the document as it must be read afterwards */
    size_t *lines;  size_t line_count;  /* where each begins */
    const char *eol;
    struct arena *a;
    struct buf *out;
    int tries;
    bool done;
};

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* In double quotes; what YAML calls not printable, and its other line breaks, as \u. */
static void edit_quoted(struct str s, struct buf *b)
{
    buf_byte(b, '"');
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        uint32_t cp = str_utf8_next(s, &i);

        if (cp == '"' || cp == '\\')
            buf_printf(b, "\\%c", (char)cp);
        else if (cp == '\n' || cp == '\t')
            buf_puts(b, cp == '\n' ? "\\n" : "\\t");
        else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029 || cp == 0xfeff ||
                 (cp & 0xfffe) == 0xfffe)
            buf_printf(b, "\\u%04x", cp & 0xffff);
        else
            buf_append(b, str_sub(s, from, i - from));
    }
    buf_byte(b, '"');
}

/* Text that YAML reads as this very text without quotes, in flow style too. */
static bool edit_plain(struct str s)
{
    static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off", "y", "n" };

    if (!s.len || s.len > 80 || !isalpha((unsigned char)s.at[0]) || s.at[s.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.at[i]) && !strchr("_ ./-", s.at[i]))
            return false;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_ieq(s, str_c(words[i])))
            return false;
    return true;
}

static void edit_text(struct str s, bool json, struct buf *b)
{
    if (!json && edit_plain(s))
        buf_append(b, s);
    else
        edit_quoted(s, b);
}

static void edit_flow(const json_t *j, bool json, struct buf *b)
{
    const char *key, *comma = "";
    json_t *v;
    size_t i;

    if (json_is_string(j)) {
        edit_text(json_to_str(j), json, b);
    } else if (json_is_object(j)) {
        buf_byte(b, '{');
        json_object_foreach((json_t *)j, key, v) {
            buf_puts(b, comma);
            edit_text(str_c(key), json, b);
            buf_puts(b, ": ");
            edit_flow(v, json, b);
            comma = ", ";
        }
        buf_byte(b, '}');
    } else if (json_is_array(j)) {
        buf_byte(b, '[');
        json_array_foreach(j, i, v) {
            buf_puts(b, i ? ", " : "");
            edit_flow(v, json, b);
        }
        buf_byte(b, ']');
    } else {
        json_write(j, b);
    }
}

static void edit_indent(size_t n, struct buf *b)
{
    for (size_t i = 0; i < n; i++)
        buf_byte(b, ' ');
}

/* "- name: x" and its other members, one a line. */
static void edit_block(const json_t *checks, size_t indent, const char *eol, struct buf *b)
{
    const char *key;
    json_t *one, *v;
    size_t i;

    json_array_foreach(checks, i, one) {
        bool first = true;

        if (!json_is_object(one) || !json_object_size(one)) {
            edit_indent(indent, b);
            buf_puts(b, "- ");
            edit_flow(one, false, b);
            buf_puts(b, eol);
            continue;
        }
        json_object_foreach(one, key, v) {
            edit_indent(indent, b);
            buf_puts(b, first ? "- " : "  ");
            edit_text(str_c(key), false, b);
            buf_puts(b, ": ");
            edit_flow(v, false, b);
            buf_puts(b, eol);
            first = false;
        }
    }
}

void task_edit_yaml(const json_t *checks, struct buf *out)
{
    edit_block(checks, 0, "\n", out);
}

/* "{...}, {...}", or each on a line of its own. */
static void edit_flow_list(const struct edit *x, bool json, size_t indent, bool lines, struct buf *b)
{
    json_t *one;
    size_t i;

    json_array_foreach(x->checks, i, one) {
        buf_puts(b, i ? "," : "");
        if (lines) {
            buf_puts(b, x->eol);
            edit_indent(indent, b);
        } else {
            buf_puts(b, i ? " " : "");
        }
        edit_flow(one, json, b);
    }
}

/* --- trying ------------------------------------------------------------------------------------------------------- */

/* The document without its checks, and they alone. */
static json_t *edit_document(const struct doc_node *root)
{
    json_t *j = doc_to_json(root);

    if (json_is_null(json_child(j, "checks")))
        json_object_del(j, "checks");
    return j;
}

/* Takes the text with [from, to) replaced by `piece` when it reads as it should. */
static bool edit_try(struct edit *x, size_t from, size_t to, struct str piece)
{
    struct doc_node *root = NULL;
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *got = NULL;

    if (x->done || x->tries++ >= TASK_EDIT_TRIES)
        return x->done;
    buf_reset(x->out);
    buf_append(x->out, str_sub(x->text, 0, from));
    buf_append(x->out, piece);
    buf_append(x->out, str_from(x->text, to));
    if (buf_failed(x->out) || doc_read(x->name, buf_str(x->out), x->form, a, &root, NULL) != ERR_OK || !root)
        return false;
    got = edit_document(root);
    x->done = json_equal(got, x->want);
    return x->done;
}

static bool edit_insert(struct edit *x, size_t at, const struct buf *piece)
{
    return !buf_failed(piece) && edit_try(x, at, at, buf_str(piece));
}

/* --- places ------------------------------------------------------------------------------------------------------- */

static void edit_find_lines(struct edit *x)
{
    size_t n = 1;

    x->eol = "\n";
    for (size_t i = 0; i < x->text.len; i++)
        n += x->text.at[i] == '\n' || x->text.at[i] == '\r';
    x->lines = arena_array(x->a, size_t, n + 1);
    x->lines[x->line_count++] = 0;
    for (size_t i = 0; i < x->text.len; i++) {
        bool pair = x->text.at[i] == '\r' && i + 1 < x->text.len && x->text.at[i + 1] == '\n';

        if (x->text.at[i] != '\n' && x->text.at[i] != '\r')
            continue;
        if (x->line_count == 1)
            x->eol = pair ? "\r\n" : x->text.at[i] == '\r' ? "\r" : "\n";
        i += pair;
        if (i + 1 < x->text.len)
            x->lines[x->line_count++] = i + 1;
    }
}

static struct str edit_line(const struct edit *x, size_t line)         /* from 0; with its line end */
{
    size_t end = line + 1 < x->line_count ? x->lines[line + 1] : x->text.len;

    return str_sub(x->text, x->lines[line], end - x->lines[line]);
}

static size_t edit_spaces(struct str line)
{
    size_t n = 0;

    while (n < line.len && line.at[n] == ' ')
        n++;
    return n;
}

/* Columns count characters. */
static size_t edit_offset(const struct edit *x, int line, int column)
{
    size_t at;

    if (line < 1 || (size_t)line > x->line_count)
        return x->text.len;
    at = x->lines[line - 1];
    for (int i = 1; i < column && at < x->text.len; i++)
        str_utf8_next(x->text, &at);
    return at;
}

static bool edit_ends_open(const struct edit *x, size_t at)             /* the line before `at` has no line end */
{
    return at && x->text.at[at - 1] != '\n' && x->text.at[at - 1] != '\r';
}

/* Block items, or with `key` the whole member, at the beginning of a line or the end of the text. */
static bool edit_put_block(struct edit *x, size_t at, bool key, size_t indent)
{
    AUTO_BUF struct buf b = BUF_INIT(TASK_EDIT_BYTES_MAX);

    if (edit_ends_open(x, at))
        buf_puts(&b, x->eol);
    if (key) {
        edit_indent(indent, &b);
        buf_printf(&b, "checks:%s", x->eol);
        indent += 2;
    }
    edit_block(x->checks, indent, x->eol, &b);
    return edit_insert(x, at, &b);
}

/* The line the next key of the root stands on, counted from 0; the count of lines when there is none. */
static size_t edit_next_key(const struct edit *x)
{
    size_t next = x->line_count;

    for (size_t i = 0; i < x->root->count; i++)
        if (x->root->pairs[i].line > x->pair->line)
            next = MIN(next, (size_t)x->root->pairs[i].line - 1);
    return next;
}

static size_t edit_line_at(const struct edit *x, size_t line)
{
    return line < x->line_count ? x->lines[line] : x->text.len;
}

static bool edit_is_marker(struct str line)                     /* "..." ends a document */
{
    return str_starts(line, S("...")) && !str_trim(str_from(line, 3)).len;
}

/* After the last item: before what separates it from the next key, or right before that. */
static void edit_add_block(struct edit *x, size_t indent)
{
    size_t next = edit_next_key(x), line = next;

    while (line > (size_t)x->pair->line) {
        struct str one = edit_line(x, line - 1), text = str_trim(one);
        bool comment = text.len && text.at[0] == '#' && edit_spaces(one) <= indent;

        if (text.len && !comment && !edit_is_marker(one))
            break;
        line--;
    }
    if (!edit_put_block(x, edit_line_at(x, line), false, indent) && next != line)
        edit_put_block(x, edit_line_at(x, next), false, indent);
}

/* The bracket that closes the one at `open`, as far as quotes, comments and depth tell; the text's length: none. */
static size_t edit_close(const struct edit *x, size_t open)
{
    char quote = 0, before = '[';
    int depth = 0;

    for (size_t i = open; i < x->text.len; i++) {
        char c = x->text.at[i];

        if (quote) {
            i += quote == '"' && c == '\\';
            quote = c == quote ? 0 : quote;
        } else if ((c == '"' || c == '\'') && strchr("[{,:", before)) {
            quote = c;                              /* elsewhere it is an apostrophe */
        } else if (c == '#' && isspace((unsigned char)x->text.at[i - 1])) {
            while (i + 1 < x->text.len && x->text.at[i + 1] != '\n' && x->text.at[i + 1] != '\r')
                i++;
            continue;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if ((c == ']' || c == '}') && --depth == 0) {
            return i;
        }
        before = isspace((unsigned char)c) ? before : c;
    }
    return x->text.len;
}

/* Before the closing bracket at `at`, close to the last item or (a comment stands between) close to the bracket. */
static void edit_add_before(struct edit *x, size_t open, size_t at, bool json)
{
    size_t tight = at;

    while (tight > open + 1 && isspace((unsigned char)x->text.at[tight - 1]))
        tight--;
    for (int way = 0; way < 4 && !x->done; way++) {
        AUTO_BUF struct buf b = BUF_INIT(TASK_EDIT_BYTES_MAX);
        bool comma = x->text.at[tight - 1] == ',', empty = tight == open + 1;

        if (way == 2 && tight == at)
            break;
        if (way % 2 == (comma || empty))
            buf_puts(&b, ", ");
        else
            buf_puts(&b, comma ? " " : "");
        edit_flow_list(x, json, 0, false, &b);
        edit_insert(x, way < 2 ? tight : at, &b);
    }
}

/* Into a list in brackets: where it seems to close, else at any closing one from `open` on. */
static void edit_add_flow(struct edit *x, size_t open, bool json)
{
    size_t close = edit_close(x, open);

    if (close < x->text.len)
        edit_add_before(x, open, close, json);
    for (size_t at = open + 1; at < x->text.len && !x->done && x->tries < TASK_EDIT_TRIES; at++)
        if (x->text.at[at] == ']' && at != close)
            edit_add_before(x, open, at, json);
}

/* After the colon of the key. */
static size_t edit_value_from(const struct edit *x)
{
    size_t at = edit_offset(x, x->pair->line, x->pair->column);
    char quote = at < x->text.len && (x->text.at[at] == '"' || x->text.at[at] == '\'') ? x->text.at[at] : 0;

    at += strlen("checks") + (quote ? 2 : 0);
    while (at < x->text.len && x->text.at[at] != ':')
        at++;
    return MIN(at + 1, x->text.len);
}

/* `checks:` and nothing, or null. */
static void edit_add_to_nothing(struct edit *x, bool flow, size_t indent)
{
    static const char *const words[] = { "null", "Null", "NULL", "~" };
    AUTO_BUF struct buf b = BUF_INIT(TASK_EDIT_BYTES_MAX);
    size_t from = edit_value_from(x), at = from, to;

    while (at < x->text.len && (x->text.at[at] == ' ' || x->text.at[at] == '\t'))
        at++;
    to = at;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_starts(str_from(x->text, at), str_c(words[i])))
            to = at + strlen(words[i]);
    if (!flow && to == at) {
        edit_put_block(x, edit_line_at(x, (size_t)x->pair->line), false, indent + 2);
        edit_put_block(x, edit_line_at(x, (size_t)x->pair->line), false, indent);
    }
    buf_puts(&b, at == from ? " [" : "[");
    edit_flow_list(x, flow, 0, false, &b);
    buf_byte(&b, ']');
    edit_try(x, at, to, buf_str(&b));
}

/* A root in braces: before the last of them. */
static void edit_new_in_flow(struct edit *x)
{
    bool lines = x->root->count && x->root->pairs[0].line != x->root->line;
    size_t indent = lines ? (size_t)MAX(x->root->pairs[0].column - 1, 0) : 0;

    for (size_t at = x->text.len; at-- > 0 && !x->done && x->tries < TASK_EDIT_TRIES;) {
        size_t tight = at;

        if (x->text.at[at] != '}')
            continue;
        while (tight > 0 && isspace((unsigned char)x->text.at[tight - 1]))
            tight--;
        for (int way = 0; way < 4 && !x->done; way++) {
            AUTO_BUF struct buf b = BUF_INIT(TASK_EDIT_BYTES_MAX);

            buf_puts(&b, way % 2 == 0 && x->root->count ? "," : "");
            buf_puts(&b, lines ? x->eol : " ");
            edit_indent(indent, &b);
            buf_puts(&b, "\"checks\": [");
            edit_flow_list(x, true, 2 * indent, lines, &b);
            if (lines) {
                buf_puts(&b, x->eol);
                edit_indent(indent, &b);
            }
            buf_byte(&b, ']');
            edit_insert(x, way < 2 ? tight : at, &b);
        }
    }
}

/* At the end of the file; else (what stands there would change, or a document's end does) before a key. */
static void edit_new_in_block(struct edit *x, size_t indent)
{
    size_t line = x->line_count;

    if (edit_put_block(x, x->text.len, true, indent))
        return;
    while (line > 0 && !edit_is_marker(edit_line(x, line - 1)))
        line--;
    if (line > 0 && edit_put_block(x, x->lines[line - 1], true, indent))
        return;
    for (size_t i = x->root->count; i-- > 0 && !x->done;)
        edit_put_block(x, edit_line_at(x, (size_t)MAX(x->root->pairs[i].line - 1, 0)), true, indent);
}

/* The bracket that the value begins with, after comments, an anchor, a tag; the text's length: it has none. */
static size_t edit_open(const struct edit *x)
{
    for (size_t i = edit_value_from(x); i < x->text.len; i++) {
        char c = x->text.at[i];

        if (c == '[')
            return i;
        if (c == '#')
            while (i + 1 < x->text.len && x->text.at[i + 1] != '\n' && x->text.at[i + 1] != '\r')
                i++;
        else if (c == '&' || c == '!')
            while (i + 1 < x->text.len && !isspace((unsigned char)x->text.at[i + 1]))
                i++;
        else if (!isspace((unsigned char)c))
            break;
    }
    return x->text.len;
}

/* Where the dashes of the list stand. */
static size_t edit_dash(const struct edit *x)
{
    size_t line = (size_t)x->pair->line;

    while (line + 1 < x->line_count && !str_starts(str_trim(edit_line(x, line)), S("-")))
        line++;
    return line < x->line_count ? edit_spaces(edit_line(x, line)) : 0;
}

static void edit_places(struct edit *x)
{
    size_t first = edit_offset(x, x->root->line, x->root->column), indent, open;
    bool flow = x->form == DOC_JSON || (first < x->text.len && x->text.at[first] == '{');

    indent = x->root->count ? (size_t)MAX(x->root->pairs[0].column - 1, 0) : 0;
    if (!x->pair && flow)
        edit_new_in_flow(x);
    else if (!x->pair)
        edit_new_in_block(x, indent);
    else if (x->pair->value->kind == DOC_NULL)
        edit_add_to_nothing(x, flow, indent);
    else if ((open = edit_open(x)) < x->text.len)
        edit_add_flow(x, open, flow);
    else if (!flow)
        edit_add_block(x, edit_dash(x));
}

enum err_code task_edit_add_checks(struct str name, struct str text, enum doc_form form, const json_t *checks,
                                   struct buf *out, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct edit x = { .name = name, .text = text, .form = form, .checks = checks, .a = a, .out = out };
    AUTO_JSON *want = NULL;
    struct doc_node *root;
    json_t *list;

    if (text.len > TASK_EDIT_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, STR_FMT " has %zu bytes; checks are added to files of at most %u",
                       STR_ARG(name), text.len, TASK_EDIT_BYTES_MAX);
    TRY(doc_read(name, text, form, a, &root, e));
    if (root->kind != DOC_MAP)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ": a task is a mapping, and this is %s", STR_ARG(name),
                       doc_kind_name(root->kind));
    x.root = root;
    x.pair = doc_pair_get(root, "checks");
    if (x.pair && x.pair->value->kind != DOC_LIST && x.pair->value->kind != DOC_NULL)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ":%d:%d: checks is a list, and this is %s", STR_ARG(name),
                       x.pair->line, x.pair->column, doc_kind_name(x.pair->value->kind));
    x.want = want = edit_document(root);
    list = json_child(want, "checks");
    list = list ? json_deep_copy(list) : json_array();
    json_array_extend(list, (json_t *)checks);
    json_object_set_new(want, "checks", list);
    edit_find_lines(&x);
    edit_places(&x);
    if (!x.done)
        return err_set(e, ERR_CONFLICT,
                       STR_FMT ": the checks can't be added without changing what else it says (aliases or merged "
                               "keys); write a plain `checks:` list into it first",
                       STR_ARG(name));
    return ERR_OK;
}
