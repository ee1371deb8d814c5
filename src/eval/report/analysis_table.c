/* An analysis for the terminal. */
#include "eval/report/analyses.h"
#include "eval/report/grid.h"
#include "eval/report/spread.h"

#include <inttypes.h>
#include <math.h>

#include "eval/stats_power.h"

#define ANALYSIS_PIECE_MAX ((size_t)64 << 20)

struct analysis_sheet {
    const struct analysis *x;
    const struct report_options *o;
    struct arena *arena;
    struct buf out;
};

static void analysis_words_put(struct analysis_sheet *t, struct str text)
{
    if (!text.len)
        return;
    buf_byte(&t->out, ' ');
    grid_words(text, 1, 1, t->o, t->arena, &t->out);
}

static void analysis_title(struct analysis_sheet *t, const char *text)
{
    buf_puts(&t->out, "\n ");
    grid_painted(str_c(text), GRID_BOLD, t->o, &t->out);
    buf_byte(&t->out, '\n');
}

static enum grid_paint analysis_heat(const struct analysis_effect *f)
{
    if (!f->known || !analysis_stands(f->p_holm))
        return GRID_DIM;
    return f->eta_squared >= 0.14   ? GRID_RED
           : f->eta_squared >= 0.06 ? GRID_YELLOW
           : f->eta_squared >= 0.01 ? GRID_CYAN
                                    : GRID_PLAIN;
}

static struct str analysis_share_interval(struct analysis_sheet *t, const struct interval *i)
{
    return i->known ? arena_printf(t->arena, "%.1f .. %.1f", i->low * 100, i->high * 100) : S("-");
}

/* How often each value was given, the lowest at the left; of all variants the same values. */
static struct str analysis_bars(struct analysis_sheet *t, const struct analysis_variant *v)
{
    return v->cases ? spread_bars(v->counts, t->x->distribution.count, t->o->ascii, t->arena) : S("");
}

static void analysis_table_variants(struct analysis_sheet *t)
{
    const struct grid_column columns[] = {
        { .heading = "variant", .least = 12 }, { .heading = "cases", .right = true },
        { .heading = "missing", .right = true, .drop = 4 }, { .heading = "mean", .right = true },
        { .heading = "95 % interval", .right = true }, { .heading = "sd", .right = true, .drop = 1 },
        { .heading = "min", .right = true, .drop = 3 }, { .heading = "max", .right = true, .drop = 2 },
        { .heading = t->x->distribution.count > 1 ? "spread" : "", .drop = 5 },
    };
    struct grid *g = grid_new(t->arena, columns, COUNT_OF(columns));

    for (size_t i = 0; i < t->x->variant_count; i++) {
        const struct analysis_variant *v = &t->x->variants[i];

        grid_cell(g, v->of->name, GRID_PLAIN);
        grid_cellf(g, "%" PRId64, v->cases);
        grid_cell(g, arena_printf(t->arena, "%" PRId64, v->missing), v->missing ? GRID_YELLOW : GRID_PLAIN);
        grid_cell(g, analysis_value(t->x, v->mean, t->arena), GRID_PLAIN);
        grid_cell(g, analysis_interval(t->x, &v->interval, t->arena), GRID_PLAIN);
        grid_cell(g, analysis_value(t->x, v->deviation, t->arena), GRID_PLAIN);
        grid_cell(g, analysis_value(t->x, v->least, t->arena), GRID_PLAIN);
        grid_cell(g, analysis_value(t->x, v->most, t->arena), GRID_PLAIN);
        grid_cell(g, t->x->distribution.count > 1 ? analysis_bars(t, v) : S(""), GRID_PLAIN);
    }
    grid_write(g, t->o, 1, &t->out);
}

static void analysis_table_wins(struct analysis_sheet *t)
{
    static const struct grid_column columns[] = {
        { .heading = "variant", .least = 12 }, { .heading = "won", .right = true },
        { .heading = "lost", .right = true }, { .heading = "tied", .right = true },
        { .heading = "win rate", .right = true }, { .heading = "95 % interval", .right = true, .drop = 1 },
    };
    struct grid *g = grid_new(t->arena, columns, COUNT_OF(columns));

    if (t->x->scored < 2)
        return;
    analysis_title(t, "Wins");
    analysis_words_put(t, S("A case is won when more of the others stand below than above."));
    for (size_t i = 0; i < t->x->variant_count; i++) {
        const struct analysis_wins *w = &t->x->variants[i].wins;
        bool above = w->interval.known && w->interval.low > 0.5, below = w->interval.known && w->interval.high < 0.5;

        grid_cell(g, t->x->variants[i].of->name, GRID_PLAIN);
        grid_cellf(g, "%" PRId64, w->won);
        grid_cellf(g, "%" PRId64, w->lost);
        grid_cellf(g, "%" PRId64, w->tied);
        grid_cell(g, isnan(w->rate) ? S("-") : arena_printf(t->arena, "%.1f %%", w->rate * 100),
                  above   ? GRID_GREEN
                  : below ? GRID_RED
                          : GRID_PLAIN);
        grid_cell(g, analysis_share_interval(t, &w->interval), GRID_PLAIN);
    }
    grid_write(g, t->o, 1, &t->out);
}

