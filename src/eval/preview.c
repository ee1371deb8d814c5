/* src/eval/preview.c: rendering one call as the runner would, and finding the case for it. */
#include "eval/preview.h"
#include "eval/chunk.h"
#include "eval/prompting.h"

#include <inttypes.h>

enum err_code preview_call(const struct plan *p, const struct variant *v, const struct dataset_case *kase,
                           struct arena *a, struct preview *out, struct err *e)
{
    struct token_counter counter = token_counter_for(v->model.id);
    const json_t *vars = prompting_vars(p->prompting, kase, a);
    struct chunk_parts parts;
    struct str shown;

    TRY(chunk_split(p->task, vars, a, &parts, e));
    if (parts.count)
        vars = chunk_vars(p->task, vars, &parts, 0, a);
    *out = (struct preview){ .parts = (int64_t)MAX(parts.count, (size_t)1) };
    TRY(prompting_start(p->prompting, v, vars, a, &out->messages, &out->count, &shown, e));
    out->tokens = token_count_request(&counter, out->messages, out->count, p->task->tools);
    return ERR_OK;
}

static enum err_code preview_at(const struct plan *p, int64_t position, struct arena *a, struct dataset_case *out,
                                struct err *e)
{
    AUTO(pack_cursor_freep) struct pack_cursor *cursor = pack_cursor_new(p->pack, position);
    bool more = false;

    TRY(pack_cursor_next(cursor, a, out, &more, e));
    return more ? ERR_OK : err_set(e, ERR_NOT_FOUND, "case %" PRId64 " is not in the pack", position + 1);
}

enum err_code preview_case(const struct plan *p, struct str which, struct arena *a, struct dataset_case *out,
                           struct err *e)
{
    AUTO(pack_cursor_freep) struct pack_cursor *cursor = pack_cursor_new(p->pack, 0);
    AUTO_ARENA *scratch = arena_new_sized(16 * 1024);
    int64_t position, at = 0;
    bool more = false;

    if (!which.len)
        return preview_at(p, 0, a, out, e);
    for (;; at++) {
        struct dataset_case kase;

        TRY(pack_cursor_next(cursor, scratch, &kase, &more, e));
        if (!more)
            break;
        if (str_eq(kase.id, which))
            return preview_at(p, at, a, out, e);
        arena_reset(scratch);
    }
    if (str_to_i64(which, &position) && position >= 1 && position <= at)
        return preview_at(p, position - 1, a, out, e);
    return err_set(e, ERR_NOT_FOUND, "no case has the id \"" STR_FMT "\"; a position from 1 to %" PRId64 " will do too",
                   STR_ARG(which), at);
}
