#include "base/test.h"
#include "store/store.h"

#include <stdio.h>

struct label_place { struct store *s; struct arena *a; struct run run; };

static enum err_code place_run_add(struct store_tx *tx, void *arg, struct err *e)
{
    static const struct store_variant v = { .name = { "v", 1 } };
    struct run *run = arg;

    TRY(store_tx_run_add(tx, run, &v, e));
    for (int64_t i = 0; i < 3; i++) {
        struct trial t = { .number = i, .case_id = S("a case"), .state = i == 2 ? TRIAL_FAILED : TRIAL_DONE };
        bool added;

        TRY(store_tx_trial_add(tx, run->no, &t, S("{}"), S("{}"), &added, e));
    }
    return ERR_OK;
}

static void place_open(struct label_place *p)
{
    static int places;
    struct err e = ERR_INIT;
    char home[300], id[ID_TEXT];

    snprintf(home, sizeof home, "%s/label-%d", test_folder(), places++);
    p->a = arena_new_sized(0);
    id_new(id);
    p->run = (struct run){ .id = arena_strdup(p->a, str_c(id)), .task_name = S("t"), .fingerprint = S("f"), .cases = 4,
                           .variants = 1, .repeat = 1, .shard_trials = 2, .settings = S("{}") };
    if (store_open(home, &p->s, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s", e.text);
    ASSERT(p->s);
    CHECK_OK(store_write(p->s, place_run_add, &p->run, &e));
}

static void place_close(struct label_place *p)
{
    store_close(p->s);
    arena_free(p->a);
}

struct adding { int64_t run_no; struct store_label l; };

static enum err_code add_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct adding *x = arg;

    return store_tx_label_add(tx, x->run_no, &x->l, e);
}

static enum err_code add(struct label_place *p, int64_t trial, const char *who, const char *value, const char *note,
                         struct err *e)
{
    struct adding x = { p->run.no, { .trial = trial, .who = str_c(who), .value = str_c(value), .note = str_c(note), .made_ms = 5 } };

    return store_write(p->s, add_apply, &x, e);
}

static size_t count(struct label_place *p, bool history)
{
    struct store_label *rows;
    size_t n = 99;

    CHECK_OK(store_labels(p->s, p->run.no, history, p->a, &rows, &n, NULL));
    return n;
}

TEST(store_labels_are_of_several_people_and_the_newest_of_each_counts)
{
    struct label_place p;
    struct store_label *rows;
    size_t n;

    place_open(&p);
    CHECK_OK(add(&p, 1, "bob", "fail", "", NULL));
    CHECK_OK(add(&p, 0, "bob", "pass", "", NULL));
    CHECK_OK(add(&p, 0, "ann", "pass", "fine", NULL));
    CHECK_OK(add(&p, 0, "bob", "fail", "on second thoughts", NULL));
    CHECK_OK(store_labels(p.s, p.run.no, false, p.a, &rows, &n, NULL));
    REQUIRE(n == 3);
    CHECK_STR(rows[0].who, "ann");
    CHECK_STR(rows[0].note, "fine");
    CHECK_STR(rows[0].case_id, "a case");
    CHECK_INT(rows[0].made_ms, 5);
    CHECK_STR(rows[1].who, "bob");
    CHECK_STR(rows[1].value, "fail");
    CHECK_STR(rows[1].note, "on second thoughts");
    CHECK_INT(rows[2].trial, 1);
    CHECK_INT(count(&p, true), 4);
    place_close(&p);
}

TEST(store_labels_taken_back_count_no_more_but_stay_as_history)
{
    struct label_place p;

    place_open(&p);
    CHECK_OK(add(&p, 0, "ann", "pass", "", NULL));
    CHECK_OK(add(&p, 0, "ann", "", "", NULL));
    CHECK_INT(count(&p, false), 0);
    CHECK_INT(count(&p, true), 2);
    CHECK_OK(add(&p, 0, "ann", "", "a note alone", NULL));
    CHECK_INT(count(&p, false), 1);
    place_close(&p);
}

TEST(store_labels_need_an_outcome_and_keep_to_their_sizes)
{
    struct label_place p;
    struct err e = ERR_INIT;
    char longest[STORE_LABEL_NOTE_MAX + 2];

    place_open(&p);
    CHECK_INT(add(&p, 3, "ann", "pass", "", &e), ERR_NOT_FOUND);
    CHECK(strstr(e.text, "trial 3"));
    memset(longest, 'x', sizeof longest);
    longest[STORE_LABEL_NOTE_MAX] = '\0';
    CHECK_OK(add(&p, 0, "ann", "pass", longest, &e));
    longest[STORE_LABEL_NOTE_MAX] = 'x', longest[STORE_LABEL_NOTE_MAX + 1] = '\0';
    CHECK_INT(add(&p, 0, "ann", "pass", longest, &e), ERR_TOO_LARGE);
    longest[STORE_LABEL_VALUE_MAX + 1] = '\0';
    CHECK_INT(add(&p, 0, "ann", longest, "", &e), ERR_TOO_LARGE);
    longest[STORE_LABEL_VALUE_MAX] = '\0';
    CHECK_OK(add(&p, 0, "ann", longest, "", &e));
    CHECK_INT(add(&p, 0, "", "pass", "", &e), ERR_BAD_INPUT);
    memset(longest, 'x', sizeof longest);
    longest[STORE_LABEL_WHO_MAX + 1] = '\0';
    CHECK_INT(add(&p, 0, longest, "pass", "", &e), ERR_BAD_INPUT);
    CHECK_INT(count(&p, true), 2);
    place_close(&p);
}

static enum err_code forget_apply(struct store_tx *tx, void *arg, struct err *e)
{
    int64_t forgotten[1], total;

    return store_tx_failed_forget(tx, *(int64_t *)arg, forgotten, 1, &total, e);
}

static enum err_code remove_apply(struct store_tx *tx, void *arg, struct err *e)
{
    return store_tx_run_remove(tx, *(int64_t *)arg, e);
}

TEST(store_labels_go_with_the_outcome_they_are_of)
{
    struct label_place p;

    place_open(&p);
    CHECK_OK(add(&p, 1, "ann", "pass", "", NULL));
    CHECK_OK(add(&p, 2, "ann", "fail", "", NULL));
    CHECK_OK(store_write(p.s, forget_apply, &p.run.no, NULL));         /* a failed trial is asked again: another answer */
    CHECK_INT(count(&p, true), 1);
    CHECK_OK(store_write(p.s, remove_apply, &p.run.no, NULL));
    CHECK_INT(count(&p, true), 0);
    place_close(&p);
}
