#include "base/test.h"

#include <math.h>

#include "eval/agreement.h"

enum { UNITS_MAX = 256, RATERS_MAX = 8 };

struct fixture { int ratings[UNITS_MAX * RATERS_MAX]; double values[AGREEMENT_CATEGORIES_MAX]; size_t units, raters, categories; };

static void fixture_read(const json_t *row, struct fixture *f)
{
    const json_t *units = json_child(row, "ratings"), *values = json_child(row, "values");

    *f = (struct fixture){ .units = json_array_size(units), .raters = json_array_size(json_array_get(units, 0)) };
    f->categories = values ? json_array_size(values) : (size_t)json_get_i64(row, "categories", 0);
    ASSERT(f->units <= UNITS_MAX && f->raters <= RATERS_MAX && f->categories <= AGREEMENT_CATEGORIES_MAX);
    for (size_t i = 0; i < json_array_size(values); i++)
        f->values[i] = json_number_value(json_array_get(values, i));
    for (size_t u = 0; u < f->units; u++)
        for (size_t r = 0; r < f->raters; r++) {
            const json_t *one = json_array_get(json_array_get(units, u), r);

            f->ratings[u * f->raters + r] = json_is_integer(one) ? (int)json_integer_value(one) : AGREEMENT_NONE;
        }
}

static double off_by(const char *what, double got, const json_t *row, const char *key)
{
    double want = json_get_double(row, key, NAN), off = fabs(got - want);

    if (!(off <= 1e-9))
        test_fail(__FILE__, __LINE__, "%s is %.17g, wanted %.17g", what, got, want);
    return off;
}

static size_t kappas_check(const json_t *rows, double *worst)
{
    struct fixture f;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        int first[UNITS_MAX], second[UNITS_MAX];
        struct agreement_kappa x;

        fixture_read(row, &f);
        for (size_t u = 0; u < f.units; u++) {
            first[u] = f.ratings[u * 2];
            second[u] = f.ratings[u * 2 + 1];
        }
        agreement_kappa(first, second, f.units, f.categories, 0.95, &x);
        *worst = fmax(*worst, off_by("kappa", x.kappa, row, "kappa"));
        *worst = fmax(*worst, off_by("its standard error", x.error, row, "error"));
        if (x.n >= 2) {
            *worst = fmax(*worst, off_by("the interval's low end", x.interval.low, row, "low"));
            *worst = fmax(*worst, off_by("the interval's high end", x.interval.high, row, "high"));
        }
    }
    return json_array_size(rows);
}

static size_t alphas_check(const json_t *rows, double *worst)
{
    struct fixture f;

    for (size_t i = 0; i < json_array_size(rows); i++)
        for (int scale = 0; scale < AGREEMENT_SCALES; scale++) {
            const json_t *row = json_array_get(rows, i);
            struct agreement_alpha x;

            fixture_read(row, &f);
            agreement_alpha(f.ratings, f.units, f.raters, f.values, f.categories, (enum agreement_scale)scale, 0.95,
                            &x);
            *worst = fmax(*worst, off_by(agreement_scale_name((enum agreement_scale)scale), x.alpha, row,
                                         agreement_scale_name((enum agreement_scale)scale)));
            if (x.interval.known)
                CHECK(x.interval.low <= x.interval.high && x.interval.high <= 1);
        }
    return json_array_size(rows) * AGREEMENT_SCALES;
}

TEST(agreement_equals_scikit_learn_statsmodels_and_krippendorff)
{
    AUTO_BUF struct buf text = BUF_INIT(8u << 20);
    AUTO_JSON *doc = NULL;
    struct err e = ERR_INIT;
    double worst_kappa = 0, worst_alpha = 0;
    size_t kappas, alphas;

    CHECK_OK(file_read("tests/label/vectors.json", 8u << 20, &text, &e));
    CHECK_OK(json_read(buf_str(&text), &doc, &e));
    kappas = kappas_check(json_child(doc, "kappa"), &worst_kappa);
    alphas = alphas_check(json_child(doc, "alpha"), &worst_alpha);
    CHECK(kappas > 100);
    CHECK(alphas > 200);
    printf("       %zu kappas with error and interval: largest deviation %.3g; %zu alphas: %.3g\n", kappas, worst_kappa,
           alphas, worst_alpha);
}

