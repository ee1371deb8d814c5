/* assay label in a terminal: one answer after the other, a key for each label.
 *
 * Which trials, in which order: by a hash of seed and trial number, so that the order is the same whatever was labelled
 * since, two people with one seed see the same sample, and neighbours say nothing about variants. Each label is
 * durable before the next answer is shown. What models and datasets wrote is shown cleaned and bounded. */
#include "cli/keys.h"
#include "cli/labels.h"
#include "cli/pager.h"

#include <inttypes.h>

#include "data/pack.h"
#include "eval/report/grid.h"

#define LABELLING_TEXT_MAX ((size_t)256 << 10)      /* of a text that is laid out on the screen; `v` shows the rest */
#define LABELLING_LEAST    3                        /* lines a section gets on the smallest screen */

struct queued { uint64_t order; int64_t trial; };
struct step { size_t at; bool stored; struct store_label before; };    /* for undo: what stood there before */

struct labelling {
    struct labels *l;
    struct str who;
    int64_t seed, sample;
    VEC(struct queued) queue;
    VEC(struct step) steps;
    size_t at;
    int64_t labelled, skipped;
    struct store_label *mine; size_t mine_count;       /* everybody's, as it was at the start */
    struct map now;                                     /* trial's number as text: what was said since */
    struct data_pack *pack;
    struct arena *arena;                                /* of the trial on the screen */
    struct str id, input, expected, output;
    struct str variant;
    struct buf note;
    char message[160];
    bool cut;                                           /* something on the screen was */
    bool only_failed, only_violations;
};

static void labelling_dispose(struct labelling *x)
{
    vec_dispose(&x->queue);
    vec_dispose(&x->steps);
    map_dispose(&x->now);
    data_pack_close(x->pack);
    arena_free(x->arena);
    buf_dispose(&x->note);
}

/* --- which trials ------------------------------------------------------------------------------------------------- */

static enum err_code labelling_each(const struct store_trial *t, void *arg, struct err *e)
{
    struct labelling *x = arg;
    bool failed = t->trial.state == TRIAL_FAILED;

    (void)e;
    if (x->only_failed ? !failed : failed || (x->only_violations && !t->trial.violations))
        return ERR_OK;
    vec_push(&x->queue,
             (struct queued){ rng_mix(rng_mix((uint64_t)x->seed) ^ (uint64_t)t->trial.number), t->trial.number });
    return ERR_OK;
}

static int queued_cmp(const void *x, const void *y)
{
    const struct queued *a = x, *b = y;

    return a->order != b->order ? (a->order < b->order ? -1 : 1) : a->trial < b->trial ? -1 : a->trial > b->trial;
}

/* What this person says of the trial now; NULL: nothing. */
static const struct store_label *labelling_said(const struct labelling *x, int64_t trial)
{
    char key[24];
    const struct store_label *l;

    snprintf(key, sizeof key, "%" PRId64, trial);
    l = map_get(&x->now, str_c(key));
    if (!l)
        l = labels_find(x->mine, x->mine_count, trial, x->who);
    return l && (l->value.len || l->note.len) ? l : NULL;
}

static enum err_code labelling_queue(struct labelling *x, struct err *e)
{
    const struct args *args = x->l->args;
    struct str only = args_get(args, "only");
    struct store_trials_filter filter = { .variant = -1 };
    size_t kept = 0;

    x->only_failed = str_is(only, "failed");
    x->only_violations = str_is(only, "violations");
    if (only.len && !x->only_failed && !x->only_violations)
        return err_set(e, ERR_USAGE, "--only takes failed or violations, not \"" STR_FMT "\"", STR_ARG(only));
    x->seed = 1;
    TRY(args_int(args, "seed", 0, INT64_MAX, &x->seed, e));
    TRY(args_int(args, "sample", 1, INT64_C(1000000000), &x->sample, e));
    filter.failed_only = x->only_failed;
    TRY(store_trials_each(x->l->s->store, x->l->run->no, &filter, labelling_each, x, e));
    if (x->queue.len)
        qsort(x->queue.at, x->queue.len, sizeof *x->queue.at, queued_cmp);
    if (x->sample && (size_t)x->sample < x->queue.len)
        x->queue.len = (size_t)x->sample;
    for (size_t i = 0; i < x->queue.len; i++) {
        const struct store_label *said = labelling_said(x, x->queue.at[i].trial);

        if (args_has(args, "all") || !said || !said->value.len)
            x->queue.at[kept++] = x->queue.at[i];
    }
    x->queue.len = kept;
    return ERR_OK;
}

