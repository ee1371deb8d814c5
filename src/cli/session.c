#include "cli/session.h"

#include "eval/report/grid.h"
#include "sim/sim.h"

#include <errno.h>

#define SESSION_SIM_CASES_MAX 1000000      /* of the built-in simulator's answer book */

static struct str session_home(struct arena *a)
{
    const char *own = getenv("ASSAY_HOME"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

    if (own && *own)
        return arena_strdup(a, str_c(own));
    if (data && *data == '/')
        return path_join(a, str_c(data), S("assay"));
    if (home && *home)
        return path_join(a, str_c(home), S(".local/share/assay"));
    return STR_NONE;
}

enum err_code session_open(struct session *s, struct err *e)
{
    *s = (struct session){ .arena = arena_new_sized(16 * 1024) };
    s->home = session_home(s->arena);
    if (!s->home.len)
        return err_set(e, ERR_ENVIRONMENT, "neither ASSAY_HOME nor HOME is set: where should runs be kept?");
    return ERR_OK;
}

enum err_code session_store(struct session *s, struct err *e)
{
    return s->store ? ERR_OK : store_open(s->home.at, &s->store, e);
}

enum err_code session_blob(struct session *s, struct err *e)
{
    return s->blob ? ERR_OK : blob_open(s->home.at, &s->blob, e);
}

void session_close(struct session *s)
{
    llm_free(s->llm);
    if (s->sim)
        sim_free(s->sim);
    data_pack_close(s->cases);
    if (s->blob)
        blob_close(s->blob);
    if (s->store)
        store_close(s->store);
    arena_freep(&s->arena);
}

/* --- the engine --------------------------------------------------------------------------------------------------- */
static bool session_url_is(struct str text)
{
    return str_istarts(text, S("http://")) || str_istarts(text, S("https://"));
}

/* "URL" goes to every provider the task asks, "openai=URL" to that one. */
static enum err_code session_base_urls(struct session *s, const struct args *args, struct err *e)
{
    struct str *list;
    size_t n = args_list(args, "base-url", &list);

    for (size_t i = 0; i < n; i++) {
        struct str provider = STR_NONE, url = list[i];
        struct llm_provider_info p;
        ptrdiff_t equals = str_find_byte(url, '=');

        if (!session_url_is(url) && equals > 0) {
            provider = str_n(url.at, (size_t)equals);
            url = str_from(url, (size_t)equals + 1);
        }
        if (!session_url_is(url))
            return err_set(e, ERR_USAGE, "--base-url \"" STR_FMT "\" is not an address; write http://... or PROVIDER=http://...",
                           STR_ARG(list[i]));
        if (provider.len) {
            TRY(llm_set_base_url(s->llm, provider, url, e));
            continue;
        }
        for (size_t k = 0; llm_provider_at(s->llm, k, &p); k++)
            TRY(llm_set_base_url(s->llm, str_c(p.name), url, e));
    }
    return ERR_OK;
}

static bool session_sim_elsewhere(const struct args *args)
{
    struct str *list;
    size_t n = args_list(args, "base-url", &list);

    for (size_t i = 0; i < n; i++)
        if (session_url_is(list[i]) || str_istarts(list[i], S("sim=")))
            return true;
    return false;
}

enum err_code session_llm(struct session *s, const struct args *args, struct err *e)
{
    struct llm_options o = { .home = s->home.at };
    int64_t attempts = 0, seconds = 0;