static void analysis_table_checks(struct analysis_sheet *t)
{
    static const struct grid_column columns[] = {
        { .heading = "check", .least = 10 }, { .heading = "variant", .least = 10 },
        { .heading = "passed", .right = true }, { .heading = "failed", .right = true },
        { .heading = "not evaluated", .right = true, .drop = 2 }, { .heading = "share", .right = true },
        { .heading = "95 % interval", .right = true, .drop = 1 },
    };
    struct grid *g = grid_new(t->arena, columns, COUNT_OF(columns));
    size_t count;
    const struct analysis_check_row *rows = analysis_checks_sorted(t->x, t->arena, &count);

    if (!count)
        return;
    analysis_title(t, "Checks, the lowest share first");
    for (size_t i = 0; i < MIN(count, (size_t)ANALYSES_CHECKS); i++) {
        const struct analysis_check *c = &t->x->variants[rows[i].variant].checks[rows[i].check];

        grid_cell(g, t->x->result->scorers[c->scorer].name, GRID_PLAIN);
        grid_cell(g, t->x->variants[rows[i].variant].of->name, GRID_PLAIN);
        grid_cellf(g, "%" PRId64, c->passed);
        grid_cellf(g, "%" PRId64, c->failed);
        grid_cellf(g, "%" PRId64, c->not_evaluated);
        grid_cell(g, c->share.n ? arena_printf(t->arena, "%.1f %%", c->share.value * 100) : S("-"), GRID_PLAIN);
        grid_cell(g, analysis_share_interval(t, &c->share.interval), GRID_PLAIN);
    }
    grid_write(g, t->o, 1, &t->out);
    if (count > ANALYSES_CHECKS)
        analysis_words_put(t, arena_printf(t->arena, "... and %zu more in --json and --md.", count - ANALYSES_CHECKS));
}

/* --- dimensions --------------------------------------------------------------------------------------------------- */

static void analysis_table_effects(struct analysis_sheet *t, const size_t *order)
{
    const struct grid_column columns[] = {
        { .heading = "dimension", .least = 10 }, { .heading = "levels", .right = true },
        { .heading = "cases", .right = true }, { .heading = "H", .right = true, .drop = 1 },
        { .heading = t->o->ascii ? "eta2" : "eta\xc2\xb2", .right = true }, { .heading = "effect" },
        { .heading = "p", .right = true, .drop = 2 }, { .heading = "p (Holm)", .right = true },
        { .heading = "p (BH)", .right = true, .drop = 3 },
    };
    struct grid *g = grid_new(t->arena, columns, COUNT_OF(columns));

    for (size_t i = 0; i < t->x->dimension_count; i++) {
        const struct analysis_dimension *d = &t->x->dimensions[order[i]];
        const struct analysis_effect *f = &d->all;

        grid_cell(g, d->axis->name, GRID_PLAIN);
        grid_cellf(g, "%zu", f->groups);
        grid_cellf(g, "%" PRId64, f->n);
        grid_cell(g, analysis_number(f->known ? f->h : NAN, 2, t->arena), GRID_PLAIN);
        grid_cell(g, analysis_number(f->known ? f->eta_squared : NAN, 3, t->arena), analysis_heat(f));
        grid_cell(g, f->known ? str_c(analysis_eta_word(f->eta_squared)) : S("-"), analysis_heat(f));
        grid_cell(g, analysis_p(f->known ? f->p : NAN, t->arena), GRID_PLAIN);
        grid_cell(g, analysis_p(f->known ? f->p_holm : NAN, t->arena), GRID_PLAIN);
        grid_cell(g, analysis_p(f->known ? f->p_bh : NAN, t->arena), GRID_PLAIN);
    }
    grid_write(g, t->o, 1, &t->out);
}

