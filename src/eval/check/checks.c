#include "eval/check/check.h"

/* The one list, sorted by name. A kind is a file (or a line in its family's file) that ends in
 * `const struct check check_X = { ... };`, and its X here. */
#define CHECKS(X)         \
    X(all_of)             \
    X(any_of)             \
    X(case_checks)        \
    X(code_passes)        \
    X(contains)           \
    X(contains_any)       \
    X(count)              \
    X(csv_columns)        \
    X(csv_valid)          \
    X(ends_with)          \
    X(eq)                 \
    X(equals)             \
    X(ge)                 \
    X(gt)                 \
    X(in)                 \
    X(items)              \
    X(json_schema)        \
    X(json_valid)         \
    X(judged)             \
    X(le)                 \
    X(length)             \
    X(lines)              \
    X(lt)                 \
    X(matches)            \
    X(max_cost)           \
    X(max_items)          \
    X(max_latency)        \
    X(max_length)         \
    X(max_lines)          \
    X(max_output_tokens)  \
    X(max_paragraphs)     \
    X(max_sentences)      \
    X(max_words)          \
    X(metric)             \
    X(min_items)          \
    X(min_length)         \
    X(min_lines)          \
    X(min_paragraphs)     \
    X(min_sentences)      \
    X(min_words)          \
    X(ne)                 \
    X(no_overlap)         \
    X(none_of)            \
    X(occurrences)        \
    X(one_of)             \
    X(paragraphs)         \
    X(promptfoo)          \
    X(range)              \
    X(refusal)            \
    X(regex)              \
    X(regex_fits)         \
    X(required_keys)      \
    X(rule)               \
    X(scorer)             \
    X(script)             \
    X(sentences)          \
    X(starts_with)        \
    X(timestamps)         \
    X(tool_calls)         \
    X(unique)             \
    X(words)

#define X(id) extern const struct check check_##id;
CHECKS(X)
#undef X
#define X(id) &check_##id,
static const struct check *const checks[] = { CHECKS(X) };
#undef X

size_t check_kinds(void)
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
