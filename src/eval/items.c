#include "eval/items.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define ITEMS_BYTES_MAX ((size_t)256 << 20)

/* --- canonical text ----------------------------------------------------------------------------------------------- */

static void items_write_real(double d, struct buf *out)
{
    char text[40];

    if (d == floor(d) && fabs(d) < 9007199254740992.0) {
        buf_printf(out, "%.0f", d == 0 ? 0.0 : d);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, d);
        if (strtod(text, NULL) == d)
            break;
    }
    buf_puts(out, text);
}

static int items_key_cmp(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void items_write_object(const json_t *o, struct buf *out)
{
    size_t n = json_object_size(o), i = 0;
    struct str few[16], *keys = n > COUNT_OF(few) ? xcalloc(n, sizeof *keys) : few;

    for (void *it = json_object_iter((json_t *)o); it; it = json_object_iter_next((json_t *)o, it))
        keys[i++] = str_n(json_object_iter_key(it), json_object_iter_key_len(it));
    qsort(keys, n, sizeof *keys, items_key_cmp);
    buf_byte(out, '{');
    for (i = 0; i < n; i++) {
        if (i)
            buf_byte(out, ',');
        json_write_str(keys[i], out);
        buf_byte(out, ':');
        items_write(json_object_getn(o, keys[i].at, keys[i].len), out);
    }
    buf_byte(out, '}');
    if (keys != few)
        free(keys);
}

void items_write(const json_t *j, struct buf *out)
{
    switch (json_typeof(j)) {
    case JSON_OBJECT: items_write_object(j, out); break;
    case JSON_ARRAY:
        buf_byte(out, '[');
        for (size_t i = 0; i < json_array_size(j); i++) {
            if (i)
                buf_byte(out, ',');
            items_write(json_array_get(j, i), out);
        }
        buf_byte(out, ']');
        break;
    case JSON_STRING: json_write_str(json_to_str(j), out); break;
    case JSON_INTEGER: buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(j)); break;
    case JSON_REAL: items_write_real(json_real_value(j), out); break;
    case JSON_TRUE: buf_puts(out, "true"); break;
    case JSON_FALSE: buf_puts(out, "false"); break;
    case JSON_NULL: buf_puts(out, "null"); break;
    }
}

struct str items_text(const json_t *j, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(ITEMS_BYTES_MAX);

    if (json_is_string(j))
        return json_to_str(j);
    items_write(j, &b);
    return arena_strdup(a, buf_str(&b));
}

/* --- CSV of an answer in memory ----------------------------------------------------------------------------------- */

struct cell_reader { struct str text; size_t i; struct arena *arena; };

/* One cell; *row_ends tells whether a line break or the end followed it. */
static struct str items_csv_cell(struct cell_reader *r, bool *row_ends)
{
    struct str t = r->text, cell;
    size_t from = r->i;

    if (from < t.len && t.at[from] == '"') {
        char *to = arena_alloc(r->arena, t.len - from);
        size_t n = 0, i = from + 1;

        for (; i < t.len && !(t.at[i] == '"' && !(i + 1 < t.len && t.at[i + 1] == '"')); i++) {
            i += t.at[i] == '"';
            to[n++] = t.at[i];
        }
        cell = str_n(to, n);
        for (i++; i < t.len && t.at[i] != ',' && t.at[i] != '\n'; i++)
            ;                                           /* stray bytes after the closing quote are dropped */
        r->i = MIN(i, t.len);
    } else {
        while (r->i < t.len && t.at[r->i] != ',' && t.at[r->i] != '\n')
            r->i++;
        cell = str_trim(str_sub(t, from, r->i - from));
    }
    *row_ends = r->i >= t.len || t.at[r->i] == '\n';
    r->i++;
    return cell;
}

void items_csv(struct str text, struct arena *a, struct items_rows *out)
{
    struct cell_reader r = { .text = str_trim(text), .arena = a };
    VEC(struct str) cells = { 0 };
    VEC(size_t) ends = { 0 };
    size_t from = 0;

    while (r.i < r.text.len) {
        size_t before = cells.len;
        bool row_ends = false;

        while (!row_ends)
            vec_push(&cells, items_csv_cell(&r, &row_ends));
        if (cells.len - before == 1 && !cells.at[before].len)
            cells.len = before;                         /* a blank line */
        else
            vec_push(&ends, cells.len);
    }
    *out = (struct items_rows){ .rows = arena_array(a, struct str *, ends.len + 1),
                                .cells = arena_array(a, size_t, ends.len + 1), .count = ends.len };
    for (size_t i = 0; i < ends.len; i++) {
        out->cells[i] = ends.at[i] - from;
        out->rows[i] = arena_array(a, struct str, out->cells[i]);
        memcpy(out->rows[i], cells.at + from, out->cells[i] * sizeof *cells.at);
        from = ends.at[i];
    }
    vec_dispose(&cells);
    vec_dispose(&ends);
}

