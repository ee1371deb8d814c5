#include "sim/book.h"

#include <pthread.h>
#include <stdio.h>

#define BOOK_CASES_MAX      10000000u
#define BOOK_STRINGS        4           /* of a case: the longest, deepest level BOOK_DEPTH */
#define BOOK_KEYS           3           /* of them, in the index */
#define BOOK_DEPTH          6
#define BOOK_LABELS         64          /* different values remembered for one field */
#define BOOK_LABEL_BYTES    200
#define BOOK_FIELDS         1000
#define BOOK_WINDOWS        8           /* places of a key that may stand for it */
#define BOOK_TWINS          64          /* cases with the same key that are looked at */
#define BOOK_MUCH_LONGER    4
#define BOOK_LINE_BYTES     (64u << 20)
#define BOOK_BASE           UINT64_C(0x9e3779b97f4a7c15)

struct book_case { struct str id, expected; struct str strings[BOOK_STRINGS]; uint32_t string_count; };
struct book_key { uint64_t window; struct str text; uint32_t which, offset, next; };
struct book_labels { struct str at[BOOK_LABELS]; size_t len; };

/* One size of window: 32 bytes for long keys, 8 for middling ones, their own length for the very short. */
struct book_class { uint32_t width; uint32_t *slots; uint64_t *filter; uint32_t mask; size_t keys; };
static const uint32_t book_widths[] = { 32, 8, 7, 6, 5, 4, 3, 2, 1 };

struct sim_book {
    pthread_rwlock_t lock;                              /* guards all that follows */
    struct arena *arena;
    VEC(struct book_case) cases;
    struct map labels;                                  /* path -> struct book_labels */
    bool stale;
    VEC(struct book_key) keys;
    struct book_class classes[COUNT_OF(book_widths)];
};

struct sim_book *sim_book_new(void)
{
    struct sim_book *b = xcalloc(1, sizeof *b);

    pthread_rwlock_init(&b->lock, NULL);
    b->arena = arena_new_sized(64 * 1024);
    return b;
}

static void book_index_drop(struct sim_book *b)
{
    vec_dispose(&b->keys);
    for (size_t i = 0; i < COUNT_OF(b->classes); i++) {
        free(b->classes[i].slots);
        free(b->classes[i].filter);
        b->classes[i] = (struct book_class){ 0 };
    }
}

void sim_book_free(struct sim_book *b)
{
    if (!b)
        return;
    book_index_drop(b);
    vec_dispose(&b->cases);
    map_dispose(&b->labels);
    arena_free(b->arena);
    pthread_rwlock_destroy(&b->lock);
    free(b);
}

/* --- what is right, and what is right elsewhere ----------------------------------------------------------------- */

static struct str book_json(const json_t *j, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(BOOK_LINE_BYTES);

    json_write(j, &text);
    return arena_strdup(a, buf_str(&text));
}

static void book_label_add(struct sim_book *b, struct str path, const json_t *value)
{
    AUTO_BUF struct buf text = BUF_INIT(BOOK_LABEL_BYTES);
    struct book_labels *l = map_get(&b->labels, path);

    json_write(value, &text);
    if (buf_failed(&text) || (l && l->len == BOOK_LABELS) || (!l && map_len(&b->labels) >= BOOK_FIELDS))
        return;
    if (!l)
        map_put(&b->labels, path, l = arena_new(b->arena, struct book_labels));
    for (size_t i = 0; i < l->len; i++)
        if (str_eq(l->at[i], buf_str(&text)))
            return;
    l->at[l->len++] = arena_strdup(b->arena, buf_str(&text));
}

