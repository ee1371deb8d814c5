#include "base/test.h"

#include "eval/analysis_parts.h"
#include "eval/report/analyses.h"
#include "eval/report/fixture_test.h"

#include <math.h>

static const char *const abc[] = { "a", "b", "c" };
static const int64_t costs[] = { 1000, 2000, 3000 };

static bool made(struct fixture *f, int64_t cases, int64_t variants, int64_t repeat, fixture_rule *rule)
{
    return fixture_make(f, &(struct fixture_shape){ .cases = cases, .variants = variants, .repeat = repeat, .names = abc,
                                                    .rule = rule, .cost_nanousd = costs });
}

static bool analysed(struct fixture *f, const struct analysis_options *o, struct analysis **out)
{
    struct result *r;
    struct err e = ERR_INIT;

    if (result_load(f->store, f->run, f->arena, &r, &e) == ERR_OK &&
        analysis_load(f->store, r, NULL, o, f->arena, out, &e) == ERR_OK)
        return true;
    test_fail(__FILE__, __LINE__, "%s", e.text);
    return false;
}

static const struct analysis_warning *warned(const struct analysis *x, enum analysis_code code)
{
    for (size_t i = 0; i < x->warning_count; i++)
        if (x->warnings[i].code == code)
            return &x->warnings[i];
    return NULL;
}

static const struct analysis_options ordinary = { 0 };

/* --- wins and cases ----------------------------------------------------------------------------------------------- */

/* a is always right, b on every 2nd case, c fails on every 4th and is else wrong */
static double stairs(int64_t v, int64_t c, int64_t r)
{
    (void)r;
    return v == 0 ? 1 : v == 1 ? c % 2 : c % 4 == 3 ? -1 : 0;
}

TEST(wins_are_counted_by_case_and_what_failed_is_missing)
{
    AUTO(fixture_free) struct fixture f = { 0 };
    struct analysis *x;

    REQUIRE(made(&f, 40, 3, 1, stairs));
    REQUIRE(analysed(&f, &ordinary, &x));
    CHECK_STR(x->metric, "accuracy");
    CHECK_INT(x->variant_count, 3);
    CHECK_STR(x->variants[0].of->name, "a");
    CHECK_INT(x->variants[0].wins.won, 30);             /* 20 alone, 10 with b above c; with b against nobody: tied */
    CHECK_INT(x->variants[0].wins.lost, 0);
    CHECK_INT(x->variants[0].wins.tied, 10);
    CHECK_INT(x->variants[1].wins.won, 10);             /* beats c, ties a */
    CHECK_INT(x->variants[1].wins.lost, 20);            /* below a, equal to c */
    CHECK_INT(x->variants[1].wins.tied, 10);
    CHECK_INT(x->variants[2].cases, 30);
    CHECK_INT(x->variants[2].missing, 10);
    CHECK_INT(x->variants[2].wins.lost, 30);
    CHECK_NEAR(x->variants[1].wins.rate, 1.0 / 3, 1e-15);
    CHECK(x->variants[1].wilson && x->variants[1].interval.known);
    CHECK_INT(x->aligned, 30);
    CHECK_INT(x->pair_count, 3);
    CHECK_INT(x->pairs[0].cases, 40);
    CHECK_INT(x->pairs[0].wins.won, 20);
    CHECK_NEAR(x->pairs[0].difference, 0.5, 1e-15);
    CHECK_NEAR(x->pairs[0].sign_p, 2 * pow(0.5, 20), 1e-15);
    CHECK(warned(x, ANALYSIS_MISSING_VALUES) != NULL);
    CHECK_STR(warned(x, ANALYSIS_MISSING_VALUES)->message, "Cases with an outcome but no value are left out: c (10).");
    CHECK_STR(warned(x, ANALYSIS_NO_SPREAD)->message, "The same value in every case, so no correlation: a, c.");
}

