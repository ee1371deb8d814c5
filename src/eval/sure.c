#include "eval/sure.h"

/* --- what to race by ---------------------------------------------------------------------------------------------- */

static const struct metric *sure_metric(const struct scorer_info *info)
{
    return info->kind == SCORER_METRIC ? metric_find(info->base) : NULL;
}

/* NULL: it can be raced by. */
static const char *sure_why_not(const struct scorer_info *info)
{
    const struct metric *m = sure_metric(info);

    if (info->unit != METRIC_RATIO)
        return "has no largest value";
    if (m && (m->over_repeats || m->corpus || m->quantile || m->over_case))
        return "is not a mean of what single answers get";
    return NULL;
}

static size_t sure_find(const struct scorer_info *infos, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(infos[i].name, name))
            return i;
    return count;
}

/* The one that ranks, among those that can have a value. */
static size_t sure_ranking(const struct scorer_info *infos, size_t count, bool expected, struct arena *a)
{
    struct scorer_info *some = arena_array(a, struct scorer_info, count + 1);
    ptrdiff_t at;

    memcpy(some, infos, count * sizeof *some);
    for (size_t i = 0; i < count; i++) {
        const struct metric *m = sure_metric(&infos[i]);

        if (m && m->needs_expected && !expected) {
            some[i].base = STR_NONE;
            some[i].ranks = false;
        }
    }
    at = scoring_quality(some, count);
    return at < 0 ? count : (size_t)at;
}

static size_t sure_scorer(const struct task *task, const struct scorer_info *infos, size_t count, bool expected)
{
    AUTO_ARENA *a = arena_new_sized(0);

    if (task->sure.metric.len)
        return sure_find(infos, count, task->sure.metric);
    for (size_t i = 0; task->variant_count == 1 && i < task->threshold_count; i++) {
        size_t at = sure_find(infos, count, task->thresholds[i].metric);

        if (at < count && !sure_why_not(&infos[at]))
            return at;
    }
    return sure_ranking(infos, count, expected, a);
}

static void sure_limit(struct task *task)
{
    for (size_t i = 0; i < task->threshold_count && !task->sure.limited; i++)
        if (str_eq(task->thresholds[i].metric, task->sure.metric)) {
            task->sure.limited = true;
            task->sure.limit = task->thresholds[i].low;
        }
}

enum err_code sure_choose(struct task *task, const struct scorer_info *infos, size_t count, const struct run *run,
                          bool expected, struct err *e)
{
    size_t at = sure_scorer(task, infos, count, expected);
    const char *why;

    if (at == count)
        return err_set(e, ERR_BAD_INPUT,
                       "stop_when_sure needs a metric to be sure of, such as accuracy; the task has %s",
                       task->sure.metric.len ? "none of the name it gives" : "none that ranks");
    if ((why = sure_why_not(&infos[at])))
        return err_set(e, ERR_BAD_INPUT,
                       "stop_when_sure can't go by \"" STR_FMT "\": it %s; name a metric that scores each answer from 0 to 1 "
                       "(stop_when_sure: {metric: accuracy})",
                       STR_ARG(infos[at].name), why);
    task->sure.metric = infos[at].name;
    sure_limit(task);
    if (run->variants == 1 && !task->sure.limited)
        return err_set(e, ERR_BAD_INPUT,
                       "stop_when_sure has nothing to decide: there is one variant, and no threshold on \"" STR_FMT
                       "\"; compare two models, or add thresholds: {" STR_FMT ": 0.8}",
                       STR_ARG(infos[at].name), STR_ARG(infos[at].name));
    if (run->variants > RACE_VARIANTS_MAX)
        return err_set(e, ERR_TOO_LARGE, "stop_when_sure compares at most %d variants, and these are %lld",
                       RACE_VARIANTS_MAX, (long long)run->variants);
    if (run->cases > RACE_CELLS_MAX / run->variants)
        return err_set(e, ERR_TOO_LARGE,
                       "stop_when_sure keeps at most %lld cases x variants in memory, and these are %lld x %lld; take a "
                       "--sample of the cases",
                       (long long)RACE_CELLS_MAX, (long long)run->cases, (long long)run->variants);
    return ERR_OK;
}

