/* Logs of Inspect (inspect_ai), JSON form, version 1 and 2: one model's samples as trials.
 *
 * sample id -> case, epoch -> repetition, input -> `input` (a conversation: its last user message; all of it in
 * `messages`), metadata -> variables, choices -> `choices`, target -> expected answer, messages -> transcript, usage
 * and total_cost -> tokens and cost, working_time (else total_time, else the output's time) -> latency, error ->
 * failed. Scores: numbers as they are, C correct 1, P partial 0.5, I incorrect and N no answer 0, yes/true 1, no/false
 * 0; the members of an object are scorers of their own ("scorer.member"). Anything else is noted and left out. */
#include "eval/import/outside.h"
#include "llm/llm.h"

#include <math.h>

struct inspect_state {
    const json_t *samples;
    struct map cases;                   /* id -> place + 1 */
    const char *model_key;              /* of model_usage */
    int64_t *places;                    /* of each sample: its case */
};

bool inspect_log_is(const json_t *log)
{
    const json_t *eval = json_child(log, "eval");

    return json_is_object(eval) && json_child(log, "version") && json_child(eval, "task") && json_child(eval, "model");
}

static struct str inspect_id(const json_t *id, struct arena *a)
{
    return json_is_integer(id) ? arena_printf(a, "%lld", (long long)json_integer_value(id))
                               : str_utf8_head(json_to_str(id), 1000);
}

/* --- texts -------------------------------------------------------------------------------------------------------- */
/* Long texts stand beside the sample, under their hash. */
static struct str inspect_attached(const json_t *sample, struct str text)
{
    const char start[] = "attachment://";
    struct str key = str_from(text, sizeof start - 1);
    const json_t *found;

    if (!str_starts(text, str_c(start)))
        return text;
    found = json_object_getn(json_child(sample, "attachments"), key.at, key.len);
    return json_is_string(found) ? json_to_str(found) : text;
}

/* A message's content: text, or parts of which texts are kept and others named. *reasoning may be NULL. */
static struct str inspect_content(const json_t *sample, const json_t *content, struct str *reasoning, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(IMPORT_LOG_MAX), thought = BUF_INIT(IMPORT_LOG_MAX);
    const json_t *part;
    size_t i;

    if (json_is_string(content))
        return inspect_attached(sample, json_to_str(content));
    json_array_foreach(content, i, part) {
        struct str type = json_get_str(part, "type");

        if (str_is(type, "text"))
            buf_append(&text, inspect_attached(sample, json_get_str(part, "text")));
        else if (str_is(type, "reasoning"))
            buf_append(&thought, inspect_attached(sample, json_get_str(part, "reasoning")));
        else
            buf_printf(&text, "[" STR_FMT "]\n", STR_ARG(str_utf8_head(type, 40)));
    }
    if (reasoning && thought.len)
        *reasoning = arena_strdup(a, buf_str(&thought));
    return arena_strdup(a, buf_str(&text));
}

/* --- cases -------------------------------------------------------------------------------------------------------- */
static const json_t *inspect_vars(const json_t *sample, struct arena *a)
{
    const json_t *metadata = json_child(sample, "metadata"), *input = json_child(sample, "input"),
                 *choices = json_child(sample, "choices"), *one;
    json_t *vars = json_in_arena(json_is_object(metadata) ? json_copy((json_t *)metadata) : json_object(), a);
    bool ours = json_object_get(vars, "assay") != NULL;         /* a log we wrote: the variables are as they were */
    struct str text = STR_NONE;
    size_t i;

    json_object_del(vars, "assay");
    if (ours && json_object_get(vars, "input"))
        return vars;
    if (json_is_array(input)) {
        json_array_foreach(input, i, one)
            if (str_is(json_get_str(one, "role"), "user") || !text.len)
                text = inspect_content(sample, json_child(one, "content"), NULL, a);
        json_object_set(vars, "messages", (json_t *)input);
    } else {
        text = inspect_attached(sample, json_to_str(input));
    }
    json_set_str(vars, "input", text);
    if (json_array_size(choices))
        json_object_set(vars, "choices", (json_t *)choices);
    return vars;
}

