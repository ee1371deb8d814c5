/* src/eval/report/chart_grid.c: fields of cells with numbers in them: check failures, confusion matrices. The colour of
 * a cell is its share (0.06 to 0.6 opaque, so that the number stays readable by day and by night). */
#include "eval/report/chart_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define GRID_NAME_SHARE 0.34
#define GRID_HEAD_MAX   130.0                   /* px of a heading's length */
#define GRID_CELL_HEIGHT 24.0
#define GRID_ANGLE      -45.0
#define GRID_BANDS_MAX  6                       /* one below the other, where the scene is narrow */

struct grid {
    struct scene *s;
    double name_width, left, cell;              /* cell: px across */
    size_t columns;                             /* in a band */
};

/* Columns as wide as they fit, between 30 and 64 px; what does not fit beside goes into a further band below. */
static struct grid grid_lay(struct scene *s, double widest_name, size_t columns)
{
    struct grid g = { .s = s };
    double room;

    g.name_width = MIN(widest_name + 1, s->width * GRID_NAME_SHARE);
    g.left = CHART_EDGE + g.name_width + 12;
    room = s->width - g.left - 70;              /* slanted headings lean to the right */
    g.columns = CLAMP((size_t)(room / 34), (size_t)1, MAX(columns, (size_t)1));
    g.cell = CLAMP(room / (double)g.columns, 30.0, 64.0);
    return g;
}

/* A heading that rises to the right from above the middle of column i; its length is what its slant may take. */
static void grid_heading(const struct grid *g, size_t i, double base, struct str name, double length,
                         enum scene_color color)
{
    struct scene_font font = chart_font(CHART_SMALL, color, SCENE_START);
    double x = g->left + ((double)i + 0.5) * g->cell + 3, room = (g->s->width - 4 - x) / cos(M_PI / 4) - CHART_SMALL;

    font.angle = GRID_ANGLE;
    scene_text(g->s, x, base - 6, scene_fit(name, CHART_SMALL, false, MIN(length, MAX(room, 1.0)), g->s->arena), font);
}

static double grid_heading_height(const struct str *names, size_t n, struct arena *a)
{
    double longest = 0;

    for (size_t i = 0; i < n; i++)
        longest = fmax(longest,
                       scene_text_width(scene_fit(names[i], CHART_SMALL, false, GRID_HEAD_MAX, a), CHART_SMALL, false));
    return longest * sin(M_PI / 4) + 20;
}

/* `share` 0: an empty cell; below 0: nothing was measured. */
static void grid_cell(const struct grid *g, size_t column, double top, struct str text, double share,
                      enum scene_color color, struct str title)
{
    double x = g->left + (double)column * g->cell;

    scene_open(g->s, title);
    scene_rect(g->s, x + 1, top + 1, g->cell - 2, GRID_CELL_HEIGHT - 2, 2,
               share > 0 ? (struct scene_style){ .fill = color, .opacity = 0.06 + 0.54 * MIN(share, 1.0) }
                         : (struct scene_style){ .fill = SCENE_PANEL });
    scene_text(g->s, x + g->cell / 2, top + GRID_CELL_HEIGHT / 2 + 4, text,
               chart_font(scene_text_width(text, CHART_SMALL, false) > g->cell - 4 ? CHART_SMALL * 0.8 : CHART_SMALL,
                          share > 0 ? SCENE_INK : SCENE_MUTED, SCENE_MIDDLE));
    scene_close(g->s);
}

static void grid_name(const struct grid *g, double top, struct str name)
{
    scene_text(g->s, CHART_EDGE, top + GRID_CELL_HEIGHT / 2 + 4,
               scene_fit(name, CHART_TEXT, false, g->name_width, g->s->arena),
               chart_font(CHART_TEXT, SCENE_INK, SCENE_START));
}

/* "1234" or "12k", "3.4M": at most four characters. */
static struct str grid_number(int64_t n, struct arena *a)
{
    if (n < 10000)
        return arena_printf(a, "%" PRId64, n);
    if (n < 1000000)
        return arena_printf(a, "%" PRId64 "k", n / 1000);
    return n < 10000000     ? arena_printf(a, "%.1fM", (double)(n / 100000) / 10)
           : n < 1000000000 ? arena_printf(a, "%" PRId64 "M", n / 1000000)
                            : arena_printf(a, "%" PRId64 "G", n / 1000000000);
}

static double grid_widest(const struct str *names, size_t n, double width, struct arena *a)
{
    double widest = 0;

    for (size_t i = 0; i < n; i++)
        widest = fmax(widest, scene_text_width(scene_fit(names[i], CHART_TEXT, false, width, a), CHART_TEXT, false));
    return widest;
}

/* --- checks ------------------------------------------------------------------------------------------------------- */
struct checks_column { size_t check; int64_t failed; enum severity severity; };

static int checks_worst_first(const void *a, const void *b)
{
    const struct checks_column *x = a, *y = b;

    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x->failed != y->failed)
        return x->failed > y->failed ? -1 : 1;
    return x->check < y->check ? -1 : 1;
}

