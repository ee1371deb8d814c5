/* tests/fuzz/fuzz_sse.c: streams cut anywhere. The promise: the same bytes give the same events however they were cut,
 * no event is larger than the ceiling, and a reader that refused stays refused. First byte: form and size of pieces. */
#include "llm/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_EVENT_MAX 512

static bool fuzz_events(enum provider_framing kind, struct str bytes, size_t step, struct buf *out)
{
    struct framing f;
    struct framing_event ev;
    bool got = false, ok = true;

    framing_init(&f, kind, FUZZ_EVENT_MAX);
    while (ok && bytes.len) {
        struct str piece = str_sub(bytes, 0, MIN(step, bytes.len));

        bytes = str_from(bytes, piece.len);
        while ((ok = framing_next(&f, &piece, &ev, &got, NULL) == ERR_OK) && got) {
            ASSERT(ev.data.len <= FUZZ_EVENT_MAX && ev.event.len <= FUZZ_EVENT_MAX);
            buf_append(out, ev.event);
            buf_byte(out, 0);
            buf_append(out, ev.data);
            buf_byte(out, 0);
        }
        ASSERT(!ok || piece.len == 0);
    }
    if (ok && (ok = framing_end(&f, &ev, &got, NULL) == ERR_OK) && got)
        buf_append(out, ev.data);
    framing_dispose(&f);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BUF struct buf whole = BUF_INIT(1 << 22), cut = BUF_INIT(1 << 22);
    struct str bytes;
    enum provider_framing kind;
    bool a, b;

    if (size < 1 || size > 100000)
        return 0;
    kind = data[0] & 1 ? FRAMING_NDJSON : FRAMING_SSE;
    bytes = str_n((const char *)data + 1, size - 1);
    a = fuzz_events(kind, bytes, SIZE_MAX, &whole);
    b = fuzz_events(kind, bytes, (data[0] >> 1) % 64 + 1u, &cut);
    if (a && b)
        ASSERT(str_eq(buf_str(&whole), buf_str(&cut)));
    return 0;
}