static void book_labels_walk(struct sim_book *b, struct str path, const json_t *value, int depth)
{
    const char *key;
    json_t *child;
    char name[256];
    size_t i;

    if (depth > BOOK_DEPTH)
        return;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, child) {
            int n = snprintf(name, sizeof name, STR_FMT "%s%s", STR_ARG(path), path.len ? "." : "", key);

            if (n < (int)sizeof name)
                book_labels_walk(b, str_n(name, (size_t)n), child, depth + 1);
        }
    } else if (json_is_array(value)) {
        int n = snprintf(name, sizeof name, STR_FMT "[]", STR_ARG(path));

        json_array_foreach(value, i, child)
            if (n < (int)sizeof name && i < BOOK_LABELS)
                book_label_add(b, str_n(name, (size_t)n), child);
    } else {
        book_label_add(b, path, value);
    }
}

/* The arguments of calls are labels of their own, so that a wrong one is right for another case. */
static void book_calls_walk(struct sim_book *b, const json_t *calls)
{
    const json_t *call;
    char name[256];
    size_t i;

    json_array_foreach((json_t *)calls, i, call) {
        int n = snprintf(name, sizeof name, "tool:" STR_FMT, STR_ARG(json_get_str(call, "name")));

        if (n < (int)sizeof name && i < BOOK_LABELS)
            book_labels_walk(b, str_n(name, (size_t)n), json_child(call, "arguments"), 0);
    }
}

/* --- adding ------------------------------------------------------------------------------------------------------ */

/* Keeps the longest few, longest first, each once. */
static void book_string_offer(struct book_case *c, struct str s)
{
    size_t at = c->string_count;

    s = str_trim(s);
    if (!s.len)
        return;
    for (size_t i = 0; i < c->string_count; i++)
        if (str_eq(c->strings[i], s))
            return;
    while (at > 0 && c->strings[at - 1].len < s.len)
        at--;
    if (at == BOOK_STRINGS)
        return;
    if (c->string_count < BOOK_STRINGS)
        c->string_count++;
    memmove(&c->strings[at + 1], &c->strings[at], (c->string_count - at - 1) * sizeof *c->strings);
    c->strings[at] = s;
}

static void book_strings_walk(struct book_case *c, const json_t *value, int depth)
{
    const char *key;
    json_t *child;
    size_t i;

    if (json_is_string(value))
        book_string_offer(c, json_to_str(value));
    else if (json_is_object(value) && depth < BOOK_DEPTH)
        json_object_foreach((json_t *)value, key, child)
            book_strings_walk(c, child, depth + 1);
    else if (json_is_array(value) && depth < BOOK_DEPTH)
        json_array_foreach(value, i, child)
            book_strings_walk(c, child, depth + 1);
}

enum err_code sim_book_put(struct sim_book *b, struct str id, const json_t *vars, const json_t *expected, struct err *e)
{
    struct book_case c = { 0 };

    if (!expected || json_is_null(expected))
        return ERR_OK;
    book_strings_walk(&c, vars, 0);
    if (!c.string_count)
        return ERR_OK;
    pthread_rwlock_wrlock(&b->lock);
    if (b->cases.len >= BOOK_CASES_MAX) {
        pthread_rwlock_unlock(&b->lock);
        return err_set(e, ERR_TOO_LARGE, "the answer book holds at most %u cases", BOOK_CASES_MAX);
    }
    for (size_t i = 0; i < c.string_count; i++)
        c.strings[i] = arena_strdup(b->arena, c.strings[i]);
    c.id = id.len ? arena_strdup(b->arena, id) : arena_printf(b->arena, "%zu", b->cases.len + 1);
    c.expected = book_json(expected, b->arena);
    book_labels_walk(b, str_n("", 0), expected, 0);
    book_calls_walk(b, json_child(expected, "tool_calls"));
    vec_push(&b->cases, c);
    b->stale = true;
    pthread_rwlock_unlock(&b->lock);
    return ERR_OK;
}

static enum err_code book_put_line(struct sim_book *b, struct str line, struct err *e)
{
    AUTO_JSON *j = NULL;
    AUTO_JSON *vars = NULL;
    json_t *expected;

