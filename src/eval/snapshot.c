#include "eval/snapshot.h"

#include "eval/sure.h"

#define SNAPSHOT_VERSION 2          /* 2: chat prompts have messages; a run without them is still written as 1 */

static void snapshot_keep(json_t *o, const char *key, const json_t *value)
{
    if (value)
        json_object_set(o, key, (json_t *)value);
}

static json_t *snapshot_of_images(const struct str *images, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_from_str(images[i]));
    return list;
}

static json_t *snapshot_of_message(const struct task_message *m)
{
    json_t *o = json_object();

    json_object_set_new(o, "role", json_string(message_role_name(m->role)));
    json_set_str(o, "source", m->source);
    json_set_str(o, "file", m->file);
    json_object_set_new(o, "line", json_integer(m->line));
    json_object_set_new(o, "images", snapshot_of_images(m->images, m->image_count));
    return o;
}

static json_t *snapshot_of_prompt(const struct task_prompt *p)
{
    json_t *o = json_object();

    json_set_str(o, "name", p->name);
    json_set_str(o, "source", p->source);
    json_set_str(o, "system", p->system);
    json_set_str(o, "file", p->file);
    json_object_set_new(o, "line", json_integer(p->line));
    if (p->image_count)
        json_object_set_new(o, "images", snapshot_of_images(p->images, p->image_count));
    if (p->message_count) {
        json_t *list = json_array();

        for (size_t i = 0; i < p->message_count; i++)
            json_array_append_new(list, snapshot_of_message(&p->messages[i]));
        json_object_set_new(o, "messages", list);
    }
    return o;
}

/* Has it what only this version can read? */
static int snapshot_version(const struct task *t)
{
    int version = 1;

    for (size_t i = 0; i < t->prompt_count; i++)
        if (t->prompts[i].message_count || t->prompts[i].image_count)
            version = SNAPSHOT_VERSION;
    return version;
}

static json_t *snapshot_of_variant(const struct variant *v)
{
    json_t *o = json_object();

    json_set_str(o, "name", v->name);
    json_set_str(o, "model", v->model_text);
    json_object_set_new(o, "prompt", json_integer((json_int_t)v->prompt));
    json_object_set_new(o, "params", params_to_json(&v->params));
    json_set_str(o, "base_url", v->base_url);
    return o;
}

static json_t *snapshot_of_check(const struct check_spec *c)
{
    json_t *o = json_object();

    json_set_str(o, "name", c->name);
    json_set_str(o, "kind", c->kind);
    snapshot_keep(o, "argument", c->argument);
    snapshot_keep(o, "options", c->options);
    json_object_set_new(o, "negate", json_boolean(c->negate));
    json_object_set_new(o, "severity", json_string(severity_name(c->severity)));
    json_object_set_new(o, "weight", json_real(c->weight));
    json_object_set_new(o, "line", json_integer(c->line));
    return o;
}

static json_t *snapshot_of_metric(const struct metric_spec *m)
{
    json_t *o = json_object();

    json_set_str(o, "name", m->name);
    json_set_str(o, "kind", m->kind);
    snapshot_keep(o, "options", m->options);
    return o;
}

#define SNAPSHOT_LIST(o, key, items, count, fn)                                                    \
    do {                                                                                           \
        json_t *list_ = json_array();                                                              \
        for (size_t i_ = 0; i_ < (count); i_++)                                                    \
            json_array_append_new(list_, fn(&(items)[i_]));                                        \
        json_object_set_new((o), (key), list_);                                                    \
    } while (0)

static json_t *snapshot_of_turn(const struct task_turn *t)
{
    return json_pack("{s:o, s:o, s:i}", "label", json_from_str(t->label), "source", json_from_str(t->source), "line",
                     t->line);
}

static json_t *snapshot_of_image(const struct task_image *i)
{
    return json_from_str(i->source);
}

static json_t *snapshot_of_threshold(const struct threshold *t)
{
    return json_pack("{s:o, s:f}", "metric", json_from_str(t->metric), "low", t->low);
}

static json_t *snapshot_of_chunking(const struct task_chunking *c)
{
    return json_pack("{s:i, s:I, s:I, s:o, s:I, s:I}", "mode", (int)c->mode, "characters", (json_int_t)c->characters,
                     "overlap", (json_int_t)c->overlap, "variable", json_from_str(c->variable), "part_tokens",
                     (json_int_t)c->part_tokens, "above_tokens", (json_int_t)c->above_tokens);
}

