#include "eval/race.h"

#include <math.h>

#include "eval/recommend.h"
#include "eval/stats_betting.h"

#define RACE_ONE     (INT64_C(1) << 40)     /* values are kept as whole numbers: their sum is the same in any order */
#define RACE_LOOK    25
#define RACE_FORECASTS 4                /* a forecast is looked at often: each may err less */

static const char *const race_state_names[RACE_STATES] = { "racing", "worse", "decided", "silent" };

const char *race_state_name(enum race_state s)
{
    return race_state_names[s];
}

struct race_cell { int64_t sum; uint32_t outcomes, values; };
struct race {
    struct race_rule rule;
    int64_t cases, repeat, reach, look;
    size_t variants;
    uint32_t *order, *position;         /* case at a place; place of a case */
    struct race_cell *cells;            /* [place][variant] */
    struct race_place *places;          /* [variant] */
    int64_t *silent;                    /* [variant] cases in a row without a value */
    double *scratch;
    bool over;
};

struct race *race_new(int64_t cases, size_t variants, int64_t repeat, const struct race_rule *rule)
{
    struct race *r = xcalloc(1, sizeof *r);
    struct rng rng;

    ASSERT(cases > 0 && variants > 0 && variants <= RACE_VARIANTS_MAX && cases * (int64_t)variants <= RACE_CELLS_MAX);
    *r = (struct race){ .rule = *rule, .cases = cases, .repeat = repeat, .look = RACE_CASES_MIN, .variants = variants };
    r->order = xcalloc((size_t)cases, sizeof *r->order);
    r->position = xcalloc((size_t)cases, sizeof *r->position);
    r->cells = xcalloc((size_t)cases * variants, sizeof *r->cells);
    r->places = xcalloc(variants, sizeof *r->places);
    r->silent = xcalloc(variants, sizeof *r->silent);
    r->scratch = xcalloc((size_t)cases, sizeof *r->scratch);
    rng_seed(&rng, rule->seed);
    for (int64_t i = 0; i < cases; i++) {               /* Fisher-Yates, inside out */
        int64_t k = (int64_t)rng_below(&rng, (uint64_t)i + 1);

        r->order[i] = r->order[k];
        r->order[k] = (uint32_t)i;
    }
    for (int64_t i = 0; i < cases; i++)
        r->position[r->order[i]] = (uint32_t)i;
    return r;
}

void race_free(struct race *r)
{
    if (!r)
        return;
    free(r->order);
    free(r->position);
    free(r->cells);
    free(r->places);
    free(r->silent);
    free(r->scratch);
    free(r);
}

void race_freep(struct race **r)
{
    race_free(*r);
    *r = NULL;
}

int64_t race_case(const struct race *r, int64_t position)
{
    ASSERT(position >= 0 && position < r->cases);
    return r->order[position];
}

static struct race_cell *race_cell(const struct race *r, int64_t position, size_t variant)
{
    return &r->cells[(size_t)position * r->variants + variant];
}

void race_note(struct race *r, int64_t case_index, size_t variant, const double *value)
{
    struct race_cell *c;

    ASSERT(case_index >= 0 && case_index < r->cases && variant < r->variants);
    c = race_cell(r, r->position[case_index], variant);
    c->outcomes++;
    if (!value)
        return;
    c->values++;
    c->sum += llround(CLAMP(*value, 0.0, 1.0) * (double)RACE_ONE);
}

static double race_mean(const struct race_cell *c)
{
    return (double)c->sum / ((double)RACE_ONE * c->values);
}

/* --- what is sure ------------------------------------------------------------------------------------------------- */

static double race_wanted(const struct race *r)         /* logarithm of the wealth that refutes one claim */
{
    double k = (double)r->variants, claims = k * (k - 1) + (r->rule.limited ? 2 * k : 0);

    return -log((1 - r->rule.level) / fmax(claims, 1));
}

struct race_look { int64_t cases, valued; double sum, squares; bool fractions; };

/* Differences second - first of the first `cases` places, into the scratch. */
static struct race_look race_differences(const struct race *r, size_t first, size_t second, int64_t cases)
{
    struct race_look look = { .cases = cases };

    for (int64_t i = 0; i < cases; i++) {
        const struct race_cell *x = race_cell(r, i, first), *y = race_cell(r, i, second);
        double a, b;

        r->scratch[i] = 0;
        if (!x->values || !y->values)
            continue;
        a = race_mean(x);
        b = race_mean(y);
        r->scratch[i] = b - a;
        look.valued++;
        look.sum += b - a;
        look.squares += (b - a) * (b - a);
        look.fractions |= (a != 0 && a != 1) || (b != 0 && b != 1);
    }
    return look;
}

