/* Checks, metrics and thresholds of a task file. */
#include "eval/task_read.h"

#include "eval/check/check.h"
#include "eval/metric/metric.h"

#define TASK_EACH_MAX 20                /* values of one metric's option: k: [1, 5, 10] */

static const char task_check_words[] = "name description severity weight path not kind";

static bool task_word_of_check(struct str key)
{
    struct str rest = str_c(task_check_words), one;

    while (str_split(&rest, ' ', &one))
        if (str_eq(one, key))
            return true;
    return false;
}

/* "contains" or "not_contains". A kind of that very name wins over the prefix. */
static const struct check *task_check_kind(struct str key, bool *negate)
{
    const struct check *c = check_find(key);

    *negate = false;
    if (c || !str_starts(key, S("not_")))
        return c;
    *negate = true;
    return check_find(str_from(key, 4));
}

static void task_check_unknown(struct task_read *r, int file, int line, int column, struct str key, bool may_be_setting)
{
    bool negated = str_starts(key, S("not_"));
    struct str rest = str_c(task_check_words), one;
    struct suggest near;
    char hint[160];

    suggest_begin(&near, negated ? str_from(key, 4) : key);
    check_suggest(&near);
    while (may_be_setting && str_split(&rest, ' ', &one))
        suggest_offer(&near, one);
    task_problem(r, file, line, column, "there is no check \"" STR_FMT "\"%s", STR_ARG(key), suggest_hint(&near, hint));
}

static bool task_check_name_taken(const struct task *t, struct str name)
{
    for (size_t i = 0; i < t->check_count; i++)
        if (str_eq(t->checks[i].name, name))
            return true;
    return false;
}

static void task_check_name(struct task_read *r, const struct doc_node *n, struct str kind, struct check_spec *c)
{
    const struct doc_node *name = task_member(n, "name");

    if (name && task_text(r, name, "a check's name", TASK_NAME_MAX, &c->name)) {
        if (task_check_name_taken(r->t, c->name))
            task_problem_at(r, name, "two checks are called \"" STR_FMT "\"", STR_ARG(c->name));
        return;
    }
    c->name = kind;
    for (int i = 2; task_check_name_taken(r->t, c->name); i++)
        c->name = arena_printf(r->a, STR_FMT "_%d", STR_ARG(kind), i);
}

static void task_check_severity(struct task_read *r, const struct doc_node *n, struct check_spec *c)
{
    struct suggest near;
    char hint[160];

    if (!n || !task_is(r, n, "severity", DOC_STRING) || severity_from(n->text, &c->severity))
        return;
    suggest_begin(&near, n->text);
    for (int i = 0; i < SEVERITIES; i++)
        suggest_offer(&near, str_c(severity_name((enum severity)i)));
    task_problem_at(r, n, "severity is critical, warning or info, not \"" STR_FMT "\"%s", STR_ARG(n->text),
                    suggest_hint(&near, hint));
}

/* The one key that is a kind; problems for two, and for keys nobody knows. NULL: told. */
static const struct doc_pair *task_check_pair(struct task_read *r, const struct doc_node *n, bool *negate)
{
    const struct doc_pair *found = NULL, *stranger = NULL;
    bool not_;

    for (size_t i = 0; i < n->count; i++) {
        const struct doc_pair *p = &n->pairs[i];

        if (task_word_of_check(p->key))
            continue;
        if (!task_check_kind(p->key, &not_)) {
            stranger = stranger ? stranger : p;
        } else if (found) {
            task_problem(r, p->value->file, p->line, p->column, "one check has one kind, and this has \"" STR_FMT "\" and \"" STR_FMT
                         "\"; make two checks of it", STR_ARG(found->key), STR_ARG(p->key));
            return NULL;
        } else {
            found = p;
            *negate = not_;
        }
    }
    if (!found && stranger)
        task_check_unknown(r, stranger->value->file, stranger->line, stranger->column, stranger->key, true);
    else if (!found)
        task_problem_at(r, n, "the check says nothing to check; add for example: contains: refund");
    return found;
}

