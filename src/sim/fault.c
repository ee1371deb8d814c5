#include "sim/fault.h"

#include <pthread.h>
#include <stdio.h>

#define WEATHER_RULES       64
#define WEATHER_COUNTERS    1000000         /* of @N: beyond, all are forgotten */
#define WEATHER_MODELS      4096            /* with a bucket of their own */

static const struct fault_row { const char *name, *value, *about; } fault_rows[SIM_FAULT_KINDS] = {
    [SIM_FAULT_STATUS]            = { "<400-599>", "seconds, or 250ms: sent as Retry-After", "refused with that status" },
    [SIM_FAULT_QUOTA]             = { "quota", "", "out of credit, as the vendor says it" },
    [SIM_FAULT_RESET]             = { "reset", "", "the connection is reset instead of an answer" },
    [SIM_FAULT_NO_REPLY]          = { "no_reply", "", "taken and never answered" },
    [SIM_FAULT_SLOW_FIRST_BYTE]   = { "slow_first_byte", "milliseconds", "the answer begins late" },
    [SIM_FAULT_CUT_STREAM]        = { "cut_stream", "", "the connection closes half-way through the answer" },
    [SIM_FAULT_STALL_STREAM]      = { "stall_stream", "", "silence from half-way through the answer" },
    [SIM_FAULT_SLOW]              = { "slow", "factor", "alive, but that many times too slow" },
    [SIM_FAULT_GARBAGE]           = { "garbage", "", "200 with bytes that mean nothing" },
    [SIM_FAULT_TRUNCATED_JSON]    = { "truncated_json", "", "200 with half of the JSON" },
    [SIM_FAULT_WRONG_CONTENT_TYPE] = { "wrong_content_type", "", "200 with an HTML page" },
    [SIM_FAULT_HUGE_BODY]         = { "huge_body", "bytes", "an answer of that size" },
    [SIM_FAULT_BILLED_BUT_FAILED] = { "billed_but_failed", "status", "computed, charged for, and lost: 500" },
    [SIM_FAULT_FLAP]              = { "flap", "seconds", "503 to every other try of a request, or for that long and then fine" },
    [SIM_FAULT_ERROR_IN_200]      = { "error_in_200", "status", "200 with an error inside" },
    [SIM_FAULT_EMPTY_CHOICES]     = { "empty_choices", "", "200 with no answer inside" },
    [SIM_FAULT_REFUSE_PARAM]      = { "refuse_param", "name", "400 when the request has that parameter" },
    [SIM_FAULT_CONTENT_FILTER]    = { "content_filter", "", "stopped by the vendor's filter" },
};

struct weather_rule {
    struct sim_fault fault;
    char words[64];
    int64_t every, seen, first;
    VEC(char *) models;
};

/* Tokens (or requests) flow in at `per_ms` up to `size`. */
struct weather_bucket { double requests, tokens; int64_t at_us; };

struct weather_count { uint64_t key; int64_t n; };

struct sim_weather {
    pthread_mutex_t lock;                   /* guards all that follows */
    uint64_t seed, draws;
    int64_t flap_began_ms;                  /* -1: not yet */
    struct weather_rule rules[WEATHER_RULES];
    size_t rule_count;
    struct sim_limits limits;
    struct weather_bucket bucket;
    struct map buckets;                     /* model -> struct weather_bucket, when per_model */
    struct weather_count *counts;           /* open addressing, key 0 is empty */
    size_t counts_len, counts_size;
    bool calm;                              /* atomic: no rules, no limits */
};

bool sim_fault_at(size_t i, struct sim_fault_info *out)
{
    if (i >= COUNT_OF(fault_rows))
        return false;
    *out = (struct sim_fault_info){ fault_rows[i].name, fault_rows[i].value, fault_rows[i].about };
    return true;
}

/* --- words ------------------------------------------------------------------------------------------------------- */

/* "2", "1.5", "250ms", "2s" as milliseconds; a bare number counts `unit_ms`. */
static bool fault_ms(struct str s, int64_t unit_ms, int64_t *ms, bool *in_ms)
{
    double n, unit = (double)unit_ms;

    *in_ms = str_ends(s, S("ms"));
    if (*in_ms) {
        s.len -= 2;
        unit = 1;
    } else if (str_ends(s, S("s"))) {
        s.len -= 1;
        unit = 1000;
    }
    if (!str_to_double(s, &n) || n < 0 || n * unit > 86400e3)
        return false;
    *ms = (int64_t)(n * unit);
    return true;
}

