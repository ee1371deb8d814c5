/* What a guest may use: read, held to their ranges, named for people. */
#include "sandbox/sandbox.h"

struct limit_row { const char *name, *unit; int64_t low, usual, high; size_t offset; };
static const struct limit_row limit_rows[] = {
#define X(field, name, unit, low, usual, high) { name, unit, low, usual, high, offsetof(struct sandbox_limits, field) },
    SANDBOX_LIMITS(X)
#undef X
};

static int64_t *limit_at(struct sandbox_limits *l, const struct limit_row *row)
{
    return (int64_t *)(void *)((char *)l + row->offset);
}

void sandbox_limits_usual(struct sandbox_limits *l)
{
    for (size_t i = 0; i < COUNT_OF(limit_rows); i++)
        *limit_at(l, &limit_rows[i]) = limit_rows[i].usual;
}

/* "96 KiB", "512 MiB", "10000 ms" */
static const char *limit_show(const struct limit_row *row, int64_t n, char out[48])
{
    static const struct { const char *unit; int shift; } steps[] = { { "GiB", 30 }, { "MiB", 20 }, { "KiB", 10 } };

    for (size_t i = 0; i < COUNT_OF(steps) && strcmp(row->unit, "bytes") == 0; i++)
        if (n && n % (INT64_C(1) << steps[i].shift) == 0) {
            snprintf(out, 48, "%lld %s", (long long)(n >> steps[i].shift), steps[i].unit);
            return out;
        }
    snprintf(out, 48, "%lld%s%s", (long long)n, row->unit[0] ? " " : "", row->unit);
    return out;
}

static enum err_code limit_check(const struct limit_row *row, int64_t n, struct err *e)
{
    char is[48], low[48], high[48];

    if (n >= row->low && n <= row->high)
        return ERR_OK;
    return err_set(e, ERR_BAD_INPUT, "the sandbox's %s is %s; %s to %s are allowed", row->name, limit_show(row, n, is),
                   limit_show(row, row->low, low), limit_show(row, row->high, high));
}

enum err_code sandbox_limits_check(const struct sandbox_limits *l, struct err *e)
{
    for (size_t i = 0; i < COUNT_OF(limit_rows); i++)
        TRY(limit_check(&limit_rows[i], *limit_at((struct sandbox_limits *)(uintptr_t)l, &limit_rows[i]), e));
    return ERR_OK;
}

/* The factor of a last letter, and the digits before it: seconds for times, 1024s for bytes. */
static int64_t limit_factor(const struct limit_row *row, struct str *digits)
{
    static const struct { const char *ends; const char *unit; int64_t factor; } units[] = {
        { "ms", "ms", 1 }, { "s", "ms", 1000 }, { "m", "ms", 60000 }, { "", "ms", 1000 },
        { "k", "bytes", 1 << 10 }, { "M", "bytes", 1 << 20 }, { "G", "bytes", 1 << 30 }, { "K", "bytes", 1 << 10 },
        { "m", "bytes", 1 << 20 }, { "g", "bytes", 1 << 30 }, { "", "", 1 }, { "", "bytes", 1 },
    };

    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (strcmp(units[i].unit, row->unit) == 0 && str_ends(*digits, str_c(units[i].ends))) {
            digits->len -= strlen(units[i].ends);
            return units[i].factor;
        }
    return 1;
}

static enum err_code limit_read(const struct limit_row *row, struct str value, int64_t *out, struct err *e)
{
    struct str digits = value;
    int64_t factor = limit_factor(row, &digits), whole;
    double n;

    if (str_to_i64(digits, &whole)) {
        if (__builtin_mul_overflow(whole, factor, &whole))
            whole = INT64_MAX;
    } else if (factor > 1 && str_to_double(digits, &n) && n > -1e15 && n < 1e15 && n * (double)factor < 9e18) {
        whole = (int64_t)(n * (double)factor);
    } else {
        return err_set(e, ERR_BAD_INPUT, "the sandbox's %s can't be \"" STR_FMT "\"; write %s", row->name,
                       STR_ARG(value),
                       strcmp(row->unit, "bytes") == 0 ? "bytes, or a number with k, M or G"
                       : row->unit[0]                  ? "seconds, or a number with ms, s or m"
                                                       : "a whole number");
    }
    TRY(limit_check(row, whole, e));
    *out = whole;
    return ERR_OK;
}

enum err_code sandbox_limits_set(struct sandbox_limits *l, struct str name, struct str value, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; i < COUNT_OF(limit_rows); i++) {
        if (str_is(name, limit_rows[i].name))
            return limit_read(&limit_rows[i], value, limit_at(l, &limit_rows[i]), e);
        suggest_offer(&near, str_c(limit_rows[i].name));
    }
    return err_set(e, ERR_BAD_INPUT, "a sandbox has no limit \"" STR_FMT "\"%s", STR_ARG(name),
                   suggest_hint(&near, hint));
}
