#include "base/test.h"

#include "eval/report/charts.h"
#include "eval/report/fixture_test.h"

#include <math.h>
#include <stdio.h>

static const double widths[] = { 0, 280, 320, 479, 720, 2000, 1e9, -5, NAN };

/* Every chart a test makes: nothing outside, no number that is none; written to $ASSAY_TEST_CHARTS for a real parser. */
static void picture(const char *name, const struct scene *s)
{
    AUTO_BUF struct buf b = BUF_INIT(SCENE_SVG_MAX);
    const char *folder = getenv("ASSAY_TEST_CHARTS");
    char path[400];
    FILE *f;
    static int number;

    CHECK(s->width >= CHART_WIDTH_MIN && s->width <= CHART_WIDTH_MAX && s->height > 0 && s->height < 20000);
    CHECK(!scene_is_full(s));
    for (size_t i = 0; i < s->items.len; i++) {
        struct scene_box box = scene_item_box(&s->items.at[i]);

        if (box.left > box.right)
            continue;                       /* a group */
        if (!(box.left >= -0.5 && box.top >= -0.5 && box.right <= s->width + 0.5 && box.bottom <= s->height + 0.5))
            test_fail(__FILE__, __LINE__, "%s (%g x %g): an item of kind %d \"" STR_FMT "\" covers %g, %g to %g, %g",
                      name, s->width, s->height, s->items.at[i].kind, STR_ARG(s->items.at[i].text), box.left, box.top,
                      box.right, box.bottom);
    }
    scene_svg(s, true, &b);
    CHECK(!buf_failed(&b));
    CHECK(str_find(buf_str(&b), S("nan")) < 0 && str_find(buf_str(&b), S("=\"inf")) < 0 &&
          str_find(buf_str(&b), S("=\"-inf")) < 0);
    if (folder) {
        snprintf(path, sizeof path, "%s/%03d-%s-%.0f.svg", folder, ++number, name, s->width);
        f = fopen(path, "we");
        CHECK(f && fwrite(b.bytes, 1, b.len, f) == b.len && fclose(f) == 0);
    }
}

static bool says(const struct scene *s, const char *words)
{
    for (size_t i = 0; i < s->items.len; i++)
        if (str_contains(s->items.at[i].text, str_c(words)))
            return true;
    return false;
}

static const struct chart_point five[] = {
    { .name = S("anthropic:claude-3-5-haiku-latest"), .rank = 1, .known = true, .value = 0.938, .interval_known = true, .low = 0.85,
      .high = 0.975, .cost_known = true, .cost = 0.84, .chosen = true },
    { .name = S("openai:gpt-4o-mini"), .rank = 2, .known = true, .value = 0.906, .interval_known = true, .low = 0.81, .high = 0.956,
      .cost_known = true, .cost = 0.16, .chosen = true },
    { .name = S("google:gemini-2.0-flash"), .rank = 3, .known = true, .value = 0.844, .interval_known = true, .low = 0.736, .high = 0.913,
      .cost_known = true, .cost = 0.11 },
    { .name = S("openai:gpt-4-turbo"), .rank = 4, .known = true, .value = 0.80, .interval_known = true, .low = 0.68, .high = 0.88,
      .cost_known = true, .cost = 9.4 },
    { .name = S("ollama:gemma"), .rank = 5, .known = true, .value = 0.70, .interval_known = true, .low = 0.58, .high = 0.80,
      .cost_known = true },
    { .name = S("sim:swift"), .rank = 6, .known = true, .value = 0.86, .interval_known = true, .low = 0.75, .high = 0.92 },
    { .name = S("sim:broken") },
};

static struct chart_point *many(struct arena *a, size_t n)
{
    struct chart_point *p = arena_array(a, struct chart_point, n);
    uint64_t random = 7;

