#include "eval/metric/metric.h"

/* The one list, sorted by name. A metric is a file (or an entry in its family's file) that ends in
 * `const struct metric metric_X = { ... };`, and its X here. */
#define METRICS(X)              \
    X(accuracy)                 \
    X(answer_match)             \
    X(bleu)                     \
    X(checks_passed)            \
    X(chrf)                     \
    X(classification)           \
    X(code_passes)              \
    X(completeness)             \
    X(consistency)              \
    X(cost)                     \
    X(cost_per_correct)         \
    X(edit_similarity)          \
    X(embedding_similarity)     \
    X(exact_match)              \
    X(f1)                       \
    X(first_token)              \
    X(hallucination)            \
    X(input_tokens)             \
    X(instruction_following)    \
    X(latency)                  \
    X(macro_f1)                 \
    X(normalized_match)         \
    X(numeric_match)            \
    X(output_tokens)            \
    X(pass_at_k)                \
    X(pass_hat_k)               \
    X(percentile)               \
    X(promptfoo_score)          \
    X(rouge_1)                  \
    X(rouge_2)                  \
    X(rouge_l)                  \
    X(scorer)                   \
    X(tests_passed)             \
    X(tokens_per_second)        \
    X(total_tokens)

#define X(id) extern const struct metric metric_##id;
METRICS(X)
#undef X
#define X(id) &metric_##id,
static const struct metric *const metrics[] = { METRICS(X) };
#undef X

const char *const metric_defaults[METRIC_DEFAULTS] = {
    "accuracy", "hallucination", "completeness", "cost", "instruction_following", "consistency",
};

size_t metric_count(void)
{
    return COUNT_OF(metrics);
}

const struct metric *metric_at(size_t i)
{
    ASSERT(i < COUNT_OF(metrics));
    return metrics[i];
}

const struct metric *metric_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(metrics); i++)
        if (str_is(name, metrics[i]->name))
            return metrics[i];
    return NULL;
}

void metric_suggest(struct suggest *s)
{
    for (size_t i = 0; i < COUNT_OF(metrics); i++)
        suggest_offer(s, str_c(metrics[i]->name));
}
