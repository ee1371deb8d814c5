#include "base/base.h"

#include <libfyaml.h>
#include <math.h>

/* A collection that is not closed yet. Its children gather here and move to the arena when it ends. */
struct doc_frame {
    struct doc_node *node;
    VEC(struct doc_node *) items;
    VEC(struct doc_pair) pairs;
    VEC(struct doc_node *) merges;      /* values of `<<`, applied at the end: what the map says itself wins */
    struct map index;                   /* key -> pair number + 1, once there are more than DOC_SCAN_MAX */
    struct doc_pair key;                /* read, its value not yet */
    bool has_key, key_merges;
};
#define DOC_SCAN_MAX 16

struct doc_builder {
    struct arena *a;
    struct str name;
    struct doc_frame *frames;
    size_t depth;
    struct map anchors;
    struct doc_node *root;
    int64_t nodes, bytes;
    struct err *e;
};

static enum err_code doc_fail(struct doc_builder *b, enum err_code code, int line, int column, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

static enum err_code doc_fail(struct doc_builder *b, enum err_code code, int line, int column, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    err_setv(b->e, code, fmt, ap);
    va_end(ap);
    err_prefix(b->e, STR_FMT ":%d:%d", STR_ARG(b->name), line, column);
    return code;
}

enum doc_form doc_form_of(struct str path)
{
    return str_ieq(path_ext(path), S("json")) ? DOC_JSON : DOC_YAML;
}

const char *doc_kind_name(enum doc_kind kind)
{
    static const char *const names[] = { "nothing", "true or false", "a whole number", "a number", "text", "a list",
                                         "a mapping" };

    return names[kind];
}

/* --- building: the same for both forms --- */

static enum err_code doc_grow(struct doc_builder *b, const struct doc_node *at, int64_t nodes, int64_t bytes)
{
    if (__builtin_add_overflow(b->nodes, nodes, &b->nodes) || b->nodes > DOC_NODES_MAX)
        return doc_fail(b, ERR_TOO_LARGE, at->line, at->column,
                        "the file has more than %d values (aliases written out); split it, or use JSONL for data",
                        DOC_NODES_MAX);
    if (__builtin_add_overflow(b->bytes, bytes, &b->bytes) || b->bytes > (int64_t)DOC_BYTES_MAX)
        return doc_fail(b, ERR_TOO_LARGE, at->line, at->column,
                        "the file holds more than %u bytes of text (aliases written out)", DOC_BYTES_MAX);
    return ERR_OK;
}

static struct doc_node *doc_node_new(struct doc_builder *b, enum doc_kind kind, int line, int column)
{
    struct doc_node *n = arena_new(b->a, struct doc_node);

    n->kind = kind;
    n->line = line;
    n->column = column;
    return n;
}

static const struct doc_pair *doc_frame_find(const struct doc_frame *f, struct str key)
{
    if (f->index.len)
        return f->pairs.at + (uintptr_t)map_get(&f->index, key) - 1;
    for (size_t i = 0; i < f->pairs.len; i++)
        if (str_eq(f->pairs.at[i].key, key))
            return &f->pairs.at[i];
    return NULL;
}

static bool doc_frame_has(const struct doc_frame *f, struct str key)
{
    return f->index.len ? map_has(&f->index, key) : doc_frame_find(f, key) != NULL;
}

static void doc_frame_put(struct doc_frame *f, struct doc_pair p)
{
    vec_push(&f->pairs, p);
    if (f->pairs.len == DOC_SCAN_MAX + 1)
        for (size_t i = 0; i + 1 < f->pairs.len; i++)
            map_put(&f->index, f->pairs.at[i].key, (void *)(uintptr_t)(i + 1));
    if (f->pairs.len > DOC_SCAN_MAX)
        map_put(&f->index, p.key, (void *)(uintptr_t)f->pairs.len);
}

static enum err_code doc_key(struct doc_builder *b, struct str key, bool merges, int line, int column)
{
    struct doc_frame *f = &b->frames[b->depth - 1];

    if (!merges && doc_frame_has(f, key))
        return doc_fail(b, ERR_BAD_INPUT, line, column, "the key \"" STR_FMT "\" stands here and on line %d; keep one",
                        STR_ARG(key), doc_frame_find(f, key)->line);
    f->key = (struct doc_pair){ .key = key, .line = line, .column = column };
    f->has_key = true;
    f->key_merges = merges;
    return ERR_OK;
}

/* A finished value, or one an alias points at, takes its place in what is open. */
static void doc_place(struct doc_builder *b, struct doc_node *n)
{
    struct doc_frame *f;

    if (b->depth == 0) {
        b->root = n;
        return;
    }
    f = &b->frames[b->depth - 1];
    if (f->node->kind == DOC_LIST) {
        vec_push(&f->items, n);
    } else if (f->key_merges) {
        vec_push(&f->merges, n);
        f->has_key = false;
    } else {
        f->key.value = n;
        doc_frame_put(f, f->key);
        f->has_key = false;
    }
}

static enum err_code doc_open(struct doc_builder *b, enum doc_kind kind, int line, int column,
                              struct doc_node **out)
{
    struct doc_node *n = doc_node_new(b, kind, line, column);

    if (b->depth == DOC_DEPTH_MAX)
        return doc_fail(b, ERR_TOO_LARGE, line, column, "nested deeper than %d levels", DOC_DEPTH_MAX);
    TRY(doc_grow(b, n, 1, 0));
    b->frames[b->depth++] = (struct doc_frame){ .node = n };
    *out = n;
    return ERR_OK;
}

static enum err_code doc_merge_one(struct doc_builder *b, struct doc_frame *f, const struct doc_node *from)
{
    if (from->kind != DOC_MAP)
        return doc_fail(b, ERR_BAD_INPUT, from->line, from->column, "`<<` merges mappings, and this is %s",
                        doc_kind_name(from->kind));
    for (size_t i = 0; i < from->count; i++)
        if (!doc_frame_has(f, from->pairs[i].key)) {
            TRY(doc_grow(b, from, from->pairs[i].value->weight, from->pairs[i].value->bytes));
            doc_frame_put(f, from->pairs[i]);
        }
    return ERR_OK;
}

static enum err_code doc_merge(struct doc_builder *b, struct doc_frame *f)
{
    for (size_t m = 0; m < f->merges.len; m++) {
        const struct doc_node *from = f->merges.at[m];

        if (from->kind != DOC_LIST) {
            TRY(doc_merge_one(b, f, from));
            continue;
        }
        for (size_t i = 0; i < from->count; i++)
            TRY(doc_merge_one(b, f, from->items[i]));
    }
    return ERR_OK;
}

static void doc_frame_dispose(struct doc_frame *f)
{
    vec_dispose(&f->items);
    vec_dispose(&f->pairs);
    vec_dispose(&f->merges);
    map_dispose(&f->index);
}

static enum err_code doc_close(struct doc_builder *b)
{
    struct doc_frame *f = &b->frames[b->depth - 1];
    struct doc_node *n = f->node;

    n->weight = 1;
    if (n->kind == DOC_LIST) {
        n->count = f->items.len;
        n->items = arena_array(b->a, struct doc_node *, n->count);
        for (size_t i = 0; i < n->count; i++) {
            n->items[i] = f->items.at[i];
            n->weight += n->items[i]->weight;
            n->bytes += n->items[i]->bytes;
        }
    } else {
        TRY(doc_merge(b, f));
        n->count = f->pairs.len;
        n->pairs = arena_array(b->a, struct doc_pair, n->count);
        for (size_t i = 0; i < n->count; i++) {
            n->pairs[i] = f->pairs.at[i];
            n->weight += n->pairs[i].value->weight;
            n->bytes += n->pairs[i].value->bytes + (int64_t)n->pairs[i].key.len;
        }
    }
    doc_frame_dispose(f);
    b->depth--;
    doc_place(b, n);
    return ERR_OK;
}

/* Counts the scalar and puts it in its place. */
static enum err_code doc_scalar(struct doc_builder *b, struct doc_node *n)
{
    n->weight = 1;
    n->bytes = (int64_t)n->text.len;
    TRY(doc_grow(b, n, 1, n->bytes));
    doc_place(b, n);
    return ERR_OK;
}

/* --- YAML --- */

static bool doc_is_one_of(struct str s, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(s, names[i]))
            return true;
    return false;
}
#define DOC_ONE_OF(s, ...) \
    doc_is_one_of((s), (const char *const[]){ __VA_ARGS__ }, COUNT_OF(((const char *const[]){ __VA_ARGS__ })))