    TRY(json_read(line, &j, e));
    if (!json_is_object(j))
        return err_set(e, ERR_BAD_INPUT, "a line of an answer book is an object with \"expected\" and variables");
    expected = json_child(j, "expected");
    if (!expected)
        expected = json_child(j, "expected_output");
    if (!expected)
        return err_set(e, ERR_BAD_INPUT, "this case has no \"expected\" answer");
    if (json_is_object(json_child(j, "vars"))) {
        vars = json_incref(json_child(j, "vars"));
    } else {
        vars = json_copy(j);
        json_object_del(vars, "expected");
        json_object_del(vars, "expected_output");
        json_object_del(vars, "id");
    }
    return sim_book_put(b, json_get_str(j, "id"), vars, expected, e);
}

enum err_code sim_book_read(struct sim_book *b, const char *path, struct err *e)
{
    AUTO(file_lines_close) struct file_lines lines = { 0 };
    struct str line;
    bool more = true;

    TRY(file_lines_open(&lines, path, BOOK_LINE_BYTES, e));
    for (;;) {
        TRY(file_lines_next(&lines, &line, &more, e));
        if (!more)
            return ERR_OK;
        if (str_trim(line).len && book_put_line(b, line, e) != ERR_OK)
            return err_prefix(e, "%s:%lld", path, (long long)lines.number);
    }
}

size_t sim_book_count(struct sim_book *b)
{
    size_t n;

    pthread_rwlock_rdlock(&b->lock);
    n = b->cases.len;
    pthread_rwlock_unlock(&b->lock);
    return n;
}

/* --- the index --------------------------------------------------------------------------------------------------- */

static size_t book_class_of(size_t len)
{
    size_t i = 0;

    while (book_widths[i] > len)
        i++;
    return i;
}

static uint64_t book_window(const char *at, uint32_t width)
{
    uint64_t h = 0;

    for (uint32_t i = 0; i < width; i++)
        h = h * BOOK_BASE + (unsigned char)at[i];
    return h;
}

static uint32_t book_spread(uint64_t h)
{
    h ^= h >> 32;
    return (uint32_t)(h * UINT64_C(0xd6e8feb86659fd93) >> 32);
}

static int book_hash_cmp(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static bool book_is_unique(const uint64_t *sorted, size_t n, uint64_t h)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (sorted[mid] < h)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo + 1 >= n || sorted[lo + 1] != h;
}

/* Chooses the keys: a string that several cases share says nothing about which of them is meant. */
static void book_keys_choose(struct sim_book *b)
{
    VEC(uint64_t) all = { 0 };

    for (size_t i = 0; i < b->cases.len; i++)
        for (size_t k = 0; k < b->cases.at[i].string_count; k++)
            vec_push(&all, hash_bytes(b->cases.at[i].strings[k], 1));
    qsort(all.at, all.len, sizeof *all.at, book_hash_cmp);
    for (size_t i = 0; i < b->cases.len; i++) {
        const struct book_case *c = &b->cases.at[i];
        size_t chosen = 0;
        bool said = false;                      /* a name of the case is seldom in its prompt */

        for (size_t k = 0; k < c->string_count && chosen < BOOK_KEYS; k++)
            if (book_is_unique(all.at, all.len, hash_bytes(c->strings[k], 1))) {
                vec_push(&b->keys, (struct book_key){ .text = c->strings[k], .which = (uint32_t)i });
                chosen++;
                said |= !str_eq(c->strings[k], c->id);
            }
        if (!said && !(chosen && str_eq(c->strings[0], c->id)))
            vec_push(&b->keys, (struct book_key){ .text = c->strings[0], .which = (uint32_t)i });
    }
    vec_dispose(&all);
}

static uint32_t book_offset(const struct book_key *k, uint32_t width, uint32_t i)
{
    return (uint32_t)((k->text.len - width) * i / (BOOK_WINDOWS - 1));
}

