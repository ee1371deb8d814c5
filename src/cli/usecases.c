/* assay usecases: the use-case folders in a folder, or one in detail. One that can't be used is listed with its fault. */
#include "cli/session.h"
#include "cli/usecases_prepare.h"

#include "data/usecase.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>

#define USECASES_MAX          1000
#define USECASES_PREVIEW      1000          /* characters of a file */

static const struct option usecases_options[] = {
    { "json", 0, NULL, "as JSON, of one use case with its files", NULL },
    { "model", 'm', "MODEL", "of prepare: who writes prompts and rubric (none, the default: made from the goal)", "@model" },
    { "force", 0, NULL, "of prepare: make them anew although nothing changed", NULL },
    { "budget", 'b', "USD", "of prepare: make no call that may cost more", NULL },
    { "seed", 0, "N", "of the simulator (default 1)", NULL },
    { "quiet", 'q', NULL, "no notes", NULL },
    SESSION_LLM_OPTIONS,
    OPTION_END,
};

struct usecases_row { struct str folder, fault; const struct usecase *usecase; };
struct usecases { struct usecases_row *rows; size_t count; };

static int usecases_compare(const void *a, const void *b)
{
    return str_cmp(((const struct usecases_row *)a)->folder, ((const struct usecases_row *)b)->folder);
}

static void usecases_closedirp(DIR **d)
{
    if (*d)
        closedir(*d);
}

/* Read as a run would read it, so that what is listed without a fault can be run. */
static void usecases_read(struct str folder, struct arena *a, struct usecases_row *out)
{
    AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
    struct err e = ERR_INIT;
    struct usecase *u;
    struct task *task;

    *out = (struct usecases_row){ .folder = folder };
    if (usecase_read(folder.at, a, &u, &e) == ERR_OK) {
        out->usecase = u;
        if (task_load(folder.at, NULL, a, &task, &p, &e) == ERR_OK &&
            (u->files.pair_count || !str_is(task->dataset.path, ".")))
            return;
        if (e.code == ERR_OK)
            err_set(&e, ERR_BAD_INPUT,
                    u->files.data_count ? "no input in data/ matches a file in ground-truth/"
                                        : "the folder data/ holds no input");
    }
    out->fault = arena_strdup(a, str_c(e.text));
}

/* A folder that was meant as one: it has the prose, or what else belongs to a use case. */
static bool usecases_is(struct str folder, struct arena *a)
{
    return usecase_is(folder.at) || file_is_dir(path_join(a, folder, S("ground-truth")).at);
}

static enum err_code usecases_find(struct str dir, struct arena *a, struct usecases *out, struct err *e)
{
    AUTO(usecases_closedirp) DIR *d = opendir(dir.at);
    struct dirent *entry;

    if (!d)
        return err_errno(e, file_open_code(errno), errno, "folder " STR_FMT " can't be read", STR_ARG(dir));
    out->rows = arena_array(a, struct usecases_row, USECASES_MAX);
    while ((entry = readdir(d))) {
        struct str folder = path_join(a, dir, str_c(entry->d_name));

        if (entry->d_name[0] == '.' || !file_is_dir(folder.at) || !usecases_is(folder, a))
            continue;
        if (out->count == USECASES_MAX)
            return err_set(e, ERR_TOO_LARGE, STR_FMT " holds more than %d use cases", STR_ARG(dir), USECASES_MAX);
        out->rows[out->count++].folder = folder;
    }
    if (out->count)
        qsort(out->rows, out->count, sizeof *out->rows, usecases_compare);
    for (size_t i = 0; i < out->count; i++)
        usecases_read(out->rows[i].folder, a, &out->rows[i]);
    return ERR_OK;
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *usecases_text(struct str s)
{
    return s.len ? json_from_str(s) : json_null();
}

static json_t *usecases_row_json(const struct usecases_row *row)
{
    const struct usecase *u = row->usecase;
    json_t *o = json_object();

    json_set_str(o, "folder_path", row->folder);
    json_object_set_new(o, "error", usecases_text(row->fault));
    if (!u)
        return o;
    json_set_str(o, "name", u->name);
    json_object_set_new(o, "goal", usecases_text(u->goal.text));
    json_object_set_new(o, "difficulty", usecases_text(u->difficulty));
    json_object_set_new(o, "primary_capability", usecases_text(u->primary_capability));
    json_object_set_new(o, "token_range", usecases_text(u->token_range));
    json_set_str(o, "output_format", str_c(output_format_name(u->format)));
    json_object_set_new(o, "data_file_count", json_integer((json_int_t)u->files.data_count));
    json_object_set_new(o, "ground_truth_file_count", json_integer((json_int_t)u->files.gold_count));
    json_object_set_new(o, "matched_pair_count", json_integer((json_int_t)u->files.pair_count));
    return o;
}

/* The beginning of the file, and how many lines it has; nothing of either where it is no text. */
static enum err_code usecases_look(const struct usecase *u, const struct usecase_file *f, json_t *o, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(DATASET_CASE_MAX);
    int64_t lines = 0;
    size_t at = 0;

    TRY(file_read_beneath(u->folder.at, f->path, DATASET_CASE_MAX, &text, e));
    for (size_t i = 0; i < text.len; i++)
        lines += text.bytes[i] == '\n' || i + 1 == text.len;
    for (int chars = 0; at < text.len && chars < USECASES_PREVIEW; chars++)
        str_utf8_next(buf_str(&text), &at);
    json_object_set_new(o, "content_preview", json_from_str(str_n(buf_cstr(&text), at)));
    json_object_set_new(o, "line_count", json_integer(lines));
    return ERR_OK;
}

static json_t *usecases_file_json(const struct usecase_file *f)
{
    json_t *o = json_object();

    json_set_str(o, "path", f->path);
    json_set_str(o, "name", f->name);
    json_set_str(o, "extension", f->extension);
    return o;
}

static const char *usecases_form(struct str extension)
{
    if (str_ieq(extension, S("json")) || str_ieq(extension, S("csv")))
        return str_ieq(extension, S("json")) ? "json" : "csv";
    return str_ieq(extension, S("txt")) || str_ieq(extension, S("md")) ? "text" : "unknown";
}

static enum err_code usecases_files_json(const struct usecase *u, json_t *o, struct err *e)
{
    json_t *data = json_array(), *gold = json_array(), *pairs = json_array(), *warnings = json_array();

