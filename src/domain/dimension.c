#include "domain/domain.h"

int64_t dimensions_combinations(const struct dimensions *d)
{
    int64_t n = 1;

    for (size_t i = 0; i < d->count; i++)
        if (__builtin_mul_overflow(n, (int64_t)d->list[i].level_count, &n))
            return INT64_MAX;
    return n;
}

void dimensions_levels(const struct dimensions *d, int64_t combination, size_t levels[DIMENSIONS_MAX])
{
    for (size_t i = d->count; i > 0; i--) {
        int64_t n = (int64_t)d->list[i - 1].level_count;

        levels[i - 1] = (size_t)(combination % n);
        combination /= n;
    }
}

struct str dimensions_name(const struct dimensions *d, int64_t combination, struct arena *a)
{
    size_t levels[DIMENSIONS_MAX];
    struct str name = STR_NONE;

    dimensions_levels(d, combination, levels);
    for (size_t i = 0; i < d->count; i++)
        name = arena_printf(a, STR_FMT "%s" STR_FMT "_%lld", STR_ARG(name), i ? " / " : "", STR_ARG(d->list[i].name),
                            (long long)d->list[i].levels[levels[i]].score);
    return name;
}

struct str dimensions_text(const struct dimensions *d, size_t which, size_t level, int64_t position,
                           int64_t combination)
{
    const struct dimension_level *l = &d->list[which].levels[level];
    uint64_t h = rng_mix((uint64_t)d->seed);
    struct rng r;

    if (!l->option_count)
        return l->label;
    h = rng_mix(h ^ (uint64_t)position);
    h = rng_mix(h ^ (uint64_t)combination);
    rng_seed(&r, rng_mix(h ^ (uint64_t)which));
    return l->options[rng_below(&r, l->option_count)];
}

bool dimension_is_variable(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c == '_' && i) || (i && c >= '0' && c <= '9')))
            return false;
    }
    return name.len > 0;
}

void dimensions_set(const struct dimensions *d, int64_t position, int64_t combination, json_t *vars)
{
    json_t *scores = json_object(), *all = json_object();
    size_t levels[DIMENSIONS_MAX];

    dimensions_levels(d, combination, levels);
    for (size_t i = 0; i < d->count; i++) {
        const struct dimension *x = &d->list[i];
        const struct dimension_level *l = &x->levels[levels[i]];
        struct str text = dimensions_text(d, i, levels[i], position, combination);
        json_t *one = json_object();

        json_object_set_new(one, "score", json_integer(l->score));
        json_set_str(one, "label", l->label);
        json_set_str(one, "text", text);
        json_set_str(one, "description", l->description);
        json_object_setn_new(all, x->name.at, x->name.len, one);
        json_object_setn_new(scores, x->name.at, x->name.len, json_integer(l->score));
        if (dimension_is_variable(x->name))
            json_object_setn_new(vars, x->name.at, x->name.len, json_from_str(text));
    }
    json_object_set_new(vars, "dimensions", scores);
    json_object_set_new(vars, "dimension", all);
}

ptrdiff_t dimensions_find(const struct dimensions *d, struct str name)
{
    for (size_t i = 0; i < d->count; i++)
        if (str_ieq(d->list[i].name, name))
            return (ptrdiff_t)i;
    return -1;
}
