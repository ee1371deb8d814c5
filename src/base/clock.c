#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

int64_t clock_wall_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

void clock_sleep_ms(int64_t ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    while (ms > 0 && nanosleep(&t, &t) < 0 && errno == EINTR)
        continue;
}

const char *clock_text(int64_t wall_ms, char out[CLOCK_TEXT])
{
    time_t secs = (time_t)(wall_ms / 1000);
    struct tm tm;

    gmtime_r(&secs, &tm);
    snprintf(out, CLOCK_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100, (unsigned)(wall_ms % 1000));
    return out;
}

static bool clock_digits(const char **p, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

static bool clock_char(const char **p, const char *allowed)
{
    return **p && strchr(allowed, *(*p)++) != NULL;
}

bool clock_parse(struct str s, int64_t *wall_ms)
{
    char text[48];
    const char *p = text;
    struct tm tm = { 0 };
    int ms = 0, scale = 100, offset_min = 0, h, m;

    if (s.len >= sizeof text)
        return false;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    if (!clock_digits(&p, 4, &tm.tm_year) || !clock_char(&p, "-") || !clock_digits(&p, 2, &tm.tm_mon) ||
        !clock_char(&p, "-") || !clock_digits(&p, 2, &tm.tm_mday) || !clock_char(&p, "Tt ") ||
        !clock_digits(&p, 2, &tm.tm_hour) || !clock_char(&p, ":") || !clock_digits(&p, 2, &tm.tm_min) ||
        !clock_char(&p, ":") || !clock_digits(&p, 2, &tm.tm_sec))
        return false;
    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
        tm.tm_sec > 60)
        return false;
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
            ms += (*p - '0') * scale;
    if (*p == 'Z' || *p == 'z') {
        p++;
    } else if (*p == '+' || *p == '-') {
        int sign = *p++ == '-' ? -1 : 1;

        if (!clock_digits(&p, 2, &h) || !clock_char(&p, ":") || !clock_digits(&p, 2, &m) || h > 23 || m > 59)
            return false;
        offset_min = sign * (h * 60 + m);
    } else {
        return false;
    }
    if (*p)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *wall_ms = ((int64_t)timegm(&tm) - offset_min * 60) * 1000 + ms;
    return true;
}

bool clock_parse_http(struct str s, int64_t *wall_ms)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    char text[40], month[4];
    struct tm tm = { 0 };
    int end = 0;

    if (s.len >= sizeof text)
        return false;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    if (sscanf(text, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT%n", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec, &end) != 6 || end != (int)s.len)
        return false;
    for (tm.tm_mon = 0; tm.tm_mon < 12 && strcmp(months[tm.tm_mon], month); tm.tm_mon++)
        continue;
    if (tm.tm_mon == 12)
        return false;
    tm.tm_year -= 1900;
    *wall_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}