static json_t *snapshot_of_dimensions(const struct dimensions *d)
{
    json_t *o = json_object(), *list = json_array();

    for (size_t i = 0; i < d->count; i++) {
        json_t *one = json_object(), *levels = json_array();

        json_set_str(one, "name", d->list[i].name);
        for (size_t k = 0; k < d->list[i].level_count; k++)
            json_array_append_new(levels, json_pack("{s:I, s:o}", "score", (json_int_t)d->list[i].levels[k].score,
                                                    "label", json_from_str(d->list[i].levels[k].label)));
        json_object_set_new(one, "levels", levels);
        json_array_append_new(list, one);
    }
    json_object_set_new(o, "list", list);
    json_object_set_new(o, "seed", json_integer(d->seed));
    return o;
}

json_t *snapshot_of_task(const struct task *t)
{
    json_t *o = json_object(), *output = json_object();

    json_object_set_new(o, "snapshot", json_integer(snapshot_version(t)));
    json_set_str(o, "name", t->name);
    json_set_str(o, "description", t->description);
    json_set_str(o, "path", t->path);
    json_set_str(o, "dir", t->dir);
    json_set_str(o, "text", t->text);
    json_set_str(o, "system", t->system);
    SNAPSHOT_LIST(o, "prompts", t->prompts, t->prompt_count, snapshot_of_prompt);
    SNAPSHOT_LIST(o, "turns", t->turns, t->turn_count, snapshot_of_turn);
    SNAPSHOT_LIST(o, "images", t->images, t->image_count, snapshot_of_image);
    SNAPSHOT_LIST(o, "variants", t->variants, t->variant_count, snapshot_of_variant);
    SNAPSHOT_LIST(o, "checks", t->checks, t->check_count, snapshot_of_check);
    SNAPSHOT_LIST(o, "metrics", t->metrics, t->metric_count, snapshot_of_metric);
    if (t->rank_by.len)
        json_set_str(o, "rank_by", t->rank_by);
    SNAPSHOT_LIST(o, "thresholds", t->thresholds, t->threshold_count, snapshot_of_threshold);
    json_object_set_new(o, "repeat", json_integer(t->repeat));
    if (t->sure.on)
        json_object_set_new(o, "sure", sure_to_json(&t->sure));
    json_object_set_new(output, "format", json_string(output_format_name(t->output.format)));
    json_object_set_new(output, "given", json_boolean(t->output.format_given));
    snapshot_keep(output, "schema", t->output.schema);
    json_set_str(output, "schema_name", t->output.schema_name);
    json_object_set_new(o, "output", output);
    snapshot_keep(o, "tools", t->tools);
    if (t->tool_choice.len)
        json_set_str(o, "tool_choice", t->tool_choice);
    snapshot_keep(o, "constraints", t->constraints);
    snapshot_keep(o, "judge", t->judge);
    snapshot_keep(o, "chosen", t->chosen);
    snapshot_keep(o, "recommend", t->recommend);
    snapshot_keep(o, "criteria", t->criteria);
    snapshot_keep(o, "examples", t->examples);
    if (t->chunking.mode != CHUNK_OFF)
        json_object_set_new(o, "chunking", snapshot_of_chunking(&t->chunking));
    json_object_set_new(o, "budget_nanousd", json_integer(t->budget_nanousd));
    json_set_str(o, "dataset", t->dataset.path);
    if (t->dimensions.count)            /* for reports: the cases are frozen with what was chosen */
        json_object_set_new(o, "dimensions", snapshot_of_dimensions(&t->dimensions));
    if (json_object_size(t->files))
        json_object_set(o, "files", (json_t *)t->files);
    return o;
}

/* Every reader below leaves fields empty where the type is wrong; the counts and the version were checked. */
static struct str snapshot_str(const json_t *o, const char *key, struct arena *a)
{
    return arena_strdup(a, json_get_str(o, key));
}

