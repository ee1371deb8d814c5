/* assay report RUN: a stored run as a page, a document, or one of its charts. */
#include "cli/session.h"
#include "eval/report/charts.h"

#include <unistd.h>

static const struct option report_options_list[] = {
    { "html", 0, NULL, "one page with everything in it, for a browser", NULL },
    { "pdf", 0, NULL, "a document to print or to hand on", NULL },
    { "md", 0, NULL, "Markdown, to standard output", NULL },
    { "chart", 0, "NAME", "one chart as SVG, to standard output: frontier intervals latency checks confusion",
      "frontier intervals latency checks confusion" },
    { "output", 'o', "FILE", "write there (form by its ending); - is standard output", NULL },
    { "trials", 0, "N", "print the N worst trials (pdf; default 20, at most 500)", NULL },
    { "width", 0, "PX", "of the chart (280 to 2000; default 720)", NULL },
    SESSION_MAX_COST_OPTION,
    SESSION_TEXTS_OPTION,
    OPTION_END,
};

static const struct chart_kind *report_chart_find(struct str name, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; chart_kind_at(i); i++) {
        if (str_is(name, chart_kind_at(i)->name))
            return chart_kind_at(i);
        suggest_offer(&near, str_c(chart_kind_at(i)->name));
    }
    err_set(e, ERR_USAGE,
            "there is no chart \"" STR_FMT "\"%s; there are frontier, intervals, latency, checks, confusion",
            STR_ARG(name), suggest_hint(&near, hint));
    return NULL;
}

static enum err_code report_chart(struct session *s, const struct args *args, const struct chart_kind *kind,
                                  const struct result *result, struct err *e)
{
    AUTO_BUF struct buf svg = BUF_INIT(SCENE_SVG_MAX);
    struct str file = args_get(args, "output");
    struct chart_options o = { .width = CHART_WIDTH };

    TRY(args_double(args, "width", CHART_WIDTH_MIN, CHART_WIDTH_MAX, &o.width, e));
    scene_svg(kind->draw(result, &o, s->arena), true, &svg);
    if (buf_failed(&svg))
        return err_set(e, ERR_TOO_LARGE, "the chart is larger than %zu bytes", SCENE_SVG_MAX);
    if (!file.len || str_is(file, "-"))
        return term_write(buf_str(&svg), e);
    return file_write_atomic(arena_cstr(s->arena, file), buf_str(&svg), 0644, e);
}

/* Which form: by its own option, else by the file's ending. */
static enum err_code report_form(const struct args *args, const struct report_format **out, struct err *e)
{
    static const char *const forms[] = { "html", "pdf", "md" };
    struct str file = args_get(args, "output"), name = STR_NONE;

    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (!args_has(args, forms[i]))
            continue;
        if (name.len)
            return err_set(e, ERR_USAGE, "--" STR_FMT " and --%s can't be had in one file; ask for one", STR_ARG(name),
                           forms[i]);
        name = str_c(forms[i]);
    }
    if (name.len && args_has(args, "chart"))
        return err_set(e, ERR_USAGE, "--chart writes SVG, not " STR_FMT, STR_ARG(name));
    if (!name.len && !path_ext(file).len)
        return err_set(e, ERR_USAGE, "which form? --html, --pdf, --md, --chart NAME, or -o with a file's ending");
    return session_format(name.len ? name : path_ext(file), out, e);
}

/* TASK-RUN.html in this folder; what a file's name can't hold becomes '-'. */
static struct str report_file_name(const struct run *run, const char *extension, struct arena *a)
{
    struct str name = arena_strdup(a, str_utf8_head(run->task_name, 80));
    char *bytes = arena_cstr(a, name);

    for (size_t i = 0; i < name.len; i++)
        if (!(bytes[i] & 0x80) &&
            !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.", bytes[i]))
            bytes[i] = '-';
    if (!name.len || bytes[0] == '.')
        return arena_printf(a, "run-" STR_FMT ".%s", STR_ARG(id_short(run->id)), extension);
    return arena_printf(a, STR_FMT "-" STR_FMT ".%s", STR_ARG(str_n(bytes, name.len)), STR_ARG(id_short(run->id)),
                        extension);
}

static enum err_code report_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    struct str ref = args_positional(args, 0), file = args_get(args, "output");
    struct report_options options = { .columns = 100, .detail = true };
    const struct chart_kind *chart = NULL;
    const struct report_format *format = NULL;
    struct result *result;
    struct run *run;
    bool own_name;

    (void)status;
    if (args_has(args, "chart") && !(chart = report_chart_find(args_get(args, "chart"), e)))
        return e->code;
    if (!chart || args_has(args, "html") || args_has(args, "pdf") || args_has(args, "md"))
        TRY(report_form(args, &format, e));
    TRY(args_int(args, "trials", 0, REPORT_TRIALS_MAX, &options.trials, e));
    if (args_has(args, "trials") && options.trials == 0)
        options.trials = -1;
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    TRY(store_run_get(s.store, ref.len ? ref : S("last"), s.arena, &run, e));
    TRY(result_load(s.store, run, s.arena, &result, e));
    TRY(session_max_cost(&s, args, result, e));
    if (chart)
        return report_chart(&s, args, chart, result, e);
    TRY(session_texts(&s, args, &options, e));
    session_report_cases(&s, result, &options);
    own_name = !file.len && !str_is(str_c(format->name), "markdown");
    if (own_name)
        file = report_file_name(run, format->extension, s.arena);
    TRY(session_report(&s, result, format, &options, file, e));
    if (own_name)
        printf(STR_FMT "\n", STR_ARG(file));
    return ERR_OK;
}

const struct command command_report = {
    .name = "report", .usage = "[RUN] --html|--pdf|--md [options]",
    .summary = "Write a run as a page, a PDF, Markdown, or one chart.",
    .doc = "RUN is an id, its last characters, `last` (the default) or `last~1`. Without -o a page or a PDF is written to "
           "TASK-RUN.html or TASK-RUN.pdf in this folder, and its name is printed.",
    .options = report_options_list, .positional_max = 1, .complete = "run", .run = report_run,
};
