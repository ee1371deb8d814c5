#include "sandbox/sandbox.h"
#include "sandbox/filter.h"
#include "sandbox/world.h"
enum err_code sandbox_ready(struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct filter f;
    char *p;

    TRY(world_find("bwrap", "bubblewrap", a, &p, e));
    return filter_get(false, &f, e);
}