static struct task_chunking snapshot_chunking(const json_t *o, struct arena *a)
{
    return (struct task_chunking){
        .mode = (enum chunk_mode)CLAMP(json_get_i64(o, "mode", CHUNK_OFF), (int64_t)CHUNK_AUTO, (int64_t)CHUNK_DYNAMIC),
        .characters = MAX(json_get_i64(o, "characters", 0), INT64_C(1)),
        .overlap = CLAMP(json_get_i64(o, "overlap", 0), INT64_C(0), MAX(json_get_i64(o, "characters", 0), INT64_C(1)) - 1),
        .variable = snapshot_str(o, "variable", a), .part_tokens = json_get_i64(o, "part_tokens", 0),
        .above_tokens = json_get_i64(o, "above_tokens", 0),
    };
}

static const json_t *snapshot_value(const json_t *o, const char *key, struct arena *a)
{
    json_t *v = json_child(o, key);

    return v ? json_in_arena(json_incref(v), a) : NULL;
}

static enum err_code snapshot_read_variant(const json_t *o, struct arena *a, size_t prompts, struct variant *v,
                                           struct err *e)
{
    int64_t prompt = json_get_i64(o, "prompt", 0);

    *v = (struct variant){ .name = snapshot_str(o, "name", a), .model_text = snapshot_str(o, "model", a),
                           .base_url = snapshot_str(o, "base_url", a), .prompt = (size_t)prompt };
    if (prompt < 0 || (size_t)prompt >= prompts)
        return err_set(e, ERR_STORE, "the run's snapshot is damaged: variant \"" STR_FMT "\" has no prompt",
                       STR_ARG(v->name));
    return params_read(json_child(o, "params"), a, &v->params, e);
}

static void snapshot_read_check(const json_t *o, struct arena *a, struct check_spec *c)
{
    *c = (struct check_spec){ .name = snapshot_str(o, "name", a), .kind = snapshot_str(o, "kind", a),
                              .argument = snapshot_value(o, "argument", a), .options = snapshot_value(o, "options", a),
                              .negate = json_get_bool(o, "negate", false), .severity = SEVERITY_WARNING,
                              .weight = json_get_double(o, "weight", 1), .line = (int)json_get_i64(o, "line", 0) };
    if (!severity_from(json_get_str(o, "severity"), &c->severity))
        c->severity = SEVERITY_WARNING;
}

static void snapshot_read_images(const json_t *list, struct arena *a, struct str **out, size_t *count)
{
    *count = json_array_size(list);
    *out = arena_array(a, struct str, *count);
    for (size_t i = 0; i < *count; i++)
        (*out)[i] = arena_strdup(a, json_to_str(json_array_get(list, i)));
}

static void snapshot_read_messages(const json_t *list, struct arena *a, struct task_prompt *out)
{
    out->message_count = json_array_size(list);
    out->messages = arena_array(a, struct task_message, out->message_count);
    for (size_t i = 0; i < out->message_count; i++) {
        const json_t *m = json_array_get(list, i);
        struct task_message *to = &out->messages[i];

        *to = (struct task_message){ .role = MESSAGE_USER, .source = snapshot_str(m, "source", a), .file = snapshot_str(m, "file", a),
                                     .line = (int)json_get_i64(m, "line", 1) };
        for (int role = MESSAGE_SYSTEM; role <= MESSAGE_ASSISTANT; role++)
            if (str_is(json_get_str(m, "role"), message_role_name((enum message_role)role)))
                to->role = (enum message_role)role;
        snapshot_read_images(json_child(m, "images"), a, &to->images, &to->image_count);
    }
}

#define SNAPSHOT_COUNT(o, key, out, count, type)                                                   \
    ((count) = json_array_size(json_child((o), (key))), (out) = arena_array(a, type, (count)))

enum err_code snapshot_to_task(const json_t *o, struct arena *a, struct task **out, struct err *e)
{
    struct task *t = arena_new(a, struct task);
    const json_t *output = json_child(o, "output");