static size_t doc_digits(struct str s, size_t i)
{
    size_t from = i;

    while (i < s.len && s.at[i] >= '0' && s.at[i] <= '9')
        i++;
    return i - from;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?  with *whole for [-+]? [0-9]+ */
static bool doc_is_number(struct str s, bool *whole)
{
    size_t i = s.len && (s.at[0] == '-' || s.at[0] == '+'), before = doc_digits(s, i), after = 0, power;

    i += before;
    *whole = before && i == s.len;
    if (i < s.len && s.at[i] == '.') {
        after = doc_digits(s, ++i);
        i += after;
    }
    if (!before && !after)
        return false;
    if (i < s.len && (s.at[i] == 'e' || s.at[i] == 'E')) {
        i++;
        i += i < s.len && (s.at[i] == '-' || s.at[i] == '+');
        power = doc_digits(s, i);
        if (!power)
            return false;
        i += power;
    }
    return i == s.len;
}

/* 0o17 and 0xff; no sign, as the schema says. */
static bool doc_is_radix(struct str s, int64_t *out, bool *fits)
{
    int base = str_starts(s, S("0x")) ? 16 : str_starts(s, S("0o")) ? 8 : 0;
    int64_t v = 0;

    if (!base || s.len < 3)
        return false;
    *fits = true;
    for (size_t i = 2; i < s.len; i++) {
        char c = s.at[i];
        int d = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;

        if (d >= base)
            return false;
        if (__builtin_mul_overflow(v, (int64_t)base, &v) || __builtin_add_overflow(v, (int64_t)d, &v))
            *fits = false;
    }
    *out = v;
    return true;
}

/* Decides what plain text means. */
static enum err_code doc_resolve(struct doc_builder *b, struct doc_node *n)
{
    bool whole, fits = true;
    struct str s = n->text;

    if (s.len == 0 || DOC_ONE_OF(s, "null", "Null", "NULL", "~")) {
        n->kind = DOC_NULL;
    } else if (DOC_ONE_OF(s, "true", "True", "TRUE", "false", "False", "FALSE")) {
        n->kind = DOC_BOOL;
        n->truth = (s.at[0] | 32) == 't';
    } else if (doc_is_radix(s, &n->integer, &fits)) {
        n->kind = DOC_INT;
    } else if (doc_is_number(s, &whole)) {
        n->kind = whole ? DOC_INT : DOC_DOUBLE;
        fits = whole ? str_to_i64(s, &n->integer) : str_to_double(s, &n->number);
    } else if (s.len <= 5 && DOC_ONE_OF(s, ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
                                        ".nan", ".NaN", ".NAN")) {
        return doc_fail(b, ERR_BAD_INPUT, n->line, n->column, "\"" STR_FMT "\" is not a finite number", STR_ARG(s));
    }
    if (!fits)
        return doc_fail(b, ERR_BAD_INPUT, n->line, n->column,
                        "\"" STR_FMT "\" does not fit a number; put it in quotes to keep it as text", STR_ARG(s));
    return ERR_OK;
}

static struct str doc_token_text(struct fy_token *t)
{
    size_t len = 0;
    const char *at = t ? fy_token_get_text(t, &len) : NULL;

    return str_n(at ? at : "", at ? len : 0);
}

/* The tag's full name, or empty when there is none. */
static struct str doc_tag(struct fy_token *tag)
{
    struct str s = doc_token_text(tag);

    if (str_starts(s, S("tag:yaml.org,2002:")))
        return str_from(s, strlen("tag:yaml.org,2002:"));
    return s;
}

static enum err_code doc_tag_collection(struct doc_builder *b, struct fy_token *token, const struct doc_node *n)
{
    struct str tag = doc_tag(token);

    if (!token || str_is(tag, n->kind == DOC_MAP ? "map" : "seq") || str_is(tag, "!"))
        return ERR_OK;
    return doc_fail(b, ERR_BAD_INPUT, n->line, n->column, "the tag \"" STR_FMT "\" can't be used on %s", STR_ARG(tag),
                    doc_kind_name(n->kind));
}

static enum err_code doc_tag_scalar(struct doc_builder *b, struct fy_token *token, bool plain, struct doc_node *n)
{
    static const struct { const char *tag; enum doc_kind kind; } tags[] = {
        { "null", DOC_NULL }, { "bool", DOC_BOOL }, { "int", DOC_INT }, { "float", DOC_DOUBLE },
    };
    struct str tag = doc_tag(token);

    if (!token)
        return plain ? doc_resolve(b, n) : ERR_OK;
    if (str_is(tag, "str") || str_is(tag, "!"))
        return ERR_OK;
    for (size_t i = 0; i < COUNT_OF(tags); i++) {
        if (!str_is(tag, tags[i].tag))
            continue;
        TRY(doc_resolve(b, n));
        if (tags[i].kind == DOC_DOUBLE && n->kind == DOC_INT) {
            n->kind = DOC_DOUBLE;
            n->number = (double)n->integer;
        }
        if (n->kind == tags[i].kind)
            return ERR_OK;
        return doc_fail(b, ERR_BAD_INPUT, n->line, n->column, "\"" STR_FMT "\" is not %s, as its tag says",
                        STR_ARG(n->text), doc_kind_name(tags[i].kind));
    }
    return doc_fail(b, ERR_BAD_INPUT, n->line, n->column,
                    "the tag \"" STR_FMT "\" is not known; only !!str !!int !!float !!bool !!null !!seq !!map are",
                    STR_ARG(tag));
}

static void doc_anchor(struct doc_builder *b, struct fy_token *anchor, struct doc_node *n)
{
    if (anchor)
        map_put(&b->anchors, doc_token_text(anchor), n);
}

static bool doc_wants_key(const struct doc_builder *b)
{
    return b->depth && b->frames[b->depth - 1].node->kind == DOC_MAP && !b->frames[b->depth - 1].has_key;
}

static enum err_code doc_yaml_scalar(struct doc_builder *b, struct fy_event *ev, int line, int column)
{
    struct doc_node *n = doc_node_new(b, DOC_STRING, line, column);
    enum fy_scalar_style style = fy_token_scalar_style(ev->scalar.value);
    bool plain = style == FYSS_PLAIN || style == FYSS_ANY;

    n->text = arena_strdup(b->a, doc_token_text(ev->scalar.value));
    if (doc_wants_key(b)) {
        TRY(doc_grow(b, n, 0, (int64_t)n->text.len));
        return doc_key(b, n->text, plain && str_is(n->text, "<<"), line, column);
    }
    TRY(doc_tag_scalar(b, ev->scalar.tag, plain, n));
    doc_anchor(b, ev->scalar.anchor, n);
    return doc_scalar(b, n);
}

static enum err_code doc_yaml_alias(struct doc_builder *b, struct fy_event *ev, int line, int column)
{
    struct str name = doc_token_text(ev->alias.anchor);
    struct doc_node *target = map_get(&b->anchors, name);
    struct doc_node here = { .line = line, .column = column };

    if (!target)
        return doc_fail(b, ERR_BAD_INPUT, line, column, "there is no anchor \"&" STR_FMT "\" before this",
                        STR_ARG(name));
    if (!target->weight)
        return doc_fail(b, ERR_BAD_INPUT, line, column, "\"*" STR_FMT "\" stands inside what it refers to",
                        STR_ARG(name));
    if (doc_wants_key(b)) {
        if (target->kind == DOC_LIST || target->kind == DOC_MAP)
            return doc_fail(b, ERR_BAD_INPUT, line, column, "a key must be text, and \"*" STR_FMT "\" is %s",
                            STR_ARG(name), doc_kind_name(target->kind));
        TRY(doc_grow(b, &here, 0, target->bytes));
        return doc_key(b, target->text, false, line, column);
    }
    TRY(doc_grow(b, &here, target->weight, target->bytes));
    doc_place(b, target);
    return ERR_OK;
}

static enum err_code doc_yaml_open(struct doc_builder *b, struct fy_event *ev, int line, int column)
{
    bool map = ev->type == FYET_MAPPING_START;
    struct doc_node *n;

    if (doc_wants_key(b))
        return doc_fail(b, ERR_BAD_INPUT, line, column,
                        "a key must be text, and this is %s (text that begins with \"{\" or \"[\" needs quotes)",
                        doc_kind_name(map ? DOC_MAP : DOC_LIST));
    TRY(doc_open(b, map ? DOC_MAP : DOC_LIST, line, column, &n));
    TRY(doc_tag_collection(b, map ? ev->mapping_start.tag : ev->sequence_start.tag, n));
    doc_anchor(b, map ? ev->mapping_start.anchor : ev->sequence_start.anchor, n);
    return ERR_OK;
}

static enum err_code doc_yaml_event(struct doc_builder *b, struct fy_event *ev, int *documents)
{
    const struct fy_mark *m = fy_event_start_mark(ev);
    const struct doc_frame *f = b->depth ? &b->frames[b->depth - 1] : NULL;
    int line = m ? m->line + 1 : f ? (f->has_key ? f->key.line : f->node->line) : 1;
    int column = m ? m->column + 1 : f ? (f->has_key ? f->key.column : f->node->column) : 1;

    switch (ev->type) {
    case FYET_DOCUMENT_START:
        if ((*documents)++)
            return doc_fail(b, ERR_BAD_INPUT, line, column,
                            "a second document begins here (\"---\"); one file holds one document");
        return ERR_OK;
    case FYET_SCALAR: return doc_yaml_scalar(b, ev, line, column);
    case FYET_ALIAS: return doc_yaml_alias(b, ev, line, MAX(column - 1, 1));        /* the mark is behind the star */
    case FYET_MAPPING_START:
    case FYET_SEQUENCE_START: return doc_yaml_open(b, ev, line, column);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END: return doc_close(b);
    default: return ERR_OK;
    }
}

static enum err_code doc_yaml_fault(struct doc_builder *b, struct fy_diag *diag)
{
    void *at = NULL;
    struct fy_diag_error *why = fy_diag_errors_iterate(diag, &at);

    if (!why)
        return doc_fail(b, ERR_BAD_INPUT, 1, 1, "not valid YAML");
    return doc_fail(b, ERR_BAD_INPUT, MAX(why->line, 1), MAX(why->column, 1), "not valid YAML: %s", why->msg);
}

static void doc_parser_freep(struct fy_parser **p)
{
    fy_parser_destroy(*p);
}

static void doc_diag_freep(struct fy_diag **d)
{
    fy_diag_destroy(*d);
}

static enum err_code doc_read_yaml(struct doc_builder *b, struct str text)
{
    struct fy_diag_cfg quiet;
    AUTO(doc_diag_freep) struct fy_diag *diag = NULL;
    struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_DEPTH_LIMIT | FYPCF_JSON_NONE |
                                         FYPCF_DEFAULT_VERSION_1_2 };
    AUTO(doc_parser_freep) struct fy_parser *parser = NULL;
    int documents = 0;

    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    quiet.colorize = false;
    diag = fy_diag_create(&quiet);
    ASSERT(diag);
    fy_diag_set_collect_errors(diag, true);
    cfg.diag = diag;
    parser = fy_parser_create(&cfg);
    ASSERT(parser);
    if (fy_parser_set_string(parser, text.len ? text.at : "", text.len) != 0)
        return doc_yaml_fault(b, diag);
    for (;;) {
        struct fy_event *ev = fy_parser_parse(parser);
        enum err_code code;
        bool end;

        if (!ev)
            return doc_yaml_fault(b, diag);
        end = ev->type == FYET_STREAM_END;
        code = doc_yaml_event(b, ev, &documents);
        fy_parser_event_free(parser, ev);
        TRY(code);
        if (end)
            return fy_diag_got_error(diag) ? doc_yaml_fault(b, diag) : ERR_OK;
    }
}

