/* src/base/hash.h (through base.h): a fast hash for tables, and SHA-256 (libsodium) for names of contents. */
#pragma once

#include <sodium.h>

uint64_t hash_bytes(struct str s, uint64_t seed);
uint32_t hash_crc32(struct str s);                  /* that of zip, PNG and AWS (IEEE 802.3, reflected) */

#define HASH_HEX 65                                 /* 64 characters and NUL */
struct hash_sha256 { crypto_hash_sha256_state state; };
void hash_sha256_init(struct hash_sha256 *h);
void hash_sha256_add(struct hash_sha256 *h, struct str s);
void hash_sha256_end(struct hash_sha256 *h, char hex[HASH_HEX]);
void hash_sha256_hex(struct str s, char hex[HASH_HEX]);
