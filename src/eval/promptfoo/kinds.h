/* src/eval/promptfoo/kinds.h (private to promptfoo): what the kinds of assertion share, and their judges. */
#pragma once

#include "eval/promptfoo/promptfoo.h"

/* Every kind that we judge: one function, in the file of its family. */
typedef void promptfoo_judge_fn(const struct promptfoo_question *q, struct promptfoo_answer *out);
promptfoo_judge_fn promptfoo_equals, promptfoo_contains, promptfoo_icontains, promptfoo_contains_any, promptfoo_icontains_any,
    promptfoo_contains_all, promptfoo_icontains_all, promptfoo_starts_with, promptfoo_regex, promptfoo_word_count;    /* texts.c */
promptfoo_judge_fn promptfoo_levenshtein, promptfoo_bleu, promptfoo_gleu, promptfoo_rouge_n;                         /* measures.c */
promptfoo_judge_fn promptfoo_is_json, promptfoo_contains_json, promptfoo_is_xml, promptfoo_contains_xml;             /* forms.c */
promptfoo_judge_fn promptfoo_contains_html;                                                                          /* html.c */
promptfoo_judge_fn promptfoo_latency, promptfoo_cost, promptfoo_finish_reason, promptfoo_is_refusal,
    promptfoo_tools_call, promptfoo_tool_call_f1;                                                                    /* trials.c */
promptfoo_judge_fn promptfoo_javascript, promptfoo_python;                                                           /* scripts.c */
promptfoo_judge_fn promptfoo_select_best, promptfoo_max_score;                                                       /* compare.c */
promptfoo_judge_fn promptfoo_rubric, promptfoo_closedqa, promptfoo_factuality, promptfoo_geval, promptfoo_similar;   /* grades.c */
promptfoo_judge_fn promptfoo_context_recall, promptfoo_context_relevance, promptfoo_context_faithfulness;            /* rag.c */
promptfoo_judge_fn promptfoo_answer_relevance;                                                                       /* grades.c */

/* --- transforms.c ------------------------------------------------------------------------------------------------- */
#define PROMPTFOO_PYTHON_TRANSFORM "get_transform"      /* the function of a file that names none */
struct promptfoo_output promptfoo_output_first(const struct subject *s, struct arena *a);   /* after the provider's transform */
/* What one assertion judges, which may have a transform of its own. */
struct promptfoo_output promptfoo_output_for(const struct subject *s, const struct promptfoo_output *whole,
                                             const json_t *assertion, struct arena *a);
void    promptfoo_output_write(const struct promptfoo_output *o, struct buf *b);            /* as JSON */
/* It as the trial's scores keep it, yours; promptfoo_output reads it back. */
json_t *promptfoo_output_keep(const struct promptfoo_output *o);
bool    promptfoo_transforms(const struct subject *s);          /* the provider or the test has one, or had */

/* --- scripts.c ---------------------------------------------------------------------------------------------------- */
#define PROMPTFOO_QUESTION_MAX (8u << 20)
/* The question, complete in `b`, as a wish of `key`; false: the language is not used or not here, it is too long, or
 * there is one of that key. */
bool promptfoo_scripts_ask(const struct promptfoo_scripts *x, enum promptfoo_language language, const void *key,
                           const struct buf *b, struct subject_wishes *w);
void promptfoo_scripts_vars(const struct subject *s, struct buf *b);    /* the test's variables, as JSON */

/* --- judge.c, compare.c ------------------------------------------------------------------------------------------- */
/* The test judged without what compares answers: in the order of `assert`. NULL: the case is none of promptfoo's. */
struct promptfoo_verdict *promptfoo_judge_alone(const struct subject *s, struct arena *a);
/* It compares answers. promptfoo looks at a test's own ones only, not at those in sets, and at the first of a kind. */
bool promptfoo_kind_compares(const struct promptfoo_kind *kind);
/* The answers are all there, and at least two; false: *out says what that means. */
bool promptfoo_compared(const struct promptfoo_question *q, struct promptfoo_answer *out);
const json_t *promptfoo_comparison(const json_t *test, promptfoo_judge_fn *judge);

/* `holds` turned round when the question is inverse, as an answer of score 0 or 1; `why` is the reason of a failure. */
void promptfoo_say(const struct promptfoo_question *q, bool holds, struct str why, struct promptfoo_answer *out);
/* A measured score against the question's threshold, or `usual` when it has none. */
void promptfoo_say_score(const struct promptfoo_question *q, double score, double usual, const char *name,
                         struct promptfoo_answer *out);
void promptfoo_broken(struct str why, struct promptfoo_answer *out);
void promptfoo_skip(struct str why, struct promptfoo_answer *out);
/* White space as JavaScript's \s and trim() know it. */
bool       promptfoo_is_space(uint32_t cp);
struct str promptfoo_trim(struct str s);
/* A scalar as JavaScript writes it. */
struct str promptfoo_scalar(const json_t *j, struct arena *a);
/* JSON as JavaScript has it: numbers that are whole are integers. Yours. */
json_t *promptfoo_value(const json_t *v);
/* Lower case for comparing, letters of all scripts. */
struct str promptfoo_lower(struct str text, struct arena *a);
/* "a, \"b, c\"" as its fields: quotes protect commas, empty fields are none. NULL: a quote is not closed. */
const json_t *promptfoo_fields(struct str text, struct arena *a);
/* A text or a list of texts into *at; false for anything else. */
bool promptfoo_texts(const json_t *value, struct arena *a, struct str **at, size_t *count);
/* A pattern of JavaScript (without flags) as one of PCRE2; false: JavaScript would not take it, *why says why. */
bool promptfoo_regex_text(struct str pattern, struct arena *a, struct str *out, struct str *why);
