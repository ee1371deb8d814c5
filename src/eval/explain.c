#include "eval/explain.h"

#include <inttypes.h>
#include <math.h>

#include "eval/explain_parts.h"

void explain_line(struct explain_writer *w, enum explain_kind kind, struct str label, struct str text)
{
    if (text.len)
        vec_push(&w->part->lines, (struct explain_line){ kind, label, text });
}

struct str explain_count(struct explain_writer *w, int64_t n, const char *one)
{
    return arena_printf(w->a, "%" PRId64 " %s%s", n, one, n == 1 ? "" : "s");
}

struct str explain_name(struct explain_writer *w, size_t variant)
{
    return advise_name(&w->r->variants[variant], w->a);
}

struct str explain_names(struct explain_writer *w, const size_t *places, size_t n)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 16);
    size_t shown = n > EXPLAIN_VARIANTS ? EXPLAIN_VARIANTS : n;

    for (size_t i = 0; i < shown; i++)
        buf_printf(&b, "%s" STR_FMT, i == 0 ? "" : i + 1 == n ? " and " : ", ", STR_ARG(explain_name(w, places[i])));
    if (n > shown)
        buf_printf(&b, " and %zu more", n - shown);
    return arena_strdup(w->a, buf_str(&b));
}

/* --- cases -------------------------------------------------------------------------------------------------------- */

static bool explain_case_worse(const struct explain_case *a, const struct explain_case *b)
{
    double x = isnan(a->mean) ? 1 : a->mean, y = isnan(b->mean) ? 1 : b->mean;

    return a->wrong != b->wrong ? a->wrong > b->wrong : x < y;
}

static void explain_case_keep(struct explain_cases *out, struct explain_case k, struct arena *a)
{
    size_t at = out->worst_count;

    if (!k.wrong || (at == EXPLAIN_CASES && !explain_case_worse(&k, &out->worst[at - 1])))
        return;
    if (at < EXPLAIN_CASES)
        out->worst_count++;
    else
        at--;
    for (; at > 0 && explain_case_worse(&k, &out->worst[at - 1]); at--)
        out->worst[at] = out->worst[at - 1];
    k.id = arena_strdup(a, str_utf8_head(k.id, 200));
    out->worst[at] = k;
}

static void explain_case_read(const struct result *r, const struct case_row *row, struct explain_cases *out,
                              struct arena *a)
{
    struct explain_case k = { .id = row->id, .mean = NAN };
    double sum = 0;
    int64_t valued = 0;

    for (size_t v = 0; v < r->variant_count; v++) {
        const struct case_tally *t = &row->tallies[v];
        const struct case_cell *c = &row->cells[v];

        if (!t->done && !t->failed)
            continue;
        k.variants++;
        k.wrong += !t->done || t->critical > 0 || (c->n && case_cell_mean(c) < COMPARE_PASS - 1e-9);
        if (c->n)
            sum += case_cell_mean(c), valued++;
    }
    if (valued)
        k.mean = sum / (double)valued;
    out->seen += k.variants > 0;
    out->right += k.variants > 0 && !k.wrong;
    out->wrong += k.variants > 0 && k.wrong == k.variants;
    explain_case_keep(out, k, a);
}

enum err_code explain_cases_load(struct store *s, const struct result *r, struct arena *a, struct explain_cases *out,
                                 struct err *e)
{
    int measure = r->quality >= 0 ? (int)r->quality : CASE_MEASURE_NONE;
    AUTO(case_pages_freep) struct case_pages *pages = case_pages_new(s, r->run, r->scorer_count, &measure, 1);
    struct case_row row;

    *out = (struct explain_cases){ .seen = 0 };
    for (int64_t i = 0; i < r->run->cases; i++) {
        TRY(case_pages_get(pages, i, &row, e));
        if (row.id.len)
            explain_case_read(r, &row, out, a);
    }
    return ERR_OK;
}

/* --- what was tested ---------------------------------------------------------------------------------------------- */

