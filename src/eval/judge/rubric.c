#include "eval/judge.h"

#include <math.h>

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

enum err_code judge_rubric_of(struct str name, const json_t *value, struct arena *a, struct judge_rubric *out,
                              struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(JUDGE_RUBRIC_MAX);
    struct judge_rubric r = { .name = arena_strdup(a, name) };

    memcpy(r.weights, rubric_usual, sizeof r.weights);
    if (json_is_string(value)) {
        buf_append(&text, str_trim(json_to_str(value)));
    } else if (json_is_object(value)) {
        AUTO_JSON *rest = json_copy((json_t *)value);

        if (json_child(value, "weights"))
            TRY(rubric_weights(json_child(value, "weights"), r.weights, e));
        json_object_del(rest, "weights");
        if (json_object_size(rest))
            json_write_pretty(rest, &text);
    } else if (value && !json_is_null(value)) {
        return err_set(e, ERR_BAD_INPUT, "a rubric is text, or an object with `weights` and what to look for");
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