/* Counts roughly how many keys share each candidate window, then takes each key's rarest. */
static void book_windows_choose(struct sim_book *b)
{
    size_t size = 1024;
    unsigned char *shared;

    while (size < b->keys.len * BOOK_WINDOWS * 2)
        size *= 2;
    shared = xcalloc(size, 1);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < b->keys.len; i++) {
            struct book_key *k = &b->keys.at[i];
            uint32_t width = book_widths[book_class_of(k->text.len)], last = UINT32_MAX;
            unsigned fewest = UINT32_MAX;

            for (uint32_t w = 0; w < BOOK_WINDOWS; w++) {
                uint32_t offset = book_offset(k, width, w);
                uint64_t h = book_window(k->text.at + offset, width);
                unsigned char *n = &shared[(book_spread(h) ^ (uint64_t)book_spread(h >> 7) << 11) & (size - 1)];

                if (offset == last)
                    continue;
                last = offset;
                if (pass == 0 && *n < 255)
                    ++*n;
                if (pass == 1 && *n < fewest) {
                    fewest = *n;
                    k->offset = offset;
                    k->window = h;
                }
            }
        }
    free(shared);
}

static void book_index(struct sim_book *b)
{
    book_index_drop(b);
    book_keys_choose(b);
    book_windows_choose(b);
    for (size_t i = 0; i < b->keys.len; i++)
        b->classes[book_class_of(b->keys.at[i].text.len)].keys++;
    for (size_t c = 0; c < COUNT_OF(book_widths); c++) {
        struct book_class *class = &b->classes[c];
        size_t size = 64;

        class->width = book_widths[c];
        if (!class->keys)
            continue;
        while (size < class->keys * 2)
            size *= 2;
        class->mask = (uint32_t)(size - 1);
        class->slots = xmalloc(size * sizeof *class->slots);
        memset(class->slots, 0xff, size * sizeof *class->slots);
        class->filter = xcalloc(size * 8 / 64, sizeof *class->filter);      /* 8 bits a slot: most misses end here */
    }
    for (size_t i = 0; i < b->keys.len; i++) {
        struct book_key *k = &b->keys.at[i];
        struct book_class *class = &b->classes[book_class_of(k->text.len)];
        uint32_t spread = book_spread(k->window), bit = spread & (class->mask << 3 | 7),
                 slot = spread >> 3 & class->mask;

        class->filter[bit / 64] |= UINT64_C(1) << bit % 64;
        while (class->slots[slot] != UINT32_MAX && b->keys.at[class->slots[slot]].window != k->window)
            slot = (slot + 1) & class->mask;
        k->next = class->slots[slot];
        class->slots[slot] = (uint32_t)i;
    }
    b->stale = false;
}

/* --- finding ----------------------------------------------------------------------------------------------------- */

struct book_hit { uint32_t key; size_t len; };

static void book_try(const struct sim_book *b, uint32_t key, struct str prompt, size_t at, struct book_hit *best)
{
    for (int seen = 0; key != UINT32_MAX && seen < 100000; key = b->keys.at[key].next, seen++) {
        const struct book_key *k = &b->keys.at[key];

        if (k->text.len > best->len && at >= k->offset && k->text.len <= prompt.len - (at - k->offset) &&
            memcmp(prompt.at + at - k->offset, k->text.at, k->text.len) == 0)
            *best = (struct book_hit){ key, k->text.len };
    }
}

static void book_scan(const struct sim_book *b, const struct book_class *class, struct str prompt,
                      struct book_hit *best)
{
    uint32_t width = class->width, wide = class->mask << 3 | 7;
    uint64_t h, out = 1;

    if (!class->keys || prompt.len < width)
        return;
    for (uint32_t i = 0; i < width; i++)
        out *= BOOK_BASE;
    h = book_window(prompt.at, width);
    for (size_t at = 0;; at++) {
        uint32_t spread = book_spread(h), bit = spread & wide;

        if (class->filter[bit / 64] >> bit % 64 & 1)
            for (uint32_t slot = spread >> 3 & class->mask; class->slots[slot] != UINT32_MAX;
                 slot = (slot + 1) & class->mask)
                if (b->keys.at[class->slots[slot]].window == h) {
                    book_try(b, class->slots[slot], prompt, at, best);
                    break;
                }
        if (at + width >= prompt.len)
            return;
        h = h * BOOK_BASE + (unsigned char)prompt.at[at + width] - out * (unsigned char)prompt.at[at];
    }
}

