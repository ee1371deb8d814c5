#include "domain/domain.h"

#include <math.h>
#include <stdio.h>

static const struct param_row { const char *name; char kind; double low, high; size_t at; } param_rows[PARAMS] = {
    [PARAM_TEMPERATURE]       = { "temperature", 'd', 0, 2, offsetof(struct params, temperature) },
    [PARAM_TOP_P]             = { "top_p", 'd', 0, 1, offsetof(struct params, top_p) },
    [PARAM_TOP_K]             = { "top_k", 'i', 1, 1000, offsetof(struct params, top_k) },
    [PARAM_MAX_TOKENS]        = { "max_tokens", 'i', 1, 1000000, offsetof(struct params, max_tokens) },
    [PARAM_SEED]              = { "seed", 'i', 0, 0x1p63, offsetof(struct params, seed) },
    [PARAM_FREQUENCY_PENALTY] = { "frequency_penalty", 'd', -2, 2, offsetof(struct params, frequency_penalty) },
    [PARAM_PRESENCE_PENALTY]  = { "presence_penalty", 'd', -2, 2, offsetof(struct params, presence_penalty) },
    [PARAM_STOP]              = { "stop", 'l', 0, 16, 0 },
    [PARAM_REASONING_EFFORT]  = { "reasoning_effort", 's', 0, 0, offsetof(struct params, reasoning_effort) },
    [PARAM_STREAM]            = { "stream", 'b', 0, 0, offsetof(struct params, stream) },
    [PARAM_TIMEOUT_MS]        = { "timeout_ms", 'i', 1, 3600000, offsetof(struct params, timeout_ms) },
    [PARAM_EXTRA]             = { "extra", 'o', 0, 0, offsetof(struct params, extra) },
};

static const char *const param_efforts[] = { "none", "minimal", "low", "medium", "high", "xhigh" };

const char *param_name(enum param which)
{
    return param_rows[which].name;
}

static enum err_code param_read_stop(const json_t *value, struct arena *a, struct params *out, struct err *e)
{
    size_t n = json_is_string(value) ? 1 : json_array_size(value);

    if (!json_is_string(value) && !json_is_array(value))
        return err_set(e, ERR_BAD_INPUT, "\"stop\" must be a string or a list of strings");
    if (n > 16)
        return err_set(e, ERR_BAD_INPUT, "\"stop\" has %zu strings; at most 16 are allowed", n);
    out->stop = arena_array(a, struct str, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *s = json_is_string(value) ? value : json_array_get(value, i);

        if (!json_is_string(s) || json_string_length(s) == 0)
            return err_set(e, ERR_BAD_INPUT, "\"stop\" must hold strings that are not empty");
        out->stop[i] = arena_strdup(a, json_to_str(s));
    }
    out->stop_count = n;
    return ERR_OK;
}

static enum err_code param_read_effort(const json_t *value, struct arena *a, struct params *out, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, json_to_str(value));
    for (size_t i = 0; i < COUNT_OF(param_efforts); i++) {
        if (str_is(json_to_str(value), param_efforts[i])) {
            out->reasoning_effort = arena_strdup(a, json_to_str(value));
            return ERR_OK;
        }
        suggest_offer(&near, str_c(param_efforts[i]));
    }
    return err_set(e, ERR_BAD_INPUT, "\"reasoning_effort\" must be one of none, minimal, low, medium, high, xhigh%s",
                   suggest_hint(&near, hint));
}

static enum err_code param_read_number(const struct param_row *row, const json_t *value, struct params *out,
                                       struct err *e)
{
    double v = json_number_value(value);
    bool whole = json_is_integer(value) || (json_is_real(value) && v == floor(v) && fabs(v) < 9e15);