/* --- one trial ---------------------------------------------------------------------------------------------------- */

static struct str labelling_value(const json_t *v, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT((size_t)16 << 20);

    if (json_is_string(v))
        return json_to_str(v);
    json_write_pretty(v, &text);
    return buf_failed(&text) ? S("(too large to show)") : arena_strdup(a, buf_str(&text));
}

/* The case as it was frozen with the run: its one variable's text, or all by name. False when it is not there. */
static bool labelling_case(struct labelling *x, int64_t case_index)
{
    AUTO(pack_cursor_freep) struct pack_cursor *cursor = NULL;
    AUTO_BUF struct buf input = BUF_INIT((size_t)32 << 20);
    struct dataset_case kase;
    const char *name;
    json_t *value;
    bool more = false;

    if (!x->pack)
        return false;
    cursor = pack_cursor_new(x->pack, case_index);
    if (pack_cursor_next(cursor, x->arena, &kase, &more, NULL) != ERR_OK || !more)
        return false;
    json_object_foreach((json_t *)kase.vars, name, value) {
        if (strcmp(name, "id") == 0 && str_eq(json_to_str(value), kase.id))
            continue;                               /* it stands in the first line */
        if (json_object_size(kase.vars) > 1 && strcmp(name, "input") != 0)
            buf_printf(&input, "%s%s: ", input.len ? "\n" : "", name);
        else if (input.len)
            buf_byte(&input, '\n');
        buf_append(&input, labelling_value(value, x->arena));
    }
    x->input = buf_failed(&input) ? S("(too large to show)") : arena_strdup(x->arena, buf_str(&input));
    x->expected = kase.expected && !json_is_null(kase.expected) ? labelling_value(kase.expected, x->arena) : STR_NONE;
    return true;
}

/* What the model said: the answer; of a conversation all but the first question. */
static void labelling_output(struct labelling *x, const struct store_trial *t, bool with_prompt)
{
    AUTO_BUF struct buf text = BUF_INIT((size_t)64 << 20);
    json_t *transcript = NULL;
    const json_t *turns;
    size_t n;

    if (t->trial.state == TRIAL_FAILED)
        buf_printf(&text, "The call failed: %s: " STR_FMT, err_name(t->trial.error), STR_ARG(t->trial.error_text));
    if (t->transcript.len && json_read(t->transcript, &transcript, NULL) == ERR_OK)
        json_in_arena(transcript, x->arena);
    turns = json_child(transcript, "turns");
    n = json_array_size(turns);
    for (size_t i = 0; i < n; i++) {
        struct turn turn;

        turn_from_json(json_array_get(turns, i), x->arena, &turn);
        if (i == 0 && with_prompt)
            x->input = turn.prompt;
        if (i)
            buf_printf(&text, "\n\n> " STR_FMT "\n\n", STR_ARG(turn.prompt));
        buf_append(&text, turn.response);
        if (turn.tool_calls) {
            buf_puts(&text, turn.response.len ? "\n" : "");
            json_write_pretty(turn.tool_calls, &text);
        }
    }
    x->output = buf_failed(&text) ? S("(too large to show)")
                : !text.len       ? S("(empty)")
                                  : arena_strdup(x->arena, buf_str(&text));
}

static enum err_code labelling_load(struct labelling *x, struct err *e)
{
    const struct run *run = x->l->run;
    int64_t number = x->queue.at[x->at].trial;
    struct store_trial *t;
    const struct store_label *said = labelling_said(x, number);
    bool frozen;

