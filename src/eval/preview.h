/* src/eval/preview.h: what a trial would send, without sending it. */
#pragma once

#include "eval/plan.h"
#include "token/token.h"

struct preview {
    struct message *messages;           /* of the first call; system first, if there is one */
    size_t count;
    int64_t parts;                      /* calls a long input is cut into, of which this is the first; 1: asked whole */
    struct token_request tokens;        /* as the variant's model counts them, tools and images included */
};

/* The first call of one variant for one case. In the arena, texts borrow from the plan. ERR_BAD_INPUT: the template
 * fails on this case. */
enum err_code preview_call(const struct plan *p, const struct variant *v, const struct dataset_case *kase,
                           struct arena *a, struct preview *out, struct err *e) MUST_USE;
/* The case with this id, or else at this position (from 1); empty: the first. ERR_NOT_FOUND names what there is. Reads
 * the pack once, one frame in memory. */
enum err_code preview_case(const struct plan *p, struct str which, struct arena *a, struct dataset_case *out,
                           struct err *e) MUST_USE;