static void task_check_add(struct task_read *r, const struct doc_node *n, struct check_spec *c)
{
    struct err e = ERR_INIT;

    if (check_verify(c, &e) != ERR_OK)
        task_problem_at(r, n, "%s", e.text);
    r->t->checks[r->t->check_count++] = *c;
}

/* Members of a group, and of groups in it, each told of at its own place. False: something was told. */
static bool task_group_verify(struct task_read *r, const struct doc_node *list, int depth)
{
    bool good = true;

    for (size_t i = 0; list->kind == DOC_LIST && i < list->count && i < CHECK_GROUP_MAX && depth <= CHECK_DEPTH_MAX;
         i++) {
        const struct doc_node *one = list->items[i];
        struct check_spec c = { 0 };
        const struct doc_pair *pair;
        struct err e = ERR_INIT;
        bool whole = true;

        if (check_spec_read(task_json(r, one), &c, &e) == ERR_OK) {
            c.depth = depth;
            pair = doc_pair_get(one, arena_cstr(r->a, c.kind));
            if (!pair)
                pair = doc_pair_get(one, arena_cstr(r->a, arena_printf(r->a, "not_" STR_FMT, STR_ARG(c.kind))));
            whole = !pair || check_find(c.kind)->argument != CHECK_CHECKS ||
                    task_group_verify(r, pair->value, depth + 1);
        }
        if (whole && (e.code != ERR_OK || check_verify(&c, &e) != ERR_OK))
            task_problem_at(r, one, "%s", e.text);
        good = good && whole && e.code == ERR_OK;
    }
    return good;
}

/* `- json_valid` */
static void task_read_check_word(struct task_read *r, const struct doc_node *n)
{
    struct check_spec c = { .severity = SEVERITY_WARNING, .weight = 1, .line = n->line, .argument = json_true() };
    const struct check *kind = task_check_kind(n->text, &c.negate);
    json_t *options = json_object();

    c.options = json_in_arena(options, r->a);
    if (!kind) {
        task_check_unknown(r, n->file, n->line, n->column, n->text, false);
        return;
    }
    c.kind = str_c(kind->name);
    json_object_set_new(options, kind->name, json_true());
    task_check_name(r, n, n->text, &c);
    task_check_add(r, n, &c);
}

static void task_read_check(struct task_read *r, const struct doc_node *n)
{
    struct check_spec c = { .severity = SEVERITY_WARNING, .weight = 1, .line = n->line };
    const struct doc_node *not_ = task_member(n, "not"), *weight = task_member(n, "weight");
    const struct doc_pair *pair;
    bool prefixed = false;

    if (n->kind == DOC_STRING) {
        task_read_check_word(r, n);
        return;
    }
    if (!task_is(r, n, "a check", DOC_MAP))
        return;
    pair = task_check_pair(r, n, &prefixed);
    task_check_severity(r, task_member(n, "severity"), &c);
    if (weight)
        task_number(r, weight, "weight", 0, 1e6, &c.weight);
    if (not_ && task_is(r, not_, "not", DOC_BOOL))
        c.negate = not_->truth;
    if (!pair)
        return;
    if (prefixed && c.negate)
        task_warning_at(r, not_, "not: true and \"" STR_FMT "\" cancel each other out", STR_ARG(pair->key));
    c.negate = c.negate != prefixed;
    c.kind = prefixed ? str_from(pair->key, 4) : pair->key;
    c.argument = task_json(r, pair->value);
    c.options = task_json(r, n);
    task_check_name(r, n, pair->key, &c);
    if (check_find(c.kind)->argument != CHECK_CHECKS || task_group_verify(r, pair->value, 1))
        task_check_add(r, n, &c);
}