TEST(the_most_contested_cases_come_first_and_no_more_than_asked)
{
    AUTO(fixture_free) struct fixture f = { 0 };
    struct analysis *x;

    REQUIRE(made(&f, 40, 3, 1, stairs));
    REQUIRE(analysed(&f, &(struct analysis_options){ .top = 12 }, &x));
    CHECK_INT(x->contested_count, 12);
    for (size_t i = 0; i < 12; i++)
        CHECK_NEAR(x->contested[i].variance, 2.0 / 9, 1e-15);           /* {1, 1, 0} and {1, 0, 0}: in order of cases */
    CHECK_INT(x->contested[0].index, 0);
    CHECK_INT(x->contested[3].index, 4);                                /* 3 is {1, 1, -}: nobody differs */
    CHECK_STR(x->contested[0].id, "T-001");
    CHECK_INT(x->contested[0].n, 3);
    REQUIRE(analysed(&f, &(struct analysis_options){ .top = ANALYSIS_TOP_MAX + 1 }, &x));
    CHECK_INT(x->contested_count, 30);
}

static double thirds(int64_t v, int64_t c, int64_t r)
{
    return (double)((c * 3 + v * (1 + c % 2) + r) % 5) / 4;
}

TEST(repetitions_of_a_case_are_one_value)
{
    AUTO(fixture_free) struct fixture once = { 0 }, often = { 0 };
    struct fixture_shape shape = { .cases = 30, .variants = 2, .repeat = 1, .names = abc, .rule = thirds, .cost_nanousd = costs };
    struct analysis *x;

    REQUIRE(fixture_make(&once, &shape));
    shape.repeat = 5;                                   /* r walks through all of 0, 1/4 .. 1: every mean is 1/2 */
    REQUIRE(fixture_make(&often, &shape));
    REQUIRE(analysed(&once, &ordinary, &x));
    CHECK_INT(x->variants[0].cases, 30);
    CHECK_INT(x->distribution.count, 5);
    CHECK(x->contested_count == 5);
    REQUIRE(analysed(&often, &ordinary, &x));
    CHECK_INT(x->variants[0].cases, 30);
    CHECK_NEAR(x->variants[0].mean, 0.5, 1e-15);
    CHECK_NEAR(x->variants[0].deviation, 0, 1e-15);
    CHECK_INT(x->variants[0].wins.tied, 30);
    CHECK_INT(x->contested_count, 0);
    CHECK(isnan(x->variants[0].wins.rate) && !x->pairs[0].spearman.known && isnan(x->agreement));
    CHECK(isnan(x->pairs[0].cohen_d) && isnan(x->pairs[0].sign_p) && isnan(x->pairs[0].sign_holm));
}

/* --- agreement ---------------------------------------------------------------------------------------------------- */

static double one_of_eight(int64_t v, int64_t c, int64_t r)
{
    (void)r;
    return v == 7 ? (double)((c * 7919 + 3) % 41) / 41 : (double)((c + (v * c) % 3) % 41) / 41;
}

TEST(one_that_goes_its_own_way_is_an_outlier)
{
    static const char *const names[] = { "p:a", "p:b", "p:c", "p:d", "p:e", "p:f", "p:g", "p:odd" };
    static const int64_t eight[8] = { 0 };
    AUTO(fixture_free) struct fixture f = { 0 };
    struct analysis *x;

    REQUIRE(fixture_make(&f, &(struct fixture_shape){ .cases = 41, .variants = 8, .repeat = 1, .names = names,
                                                      .rule = one_of_eight, .cost_nanousd = eight }));
    REQUIRE(analysed(&f, &ordinary, &x));
    CHECK_INT(x->pair_count, 28);
    for (size_t v = 0; v < 8; v++)
        CHECK(x->variants[v].outlier == str_is(x->variants[v].of->name, "p:odd"));
    CHECK(warned(x, ANALYSIS_NO_OUTLIERS) == NULL);
    CHECK(str_starts(analysis_outlier_words(x, f.arena), S("Stands apart from the rest: p:odd (mean rho ")));
    CHECK_INT(x->distribution.count, ANALYSIS_STEPS);   /* 41 values are too many to count one by one */
    CHECK(x->distribution.steps);
}

TEST(below_six_variants_no_outlier_is_possible_and_that_is_said)
{
    AUTO(fixture_free) struct fixture f = { 0 };
    struct analysis *x;

    REQUIRE(fixture_tickets(&f));
    REQUIRE(analysed(&f, &ordinary, &x));
    for (size_t v = 0; v < x->variant_count; v++)
        CHECK(!x->variants[v].outlier && fabs(x->variants[v].outlyingness) <= 4 / sqrt(5));
    REQUIRE(warned(x, ANALYSIS_NO_OUTLIERS) != NULL);
    CHECK(str_contains(warned(x, ANALYSIS_NO_OUTLIERS)->message, S("Of 5 variants")));
    CHECK(str_contains(warned(x, ANALYSIS_NO_OUTLIERS)->message, S("more than 1.79 deviations")));
}