    if (s->llm)
        return ERR_OK;
    TRY(args_int(args, "concurrency", 1, 10000, &o.limits.in_flight_max, e));
    TRY(args_int(args, "rpm", 1, 1000000000, &o.limits.requests_per_minute, e));
    TRY(args_int(args, "tpm", 1, INT64_C(1000000000000), &o.limits.tokens_per_minute, e));
    TRY(args_int(args, "timeout", 1, 3600, &seconds, e));
    TRY(args_int(args, "attempts", 1, 10, &attempts, e));
    o.limits.in_flight_start = o.limits.in_flight_max;      /* who names a number wants it from the start */
    if (!o.limits.in_flight_max)
        o.limits.in_flight_max = 64;
    o.total_timeout_ms = seconds * 1000;
    o.attempts_max = (int)attempts;
    o.calls_max = 1000000;                      /* the runner bounds what is outstanding */
    o.ca_file = args_has(args, "ca-file") ? arena_cstr(s->arena, args_get(args, "ca-file")) : NULL;
    o.prices_file = args_has(args, "prices") ? arena_cstr(s->arena, args_get(args, "prices")) : NULL;
    /* who types exec:./answer.py means it; a task file that says so may be somebody else's */
    o.allow_programs = args_has(args, "allow-exec") ||
                       (strcmp(args->command->name, "run") == 0 && str_contains(args_get(args, "models"), S("exec:")));
    TRY(llm_new(&o, &s->llm, e));
    return session_base_urls(s, args, e);
}

enum err_code session_prices(struct session *s, const struct args *args, struct err *e)
{
    struct llm_options o = { .home = s->home.at };

    o.limits.in_flight_max = 1;
    o.prices_file = args_has(args, "prices") ? arena_cstr(s->arena, args_get(args, "prices")) : NULL;
    return llm_new(&o, &s->llm, e);
}

/* --- the simulator ------------------------------------------------------------------------------------------------ */
static enum err_code session_sim_book(struct session *s, const char *pack_hash, struct err *e)
{
    AUTO(data_pack_closep) struct data_pack *pack = NULL;
    AUTO(pack_cursor_freep) struct pack_cursor *cursor = NULL;
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    struct dataset_case kase;
    bool more = true;

    TRY(session_blob(s, e));
    TRY(data_pack_open(s->blob, str_c(pack_hash), &pack, e));
    cursor = pack_cursor_new(pack, 0);
    for (int64_t i = 0; i < SESSION_SIM_CASES_MAX; i++) {
        arena_reset(a);
        TRY(pack_cursor_next(cursor, a, &kase, &more, e));
        if (!more)
            break;
        TRY(sim_book_add(s->sim, &kase, e));
    }
    return ERR_OK;
}

enum err_code session_sim(struct session *s, const struct args *args, const struct task *task, const char *pack_hash,
                          struct err *e)
{
    struct sim_options o = { .seed = 1, .latency_scale = 1 };
    double speed = 1;
    int64_t seed = 1;
    struct str url;

    if (!plan_asks(task, "sim") || s->sim || session_sim_elsewhere(args))
        return ERR_OK;
    TRY(args_double(args, "speed", 0, 1e6, &speed, e));
    TRY(args_int(args, "seed", 0, INT64_MAX, &seed, e));
    o.latency_scale = speed > 0 ? 1 / speed : 0;
    o.seed = (uint64_t)seed;
    TRY(sim_new(&o, &s->sim, e));
    if (pack_hash)
        TRY(session_sim_book(s, pack_hash, e));
    url = arena_printf(s->arena, "%s/v1", sim_url(s->sim));
    return llm_set_base_url(s->llm, S("sim"), url, e);
}

/* --- tasks -------------------------------------------------------------------------------------------------------- */
void session_problems(const struct problems *p)
{
    for (size_t i = 0; i < p->list.len; i++) {
        const struct problem *one = &p->list.at[i];
        const char *colour = !term_get()->colour_err ? "" : one->warning ? "\033[33m" : "\033[31m";

        fprintf(stderr, STR_FMT ": %s%s%s: " STR_FMT "\n", STR_ARG(one->where), colour,
                one->warning ? "warning" : "error", *colour ? "\033[0m" : "", STR_ARG(one->text));
    }
    if (p->more)
        fprintf(stderr, "... and %zu more\n", p->more);
}

static enum err_code session_params(struct session *s, const struct args *args, struct params *out, struct err *e)
{
    struct str *list;
    size_t n = args_list(args, "param", &list);

