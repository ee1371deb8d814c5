/* assay watch TASK: run again whenever the task file, or a file it uses, changes; say what that changed.
 *
 * A save runs nothing unless the trials it asks for differ from the last ones (the plan's fingerprint says so), answers
 * that were paid for before come from the response cache, and past $10 in all a person is asked once. */
#include "cli/running.h"

#include "base/notify.h"
#include "eval/report/comparison.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>

#define WATCH_POLL_MS   250         /* how soon an interrupt is seen */
#define WATCH_QUIET_MS  200         /* editors write, rename and write again */
#define WATCH_CHANGES   5           /* of each kind and variant that are listed */

static const struct option watch_options[] = {
    SESSION_TASK_OPTIONS,
    CHOOSING_OPTIONS,
    RUNNING_OPTIONS,
    { "no-cache", 0, NULL, "ask every case again at each change (the response cache is on by itself here)", NULL },
    { "rounds", 0, "N", "end after N runs (default: go on until Ctrl-C)", NULL },
    SESSION_LLM_OPTIONS,
    OPTION_END,
};

struct watch {
    const struct args *args;
    const char *path;
    struct notify *notify;
    struct notify_changes changes;
    int64_t rounds, rounds_max;
    int64_t spent_nanousd, budget_nanousd;
    bool approved;                      /* to go on past RUNNING_WARN_NANOUSD in all */
    bool over;                          /* nothing more is to be run */
    char last[ID_TEXT];                 /* run of the last round; empty: none yet */
    char fingerprint[HASH_HEX];         /* of its trials */
};

static void watch_notify_freep(struct watch *w)
{
    notify_free(w->notify);
}

/* --- what is watched ---------------------------------------------------------------------------------------------- */

/* The folder of a file, where a link leads to included; or the folder itself. */
static enum err_code watch_folder_of(struct watch *w, struct str file, bool deep, struct arena *a, struct err *e)
{
    const char *path = arena_cstr(a, file);
    bool is_dir = file_is_dir(path), cut = false;
    char folder[PATH_MAX], real[PATH_MAX];

    if (!realpath(is_dir ? path : arena_cstr(a, path_dir(file)), folder))
        return err_errno(e, file_open_code(errno), errno, "%s can't be watched", path);
    TRY(notify_add(w->notify, folder, deep, &cut, e));
    if (cut)
        term_warn("there are many folders below %s; only %zu of them are watched", folder, notify_folders(w->notify));
    if (!is_dir && realpath(path, real))
        return notify_add(w->notify, arena_cstr(a, path_dir(str_c(real))), false, NULL, e);
    return ERR_OK;
}

/* What we write ourselves is no change, also when the store lies beside the task. */
static void watch_ignore_store(struct watch *w, struct str home, struct arena *a)
{
    static const char *const parts[] = { "", "/assay.db", "/assay.db-wal", "/assay.db-shm", "/assay.db-journal", "/objects" };
    char real[PATH_MAX];

    for (size_t i = 0; realpath(arena_cstr(a, home), real) && i < COUNT_OF(parts); i++)
        notify_ignore(w->notify, arena_printf(a, "%s%s", real, parts[i]).at);
}

/* The task's folder with all below it, where every file that a task names must lie; and what the command line names. */
static enum err_code watch_begin(struct watch *w, struct err *e)
{
    static const char *const files[] = { "dataset", "prompt" };
    AUTO_SESSION s = { 0 };

    if (!file_exists(w->path) && !file_is_dir(w->path))
        return err_set(e, ERR_NOT_FOUND, "there is no file or folder %s", w->path);
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));                          /* it is there from now on: it can be ignored by its path */
    TRY(notify_new(&w->notify, e));
    watch_ignore_store(w, s.home, s.arena);
    TRY(watch_folder_of(w, str_c(w->path), true, s.arena, e));
    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (args_has(w->args, files[i]) && file_exists(arena_cstr(s.arena, args_get(w->args, files[i]))))
            TRY(watch_folder_of(w, args_get(w->args, files[i]), false, s.arena, e));
    return ERR_OK;
}

/* --- one round ---------------------------------------------------------------------------------------------------- */

static enum err_code watch_confirm(struct watch *w, const struct plan *plan, struct err *e)
{
    int64_t all = w->spent_nanousd + MAX(plan->estimate.cost_nanousd, INT64_C(0));
    char question[160], so_far[MONEY_TEXT], more[MONEY_TEXT];

    if (w->approved || all <= RUNNING_WARN_NANOUSD || args_has(w->args, "yes") || w->budget_nanousd)
        return ERR_OK;
    money_show(w->spent_nanousd, so_far);
    money_show(plan->estimate.cost_nanousd, more);
    snprintf(question, sizeof question,
             "%s spent so far, and this run is estimated at %s. Go on, also with later changes?", so_far, more);
    if (!(w->approved = term_ask(question)))
        return err_set(e, ERR_CANCELLED,
                       "not run: %s spent and an estimate of %s are more than $10 in all; --budget or --yes allow it",
                       so_far, more);
    return ERR_OK;
}