/* A row for each variant, a column for each dimension: eta squared, with a star where Holm's p stands. */
static void analysis_table_heat(struct analysis_sheet *t, const size_t *order)
{
    const char *heading = t->o->ascii ? "eta2 by variant" : "eta\xc2\xb2 by variant";
    struct grid_column columns[DIMENSIONS_MAX + 1] = { { .heading = heading, .least = 12 } };
    struct grid *g;

    for (size_t i = 0; i < t->x->dimension_count; i++) {
        struct str name = report_fit(t->x->dimensions[order[i]].axis->name, 14, t->o->ascii, t->arena);

        columns[i + 1] = (struct grid_column){ .heading = arena_cstr(t->arena, name), .right = true, .least = 6, .drop = (unsigned)i };
    }
    g = grid_new(t->arena, columns, t->x->dimension_count + 1);
    for (size_t v = 0; v < t->x->variant_count; v++) {
        grid_cell(g, t->x->variants[v].of->name, GRID_PLAIN);
        for (size_t i = 0; i < t->x->dimension_count; i++) {
            const struct analysis_effect *f = &t->x->dimensions[order[i]].variants[v];
            struct str text = analysis_number(f->known ? f->eta_squared : NAN, 3, t->arena);

            grid_cell(g,
                      f->known
                          ? arena_printf(t->arena, "%s" STR_FMT, analysis_stands(f->p_holm) ? "*" : "", STR_ARG(text))
                          : S("-"),
                      analysis_heat(f));
        }
    }
    buf_byte(&t->out, '\n');
    grid_write(g, t->o, 1, &t->out);
    analysis_words_put(t, S("* beyond chance: p below 0.05 after Holm's correction over all of these."));
}

static void analysis_table_levels(struct analysis_sheet *t, const size_t *order)
{
    static const struct grid_column columns[] = {
        { .heading = "dimension", .least = 8 }, { .heading = "level", .right = true },
        { .heading = "", .least = 8 }, { .heading = "cases", .right = true },
        { .heading = "mean", .right = true }, { .heading = "95 % interval", .right = true, .drop = 1 },
    };
    struct grid *g = grid_new(t->arena, columns, COUNT_OF(columns));

    for (size_t i = 0; i < t->x->dimension_count; i++) {
        const struct analysis_dimension *d = &t->x->dimensions[order[i]];

        for (size_t k = 0; k < d->axis->level_count; k++) {
            grid_cell(g, k ? S("") : d->axis->name, GRID_PLAIN);
            grid_cellf(g, "%" PRId64, d->axis->levels[k].score);
            grid_cell(g, d->axis->levels[k].label, GRID_PLAIN);
            grid_cellf(g, "%" PRId64, d->levels[k].n);
            grid_cell(g, analysis_value(t->x, d->levels[k].mean, t->arena), GRID_PLAIN);
            grid_cell(g, analysis_interval(t->x, &d->levels[k].interval, t->arena), GRID_PLAIN);
        }
    }
    buf_byte(&t->out, '\n');
    grid_write(g, t->o, 1, &t->out);
}

static void analysis_table_dimensions(struct analysis_sheet *t)
{
    const size_t *order = analysis_dimensions_sorted(t->x, t->arena);

    if (!t->x->dimension_count)
        return;
    analysis_title(t, "Dimensions");
    analysis_words_put(t, S("Kruskal-Wallis over the levels; a case's value is its mean over the variants."));
    analysis_table_effects(t, order);
    analysis_words_put(t, analysis_dimension_words(t->x, t->arena));
    if (t->x->variant_count > 1)
        analysis_table_heat(t, order);
    analysis_table_levels(t, order);
}

/* --- pairs -------------------------------------------------------------------------------------------------------- */

