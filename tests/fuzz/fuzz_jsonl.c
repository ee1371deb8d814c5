/* tests/fuzz/fuzz_jsonl.c: a dataset file of any bytes, in each streamed form; the first byte chooses it. Cases have
 * ids and variables, and their expected answer is not among these. */
#include "data/data.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file of memory; the form is told by the name, so a link with the right end points at it. */
static void fuzz_file(const uint8_t *data, size_t size, const char *ext, char path[64])
{
    static int fd = -1;
    char target[64];

    if (fd < 0)
        fd = memfd_create("fuzz", 0);
    ASSERT(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    snprintf(target, sizeof target, "/proc/%d/fd/%d", getpid(), fd);
    snprintf(path, 64, "/tmp/fuzz-%d.%s", getpid(), ext);
    unlink(path);
    ASSERT(symlink(target, path) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const forms[] = { "jsonl", "json", "csv", "tsv", "yaml" };
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(dataset_closep) struct dataset_reader *r = NULL;
    struct dataset_source src = { .name = S("fuzz") };
    struct dataset_select select = { 0 };
    struct dataset_case k;
    struct err e = ERR_INIT;
    char path[64];
    bool more = true;

    if (size == 0)
        return 0;
    fuzz_file(data + 1, size - 1, forms[data[0] % COUNT_OF(forms)], path);
    src.path = str_c(path);
    select.sample = data[0] & 0x80 ? 3 : 0;
    if (dataset_open(&src, &select, &r, &e) == ERR_OK)
        for (int64_t n = 0; dataset_next(r, a, &k, &more, &e) == ERR_OK && more; n++) {
            ASSERT(k.index == n && k.id.len && json_is_object(k.vars));
            arena_reset(a);
        }
    ASSERT(e.code == ERR_OK || e.text[0]);
    unlink(path);
    return 0;
}
