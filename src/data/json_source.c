/* A JSON list of any length, or an object that holds one, item by item.
 *
 * The file is cut into items by looking only at quotes and brackets; each item is then read by the JSON reader whole.
 * An object is walked once to learn where its list begins and whether it is a single gold case. */
#include "data/source.h"

#include <errno.h>

#define JSON_CHUNK (64u * 1024)
#define JSON_MEMBERS_MAX 1000

struct json_source {
    const struct dataset_source *src;
    FILE *f;
    char *chunk;
    size_t at, len;
    int64_t offset;                     /* of chunk[0] in the file */
    int64_t line;
    int64_t item_line;
    struct buf item;                    /* text of the value being cut out */
    bool listing, first, gold;
};

static void json_source_close(void *state)
{
    struct json_source *s = state;

    if (!s)
        return;
    if (s->f)
        fclose(s->f);
    free(s->chunk);
    buf_dispose(&s->item);
    free(s);
}

static enum err_code json_source_fail(struct json_source *s, const char *what, struct err *e)
{
    return err_set(e, ERR_BAD_INPUT, STR_FMT ":%lld: not valid JSON: %s", STR_ARG(s->src->name), (long long)s->line,
                   what);
}

/* The next byte without taking it, -1 at the end. */
static int json_source_peek(struct json_source *s)
{
    if (s->at == s->len) {
        s->offset += (int64_t)s->len;
        s->at = 0;
        s->len = fread(s->chunk, 1, JSON_CHUNK, s->f);
        if (s->len == 0)
            return -1;
    }
    return (unsigned char)s->chunk[s->at];
}

static int json_source_space(struct json_source *s)
{
    int c;

    while ((c = json_source_peek(s)) == ' ' || c == '\t' || c == '\r' || c == '\n') {
        s->line += c == '\n';
        s->at++;
    }
    return c;
}

/* Where a run of ordinary bytes of a value ends: a quote, a bracket, a line end, a separator. */
static size_t json_source_run(const struct json_source *s, bool quoted)
{
    size_t i = s->at;

    if (quoted)
        while (i < s->len && s->chunk[i] != '"' && s->chunk[i] != '\\' && s->chunk[i] != '\n')
            i++;
    else
        while (i < s->len && !memchr("\"\n{}[],: \t\r", s->chunk[i], 11))
            i++;
    return i - s->at;
}

static void json_source_take(struct json_source *s, size_t n, bool keep)
{
    if (keep)
        buf_append(&s->item, str_n(s->chunk + s->at, n));
    s->at += n;
}

/* Cuts one value out of the stream into `item` (or passes over it). Stops behind a closing bracket or quote, before the
 * separator that ends a number or word. */
static enum err_code json_source_value(struct json_source *s, bool keep, struct err *e)
{
    int64_t depth = 0;
    bool quoted = false, escaped = false, any = false;

    buf_reset(&s->item);
    json_source_space(s);
    s->item_line = s->line;
    for (;;) {
        int c = json_source_peek(s);
        size_t run;

        if (c < 0)
            return ferror(s->f) ? err_errno(e, ERR_IO, errno, STR_FMT " can't be read", STR_ARG(s->src->name))
                   : any && !depth && !quoted ? ERR_OK
                                              : json_source_fail(s, "the file ends inside a value", e);
        if (!quoted && depth == 0 && any && strchr(",]} \t\r\n:", c))
            return ERR_OK;                                  /* behind a number or word */
        s->line += c == '\n';
        run = escaped ? 0 : json_source_run(s, quoted);
        if (run) {
            json_source_take(s, run, keep);
            any = true;
        } else {
            json_source_take(s, 1, keep);
            if (escaped)
                escaped = false;
            else if (quoted && c == '\\')
                escaped = true;
            else if (c == '"')
                quoted = !quoted;
            else if (!quoted && (c == '{' || c == '['))
                depth++;
            else if (!quoted && (c == '}' || c == ']'))
                depth--;
            any = true;
            if (depth < 0 || (depth == 0 && !quoted && strchr(",:", c)))
                return json_source_fail(s, "a value is missing", e);
            if (depth == 0 && !quoted && !escaped && strchr("\"}]", c))
                return ERR_OK;
        }
        if (buf_failed(&s->item))
            return err_set(e, ERR_TOO_LARGE, STR_FMT ":%lld: the case is larger than %u bytes", STR_ARG(s->src->name),
                           (long long)s->item_line, DATASET_CASE_MAX);
    }
}

static enum err_code json_source_decode(struct json_source *s, json_t **out, struct err *e)
{
    int line, column;

    if (json_read_located(buf_str(&s->item), out, &line, &column, e) != ERR_OK)
        return err_prefix(e, STR_FMT ":%lld", STR_ARG(s->src->name), (long long)s->item_line + line - 1);
    return ERR_OK;
}

static enum err_code json_source_seek(struct json_source *s, int64_t offset, int64_t line, struct err *e)
{
    if (fseeko(s->f, offset, SEEK_SET) != 0)
        return err_errno(e, ERR_IO, errno, STR_FMT " can't be read twice", STR_ARG(s->src->name));
    s->offset = offset;
    s->at = s->len = 0;
    s->line = line;
    return ERR_OK;
}

struct json_place { bool list; int64_t offset, line; };

