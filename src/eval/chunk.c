#include "eval/chunk.h"

#include "eval/subject.h"
#include "token/token.h"

#define CHUNK_TEXT_MAX (256u * 1024 * 1024)

void chunk_resolve(struct task *t, int64_t context_tokens)
{
    t->chunking.part_tokens = context_tokens * 2 / 5;
    t->chunking.above_tokens = context_tokens * 4 / 5;
}

/* The variable that is cut: the one named, else `input`, else the longest text. */
static struct str chunk_text(const struct task *t, const json_t *vars, struct str *name)
{
    const char *key;
    json_t *value;
    struct str longest = STR_NONE;

    *name = t->chunking.variable.len ? t->chunking.variable : S("input");
    json_object_foreach((json_t *)vars, key, value) {
        struct str text = json_to_str(value);

        if (str_is(*name, key) && text.at)
            return text;
        if (text.len > longest.len) {
            longest = text;
            if (!t->chunking.variable.len)
                *name = str_c(key);
        }
    }
    return t->chunking.variable.len ? STR_NONE : longest;
}

/* Characters of a part and of the overlap for this text; false when it is asked whole. */
static bool chunk_size(const struct task *t, struct str text, int64_t *size, int64_t *overlap)
{
    static const struct str counts_as = { "o200k_base", 10 };
    int64_t tokens, characters;

    *size = t->chunking.characters;
    *overlap = t->chunking.overlap;
    if (t->chunking.mode == CHUNK_OFF)
        return false;
    if (t->chunking.mode == CHUNK_FIXED)
        return (int64_t)text.len > *size;
    if (!t->chunking.above_tokens || (int64_t)text.len <= t->chunking.part_tokens)      /* a token is at least a byte */
        return false;
    tokens = token_count(token_encoding_named(counts_as), text);
    if (tokens <= (t->chunking.mode == CHUNK_AUTO ? t->chunking.above_tokens : t->chunking.part_tokens))
        return false;
    characters = (int64_t)str_utf8_len(text);
    *size = MAX((int64_t)2000, MIN(4 * t->chunking.part_tokens,
                                   (int64_t)((double)t->chunking.part_tokens * (double)characters / (double)tokens)));
    *overlap = MAX(*size * 3 / 100, (int64_t)200);
    return characters > *size;
}

enum err_code chunk_split(const struct task *t, const json_t *vars, struct arena *a, struct chunk_parts *out,
                          struct err *e)
{
    struct str name, text = chunk_text(t, vars, &name);
    int64_t size, overlap, at = 0;
    VEC(struct str) parts = { 0 };
    size_t begin = 0, next = 0;

    *out = (struct chunk_parts){ 0 };
    if (!chunk_size(t, text, &size, &overlap) || (int64_t)str_utf8_len(text) <= size)
        return ERR_OK;
    while (begin < text.len && parts.len <= CHUNK_PARTS_MAX) {
        size_t end = begin;

        for (at = 0, next = begin; at < size && end < text.len; at++) {
            (void)str_utf8_next(text, &end);
            if (at + 1 == size - overlap)
                next = end;
        }
        vec_push(&parts, str_sub(text, begin, end - begin));
        if (end == text.len)
            break;
        begin = next;
    }
    if (parts.len > CHUNK_PARTS_MAX) {
        vec_dispose(&parts);
        return err_set(e, ERR_TOO_LARGE, "\"" STR_FMT "\" would be cut into more than %d parts of %lld characters",
                       STR_ARG(name), CHUNK_PARTS_MAX, (long long)size);
    }
    *out = (struct chunk_parts){ arena_strdup(a, name), arena_array(a, struct str, parts.len), parts.len };
    memcpy(out->text, parts.at, parts.len * sizeof *parts.at);
    vec_dispose(&parts);
    return ERR_OK;
}

static bool chunk_has_times(struct str text)
{
    for (size_t i = 1; i + 2 < text.len; i++)
        if (text.at[i] == ':' && text.at[i - 1] >= '0' && text.at[i - 1] <= '9' && text.at[i + 1] >= '0' &&
            text.at[i + 1] <= '5' && text.at[i + 2] >= '0' && text.at[i + 2] <= '9')
            return true;
    return false;
}

json_t *chunk_vars(const struct task *t, const json_t *vars, const struct chunk_parts *parts, size_t i, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(CHUNK_TEXT_MAX);
    AUTO(freep) char *name = xstrndup(parts->variable.at, parts->variable.len);
    json_t *with = json_in_arena(json_object(), a), *value;
    const char *key;

    json_object_foreach((json_t *)vars, key, value)     /* other threads read `vars`: no reference may be taken */
        if (strcmp(key, name) != 0)
            json_object_set_new(with, key, json_deep_copy(value));
    buf_printf(&text, "[Part %zu of %zu of a longer text. Use only what stands in this part.", i + 1, parts->count);
    if (chunk_has_times(parts->text[i]))
        buf_puts(&text, " Times written MM:SS mean 00:MM:SS; use only times that stand in this part.");
    if (t->output.format == OUTPUT_JSON)
        buf_puts(&text, " If it holds nothing that is asked for, an empty list [] is the answer.");
    else if (t->output.format == OUTPUT_CSV)
        buf_puts(&text, " If it holds nothing that is asked for, the header line alone is the answer.");
    buf_puts(&text, "]\n\n");
    buf_append(&text, parts->text[i]);
    json_object_set_new(with, name, json_from_str(buf_str(&text)));
    json_object_set_new(with, "chunk", json_pack("{s:i, s:i}", "index", (int)i + 1, "count", (int)parts->count));
    return with;
}

