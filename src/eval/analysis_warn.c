/* What keeps an analysis from saying more, in sentences. */
#include "eval/analysis_parts.h"

#include <inttypes.h>
#include <math.h>

#define ANALYSIS_NAMED 6                /* variants or dimensions named in one sentence; the rest is counted */

static const char *const analysis_code_names[ANALYSIS_CODES] = {
    [ANALYSIS_SMALL_SAMPLE] = "SMALL_SAMPLE", [ANALYSIS_MODERATE_SAMPLE] = "MODERATE_SAMPLE",
    [ANALYSIS_MISSING_VALUES] = "MISSING_VALUES", [ANALYSIS_UNSCORED_VARIANTS] = "UNSCORED_VARIANTS",
    [ANALYSIS_TOO_MANY_VARIANTS] = "TOO_MANY_VARIANTS", [ANALYSIS_RUN_UNFINISHED] = "RUN_UNFINISHED",
    [ANALYSIS_SAMPLED] = "SAMPLED", [ANALYSIS_ONE_VARIANT] = "ONE_VARIANT", [ANALYSIS_FEW_ALIGNED] = "FEW_ALIGNED",
    [ANALYSIS_NO_SPREAD] = "NO_SPREAD", [ANALYSIS_NO_OUTLIERS] = "NO_OUTLIERS_POSSIBLE",
    [ANALYSIS_NO_DIMENSIONS] = "NO_DIMENSIONS", [ANALYSIS_CASES_GONE] = "CASES_GONE",
    [ANALYSIS_DIMENSION_SKIPPED] = "DIMENSION_SKIPPED", [ANALYSIS_DIMENSION_UNTESTED] = "DIMENSION_UNTESTED",
    [ANALYSIS_SMALL_LEVELS] = "SMALL_LEVELS",
};

const char *analysis_code_name(enum analysis_code c)
{
    return analysis_code_names[c];
}

_Static_assert(ANALYSIS_SMALL == 10 && ANALYSIS_MODERATE == 30 && ANALYSIS_GROUP == 5, "the sentences below say these");

struct analysis_warner {
    struct analysis *x;
    struct arena *arena;
    struct buf names;                   /* of a list being made */
    size_t named;
};

static void analysis_say(struct analysis_warner *w, enum analysis_code code, struct str message,
                         const char *recommendation)
{
    w->x->warnings[w->x->warning_count++] = (struct analysis_warning){ code, message, str_c(recommendation) };
}

static void analysis_name(struct analysis_warner *w, struct str name, int64_t n)
{
    if (w->named++ >= ANALYSIS_NAMED)
        return;
    buf_printf(&w->names, "%s" STR_FMT, w->named > 1 ? ", " : "", STR_ARG(str_utf8_head(name, 60)));
    if (n >= 0)
        buf_printf(&w->names, " (%" PRId64 ")", n);
}