static struct betting race_bets(const struct race *r, int64_t cases, double low)
{
    return (struct betting){ .values = r->scratch, .n = (size_t)cases, .population = r->cases, .low = low, .high = 1 };
}

/* What the full run will come to if the cases left are spread like those so far: the mean difference its paired test
 * takes for one, and how far its mean difference may still move (standard deviation). One case more that differs as
 * much as can be is counted in: that none did so far does not mean that none will. */
struct race_forecast { double needed, deviation; };

static struct race_forecast race_forecast(const struct race *r, const struct race_look *look)
{
    double n = (double)look->cases, all = (double)r->cases, m = (double)look->valued, pairs = m / n * all, variance;
    struct race_forecast f = { .needed = 1, .deviation = sqrt((look->squares + 1) / n * (all - n) / (all * n)) };

    if (look->valued < 2)
        return f;
    if (r->repeat == 1 && !look->fractions) {           /* McNemar's, with the correction for steps of one */
        f.needed = (-stats_normal_quantile(RECOMMEND_ALPHA / 2) * sqrt((look->squares + 1) / n * all) + 1) / all;
        return f;
    }
    variance = (fmax(0, look->squares - look->sum * look->sum / m) + 1) / (m - 1);
    f.needed = m / n * stats_t_quantile(1 - RECOMMEND_ALPHA / 2, pairs - 1) * sqrt(variance / pairs);
    return f;
}

enum race_verdict { RACE_OPEN, RACE_FIRST_AHEAD, RACE_SECOND_AHEAD, RACE_SAME };

/* Betting is asked only where the mean so far allows an answer. */
static enum race_verdict race_judge(const struct race *r, size_t first, size_t second, int64_t cases)
{
    struct race_look look = race_differences(r, first, second, cases);
    struct race_forecast f = race_forecast(r, &look);
    struct betting b = race_bets(r, cases, -1);
    double mean = look.sum / (double)cases, wanted = race_wanted(r), margin = r->rule.margin,
           move = f.deviation *
                  -stats_normal_quantile((1 - r->rule.level) / (RACE_FORECASTS * (double)(r->variants - 1)));

    if (mean < -f.needed - move && stats_betting_below(&b, 0) >= wanted)
        return RACE_FIRST_AHEAD;
    if (mean > f.needed + move && stats_betting_above(&b, 0) >= wanted)
        return RACE_SECOND_AHEAD;
    if (fabs(mean) + move < f.needed)
        return RACE_SAME;
    if (fabs(mean) + f.deviation < margin && stats_betting_below(&b, margin) >= wanted &&
        stats_betting_above(&b, -margin) >= wanted)
        return RACE_SAME;
    return RACE_OPEN;
}

/* Is it sure which side of the limit the mean lies on? A case without a value counts as the limit itself. */
static bool race_limit_sure(const struct race *r, size_t variant, int64_t cases)
{
    struct betting b = race_bets(r, cases, 0);
    double limit = CLAMP(r->rule.limit, 0.0, 1.0), wanted = race_wanted(r);

    if (!r->rule.limited || r->rule.limit < 0 || r->rule.limit > 1)
        return true;
    for (int64_t i = 0; i < cases; i++) {
        const struct race_cell *c = race_cell(r, i, variant);

        r->scratch[i] = c->values ? race_mean(c) : limit;
    }
    return stats_betting_below(&b, limit) >= wanted || stats_betting_above(&b, limit) >= wanted;
}

/* --- a look ------------------------------------------------------------------------------------------------------- */

static bool race_on(const struct race *r, size_t variant)
{
    return r->places[variant].state == RACE_ON;
}

static size_t race_count(const struct race *r, enum race_state state)
{
    size_t n = 0;

    for (size_t v = 0; v < r->variants; v++)
        n += r->places[v].state == state;
    return n;
}

/* The best of those in the race, by the cases read; `variants` when nobody is. */
static size_t race_leader(const struct race *r, int64_t cases)
{
    size_t best = r->variants;
    double best_mean = -1;

    for (size_t v = 0; v < r->variants; v++) {
        double sum = 0;
        int64_t n = 0;

        if (!race_on(r, v))
            continue;
        for (int64_t i = 0; i < cases; i++) {
            const struct race_cell *c = race_cell(r, i, v);

            if (c->values) {
                sum += race_mean(c);
                n++;
            }
        }
        if (best == r->variants || (n && sum / (double)n > best_mean)) {
            best = v;
            best_mean = n ? sum / (double)n : -1;
        }
    }
    return best;
}

