/* tests/fuzz/fuzz_token.c: tokens over any bytes. Their bytes are the text again, counting agrees with encoding, and an
 * image's size is read from any head. */
#include "token/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "cl100k_base", "o200k_base" };
    struct str text = str_n((const char *)data, size);
    struct part image = { .kind = PART_IMAGE, .base64 = text };
    struct message m = { .role = MESSAGE_USER, .parts = &image, .part_count = 1 };
    struct token_counter c = token_counter_for(S("gpt-4o"));

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct token_encoding *t = token_encoding_named(str_c(names[i]));
        struct token_ids ids = { 0 };
        size_t at = 0;

        token_encode(t, text, &ids);
        ASSERT((int64_t)ids.len == token_count(t, text));
        for (size_t k = 0; k < ids.len; k++) {
            struct str bytes = token_bytes(t, ids.at[k]);

            ASSERT(bytes.len && bytes.len <= size - at && memcmp(data + at, bytes.at, bytes.len) == 0);
            at += bytes.len;
        }
        ASSERT(at == size);
        ASSERT(token_count_to(t, text, 3) <= (int64_t)ids.len);
        vec_dispose(&ids);
    }
    ASSERT(token_count_request(&c, &m, 1, NULL).images > 0);
    return 0;
}