/* --- JSON: jansson decodes the scalars, we keep the places --- */

struct doc_json { struct doc_builder *b; struct str s; size_t i, line_start; int line; };

static int doc_json_column(const struct doc_json *j)
{
    return (int)(j->i - j->line_start) + 1;
}

static void doc_json_space(struct doc_json *j)
{
    for (; j->i < j->s.len && strchr(" \t\r\n", j->s.at[j->i]) && j->s.at[j->i]; j->i++)
        if (j->s.at[j->i] == '\n') {
            j->line++;
            j->line_start = j->i + 1;
        }
}

static enum err_code doc_json_unexpected(struct doc_json *j, const char *wanted)
{
    if (j->i >= j->s.len)
        return doc_fail(j->b, ERR_BAD_INPUT, j->line, doc_json_column(j),
                        "not valid JSON: the file ends where %s is due", wanted);
    return doc_fail(j->b, ERR_BAD_INPUT, j->line, doc_json_column(j), "not valid JSON: \"" STR_FMT "\" where %s is due",
                    STR_ARG(str_utf8_head(str_from(j->s, j->i), 4)), wanted);
}

static bool doc_json_take(struct doc_json *j, char c)
{
    doc_json_space(j);
    if (j->i >= j->s.len || j->s.at[j->i] != c)
        return false;
    j->i++;
    return true;
}

