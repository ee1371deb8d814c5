/* Checks, metrics and thresholds of a task file. */
#include "eval/task_read.h"

#include <sodium.h>

#include "eval/check/check.h"
#include "eval/check/rule.h"
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

/* --- files beside the task, which a stored run has in itself --- */

static const json_t *task_embed_one(struct task_read *r, const struct doc_node *n)
{
    AUTO_BUF struct buf bytes = BUF_INIT(TASK_TEXT_MAX);
    struct err e = ERR_INIT;
    json_t *o = json_object();

    json_object_set_new(o, "name", json_from_str(n->text));
    (void)json_in_arena(o, r->a);
    if (file_read_beneath(r->dir, n->text, TASK_TEXT_MAX, &bytes, &e) != ERR_OK) {
        char hint[160];

        task_near_file(r, n->text, hint);
        task_problem_at(r, n, "%s%s", e.text, strstr(e.text, "did you mean") ? "" : hint);
        return NULL;
    }
    if (str_is_utf8(buf_str(&bytes)) && !memchr(bytes.bytes ? bytes.bytes : "", '\0', bytes.len)) {
        json_object_set_new(o, "text", json_from_str(buf_str(&bytes)));
    } else {
        size_t size = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_ORIGINAL);
        char *text = arena_alloc(r->a, size);

        sodium_bin2base64(text, size, (const unsigned char *)bytes.bytes, bytes.len, sodium_base64_VARIANT_ORIGINAL);
        json_object_set_new(o, "base64", json_string(text));
    }
    return o;
}

/* The members of `n` that `files` names, as {name, text}, into `options`. False: told. */
static bool task_embed(struct task_read *r, const struct doc_node *n, const char *files, const json_t *options)
{
    struct str rest = str_c(files ? files : ""), word;
    bool good = true;

    while (files && str_split(&rest, ' ', &word)) {
        const char *key = arena_cstr(r->a, word);
        const struct doc_node *value = task_member(n, key);

        if (!value) {
            key = arena_printf(r->a, "not_" STR_FMT, STR_ARG(word)).at;
            value = task_member(n, key);
        }
        if (value && value->kind == DOC_STRING) {
            const json_t *one = task_embed_one(r, value);

            good = good && one;
            json_object_set((json_t *)options, key, (json_t *)one);
        } else if (value && value->kind == DOC_LIST) {
            json_t *list = json_array();

            for (size_t i = 0; i < value->count; i++) {
                const json_t *one = value->items[i]->kind == DOC_STRING ? task_embed_one(r, value->items[i])
                                                                        : task_json(r, value->items[i]);

                good = good && one;
                json_array_append(list, (json_t *)one);
            }
            json_object_set_new((json_t *)options, key, list);
        }
    }
    return good;
}

/* The same for the metric `name` whose settings stand at `key` of n: of: of a metric, with: of a check. */
static bool task_embed_inner(struct task_read *r, const struct doc_node *n, const char *key, struct str name,
                             const json_t *options)
{
    const struct doc_node *inner = task_member(n, key);
    const struct metric *m;

    if (!inner || inner->kind != DOC_MAP)
        return true;
    m = metric_find(name.len ? name : json_get_str(json_child(options, key), "metric"));
    return !m || task_embed(r, inner, m->files, json_child(options, key));
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
    if (check_find(c.kind)->files) {
        if (!task_embed(r, n, check_find(c.kind)->files, c.options))
            return;
        c.argument = json_child(c.options, arena_cstr(r->a, pair->key));
    }
    if (str_is(c.kind, "metric") && !task_embed_inner(r, n, "with", json_to_str(c.argument), c.options))
        return;
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

/* A check of an older file: {name, description, validation_function, severity}; its rule text becomes what it can. */
static void task_read_quality_check(struct task_read *r, const struct doc_node *n, size_t *dropped)
{
    struct check_spec c = { .severity = SEVERITY_WARNING, .weight = 1, .line = n->line };
    const struct doc_node *text = task_member(n, "validation_function"), *about = task_member(n, "description");
    const json_t *check;
    struct rule rule;
    struct err e = ERR_INIT;
    int line = n->line;

    if (!task_is(r, n, "a quality check", DOC_MAP))
        return;
    text = text ? text : task_member(n, "rule");
    text = text ? text : about;
    if (!text || text->kind != DOC_STRING) {
        task_problem_at(r, n, "a quality check needs validation_function: the rule as text");
        return;
    }
    rule_read(text->text, r->a, &rule);
    if (rule.way == RULE_NONE && ++*dropped == 1)
        task_warning_at(r, text, "this rule can't be evaluated and counts as not evaluated: " STR_FMT,
                        STR_ARG(rule.why));
    check = rule.check;
    if (about && about->kind == DOC_STRING)
        json_object_set_new((json_t *)check, "description", json_from_str(about->text));
    if (check_spec_read(check, &c, &e) != ERR_OK) {
        task_problem_at(r, n, "%s", e.text);
        return;
    }
    c.line = line;
    task_check_severity(r, task_member(n, "severity"), &c);
    task_check_name(r, n, c.kind, &c);
    task_check_add(r, n, &c);
}

static void task_read_quality_checks(struct task_read *r, const struct doc_node *n)
{
    size_t dropped = 0;

    for (size_t i = 0; n && n->kind == DOC_LIST && i < n->count; i++)
        task_read_quality_check(r, n->items[i], &dropped);
    if (dropped > 1)
        task_warning_at(r, n, "%zu of %zu quality_checks can't be evaluated and count as not evaluated", dropped,
                        n->count);
}

/* Rules for a judge, and none is there: told at the list `n`. */
static void task_check_judge(struct task_read *r, const struct doc_node *n)
{
    size_t judged = 0;

    for (size_t i = 0; i < r->t->check_count; i++)
        judged += str_is(r->t->checks[i].kind, "judged");
    if (judged && !json_get_str(r->t->judge, "model").len)
        task_warning_at(
            r, n, "%zu check%s a judge and the task names none, so %s not evaluated; add judge: {model: openai:gpt-4o}",
            judged, judged == 1 ? " needs" : "s need", judged == 1 ? "it is" : "they are");
}

void task_read_checks(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "checks"), *old = task_member(r->root, "quality_checks");

    if ((n && !task_is(r, n, "checks", DOC_LIST)) || (old && !task_is(r, old, "quality_checks", DOC_LIST)))
        return;
    if ((n ? n->count : 0) + (old ? old->count : 0) > TASK_LIST_MAX) {
        task_problem_at(r, n ? n : old, "at most %d checks are allowed", TASK_LIST_MAX);
        return;
    }
    r->t->checks = arena_array(r->a, struct check_spec, (n ? n->count : 0) + (old ? old->count : 0) + 1);
    for (size_t i = 0; n && i < n->count; i++)
        task_read_check(r, n->items[i]);
    task_read_quality_checks(r, old);
    task_check_judge(r, n ? n : old);
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

/* {scorer: polite.py, name: polite} is a scorer. */
static struct str task_metric_by_file(const struct doc_node *n)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct metric *m = metric_find(n->pairs[i].key);

        if (m && m->files && str_contains(str_c(m->files), n->pairs[i].key) && n->pairs[i].value->kind != DOC_MAP)
            return n->pairs[i].key;
    }
    return STR_NONE;
}