    for (size_t i = 0; i < n; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        double q = 0.4 + 0.55 * (double)(random >> 40) / (1 << 24),
               cost = pow(10, (double)((random >> 20) & 1023) / 300 - 2);

        p[i] = (struct chart_point){ .name = arena_printf(a, "provider-%zu:model-with-a-name-%zu", i % 7, i), .rank = (int64_t)i + 1,
                                     .known = true, .value = q, .interval_known = true, .low = q - 0.08, .high = q + 0.04,
                                     .cost_known = i % 9 != 4, .cost = i % 11 == 3 ? 0 : cost, .chosen = i < 2 };
    }
    return p;
}

TEST(the_frontier_of_ordinary_variants)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct scene *s;

    for (size_t i = 0; i < COUNT_OF(widths); i++) {
        s = chart_frontier(S("accuracy"), METRIC_RATIO, five, COUNT_OF(five), &(struct chart_options){ widths[i] }, a);
        picture("frontier", s);
        CHECK(says(s, "unknown") && says(s, "free") && says(s, "of unknown cost"));
        CHECK(says(s, "1 variant has no value"));
    }
    s = chart_frontier(S("accuracy"), METRIC_RATIO, five, COUNT_OF(five), NULL, a);
    for (size_t i = 0; i + 1 < COUNT_OF(five); i++)         /* at 720 px all have room */
        CHECK(says(s, arena_cstr(a, five[i].name)));
    CHECK(says(s, "log scale"));                        /* 0.11 to 9.4 is more than 20 times */
    s = chart_frontier(S("accuracy"), METRIC_RATIO, five, 3, NULL, a);
    CHECK(!says(s, "log scale"));
    picture("frontier-linear", s);
}

/* The frontier is the one path with more than two points: its corners are the cheapest of each quality. */
static const struct scene_item *frontier_path(const struct scene *s)
{
    for (size_t i = 0; i < s->items.len; i++)
        if (s->items.at[i].kind == SCENE_PATH && s->items.at[i].style.width == 1.5 &&
            s->items.at[i].style.opacity == 0.55)
            return &s->items.at[i];
    return NULL;
}

TEST(the_frontier_joins_those_that_nothing_as_cheap_surpasses)
{
    static const struct chart_point p[] = {
        { .name = S("dear and best"), .known = true, .value = 0.9, .cost_known = true, .cost = 3 },
        { .name = S("dearer and worse"), .known = true, .value = 0.8, .cost_known = true, .cost = 4 },
        { .name = S("cheap"), .known = true, .value = 0.5, .cost_known = true, .cost = 1 },
        { .name = S("as cheap, worse"), .known = true, .value = 0.4, .cost_known = true, .cost = 1 },
        { .name = S("nobody knows"), .known = true, .value = 1 },
    };
    AUTO_ARENA *a = arena_new_sized(0);
    struct scene *s = chart_frontier(S("accuracy"), METRIC_RATIO, p, COUNT_OF(p), NULL, a);
    const struct scene_item *path = frontier_path(s);

    picture("frontier-steps", s);
    REQUIRE(path);
    CHECK_INT(path->point_count, 4);                        /* cheap, across, up to the best, to the end */
    CHECK_NEAR(path->points[0].y, path->points[1].y, 1e-9);
    CHECK_NEAR(path->points[1].x, path->points[2].x, 1e-9);
    CHECK(path->points[2].y < path->points[1].y);
}

TEST(labels_lie_on_no_other_label)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct chart_point *p = many(a, 60);

    for (size_t n = 1; n <= 60; n += 7) {
        struct scene *s = chart_frontier(S("accuracy"), METRIC_RATIO, p, n, NULL, a);

        for (size_t i = 0; i < s->items.len; i++)
            for (size_t k = 0; k < i; k++) {
                const struct scene_item *x = &s->items.at[i], *y = &s->items.at[k];
                struct scene_box b = scene_item_box(x), c = scene_item_box(y);

                if (x->kind == SCENE_TEXT && y->kind == SCENE_TEXT && b.left < c.right && b.right > c.left &&
                    b.top < c.bottom && b.bottom > c.top)
                    test_fail(__FILE__, __LINE__, "%zu variants: \"" STR_FMT "\" and \"" STR_FMT "\" meet", n,
                              STR_ARG(x->text), STR_ARG(y->text));
            }
    }
}

