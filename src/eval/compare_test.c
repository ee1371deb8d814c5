#include "base/test.h"

#include "eval/compare.h"
#include "eval/report/comparison.h"
#include "eval/stats_power.h"

#include <math.h>

struct made { struct arena *arena; struct store *store; struct run *runs[3]; size_t count; };

/* One run: its cases by number, its variants, what each (variant, case, repetition) is worth. Below 0: failed; NAN:
 * without a value; above 1: that value less 10, with a critical check failed. */
struct shape {
    const char *const *variants;
    int64_t variant_count, repeat, first_case, cases;
    const char *dataset;
    double (*worth)(int64_t v, int64_t c, int64_t r);
    int64_t trials;                     /* only so many have an outcome; 0: all */
    const char *prompt;
    bool backwards;                     /* the cases stand in the other order */
};

struct job { struct made *m; const struct shape *s; struct run *run; struct store_variant *rows; };

static struct scorer_info scorers[] = {
    { .name = { "accuracy", 8 }, .base = { "accuracy", 8 }, .higher_is_better = true, .weight = 1 },
    { .name = { "known", 5 }, .base = { "one_of", 6 }, .kind = SCORER_CHECK, .higher_is_better = true, .severity = SEVERITY_CRITICAL, .weight = 1 },
};

static enum err_code made_trial(struct store_tx *tx, struct job *j, struct aggregate **sums, int64_t number,
                                struct err *e)
{
    struct trial_place at = run_trial_place(j->run, number);
    int64_t c = j->s->first_case + (j->s->backwards ? j->s->cases - 1 - at.case_index : at.case_index);
    double worth = j->s->worth(at.variant, c, at.repetition);
    bool failed = worth < 0, critical = worth > 1;
    struct score list[2] = { isnan(worth) ? score_missing(S("no expected answer")) : score_of(critical ? worth - 10 : worth),
                             score_of(critical ? 0 : 1) };
    struct trial t = { .number = number, .variant = at.variant, .state = failed ? TRIAL_FAILED : TRIAL_DONE, .attempts = 1,
                       .error = failed ? ERR_TIMEOUT : ERR_OK, .case_id = arena_printf(j->m->arena, "c%lld", (long long)c),
                       .cost_nanousd = 1000 * (at.variant + 1), .latency_ms = 100 + c % 7 };
    AUTO_BUF struct buf text = BUF_INIT(4096);
    bool added;

    if (failed)
        list[0] = list[1] = score_missing(S(""));
    scores_violations(scorers, list, 2, &t.violations, &t.critical);
    scores_write(list, 2, &text);
    aggregate_add(sums[at.variant], &(struct aggregate_trial){ .trial = &t, .scores = list });
    return store_tx_trial_add(tx, j->run->no, &t, S("{\"turns\":[]}"), buf_str(&text), &added, e);
}

static enum err_code made_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct job *j = arg;
    int64_t trials = j->s->trials ? j->s->trials : run_trials(j->run);
    struct aggregate *sums[8];
    enum err_code code = store_tx_run_add(tx, j->run, j->rows, e);

    for (int64_t v = 0; v < j->run->variants; v++)
        sums[v] = aggregate_new(2);
    for (int64_t i = 0; i < trials && code == ERR_OK; i++)
        code = made_trial(tx, j, sums, i, e);
    for (int64_t v = 0; v < j->run->variants; v++) {
        AUTO_JSON *o = aggregate_to_json(sums[v]);
        AUTO_BUF struct buf text = BUF_INIT(1 << 20);

        json_write(o, &text);
        if (code == ERR_OK)
            code = store_tx_variant_set(tx, j->run->no, v, buf_str(&text), false, e);
        aggregate_free(sums[v]);
    }
    return code;
}

static struct str made_settings(struct made *m, const struct shape *s)
{
    AUTO_JSON *o = json_object();
    AUTO_BUF struct buf b = BUF_INIT(1 << 20);
    json_t *task = json_object(), *variants = json_array();

