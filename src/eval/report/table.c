/* src/eval/report/table.c: the terminal. A ranked table, what failed, what to take.
 *
 * Columns give way in a fixed order until a row fits: percentiles past the median go, then words get short, then names
 * are cut in the middle. No line is ever wider than the terminal (36 columns at least). Colour carries nothing the text
 * does not say. */
#include "eval/report/report.h"
#include "eval/report/spread.h"

#include <inttypes.h>
#include <stdio.h>

#define TABLE_PIECE_MAX   ((size_t)64 << 20)
#define TABLE_COLUMNS_MIN 36
#define TABLE_NAME_MIN    12
#define TABLE_NAME_WISH   20        /* columns go before a name is cut below this */
#define TABLE_NAME_MAX    44

enum table_column {
    TABLE_RANK,
    TABLE_NAME,
    TABLE_QUALITY,
    TABLE_INTERVAL,
    TABLE_CASES,
    TABLE_CRITICAL,
    TABLE_VIOLATIONS,
    TABLE_FAILED,
    TABLE_P50,
    TABLE_P95,
    TABLE_COST,
    TABLE_AGAINST,
    TABLE_COLUMNS
};
enum table_form { TABLE_HIDDEN, TABLE_SHORT, TABLE_MEDIUM, TABLE_LONG };
enum table_paint { PAINT_NONE, PAINT_BOLD, PAINT_DIM, PAINT_GREEN, PAINT_CYAN, PAINT_YELLOW, PAINT_RED };

struct table {
    const struct result *r;
    const struct report_options *o;
    struct arena *arena;
    struct buf out;
    size_t columns;
    enum table_form form[TABLE_COLUMNS];
    size_t width[TABLE_COLUMNS];
};

