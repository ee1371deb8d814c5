#include "sandbox/pair.h"

struct pair_side { struct sandbox_pair *pair; struct sandbox *sandbox; };    /* sandbox: NULL when it is over */
struct sandbox_pair {
    struct pair_side sides[2];
    struct sandbox_end ends[2];
    struct arena *arena;
    void (*done)(void *owner, const struct sandbox_end ends[2]);
    void *owner;
};

/* What can't be said (its input has ended, or it does not read) is lost: the reader's own limits deal with it. */
static void pair_heard(void *owner, struct sandbox *s, struct str bytes)
{
    struct pair_side *side = owner;
    struct sandbox *other = side->pair->sides[side == &side->pair->sides[SANDBOX_JUDGE]].sandbox;

    (void)s;
    if (other && sandbox_say(other, bytes, NULL) == ERR_BUSY)
        sandbox_cancel(other);
}

static void pair_done(void *owner, struct sandbox *s)
{
    struct pair_side *side = owner;
    struct sandbox_pair *p = side->pair;
    enum sandbox_role role = side == &p->sides[SANDBOX_JUDGE] ? SANDBOX_JUDGE : SANDBOX_OTHER;
    struct sandbox *other = p->sides[!role].sandbox;

    p->ends[role] = (struct sandbox_end){ .cause = sandbox_cause(s), .status = sandbox_status(s),
                                          .errors = arena_strdup(p->arena, sandbox_errors(s)),
                                          .failure = arena_strdup(p->arena, str_c(sandbox_failure(s))) };
    side->sandbox = NULL;
    if (other && role == SANDBOX_JUDGE)
        sandbox_cancel(other);
    else if (other)
        sandbox_say_end(other);
    if (other)
        return;
    p->done(p->owner, p->ends);
    arena_free(p->arena);
    free(p);
}

static enum err_code pair_start_one(struct loop *loop, struct sandbox_pair *p, enum sandbox_role role,
                                    const struct sandbox_pair_spec *spec, struct err *e)
{
    struct sandbox_spec s = spec->guests[role];
    struct pair_side *side = &p->sides[role];

    side->pair = p;
    s.talks = true;
    s.input = STR_NONE;
    s.heard = pair_heard;
    s.done = pair_done;
    s.owner = side;
    TRY(sandbox_start(loop, &s, &side->sandbox, e));
    return spec->first[role].len ? sandbox_say(side->sandbox, spec->first[role], e) : ERR_OK;
}

enum err_code sandbox_pair_start(struct loop *loop, const struct sandbox_pair_spec *spec, struct sandbox_pair **out,
                                 struct err *e)
{
    struct err fault = ERR_INIT;
    struct sandbox_pair *p;

    for (int i = 0; i < 2; i++)
        if (spec->guests[i].limits.output_bytes > SANDBOX_PAIR_OUTPUT_MAX ||
            spec->first[i].len > SANDBOX_PAIR_OUTPUT_MAX)
            return err_set(e, ERR_TOO_LARGE,
                           "guests that speak with each other may say, and be told, at most %d bytes each",
                           SANDBOX_PAIR_OUTPUT_MAX);
    p = xcalloc(1, sizeof *p);
    *p = (struct sandbox_pair){ .arena = arena_new_sized(1024), .done = spec->done, .owner = spec->owner };
    if (pair_start_one(loop, p, SANDBOX_OTHER, spec, e) != ERR_OK) {
        arena_free(p->arena);
        free(p);
        return e->code;
    }
    if (pair_start_one(loop, p, SANDBOX_JUDGE, spec, &fault) != ERR_OK) {
        p->ends[SANDBOX_JUDGE] = (struct sandbox_end){ .cause = SANDBOX_FAILED, .failure = arena_strdup(p->arena, str_c(fault.text)) };
        sandbox_cancel(p->sides[SANDBOX_OTHER].sandbox);
    }
    *out = p;
    return ERR_OK;
}

void sandbox_pair_cancel(struct sandbox_pair *p)
{
    for (int i = 0; i < 2; i++)
        if (p->sides[i].sandbox)
            sandbox_cancel(p->sides[i].sandbox);
}