/* The run to hold this one against: the last round's, before the first round the task's newest finished one. */
static enum err_code watch_before(struct watch *w, struct session *s, const struct plan *plan, struct run **out,
                                  struct err *e)
{
    struct store_run_row *rows;
    size_t count;

    *out = NULL;
    if (*w->last)
        return store_run_get(s->store, str_c(w->last), s->arena, out, e);
    TRY(store_runs_list(s->store, plan->run.task_name, 20, 0, s->arena, &rows, &count, e));
    for (size_t i = 0; i < count && !*out; i++)
        if (rows[i].run.state == RUN_DONE && !str_eq(rows[i].run.id, plan->run.id))
            *out = &rows[i].run;
    return ERR_OK;
}

/* ERR_OK and *out NULL when the two have nothing in common. */
static enum err_code watch_compare(struct session *s, struct run *before, struct run *now, struct compare **out,
                                   struct err *e)
{
    static const enum compare_by ways[] = { COMPARE_BY_NAME, COMPARE_BY_MODEL };
    struct compare_options o = { .pass = COMPARE_PASS, .changes_max = WATCH_CHANGES };

    *out = NULL;
    for (size_t i = 0; i < COUNT_OF(ways) && !*out; i++) {
        struct run *runs[] = { before, now };
        enum err_code code;

        o.by = ways[i];
        code = compare_load(s->store, runs, 2, &o, s->arena, out, e);
        if (code != ERR_OK && code != ERR_BAD_INPUT)
            return code;
    }
    return ERR_OK;
}

static json_t *watch_read_back(struct buf *text)
{
    json_t *o = NULL;

    return !buf_failed(text) && json_read(buf_str(text), &o, NULL) == ERR_OK ? o : json_null();
}

static enum err_code watch_json(const struct watch *w, struct session *s, const struct result *result,
                                const struct compare *c, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(256u << 20), line = BUF_INIT(512u << 20);
    struct comparison_options o = { .cases = true };
    struct report_sink sink = report_to_buf(&text);
    AUTO_JSON *all = json_object();
    json_t *changed = json_array();

    for (size_t i = 0; i < MIN(w->changes.count, (size_t)NOTIFY_NAMES_MAX); i++)
        json_array_append_new(changed, json_from_str(str_c(w->changes.names[i])));
    json_object_set_new(all, "round", json_integer(w->rounds));
    json_object_set_new(all, "changed", changed);
    TRY(report_find(S("json"))->write(result, s->store, &o.report, &sink, e));
    json_object_set_new(all, "result", watch_read_back(&text));
    buf_reset(&text);
    if (c)
        TRY(comparison_json(c, &o, &sink, e));
    json_object_set_new(all, "comparison", c ? watch_read_back(&text) : json_null());
    report_json_text(all, false, &line);
    buf_byte(&line, '\n');
    if (buf_failed(&line))
        return err_set(e, ERR_TOO_LARGE, "the result is larger than 512 MiB");
    TRY(term_write(buf_str(&line), e));
    return fflush(stdout) == 0 ? ERR_OK : err_set(e, ERR_IO, "standard output can't be written");
}

static enum err_code watch_show(struct watch *w, struct session *s, const struct plan *plan,
                                const struct result *result, struct err *e)
{
    struct comparison_options o = { .report = session_report_options(), .cases = true, .brief = true };
    struct run *before, *now;
    struct compare *c = NULL;

    TRY(watch_before(w, s, plan, &before, e));
    TRY(store_run_get(s->store, plan->run.id, s->arena, &now, e));
    if (before && before->no != now->no)
        TRY(watch_compare(s, before, now, &c, e));
    if (args_has(w->args, "json"))
        return watch_json(w, s, result, c, e);
    if (!before)
        return ERR_OK;
    if (!c) {
        term_note("run " STR_FMT " before it has no variant of these: nothing to compare",
                  STR_ARG(id_short(before->id)));
        return ERR_OK;
    }
    printf("\n since run " STR_FMT " (A)\n", STR_ARG(id_short(before->id)));
    TRY(comparison_table(c, &o, &term_sink, e));
    return fflush(stdout) == 0 ? ERR_OK : err_set(e, ERR_IO, "standard output can't be written");
}

static enum err_code watch_run_plan(struct watch *w, struct session *s, struct plan **plan, int *status, struct err *e)
{
    AUTO_BUF struct buf headline = BUF_INIT(4096);
    struct running_more more = { .cached = !args_has(w->args, "no-cache"), .silent = args_has(w->args, "json"), .no_next = true };
    char money[MONEY_TEXT];
    bool found;

