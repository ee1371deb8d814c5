/* assay init: a small task that runs without a key, to change into one's own. */
#include "cli/session.h"

static const struct option init_options[] = {
    { "force", 0, NULL, "write over files that are there", NULL },
    { "json", 0, NULL, "the files written as JSON", NULL },
    OPTION_END,
};

static enum err_code init_run(struct args *args, int *status, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *wrote = json_array();
    struct str dir = args->positional.len ? args_positional(args, 0) : S(".");
    const struct task_starter_file *files = task_starter();

    (void)status;
    TRY(file_mkdirs(arena_cstr(a, dir), 0777, e));
    for (const struct task_starter_file *f = files; f->name; f++) {
        const char *path = path_join(a, dir, str_c(f->name)).at;

        if (!args_has(args, "force") && file_exists(path))
            return err_set(e, ERR_CONFLICT, "%s is there already; --force writes over it", path);
    }
    for (const struct task_starter_file *f = files; f->name; f++) {
        const char *path = path_join(a, dir, str_c(f->name)).at;

        TRY(file_mkdirs(arena_cstr(a, path_dir(str_c(path))), 0777, e));
        TRY(file_write_atomic(path, f->bytes, 0644, e));
        if (args_has(args, "json"))
            json_array_append_new(wrote, json_from_str(str_c(path)));
        else
            printf("wrote %s\n", path);
    }
    if (args_has(args, "json"))
        return term_json(json_pack("{s:O}", "wrote", wrote), e);
    printf("next: assay run %s\n", path_join(a, dir, S("task.yaml")).at);
    return ERR_OK;
}

const struct command command_init = {
    .name = "init", .usage = "[FOLDER] [options]", .summary = "Write a small task to start from.", .options = init_options,
    .positional_max = 1, .complete = "file", .run = init_run,
};
