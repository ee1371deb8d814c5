/* The trials of the page: first the numbers of all of them, then their texts. The store is read twice; what is kept
 * between is a trial's number and one byte, so a run of any size fits. A run that still goes on may have more trials
 * the second time: those are passed over. */
#include "eval/report/html.h"

#include <endian.h>
#include <math.h>

enum { MARK_BROKEN = 1, MARK_TEXTS = 2, HTML_SAMPLES = 8, HTML_SAMPLE = 16 };

struct html_rows {                          /* the block of rows being filled */
    int64_t first, base, last;              /* row of [0]; number before it; number of the newest */
    size_t n;
    double cost[HTML_ROWS];
    uint32_t step[HTML_ROWS], latency[HTML_ROWS], input[HTML_ROWS], output[HTML_ROWS];
    uint16_t attempts[HTML_ROWS];
    unsigned char state[HTML_ROWS], violations[HTML_ROWS], critical[HTML_ROWS];
    float *scores;                          /* [scorer][HTML_ROWS] */
};

struct html_trials {
    const struct result *r;
    struct store *store;
    const struct report_options *options;
    struct html_out *out;
    struct html_rows *rows;
    VEC(int64_t) numbers;                   /* of each row */
    VEC(unsigned char) marks;
    int64_t broken, chosen, unlisted;
    struct score *scores;                   /* room for one trial's */
    struct html_spread spread;
    /* the cases, read beside the trials */
    struct data_pack *pack;                 /* NULL: they can't be read */
    struct pack_cursor *cursor;
    struct arena *case_arena;
    struct dataset_case kase;
    int64_t case_at, case_next;             /* whose `kase` is, -1 none; whose the cursor gives next */
    /* heads and texts */
    size_t row;                             /* the next one the second reading waits for */
    int64_t head_bytes;
    struct buf outputs, cases;
    int64_t heads_first, heads_n, heads_case;
    struct buf records, record_rows, scratch;
    int64_t texts_first, texts_n, texts_all, texts_bytes;
    bool fit, enough;                       /* only what fits is wanted; and it has been taken in */
};

int64_t html_head_bytes(int64_t trials)
{
    return CLAMP(HTML_SEARCH_BYTES / MAX(trials, INT64_C(1)), (int64_t)HTML_HEAD_MIN, (int64_t)HTML_HEAD_MAX);
}

/* --- rows ------------------------------------------------------------------------------------------------------- */
static uint32_t html_u32(int64_t v)
{
    return v < 0 ? UINT32_MAX : (uint32_t)MIN(v, (int64_t)UINT32_MAX - 1);
}

static void html_put_u32(struct buf *b, const uint32_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t x = htole32(v[i]);

        buf_append(b, str_n((const char *)&x, sizeof x));
    }
}

static void html_put_f32(struct buf *b, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t x;

        memcpy(&x, &v[i], sizeof x);
        html_put_u32(b, &x, 1);
    }
}

static void html_put_f64(struct buf *b, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t x;

        memcpy(&x, &v[i], sizeof x);
        x = htole64(x);
        buf_append(b, str_n((const char *)&x, sizeof x));
    }
}

static void html_put_u16(struct buf *b, const uint16_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t x = htole16(v[i]);

        buf_append(b, str_n((const char *)&x, sizeof x));
    }
}

static enum err_code html_rows_flush(struct html_trials *t, struct err *e)
{
    struct html_rows *w = t->rows;
    struct buf *b = &t->out->raw;
    size_t n = w->n;

    if (!n)
        return ERR_OK;
    html_put_f64(b, w->cost, n);
    html_put_u32(b, w->step, n);
    html_put_u32(b, w->latency, n);
    html_put_u32(b, w->input, n);
    html_put_u32(b, w->output, n);
    for (size_t s = 0; s < t->r->scorer_count; s++)
        html_put_f32(b, w->scores + s * HTML_ROWS, n);
    html_put_u16(b, w->attempts, n);
    buf_append(b, str_n((const char *)w->state, n));
    buf_append(b, str_n((const char *)w->violations, n));
    buf_append(b, str_n((const char *)w->critical, n));
    TRY(html_block(t->out, "rows", w->first, (int64_t)n, w->base, e));
    w->first += (int64_t)n;
    w->base = w->last;
    w->n = 0;
    return ERR_OK;
}

static enum err_code html_row(const struct store_trial *one, void *arg, struct err *e)
{
    struct html_trials *t = arg;
    struct html_rows *w = t->rows;
    const struct trial *trial = &one->trial;
    size_t i;

