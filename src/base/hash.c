#include "base/base.h"

uint64_t hash_bytes(struct str s, uint64_t seed)
{
    uint64_t h = rng_mix(seed ^ s.len), w;
    size_t i = 0;

    for (; i + 8 <= s.len; i += 8) {
        memcpy(&w, s.at + i, 8);
        h = (h ^ rng_mix(w)) * 0x9fb21c651e98df25u;
        h ^= h >> 29;
    }
    if (i < s.len) {
        w = 0;
        memcpy(&w, s.at + i, s.len - i);
        h = (h ^ rng_mix(w ^ 0x5bd1e995)) * 0x9fb21c651e98df25u;
    }
    return h ^ h >> 32;
}

void hash_sha256_init(struct hash_sha256 *h)
{
    crypto_hash_sha256_init(&h->state);
}

void hash_sha256_add(struct hash_sha256 *h, struct str s)
{
    crypto_hash_sha256_update(&h->state, (const unsigned char *)s.at, s.len);
}

void hash_sha256_end(struct hash_sha256 *h, char hex[HASH_HEX])
{
    unsigned char sum[crypto_hash_sha256_BYTES];

    crypto_hash_sha256_final(&h->state, sum);
    sodium_bin2hex(hex, HASH_HEX, sum, sizeof sum);
}

void hash_sha256_hex(struct str s, char hex[HASH_HEX])
{
    struct hash_sha256 h;

    hash_sha256_init(&h);
    hash_sha256_add(&h, s);
    hash_sha256_end(&h, hex);
}

uint32_t hash_crc32(struct str s)
{
    static const uint32_t nibble[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < s.len; i++) {
        crc ^= (unsigned char)s.at[i];
        crc = nibble[crc & 15] ^ (crc >> 4);
        crc = nibble[crc & 15] ^ (crc >> 4);
    }
    return ~crc;
}
