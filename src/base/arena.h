/* src/base/arena.h (through base.h): memory that dies together.
 *
 * One request, one trial or one file read owns an arena; what lives in it is never freed alone. Blocks grow from
 * the size asked at birth, doubling up to 64 KiB, so ten thousand small arenas stay small; up to 2 MiB each of blocks
 * of 1, 2, 4 and 8 KiB are kept for the next arena of any thread. arena_defer ties
 * foreign memory (a json_t) to the arena's fate; deferred calls run newest first.
 * Memory is zeroed. Threads: one owner at a time. Cost: a bump; O(blocks + deferred) at the end. */
#pragma once

struct arena;

struct arena *arena_new_sized(size_t first_block) MUST_USE;     /* 0: 1 KiB */
void          arena_free(struct arena *a);                      /* NULL is fine */
void          arena_freep(struct arena **a);
#define AUTO_ARENA AUTO(arena_freep) struct arena
void          arena_reset(struct arena *a);                     /* empties it, keeps the first block */

void         *arena_alloc(struct arena *a, size_t size) MUST_USE __attribute__((returns_nonnull));
void         *arena_alloc_array(struct arena *a, size_t n, size_t size) MUST_USE __attribute__((returns_nonnull));
#define arena_new(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n)     ((type *)arena_alloc_array((a), (n), sizeof(type)))

struct str    arena_strdup(struct arena *a, struct str s);      /* the copy is NUL-terminated too */
char         *arena_cstr(struct arena *a, struct str s);
struct str    arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void          arena_defer(struct arena *a, void (*fn)(void *), void *arg);
size_t        arena_bytes(const struct arena *a);               /* held from the system, deferred memory not counted */