/* --- sets --------------------------------------------------------------------------------------------------------- */

struct item_list { struct str *at; size_t len, cap; };

static void items_push(struct item_list *l, struct str s, struct arena *a)
{
    if (l->len == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 8;
        struct str *more = arena_array(a, struct str, cap);

        if (l->len)
            memcpy(more, l->at, l->len * sizeof *more);
        l->at = more;
        l->cap = cap;
    }
    l->at[l->len++] = s;
}

static void items_sort(struct item_list *l)
{
    size_t kept = 0;

    if (l->len > 1)
        qsort(l->at, l->len, sizeof *l->at, items_key_cmp);
    for (size_t i = 0; i < l->len; i++)
        if (!kept || !str_eq(l->at[kept - 1], l->at[i]))
            l->at[kept++] = l->at[i];
    l->len = kept;
}

const json_t *items_list(const json_t *j)
{
    const json_t *list;

    if (json_is_array(j))
        return j;
    list = json_child(j, "items");
    if (!json_is_array(list))
        list = json_child(j, "concepts");
    return json_is_array(list) ? list : NULL;
}

/* A row as one item's text: its only cell, or the list of its cells. */
static struct str items_row_text(const struct str *cells, size_t n, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(ITEMS_BYTES_MAX);

    if (n == 1)
        return str_trim(cells[0]);
    for (size_t i = 0; i < n; i++) {
        buf_byte(&b, i ? ',' : '[');
        json_write_str(str_trim(cells[i]), &b);
    }
    buf_byte(&b, ']');
    return arena_strdup(a, buf_str(&b));
}

static bool items_has_member(const json_t *item, struct str key)
{
    struct str rest = key, one;

    while (json_is_object(item) && str_split(&rest, ITEMS_KEY_SEPARATOR, &one))
        if (one.len && json_object_getn(item, one.at, one.len))
            return true;
    return false;
}

/* One key: its member's text; several: those of each as a row. The whole item when it has none of them. */
static struct str items_member(const json_t *item, struct str key, struct arena *a)
{
    struct str cells[ITEMS_KEYS_MAX], rest = key, one;
    size_t n = 0;

    if (!items_has_member(item, key))
        return str_trim(items_text(item, a));
    while (n < ITEMS_KEYS_MAX && str_split(&rest, ITEMS_KEY_SEPARATOR, &one)) {
        const json_t *v = one.len ? json_object_getn(item, one.at, one.len) : NULL;

        cells[n++] = v ? str_trim(items_text(v, a)) : S("");
    }
    return items_row_text(cells, n, a);
}

static void items_of_json(const json_t *j, struct str key, struct arena *a, struct item_list *out)
{
    const json_t *list = items_list(j);
    AUTO_BUF struct buf b = BUF_INIT(ITEMS_BYTES_MAX);

    if (list) {
        for (size_t i = 0; i < json_array_size(list); i++)
            items_push(out, items_member(json_array_get(list, i), key, a), a);
    } else if (json_is_object(j) && key.len) {
        items_push(out, items_member(j, key, a), a);
    } else if (json_is_object(j)) {
        for (void *it = json_object_iter((json_t *)j); it; it = json_object_iter_next((json_t *)j, it)) {
            buf_reset(&b);
            json_write_str(str_n(json_object_iter_key(it), json_object_iter_key_len(it)), &b);
            buf_byte(&b, ':');
            items_write(json_object_iter_value(it), &b);
            items_push(out, arena_strdup(a, buf_str(&b)), a);
        }
    } else if (!json_is_null(j)) {
        struct str one = str_trim(items_text(j, a));

        if (one.len)
            items_push(out, one, a);
    }
}

