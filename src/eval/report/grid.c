#include "eval/report/grid.h"

#include <stdarg.h>
#include <stdio.h>

#define GRID_GAP        2
#define GRID_COLUMN_MAX 64

struct grid_text { struct str text; enum grid_paint paint; };
struct grid {
    struct arena *arena;
    const struct grid_column *columns;
    size_t count;
    struct grid_text *cells;
    size_t len, cap;
    size_t width[GRID_COLUMN_MAX];
    bool gone[GRID_COLUMN_MAX];
};

static void grid_release(void *g)
{
    free(((struct grid *)g)->cells);
}

struct grid *grid_new(struct arena *a, const struct grid_column *columns, size_t count)
{
    struct grid *g = arena_new(a, struct grid);

    ASSERT(count > 0 && count <= GRID_COLUMN_MAX);
    g->arena = a;
    g->columns = columns;
    g->count = count;
    arena_defer(a, grid_release, g);
    return g;
}

void grid_cell(struct grid *g, struct str text, enum grid_paint paint)
{
    if (g->len == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 64;
        g->cells = xreallocarray(g->cells, g->cap, sizeof *g->cells);
    }
    g->cells[g->len++] = (struct grid_text){ arena_strdup(g->arena, text), paint };
}

void grid_cellf(struct grid *g, const char *fmt, ...)
{
    char text[160];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    grid_cell(g, str_n(text, MIN((size_t)MAX(n, 0), sizeof text - 1)), GRID_PLAIN);
}

void grid_end(struct grid *g)
{
    while (g->len % g->count)
        grid_cell(g, S(""), GRID_PLAIN);
}

size_t grid_rows(const struct grid *g)
{
    return g->len / g->count;
}

size_t grid_columns(const struct report_options *o)
{
    return (size_t)MAX(o->columns > 0 ? o->columns : 80, GRID_COLUMNS_MIN);
}

void grid_painted(struct str text, enum grid_paint paint, const struct report_options *o, struct buf *out)
{
    static const char *const codes[] = { "", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[36m", "\x1b[33m", "\x1b[31m" };
    bool painted = o->color && paint != GRID_PLAIN && text.len;

    if (painted)
        buf_puts(out, codes[paint]);
    buf_append(out, text);
    if (painted)
        buf_puts(out, "\x1b[0m");
}

/* --- fitting ------------------------------------------------------------------------------------------------------ */

static size_t grid_total(const struct grid *g)
{
    size_t total = 0, shown = 0;

    for (size_t c = 0; c < g->count; c++)
        if (!g->gone[c])
            total += g->width[c] + (shown++ ? GRID_GAP : 0);
    return total;
}

static void grid_measure(struct grid *g, const struct report_options *o)
{
    for (size_t c = 0; c < g->count; c++)
        g->width[c] = str_utf8_width(str_c(g->columns[c].heading));
    for (size_t i = 0; i < g->len; i++) {               /* what is written is the clean text: so is what is measured */
        g->cells[i].text = report_fit(g->cells[i].text, 4096, o->ascii, g->arena);
        g->width[i % g->count] = MAX(g->width[i % g->count], str_utf8_width(g->cells[i].text));
    }
}

/* The widest column that may still shrink; -1: none. */
static ptrdiff_t grid_widest(const struct grid *g, bool even_fixed)
{
    ptrdiff_t found = -1;

    for (size_t c = 0; c < g->count; c++) {
        size_t least = even_fixed ? 1 : g->columns[c].least ? g->columns[c].least : SIZE_MAX;

        if (!g->gone[c] && g->width[c] > least && (found < 0 || g->width[c] > g->width[found]))
            found = (ptrdiff_t)c;
    }
    return found;
}

static bool grid_drop(struct grid *g)
{
    ptrdiff_t found = -1;

    for (size_t c = 0; c < g->count; c++)
        if (!g->gone[c] && g->columns[c].drop && (found < 0 || g->columns[c].drop > g->columns[found].drop))
            found = (ptrdiff_t)c;
    if (found >= 0)
        g->gone[found] = true;
    return found >= 0;
}

static size_t grid_slack(const struct grid *g)
{
    size_t slack = 0;

    for (size_t c = 0; c < g->count; c++)
        if (!g->gone[c] && g->columns[c].least && g->width[c] > g->columns[c].least)
            slack += g->width[c] - g->columns[c].least;
    return slack;
}

static void grid_fit(struct grid *g, const struct report_options *o, size_t room)
{
    ptrdiff_t widest;

    memset(g->gone, 0, sizeof g->gone);
    grid_measure(g, o);
    while (grid_total(g) > room + grid_slack(g) && grid_drop(g))
        ;
    while (grid_total(g) > room && (widest = grid_widest(g, false)) >= 0)
        g->width[widest]--;
    while (grid_total(g) > room && (widest = grid_widest(g, true)) >= 0)
        g->width[widest]--;
}

static void grid_line(const struct grid *g, const struct grid_text *row, const struct report_options *o, size_t indent,
                      struct buf *out)
{
    size_t owed = indent;                               /* spaces are owed until something follows */

    for (size_t c = 0; c < g->count; c++) {
        struct str text = row ? row[c].text : str_c(g->columns[c].heading);
        size_t width;

        if (g->gone[c])
            continue;
        text = report_fit(text, g->width[c], o->ascii, g->arena);
        width = MIN(str_utf8_width(text), g->width[c]);
        if (g->columns[c].right)
            owed += g->width[c] - width;
        for (; text.len && owed; owed--)
            buf_byte(out, ' ');
        grid_painted(text, row ? row[c].paint : GRID_BOLD, o, out);
        owed += GRID_GAP + (text.len ? 0 : width) + (g->columns[c].right ? 0 : g->width[c] - width);
    }
    buf_byte(out, '\n');
}

void grid_write(struct grid *g, const struct report_options *o, size_t indent, struct buf *out)
{
    grid_end(g);
    grid_fit(g, o, grid_columns(o) - indent);
    grid_line(g, NULL, o, indent, out);
    for (size_t i = 0; i < g->len; i += g->count)
        grid_line(g, g->cells + i, o, indent, out);
}

void grid_words(struct str text, size_t used, size_t indent, const struct report_options *o, struct arena *a,
                struct buf *out)
{
    size_t columns = grid_columns(o), at = used;
    struct str rest = text, word;

    indent = MIN(indent, columns / 2);
    while (str_split(&rest, ' ', &word)) {
        struct str clean = report_fit(word, columns - indent, o->ascii, a);
        size_t width = str_utf8_width(clean);

        if (!width)
            continue;
        if (at > used ? at + 1 + width > columns : at > indent && at + width > columns) {
            buf_byte(out, '\n');
            for (at = 0; at < indent; at++)
                buf_byte(out, ' ');
            used = at;
        } else if (at > used) {
            buf_byte(out, ' ');
            at++;
        }
        buf_append(out, clean);
        at += width;
    }
    buf_byte(out, '\n');
}
