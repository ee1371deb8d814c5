#include "data/pack.h"

#include <zstd.h>

#define PACK_MAGIC          "assaypk1"
#define PACK_FRAME_CASES    256
#define PACK_FRAME_BYTES    (1024u * 1024)
#define PACK_FRAME_MAX      (2 * DATASET_CASE_MAX)      /* a frame of one huge case, its JSON escapes counted */
#define PACK_LEVEL          1
#define PACK_FRAMES_MAX     (1 << 24)
#define PACK_IDS_MAX        (256u * 1024)
#define PACK_PROGRESS       4096

/* Little-endian, as all machines we build for are; sizes are checked when a pack is opened. */
struct pack_entry { uint64_t offset, first_case; };
struct pack_footer {
    char content[64];
    uint64_t index_offset, frames, cases, bytes, expected, var_bytes_avg, var_bytes_max;
    char magic[8];
};
_Static_assert(sizeof(struct pack_footer) == 128 && sizeof(struct pack_entry) == 16, "the pack's layout has no holes");

/* --- ids met so far: an open table of 64-bit hashes that stops learning when full --- */

struct pack_ids { uint64_t *slots; size_t len; };

/* True when the id was there before. Two ids with one hash would be taken for the same: 1 in 10^8 at the most. */
static bool pack_ids_meet(struct pack_ids *ids, struct str id)
{
    uint64_t h = hash_bytes(id, 0x9e3779b97f4a7c15u) | 1;
    size_t mask = PACK_IDS_MAX * 2 - 1;

    if (!ids->slots)
        ids->slots = xcalloc(mask + 1, sizeof *ids->slots);
    for (size_t i = rng_mix(h) & mask;; i = (i + 1) & mask) {
        if (ids->slots[i] == h)
            return true;
        if (ids->slots[i])
            continue;
        if (ids->len < PACK_IDS_MAX) {
            ids->slots[i] = h;
            ids->len++;
        }
        return false;
    }
}

/* --- building --- */

struct pack_builder {
    struct blob_writer *w;
    ZSTD_CCtx *z;
    struct buf raw, line;
    char *pressed;
    size_t pressed_cap;
    int64_t frame_cases;
    VEC(struct pack_entry) index;
    struct pack_ids ids;
    struct hash_sha256 content;
    int64_t var_bytes;
    struct data_pack_info *info;
};

static enum err_code pack_flush(struct pack_builder *p, struct err *e)
{
    size_t n, bound = ZSTD_compressBound(p->raw.len);

    if (p->frame_cases == 0)
        return ERR_OK;
    if (p->index.len == PACK_FRAMES_MAX)
        return err_set(e, ERR_TOO_LARGE, "the dataset has more than %d blocks of cases", PACK_FRAMES_MAX);
    if (bound > p->pressed_cap)
        p->pressed = xrealloc(p->pressed, p->pressed_cap = bound);
    n = ZSTD_compressCCtx(p->z, p->pressed, p->pressed_cap, p->raw.bytes, p->raw.len, PACK_LEVEL);
    if (ZSTD_isError(n))
        return err_set(e, ERR_INTERNAL, "cases can't be pressed: %s", ZSTD_getErrorName(n));
    vec_push(&p->index,
             (struct pack_entry){ (uint64_t)blob_writer_offset(p->w), (uint64_t)(p->info->cases - p->frame_cases) });
    TRY(blob_writer_append(p->w, str_n(p->pressed, n), e));
    hash_sha256_add(&p->content, buf_str(&p->raw));
    p->info->bytes += (int64_t)p->raw.len;
    p->frame_cases = 0;
    buf_reset(&p->raw);
    return ERR_OK;
}

/* Bytes of text in a value. Recursion goes as deep as the JSON reader let it. */
static int64_t pack_text_bytes(const json_t *v)
{
    int64_t n = 0;
    const char *key;
    json_t *item;
    size_t i;

    if (json_is_string(v))
        return (int64_t)json_string_length(v);
    if (json_is_object(v))
        json_object_foreach((json_t *)v, key, item)
            n += (int64_t)strlen(key) + pack_text_bytes(item);
    else if (json_is_array(v))
        json_array_foreach(v, i, item)
            n += pack_text_bytes(item);
    else
        n = 8;
    return n;
}

static struct str pack_unique_id(struct pack_builder *p, const struct dataset_case *kase, struct arena *a)
{
    struct str id = kase->id;

