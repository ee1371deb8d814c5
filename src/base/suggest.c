#include "base/base.h"

#include <ctype.h>
#include <stdio.h>

#define SUGGEST_LEN_MAX 64

size_t suggest_distance(struct str a, struct str b)
{
    size_t rows[3][SUGGEST_LEN_MAX + 1];
    size_t *two = rows[0], *prev = rows[1], *now = rows[2];

    if (a.len > SUGGEST_LEN_MAX || b.len > SUGGEST_LEN_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        prev[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *spare = two;

        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            int ca = tolower((unsigned char)a.at[i - 1]), cb = tolower((unsigned char)b.at[j - 1]);

            now[j] = MIN(MIN(prev[j] + 1, now[j - 1] + 1), prev[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b.at[j - 2]) &&
                cb == tolower((unsigned char)a.at[i - 2]))
                now[j] = MIN(now[j], two[j - 2] + 1);
        }
        two = prev;
        prev = now;
        now = spare;
    }
    return prev[b.len];
}

void suggest_begin(struct suggest *s, struct str word)
{
    *s = (struct suggest){ .word = word, .best_distance = SIZE_MAX };
}

void suggest_offer(struct suggest *s, struct str name)
{
    size_t d = suggest_distance(s->word, name);

    if (d < s->best_distance && d <= MAX(MAX(s->word.len, name.len) / 3, (size_t)1)) {
        s->best = name;
        s->best_distance = d;
    }
}

struct str suggest_best(const struct suggest *s)
{
    return s->best;
}

const char *suggest_hint(const struct suggest *s, char out[160])
{
    out[0] = '\0';
    if (s->best.len)
        snprintf(out, 160, " (did you mean \"" STR_FMT "\"?)", STR_ARG(s->best));
    return out;
}
