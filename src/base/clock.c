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
    int64_t ms = (wall_ms % 1000 + 1000) % 1000;        /* before 1970 too, the part of a second counts forward */
    time_t secs = (time_t)((wall_ms - ms) / 1000);
    struct tm tm = { 0 };

    gmtime_r(&secs, &tm);
    snprintf(out, CLOCK_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100, (unsigned)ms);
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

/* To UTC seconds; false when timegm had to move a part that is out of its range: February 30th, 25 o'clock. A leap
 * second (:60) is the first of the next minute. */
static bool clock_from_tm(struct tm tm, int64_t *secs)
{
    struct tm was = tm;

    was.tm_sec = MIN(was.tm_sec, 59);
    if (tm.tm_sec < 0 || tm.tm_sec > 60)
        return false;
    *secs = (int64_t)timegm(&was) + (tm.tm_sec == 60);
    return was.tm_mday == tm.tm_mday && was.tm_mon == tm.tm_mon && was.tm_hour == tm.tm_hour && was.tm_min == tm.tm_min;
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
    int64_t secs;

    if (s.len == 0 || s.len >= sizeof text)
        return false;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    if (!clock_digits(&p, 4, &tm.tm_year) || !clock_char(&p, "-") || !clock_digits(&p, 2, &tm.tm_mon) ||
        !clock_char(&p, "-") || !clock_digits(&p, 2, &tm.tm_mday) || !clock_char(&p, "Tt ") ||
        !clock_digits(&p, 2, &tm.tm_hour) || !clock_char(&p, ":") || !clock_digits(&p, 2, &tm.tm_min) ||
        !clock_char(&p, ":") || !clock_digits(&p, 2, &tm.tm_sec))
        return false;
    if (*p == '.') {
        if (*++p < '0' || *p > '9')
            return false;
        for (; *p >= '0' && *p <= '9'; p++, scale /= 10)
            ms += (*p - '0') * scale;
    }
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
    if (p != text + s.len)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    if (!clock_from_tm(tm, &secs))
        return false;
    *wall_ms = (secs - offset_min * 60) * 1000 + ms;
    return true;
}

bool clock_parse_http(struct str s, int64_t *wall_ms)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    char text[40], month[4];
    struct tm tm = { 0 };
    int64_t secs;
    int end = 0;

    if (s.len == 0 || s.len >= sizeof text)
        return false;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    if (sscanf(text, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT%n", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec, &end) != 6)
        return false;
    if (end != (int)s.len)
        return false;
    for (tm.tm_mon = 0; tm.tm_mon < 12 && strcmp(months[tm.tm_mon], month); tm.tm_mon++)
        continue;
    if (tm.tm_mon == 12)
        return false;
    tm.tm_year -= 1900;
    if (!clock_from_tm(tm, &secs))
        return false;
    *wall_ms = secs * 1000;
    return true;
}