    for (size_t i = 0; i < n; i++) {
        ptrdiff_t equals = str_find_byte(list[i], '=');
        AUTO_JSON *value = NULL;
        struct str text;

        if (equals <= 0)
            return err_set(e, ERR_USAGE, "--param \"" STR_FMT "\" must be NAME=VALUE", STR_ARG(list[i]));
        text = str_from(list[i], (size_t)equals + 1);
        if (json_read(text, &value, NULL) != ERR_OK)
            value = json_from_str(text);
        if (params_read_one(str_n(list[i].at, (size_t)equals), value, s->arena, out, e) != ERR_OK)
            return err_prefix(e, "--param");
    }
    return ERR_OK;
}

/* --chunk auto | off | dynamic | 20000 | 20000,500 */
static enum err_code session_chunking(const struct args *args, struct task_chunking *out, struct err *e)
{
    struct str text = args_get(args, "chunk"), rest = text, size = STR_NONE, overlap = STR_NONE;

    *out = (struct task_chunking){ .mode = str_is(text, "off") ? CHUNK_OFF : str_is(text, "dynamic") ? CHUNK_DYNAMIC : CHUNK_AUTO };
    if (!args_has(args, "chunk") || out->mode != CHUNK_AUTO || str_is(text, "auto"))
        return ERR_OK;
    out->mode = CHUNK_FIXED;
    if (!str_split(&rest, ',', &size) || !str_to_i64(size, &out->characters) || out->characters < 200 ||
        out->characters > 1 << 30)
        return err_set(e, ERR_USAGE, "--chunk is auto, off, dynamic, or the characters of a part from 200 on, with the overlap "
                       "behind a comma (20000,500), not \"" STR_FMT "\"", STR_ARG(text));
    out->overlap = MIN(INT64_C(500), out->characters / 10);
    if (rest.at && (!str_split(&rest, ',', &overlap) || !str_to_i64(overlap, &out->overlap) || out->overlap < 0 ||
                    out->overlap >= out->characters || rest.at))
        return err_set(e, ERR_USAGE,
                       "the overlap of --chunk must be a number smaller than the part's %lld characters, not \"" STR_FMT
                       "\"",
                       (long long)out->characters, STR_ARG(overlap));
    return ERR_OK;
}

static enum err_code session_sure(const struct args *args, struct task_overrides *over, struct err *e)
{
    over->sure = args_has(args, "stop-when-sure") || args_has(args, "sure-level") || args_has(args, "sure-margin");
    over->ask_all = args_has(args, "ask-all");
    over->sure_margin_given = args_has(args, "sure-margin");
    if (over->sure && over->ask_all)
        return err_set(e, ERR_USAGE, "--ask-all and --stop-when-sure exclude each other");
    TRY(args_double(args, "sure-level", 0.5, 0.9999, &over->sure_level, e));
    return args_double(args, "sure-margin", 0, 0.5, &over->sure_margin, e);
}

enum err_code session_task(struct session *s, const struct args *args, const char *path, struct task **out,
                           struct err *e)
{
    AUTO(problems_dispose) struct problems problems = PROBLEMS_INIT;
    struct task_overrides over = { .prompt = args_get(args, "prompt"), .dataset = args_get(args, "dataset"),
                                   .expected = args_get(args, "expected"), .seed = args_get(args, "seed") };
    struct task_chunking chunking;
    struct str *models;
    enum err_code code;

