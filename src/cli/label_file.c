/* Labels as files: what `assay label --import` reads and `--export` writes.
 *
 * CSV with a header, or JSON lines: trial, label, and if known who, note, made_at (RFC 3339), run. Other columns are
 * passed over. A file is taken whole or not at all; what is stored already is not stored again. */
#include "cli/labels.h"

#include <inttypes.h>

enum { FIELD_TRIAL, FIELD_LABEL, FIELD_WHO, FIELD_NOTE, FIELD_MADE, FIELD_RUN, FIELDS };
static const char *const field_names[FIELDS] = { "trial", "label", "who", "note", "made_at", "run" };

/* --- reading ------------------------------------------------------------------------------------------------------ */

struct import_row { struct store_label l; int64_t line; };
struct import {
    struct labels *labels;
    struct str file, who;                   /* who: of rows that do not say; empty: not asked yet */
    VEC(struct import_row) rows;
    int64_t empty, unchanged;
    const struct store_label *before; size_t before_count;      /* what counts now */
};

static void import_dispose(struct import *im)
{
    vec_dispose(&im->rows);
}

static enum err_code import_who(struct import *im, struct str said, struct str *out, struct err *e)
{
    if (said.len) {
        *out = said;
        return labels_name("a person's name", said, STORE_LABEL_WHO_MAX, e);
    }
    if (!im->who.len)
        TRY(labels_who(im->labels, &im->who, e));
    *out = im->who;
    return ERR_OK;
}

static enum err_code import_run(const struct import *im, struct str run, struct err *e)
{
    if (!run.len || str_eq(run, im->labels->run->id) || str_eq(run, id_short(im->labels->run->id)))
        return ERR_OK;
    return err_set(e, ERR_BAD_INPUT, "the row is of run " STR_FMT ", not of " STR_FMT, STR_ARG(run),
                   STR_ARG(im->labels->run->id));
}

/* A row's cells become a label. One with neither label nor note is an unfilled line of a form. */
static enum err_code import_cells(struct import *im, const struct str cells[FIELDS], int64_t line, struct err *e)
{
    const struct run *run = im->labels->run;
    struct arena *a = im->labels->s->arena;
    struct store_label l = { .made_ms = clock_wall_ms() };
    struct str trial = str_trim(cells[FIELD_TRIAL]), value = str_trim(cells[FIELD_LABEL]),
               note = str_trim(cells[FIELD_NOTE]), made = str_trim(cells[FIELD_MADE]);

    if (!value.len && !note.len) {
        im->empty++;
        return ERR_OK;
    }
    if (im->rows.len == LABELS_ROWS_MAX)
        return err_set(e, ERR_TOO_LARGE, "a file has at most %d labels", LABELS_ROWS_MAX);
    if (!str_to_i64(trial, &l.trial) || l.trial < 0 || l.trial >= run_trials(run))
        return err_set(e, ERR_BAD_INPUT, "trial \"" STR_FMT "\" must be a number from 0 to %" PRId64,
                       STR_ARG(str_utf8_head(trial, 40)), run_trials(run) - 1);
    TRY(import_run(im, str_trim(cells[FIELD_RUN]), e));
    if (value.len) {
        TRY(labels_name("a label", value, STORE_LABEL_VALUE_MAX, e));
        TRY(labels_known(im->labels, value, e));
    }
    if (note.len > STORE_LABEL_NOTE_MAX || !str_is_utf8(note))
        return err_set(e, ERR_BAD_INPUT, "a note is UTF-8 of at most %d bytes, this one has %zu", STORE_LABEL_NOTE_MAX,
                       note.len);
    if (made.len && !clock_parse(made, &l.made_ms))
        return err_set(e, ERR_BAD_INPUT, "made_at \"" STR_FMT "\" is not a time such as 2026-11-21T08:15:00Z",
                       STR_ARG(str_utf8_head(made, 40)));
    TRY(import_who(im, str_trim(cells[FIELD_WHO]), &l.who, e));
    l.who = arena_strdup(a, l.who);
    l.value = arena_strdup(a, value);
    l.note = arena_strdup(a, note);
    vec_push(&im->rows, (struct import_row){ l, line });
    return ERR_OK;
}

static enum err_code import_at(const struct import *im, int64_t line, struct err *e)
{
    return err_prefix(e, STR_FMT ":%" PRId64, STR_ARG(im->file), line);
}

/* Which column each field is in; -1: in none. */
static enum err_code import_header(const struct str *names, size_t count, ptrdiff_t columns[FIELDS], struct err *e)
{
    struct suggest near;
    char hint[160];

