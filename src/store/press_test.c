#include "base/test.h"
#include "store/press.h"

static void press_round(struct press *p, struct str plain, char kind)
{
    struct err e = ERR_INIT;
    struct str packed, back;
    AUTO(freep) char *copy = NULL;

    CHECK_OK(press_pack(p, 1, plain, &packed, &e));
    CHECK(packed.at[0] == kind);
    copy = xstrndup(packed.at, packed.len);             /* what is packed is borrowed: unpacking reuses it */
    CHECK_OK(press_unpack(p, 1, str_n(copy, packed.len), &back, &e));
    CHECK(str_eq(back, plain));
}

TEST(short_and_noisy_texts_stay_as_they_are_and_others_shrink)
{
    struct press *p = press_new();
    AUTO_BUF struct buf b = BUF_INIT(1 << 20);
    char noise[2000];
    struct rng rng;

    rng_seed(&rng, 1);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)rng_next(&rng);
    press_round(p, S(""), 'r');
    press_round(p, S("{}"), 'r');
    press_round(p, str_n(noise, sizeof noise), 'r');
    for (int i = 0; i < 10000; i++)
        buf_puts(&b, "{\"turn\":1},");
    press_round(p, buf_str(&b), 'z');
    press_round(p, str_n(buf_str(&b).at, 128), 'z');
    press_free(p);
}

TEST(a_damaged_body_is_refused_and_a_swollen_one_too)
{
    struct press *p = press_new();
    char text[1000], copy[1000];
    struct str packed, out;
    struct err e = ERR_INIT;

    memset(text, 'a', sizeof text);
    CHECK_OK(press_pack(p, 1, str_n(text, sizeof text), &packed, &e));
    REQUIRE(packed.len <= sizeof copy);
    memcpy(copy, packed.at, packed.len);
    for (size_t i = 0; i < packed.len; i++) {
        bool sure = i == 0 || i + 4 >= packed.len;      /* the kind, the checksum */

        copy[i] ^= 0x10;
        if (press_unpack(p, 1, str_n(copy, packed.len), &out, &e) == ERR_OK)
            CHECK(!sure);
        else
            CHECK(strstr(e.text, "damaged"));
        copy[i] ^= 0x10;
        CHECK(press_unpack(p, 1, str_n(copy, i), &out, &e) == ERR_STORE);
    }
    /* a frame that claims 2^40 bytes: refused before anything is allocated */
    CHECK_INT(press_unpack(p, 1, S("z\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\1\0\0"), &out, &e), ERR_STORE);
    press_free(p);
}

TEST(a_transcript_past_the_ceiling_is_refused)
{
    struct press *p = press_new();
    AUTO(freep) char *big = xcalloc(1, PRESS_BYTES_MAX + 1);
    struct str out;
    struct err e = ERR_INIT;

    CHECK_INT(press_pack(p, 1, str_n(big, PRESS_BYTES_MAX + 1), &out, &e), ERR_TOO_LARGE);
    press_free(p);
}

TEST(a_dictionary_is_needed_where_it_was_used)
{
    struct press *p = press_new(), *other = press_new();
    char one[800], two[800], copy[900];
    struct str packed, out;
    struct rng rng;
    struct err e = ERR_INIT;
    size_t len;

    rng_seed(&rng, 4);
    for (size_t i = 0; i < sizeof one; i++)
        one[i] = (char)('a' + rng_below(&rng, 26));     /* alone it hardly shrinks */
    one[0] = '{';
    memcpy(two, one, sizeof two);
    two[400] = '!';
    CHECK(press_dict_of(str_n(one, 255)).len == 0);
    CHECK(press_dict_of(str_n(one + 1, 700)).len == 0);
    press_dict_put(p, 7, press_dict_of(str_n(one, sizeof one)));
    CHECK_OK(press_pack(p, 7, str_n(two, sizeof two), &packed, &e));
    CHECK(packed.len < 60 && press_needs_dict(packed));
    memcpy(copy, packed.at, len = packed.len);
    CHECK_OK(press_unpack(p, 7, str_n(copy, len), &out, &e));
    CHECK(str_eq(out, str_n(two, sizeof two)));
    CHECK_INT(press_unpack(other, 7, str_n(copy, len), &out, &e), ERR_STORE);
    CHECK(strstr(e.text, "dictionary"));
    press_dict_put(other, 7, str_n(copy, len));         /* another one: the checksum tells */
    CHECK_INT(press_unpack(other, 7, str_n(copy, len), &out, &e), ERR_STORE);
    for (int64_t run = 8; run < 13; run++)              /* the oldest makes room */
        press_dict_put(p, run, str_n(one, sizeof one));
    CHECK(!press_dict_has(p, 7) && press_dict_has(p, 12));
    CHECK_OK(press_pack(p, 7, str_n(two, sizeof two), &packed, &e));
    CHECK(!press_needs_dict(packed));
    press_free(p);
    press_free(other);
}
