#include "base/test.h"
#include "data/pack.h"

#include <stdio.h>

static void pack_blob_closep(struct blob **b)
{
    blob_close(*b);
}
#define AUTO_BLOB AUTO(pack_blob_closep) struct blob

static const char *pack_file(const char *name, int n, int pad)
{
    static char path[256];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", test_folder(), name);
    f = fopen(path, "w");
    ASSERT(f);
    for (int i = 0; i < n; i++)
        fprintf(f, "{\"text\": \"case %d %*s\", \"id\": \"k%d\"%s}\n", i, pad, "", i,
                i % 3 ? "" : ", \"expected\": {\"b\": 1, \"a\": 2}");
    fclose(f);
    return path;
}

static enum err_code pack_make(struct blob *b, const char *path, const struct dataset_select *s,
                               struct data_pack_info *info, struct err *e)
{
    AUTO(dataset_closep) struct dataset_reader *r = NULL;
    struct dataset_source src = { .path = str_c(path) };

    TRY(dataset_open(&src, s, &r, e));
    return data_pack_build(r, b, info, NULL, NULL, e);
}

TEST(pack_gives_back_what_went_in)
{
    AUTO_BLOB *b = NULL;
    AUTO(data_pack_closep) struct data_pack *p = NULL;
    struct data_pack_info info;
    AUTO_ARENA *a = arena_new_sized(0);

    CHECK_OK(blob_open(test_folder(), &b, NULL));
    CHECK_OK(pack_make(b, pack_file("p.jsonl", 1000, 3), NULL, &info, NULL));
    CHECK_INT(info.cases, 1000);
    CHECK_INT(info.expected_count, 334);
    CHECK(info.var_bytes_max >= info.var_bytes_avg && info.var_bytes_avg > 10);
    CHECK_OK(data_pack_open(b, str_c(info.hash), &p, NULL));
    CHECK_INT(data_pack_cases(p), 1000);
    CHECK_STR(str_n(data_pack_info_of(p)->content, 64), info.content);
    for (int64_t first = 0; first <= 1000; first += 125) {
        AUTO(pack_cursor_freep) struct pack_cursor *c = pack_cursor_new(p, first);
        struct dataset_case k;
        int64_t n = first;
        bool more;

        for (; pack_cursor_next(c, a, &k, &more, NULL) == ERR_OK && more; n++) {
            char id[32];

            snprintf(id, sizeof id, "k%lld", (long long)n);
            if (k.index != n || !str_is(k.id, id) || (k.expected != NULL) != (n % 3 == 0)) {
                CHECK_STR(k.id, id);
                return;
            }
            arena_reset(a);
        }
        CHECK_INT(n, 1000);
    }
}

TEST(pack_of_the_same_cases_has_the_same_name)
{
    AUTO_BLOB *b = NULL;
    struct data_pack_info one, two, three;
    char path[256];

    CHECK_OK(blob_open(test_folder(), &b, NULL));
    CHECK_OK(pack_make(b, pack_file("one.jsonl", 600, 1), NULL, &one, NULL));
    CHECK_OK(pack_make(b, pack_file("two.jsonl", 600, 1), NULL, &two, NULL));
    CHECK_STR(str_c(two.hash), one.hash);
    CHECK_STR(str_c(two.content), one.content);
    CHECK_OK(pack_make(b, pack_file("three.jsonl", 601, 1), NULL, &three, NULL));
    CHECK(strcmp(three.hash, one.hash) != 0);
    snprintf(path, sizeof path, "%s/order.jsonl", test_folder());       /* the order of members is not the case */
    CHECK_OK(file_write_atomic(path, S("{\"a\": 1, \"b\": 2, \"expected\": {\"x\": 1, \"y\": 2}}\n"), 0644, NULL));
    CHECK_OK(pack_make(b, path, NULL, &one, NULL));
    CHECK_OK(file_write_atomic(path, S("{\"expected\": {\"y\": 2, \"x\": 1}, \"b\": 2, \"a\": 1}\n"), 0644, NULL));
    CHECK_OK(pack_make(b, path, NULL, &two, NULL));
    CHECK_STR(str_c(two.hash), one.hash);
}

TEST(pack_makes_doubled_ids_unique_and_counts_them)
{
    AUTO_BLOB *b = NULL;
    AUTO(data_pack_closep) struct data_pack *p = NULL;
    AUTO(pack_cursor_freep) struct pack_cursor *c = NULL;
    AUTO_ARENA *a = arena_new_sized(0);
    struct data_pack_info info;
    struct dataset_case k;
    char path[256];
    bool more;

    snprintf(path, sizeof path, "%s/twice.jsonl", test_folder());
    CHECK_OK(
        file_write_atomic(path, S("{\"id\":\"x\"}\n{\"id\":\"x\"}\n{\"id\":\"y\"}\n{\"id\":\"x\"}\n"), 0644, NULL));
    CHECK_OK(blob_open(test_folder(), &b, NULL));
    CHECK_OK(pack_make(b, path, NULL, &info, NULL));
    CHECK_INT(info.duplicate_ids, 2);
    CHECK_STR(str_c(info.first_duplicate), "x");
    CHECK_OK(data_pack_open(b, str_c(info.hash), &p, NULL));
    c = pack_cursor_new(p, 0);
    for (int i = 0; i < 4; i++) {
        static const char *const want[] = { "x", "x#2", "y", "x#4" };

        CHECK_OK(pack_cursor_next(c, a, &k, &more, NULL));
        CHECK_STR(k.id, want[i]);
    }
}

TEST(pack_of_nothing_is_refused)
{
    AUTO_BLOB *b = NULL;
    struct data_pack_info info;
    struct err e = ERR_INIT;

    CHECK_OK(blob_open(test_folder(), &b, NULL));
    CHECK_INT(pack_make(b, pack_file("none.jsonl", 0, 0), NULL, &info, &e), ERR_BAD_INPUT);
    CHECK(str_starts(str_c(e.text), S("no case was chosen")));
}

TEST(pack_frames_hold_large_cases)
{
    AUTO_BLOB *b = NULL;
    AUTO(data_pack_closep) struct data_pack *p = NULL;
    AUTO(pack_cursor_freep) struct pack_cursor *c = NULL;
    AUTO_ARENA *a = arena_new_sized(0);
    struct data_pack_info info;
    struct dataset_case k;
    int64_t n = 0;
    bool more;

    CHECK_OK(blob_open(test_folder(), &b, NULL));
    CHECK_OK(pack_make(b, pack_file("large.jsonl", 7, 700000), NULL, &info, NULL));
    CHECK_OK(data_pack_open(b, str_c(info.hash), &p, NULL));
    c = pack_cursor_new(p, 3);
    while (pack_cursor_next(c, a, &k, &more, NULL) == ERR_OK && more)
        n++;
    CHECK_INT(n, 4);
}

TEST(pack_that_is_damaged_is_told)
{
    AUTO_BLOB *b = NULL;
    struct blob_writer *w;
    struct data_pack *p = NULL;
    struct err e = ERR_INIT;
    char hash[HASH_HEX];

    CHECK_OK(blob_open(test_folder(), &b, NULL));
    CHECK_OK(blob_writer_new(b, &w, NULL));
    for (int i = 0; i < 20; i++)
        CHECK_OK(blob_writer_append(w, S("not a pack at all, but long enough to hold a footer"), NULL));
    CHECK_OK(blob_writer_end(w, hash, NULL));
    CHECK_INT(data_pack_open(b, str_c(hash), &p, &e), ERR_STORE);
    CHECK(str_contains(str_c(e.text), S("damaged")));
}