TEST(charts_of_many_few_and_no_variants)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct chart_point *p = many(a, 500);
    static const size_t counts[] = { 0, 1, 2, 50, 60, 61, 400, 401, 500 };

    for (size_t i = 0; i < COUNT_OF(counts); i++)
        for (size_t w = 0; w < 4; w++) {
            const struct chart_options o = { widths[w] };
            struct scene *f = chart_frontier(S("accuracy"), METRIC_RATIO, p, counts[i], &o, a);
            struct scene *s = chart_intervals(S("accuracy"), METRIC_RATIO, p, counts[i], &o, a);

            picture("frontier-many", f);
            picture("intervals-many", s);
            CHECK((counts[i] > CHART_POINTS_MAX) == says(f, "past the first 400"));
            CHECK((counts[i] > CHART_ROWS_MAX) == says(s, "The first 60 of"));
            CHECK((counts[i] == 0) == says(s, "There are no variants."));
        }
}

TEST(unknown_costs_and_values_have_their_own_words)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct chart_point *p = many(a, 8);
    struct scene *s;

    for (size_t i = 0; i < 8; i++)
        p[i].cost_known = false;
    s = chart_frontier(S("accuracy"), METRIC_RATIO, p, 8, NULL, a);
    CHECK(says(s, "No variant's cost is known"));
    picture("frontier-unknown", s);
    for (size_t i = 0; i < 8; i++) {
        p[i].cost_known = true;
        p[i].cost = 0;
    }
    s = chart_frontier(S("accuracy"), METRIC_RATIO, p, 8, NULL, a);
    CHECK(says(s, "free") && !says(s, "cost unknown"));
    picture("frontier-free", s);
    p[0].cost_known = false;
    picture("frontier-free-unknown", chart_frontier(S("accuracy"), METRIC_RATIO, p, 8, NULL, a));
    for (size_t i = 0; i < 8; i++)
        p[i].known = false;
    s = chart_frontier(S("accuracy"), METRIC_RATIO, p, 8, NULL, a);
    CHECK(says(s, "No variant has a value yet"));
    picture("frontier-nothing", s);
    picture("intervals-nothing", chart_intervals(S("accuracy"), METRIC_RATIO, p, 8, NULL, a));
}

TEST(numbers_that_are_none_and_numbers_without_end_draw_a_picture)
{
    static const double bad[] = { NAN, INFINITY, -INFINITY, 1e300, -1e300, 1e15, -1e15, 1e-300, 0, -1, 2, 5e-10 };
    AUTO_ARENA *a = arena_new_sized(0);
    static const enum metric_unit units[] = { METRIC_RATIO, METRIC_USD, METRIC_MS, METRIC_TOKENS };
    struct chart_point p[3] = { five[0], five[1], five[2] };

    for (size_t u = 0; u < COUNT_OF(units); u++)
        for (size_t i = 0; i < COUNT_OF(bad); i++)
            for (size_t k = 0; k < COUNT_OF(bad); k++) {
                p[0].value = p[1].low = p[2].cost = bad[i];
                p[0].cost = p[1].high = p[2].value = bad[k];
                picture("frontier-hostile", chart_frontier(S("m"), units[u], p, 3, NULL, a));
                picture("intervals-hostile", chart_intervals(S("m"), units[u], p, 3, NULL, a));
            }
}

