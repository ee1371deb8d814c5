/* src/base/err.h (through base.h): a code to act on and a sentence to read, carried by the caller.
 *
 * Whoever finds the fault calls err_set once: which thing, what was found, what is allowed, never a secret.
 * Callers pass it up untouched or put a noun in front with err_prefix (file, line). One table (err.c) maps a code
 * to its name, HTTP status, exit status and whether trying again can help; nothing else decides those.
 * Threads: a struct err has one owner at a time and may hop threads with its work. */
#pragma once

enum err_code {
    ERR_OK,
    ERR_USAGE,              /* a command line that can't be read */
    ERR_BAD_INPUT,          /* a file, body or value from outside that breaks a rule */
    ERR_NOT_FOUND,          /* the named thing is not there */
    ERR_CONFLICT,           /* the thing is in a state that forbids this */
    ERR_TOO_LARGE,          /* a ceiling was met */
    ERR_BUSY,               /* a bounded queue is full: try later */
    ERR_DENIED,             /* not allowed to this user, or to this template, or by this policy */
    ERR_CANCELLED,          /* stopped on purpose */
    ERR_IO,                 /* the operating system refused a file or socket */
    ERR_STORE,              /* the database could not be used or is full */
    ERR_ENVIRONMENT,        /* something the machine must have is missing */
    ERR_INTERNAL,           /* our fault */
    /* what a model call can end with */
    ERR_MISSING_KEY,        /* MISSING_API_KEY */
    ERR_UNSUPPORTED_PROVIDER,
    ERR_RATE_LIMIT,
    ERR_QUOTA,              /* insufficient_quota, billing: a 429 or 402 that waiting does not cure */
    ERR_TIMEOUT,
    ERR_NETWORK,
    ERR_SERVER,
    ERR_AUTH,
    ERR_REJECTED,           /* VALIDATION_ERROR: the vendor refused the request as it stands */
    ERR_NO_MODEL,           /* NOT_FOUND from a vendor */
    ERR_INVALID_RESPONSE,   /* a 2xx body that is not what the vendor's protocol says */
    ERR_UNKNOWN,
    ERR_CODES
};

struct err { enum err_code code; char text[720]; };

#define ERR_INIT ((struct err){ .code = ERR_OK })

/* Sets the sentence and returns the code, so `return err_set(e, ERR_X, "...")`. e may be NULL. Text that does not
 * fit is cut on a code point and ends in "...". Control bytes from outside become '?'. */
enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
enum err_code err_setv(struct err *e, enum err_code code, const char *fmt, va_list ap) PRINTF_LIKE(3, 0);
enum err_code err_errno(struct err *e, enum err_code code, int errnum, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Puts "<prefix>: " in front of the sentence that stands; returns its code. */
enum err_code err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

const char *err_name(enum err_code code);           /* "RATE_LIMIT": stable, stored, shown to scripts */
enum err_code err_from_name(struct str name);       /* ERR_UNKNOWN when there is no such name */
int         err_http_status(enum err_code code);
int         err_exit_status(enum err_code code);
bool        err_retryable(enum err_code code);