static enum err_code fault_bad_value(struct err *e, struct str kind, const char *value)
{
    return err_set(e, ERR_BAD_INPUT, "fault \"" STR_FMT "\" takes %s%s after \"=\"", STR_ARG(kind),
                   *value ? "" : "no value", value);
}

static char fault_statuses[200][4];
static pthread_once_t fault_statuses_once = PTHREAD_ONCE_INIT;

static void fault_statuses_write(void)
{
    for (size_t i = 0; i < COUNT_OF(fault_statuses); i++)
        snprintf(fault_statuses[i], sizeof fault_statuses[i], "%u", (unsigned)(400 + i) % 1000);
}

/* The number as text that lives for ever, as the ledger keeps names by address. */
static const char *fault_status_name(int status)
{
    pthread_once(&fault_statuses_once, fault_statuses_write);
    return fault_statuses[status - 400];
}

static enum err_code fault_read_value(struct sim_fault *f, struct str kind, struct str value, struct err *e)
{
    const char *takes = f->kind == SIM_FAULT_STATUS ? fault_rows[SIM_FAULT_STATUS].value : fault_rows[f->kind].value;
    int64_t n = 0;
    bool in_ms;

    switch (f->kind) {
    case SIM_FAULT_STATUS:
        if (str_is(value, "none"))
            return ERR_OK;
        if (!fault_ms(value, 1000, &f->wait_ms, &f->wait_in_ms))
            return fault_bad_value(e, kind, takes);
        return ERR_OK;
    case SIM_FAULT_FLAP:
        if (!fault_ms(value, 1000, &f->number, &in_ms))
            return fault_bad_value(e, kind, takes);
        return ERR_OK;
    case SIM_FAULT_SLOW_FIRST_BYTE:
        if (!fault_ms(value, 1, &f->number, &in_ms) || f->number > 3600000)
            return fault_bad_value(e, kind, takes);
        return ERR_OK;
    case SIM_FAULT_SLOW:
        if (!str_to_i64(value, &f->number) || f->number < 1 || f->number > 100000)
            return fault_bad_value(e, kind, takes);
        return ERR_OK;
    case SIM_FAULT_HUGE_BODY:
        if (!str_to_i64(value, &f->number) || f->number < 1 || f->number > INT64_C(1) << 40)
            return fault_bad_value(e, kind, takes);
        return ERR_OK;
    case SIM_FAULT_ERROR_IN_200:
    case SIM_FAULT_BILLED_BUT_FAILED:
        if (!str_to_i64(value, &n) || n < 400 || n > 599)
            return fault_bad_value(e, kind, takes);
        f->status = (int)n;
        return ERR_OK;
    case SIM_FAULT_REFUSE_PARAM: f->text = value; return ERR_OK;
    default: return fault_bad_value(e, kind, "");
    }
}

/* `word` must outlive the fault. */
static enum err_code fault_read(struct str word, struct sim_fault *out, struct err *e)
{
    struct sim_fault f = { .wait_ms = -1, .rate = 1 };
    struct str kind, value = STR_NONE, tail;
    struct suggest near;
    ptrdiff_t i;
    int64_t status;
    char hint[160];