    json_object_set_new(o, "scorers", scorers_to_json(scorers, 2));
    json_object_set_new(task, "prompts",
                        json_pack("[{s:s, s:s, s:i}]", "name", "p", "source", s->prompt ? s->prompt : "say", "line",
                                  (int)m->count));
    for (int64_t v = 0; v < s->variant_count; v++)
        json_array_append_new(variants, json_pack("{s:s, s:i}", "name", s->variants[v], "prompt", 0));
    json_object_set_new(task, "variants", variants);
    json_object_set_new(o, "task", task);
    json_write(o, &b);
    return arena_strdup(m->arena, buf_str(&b));
}

static bool made_add(struct made *m, const struct shape *s)
{
    static int homes;
    struct job j = { .m = m, .s = s };
    struct err e = ERR_INIT;
    char home[200];

    if (!m->arena) {
        snprintf(home, sizeof home, "%s/compare-%d", test_folder(), ++homes);
        m->arena = arena_new_sized(0);
        CHECK_OK(store_open(home, &m->store, &e));
    }
    j.run = m->runs[m->count] = arena_new(m->arena, struct run);
    *j.run = (struct run){ .id = arena_printf(m->arena, "0193e7b4-5a52-7c11-9c2e-5f6a01b97%03zu", m->count), .task_name = S("t"), .task_path = S("t.yaml"),
        .created_ms = 1795247999000, .fingerprint = S("f"), .dataset_hash = str_c(s->dataset), .cases = s->cases, .variants = s->variant_count,
        .repeat = s->repeat, .shard_trials = 1000, .estimate_nanousd = MONEY_UNKNOWN, .settings = made_settings(m, s) };
    j.rows = arena_array(m->arena, struct store_variant, (size_t)s->variant_count);
    for (int64_t v = 0; v < s->variant_count; v++)
        j.rows[v] = (struct store_variant){ .no = v, .name = str_c(s->variants[v]), .model = str_c(s->variants[v]), .settings = S("{}") };
    m->count++;
    if (store_write(m->store, made_apply, &j, &e) == ERR_OK)
        return true;
    test_fail(__FILE__, __LINE__, "%s", e.text);
    return false;
}

static void made_dispose(struct made *m)
{
    if (m->store)
        store_close(m->store);
    arena_freep(&m->arena);
}

static const struct compare_options ordinary = { .pass = COMPARE_PASS, .changes_max = 100 };
static const char *const abc[] = { "a", "b", "c" };

/* a: wrong on every 4th case; b: on every 3rd; c: half right always */
static double first_worth(int64_t v, int64_t c, int64_t r)
{
    (void)r;
    return v == 0 ? c % 4 != 0 : v == 1 ? c % 3 != 0 : 0.5;
}

static const struct shape plain = { .variants = abc, .variant_count = 3, .repeat = 1, .cases = 60, .dataset = "d", .worth = first_worth };

TEST(variants_of_one_run_are_held_against_its_best)
{
    AUTO(made_dispose) struct made m = { 0 };
    struct compare *c;
    struct err e = ERR_INIT;

    REQUIRE(made_add(&m, &plain));
    CHECK_OK(compare_load(m.store, m.runs, 1, &ordinary, m.arena, &c, &e));
    CHECK_INT(c->pair_count, 2);
    CHECK_STR(c->pairs[0].base->name, "a");
    CHECK_STR(c->pairs[0].other->name, "b");
    CHECK_INT(c->pairs[0].cases, 60);
    CHECK_INT(c->pairs[0].counts[CHANGE_BROKEN], 15);   /* multiples of 3 but not of 4 */
    CHECK_INT(c->pairs[0].counts[CHANGE_FIXED], 10);
    CHECK_INT(c->pairs[0].both_pass, 30);
    CHECK_INT(c->pairs[0].both_fail, 5);
    CHECK_NEAR(c->pairs[0].measures[c->decides].difference, -5.0 / 60, 1e-12);
    CHECK_INT(c->pairs[0].measures[c->decides].test, COMPARE_MCNEMAR);
    CHECK_NEAR(c->pairs[0].measures[c->decides].p, stats_mcnemar(15, 10), 1e-12);
    CHECK_INT(c->pairs[1].measures[c->decides].test, COMPARE_PAIRED_T);
    CHECK_INT(c->pairs[1].counts[CHANGE_WORSE], 45);    /* half right passes, but is worse than right */
    CHECK_INT(c->pairs[1].counts[CHANGE_FIXED], 15);
    CHECK_INT(c->change_count, 15 + 10 + 45 + 15);
    CHECK_STR(c->changes[0].case_id, "c3");
}

