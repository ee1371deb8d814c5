/* assay analyze [RUN]: what a metric of a run says beyond a ranking. */
#include "cli/pager.h"
#include "cli/session.h"
#include "eval/report/analyses.h"

#define ANALYZE_TEXT_MAX ((size_t)256 << 20)

static const struct option analyze_options[] = {
    { "metric", 0, "NAME", "analyse this metric or check, cost or latency instead of the ranking metric", "@scorer" },
    { "top", 'n', "N", "at most N of the most contested cases (default 5, at most 1000)", NULL },
    { "json", 0, NULL, "as JSON: every number, of every pair and level", NULL },
    { "md", 0, NULL, "as Markdown", NULL },
    { "output", 'o', "FILE", "write there instead; by its ending .json, .md or .txt unless an option says which", NULL },
    PAGER_OPTION,
    OPTION_END,
};

static enum err_code analyze_form(const struct args *args, analysis_writer **out, struct err *e)
{
    struct str ending = path_ext(args_get(args, "output"));

    if (args_has(args, "json") && args_has(args, "md"))
        return err_set(e, ERR_USAGE, "--json and --md can't be had at once; ask for one");
    *out = args_has(args, "json") ? analysis_json_text : args_has(args, "md") ? analysis_markdown : analysis_table;
    if (*out != analysis_table || !ending.len || str_is(ending, "txt"))
        return ERR_OK;
    if (!str_is(ending, "json") && !str_is(ending, "md"))
        return err_set(e, ERR_USAGE,
                       "-o: an analysis has no form for a file that ends in ." STR_FMT
                       "; there are .json, .md and .txt",
                       STR_ARG(ending));
    *out = str_is(ending, "json") ? analysis_json_text : analysis_markdown;
    return ERR_OK;
}

static enum err_code analyze_write(struct session *s, const struct analysis *x, analysis_writer *writer,
                                   struct str file, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(ANALYZE_TEXT_MAX);
    struct report_options o = session_report_options();
    struct report_sink sink = report_to_buf(&b);

    if (!file.len || str_is(file, "-"))
        return writer(x, &o, &term_sink, e);
    o.color = false;
    TRY(writer(x, &o, &sink, e));
    return file_write_atomic(arena_cstr(s->arena, file), buf_str(&b), 0644, e);
}

static enum err_code analyze_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO_PAGER *pager = NULL;
    struct str ref = args_positional(args, 0), file = args_get(args, "output");
    struct analysis_options o = { .metric = args_get(args, "metric") };
    struct report_options cases = { 0 };
    analysis_writer *writer;
    int64_t top = ANALYSIS_TOP;
    struct result *result;
    struct analysis *x;
    struct run *run;

    (void)status;
    TRY(analyze_form(args, &writer, e));
    TRY(args_int(args, "top", 1, ANALYSIS_TOP_MAX, &top, e));
    o.top = (size_t)top;
    o.matrix = writer == analysis_json_text;
    pager = pager_begin(writer != analysis_json_text && !file.len && !args_has(args, "no-pager"));
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    TRY(store_run_get(s.store, ref.len ? ref : S("last"), s.arena, &run, e));
    TRY(result_load(s.store, run, s.arena, &result, e));
    session_report_cases(&s, result, &cases);
    TRY(analysis_load(s.store, result, cases.cases, &o, s.arena, &x, e));
    return analyze_write(&s, x, writer, file, e);
}

const struct command command_analyze = {
    .name = "analyze", .usage = "[RUN] [options]",
    .summary = "Say who wins how often, what the dimensions do, how far variants agree, which cases divide them.",
    .doc = "RUN is an id, its last characters, `last` (the default) or `last~1`. Every number is over cases (a repeated case counts once, "
           "by its mean) and has its n and an interval or p; p values are corrected for their number. What can't be said "
           "is left out, and a warning says why.",
    .options = analyze_options, .positional_max = 1, .complete = "run", .run = analyze_run,
};