static size_t checks_failing(const struct chart_check *checks, size_t check_count, size_t n,
                             const struct chart_cell *cells, struct checks_column *out)
{
    size_t found = 0;

    for (size_t c = 0; c < check_count; c++) {
        struct checks_column column = { .check = c, .severity = checks[c].severity };

        for (size_t v = 0; v < n; v++)
            if (__builtin_add_overflow(column.failed, MAX(cells[v * check_count + c].failed, INT64_C(0)),
                                       &column.failed))
                column.failed = INT64_MAX;
        if (column.failed > 0)
            out[found++] = column;
    }
    qsort(out, found, sizeof *out, checks_worst_first);
    return found;
}

static enum scene_color checks_color(enum severity s)
{
    return s == SEVERITY_CRITICAL ? SCENE_BAD : s == SEVERITY_WARNING ? SCENE_WARN : SCENE_MARK;
}

static double checks_band(const struct grid *g, const struct chart_check *checks, size_t check_count,
                          const struct str *variants, size_t n, const struct chart_cell *cells,
                          const struct checks_column *columns, size_t count, double top)
{
    struct str *names = arena_array(g->s->arena, struct str, count + 1);

    for (size_t i = 0; i < count; i++)
        names[i] = checks[columns[i].check].name;
    top += grid_heading_height(names, count, g->s->arena);
    for (size_t i = 0; i < count; i++)
        grid_heading(g, i, top, names[i], GRID_HEAD_MAX,
                     columns[i].severity == SEVERITY_CRITICAL ? SCENE_BAD : SCENE_MUTED);
    for (size_t v = 0; v < n; v++, top += GRID_CELL_HEIGHT) {
        grid_name(g, top, variants[v]);
        for (size_t i = 0; i < count; i++) {
            const struct chart_cell *cell = &cells[v * check_count + columns[i].check];
            int64_t failed = CLAMP(cell->failed, INT64_C(0), MAX(cell->evaluated, INT64_C(0)));
            struct str title = arena_printf(g->s->arena,
                                            STR_FMT ", " STR_FMT " (%s): %" PRId64 " of %" PRId64 " failed",
                                            STR_ARG(scene_fit(variants[v], 1, false, 100, g->s->arena)),
                                            STR_ARG(scene_fit(names[i], 1, false, 100, g->s->arena)),
                                            severity_name(columns[i].severity), failed,
                                            MAX(cell->evaluated, INT64_C(0)));

            grid_cell(g, i, top, cell->evaluated > 0 ? grid_number(failed, g->s->arena) : S("-"),
                      cell->evaluated > 0 ? (double)failed / (double)cell->evaluated : -1,
                      checks_color(columns[i].severity), title);
        }
    }
    return top + 6;
}

struct scene *chart_checks(const struct chart_check *checks, size_t check_count, const struct str *variants, size_t n,
                           const struct chart_cell *cells, const struct chart_options *o, struct arena *a)
{
    struct checks_column *columns = arena_array(a, struct checks_column, check_count + 1);
    size_t failing = checks_failing(checks, check_count, n, cells, columns),
           shown = MIN(failing, (size_t)CHART_CHECKS_MAX);
    size_t rows = MIN(n, (size_t)CHART_ROWS_MAX);
    double width = chart_width(o), y = 4;
    struct str title = S("Check failures by check and variant");
    struct scene *s;
    struct grid g;

    if (!failing)
        return chart_empty(width, title, check_count ? "No check has failed." : "The task has no checks.", a);
    s = scene_new(a, width, 0, title,
                  S("A row for each variant, a column for each check that failed: the number of failures, darker where "
                    "the share is larger."));
    g = grid_lay(s, grid_widest(variants, rows, width, a), shown);
    shown = MIN(shown, g.columns * GRID_BANDS_MAX);
    for (size_t from = 0; from < shown; from += g.columns)
        y = checks_band(&g, checks, check_count, variants, rows, cells, columns + from, MIN(g.columns, shown - from),
                        y);
    y += 14;
    if (check_count > failing)
        y = chart_note(s, CHART_EDGE, y, width - 2 * CHART_EDGE,
                       arena_printf(a, "%zu other check%s never failed.", check_count - failing,
                                    check_count - failing == 1 ? "" : "s"));
    if (failing > shown)
        y = chart_note(s, CHART_EDGE, y, width - 2 * CHART_EDGE,
                       arena_printf(a, "%zu more checks with fewer failures are not drawn.", failing - shown));
    if (n > rows)
        y = chart_note(s, CHART_EDGE, y, width - 2 * CHART_EDGE,
                       arena_printf(a, "The first %zu of %zu variants.", rows, n));
    s->height = y;
    return s;
}

/* --- confusion ---------------------------------------------------------------------------------------------------- */
struct matrix { struct str *labels; int64_t *counts; size_t n; };     /* as chart_confusion takes it, n within the bound */
struct matrix_label { size_t label; int64_t weight; };