    word = str_trim(word);
    if ((i = str_find_byte(word, '~')) >= 0) {
        tail = str_from(word, (size_t)i + 1);
        word.len = (size_t)i;
        if (!str_to_double(tail, &f.rate) || f.rate < 0 || f.rate > 1)
            return err_set(e, ERR_BAD_INPUT, "\"~" STR_FMT "\": a fault's probability is between 0 and 1",
                           STR_ARG(tail));
    }
    if ((i = str_find_byte(word, '@')) >= 0) {
        tail = str_from(word, (size_t)i + 1);
        word.len = (size_t)i;
        if (!str_to_i64(tail, &f.first) || f.first < 1)
            return err_set(e, ERR_BAD_INPUT, "\"@" STR_FMT "\": how many times a fault strikes first is at least 1",
                           STR_ARG(tail));
    }
    kind = word;
    if ((i = str_find_byte(word, '=')) >= 0) {
        kind.len = (size_t)i;
        value = str_from(word, (size_t)i + 1);
    }
    if (str_to_i64(kind, &status) && status >= 400 && status <= 599) {
        f.kind = SIM_FAULT_STATUS;
        f.status = (int)status;
        f.name = fault_status_name(f.status);
    } else {
        suggest_begin(&near, kind);
        for (f.kind = SIM_FAULT_QUOTA; f.kind < SIM_FAULT_KINDS && !str_is(kind, fault_rows[f.kind].name); f.kind++)
            suggest_offer(&near, str_c(fault_rows[f.kind].name));
        if (f.kind == SIM_FAULT_KINDS)
            return err_set(e, ERR_BAD_INPUT,
                           "there is no fault \"" STR_FMT
                           "\"%s; a status from 400 to 599 or a name like \"reset\" is allowed",
                           STR_ARG(kind), suggest_hint(&near, hint));
        f.name = fault_rows[f.kind].name;
        f.status = f.kind == SIM_FAULT_BILLED_BUT_FAILED ? 500 : f.kind == SIM_FAULT_ERROR_IN_200 ? 502 : 503;
        f.number = f.kind == SIM_FAULT_SLOW_FIRST_BYTE ? 2000
                   : f.kind == SIM_FAULT_SLOW          ? 100
                   : f.kind == SIM_FAULT_HUGE_BODY     ? INT64_C(256) << 20
                                                       : 0;
        f.text = f.kind == SIM_FAULT_REFUSE_PARAM ? S("temperature") : str_n("", 0);
    }
    if (value.at)
        TRY(fault_read_value(&f, kind, value, e));
    *out = f;
    return ERR_OK;
}

/* --- rules of the whole server ----------------------------------------------------------------------------------- */

struct sim_weather *sim_weather_new(uint64_t seed)
{
    struct sim_weather *w = xcalloc(1, sizeof *w);

    pthread_mutex_init(&w->lock, NULL);
    w->seed = seed;
    w->flap_began_ms = -1;
    w->calm = true;
    return w;
}

static void weather_rules_drop(struct weather_rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < rules[i].models.len; k++)
            free(rules[i].models.at[k]);
        vec_dispose(&rules[i].models);
    }
}

static void weather_buckets_drop(struct sim_weather *w)
{
    struct str key;
    void *bucket;

    for (size_t i = 0; map_next(&w->buckets, &i, &key, &bucket);)
        free(bucket);
    map_dispose(&w->buckets);
    w->buckets = MAP_INIT;
    w->bucket = (struct weather_bucket){ 0 };
}

