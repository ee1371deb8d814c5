/* A YAML list, read whole: the one form that is not streamed. Also the cases a task file holds itself. */
#include "data/source.h"

struct yaml_source { const struct dataset_source *src; struct arena *arena; const struct doc_node *list; size_t at; bool gold; };

static void yaml_source_close(void *state)
{
    struct yaml_source *s = state;

    if (!s)
        return;
    arena_free(s->arena);
    free(s);
}

static enum err_code yaml_source_find_list(struct yaml_source *s, struct doc_node *root, struct err *e)
{
#define X(id) #id,
    static const char *const names[SOURCE_LISTS_COUNT] = { SOURCE_LISTS(X) };
#undef X
    bool has[SOURCE_LISTS_COUNT];

    if (root->kind == DOC_LIST) {
        s->list = root;
        return ERR_OK;
    }
    for (int i = 0; i < SOURCE_LISTS_COUNT; i++)
        has[i] = doc_get(root, names[i]) && doc_get(root, names[i])->kind == DOC_LIST;
    s->list = root;
    s->gold = source_is_gold(doc_get(root, "input"), has[0], has[1], has[2], has[3]);
    for (int i = 0; i < SOURCE_LISTS_COUNT && !s->gold; i++)
        if (has[i]) {
            s->list = doc_get(root, names[i]);
            return ERR_OK;
        }
    if (s->gold)
        return ERR_OK;
    return err_set(e, ERR_BAD_INPUT, STR_FMT ":%d:%d: a dataset in YAML is a list of cases, and this is %s%s",
                   STR_ARG(s->src->name), root->line, root->column, doc_kind_name(root->kind),
                   root->kind == DOC_MAP ? " without a list in \"cases\", \"data\", \"items\" or \"concepts\"" : "");
}

static enum err_code yaml_source_open(const struct dataset_source *src, void **state, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(DOC_BYTES_MAX);
    struct yaml_source *s;
    struct doc_node *root;
    enum err_code code = file_read(src->path.at, DOC_BYTES_MAX, &text, e);

    if (code == ERR_TOO_LARGE)
        return err_set(e, code, STR_FMT " is larger than 64 MiB, and YAML is read whole; use JSONL, which is streamed",
                       STR_ARG(src->name));
    TRY(code);
    s = xcalloc(1, sizeof *s);
    s->src = src;
    s->arena = arena_new_sized(64 * 1024);
    code = doc_read(src->name, buf_str(&text), DOC_YAML, s->arena, &root, e);
    if (code == ERR_OK)
        code = yaml_source_find_list(s, root, e);
    if (code != ERR_OK)
        yaml_source_close(s);
    else
        *state = s;
    return code;
}

static enum err_code yaml_source_next(void *state, struct source_item *out, bool *more, struct err *e)
{
    struct yaml_source *s = state;

    (void)e;
    *more = s->gold ? s->at == 0 : s->at < s->list->count;
    if (!*more)
        return ERR_OK;
    out->json = s->gold ? source_gold_item(doc_to_json(s->list)) : doc_to_json(s->list->items[s->at]);
    out->line = s->gold ? s->list->line : s->list->items[s->at]->line;
    s->at++;
    return ERR_OK;
}

const struct source_kind source_yaml = {
    .name = "yaml", .extensions = "yaml yml",
    .open = yaml_source_open, .next = yaml_source_next, .close = yaml_source_close,
};

struct inline_source { const json_t *list; size_t at; };

static enum err_code inline_source_open(const struct dataset_source *src, void **state, struct err *e)
{
    struct inline_source *s;

    if (!json_is_array(src->inline_cases))
        return err_set(e, ERR_BAD_INPUT, "there are no cases: name a dataset or write them under \"cases\"");
    s = xcalloc(1, sizeof *s);
    s->list = src->inline_cases;
    *state = s;
    return ERR_OK;
}

static enum err_code inline_source_next(void *state, struct source_item *out, bool *more, struct err *e)
{
    struct inline_source *s = state;

    (void)e;
    *more = s->at < json_array_size(s->list);
    if (*more)
        out->json = json_deep_copy(json_array_get(s->list, s->at++));
    return ERR_OK;
}

const struct source_kind source_inline = {
    .name = "inline", .extensions = "",
    .open = inline_source_open, .next = inline_source_next, .close = free,
};