    running_headline(*plan, &headline);
    term_note("%s", buf_cstr(&headline));
    snprintf(w->fingerprint, sizeof w->fingerprint, STR_FMT, STR_ARG((*plan)->run.fingerprint));    /* also when it is refused */
    TRY(watch_confirm(w, *plan, e));
    if (w->budget_nanousd)
        more.budget_nanousd = MAX(w->budget_nanousd - w->spent_nanousd, INT64_C(1));
    TRY(running_continue(s, plan, &found, e));
    if (found)
        term_note("continuing run " STR_FMT " of the same trials", STR_ARG(id_short((*plan)->run.id)));
    else
        TRY(plan_store(*plan, s->store, e));
    TRY(session_sim(s, w->args, (*plan)->task, (*plan)->run.dataset_hash.at, e));
    TRY(running_execute_as(s, w->args, *plan, &more, status, e));
    w->rounds++;
    w->spent_nanousd += more.result->spent_nanousd;
    TRY(watch_show(w, s, *plan, more.result, e));
    snprintf(w->last, sizeof w->last, STR_FMT, STR_ARG((*plan)->run.id));
    if (w->rounds > 1)
        term_note("%s spent in %" PRId64 " rounds", money_show(w->spent_nanousd, money), w->rounds);
    if (w->budget_nanousd && more.result->run->state == RUN_STOPPED && more.result->run->stopped_by == STOP_BUDGET) {
        w->over = true;
        *status = 3;
        term_note("the budget is spent");
    }
    return ERR_OK;
}

/* A task that can't be read now may be readable after the next save: only what will not go away by itself ends it. */
static enum err_code watch_round(struct watch *w, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO(plan_freep) struct plan *plan = NULL;
    struct err problem = ERR_INIT;
    enum err_code code;

    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    code = running_plan(&s, w->args, w->path, CHOOSING_BY_RULES, &plan, &problem);
    if (code == ERR_OK && str_eq(plan->run.fingerprint, str_c(w->fingerprint))) {
        term_note("nothing that is asked has changed");
        return ERR_OK;
    }
    if (code == ERR_OK)
        code = watch_run_plan(w, &s, &plan, status, &problem);
    if (code == ERR_OK)
        return ERR_OK;
    if (code == ERR_USAGE || code == ERR_STORE || code == ERR_MISSING_KEY || code == ERR_ENVIRONMENT ||
        interrupts_seen()) {
        *e = problem;
        return code;
    }
    term_problem(&problem);
    return ERR_OK;
}

static void watch_title(const struct watch *w)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf names = BUF_INIT(4096);
    size_t shown = MIN(w->changes.count, (size_t)3);
    char text[CLOCK_TEXT];

    for (size_t i = 0; i < shown; i++)
        buf_printf(&names, "%s" STR_FMT, i ? ", " : "",
                   STR_ARG(report_fit(str_c(w->changes.names[i]), 60, !term_get()->unicode, a)));
    if (w->changes.count > shown)
        buf_printf(&names, " and %zu more", w->changes.count - shown);
    clock_text(clock_wall_ms(), text);
    term_note("\n--- %.8s UTC: %s changed ---", text + 11, buf_cstr(&names));
}

static enum err_code watch_run(struct args *args, int *status, struct err *e)
{
    AUTO(watch_notify_freep) struct watch w = { .args = args, .path = args_positional(args, 0).at };
    char money[MONEY_TEXT];
    bool told = false;

    term_quiet(args_has(args, "quiet"));
    if (args_has(args, "no-cache") && (args_has(args, "cache") || args_has(args, "cache-max-age")))
        return err_set(e, ERR_USAGE, "--no-cache and --cache say opposite things");
    TRY(args_int(args, "rounds", 1, 1000000, &w.rounds_max, e));
    TRY(args_money(args, "budget", &w.budget_nanousd, e));
    TRY(watch_begin(&w, e));
    interrupts_watch();
    TRY(watch_round(&w, status, e));
    while (!interrupts_seen() && !w.over && !(w.rounds_max && w.rounds >= w.rounds_max)) {
        if (!told)
            term_note("\nwatching %s; Ctrl-C ends", w.path);
        told = true;
        if (!notify_wait(w.notify, WATCH_POLL_MS, WATCH_QUIET_MS, &w.changes))
            continue;
        watch_title(&w);
        *status = 0;
        TRY(watch_round(&w, status, e));
        told = false;
    }
    term_note("\n%" PRId64 " run%s, %s spent", w.rounds, w.rounds == 1 ? "" : "s", money_show(w.spent_nanousd, money));
    return ERR_OK;
}

const struct command command_watch = {
    .name = "watch", .usage = "TASK [options]", .summary = "Run a task again at every change of its files, and say what changed.",
    .doc = "Watches the task's folder and those below it. A save starts a run only when it changes what is asked; answers that were "
           "paid for before come from the response cache (--no-cache turns it off). --limit or --sample keep rounds short. --budget is "
           "for all rounds together; without it, a person is asked once when they come to more than $10. Ctrl-C ends: while a run "
           "is going on it is saved first, as with `run`.",
    .options = watch_options, .positional_min = 1, .positional_max = 1, .complete = "file", .run = watch_run,
};