void sim_weather_free(struct sim_weather *w)
{
    if (!w)
        return;
    weather_rules_drop(w->rules, w->rule_count);
    weather_buckets_drop(w);
    free(w->counts);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static void weather_calm(struct sim_weather *w)
{
    bool calm = !w->rule_count && !w->limits.requests_per_minute && !w->limits.tokens_per_minute;

    __atomic_store_n(&w->calm, calm, __ATOMIC_RELEASE);
}

bool sim_weather_calm(struct sim_weather *w)
{
    return __atomic_load_n(&w->calm, __ATOMIC_ACQUIRE);
}

static enum err_code weather_rule_words(struct weather_rule *r, struct str words, struct err *e)
{
    if (words.len >= sizeof r->words)
        return err_set(e, ERR_TOO_LARGE, "a fault is at most %zu letters, this one has %zu", sizeof r->words - 1,
                       words.len);
    memcpy(r->words, words.at, words.len);
    r->words[words.len] = '\0';
    return fault_read(str_n(r->words, words.len), &r->fault, e);
}

static enum err_code weather_rule_read(struct weather_rule *r, const json_t *o, struct err *e)
{
    static const char *const known[] = { "kind", "rate", "models", "first", "every" };
    const json_t *models = json_child(o, "models"), *m;
    const char *key;
    json_t *value;
    size_t i;

    if (!json_is_object(o) || !json_get_str(o, "kind").len)
        return err_set(e, ERR_BAD_INPUT,
                       "a fault is an object with a \"kind\", such as {\"kind\": \"429=2\", \"rate\": 0.2}");
    json_object_foreach((json_t *)o, key, value) {
        struct suggest near;
        char hint[160];
        bool found = false;

        suggest_begin(&near, str_c(key));
        for (i = 0; i < COUNT_OF(known); i++) {
            suggest_offer(&near, str_c(known[i]));
            found |= strcmp(key, known[i]) == 0;
        }
        if (!found)
            return err_set(e, ERR_BAD_INPUT, "a fault has no \"%.60s\"%s; allowed: kind, rate, models, first, every",
                           key, suggest_hint(&near, hint));
    }
    TRY(weather_rule_words(r, json_get_str(o, "kind"), e));
    r->fault.rate = json_get_double(o, "rate", r->fault.rate);
    if (!(r->fault.rate >= 0 && r->fault.rate <= 1))
        return err_set(e, ERR_BAD_INPUT, "a fault's rate is between 0 and 1");
    r->first = json_get_i64(o, "first", 0);
    r->every = json_get_i64(o, "every", 0);
    if (r->first < 0 || r->every < 0)
        return err_set(e, ERR_BAD_INPUT, "a fault's \"first\" and \"every\" are 0 or more");
    json_array_foreach(models, i, m)
        if (json_is_string(m) && i < 64)
            vec_push(&r->models, xstrndup(json_string_value(m), json_string_length(m)));
    return ERR_OK;
}

/* The faults' texts point into their rule, so rules are read where they will stay. */
static void weather_rules_move(struct sim_weather *w, struct weather_rule *rules, size_t n)
{
    weather_rules_drop(w->rules, w->rule_count);
    memcpy(w->rules, rules, n * sizeof *rules);
    for (size_t i = 0; i < n; i++)
        if (w->rules[i].fault.text.len) {
            ptrdiff_t at = rules[i].fault.text.at - rules[i].words;

            if (at >= 0 && at < (ptrdiff_t)sizeof rules[i].words)
                w->rules[i].fault.text.at = w->rules[i].words + at;
        }
    w->rule_count = n;
    w->flap_began_ms = -1;
    weather_calm(w);
}

enum err_code sim_weather_set_rules(struct sim_weather *w, const json_t *rules, struct err *e)
{
    AUTO(freep) struct weather_rule *fresh = xcalloc(WEATHER_RULES, sizeof *fresh);
    enum err_code code = ERR_OK;
    const json_t *o;
    size_t i, n = 0;

    if (!json_is_array(rules) || json_array_size(rules) > WEATHER_RULES)
        return err_set(e, ERR_BAD_INPUT, "\"faults\" is a list of at most %d faults", WEATHER_RULES);
    json_array_foreach(rules, i, o) {
        code = weather_rule_read(&fresh[n++], o, e);
        if (code != ERR_OK)
            break;
    }
    if (code != ERR_OK) {
        weather_rules_drop(fresh, n);
        return err_prefix(e, "fault %zu", n);
    }
    pthread_mutex_lock(&w->lock);
    weather_rules_move(w, fresh, n);
    pthread_mutex_unlock(&w->lock);
    return ERR_OK;
}

enum err_code sim_weather_set_words(struct sim_weather *w, struct str words, struct err *e)
{
    AUTO(freep) struct weather_rule *fresh = xcalloc(WEATHER_RULES, sizeof *fresh);
    struct str word;
    size_t n = 0;

    while (words.len && str_split(&words, ',', &word)) {
        if (n == WEATHER_RULES)
            return err_set(e, ERR_TOO_LARGE, "at most %d faults", WEATHER_RULES);
        TRY(weather_rule_words(&fresh[n++], str_trim(word), e));
    }
    pthread_mutex_lock(&w->lock);
    weather_rules_move(w, fresh, n);
    pthread_mutex_unlock(&w->lock);
    return ERR_OK;
}

enum err_code sim_weather_set_limits(struct sim_weather *w, const json_t *o, struct err *e)
{
    struct sim_limits l = {
        .requests_per_minute = json_get_i64(o, "requests_per_minute", 0),
        .tokens_per_minute = json_get_i64(o, "tokens_per_minute", 0),
        .burst_seconds = json_get_double(o, "burst_seconds", 1),
        .per_model = json_get_bool(o, "per_model", false),
        .headers = json_get_bool(o, "headers", true),
    };

    if (!json_is_object(o) || l.requests_per_minute < 0 || l.tokens_per_minute < 0 ||
        !(l.burst_seconds > 0 && l.burst_seconds <= 3600))
        return err_set(e, ERR_BAD_INPUT, "\"limits\" is an object with requests_per_minute and tokens_per_minute (0: none), "
                                         "burst_seconds (above 0, at most 3600), per_model and headers (true or false)");
    pthread_mutex_lock(&w->lock);
    w->limits = l;
    weather_buckets_drop(w);
    weather_calm(w);
    pthread_mutex_unlock(&w->lock);
    return ERR_OK;
}

json_t *sim_weather_json(struct sim_weather *w)
{
    json_t *o = json_object(), *rules = json_array();

    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->rule_count; i++) {
        const struct weather_rule *r = &w->rules[i];
        json_t *rule = json_object(), *models = json_array();

        json_object_set_new(rule, "kind", json_string(r->words));
        json_object_set_new(rule, "rate", json_real(r->fault.rate));
        json_object_set_new(rule, "first", json_integer(r->first));
        json_object_set_new(rule, "every", json_integer(r->every));
        for (size_t k = 0; k < r->models.len; k++)
            json_array_append_new(models, json_string(r->models.at[k]));
        json_object_set_new(rule, "models", models);
        json_object_set_new(rule, "seen", json_integer(r->seen));
        json_array_append_new(rules, rule);
    }
    json_object_set_new(o, "faults", rules);
    json_object_set_new(o, "limits", json_pack("{s:I,s:I,s:f,s:b,s:b}", "requests_per_minute", (json_int_t)w->limits.requests_per_minute,
                                               "tokens_per_minute", (json_int_t)w->limits.tokens_per_minute, "burst_seconds",
                                               w->limits.burst_seconds, "per_model", w->limits.per_model, "headers", w->limits.headers));
    pthread_mutex_unlock(&w->lock);
    return o;
}

