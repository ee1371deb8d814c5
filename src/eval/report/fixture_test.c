#include "base/test.h"

#include "eval/report/fixture_test.h"

#define FIXTURE_SAID                                                                                                      \
    "{\"turns\":[{\"number\":1,\"prompt\":\"p\",\"response\":\"It is billing.\",\"reasoning\":\"=1+1, so \\\"sums\\\"\",\"tool_calls\":"    \
    "[{\"name\":\"route\",\"arguments\":{\"queue\":\"billing\"}}]}]}"

struct fixture_job { struct fixture *f; const struct fixture_shape *shape; struct store_variant *rows; };

static void fixture_usual(const struct fixture_shape *s, const struct trial *t, struct trial_place at, double good,
                          struct score *list)
{
    list[0] = s->no_expected ? score_missing(S("no expected answer")) : score_of(good);
    list[1] = t->cost_nanousd == MONEY_UNKNOWN ? score_missing(S("the price is not known"))
                                               : score_of(money_to_double(t->cost_nanousd));
    list[2] = score_of((double)t->latency_ms);
    list[3] = score_missing(S(""));
    list[4] = (struct score){ SCORE_VALUE, good > 0 || at.case_index % 4,
                              S("\"misc\" is none of \"billing\", \"sales\"") };
    list[5] = (struct score){ SCORE_VALUE, at.case_index % 9 != 2, S("52 words, at most 40") };
    if (list[4].value == 1)
        list[4].note = S("");
    if (list[5].value == 1)
        list[5].note = S("");
}

static enum err_code fixture_trial(struct store_tx *tx, struct fixture_job *j, struct aggregate **sums, int64_t number,
                                   struct err *e)
{
    const struct fixture_shape *s = j->shape;
    struct trial_place at = run_trial_place(j->f->run, number);
    double good = s->rule(at.variant, at.case_index, at.repetition);
    AUTO_BUF struct buf scores = BUF_INIT(4096);
    struct score usual[6], *list = s->score ? arena_array(j->f->arena, struct score, s->scorer_count) : usual;
    size_t count = j->f->scorer_count;
    struct trial t = {
        .number = number, .variant = at.variant, .state = good < 0 ? TRIAL_FAILED : TRIAL_DONE,
        .attempts = good < 0 ? 3 : 1 + (number % 50 == 0),
        .error = good < 0 ? ERR_TIMEOUT : ERR_OK, .error_text = good < 0 ? S("no answer within 60 s <total>") : S(""),
        .case_id = arena_printf(j->f->arena, "%sT-%03lld", at.case_index == 3 ? "=cmd|' /C calc'!A0 <&>\x01" : "", (long long)at.case_index + 1),
        .cost_nanousd = good < 0 ? 0 : s->cost_nanousd[at.variant], .latency_ms = 300 + at.variant * 170 + at.case_index * 7,
        .usage = { .input = 400 + at.case_index, .output = 20 }, .finished_ms = 1795248000000 + number * 10,
    };
    bool added;

    if (s->score)
        s->score(at.variant, at.case_index, at.repetition, j->f->arena, list);
    else
        fixture_usual(s, &t, at, good, list);
    for (size_t i = 0; good < 0 && i < count; i++)
        list[i] = score_missing(S(""));
    scores_violations(j->f->scorers, list, count, &t.violations, &t.critical);
    scores_write(list, count, &scores);
    aggregate_add(sums[at.variant], &(struct aggregate_trial){ .trial = &t, .scores = list });
    TRY(store_tx_ledger_add(tx, j->f->run->no, at.variant, &(struct ledger_entry){ .phase = PHASE_EXECUTION, .calls = t.attempts,
        .usage = t.usage, .cost_nanousd = t.cost_nanousd == MONEY_UNKNOWN ? 0 : t.cost_nanousd,
        .unknown_calls = t.cost_nanousd == MONEY_UNKNOWN }, e));
    return store_tx_trial_add(tx, j->f->run->no, &t, S(FIXTURE_SAID), buf_str(&scores), &added, e);
}

static enum err_code fixture_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct fixture_job *j = arg;
    struct run *run = j->f->run;
    struct aggregate **sums = arena_array(j->f->arena, struct aggregate *, (size_t)run->variants);
    enum err_code code;

    for (int64_t v = 0; v < run->variants; v++)
        sums[v] = aggregate_new(j->f->scorer_count);
    code = store_tx_run_add(tx, run, j->rows, e);
    for (int64_t i = 0; i < run_trials(run) && code == ERR_OK; i++)
        code = fixture_trial(tx, j, sums, i, e);
    for (int64_t v = 0; v < run->variants; v++) {
        AUTO_JSON *o = aggregate_to_json(sums[v]);
        AUTO_BUF struct buf text = BUF_INIT(1 << 20);

        json_write(o, &text);
        if (code == ERR_OK)
            code = store_tx_variant_set(tx, run->no, v, buf_str(&text), false, e);
        aggregate_free(sums[v]);
    }
    if (code == ERR_OK)
        code = store_tx_run_move(tx, run->no, RUN_RUNNING, STOP_NONE, 1795248000000, e);
    return code == ERR_OK ? store_tx_run_move(tx, run->no, RUN_DONE, STOP_NONE, 1795248007800, e) : code;
}

