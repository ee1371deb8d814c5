/* assay import FILE: what another evaluation tool left: its log as a finished run, its task as a task file of ours. */
#include "cli/session.h"
#include "eval/imports.h"

static const struct option import_options[] = {
    { "output", 'o', "FILE", "of a task: write the task file there instead of to standard output", NULL },
    { "list", 0, NULL, "the formats that are known", NULL },
    { "json", 0, NULL, "as JSON", NULL },
    OPTION_END,
};

static enum err_code import_list(bool json, struct err *e)
{
    json_t *list = json_array();

    for (size_t i = 0; i < import_count(); i++) {
        const struct import_format *f = import_at(i);

        if (json)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "format", f->name, "tool", f->tool, "gives",
                                                  f->kind == IMPORT_LOG ? "run" : "task", "about", f->doc));
        else
            term_entry(f->name, f->doc);
    }
    if (json)
        return term_json(list, e);
    json_decref(list);
    return ERR_OK;
}

static enum err_code import_run_of_log(struct session *s, struct str name, struct str text, bool json, struct err *e)
{
    const json_t *note;
    struct run *run;
    json_t *notes;
    size_t i;

    TRY(session_store(s, e));
    TRY(session_blob(s, e));
    TRY(import_log(name, text, s->store, s->blob, s->arena, &run, &notes, e));
    if (json)
        return term_json(json_pack("{s:o, s:o, s:I, s:O}", "run", json_from_str(run->id), "task",
                                   json_from_str(run->task_name), "trials", (json_int_t)run_trials(run), "notes",
                                   notes),
                         e);
    json_array_foreach(notes, i, note)
        term_warn("%s", json_string_value(note));
    printf("run " STR_FMT ": %lld cases, %lld trials\nnext: assay show " STR_FMT "\n", STR_ARG(run->id),
           (long long)run->cases, (long long)run_trials(run), STR_ARG(id_short(run->id)));
    return ERR_OK;
}

/* What is not carried over, where it stands. */
static void import_warn(void *arg, const struct doc_node *at, struct str text)
{
    const struct import_in *in = arg;

    fprintf(stderr, STR_FMT ":%d:%d: warning: " STR_FMT "\n", STR_ARG(in->name), at ? at->line : 1, at ? at->column : 1,
            STR_ARG(text));
}

/* The task as a file of ours, which can be edited from here on. */
static enum err_code import_task_file(struct session *s, const struct args *args, const struct import_format *f,
                                      struct import_in *in, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(DOC_BYTES_MAX);
    json_t *task;

    TRY(f->task(in, &task, e));
    json_write_pretty(task, &text);
    buf_byte(&text, '\n');
    if (buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, "with its data the task is larger than 64 MiB");
    if (!args_has(args, "output"))
        return term_write(buf_str(&text), e);
    TRY(file_write_atomic(arena_cstr(s->arena, args_get(args, "output")), buf_str(&text), 0644, e));
    term_note("wrote " STR_FMT "; run it with assay run " STR_FMT " --models PROVIDER:MODEL",
              STR_ARG(args_get(args, "output")), STR_ARG(args_get(args, "output")));
    return ERR_OK;
}

static enum err_code import_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO_BUF struct buf text = BUF_INIT(IMPORT_LOG_MAX);
    struct str path = args_positional(args, 0);
    struct import_in in = { .name = path, .warn = import_warn };
    const struct import_format *format = NULL;
    struct doc_node *root;

    (void)status;
    if (args_has(args, "list"))
        return import_list(args_has(args, "json"), e);
    if (!path.len)
        return err_set(e, ERR_USAGE,
                       "which file? `assay import FILE` takes a log or a task of another tool; --list says which");
    TRY(session_open(&s, e));
    TRY(file_read(path.at, IMPORT_LOG_MAX, &text, e));
    if (str_ieq(path_ext(path), S("yaml")) || str_ieq(path_ext(path), S("yml"))) {
        TRY(doc_read(path, buf_str(&text), DOC_YAML, s.arena, &root, e));
        format = import_of(root);
        if (!format)
            return err_set(e, ERR_BAD_INPUT,
                           STR_FMT ": no task of another tool that is known; `assay import --list` says which are",
                           STR_ARG(path));
        in.root = root;
        in.a = s.arena;
        in.arg = &in;
        in.dir = arena_cstr(s.arena, path_dir(path));
        return import_task_file(&s, args, format, &in, e);
    }
    return import_run_of_log(&s, path, buf_str(&text), args_has(args, "json"), e);
}

const struct command command_import = {
    .name = "import", .usage = "FILE [options]", .summary = "Take over a run or a task of another evaluation tool.",
    .doc = "A log of Inspect (inspect_ai, JSON) becomes a finished run, to be shown, compared, judged and reported like any "
        "other. A task of "
           "lm-evaluation-harness or OpenAI evals (YAML) becomes a task file; `assay run` takes them as they are, too. "
           "docs/compat.md says what "
           "is carried over.",
    .options = import_options, .positional_max = 1, .complete = "file", .run = import_run,
};
