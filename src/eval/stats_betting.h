/* src/eval/stats_betting.h: what can be said of the mean of a whole list while its values are still being drawn,
 * looking as often as one likes. Pure functions; any thread.
 *
 * The list has `population` bounded values and is drawn from in random order without replacement; `n` are known.
 * Someone who doubts the claim "the list's mean is m or more" bets before each draw that it lies below what the claim
 * makes the mean of the values still to come: mu_i = (population m - sum of those before) / (population - i + 1). A
 * stake of g, a share of what can be staked without ever owing, multiplies their wealth by 1 + g (mu_i - x_i) / (1 -
 * mu_i) (values on 0..1). If the claim is true that is a fair game or worse at every draw, so wealth reaches 1 / alpha
 * with probability alpha at most, whenever one looks (Ville 1939). Wealth is the mean over stakes 0.95, 0.95/2, 0.95/4
 * ... down to 1 / (2 sqrt(population)): no stake has to be guessed. It grows with m, so the claims not yet refuted are
 * an interval. A claim that the values still to come can't fulfil any more is refuted for certain, whatever the wealth.
 *
 * Sources: Waudby-Smith, Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024), sections
 * 4 (wealth) and 5 (without replacement); the same, "Confidence sequences for sampling without replacement", NeurIPS
 * 2020; the mixture over stakes is the discrete one of their appendix, in the manner of Cover's universal portfolio.
 * Cost: n times about log2(population) / 2 + 1 multiplications a claim, 50 claims an interval. */
#pragma once

#include "eval/stats.h"

struct betting {
    const double *values;  size_t n;    /* in the order drawn, each in low..high */
    int64_t population;                 /* at least n */
    double low, high;
};

/* The natural logarithm of the most that was ever won against "the mean is m or more" (below) and "m or less" (above):
 * refuted at level 1 - alpha when it is at least -log(alpha). At least 0; INFINITY: refuted for certain. */
double          stats_betting_below(const struct betting *b, double m);
double          stats_betting_above(const struct betting *b, double m);
/* All m not refuted by either at alpha / 2 each: holds the list's mean at all times together with probability
 * 1 - alpha. To 1e-9 of the range. */
struct interval stats_betting_interval(const struct betting *b, double alpha);
/* Two-sided p of "the mean is m", good at any time: twice the inverse of the larger wealth. */
double          stats_betting_p(const struct betting *b, double m);
