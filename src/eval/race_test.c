#include "base/test.h"

#include <math.h>
#include <stdio.h>

#include "eval/race.h"
#include "eval/recommend.h"

#define CASES_MAX    1000
#define VARIANTS_MAX 5

static const struct race_rule rule = { .level = RACE_LEVEL, .margin = RACE_MARGIN, .seed = 7 };

/* --- whole runs, drawn -------------------------------------------------------------------------------------------- */

struct drawn { double at[CASES_MAX][VARIANTS_MAX]; int64_t cases; size_t variants; };

/* Yes or no by case and variant. Half of what a case brings, its difficulty, is shared by all variants. */
static void draw(struct rng *rng, struct drawn *d, int64_t cases, size_t variants, const double *accuracy, bool graded)
{
    d->cases = cases;
    d->variants = variants;
    for (int64_t i = 0; i < cases; i++) {
        double shared = rng_unit(rng);

        for (size_t v = 0; v < variants; v++) {
            double u = rng_below(rng, 2) ? shared : rng_unit(rng);

            d->at[i][v] = u < accuracy[v] ? 1 : 0;
            if (graded)
                d->at[i][v] = floor((d->at[i][v] + rng_unit(rng)) * 5) / 10;
        }
    }
}

enum told { TOLD_WORSE = -1, TOLD_SAME, TOLD_BETTER };

static double mean_of(const struct drawn *d, size_t v)
{
    double sum = 0;

    for (int64_t i = 0; i < d->cases; i++)
        sum += d->at[i][v];
    return sum / (double)d->cases;
}

/* What a table of everything says of `v` against `first`: is it worse? */
static bool told_worse(const struct drawn *d, size_t first, size_t v)
{
    double sum = 0, squares = 0, n = (double)d->cases;
    int64_t only_first = 0, only_this = 0;
    bool fractions = false;

    for (int64_t i = 0; i < d->cases; i++) {
        double a = d->at[i][first], b = d->at[i][v];

        sum += b - a;
        squares += (b - a) * (b - a);
        only_first += a > b;
        only_this += b > a;
        fractions |= (a != 0 && a != 1) || (b != 0 && b != 1);
    }
    return sum < 0 && (fractions ? stats_paired_t(sum / n, (squares - sum * sum / n) / (n - 1), d->cases)
                                 : stats_mcnemar(only_first, only_this)) < RECOMMEND_ALPHA;
}

/* The best of those that were not stopped for being worse; `r` NULL: of all. */
static size_t first_of(const struct drawn *d, const struct race *r)
{
    size_t first = d->variants;

    for (size_t v = 0; v < d->variants; v++)
        if ((!r || race_place(r, v)->state != RACE_WORSE) &&
            (first == d->variants || mean_of(d, v) > mean_of(d, first)))
            first = v;
    return first;
}

/* Runs the race over what was drawn, as far as it goes; *asked: trials. */
static struct race *run(const struct drawn *d, const struct race_rule *by, int64_t *asked)
{
    struct race *r = race_new(d->cases, d->variants, 1, by);

    *asked = 0;
    for (int64_t i = 0; i < d->cases && !race_over(r); i++) {
        int64_t at = race_case(r, i);

        for (size_t v = 0; v < d->variants; v++)
            if (!race_stopped(r, v)) {
                race_note(r, at, v, &d->at[at][v]);
                ++*asked;
            }
        race_step(r);
    }
    return r;
}

/* Who is worse than the first: of the whole run, and of the race, which leaves open what it has not decided. */
static bool same_verdict(const struct drawn *d, const struct race *r)
{
    size_t first = first_of(d, NULL), race_first = first_of(d, r);
    bool same = true;

    for (size_t v = 0; v < d->variants; v++) {
        bool worse = race_place(r, v)->state == RACE_WORSE || (!race_over(r) && told_worse(d, race_first, v));

        same &= worse == told_worse(d, first, v);
    }
    return same;
}

struct study { double same, asked, stopped; };

static struct study study_of(int trials, int64_t cases, const double *accuracy, size_t variants, bool graded)
{
    AUTO(freep) struct drawn *d = xcalloc(1, sizeof *d);
    struct study s = { 0 };

    for (int t = 0; t < trials; t++) {
        AUTO(race_freep) struct race *r = NULL;
        struct rng rng;
        int64_t asked;

        rng_seed(&rng, 4711u + (uint64_t)t);
        draw(&rng, d, cases, variants, accuracy, graded);
        r = run(d, &rule, &asked);
        s.same += same_verdict(d, r);
        s.asked += (double)asked / (double)(cases * (int64_t)variants);
        s.stopped += race_stopped_count(r) > 0;
    }
    return (struct study){ s.same / trials, s.asked / trials, s.stopped / trials };
}