static double with_a_dead_one(int64_t v, int64_t c, int64_t r)
{
    return v == 2 ? -1 : thirds(v, c, r);
}

TEST(a_variant_without_a_value_does_not_take_the_others_cases)
{
    AUTO(fixture_free) struct fixture f = { 0 };
    struct analysis *x;

    REQUIRE(made(&f, 12, 3, 1, with_a_dead_one));
    REQUIRE(analysed(&f, &ordinary, &x));
    CHECK_INT(x->scored, 2);
    CHECK_INT(x->aligned, 12);
    CHECK_INT(x->pair_count, 1);
    CHECK(x->pairs[0].spearman.known);
    CHECK(isnan(x->variants[2].mean) && !x->variants[2].interval.known && isnan(x->variants[2].least));
    CHECK_STR(warned(x, ANALYSIS_UNSCORED_VARIANTS)->message, "Without any value: c.");
    CHECK(warned(x, ANALYSIS_MODERATE_SAMPLE) != NULL);
    CHECK(warned(x, ANALYSIS_SMALL_SAMPLE) == NULL);
    CHECK(warned(x, ANALYSIS_NO_DIMENSIONS) != NULL);
}

TEST(too_few_cases_give_a_warning_and_no_number)
{
    AUTO(fixture_free) struct fixture f = { 0 }, one = { 0 };
    struct fixture_shape shape = { .cases = 2, .variants = 2, .repeat = 1, .names = abc, .rule = thirds, .cost_nanousd = costs };
    struct analysis *x;

    REQUIRE(fixture_make(&f, &shape));
    REQUIRE(analysed(&f, &ordinary, &x));
    CHECK(!x->pairs[0].spearman.known && !x->pairs[0].rho_interval.known && isnan(x->agreement));
    CHECK_INT(x->agreeing, 0);
    CHECK(str_contains(warned(x, ANALYSIS_FEW_ALIGNED)->message, S("too few")));
    CHECK(warned(x, ANALYSIS_SMALL_SAMPLE) != NULL);
    CHECK_INT(analysis_agreement_words(x, f.arena).len, 0);
    shape.variants = 1;
    REQUIRE(fixture_make(&one, &shape));
    REQUIRE(analysed(&one, &ordinary, &x));
    CHECK_INT(x->pair_count, 0);
    CHECK(warned(x, ANALYSIS_ONE_VARIANT) != NULL);
    CHECK(isnan(x->variants[0].wins.rate) && x->variants[0].wins.tied == 0);
}

TEST(a_metric_is_chosen_by_name_and_the_nearest_is_named)
{
    AUTO(fixture_free) struct fixture f = { 0 };
    struct analysis *x;
    struct result *r;
    struct err e = ERR_INIT;

    REQUIRE(fixture_tickets(&f));
    CHECK_OK(result_load(f.store, f.run, f.arena, &r, &e));
    CHECK_INT(analysis_load(f.store, r, NULL, &(struct analysis_options){ .metric = S("acuracy") }, f.arena, &x, &e), ERR_USAGE);
    CHECK(strstr(e.text, "did you mean \"accuracy\"") != NULL);
    CHECK_INT(analysis_load(f.store, r, NULL, &(struct analysis_options){ .metric = S("consistency") }, f.arena, &x, &e), ERR_USAGE);
    REQUIRE(analysed(&f, &(struct analysis_options){ .metric = S("latency") }, &x));
    CHECK(x->unit == METRIC_MS && !x->higher_is_better);
    for (size_t v = 0; v < x->variant_count; v++)       /* the first variant is the fastest in every case: lower wins */
        if (x->variants[v].of->no == 0)
            CHECK_INT(x->variants[v].wins.won, 64);
    CHECK_INT(x->distribution.count, 0);
    REQUIRE(analysed(&f, &(struct analysis_options){ .metric = S("short") }, &x));
    CHECK(x->unit == METRIC_RATIO && x->cases == 64);
    r->quality = -1;
    CHECK_INT(analysis_load(f.store, r, NULL, &ordinary, f.arena, &x, &e), ERR_BAD_INPUT);
    CHECK(strstr(e.text, "--metric") != NULL);
}

