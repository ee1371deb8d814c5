#include "eval/judge.h"

#include <ctype.h>
#include <math.h>

#include "eval/agreement.h"

static const double rubric_usual[JUDGE_PARTS] = { 0.30, 0.20, 0.50 };

const char *judge_part_name(enum judge_part p)
{
    static const char *const names[JUDGE_PARTS] = { "accuracy", "format", "compliance" };

    return names[p];
}

static enum err_code rubric_unknown_weight(const char *key, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, str_c(key));
    for (enum judge_part p = 0; p < JUDGE_PARTS; p++)
        suggest_offer(&near, str_c(judge_part_name(p)));
    return err_set(e, ERR_BAD_INPUT, "weights: \"%s\" is none of accuracy, format and compliance%s", key,
                   suggest_hint(&near, hint));
}

static enum err_code rubric_weights(const json_t *weights, double out[JUDGE_PARTS], struct err *e)
{
    double sum = 0;
    const char *key;
    json_t *value;

    if (!json_is_object(weights))
        return err_set(e, ERR_BAD_INPUT, "weights must be {accuracy: 30, format: 20, compliance: 50}");
    json_object_foreach((json_t *)weights, key, value) {
        enum judge_part p = 0;

        while (p < JUDGE_PARTS && strcmp(key, judge_part_name(p)) != 0)
            p++;
        if (p == JUDGE_PARTS)
            return rubric_unknown_weight(key, e);
    }
    for (enum judge_part p = 0; p < JUDGE_PARTS; p++) {
        const json_t *w = json_child(weights, judge_part_name(p));

        if (!json_is_number(w) || !isfinite(json_number_value(w)) || json_number_value(w) < 0 ||
            json_number_value(w) > 1e6)
            return err_set(e, ERR_BAD_INPUT, "weights: %s must be a number from 0 on (all three are needed)",
                           judge_part_name(p));
        out[p] = json_number_value(w);
        sum += out[p];
    }
    if (sum <= 0)
        return err_set(e, ERR_BAD_INPUT, "weights: at least one must be above 0");
    for (enum judge_part p = 0; p < JUDGE_PARTS; p++)
        out[p] /= sum;
    return ERR_OK;
}

/* --- criteria ----------------------------------------------------------------------------------------------------- */

/* A list of objects that all have a name is ours; anything else called so is the judge's to read. */
static bool rubric_has_criteria(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_child(json_array_get(list, i), "name")))
            return false;
    return json_array_size(list) > 0;
}

static bool rubric_is_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.at[i]) && s.at[i] != '_' && s.at[i] != '-')
            return false;
    return s.len > 0 && s.len <= JUDGE_NAME_MAX;
}

/* 5 is 1 to 5, [0, 10] what it says; none is 1 to 5. */
static enum err_code rubric_scale(const json_t *scale, struct judge_criterion *c, struct err *e)
{
    c->low = 1;
    c->high = 5;
    if (json_is_array(scale) && json_array_size(scale) == 2 && json_is_number(json_array_get(scale, 0)) &&
        json_is_number(json_array_get(scale, 1))) {
        c->low = json_number_value(json_array_get(scale, 0));
        c->high = json_number_value(json_array_get(scale, 1));
    } else if (json_is_number(scale)) {
        c->high = json_number_value(scale);
    } else if (scale) {
        c->high = c->low;
    }
    if (!isfinite(c->low) || !isfinite(c->high) || c->low >= c->high || fabs(c->low) > 1e6 || fabs(c->high) > 1e6)
        return err_set(e, ERR_BAD_INPUT, "criteria: the scale of \"" STR_FMT "\" must be its highest grade, such as 5, or [lowest, "
                       "highest]", STR_ARG(c->name));
    return ERR_OK;
}

static enum err_code rubric_criterion(const json_t *o, struct arena *a, struct judge_criterion *c, struct err *e)
{
    const json_t *weight = json_child(o, "weight");

    c->name = arena_strdup(a, str_trim(json_get_str(o, "name")));
    c->description = arena_strdup(a, str_trim(json_get_str(o, "description")));
    c->weight = weight ? json_number_value(weight) : 1;
    if (!rubric_is_name(c->name))
        return err_set(e, ERR_BAD_INPUT, "criteria: a name has 1 to %d letters, digits, - and _, not \"" STR_FMT "\"",
                       JUDGE_NAME_MAX, STR_ARG(str_utf8_head(c->name, 80)));
    if (!c->description.len)
        return err_set(e, ERR_BAD_INPUT, "criteria: \"" STR_FMT "\" needs a description: what the judge is to look at",
                       STR_ARG(c->name));
    if ((weight && !json_is_number(weight)) || !isfinite(c->weight) || c->weight < 0 || c->weight > 1e6)
        return err_set(e, ERR_BAD_INPUT, "criteria: the weight of \"" STR_FMT "\" must be a number from 0 on",
                       STR_ARG(c->name));
    return rubric_scale(json_child(o, "scale"), c, e);
}

static enum err_code rubric_criteria(const json_t *list, struct arena *a, struct judge_rubric *r, struct err *e)
{
    double sum = 0;

