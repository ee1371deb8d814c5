/* src/token/image.c: the size of an image from its first bytes, and what that size costs. */
#include "token/token_parts.h"

#include <math.h>
#include <sodium.h>

enum { HEAD_BYTES_MAX = 384 << 10 };        /* a JPEG may carry a preview and a colour profile before it says its size */

static int64_t image_be16(const unsigned char *p) { return (int64_t)p[0] << 8 | p[1]; }
static int64_t image_be32(const unsigned char *p) { return image_be16(p) << 16 | image_be16(p + 2); }
static int64_t image_le16(const unsigned char *p) { return (int64_t)p[1] << 8 | p[0]; }
static int64_t image_le24(const unsigned char *p) { return image_le16(p) | (int64_t)p[2] << 16; }

/* Segments of marker and length until a frame header (SOF0..SOF15 but the tables C4, C8, CC): ITU-T T.81, B.2.2. */
static bool image_jpeg(const unsigned char *p, size_t n, int64_t *width, int64_t *height)
{
    size_t i = 2;

    while (i + 9 < n && p[i] == 0xff) {
        unsigned marker = p[i + 1];

        if (marker == 0xff) {
            i++;
            continue;
        }
        if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
            *height = image_be16(p + i + 5);
            *width = image_be16(p + i + 7);
            return true;
        }
        i += 2 + (size_t)image_be16(p + i + 2);
    }
    return false;
}

static bool image_webp(const unsigned char *p, size_t n, int64_t *width, int64_t *height)
{
    if (n < 30)
        return false;
    if (memcmp(p + 12, "VP8X", 4) == 0) {
        *width = image_le24(p + 24) + 1;
        *height = image_le24(p + 27) + 1;
    } else if (memcmp(p + 12, "VP8L", 4) == 0) {
        *width = (image_le16(p + 21) & 0x3fff) + 1;
        *height = ((image_le24(p + 22) >> 6) & 0x3fff) + 1;
    } else if (memcmp(p + 12, "VP8 ", 4) == 0) {
        *width = image_le16(p + 26) & 0x3fff;
        *height = image_le16(p + 28) & 0x3fff;
    } else {
        return false;
    }
    return true;
}

static bool image_head_size(const unsigned char *p, size_t n, int64_t *width, int64_t *height)
{
    if (n >= 24 && memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0) {
        *width = image_be32(p + 16);
        *height = image_be32(p + 20);
        return true;
    }
    if (n >= 10 && memcmp(p, "GIF8", 4) == 0) {
        *width = image_le16(p + 6);
        *height = image_le16(p + 8);
        return true;
    }
    if (n >= 12 && memcmp(p, "RIFF", 4) == 0 && memcmp(p + 8, "WEBP", 4) == 0)
        return image_webp(p, n, width, height);
    return n >= 4 && p[0] == 0xff && p[1] == 0xd8 && image_jpeg(p, n, width, height);
}

bool image_size(struct str base64, int64_t *width, int64_t *height)
{
    size_t take = MIN(base64.len, (size_t)HEAD_BYTES_MAX / 3 * 4) / 4 * 4, n = 0;
    AUTO(freep) unsigned char *head = xmalloc(take + 1);
    int64_t w = 0, h = 0;

    if (sodium_base642bin(head, take, base64.at, take, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return false;
    if (!image_head_size(head, n, &w, &h) || w <= 0 || h <= 0 || w > 1 << 20 || h > 1 << 20)
        return false;
    *width = w;
    *height = h;
    return true;
}

static double image_fit(double *w, double *h, double long_side)
{
    double by = long_side / fmax(*w, *h);

    if (by < 1) {
        *w *= by;
        *h *= by;
    }
    return by;
}

int64_t image_tokens(const struct token_image *rule, int64_t width, int64_t height)
{
    double w = (double)width, h = (double)height;

    switch (rule->rule) {
    case TOKEN_IMAGE_TILES: {
        double by;

        image_fit(&w, &h, 2048);
        by = 768 / fmin(w, h);
        if (by < 1) {
            w *= by;
            h *= by;
        }
        return (int64_t)(rule->base + rule->each * ceil(w / 512 - 1e-9) * ceil(h / 512 - 1e-9));
    }
    case TOKEN_IMAGE_PATCHES: {
        double patches = ceil(w / 32) * ceil(h / 32);

        return (int64_t)ceil(fmin(patches, 1536) * rule->each);
    }
    case TOKEN_IMAGE_PIXELS: image_fit(&w, &h, 1568); return (int64_t)ceil(fmin(w * h / 750, 1600));
    case TOKEN_IMAGE_SQUARES:
        if (w <= 384 && h <= 384)
            return (int64_t)rule->each;
        return (int64_t)(rule->each * ceil(w / 768) * ceil(h / 768));
    }
    return 0;
}