TEST(against_and_variant_choose_pairs_and_suggest_names)
{
    AUTO(made_dispose) struct made m = { 0 };
    struct compare_options o = ordinary;
    struct compare *c;
    struct err e = ERR_INIT;

    REQUIRE(made_add(&m, &plain));
    o.against = S("b");
    CHECK_OK(compare_load(m.store, m.runs, 1, &o, m.arena, &c, &e));
    CHECK_STR(c->pairs[0].base->name, "b");
    CHECK_STR(c->pairs[0].other->name, "a");
    CHECK_INT(c->pairs[0].counts[CHANGE_FIXED], 15);
    o.variant = S("c");
    CHECK_OK(compare_load(m.store, m.runs, 1, &o, m.arena, &c, &e));
    CHECK_INT(c->pair_count, 1);
    o.against = S("bb");
    CHECK_INT(compare_load(m.store, m.runs, 1, &o, m.arena, &c, &e), ERR_USAGE);
    CHECK(strstr(e.text, "did you mean"));
    o = ordinary;
    o.variant = S("zzzz");
    CHECK_INT(compare_load(m.store, m.runs, 1, &o, m.arena, &c, &e), ERR_USAGE);
    o = ordinary;
    o.metric = S("known");
    CHECK_OK(compare_load(m.store, m.runs, 1, &o, m.arena, &c, &e));
    CHECK_STR(c->measures[c->decides].name, "known");
    o.metric = S("acuracy");
    CHECK_INT(compare_load(m.store, m.runs, 1, &o, m.arena, &c, &e), ERR_USAGE);
    CHECK(strstr(e.text, "did you mean \"accuracy\""));
}

/* better than the first on every 4th case, failed on case 5, critically wrong on case 7, nothing to say on case 9 */
static double second_worth(int64_t v, int64_t c, int64_t r)
{
    return c == 5 ? -1 : c == 7 ? 11 : c == 9 ? NAN : v == 0 ? 1 : first_worth(v, c, r);
}

