#include "sim/ledger.h"

#include <pthread.h>
#include <stdio.h>

#define LEDGER_POOL_BYTES   (96u << 20)
#define LEDGER_NAMES        4096            /* different models */
#define LEDGER_BLOCK        16384           /* rows */

struct ledger_row {
    int64_t seq, t_ms, cost_nanousd;
    uint64_t prompt_hash;
    const char *api, *fault;
    uint32_t which, input_tokens, output_tokens, trial, idempotency;    /* texts: places in the pool, 0: none */
    uint16_t model, status;
    bool billed, stream;
};

struct sim_ledger {
    pthread_mutex_t lock;                   /* guards what follows, but for the gauges */
    int64_t began_ms, seq;
    struct ledger_row **blocks;
    size_t rows, block_count;
    struct buf pool;                        /* length byte, text */
    struct map models;                      /* name -> its number + 1 */
    VEC(struct str) names;
    int64_t billed, input_tokens, output_tokens, cost_nanousd, unknown_cost, dropped;
    int64_t status[600];
    struct map faults;                      /* name -> count */
    int64_t flight, flight_max;             /* atomics */
};

struct sim_ledger *sim_ledger_new(void)
{
    struct sim_ledger *l = xcalloc(1, sizeof *l);

    pthread_mutex_init(&l->lock, NULL);
    l->pool = BUF_INIT(LEDGER_POOL_BYTES);
    l->began_ms = clock_mono_ms();
    return l;
}

static void ledger_empty(struct sim_ledger *l)
{
    for (size_t i = 0; i < l->block_count; i++)
        free(l->blocks[i]);
    free(l->blocks);
    l->blocks = NULL;
    l->rows = l->block_count = 0;
    buf_dispose(&l->pool);
    for (size_t i = 0; i < l->names.len; i++)
        free((char *)l->names.at[i].at);
    vec_dispose(&l->names);
    map_dispose(&l->models);
    map_dispose(&l->faults);
    l->models = l->faults = MAP_INIT;
}

