#include "llm/sigv4.h"

#include "llm/provider/wire.h"

struct sigv4_mac { unsigned char bytes[crypto_auth_hmacsha256_BYTES]; };

static struct sigv4_mac sigv4_mac(const void *key, size_t len, struct str text)
{
    crypto_auth_hmacsha256_state state;
    struct sigv4_mac mac;

    crypto_auth_hmacsha256_init(&state, key, len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text.at, text.len);
    crypto_auth_hmacsha256_final(&state, mac.bytes);
    sodium_memzero(&state, sizeof state);
    return mac;
}

/* The key of one day, region and service. */
static struct sigv4_mac sigv4_key(const struct sigv4_ask *ask, struct str day)
{
    AUTO_BUF struct buf first = BUF_INIT(16 * 1024);
    struct str steps[] = { ask->region, ask->service, S("aws4_request") };
    struct sigv4_mac mac;

    buf_puts(&first, "AWS4");
    buf_append(&first, ask->secret);
    mac = sigv4_mac(buf_cstr(&first), first.len, day);
    if (first.bytes)
        sodium_memzero(first.bytes, first.cap);
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        mac = sigv4_mac(mac.bytes, sizeof mac.bytes, steps[i]);
    return mac;
}

static void sigv4_split(struct str url, struct str *host, struct str *path, struct str *query)
{
    ptrdiff_t at = str_find(url, S("://")), slash, mark;

    if (at >= 0)
        url = str_from(url, (size_t)at + 3);
    mark = str_find_byte(url, '?');
    *query = mark < 0 ? S("") : str_from(url, (size_t)mark + 1);
    if (mark >= 0)
        url.len = (size_t)mark;
    slash = str_find_byte(url, '/');
    *host = slash < 0 ? url : str_sub(url, 0, (size_t)slash);
    *path = slash < 0 ? S("/") : str_from(url, (size_t)slash);
}

static void sigv4_canonical(const struct sigv4_ask *ask, const char *when, struct buf *out)
{
    struct str host, path, query;
    char hex[HASH_HEX];

    sigv4_split(ask->url, &host, &path, &query);
    buf_append(out, ask->method);
    buf_byte(out, '\n');
    wire_url_part(out, path, true);                 /* encoded once more: '%' becomes %25 */
    buf_printf(out, "\n" STR_FMT "\nhost:" STR_FMT "\nx-amz-date:%s\n", STR_ARG(query), STR_ARG(host), when);
    if (ask->token.len)
        buf_printf(out, "x-amz-security-token:" STR_FMT "\n", STR_ARG(ask->token));
    hash_sha256_hex(ask->body, hex);
    buf_printf(out, "\nhost;x-amz-date%s\n%s", ask->token.len ? ";x-amz-security-token" : "", hex);
}

void sigv4_sign(const struct sigv4_ask *ask, struct buf *lines)
{
    AUTO_BUF struct buf canonical = BUF_INIT(256 * 1024), to_sign = BUF_INIT(4096), scope = BUF_INIT(1024);
    char text[CLOCK_TEXT], when[] = "YYYYMMDDThhmmssZ", hex[HASH_HEX];
    struct sigv4_mac key, mac;
    size_t n = 0;

    clock_text(ask->wall_ms, text);
    for (size_t i = 0; i < 19; i++)                         /* 2026-11-21T08:15:00 without its marks */
        if (text[i] != '-' && text[i] != ':')
            when[n++] = text[i];
    buf_printf(&scope, "%.8s/" STR_FMT "/" STR_FMT "/aws4_request", when, STR_ARG(ask->region), STR_ARG(ask->service));
    sigv4_canonical(ask, when, &canonical);
    hash_sha256_hex(buf_str(&canonical), hex);
    buf_printf(&to_sign, "AWS4-HMAC-SHA256\n%s\n%s\n%s", when, buf_cstr(&scope), hex);
    key = sigv4_key(ask, str_n(when, 8));
    mac = sigv4_mac(key.bytes, sizeof key.bytes, buf_str(&to_sign));
    sodium_memzero(&key, sizeof key);
    if (canonical.bytes)
        sodium_memzero(canonical.bytes, canonical.cap);     /* it holds the session's token */
    sodium_bin2hex(hex, sizeof hex, mac.bytes, sizeof mac.bytes);
    buf_printf(lines, "X-Amz-Date: %s\n", when);
    if (ask->token.len)
        buf_printf(lines, "X-Amz-Security-Token: " STR_FMT "\n", STR_ARG(ask->token));
    buf_printf(lines, "Authorization: AWS4-HMAC-SHA256 Credential=" STR_FMT "/%s, SignedHeaders=host;x-amz-date%s, "
               "Signature=%s\n", STR_ARG(ask->id), buf_cstr(&scope), ask->token.len ? ";x-amz-security-token" : "", hex);
}