static const json_t *inspect_expected(const json_t *sample)
{
    const json_t *target = json_child(sample, "target");

    if (json_is_array(target) && json_array_size(target) == 1)
        target = json_array_get(target, 0);
    if (json_is_array(target))
        return json_array_size(target) ? target : NULL;
    return json_is_string(target) && json_string_length(target) ? target : NULL;
}

/* --- scores ------------------------------------------------------------------------------------------------------- */
static bool inspect_value(const json_t *v, double *out)
{
    static const struct { const char *word; double value; } words[] = {
        { "C", 1 }, { "P", 0.5 }, { "I", 0 }, { "N", 0 }, { "yes", 1 }, { "true", 1 }, { "no", 0 }, { "false", 0 },
    };
    struct str text = json_to_str(v);

    if (json_is_number(v) || json_is_boolean(v)) {
        *out = json_is_boolean(v) ? json_is_true(v) : json_number_value(v);
        return isfinite(*out);
    }
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i].word) == 1 ? str_is(text, words[i].word) : str_ieq(text, str_c(words[i].word)))
            return *out = words[i].value, true;
    return json_is_string(v) && str_to_double(text, out) && isfinite(*out);
}

static enum err_code inspect_scorer_add(struct outside *o, struct str name, struct arena *a, struct err *e)
{
    for (size_t i = 0; i < o->scorer_count; i++)
        if (str_eq(o->scorers[i].name, name))
            return ERR_OK;
    if (o->scorer_count == IMPORT_SCORERS_MAX)
        return err_set(e, ERR_TOO_LARGE, "the log has more than %d scorers", IMPORT_SCORERS_MAX);
    if (!name.len || name.len > 255)
        return err_set(e, ERR_BAD_INPUT, "a scorer's name must have 1 to 255 bytes");
    o->scorers[o->scorer_count++] = outside_scorer(arena_strdup(a, name));
    return ERR_OK;
}

/* What a log that we wrote says of its scorers. */
static void inspect_units(const json_t *log, struct outside *o)
{
    const json_t *list = JSON_AT((json_t *)log, "results", "scores"), *one;
    size_t i;

    json_array_foreach(list, i, one) {
        const json_t *about = json_child(one, "metadata");

        for (size_t k = 0; json_child(about, "assay_unit") && k < o->scorer_count; k++)
            if (str_eq(o->scorers[k].name, json_get_str(one, "name"))) {
                o->scorers[k].unit = metric_unit_from(json_get_str(about, "assay_unit"));
                o->scorers[k].higher_is_better = json_get_bool(about, "assay_higher_is_better", true);
            }
    }
}

static struct str inspect_member_name(const char *scorer, const char *member, struct arena *a)
{
    return arena_printf(a, "%s.%s", scorer, member);
}

static enum err_code inspect_scorers(struct outside *o, const json_t *sample, struct arena *a, struct err *e)
{
    const char *name, *member;
    json_t *score, *one;

    json_object_foreach((json_t *)json_child(sample, "scores"), name, score) {
        json_t *value = json_child(score, "value");

        if (!json_is_object(value))
            TRY(inspect_scorer_add(o, str_c(name), a, e));
        else
            json_object_foreach(value, member, one)
                TRY(inspect_scorer_add(o, inspect_member_name(name, member, a), a, e));
    }
    return ERR_OK;
}

static void inspect_score(const json_t *sample, struct str name, struct arena *a, struct score *out)
{
    const json_t *scores = json_child(sample, "scores"), *found = json_object_getn(scores, name.at, name.len);
    const json_t *value = json_child(found, "value");
    struct str why = json_get_str(found, "explanation");
    double v;

    for (size_t i = 0; !found && i < name.len; i++)             /* "scorer.member", wherever the dot is */
        if (name.at[i] == '.') {
            const json_t *inside = json_object_getn(scores, name.at, i);

            value = json_object_getn(json_child(inside, "value"), name.at + i + 1, name.len - i - 1);
            why = json_get_str(inside, "explanation");
            found = value ? inside : NULL;
        }
    if (value && inspect_value(value, &v)) {
        *out = score_of(v);
        out->note = arena_strdup(a, str_utf8_head(why, 2000));
    } else {
        *out = score_missing(found ? S("the log's value is no number") : S("the log has no such score"));
    }
}

