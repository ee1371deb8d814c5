#include "store/press.h"

#include <zstd.h>

enum { PRESS_SHORT = 128, PRESS_LEVEL = 1, PRESS_KEEP = 1 << 20 };      /* a larger buffer is not kept */

struct press { ZSTD_CCtx *packer; ZSTD_DCtx *unpacker; char *bytes; size_t cap; };

struct press *press_new(void)
{
    return xcalloc(1, sizeof(struct press));
}

void press_free(struct press *p)
{
    if (!p)
        return;
    ZSTD_freeCCtx(p->packer);
    ZSTD_freeDCtx(p->unpacker);
    free(p->bytes);
    free(p);
}

static void press_room(struct press *p, size_t bytes)
{
    if (bytes <= p->cap && (p->cap <= PRESS_KEEP || bytes > PRESS_KEEP))
        return;
    free(p->bytes);
    p->cap = MAX(bytes, (size_t)4096);
    p->bytes = xmalloc(p->cap);
}

static enum err_code press_packer(struct press *p, struct err *e)
{
    if (p->packer)
        return ERR_OK;
    p->packer = ZSTD_createCCtx();
    if (!p->packer || ZSTD_isError(ZSTD_CCtx_setParameter(p->packer, ZSTD_c_compressionLevel, PRESS_LEVEL)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(p->packer, ZSTD_c_checksumFlag, 1)))
        return err_set(e, ERR_INTERNAL, "transcripts can't be packed: zstd does not start");
    return ERR_OK;
}

enum err_code press_pack(struct press *p, struct str plain, struct str *out, struct err *e)
{
    size_t packed = 0;

    if (plain.len > PRESS_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "a transcript of %zu bytes can't be kept: at most %d are", plain.len, PRESS_BYTES_MAX);
    TRY(press_packer(p, e));
    press_room(p, 1 + MAX(ZSTD_compressBound(plain.len), plain.len));
    if (plain.len >= PRESS_SHORT) {
        packed = ZSTD_compress2(p->packer, p->bytes + 1, p->cap - 1, plain.at, plain.len);
        if (ZSTD_isError(packed))
            return err_set(e, ERR_INTERNAL, "a transcript can't be packed: %s", ZSTD_getErrorName(packed));
    }
    if (plain.len < PRESS_SHORT || packed >= plain.len) {
        p->bytes[0] = 'r';
        if (plain.len)
            memcpy(p->bytes + 1, plain.at, plain.len);
        *out = str_n(p->bytes, 1 + plain.len);
    } else {
        p->bytes[0] = 'z';
        *out = str_n(p->bytes, 1 + packed);
    }
    return ERR_OK;
}

enum err_code press_unpack(struct press *p, struct str packed, struct str *out, struct err *e)
{
    struct str rest = str_from(packed, 1);
    unsigned long long wanted;

    if (packed.len && packed.at[0] == 'r') {
        *out = rest;
        return ERR_OK;
    }
    if (!packed.len || packed.at[0] != 'z')
        return err_set(e, ERR_STORE, "the transcript is damaged: it is packed in a way this program does not know");
    wanted = ZSTD_getFrameContentSize(rest.at, rest.len);
    if (wanted > PRESS_BYTES_MAX)           /* also the two values that mean unknown and broken */
        return err_set(e, ERR_STORE, "the transcript is damaged: its length can't be read");
    if (!p->unpacker && !(p->unpacker = ZSTD_createDCtx()))
        return err_set(e, ERR_INTERNAL, "transcripts can't be unpacked: zstd does not start");
    press_room(p, MAX((size_t)wanted, (size_t)1));
    if (ZSTD_decompressDCtx(p->unpacker, p->bytes, (size_t)wanted, rest.at, rest.len) != wanted)
        return err_set(e, ERR_STORE, "the transcript is damaged: it can't be unpacked");
    *out = str_n(p->bytes, (size_t)wanted);
    return ERR_OK;
}