    if ((int64_t)t->numbers.len >= t->out->trials_max) {
        t->unlisted++;
        return ERR_OK;
    }
    if (w->n == HTML_ROWS || trial->number - w->last > UINT32_MAX)
        TRY(html_rows_flush(t, e));
    if (!w->n && trial->number - w->base > UINT32_MAX)
        w->base = trial->number - 1;
    i = w->n++;
    w->step[i] = (uint32_t)(trial->number - (i ? w->last : w->base));
    w->last = trial->number;
    w->cost[i] = trial->cost_nanousd == MONEY_UNKNOWN ? NAN : (double)trial->cost_nanousd;
    w->latency[i] = html_u32(trial->latency_ms);
    w->input[i] = html_u32(trial->usage.input);
    w->output[i] = html_u32(trial->usage.output);
    w->attempts[i] = (uint16_t)CLAMP(trial->attempts, INT64_C(0), (int64_t)UINT16_MAX);
    w->state[i] = trial->state == TRIAL_DONE ? 0 : (unsigned char)(trial->error + 1);
    w->violations[i] = (unsigned char)MIN(trial->violations, INT64_C(255));
    w->critical[i] = (unsigned char)MIN(trial->critical, INT64_C(255));
    TRY(scores_read(one->scores, NULL, t->scores, t->r->scorer_count, e));
    for (size_t s = 0; s < t->r->scorer_count; s++)
        w->scores[s * HTML_ROWS + i] = t->scores[s].state == SCORE_VALUE ? (float)t->scores[s].value : NAN;
    html_spread_add(&t->spread, trial->variant, t->scores);
    vec_push(&t->numbers, trial->number);
    vec_push(&t->marks, trial->state == TRIAL_FAILED || trial->violations ? MARK_BROKEN : 0);
    t->broken += (t->marks.at[t->marks.len - 1] & MARK_BROKEN) != 0;
    return ERR_OK;
}

/* --- cases ------------------------------------------------------------------------------------------------------ */
/* Makes t->kase the case of that index; without a pack, or past its end, it has nothing but what the trial knows. */
static enum err_code html_case(struct html_trials *t, int64_t index, struct err *e)
{
    bool more = true;

    if (t->case_at == index)
        return ERR_OK;
    t->case_at = index;
    t->kase = (struct dataset_case){ .index = index };
    if (!t->pack || index >= data_pack_cases(t->pack))
        return ERR_OK;
    if (!t->cursor || t->case_next != index) {
        pack_cursor_free(t->cursor);
        t->cursor = pack_cursor_new(t->pack, index);
    }
    t->case_next = index + 1;
    arena_reset(t->case_arena);
    return pack_cursor_next(t->cursor, t->case_arena, &t->kase, &more, e);
}

/* What a value says, at most `bytes` of it: a text as it is, anything else as JSON. */
static struct str html_said(struct html_trials *t, const json_t *value, size_t bytes)
{
    if (json_is_string(value))
        return str_utf8_head(json_to_str(value), bytes);
    buf_reset(&t->scratch);
    if (value)
        json_write(value, &t->scratch);     /* cut at the buffer's ceiling, which is far beyond a beginning */
    return str_utf8_head(buf_str(&t->scratch), bytes);
}

static void html_case_head(struct html_trials *t, struct str id)
{
    size_t left = (size_t)t->head_bytes;
    AUTO_BUF struct buf input = BUF_INIT(2 * HTML_HEAD_MAX);
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)t->kase.vars, key, value) {
        struct str text = html_said(t, value, left);

        if (input.len && text.len)
            buf_byte(&input, '\n');
        buf_append(&input, text);
        left -= MIN(left, text.len);
    }
    if (t->cases.len)
        buf_byte(&t->cases, ',');
    buf_byte(&t->cases, '[');
    json_write_i64(t->case_at, &t->cases);
    buf_byte(&t->cases, ',');
    json_write_str(str_utf8_head(t->kase.id.len ? t->kase.id : id, HTML_HEAD_MAX), &t->cases);
    buf_byte(&t->cases, ',');
    json_write_str(buf_str(&input), &t->cases);
    buf_byte(&t->cases, ',');
    if (t->kase.expected && !json_is_null(t->kase.expected))
        json_write_str(html_said(t, t->kase.expected, (size_t)t->head_bytes), &t->cases);
    else
        buf_puts(&t->cases, "null");
    buf_byte(&t->cases, ']');
}

