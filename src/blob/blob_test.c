#include "base/test.h"
#include "blob/blob.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *blob_home(char out[128])
{
    static int count;

    snprintf(out, 128, "%s/blob-%d", test_folder(), ++count);
    return out;
}

static struct blob *blob_new(const char *home)
{
    struct err e = ERR_INIT;
    struct blob *b = NULL;

    if (blob_open(home, &b, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "blob_open: %s", e.text);
    ASSERT(b);
    return b;
}
static void blob_closep(struct blob **b) { blob_close(*b); }
#define AUTO_BLOB AUTO(blob_closep) struct blob

static enum err_code blob_put(struct blob *b, struct str bytes, char hash[HASH_HEX], struct err *e)
{
    struct blob_writer *w;
    enum err_code code;

    TRY(blob_writer_new(b, &w, e));
    code = blob_writer_append(w, bytes, e);
    if (code == ERR_OK)
        return blob_writer_end(w, hash, e);
    blob_writer_drop(w);
    return code;
}

static int blob_leftovers(const char *home)
{
    char path[256];
    struct dirent *one;
    DIR *d;
    int n = 0;

    snprintf(path, sizeof path, "%s/objects/tmp", home);
    d = opendir(path);
    while (d && (one = readdir(d)))
        n += one->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

TEST(an_object_is_named_by_its_bytes)
{
    char home[128], hash[HASH_HEX], path[300];
    AUTO_BLOB *b = blob_new(blob_home(home));
    struct blob_reader *r;
    struct err e = ERR_INIT;
    struct stat st;
    char bytes[8] = "";

    CHECK_OK(blob_put(b, S("abc"), hash, &e));
    CHECK_STR(str_c(hash), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(blob_has(b, str_c(hash)));
    snprintf(path, sizeof path, "%s/objects/ba/%s", home, hash + 2);
    CHECK(stat(path, &st) == 0 && st.st_size == 3 && (st.st_mode & 0777) == 0600);
    CHECK_INT(blob_leftovers(home), 0);
    REQUIRE(blob_reader_new(b, str_c(hash), &r, &e) == ERR_OK);
    CHECK_INT(blob_reader_size(r), 3);
    CHECK_OK(blob_reader_at(r, 1, bytes, 2, &e));
    CHECK_STR(str_c(bytes), "bc");
    CHECK_OK(blob_reader_at(r, 3, bytes, 0, &e));
    CHECK_INT(blob_reader_at(r, 2, bytes, 2, &e), ERR_STORE);
    CHECK_INT(blob_reader_at(r, -1, bytes, 1, &e), ERR_STORE);
    CHECK_INT(blob_reader_at(r, INT64_MAX, bytes, 1, &e), ERR_STORE);
    blob_reader_free(r);
}

TEST(the_same_bytes_twice_are_one_object)
{
    char home[128], one[HASH_HEX], two[HASH_HEX];
    AUTO_BLOB *b = blob_new(blob_home(home));

    CHECK_OK(blob_put(b, S("twice"), one, NULL));
    CHECK_OK(blob_put(b, S("twice"), two, NULL));
    CHECK_STR(str_c(one), two);
    CHECK_INT(blob_leftovers(home), 0);
    CHECK_OK(blob_put(b, S(""), one, NULL));
    CHECK(blob_has(b, str_c(one)));
}

TEST(pieces_of_any_size_make_the_same_object)
{
    char home[128], hash[HASH_HEX], want[HASH_HEX];
    AUTO_BLOB *b = blob_new(blob_home(home));
    struct blob_writer *w;
    struct blob_reader *r;
    enum { SIZE = 1 << 20 };
    AUTO(freep) char *bytes = xmalloc(SIZE), *back = xmalloc(SIZE);
    size_t at = 0;
    struct rng rng;

    rng_seed(&rng, 3);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)rng_next(&rng);
    hash_sha256_hex(str_n(bytes, SIZE), want);
    REQUIRE(blob_writer_new(b, &w, NULL) == ERR_OK);
    while (at < SIZE) {
        size_t n = MIN((size_t)rng_below(&rng, rng_below(&rng, 10) ? 3000 : 150000), SIZE - at);

        CHECK_OK(blob_writer_append(w, str_n(bytes + at, n), NULL));
        at += n;
        CHECK_INT(blob_writer_offset(w), at);
    }
    CHECK(!blob_has(b, str_c(want)));                   /* not before it is whole */
    CHECK_OK(blob_writer_end(w, hash, NULL));
    CHECK_STR(str_c(hash), want);
    REQUIRE(blob_reader_new(b, str_c(hash), &r, NULL) == ERR_OK);
    CHECK_OK(blob_reader_at(r, 0, back, SIZE, NULL));
    CHECK(memcmp(bytes, back, SIZE) == 0);
    blob_reader_free(r);
}

TEST(a_dropped_object_leaves_nothing)
{
    char home[128];
    AUTO_BLOB *b = blob_new(blob_home(home));
    struct blob_writer *w;

    REQUIRE(blob_writer_new(b, &w, NULL) == ERR_OK);
    CHECK_OK(blob_writer_append(w, S("half"), NULL));
    CHECK_INT(blob_leftovers(home), 1);
    blob_writer_drop(w);
    CHECK_INT(blob_leftovers(home), 0);
}

TEST(a_name_that_is_no_hash_opens_nothing)
{
    char home[128];
    AUTO_BLOB *b = blob_new(blob_home(home));
    struct blob_reader *r;
    struct err e = ERR_INIT;
    struct str absent = S("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

    CHECK_INT(blob_reader_new(b, S("../../etc/passwd"), &r, &e), ERR_BAD_INPUT);
    CHECK(!blob_has(b, S("..")));
    CHECK(!blob_has(b, absent));
    CHECK_INT(blob_reader_new(b, absent, &r, &e), ERR_NOT_FOUND);
}

TEST(leftovers_older_than_a_day_are_removed_and_younger_ones_kept)
{
    char home[128], path[300];
    struct timespec old[2] = { { .tv_sec = time(NULL) - 100000 }, { .tv_sec = time(NULL) - 100000 } };

    blob_close(blob_new(blob_home(home)));
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/objects/tmp/left%d", home, i);
        CHECK_OK(file_write_atomic(path, S("x"), 0600, NULL));
    }
    CHECK(utimensat(AT_FDCWD, path, old, 0) == 0);
    CHECK_INT(blob_leftovers(home), 2);
    blob_close(blob_new(home));
    CHECK_INT(blob_leftovers(home), 1);
}

TEST(a_full_disk_is_one_sentence_and_leaves_no_object)
{
    char home[128], hash[HASH_HEX] = "";
    AUTO_BLOB *b = blob_new(blob_home(home));
    AUTO(freep) char *zeros = xcalloc(1, 300000);
    struct rlimit old, low;
    struct err e = ERR_INIT;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    low = (struct rlimit){ 100000, old.rlim_max };
    setrlimit(RLIMIT_FSIZE, &low);
    CHECK_INT(blob_put(b, str_n(zeros, 300000), hash, &e), ERR_STORE);
    setrlimit(RLIMIT_FSIZE, &old);
    CHECK(strstr(e.text, "disk is full"));
    CHECK_INT(blob_leftovers(home), 0);
    fault_arm("blob.write");
    CHECK_INT(blob_put(b, S("small"), hash, &e), ERR_STORE);        /* small: it fails only at the end */
    CHECK_INT(blob_leftovers(home), 0);
    fault_arm("blob.sync");
    CHECK_INT(blob_put(b, S("small"), hash, &e), ERR_STORE);
    CHECK_INT(blob_leftovers(home), 0);
    fault_arm(NULL);
    CHECK_STR(str_c(hash), "");
    CHECK_OK(blob_put(b, S("small"), hash, &e));
}

TEST(a_place_that_can_not_be_made_is_one_sentence)
{
    struct blob *b;
    struct err e = ERR_INIT;

    CHECK_INT(blob_open("/proc/nowhere", &b, &e), ERR_STORE);
    CHECK_INT(blob_open("", &b, &e), ERR_STORE);
    CHECK_INT(blob_open("s3://bucket", &b, &e), ERR_STORE);
}

static void *blob_thread(void *arg)
{
    char hash[HASH_HEX], text[32];

    for (int i = 0; i < 50; i++) {
        snprintf(text, sizeof text, "object %d", i);
        if (blob_put(arg, str_c(text), hash, NULL) != ERR_OK || !blob_has(arg, str_c(hash)))
            return arg;
    }
    return NULL;
}

TEST(threads_may_write_the_same_objects_at_once)
{
    char home[128];
    AUTO_BLOB *b = blob_new(blob_home(home));
    pthread_t threads[4];
    void *failed;

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, blob_thread, b);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &failed);
        CHECK(failed == NULL);
    }
    CHECK_INT(blob_leftovers(home), 0);
}
