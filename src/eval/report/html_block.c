/* Blocks of data in the page: pressed by zlib, written as base64, one element each. */
#include "eval/report/html.h"

#include <inttypes.h>

enum { HTML_LEVEL = 6, HTML_PIECE = 3 * 16384 };

void html_out_init(struct html_out *out, const struct report_sink *sink)
{
    *out = (struct html_out){ .sink = sink, .raw = BUF_INIT(HTML_RAW_MAX), .trials_max = HTML_TRIALS_MAX,
                               .fit_bytes = HTML_FIT_BYTES, .block_bytes = HTML_BLOCK_BYTES };
}

void html_out_dispose(struct html_out *out)
{
    if (out->started)
        deflateEnd(&out->z);
    free(out->packed);
    buf_dispose(&out->raw);
}

static enum err_code html_pack(struct html_out *out, size_t *len, struct err *e)
{
    size_t bound;

    if (buf_failed(&out->raw))
        return err_set(e, ERR_TOO_LARGE, "one piece of the page is larger than %zu bytes", out->raw.max);
    if ((out->started ? deflateReset(&out->z) : deflateInit(&out->z, HTML_LEVEL)) != Z_OK)
        return err_set(e, ERR_INTERNAL, "the page's data can't be compressed: zlib does not start");
    out->started = true;
    bound = deflateBound(&out->z, (uLong)out->raw.len);
    if (bound > out->packed_cap) {
        out->packed = xrealloc(out->packed, bound);
        out->packed_cap = bound;
    }
    out->z.next_in = (Bytef *)out->raw.bytes;
    out->z.avail_in = (uInt)out->raw.len;
    out->z.next_out = out->packed;
    out->z.avail_out = (uInt)bound;
    if (deflate(&out->z, Z_FINISH) != Z_STREAM_END)
        return err_set(e, ERR_INTERNAL, "the page's data can't be compressed: zlib gives up");
    *len = bound - out->z.avail_out;
    buf_reset(&out->raw);
    return ERR_OK;
}

enum err_code html_measure(struct html_out *out, int64_t *bytes, struct err *e)
{
    size_t len;

    TRY(html_pack(out, &len, e));
    *bytes = (int64_t)((len + 2) / 3 * 4);
    return ERR_OK;
}

enum err_code html_block(struct html_out *out, const char *kind, int64_t first, int64_t n, int64_t base, struct err *e)
{
    char text[HTML_PIECE / 3 * 4 + 1], open[200];
    size_t len;

    TRY(html_pack(out, &len, e));
    snprintf(open, sizeof open,
             "<script type=\"text/plain\" data-k=\"%s\" data-first=\"%" PRId64 "\" data-n=\"%" PRId64
             "\" data-base=\"%" PRId64 "\">", kind, first, n, base);
    TRY(out->sink->write(out->sink->arg, str_c(open), e));
    out->written += (int64_t)len * 4 / 3;
    for (size_t at = 0; at < len; at += HTML_PIECE) {
        sodium_bin2base64(text, sizeof text, out->packed + at, MIN(len - at, (size_t)HTML_PIECE),
                          sodium_base64_VARIANT_ORIGINAL);
        TRY(out->sink->write(out->sink->arg, str_c(text), e));
    }
    return out->sink->write(out->sink->arg, S("</script>\n"), e);
}