void sim_ledger_free(struct sim_ledger *l)
{
    if (!l)
        return;
    ledger_empty(l);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

void sim_ledger_clear(struct sim_ledger *l)
{
    pthread_mutex_lock(&l->lock);
    ledger_empty(l);
    l->seq = l->billed = l->input_tokens = l->output_tokens = l->cost_nanousd = l->unknown_cost = l->dropped = 0;
    memset(l->status, 0, sizeof l->status);
    __atomic_store_n(&l->flight_max, __atomic_load_n(&l->flight, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
    l->began_ms = clock_mono_ms();
    pthread_mutex_unlock(&l->lock);
}

static uint32_t ledger_text(struct sim_ledger *l, struct str s)
{
    size_t at;

    s = str_utf8_head(s, SIM_LEDGER_TEXT);
    if (!s.len)
        return 0;
    if (!l->pool.len)
        buf_byte(&l->pool, 0);              /* so that no text is at 0 */
    at = l->pool.len;
    if (at + 1 + s.len > LEDGER_POOL_BYTES)
        return 0;
    buf_byte(&l->pool, (char)s.len);
    buf_append(&l->pool, s);
    return (uint32_t)at;
}

static struct str ledger_text_at(const struct sim_ledger *l, uint32_t at)
{
    return at ? str_n(l->pool.bytes + at + 1, (unsigned char)l->pool.bytes[at]) : str_n("", 0);
}

static uint16_t ledger_model(struct sim_ledger *l, struct str name)
{
    uintptr_t known;

    name = str_utf8_head(name, 200);
    known = (uintptr_t)map_get(&l->models, name);
    if (known)
        return (uint16_t)(known - 1);
    if (l->names.len == LEDGER_NAMES)
        name = S("(others)");
    if (l->names.len > LEDGER_NAMES)
        return LEDGER_NAMES;
    vec_push(&l->names, str_n(xstrndup(name.at, name.len), name.len));
    map_put(&l->models, name, (void *)(uintptr_t)l->names.len);
    return (uint16_t)(l->names.len - 1);
}

int64_t sim_ledger_add(struct sim_ledger *l, const struct sim_bill *bill)
{
    int64_t seq;

    pthread_mutex_lock(&l->lock);
    seq = ++l->seq;
    l->status[CLAMP(bill->status, 0, 599)]++;
    if (bill->fault) {
        struct str name = str_c(bill->fault);

        map_put(&l->faults, name, (void *)((uintptr_t)map_get(&l->faults, name) + 1));
    }
    if (bill->billed) {
        l->billed++;
        l->input_tokens += bill->input_tokens;
        l->output_tokens += bill->output_tokens;
        if (bill->cost_nanousd == MONEY_UNKNOWN)
            l->unknown_cost++;
        else
            l->cost_nanousd += bill->cost_nanousd;
    }
    if (l->rows < SIM_LEDGER_ROWS) {
        if (l->rows == l->block_count * LEDGER_BLOCK) {
            l->blocks = xreallocarray(l->blocks, l->block_count + 1, sizeof *l->blocks);
            l->blocks[l->block_count++] = xmalloc(LEDGER_BLOCK * sizeof **l->blocks);
        }
        l->blocks[l->rows / LEDGER_BLOCK][l->rows % LEDGER_BLOCK] = (struct ledger_row){
            .seq = seq, .t_ms = clock_mono_ms() - l->began_ms, .cost_nanousd = bill->cost_nanousd,
            .prompt_hash = bill->prompt_hash, .api = bill->api, .fault = bill->fault, .which = bill->which,
            .input_tokens = (uint32_t)MIN(bill->input_tokens, INT64_C(0xffffffff)),
            .output_tokens = (uint32_t)MIN(bill->output_tokens, INT64_C(0xffffffff)),
            .trial = ledger_text(l, bill->trial), .idempotency = ledger_text(l, bill->idempotency),
            .model = ledger_model(l, bill->model), .status = (uint16_t)bill->status,
            .billed = bill->billed, .stream = bill->stream,
        };
        l->rows++;
    } else {
        l->dropped++;
    }
    pthread_mutex_unlock(&l->lock);
    return seq;
}

void sim_ledger_flight(struct sim_ledger *l, int change)
{
    int64_t now = __atomic_add_fetch(&l->flight, change, __ATOMIC_RELAXED);
    int64_t most = __atomic_load_n(&l->flight_max, __ATOMIC_RELAXED);

    while (now > most &&
           !__atomic_compare_exchange_n(&l->flight_max, &most, now, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static json_t *ledger_cost(int64_t cost_nanousd)
{
    return cost_nanousd == MONEY_UNKNOWN ? json_null() : json_integer(cost_nanousd);
}

static json_t *ledger_row_json(const struct sim_ledger *l, struct sim_book *book, const struct ledger_row *row)
{
    json_t *o = json_object();
    char hash[17];

    json_object_set_new(o, "seq", json_integer(row->seq));
    json_object_set_new(o, "t_ms", json_integer(row->t_ms));
    json_object_set_new(o, "api", json_string(row->api));
    json_set_str(o, "model", l->names.at[row->model]);
    if (row->which != SIM_NO_CASE)
        json_set_str(o, "case", sim_book_case_id(book, row->which));
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)row->prompt_hash);
    json_object_set_new(o, "prompt", json_string(hash));
    json_object_set_new(o, "input_tokens", json_integer(row->input_tokens));
    json_object_set_new(o, "output_tokens", json_integer(row->output_tokens));
    json_object_set_new(o, "cost_nanousd", ledger_cost(row->cost_nanousd));
    json_object_set_new(o, "status", json_integer(row->status));
    json_object_set_new(o, "billed", json_boolean(row->billed));
    json_object_set_new(o, "stream", json_boolean(row->stream));
    if (row->fault)
        json_object_set_new(o, "fault", json_string(row->fault));
    if (row->trial)
        json_set_str(o, "trial", ledger_text_at(l, row->trial));
    if (row->idempotency)
        json_set_str(o, "idempotency_key", ledger_text_at(l, row->idempotency));
    return o;
}

static json_t *ledger_totals_locked(struct sim_ledger *l)
{
    json_t *o = json_object(), *statuses = json_object(), *faults = json_object();
    struct str key;
    void *count;
    char name[8];

    json_object_set_new(o, "calls", json_integer(l->seq));
    json_object_set_new(o, "billed", json_integer(l->billed));
    json_object_set_new(o, "input_tokens", json_integer(l->input_tokens));
    json_object_set_new(o, "output_tokens", json_integer(l->output_tokens));
    json_object_set_new(o, "cost_nanousd", json_integer(l->cost_nanousd));
    json_object_set_new(o, "unknown_cost", json_integer(l->unknown_cost));
    json_object_set_new(o, "rows", json_integer((json_int_t)l->rows));
    json_object_set_new(o, "rows_dropped", json_integer(l->dropped));
    json_object_set_new(o, "t_ms", json_integer(clock_mono_ms() - l->began_ms));
    json_object_set_new(o, "in_flight", json_integer(__atomic_load_n(&l->flight, __ATOMIC_RELAXED)));
    json_object_set_new(o, "in_flight_max", json_integer(__atomic_load_n(&l->flight_max, __ATOMIC_RELAXED)));
    for (size_t i = 0; i < COUNT_OF(l->status); i++)
        if (l->status[i]) {
            snprintf(name, sizeof name, "%zu", i);
            json_object_set_new(statuses, name, json_integer(l->status[i]));
        }
    json_object_set_new(o, "statuses", statuses);
    for (size_t i = 0; map_next(&l->faults, &i, &key, &count);)
        json_object_setn_new(faults, key.at, key.len, json_integer((json_int_t)(uintptr_t)count));
    json_object_set_new(o, "faults", faults);
    return o;
}

json_t *sim_ledger_totals(struct sim_ledger *l)
{
    json_t *o;

    pthread_mutex_lock(&l->lock);
    o = ledger_totals_locked(l);
    pthread_mutex_unlock(&l->lock);
    return o;
}

json_t *sim_ledger_rows(struct sim_ledger *l, struct sim_book *book, int64_t since, int64_t limit, bool all)
{
    json_t *o = json_object(), *rows = json_array();
    int64_t last = since;
    size_t i;

    limit = limit <= 0 ? 10000 : MIN(limit, INT64_C(200000));
    pthread_mutex_lock(&l->lock);
    json_object_set_new(o, "totals", ledger_totals_locked(l));
    for (i = (size_t)CLAMP(since, INT64_C(0), (int64_t)l->rows); i < l->rows && (int64_t)json_array_size(rows) < limit;
         i++) {
        const struct ledger_row *row = &l->blocks[i / LEDGER_BLOCK][i % LEDGER_BLOCK];

        last = row->seq;
        if (row->billed || all)
            json_array_append_new(rows, ledger_row_json(l, book, row));
    }
    json_object_set_new(o, "next", i < l->rows ? json_integer(last) : json_null());     /* for ?since= */
    pthread_mutex_unlock(&l->lock);
    json_object_set_new(o, "rows", rows);
    return o;
}
