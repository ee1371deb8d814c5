#include "base/base.h"

#include <ctype.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>

void id_new(char out[ID_TEXT])
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;    /* guards last_ms, counter */
    static int64_t last_ms;
    static unsigned counter;
    unsigned char r[10];
    unsigned rand_a;
    int64_t ms = clock_wall_ms();

    randombytes_buf(r, sizeof r);
    pthread_mutex_lock(&lock);
    if (ms <= last_ms) {
        ms = last_ms;
        if (++counter > 0xfff)
            ms = ++last_ms, counter = 0;
    } else {
        last_ms = ms;
        counter = r[8] & 0x3f;                      /* leaves room to count up within the millisecond */
    }
    rand_a = counter;
    pthread_mutex_unlock(&lock);
    snprintf(out, ID_TEXT, "%08x-%04x-7%03x-%02x%02x-%02x%02x%02x%02x%02x%02x", (unsigned)(ms >> 16),
             (unsigned)(ms & 0xffff), rand_a, 0x80 | (r[0] & 0x3f), r[1], r[2], r[3], r[4], r[5], r[6], r[7]);
}

bool id_is(struct str s)
{
    if (s.len != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? s.at[i] != '-' : !isxdigit((unsigned char)s.at[i]))
            return false;
    }
    return true;
}

struct str id_short(struct str id)
{
    return id.len > 8 ? str_from(id, id.len - 8) : id;
}