/* --- what strikes ------------------------------------------------------------------------------------------------- */

/* How often `key` was met before; under the lock. */
static int64_t weather_count(struct sim_weather *w, uint64_t key)
{
    size_t i;

    key |= 1;
    if (w->counts_len >= WEATHER_COUNTERS) {
        memset(w->counts, 0, w->counts_size * sizeof *w->counts);
        w->counts_len = 0;
    }
    if (w->counts_len * 2 >= w->counts_size) {
        struct weather_count *old = w->counts;
        size_t old_size = w->counts_size;

        w->counts_size = MAX(old_size * 2, (size_t)1024);
        w->counts = xcalloc(w->counts_size, sizeof *w->counts);
        for (size_t k = 0; k < old_size; k++)
            if (old[k].key) {
                for (i = rng_mix(old[k].key) & (w->counts_size - 1); w->counts[i].key;
                     i = (i + 1) & (w->counts_size - 1))
                    ;
                w->counts[i] = old[k];
            }
        free(old);
    }
    for (i = rng_mix(key) & (w->counts_size - 1); w->counts[i].key && w->counts[i].key != key;
         i = (i + 1) & (w->counts_size - 1))
        ;
    if (!w->counts[i].key) {
        w->counts[i].key = key;
        w->counts_len++;
    }
    return w->counts[i].n++;
}

/* Under the lock. */
static bool weather_strikes(struct sim_weather *w, const struct sim_fault *f, uint64_t who, uint64_t rule)
{
    if (f->rate < 1 &&
        (double)(rng_mix(w->seed ^ ++w->draws * UINT64_C(0x2545f4914f6cdd1d)) >> 11) * 0x1p-53 >= f->rate)
        return false;
    if (f->first && weather_count(w, rng_mix(who ^ rule)) >= f->first)
        return false;
    if (f->kind == SIM_FAULT_FLAP) {
        int64_t now = clock_mono_ms();

        if (!f->number)
            return weather_count(w, rng_mix(who ^ rule ^ 0xf1a9)) % 2 == 0;
        if (w->flap_began_ms < 0)
            w->flap_began_ms = now;
        return now - w->flap_began_ms < f->number;
    }
    return true;
}

static bool weather_rule_for(const struct weather_rule *r, struct str model)
{
    for (size_t i = 0; i < r->models.len; i++)
        if (str_is(model, r->models.at[i]))
            return true;
    return !r->models.len;
}

