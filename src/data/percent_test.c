#include "base/test.h"
#include "data/percent.h"

TEST(percent_generator_walks_the_published_states)
{
    static const uint32_t states[] = { 705894, 1126542223, 1579310009, 565444343, 807934826 };
    uint32_t state = percent_seed(42);

    for (size_t i = 0; i < COUNT_OF(states); i++)
        CHECK_INT(percent_next(&state), states[i]);
}

TEST(percent_draws_the_published_samples)
{
    uint32_t out[10];

    CHECK_INT(percent_count(10, 30), 3);
    percent_draw(out, 10, 30, 42);
    CHECK_INT(out[0], 8);
    CHECK_INT(out[1], 7);
    CHECK_INT(out[2], 6);
    CHECK_INT(percent_count(10, 10), 1);
    percent_draw(out, 10, 10, 1);
    CHECK_INT(out[0], 5);
}

TEST(percent_of_a_hundred_leaves_the_order_and_of_little_is_one)
{
    uint32_t out[10];

    percent_draw(out, 10, 100, 42);
    for (uint32_t i = 0; i < 10; i++)
        CHECK_INT(out[i], i);
    CHECK_INT(percent_count(10, 1), 1);
    CHECK_INT(percent_count(199, 1), 1);
    CHECK_INT(percent_count(200, 1), 2);
    CHECK_INT(percent_count(0, 50), 0);
    CHECK_INT(percent_count(7, 100), 7);
}

TEST(percent_seeds_are_reduced_and_never_zero)
{
    CHECK_INT(percent_seed(0), 1);
    CHECK_INT(percent_seed(2147483647), 1);
    CHECK_INT(percent_seed(2147483648), 1);
    CHECK_INT(percent_seed(2147483647 + 42ull), 42);
    CHECK_INT(percent_seed(UINT64_MAX), UINT64_MAX % 2147483647);
}