    arena_reset(x->arena);
    x->input = x->expected = STR_NONE;
    TRY(store_trial_get(x->l->s->store, run->no, number, x->arena, &t, e));
    frozen = labelling_case(x, run_trial_place(run, number).case_index);
    labelling_output(x, t, !frozen);
    x->id = t->trial.case_id;
    x->variant = labels_variant(x->l, t->trial.variant);
    buf_reset(&x->note);
    if (said)
        buf_append(&x->note, said->note);
    return ERR_OK;
}

/* --- the screen --------------------------------------------------------------------------------------------------- */

struct screen { struct buf *out; int columns; struct report_options options; struct arena *a; };

/* `text` on lines of the screen, at most `most`; NULL `out` counts. Returns how many there are. */
static size_t screen_lines(const struct screen *s, struct str text, size_t most, struct buf *out)
{
    size_t width = (size_t)MAX(s->columns - 2, 10), lines = 0;
    struct str line;

    while (str_split(&text, '\n', &line)) {
        size_t from = 0;

        do {
            size_t i = from, used = 0, end = from, space = from;

            while (i < line.len) {
                size_t next = i;
                char bytes[4];
                uint32_t cp = str_utf8_next(line, &next);
                size_t wide = cp == '\t' ? 1 : str_utf8_width(str_n(bytes, str_utf8_put(cp, bytes)));

                if (used + wide > width)
                    break;
                used += wide;
                if (cp == ' ')
                    space = next;
                end = i = next;
            }
            if (i < line.len && space > from)
                end = space;
            if (end == from && from < line.len)
                end = line.len;                 /* a screen too small for one character */
            if (out && lines < most) {
                buf_puts(out, "  ");
                for (size_t k = from; k < end; k++)
                    buf_byte(out, line.at[k] == '\t' ? ' ' : line.at[k]);
                buf_byte(out, '\n');
            }
            lines++;
            from = end;
        } while (from < line.len);
    }
    return lines;
}

static void screen_section(struct labelling *x, const struct screen *s, const char *title, struct str text, size_t most)
{
    bool longer = text.len > LABELLING_TEXT_MAX;
    struct str shown = report_clean(str_utf8_head(text, LABELLING_TEXT_MAX), !term_get()->unicode, true, s->a);
    size_t lines = screen_lines(s, shown, 0, NULL);

    grid_painted(str_c(title), GRID_BOLD, &s->options, s->out);
    buf_byte(s->out, '\n');
    if (lines <= most && !longer) {
        screen_lines(s, shown, most, s->out);
        return;
    }
    x->cut = true;
    most = MAX(most, (size_t)2) - 1;
    screen_lines(s, shown, most, s->out);
    shown = arena_printf(s->a, "  ... %s%zu more lines (v shows all)", longer ? "more than " : "",
                         lines > most ? lines - most : (size_t)0);
    buf_printf(s->out, STR_FMT "\n", STR_ARG(report_fit(shown, (size_t)s->columns - 1, true, s->a)));
}

/* Lines for each of three texts of so many: none more than it needs, what one does not need goes to the others. */
static void screen_share(const size_t wants[3], size_t all, size_t out[3])
{
    memset(out, 0, 3 * sizeof *out);
    for (bool given = true; given && all > 0;) {
        given = false;
        for (size_t i = 0; i < 3 && all > 0; i++)
            if (out[i] < wants[i]) {
                out[i]++;
                all--;
                given = true;
            }
    }
    for (size_t i = 0; i < 3; i++)
        out[i] = MAX(out[i], MIN(wants[i], (size_t)LABELLING_LEAST));
}

static void screen_head(struct labelling *x, const struct screen *s)
{
    const struct args *args = x->l->args;
    struct str id = report_fit(x->id, (size_t)MAX(s->columns / 3, 8), !term_get()->unicode, s->a);
    struct str head = arena_printf(s->a, "%zu of %zu - case " STR_FMT " - %" PRId64 " labelled, as " STR_FMT, x->at + 1,
                                   x->queue.len, STR_ARG(id), x->labelled, STR_ARG(x->who));

    if (args_has(args, "show-variant"))
        head = arena_printf(s->a, STR_FMT " - " STR_FMT, STR_ARG(head), STR_ARG(x->variant));
    grid_painted(report_fit(head, (size_t)s->columns - 1, !term_get()->unicode, s->a), GRID_DIM, &s->options, s->out);
    buf_puts(s->out, "\n\n");
}

