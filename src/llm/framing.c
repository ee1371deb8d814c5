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

/* --- AWS's event stream: total length, length of headers, CRC of these two; headers; payload; CRC of all ---------- */
#define FRAMING_PRELUDE 12
#define FRAMING_CRC 4

static uint32_t framing_u32(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static enum err_code framing_bad_frame(const char *what, struct err *e)
{
    return err_set(e, ERR_INVALID_RESPONSE, "a frame of the event stream %s", what);
}

/* One header; what is not a text is stepped over. False when it does not fit. */
static bool framing_frame_header(struct str *rest, struct str *name, struct str *value)
{
    static const unsigned char sizes[] = { 0, 0, 1, 2, 4, 8, 0, 0, 8, 16 };     /* by type; 6 and 7 have a length */
    size_t n, type, size;

    n = rest->len ? (unsigned char)rest->at[0] : 0;
    if (!n || rest->len < 1 + n + 1)
        return false;
    *name = str_sub(*rest, 1, n);
    type = (unsigned char)rest->at[1 + n];
    *rest = str_from(*rest, 1 + n + 1);
    if (type >= sizeof sizes)
        return false;
    size = sizes[type];
    if (type == 6 || type == 7) {
        if (rest->len < 2)
            return false;
        size = (size_t)(unsigned char)rest->at[0] << 8 | (unsigned char)rest->at[1];
        *rest = str_from(*rest, 2);
    }
    if (rest->len < size)
        return false;
    *value = type == 7 ? str_sub(*rest, 0, size) : STR_NONE;
    *rest = str_from(*rest, size);
    return true;
}

static enum err_code framing_read_frame(struct framing *f, struct err *e)
{
    struct str frame = buf_str(&f->line), headers, name, value;
    size_t head = framing_u32(frame.at + 4);

    if (hash_crc32(str_sub(frame, 0, frame.len - FRAMING_CRC)) != framing_u32(frame.at + frame.len - FRAMING_CRC))
        return framing_bad_frame("does not agree with its checksum", e);
    headers = str_sub(frame, FRAMING_PRELUDE, head);
    while (headers.len) {
        if (!framing_frame_header(&headers, &name, &value))
            return framing_bad_frame("has headers that can't be read", e);
        if (str_is(name, ":event-type") || str_is(name, ":exception-type") || str_is(name, ":error-code")) {
            buf_reset(&f->event);
            buf_append(&f->event, value);
        }
    }
    buf_append(&f->data, str_sub(frame, FRAMING_PRELUDE + head, frame.len - FRAMING_PRELUDE - head - FRAMING_CRC));
    return ERR_OK;
}

static enum err_code framing_next_frame(struct framing *f, struct str *input, struct framing_event *out, bool *got,
                                        struct err *e)
{
    for (;;) {
        size_t have = f->line.len, want = have < FRAMING_PRELUDE ? FRAMING_PRELUDE : framing_u32(f->line.bytes), take;

        take = MIN(want - have, input->len);
        buf_append(&f->line, str_sub(*input, 0, take));
        *input = str_from(*input, take);
        if (have + take < want)
            return ERR_OK;
        if (have < FRAMING_PRELUDE) {
            size_t total = framing_u32(f->line.bytes), head = framing_u32(f->line.bytes + 4);

            if (hash_crc32(str_n(f->line.bytes, 8)) != framing_u32(f->line.bytes + 8))
                return framing_bad_frame("has a length that does not agree with its checksum", e);
            if (total > f->bytes_max)
                return err_set(e, ERR_TOO_LARGE, "one event of the stream is larger than %zu bytes", f->bytes_max);
            if (total < FRAMING_PRELUDE + FRAMING_CRC || head > total - FRAMING_PRELUDE - FRAMING_CRC)
                return framing_bad_frame("is shorter than its own head", e);
            continue;
        }
        TRY(framing_read_frame(f, e));
        buf_reset(&f->line);
        framing_hand_out(f, out, got);
        return ERR_OK;
    }
}

enum err_code framing_next(struct framing *f, struct str *input, struct framing_event *out, bool *got, struct err *e)
{
    struct str line;

    *got = false;
    framing_take_back(f);
    if (f->kind == FRAMING_EVENTSTREAM)
        return framing_next_frame(f, input, out, got, e);
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