static size_t doc_json_token(const struct doc_json *j)
{
    size_t i = j->i;

    if (j->s.at[i] != '"') {
        while (i < j->s.len && !strchr(" \t\r\n,:[]{}\"", j->s.at[i]))
            i++;
        return MAX(i - j->i, 1u);
    }
    for (i++; i < j->s.len && j->s.at[i] != '"' && j->s.at[i] != '\n'; i++)
        i += j->s.at[i] == '\\';
    return MIN(i + 1, j->s.len) - j->i;
}

static enum err_code doc_json_scalar(struct doc_json *j, const char *wanted, struct doc_node **out)
{
    struct doc_node *n = doc_node_new(j->b, DOC_STRING, j->line, doc_json_column(j));
    struct str token;
    AUTO_JSON *v = NULL;
    json_error_t why;

    if (j->i >= j->s.len)
        return doc_json_unexpected(j, wanted);
    token = str_sub(j->s, j->i, doc_json_token(j));
    v = json_loadb(token.at, token.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!v && strchr("\"-0123456789", token.at[0]))
        return doc_fail(j->b, ERR_BAD_INPUT, n->line, n->column, "not valid JSON: %s", why.text);
    if (!v)
        return doc_json_unexpected(j, wanted);
    n->text = arena_strdup(j->b->a, json_is_string(v) ? json_to_str(v) : token);
    switch (json_typeof(v)) {
    case JSON_INTEGER: n->kind = DOC_INT; n->integer = json_integer_value(v); break;
    case JSON_REAL: n->kind = DOC_DOUBLE; n->number = json_real_value(v); break;
    case JSON_TRUE:
    case JSON_FALSE: n->kind = DOC_BOOL; n->truth = json_is_true(v); break;
    case JSON_NULL: n->kind = DOC_NULL; break;
    default: break;
    }
    j->i += token.len;
    *out = n;
    return ERR_OK;
}

