#include "base/test.h"

TEST(hash_sha256_gives_the_known_sums)
{
    char hex[HASH_HEX];
    struct hash_sha256 h;

    hash_sha256_hex(S(""), hex);
    CHECK_STR(str_c(hex), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash_sha256_hex(S("abc"), hex);
    CHECK_STR(str_c(hex), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_sha256_init(&h);
    hash_sha256_add(&h, S("a"));
    hash_sha256_add(&h, STR_NONE);
    hash_sha256_add(&h, S("bc"));
    hash_sha256_end(&h, hex);
    CHECK_STR(str_c(hex), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(hash_bytes_depends_on_every_byte_the_length_and_the_seed)
{
    char text[40] = { 0 };
    uint64_t whole = hash_bytes(str_n(text, sizeof text), 1);

    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = 1;
        CHECK(hash_bytes(str_n(text, sizeof text), 1) != whole);
        text[i] = 0;
        CHECK(hash_bytes(str_n(text, i), 1) != whole);
    }
    CHECK(hash_bytes(str_n(text, sizeof text), 2) != whole);
    CHECK(hash_bytes(str_n(text, sizeof text), 1) == whole);
    CHECK(hash_bytes(STR_NONE, 1) == hash_bytes(S(""), 1));
}

TEST(hash_crc32_is_the_usual_one)
{
    CHECK_INT(hash_crc32(S("123456789")), 0xcbf43926);
    CHECK_INT(hash_crc32(S("")), 0);
}
