/* The frozen cases of a run as the simulator's answer book. */
#include "data/pack.h"
#include "sim/sim.h"

enum err_code sim_book_add_pack(struct sim *s, struct data_pack *pack, struct err *e)
{
    AUTO(pack_cursor_freep) struct pack_cursor *cursor = pack_cursor_new(pack, 0);
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    struct dataset_case kase;
    bool more = true;

    for (int64_t i = 0; i < SIM_BOOK_CASES_MAX; i++) {
        arena_reset(a);
        TRY(pack_cursor_next(cursor, a, &kase, &more, e));
        if (!more)
            break;
        TRY(sim_book_add(s, &kase, e));
    }
    return ERR_OK;
}
