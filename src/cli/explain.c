/* assay explain [RUN]: a run's result in plain sentences. */
#include "cli/pager.h"
#include "cli/session.h"
#include "eval/explain.h"

#define EXPLAIN_TEXT_MAX ((size_t)8 << 20)

static const struct option explain_options[] = {
    { "json", 0, NULL, "as JSON: the sentences, the advice for each use, what to avoid, the frontier", NULL },
    { "md", 0, NULL, "as Markdown", NULL },
    SESSION_MAX_COST_OPTION,
    PAGER_OPTION,
    OPTION_END,
};

static enum err_code explain_print_json(const struct result *r, const struct explain *x, struct err *e)
{
    json_t *o = json_object();

    json_set_str(o, "run", r->run->id);
    json_set_str(o, "task", r->run->task_name);
    json_object_set_new(o, "parts", explain_json(x));
    json_object_set_new(o, "recommendation", advise_json(r, &x->advise));
    return term_json(o, e);
}

/* A part's sentences as one paragraph, then its facts as a list. */
static void explain_print_part(const struct explain_part *p, struct arena *a)
{
    const struct term *t = term_get();
    AUTO_BUF struct buf paragraph = BUF_INIT(EXPLAIN_TEXT_MAX);

    printf("%s%s%s\n", t->colour ? "\033[1m" : "", p->heading, t->colour ? "\033[0m" : "");
    for (size_t i = 0; i < p->lines.len; i++)
        if (p->lines.at[i].kind == EXPLAIN_SENTENCE)
            buf_printf(&paragraph, "%s" STR_FMT, paragraph.len ? " " : "", STR_ARG(p->lines.at[i].text));
    if (paragraph.len) {
        printf("  ");
        term_wrap(stdout, report_clean(buf_str(&paragraph), !t->unicode, false, a), 2, t->columns);
    }
    for (size_t i = 0; i < p->lines.len; i++) {
        if (p->lines.at[i].kind != EXPLAIN_FACT)
            continue;
        printf("  - ");
        term_wrap(stdout, report_clean(explain_words(&p->lines.at[i], a), !t->unicode, false, a), 4, t->columns);
    }
}

static enum err_code explain_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO_PAGER *pager = NULL;
    AUTO_BUF struct buf md = BUF_INIT(EXPLAIN_TEXT_MAX);
    struct str ref = args_positional(args, 0);
    struct result *result;
    struct explain *x;
    struct run *run;
    bool first = true;

    (void)status;
    if (args_has(args, "json") && args_has(args, "md"))
        return err_set(e, ERR_USAGE, "--json and --md can't be had at once; ask for one");
    pager = pager_begin(!args_has(args, "json") && !args_has(args, "no-pager"));
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    TRY(store_run_get(s.store, ref.len ? ref : S("last"), s.arena, &run, e));
    TRY(result_load(s.store, run, s.arena, &result, e));
    TRY(session_max_cost(&s, args, result, e));
    TRY(explain_load(s.store, result, s.arena, &x, e));
    if (args_has(args, "json"))
        return explain_print_json(result, x, e);
    if (args_has(args, "md")) {
        explain_markdown(x, &md);
        if (buf_failed(&md))
            return err_set(e, ERR_TOO_LARGE, "the text is larger than %zu bytes", EXPLAIN_TEXT_MAX);
        return term_write(buf_str(&md), e);
    }
    for (size_t i = 0; i < EXPLAIN_PARTS; i++) {
        if (!x->parts[i].lines.len)
            continue;
        printf("%s", first ? "" : "\n");
        explain_print_part(&x->parts[i], s.arena);
        first = false;
    }
    return ERR_OK;
}

const struct command command_explain = {
    .name = "explain", .usage = "[RUN] [options]", .summary = "Say in plain sentences what a run found and how sure it is.",
    .doc = "RUN is an id, its last characters, `last` (the default) or `last~1`. What was tested, what was found, where it goes "
           "wrong, how sure this is, what it cost, what to take for which use, and what would change the answer.",
    .options = explain_options, .positional_max = 1, .complete = "run", .run = explain_run,
};
