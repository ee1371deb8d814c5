/* assay export RUN: a stored run in any of the formats. */
#include "cli/session.h"
#include "eval/report/report.h"
#include "eval/result.h"

static const struct option export_options[] = {
    { "format", 'f', "NAME", "jsonl (default) json csv junit markdown table", "jsonl json csv junit markdown table" },
    { "output", 'o', "FILE", "write there (format by its ending) instead of standard output", NULL },
    { "transcripts", 0, NULL, "with what was said (jsonl)", NULL },
    OPTION_END,
};

static enum err_code export_to_file(void *file, struct str bytes, struct err *e)
{
    if (fwrite(bytes.at, 1, bytes.len, file) != bytes.len)
        return err_set(e, ERR_IO, "the file can't be written");
    return ERR_OK;
}

static enum err_code export_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    struct str ref = args_positional(args, 0), name = args_get(args, "format"), file = args_get(args, "output");
    struct report_options options = { .columns = 100, .unicode = true, .transcripts = args_has(args, "transcripts") };
    const struct report_format *format;
    struct result *result;
    struct run *run;
    FILE *f;

    (void)status;
    format = name.len ? report_format_find(name) : file.len ? report_format_by_extension(path_ext(file))
                                                            : report_format_find(S("jsonl"));
    if (!format)
        return err_set(e, ERR_USAGE, "there is no format for \"" STR_FMT "\"; there are jsonl, json, csv, junit, markdown, table",
                       STR_ARG(name.len ? name : file));
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    TRY(store_run_get(s.store, ref.len ? ref : S("last"), s.arena, &run, e));
    TRY(result_load(s.store, run, s.arena, &result, e));
    if (!file.len)
        return format->write(result, s.store, &options, term_sink, NULL, e);
    f = fopen(arena_cstr(s.arena, file), "we");
    if (!f)
        return err_set(e, ERR_IO, STR_FMT " can't be written", STR_ARG(file));
    if (format->write(result, s.store, &options, export_to_file, f, e) != ERR_OK) {
        fclose(f);
        remove(arena_cstr(s.arena, file));
        return e->code;
    }
    if (fclose(f) != 0)
        return err_set(e, ERR_IO, STR_FMT " can't be written", STR_ARG(file));
    return ERR_OK;
}

const struct command command_export = {
    .name = "export", .usage = "[RUN] [options]", .summary = "Write a run's trials and result to a file or a pipe.",
    .options = export_options, .positional_max = 1, .complete = "run", .run = export_run,
};