TEST(two_runs_over_the_same_cases_are_paired_by_name)
{
    static const char *const cab[] = { "c", "x", "a" };
    AUTO(made_dispose) struct made m = { 0 };
    struct shape second = plain;
    struct compare *c;
    struct err e = ERR_INIT;

    second.worth = second_worth;
    second.prompt = "say it";
    REQUIRE(made_add(&m, &plain) && made_add(&m, &second));
    CHECK_OK(compare_load(m.store, m.runs, 2, &ordinary, m.arena, &c, &e));
    CHECK_INT(c->pair_count, 3);
    CHECK(c->runs[1].same_cases);
    CHECK_INT(c->runs[1].common, 60);
    CHECK_INT(c->runs[1].differs_count, 1);
    CHECK_STR(c->runs[1].differs[0], "the prompt");
    CHECK_STR(c->pairs[0].base->name, "a");
    CHECK_INT(c->pairs[0].cases, 60);
    CHECK_INT(c->pairs[0].counts[CHANGE_FIXED], 15);
    CHECK_INT(c->pairs[0].counts[CHANGE_BROKEN], 2);    /* the failed one and the critical one */
    CHECK_STR(str_c(c->changes[0].why), "not answered");
    CHECK_STR(str_c(c->changes[1].why), "critical check");
    CHECK_INT(c->pairs[0].unknown, 1);
    CHECK_INT(c->pairs[0].measures[c->decides].cases, 58);

    second.variants = cab;
    second.prompt = NULL;
    REQUIRE(made_add(&m, &second));
    m.runs[1] = m.runs[2];
    CHECK_OK(compare_load(m.store, m.runs, 2, &ordinary, m.arena, &c, &e));
    CHECK_INT(c->pair_count, 2);
    CHECK_STR(c->pairs[0].base->name, "a");
    CHECK_STR(c->pairs[0].other->name, "a");
    CHECK_INT(c->pairs[0].other->no, 2);
    CHECK_INT(c->runs[0].unmatched_count, 1);
    CHECK_STR(c->runs[0].unmatched[0], "b");
    CHECK_STR(c->runs[1].unmatched[0], "x");
    CHECK_INT(c->runs[1].differs_count, 0);             /* another line is no other prompt */
    CHECK_OK(compare_load(m.store, m.runs, 2, &(struct compare_options){ .by = COMPARE_BY_POSITION, .pass = 0.5 }, m.arena, &c, &e));
    CHECK_INT(c->pair_count, 3);
    CHECK_STR(c->pairs[0].other->name, "c");
}

TEST(runs_over_other_cases_are_compared_on_those_they_share)
{
    AUTO(made_dispose) struct made m = { 0 };
    struct shape second = plain;
    struct compare *c;
    struct err e = ERR_INIT;
    struct str *notes;

    second.dataset = "other";
    second.first_case = 20;
    second.cases = 50;
    second.backwards = true;
    REQUIRE(made_add(&m, &plain) && made_add(&m, &second));
    CHECK_OK(compare_load(m.store, m.runs, 2, &ordinary, m.arena, &c, &e));
    CHECK(!c->runs[1].same_cases);
    CHECK_INT(c->runs[1].common, 40);
    CHECK_INT(c->runs[1].only_base, 20);
    CHECK_INT(c->runs[1].only_here, 10);
    for (size_t i = 0; i < c->pair_count; i++) {
        CHECK_INT(c->pairs[i].cases, 40);
        CHECK(c->pairs[i].measures[c->decides].equal);
        CHECK_INT(c->change_count, 0);
    }
    CHECK_INT(comparison_notes(c, m.arena, &notes), 1);
    CHECK(str_contains(notes[0], S("the 40 they share")));
}

TEST(an_unfinished_run_is_compared_as_far_as_it_goes)
{
    AUTO(made_dispose) struct made m = { 0 };
    struct shape second = plain;
    struct compare *c;
    struct err e = ERR_INIT;
    struct str *notes;

    second.trials = 31;                                 /* ten cases, and variant a of the next */
    REQUIRE(made_add(&m, &plain) && made_add(&m, &second));
    CHECK_OK(compare_load(m.store, m.runs, 2, &ordinary, m.arena, &c, &e));
    CHECK_INT(c->pairs[0].cases, 11);
    CHECK_INT(c->pairs[1].cases, 10);
    CHECK_INT(c->runs[1].common, 11);
    CHECK_INT(c->runs[1].only_base, 49);
    CHECK_INT(comparison_notes(c, m.arena, &notes), 1);
    CHECK(str_contains(notes[0], S("31 of 180")));
}

static double repeated_worth(int64_t v, int64_t c, int64_t r)
{
    return (c + v + r) % 3 != 0;
}