static void explain_when(struct explain_writer *w)
{
    const struct run *run = w->r->run;
    int64_t left = run_trials(run) - w->r->done - w->r->failed - w->r->sure.spared;
    char date[REPORT_TEXT], took[REPORT_TEXT];

    if (!run->started_ms)
        explain_sentence(w, arena_printf(w->a, "It was planned on %s and has not begun.",
                                         report_date(run->created_ms, date)));
    else if (run->finished_ms)
        explain_sentence(w, arena_printf(w->a, "It began on %s and took %s.", report_date(run->started_ms, date),
                                         report_ms(run->finished_ms - run->started_ms, took)));
    else
        explain_sentence(w,
                         arena_printf(w->a, "It began on %s and has not ended.", report_date(run->started_ms, date)));
    if (run->state == RUN_STOPPED && run->stopped_by != STOP_NONE)
        explain_sentence(w, arena_printf(w->a, "It was stopped (%s).", stop_reason_name(run->stopped_by)));
    if (left > 0)
        explain_sentence(w, arena_printf(w->a, STR_FMT " no outcome yet; what follows is of the others.",
                                         STR_ARG(arena_printf(w->a, "%" PRId64 " trial%s", left,
                                                              left == 1 ? " has" : "s have"))));
}

static void explain_tested(struct explain_writer *w)
{
    const struct result *r = w->r;
    const struct run *run = r->run;
    struct str about = json_get_str(json_child(r->settings, "task"), "description");
    int64_t metrics = 0, checks = 0;

    for (size_t i = 0; i < r->scorer_count; i++)
        r->scorers[i].kind == SCORER_CHECK ? checks++ : metrics++;
    explain_sentence(w, arena_printf(w->a, "The task " STR_FMT " was run on " STR_FMT " with " STR_FMT
                                     ", each case %s: " STR_FMT ".", STR_ARG(report_fit(run->task_name, 80, false, w->a)),
                                     STR_ARG(explain_count(w, run->cases, "case")), STR_ARG(explain_count(w, run->variants, "variant")),
                                     run->repeat == 1 ? "once" : arena_printf(w->a, "%" PRId64 " times", run->repeat).at,
                                     STR_ARG(explain_count(w, run_trials(run), "trial"))));
    explain_when(w);
    explain_sentence(w, arena_printf(w->a, STR_FMT " and " STR_FMT " were asked for; %s.",
                                     STR_ARG(explain_count(w, metrics, "metric")),
                                     STR_ARG(explain_count(w, checks, "check")),
                                     r->quality < 0 ? "none of them can rank"
                                                    : arena_printf(w->a, "%s ranks", result_quality_name(r)).at));
    if (about.len)
        explain_fact(w, S("task"), report_clean(str_utf8_head(about, 600), false, false, w->a));
}

/* --- what was found ----------------------------------------------------------------------------------------------- */

struct str explain_interval(struct explain_writer *w, const struct interval *i)
{
    return i->known ? arena_printf(w->a, "%.1f to %.1f", i->low * 100, i->high * 100) : S("interval not known");
}

static void explain_ranking(struct explain_writer *w)
{
    const struct result *r = w->r;
    size_t ranked = 0;

    for (size_t i = 0; i < r->variant_count && r->variants[i].rank; i++, ranked++) {
        const struct result_variant *v = &r->variants[i];
        char percent[REPORT_TEXT];

        if (ranked < EXPLAIN_VARIANTS)
            explain_fact(w, arena_printf(w->a, "#%" PRId64 " " STR_FMT, v->rank, STR_ARG(explain_name(w, i))),
                         arena_printf(w->a, "%s (" STR_FMT "), %s, " STR_FMT, report_percent(v->quality.value, percent),
                                      STR_ARG(explain_interval(w, &v->quality.interval)), tier_name(v->tier),
                                      STR_ARG(recommend_cost(v, w->a))));
    }
    if (ranked > EXPLAIN_VARIANTS)
        explain_fact(w, STR_NONE, arena_printf(w->a, "%zu more, all lower or equal.", ranked - EXPLAIN_VARIANTS));
}

