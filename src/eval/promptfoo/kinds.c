/* The kinds of assertion, and what each comes to here. To add one: a line in the table, a function in the file of its
 * family. */
#include "eval/promptfoo/kinds.h"

#include <math.h>

static const char model[] = "a model grades it in a way that is not here: not evaluated; see llm-rubric";
static const char traces[] = "it reads traces, which are not kept: not evaluated";

/* name, support, judge, about: sorted by name */
#define PROMPTFOO_KINDS(X)                                                                                             \
    X("agent-rubric", ELSEWHERE, NULL, model) \
    X("answer-relevance", MODEL, promptfoo_answer_relevance, "questions that the output answers lie near the one asked") \
    X("assert-set", SAME, NULL, "assertions with a threshold and weight of their own") \
    X("bleu", SAME, promptfoo_bleu, "BLEU of words in lower case reaches the threshold (0.5)") \
    X("classifier", ELSEWHERE, NULL, "it asks a classifier on the web: not evaluated") \
    X("contains", SAME, promptfoo_contains, "the text is in the output") \
    X("contains-all", SAME, promptfoo_contains_all, "all of the texts are") \
    X("contains-any", SAME, promptfoo_contains_any, "one of the texts is") \
    X("contains-html", SAME, promptfoo_contains_html, "at least two signs of HTML are in the output") \
    X("contains-json", SAME, promptfoo_contains_json, "a JSON object is in the output; with a schema, one that fits") \
    X("contains-sql", ELSEWHERE, NULL, "it needs an SQL parser: not evaluated") \
    X("contains-xml", OWN, promptfoo_contains_xml, "an XML element is in the output, with the elements asked for") \
    X("context-faithfulness", MODEL, promptfoo_context_faithfulness, "the share of the output's statements that the context supports") \
    X("context-recall", MODEL, promptfoo_context_recall, "the share of the value's sentences that the context holds") \
    X("context-relevance", MODEL, promptfoo_context_relevance, "the share of the context that the query needs") \
    X("conversation-relevance", ELSEWHERE, NULL, model) \
    X("cost", SAME, promptfoo_cost, "the call cost at most so many dollars") \
    X("equals", SAME, promptfoo_equals, "the output is the text, or the same JSON") \
    X("factuality", MODEL, promptfoo_factuality, "no disagreement of facts with the text, in one of five categories") \
    X("finish-reason", SAME, promptfoo_finish_reason, "why the model stopped") \
    X("g-eval", MODEL, promptfoo_geval, "steps first, then 0 to 10 points; 7 are needed, or the threshold") \
    X("gleu", SAME, promptfoo_gleu, "GLEU of words in lower case reaches the threshold (0.5)") \
    X("guardrails", ELSEWHERE, NULL, "it reads what a provider's guardrails said, which is not kept: not evaluated") \
    X("human", ELSEWHERE, NULL, "people judge it: not evaluated; see `assay label`") \
    X("icontains", SAME, promptfoo_icontains, "contains, whatever the case of letters") \
    X("icontains-all", SAME, promptfoo_icontains_all, "contains-all, whatever the case of letters") \
    X("icontains-any", SAME, promptfoo_icontains_any, "contains-any, whatever the case of letters") \
    X("is-html", ELSEWHERE, NULL, "it needs an HTML parser: not evaluated; see contains-html") \
    X("is-json", SAME, promptfoo_is_json, "the output is JSON; with a schema, JSON that fits") \
    X("is-refusal", OWN, promptfoo_is_refusal, "the model refused (our own phrases, as in the check refusal)") \
    X("is-sql", ELSEWHERE, NULL, "it needs an SQL parser: not evaluated") \
    X("is-valid-function-call", SAME, promptfoo_tools_call, "as is-valid-openai-tools-call") \
    X("is-valid-openai-function-call", SAME, promptfoo_tools_call, "as is-valid-openai-tools-call") \
    X("is-valid-openai-tools-call", SAME, promptfoo_tools_call, "the tools called exist and take these arguments") \
    X("is-xml", OWN, promptfoo_is_xml, "the output is one well-formed XML document, with the elements asked for") \
    X("javascript", SANDBOX, promptfoo_javascript, "an expression, a function's body or a file says so")               \
    X("latency", SAME, promptfoo_latency, "the call took at most so many milliseconds") \
    X("levenshtein", SAME, promptfoo_levenshtein, "edit distance to the text is at most the threshold (5)") \
    X("llm-rubric", MODEL, promptfoo_rubric, "the rule holds; with a threshold, with that score") \
    X("max-score", SAME, promptfoo_max_score, "of all columns' answers its other assertions score best") \
    X("meteor", ELSEWHERE, NULL, "it needs a dictionary of synonyms: not evaluated") \
    X("model-graded-closedqa", MODEL, promptfoo_closedqa, "the criterion is met, yes or no") \
    X("model-graded-factuality", MODEL, promptfoo_factuality, "as factuality") \
    X("moderation", ELSEWHERE, NULL, "it asks a moderation service: not evaluated") \
    X("perplexity", ELSEWHERE, NULL, "it needs log probabilities, which are not kept: not evaluated") \
    X("perplexity-score", ELSEWHERE, NULL, "it needs log probabilities, which are not kept: not evaluated") \
    X("pi", ELSEWHERE, NULL, "it asks a scoring service: not evaluated") \
    X("python", SANDBOX, promptfoo_python, "an expression, a function's body or a file says so")                       \
    X("regex", SAME, promptfoo_regex, "the pattern, as JavaScript reads it, is found in the output") \
    X("rouge-n", SAME, promptfoo_rouge_n, "ROUGE-1 of words in lower case reaches the threshold (0.75)") \
    X("ruby", ELSEWHERE, NULL, "it is a program in Ruby: not evaluated")                                               \
    X("search-rubric", ELSEWHERE, NULL, model) \
    X("select-best", MODEL, promptfoo_select_best, "of all columns' answers it fits the criterion best") \
    X("similar", MODEL, promptfoo_similar, "the cosine of both vectors reaches the threshold (0.75)") \
    X("similar:cosine", MODEL, promptfoo_similar, "as similar") \
    X("similar:dot", MODEL, promptfoo_similar, "the dot product reaches it") \
    X("similar:euclidean", MODEL, promptfoo_similar, "the distance is at most the threshold") \
    X("skill-used", ELSEWHERE, NULL, traces) \
    X("starts-with", SAME, promptfoo_starts_with, "the output begins with the text") \
    X("tool-call-f1", SAME, promptfoo_tool_call_f1, "F1 of the names of tools called reaches the threshold (1)") \
    X("trace-error-spans", ELSEWHERE, NULL, traces) \
    X("trace-span-count", ELSEWHERE, NULL, traces) \
    X("trace-span-duration", ELSEWHERE, NULL, traces) \
    X("trajectory:goal-success", ELSEWHERE, NULL, traces) \
    X("trajectory:step-count", ELSEWHERE, NULL, traces) \
    X("trajectory:tool-args-match", ELSEWHERE, NULL, traces) \
    X("trajectory:tool-sequence", ELSEWHERE, NULL, traces) \
    X("trajectory:tool-used", ELSEWHERE, NULL, traces) \
    X("webhook", ELSEWHERE, NULL, "it asks a server on the web: not evaluated") \
    X("word-count", SAME, promptfoo_word_count, "so many words, or {min, max}")

