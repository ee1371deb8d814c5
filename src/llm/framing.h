/* src/llm/framing.h: where one event of a streamed answer ends and the next begins.
 *
 * Bytes come as the network cut them, inside a line or inside a character; events come out whole. Server-sent events:
 * lines end in LF, CRLF or CR, `data:` lines of one event are joined by LF, lines that begin with ':' are comments, a
 * blank line ends the event, a byte order mark at the start is skipped. NDJSON: one event a line, blank lines skipped.
 * AWS's event stream: binary frames whose two checksums must hold; the event is the header :event-type or
 * :exception-type. An event larger than the ceiling is ERR_TOO_LARGE, so a stream that never ends a line cannot fill
 * the memory. Threads: one owner at a time. Cost: O(bytes); a line that arrives whole is copied once. */
#pragma once

#include "llm/provider/provider.h"

#define FRAMING_EVENT_BYTES_MAX (8u * 1024 * 1024)

struct framing {                            /* fields are framing.c's business */
    enum provider_framing kind;
    size_t bytes_max;
    struct buf line, data, event;           /* line: the part of a line that has arrived; data, event: of this event */
    bool has_data, skip_lf, handed_out;
    int bom;                                /* bytes of a mark matched so far; -1: past the start */
};
struct framing_event { struct str event, data; };       /* borrowed until the next call */

void framing_init(struct framing *f, enum provider_framing kind, size_t event_bytes_max);   /* 0: the constant above */
void framing_dispose(struct framing *f);
/* Takes from the front of *input until an event is whole. *got false: all of *input was used, feed more.
 * while (framing_next(&f, &bytes, &event, &got, e) == ERR_OK && got) */
enum err_code framing_next(struct framing *f, struct str *input, struct framing_event *out, bool *got,
                           struct err *e) MUST_USE;
/* The stream has ended: one more event when its last line was whole but the blank line is missing (SSE), or when the
 * last line has no line end but a closing brace (NDJSON). What was cut inside a line is dropped. */
enum err_code framing_end(struct framing *f, struct framing_event *out, bool *got, struct err *e) MUST_USE;