/* --- trials ------------------------------------------------------------------------------------------------------- */
static void inspect_usage(const struct outside *o, const json_t *sample, struct outside_trial *t)
{
    const struct inspect_state *st = o->state;
    const json_t *all = json_child(sample, "model_usage"), *u = json_child(all, st->model_key);
    const json_t *cost;

    if (!u)
        u = json_child(json_child(sample, "output"), "usage");
    t->usage = (struct usage){
        .cached = MAX(json_get_i64(u, "input_tokens_cache_read", 0), (int64_t)0),
        .cache_written = MAX(json_get_i64(u, "input_tokens_cache_write", 0), (int64_t)0),
        .reasoning = MAX(json_get_i64(u, "reasoning_tokens", 0), (int64_t)0) };
    t->usage.input = MAX(json_get_i64(u, "input_tokens", 0), t->usage.cached + t->usage.cache_written);
    t->usage.output = MAX(json_get_i64(u, "output_tokens", 0), t->usage.reasoning);
    cost = json_child(u, "total_cost");
    t->cost_nanousd = MONEY_UNKNOWN;
    if (json_is_number(cost) && !money_from_double(json_number_value(cost), &t->cost_nanousd))
        t->cost_nanousd = MONEY_UNKNOWN;
}

static int64_t inspect_ms(const json_t *o, const char *key)
{
    double seconds = json_get_double(o, key, -1);

    return seconds >= 0 && seconds < 1e9 ? (int64_t)(seconds * 1000 + 0.5) : -1;
}

static int64_t inspect_time(const json_t *o, const char *key)
{
    int64_t ms = 0;

    return clock_parse(json_get_str(o, key), &ms) ? ms : 0;
}

static const char *inspect_finish(struct str stop)
{
    return str_is(stop, "stop")             ? finish_name(FINISH_STOP)
           : str_is(stop, "max_tokens")     ? finish_name(FINISH_MAX_TOKENS)
           : str_is(stop, "model_length")   ? finish_name(FINISH_MAX_TOKENS)
           : str_is(stop, "tool_calls")     ? finish_name(FINISH_TOOL_USE)
           : str_is(stop, "content_filter") ? finish_name(FINISH_CONTENT_FILTER)
                                            : finish_name(FINISH_UNKNOWN);
}

static json_t *inspect_turn(const json_t *sample, int64_t number, struct str prompt, const json_t *answer,
                            struct arena *a)
{
    struct str reasoning = STR_NONE, text = inspect_content(sample, json_child(answer, "content"), &reasoning, a);
    json_t *o = json_object(), *calls = json_child(answer, "tool_calls");

    json_object_set_new(o, "number", json_integer(number));
    json_set_str(o, "label", number == 1 ? S("prompt") : arena_printf(a, "followup_%lld", (long long)number - 1));
    json_set_str(o, "prompt", prompt);
    json_set_str(o, "response", text);
    if (reasoning.len)
        json_set_str(o, "reasoning", reasoning);
    if (json_array_size(calls))
        json_object_set(o, "tool_calls", calls);
    return o;
}

/* The last turn carries what the log says of the sample's output. */
static void inspect_last_turn(const json_t *sample, const struct outside_trial *t, json_t *turns)
{
    json_t *last = json_array_get(turns, json_array_size(turns) - 1);
    const json_t *output = json_child(sample, "output");
    char money[MONEY_TEXT];

    json_object_set_new(last, "finish",
                        json_string(inspect_finish(
                            json_get_str(json_array_get(json_child(output, "choices"), 0), "stop_reason"))));
    json_set_str(last, "model_version", json_get_str(output, "model"));
    json_object_set_new(last, "usage", usage_to_json(&t->usage));
    json_object_set_new(last, "latency_ms", json_integer(MAX(t->latency_ms, (int64_t)0)));
    if (t->cost_nanousd != MONEY_UNKNOWN)
        json_object_set_new(last, "cost_usd", json_string(money_exact(t->cost_nanousd, money)));
}

