#include "base/test.h"

#include <pthread.h>

enum { ID_THREADS = 4, ID_EACH = 100000 };

static void *id_make_many(void *arg)
{
    char (*ids)[ID_TEXT] = arg;

    for (int i = 0; i < ID_EACH; i++)
        id_new(ids[i]);
    return NULL;
}

static int id_cmp(const void *a, const void *b)
{
    return strcmp(a, b);
}

TEST(ids_of_four_threads_are_in_order_and_never_the_same)
{
    char (*ids)[ID_TEXT] = xcalloc((size_t)ID_THREADS * ID_EACH, ID_TEXT);
    pthread_t threads[ID_THREADS];
    int same = 0, back = 0;

    for (int t = 0; t < ID_THREADS; t++)
        ASSERT(pthread_create(&threads[t], NULL, id_make_many, ids + t * ID_EACH) == 0);
    for (int t = 0; t < ID_THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int i = 1; i < ID_THREADS * ID_EACH; i++)
        back += i % ID_EACH != 0 && strcmp(ids[i - 1], ids[i]) >= 0;
    CHECK_INT(back, 0);
    qsort(ids, (size_t)ID_THREADS * ID_EACH, ID_TEXT, id_cmp);
    for (int i = 1; i < ID_THREADS * ID_EACH; i++)
        same += strncmp(ids[i - 1], ids[i], 18) == 0;       /* time and counter alone already tell them apart */
    CHECK_INT(same, 0);
    free(ids);
}

TEST(id_is_a_uuid_of_version_7_with_the_time_of_its_birth)
{
    char id[ID_TEXT], hex[13] = { 0 };
    int64_t before = clock_wall_ms(), born;

    id_new(id);
    CHECK(id_is(str_c(id)));
    CHECK_INT(id[14], '7');
    CHECK(strchr("89ab", id[19]));
    memcpy(hex, id, 8);
    memcpy(hex + 8, id + 9, 4);
    born = (int64_t)strtoull(hex, NULL, 16);
    CHECK(born >= before && born < before + 60000);
    CHECK_INT(id_short(str_c(id)).len, 8);
    CHECK(str_ends(str_c(id), id_short(str_c(id))));
    CHECK_STR(id_short(S("abc")), "abc");
}

TEST(id_is_refuses_what_has_not_the_shape)
{
    CHECK(id_is(S("01890a5d-ac96-774b-bcce-b302099a8057")));
    CHECK(id_is(S("01890A5D-AC96-774B-BCCE-B302099A8057")));
    CHECK(!id_is(S("")));
    CHECK(!id_is(S("01890a5d-ac96-774b-bcce-b302099a805")));
    CHECK(!id_is(S("01890a5d-ac96-774b-bcce-b302099a80577")));
    CHECK(!id_is(S("01890a5dxac96-774b-bcce-b302099a8057")));
    CHECK(!id_is(S("01890a5d-ac96-774b-bcce-b302099a805g")));
    CHECK(!id_is(S("01890a5d-ac96-774b-bcce-b302099a805\0")));
}
