/* tests/fuzz/fuzz_where.c: any bytes as --where over two cases: they are chosen, or not, or a sentence says why. */
#include "data/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(dataset_closep) struct dataset_reader *r = NULL;
    AUTO_JSON *cases = json_pack("[{s:s, s:i, s:[s,s], s:{s:s}}, {s:s, s:i, s:[], s:{}}]", "text", "hello there", "n", 3, "list",
                                 "a", "b", "expected", "queue", "billing", "text", "", "n", -1, "list", "expected");
    AUTO(freep) char *text = xstrndup((const char *)data, size);
    struct dataset_source src = { .inline_cases = cases };
    struct dataset_select select = { .where = text };
    struct dataset_case k;
    struct err e = ERR_INIT;
    bool more = true;
    int n = 0;

    ASSERT(cases);
    if (dataset_open(&src, &select, &r, &e) == ERR_OK)
        while (dataset_next(r, a, &k, &more, &e) == ERR_OK && more)
            n++;
    ASSERT(n <= 2 && (e.code == ERR_OK || e.text[0]));
    return 0;
}
