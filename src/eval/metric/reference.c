#include "eval/metric/reference.h"

#include <math.h>

#include "eval/items.h"
#include "eval/metric/sequence.h"

enum err_code reference_key(const struct metric_spec *spec, struct str *key, struct err *e)
{
    const json_t *j = json_child(spec->options, "key");

    *key = STR_NONE;
    if (j && (!json_is_string(j) || !json_string_length(j)))
        return err_set(e, ERR_BAD_INPUT, "key takes the name of one member, for example summary");
    *key = json_to_str(j);
    return ERR_OK;
}

enum err_code reference_prepare(const struct metric_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct str *key = arena_new(a, struct str);

    *state = key;
    return reference_key(spec, key, e);
}

enum err_code metric_number(const struct metric_spec *spec, const char *name, double low, double high, double *out,
                            struct err *e)
{
    const json_t *j = json_child(spec->options, name);

    if (!j)
        return ERR_OK;
    if (!json_is_number(j) || !(json_number_value(j) >= low) || !(json_number_value(j) <= high))
        return err_set(e, ERR_BAD_INPUT, "%s takes a number from %g to %g", name, low, high);
    *out = json_number_value(j);
    return ERR_OK;
}

static bool reference_is_text(const json_t *j)
{
    return json_is_string(j) || json_is_number(j) || json_is_boolean(j);
}

static struct str reference_output(struct str key, const struct subject *s, struct arena *a)
{
    const json_t *json, *member;

    if (!key.len)
        return subject_text(s);
    json = subject_json(s, a, NULL);
    member = json_is_object(json) ? json_object_getn(json, key.at, key.len) : NULL;
    return reference_is_text(member) ? str_trim(items_text(member, a)) : S("");
}

static bool reference_long(struct str text, const char *which, struct arena *a, struct score *out)
{
    if (text.len <= REFERENCE_BYTES_MAX)
        return false;
    *out = score_missing(arena_printf(a, "the %s is longer than %zu KiB", which, REFERENCE_BYTES_MAX >> 10));
    return true;
}

bool reference_of(struct str key, const struct subject *s, struct arena *a, struct reference *r, struct score *out)
{
    const json_t *gold = subject_expected(s);
    size_t n;

    if (key.len && json_is_object(gold))
        gold = json_object_getn(gold, key.at, key.len);
    n = json_is_array(gold) ? json_array_size(gold) : 1;
    *r = (struct reference){ .output = reference_output(key, s, a) };
    if (reference_long(r->output, "output", a, out))
        return false;
    *out = score_missing(S("the expected answer is an empty list"));
    if (n > REFERENCE_MAX)
        *out = score_missing(arena_printf(a, "more than %d answers are expected of one case", REFERENCE_MAX));
    if (!n || n > REFERENCE_MAX)
        return false;
    r->golds = arena_array(a, struct str, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_is_array(gold) ? json_array_get(gold, i) : gold;

        *out = score_missing(
            S("the expected answer is neither a text nor a list of texts; key names a member that is"));
        if (!reference_is_text(one))
            return false;
        r->golds[r->count] = str_trim(items_text(one, a));
        if (reference_long(r->golds[r->count++], "expected answer", a, out))
            return false;
    }
    return true;
}

bool reference_fits(size_t output_units, size_t gold_units, const char *unit, struct arena *a, struct score *out)
{
    if (MAX(output_units, gold_units) <= SEQUENCE_MAX)
        return true;
    *out = score_missing(arena_printf(a, "the %s has more than %d %s",
                                      output_units > SEQUENCE_MAX ? "output" : "expected answer", SEQUENCE_MAX, unit));
    return false;
}
