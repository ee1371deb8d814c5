/* src/eval/check/text_arg.h: a text written in a check. When it holds "{{" or "{%" it is a template over the case's
 * variables, `expected`, `answer` and `case`, compiled once. The one place where checks meet template/. */
#pragma once

#include "eval/check/check.h"

struct template;
struct text_arg { struct str fixed; struct template *tmpl; struct str *names; size_t name_count; };
struct text_args { struct text_arg *at; size_t count; };

enum err_code text_arg_prepare(struct str text, struct arena *a, struct text_arg *out, struct err *e) MUST_USE;
/* A string, or a list of them; other scalars by their text. */
enum err_code text_args_prepare(const json_t *value, struct arena *a, struct text_args *out, struct err *e) MUST_USE;
/* False: the template could not be rendered for this case, *why says why. */
bool          text_arg_value(const struct text_arg *t, const struct subject *s, struct arena *a, struct str *out,
                             struct str *why) MUST_USE;
