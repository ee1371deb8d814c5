#include "sim/signature.h"

#include <sodium.h>

#define SIGNATURE_CANONICAL_MAX (256u * 1024)
#define SIGNATURE_SCOPE_PARTS   5

struct signature_parts {
    struct str credential, headers, signature;
    struct str scope[SIGNATURE_SCOPE_PARTS];        /* id, day, region, service, "aws4_request" */
};

static enum signature_verdict signature_say(enum signature_verdict v, struct str text, struct str *why)
{
    *why = text;
    return v;
}

/* "AWS4-HMAC-SHA256 Credential=ID/20261121/eu-west-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date,
 * Signature=..." */
static bool signature_split(struct str authorization, struct signature_parts *out)
{
    static const struct { struct str mark; size_t at; } members[] = {
        { { "Credential=", 11 }, offsetof(struct signature_parts, credential) },
        { { "SignedHeaders=", 14 }, offsetof(struct signature_parts, headers) },
        { { "Signature=", 10 }, offsetof(struct signature_parts, signature) },
    };
    struct str rest = authorization, part;
    size_t n = 0;

    if (!str_starts(rest, S("AWS4-HMAC-SHA256 ")))
        return false;
    rest = str_from(rest, 17);
    while (str_split(&rest, ',', &part)) {
        part = str_trim(part);
        for (size_t i = 0; i < COUNT_OF(members); i++)
            if (str_starts(part, members[i].mark))
                *(struct str *)(void *)((char *)out + members[i].at) = str_from(part, members[i].mark.len);
    }
    rest = out->credential;
    while (n < SIGNATURE_SCOPE_PARTS && str_split(&rest, '/', &part))
        out->scope[n++] = part;
    return n == SIGNATURE_SCOPE_PARTS && !rest.at && out->headers.len && out->signature.len &&
           str_is(out->scope[SIGNATURE_SCOPE_PARTS - 1], "aws4_request");
}

/* Everything but unreserved characters and '/' is escaped, the percent of an escape too: AWS encodes the path twice. */
static void signature_path(struct str path, struct buf *out)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = path.at[i], low = (char)(c | 0x20);

        if ((low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || memchr("-._~/", c, 5))
            buf_byte(out, c);
        else
            buf_printf(out, "%%%02X", (unsigned char)c);
    }
}

/* A header's value without blanks around it, runs of blanks as one. */
static void signature_value(struct str value, struct buf *out)
{
    value = str_trim(value);
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] != ' ' || value.at[i - 1] != ' ')
            buf_byte(out, value.at[i]);
}

/* The request as both sides write it down. False when a header that must be signed is not. */
static bool signature_canonical(const struct signature_ask *ask, const struct signature_parts *p, struct buf *out)
{
    bool host = false, date = false, token = !ask->header(ask->arg, "x-amz-security-token").len;
    struct str rest = p->headers, name, hash = ask->header(ask->arg, "x-amz-content-sha256");
    char hex[HASH_HEX], key[128];
    size_t n = 0;

    buf_append(out, ask->method);
    buf_byte(out, '\n');
    signature_path(ask->path, out);
    buf_puts(out, "\n\n");
    for (; str_split(&rest, ';', &name) && n < SIGNATURE_HEADERS_MAX && name.len < sizeof key; n++) {
        memcpy(key, name.at, name.len);
        key[name.len] = '\0';
        host |= str_is(name, "host");
        date |= str_is(name, "x-amz-date");
        token |= str_is(name, "x-amz-security-token");
        buf_append(out, name);
        buf_byte(out, ':');
        signature_value(ask->header(ask->arg, key), out);
        buf_byte(out, '\n');
    }
    hash_sha256_hex(ask->body, hex);
    buf_printf(out, "\n" STR_FMT "\n" STR_FMT, STR_ARG(p->headers), STR_ARG(hash.len ? hash : str_c(hex)));
    return host && date && token && (!hash.len || str_is(hash, hex) || str_is(hash, "UNSIGNED-PAYLOAD"));
}

static void signature_hmac(unsigned char key[static crypto_auth_hmacsha256_BYTES], size_t len, struct str text)
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, key, len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text.at, text.len);
    crypto_auth_hmacsha256_final(&state, key);
    sodium_memzero(&state, sizeof state);
}

