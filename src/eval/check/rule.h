/* src/eval/check/rule.h: the closed language of rule texts, as models write them into generated checks.
 *
 * A rule text becomes one of three things and is never executed:
 *   native         a check of ours:  max_words: 40 · one_of: [a, b], path: $.queue · json_valid · not_refusal
 *                                    len(output.strip()) > 0 · 100 < len(output) < 2000 and words <= 40
 *                                    validate_json_format(output) · 'refund' in output · output.startswith("Dear")
 *                                    At most 40 words. · between 3 and 5 items · valid JSON · not empty
 *   judge          plain language, which only a reader can decide (kind `judged`)
 *   not evaluated  anything else: code, and what breaks the language's rules; kept and counted, never passed
 * The whole text must fit a form: "at most 40 words per item" is not "at most 40 words", it is plain language. Kind
 * names are read in any case and spelling near enough. Which kinds a rule may become is a list in rule.c: a kind added
 * later is none of them until it is written there.
 * Threads: any. Cost: O(length), at most RULE_TEXT_MAX bytes are looked at. */
#pragma once

#include "eval/check/check.h"

#define RULE_TEXT_MAX 2000
#define RULE_DEPTH_MAX 16               /* of an argument */

enum rule_way { RULE_NATIVE, RULE_JUDGE, RULE_NONE, RULE_WAYS };
const char *rule_way_name(enum rule_way w);             /* "native" "judge" "not evaluated" */

struct rule {
    enum rule_way way;
    const json_t *check;                /* as a task file holds it, without name, description and severity:
                                           {max_words: 40}, {judged: TEXT}, {rule: TEXT}; in the arena */
    struct str why;                     /* RULE_NONE: why nobody can evaluate it */
};

/* "MaxWords", "Max words!", "max-words" -> "max_words", at most bytes_max long; of letters and digits of ASCII only. */
struct str rule_slug(struct str s, size_t bytes_max, struct arena *a);
void rule_read(struct str text, struct arena *a, struct rule *out);
/* A rule as JSON: a text, or a check ({max_words: 40}, {kind: max_words, value: 40}); other members are its options. */
void rule_read_json(const json_t *value, struct arena *a, struct rule *out);
/* The kinds a rule may become, space-separated, for the question to a model. */
const char *rule_kinds(void);