/* --- heads and texts -------------------------------------------------------------------------------------------- */
static enum err_code html_heads_flush(struct html_trials *t, struct err *e)
{
    struct buf *b = &t->out->raw;

    if (!t->heads_n)
        return ERR_OK;
    if (buf_failed(&t->outputs) || buf_failed(&t->cases))
        return err_set(e, ERR_TOO_LARGE, "one piece of the page is larger than %zu bytes", t->outputs.max);
    buf_puts(b, "{\"o\":[");
    buf_append(b, buf_str(&t->outputs));
    buf_puts(b, "],\"c\":[");
    buf_append(b, buf_str(&t->cases));
    buf_puts(b, "]}");
    TRY(html_block(t->out, "heads", t->heads_first, t->heads_n, 0, e));
    buf_reset(&t->outputs);
    buf_reset(&t->cases);
    t->heads_first += t->heads_n;
    t->heads_n = 0;
    t->heads_case = -1;
    return ERR_OK;
}

static enum err_code html_head(struct html_trials *t, const struct trial *trial, struct str output, struct err *e)
{
    if (t->heads_case != t->case_at)
        html_case_head(t, trial->case_id);
    t->heads_case = t->case_at;
    if (t->heads_n)
        buf_byte(&t->outputs, ',');
    json_write_str(str_utf8_head(trial->state == TRIAL_FAILED ? trial->error_text : output, (size_t)t->head_bytes),
                   &t->outputs);
    t->heads_n++;
    if (t->heads_n == HTML_HEADS || t->outputs.len + t->cases.len > t->out->block_bytes)
        return html_heads_flush(t, e);
    return ERR_OK;
}

/* Cuts every text in it to HTML_STRING_MAX. */
static void html_cut(json_t *j, int depth)
{
    const char *key;
    json_t *value;
    size_t i;

    if (json_is_string(j) && json_string_length(j) > HTML_STRING_MAX) {
        struct str s = json_to_str(j), head = str_utf8_head(s, HTML_STRING_MAX);
        AUTO_BUF struct buf b = BUF_INIT(HTML_STRING_MAX + 200);

        buf_append(&b, head);
        buf_printf(&b, "\n[... %zu more bytes are left out of this page ...]", s.len - head.len);
        json_string_setn(j, b.bytes, b.len);
    } else if (json_is_object(j) && depth < JSON_DEPTH_MAX) {
        json_object_foreach(j, key, value)
            html_cut(value, depth + 1);
    } else if (depth < JSON_DEPTH_MAX) {
        json_array_foreach(j, i, value)
            html_cut(value, depth + 1);
    }
}

/* ,"key":"the value as JSON in a string", cut when it is long; nothing for NULL. */
static void html_record_json(struct html_trials *t, const char *key, const json_t *value)
{
    struct buf *b = &t->records;

    if (!value)
        return;
    buf_reset(&t->scratch);
    json_write(value, &t->scratch);
    if (buf_failed(&t->scratch) || t->scratch.len > HTML_TEXT_MAX) {
        AUTO_JSON *copy = json_deep_copy(value);

        html_cut(copy, 0);
        buf_reset(&t->scratch);
        json_write(copy, &t->scratch);
    }
    buf_printf(b, ",\"%s\":", key);
    if (buf_failed(&t->scratch) || t->scratch.len > HTML_RECORD_MAX)
        buf_puts(b, "null");
    else
        json_write_str(buf_str(&t->scratch), b);
}

static enum err_code html_record(struct html_trials *t, const struct store_trial *one, const json_t *transcript,
                                 struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    struct buf *b = &t->records;
    bool some = false;

    TRY(scores_read(one->scores, a, t->scores, t->r->scorer_count, e));
    buf_printf(b, "%s{\"f\":%lld", b->len ? "," : "", (long long)one->trial.finished_ms);
    html_record_json(t, "x", transcript);
    if (t->kase.expected && !json_is_null(t->kase.expected))
        html_record_json(t, "e", t->kase.expected);
    html_record_json(t, "v", t->kase.vars);
    if (one->trial.error_text.len) {
        buf_puts(b, ",\"w\":");
        json_write_str(str_utf8_head(one->trial.error_text, HTML_STRING_MAX), b);
    }
    for (size_t i = 0; i < t->r->scorer_count; i++) {
        if (!t->scores[i].note.len)
            continue;
        buf_printf(b, "%s\"%zu\":", some ? "," : ",\"n\":{", i);
        json_write_str(str_utf8_head(t->scores[i].note, HTML_HEAD_MAX), b);
        some = true;
    }
    buf_puts(b, some ? "}}" : "}");
    return ERR_OK;
}