/* --- bounds ------------------------------------------------------------------------------------------------------- */

TEST(past_its_ceiling_a_sample_is_kept_and_the_rest_is_still_of_all)
{
    AUTO(fixture_free) struct fixture f = { 0 };
    struct analysis *all, *some, *again;

    REQUIRE(made(&f, 400, 3, 1, thirds));
    REQUIRE(analysed(&f, &ordinary, &all));
    REQUIRE(analysed(&f, &(struct analysis_options){ .values_max = 301 }, &some));
    REQUIRE(analysed(&f, &(struct analysis_options){ .values_max = 301 }, &again));
    CHECK_INT(all->kept, 400);
    CHECK(warned(all, ANALYSIS_SAMPLED) == NULL);
    CHECK_INT(some->kept, 100);
    CHECK_INT(some->cases, 400);
    CHECK_INT(some->aligned, 100);
    CHECK(str_contains(warned(some, ANALYSIS_SAMPLED)->message, S("100 of 400 cases")));
    CHECK_INT(some->pairs[0].cases, 400);
    CHECK_INT(some->pairs[0].wins.won, all->pairs[0].wins.won);
    CHECK_NEAR(some->variants[1].mean, all->variants[1].mean, 0);
    CHECK_NEAR(some->pairs[2].spearman.value, again->pairs[2].spearman.value, 0);
    CHECK_NEAR(some->pairs[2].spearman.value, all->pairs[2].spearman.value, 0.4);
    CHECK(some->pairs[2].spearman.value != all->pairs[2].spearman.value);
    CHECK_STR(str_c(some->input_hash), all->input_hash);
    REQUIRE(analysed(&f, &(struct analysis_options){ .sorted_max = 151 }, &some));
    CHECK_INT(some->kept, 50);                          /* of each of 3 pairs */
}

TEST(more_variants_than_can_be_shown_are_cut_and_said)
{
    const char *names[ANALYSIS_VARIANTS_MAX + 3];
    int64_t price[ANALYSIS_VARIANTS_MAX + 3] = { 0 };
    char text[ANALYSIS_VARIANTS_MAX + 3][16];
    AUTO(fixture_free) struct fixture f = { 0 };
    struct analysis *x;

    for (int i = 0; i < ANALYSIS_VARIANTS_MAX + 3; i++) {
        snprintf(text[i], sizeof text[i], "v%d", i);
        names[i] = text[i];
    }
    REQUIRE(fixture_make(&f, &(struct fixture_shape){ .cases = 5, .variants = ANALYSIS_VARIANTS_MAX + 3, .repeat = 1,
                                                      .names = names, .rule = thirds, .cost_nanousd = price }));
    REQUIRE(analysed(&f, &ordinary, &x));
    CHECK_INT(x->variant_count, ANALYSIS_VARIANTS_MAX);
    CHECK_INT(x->pair_count, ANALYSIS_VARIANTS_MAX * (ANALYSIS_VARIANTS_MAX - 1) / 2);
    CHECK_STR(warned(x, ANALYSIS_TOO_MANY_VARIANTS)->message,
              "The run has 35 variants; the first 32 by rank are analysed.");
    CHECK(str_ends(warned(x, ANALYSIS_SMALL_SAMPLE)->message, S(" and 26 more.")));
}

TEST(the_first_cases_are_listed_when_asked_for_and_no_more_than_the_most)
{
    AUTO(fixture_free) struct fixture f = { 0 };
    struct analysis *x;

    REQUIRE(made(&f, ANALYSIS_MATRIX_CASES + 7, 1, 1, thirds));
    REQUIRE(analysed(&f, &(struct analysis_options){ .matrix = true }, &x));
    CHECK_INT(x->matrix_count, ANALYSIS_MATRIX_CASES);
    CHECK_INT(x->matrix[0].n, 1);
    REQUIRE(analysed(&f, &ordinary, &x));
    CHECK_INT(x->matrix_count, 0);
}

/* --- dimensions: one dimension of three levels, kept values by hand ----------------------------------------------- */

struct by_hand { struct arena *arena; struct analysis x; struct analysis_kept kept; struct axis axis; };