/* "p pass", on the next line where this one is full. */
static void screen_key(const struct screen *s, char key, struct str what, size_t *used)
{
    struct str shown = report_fit(what, (size_t)s->columns - 4, !term_get()->unicode, s->a);
    size_t width = str_utf8_width(shown) + 2;

    if (*used && *used + 2 + width >= (size_t)s->columns) {
        buf_byte(s->out, '\n');
        *used = 0;
    }
    buf_printf(s->out, "%s%c " STR_FMT, *used ? "  " : "", key, STR_ARG(shown));
    *used += width + (*used ? 2 : 0);
}

static void screen_foot(struct labelling *x, const struct screen *s)
{
    static const struct { char key; const char *what; } others[] = {
        { 'n', "note" }, { 's', "skip" }, { 'u', "undo" }, { 'v', "all" }, { 'q', "quit" },
    };
    const struct store_label *said = labelling_said(x, x->queue.at[x->at].trial);
    bool usual = !args_has(x->l->args, "labels");
    size_t used = 0;

    buf_byte(s->out, '\n');
    if (said && said->value.len)
        buf_printf(s->out, "you said: " STR_FMT "\n",
                   STR_ARG(report_clean(said->value, !term_get()->unicode, false, s->a)));
    if (x->note.len)
        buf_printf(s->out, "note: " STR_FMT "\n",
                   STR_ARG(report_fit(buf_str(&x->note), (size_t)s->columns - 8, !term_get()->unicode, s->a)));
    if (*x->message)
        buf_printf(s->out, STR_FMT "\n",
                   STR_ARG(report_fit(str_c(x->message), (size_t)s->columns - 1, !term_get()->unicode, s->a)));
    for (size_t i = 0; i < x->l->set_count; i++)
        screen_key(s, usual ? x->l->set[i].at[0] : (char)('1' + i), x->l->set[i], &used);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        screen_key(s, others[i].key, str_c(others[i].what), &used);
    buf_byte(s->out, '\n');
}

static void labelling_show(struct labelling *x)
{
    AUTO_ARENA *a = arena_new_sized(64 << 10);
    AUTO_BUF struct buf out = BUF_INIT((size_t)8 << 20);
    struct screen s = { .out = &out, .options = session_report_options(), .a = a };
    struct str texts[3] = { x->input, x->expected, x->output };
    static const char *const titles[] = { "input", "expected", "output" };
    const char *terminal = getenv("TERM");
    size_t wants[3], lines[3];
    int rows;

    keys_size(&rows, &s.columns);
    s.options.columns = s.columns;
    buf_puts(&out, terminal && strcmp(terminal, "dumb") == 0 ? "\n----\n" : "\033[H\033[2J");
    screen_head(x, &s);
    for (size_t i = 0; i < 3; i++)
        wants[i] = texts[i].len ? screen_lines(&s, str_utf8_head(texts[i], LABELLING_TEXT_MAX), 0, NULL) : 0;
    screen_share(wants, (size_t)MAX(rows - 11, 3), lines);
    x->cut = false;
    for (size_t i = 0; i < 3; i++)
        if (texts[i].len)
            screen_section(x, &s, titles[i], texts[i], lines[i]);
    screen_foot(x, &s);
    fwrite(out.bytes, 1, out.len, stdout);
    fflush(stdout);
    *x->message = '\0';
}

/* All of the texts, through the pager. */
static enum err_code labelling_view(struct labelling *x, struct err *e)
{
    static const char *const titles[] = { "input", "expected", "output" };
    struct str texts[3] = { x->input, x->expected, x->output };
    AUTO_ARENA *a = arena_new_sized(64 << 10);
    struct pager *p;

    if (!x->cut) {
        snprintf(x->message, sizeof x->message, "All of it is on the screen.");
        return ERR_OK;
    }
    keys_end();
    p = pager_begin(true);
    for (size_t i = 0; i < 3; i++)
        if (texts[i].len)
            printf("%s\n" STR_FMT "\n\n", titles[i], STR_ARG(term_clean(texts[i], a)));
    fflush(stdout);
    pager_end(p);
    return keys_begin(e);
}