    r->criterion_count = json_array_size(list);
    if (r->criterion_count > JUDGE_CRITERIA_MAX)
        return err_set(e, ERR_TOO_LARGE, "criteria: at most %d can be graded, not %zu", JUDGE_CRITERIA_MAX,
                       r->criterion_count);
    r->criteria = arena_array(a, struct judge_criterion, r->criterion_count);
    for (size_t i = 0; i < r->criterion_count; i++) {
        TRY(rubric_criterion(json_array_get(list, i), a, &r->criteria[i], e));
        for (size_t k = 0; k < i; k++)
            if (str_ieq(r->criteria[k].name, r->criteria[i].name))
                return err_set(e, ERR_BAD_INPUT, "criteria: there are two named \"" STR_FMT "\"",
                               STR_ARG(r->criteria[i].name));
        sum += r->criteria[i].weight;
    }
    if (!(sum > 0))
        return err_set(e, ERR_BAD_INPUT, "criteria: at least one weight must be above 0");
    for (size_t i = 0; i < r->criterion_count; i++)
        r->criteria[i].weight /= sum;
    return ERR_OK;
}

/* --- labels ------------------------------------------------------------------------------------------------------- */

static enum err_code rubric_labels(const json_t *list, struct arena *a, struct judge_rubric *r, struct err *e)
{
    size_t n = json_array_size(list);

    if (n < 2 || n > AGREEMENT_CATEGORIES_MAX)
        return err_set(e, ERR_BAD_INPUT, "labels must be a list of 2 to %d names to choose from",
                       AGREEMENT_CATEGORIES_MAX);
    r->labels = arena_array(a, struct str, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        struct str label = str_trim(json_to_str(v));

        if (json_is_integer(v))
            label = arena_printf(a, "%lld", (long long)json_integer_value(v));
        if (!label.len || label.len > STORE_LABEL_VALUE_MAX)
            return err_set(e, ERR_BAD_INPUT, "labels: number %zu must be a name of 1 to %d bytes", i + 1,
                           STORE_LABEL_VALUE_MAX);
        for (size_t k = 0; k < i; k++)
            if (str_ieq(r->labels[k], label))
                return err_set(e, ERR_BAD_INPUT, "labels: \"" STR_FMT "\" is there twice", STR_ARG(label));
        r->labels[r->label_count++] = arena_strdup(a, label);
    }
    return ERR_OK;
}

/* What is ours of the object; the rest is the judge's to read. */
static enum err_code rubric_object(const json_t *value, struct arena *a, struct judge_rubric *r, struct buf *text,
                                   struct err *e)
{
    AUTO_JSON *rest = json_copy((json_t *)value);
    const json_t *weights = json_child(value, "weights"), *criteria = json_child(value, "criteria"),
                 *labels = json_child(value, "labels");

    if (weights)
        TRY(rubric_weights(weights, r->weights, e));
    json_object_del(rest, "weights");
    if (rubric_has_criteria(criteria)) {
        if (weights)
            return err_set(e, ERR_BAD_INPUT,
                           "a rubric has weights or criteria, not both: each criterion has its own weight");
        TRY(rubric_criteria(criteria, a, r, e));
        json_object_del(rest, "criteria");
    }
    if (labels) {
        if (weights || r->criterion_count)
            return err_set(e, ERR_BAD_INPUT, "a rubric has labels, or weights or criteria: a label is no score");
        TRY(rubric_labels(labels, a, r, e));
        json_object_del(rest, "labels");
    }
    if (json_object_size(rest))
        json_write_pretty(rest, text);
    return ERR_OK;
}

enum err_code judge_rubric_of(struct str name, const json_t *value, struct arena *a, struct judge_rubric *out,
                              struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(JUDGE_RUBRIC_MAX);
    struct judge_rubric r = { .name = arena_strdup(a, name) };

    memcpy(r.weights, rubric_usual, sizeof r.weights);
    if (json_is_string(value)) {
        buf_append(&text, str_trim(json_to_str(value)));
    } else if (json_is_object(value)) {
        TRY(rubric_object(value, a, &r, &text, e));
    } else if (value && !json_is_null(value)) {
        return err_set(e, ERR_BAD_INPUT,
                       "a rubric is text, or an object with `weights`, `criteria` or `labels` and what to look for");
    }
    if (buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, "a rubric may have at most %u bytes", JUDGE_RUBRIC_MAX);
    r.text = arena_strdup(a, buf_str(&text));
    *out = r;
    return ERR_OK;
}

enum err_code judge_rubric_file(struct str path, struct arena *a, struct judge_rubric *out, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(JUDGE_RUBRIC_MAX);
    AUTO_JSON *value = NULL;
    struct str ext = path_ext(path);
    enum err_code code;

    TRY(file_read(arena_cstr(a, path), JUDGE_RUBRIC_MAX - 1, &text, e));
    if (str_is(ext, "json") || str_is(ext, "yaml") || str_is(ext, "yml")) {
        struct doc_node *doc;

        TRY(doc_read(path, buf_str(&text), doc_form_of(path), a, &doc, e));
        value = doc_to_json(doc);
    } else {
        if (!str_is_utf8(buf_str(&text)))
            return err_set(e, ERR_BAD_INPUT, STR_FMT ": a rubric must be UTF-8 text", STR_ARG(path));
        value = json_from_str(buf_str(&text));
    }
    code = judge_rubric_of(path_base(path), value, a, out, e);
    return code == ERR_OK ? ERR_OK : err_prefix(e, STR_FMT, STR_ARG(path));
}
