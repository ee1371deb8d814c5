#include "eval/lease.h"

#define LEASE_MS 60000

struct lease_change { struct lease *l; struct arena *a; struct str dead, holder; };

static enum err_code lease_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct lease_change *c = arg;
    struct lease *l = c->l;

    return store_tx_scoring_lease(tx, l->run->no, l->what, str_c(l->owner), c->dead, clock_wall_ms(), LEASE_MS, c->a,
                                  &c->holder, e);
}

static enum err_code lease_hold(struct lease *l, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct lease_change c = { .l = l, .a = a };
    struct str self = str_c(l->owner);

    TRY(store_write(l->store, lease_apply, &c, e));
    if (!str_eq(c.holder, self) && !owner_lives(c.holder, self)) {
        c.dead = c.holder;
        TRY(store_write(l->store, lease_apply, &c, e));
    }
    if (!str_eq(c.holder, self))
        return err_set(e, ERR_CONFLICT, "another process (" STR_FMT ") is at %s of run " STR_FMT
                       "; it pays for nothing twice, so let it end", STR_ARG(c.holder), l->about,
                       STR_ARG(id_short(l->run->id)));
    l->held = true;
    l->renewed_ms = clock_mono_ms();
    return ERR_OK;
}

enum err_code lease_take(struct lease *l, struct store *s, const struct run *run, struct str what, const char *about,
                         struct err *e)
{
    *l = (struct lease){ .store = s, .run = run, .what = what, .about = about };
    owner_name(l->owner);
    return lease_hold(l, e);
}

enum err_code lease_renew(struct lease *l, struct err *e)
{
    return clock_mono_ms() - l->renewed_ms < LEASE_MS / 3 ? ERR_OK : lease_hold(l, e);
}

static enum err_code lease_release_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct lease *l = arg;

    return store_tx_scoring_release(tx, l->run->no, l->what, str_c(l->owner), e);
}

void lease_release(struct lease *l)
{
    struct err e = ERR_INIT;

    if (l->held && store_write(l->store, lease_release_apply, l, &e) != ERR_OK)
        log_event(LOG_WARN, "lease.release", LOG_C("error", e.text));
    l->held = false;
}
