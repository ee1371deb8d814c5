/* assay version: what runs here. */
#include "cli/cli.h"
#include "store/store.h"
#include "version.h"

static const struct option version_options[] = { { "json", 0, NULL, "as JSON", NULL }, OPTION_END };

static enum err_code version_run(struct args *args, int *status, struct err *e)
{
    (void)status;
    if (args_has(args, "json")) {
        json_t *o = json_object();

        json_object_set_new(o, "version", json_string(ASSAY_VERSION));
        json_object_set_new(o, "store", json_integer(store_version_now()));
        return term_json(o, e);
    }
    return term_write(S("assay " ASSAY_VERSION "\n"), e);
}

const struct command command_version = {
    .name = "version", .usage = "[--json]", .summary = "Print the program's version.", .options = version_options,
    .run = version_run,
};
