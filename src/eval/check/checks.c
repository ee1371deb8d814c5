#include "eval/check/check.h"

/* The one list, sorted by name. A kind is a file (or a line in its family's file) that ends in
 * `const struct check check_X = { ... };`, and its X here. */
#define CHECKS(X)       \
    X(contains)         \
    X(contains_any)     \
    X(ends_with)        \
    X(equals)           \
    X(items)            \
    X(json_schema)      \
    X(json_valid)       \
    X(length)           \
    X(max_items)        \
    X(max_length)       \
    X(max_words)        \
    X(min_items)        \
    X(min_length)       \
    X(min_words)        \
    X(one_of)           \
    X(range)            \
    X(regex)            \
    X(regex_fits)       \
    X(required_keys)    \
    X(starts_with)      \
    X(words)

#define X(id) extern const struct check check_##id;
CHECKS(X)
#undef X
#define X(id) &check_##id,
static const struct check *const checks[] = { CHECKS(X) };
#undef X

size_t check_count(void)
{
    return COUNT_OF(checks);
}

const struct check *check_at(size_t i)
{
    ASSERT(i < COUNT_OF(checks));
    return checks[i];
}

const struct check *check_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(checks); i++)
        if (str_is(name, checks[i]->name))
            return checks[i];
    return NULL;
}

void check_suggest(struct suggest *s)
{
    for (size_t i = 0; i < COUNT_OF(checks); i++)
        suggest_offer(s, str_c(checks[i]->name));
}