TEST(agreement_is_unknown_where_nothing_can_be_said)
{
    static const int same[] = { 1, 1, 1 }, none[] = { AGREEMENT_NONE, 1, AGREEMENT_NONE };
    static const int pairs[] = { 1, 1, 1, AGREEMENT_NONE };
    struct agreement_kappa k;
    struct agreement_alpha x;

    agreement_kappa(same, same, 3, 2, 0.95, &k);
    CHECK_INT(k.n, 3);
    CHECK(isnan(k.kappa) && isnan(k.error) && !k.interval.known);
    CHECK_NEAR(k.observed, 1, 0);
    agreement_kappa(same, none, 3, 2, 0.95, &k);
    CHECK_INT(k.n, 1);
    agreement_kappa(NULL, NULL, 0, 2, 0.95, &k);
    CHECK_INT(k.n, 0);
    CHECK(isnan(k.kappa));
    agreement_alpha(pairs, 2, 2, NULL, 2, AGREEMENT_NOMINAL, 0.95, &x);
    CHECK_INT(x.units, 1);                                  /* a unit rated once says nothing */
    CHECK_INT(x.ratings, 2);
    CHECK(isnan(x.alpha) && !x.interval.known);
    agreement_alpha(pairs, 0, 2, NULL, 2, AGREEMENT_NOMINAL, 0.95, &x);
    CHECK(isnan(x.alpha));
}

TEST(agreement_whole_is_one_and_opposite_is_minus_one)
{
    static const int first[] = { 0, 1, 0, 1 }, second[] = { 1, 0, 1, 0 };
    struct agreement_kappa k;

    agreement_kappa(first, first, 4, 2, 0.95, &k);
    CHECK_NEAR(k.kappa, 1, 1e-15);
    CHECK_NEAR(k.error, 0, 1e-12);
    agreement_kappa(first, second, 4, 2, 0.95, &k);
    CHECK_NEAR(k.kappa, -1, 1e-15);
    CHECK(k.interval.low >= -1);
}

TEST(the_interval_of_alpha_is_the_same_every_time_and_holds_alpha)
{
    int ratings[200];
    struct agreement_alpha x, again;

    for (int u = 0; u < 100; u++) {
        ratings[2 * u] = u % 3;
        ratings[2 * u + 1] = u % 4 ? u % 3 : (u + 1) % 3;
    }
    agreement_alpha(ratings, 100, 2, NULL, 3, AGREEMENT_NOMINAL, 0.95, &x);
    agreement_alpha(ratings, 100, 2, NULL, 3, AGREEMENT_NOMINAL, 0.95, &again);
    CHECK(x.interval.known && x.interval.low < x.alpha && x.alpha < x.interval.high);
    CHECK(x.interval.low == again.interval.low && x.interval.high == again.interval.high);
    CHECK(x.interval.high - x.interval.low < 0.4);
}

TEST(agreement_takes_as_many_categories_and_raters_as_it_says)
{
    static int ratings[AGREEMENT_CATEGORIES_MAX * AGREEMENT_RATERS_MAX];
    enum agreement_scale scale;
    struct agreement_alpha x;

    for (int u = 0; u < AGREEMENT_CATEGORIES_MAX; u++)
        for (int r = 0; r < AGREEMENT_RATERS_MAX; r++)
            ratings[u * AGREEMENT_RATERS_MAX + r] = u;
    agreement_alpha(ratings, AGREEMENT_CATEGORIES_MAX, AGREEMENT_RATERS_MAX, NULL, AGREEMENT_CATEGORIES_MAX,
                    AGREEMENT_ORDINAL, 0.95, &x);
    CHECK_NEAR(x.alpha, 1, 1e-15);
    CHECK(agreement_scale_from(S("ordinal"), &scale) && scale == AGREEMENT_ORDINAL);
    CHECK(!agreement_scale_from(S("Ordinal"), &scale));
}
