#include "base/base.h"

#include <errno.h>

#define CSV_CHUNK (64u * 1024)

enum csv_state { CSV_START, CSV_PLAIN, CSV_QUOTED, CSV_CLOSED };     /* of the field being read */

enum err_code csv_open(struct csv *c, const char *path, char separator, struct err *e)
{
    *c = (struct csv){ .separator = separator, .line = 1, .row = BUF_INIT(CSV_ROW_MAX) };
    if (file_is_dir(path))
        return err_set(e, ERR_IO, "%s is a folder, not a file", path);
    c->f = fopen(path, "re");
    if (!c->f)
        return err_errno(e, file_open_code(errno), errno, "%s can't be opened", path);
    c->chunk = xmalloc(CSV_CHUNK);
    return ERR_OK;
}

void csv_open_str(struct csv *c, struct str text, char separator)
{
    *c = (struct csv){ .separator = separator, .line = 1, .row = BUF_INIT(CSV_ROW_MAX), .window = text };
}

void csv_close(struct csv *c)
{
    if (c->f)
        fclose(c->f);
    free(c->chunk);
    buf_dispose(&c->row);
    vec_dispose(&c->ends);
    vec_dispose(&c->fields);
    *c = (struct csv){ 0 };
}

/* More bytes in the window; an empty window afterwards means the end. */
static enum err_code csv_fill(struct csv *c, struct err *e)
{
    if (c->window.len == 0 && c->f) {
        size_t n = fread(c->chunk, 1, CSV_CHUNK, c->f);

        if (n == 0 && ferror(c->f))
            return err_errno(e, ERR_IO, errno, "%lld: can't be read", (long long)c->line);
        c->window = str_n(c->chunk, n);
    }
    if (!c->started && c->window.len) {
        c->started = true;
        if (str_starts(c->window, S("\xef\xbb\xbf")))
            c->window = str_from(c->window, 3);
        if (c->window.len == 0)
            return csv_fill(c, e);
    }
    return ERR_OK;
}

static enum err_code csv_field_end(struct csv *c, struct err *e)
{
    if (c->ends.len == CSV_FIELDS_MAX)
        return err_set(e, ERR_TOO_LARGE, "%lld: a row has more than %d fields", (long long)c->row_line, CSV_FIELDS_MAX);
    vec_push(&c->ends, c->row.len);
    return ERR_OK;
}

/* How many bytes from the window's start say nothing special in this state. */
static size_t csv_run(const struct csv *c, enum csv_state state)
{
    size_t i = 0;

    if (state == CSV_QUOTED)
        while (i < c->window.len && c->window.at[i] != '"' && c->window.at[i] != '\n' && c->window.at[i] != '\r')
            i++;
    else if (state == CSV_PLAIN)
        while (i < c->window.len && c->window.at[i] != c->separator && c->window.at[i] != '\n' &&
               c->window.at[i] != '\r')
            i++;
    return i;
}

/* Counts lines; true for a LF that only completes a CRLF. */
static bool csv_line_end(struct csv *c, char ch)
{
    bool second = ch == '\n' && c->after_cr;

    c->after_cr = ch == '\r';
    if ((ch == '\n' && !second) || ch == '\r')
        c->line++;
    return second;
}

/* One character; *done when it ended the row. */
static enum err_code csv_step(struct csv *c, char ch, enum csv_state *state, bool *done, struct err *e)
{
    bool second = csv_line_end(c, ch);

    if (*state == CSV_QUOTED) {
        if (ch == '"')
            *state = CSV_CLOSED;
        else
            buf_byte(&c->row, ch);
        return ERR_OK;
    }
    if (ch == c->separator) {
        *state = CSV_START;
        return csv_field_end(c, e);
    }
    if (ch == '\n' || ch == '\r') {
        bool empty = c->ends.len == 0 && c->row.len == 0 && *state == CSV_START;

        if (empty || second) {
            c->row_line = c->line;
            return ERR_OK;
        }
        *done = true;
        return csv_field_end(c, e);
    }
    if (*state == CSV_CLOSED && ch != '"')
        return err_set(e, ERR_BAD_INPUT,
                       "%lld: text after a closing quote; double a quote that belongs to the text",
                       (long long)c->line);
    if (ch == '"' && *state != CSV_PLAIN) {
        if (*state == CSV_CLOSED)
            buf_byte(&c->row, ch);                          /* "" inside quotes */
        *state = CSV_QUOTED;
        return ERR_OK;
    }
    buf_byte(&c->row, ch);
    *state = CSV_PLAIN;
    return ERR_OK;
}

static enum err_code csv_end(struct csv *c, enum csv_state state, bool *done, struct err *e)
{
    if (state == CSV_QUOTED)
        return err_set(e, ERR_BAD_INPUT, "%lld: a quote in the row that begins here is never closed",
                       (long long)c->row_line);
    if (c->ends.len == 0 && c->row.len == 0 && state == CSV_START)
        return ERR_OK;
    *done = true;
    return csv_field_end(c, e);
}

enum err_code csv_next(struct csv *c, const struct str **fields, size_t *count, bool *more, struct err *e)
{
    enum csv_state state = CSV_START;
    bool done = false;
    size_t from = 0;

    buf_reset(&c->row);
    c->ends.len = c->fields.len = 0;
    c->row_line = c->line;
    while (!done) {
        size_t run;

        TRY(csv_fill(c, e));
        if (c->window.len == 0) {
            TRY(csv_end(c, state, &done, e));
            break;
        }
        run = csv_run(c, state);
        if (run) {
            c->after_cr = false;
            buf_append(&c->row, str_sub(c->window, 0, run));
            c->window = str_from(c->window, run);
        } else {
            char ch = c->window.at[0];

            c->window = str_from(c->window, 1);
            TRY(csv_step(c, ch, &state, &done, e));
        }
        if (buf_failed(&c->row))
            return err_set(e, ERR_TOO_LARGE, "%lld: the row is longer than %u bytes", (long long)c->row_line,
                           CSV_ROW_MAX);
    }
    for (size_t i = 0; i < c->ends.len; i++) {
        vec_push(&c->fields, str_n(buf_cstr(&c->row) + from, c->ends.at[i] - from));
        from = c->ends.at[i];
    }
    *fields = c->fields.at;
    *count = c->fields.len;
    *more = done;
    return ERR_OK;
}

static bool csv_is_formula(struct str s)
{
    return s.len && memchr("=+-@\t\r", s.at[0], 6);
}

void csv_write_text(struct buf *b, struct str s)
{
    buf_byte(b, '"');
    if (csv_is_formula(s))
        buf_byte(b, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '"')
            buf_byte(b, '"');
        if (s.at[i])
            buf_byte(b, s.at[i]);
    }
    buf_byte(b, '"');
}

struct str csv_plain_text(struct str cell)
{
    return cell.len && cell.at[0] == '\'' && csv_is_formula(str_from(cell, 1)) ? str_from(cell, 1) : cell;
}
