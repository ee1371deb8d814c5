/* src/base/map.h (through base.h): text to pointer. Keys are copied; values are the caller's.
 * Iteration goes in order of insertion (deleted keys leave no hole that shows).
 * Threads: one owner at a time. Cost: O(1) expected, removal O(n). The hash is seeded per process, so nobody can choose
 * keys that collide. */
#pragma once

struct map_entry { struct str key; void *value; bool used; };
struct map { struct map_entry *entries; uint32_t *slots; size_t len, live, cap, slot_count; };
#define MAP_INIT ((struct map){ 0 })
#define AUTO_MAP AUTO(map_dispose)

void  *map_get(const struct map *m, struct str key);                /* NULL when absent */
bool   map_has(const struct map *m, struct str key);
void  *map_put(struct map *m, struct str key, void *value);         /* the value it replaced, or NULL */
void  *map_remove(struct map *m, struct str key);                   /* the value, or NULL */
size_t map_len(const struct map *m);
/* for (size_t i = 0; map_next(&m, &i, &key, &value);). Neither put nor remove while it goes on. */
bool   map_next(const struct map *m, size_t *i, struct str *key, void **value);
void   map_dispose(struct map *m);                                  /* frees keys, not values */
