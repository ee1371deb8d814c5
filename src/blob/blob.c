#include "blob/driver.h"

struct blob { const struct blob_driver *driver; void *place; };
struct blob_writer { struct blob *blob; void *writing; struct hash_sha256 hash; int64_t offset; };
struct blob_reader { struct blob *blob; void *looking; int64_t size; char hash[HASH_HEX]; };

enum err_code blob_open(const char *home, struct blob **out, struct err *e)
{
    const struct blob_driver *driver;
    struct blob *b;
    void *place;

    TRY(blob_driver_for(home, &driver, e));
    TRY(driver->open(home, &place, e));
    b = xcalloc(1, sizeof *b);
    *b = (struct blob){ .driver = driver, .place = place };
    *out = b;
    return ERR_OK;
}

void blob_close(struct blob *b)
{
    if (!b)
        return;
    b->driver->close(b->place);
    free(b);
}

/* A name from outside becomes part of a path: nothing but 64 small hexadecimal digits passes. */
static bool blob_is_hash(struct str hash)
{
    for (size_t i = 0; i < hash.len; i++)
        if (!((hash.at[i] >= '0' && hash.at[i] <= '9') || (hash.at[i] >= 'a' && hash.at[i] <= 'f')))
            return false;
    return hash.len == HASH_HEX - 1;
}

enum err_code blob_writer_new(struct blob *b, struct blob_writer **out, struct err *e)
{
    struct blob_writer *w;
    void *writing;

    TRY(b->driver->begin(b->place, &writing, e));
    w = xcalloc(1, sizeof *w);
    *w = (struct blob_writer){ .blob = b, .writing = writing };
    hash_sha256_init(&w->hash);
    *out = w;
    return ERR_OK;
}

enum err_code blob_writer_append(struct blob_writer *w, struct str bytes, struct err *e)
{
    if (!bytes.len)
        return ERR_OK;
    TRY(w->blob->driver->append(w->writing, bytes, e));
    hash_sha256_add(&w->hash, bytes);
    w->offset += (int64_t)bytes.len;
    return ERR_OK;
}

int64_t blob_writer_offset(const struct blob_writer *w)
{
    return w->offset;
}

enum err_code blob_writer_end(struct blob_writer *w, char hash[HASH_HEX], struct err *e)
{
    char hex[HASH_HEX];
    enum err_code code;

    hash_sha256_end(&w->hash, hex);
    code = w->blob->driver->end(w->writing, str_c(hex), e);
    if (code == ERR_OK)
        memcpy(hash, hex, sizeof hex);
    free(w);
    return code;
}

void blob_writer_drop(struct blob_writer *w)
{
    if (!w)
        return;
    w->blob->driver->drop(w->writing);
    free(w);
}

bool blob_has(struct blob *b, struct str hash)
{
    return blob_is_hash(hash) && b->driver->has(b->place, hash);
}

enum err_code blob_reader_new(struct blob *b, struct str hash, struct blob_reader **out, struct err *e)
{
    struct blob_reader *r;
    void *looking;
    int64_t size;

    if (!blob_is_hash(hash))
        return err_set(e, ERR_BAD_INPUT, "\"" STR_FMT "\" names no object: 64 hexadecimal digits do",
                       STR_ARG(str_utf8_head(hash, 80)));
    TRY(b->driver->look(b->place, hash, &looking, &size, e));
    r = xcalloc(1, sizeof *r);
    *r = (struct blob_reader){ .blob = b, .looking = looking, .size = size };
    memcpy(r->hash, hash.at, hash.len);
    *out = r;
    return ERR_OK;
}

int64_t blob_reader_size(const struct blob_reader *r)
{
    return r->size;
}

enum err_code blob_reader_at(struct blob_reader *r, int64_t offset, void *bytes, size_t len, struct err *e)
{
    if (offset < 0 || offset > r->size || len > (uint64_t)(r->size - offset))
        return err_set(e, ERR_STORE, "object %.12s...: %zu bytes from %lld on were asked for, and it ends at %lld",
                       r->hash, len, (long long)offset, (long long)r->size);
    return len ? r->blob->driver->read(r->looking, offset, bytes, len, e) : ERR_OK;
}

void blob_reader_free(struct blob_reader *r)
{
    if (!r)
        return;
    r->blob->driver->unlook(r->looking);
    free(r);
}
