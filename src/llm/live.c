#include "llm/live.h"

#include "llm/provider/openrouter_models.h"
#include "version.h"

#include <curl/curl.h>

#define LIVE_FORMAT 1

/* --- asking ------------------------------------------------------------------------------------------------------- */

static size_t live_feed(char *at, size_t size, size_t n, void *into)
{
    buf_append(into, str_n(at, size * n));
    return buf_failed(into) ? 0 : size * n;
}

static void live_easy_freep(CURL **c)
{
    curl_easy_cleanup(*c);
}

/* One GET; no redirect is followed and only http and https are spoken. */
static enum err_code live_get(const char *url, const char *ca_file, struct buf *out, struct err *e)
{
    AUTO(live_easy_freep) CURL *c = curl_easy_init();
    char why[CURL_ERROR_SIZE] = "";
    CURLcode code;
    long status = 0;

    if (!c)
        return err_set(e, ERR_IO, "the list of models can't be asked for: curl has no memory");
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "assay/" ASSAY_VERSION);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)LIVE_TIMEOUT_MS);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, live_feed);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
    if (ca_file)
        curl_easy_setopt(c, CURLOPT_CAINFO, ca_file);
    code = curl_easy_perform(c);
    if (buf_failed(out))
        return err_set(e, ERR_TOO_LARGE, "the list of models at %s is larger than %u MiB", url, LIVE_BYTES_MAX >> 20);
    if (code != CURLE_OK)
        return err_set(e, ERR_NETWORK, "the list of models can't be had from %s: %s", url,
                       *why ? why : curl_easy_strerror(code));
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return err_set(e, ERR_NETWORK, "the list of models can't be had from %s: it answered %ld", url, status);
    return ERR_OK;
}

/* --- keeping ------------------------------------------------------------------------------------------------------ */

static void live_money(json_t *o, const char *key, int64_t nanousd)
{
    char money[MONEY_TEXT];

    if (nanousd >= 0)
        json_object_set_new(o, key, json_string(money_exact(nanousd, money)));
}

static json_t *live_row_json(const struct llm_price *p)
{
    json_t *o = json_object();

    json_set_str(o, "id",
                 str_from(p->model, str_find_byte(p->model, ':') >= 0 ? (size_t)str_find_byte(p->model, ':') + 1 : 0));
    live_money(o, "input_cost_per_1m", p->input);
    live_money(o, "output_cost_per_1m", p->output);
    live_money(o, "cached_cost_per_1m", p->cached);
    live_money(o, "cache_written_cost_per_1m", p->cache_written);
    json_object_set_new(o, "context_length", json_integer(p->context_tokens));
    json_object_set_new(o, "output_tokens_max", json_integer(p->output_tokens_max));
    json_object_set_new(o, "can", json_integer(p->can));
    if (p->special)
        json_object_set_new(o, "special", json_true());
    json_object_set_new(o, "can_known", json_integer(p->can_known));
    return o;
}

static enum err_code live_keep(const char *path, const struct live_list *list, struct err *e)
{
    AUTO_JSON *o = json_object();
    AUTO_BUF struct buf text = BUF_INIT(2 * LIVE_BYTES_MAX);
    json_t *rows = json_array();

    json_object_set_new(o, "format", json_integer(LIVE_FORMAT));
    json_object_set_new(o, "cached_at", json_integer(list->fetched_ms / 1000));
    json_set_str(o, "address", list->address);
    json_object_set_new(o, "skipped", json_integer((json_int_t)list->skipped));
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(rows, live_row_json(&list->rows[i]));
    json_object_set_new(o, "models", rows);
    json_write(o, &text);
    if (buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, "the list of models is too large to be kept");
    return file_write_atomic(path, buf_str(&text), 0644, e);
}

static bool live_row_read(const json_t *o, struct str dated, struct arena *a, struct llm_price *p)
{
    struct str id = json_get_str(o, "id");

    *p = (struct llm_price){ .cached = -1, .cache_written = -1, .reasoning = -1, .dated = dated,
                             .context_tokens = MAX(json_get_i64(o, "context_length", 0), INT64_C(0)),
                             .output_tokens_max = MAX(json_get_i64(o, "output_tokens_max", 0), INT64_C(0)) };
    p->can_known = (unsigned)json_get_i64(o, "can_known", 0) & (BIT(MODEL_CANS) - 1);
    p->special = json_get_bool(o, "special", false);
    p->can = (unsigned)json_get_i64(o, "can", 0) & p->can_known;
    if (!money_parse(json_get_str(o, "cached_cost_per_1m"), &p->cached))
        p->cached = -1;
    if (!money_parse(json_get_str(o, "cache_written_cost_per_1m"), &p->cache_written))
        p->cache_written = -1;
    p->model = arena_printf(a, "openrouter:" STR_FMT, STR_ARG(id));
    return id.len && id.len <= OPENROUTER_ID_MAX && money_parse(json_get_str(o, "input_cost_per_1m"), &p->input) &&
           money_parse(json_get_str(o, "output_cost_per_1m"), &p->output);
}

