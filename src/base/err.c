#include "base/base.h"

#include <stdio.h>

static const struct err_row { const char *name; int http_status, exit_status; bool retryable; } err_rows[ERR_CODES] = {
    [ERR_OK]                   = { "OK", 200, 0, false },
    [ERR_USAGE]                = { "USAGE", 400, 2, false },
    [ERR_BAD_INPUT]            = { "BAD_INPUT", 400, 2, false },
    [ERR_NOT_FOUND]            = { "NOT_FOUND", 404, 2, false },
    [ERR_CONFLICT]             = { "CONFLICT", 409, 2, false },
    [ERR_TOO_LARGE]            = { "TOO_LARGE", 413, 2, false },
    [ERR_BUSY]                 = { "BUSY", 503, 4, true },
    [ERR_DENIED]               = { "DENIED", 403, 2, false },
    [ERR_CANCELLED]            = { "CANCELLED", 409, 130, false },
    [ERR_IO]                   = { "IO", 500, 4, false },
    [ERR_STORE]                = { "STORE", 500, 4, false },
    [ERR_ENVIRONMENT]          = { "ENVIRONMENT", 500, 4, false },
    [ERR_INTERNAL]             = { "INTERNAL", 500, 4, false },
    [ERR_MISSING_KEY]          = { "MISSING_API_KEY", 500, 4, false },
    [ERR_UNSUPPORTED_PROVIDER] = { "UNSUPPORTED_PROVIDER", 400, 2, false },
    [ERR_RATE_LIMIT]           = { "RATE_LIMIT", 429, 3, true },
    [ERR_QUOTA]                = { "QUOTA", 402, 3, false },
    [ERR_TIMEOUT]              = { "TIMEOUT", 504, 3, true },
    [ERR_NETWORK]              = { "NETWORK_ERROR", 502, 3, true },
    [ERR_SERVER]               = { "SERVER_ERROR", 502, 3, true },
    [ERR_AUTH]                 = { "AUTH_ERROR", 401, 3, false },
    [ERR_REJECTED]             = { "VALIDATION_ERROR", 400, 3, false },
    [ERR_NO_MODEL]             = { "MODEL_NOT_FOUND", 404, 3, false },
    [ERR_INVALID_RESPONSE]     = { "INVALID_RESPONSE", 502, 3, false },
    [ERR_UNKNOWN]              = { "UNKNOWN", 500, 3, true },
};

static const struct err_row *err_row(enum err_code code)
{
    return &err_rows[(unsigned)code < ERR_CODES ? code : ERR_INTERNAL];
}

const char *err_name(enum err_code code)      { return err_row(code)->name; }
int  err_http_status(enum err_code code)      { return err_row(code)->http_status; }
int  err_exit_status(enum err_code code)      { return err_row(code)->exit_status; }
bool err_retryable(enum err_code code)        { return err_row(code)->retryable; }

enum err_code err_from_name(struct str name)
{
    for (int i = 0; i < ERR_CODES; i++)
        if (str_is(name, err_rows[i].name))
            return (enum err_code)i;
    return ERR_UNKNOWN;
}

/* What came from outside may hold control bytes or bytes that are no UTF-8; a sentence on a terminal must not.
 * U+0080..U+009F steer some terminals too. */
static void err_clean(char *text)
{
    struct str s = str_c(text);

    for (size_t i = 0, from = 0; i < s.len; from = i) {
        uint32_t cp = str_utf8_next(s, &i);

        if (cp == '\t')
            text[from] = ' ';
        else if ((cp != '\n' && str_utf8_steers(cp)) || (cp == 0xfffd && i - from == 1))
            memset(text + from, '?', i - from);
    }
}

/* `wanted` is what vsnprintf said of text[size]: what was cut ends on a code point and in "...". */
static void err_fit(char *text, size_t size, int wanted)
{
    if (wanted >= (int)size) {
        struct str kept = str_utf8_head(str_n(text, size - 1), size - 5);

        memcpy(text + kept.len, "...", 4);
    }
    err_clean(text);
}

enum err_code err_setv(struct err *e, enum err_code code, const char *fmt, va_list ap)
{
    if (e) {
        e->code = code;
        err_fit(e->text, sizeof e->text, vsnprintf(e->text, sizeof e->text, fmt, ap));
    }
    return code;
}

enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    err_setv(e, code, fmt, ap);
    va_end(ap);
    return code;
}

enum err_code err_errno(struct err *e, enum err_code code, int errnum, const char *fmt, ...)
{
    char what[400], why[128];
    va_list ap;

    va_start(ap, fmt);
    err_fit(what, sizeof what, vsnprintf(what, sizeof what, fmt, ap));
    va_end(ap);
    return err_set(e, code, "%s: %s", what, strerror_r(errnum, why, sizeof why));
}

enum err_code err_prefix(struct err *e, const char *fmt, ...)
{
    char noun[320], old[sizeof e->text];
    va_list ap;

    if (!e)
        return ERR_INTERNAL;
    va_start(ap, fmt);
    err_fit(noun, sizeof noun, vsnprintf(noun, sizeof noun, fmt, ap));
    va_end(ap);
    memcpy(old, e->text, sizeof old);
    err_fit(e->text, sizeof e->text, snprintf(e->text, sizeof e->text, "%s: %s", noun, old));
    return e->code;
}