/* Walks the members of the object the stream stands in and notes where the lists are. */
static enum err_code json_source_members(struct json_source *s, struct json_place places[SOURCE_LISTS_COUNT],
                                         bool *input, struct err *e)
{
#define X(id) #id,
    static const char *const names[SOURCE_LISTS_COUNT] = { SOURCE_LISTS(X) };
#undef X
    int c = json_source_space(s);

    for (int n = 0; c != '}'; n++) {
        AUTO_JSON *key = NULL;

        if (n == JSON_MEMBERS_MAX)
            return err_set(e, ERR_BAD_INPUT,
                           STR_FMT ":%lld: the object has more than %d members; where is the list of cases?",
                           STR_ARG(s->src->name), (long long)s->line, JSON_MEMBERS_MAX);
        if (c != '"')
            return json_source_fail(s, "a key in quotes is due", e);
        TRY(json_source_value(s, true, e));
        TRY(json_source_decode(s, &key, e));
        if (json_source_space(s) != ':')
            return json_source_fail(s, "\":\" is due behind a key", e);
        s->at++;
        c = json_source_space(s);
        *input = *input || str_is(json_to_str(key), "input");
        for (int i = 0; i < SOURCE_LISTS_COUNT; i++)
            if (c == '[' && str_is(json_to_str(key), names[i]))
                places[i] = (struct json_place){ true, s->offset + (int64_t)s->at, s->line };
        TRY(json_source_value(s, false, e));
        c = json_source_space(s);
        if (c == ',') {
            s->at++;
            c = json_source_space(s);
            if (c == '}')
                return json_source_fail(s, "\",\" before \"}\"", e);
        } else if (c != '}') {
            return json_source_fail(s, "\",\" or \"}\" is due", e);
        }
    }
    return ERR_OK;
}

static enum err_code json_source_begin_object(struct json_source *s, struct err *e)
{
    struct json_place places[SOURCE_LISTS_COUNT] = { 0 };
    int64_t offset = s->offset + (int64_t)s->at, line = s->line;
    bool input = false;

    s->at++;
    TRY(json_source_members(s, places, &input, e));
    if (source_is_gold(input, places[0].list, places[1].list, places[2].list, places[3].list)) {
        s->gold = true;
        return json_source_seek(s, offset, line, e);
    }
    for (int i = 0; i < SOURCE_LISTS_COUNT; i++)
        if (places[i].list) {
            TRY(json_source_seek(s, places[i].offset, places[i].line, e));
            json_source_peek(s);
            s->at++;
            s->listing = s->first = true;
            return ERR_OK;
        }
    return err_set(e, ERR_BAD_INPUT,
                   STR_FMT
                   ":%lld: the object has no list of cases; it is looked for in \"cases\", \"data\", \"items\" and "
                   "\"concepts\" (one object a line is JSONL: end the name in .jsonl)",
                   STR_ARG(s->src->name), (long long)line);
}

static enum err_code json_source_begin(struct json_source *s, struct err *e)
{
    int c = json_source_peek(s);

    if (c == 0xef && s->len >= 3 && memcmp(s->chunk, "\xef\xbb\xbf", 3) == 0)
        s->at += 3;
    c = json_source_space(s);
    if (c == '{')
        return json_source_begin_object(s, e);
    if (c < 0)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ": the file is empty", STR_ARG(s->src->name));
    if (c != '[')
        return err_set(e, ERR_BAD_INPUT, STR_FMT ":%lld: a dataset in JSON is a list of cases, and this is not one",
                       STR_ARG(s->src->name), (long long)s->line);
    s->at++;
    s->listing = s->first = true;
    return ERR_OK;
}

static enum err_code json_source_open(const struct dataset_source *src, void **state, struct err *e)
{
    struct json_source *s = xcalloc(1, sizeof *s);
    enum err_code code;

    *s = (struct json_source){ .src = src, .line = 1, .item = BUF_INIT(DATASET_CASE_MAX), .chunk = xmalloc(JSON_CHUNK) };
    s->f = fopen(src->path.at, "re");
    code = s->f ? json_source_begin(s, e)
                : err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, STR_FMT " can't be opened",
                            STR_ARG(src->name));
    if (code != ERR_OK)
        json_source_close(s);
    else
        *state = s;
    return code;
}

static enum err_code json_source_next_gold(struct json_source *s, struct source_item *out, struct err *e)
{
    s->gold = false;
    TRY(json_source_value(s, true, e));
    TRY(json_source_decode(s, &out->json, e));
    out->json = source_gold_item(out->json);
    out->line = s->item_line;
    return ERR_OK;
}

static enum err_code json_source_next(void *state, struct source_item *out, bool *more, struct err *e)
{
    struct json_source *s = state;
    int c;

    *more = s->gold || s->listing;
    if (s->gold)
        return json_source_next_gold(s, out, e);
    if (!s->listing)
        return ERR_OK;
    c = json_source_space(s);
    if (c == ']') {
        s->listing = *more = false;
        return ERR_OK;
    }
    if (!s->first) {
        if (c != ',')
            return json_source_fail(s, c < 0 ? "the file ends inside the list" : "\",\" or \"]\" is due", e);
        s->at++;
    }
    s->first = false;
    TRY(json_source_value(s, true, e));
    out->line = s->item_line;
    return json_source_decode(s, &out->json, e);
}

const struct source_kind source_json = {
    .name = "json", .extensions = "json",
    .open = json_source_open, .next = json_source_next, .close = json_source_close,
};