/* --- what the keys do --------------------------------------------------------------------------------------------- */

struct labelling_write { int64_t run_no; struct store_label l; };

static enum err_code labelling_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct labelling_write *w = arg;

    return store_tx_label_add(tx, w->run_no, &w->l, e);
}

static enum err_code labelling_store(struct labelling *x, struct str value, struct str note, struct err *e)
{
    struct labelling_write w = { x->l->run->no, { .trial = x->queue.at[x->at].trial, .who = x->who, .value = value, .note = note,
                                                 .made_ms = clock_wall_ms() } };
    struct arena *a = x->l->s->arena;
    struct store_label *kept = arena_new(a, struct store_label);
    char key[24];

    TRY(store_write(x->l->s->store, labelling_apply, &w, e));
    *kept = w.l;
    kept->value = arena_strdup(a, value);
    kept->note = arena_strdup(a, note);
    snprintf(key, sizeof key, "%" PRId64, w.l.trial);
    map_put(&x->now, str_c(key), kept);
    return ERR_OK;
}

static enum err_code labelling_go(struct labelling *x, size_t to, struct err *e)
{
    x->at = to;
    return to < x->queue.len ? labelling_load(x, e) : ERR_OK;
}

/* The label (none: the note alone) is stored and the next trial comes. */
static enum err_code labelling_put(struct labelling *x, struct str value, struct err *e)
{
    const struct store_label *said = labelling_said(x, x->queue.at[x->at].trial);
    struct step step = { .at = x->at, .before = said ? *said : (struct store_label){ 0 } };

    if (value.len || (x->note.len && !(said && str_eq(said->note, buf_str(&x->note))))) {
        TRY(labelling_store(x, value.len || !said ? value : said->value, buf_str(&x->note), e));
        step.stored = true;
    }
    if (value.len)
        x->labelled++;
    else
        x->skipped++;
    step.before.made_ms = value.len > 0;                /* which of the two counts goes back down */
    vec_push(&x->steps, step);
    return labelling_go(x, x->at + 1, e);
}

static enum err_code labelling_undo(struct labelling *x, struct err *e)
{
    struct step step;

    if (!x->steps.len) {
        snprintf(x->message, sizeof x->message, "There is nothing to undo.");
        return ERR_OK;
    }
    step = x->steps.at[--x->steps.len];
    x->at = step.at;
    if (step.stored)
        TRY(labelling_store(x, step.before.value, step.before.note, e));
    if (step.before.made_ms)
        x->labelled--;
    else
        x->skipped--;
    snprintf(x->message, sizeof x->message, "Undone.");
    return labelling_go(x, step.at, e);
}

static void labelling_prompt(const struct labelling *x)
{
    AUTO_ARENA *a = arena_new_sized(0);
    int rows, columns;
    struct str text = buf_str(&x->note);
    size_t width;

    keys_size(&rows, &columns);
    width = (size_t)MAX(columns - 30, 10);
    while (str_utf8_width(text) > width) {
        size_t i = 0;

        str_utf8_next(text, &i);
        text = str_from(text, i);
    }
    printf("\rnote (Enter keeps it): " STR_FMT "%*s", STR_ARG(report_clean(text, !term_get()->unicode, false, a)), 2,
           "");
    printf("\rnote (Enter keeps it): " STR_FMT, STR_ARG(report_clean(text, !term_get()->unicode, false, a)));
    fflush(stdout);
}

