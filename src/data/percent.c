#include "data/percent.h"

#define PERCENT_MODULUS UINT64_C(2147483647)

uint32_t percent_seed(uint64_t seed)
{
    seed %= PERCENT_MODULUS;
    return seed ? (uint32_t)seed : 1;
}

uint32_t percent_next(uint32_t *state)
{
    *state = (uint32_t)(*state * UINT64_C(16807) % PERCENT_MODULUS);
    return *state;
}

int64_t percent_count(int64_t cases, int percent)
{
    return percent >= 100 ? cases : MIN(MAX(cases * percent / 100, INT64_C(1)), cases);
}

void percent_draw(uint32_t *out, int64_t count, int percent, uint64_t seed)
{
    uint32_t state = percent_seed(seed);

    for (int64_t i = 0; i < count; i++)
        out[i] = (uint32_t)i;
    if (percent >= 100)
        return;
    for (int64_t i = count - 1; i > 0; i--) {
        double u = (double)percent_next(&state) / (double)PERCENT_MODULUS;
        int64_t j = (int64_t)(u * (double)(i + 1));
        uint32_t other = out[j];

        out[j] = out[i];
        out[i] = other;
    }
}