TEST(names_of_any_length_and_bytes_fit)
{
    AUTO_ARENA *a = arena_new_sized(0);
    char *long_name = memset(arena_alloc(a, 100000), 'W', 100000);
    struct chart_point p[4] = { five[0], five[1], five[2], five[3] };
    const struct str labels[] = { str_n(long_name, 100000), S(""), S("\xff\xfe<script>\x1b[31m\xe2\x80\xae"), S("\xe4\xb8\xad\xe6\x96\x87") };
    const struct chart_check checks[] = { { labels[0], SEVERITY_CRITICAL }, { labels[1], SEVERITY_INFO }, { labels[2], SEVERITY_WARNING } };
    const struct chart_cell cells[] = { { 1, 2 }, { 3, 3 }, { 1, 1 }, { 0, 5 }, { 5, 5 }, { 1, 9 },
                                        { 0, 0 }, { 2, 2 }, { 3, 9 }, { 1, 1 }, { 7, 7 }, { 1, 1 } };
    const int64_t counts[20] = { 5, 0, 1, 2, 3, 0, 9, 9, 1, 1, INT64_MAX, 1, 0, 0, 0, -4, 1, 3, 3, 9999999 };

    for (size_t i = 0; i < 4; i++)
        p[i].name = labels[i];
    for (size_t w = 0; w < 5; w++) {
        const struct chart_options o = { widths[w] };

        picture("frontier-names", chart_frontier(labels[0], METRIC_RATIO, p, 4, &o, a));
        picture("intervals-names", chart_intervals(labels[2], METRIC_RATIO, p, 4, &o, a));
        picture("checks-names", chart_checks(checks, 3, labels, 4, cells, &o, a));
        picture("confusion-names", chart_confusion(labels[0], labels, 4, counts, &o, a));
    }
}

TEST(distributions_bins_and_their_edges)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct chart_bins b = chart_bins_for(120, 9000, 20, METRIC_MS), flat = chart_bins_for(5, 5, 10, METRIC_MS);
    struct chart_bins share = chart_bins_for(0.3, 0.9, 10, METRIC_RATIO),
                      odd = chart_bins_for(NAN, -INFINITY, 1000, METRIC_USD);
    int64_t counts[3][CHART_BINS_MAX] = { { 0 } };
    struct chart_row rows[3] = { { .name = S("one"), .counts = counts[0], .median = 500, .median_known = true },
                                 { .name = S("two"), .counts = counts[1], .median = INFINITY, .median_known = true },
                                 { .name = S("three"), .counts = counts[2] } };

    CHECK(b.log && b.low <= 120 && b.high >= 9000 && b.count == 20);
    CHECK(!flat.log && flat.low < 5 && flat.high > 5);
    CHECK(share.low == 0 && share.high == 1);
    CHECK(odd.count == CHART_BINS_MAX && odd.high > odd.low);
    for (size_t i = 0; i < b.count; i++)
        CHECK_INT(chart_bin(&b, (chart_bin_edge(&b, i) + chart_bin_edge(&b, i + 1)) / 2), i);
    CHECK_INT(chart_bin(&b, 0), 0);
    CHECK_INT(chart_bin(&b, -1), 0);
    CHECK_INT(chart_bin(&b, NAN), 0);
    CHECK_INT(chart_bin(&b, 1e12), 19);
    CHECK_INT(chart_bin(&share, 1), 9);
    CHECK(says(chart_distribution(S("latency"), &b, rows, 3, NULL, a), "No finished trial has a value"));
    for (size_t i = 0; i < 20; i++)
        counts[0][i] = (int64_t)(i < 10 ? i * i : (20 - i) * 6);
    counts[1][3] = INT64_MAX / 4;
    counts[1][4] = 1;
    for (size_t w = 0; w < COUNT_OF(widths); w++)
        picture("distribution", chart_distribution(S("latency"), &b, rows, 3, &(struct chart_options){ widths[w] }, a));
    picture("distribution-share", chart_distribution(S("accuracy"), &share, rows, 3, NULL, a));
    picture("distribution-odd", chart_distribution(S("cost"), &odd, rows, 3, NULL, a));
}

