#include "base/base.h"

#define MAP_EMPTY UINT32_MAX

static uint64_t map_seed(void)
{
    static uint64_t seed;
    uint64_t now = __atomic_load_n(&seed, __ATOMIC_RELAXED), fresh;

    if (now)
        return now;
    randombytes_buf(&fresh, sizeof fresh);
    fresh |= 1;
    /* Of two threads that come first at once, one seeds and both use its seed. */
    if (__atomic_compare_exchange_n(&seed, &now, fresh, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return fresh;
    return now;
}

static size_t map_slot(const struct map *m, struct str key)
{
    size_t i = hash_bytes(key, map_seed()) & (m->slot_count - 1);

    for (;; i = (i + 1) & (m->slot_count - 1)) {
        uint32_t e = m->slots[i];

        if (e == MAP_EMPTY || (m->entries[e].used && str_eq(m->entries[e].key, key)))
            return i;
    }
}

/* Rebuilds the slots over the live entries, closing the holes that removals left. */
static void map_rebuild(struct map *m, size_t slot_count)
{
    size_t live = 0;

    for (size_t i = 0; i < m->len; i++)
        if (m->entries[i].used)
            m->entries[live++] = m->entries[i];
    m->len = m->live = live;
    m->slot_count = slot_count;
    m->slots = xreallocarray(m->slots, slot_count, sizeof *m->slots);
    memset(m->slots, 0xff, slot_count * sizeof *m->slots);
    for (size_t i = 0; i < m->len; i++)
        m->slots[map_slot(m, m->entries[i].key)] = (uint32_t)i;
}

void *map_get(const struct map *m, struct str key)
{
    uint32_t e;

    if (!m->slot_count)
        return NULL;
    e = m->slots[map_slot(m, key)];
    return e == MAP_EMPTY ? NULL : m->entries[e].value;
}

bool map_has(const struct map *m, struct str key)
{
    return m->slot_count && m->slots[map_slot(m, key)] != MAP_EMPTY;
}

void *map_put(struct map *m, struct str key, void *value)
{
    size_t slot;

    if ((m->len + 1) * 2 > m->slot_count)
        map_rebuild(m, m->live * 4 < 16 ? 16 : (size_t)1 << (64 - __builtin_clzll(m->live * 4)));
    slot = map_slot(m, key);
    if (m->slots[slot] != MAP_EMPTY) {
        struct map_entry *e = &m->entries[m->slots[slot]];
        void *old = e->value;

        e->value = value;
        return old;
    }
    if (m->len == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 8;
        m->entries = xreallocarray(m->entries, m->cap, sizeof *m->entries);
    }
    m->entries[m->len] = (struct map_entry){ str_n(xstrndup(key.at, key.len), key.len), value, true };
    m->slots[slot] = (uint32_t)m->len++;
    m->live++;
    return NULL;
}

void *map_remove(struct map *m, struct str key)
{
    struct map_entry *e;
    void *value;

    if (!map_has(m, key))
        return NULL;
    e = &m->entries[m->slots[map_slot(m, key)]];
    value = e->value;
    free((char *)e->key.at);
    e->used = false;
    m->live--;
    map_rebuild(m, m->slot_count);
    return value;
}

size_t map_len(const struct map *m)
{
    return m->live;
}

bool map_next(const struct map *m, size_t *i, struct str *key, void **value)
{
    while (*i < m->len && !m->entries[*i].used)
        (*i)++;
    if (*i >= m->len)
        return false;
    *key = m->entries[*i].key;
    if (value)
        *value = m->entries[*i].value;
    (*i)++;
    return true;
}

void map_dispose(struct map *m)
{
    for (size_t i = 0; i < m->len; i++)
        if (m->entries[i].used)
            free((char *)m->entries[i].key.at);
    free(m->entries);
    free(m->slots);
    *m = MAP_INIT;
}