/* Of the cases with this very key, the one whose other strings are in the prompt too. */
static uint32_t book_among_twins(const struct sim_book *b, uint32_t key, struct str prompt)
{
    const struct book_key *first = &b->keys.at[key];
    uint32_t best = first->which, looked = 0;
    size_t most = 0;

    for (; key != UINT32_MAX && looked < BOOK_TWINS; key = b->keys.at[key].next) {
        const struct book_case *c = &b->cases.at[b->keys.at[key].which];
        size_t found = 1;

        if (!str_eq(b->keys.at[key].text, first->text))
            continue;
        if (looked++ == 0 && b->keys.at[key].next == UINT32_MAX)
            return best;
        for (size_t i = 0; i < c->string_count; i++)
            if (!str_eq(c->strings[i], first->text) && str_contains(prompt, c->strings[i]))
                found += c->strings[i].len;
        if (found >= most) {                    /* the chain runs newest first: of equals the oldest */
            most = found;
            best = b->keys.at[key].which;
        }
    }
    return best;
}

/* Leaves with the lock held for reading and the index fresh. */
static void book_rdlock(struct sim_book *b)
{
    pthread_rwlock_rdlock(&b->lock);
    while (b->stale) {
        pthread_rwlock_unlock(&b->lock);
        pthread_rwlock_wrlock(&b->lock);
        if (b->stale)
            book_index(b);
        pthread_rwlock_unlock(&b->lock);
        pthread_rwlock_rdlock(&b->lock);
    }
}

static uint32_t book_find(struct sim_book *b, struct str prompt, size_t *len)
{
    struct book_hit best = { UINT32_MAX, 0 };
    uint32_t which = SIM_NO_CASE;

    book_rdlock(b);
    for (size_t i = 0; i < COUNT_OF(b->classes); i++)
        book_scan(b, &b->classes[i], prompt, &best);
    if (best.len)
        which = book_among_twins(b, best.key, prompt);
    pthread_rwlock_unlock(&b->lock);
    *len = best.len;
    return which;
}

uint32_t sim_book_find(struct sim_book *b, struct str prompt)
{
    size_t len;

    return book_find(b, prompt, &len);
}

uint32_t sim_book_find_last(struct sim_book *b, struct str all, struct str last)
{
    size_t of_all, of_last;
    uint32_t which = book_find(b, all, &of_all), newest;

    if (last.len == all.len || which == SIM_NO_CASE)
        return which;
    newest = book_find(b, last, &of_last);
    return newest != SIM_NO_CASE && of_last * BOOK_MUCH_LONGER >= of_all ? newest : which;
}

struct str sim_book_case_id(struct sim_book *b, uint32_t which)
{
    struct str id = str_n("", 0);

    pthread_rwlock_rdlock(&b->lock);
    if (which < b->cases.len)
        id = b->cases.at[which].id;
    pthread_rwlock_unlock(&b->lock);
    return id;
}

struct str sim_book_expected(struct sim_book *b, uint32_t which)
{
    struct str expected;

    pthread_rwlock_rdlock(&b->lock);
    ASSERT(which < b->cases.len);
    expected = b->cases.at[which].expected;
    pthread_rwlock_unlock(&b->lock);
    return expected;
}

struct str sim_book_other(struct sim_book *b, struct str path, struct str not_this, uint64_t pick)
{
    struct str other = str_n("", 0);
    const struct book_labels *l;

    pthread_rwlock_rdlock(&b->lock);
    l = map_get(&b->labels, path);
    for (size_t i = 0; l && i < l->len; i++) {
        struct str s = l->at[(pick + i) % l->len];

        if (!str_eq(s, not_this)) {
            other = s;
            break;
        }
    }
    pthread_rwlock_unlock(&b->lock);
    return other;
}