/* Variants with exactly the highest mean. */
static size_t explain_firsts(const struct result *r)
{
    size_t n = 0;

    while (n < r->variant_count && r->variants[n].rank && r->variants[n].quality.value == r->variants[0].quality.value)
        n++;
    return n;
}

static void explain_highest(struct explain_writer *w)
{
    size_t n = explain_firsts(w->r), *first = arena_array(w->a, size_t, n + 1);

    for (size_t i = 0; i < n; i++)
        first[i] = i;
    explain_sentence(w, arena_printf(w->a, STR_FMT " %s the highest %s.", STR_ARG(explain_names(w, first, n)),
                                     n == 1 ? "has" : "share", result_quality_name(w->r)));
}

/* "These three can't be told apart: take the cheapest." */
static void explain_told_apart(struct explain_writer *w)
{
    const struct result *r = w->r;
    size_t *same = arena_array(w->a, size_t, r->variant_count + 1),
           *worse = arena_array(w->a, size_t, r->variant_count + 1);
    size_t sames = 0, worses = 0;
    int64_t pairs = 0;
    ptrdiff_t take = r->recommendation.value;

    for (size_t i = 0; i < r->variant_count; i++) {
        enum verdict v = r->variants[i].against.verdict;

        if (v == VERDICT_FIRST || v == VERDICT_SAME)
            same[sames++] = i, pairs = MAX(pairs, r->variants[i].against.cases);
        else if (v == VERDICT_WORSE)
            worse[worses++] = i;
    }
    if (sames > 1)
        explain_sentence(w,
                         arena_printf(w->a, STR_FMT " can't be told apart on " STR_FMT STR_FMT ".",
                                      STR_ARG(sames == explain_firsts(r) ? S("They") : explain_names(w, same, sames)),
                                      STR_ARG(explain_count(w, pairs, "case")),
                                      STR_ARG(take < 0
                                                  ? S("; the cost of none near the top is known")
                                                  : arena_printf(w->a, ": take " STR_FMT ", the cheapest near the top",
                                                                 STR_ARG(explain_name(w, (size_t)take))))));
    if (worses)
        explain_sentence(w, arena_printf(w->a, STR_FMT " %s lower than " STR_FMT " by more than chance.",
                                         STR_ARG(explain_names(w, worse, worses)), worses == 1 ? "is" : "are",
                                         STR_ARG(explain_name(w, 0))));
}

static void explain_thresholds(struct explain_writer *w)
{
    const struct result *r = w->r;
    size_t missed = 0;

    for (size_t i = 0; i < r->threshold_count; i++)
        missed += !r->thresholds[i].met;
    if (r->threshold_count)
        explain_sentence(w, missed ? arena_printf(w->a, "%zu of %zu thresholds (counted by variant) %s missed.", missed,
                                                  r->threshold_count, missed == 1 ? "was" : "were")
                                   : S("Every threshold is met."));
}

static void explain_found(struct explain_writer *w)
{
    const struct result *r = w->r;

    if (r->recommendation.best < 0) {
        explain_sentence(w, r->recommendation.best_text);
        explain_thresholds(w);
        return;
    }
    if (r->variant_count == 1)
        explain_sentence(w, arena_printf(w->a, STR_FMT " was the only variant, so there is nothing to hold it against.",
                                         STR_ARG(explain_name(w, 0))));
    else
        explain_highest(w);
    explain_told_apart(w);
    explain_thresholds(w);
    explain_ranking(w);
}

/* --- cost --------------------------------------------------------------------------------------------------------- */

