/* src/data/where.h (private to data): which cases are wanted. The expression is the template language's, so there is
 * one expression language to learn: `queue == "billing" and input|length > 200`. It sees the case's variables, and
 * `expected` and `id`; a name it does not know is an error. Threads: one owner at a time. */
#pragma once

#include "domain/domain.h"

#define WHERE_TEXT_MAX 4096

struct where;
enum err_code where_new(const char *expression, struct where **out, struct err *e) MUST_USE;
enum err_code where_holds(struct where *w, const struct dataset_case *kase, bool *holds, struct err *e) MUST_USE;
void          where_free(struct where *w);