/* --- one answer of many --- */

static bool chunk_among(const json_t *list, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_equal(json_array_get(list, i), value))
            return true;
    return false;
}

/* Lists under the same name in every answer, or every answer a list. Neighbours' common items are kept once. */
static json_t *chunk_join_lists(json_t *const *lists, size_t count)
{
    json_t *all = json_array();

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < json_array_size(lists[i]); k++)
            if (i == 0 || !chunk_among(lists[i - 1], json_array_get(lists[i], k)))
                json_array_append(all, json_array_get(lists[i], k));
    return all;
}

/* Objects whose members are lists or the same in all: the lists are joined. NULL where they differ otherwise. */
static json_t *chunk_join_objects(json_t *const *objects, size_t count, struct arena *a)
{
    json_t **lists = arena_array(a, json_t *, count), *all = json_object(), *value;
    const char *key;

    json_object_foreach(objects[0], key, value) {
        bool fits = true;

        for (size_t i = 0; i < count; i++) {
            lists[i] = json_object_get(objects[i], key);
            fits &= json_is_array(value) ? json_is_array(lists[i]) : lists[i] && json_equal(lists[i], value);
        }
        if (!fits) {
            json_decref(all);
            return NULL;
        }
        if (json_is_array(value))
            json_object_set_new(all, key, chunk_join_lists(lists, count));
        else
            json_object_set(all, key, value);
    }
    for (size_t i = 1; i < count; i++)
        if (json_object_size(objects[i]) != json_object_size(objects[0])) {
            json_decref(all);
            return NULL;
        }
    return all;
}

static struct str chunk_merge_json(const struct str *answers, size_t count, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(CHUNK_TEXT_MAX);
    AUTO_JSON *all = NULL;
    json_t **values = arena_array(a, json_t *, count);
    bool lists = true, objects = true;

    for (size_t i = 0; i < count; i++) {
        bool fenced;
        json_t *value = NULL;

        if (json_read(subject_unfenced(answers[i], &fenced), &value, NULL) != ERR_OK)
            return STR_NONE;
        values[i] = json_in_arena(value, a);
        lists &= json_is_array(value);
        objects &= json_is_object(value);
    }
    if (lists)
        all = chunk_join_lists(values, count);
    else if (objects)
        all = chunk_join_objects(values, count, a);
    if (!all)
        return STR_NONE;
    json_write_pretty(all, &text);
    return arena_strdup(a, str_trim(buf_str(&text)));
}

/* The lines of a CSV answer as they are written, quoted line ends inside a row left in it. */
struct chunk_rows { struct str *row; size_t count; };

static bool chunk_rows(struct str text, struct arena *a, struct chunk_rows *out)
{
    bool quoted = false, fenced;
    VEC(struct str) rows = { 0 };
    size_t begin = 0;

    text = subject_unfenced(text, &fenced);
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.at[i] == '"')
            quoted = !quoted;
        if (i == text.len || (text.at[i] == '\n' && !quoted)) {
            struct str row = str_trim_end(str_sub(text, begin, i - begin));

            if (row.len)
                vec_push(&rows, row);
            begin = i + 1;
        }
    }
    *out = (struct chunk_rows){ arena_array(a, struct str, rows.len), rows.len };
    if (rows.len)
        memcpy(out->row, rows.at, rows.len * sizeof *rows.at);
    vec_dispose(&rows);
    return !quoted && out->count;
}

static struct str chunk_merge_csv(const struct str *answers, size_t count, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(CHUNK_TEXT_MAX);
    struct chunk_rows *parts = arena_array(a, struct chunk_rows, count);

    for (size_t i = 0; i < count; i++)
        if (!chunk_rows(answers[i], a, &parts[i]) || !str_eq(parts[i].row[0], parts[0].row[0]))
            return STR_NONE;
    buf_append(&text, parts[0].row[0]);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 1; k < parts[i].count; k++) {
            bool before = false;

            for (size_t b = 1; i && b < parts[i - 1].count && !before; b++)
                before = str_eq(parts[i - 1].row[b], parts[i].row[k]);
            if (!before) {
                buf_byte(&text, '\n');
                buf_append(&text, parts[i].row[k]);
            }
        }
    return arena_strdup(a, buf_str(&text));
}

struct str chunk_merge(const struct task *t, const struct str *answers, size_t count, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(CHUNK_TEXT_MAX);
    struct str one = t->output.format == OUTPUT_CSV ? chunk_merge_csv(answers, count, a)
                                                    : chunk_merge_json(answers, count, a);

    if (one.at || count == 1)
        return one.at ? one : answers[0];
    for (size_t i = 0; i < count; i++) {
        buf_printf(&text, "%s/* chunk %zu */\n", i ? "\n\n" : "", i + 1);
        buf_append(&text, answers[i]);
    }
    return arena_strdup(a, buf_str(&text));
}