    over.model_count = args_list(args, "models", &models);
    over.models = models;
    if (s->chosen_count) {
        over.models = s->chosen;
        over.model_count = s->chosen_count;
    }
    if (args_has(args, "models") && !over.model_count)
        return err_set(e, ERR_USAGE, "--models names no model; write --models openai:gpt-4o-mini,sim:careful");
    TRY(args_int(args, "repeat", 1, 1000, &over.repeat, e));
    TRY(session_params(s, args, &over.params, e));
    TRY(session_chunking(args, &chunking, e));
    if (args_has(args, "chunk"))
        over.chunking = &chunking;
    TRY(session_sure(args, &over, e));
    code = task_load(path, &over, s->arena, out, &problems, e);
    if (problems.list.len)
        session_problems(&problems);
    if (code != ERR_OK && problems.errors)          /* all said, with their places */
        err_set(e, code, "%s has %zu error%s", path, problems.errors + problems.more,
                problems.errors + problems.more == 1 ? "" : "s");
    return code;
}

/* "30" or "30%". */
static enum err_code session_sample(const struct args *args, struct dataset_select *choose, struct err *e)
{
    struct str text = args_get(args, "sample");
    int64_t percent;

    if (!str_ends(text, S("%")))
        return args_int(args, "sample", 1, 100000000, &choose->sample, e);
    if (!str_to_i64(str_n(text.at, text.len - 1), &percent) || percent < 1 || percent > 100)
        return err_set(e, ERR_USAGE, "--sample \"" STR_FMT "\": a share is a whole number from 1%% to 100%%",
                       STR_ARG(text));
    choose->percent = (int)percent;
    return ERR_OK;
}

static void session_show_freeze(void *arg, int64_t cases)
{
    char text[96];
    int n = snprintf(text, sizeof text, "reading cases: %lld", (long long)cases);

    progress_show(arg, str_n(text, (size_t)n), false);
}

enum err_code session_cases(struct session *s, const struct args *args, const struct task *task,
                            struct data_pack_info *info, const json_t **select, struct err *e)
{
    AUTO(dataset_closep) struct dataset_reader *reader = NULL;
    struct dataset_source source = dataset_source_of(task, s->arena);
    struct dataset_select choose = { 0 };
    struct progress_line line = { .last_ms = clock_mono_ms() };
    int64_t seed = task->dimensions.seed;
    enum err_code code;
    json_t *o;

    TRY(args_int(args, "limit", 1, INT64_MAX, &choose.limit, e));
    TRY(session_sample(args, &choose, e));
    TRY(args_int(args, "seed", 0, INT64_MAX, &seed, e));
    choose.seed = (uint64_t)seed;
    if (args_has(args, "where"))
        choose.where = arena_cstr(s->arena, args_get(args, "where"));
    TRY(session_blob(s, e));
    TRY(dataset_open(&source, &choose, &reader, e));
    code = data_pack_build(reader, s->blob, info, session_show_freeze, &line, e);
    progress_clear(&line);
    TRY(code);
    if (info->duplicate_ids)
        term_warn("%lld case ids occur more than once (\"%s\"%s); they were made unique as id#position",
                  (long long)info->duplicate_ids, info->first_duplicate, info->duplicate_ids > 1 ? ", ..." : "");
    *select = NULL;
    if (!choose.where && !choose.limit && !choose.sample && !choose.percent)
        return ERR_OK;
    o = json_in_arena(json_object(), s->arena);
    if (choose.where)
        json_object_set_new(o, "where", json_string(choose.where));
    if (choose.limit)
        json_object_set_new(o, "limit", json_integer(choose.limit));
    if (choose.sample) {
        json_object_set_new(o, "sample", json_integer(choose.sample));
        json_object_set_new(o, "seed", json_integer(seed));
    }
    if (choose.percent) {
        json_object_set_new(o, "sample_percent", json_integer(choose.percent));
        json_object_set_new(o, "seed", json_integer(dataset_percent_seed(choose.seed)));
    }
    *select = o;
    return ERR_OK;
}

/* --- results ------------------------------------------------------------------------------------------------------ */
static enum err_code session_to_terminal(void *unused, struct str bytes, struct err *e)
{
    (void)unused;
    return term_write(bytes, e);
}

const struct report_sink term_sink = { .write = session_to_terminal };

enum err_code session_format(struct str name, const struct report_format **out, struct err *e)
{
    struct suggest near;
    char hint[160];