TEST(repetitions_become_one_value_a_case)
{
    AUTO(made_dispose) struct made m = { 0 };
    struct shape second = { .variants = abc, .variant_count = 2, .repeat = 3, .cases = 1500, .dataset = "d", .worth = repeated_worth };
    struct compare *c;
    struct err e = ERR_INIT;

    REQUIRE(made_add(&m, &second));
    CHECK_OK(compare_load(m.store, m.runs, 1, &ordinary, m.arena, &c, &e));
    CHECK_INT(c->pairs[0].cases, 1500);                 /* more than a page */
    CHECK_INT(c->pairs[0].both_pass, 1500);
    CHECK_INT(c->pairs[0].measures[c->decides].test, COMPARE_PAIRED_T);
    CHECK(c->pairs[0].measures[c->decides].equal);
    CHECK_NEAR(c->pairs[0].measures[c->decides].p, 1, 1e-12);
}

TEST(what_can_not_be_compared_is_said)
{
    static const char *const lone[] = { "q" };
    AUTO(made_dispose) struct made m = { 0 };
    struct shape one = { .variants = lone, .variant_count = 1, .repeat = 1, .cases = 3, .dataset = "d", .worth = first_worth };
    struct run *many[COMPARE_RUNS_MAX + 1];
    struct compare_options o = ordinary;
    struct compare *c;
    enum compare_by by;
    struct err e = ERR_INIT;
    int64_t index;

    REQUIRE(made_add(&m, &plain) && made_add(&m, &one));
    CHECK_INT(compare_load(m.store, m.runs + 1, 1, &ordinary, m.arena, &c, &e), ERR_BAD_INPUT);
    CHECK(strstr(e.text, "one variant"));
    CHECK_INT(compare_load(m.store, m.runs, 2, &ordinary, m.arena, &c, &e), ERR_BAD_INPUT);
    CHECK(strstr(e.text, "--by model or --by position"));
    o.against = S("a");
    CHECK_INT(compare_load(m.store, m.runs, 2, &o, m.arena, &c, &e), ERR_USAGE);
    m.runs[2] = m.runs[0];
    CHECK_INT(compare_load(m.store, m.runs, 3, &ordinary, m.arena, &c, &e), ERR_USAGE);
    CHECK(strstr(e.text, "named twice"));
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = m.runs[0];
    CHECK_INT(compare_load(m.store, many, COUNT_OF(many), &ordinary, m.arena, &c, &e), ERR_USAGE);
    CHECK_INT(compare_by_from(S("modle"), &by, &e), ERR_USAGE);
    CHECK(strstr(e.text, "\"model\""));
    CHECK_OK(compare_case_find(m.store, m.runs[0], S("c7"), &index, &e));
    CHECK_INT(index, 7);
    CHECK_OK(compare_case_find(m.store, m.runs[0], S("c70"), &index, &e));
    CHECK_INT(index, -1);
}

/* a passes 150 of 200; b 147, other ones on 9 cases; c almost none. */
static double close_worth(int64_t v, int64_t c, int64_t r)
{
    (void)r;
    return v == 0 ? c < 150 : v == 1 ? c >= 6 && c < 153 : c % 50 == 0;
}

