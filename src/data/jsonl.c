/* One JSON value a line; blank lines are skipped. */
#include "data/source.h"

struct jsonl { const struct dataset_source *src; struct file_lines lines; };

static void jsonl_close(void *state)
{
    struct jsonl *j = state;

    if (!j)
        return;
    file_lines_close(&j->lines);
    free(j);
}

static enum err_code jsonl_open(const struct dataset_source *src, void **state, struct err *e)
{
    struct jsonl *j = xcalloc(1, sizeof *j);
    enum err_code code = file_lines_open(&j->lines, src->path.at, DATASET_CASE_MAX, e);

    j->src = src;
    if (code != ERR_OK) {
        jsonl_close(j);
        return code;
    }
    *state = j;
    return ERR_OK;
}

static enum err_code jsonl_next(void *state, struct source_item *out, bool *more, struct err *e)
{
    struct jsonl *j = state;
    struct str line;
    int at_line, column;

    do {
        enum err_code code = file_lines_next(&j->lines, &line, more, e);

        if (code != ERR_OK)
            return err_prefix(e, STR_FMT ":%lld", STR_ARG(j->src->name), (long long)j->lines.number);
        if (!*more)
            return ERR_OK;
        if (j->lines.number == 1 && str_starts(line, S("\xef\xbb\xbf")))
            line = str_from(line, 3);
    } while (str_trim(line).len == 0);
    if (json_read_located(line, &out->json, &at_line, &column, e) != ERR_OK)
        return err_prefix(e, STR_FMT ":%lld:%d", STR_ARG(j->src->name), (long long)j->lines.number, column);
    out->line = j->lines.number;
    return ERR_OK;
}

const struct source_kind source_jsonl = {
    .name = "jsonl", .extensions = "jsonl ndjson",
    .open = jsonl_open, .next = jsonl_next, .close = jsonl_close,
};
