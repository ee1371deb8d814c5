/* src/eval/times.h: points in time as answers write them: in a recording, or in the calendar.
 *
 *   clock     H:MM:SS or MM:SS, with a fraction behind a point or comma, maybe in [ ]; minutes and seconds have two
 *             digits (the first part may have one to three) and stay below 60, but for the first part
 *   calendar  RFC 3339 with seconds and Z or an offset: 2026-11-21T08:15:00Z
 *   number    seconds, where numbers are allowed (JSON numbers, or digits with a point) */
#pragma once

#include "base/base.h"

enum time_form { TIME_CLOCK, TIME_CALENDAR, TIME_NUMBER, TIME_FORMS };
const char *time_form_name(enum time_form f);                   /* "clock" "rfc3339" "number" */
bool        time_form_from(struct str name, enum time_form *out) MUST_USE;

/* Seconds since the beginning of the recording, or since 1970. */
struct time_point { enum time_form form; double seconds; };
bool time_parse(struct str text, bool numbers, struct time_point *out) MUST_USE;
/* A JSON text or, when `numbers`, a JSON number. */
bool time_of_json(const json_t *j, bool numbers, struct time_point *out) MUST_USE;

/* Calendar times with each other; clock times and numbers, both seconds, with each other. */
static inline bool time_comparable(struct time_point a, struct time_point b)
{
    return (a.form == TIME_CALENDAR) == (b.form == TIME_CALENDAR);
}

/* A PCRE2 pattern that finds clock and calendar times in running text. */
extern const char time_pattern[];
