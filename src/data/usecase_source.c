/* A use-case folder as a dataset: each input that has a ground truth is a case, read when its turn comes. Its id is the
 * file's name, its variables `input` (the text) and `file`. */
#include "data/source.h"
#include "data/usecase.h"

struct usecase_source { const struct dataset_source *src; struct arena *arena; struct usecase_files files; size_t at; };

static void usecase_source_close(void *state)
{
    struct usecase_source *s = state;

    if (!s)
        return;
    arena_free(s->arena);
    free(s);
}

/* The task's own output format decides; a dataset given to another task says it in its USE-CASE.md. */
static enum err_code usecase_source_list(struct usecase_source *s, struct err *e)
{
    const char *folder = s->src->path.at;
    struct usecase *u;

    if (s->src->prefer.len) {
        TRY(usecase_files_read(folder, s->src->prefer, s->arena, &s->files, e));
    } else {
        TRY(usecase_read(folder, s->arena, &u, e));
        s->files = u->files;
    }
    if (!s->files.data_count)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ": the folder data/ holds no input", STR_ARG(s->src->name));
    if (!s->files.pair_count)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ": no input in data/ matches a file in ground-truth/; \"" STR_FMT
                       "\" needs for example \"ground-truth/" STR_FMT ".json\"", STR_ARG(s->src->name),
                       STR_ARG(s->files.data[0].path), STR_ARG(s->files.data[0].name));
    return ERR_OK;
}

static enum err_code usecase_source_open(const struct dataset_source *src, void **state, struct err *e)
{
    struct usecase_source *s = xcalloc(1, sizeof *s);
    enum err_code code;

    s->src = src;
    s->arena = arena_new_sized(64 * 1024);
    code = usecase_source_list(s, e);
    if (code != ERR_OK)
        usecase_source_close(s);
    else
        *state = s;
    return code;
}

static enum err_code usecase_source_read(const struct usecase_source *s, const struct usecase_file *f, struct buf *out,
                                         struct err *e)
{
    if (file_read_beneath(s->src->path.at, f->path, DATASET_CASE_MAX, out, e) != ERR_OK)
        return err_prefix(e, STR_FMT, STR_ARG(s->src->name));
    if (!str_is_utf8(buf_str(out)))
        return err_set(e, ERR_BAD_INPUT, STR_FMT ": \"" STR_FMT "\" is not UTF-8 text", STR_ARG(s->src->name),
                       STR_ARG(f->path));
    return ERR_OK;
}

static enum err_code usecase_source_gold(const struct usecase_source *s, const struct usecase_file *gold, json_t **out,
                                         struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(DATASET_CASE_MAX);

    TRY(usecase_source_read(s, gold, &text, e));
    if (!str_ieq(gold->extension, S("json"))) {
        *out = json_from_str(str_trim_end(buf_str(&text)));
        return ERR_OK;
    }
    if (json_read(buf_str(&text), out, e) != ERR_OK)
        return err_prefix(e, STR_FMT ": " STR_FMT, STR_ARG(s->src->name), STR_ARG(gold->path));
    return ERR_OK;
}

static enum err_code usecase_source_next(void *state, struct source_item *out, bool *more, struct err *e)
{
    struct usecase_source *s = state;
    AUTO_BUF struct buf text = BUF_INIT(DATASET_CASE_MAX);
    AUTO_JSON *expected = NULL;
    const struct usecase_pair *pair;

    *more = s->at < s->files.pair_count;
    if (!*more)
        return ERR_OK;
    pair = &s->files.pairs[s->at++];
    TRY(usecase_source_read(s, pair->data, &text, e));
    if (pair->gold)
        TRY(usecase_source_gold(s, pair->gold, &expected, e));
    out->id = path_base(pair->data->path);
    out->json = json_object();
    json_set_str(out->json, "input", buf_str(&text));
    json_set_str(out->json, "file", pair->data->path);
    if (expected)
        json_object_set(out->json, "expected", expected);
    return ERR_OK;
}

const struct source_kind source_usecase = {
    .name = "usecase", .extensions = "",
    .open = usecase_source_open, .next = usecase_source_next, .close = usecase_source_close,
};
