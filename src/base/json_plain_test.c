#include "base/test.h"

#include <stdio.h>

/* Whatever the plain reader takes, jansson takes too and reads the same. */
static bool plain_agrees(struct str text)
{
    AUTO_JSON *plain = NULL, *slow = json_loadb(text.at, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

    if (!json_read_plain(text, &plain))
        return true;
    if (slow && json_equal(plain, slow))
        return true;
    test_fail(__FILE__, __LINE__, "read otherwise than jansson: " STR_FMT, STR_ARG(text));
    return false;
}

static const char *const plain_samples[] = {
    "{}", "[]", " [ ] ", "null", "true", "false", "0", "-0", "-12", "9223372036854775807", "-9223372036854775808", "1.5",
    "-0.25e-3", "1E+5", "1e5", "\"\"", "\"a\\n\\\"\\\\\\/\\b\\f\\r\\t\"", "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"",
    "{\"a\":1,\"b\":[true,null,{\"c\":\"d\"}],\"a\":2}", " {\"a\" : [ 1 , 2 ] , \"b\\n\" : \"x\" } \n",
    "{\"choices\":[{\"message\":{\"content\":\"{\\\"queue\\\":\\\"billing\\\"}\"}}],\"usage\":{\"n\":14}}",
};

TEST(plain_json_is_taken)
{
    for (size_t i = 0; i < COUNT_OF(plain_samples); i++) {
        AUTO_JSON *plain = NULL;

        if (!json_read_plain(str_c(plain_samples[i]), &plain))
            test_fail(__FILE__, __LINE__, "declined: sample %zu", i);
        CHECK(plain_agrees(str_c(plain_samples[i])));
    }
}

TEST(what_is_not_plain_is_declined)
{
    static const char *const bad[] = {
        "", " ", "{", "[1,]", "[,1]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "01", "-", "1.", ".5", "1e", "+1", "tru", "nul", "\"",
        "\"\\x\"", "\"\\", "\"\n\"", "\"\xff\"", "\"\xc3\"", "9223372036854775808", "1e999", "[1] 2", "[1 2]", "{\"a\" 1}",
        "\"\\u0041\"", "'a'", "NaN", "Infinity", "[1}", "{\"a\":1]",
    };
    AUTO_BUF struct buf deep = BUF_INIT(10000);

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        AUTO_JSON *plain = NULL;

        if (json_read_plain(str_c(bad[i]), &plain))
            test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
    }
    for (int i = 0; i < 4000; i++)
        buf_byte(&deep, '[');
    CHECK(plain_agrees(buf_str(&deep)));
}

TEST(damaged_json_is_read_as_jansson_reads_it)
{
    static const char noise[] = "{}[]\",:\\ntfe+-.0123456789 u\n\x01\xc3\x80";
    struct rng rng;

    rng_seed(&rng, 11);
    for (int i = 0; i < 60000 && !test_failing(); i++) {
        const char *sample = plain_samples[rng_below(&rng, COUNT_OF(plain_samples))];
        char text[256];
        size_t n = strlen(sample);

        memcpy(text, sample, n + 1);
        for (uint64_t k = rng_below(&rng, 4); n && k > 0; k--) {
            size_t at = rng_below(&rng, n);

            if (rng_below(&rng, 3) == 0)
                memmove(text + at, text + at + 1, n - at), n--;
            else
                text[at] = noise[rng_below(&rng, sizeof noise - 1)];
        }
        plain_agrees(str_n(text, n));
    }
}
