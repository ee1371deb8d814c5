/* assay schema: the JSON Schema of task files, for editors. */
#include "cli/cli.h"
#include "embedded.h"

static const struct option schema_options[] = { { "json", 0, NULL, "it is JSON already", NULL }, OPTION_END };

static enum err_code schema_run(struct args *args, int *status, struct err *e)
{
    (void)args, (void)status;
    return term_write(embedded_data_task_schema_json.bytes, e);
}

const struct command command_schema = {
    .name = "schema", .usage = "", .summary = "Print the JSON Schema of task files, for editors.",
    .options = schema_options, .run = schema_run,
};