/* accuracy | {metric: accuracy, name: by_id, key: id} | {accuracy: {key: id}} | {scorer: polite.py} */
static void task_read_metric(struct task_read *r, const struct doc_node *n)
{
    const struct doc_node *kind = n, *name = task_member(n, "name"), *options = n;
    struct metric_spec m = { .line = n->line };

    if (n->kind == DOC_MAP) {
        kind = task_member(n, "metric") ? task_member(n, "metric")
               : task_member(n, "kind") ? task_member(n, "kind")
                                        : NULL;
        if (!kind)
            m.kind = task_metric_by_file(n);
        if (!kind && !m.kind.len)
            kind = name;
        if (!kind && !m.kind.len && n->count == 1 &&
            (n->pairs[0].value->kind == DOC_MAP || n->pairs[0].value->kind == DOC_NULL)) {
            m.kind = n->pairs[0].key;
            options = n->pairs[0].value;
        } else if (!kind && !m.kind.len) {
            task_problem_at(r, n, "a metric is a name, or {metric: accuracy, name: ...}");
            return;
        }
    }
    if (!m.kind.len && !task_text(r, kind, "a metric", TASK_NAME_MAX, &m.kind))
        return;
    if (name && kind != name && !task_text(r, name, "a metric's name", TASK_NAME_MAX, &m.name))
        return;
    if (options->kind == DOC_MAP) {
        const struct metric *metric = metric_find(m.kind);

        m.options = task_json(r, options);
        if (metric && (!task_embed(r, options, metric->files, m.options) ||
                       !task_embed_inner(r, options, "of", STR_NONE, m.options)))
            return;
    }
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

/* What `assay judge` will measure: the whole, its three parts, or what the task's rubric has for criteria. */
static bool task_judge_measures(const struct task *t, struct str name)
{
    static const char *const names[] = { "judge", "judge_accuracy", "judge_format", "judge_compliance" };
    const json_t *criteria = json_child(json_child(t->judge, "rubric"), "criteria");

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(name, names[i]))
            return true;
    for (size_t i = 0; i < json_array_size(criteria); i++)
        if (str_starts(name, S("judge_")) &&
            str_eq(str_from(name, 6), json_get_str(json_array_get(criteria, i), "name")))
            return true;
    return false;
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
    suggest_offer(&near, S("judge"));
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
    bool judged = !known && !task_check_name_taken(r->t, p->key) && task_judge_measures(r->t, p->key);
    double high = judged ? 100 : !known || metric_unit_of(metric, state) == METRIC_RATIO ? 1 : 1e12;

    if (!known && !judged && !task_check_name_taken(r->t, p->key)) {
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
    if (!task_number(r, value, "a threshold", 0, high, &th.low))
        return;
    if (judged && th.low > 1)                           /* points; up to 1 it is a share, as the scores are written */
        th.low /= 100;
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