/* --- kept with the run -------------------------------------------------------------------------------------------- */

json_t *sure_to_json(const struct task_sure *s)
{
    json_t *o = json_object();

    json_object_set_new(o, "level", json_real(s->level));
    json_object_set_new(o, "margin", json_real(s->margin));
    json_set_str(o, "metric", s->metric);
    if (s->limited)
        json_object_set_new(o, "limit", json_real(s->limit));
    return o;
}

struct task_sure sure_from_json(const json_t *o, struct arena *a)
{
    if (!json_is_object(o))
        return (struct task_sure){ .on = false };
    return (struct task_sure){ .on = true,
                               .level = CLAMP(json_get_double(o, "level", RACE_LEVEL), SURE_LEVEL_MIN, SURE_LEVEL_MAX),
                               .margin = CLAMP(json_get_double(o, "margin", RACE_MARGIN), 0.0, SURE_MARGIN_MAX),
                               .metric = arena_strdup(a, json_get_str(o, "metric")),
                               .limited = json_child(o, "limit") != NULL, .limit = json_get_double(o, "limit", 0) };
}

/* --- a stored run's race ------------------------------------------------------------------------------------------ */

struct sure_reading { struct race *race; const struct run *run; struct score *scores; size_t scorer, count; };

static enum err_code sure_trial(const struct store_trial *t, void *arg, struct err *e)
{
    struct sure_reading *in = arg;
    struct trial_place at = run_trial_place(in->run, t->trial.number);
    const struct score *score = &in->scores[in->scorer];

    if (at.variant < 0 || at.variant >= in->run->variants || at.case_index < 0 || at.case_index >= in->run->cases)
        return err_set(e, ERR_STORE, "trial %lld belongs to no case of its run", (long long)t->trial.number);
    if (t->trial.state != TRIAL_DONE) {
        race_note(in->race, at.case_index, (size_t)at.variant, NULL);
        return ERR_OK;
    }
    TRY(scores_read(t->scores, NULL, in->scores, in->count, e));
    race_note(in->race, at.case_index, (size_t)at.variant, score->state == SCORE_VALUE ? &score->value : NULL);
    return ERR_OK;
}

/* The first 16 digits of the hash of the cases. */
static uint64_t sure_seed(struct str hash)
{
    uint64_t seed = 0;

    for (size_t i = 0; i < hash.len && i < 16; i++) {
        unsigned char c = (unsigned char)hash.at[i];

        seed = seed << 4 | (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return seed;
}

enum err_code sure_race(struct store *s, const struct run *run, const struct task_sure *sure,
                        const struct scorer_info *infos, size_t count, struct race **out, size_t *scorer,
                        struct err *e)
{
    struct race_rule rule = { .level = sure->level, .margin = sure->margin, .limited = sure->limited,
                              .limit = sure->limit, .seed = sure_seed(run->dataset_hash) };
    AUTO(race_freep) struct race *race = NULL;
    AUTO_ARENA *a = arena_new_sized(0);
    struct sure_reading in = { .run = run, .scores = arena_array(a, struct score, count + 1),
                               .scorer = sure_find(infos, count, sure->metric), .count = count };

    if (in.scorer == count || run->variants < 1 || run->variants > RACE_VARIANTS_MAX || run->cases < 1 ||
        run->cases > RACE_CELLS_MAX / run->variants)
        return err_set(e, ERR_STORE, "run " STR_FMT ": its settings for stop_when_sure are damaged",
                       STR_ARG(id_short(run->id)));
    in.race = race = race_new(run->cases, (size_t)run->variants, run->repeat, &rule);
    TRY(store_trials_each(s, run->no, &(struct store_trials_filter){ .variant = -1, .own_scores = true }, sure_trial,
                          &in, e));
    race_step(race);
    *scorer = in.scorer;
    *out = TAKE(race);
    return ERR_OK;
}