    if (json_get_i64(o, "snapshot", 0) < 1 || json_get_i64(o, "snapshot", 0) > SNAPSHOT_VERSION)
        return err_set(e, ERR_STORE, "the run's snapshot can't be read: version %lld, this program knows %d",
                       (long long)json_get_i64(o, "snapshot", 0), SNAPSHOT_VERSION);
    t->name = snapshot_str(o, "name", a);
    t->description = snapshot_str(o, "description", a);
    t->path = snapshot_str(o, "path", a);
    t->dir = snapshot_str(o, "dir", a);
    t->text = snapshot_str(o, "text", a);
    t->system = snapshot_str(o, "system", a);
    SNAPSHOT_COUNT(o, "prompts", t->prompts, t->prompt_count, struct task_prompt);
    for (size_t i = 0; i < t->prompt_count; i++) {
        const json_t *p = json_array_get(json_child(o, "prompts"), i);

        t->prompts[i] = (struct task_prompt){ snapshot_str(p, "name", a), snapshot_str(p, "source", a),
                                              snapshot_str(p, "system", a), snapshot_str(p, "file", a),
                                              (int)json_get_i64(p, "line", 1), NULL, 0, NULL, 0 };
        snapshot_read_images(json_child(p, "images"), a, &t->prompts[i].images, &t->prompts[i].image_count);
        snapshot_read_messages(json_child(p, "messages"), a, &t->prompts[i]);
    }
    SNAPSHOT_COUNT(o, "turns", t->turns, t->turn_count, struct task_turn);
    for (size_t i = 0; i < t->turn_count; i++) {
        const json_t *p = json_array_get(json_child(o, "turns"), i);

        t->turns[i] = (struct task_turn){ snapshot_str(p, "label", a), snapshot_str(p, "source", a),
                                          (int)json_get_i64(p, "line", 1) };
    }
    SNAPSHOT_COUNT(o, "images", t->images, t->image_count, struct task_image);
    for (size_t i = 0; i < t->image_count; i++)
        t->images[i].source = arena_strdup(a, json_to_str(json_array_get(json_child(o, "images"), i)));
    SNAPSHOT_COUNT(o, "variants", t->variants, t->variant_count, struct variant);
    for (size_t i = 0; i < t->variant_count; i++)
        TRY(snapshot_read_variant(json_array_get(json_child(o, "variants"), i), a, t->prompt_count, &t->variants[i],
                                  e));
    SNAPSHOT_COUNT(o, "checks", t->checks, t->check_count, struct check_spec);
    for (size_t i = 0; i < t->check_count; i++)
        snapshot_read_check(json_array_get(json_child(o, "checks"), i), a, &t->checks[i]);
    SNAPSHOT_COUNT(o, "metrics", t->metrics, t->metric_count, struct metric_spec);
    for (size_t i = 0; i < t->metric_count; i++) {
        const json_t *m = json_array_get(json_child(o, "metrics"), i);

        t->metrics[i] = (struct metric_spec){ snapshot_str(m, "name", a), snapshot_str(m, "kind", a),
                                              snapshot_value(m, "options", a), 0 };
    }
    t->rank_by = snapshot_str(o, "rank_by", a);
    SNAPSHOT_COUNT(o, "thresholds", t->thresholds, t->threshold_count, struct threshold);
    for (size_t i = 0; i < t->threshold_count; i++) {
        const json_t *th = json_array_get(json_child(o, "thresholds"), i);

        t->thresholds[i] = (struct threshold){ snapshot_str(th, "metric", a), json_get_double(th, "low", 0), 0 };
    }
    t->repeat = CLAMP(json_get_i64(o, "repeat", 1), (int64_t)1, (int64_t)1000000);
    t->sure = sure_from_json(json_child(o, "sure"), a);
    if (!output_format_from(json_get_str(output, "format"), &t->output.format))
        t->output.format = OUTPUT_TEXT;
    t->output.format_given = json_get_bool(output, "given", false);
    t->output.schema = snapshot_value(output, "schema", a);
    t->output.schema_name = snapshot_str(output, "schema_name", a);
    t->tools = snapshot_value(o, "tools", a);
    t->tool_choice = snapshot_str(o, "tool_choice", a);
    t->constraints = snapshot_value(o, "constraints", a);
    t->judge = snapshot_value(o, "judge", a);
    t->recommend = snapshot_value(o, "recommend", a);
    t->criteria = snapshot_value(o, "criteria", a);
    t->examples = snapshot_value(o, "examples", a);
    t->chunking = snapshot_chunking(json_child(o, "chunking"), a);
    t->budget_nanousd = json_get_i64(o, "budget_nanousd", 0);
    t->dataset.path = snapshot_str(o, "dataset", a);
    t->files = snapshot_value(o, "files", a);
    *out = t;
    return ERR_OK;
}