static void by_hand_make(struct by_hand *h, size_t variants, const double *values, const signed char *levels,
                         size_t rows, int64_t unplaced)
{
    h->arena = arena_new_sized(0);
    h->axis = (struct axis){ .name = S("D"), .level_count = 3, .levels = arena_array(h->arena, struct axis_level, 3) };
    h->x = (struct analysis){ .variant_count = variants, .scored = variants, .axes = { &h->axis, 1 },
                              .variants = arena_array(h->arena, struct analysis_variant, variants) };
    for (size_t v = 0; v < variants; v++)
        h->x.variants[v].cases = 1;
    h->kept = (struct analysis_kept){ .values = arena_array(h->arena, double, rows * variants), .rows = rows,
                                      .levels = arena_array(h->arena, signed char, rows) };
    memcpy(h->kept.values, values, rows * variants * sizeof *values);
    memcpy(h->kept.levels, levels, rows);
    analysis_dimensions_finish(&h->x, &h->kept, &unplaced, h->arena);
}

static void by_hand_free(struct by_hand *h)
{
    arena_free(h->arena);
}

TEST(dimension_effects_are_those_of_published_vectors)
{
    static const double values[] = { 1, 3, 5, 2, 4, 5, 2, 5, 4 };
    static const signed char levels[] = { 0, 1, 2, 0, 1, 2, 0, 1, 2 };
    AUTO(by_hand_free) struct by_hand h = { 0 }, two = { 0 };

    by_hand_make(&h, 1, values, levels, 9, 0);
    CHECK_NEAR(h.x.dimensions[0].all.h, 6.05848, 5e-6);
    CHECK_NEAR(h.x.dimensions[0].all.p, 0.048352, 5e-7);
    CHECK_NEAR(h.x.dimensions[0].all.eta_squared, 0.817073, 5e-7);
    CHECK_NEAR(h.x.dimensions[0].all.p_holm, h.x.dimensions[0].all.p, 0);
    CHECK_NEAR(h.x.dimensions[0].pooled.h, h.x.dimensions[0].all.h, 0);
    CHECK_NEAR(h.x.explained, 0.817073, 5e-7);
    CHECK_INT(h.x.dimensions[0].rank, 1);
    CHECK_NEAR(h.x.dimensions[0].levels[1].mean, 4, 1e-15);
    CHECK(h.x.dimensions[0].levels[1].interval.known);
    by_hand_make(&two, 1, (const double[]){ 1, 1, 2, 4, 5, 5 }, (const signed char[]){ 0, 0, 0, 2, 2, 2 }, 6, 0);
    CHECK_NEAR(two.x.dimensions[0].all.h, 4.090909, 5e-7);
    CHECK_NEAR(two.x.dimensions[0].all.p, 0.043114, 5e-7);
    CHECK_NEAR(two.x.dimensions[0].all.eta_squared, 0.925926, 5e-7);
    CHECK_INT(two.x.dimensions[0].all.groups, 2);
    CHECK_INT(two.x.dimensions[0].levels[1].n, 0);
    CHECK(isnan(two.x.dimensions[0].levels[1].mean) && !two.x.dimensions[0].levels[1].interval.known);
}

TEST(equal_variants_do_not_make_a_dimension_surer)
{
    static const double twice[] = { 1, 1, 3, 3, 5, 5, 2, 2, 4, 4, 5, 5, 2, 2, 5, 5, 4, 4 };
    static const signed char levels[] = { 0, 1, 2, 0, 1, 2, 0, 1, 2 };
    AUTO(by_hand_free) struct by_hand h = { 0 };
    const struct analysis_dimension *d;

    by_hand_make(&h, 2, twice, levels, 9, 0);
    d = &h.x.dimensions[0];
    CHECK_INT(d->all.n, 9);
    CHECK_NEAR(d->all.p, 0.048352, 5e-7);               /* as if there were one */
    CHECK_INT(d->pooled.n, 18);
    CHECK(d->pooled.p < d->all.p / 5);
    CHECK_NEAR(d->pooled.eta_squared, d->all.eta_squared, 1e-15);
    CHECK_NEAR(d->variants[1].p, d->all.p, 1e-15);
    CHECK_NEAR(d->variants[0].p_holm, 2 * d->all.p, 1e-15);
    CHECK_NEAR(d->variants[0].p_bh, d->all.p, 1e-15);
}