static struct str fixture_settings(struct fixture *f, const struct fixture_shape *shape)
{
    AUTO_JSON *o = json_object(), *thresholds = NULL;
    AUTO_BUF struct buf b = BUF_INIT(1 << 20);
    struct err e = ERR_INIT;

    json_object_set_new(o, "scorers", scorers_to_json(f->scorers, f->scorer_count));
    if (shape->thresholds && json_read(str_c(shape->thresholds), &thresholds, &e) == ERR_OK)
        json_object_set_new(o, "task", json_pack("{s:O}", "thresholds", thresholds));
    json_write(o, &b);
    return arena_strdup(f->arena, buf_str(&b));
}

bool fixture_make(struct fixture *f, const struct fixture_shape *shape)
{
    static struct scorer_info scorers[] = {
        { .name = { "accuracy", 8 }, .base = { "accuracy", 8 }, .higher_is_better = true, .weight = 1 },
        { .name = { "cost", 4 }, .base = { "cost", 4 }, .unit = METRIC_USD, .weight = 1 },
        { .name = { "latency", 7 }, .base = { "latency", 7 }, .unit = METRIC_MS, .weight = 1 },
        { .name = { "consistency", 11 }, .base = { "consistency", 11 }, .over_repeats = true, .weight = 1 },
        { .name = { "known_queue", 11 }, .base = { "one_of", 6 }, .kind = SCORER_CHECK, .higher_is_better = true,
          .severity = SEVERITY_CRITICAL, .weight = 1 },
        { .name = { "short", 5 }, .base = { "max_words", 9 }, .kind = SCORER_CHECK, .higher_is_better = true,
          .severity = SEVERITY_WARNING, .weight = 1 },
    };
    static int homes;
    struct fixture_job j = { .f = f, .shape = shape };
    struct err e = ERR_INIT;
    char home[200];

    *f = (struct fixture){ .arena = arena_new_sized(0), .scorers = scorers, .scorer_count = COUNT_OF(scorers) };
    if (shape->scorers) {
        f->scorers = shape->scorers;
        f->scorer_count = shape->scorer_count;
    }
    snprintf(home, sizeof home, "%s/report-%d", test_folder(), ++homes);
    f->run = arena_new(f->arena, struct run);
    *f->run = (struct run){ .id = S("0193e7b4-5a52-7c11-9c2e-5f6a01b97q2m"), .task_name = S("support_tickets"), .task_path = S("t/task.yaml"),
        .created_ms = 1795247999000, .fingerprint = S("f"), .dataset_hash = S("d"), .cases = shape->cases, .variants = shape->variants,
        .repeat = shape->repeat, .shard_trials = 1000, .estimate_nanousd = MONEY_UNKNOWN };
    f->run->settings = fixture_settings(f, shape);
    j.rows = arena_array(f->arena, struct store_variant, (size_t)shape->variants);
    for (int64_t v = 0; v < shape->variants; v++)
        j.rows[v] = (struct store_variant){ .no = v, .name = str_c(shape->names[v]), .model = str_c(shape->names[v]), .settings = S("{}") };
    if (store_open(home, &f->store, &e) != ERR_OK || store_write(f->store, fixture_apply, &j, &e) != ERR_OK ||
        store_run_get(f->store, S("last"), f->arena, &f->run, &e) != ERR_OK) {
        test_fail(__FILE__, __LINE__, "fixture: %s", e.text);
        return false;
    }
    return true;
}

void fixture_free(struct fixture *f)
{
    if (f->store)
        store_close(f->store);
    arena_free(f->arena);
}

static double fixture_tickets_rule(int64_t v, int64_t c, int64_t r)
{
    static const int64_t wrong_every[] = { 7, 0, 3, 11, 2 };

    (void)r;
    if (v == 4 && c % 16 == 5)
        return -1;
    return wrong_every[v] == 0 ? c != 20 && c != 41 && c != 60 : (c * 5 + v) % wrong_every[v] != 0;
}

bool fixture_tickets(struct fixture *f)
{
    static const char *const names[] = { "openai:gpt-4o-mini", "anthropic:claude-3-5-haiku-latest", "google:gemini-2.0-flash",
                                         "ollama:g\xc3\xa4mma|\x1b[31m<b>3</b>", "sim:swift" };
    static const int64_t costs[] = { 160000, 840000, 110000, 0, MONEY_UNKNOWN };

    return fixture_make(f, &(struct fixture_shape){ .cases = 64, .variants = 5, .repeat = 1, .names = names,
        .rule = fixture_tickets_rule, .cost_nanousd = costs,
        .thresholds = "[{\"metric\":\"accuracy\",\"low\":0.8},{\"metric\":\"cost\",\"low\":0.01}]" });
}

void fixture_golden(const char *name, struct str got)
{
    AUTO_BUF struct buf want = BUF_INIT(4u << 20);
    struct err e = ERR_INIT;
    char path[200];

    snprintf(path, sizeof path, "tests/data/report/%s", name);
    if (getenv("ASSAY_TEST_WRITE")) {
        CHECK_OK(file_write_atomic(path, got, 0644, &e));
        return;
    }
    if (file_read(path, 4u << 20, &want, &e) != ERR_OK || !str_eq(buf_str(&want), got))
        test_fail(__FILE__, __LINE__, "the report differs from %s (ASSAY_TEST_WRITE=1 writes it anew):\n" STR_FMT, path,
                  STR_ARG(got));
}
