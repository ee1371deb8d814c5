/* The list of models on offer, against the simulator's. It stands in this room because it is the first that sees both. */
#include "base/test.h"
#include "llm/live.h"
#include "sim/sim.h"

#include <stdio.h>
#include <unistd.h>

struct live_place { char home[64]; struct arena *a; struct sim *sim; struct llm *llm; struct err e; };

static bool live_open(struct live_place *p)
{
    static int homes;
    char url[96];

    *p = (struct live_place){ .a = arena_new_sized(0), .e = ERR_INIT };
    snprintf(p->home, sizeof p->home, "/tmp/assay-live-%d-%d", (int)getpid(), homes++);
    CHECK_OK(sim_new(&(struct sim_options){ .seed = 1 }, &p->sim, &p->e));
    CHECK_OK(llm_new(&(struct llm_options){ .seed = 1 }, &p->llm, &p->e));
    if (!p->sim || !p->llm)
        return false;
    snprintf(url, sizeof url, "%s/openrouter/api/v1", sim_url(p->sim));
    CHECK_OK(llm_set_base_url(p->llm, S("openrouter"), str_c(url), &p->e));
    return true;
}

static void live_close(struct live_place *p)
{
    char path[128];

    snprintf(path, sizeof path, "%s/models.json", p->home);
    unlink(path);
    rmdir(p->home);
    llm_free(p->llm);
    sim_free(p->sim);
    arena_free(p->a);
}

static const struct llm_price *live_find(const struct live_list *list, const char *model)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_is(list->rows[i].model, model))
            return &list->rows[i];
    return NULL;
}

TEST(the_live_list_is_asked_for_once_and_kept)
{
    struct live_place p;
    struct live_options o = { .home = p.home };
    struct live_list list, again;
    const struct llm_price *careful;
    char url[96];

    REQUIRE(live_open(&p));
    o.offline = true;
    CHECK_INT(live_models(p.llm, &o, p.a, &list, &p.e), ERR_NOT_FOUND);
    CHECK(strstr(p.e.text, "assay models --refresh"));
    o.offline = false;
    CHECK_OK(live_models(p.llm, &o, p.a, &list, &p.e));
    CHECK(!list.kept && list.skipped == 1);                         /* sim:unpriced */
    careful = live_find(&list, "openrouter:careful");
    REQUIRE(careful && !live_find(&list, "openrouter:unpriced"));
    CHECK_INT(careful->input, 3 * MONEY_PER_USD);
    CHECK_INT(careful->output, 15 * MONEY_PER_USD);
    CHECK_INT(careful->context_tokens, 128000);
    CHECK_INT(careful->can, MODEL_CAN_IMAGES | MODEL_CAN_TOOLS | MODEL_CAN_JSON);
    CHECK_INT(llm_price_tier(careful), MODEL_VALUE);
    CHECK_OK(live_models(p.llm, &o, p.a, &again, &p.e));
    CHECK(again.kept && again.count == list.count && again.skipped == 1);
    for (size_t i = 0; i < list.count; i++) {
        const struct llm_price *x = &list.rows[i], *y = &again.rows[i];

        CHECK(str_eq(x->model, y->model) && x->input == y->input && x->output == y->output && x->can == y->can &&
              x->can_known == y->can_known && x->context_tokens == y->context_tokens);
    }
    o.refresh = true;
    CHECK_OK(live_models(p.llm, &o, p.a, &again, &p.e));
    CHECK(!again.kept);
    snprintf(url, sizeof url, "%s/api/v1", sim_url(p.sim));         /* a list of another address is no list of this one */
    CHECK_OK(llm_set_base_url(p.llm, S("openrouter"), str_c(url), &p.e));
    o = (struct live_options){ .home = p.home, .offline = true };
    CHECK_INT(live_models(p.llm, &o, p.a, &again, &p.e), ERR_NOT_FOUND);
    live_close(&p);
}

TEST(an_old_list_stands_in_when_none_can_be_had)
{
    struct live_place p;
    struct live_options o = { .home = p.home, .max_age_ms = 1 };
    struct live_list list;
    char url[96];

    REQUIRE(live_open(&p));
    CHECK_OK(live_models(p.llm, &o, p.a, &list, &p.e));
    snprintf(url, sizeof url, "%s/openrouter/api/v1", sim_url(p.sim));
    sim_free(p.sim);                                                /* nobody answers any more */
    p.sim = NULL;
    usleep(5000);
    CHECK_OK(live_models(p.llm, &o, p.a, &list, &p.e));
    CHECK(list.kept && list.count > 5 && str_find(list.stale_why, str_c(url)) >= 0);
    o.refresh = true;
    CHECK_INT(live_models(p.llm, &o, p.a, &list, &p.e), ERR_NETWORK);
    CHECK_OK(sim_new(&(struct sim_options){ .seed = 1 }, &p.sim, &p.e));
    live_close(&p);
}