enum err_code sim_weather_strike(struct sim_weather *w, struct str model, struct str in_name, struct str in_header,
                                 uint64_t who, struct arena *a, struct sim_faults *out, struct err *e)
{
    struct str sources[] = { in_name, in_header }, word;

    out->len = 0;
    for (size_t i = 0; i < COUNT_OF(sources); i++)
        while (sources[i].len && str_split(&sources[i], ',', &word)) {
            struct sim_fault f;
            bool strikes;

            TRY(fault_read(word, &f, e));
            pthread_mutex_lock(&w->lock);
            strikes = weather_strikes(w, &f, who, hash_bytes(str_trim(word), 3) ^ hash_bytes(model, 4));
            pthread_mutex_unlock(&w->lock);
            if (strikes && out->len < SIM_FAULTS_MAX)
                out->at[out->len++] = f;
        }
    if (sim_weather_calm(w))
        return ERR_OK;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->rule_count; i++) {
        struct weather_rule *r = &w->rules[i];

        if (!weather_rule_for(r, model))
            continue;
        r->seen++;
        if ((r->first && r->seen > r->first) || (r->every && r->seen % r->every != 0))
            continue;
        if (weather_strikes(w, &r->fault, who, hash_bytes(str_c(r->words), 5)) && out->len < SIM_FAULTS_MAX) {
            out->at[out->len] = r->fault;
            out->at[out->len++].text = arena_strdup(a, r->fault.text);      /* the rule may be replaced meanwhile */
        }
    }
    pthread_mutex_unlock(&w->lock);
    return ERR_OK;
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

static struct weather_bucket *weather_bucket(struct sim_weather *w, struct str model)
{
    struct weather_bucket *b = &w->bucket;

    if (w->limits.per_model && (b = map_get(&w->buckets, model)) == NULL) {
        if (map_len(&w->buckets) >= WEATHER_MODELS)
            return &w->bucket;
        b = xcalloc(1, sizeof *b);
        map_put(&w->buckets, model, b);
    }
    return b;
}

/* Requests and tokens flow in evenly; a bucket holds what burst_seconds bring, and a request larger than that is let
 * in when the bucket is full, leaving a debt. */
void sim_weather_admit(struct sim_weather *w, struct str model, int64_t tokens, struct sim_room *out)
{
    int64_t now = clock_mono_us();
    struct weather_bucket *b;
    double rps, tps, most_r, most_t, elapsed;

    *out = (struct sim_room){ 0 };
    if (sim_weather_calm(w))
        return;
    pthread_mutex_lock(&w->lock);
    if (w->limits.requests_per_minute || w->limits.tokens_per_minute) {
        b = weather_bucket(w, model);
        rps = (double)w->limits.requests_per_minute / 60;
        tps = (double)w->limits.tokens_per_minute / 60;
        most_r = MAX(rps * w->limits.burst_seconds, 1.0);
        most_t = MAX(tps * w->limits.burst_seconds, 1.0);
        elapsed = b->at_us ? (double)(now - b->at_us) / 1e6 : 1e9;
        b->at_us = now;
        b->requests = MIN(b->requests + elapsed * rps, most_r);
        b->tokens = MIN(b->tokens + elapsed * tps, most_t);
        *out = (struct sim_room){ .limited = true, .headers = w->limits.headers,
                                  .requests_limit = w->limits.requests_per_minute, .tokens_limit = w->limits.tokens_per_minute };
        if (rps > 0 && b->requests < 1) {
            out->refused = true;
            out->wait_ms = (int64_t)((1 - b->requests) / rps * 1000) + 1;
        }
        if (tps > 0 && b->tokens < MIN((double)tokens, most_t)) {
            out->refused = out->by_tokens = true;
            out->wait_ms = MAX(out->wait_ms, (int64_t)((MIN((double)tokens, most_t) - b->tokens) / tps * 1000) + 1);
        }
        if (!out->refused) {
            b->requests -= rps > 0 ? 1 : 0;
            b->tokens -= tps > 0 ? (double)tokens : 0;
        }
        out->requests_left = (int64_t)MAX(b->requests, 0.0);
        out->tokens_left = (int64_t)MAX(b->tokens, 0.0);
        out->requests_reset_ms = rps > 0 ? (int64_t)((most_r - b->requests) / rps * 1000) : 0;
        out->tokens_reset_ms = tps > 0 ? (int64_t)((most_t - b->tokens) / tps * 1000) : 0;
    }
    pthread_mutex_unlock(&w->lock);
}