/* The block of texts into out->raw. */
static enum err_code html_texts_join(struct html_trials *t, struct err *e)
{
    struct buf *b = &t->out->raw;

    if (buf_failed(&t->records) || buf_failed(&t->record_rows))
        return err_set(e, ERR_TOO_LARGE, "one piece of the page is larger than %zu bytes", t->records.max);
    buf_puts(b, "{\"r\":[");
    buf_append(b, buf_str(&t->record_rows));
    buf_puts(b, "],\"t\":[");
    buf_append(b, buf_str(&t->records));
    buf_puts(b, "]}");
    buf_reset(&t->records);
    buf_reset(&t->record_rows);
    return ERR_OK;
}

static enum err_code html_texts_flush(struct html_trials *t, struct err *e)
{
    int64_t before = t->out->written;

    if (!t->texts_n)
        return ERR_OK;
    TRY(html_texts_join(t, e));
    TRY(html_block(t->out, "texts", t->texts_first, t->texts_n, (int64_t)t->row, e));
    t->texts_bytes += t->out->written - before;
    t->enough = t->fit && t->texts_bytes > HTML_FIT_SLACK * t->out->fit_bytes;
    t->texts_all += t->texts_n;
    t->texts_n = 0;
    return ERR_OK;
}

/* What was scored: the answers of a long input's parts joined, else what the model said last; borrowed. */
static struct str html_output(const json_t *transcript)
{
    const json_t *turns = json_child(transcript, "turns"), *joined = json_child(transcript, "output");
    size_t n = json_array_size(turns);

    if (json_is_string(joined))
        return json_to_str(joined);
    return n ? json_get_str(json_array_get(turns, n - 1), "response") : STR_NONE;
}

static enum err_code html_text(const struct store_trial *one, void *arg, struct err *e)
{
    struct html_trials *t = arg;
    AUTO_JSON *transcript = NULL;

    for (; t->row < t->numbers.len && t->numbers.at[t->row] < one->trial.number; t->row++)
        TRY(html_head(t, &(struct trial){ 0 }, STR_NONE, e));       /* it was there a moment ago */
    if (t->row == t->numbers.len)
        return ERR_CANCELLED;
    if (t->numbers.at[t->row] != one->trial.number)
        return ERR_OK;
    TRY(html_case(t, run_trial_place(t->r->run, one->trial.number).case_index, e));
    if (one->transcript.len && json_read(one->transcript, &transcript, NULL) != ERR_OK)
        transcript = json_object();
    TRY(html_head(t, &one->trial, html_output(transcript), e));
    if (t->marks.at[t->row] & MARK_TEXTS && !t->enough) {
        if (!t->texts_n)
            t->texts_first = (int64_t)t->row;
        TRY(html_record(t, one, transcript, e));
        if (t->texts_n)
            buf_byte(&t->record_rows, ',');
        json_write_i64((int64_t)t->row, &t->record_rows);
        t->texts_n++;
    }
    t->row++;
    return t->records.len > t->out->block_bytes ? html_texts_flush(t, e) : ERR_OK;
}

/* --- which trials have their texts -------------------------------------------------------------------------------- */
static enum err_code html_sample(const struct store_trial *one, void *arg, struct err *e)
{
    struct html_trials *t = arg;
    AUTO_JSON *transcript = NULL;

    TRY(html_case(t, run_trial_place(t->r->run, one->trial.number).case_index, e));
    if (one->transcript.len && json_read(one->transcript, &transcript, NULL) != ERR_OK)
        transcript = json_object();
    TRY(html_record(t, one, transcript, e));
    t->texts_n++;
    return ERR_OK;
}

/* How many trials' texts take HTML_FIT_BYTES: measured on a few from all over the run. */
static enum err_code html_fit(struct html_trials *t, int64_t *most, struct err *e)
{
    int64_t rows = (int64_t)t->numbers.len, bytes = 0, n = 0;

    *most = rows;
    if (rows <= HTML_SAMPLES * HTML_SAMPLE)
        return ERR_OK;
    for (int64_t i = 0; i < HTML_SAMPLES; i++) {
        int64_t some;

        TRY(store_trials_each(t->store, t->r->run->no, &(struct store_trials_filter){ .variant = -1,
                              .with_transcript = true, .first = t->numbers.at[rows / HTML_SAMPLES * i],
                              .limit = HTML_SAMPLE }, html_sample, t, e));
        n += t->texts_n;
        t->texts_n = 0;
        TRY(html_texts_join(t, e));
        TRY(html_measure(t->out, &some, e));
        bytes += some;
    }
    *most = n && bytes ? MIN(rows, (int64_t)((double)t->out->fit_bytes / (double)bytes * (double)n)) : rows;
    return ERR_OK;
}

