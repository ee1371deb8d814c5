#include "base/test.h"
#include "store/press.h"

static void press_round(struct press *p, struct str plain, char kind)
{
    struct err e = ERR_INIT;
    struct str packed, back;
    AUTO(freep) char *copy = NULL;

    CHECK_OK(press_pack(p, plain, &packed, &e));
    CHECK(packed.at[0] == kind);
    copy = xstrndup(packed.at, packed.len);             /* what is packed is borrowed: unpacking reuses it */
    CHECK_OK(press_unpack(p, str_n(copy, packed.len), &back, &e));
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
    CHECK_OK(press_pack(p, str_n(text, sizeof text), &packed, &e));
    REQUIRE(packed.len <= sizeof copy);
    memcpy(copy, packed.at, packed.len);
    for (size_t i = 0; i < packed.len; i++) {
        bool sure = i == 0 || i + 4 >= packed.len;      /* the kind, the checksum */

        copy[i] ^= 0x10;
        if (press_unpack(p, str_n(copy, packed.len), &out, &e) == ERR_OK)
            CHECK(!sure);
        else
            CHECK(strstr(e.text, "damaged"));
        copy[i] ^= 0x10;
        CHECK(press_unpack(p, str_n(copy, i), &out, &e) == ERR_STORE);
    }
    /* a frame that claims 2^40 bytes: refused before anything is allocated */
    CHECK_INT(press_unpack(p, S("z\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\1\0\0"), &out, &e), ERR_STORE);
    press_free(p);
}

TEST(a_transcript_past_the_ceiling_is_refused)
{
    struct press *p = press_new();
    AUTO(freep) char *big = xcalloc(1, PRESS_BYTES_MAX + 1);
    struct str out;
    struct err e = ERR_INIT;

    CHECK_INT(press_pack(p, str_n(big, PRESS_BYTES_MAX + 1), &out, &e), ERR_TOO_LARGE);
    press_free(p);
}