TEST(verdicts_go_by_p_values_corrected_for_their_number)
{
    struct shape shape = plain;
    AUTO(made_dispose) struct made m = { 0 };
    struct compare_options o = ordinary;
    const struct compare_difference *b, *last;
    struct compare *c;
    struct err e = ERR_INIT;

    shape.cases = 200;
    shape.worth = close_worth;
    o.resample = true;
    REQUIRE(made_add(&m, &shape));
    CHECK_OK(compare_load(m.store, m.runs, 1, &o, m.arena, &c, &e));
    REQUIRE(c->pair_count == 2 && c->decides >= 0);
    b = &c->pairs[0].measures[c->decides];
    last = &c->pairs[1].measures[c->decides];
    CHECK(b->compared == 2 && b->verdict == VERDICT_SAME && last->verdict == VERDICT_WORSE);
    CHECK_NEAR(b->p, stats_mcnemar(6, 3), 1e-12);
    CHECK_NEAR(b->p_holm, b->p, 1e-12);                    /* the larger of two stands as it is */
    CHECK_NEAR(last->p_holm, 2 * last->p, 1e-12);
    CHECK_NEAR(b->discordant, 9.0 / 200, 1e-12);
    CHECK_INT(b->cases_needed, stats_mcnemar_cases(9.0 / 200, 0.03, 0.025, 0.8));
    CHECK_NEAR(b->detectable, stats_mcnemar_detectable(200, 9.0 / 200, 0.025, 0.8), 1e-12);
    CHECK(b->hedges_g < 0 && b->hedges_g > b->cohen_d && last->hedges_g < -0.8);
    CHECK(c->pairs[0].wilcoxon.known && c->pairs[0].resampled.bca.known);
    CHECK(c->pairs[0].resampled.bca.low < -0.015 && c->pairs[0].resampled.bca.high > -0.015);
    CHECK_STR(comparison_sentence(c, &c->pairs[0], m.arena),
              arena_printf(m.arena, "Cannot tell a and b apart on 200 cases; %lld more cases would show a difference of 3 points "
                           "(8 times in 10).", (long long)b->cases_needed - 200).at);
    CHECK_STR(comparison_sentence(c, &c->pairs[1], m.arena),
              "c is worse than a by 73.0 points on 200 cases (p <0.001 after Holm's correction for 2 comparisons), a "
              "large effect.");
    CHECK(str_starts(comparison_second_opinion(c, &c->pairs[0], m.arena),
                     S("Without assuming a distribution: Wilcoxon p 0.")));
}

TEST(a_comparison_with_itself_is_said_to_be_equal_and_one_unasked_is_not_resampled)
{
    AUTO(made_dispose) struct made m = { 0 };
    struct compare *c;
    struct err e = ERR_INIT;

    REQUIRE(made_add(&m, &plain) && made_add(&m, &plain));
    CHECK_OK(compare_load(m.store, m.runs, 2, &ordinary, m.arena, &c, &e));
    CHECK_STR(comparison_sentence(c, &c->pairs[0], m.arena),
              "a (A) and a (B) have the same value in every one of 60 cases.");
    CHECK_INT(comparison_second_opinion(c, &c->pairs[0], m.arena).len, 0);
    CHECK_INT(c->pairs[0].measures[c->decides].cases_needed, 0);
    CHECK(isnan(c->pairs[0].measures[c->decides].detectable) && isnan(c->pairs[0].measures[c->decides].cohen_d));
}

TEST(past_the_bound_of_what_is_kept_nothing_is_resampled)
{
    static const char *const one[] = { "a" };
    AUTO(made_dispose) struct made m = { 0 };
    struct shape shape = plain;
    struct compare_options o = ordinary;
    struct compare *c;
    struct err e = ERR_INIT;

    shape.variants = one;
    shape.variant_count = 1;
    shape.cases = COMPARE_KEPT_MAX + 1;
    o.resample = true;
    REQUIRE(made_add(&m, &shape) && made_add(&m, &shape));
    CHECK_OK(compare_load(m.store, m.runs, 2, &o, m.arena, &c, &e));
    CHECK_INT(c->pairs[0].measures[c->decides].cases, COMPARE_KEPT_MAX + 1);
    CHECK(!c->pairs[0].wilcoxon.known && !c->pairs[0].resampled.percentile.known);
}

TEST(the_list_of_changes_ends_at_its_bound)
{
    AUTO(made_dispose) struct made m = { 0 };
    struct compare *c;
    struct err e = ERR_INIT;

    REQUIRE(made_add(&m, &plain));
    CHECK_OK(compare_load(m.store, m.runs, 1, &(struct compare_options){ .pass = 0.5, .changes_max = 4 }, m.arena, &c, &e));
    CHECK_INT(c->change_count, 4 * 4);
    CHECK_INT(c->pairs[0].counts[CHANGE_BROKEN], 15);
}

