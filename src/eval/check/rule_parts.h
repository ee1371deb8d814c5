/* src/eval/check/rule_parts.h (private to eval/check): what rule.c and rule_text.c share. */
#pragma once

#include "eval/check/rule.h"

bool    rule_word_in(const char *words, struct str word);              /* `words`: space-separated */
json_t *rule_one(const char *kind, json_t *argument /* taken */);       /* {kind: argument} */
/* Takes the check when its kinds are allowed and it can be prepared; else *why. Takes `check` either way. */
bool    rule_verify(json_t *check, struct arena *a, struct rule *out, struct str *why);
/* The whole text as an expression, as a sentence. *why is set only where it is one and can't be kept to. */
bool    rule_expression_read(struct str text, struct arena *a, struct rule *out, struct str *why);
bool    rule_sentence(struct str text, struct arena *a, struct rule *out, struct str *why);