static enum err_code doc_json_value(struct doc_json *j);

static enum err_code doc_json_members(struct doc_json *j)
{
    struct doc_node *key;

    if (doc_json_take(j, '}'))
        return doc_close(j->b);
    do {
        doc_json_space(j);
        if (j->i >= j->s.len || j->s.at[j->i] != '"')
            return doc_json_unexpected(j, "a key in quotes");
        TRY(doc_json_scalar(j, "a key in quotes", &key));
        TRY(doc_grow(j->b, key, 0, (int64_t)key->text.len));
        TRY(doc_key(j->b, key->text, false, key->line, key->column));
        if (!doc_json_take(j, ':'))
            return doc_json_unexpected(j, "\":\"");
        TRY(doc_json_value(j));
    } while (doc_json_take(j, ','));
    if (!doc_json_take(j, '}'))
        return doc_json_unexpected(j, "\",\" or \"}\"");
    return doc_close(j->b);
}

static enum err_code doc_json_items(struct doc_json *j)
{
    if (doc_json_take(j, ']'))
        return doc_close(j->b);
    do
        TRY(doc_json_value(j));
    while (doc_json_take(j, ','));
    if (!doc_json_take(j, ']'))
        return doc_json_unexpected(j, "\",\" or \"]\"");
    return doc_close(j->b);
}