static void explain_cost(struct explain_writer *w)
{
    const struct result *r = w->r;
    const struct run *run = r->run;
    struct ledger_entry phases[PHASES] = { 0 };
    char money[MONEY_TEXT], other[MONEY_TEXT];
    int64_t failed = 0;

    for (size_t i = 0; i < r->ledger_count; i++) {
        struct ledger_entry *p = &phases[r->ledger[i].entry.phase];

        p->calls += r->ledger[i].entry.calls;
        p->cost_nanousd += r->ledger[i].entry.cost_nanousd;         /* within the whole, which result_load has summed */
        p->unknown_calls += r->ledger[i].entry.unknown_calls;
    }
    for (size_t i = 0; i < r->variant_count; i++)
        failed += r->variants[i].sum->failed_cost_nanousd;
    explain_sentence(w, !r->ledger_count ? S("No call has been billed.")
                        : r->spent_unknown_calls && !r->spent_nanousd
                            ? arena_printf(w->a, "What the run cost is not known: the price of " STR_FMT " is not.",
                                           STR_ARG(explain_count(w, r->spent_unknown_calls, "call")))
                        : r->spent_unknown_calls ? arena_printf(w->a, "What is known of the cost is %s; the price of " STR_FMT
                          " is not known, so the whole is not either.", money_show(r->spent_nanousd, money),
                          STR_ARG(explain_count(w, r->spent_unknown_calls, "call")))
                        : arena_printf(w->a, "The whole run cost %s.", money_show(r->spent_nanousd, money)));
    if (run->estimate_nanousd != MONEY_UNKNOWN && r->ledger_count)
        explain_sentence(w, arena_printf(w->a, "The estimate was %s.", money_show(run->estimate_nanousd, money)));
    if (run->budget_nanousd)
        explain_sentence(w, arena_printf(w->a, "The budget was %s.", money_show(run->budget_nanousd, money)));
    if (failed > 0)
        explain_sentence(w, arena_printf(w->a, "%s of it went to trials that failed.", money_show(failed, money)));
    for (int p = 0; p < PHASES; p++)
        if (phases[p].calls || phases[p].unknown_calls)
            explain_fact(
                w, str_c(phase_name((enum phase)p)),
                arena_printf(w->a, "%s in " STR_FMT "%s",
                             phases[p].unknown_calls && !phases[p].cost_nanousd
                                 ? "unknown cost"
                                 : money_show(phases[p].cost_nanousd, other),
                             STR_ARG(explain_count(w, phases[p].calls, "call")),
                             phases[p].unknown_calls
                                 ? arena_printf(w->a, ", %" PRId64 " of unknown price", phases[p].unknown_calls).at
                                 : ""));
}

/* --- what to take for which use ----------------------------------------------------------------------------------- */