/* "before: the names so far." when there are some; the next list begins empty. */
static void analysis_say_named(struct analysis_warner *w, enum analysis_code code, const char *before,
                               const char *recommendation)
{
    if (w->named > ANALYSIS_NAMED)
        buf_printf(&w->names, " and %zu more", w->named - ANALYSIS_NAMED);
    if (w->named)
        analysis_say(w, code, arena_printf(w->arena, "%s: " STR_FMT ".", before, STR_ARG(buf_str(&w->names))),
                     recommendation);
    buf_reset(&w->names);
    w->named = 0;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static void analysis_name_sizes(struct analysis_warner *w, int64_t from, int64_t below)
{
    for (size_t v = 0; v < w->x->variant_count; v++) {
        int64_t cases = w->x->variants[v].cases;

        if (cases >= from && cases < below)
            analysis_name(w, w->x->variants[v].of->name, cases);
    }
}

static void analysis_warn_values(struct analysis_warner *w)
{
    const struct analysis *x = w->x;
    const struct result *r = x->result;
    int64_t ended = r->done + r->failed, all = run_trials(r->run);

    if (ended < all)
        analysis_say(w, ANALYSIS_RUN_UNFINISHED,
                     arena_printf(w->arena, "%" PRId64 " of %" PRId64 " trials have an outcome.", ended, all),
                     "Finish it with `assay resume`.");
    analysis_name_sizes(w, 1, ANALYSIS_SMALL);
    analysis_say_named(w, ANALYSIS_SMALL_SAMPLE, "Fewer than 10 cases with a value",
                       "Take these numbers as a hint at most; add cases.");
    analysis_name_sizes(w, ANALYSIS_SMALL, ANALYSIS_MODERATE);
    analysis_say_named(w, ANALYSIS_MODERATE_SAMPLE, "Fewer than 30 cases with a value",
                       "Only large differences show; look at the intervals.");
    for (size_t v = 0; v < x->variant_count; v++)
        if (x->variants[v].missing && x->variants[v].cases)
            analysis_name(w, x->variants[v].of->name, x->variants[v].missing);
    analysis_say_named(w, ANALYSIS_MISSING_VALUES, "Cases with an outcome but no value are left out",
                       "If failing is not by chance, what is left is not a fair sample; see `assay show --failed`.");
    for (size_t v = 0; v < x->variant_count; v++)
        if (!x->variants[v].cases)
            analysis_name(w, x->variants[v].of->name, -1);
    analysis_say_named(w, ANALYSIS_UNSCORED_VARIANTS, "Without any value",
                       "They are in no pair and in no mean over variants.");
    if (r->variant_count > x->variant_count)
        analysis_say(w, ANALYSIS_TOO_MANY_VARIANTS,
                     arena_printf(w->arena, "The run has %zu variants; the first %zu by rank are analysed.",
                                  r->variant_count, x->variant_count),
                     "Run the others apart to have them analysed.");
    if (x->kept < x->cases)
        analysis_say(w, ANALYSIS_SAMPLED,
                     arena_printf(w->arena,
                                  "Agreement, d and dimensions are of a random sample of %" PRId64 " of %" PRId64
                                  " cases.",
                                  x->kept, x->cases),
                     "The rest is of every case; the same sample is drawn every time.");
}

/* --- pairs -------------------------------------------------------------------------------------------------------- */

static void analysis_warn_pairs(struct analysis_warner *w)
{
    const struct analysis *x = w->x;
    size_t outliers = 0;
    double k;

    if (x->scored < 2) {
        analysis_say(w, ANALYSIS_ONE_VARIANT,
                     S("Fewer than two variants have a value: nothing can agree, win or be contested."),
                     "Run several models or prompts to hold them against each other.");
        return;
    }
    if (2 * x->aligned < x->kept || x->aligned < 3)
        analysis_say(w, ANALYSIS_FEW_ALIGNED,
                     arena_printf(w->arena,
                                  "Only %" PRId64 " of %" PRId64
                                  " cases have a value for each of the %zu variants; agreement is over these%s.",
                                  x->aligned, x->kept, x->scored, x->aligned < 3 ? ", which are too few for it" : ""),
                     "Retry failed trials with `assay resume --retry-failed`.");
    for (size_t v = 0; v < x->variant_count; v++)
        if (x->variants[v].cases > 1 && analysis_settle(x->variants[v].least) == analysis_settle(x->variants[v].most))
            analysis_name(w, x->variants[v].of->name, -1);
    analysis_say_named(w, ANALYSIS_NO_SPREAD, "The same value in every case, so no correlation",
                       "Harder cases, or a metric with more than two values, would tell more.");
    for (size_t v = 0; v < x->variant_count; v++)
        outliers += !isnan(x->variants[v].outlyingness);
    k = (double)MAX(outliers, (size_t)3);
    if (x->scored >= 3 && (k - 1) / sqrt(k) <= ANALYSIS_OUTLIER)
        analysis_say(w, ANALYSIS_NO_OUTLIERS,
                     arena_printf(w->arena, "Of %zu variants that can be held against each other none can lie more than %.2f deviations "
                                            "from the rest, so none can be called an outlier (that takes more than %g).",
                                  outliers, outliers >= 3 ? (k - 1) / sqrt(k) : 0, ANALYSIS_OUTLIER),
                     "It takes 6 variants or more.");
}

/* --- dimensions --------------------------------------------------------------------------------------------------- */

static void analysis_warn_dimensions(struct analysis_warner *w, bool gone)
{
    const struct analysis *x = w->x;

    if (gone)
        analysis_say(w, ANALYSIS_CASES_GONE,
                     S("The run's frozen cases can't be read: nothing is said of its dimensions."),
                     "They lie beside the database; restore the folder, or run again.");
    else if (!x->dimension_count)
        analysis_say(w, ANALYSIS_NO_DIMENSIONS, S("The task has no dimensions."),
                     "`dimensions:` in the task varies a case in known ways, and shows what matters.");
    for (size_t i = 0; i < x->dimension_count; i++)
        if (x->dimensions[i].skipped)
            analysis_name(w, x->dimensions[i].axis->name, -1);
    analysis_say_named(w, ANALYSIS_DIMENSION_SKIPPED, "Not tested, as some case has no level of it",
                       "Give every case a level the task knows.");
    for (size_t i = 0; i < x->dimension_count; i++)
        if (!x->dimensions[i].skipped && !x->dimensions[i].all.known)
            analysis_name(w, x->dimensions[i].axis->name, -1);
    analysis_say_named(w, ANALYSIS_DIMENSION_UNTESTED,
                       "Not tested, for want of values that differ in two levels or more",
                       "More cases at each level, or a finer metric, would tell.");
    for (size_t i = 0; i < x->dimension_count; i++)
        if (x->dimensions[i].all.known && x->dimensions[i].all.least < ANALYSIS_GROUP)
            analysis_name(w, x->dimensions[i].axis->name, x->dimensions[i].all.least);
    analysis_say_named(w, ANALYSIS_SMALL_LEVELS, "Some level has fewer than 5 cases, so p is rough",
                       "Believe p only with more cases at each level.");
}

void analysis_warn(struct analysis *x, bool gone, struct arena *a)
{
    struct analysis_warner w = { .x = x, .arena = a, .names = BUF_INIT(64 * 1024) };

    x->warnings = arena_array(a, struct analysis_warning, ANALYSIS_CODES);
    analysis_warn_values(&w);
    analysis_warn_pairs(&w);
    analysis_warn_dimensions(&w, gone);
    buf_dispose(&w.names);
}