/* Cases written in the task itself: what case_checks will find there. */
static void task_case_checks(struct task_read *r, struct str variable)
{
    const struct doc_node *cases = task_member(r->root, "cases");
    char *name = arena_cstr(r->a, variable);

    for (size_t i = 0; variable.len && cases && cases->kind == DOC_LIST && i < cases->count; i++) {
        const struct doc_node *inner = task_member(cases->items[i], "vars"), *list = task_member(inner, name);
        struct err e = ERR_INIT;

        list = list ? list : task_member(cases->items[i], name);
        if (list && task_group_verify(r, list, 1) && check_case_verify(task_json(r, list), &e) != ERR_OK)
            task_problem_at(r, list, "%s", e.text);
    }
}

/* Who gives the output a schema wants it kept. A check of that name, or any json_schema of the whole output, is the
 * user's own word on it. */
static void task_check_schema(struct task_read *r)
{
    struct check_spec c = { .name = S("output_schema"), .kind = S("json_schema"), .severity = SEVERITY_WARNING, .weight = 1,
                            .argument = r->t->output.schema, .options = json_in_arena(json_object(), r->a) };
    const struct doc_node *at = task_member(task_member(r->root, "output"), "schema");

    if (task_check_name_taken(r->t, c.name))
        return;
    for (size_t i = 0; i < r->t->check_count; i++)
        if (str_is(r->t->checks[i].kind, "json_schema") && !json_child(r->t->checks[i].options, "path"))
            return;
    c.line = at->line;
    task_check_add(r, at, &c);
}

void task_read_checks(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "checks");

    if (n && !task_is(r, n, "checks", DOC_LIST))
        return;
    if (n && n->count > TASK_LIST_MAX) {
        task_problem_at(r, n, "at most %d checks are allowed", TASK_LIST_MAX);
        return;
    }
    r->t->checks = arena_array(r->a, struct check_spec, (n ? n->count : 0) + 1);
    for (size_t i = 0; n && i < n->count; i++)
        task_read_check(r, n->items[i]);
    for (size_t i = 0; i < r->t->check_count; i++)
        task_case_checks(r, check_case_variable(&r->t->checks[i]));
    if (r->t->output.schema)
        task_check_schema(r);
}

/* --- metrics --- */

static void task_metric_add(struct task_read *r, const struct doc_node *n, struct metric_spec m)
{
    struct task *t = r->t;

    for (size_t i = 0; i < t->metric_count; i++)
        if (str_eq(t->metrics[i].name, m.name)) {
            task_problem_at(r, n,
                            "two metrics are called \"" STR_FMT "\"; give one another name: {metric: " STR_FMT
                            ", name: ...}",
                            STR_ARG(m.name), STR_ARG(m.kind));
            return;
        }
    for (size_t i = 0; i < t->check_count; i++)
        if (str_eq(t->checks[i].name, m.name)) {
            task_problem_at(r, n, "a check (line %d) and a metric are both called \"" STR_FMT "\"", t->checks[i].line,
                            STR_ARG(m.name));
            return;
        }
    t->metrics[t->metric_count++] = m;
}

/* As the user calls it; else as the metric calls itself with these settings; else by its kind. */
static void task_metric_one(struct task_read *r, const struct doc_node *n, struct metric_spec m)
{
    const struct metric *metric;
    struct err e = ERR_INIT;
    void *state;
    int64_t repeat;

    if (metric_prepare(&m, r->a, &metric, &state, &e) != ERR_OK) {
        task_problem_at(r, n, "%s", e.text);
        return;
    }
    if (!m.name.len)
        m.name = metric->called ? metric->called(state, r->a) : m.kind;
    repeat = metric->repeat_min ? metric->repeat_min(state) : 1;
    if (repeat > r->t->repeat)
        task_problem_at(r, n, STR_FMT " needs repeat: %lld or more; the task has %lld", STR_ARG(m.name),
                        (long long)repeat, (long long)r->t->repeat);
    else
        task_metric_add(r, n, m);
}