static const struct promptfoo_kind kinds[] = {
#define X(title, level, fn, text) { .name = title, .support = PROMPTFOO_##level, .judge = fn, .about = text },
    PROMPTFOO_KINDS(X)
#undef X
};

const char *promptfoo_support_name(enum promptfoo_support s)
{
    static const char *const names[PROMPTFOO_SUPPORTS] = {
        [PROMPTFOO_SAME] = "the same verdict", [PROMPTFOO_OWN] = "judged by our own rules",
        [PROMPTFOO_MODEL] = "graded by a model", [PROMPTFOO_SANDBOX] = "run in the sandbox",
        [PROMPTFOO_ELSEWHERE] = "not here",
    };

    return names[s];
}

size_t promptfoo_kind_count(void)
{
    return COUNT_OF(kinds);
}

const struct promptfoo_kind *promptfoo_kind_at(size_t i)
{
    ASSERT(i < COUNT_OF(kinds));
    return &kinds[i];
}

const struct promptfoo_kind *promptfoo_kind_find(struct str type, bool *inverse)
{
    *inverse = str_starts(type, S("not-"));
    if (*inverse)
        type = str_from(type, 4);
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (str_is(type, kinds[i].name))
            return &kinds[i];
    return NULL;
}

void promptfoo_kind_suggest(struct suggest *s)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        suggest_offer(s, str_c(kinds[i].name));
}

/* --- what judges share -------------------------------------------------------------------------------------------- */

void promptfoo_say(const struct promptfoo_question *q, bool holds, struct str why, struct promptfoo_answer *out)
{
    bool pass = holds != q->inverse;

    *out = (struct promptfoo_answer){ .state = pass ? PROMPTFOO_PASS : PROMPTFOO_FAIL, .score = pass };
    if (!pass)
        out->reason = holds ? S("it holds, and must not") : why;
}

void promptfoo_say_score(const struct promptfoo_question *q, double score, double usual, const char *name,
                         struct promptfoo_answer *out)
{
    double threshold = isnan(q->threshold) ? usual : q->threshold;
    bool pass = (score >= threshold) != q->inverse;

    *out = (struct promptfoo_answer){ .state = pass ? PROMPTFOO_PASS : PROMPTFOO_FAIL,
                                      .score = q->inverse ? 1 - score : score };
    if (!pass)
        out->reason = arena_printf(q->a, "%s %.4f is %s the threshold %.15g", name, score,
                                   q->inverse ? "not below" : "below", threshold);
}

void promptfoo_broken(struct str why, struct promptfoo_answer *out)
{
    *out = (struct promptfoo_answer){ .state = PROMPTFOO_BROKEN, .reason = why };
}

void promptfoo_skip(struct str why, struct promptfoo_answer *out)
{
    *out = (struct promptfoo_answer){ .state = PROMPTFOO_SKIP, .score = NAN, .reason = why };
}