    for (size_t f = 0; f < FIELDS; f++) {
        columns[f] = -1;
        suggest_begin(&near, str_c(field_names[f]));
        for (size_t i = 0; i < count; i++) {
            struct str name = str_trim(names[i]);

            if (str_ieq(name, str_c(field_names[f])) && columns[f] >= 0)
                return err_set(e, ERR_BAD_INPUT, "the header names \"%s\" twice", field_names[f]);
            if (str_ieq(name, str_c(field_names[f])))
                columns[f] = (ptrdiff_t)i;
            suggest_offer(&near, name);
        }
        if (columns[f] < 0 && f <= FIELD_LABEL)
            return err_set(
                e, ERR_BAD_INPUT,
                "the header has no column \"%s\"%s; columns are trial, label and, if known, who, note, made_at, run",
                field_names[f], suggest_hint(&near, hint));
    }
    return ERR_OK;
}

static enum err_code import_csv_next(const struct import *im, struct csv *c, const struct str **cells, size_t *count,
                                     bool *more, struct err *e)
{
    struct err why = ERR_INIT;
    enum err_code code = csv_next(c, cells, count, more, &why);

    return code == ERR_OK ? ERR_OK : err_set(e, code, STR_FMT ":%s", STR_ARG(im->file), why.text);
}

static enum err_code import_csv_rows(struct import *im, struct csv *c, struct err *e)
{
    ptrdiff_t columns[FIELDS];
    const struct str *cells;
    size_t count;
    bool more;

    TRY(import_csv_next(im, c, &cells, &count, &more, e));
    if (!more)
        return err_set(e, ERR_BAD_INPUT,
                       STR_FMT ": the file is empty; its first line names the columns: trial,label,who,note,made_at",
                       STR_ARG(im->file));
    if (import_header(cells, count, columns, e) != ERR_OK)
        return import_at(im, c->row_line, e);
    for (;;) {
        struct str row[FIELDS] = { 0 };

        TRY(import_csv_next(im, c, &cells, &count, &more, e));
        if (!more)
            return ERR_OK;
        for (size_t f = 0; f < FIELDS; f++)
            if (columns[f] >= 0 && (size_t)columns[f] < count)
                row[f] = csv_plain_text(cells[columns[f]]);
        if (import_cells(im, row, c->row_line, e) != ERR_OK)
            return import_at(im, c->row_line, e);
    }
}

static enum err_code import_csv(struct import *im, const char *path, struct err *e)
{
    AUTO(csv_close) struct csv c = { 0 };

    TRY(csv_open(&c, path, ',', e));
    return import_csv_rows(im, &c, e);
}

/* Text as it is; a number or truth value as it is written. */
static struct str import_member(const json_t *o, const char *name, struct arena *a)
{
    const json_t *v = json_child(o, name);
    AUTO_BUF struct buf text = BUF_INIT(64);

    if (!v || json_is_null(v) || json_is_object(v) || json_is_array(v))
        return STR_NONE;
    if (json_is_string(v))
        return json_to_str(v);
    json_write(v, &text);
    return arena_strdup(a, buf_str(&text));
}

static enum err_code import_jsonl_line(struct import *im, struct str text, int64_t line, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *o = NULL;
    struct str row[FIELDS];

    TRY(json_read(text, &o, e));
    if (!json_is_object(o))
        return err_set(e, ERR_BAD_INPUT, "a line must be an object such as {\"trial\": 3, \"label\": \"pass\"}");
    for (size_t f = 0; f < FIELDS; f++)
        row[f] = import_member(o, field_names[f], a);
    if (!json_child(o, "trial"))
        return err_set(e, ERR_BAD_INPUT,
                       "the line has no \"trial\"; members are trial, label and, if known, who, note, made_at, run");
    return import_cells(im, row, line, e);
}

static enum err_code import_jsonl(struct import *im, const char *path, struct err *e)
{
    AUTO(file_lines_close) struct file_lines lines = { 0 };
    struct str line;
    bool more;

    TRY(file_lines_open(&lines, path, 1 << 20, e));
    for (;;) {
        if (file_lines_next(&lines, &line, &more, e) != ERR_OK)
            return err_prefix(e, STR_FMT, STR_ARG(im->file));
        if (!more)
            return ERR_OK;
        if (str_trim(line).len && import_jsonl_line(im, line, lines.number, e) != ERR_OK)
            return import_at(im, lines.number, e);
    }
}

static enum err_code label_format(const struct labels *l, struct str file, bool *jsonl, struct err *e)
{
    struct str name = args_get(l->args, "format"), ending = name.len ? name : path_ext(file);

    *jsonl = str_ieq(ending, S("jsonl")) || str_ieq(ending, S("ndjson"));
    if (*jsonl || str_ieq(ending, S("csv")) || (!ending.len && !file.len))
        return ERR_OK;
    return err_set(e, ERR_USAGE,
                   "labels are read and written as csv or jsonl, not \"" STR_FMT "\"; --format says which",
                   STR_ARG(ending));
}