static struct str live_day(int64_t ms, struct arena *a)
{
    char text[CLOCK_TEXT];

    return arena_strdup(a, str_n(clock_text(ms, text), 10));
}

/* False: nothing usable is kept of this address. */
static bool live_kept(const char *path, struct str address, struct arena *a, struct live_list *out)
{
    AUTO_BUF struct buf text = BUF_INIT(2 * LIVE_BYTES_MAX);
    AUTO_JSON *o = NULL;
    const json_t *rows;
    struct str dated;

    if (!path || !file_exists(path) || file_read(path, 2 * LIVE_BYTES_MAX, &text, NULL) != ERR_OK ||
        json_read(buf_str(&text), &o, NULL) != ERR_OK || json_get_i64(o, "format", 0) != LIVE_FORMAT ||
        !str_eq(json_get_str(o, "address"), address))
        return false;
    rows = json_child(o, "models");
    if (!json_is_array(rows) || json_array_size(rows) > OPENROUTER_MODELS_MAX)
        return false;
    out->fetched_ms = CLAMP(json_get_i64(o, "cached_at", 0), INT64_C(0), INT64_C(1) << 40) * 1000;
    out->skipped = (size_t)MAX(json_get_i64(o, "skipped", 0), INT64_C(0));
    out->rows = arena_array(a, struct llm_price, json_array_size(rows) + 1);
    out->kept = true;
    dated = live_day(out->fetched_ms, a);
    for (size_t i = 0; i < json_array_size(rows); i++)
        out->count += live_row_read(json_array_get(rows, i), dated, a, &out->rows[out->count]);
    return true;
}

/* --- both --------------------------------------------------------------------------------------------------------- */

static enum err_code live_ask(const struct live_options *o, struct str address, struct arena *a, struct live_list *out,
                              struct err *e)
{
    AUTO_BUF struct buf body = BUF_INIT(LIVE_BYTES_MAX);
    const char *url = arena_printf(a, STR_FMT "/models", STR_ARG(address)).at;
    struct str dated;

    TRY(live_get(url, o->ca_file, &body, e));
    if (openrouter_models_read(buf_str(&body), a, &out->rows, &out->count, &out->skipped, e) != ERR_OK)
        return err_prefix(e, "the list of models at %s can't be used", url);
    out->fetched_ms = clock_wall_ms();
    out->kept = false;
    dated = live_day(out->fetched_ms, a);
    for (size_t i = 0; i < out->count; i++)
        out->rows[i].dated = dated;
    return ERR_OK;
}

enum err_code live_models(struct llm *l, const struct live_options *o, struct arena *a, struct live_list *out,
                          struct err *e)
{
    struct model m = { .provider = S("openrouter"), .id = S("-"), .name = S("openrouter:-") };
    int64_t max_age = o->max_age_ms ? o->max_age_ms : LIVE_MAX_AGE_MS, age;
    const char *path = o->home ? arena_printf(a, "%s/models.json", o->home).at : NULL;
    AUTO_BUF struct buf address = BUF_INIT(4096);
    struct live_list kept = { 0 };
    struct err why = ERR_INIT;
    bool have;

    llm_address_of(l, &(struct request){ .model = &m }, &address);
    kept.address = arena_strdup(a, buf_str(&address));
    have = live_kept(path, kept.address, a, &kept);
    age = clock_wall_ms() - kept.fetched_ms;
    if (have && !o->refresh && (o->offline || (age >= 0 && age < max_age))) {
        *out = kept;
        return ERR_OK;
    }
    if (o->offline)
        return err_set(e, ERR_NOT_FOUND, "no list of models is kept; `assay models --refresh` asks for one");
    *out = (struct live_list){ .address = kept.address };
    if (live_ask(o, kept.address, a, out, &why) != ERR_OK) {
        if (!have || o->refresh) {
            *e = why;
            return why.code;
        }
        *out = kept;
        out->stale_why = arena_strdup(a, str_c(why.text));
        return ERR_OK;
    }
    if (!path)
        return ERR_OK;
    TRY(file_mkdirs(o->home, 0700, e));
    return live_keep(path, out, e);
}