    if ((*out = report_find(name)))
        return ERR_OK;
    suggest_begin(&near, name);
    report_suggest(&near);
    return err_set(e, ERR_USAGE,
                   "there is no format \"" STR_FMT "\"%s; there are table, json, jsonl, csv, html, junit, markdown, pdf",
                   STR_ARG(name), suggest_hint(&near, hint));
}

enum err_code session_max_cost(struct session *s, const struct args *args, struct result *result, struct err *e)
{
    int64_t limit = result->rules.max_nanousd;

    TRY(args_money(args, "max-cost", &limit, e));
    return limit == result->rules.max_nanousd ? ERR_OK : result_limit(result, s->store, limit, s->arena, e);
}

struct report_options session_report_options(void)
{
    const struct term *t = term_get();

    return (struct report_options){ .columns = t->columns, .color = t->colour, .ascii = !t->unicode };
}

enum err_code session_texts(struct session *s, const struct args *args, struct report_options *options, struct err *e)
{
    struct str word = args_get(args, "texts");

    TRY(session_blob(s, e));
    options->blob = s->blob;
    if (str_is(word, "all"))
        options->texts = REPORT_TEXTS_ALL;
    else if (str_is(word, "none") || str_is(word, "0"))
        options->texts = REPORT_TEXTS_NONE;
    else if (args_has(args, "texts") && (!str_to_i64(word, &options->texts) || options->texts < 1))
        return err_set(e, ERR_USAGE, "--texts \"" STR_FMT "\" must be a number of trials, all, or none", STR_ARG(word));
    return ERR_OK;
}

enum err_code session_grid(struct grid *g, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(1u << 30);
    struct report_options o = session_report_options();

    grid_write(g, &o, 0, &text);
    if (buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, "the list is larger than 1 GiB; ask for less with --limit");
    return term_write(buf_str(&text), e);
}

void session_report_cases(struct session *s, const struct result *result, struct report_options *options)
{
    struct err e = ERR_INIT;
    struct axes axes;

    axes_of(result, s->arena, &axes);
    if (!axes.count || s->cases)
        options->cases = s->cases;
    else if (session_blob(s, &e) == ERR_OK &&
             data_pack_open(s->blob, result->run->dataset_hash, &s->cases, &e) == ERR_OK)
        options->cases = s->cases;
    else
        term_warn("the dimensions of the cases are not shown: %s", e.text);
}

static enum err_code session_to_file(void *file, struct str bytes, struct err *e)
{
    if (fwrite(bytes.at, 1, bytes.len, file) != bytes.len)
        return err_errno(e, ERR_IO, errno, "the file can't be written");
    return ERR_OK;
}

enum err_code session_report_file(struct session *s, const struct result *result, const struct report_format *format,
                                  const struct report_options *options, struct str path, struct err *e)
{
    const char *name = arena_cstr(s->arena, path), *temporary = arena_printf(s->arena, "%s.part", name).at;
    FILE *f = fopen(temporary, "we");
    enum err_code code;

    if (!f)
        return err_errno(e, ERR_IO, errno, "%s can't be written", name);
    code = format->write(result, s->store, options, &(struct report_sink){ session_to_file, f }, e);
    if (fclose(f) != 0 && code == ERR_OK)
        code = err_errno(e, ERR_IO, errno, "%s can't be written", name);
    if (code == ERR_OK && rename(temporary, name) != 0)
        code = err_errno(e, ERR_IO, errno, "%s can't be written", name);
    if (code != ERR_OK)
        remove(temporary);
    return code;
}

enum err_code session_report(struct session *s, const struct result *result, const struct report_format *format,
                             const struct report_options *options, struct str path, struct err *e)
{
    if (path.len && !str_is(path, "-"))
        return session_report_file(s, result, format, options, path, e);
    if (format->binary && term_get()->out_tty)
        return err_set(e, ERR_USAGE, "%s is not text and this is a terminal; write it to a file with -o FILE",
                       format->name);
    return format->write(result, s->store, options, &term_sink, e);
}