TEST(race_says_what_the_full_run_says_and_asks_for_less_where_it_is_clear)
{
    static const struct { const char *what; double accuracy[VARIANTS_MAX]; size_t variants; int64_t cases; bool graded, clear; } rows[] = {
        { "90 % and 65 %", { 0.9, 0.65 }, 2, 400, false, true },
        { "65 % and 90 %", { 0.65, 0.9 }, 2, 400, false, true },
        { "85 % and 70 %", { 0.85, 0.7 }, 2, 1000, false, true },
        { "90 % and 65 %, graded scores", { 0.9, 0.65 }, 2, 400, true, true },
        { "92 %, 70, 60, 50, 40 %", { 0.92, 0.7, 0.6, 0.5, 0.4 }, 5, 400, false, true },
        { "90 % and 80 %", { 0.9, 0.8 }, 2, 1000, false, true },
        { "85 % and 80 %", { 0.85, 0.8 }, 2, 400, false, false },
        { "99 % and 97 %", { 0.99, 0.97 }, 2, 600, false, false },
        { "82 % and 78 %, graded scores", { 0.82, 0.78 }, 2, 600, true, false },
        { "80, 79, 78, 72, 60 %", { 0.8, 0.79, 0.78, 0.72, 0.6 }, 5, 400, false, false },
        { "99.8 % and 99.8 %", { 0.998, 0.998 }, 2, 400, false, false },
        { "80 % and 80 %", { 0.8, 0.8 }, 2, 400, false, false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct study s = study_of(200, rows[i].cases, rows[i].accuracy, rows[i].variants, rows[i].graded);

        printf(
            "    %s, %lld cases: same verdict in %.1f %% of 200 runs, %.0f %% of the calls, stopped early in %.0f %%\n",
            rows[i].what, (long long)rows[i].cases, s.same * 100, s.asked * 100, s.stopped * 100);
        CHECK(s.same >= 0.95);
        CHECK(!rows[i].clear || s.asked <= 0.5);
    }
}

TEST(race_never_calls_the_better_one_worse_more_often_than_promised)
{
    AUTO(freep) struct drawn *d = xcalloc(1, sizeof *d);
    static const double equal[3] = { 0.7, 0.7, 0.7 };
    int wrong = 0, trials = 400;

    for (int t = 0; t < trials; t++) {
        AUTO(race_freep) struct race *r = NULL;
        struct rng rng;
        int64_t asked;
        bool bad = false;

        rng_seed(&rng, 90000u + (uint64_t)t);
        draw(&rng, d, 200, 3, equal, false);
        r = run(d, &rule, &asked);
        for (size_t v = 0; v < 3; v++) {
            double difference = 0;

            if (race_place(r, v)->state != RACE_WORSE)
                continue;
            for (int64_t i = 0; i < d->cases; i++)
                difference += d->at[i][v] - d->at[i][race_place(r, v)->than];
            bad |= difference >= 0;
        }
        wrong += bad;
    }
    CHECK(wrong <= trials / 20);
    printf("    a variant at least as good was called worse in %d of %d runs of equals (20 are allowed)\n", wrong,
           trials);
}

/* --- the rules ---------------------------------------------------------------------------------------------------- */

TEST(race_asks_every_case_once_in_an_order_of_its_seed)
{
    struct race_rule other = rule;
    AUTO(race_freep) struct race *a = race_new(500, 1, 1, &rule), *b = race_new(500, 1, 1, &rule), *c = NULL;
    unsigned char seen[500] = { 0 };
    int same = 0, in_place = 0;

    other.seed = 8;
    c = race_new(500, 1, 1, &other);
    for (int64_t i = 0; i < 500; i++) {
        CHECK_INT(race_case(a, i), race_case(b, i));
        CHECK_INT(seen[race_case(a, i)]++, 0);
        same += race_case(a, i) == race_case(c, i);
        in_place += race_case(a, i) == i;
    }
    CHECK(same < 10);
    CHECK(in_place < 10);
}

TEST(race_decides_the_same_however_outcomes_come_in)
{
    AUTO(freep) struct drawn *d = xcalloc(1, sizeof *d);
    static const double accuracy[4] = { 0.9, 0.85, 0.6, 0.4 };
    struct rng rng;
    int64_t asked;

    for (uint64_t t = 0; t < 20; t++) {
        AUTO(race_freep) struct race *in_order = NULL, *mixed = race_new(300, 4, 1, &rule);
        AUTO(freep) int64_t *order = xcalloc(300 * 4, sizeof *order);

        rng_seed(&rng, t);
        draw(&rng, d, 300, 4, accuracy, t % 2);
        in_order = run(d, &rule, &asked);
        for (int64_t i = 0; i < 1200; i++) {            /* everything was asked, and comes in as it likes */
            int64_t k = (int64_t)rng_below(&rng, (uint64_t)i + 1);

            order[i] = order[k];
            order[k] = i;
        }
        for (int64_t i = 0; i < 1200; i++) {
            race_note(mixed, order[i] / 4, (size_t)(order[i] % 4), &d->at[order[i] / 4][order[i] % 4]);
            race_step(mixed);
        }
        CHECK_INT(race_over(mixed), race_over(in_order));
        for (size_t v = 0; v < 4; v++) {
            CHECK_INT(race_place(mixed, v)->state, race_place(in_order, v)->state);
            CHECK_INT(race_place(mixed, v)->at, race_place(in_order, v)->at);
            CHECK_INT(race_place(mixed, v)->than, race_place(in_order, v)->than);
        }
    }
}

TEST(race_waits_for_every_repetition_and_takes_their_mean)
{
    AUTO(race_freep) struct race *r = race_new(100, 2, 3, &rule);
    static const double ones[3] = { 1, 1, 1 }, some[3] = { 0, 1, 0 };

    for (int64_t i = 0; i < 60; i++)
        for (int k = 0; k < 3; k++) {
            race_note(r, race_case(r, i), 0, &ones[k]);
            if (i < 59 || k < 2)
                race_note(r, race_case(r, i), 1, &some[k]);
        }
    race_step(r);
    CHECK(race_place(r, 1)->state == RACE_WORSE);       /* no spread: a third each time, sure as soon as betting is */
    CHECK(race_over(r));
    CHECK(race_place(r, 1)->at < 59);
    CHECK_NEAR(race_pair(r, 0, 1).difference, 1.0 / 3 - 1, 1e-9);
    CHECK_INT(race_pair(r, 0, 1).cases, race_place(r, 1)->at);
    CHECK(race_pair(r, 0, 1).interval.high < 0);
    CHECK(race_pair(r, 0, 1).p < 0.05);
    race_freep(&r);

    r = race_new(100, 2, 3, &rule);
    race_note(r, race_case(r, 0), 0, &ones[0]);
    race_note(r, race_case(r, 0), 0, &ones[0]);
    race_note(r, race_case(r, 0), 1, &ones[0]);
    race_step(r);
    CHECK_INT(race_reach(r), 0);
}

TEST(race_leaves_out_who_says_nothing_and_ends_without_a_verdict_for_none)
{
    AUTO(race_freep) struct race *r = race_new(100, 2, 1, &rule);
    double one = 1;

    for (int64_t i = 0; i < 100; i++) {
        race_note(r, race_case(r, i), 0, &one);
        race_note(r, race_case(r, i), 1, NULL);
        race_step(r);
    }
    CHECK(race_place(r, 1)->state == RACE_SILENT);
    CHECK_INT(race_place(r, 1)->at, RACE_SILENT_MAX);
    CHECK(race_place(r, 0)->state == RACE_ON);          /* nobody to beat: asked to the end */
    CHECK(!race_over(r));
    CHECK_INT(race_stopped_count(r), 0);
    CHECK_INT(race_reach(r), 100);
}

TEST(race_of_one_ends_when_its_side_of_the_limit_is_sure)
{
    static const struct { double share, limit; bool ends; } rows[] = {
        { 0.95, 0.7, true }, { 0.5, 0.8, true }, { 0.7, 0.7, false }, { 0.5, 1.5, true },
    };

    for (size_t k = 0; k < COUNT_OF(rows); k++) {
        struct race_rule by = { .level = 0.95, .margin = 0.01, .limited = true, .limit = rows[k].limit, .seed = k };
        AUTO(race_freep) struct race *r = race_new(200, 1, 1, &by);
        int64_t i;

        for (i = 0; i < 200 && !race_over(r); i++) {
            int64_t at = race_case(r, i);
            double v = (double)((at * 7) % 200) < rows[k].share * 200;

            race_note(r, at, 0, &v);
            race_step(r);
        }
        CHECK_INT(race_over(r), rows[k].ends);
        if (rows[k].ends)
            CHECK(i <= 100);
    }
}

TEST(race_keeps_a_worse_one_whose_threshold_is_open)
{
    struct race_rule by = rule;
    AUTO(freep) struct drawn *d = xcalloc(1, sizeof *d);
    static const double accuracy[2] = { 0.95, 0.6 };
    struct rng rng;
    int64_t free_asked, held_asked;

    rng_seed(&rng, 5);
    draw(&rng, d, 400, 2, accuracy, false);
    {
        AUTO(race_freep) struct race *freely = run(d, &by, &free_asked);
        AUTO(race_freep) struct race *held = NULL;

        by.limited = true;
        by.limit = 0.6;                                 /* where the worse one's mean lies */
        held = run(d, &by, &held_asked);
        CHECK(race_over(freely));
        CHECK(held_asked > free_asked);
    }
}

TEST(race_calls_a_small_difference_the_same_when_the_margin_allows_it)
{
    struct race_rule wide = rule;
    AUTO(freep) struct drawn *d = xcalloc(1, sizeof *d);
    static const double accuracy[2] = { 0.8, 0.8 };
    struct rng rng;
    int64_t narrow_asked, wide_asked;

    wide.margin = 0.15;
    rng_seed(&rng, 6);
    draw(&rng, d, 400, 2, accuracy, false);
    {
        AUTO(race_freep) struct race *a = run(d, &rule, &narrow_asked);
        AUTO(race_freep) struct race *b = run(d, &wide, &wide_asked);

        CHECK(race_reach(b) < race_reach(a));
        CHECK(race_over(b));
        CHECK(race_place(b, 0)->state == RACE_DECIDED);
        CHECK(race_place(b, 1)->state == RACE_DECIDED);
        CHECK(wide_asked < narrow_asked * 3 / 4);
    }
}