/* Recursion goes no deeper than doc_open allows. */
static enum err_code doc_json_value(struct doc_json *j)
{
    struct doc_node *n;
    char c;

    doc_json_space(j);
    c = j->i < j->s.len ? j->s.at[j->i] : '\0';
    if (c == '{' || c == '[') {
        TRY(doc_open(j->b, c == '{' ? DOC_MAP : DOC_LIST, j->line, doc_json_column(j), &n));
        j->i++;
        return c == '{' ? doc_json_members(j) : doc_json_items(j);
    }
    TRY(doc_json_scalar(j, "a value", &n));
    return doc_scalar(j->b, n);
}

static enum err_code doc_read_json(struct doc_builder *b, struct str text)
{
    struct doc_json j = { .b = b, .s = text, .line = 1 };

    TRY(doc_json_value(&j));
    doc_json_space(&j);
    return j.i < j.s.len ? doc_json_unexpected(&j, "the end of the file") : ERR_OK;
}

/* --- the door --- */

/* What neither form may hold: bytes that are not UTF-8, and control characters. */
static enum err_code doc_check_text(struct doc_builder *b, struct str s)
{
    int line = 1;
    size_t start = 0;

    if (s.len >= 2 && ((uint8_t)s.at[0] == 0xff || (uint8_t)s.at[0] == 0xfe) && ((uint8_t)s.at[1] | 1) == 0xff)
        return doc_fail(b, ERR_BAD_INPUT, 1, 1, "the file is UTF-16; save it as UTF-8");
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        uint32_t c = str_utf8_next(s, &i);