    if (!pack_ids_meet(&p->ids, id))
        return id;
    if (p->info->duplicate_ids++ == 0) {
        struct str head = str_utf8_head(id, sizeof p->info->first_duplicate - 1);

        memcpy(p->info->first_duplicate, head.at, head.len);
    }
    do
        id = arena_printf(a, STR_FMT "#%lld", STR_ARG(id), (long long)kase->index + 1);
    while (pack_ids_meet(&p->ids, id));
    return id;
}

/* {"e":...,"i":"...","v":{...}}, written by hand around the values so that no copy of the case is made. */
static enum err_code pack_line(struct pack_builder *p, const struct dataset_case *kase, struct arena *a, struct err *e)
{
    buf_reset(&p->line);
    buf_byte(&p->line, '{');
    if (kase->expected) {
        buf_puts(&p->line, "\"e\":");
        json_write_canonical(kase->expected, &p->line);
        buf_byte(&p->line, ',');
    }
    buf_puts(&p->line, "\"i\":");
    json_write_str(pack_unique_id(p, kase, a), &p->line);
    buf_puts(&p->line, ",\"v\":");
    json_write_canonical(kase->vars, &p->line);
    buf_puts(&p->line, "}\n");
    if (buf_failed(&p->line))
        return err_set(e, ERR_TOO_LARGE, "case " STR_FMT " is larger than %u bytes", STR_ARG(kase->id), PACK_FRAME_MAX);
    return ERR_OK;
}

static enum err_code pack_add(struct pack_builder *p, const struct dataset_case *kase, struct arena *a, struct err *e)
{
    int64_t text = pack_text_bytes(kase->vars);

    TRY(pack_line(p, kase, a, e));
    if (p->frame_cases == PACK_FRAME_CASES || (p->frame_cases && p->raw.len + p->line.len > PACK_FRAME_BYTES))
        TRY(pack_flush(p, e));
    buf_append(&p->raw, buf_str(&p->line));
    p->frame_cases++;
    p->info->cases++;
    p->info->expected_count += kase->expected != NULL;
    p->info->var_bytes_max = MAX(p->info->var_bytes_max, text);
    if (__builtin_add_overflow(p->var_bytes, text, &p->var_bytes))
        return err_set(e, ERR_TOO_LARGE, "the dataset's text can't be counted");
    return ERR_OK;
}

static enum err_code pack_finish(struct pack_builder *p, struct err *e)
{
    struct pack_footer f = { .frames = p->index.len, .magic = PACK_MAGIC };

    TRY(pack_flush(p, e));
    if (p->info->cases == 0)
        return err_set(e, ERR_BAD_INPUT, "no case was chosen: the dataset is empty, or --where leaves nothing");
    hash_sha256_end(&p->content, p->info->content);
    p->info->var_bytes_avg = p->var_bytes / p->info->cases;
    memcpy(f.content, p->info->content, sizeof f.content);
    f.frames = p->index.len;
    f.index_offset = (uint64_t)blob_writer_offset(p->w);
    f.cases = (uint64_t)p->info->cases;
    f.bytes = (uint64_t)p->info->bytes;
    f.expected = (uint64_t)p->info->expected_count;
    f.var_bytes_avg = (uint64_t)p->info->var_bytes_avg;
    f.var_bytes_max = (uint64_t)p->info->var_bytes_max;
    TRY(blob_writer_append(p->w, str_n((const char *)p->index.at, p->index.len * sizeof *p->index.at), e));
    TRY(blob_writer_append(p->w, str_n((const char *)&f, sizeof f), e));
    return blob_writer_end(TAKE(p->w), p->info->hash, e);
}

static enum err_code pack_fill(struct pack_builder *p, struct dataset_reader *r, void (*progress)(void *, int64_t),
                               void *arg, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    struct dataset_case kase;
    bool more;

    TRY(blob_writer_append(p->w, S(PACK_MAGIC), e));
    for (;;) {
        TRY(dataset_next(r, a, &kase, &more, e));
        if (!more)
            return pack_finish(p, e);
        TRY(pack_add(p, &kase, a, e));
        arena_reset(a);
        if (progress && p->info->cases % PACK_PROGRESS == 0)
            progress(arg, p->info->cases);
    }
}

