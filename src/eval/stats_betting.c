#include "eval/stats_betting.h"

#include <math.h>

#define BETTING_STAKES_MAX  40
#define BETTING_STAKE_FIRST 0.95
#define BETTING_SLACK       1e-9        /* of one value: what rounding may do to the sum of those to come */
#define BETTING_WEALTH_MAX  1e200
#define BETTING_WEALTH_MIN  1e-200
#define BETTING_HALVINGS    30

struct bettor { double stakes[BETTING_STAKES_MAX], wealth[BETTING_STAKES_MAX]; size_t count; double log_scale; };

static void bettor_init(struct bettor *b, int64_t population)
{
    double least = 0.5 / sqrt((double)MAX(population, INT64_C(1)));

    *b = (struct bettor){ 0 };
    for (double g = BETTING_STAKE_FIRST; b->count < BETTING_STAKES_MAX && (g >= least || !b->count); g /= 2) {
        b->stakes[b->count] = g;
        b->wealth[b->count++] = 1;
    }
    for (size_t i = 0; i < b->count; i++)
        b->wealth[i] /= (double)b->count;
}

/* One draw: `gain` is (mu - x) / (1 - mu), at least -1. The whole wealth, over exp(log_scale). */
static double bettor_draw(struct bettor *b, double gain)
{
    double sum = 0;

    for (size_t i = 0; i < b->count; i++) {
        b->wealth[i] *= 1 + b->stakes[i] * gain;
        sum += b->wealth[i];
    }
    if (sum < BETTING_WEALTH_MIN || sum > BETTING_WEALTH_MAX) {
        for (size_t i = 0; i < b->count; i++)           /* what falls below the smallest number is lost: less is won */
            b->wealth[i] /= sum;
        b->log_scale += log(sum);
        sum = 1;
    }
    return sum;
}

/* Against "the mean is m or more" of values on 0..1; `up` turns the values over. */
static double betting_wealth(const struct betting *b, double m, bool up)
{
    double left = m * (double)b->population, range = b->high - b->low, most_log = 0, most = 1, scale = 0;
    struct bettor p;

    ASSERT((int64_t)b->n <= b->population);
    bettor_init(&p, b->population);
    for (size_t i = 0; i < b->n; i++) {
        double draws = (double)(b->population - (int64_t)i), x = (b->values[i] - b->low) / range, mu, won;

        x = up ? 1 - x : x;
        if (left > draws + BETTING_SLACK)
            return INFINITY;
        mu = left / draws;
        left -= x;
        if (mu >= 1 - BETTING_SLACK)                    /* only ones can follow; anything else shows in `left` */
            continue;
        won = bettor_draw(&p, (mu - x) / (1 - mu));
        if (p.log_scale != scale) {
            scale = p.log_scale;
            most = exp(most_log - scale);               /* infinite: far out of reach */
        }
        if (won > most) {
            most = won;
            most_log = log(won) + scale;
        }
    }
    if (left > (double)(b->population - (int64_t)b->n) + BETTING_SLACK)
        return INFINITY;
    return most_log;
}

double stats_betting_below(const struct betting *b, double m)
{
    return betting_wealth(b, (m - b->low) / (b->high - b->low), false);
}

double stats_betting_above(const struct betting *b, double m)
{
    return betting_wealth(b, (b->high - m) / (b->high - b->low), true);
}

/* The largest claim "this or more" not refuted, on 0..1. */
static double betting_end(const struct betting *b, double wanted, bool up)
{
    double low = 0, high = 1;

    if (betting_wealth(b, 1, up) < wanted)
        return 1;
    for (int i = 0; i < BETTING_HALVINGS; i++) {
        double middle = (low + high) / 2;

        *(betting_wealth(b, middle, up) < wanted ? &low : &high) = middle;
    }
    return high;
}

struct interval stats_betting_interval(const struct betting *b, double alpha)
{
    double wanted = -log(alpha / 2), range = b->high - b->low;

    return (struct interval){ .low = b->high - range * betting_end(b, wanted, true),
                              .high = b->low + range * betting_end(b, wanted, false), .known = b->n > 0 };
}

double stats_betting_p(const struct betting *b, double m)
{
    return fmin(1, 2 * exp(-fmax(stats_betting_below(b, m), stats_betting_above(b, m))));
}