/* A list in the option a metric may have several of, k: [1, 5], is a metric for each element. */
static void task_metric_each(struct task_read *r, const struct doc_node *n, struct metric_spec m)
{
    const struct metric *metric = metric_find(m.kind);
    const json_t *list = metric && metric->each ? json_child(m.options, metric->each) : NULL;
    struct str name = m.name;

    if (!json_is_array(list)) {
        task_metric_one(r, n, m);
        return;
    }
    if (!json_array_size(list) || json_array_size(list) > TASK_EACH_MAX) {
        task_problem_at(r, n, "%s takes one value or a list of 1 to %d", metric->each, TASK_EACH_MAX);
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *options = json_in_arena(json_deep_copy(m.options), r->a);

        json_object_set(options, metric->each, json_array_get(list, i));
        m.options = options;
        if (name.len)
            m.name = arena_printf(r->a, STR_FMT "_%g", STR_ARG(name), json_number_value(json_array_get(list, i)));
        task_metric_one(r, n, m);
    }
}

/* accuracy | {metric: accuracy, name: by_id, key: id} | {accuracy: {key: id}} */
static void task_read_metric(struct task_read *r, const struct doc_node *n)
{
    const struct doc_node *kind = n, *name = task_member(n, "name"), *options = n;
    struct metric_spec m = { .line = n->line };

    if (n->kind == DOC_MAP) {
        kind = task_member(n, "metric") ? task_member(n, "metric")
               : task_member(n, "kind") ? task_member(n, "kind")
                                        : name;
        if (!kind && n->count == 1 && (n->pairs[0].value->kind == DOC_MAP || n->pairs[0].value->kind == DOC_NULL)) {
            m.kind = n->pairs[0].key;
            options = n->pairs[0].value;
        } else if (!kind) {
            task_problem_at(r, n, "a metric is a name, or {metric: accuracy, name: ...}");
            return;
        }
    }
    if (!m.kind.len && !task_text(r, kind, "a metric", TASK_NAME_MAX, &m.kind))
        return;
    if (name && kind != name && !task_text(r, name, "a metric's name", TASK_NAME_MAX, &m.name))
        return;
    if (options->kind == DOC_MAP)
        m.options = task_json(r, options);
    task_metric_each(r, n, m);
}

static void task_default_metrics(struct task_read *r)
{
    struct task *t = r->t;

    t->metrics = arena_array(r->a, struct metric_spec, METRIC_DEFAULTS);
    for (size_t i = 0; i < METRIC_DEFAULTS; i++) {
        struct str name = str_c(metric_defaults[i]);

        if (t->repeat < 2 && metric_find(name) && metric_find(name)->over_repeats)
            continue;                       /* it needs repetitions, and would only be an empty column */
        t->metrics[t->metric_count++] = (struct metric_spec){ .name = name, .kind = name };
    }
}

void task_read_metrics(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "metrics");

    if (!n || (n->kind == DOC_LIST && !n->count)) {
        task_default_metrics(r);
        return;
    }
    if (n->kind == DOC_LIST && n->count > TASK_LIST_MAX) {
        task_problem_at(r, n, "at most %d metrics are allowed", TASK_LIST_MAX);
        return;
    }
    r->t->metrics = arena_array(r->a, struct metric_spec, TASK_EACH_MAX * MAX(n->count, 1u));
    if (n->kind == DOC_STRING)
        task_read_metric(r, n);
    else if (task_is(r, n, "metrics", DOC_LIST))
        for (size_t i = 0; i < n->count; i++)
            task_read_metric(r, n->items[i]);
}

/* --- thresholds --- */

static const struct metric_spec *task_metric_of(const struct task *t, struct str name)
{
    for (size_t i = 0; i < t->metric_count; i++)
        if (str_eq(t->metrics[i].name, name))
            return &t->metrics[i];
    return NULL;
}

