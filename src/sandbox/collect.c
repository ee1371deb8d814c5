#include "sandbox/collect.h"
#include "sandbox/beneath.h"

struct collecting {
    int folder;
    const char *const *given;
    size_t given_count;
    int64_t count_max, bytes_left;
    struct arena *arena;
    struct collected *out;
};

static void collect_leave(struct collecting *c, struct str path, const char *why)
{
    if (c->out->left.len < COLLECT_LEFT_MAX)
        c->out->left.at[c->out->left.len++] = (struct sandbox_left){ arena_strdup(c->arena, path), why };
}

static void collect_file(struct collecting *c, const struct beneath_entry *entry)
{
    AUTO_BUF struct buf bytes = BUF_INIT((size_t)c->bytes_left);
    struct err e = ERR_INIT;

    if ((int64_t)c->out->taken.len >= c->count_max) {
        collect_leave(c, entry->path, "there are more files than are taken");
    } else if (entry->bytes > c->bytes_left) {
        collect_leave(c, entry->path, "it is larger than what may still be taken");
    } else if (beneath_read(c->folder, entry->path, (size_t)c->bytes_left, &bytes, &e) != ERR_OK) {
        collect_leave(c, entry->path,
                      e.code == ERR_TOO_LARGE ? "it is larger than what may still be taken" : "it can't be read");
    } else {
        c->bytes_left -= (int64_t)bytes.len;
        c->out->taken.at[c->out->taken.len++] = (struct sandbox_taken){ arena_strdup(c->arena, entry->path),
                                                                        arena_strdup(c->arena, buf_str(&bytes)) };
    }
}

static enum err_code collect_see(void *arg, const struct beneath_entry *entry, struct err *e)
{
    struct collecting *c = arg;

    (void)e;
    for (size_t i = 0; i < c->given_count; i++)
        if (str_is(entry->path, c->given[i]))
            return ERR_OK;
    if (entry->kind == BENEATH_FILE)
        collect_file(c, entry);
    else if (entry->kind != BENEATH_FOLDER)
        collect_leave(c, entry->path,
                      entry->kind == BENEATH_LINK ? "it is a link" : "it is a pipe, a socket or a device");
    return ERR_OK;
}

void collect(int folder, const char *const *given, size_t given_count, const struct sandbox_limits *l, struct arena *a,
             struct collected *out)
{
    struct collecting c = { .folder = folder, .given = given, .given_count = given_count, .count_max = l->collect_count,
                            .bytes_left = l->collect_bytes, .arena = a, .out = out };
    struct err e = ERR_INIT;

    out->taken.at = arena_array(a, struct sandbox_taken, (size_t)l->collect_count + 1);
    out->left.at = arena_array(a, struct sandbox_left, COLLECT_LEFT_MAX + 1);
    if (beneath_walk(folder, (struct beneath_bounds){ COLLECT_ENTRIES, COLLECT_DEPTH }, collect_see, &c, &e) != ERR_OK)
        out->left.at[out->left.len++] = (struct sandbox_left){ S("..."), e.code == ERR_TOO_LARGE
                                                                             ? "there are more files, or deeper folders, than are looked at"
                                                                             : "the folder can't be looked at" };
}