/* Which columns the key names, in its order; how many the header has. */
static size_t items_columns(const struct items_rows *rows, struct str key, size_t columns[ITEMS_KEYS_MAX])
{
    struct str rest = key, one;
    size_t n = 0;

    while (rows->count && n < ITEMS_KEYS_MAX && str_split(&rest, ITEMS_KEY_SEPARATOR, &one))
        for (size_t c = 0; one.len && c < rows->cells[0]; c++)
            if (str_eq(rows->rows[0][c], one)) {
                columns[n++] = c;
                break;
            }
    return n;
}

static void items_of_csv(struct str text, struct str key, struct arena *a, struct item_list *out)
{
    struct items_rows rows;
    size_t columns[ITEMS_KEYS_MAX], n;

    items_csv(text, a, &rows);
    n = items_columns(&rows, key, columns);
    for (size_t i = 1; i < rows.count; i++) {
        struct str cells[ITEMS_KEYS_MAX];
        bool some = false;

        for (size_t k = 0; k < n; k++) {
            bool there = columns[k] < rows.cells[i];

            cells[k] = there ? rows.rows[i][columns[k]] : S("");
            some |= there;
        }
        if (!n)
            items_push(out, items_row_text(rows.rows[i], rows.cells[i], a), a);
        else if (some)
            items_push(out, items_row_text(cells, n, a), a);
    }
}

/* Expected answers of a CSV task that are not CSV text: a list of rows, each a list of cells, an object or a line. */
static void items_of_csv_gold(const json_t *gold, struct str key, struct arena *a, struct item_list *out)
{
    const json_t *list = items_list(gold);

    for (size_t i = 0; list && i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        size_t n = json_array_size(row) + json_object_size(row), k = 0;
        struct str *cells = arena_array(a, struct str, n + 1);
        struct items_rows line;

        if (key.len && items_has_member(row, key)) {
            items_push(out, items_member(row, key, a), a);
        } else if (json_is_array(row)) {
            for (; k < n; k++)
                cells[k] = items_text(json_array_get(row, k), a);
            items_push(out, items_row_text(cells, n, a), a);
        } else if (json_is_object(row)) {
            for (void *it = json_object_iter((json_t *)row); it; it = json_object_iter_next((json_t *)row, it))
                cells[k++] = items_text(json_object_iter_value(it), a);
            items_push(out, items_row_text(cells, n, a), a);
        } else {
            items_csv(items_text(row, a), a, &line);
            if (line.count)
                items_push(out, items_row_text(line.rows[0], line.cells[0], a), a);
        }
    }
}

static const json_t *items_gold_json(const json_t *gold, struct arena *a)
{
    struct str t = str_trim(json_to_str(gold));
    json_t *read;

    if (!t.len || (t.at[0] != '{' && t.at[0] != '['))
        return gold;
    return json_read(t, &read, NULL) == ERR_OK ? json_in_arena(read, a) : gold;
}

static void items_fill(const struct subject *s, struct str key, struct arena *a, struct items *out)
{
    enum output_format format = s->task ? s->task->output.format : OUTPUT_TEXT;
    const json_t *gold = subject_expected(s), *json;
    struct item_list e = { 0 }, g = { 0 };
    bool fenced;

    if (format != OUTPUT_TEXT)
        gold = items_gold_json(gold, a);
    if (format == OUTPUT_CSV) {
        items_of_csv(subject_unfenced(s->output, &fenced), key, a, &e);
        if (json_is_string(gold))
            items_of_csv(json_to_str(gold), key, a, &g);
        else
            items_of_csv_gold(gold, key, a, &g);
    } else {
        items_of_json(gold, key, a, &g);
        if (format == OUTPUT_JSON || json_is_object(gold) || json_is_array(gold)) {
            json = subject_json(s, a, &out->why);
            out->unparseable = !json;
            if (json)
                items_of_json(json, key, a, &e);
        } else if (subject_text(s).len) {
            items_push(&e, subject_text(s), a);
        }
    }
    items_sort(&e);
    items_sort(&g);
    out->output = e.at;
    out->output_count = e.len;
    out->gold = g.at;
    out->gold_count = g.len;
    for (size_t i = 0, k = 0; i < e.len && k < g.len;) {
        int order = str_cmp(e.at[i], g.at[k]);

        out->common += order == 0;
        i += order <= 0;
        k += order >= 0;
    }
}

const struct items *items_compare(const struct subject *s, struct str key, struct arena *a)
{
    void **slot = subject_slot(s, key, a);

    if (!*slot) {
        struct items *out = arena_new(a, struct items);

        items_fill(s, key, a, out);
        *slot = out;
    }
    return *slot;
}