/* Those that failed or broke a check first, then the others from the beginning. */
static enum err_code html_choose(struct html_trials *t, struct err *e)
{
    int64_t most = t->options->texts;

    t->fit = most == REPORT_TEXTS_FIT;
    if (t->fit)
        TRY(html_fit(t, &most, e));
    else if (most == REPORT_TEXTS_ALL)
        most = (int64_t)t->numbers.len;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < t->marks.len && t->chosen < most; i++)
            if (!(t->marks.at[i] & MARK_TEXTS) && (pass || t->marks.at[i] & MARK_BROKEN)) {
                t->marks.at[i] |= MARK_TEXTS;
                t->chosen++;
            }
    return ERR_OK;
}

static enum err_code html_plan(struct html_trials *t, struct err *e)
{
    AUTO_JSON *o = json_object();

    json_object_set_new(o, "trials", json_integer((json_int_t)t->numbers.len));
    json_object_set_new(o, "unlisted", json_integer(t->unlisted));
    json_object_set_new(o, "texts", json_integer(t->chosen));
    json_object_set_new(o, "broken", json_integer(t->broken));
    json_object_set_new(o, "cases", json_boolean(t->pack != NULL));
    json_object_set_new(o, "head_bytes", json_integer(t->head_bytes));
    json_write(o, &t->out->raw);
    return html_block(t->out, "plan", 0, 0, 0, e);
}

static enum err_code html_trials_write(struct html_trials *t, struct err *e)
{
    struct store_trials_filter all = { .variant = -1 };
    enum err_code code;

    TRY(store_trials_each(t->store, t->r->run->no, &all, html_row, t, e));
    TRY(html_rows_flush(t, e));
    TRY(html_choose(t, e));
    t->head_bytes = html_head_bytes((int64_t)t->numbers.len);
    TRY(html_plan(t, e));
    TRY(html_spread_end(&t->spread, t->out, e));
    all.with_transcript = true;
    all.limit = (int64_t)t->numbers.len + 1;
    code = t->numbers.len ? store_trials_each(t->store, t->r->run->no, &all, html_text, t, e) : ERR_OK;
    if (code != ERR_OK && code != ERR_CANCELLED)
        return code;
    TRY(html_heads_flush(t, e));
    TRY(html_texts_flush(t, e));
    buf_printf(&t->out->raw, "{\"texts\":%lld}", (long long)t->texts_all);
    return html_block(t->out, "end", 0, 0, 0, e);
}

enum err_code html_trials(const struct result *r, struct store *s, const struct report_options *options,
                          struct html_out *out, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct html_trials t = {
        .r = r, .store = s, .options = options, .out = out, .case_at = -1, .heads_case = -1,
        .outputs = BUF_INIT(HTML_RAW_MAX), .cases = BUF_INIT(HTML_RAW_MAX), .records = BUF_INIT(HTML_RAW_MAX),
        .record_rows = BUF_INIT(HTML_RAW_MAX), .scratch = BUF_INIT(4 * HTML_RECORD_MAX),
        .case_arena = arena_new_sized(0), .scores = arena_array(a, struct score, MAX(r->scorer_count, (size_t)1)),
    };
    enum err_code code;

    html_spread_begin(&t.spread, r, a);
    t.rows = xcalloc(1, sizeof *t.rows);
    t.rows->base = t.rows->last = -1;
    t.rows->scores = xreallocarray(NULL, MAX(r->scorer_count, (size_t)1) * HTML_ROWS, sizeof(float));
    if (options->blob && data_pack_open(options->blob, r->run->dataset_hash, &t.pack, NULL) != ERR_OK)
        t.pack = NULL;                      /* removed or damaged: the page says that it has no cases */
    code = html_trials_write(&t, e);
    pack_cursor_free(t.cursor);
    data_pack_close(t.pack);
    arena_free(t.case_arena);
    free(t.rows->scores);
    free(t.rows);
    vec_dispose(&t.numbers);
    vec_dispose(&t.marks);
    buf_dispose(&t.outputs);
    buf_dispose(&t.cases);
    buf_dispose(&t.records);
    buf_dispose(&t.record_rows);
    buf_dispose(&t.scratch);
    return code;
}