static void labelling_note(struct labelling *x)
{
    AUTO_BUF struct buf before = BUF_INIT(STORE_LABEL_NOTE_MAX);

    buf_append(&before, buf_str(&x->note));
    for (;;) {
        char bytes[4];
        int key;
        size_t n;

        labelling_prompt(x);
        key = keys_read();
        if (key == KEY_ENTER || key == KEY_STOP)
            return;
        if (key == KEY_ESCAPE) {
            buf_truncate(&x->note, 0);
            buf_append(&x->note, buf_str(&before));
            return;
        }
        if (key == KEY_CLEAR)
            labelling_show(x), buf_truncate(&x->note, 0);
        if (key == KEY_BACKSPACE && x->note.len) {
            n = x->note.len - 1;
            while (n && ((unsigned char)x->note.bytes[n] & 0xc0) == 0x80)
                n--;
            buf_truncate(&x->note, n);
        }
        if (key < ' ' || str_utf8_steers((uint32_t)key))
            continue;
        n = str_utf8_put((uint32_t)key, bytes);
        if (x->note.len + n <= STORE_LABEL_NOTE_MAX)
            buf_append(&x->note, str_n(bytes, n));
    }
}

/* The label a key stands for; empty: none. */
static struct str labelling_label(const struct labelling *x, int key)
{
    bool usual = !args_has(x->l->args, "labels");

    for (size_t i = 0; i < x->l->set_count; i++)
        if (key == '1' + (int)i || (usual && (key | 0x20) == x->l->set[i].at[0]))
            return x->l->set[i];
    return STR_NONE;
}

static enum err_code labelling_key(struct labelling *x, int key, bool *over, struct err *e)
{
    struct str label = labelling_label(x, key);

    if (label.len)
        return labelling_put(x, label, e);
    switch (key) {
    case 'n': labelling_note(x); return ERR_OK;
    case 's': case ' ': return labelling_put(x, STR_NONE, e);
    case 'u': return labelling_undo(x, e);
    case 'v': return labelling_view(x, e);
    case 'q': case 4: case KEY_STOP: *over = true; return ERR_OK;
    case KEY_RESIZED: return ERR_OK;
    default: snprintf(x->message, sizeof x->message, "That key does nothing here."); return ERR_OK;
    }
}

/* After the last: one may still take it back. */
static enum err_code labelling_last(struct labelling *x, bool *over, struct err *e)
{
    int key;

    printf("\nThat was the last one. u undo  q quit\n");
    fflush(stdout);
    for (;;) {
        key = keys_read();
        if (key == 'u')
            return labelling_undo(x, e);
        if (key == 'q' || key == KEY_ENTER || key == 4 || key == KEY_STOP) {
            *over = true;
            return ERR_OK;
        }
    }
}

static enum err_code labelling_loop(struct labelling *x, struct err *e)
{
    TRY(labelling_go(x, 0, e));
    for (bool over = false; !over;) {
        if (x->at == x->queue.len) {
            TRY(labelling_last(x, &over, e));
            continue;
        }
        labelling_show(x);
        TRY(labelling_key(x, keys_read(), &over, e));
    }
    return ERR_OK;
}

enum err_code labelling(struct labels *l, struct err *e)
{
    AUTO(labelling_dispose) struct labelling x = { .l = l, .note = BUF_INIT(STORE_LABEL_NOTE_MAX), .arena = arena_new_sized(64 << 10) };
    enum err_code code;

    TRY(labels_who(l, &x.who, e));
    TRY(store_labels(l->s->store, l->run->no, false, l->s->arena, &x.mine, &x.mine_count, e));
    TRY(labelling_queue(&x, e));
    if (!x.queue.len) {
        printf(
            "No trial to label%s.\n",
            args_has(l->args, "all")
                ? ""
                : ": you have labelled all of them, or there is none of that kind (--all shows labelled ones again)");
        return ERR_OK;
    }
    if (session_blob(l->s, NULL) != ERR_OK || data_pack_open(l->s->blob, l->run->dataset_hash, &x.pack, NULL) != ERR_OK)
        term_warn(
            "the run's cases are not in the store any more: prompts are shown as inputs, and no expected answers");
    TRY(keys_begin(e));
    code = labelling_loop(&x, e);
    keys_end();
    TRY(code);
    printf("\n%" PRId64 " labelled, %" PRId64 " skipped, %zu not seen. The same command goes on; assay label " STR_FMT
           " --summary\n",
           x.labelled, x.skipped, x.queue.len - x.at, STR_ARG(id_short(l->run->id)));
    return keys_stopped() ? err_set(e, ERR_CANCELLED, "stopped; every label that was given is stored") : ERR_OK;
}