static json_t *inspect_transcript(const json_t *sample, struct outside_trial *t, struct arena *a)
{
    const json_t *messages = json_child(sample, "messages"), *one;
    AUTO_BUF struct buf system = BUF_INIT(IMPORT_LOG_MAX), asked = BUF_INIT(IMPORT_LOG_MAX);
    json_t *o = json_object(), *turns = json_array();
    size_t i;

    json_array_foreach(messages, i, one) {
        struct str role = json_get_str(one, "role");

        if (str_is(role, "assistant")) {
            json_array_append_new(turns, inspect_turn(sample, ++t->calls, buf_str(&asked), one, a));
            buf_reset(&asked);
            continue;
        }
        struct buf *to = str_is(role, "system") && !json_array_size(turns) ? &system : &asked;

        buf_puts(to, to->len ? "\n\n" : "");
        if (str_is(role, "tool"))
            buf_puts(to, "[tool] ");
        buf_append(to, inspect_content(sample, json_child(one, "content"), NULL, a));
    }
    if (!json_array_size(turns) && json_get_str(json_child(sample, "output"), "completion").len) {
        json_t *answer = json_pack("{s:o}", "content",
                                   json_from_str(json_get_str(json_child(sample, "output"), "completion")));

        json_array_append_new(turns, inspect_turn(sample, ++t->calls, json_get_str(sample, "input"), answer, a));
        json_decref(answer);
    }
    if (system.len)
        json_set_str(o, "system", buf_str(&system));
    if (json_array_size(turns))
        inspect_last_turn(sample, t, turns);
    json_object_set_new(o, "turns", turns);
    return o;
}

static enum err_code inspect_trial(const struct outside *o, size_t i, struct arena *a, struct outside_trial *t,
                                   struct err *e)
{
    const struct inspect_state *st = o->state;
    const json_t *sample = json_array_get(st->samples, i), *error = json_child(sample, "error");

    (void)e;
    t->kase = st->places[i];
    t->repetition = MAX(json_get_i64(sample, "epoch", 1), (int64_t)1) - 1;
    t->failed = json_is_object(error);
    if (t->failed)
        t->error = json_get_str(error, "message").len ? json_get_str(error, "message")
                                                      : S("the log says no more than that it failed");
    inspect_usage(o, sample, t);
    t->latency_ms = inspect_ms(sample, "working_time");
    if (t->latency_ms < 0)
        t->latency_ms = inspect_ms(sample, "total_time");
    if (t->latency_ms < 0)
        t->latency_ms = inspect_ms(json_child(sample, "output"), "time");
    t->finished_ms = inspect_time(sample, "completed_at");
    t->transcript = inspect_transcript(sample, t, a);
    if (t->failed)
        return ERR_OK;
    t->scores = arena_array(a, struct score, o->scorer_count);
    for (size_t k = 0; k < o->scorer_count; k++)
        inspect_score(sample, o->scorers[k].name, a, &t->scores[k]);
    return ERR_OK;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */
static enum err_code inspect_samples(struct str name, struct inspect_state *st, struct arena *a, struct outside *o,
                                     struct err *e)
{
    const json_t *sample;
    size_t i;

