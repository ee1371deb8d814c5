/* A JSONPath on the first line, a document after it. Whatever comes, it ends; a singular query chooses one value at
 * most; and the normalized path of a chosen value, read as a query, chooses that value and no other. */
#include "base/base.h"

#define PLACES_TRIED 20

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void fuzz_place(const struct jsonpath_node *node, const json_t *document, struct arena *a)
{
    AUTO_BUF struct buf place = BUF_INIT(JSONPATH_TEXT_MAX + 1);
    struct jsonpath_nodes again;
    struct jsonpath *p = NULL;

    jsonpath_write_place(node, &place);
    if (buf_failed(&place) || place.len > JSONPATH_TEXT_MAX)
        return;
    ASSERT(jsonpath_compile(buf_str(&place), a, &p, NULL) == ERR_OK && jsonpath_singular(p));
    ASSERT(jsonpath_select(p, document, a, &again, NULL) == ERR_OK);
    ASSERT(again.len == 1 && again.at[0].value == node->value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str rest = str_n((const char *)bytes, n), line;
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *document = NULL;
    struct jsonpath_nodes nodes;
    struct jsonpath *p = NULL;
    struct err e = ERR_INIT;

    if (!str_split(&rest, '\n', &line))
        return 0;
    if (jsonpath_compile(line, a, &p, &e) != ERR_OK) {
        ASSERT(e.text[0]);
        return 0;
    }
    if (json_read(rest, &document, &e) != ERR_OK &&
        json_read(S("{\"a\":[{\"b\":1,\"c\":\"x\"},[2,3.5]],\"d\":{},\"e\":null}"), &document, &e) != ERR_OK)
        return 0;
    if (jsonpath_select(p, document, a, &nodes, &e) != ERR_OK) {
        ASSERT(nodes.len == 0 && e.text[0]);
        return 0;
    }
    ASSERT(nodes.len <= (jsonpath_singular(p) ? 1 : JSONPATH_NODES_MAX));
    for (size_t i = 0; i < nodes.len && i < PLACES_TRIED; i++)
        fuzz_place(&nodes.at[i], document, a);
    return 0;
}