TEST(checks_are_drawn_worst_first_and_quiet_ones_counted)
{
    AUTO_ARENA *a = arena_new_sized(0);
    enum { CHECKS = 90, VARIANTS = 70 };
    struct chart_check checks[CHECKS];
    struct str names[VARIANTS];
    struct chart_cell *cells = arena_array(a, struct chart_cell, CHECKS * VARIANTS);
    const struct chart_cell none[4] = { { 0, 10 }, { 0, 10 }, { 0, 0 }, { 0, 10 } };
    struct scene *s;

    for (size_t i = 0; i < CHECKS; i++)
        checks[i] = (struct chart_check){ arena_printf(a, "check_number_%zu", i), (enum severity)(i % 3) };
    for (size_t v = 0; v < VARIANTS; v++) {
        names[v] = arena_printf(a, "provider:model-%zu", v);
        for (size_t i = 0; i < CHECKS; i++)
            cells[v * CHECKS + i] = (struct chart_cell){ i % 4 ? (int64_t)((v * 7 + i) % 12) : 0, 40 };
    }
    CHECK(says(chart_checks(checks, 2, names, 2, none, NULL, a), "No check has failed."));
    CHECK(says(chart_checks(NULL, 0, names, 2, NULL, NULL, a), "The task has no checks."));
    for (size_t w = 0; w < COUNT_OF(widths); w++) {
        s = chart_checks(checks, CHECKS, names, VARIANTS, cells, &(struct chart_options){ widths[w] }, a);
        picture("checks", s);
        CHECK(says(s, "23 other checks never failed") && says(s, "more checks with fewer failures") &&
              says(s, "The first 60 of 70"));
    }
    picture("checks-few", chart_checks(checks, 6, names, 5, cells, NULL, a));
    picture("checks-one", chart_checks(checks + 1, 1, names, 1, cells + 1, NULL, a));
}

TEST(a_confusion_matrix_of_few_and_of_too_many_labels)
{
    AUTO_ARENA *a = arena_new_sized(0);
    enum { LABELS = 40 };
    struct str labels[LABELS];
    int64_t *counts = arena_array(a, int64_t, LABELS * (LABELS + 1)), drawn = 0;
    const int64_t small[] = { 20, 1, 0, 2, 15, 1 };
    struct scene *s;

    for (size_t i = 0; i < LABELS; i++) {
        labels[i] = arena_printf(a, "label %zu", i);
        for (size_t k = 0; k <= LABELS; k++)
            counts[i * (LABELS + 1) + k] = i == k ? (int64_t)(100 + i) : (i + k) % 5 == 0;
    }
    for (size_t w = 0; w < COUNT_OF(widths); w++) {
        s = chart_confusion(S("sim:swift"), labels, LABELS, counts, &(struct chart_options){ widths[w] }, a);
        picture("confusion-many", s);
        CHECK(says(s, "other labels)") && says(s, "(no label)"));
        picture("confusion",
                chart_confusion(S("sim:swift"), labels, 2, small, &(struct chart_options){ widths[w] }, a));
    }
    for (size_t i = 0; i < s->items.len; i++)
        drawn += s->items.at[i].kind == SCENE_RECT;
    CHECK_INT(drawn, CHART_LABELS_MAX * (CHART_LABELS_MAX + 1));
    s = chart_confusion(S("v"), labels, 2, small, NULL, a);
    CHECK(says(s, "20") && says(s, "15"));
    CHECK(says(chart_confusion(S("v"), NULL, 0, (const int64_t[]){ 0 }, NULL, a), "No label was expected"));
}

TEST(the_charts_of_a_stored_run)
{
    struct fixture f;
    struct result *r;
    struct err e = ERR_INIT;

    REQUIRE(fixture_tickets(&f));
    CHECK_OK(result_load(f.store, f.run, f.arena, &r, &e));
    for (size_t w = 0; w < 4; w++) {
        const struct chart_options o = { widths[w] };

        picture("run-frontier", chart_frontier_of(r, &o, f.arena));
        picture("run-intervals", chart_intervals_of(r, &o, f.arena));
        picture("run-latency", chart_latency_of(r, &o, f.arena));
        picture("run-checks", chart_checks_of(r, &o, f.arena));
    }
    CHECK(says(chart_intervals_of(r, NULL, f.arena), "anthropic:claude-3-5-haiku-latest"));
    CHECK(says(chart_checks_of(r, NULL, f.arena), "known_queue"));
    fixture_free(&f);
}