TEST(a_comparison_fits_any_terminal)
{
    static const char *const odd[] = { "\xe6\xa8\xa1\xe5\x9e\x8b\xe4\xb8\x80\xe5\x8f\xb7\xe6\xa8\xa1\xe5\x9e\x8b", "evil\x1b[31m\xc2\x9bm\xe2\x80\xae",
                                       "openrouter:vendor/a-model-with-a-very-long-name-indeed-2026-11-21" };
    AUTO(made_dispose) struct made m = { 0 };
    struct shape first = plain, second = plain;
    struct compare *c;
    struct err e = ERR_INIT;

    first.variants = second.variants = odd;
    second.dataset = "o";
    second.worth = second_worth;
    second.prompt = "b";
    REQUIRE(made_add(&m, &first) && made_add(&m, &second));
    for (size_t runs = 1; runs <= 2; runs++) {
        CHECK_OK(compare_load(m.store, m.runs, runs, &ordinary, m.arena, &c, &e));
        for (int columns = 30; columns <= 200; columns += 10) {
            AUTO_BUF struct buf b = BUF_INIT(1 << 20);
            struct report_sink sink = report_to_buf(&b);
            struct comparison_options o = { .report = { .columns = columns, .detail = true, .ascii = columns == 60 }, .cases = true };
            struct str rest, line;

            CHECK_OK(comparison_table(c, &o, &sink, &e));
            rest = buf_str(&b);
            while (str_split(&rest, '\n', &line))
                if (str_utf8_width(line) > (size_t)columns || str_ends(line, S(" ")))
                    test_fail(__FILE__, __LINE__, "%d columns: \"" STR_FMT "\"", columns, STR_ARG(line));
            CHECK(!memchr(b.bytes, 0x1b, b.len) && !str_contains(buf_str(&b), S("\xc2\x9b")) &&
                  !str_contains(buf_str(&b), S("\xe2\x80\xae")));
        }
    }
}

TEST(a_comparison_is_json_and_markdown_too)
{
    AUTO(made_dispose) struct made m = { 0 };
    struct shape second = plain;
    struct comparison_options o = { .report = { .detail = true }, .cases = true };
    AUTO_BUF struct buf json = BUF_INIT(1 << 20), md = BUF_INIT(1 << 20);
    struct report_sink to_json = report_to_buf(&json), to_md = report_to_buf(&md);
    AUTO_JSON *j = NULL;
    struct compare *c;
    struct err e = ERR_INIT;

    second.worth = second_worth;
    REQUIRE(made_add(&m, &plain) && made_add(&m, &second));
    CHECK_OK(compare_load(m.store, m.runs, 2, &ordinary, m.arena, &c, &e));
    CHECK_OK(comparison_json(c, &o, &to_json, &e));
    CHECK_OK(json_read(buf_str(&json), &j, &e));
    CHECK_INT(json_array_size(json_child(j, "pairs")), 3);
    CHECK_INT(json_array_size(json_child(j, "changes")), c->change_count);
    CHECK_NEAR(json_real_value(JSON_AT(j, "pairs", "0", "scores", "accuracy", "difference")), 15.0 / 58, 0.02);
    CHECK_STR(json_get_str(JSON_AT(j, "pairs", "0", "scores", "accuracy"), "verdict"), "better");
    CHECK_NEAR(json_real_value(JSON_AT(j, "pairs", "0", "scores", "accuracy", "p_holm")),
               3 * json_real_value(JSON_AT(j, "pairs", "0", "scores", "accuracy", "p")), 1e-3);
    CHECK_STR(json_get_str(JSON_AT(j, "pairs", "0", "scores", "accuracy"), "effect"), "medium");
    CHECK(json_is_integer(JSON_AT(j, "pairs", "0", "scores", "accuracy", "cases_needed")));
    CHECK(json_is_null(JSON_AT(j, "pairs", "0", "resampled", "bca_low")));      /* not asked for */
    CHECK(str_starts(json_get_str(JSON_AT(j, "pairs", "0"), "verdict_text"), S("a (B) is better than a (A) by ")));
    CHECK_OK(comparison_markdown(c, &o, &to_md, &e));
    CHECK(str_contains(buf_str(&md), S(" effect | p (Holm) | verdict |")) &&
          str_contains(buf_str(&md), S("a (B) is better")));
    CHECK(str_contains(buf_str(&md), S("| a | 60 | 75.0 % | 100.0 % |")) ||
          str_contains(buf_str(&md), S("| a | 60 |")));
    CHECK(str_contains(buf_str(&md), S("| broken | c5 | a |")));
}

