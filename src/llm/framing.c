#include "llm/framing.h"

static const char framing_mark[] = "\xEF\xBB\xBF";

void framing_init(struct framing *f, enum provider_framing kind, size_t event_bytes_max)
{
    size_t max = event_bytes_max ? event_bytes_max : FRAMING_EVENT_BYTES_MAX;

    *f = (struct framing){ .kind = kind, .bytes_max = max, .line = BUF_INIT(max), .data = BUF_INIT(max),
                           .event = BUF_INIT(256) };
}

void framing_dispose(struct framing *f)
{
    buf_dispose(&f->line);
    buf_dispose(&f->data);
    buf_dispose(&f->event);
}

static void framing_forget_event(struct framing *f)
{
    buf_reset(&f->data);
    buf_reset(&f->event);
    f->has_data = false;
}

/* A byte order mark at the very start says nothing; it may arrive in pieces. */
static void framing_skip_mark(struct framing *f, struct str *input)
{
    while (f->bom >= 0 && input->len) {
        if (f->bom < 3 && input->at[0] == framing_mark[f->bom]) {
            f->bom++;
            *input = str_from(*input, 1);
            if (f->bom == 3)
                f->bom = -1;
        } else {
            buf_append(&f->line, str_n(framing_mark, (size_t)f->bom));
            f->bom = -1;
        }
    }
}

/* Takes one line without its end; false when *input has no line end. The line is borrowed. */
static bool framing_take_line(struct framing *f, struct str *input, struct str *line)
{
    const char *lf, *cr;
    size_t n;

    if (f->skip_lf && input->len) {
        if (input->at[0] == '\n')
            *input = str_from(*input, 1);
        f->skip_lf = false;
    }
    if (!input->len)
        return false;
    lf = memchr(input->at, '\n', input->len);
    n = lf ? (size_t)(lf - input->at) : input->len;
    cr = memchr(input->at, '\r', n);
    if (cr)
        n = (size_t)(cr - input->at);
    if (!lf && !cr) {
        buf_append(&f->line, *input);
        *input = str_from(*input, input->len);
        return false;
    }
    f->skip_lf = cr != NULL;
    if (f->line.len) {
        buf_append(&f->line, str_n(input->at, n));
        *line = buf_str(&f->line);
    } else {
        *line = str_n(input->at, n);
    }
    *input = str_from(*input, n + 1);
    return true;
}

/* One line of an event. True when the event is whole. */
static bool framing_read_line(struct framing *f, struct str line)
{
    ptrdiff_t colon;
    struct str name, value;

    if (f->kind == FRAMING_NDJSON) {
        line = str_trim(line);
        buf_append(&f->data, line);
        f->has_data = line.len > 0;
        return f->has_data;
    }
    if (!line.len) {
        if (!f->has_data)
            framing_forget_event(f);
        return f->has_data;
    }
    colon = str_find_byte(line, ':');
    name = colon < 0 ? line : str_sub(line, 0, (size_t)colon);
    value = colon < 0 ? STR_NONE : str_from(line, (size_t)colon + 1);
    if (value.len && value.at[0] == ' ')
        value = str_from(value, 1);
    if (str_eq(name, S("data"))) {
        if (f->has_data)
            buf_byte(&f->data, '\n');
        buf_append(&f->data, value);
        f->has_data = true;
    } else if (str_eq(name, S("event"))) {
        buf_reset(&f->event);
        buf_append(&f->event, value);
    }
    return false;                           /* a comment (no name), id, retry, or a field nobody knows */
}

static enum err_code framing_check_size(const struct framing *f, struct err *e)
{
    if (!buf_failed(&f->line) && !buf_failed(&f->data) && !buf_failed(&f->event))
        return ERR_OK;
    return err_set(e, ERR_TOO_LARGE, "one event of the stream is larger than %zu bytes", f->bytes_max);
}

static void framing_hand_out(struct framing *f, struct framing_event *out, bool *got)
{
    *out = (struct framing_event){ .event = buf_str(&f->event), .data = buf_str(&f->data) };
    *got = f->handed_out = true;
}

static void framing_take_back(struct framing *f)
{
    if (f->handed_out)
        framing_forget_event(f);
    f->handed_out = false;
}

enum err_code framing_next(struct framing *f, struct str *input, struct framing_event *out, bool *got, struct err *e)
{
    struct str line;

    *got = false;
    framing_take_back(f);
    framing_skip_mark(f, input);
    while (framing_take_line(f, input, &line)) {
        bool whole = framing_read_line(f, line);

        TRY(framing_check_size(f, e));
        buf_reset(&f->line);
        if (whole) {
            framing_hand_out(f, out, got);
            return ERR_OK;
        }
    }
    return framing_check_size(f, e);
}

enum err_code framing_end(struct framing *f, struct framing_event *out, bool *got, struct err *e)
{
    *got = false;
    framing_take_back(f);
    if (f->kind == FRAMING_NDJSON && str_ends(str_trim(buf_str(&f->line)), S("}")))
        framing_read_line(f, buf_str(&f->line));            /* whole by its looks; a line cut short is dropped */
    else if (f->kind == FRAMING_SSE && f->line.len)
        framing_forget_event(f);            /* cut inside a line: what it belonged to is not whole */
    TRY(framing_check_size(f, e));
    buf_reset(&f->line);
    if (f->has_data)
        framing_hand_out(f, out, got);
    return ERR_OK;
}
