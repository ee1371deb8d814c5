/* src/base/clock.h (through base.h): two clocks. Wall time is UTC milliseconds since 1970 and is only ever shown or
 * stored; durations and deadlines come from the monotonic clock. Threads: any. */
#pragma once

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
void    clock_sleep_ms(int64_t ms);

#define CLOCK_TEXT 25                                            /* "2026-11-21T08:15:00.123Z" and NUL */
const char *clock_text(int64_t wall_ms, char out[CLOCK_TEXT]);   /* RFC 3339, always Z */
/* RFC 3339 with Z or an offset, seconds required, fraction optional. */
bool    clock_parse(struct str s, int64_t *wall_ms) MUST_USE;
/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 IMF-fixdate), as Retry-After carries it. */
bool    clock_parse_http(struct str s, int64_t *wall_ms) MUST_USE;
