/* src/base/rng.h (through base.h): seeded random numbers, the same on every machine.
 * xoshiro256** (Blackman, Vigna 2018), seeded by splitmix64. Not for secrets: those come from the system.
 * Threads: one owner at a time. */
#pragma once

struct rng { uint64_t s[4]; };

void     rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);      /* 0 .. n-1, unbiased; n > 0 */
double   rng_unit(struct rng *r);                   /* [0, 1) with 53 bits */
double   rng_normal(struct rng *r);                 /* mean 0, deviation 1 (Box-Muller) */
uint64_t rng_mix(uint64_t x);                       /* splitmix64's finaliser: a good 64-bit hash of a number */
