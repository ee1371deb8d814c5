#include "base/test.h"

#include <math.h>

TEST(rng_is_splitmix64_and_xoshiro256starstar_to_the_bit)
{
    static const uint64_t splitmix[] = { 6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                         4593380528125082431u };
    static const uint64_t xoshiro[] = { 11520u, 0u, 1509978240u, 1215971899390074240u, 1216172134540287360u,
                                        607988272756665600u, 16172922978634559625u, 8476171486693032832u,
                                        10595114339597558777u, 2904607092377533576u };
    struct rng r;

    rng_seed(&r, 1234567);
    for (size_t i = 0; i < COUNT_OF(splitmix); i++)
        CHECK(r.s[i] == splitmix[i]);
    r = (struct rng){ { 1, 2, 3, 4 } };
    for (size_t i = 0; i < COUNT_OF(xoshiro); i++)
        CHECK(rng_next(&r) == xoshiro[i]);
}

TEST(rng_below_stays_below_and_favours_none)
{
    int counts[10] = { 0 };
    struct rng r;

    rng_seed(&r, 42);
    for (int i = 0; i < 100000; i++)
        counts[rng_below(&r, 10)]++;
    for (int i = 0; i < 10; i++)
        CHECK_NEAR(counts[i], 10000, 400);
    CHECK_INT(rng_below(&r, 1), 0);
    CHECK(rng_below(&r, UINT64_MAX) < UINT64_MAX);
}

TEST(rng_unit_and_normal_have_their_moments)
{
    double sum = 0, squares = 0, unit = 0;
    struct rng r;

    rng_seed(&r, 7);
    for (int i = 0; i < 100000; i++) {
        double u = rng_unit(&r), n = rng_normal(&r);

        CHECK(u >= 0 && u < 1 && isfinite(n));
        unit += u;
        sum += n;
        squares += n * n;
    }
    CHECK_NEAR(unit / 100000, 0.5, 0.005);
    CHECK_NEAR(sum / 100000, 0, 0.02);
    CHECK_NEAR(squares / 100000, 1, 0.02);
}
