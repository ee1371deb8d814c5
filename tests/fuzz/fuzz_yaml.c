/* tests/fuzz/fuzz_yaml.c: the located tree over any bytes, in both forms. What was read keeps its ceilings, and its
 * JSON read as JSON gives the same JSON again. */
#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_places(const struct doc_node *n, int depth)
{
    ASSERT(n->line >= 1 && n->column >= 1 && depth <= DOC_DEPTH_MAX + 1);
    for (size_t i = 0; i < n->count; i++)
        fuzz_places(n->kind == DOC_LIST ? n->items[i] : n->pairs[i].value, depth + 1);
}

static void fuzz_again(const json_t *j, struct arena *a)
{
    AUTO_BUF struct buf one = BUF_INIT(1 << 26), two = BUF_INIT(1 << 26);
    AUTO_JSON *back = NULL;
    struct doc_node *root;

    json_write(j, &one);
    if (buf_failed(&one) || doc_read(S("again"), buf_str(&one), DOC_JSON, a, &root, NULL) != ERR_OK)
        return;                         /* text that only YAML can write, such as a control character */
    back = doc_to_json(root);
    json_write(back, &two);
    ASSERT(str_eq(buf_str(&one), buf_str(&two)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int form = DOC_YAML; form <= DOC_JSON; form++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct err e = ERR_INIT;
        struct doc_node *root;

        if (doc_read(S("fuzz"), str_n((const char *)data, size), (enum doc_form)form, a, &root, &e) != ERR_OK) {
            ASSERT(str_starts(str_c(e.text), S("fuzz:")));
        } else if (root->weight <= 10000) {
            AUTO_JSON *j = doc_to_json(root);

            fuzz_places(root, 0);
            fuzz_again(j, a);
        }
    }
    return 0;
}