static void analysis_table_pairs(struct analysis_sheet *t)
{
    static const struct grid_column columns[] = {
        { .heading = "first", .least = 10 }, { .heading = "second", .least = 10 },
        { .heading = "rho", .right = true }, { .heading = "95 % interval", .right = true, .drop = 2 },
        { .heading = "p (Holm)", .right = true }, { .heading = "p (BH)", .right = true, .drop = 7 },
        { .heading = "tau", .right = true, .drop = 4 }, { .heading = "d", .right = true, .drop = 1 },
        { .heading = "effect", .drop = 6 }, { .heading = "won-lost-tied", .right = true, .drop = 3 },
        { .heading = "sign p (Holm)", .right = true, .drop = 5 },
    };
    struct grid *g = grid_new(t->arena, columns, COUNT_OF(columns));
    const size_t *order = analysis_pairs_sorted(t->x, t->arena);

    if (!t->x->pair_count)
        return;
    analysis_title(t, "Agreement of variants, the least first");
    for (size_t i = 0; i < MIN(t->x->pair_count, (size_t)ANALYSES_PAIRS); i++) {
        const struct analysis_pair *p = &t->x->pairs[order[i]];
        bool stands = p->spearman.known && analysis_stands(p->spearman_holm);

        grid_cell(g, t->x->variants[p->first].of->name, GRID_PLAIN);
        grid_cell(g, t->x->variants[p->second].of->name, GRID_PLAIN);
        grid_cell(g, analysis_number(p->spearman.known ? p->spearman.value : NAN, 2, t->arena),
                  !stands                 ? GRID_DIM
                  : p->spearman.value < 0 ? GRID_RED
                                          : GRID_GREEN);
        grid_cell(g, analysis_plain_interval(&p->rho_interval, t->arena), GRID_PLAIN);
        grid_cell(g, analysis_p(p->spearman_holm, t->arena), GRID_PLAIN);
        grid_cell(g, analysis_p(p->spearman_bh, t->arena), GRID_PLAIN);
        grid_cell(g, analysis_number(p->kendall.known ? p->kendall.value : NAN, 2, t->arena), GRID_PLAIN);
        grid_cell(g, analysis_number(p->cohen_d, 2, t->arena), GRID_PLAIN);
        grid_cell(g, isnan(p->cohen_d) ? S("-") : str_c(stats_effect_word(p->cohen_d)), GRID_PLAIN);
        grid_cellf(g, "%" PRId64 "-%" PRId64 "-%" PRId64, p->wins.won, p->wins.lost, p->wins.tied);
        grid_cell(g, analysis_p(p->sign_holm, t->arena), GRID_PLAIN);
    }
    grid_write(g, t->o, 1, &t->out);
    if (t->x->pair_count > ANALYSES_PAIRS)
        analysis_words_put(t, arena_printf(t->arena, "... and %zu more pairs in --json.",
                                           t->x->pair_count - ANALYSES_PAIRS));
    analysis_words_put(t, analysis_agreement_words(t->x, t->arena));
    analysis_words_put(t, analysis_outlier_words(t->x, t->arena));
}

static void analysis_table_contested(struct analysis_sheet *t)
{
    static const struct grid_column columns[] = {
        { .heading = "case", .least = 8 }, { .heading = "variance", .right = true },
        { .heading = "n", .right = true, .drop = 2 }, { .heading = "lowest", .right = true },
        { .heading = "by", .least = 8, .drop = 1 }, { .heading = "highest", .right = true },
        { .heading = "by", .least = 8, .drop = 1 },
    };
    struct grid *g = grid_new(t->arena, columns, COUNT_OF(columns));

    if (!t->x->contested_count)
        return;
    analysis_title(t, "Most contested cases");
    for (size_t i = 0; i < t->x->contested_count; i++) {
        const struct analysis_case *c = &t->x->contested[i];
        size_t low, high;

        analysis_case_ends(t->x, c, &low, &high);
        grid_cell(g, c->id, GRID_PLAIN);
        grid_cellf(g, "%.4g", c->variance);
        grid_cellf(g, "%" PRId64, c->n);
        grid_cell(g, analysis_value(t->x, c->values[low], t->arena), GRID_PLAIN);
        grid_cell(g, t->x->variants[low].of->name, GRID_DIM);
        grid_cell(g, analysis_value(t->x, c->values[high], t->arena), GRID_PLAIN);
        grid_cell(g, t->x->variants[high].of->name, GRID_DIM);
    }
    grid_write(g, t->o, 1, &t->out);
}

static void analysis_table_warnings(struct analysis_sheet *t)
{
    if (!t->x->warning_count)
        return;
    analysis_title(t, "Mind");
    for (size_t i = 0; i < t->x->warning_count; i++) {
        const struct analysis_warning *w = &t->x->warnings[i];
        struct str text = arena_printf(t->arena, STR_FMT " " STR_FMT, STR_ARG(w->message), STR_ARG(w->recommendation));

        buf_puts(&t->out, " - ");
        grid_words(text, 3, 3, t->o, t->arena, &t->out);
    }
}

enum err_code analysis_table(const struct analysis *x, const struct report_options *o, const struct report_sink *sink,
                             struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16384);
    struct analysis_sheet t = { .x = x, .o = o, .arena = a, .out = BUF_INIT(ANALYSIS_PIECE_MAX) };
    enum err_code code;

    analysis_words_put(&t, analysis_heading(x, a));
    buf_byte(&t.out, '\n');
    analysis_table_variants(&t);
    analysis_table_wins(&t);
    analysis_table_dimensions(&t);
    analysis_table_pairs(&t);
    analysis_table_contested(&t);
    analysis_table_checks(&t);
    analysis_table_warnings(&t);
    code = report_put(sink, &t.out, e);
    buf_dispose(&t.out);
    return code;
}