    json_object_set_new(o, "data_files", data);
    json_object_set_new(o, "ground_truth_files", gold);
    json_object_set_new(o, "matched_pairs", pairs);
    json_object_set_new(o, "warnings", warnings);
    for (size_t i = 0; i < u->files.data_count; i++) {
        json_t *one = usecases_file_json(&u->files.data[i]);

        json_array_append_new(data, one);
        json_object_set_new(one, "size_bytes", json_integer(u->files.data[i].size_bytes));
        TRY(usecases_look(u, &u->files.data[i], one, e));
    }
    for (size_t i = 0; i < u->files.gold_count; i++) {
        json_t *one = usecases_file_json(&u->files.gold[i]);

        json_object_set_new(one, "format_type", json_string(usecases_form(u->files.gold[i].extension)));
        json_array_append_new(gold, one);
    }
    for (size_t i = 0; i < u->files.pair_count; i++) {
        const struct usecase_pair *p = &u->files.pairs[i];
        json_t *one = json_object();

        json_set_str(one, "data_file", p->data->path);
        json_object_set_new(one, "ground_truth_file", p->gold ? json_from_str(p->gold->path) : json_null());
        json_object_set_new(one, "match_pattern", usecases_text(p->text));
        json_array_append_new(pairs, one);
    }
    for (size_t i = 0; i < u->files.warning_count; i++)
        json_array_append_new(warnings, json_from_str(u->files.warnings[i]));
    return ERR_OK;
}

static enum err_code usecases_one_json(const struct usecases_row *row, struct err *e)
{
    const struct usecase *u = row->usecase;
    AUTO_JSON *o = usecases_row_json(row);
    json_t *edges = json_array();

    json_object_set_new(o, "edge_cases", edges);
    if (u) {
        json_object_set_new(o, "llm_notes", usecases_text(u->notes.text));
        json_object_set_new(o, "expected_output_schema", usecases_text(u->schema.text));
        json_object_set_new(o, "quality_criteria", usecases_text(u->criteria.text));
        json_object_set_new(o, "duration_rules", usecases_text(u->durations.text));
        for (size_t i = 0; i < u->edge_case_count; i++)
            json_array_append_new(edges, json_from_str(u->edge_cases[i]));
        TRY(usecases_files_json(u, o, e));
    }
    return term_json(TAKE(o), e);
}

/* What a folder says of itself must not steer the terminal. */
static struct str usecases_plain(struct str s, struct arena *a)
{
    struct str copy = arena_strdup(a, s);