static int matrix_heavy_first(const void *a, const void *b)
{
    const struct matrix_label *x = a, *y = b;

    return x->weight != y->weight ? (x->weight > y->weight ? -1 : 1) : x->label < y->label ? -1 : 1;
}

static int matrix_in_order(const void *a, const void *b)
{
    const struct matrix_label *x = a, *y = b;

    return x->label < y->label ? -1 : x->label > y->label;
}

static void matrix_add(int64_t *to, int64_t n)
{
    if (n > 0 && __builtin_add_overflow(*to, n, to))
        *to = INT64_MAX;
}

/* Too many labels: the most frequent keep their own place, in the order they came, the rest are one. */
static struct matrix matrix_gather(const struct str *labels, size_t n, const int64_t *counts, struct arena *a)
{
    struct matrix c = { .n = MIN(n, (size_t)CHART_LABELS_MAX) };
    struct matrix_label *order = arena_array(a, struct matrix_label, n + 1);
    size_t *place = arena_array(a, size_t, n + 1), own = n > c.n ? c.n - 1 : c.n;

    for (size_t i = 0; i < n; i++) {
        order[i].label = i;
        for (size_t k = 0; k <= n; k++) {
            matrix_add(&order[i].weight, counts[i * (n + 1) + k]);
            if (k < n)
                matrix_add(&order[i].weight, counts[k * (n + 1) + i]);
        }
        place[i] = c.n - (n > 0);
    }
    place[n] = c.n;                                         /* any other answer */
    qsort(order, n, sizeof *order, matrix_heavy_first);
    qsort(order, own, sizeof *order, matrix_in_order);
    c.labels = arena_array(a, struct str, c.n + 1);
    c.counts = arena_array(a, int64_t, (c.n + 1) * (c.n + 1));
    for (size_t i = 0; i < own; i++) {
        place[order[i].label] = i;
        c.labels[i] = labels[order[i].label];
    }
    if (own < c.n)
        c.labels[own] = arena_printf(a, "(%zu other labels)", n - own);
    c.labels[c.n] = S("(no label)");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= n; k++)
            matrix_add(&c.counts[place[i] * (c.n + 1) + place[k]], counts[i * (n + 1) + k]);
    return c;
}

static double matrix_row(const struct grid *g, const struct matrix *c, size_t i, double top)
{
    struct arena *a = g->s->arena;
    int64_t total = 0;

    for (size_t k = 0; k <= c->n; k++)
        matrix_add(&total, c->counts[i * (c->n + 1) + k]);
    grid_name(g, top, c->labels[i]);
    for (size_t k = 0; k <= c->n; k++) {
        int64_t count = MAX(c->counts[i * (c->n + 1) + k], INT64_C(0));
        struct str title = arena_printf(a, "expected " STR_FMT ", answered " STR_FMT ": %" PRId64 " of %" PRId64,
                                        STR_ARG(scene_fit(c->labels[i], 1, false, 100, a)),
                                        STR_ARG(scene_fit(c->labels[k], 1, false, 100, a)), count, total);

        grid_cell(g, k, top, count ? grid_number(count, a) : S(""), total ? (double)count / (double)total : -1,
                  i == k ? SCENE_GOOD : SCENE_BAD, title);
    }
    return top + GRID_CELL_HEIGHT;
}

struct scene *chart_confusion(struct str name, const struct str *labels, size_t n, const int64_t *counts,
                              const struct chart_options *o, struct arena *a)
{
    struct str title = arena_printf(a, "Expected against answered labels: " STR_FMT,
                                    STR_ARG(scene_fit(name, 1, false, 100, a)));
    double width = chart_width(o), y, least;
    struct matrix c;
    struct scene *s;
    struct grid g;

    if (!n)
        return chart_empty(width, title, "No label was expected anywhere.", a);
    c = matrix_gather(labels, n, counts, a);
    s = scene_new(a, width, 0, title,
                  S("A row for each expected label, a column for each answered one; the diagonal is right."));
    g = grid_lay(s, MAX(grid_widest(c.labels, c.n, width, a), scene_text_width(S("expected"), CHART_SMALL, false)),
                 c.n + 1);
    least = (width - g.left - 56) / (double)(c.n + 1);
    g.columns = c.n + 1;                                    /* a matrix is not cut in two: its cells get smaller */
    g.cell = CLAMP(least, 4.0, 56.0);
    y = 4 + grid_heading_height(c.labels, c.n + 1, a);
    scene_text(s, CHART_EDGE, y - 6, S("expected"), chart_font(CHART_SMALL, SCENE_MUTED, SCENE_START));
    for (size_t k = 0; k <= c.n; k++)
        grid_heading(&g, k, y, c.labels[k], GRID_HEAD_MAX, SCENE_MUTED);
    for (size_t i = 0; i < c.n; i++)
        y = matrix_row(&g, &c, i, y);
    s->height = chart_note(s, CHART_EDGE, y + 18, width - 2 * CHART_EDGE,
                           S("Stronger: a larger share of the row. Right answers lie on the diagonal."));
    return s;
}
