#include "data/source.h"
#include "data/usecase.h"

#define SOURCES(X)      /* the one list; a name here is declared, linked, found */ \
    X(csv) \
    X(folder) \
    X(inline) \
    X(json) \
    X(jsonl) \
    X(usecase) \
    X(yaml)

#define X(id) extern const struct source_kind source_##id;
SOURCES(X)
#undef X
#define X(id) &source_##id,
static const struct source_kind *const sources[] = { SOURCES(X) };
#undef X

static bool source_has_extension(const struct source_kind *k, struct str ext)
{
    struct str rest = k->extensions[0] ? str_c(k->extensions) : STR_NONE, one;

    while (str_split(&rest, ' ', &one))
        if (str_ieq(one, ext))
            return true;
    return false;
}

enum err_code source_kind_of(const struct dataset_source *src, const struct source_kind **out, struct err *e)
{
    struct str ext = path_ext(src->path);
    struct suggest near;
    char hint[160];

    if (src->path.len == 0) {
        *out = &source_inline;
        return ERR_OK;
    }
    if (file_is_dir(src->path.at)) {
        *out = usecase_is(src->path.at) ? &source_usecase : &source_folder;
        return ERR_OK;
    }
    suggest_begin(&near, ext);
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        struct str rest = str_c(sources[i]->extensions), one;

        while (sources[i]->extensions[0] && str_split(&rest, ' ', &one))
            suggest_offer(&near, one);
        if (source_has_extension(sources[i], ext)) {
            *out = sources[i];
            return ERR_OK;
        }
    }
    if (!file_exists(src->path.at))
        return err_set(e, ERR_NOT_FOUND, STR_FMT " is not there", STR_ARG(src->name));
    return err_set(e, ERR_BAD_INPUT,
                   STR_FMT ": a dataset ends in .jsonl, .json, .csv, .tsv, .yaml or is a folder of text files%s",
                   STR_ARG(src->name), suggest_hint(&near, hint));
}

bool source_is_gold(bool input, bool cases, bool data, bool items, bool concepts)
{
    return input && !cases && !data && (items || concepts);
}

json_t *source_gold_item(json_t *object)
{
    const char *member = json_is_array(json_object_get(object, "concepts")) ? "concepts" : "items";
    json_t *item = json_copy(object);

    json_object_set(item, "expected", json_object_get(object, member));
    json_object_del(item, "concepts");
    json_object_del(item, "items");
    json_decref(object);
    return item;
}