/* In one transaction. A row that says what its person says already adds nothing. */
static enum err_code import_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct import *im = arg;
    AUTO_MAP struct map now = MAP_INIT;
    AUTO_BUF struct buf key = BUF_INIT(4 * STORE_LABEL_WHO_MAX);

    im->unchanged = 0;
    for (size_t i = 0; i < im->rows.len; i++) {
        const struct store_label *l = &im->rows.at[i].l, *last;

        buf_reset(&key);
        buf_printf(&key, "%" PRId64 " " STR_FMT, l->trial, STR_ARG(l->who));
        last = map_get(&now, buf_str(&key));
        if (!last)
            last = labels_find(im->before, im->before_count, l->trial, l->who);
        map_put(&now, buf_str(&key), (void *)l);
        if (last && str_eq(last->value, l->value) && str_eq(last->note, l->note))
            im->unchanged++;
        else if (store_tx_label_add(tx, im->labels->run->no, l, e) != ERR_OK)
            return e && e->code == ERR_NOT_FOUND ? import_at(im, im->rows.at[i].line, e) : e ? e->code : ERR_STORE;
    }
    return ERR_OK;
}

enum err_code labels_import(struct labels *l, struct err *e)
{
    AUTO(import_dispose) struct import im = { .labels = l, .file = args_get(l->args, "import") };
    const char *path = arena_cstr(l->s->arena, im.file);
    struct store_label *before;
    bool jsonl;

    TRY(label_format(l, im.file, &jsonl, e));
    TRY(jsonl ? import_jsonl(&im, path, e) : import_csv(&im, path, e));
    TRY(store_labels(l->s->store, l->run->no, false, l->s->arena, &before, &im.before_count, e));
    im.before = before;
    TRY(store_write(l->s->store, import_apply, &im, e));
    if (args_has(l->args, "json"))
        return term_json(json_pack("{s:o,s:I,s:I,s:I}", "run", json_from_str(l->run->id), "added",
                                   (json_int_t)im.rows.len - (json_int_t)im.unchanged, "unchanged", (json_int_t)im.unchanged,
                                   "empty", (json_int_t)im.empty), e);
    printf("%" PRId64 " labels added to run " STR_FMT ", %" PRId64 " were there already, %" PRId64 " rows without a label\n",
           (int64_t)im.rows.len - im.unchanged, STR_ARG(id_short(l->run->id)), im.unchanged, im.empty);
    return ERR_OK;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void export_csv_row(const struct labels *l, const struct store_label *x, struct buf *out)
{
    const struct str cells[] = { l->run->id, x->case_id, labels_variant(l, x->variant), x->who, x->value, x->note };
    char when[CLOCK_TEXT];

    buf_printf(out, "%" PRId64, x->trial);
    for (size_t i = 0; i < COUNT_OF(cells); i++) {
        buf_byte(out, ',');
        csv_write_text(out, cells[i]);
    }
    buf_printf(out, ",%s\n", clock_text(x->made_ms, when));
}

static void export_jsonl_row(const struct labels *l, const struct store_label *x, struct buf *out)
{
    AUTO_JSON *o = json_object();
    char when[CLOCK_TEXT];

    json_object_set_new(o, "trial", json_integer((json_int_t)x->trial));
    json_set_str(o, "run", l->run->id);
    json_set_str(o, "case", x->case_id);
    json_set_str(o, "variant", labels_variant(l, x->variant));
    json_set_str(o, "who", x->who);
    json_object_set_new(o, "label", x->value.len ? json_from_str(x->value) : json_null());
    json_set_str(o, "note", x->note);
    json_object_set_new(o, "made_at", json_string(clock_text(x->made_ms, when)));
    json_write(o, out);
    buf_byte(out, '\n');
}

enum err_code labels_export(struct labels *l, struct err *e)
{
    AUTO_BUF struct buf out = BUF_INIT((size_t)1 << 30);
    struct str file = args_get(l->args, "output");
    struct store_label *rows;
    bool jsonl;
    size_t n;

    if (args_has(l->args, "json"))
        return err_set(e, ERR_USAGE, "--export writes csv or jsonl; `assay label RUN --json` lists labels as JSON");
    TRY(label_format(l, file, &jsonl, e));
    TRY(store_labels(l->s->store, l->run->no, args_has(l->args, "history"), l->s->arena, &rows, &n, e));
    if (!jsonl)
        buf_puts(&out, "trial,run,case,variant,who,label,note,made_at\n");
    for (size_t i = 0; i < n; i++)
        (jsonl ? export_jsonl_row : export_csv_row)(l, &rows[i], &out);
    if (buf_failed(&out))
        return err_set(e, ERR_TOO_LARGE, "the labels take more than 1 GiB");
    if (!file.len || str_is(file, "-"))
        return term_write(buf_str(&out), e);
    TRY(file_write_atomic(arena_cstr(l->s->arena, file), buf_str(&out), 0644, e));
    term_note("%zu labels written to " STR_FMT, n, STR_ARG(file));
    return ERR_OK;
}