    for (size_t i = 0; i < copy.len; i++)
        if ((unsigned char)copy.at[i] < 0x20 || copy.at[i] == 0x7f)
            ((char *)copy.at)[i] = copy.at[i] == '\n' || copy.at[i] == '\t' ? ' ' : '?';
    return copy;
}

/* --- text --------------------------------------------------------------------------------------------------------- */

static void usecases_line(const char *label, struct str value, struct arena *a)
{
    if (value.len) {
        printf("%-14s ", label);
        term_wrap(stdout, usecases_plain(value, a), 15, term_get()->columns);
    }
}

static void usecases_one(const struct usecases_row *row, struct arena *a)
{
    const struct usecase *u = row->usecase;

    usecases_line("folder", row->folder, a);
    usecases_line("fault", row->fault, a);
    if (!u)
        return;
    usecases_line("name", u->name, a);
    usecases_line("difficulty", u->difficulty, a);
    usecases_line("capability", u->primary_capability, a);
    usecases_line("tokens", u->token_range, a);
    usecases_line("output", str_c(output_format_name(u->format)), a);
    usecases_line("goal", u->goal.text, a);
    for (size_t i = 0; i < u->edge_case_count; i++)
        usecases_line(i ? "" : "watch for", u->edge_cases[i], a);
    for (size_t i = 0; i < u->files.pair_count; i++)
        usecases_line(i ? "" : "cases",
                      arena_printf(a, STR_FMT " -> " STR_FMT, STR_ARG(u->files.pairs[i].data->path),
                                   STR_ARG(u->files.pairs[i].gold ? u->files.pairs[i].gold->path
                                                                  : S("(no ground truth)"))),
                      a);
    for (size_t i = 0; i < u->files.warning_count; i++)
        usecases_line(i ? "" : "warning", u->files.warnings[i], a);
    if (!row->fault.len)
        printf("\nnext: assay run " STR_FMT "%s\n", STR_ARG(row->folder), u->models.len ? "" : " --models A,B");
}

static void usecases_table(const struct usecases *all, struct arena *a)
{
    const struct term *t = term_get();
    size_t folder = 6;

    for (size_t i = 0; i < all->count; i++)
        folder = MAX(folder, MIN(str_utf8_width(all->rows[i].folder), (size_t)44));
    printf("%-*s  cases  output  name\n", (int)folder, "folder");
    for (size_t i = 0; i < all->count; i++) {
        const struct usecases_row *row = &all->rows[i];
        struct str shown = report_fit(row->folder, folder, !t->unicode, a);
        int from = (int)folder + 2;

        printf(STR_FMT "%*s  ", STR_ARG(shown), (int)(folder - str_utf8_width(shown)), "");
        if (row->fault.len) {
            term_wrap(stdout, usecases_plain(arena_printf(a, "error: " STR_FMT, STR_ARG(row->fault)), a), from,
                      t->columns);
            continue;
        }
        printf("%5zu  %-6s  ", row->usecase->files.pair_count, output_format_name(row->usecase->format));
        term_wrap(stdout, usecases_plain(row->usecase->name, a), from + 15, t->columns);
    }
}

static enum err_code usecases_list(struct str dir, bool json, struct arena *a, struct err *e)
{
    struct usecases all = { .count = 0 };
    json_t *list;

    TRY(usecases_find(dir, a, &all, e));
    if (json) {
        list = json_array();
        for (size_t i = 0; i < all.count; i++)
            json_array_append_new(list, usecases_row_json(&all.rows[i]));
        return term_json(list, e);
    }
    if (!all.count)
        return err_set(e, ERR_NOT_FOUND,
                       "there is no use case in " STR_FMT "; a use case is a folder with " USECASE_FILE_NAME
                       ", data/ and ground-truth/",
                       STR_ARG(dir));
    usecases_table(&all, a);
    return ERR_OK;
}

static enum err_code usecases_run(struct args *args, int *status, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    struct str dir = args->positional.len ? arena_strdup(a, args_positional(args, 0)) : S(".");
    bool json = args_has(args, "json");
    struct usecases_row row;

    if (str_is(dir, "prepare") && (args_positional(args, 1).len || !file_is_dir("prepare")))
        return usecases_prepare(args, e);
    if (args_positional(args, 1).len)
        return err_set(e, ERR_USAGE, "one folder at a time, or: assay usecases prepare FOLDER");
    if (!file_is_dir(dir.at))
        return err_set(e, ERR_NOT_FOUND, "there is no folder " STR_FMT, STR_ARG(dir));
    if (!usecase_is(dir.at))
        return usecases_list(dir, json, a, e);
    usecases_read(dir, a, &row);
    *status = row.fault.len ? 2 : 0;
    if (json)
        return usecases_one_json(&row, e);
    usecases_one(&row, a);
    return ERR_OK;
}

const struct command command_usecases = {
    .name = "usecases", .usage = "[FOLDER | prepare FOLDER] [options]",
    .summary = "List use-case folders, show one, or write its prompts and rubric.",
    .doc = "A use case is a folder with USE-CASE.md, data/ and ground-truth/; `assay run FOLDER` runs it. FOLDER is one, or "
           "holds some (the working folder by default). One that can't be used is listed with its fault.\n"
           "`assay usecases prepare FOLDER --model M` lets a model write the prompt, the judge's prompt and the rubric "
           "from "
           "USE-CASE.md and the first example, into generated-prompts.json in the folder; `assay run` and `assay "
           "judge` use them. "
           "They are made anew when the use case changed, or with --force. Files of prompts/ are yours and always win.",
    .options = usecases_options, .positional_max = 2, .complete = "file", .run = usecases_run,
};