TEST(a_dimension_some_case_lacks_is_skipped_and_one_without_spread_untested)
{
    AUTO(by_hand_free) struct by_hand lacks = { 0 }, flat = { 0 };

    by_hand_make(&lacks, 1, (const double[]){ 1, 2, 3, 4, 5, 6 }, (const signed char[]){ 0, 0, 1, 1, -1, 2 }, 6, 1);
    CHECK(lacks.x.dimensions[0].skipped && !lacks.x.dimensions[0].all.known);
    CHECK_INT(lacks.x.dimensions[0].rank, 0);
    CHECK(isnan(lacks.x.explained) && isnan(lacks.x.dimensions[0].all.p_holm));
    by_hand_make(&flat, 1, (const double[]){ 1, 1, 1, 1 }, (const signed char[]){ 0, 0, 1, 1 }, 4, 0);
    CHECK(!flat.x.dimensions[0].skipped && !flat.x.dimensions[0].all.known && isnan(flat.x.explained));
}

/* --- the three forms ---------------------------------------------------------------------------------------------- */

TEST(an_analysis_is_written_as_before)
{
    AUTO(fixture_free) struct fixture f = { 0 };
    static const struct { const char *name; analysis_writer *writer; int columns; bool color; } forms[] = {
        { "analysis.txt", analysis_table, 80, false }, { "analysis-120-colour.txt", analysis_table, 120, true },
        { "analysis.md", analysis_markdown, 80, false },
    };
    struct analysis *x;
    struct err e = ERR_INIT;

    REQUIRE(fixture_tickets(&f));
    REQUIRE(analysed(&f, &ordinary, &x));
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        AUTO_BUF struct buf b = BUF_INIT(1 << 20);
        struct report_sink sink = report_to_buf(&b);

        CHECK_OK(forms[i].writer(x, &(struct report_options){ .columns = forms[i].columns, .color = forms[i].color }, &sink, &e));
        fixture_golden(forms[i].name, buf_str(&b));
    }
}

TEST(what_is_not_known_is_null_in_json)
{
    AUTO(fixture_free) struct fixture f = { 0 };
    AUTO_JSON *o = NULL;
    struct analysis *x;

    REQUIRE(made(&f, 12, 3, 1, with_a_dead_one));
    REQUIRE(analysed(&f, &(struct analysis_options){ .matrix = true }, &x));
    o = analysis_json(x);
    CHECK(json_is_null(JSON_AT(o, "variants", "2", "mean")) && json_is_null(JSON_AT(o, "variants", "2", "low")));
    CHECK(json_is_null(JSON_AT(o, "variants", "2", "wins", "rate")) &&
          json_is_null(JSON_AT(o, "variants", "0", "outlier")));
    CHECK_INT(json_integer_value(JSON_AT(o, "variants", "2", "missing")), 12);
    CHECK(json_is_null(JSON_AT(o, "contested", "0", "values", "2")) &&
          json_is_real(JSON_AT(o, "contested", "0", "values", "1")));
    CHECK_INT(json_array_size(JSON_AT(o, "matrix")), 12);
    CHECK(json_is_real(JSON_AT(o, "agreement", "pairs", "0", "spearman", "p_holm")));
    CHECK(json_is_null(JSON_AT(o, "dimensions", "variance_explained")));
    CHECK_INT(json_string_length(JSON_AT(o, "input_hash")), 16);
}

/* a is 1/3 and 2/3 in turn, b 0 and 1: both come to 1/2, but their sums differ in the last bit */
static double noise(int64_t v, int64_t c, int64_t r)
{
    (void)c;
    return v == 0 ? (r ? 2.0 / 3 : 1.0 / 3) : v == 1 ? (double)r : r ? 0.7 : 0.3;
}

TEST(the_noise_of_a_sum_is_a_tie)
{
    AUTO(fixture_free) struct fixture f = { 0 };
    struct analysis *x;

    REQUIRE(made(&f, 10, 3, 2, noise));
    REQUIRE(analysed(&f, &ordinary, &x));
    for (size_t v = 0; v < 3; v++)
        CHECK_INT(x->variants[v].wins.tied, 10);
    CHECK_INT(x->distribution.count, 1);
    CHECK_INT(x->contested_count, 0);
}
