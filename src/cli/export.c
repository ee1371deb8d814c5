/* assay export RUN: a stored run in any of the formats. */
#include "cli/session.h"

static const struct option export_options[] = {
    { "format", 'f', "NAME", "jsonl (default) json csv html inspect junit markdown pdf promptfoo table",
      "jsonl json csv html inspect junit markdown pdf promptfoo table" },
    { "output", 'o', "FILE", "write there (format by its ending) instead of standard output", NULL },
    { "json", 0, NULL, "as JSON (same as --format json)", NULL },
    { "transcripts", 0, NULL, "with what was said (jsonl, json), or what came last (csv)", NULL },
    { "variant", 0, "NAME", "of this variant (inspect, whose logs hold one)", "@variant" },
    SESSION_TEXTS_OPTION,
    OPTION_END,
};

static enum err_code export_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    struct str ref = args_positional(args, 0), name = args_has(args, "json") ? S("json") : args_get(args, "format"),
               file = args_get(args, "output");
    struct report_options options = { .columns = 100, .detail = true, .transcripts = args_has(args, "transcripts"),
                                      .variant = args_get(args, "variant") };
    const struct report_format *format;
    struct result *result;
    struct run *run;

    (void)status;
    TRY(session_format(name.len ? name : file.len ? path_ext(file) : S("jsonl"), &format, e));
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    TRY(store_run_get(s.store, ref.len ? ref : S("last"), s.arena, &run, e));
    TRY(session_texts(&s, args, &options, e));
    TRY(result_load(s.store, run, s.arena, &result, e));
    session_report_cases(&s, result, &options);
    return session_report(&s, result, format, &options, file, e);
}

const struct command command_export = {
    .name = "export", .usage = "[RUN] [options]", .summary = "Write a run's trials and result to a file or a pipe.",
    .options = export_options, .positional_max = 1, .complete = "run", .run = export_run,
};