enum err_code data_pack_build(struct dataset_reader *r, struct blob *b, struct data_pack_info *out,
                              void (*progress)(void *arg, int64_t cases), void *arg, struct err *e)
{
    struct data_pack_info info = { .cases = 0 };
    struct pack_builder p = { .raw = BUF_INIT(PACK_FRAME_MAX + PACK_FRAME_BYTES), .line = BUF_INIT(PACK_FRAME_MAX),
                              .info = &info };
    enum err_code code;

    TRY(blob_writer_new(b, &p.w, e));
    p.z = ZSTD_createCCtx();
    ASSERT(p.z);
    hash_sha256_init(&p.content);
    code = pack_fill(&p, r, progress, arg, e);
    if (p.w)
        blob_writer_drop(p.w);
    ZSTD_freeCCtx(p.z);
    buf_dispose(&p.raw);
    buf_dispose(&p.line);
    free(p.pressed);
    free(p.ids.slots);
    vec_dispose(&p.index);
    if (code == ERR_OK)
        *out = info;
    return code;
}

/* --- reading --- */

struct data_pack { struct blob_reader *r; struct pack_entry *index; size_t frames; int64_t index_offset; struct data_pack_info info; };

static enum err_code pack_broken(struct err *e)
{
    return err_set(e, ERR_STORE, "the stored cases of this run are damaged; start the run anew from its dataset");
}

static enum err_code pack_read_footer(struct data_pack *p, struct err *e)
{
    struct pack_footer f;
    int64_t size = blob_reader_size(p->r), limit = size - (int64_t)sizeof f;

    if (limit < 8)
        return pack_broken(e);
    TRY(blob_reader_at(p->r, limit, &f, sizeof f, e));
    if (memcmp(f.magic, PACK_MAGIC, sizeof f.magic) != 0 || f.frames == 0 || f.frames > PACK_FRAMES_MAX ||
        f.index_offset > (uint64_t)limit || (uint64_t)limit - f.index_offset != f.frames * sizeof(struct pack_entry) ||
        f.cases < f.frames || f.cases > (uint64_t)f.frames * PACK_FRAME_CASES || f.expected > f.cases)
        return pack_broken(e);
    p->frames = (size_t)f.frames;
    p->index_offset = (int64_t)f.index_offset;
    p->info.cases = (int64_t)f.cases;
    p->info.bytes = (int64_t)f.bytes;
    p->info.expected_count = (int64_t)f.expected;
    p->info.var_bytes_avg = (int64_t)f.var_bytes_avg;
    p->info.var_bytes_max = (int64_t)f.var_bytes_max;
    memcpy(p->info.content, f.content, sizeof f.content);
    return ERR_OK;
}

static enum err_code pack_read_index(struct data_pack *p, struct err *e)
{
    p->index = xreallocarray(NULL, p->frames, sizeof *p->index);
    TRY(blob_reader_at(p->r, p->index_offset, p->index, p->frames * sizeof *p->index, e));
    for (size_t i = 0; i < p->frames; i++) {
        uint64_t end = i + 1 < p->frames ? p->index[i + 1].offset : (uint64_t)p->index_offset;
        uint64_t last = i + 1 < p->frames ? p->index[i + 1].first_case : (uint64_t)p->info.cases;

        if ((i == 0 && p->index[i].first_case != 0) || p->index[i].offset < 8 || p->index[i].offset >= end ||
            end - p->index[i].offset > ZSTD_COMPRESSBOUND((uint64_t)PACK_FRAME_MAX + PACK_FRAME_BYTES) ||
            p->index[i].first_case >= last || last - p->index[i].first_case > PACK_FRAME_CASES)
            return pack_broken(e);
    }
    return ERR_OK;
}

enum err_code data_pack_open(struct blob *b, struct str hash, struct data_pack **out, struct err *e)
{
    struct data_pack *p = xcalloc(1, sizeof *p);
    enum err_code code = blob_reader_new(b, hash, &p->r, e);

    if (code == ERR_OK)
        code = pack_read_footer(p, e);
    if (code == ERR_OK)
        code = pack_read_index(p, e);
    if (code != ERR_OK) {
        data_pack_close(p);
        return code;
    }
    memcpy(p->info.hash, hash.at, MIN(hash.len, sizeof p->info.hash - 1));
    *out = p;
    return ERR_OK;
}

void data_pack_close(struct data_pack *p)
{
    if (!p)
        return;
    if (p->r)
        blob_reader_free(p->r);
    free(p->index);
    free(p);
}

void data_pack_closep(struct data_pack **p)
{
    data_pack_close(*p);
    *p = NULL;
}