static void table_paint(struct table *t, enum table_paint p, struct str text)
{
    static const char *const codes[] = { "", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[36m", "\x1b[33m", "\x1b[31m" };

    if (!t->o->color || p == PAINT_NONE || !text.len) {
        buf_append(&t->out, text);
        return;
    }
    buf_puts(&t->out, codes[p]);
    buf_append(&t->out, text);
    buf_puts(&t->out, "\x1b[0m");
}

static void table_spaces(struct table *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_byte(&t->out, ' ');
}

static struct str table_dot(const struct table *t)
{
    return t->o->ascii ? S(" | ") : S(" \xc2\xb7 ");
}

/* --- cells -------------------------------------------------------------------------------------------------------- */

static struct str table_heading(const struct table *t, enum table_column c)
{
    bool is_long = t->form[c] == TABLE_LONG;

    switch (c) {
    case TABLE_RANK:        return S("#");
    case TABLE_NAME:        return S("variant");
    case TABLE_QUALITY:     return report_fit(str_c(result_quality_name(t->r)), is_long ? 22 : 10, t->o->ascii, t->arena);
    case TABLE_INTERVAL:    return is_long ? S("95 % interval") : S("95 % int.");
    case TABLE_CASES:       return S("n");
    case TABLE_CRITICAL:    return is_long ? S("critical") : S("crit");
    case TABLE_VIOLATIONS:  return is_long ? S("violations") : S("viol");
    case TABLE_FAILED:      return is_long ? S("failed") : S("fail");
    case TABLE_P50:         return S("p50");
    case TABLE_P95:         return S("p95");
    case TABLE_COST:        return S("$/1,000");
    case TABLE_AGAINST:     return t->form[c] == TABLE_SHORT ? S("vs #1") : is_long ? S("against #1") : S("against #1, p");
    default:                return S("");
    }
}

static struct str table_against(const struct table *t, const struct result_variant *v)
{
    const struct compare_difference *x = &v->against;
    const char *word = verdict_name(x->verdict);
    char p[24];

    if (x->verdict == VERDICT_FIRST || x->verdict == VERDICT_NONE)
        return S("-");
    if (v->raced)
        return t->form[TABLE_AGAINST] == TABLE_SHORT ? str_c(word) : arena_printf(t->arena, "%s, sure", word);
    if (x->p_holm < 0.001)
        snprintf(p, sizeof p, "<0.001");
    else
        snprintf(p, sizeof p, "%.*f", x->p_holm < 0.1 ? 3 : 2, x->p_holm);
    switch (t->form[TABLE_AGAINST]) {
    case TABLE_LONG:    return arena_printf(t->arena, "%s (p %s)", word, p);
    case TABLE_MEDIUM:  return arena_printf(t->arena, "%s %s", word, p);
    default:            return str_c(word);
    }
}

static struct str table_cell(const struct table *t, const struct result_variant *v, enum table_column c)
{
    const struct interval *i = &v->quality.interval;
    char text[REPORT_TEXT];

    switch (c) {
    case TABLE_RANK: return v->rank ? arena_printf(t->arena, "%" PRId64, v->rank) : S("-");
    case TABLE_NAME:
        return report_fit(v->name, t->width[TABLE_NAME] ? t->width[TABLE_NAME] : TABLE_NAME_MAX, t->o->ascii, t->arena);
    case TABLE_QUALITY:
        return v->quality.n ? arena_strdup(t->arena, str_c(report_percent(v->quality.value, text))) : S("-");
    case TABLE_INTERVAL:
        if (!i->known)
            return S("-");
        return arena_printf(t->arena, t->form[c] == TABLE_LONG ? "%.1f - %.1f" : "%.0f-%.0f", i->low * 100,
                            i->high * 100);
    case TABLE_CASES: return arena_printf(t->arena, "%" PRId64, v->quality.n);
    case TABLE_CRITICAL: return arena_printf(t->arena, "%" PRId64, v->sum->critical);
    case TABLE_VIOLATIONS: return arena_printf(t->arena, "%" PRId64, v->sum->violations);
    case TABLE_FAILED: return arena_printf(t->arena, "%" PRId64 "%s", v->sum->failed, v->abandoned ? "*" : "");
    case TABLE_P50: return arena_strdup(t->arena, str_c(report_ms(v->p50_ms, text)));
    case TABLE_P95: return arena_strdup(t->arena, str_c(report_ms(v->p95_ms, text)));
    case TABLE_COST: return arena_strdup(t->arena, str_c(report_per_thousand(v, text)));
    case TABLE_AGAINST: return table_against(t, v);
    default: return S("");
    }
}

static enum table_paint table_color(const struct result_variant *v, enum table_column c)
{
    static const enum table_paint tiers[] = { PAINT_NONE, PAINT_RED, PAINT_YELLOW, PAINT_CYAN, PAINT_GREEN };

    switch (c) {
    case TABLE_QUALITY:     return tiers[v->tier];
    case TABLE_CRITICAL:    return v->sum->critical ? PAINT_RED : PAINT_GREEN;
    case TABLE_VIOLATIONS:  return v->sum->violations ? PAINT_YELLOW : PAINT_GREEN;
    case TABLE_FAILED:      return v->sum->failed ? PAINT_RED : PAINT_NONE;
    case TABLE_AGAINST:     return v->against.verdict == VERDICT_WORSE ? PAINT_DIM : PAINT_NONE;
    default:                return PAINT_NONE;
    }
}

/* --- fitting ------------------------------------------------------------------------------------------------------ */

static size_t table_measure(struct table *t, bool names)
{
    size_t total = 1;                                   /* the space in front */

    for (int c = 0; c < TABLE_COLUMNS; c++) {
        if (!t->form[c])
            continue;
        if (c != TABLE_NAME || names) {
            size_t widest;

            t->width[c] = 0;
            widest = str_utf8_width(table_heading(t, c));
            for (size_t i = 0; i < t->r->variant_count; i++)
                widest = MAX(widest, str_utf8_width(table_cell(t, &t->r->variants[i], c)));
            t->width[c] = widest;
        }
        total += t->width[c] + (total > 1 ? 2 : 0);
    }
    return total;
}

static void table_fit(struct table *t)
{
    static const struct { enum table_column column; enum table_form form; } steps[] = {
        { TABLE_P95, TABLE_HIDDEN }, { TABLE_QUALITY, TABLE_SHORT }, { TABLE_CRITICAL, TABLE_SHORT }, { TABLE_VIOLATIONS, TABLE_SHORT },
        { TABLE_FAILED, TABLE_SHORT }, { TABLE_AGAINST, TABLE_MEDIUM }, { TABLE_INTERVAL, TABLE_SHORT }, { TABLE_AGAINST, TABLE_SHORT },
    };
    static const enum table_column last[] = { TABLE_FAILED, TABLE_VIOLATIONS, TABLE_P50, TABLE_AGAINST, TABLE_INTERVAL,
                                              TABLE_CRITICAL, TABLE_COST };
    size_t step = 0, total, wish, name;
    bool checks = false, failed = false;

    for (size_t i = 0; i < t->r->scorer_count; i++)
        checks |= t->r->scorers[i].kind == SCORER_CHECK;
    failed = t->r->failed > 0;
    for (int c = 0; c < TABLE_COLUMNS; c++)
        t->form[c] = TABLE_LONG;
    if (!checks)
        t->form[TABLE_CRITICAL] = t->form[TABLE_VIOLATIONS] = TABLE_HIDDEN;
    if (!failed)
        t->form[TABLE_FAILED] = TABLE_HIDDEN;
    if (!t->r->sure.spared)
        t->form[TABLE_CASES] = TABLE_HIDDEN;            /* all were asked the same */
    if (t->r->variant_count < 2)
        t->form[TABLE_AGAINST] = TABLE_HIDDEN;
    if (t->r->quality < 0)
        t->form[TABLE_QUALITY] = t->form[TABLE_INTERVAL] = t->form[TABLE_AGAINST] = t->form[TABLE_CASES] = TABLE_HIDDEN;
    while ((total = table_measure(t, true)) > t->columns && step < COUNT_OF(steps)) {
        if (t->form[steps[step].column])
            t->form[steps[step].column] = steps[step].form;
        step++;
    }
    /* What is also told in words below the table goes next, then what is left over is taken from the names. */
    wish = MIN(t->width[TABLE_NAME], (size_t)TABLE_NAME_WISH);
    name = t->width[TABLE_NAME];
    for (size_t i = 0; i <= COUNT_OF(last) && total > t->columns; i++) {
        size_t over = total - t->columns;

        if (name >= over + (i < COUNT_OF(last) ? wish : TABLE_NAME_MIN)) {
            t->width[TABLE_NAME] = name - over;
            table_measure(t, false);
            return;
        }
        if (i < COUNT_OF(last))
            t->form[last[i]] = TABLE_HIDDEN;
        total = table_measure(t, true);
    }
    if (total > t->columns)
        t->width[TABLE_NAME] = TABLE_NAME_MIN;
    table_measure(t, false);
}

/* --- pieces ------------------------------------------------------------------------------------------------------- */

static void table_row(struct table *t, const struct result_variant *v)
{
    size_t gap = 1, owed = 0;                           /* spaces are owed until something follows: no line ends in one */

    for (int c = 0; c < TABLE_COLUMNS; c++) {
        struct str text;
        size_t room;

        if (!t->form[c])
            continue;
        text = v ? table_cell(t, v, c) : table_heading(t, c);
        if (c == TABLE_NAME && !v)
            text = report_fit(text, t->width[c], t->o->ascii, t->arena);
        room = t->width[c] - MIN(t->width[c], str_utf8_width(text));
        table_spaces(t, owed + gap + (c == TABLE_RANK ? room : 0));
        table_paint(t, v ? table_color(v, c) : PAINT_BOLD, text);
        owed = c == TABLE_RANK ? 0 : room;
        gap = 2;
    }
    buf_byte(&t->out, '\n');
}

/* `text` after `label`, broken between words; later lines begin below the text. */
static void table_paragraph(struct table *t, const char *label, size_t label_width, struct str text,
                            enum table_paint paint)
{
    size_t at = 1 + label_width, used;
    struct str rest = text, word, clean;

    buf_byte(&t->out, ' ');
    table_paint(t, paint, str_c(label));
    table_spaces(t, label_width - MIN(label_width, strlen(label)));
    used = at;
    while (str_split(&rest, ' ', &word)) {
        size_t width;

        clean = report_fit(word, t->columns - at, t->o->ascii, t->arena);
        width = str_utf8_width(clean);
        if (used > at && used + 1 + width > t->columns) {
            buf_byte(&t->out, '\n');
            table_spaces(t, at);
            used = at;
        } else if (used > at) {
            buf_byte(&t->out, ' ');
            used++;
        }
        buf_append(&t->out, clean);
        used += width;
    }
    buf_byte(&t->out, '\n');
}

static void table_header(struct table *t)
{
    const struct run *run = t->r->run;
    struct str dot = table_dot(t);
    bool stopped = run->state == RUN_STOPPED && run->stopped_by != STOP_NONE;

    table_paragraph(t, "", 0, arena_printf(t->arena, STR_FMT STR_FMT "%" PRId64 " case%s x %" PRId64 " variant%s x %" PRId64
                    " = %" PRId64 " trials" STR_FMT "%s%s%s", STR_ARG(run->task_name), STR_ARG(dot), run->cases,
                    run->cases == 1 ? "" : "s", run->variants, run->variants == 1 ? "" : "s", run->repeat, run_trials(run),
                    STR_ARG(dot), run_state_name(run->state), stopped ? ": " : "",
                    stopped ? stop_reason_name(run->stopped_by) : ""), PAINT_NONE);
    buf_byte(&t->out, '\n');
}

static void table_failures(struct table *t)
{
    for (size_t i = 0; i < t->r->variant_count; i++) {
        const struct result_variant *v = &t->r->variants[i];
        AUTO_BUF struct buf classes = BUF_INIT(800);
        bool some = false;

        if (!v->sum->failed)
            continue;
        for (int c = 0; c < ERR_CODES; c++)
            if (v->sum->errors[c]) {
                buf_printf(&classes, "%s%s %" PRId64, some ? ", " : "", err_name((enum err_code)c), v->sum->errors[c]);
                some = true;
            }
        table_paragraph(t, "failed", 8,
                        arena_printf(t->arena, STR_FMT ": %" PRId64 " of %" PRId64 " (" STR_FMT ")%s", STR_ARG(v->name),
                                     v->sum->failed, v->sum->failed + v->sum->done, STR_ARG(buf_str(&classes)),
                                     v->abandoned ? "; given up after failures in a row" : ""),
                        PAINT_RED);
    }
}

/* Checks that could not be decided somewhere: they are no failures, and no passes. */
static void table_not_evaluated(struct table *t)
{
    AUTO_BUF struct buf names = BUF_INIT(4000);
    size_t checks = 0;

    for (size_t i = 0; i < t->r->scorer_count; i++) {
        int64_t missing = 0, all = 0;

        for (size_t v = 0; v < t->r->variant_count && t->r->scorers[i].kind == SCORER_CHECK; v++) {
            const struct aggregate_scorer *sum = &t->r->variants[v].sum->scorers[i];

            missing += sum->missing;
            all += sum->missing + sum->n;
        }
        if (!missing)
            continue;
        buf_printf(&names, "%s" STR_FMT, checks++ ? ", " : "",
                   STR_ARG(report_clean(t->r->scorers[i].name, t->o->ascii, false, t->arena)));
        if (missing < all)
            buf_printf(&names, " (%" PRId64 " of %" PRId64 " trials)", missing, all);
    }
    if (checks)
        table_paragraph(t, "", 0,
                        arena_printf(t->arena, "%zu check%s not evaluated: " STR_FMT "%s", checks,
                                     checks == 1 ? "" : "s", STR_ARG(buf_str(&names)),
                                     buf_failed(&names) ? " ..." : ""),
                        PAINT_DIM);
}

static void table_thresholds(struct table *t)
{
    for (size_t i = 0; i < t->r->threshold_count; i++) {
        const struct result_threshold *h = &t->r->thresholds[i];
        enum metric_unit unit = METRIC_RATIO;
        char value[REPORT_TEXT], limit[REPORT_TEXT];

        if (h->met)
            continue;
        for (size_t k = 0; k < t->r->scorer_count; k++)
            if (str_eq(t->r->scorers[k].name, h->metric))
                unit = t->r->scorers[k].unit;
        report_value(unit, h->limit, limit);
        table_paragraph(t, "missed", 8,
                        arena_printf(t->arena, STR_FMT ": " STR_FMT " is %s, the threshold is at %s %s",
                                     STR_ARG(t->r->variants[h->variant].name), STR_ARG(h->metric),
                                     h->measured ? report_value(unit, h->value, value) : "not measured",
                                     h->ceiling ? "most" : "least", limit),
                        PAINT_RED);
    }
    if (t->r->thresholds_waiting)
        table_paragraph(t, "", 0, S("A threshold waits for a judge: assay judge."), PAINT_NONE);
    if (t->r->threshold_count && t->r->thresholds_met)
        table_paragraph(t, "", 0, S("Every variant meets every threshold."), PAINT_NONE);
}

static void table_recommendation(struct table *t)
{
    const struct recommendation *m = &t->r->recommendation;
    enum { LABEL = 15 };

    buf_byte(&t->out, '\n');
    if (m->best < 0) {
        table_paragraph(t, "", 0, m->best_text, PAINT_NONE);
        return;
    }
    table_paragraph(t, "Best overall", LABEL, m->best_text, PAINT_BOLD);
    if (m->value_text.len)
        table_paragraph(t, "Best value", LABEL, m->value_text, PAINT_BOLD);
    if (m->budget_text.len)
        table_paragraph(t, "Budget option", LABEL, m->budget_text, PAINT_BOLD);
    else
        table_paragraph(t, "Budget option", LABEL, m->budget_none, PAINT_BOLD);
    if (m->tell_text.len)
        table_paragraph(t, "", 0, m->tell_text, PAINT_NONE);
    if (t->r->sure.spared)
        table_paragraph(t, "", 0, result_sure_text(t->r, t->arena), PAINT_NONE);
    for (size_t i = 0; i < m->advice_count; i++)
        table_paragraph(t, "", 0, m->advice[i], PAINT_NONE);
}

static void table_footer(struct table *t)
{
    const struct result *r = t->r;
    struct str dot = table_dot(t), id = id_short(r->run->id), unknown = S("");
    char took[REPORT_TEXT], money[MONEY_TEXT];

    buf_byte(&t->out, '\n');
    if (r->spent_unknown_calls)
        unknown = arena_printf(t->arena, " + %" PRId64 " calls of unknown price", r->spent_unknown_calls);
    report_ms(result_duration_ms(r, clock_wall_ms()), took);
    table_paragraph(t, "", 0, arena_printf(t->arena, "run " STR_FMT STR_FMT "%" PRId64 " trials, %" PRId64 " retried, %" PRId64
                    " failed" STR_FMT "%s" STR_FMT "%s" STR_FMT, STR_ARG(id), STR_ARG(dot), r->done + r->failed, r->retried, r->failed,
                    STR_ARG(dot), took, STR_ARG(dot), money_show(r->spent_nanousd, money),
                    STR_ARG(unknown)), PAINT_DIM);
}

/* Every metric and check: a row each, the variants by their rank across, as many at a time as fit. */
static void table_detail(struct table *t)
{
    enum { LABEL = 24, CELL = 10 };
    size_t each = MAX((t->columns - LABEL - 1) / CELL, (size_t)1);

    for (size_t from = 0; from < t->r->variant_count; from += each) {
        size_t to = MIN(from + each, t->r->variant_count);

        buf_byte(&t->out, '\n');
        buf_byte(&t->out, ' ');
        table_paint(t, PAINT_BOLD, arena_printf(t->arena, "%-*s", LABEL, "metric or check"));
        for (size_t v = from; v < to; v++)
            table_paint(t, PAINT_BOLD, arena_printf(t->arena, "%*s", CELL, arena_cstr(t->arena, t->r->variants[v].rank
                        ? arena_printf(t->arena, "#%" PRId64, t->r->variants[v].rank) : S("-"))));
        buf_byte(&t->out, '\n');
        for (size_t i = 0; i < t->r->scorer_count; i++) {
            struct str name = report_fit(t->r->scorers[i].name, LABEL - 2, t->o->ascii, t->arena);

            buf_byte(&t->out, ' ');
            buf_append(&t->out, name);
            table_spaces(t, LABEL - str_utf8_width(name));
            for (size_t v = from; v < to; v++) {
                const struct estimate *x = &t->r->variants[v].scores[i];
                char text[REPORT_TEXT];

                buf_printf(&t->out, "%*s", CELL, x->n ? report_value(t->r->scorers[i].unit, x->value, text) : "-");
            }
            buf_byte(&t->out, '\n');
        }
    }
}

static void table_preferences(struct table *t)
{
    for (size_t i = 0; i < t->r->pair_count; i++)
        table_paragraph(t, i ? "" : "pairs", 8, report_preference(t->r, &t->r->pairs[i], t->arena), PAINT_DIM);
}

static void table_labels(struct table *t)
{
    const struct result *r = t->r;

    for (size_t i = 0; i < r->labelled_count; i++) {
        table_paragraph(t, "labels", 8, report_labelled(&r->labelled[i], t->arena), PAINT_DIM);
        for (size_t v = 0; v < r->variant_count; v++)
            table_paragraph(t, "", 8,
                            arena_printf(t->arena, STR_FMT ": " STR_FMT,
                                         STR_ARG(report_clean(r->variants[v].name, t->o->ascii, false, t->arena)),
                                         STR_ARG(report_labels_of(&r->labelled[i], &r->variants[v], t->arena))),
                            PAINT_DIM);
    }
}

static void table_judge(struct table *t)
{
    struct judge_quality_line lines[JUDGE_QUALITY_LINES];
    const struct result *r = t->r;
    struct str said = report_judged(r, t->arena);
    size_t n;

    if (!said.len)
        return;
    table_paragraph(t, "judge", 8, said, PAINT_DIM);
    for (size_t v = 0; v < r->variant_count; v++)
        table_paragraph(t, "", 8,
                        arena_printf(t->arena, STR_FMT ": " STR_FMT,
                                     STR_ARG(report_clean(r->variants[v].name, t->o->ascii, false, t->arena)),
                                     STR_ARG(
                                         report_estimate(&r->variants[v].scores[r->judge_at], METRIC_RATIO, t->arena))),
                        PAINT_DIM);
    n = report_judge_lines(r, t->arena, lines);
    for (size_t i = 0; i < n; i++)
        table_paragraph(t, "", 8, arena_printf(t->arena, "%s: " STR_FMT, lines[i].label, STR_ARG(lines[i].text)),
                        PAINT_DIM);
}

static enum err_code table_write(const struct result *r, struct store *s, const struct report_options *options,
                                 const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16384);
    struct table t = { .r = r, .o = options, .arena = a, .out = BUF_INIT(TABLE_PIECE_MAX) };
    enum err_code code = ERR_OK;

    t.columns = (size_t)MAX(options->columns > 0 ? options->columns : 80, TABLE_COLUMNS_MIN);
    if (!options->no_header)
        table_header(&t);
    table_fit(&t);
    table_row(&t, NULL);
    for (size_t i = 0; i < r->variant_count; i++)
        table_row(&t, &r->variants[i]);
    if (options->detail) {
        table_detail(&t);
        code = spread_write(r, s, options, a, &t.out, e);
    }
    table_recommendation(&t);
    table_judge(&t);
    table_preferences(&t);
    table_labels(&t);
    table_not_evaluated(&t);
    if (r->failed || r->threshold_count || r->thresholds_waiting)
        buf_byte(&t.out, '\n');
    table_failures(&t);
    table_thresholds(&t);
    table_footer(&t);
    if (code == ERR_OK)
        code = report_put(sink, &t.out, e);
    buf_dispose(&t.out);
    return code;
}

const struct report_format report_table = {
    .name = "table", .extension = "txt", .doc = "A ranked table and a recommendation, for a terminal.", .write = table_write,
};