        if (c == '\n') {
            line++;
            start = i;
        } else if (c == 0xfffd && i - from != 3) {
            return doc_fail(b, ERR_BAD_INPUT, line, (int)(from - start) + 1,
                            "byte 0x%02x is not UTF-8; save the file as UTF-8", (uint8_t)s.at[from]);
        } else if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f) {
            return doc_fail(b, ERR_BAD_INPUT, line, (int)(from - start) + 1,
                            "the control character 0x%02x can't stand here", c);
        }
    }
    return ERR_OK;
}

static enum err_code doc_read_text(struct doc_builder *b, struct str text, enum doc_form form)
{
    if (text.len > DOC_BYTES_MAX)
        return doc_fail(b, ERR_TOO_LARGE, 1, 1, "the file is larger than %u bytes", DOC_BYTES_MAX);
    if (str_starts(text, S("\xef\xbb\xbf")))
        text = str_from(text, 3);
    TRY(doc_check_text(b, text));
    if (form == DOC_JSON)
        TRY(doc_read_json(b, text));
    else
        TRY(doc_read_yaml(b, text));
    if (!b->root)                               /* nothing but white space and comments */
        b->root = doc_node_new(b, DOC_NULL, 1, 1);
    return ERR_OK;
}

enum err_code doc_read(struct str name, struct str text, enum doc_form form, struct arena *a, struct doc_node **out,
                       struct err *e)
{
    struct doc_builder b = { .a = a, .name = name, .e = e, .anchors = MAP_INIT,
                             .frames = xcalloc(DOC_DEPTH_MAX, sizeof *b.frames) };
    enum err_code code = doc_read_text(&b, text, form);

    while (b.depth)
        doc_frame_dispose(&b.frames[--b.depth]);
    free(b.frames);
    map_dispose(&b.anchors);
    if (code == ERR_OK)
        *out = b.root;
    return code;
}

/* --- looking --- */

const struct doc_pair *doc_pair_get(const struct doc_node *map, const char *key)
{
    if (map && map->kind == DOC_MAP)
        for (size_t i = 0; i < map->count; i++)
            if (str_is(map->pairs[i].key, key))
                return &map->pairs[i];
    return NULL;
}

struct doc_node *doc_get(const struct doc_node *map, const char *key)
{
    const struct doc_pair *p = doc_pair_get(map, key);

    return p ? p->value : NULL;
}

json_t *doc_to_json(const struct doc_node *n)
{
    json_t *j;

    switch (n->kind) {
    case DOC_NULL: return json_null();
    case DOC_BOOL: return json_boolean(n->truth);
    case DOC_INT: return json_integer(n->integer);
    case DOC_DOUBLE: return json_real(n->number);
    case DOC_STRING: return json_from_str(n->text);
    case DOC_LIST:
        j = json_array();
        for (size_t i = 0; i < n->count; i++)
            json_array_append_new(j, doc_to_json(n->items[i]));
        return j;
    case DOC_MAP: break;
    }
    j = json_object();
    for (size_t i = 0; i < n->count; i++)
        json_object_setn_new(j, n->pairs[i].key.at, n->pairs[i].key.len, doc_to_json(n->pairs[i].value));
    return j;
}