/* Nothing that is still asked could change a verdict? */
static bool race_settled(const struct race *r, int64_t cases)
{
    size_t on = race_count(r, RACE_ON);

    if (!on || (on == 1 && !r->rule.limited && !race_count(r, RACE_WORSE)))
        return false;                                   /* whoever is left has beaten nobody */
    for (size_t a = 0; a < r->variants; a++)
        for (size_t b = a + 1; b < r->variants; b++)
            if (race_on(r, a) && race_on(r, b) && race_judge(r, a, b, cases) != RACE_SAME)
                return false;
    for (size_t v = 0; v < r->variants; v++)
        if (race_on(r, v) && !race_limit_sure(r, v, cases))
            return false;
    return true;
}

static bool race_look(struct race *r)
{
    size_t leader = race_leader(r, r->reach);
    bool changed = false;

    for (size_t v = 0; leader < r->variants && v < r->variants; v++)
        if (v != leader && race_on(r, v) && race_judge(r, leader, v, r->reach) == RACE_FIRST_AHEAD &&
            race_limit_sure(r, v, r->reach)) {
            r->places[v] = (struct race_place){ RACE_WORSE, r->reach, leader };
            changed = true;
        }
    if (!race_settled(r, r->reach))
        return changed;
    for (size_t v = 0; v < r->variants; v++)
        if (race_on(r, v))
            r->places[v] = (struct race_place){ RACE_DECIDED, r->reach, v };
    r->over = true;
    return true;
}

static bool race_complete(const struct race *r, int64_t position)
{
    bool somebody = false;

    for (size_t v = 0; v < r->variants; v++) {
        if (race_on(r, v) && race_cell(r, position, v)->outcomes < (uint64_t)r->repeat)
            return false;
        somebody |= race_on(r, v);
    }
    return somebody;
}

bool race_step(struct race *r)
{
    bool changed = false;

    while (!r->over && r->reach < r->cases && race_complete(r, r->reach)) {
        for (size_t v = 0; v < r->variants; v++) {
            r->silent[v] = race_cell(r, r->reach, v)->values ? 0 : r->silent[v] + 1;
            if (race_on(r, v) && r->silent[v] == RACE_SILENT_MAX) {
                r->places[v] = (struct race_place){ RACE_SILENT, r->reach + 1, v };
                changed = true;
            }
        }
        if (++r->reach < r->look || r->reach == r->cases)       /* after the last case nothing is left to spare */
            continue;
        changed |= race_look(r);
        r->look = r->reach + 1 + r->reach / RACE_LOOK;
    }
    return changed;
}

/* --- what others ask ---------------------------------------------------------------------------------------------- */

int64_t race_reach(const struct race *r)
{
    return r->reach;
}

/* With one variant left that has beaten nobody and is held to no limit, all that is left is to ask to the end. */
bool race_deciding(const struct race *r)
{
    size_t on = race_count(r, RACE_ON);

    return !r->over && r->reach < r->cases && (on > 1 || (on == 1 && (r->rule.limited || race_count(r, RACE_WORSE))));
}

bool race_over(const struct race *r)
{
    return r->over;
}

const struct race_place *race_place(const struct race *r, size_t variant)
{
    return &r->places[variant];
}

bool race_stopped(const struct race *r, size_t variant)
{
    return r->over || r->places[variant].state == RACE_WORSE;
}

size_t race_stopped_count(const struct race *r)
{
    return r->over ? r->variants : race_count(r, RACE_WORSE);
}

struct race_pair race_pair(const struct race *r, size_t first, size_t second)
{
    int64_t cases = r->reach;
    struct race_look look;
    struct betting b;

    for (int i = 0; i < 2; i++) {
        const struct race_place *p = &r->places[i ? second : first];

        if (p->state != RACE_ON)
            cases = MIN(cases, p->at);
    }
    look = race_differences(r, first, second, cases);
    b = race_bets(r, cases, -1);
    return (struct race_pair){ .cases = cases, .valued = look.valued, .p = stats_betting_p(&b, 0),
                               .difference = look.valued ? look.sum / (double)look.valued : 0,
                               .interval = stats_betting_interval(&b, 1 - r->rule.level) };
}