static void task_threshold_unknown(struct task_read *r, const struct doc_pair *p)
{
    const struct task *t = r->t;
    struct suggest near;
    char hint[160];

    if (metric_find(p->key)) {
        task_problem(r, p->value->file, p->line, p->column,
                     "the threshold is for \"" STR_FMT "\", which this task does not measure; add it to metrics",
                     STR_ARG(p->key));
        return;
    }
    suggest_begin(&near, p->key);
    metric_suggest(&near);
    for (size_t i = 0; i < t->metric_count; i++)
        suggest_offer(&near, t->metrics[i].name);
    for (size_t i = 0; i < t->check_count; i++)
        suggest_offer(&near, t->checks[i].name);
    task_problem(r, p->value->file, p->line, p->column,
                 "there is no metric or check \"" STR_FMT "\" to hold to a threshold%s", STR_ARG(p->key),
                 suggest_hint(&near, hint));
}

/* What ranks is a share, and more of it is better: intervals, tiers and advice are made for that. */
static bool task_can_rank(const struct task_read *r, const struct metric_spec *spec)
{
    const struct metric *metric;
    void *state;

    return metric_prepare(spec, r->a, &metric, &state, NULL) == ERR_OK && metric_better_of(metric, state) &&
           metric_unit_of(metric, state) == METRIC_RATIO;
}

void task_read_rank_by(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "rank_by");
    const struct metric_spec *spec;
    struct suggest near;
    struct str name;
    char hint[160];

    if (!n || !task_text(r, n, "rank_by", TASK_NAME_MAX, &name))
        return;
    spec = task_metric_of(r->t, name);
    if (spec && task_can_rank(r, spec)) {
        r->t->rank_by = spec->name;
        return;
    }
    if (spec) {
        task_problem_at(r, n, "\"" STR_FMT "\" can't rank: only a share of which more is better can, such as accuracy; the table shows "
                        "the others beside it", STR_ARG(name));
        return;
    }
    suggest_begin(&near, name);
    for (size_t i = 0; i < r->t->metric_count; i++)
        suggest_offer(&near, r->t->metrics[i].name);
    task_problem_at(r, n, "rank_by names \"" STR_FMT "\", which is none of this task's metrics%s", STR_ARG(name),
                    suggest_hint(&near, hint));
}

static void task_read_threshold(struct task_read *r, const struct doc_pair *p)
{
    const struct metric_spec *spec = task_metric_of(r->t, p->key);
    const struct metric *metric = NULL;
    const struct doc_node *value = p->value;
    struct threshold th = { .metric = p->key, .line = p->line };
    void *state;
    bool known = spec && metric_prepare(spec, r->a, &metric, &state, NULL) == ERR_OK;
    bool ceiling = known && !metric_better_of(metric, state);
    double high = !known || metric_unit_of(metric, state) == METRIC_RATIO ? 1 : 1e12;

    if (!known && !task_check_name_taken(r->t, p->key)) {
        task_threshold_unknown(r, p);
        return;
    }
    if (value->kind == DOC_MAP) {
        const char *right = ceiling ? "max" : "min", *wrong = ceiling ? "min" : "max";

        task_check_keys(r, value, "a threshold", "min max");
        if (task_member(value, wrong)) {
            task_problem_at(r, task_member(value, wrong), "of \"" STR_FMT "\" %s is better, so its threshold is a %s",
                            STR_ARG(p->key), ceiling ? "less" : "more", right);
            return;
        }
        value = task_member(value, right);
        if (!value) {
            task_problem(r, p->value->file, p->line, p->column, "the threshold needs %s: a number", right);
            return;
        }
    }
    if (task_number(r, value, "a threshold", 0, high, &th.low))
        r->t->thresholds[r->t->threshold_count++] = th;
}

void task_read_thresholds(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "thresholds");

    if (!n || !task_is(r, n, "thresholds", DOC_MAP))
        return;
    r->t->thresholds = arena_array(r->a, struct threshold, n->count);
    for (size_t i = 0; i < n->count; i++)
        task_read_threshold(r, &n->pairs[i]);
}