    if (!json_is_number(value) || (row->kind == 'i' && !whole))
        return err_set(e, ERR_BAD_INPUT, "\"%s\" must be a %s from %.10g to %.10g", row->name,
                       row->kind == 'i' ? "whole number" : "number", row->low, row->high);
    if (!(v >= row->low && v <= row->high))
        return err_set(e, ERR_BAD_INPUT, "\"%s\" is %.10g; it must be from %.10g to %.10g", row->name, v, row->low,
                       row->high);
    if (row->kind == 'i')
        *(int64_t *)((char *)out + row->at) = json_is_integer(value) ? json_integer_value(value) : (int64_t)v;
    else
        *(double *)((char *)out + row->at) = v;
    return ERR_OK;
}

enum err_code params_read_one(struct str key, const json_t *value, struct arena *a, struct params *out, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, key);
    for (int i = 0; i < PARAMS; i++) {
        const struct param_row *row = &param_rows[i];

        suggest_offer(&near, str_c(row->name));
        if (!str_is(key, row->name))
            continue;
        if (json_is_null(value))
            return ERR_OK;                          /* null is "not set" */
        switch (row->kind) {
        case 'l': TRY(param_read_stop(value, a, out, e)); break;
        case 's': TRY(param_read_effort(value, a, out, e)); break;
        case 'b':
            if (!json_is_boolean(value))
                return err_set(e, ERR_BAD_INPUT, "\"%s\" must be true or false", row->name);
            out->stream = json_is_true(value);
            break;
        case 'o':
            if (!json_is_object(value))
                return err_set(e, ERR_BAD_INPUT, "\"%s\" must be an object", row->name);
            out->extra = json_in_arena(json_deep_copy(value), a);
            break;
        default: TRY(param_read_number(row, value, out, e)); break;
        }
        out->set |= BIT(i);
        return ERR_OK;
    }
    return err_set(e, ERR_BAD_INPUT, "there is no parameter \"" STR_FMT "\"%s", STR_ARG(key),
                   suggest_hint(&near, hint));
}

enum err_code params_read(const json_t *o, struct arena *a, struct params *out, struct err *e)
{
    struct params p = PARAMS_INIT;
    const char *key;
    json_t *value;

    if (!json_is_object(o))
        return err_set(e, ERR_BAD_INPUT, "parameters must be an object of name: value");
    json_object_foreach((json_t *)o, key, value)
        TRY(params_read_one(str_c(key), value, a, &p, e));
    *out = p;
    return ERR_OK;
}

json_t *params_to_json(const struct params *p)
{
    json_t *o = json_object(), *list;

    for (int i = 0; i < PARAMS; i++) {
        const struct param_row *row = &param_rows[i];
        const char *at = (const char *)p + row->at;

        if (!params_has(p, (enum param)i))
            continue;
        switch (row->kind) {
        case 'd': json_object_set_new(o, row->name, json_real(*(const double *)at)); break;
        case 'i': json_object_set_new(o, row->name, json_integer(*(const int64_t *)at)); break;
        case 'b': json_object_set_new(o, row->name, json_boolean(p->stream)); break;
        case 's': json_set_str(o, row->name, p->reasoning_effort); break;
        case 'o': json_object_set_new(o, row->name, json_deep_copy(p->extra)); break;
        default:
            list = json_array();
            for (size_t k = 0; k < p->stop_count; k++)
                json_array_append_new(list, json_from_str(p->stop[k]));
            json_object_set_new(o, row->name, list);
        }
    }
    return o;
}

void params_merge(struct params *base, const struct params *over)
{
    static const size_t sizes[256] = { ['d'] = sizeof(double), ['i'] = sizeof(int64_t), ['b'] = sizeof(bool),
                                       ['s'] = sizeof(struct str), ['o'] = sizeof(const json_t *) };

    for (int i = 0; i < PARAMS; i++) {
        const struct param_row *row = &param_rows[i];

        if (!params_has(over, (enum param)i))
            continue;
        if (row->kind == 'l')
            base->stop = over->stop, base->stop_count = over->stop_count;
        else
            memcpy((char *)base + row->at, (const char *)over + row->at, sizes[(unsigned char)row->kind]);
        base->set |= BIT(i);
    }
}