/* The signature of `canonical`, in hex. */
static void signature_make(const struct signature_ask *ask, const struct signature_parts *p, struct str when,
                           struct str canonical, char hex[HASH_HEX])
{
    AUTO_BUF struct buf text = BUF_INIT(8192), first = BUF_INIT(8192);
    unsigned char key[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;

    hash_sha256_hex(canonical, hex);
    buf_printf(&text, "AWS4-HMAC-SHA256\n" STR_FMT "\n" STR_FMT "/" STR_FMT "/" STR_FMT "/aws4_request\n%s",
               STR_ARG(when), STR_ARG(p->scope[1]), STR_ARG(p->scope[2]), STR_ARG(p->scope[3]), hex);
    buf_puts(&first, "AWS4");
    buf_append(&first, ask->secret);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)buf_cstr(&first), first.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)p->scope[1].at, p->scope[1].len);
    crypto_auth_hmacsha256_final(&state, key);
    for (size_t i = 2; i < SIGNATURE_SCOPE_PARTS; i++)
        signature_hmac(key, sizeof key, p->scope[i]);
    signature_hmac(key, sizeof key, buf_str(&text));
    sodium_bin2hex(hex, HASH_HEX, key, sizeof key);
    sodium_memzero(key, sizeof key);
    sodium_memzero(first.bytes, first.cap);
}

/* "20261121T081500Z" */
static bool signature_time(struct str s, int64_t *wall_ms)
{
    char text[CLOCK_TEXT];

    if (s.len != 16 || s.at[8] != 'T')
        return false;
    snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s.at, s.at + 4, s.at + 6, s.at + 9, s.at + 11,
             s.at + 13);
    return clock_parse(str_c(text), wall_ms);
}

enum signature_verdict signature_check(const struct signature_ask *ask, struct arena *a, struct str *why)
{
    AUTO_BUF struct buf canonical = BUF_INIT(SIGNATURE_CANONICAL_MAX);
    struct signature_parts p = { .credential = STR_NONE };
    struct str when = ask->header(ask->arg, "x-amz-date");
    char hex[HASH_HEX], now[CLOCK_TEXT];
    int64_t wall_ms;

    if (!signature_split(ask->authorization, &p))
        return signature_say(
            SIGNATURE_INCOMPLETE,
            S("Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters."), why);
    if (!signature_time(when, &wall_ms))
        return signature_say(SIGNATURE_INCOMPLETE,
                             S("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."),
                             why);
    if (!str_eq(p.scope[3], ask->service))
        return signature_say(SIGNATURE_INVALID,
                             arena_printf(a, "Credential should be scoped to correct service: '" STR_FMT "'.",
                                          STR_ARG(ask->service)),
                             why);
    if (!str_eq(p.scope[1], str_sub(when, 0, 8)))
        return signature_say(SIGNATURE_INVALID, arena_printf(a, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                             "date from HTTP: '" STR_FMT "' != '" STR_FMT "'.", STR_ARG(p.scope[1]), STR_ARG(str_sub(when, 0, 8))), why);
    if (wall_ms + SIGNATURE_SKEW_MS < ask->wall_ms || wall_ms - SIGNATURE_SKEW_MS > ask->wall_ms)
        return signature_say(SIGNATURE_INVALID, arena_printf(a, "Signature %s: " STR_FMT " is now %s than %s", wall_ms < ask->wall_ms ?
                             "expired" : "not yet current", STR_ARG(when), wall_ms < ask->wall_ms ? "earlier" : "later",
                             clock_text(ask->wall_ms, now)), why);
    if (signature_canonical(ask, &p, &canonical) && !buf_failed(&canonical)) {
        signature_make(ask, &p, when, buf_str(&canonical), hex);
        if (p.signature.len == HASH_HEX - 1 && sodium_memcmp(hex, p.signature.at, HASH_HEX - 1) == 0)
            return SIGNATURE_GOOD;
    }
    return signature_say(
        SIGNATURE_INVALID,
        S("The request signature we calculated does not match the signature you provided. Check your AWS "
          "Secret Access Key and signing method. Consult the service documentation for details."),
        why);
}