int64_t data_pack_cases(const struct data_pack *p)
{
    return p->info.cases;
}

const struct data_pack_info *data_pack_info_of(const struct data_pack *p)
{
    return &p->info;
}

struct pack_cursor {
    struct data_pack *pack;
    ZSTD_DCtx *z;
    struct buf raw;
    char *pressed;
    size_t pressed_cap;
    size_t frame;                       /* the next to load */
    struct str rest;                    /* lines of the loaded frame not yet handed out */
    int64_t next;                       /* case number */
};

struct pack_cursor *pack_cursor_new(struct data_pack *p, int64_t first_case)
{
    struct pack_cursor *c = xcalloc(1, sizeof *c);

    c->pack = p;
    c->raw = BUF_INIT(PACK_FRAME_MAX + PACK_FRAME_BYTES);
    c->next = MAX(first_case, 0);
    return c;
}

void pack_cursor_free(struct pack_cursor *c)
{
    if (!c)
        return;
    ZSTD_freeDCtx(c->z);
    buf_dispose(&c->raw);
    free(c->pressed);
    free(c);
}

void pack_cursor_freep(struct pack_cursor **c)
{
    pack_cursor_free(*c);
    *c = NULL;
}

/* The frame that holds case `next`. */
static size_t pack_cursor_frame(const struct pack_cursor *c)
{
    size_t low = 0, high = c->pack->frames;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (c->pack->index[middle].first_case <= (uint64_t)c->next)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static enum err_code pack_cursor_press_out(struct pack_cursor *c, size_t frame, struct err *e)
{
    const struct data_pack *p = c->pack;
    int64_t from = (int64_t)p->index[frame].offset;
    size_t len = (size_t)((frame + 1 < p->frames ? (int64_t)p->index[frame + 1].offset : p->index_offset) - from), n;
    unsigned long long raw;

    if (len > c->pressed_cap)
        c->pressed = xrealloc(c->pressed, c->pressed_cap = len);
    TRY(blob_reader_at(p->r, from, c->pressed, len, e));
    raw = ZSTD_getFrameContentSize(c->pressed, len);
    if (raw == ZSTD_CONTENTSIZE_UNKNOWN || raw == ZSTD_CONTENTSIZE_ERROR || raw == 0 ||
        raw > PACK_FRAME_MAX + PACK_FRAME_BYTES)
        return pack_broken(e);
    if (!c->z)
        c->z = ZSTD_createDCtx();
    ASSERT(c->z);
    if (raw + 1 > c->raw.cap)
        c->raw.bytes = xrealloc(c->raw.bytes, c->raw.cap = (size_t)raw + 1);
    n = ZSTD_decompressDCtx(c->z, c->raw.bytes, (size_t)raw, c->pressed, len);
    if (ZSTD_isError(n) || n != raw)
        return pack_broken(e);
    c->raw.len = n;
    c->raw.bytes[n] = '\0';
    c->rest = buf_str(&c->raw);
    return ERR_OK;
}

static enum err_code pack_cursor_load(struct pack_cursor *c, struct err *e)
{
    size_t frame = pack_cursor_frame(c);
    struct str line;

    TRY(pack_cursor_press_out(c, frame, e));
    for (int64_t skip = c->next - (int64_t)c->pack->index[frame].first_case; skip > 0; skip--)
        if (!str_split(&c->rest, '\n', &line))
            return pack_broken(e);
    return ERR_OK;
}

enum err_code pack_cursor_next(struct pack_cursor *c, struct arena *a, struct dataset_case *out, bool *more,
                               struct err *e)
{
    struct str line;
    json_t *o;

    *more = c->next < c->pack->info.cases;
    if (!*more)
        return ERR_OK;
    if (c->rest.len == 0)
        TRY(pack_cursor_load(c, e));
    if (!str_split(&c->rest, '\n', &line) ||
        (!json_read_plain(line, &o) && !(o = json_loadb(line.at, line.len, JSON_ALLOW_NUL, NULL))))
        return pack_broken(e);
    json_in_arena(o, a);
    if (!json_is_object(json_child(o, "v")) || !json_is_string(json_child(o, "i")))
        return pack_broken(e);
    *out = (struct dataset_case){ .index = c->next++, .id = json_get_str(o, "i"), .vars = json_child(o, "v"),
                                  .expected = json_child(o, "e") };
    return ERR_OK;
}