static void explain_advice(struct explain_writer *w)
{
    const struct advise *x = w->advise;
    size_t *avoid = arena_array(w->a, size_t, x->avoid_count + 1);
    char poor[RECOMMEND_PERCENT];

    recommend_percent(w->r->rules.from[TIER_ACCEPTABLE], poor);
    if (x->frontier_count > 1)
        explain_sentence(w, arena_printf(w->a, "Nothing as cheap is better than these, cheapest first: " STR_FMT ".",
                                         STR_ARG(explain_names(w, x->frontier, x->frontier_count))));
    for (size_t i = 0; i < x->avoid_count; i++)
        avoid[i] = x->avoid[i].variant;
    if (x->avoid_count)
        explain_sentence(w, arena_printf(w->a, "Keep away from " STR_FMT ".",
                                         STR_ARG(explain_names(w, avoid, x->avoid_count))));
    for (size_t i = 0; i < x->use_count; i++)
        explain_fact(w, str_c(strcmp(x->uses[i].use, "cost_sensitive") == 0 ? "cost-sensitive" : x->uses[i].use),
                     x->uses[i].text);
    for (size_t i = 0; i < MIN(x->avoid_count, (size_t)EXPLAIN_VARIANTS); i++)
        explain_fact(w, S("avoid"),
                     arena_printf(w->a, STR_FMT ": " STR_FMT "%s", STR_ARG(explain_name(w, x->avoid[i].variant)),
                                  STR_ARG(x->avoid[i].why),
                                  x->avoid[i].sure
                                      ? ""
                                      : arena_printf(w->a, " (not certain: its interval reaches %s)", poor).at));
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static void explain_release(void *arg)
{
    struct explain *x = arg;

    for (size_t i = 0; i < EXPLAIN_PARTS; i++)
        vec_dispose(&x->parts[i].lines);
}

void explain_make(const struct result *r, const struct explain_cases *cases, struct arena *a, struct explain **out)
{
    static const struct { const char *name, *heading; void (*write)(struct explain_writer *w); } parts[EXPLAIN_PARTS] = {
        [EXPLAIN_TESTED] = { "tested", "What was tested", explain_tested },
        [EXPLAIN_FOUND] = { "found", "What was found", explain_found },
        [EXPLAIN_FAILING] = { "failing", "Where it goes wrong", explain_failing },
        [EXPLAIN_SURE] = { "sure", "How sure this is", explain_sure },
        [EXPLAIN_COST] = { "cost", "What it cost", explain_cost },
        [EXPLAIN_ADVICE] = { "advice", "What to take for what", explain_advice },
        [EXPLAIN_CHANGE] = { "change", "What would change the answer", explain_change },
    };
    struct explain *x = arena_new(a, struct explain);
    struct explain_writer w = { .r = r, .cases = cases, .a = a, .advise = &x->advise };

    arena_defer(a, explain_release, x);
    advise_make(r, a, &x->advise);
    for (size_t i = 0; i < EXPLAIN_PARTS; i++) {
        w.part = &x->parts[i];
        w.part->name = parts[i].name;
        w.part->heading = parts[i].heading;
        parts[i].write(&w);
    }
    *out = x;
}

enum err_code explain_load(struct store *s, const struct result *r, struct arena *a, struct explain **out,
                           struct err *e)
{
    struct explain_cases cases;

    TRY(explain_cases_load(s, r, a, &cases, e));
    explain_make(r, &cases, a, out);
    return ERR_OK;
}

struct str explain_words(const struct explain_line *l, struct arena *a)
{
    return l->label.len ? arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(l->label), STR_ARG(l->text)) : l->text;
}

json_t *explain_json(const struct explain *x)
{
    json_t *list = json_array();

    for (size_t i = 0; i < EXPLAIN_PARTS; i++) {
        const struct explain_part *p = &x->parts[i];
        json_t *sentences = json_array(), *facts = json_array();

        for (size_t k = 0; k < p->lines.len; k++) {
            const struct explain_line *l = &p->lines.at[k];

            if (l->kind == EXPLAIN_SENTENCE)
                json_array_append_new(sentences, json_from_str(l->text));
            else
                json_array_append_new(facts, json_pack("{s:o, s:o}", "label", json_from_str(l->label), "text",
                                                       json_from_str(l->text)));
        }
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o}", "part", p->name, "heading", p->heading, "sentences", sentences,
                                              "facts", facts));
    }
    return list;
}

void explain_markdown(const struct explain *x, struct buf *out)
{
    for (size_t i = 0; i < EXPLAIN_PARTS; i++) {
        const struct explain_part *p = &x->parts[i];
        bool began = false, listed = false;

        if (!p->lines.len)
            continue;
        buf_printf(out, "%s## %s\n\n", out->len ? "\n" : "", p->heading);
        for (size_t k = 0; k < p->lines.len; k++) {
            const struct explain_line *l = &p->lines.at[k];

            if (l->kind == EXPLAIN_FACT)
                continue;
            buf_puts(out, began ? " " : "");
            report_md_text(out, l->text);
            began = true;
        }
        buf_puts(out, began ? "\n" : "");
        for (size_t k = 0; k < p->lines.len; k++) {
            const struct explain_line *l = &p->lines.at[k];

            if (l->kind == EXPLAIN_SENTENCE)
                continue;
            buf_puts(out, began && !listed ? "\n- " : "- ");
            listed = true;
            if (l->label.len) {
                buf_puts(out, "**");
                report_md_text(out, l->label);
                buf_puts(out, "**: ");
            }
            report_md_text(out, l->text);
            buf_byte(out, '\n');
        }
    }
}