TEST(differences_are_shown_with_their_sign)
{
    char t[REPORT_TEXT];

    CHECK_STR(str_c(comparison_delta(METRIC_RATIO, 0.031, t)), "+3.1 pt");
    CHECK_STR(str_c(comparison_delta(METRIC_RATIO, -0.00001, t)), "+0.0 pt");
    CHECK_STR(str_c(comparison_delta(METRIC_MS, -120.2, t)), "-120 ms");
    CHECK_STR(str_c(comparison_delta(METRIC_MS, -0.2, t)), "0 ms");
    CHECK_STR(str_c(comparison_delta(METRIC_USD, 0.02, t)), "+$0.020");
    CHECK_STR(str_c(comparison_p(0.0004, t)), "<0.001");
    CHECK_STR(str_c(comparison_p(0.0312, t)), "0.031");
}

/* Each variant fails some of its repetitions, so that cases are answered once to four times. */
static double unequal_worth(int64_t v, int64_t c, int64_t r)
{
    if (r > 0 && (c + r * 3 + v) % 4 == 0)
        return -1;
    return (c * 7 + r * 5 + v * 11) % 10 < 8 - v * 2;
}

TEST(a_result_and_a_comparison_say_the_same_of_one_pair)
{
    static const char *const names[] = { "a", "b", "c", "d" };
    static const int repeats[] = { 1, 4 };

    for (size_t k = 0; k < COUNT_OF(repeats); k++) {
        AUTO(made_dispose) struct made m = { 0 };
        struct shape shape = plain;
        struct compare *c;
        struct err e = ERR_INIT;
        const struct result *r;

        shape.cases = 80;
        shape.repeat = repeats[k];
        shape.variants = names;
        shape.variant_count = 4;
        shape.worth = unequal_worth;
        REQUIRE(made_add(&m, &shape));
        CHECK_OK(compare_load(m.store, m.runs, 1, &ordinary, m.arena, &c, &e));
        REQUIRE(c->pair_count == 3 && c->decides >= 0);
        r = c->runs[0].result;
        if (repeats[k] > 1)
            CHECK(r->failed > 100 && r->done > 600);
        for (size_t i = 0; i < c->pair_count; i++) {
            const struct compare_difference *x = &c->pairs[i].other->against, *y = &c->pairs[i].measures[c->decides];

            CHECK_INT(x->test, repeats[k] == 1 ? COMPARE_MCNEMAR : COMPARE_PAIRED_T);
            CHECK_INT(x->test, y->test);
            CHECK_INT(x->cases, 80);
            CHECK_INT(y->cases, 80);
            CHECK_INT(x->compared, 3);
            CHECK_INT(x->verdict, y->verdict);
            CHECK_INT(x->cases_needed, y->cases_needed);
            CHECK_NEAR(x->difference, y->difference, 1e-15);
            CHECK_NEAR(x->p, y->p, 1e-15);
            CHECK_NEAR(x->p_holm, y->p_holm, 1e-15);
            CHECK_NEAR(x->interval.low, y->interval.low, 1e-15);
            CHECK(x->p_holm >= x->p);
        }
        CHECK_INT(r->recommendation.cases_needed,
                  r->variants[1].against.verdict == VERDICT_SAME ? r->variants[1].against.cases_needed : 0);
    }
}