    json_array_foreach(st->samples, i, sample) {
        struct str id = inspect_id(json_child(sample, "id"), a);
        int64_t epoch = json_get_i64(sample, "epoch", 1);
        uintptr_t place = (uintptr_t)map_get(&st->cases, id);

        if (!json_is_object(sample) || !id.len)
            return err_set(e, ERR_BAD_INPUT, STR_FMT ": sample %zu has no id", STR_ARG(name), i + 1);
        if (epoch < 1 || epoch > IMPORT_EPOCHS_MAX)
            return err_set(e, ERR_BAD_INPUT, STR_FMT ": sample " STR_FMT " is of epoch %lld; epochs are 1 to %d",
                           STR_ARG(name), STR_ARG(id), (long long)epoch, IMPORT_EPOCHS_MAX);
        o->repeat = MAX(o->repeat, epoch);
        if (!place) {
            o->cases[o->case_count++] = (struct outside_case){ .id = id, .vars = inspect_vars(sample, a), .expected =
                inspect_expected(sample) };
            place = o->case_count;
            map_put(&st->cases, id, (void *)place);
        }
        st->places[i] = (int64_t)place - 1;
        TRY(inspect_scorers(o, sample, a, e));
    }
    if ((int64_t)o->case_count > IMPORT_TRIALS_MAX / o->repeat)
        return err_set(e, ERR_TOO_LARGE, STR_FMT ": %zu samples in %lld epochs are too many; a log may have %d",
                       STR_ARG(name), o->case_count, (long long)o->repeat, IMPORT_TRIALS_MAX);
    return ERR_OK;
}

static void inspect_map_dispose(void *map)
{
    map_dispose(map);
}

static void inspect_notes(const json_t *log, json_t *notes)
{
    struct str status = json_get_str(log, "status");

    if (status.len && !str_is(status, "success"))
        json_array_append_new(notes, json_sprintf("the log's status is \"" STR_FMT
                                                  "\": samples it does not have are failed trials",
                                                  STR_ARG(str_utf8_head(status, 40))));
    if (json_array_size(json_child(log, "reductions")))
        json_array_append_new(notes,
                              json_string("reductions over epochs are not kept: repeated cases are averaged here"));
}

enum err_code inspect_log_read(struct str name, const json_t *log, struct arena *a, struct outside *out, json_t *notes,
                               struct err *e)
{
    const json_t *eval = json_child(log, "eval"), *stats = json_child(log, "stats");
    struct inspect_state *st = arena_new(a, struct inspect_state);
    int64_t version = json_get_i64(log, "version", 0);
    struct str task = json_get_str(eval, "task_display_name").len ? json_get_str(eval, "task_display_name")
                                                                  : json_get_str(eval, "task");
    struct str model = str_utf8_head(json_get_str(eval, "model"), 500);
    struct model known;

    if (version < 1 || version > 2)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ": the log has version %lld; 1 and 2 can be read", STR_ARG(name),
                       (long long)version);
    st->samples = json_child(log, "samples");
    if (!json_array_size(st->samples))
        return err_set(e, ERR_BAD_INPUT,
                       STR_FMT ": the log has no samples: it was written with log_samples off, or is a header only",
                       STR_ARG(name));
    if (json_array_size(st->samples) > IMPORT_TRIALS_MAX)
        return err_set(e, ERR_TOO_LARGE, STR_FMT ": a log may have %d samples, and this one has %zu", STR_ARG(name),
                       IMPORT_TRIALS_MAX, json_array_size(st->samples));
    if (!task.len || !model.len)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ": the log's eval names no task or no model", STR_ARG(name));
    arena_defer(a, inspect_map_dispose, &st->cases);
    st->model_key = arena_cstr(a, model);
    if (llm_model_resolve(model, a, &known, NULL) == ERR_OK)    /* openai/gpt-4o: the name our own runs have */
        model = known.name;
    st->places = arena_array(a, int64_t, json_array_size(st->samples));
    *out = (struct outside){ .tool = S("inspect"), .task_name = str_utf8_head(task, 255), .model = model, .path = name, .repeat = 1,
                             .description = json_get_str(eval, "task_description"), .created_ms = inspect_time(eval, "created"),
                             .started_ms = inspect_time(stats, "started_at"), .finished_ms = inspect_time(stats, "completed_at"),
                             .cases = arena_array(a, struct outside_case, json_array_size(st->samples)),
                             .scorers = arena_array(a, struct scorer_info, IMPORT_SCORERS_MAX), .trial = inspect_trial, .state = st,
                             .trial_count = json_array_size(st->samples) };
    inspect_notes(log, notes);
    TRY(inspect_samples(name, st, a, out, e));
    inspect_units(log, out);
    return ERR_OK;
}

const struct import_format import_inspect = {
    .name = "inspect", .tool = "Inspect", .kind = IMPORT_LOG,
    .doc = "A log of inspect_ai in its JSON form: samples, scores, messages, tokens and cost of one model, as a finished run.",
};
