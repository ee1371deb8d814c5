#include "eval/subject.h"

struct subject_slot { struct str key; void *value; struct subject_slot *next; };
struct subject_cache {
    bool json_tried, fenced;
    json_t *json;
    struct str json_why;
    json_t *vars;
    struct subject_checks checks;
    struct subject_slot *slots;
};

void subject_begin(struct subject *s, struct arena *a)
{
    s->cache = arena_new(a, struct subject_cache);
}

void subject_set_checks(struct subject *s, struct subject_checks checks)
{
    s->cache->checks = checks;
}

struct subject_checks subject_checks(const struct subject *s)
{
    return s->cache->checks;
}

struct str subject_text(const struct subject *s)
{
    return str_trim(s->output);
}

struct str subject_unfenced(struct str text, bool *fenced)
{
    struct str t = str_trim(text), inside;
    size_t fence = 0;
    ptrdiff_t eol;

    *fenced = false;
    while (fence < t.len && t.at[fence] == t.at[0] && (t.at[0] == '`' || t.at[0] == '~'))
        fence++;
    if (fence < 3 || t.len < 2 * fence || !str_ends(t, str_sub(t, 0, fence)))
        return t;
    inside = str_sub(t, fence, t.len - 2 * fence);
    eol = str_find_byte(inside, '\n');
    if (eol < 0 || str_trim(str_sub(inside, 0, (size_t)eol)).len > 20 || inside.at[inside.len - 1] == t.at[0])
        return t;                                       /* no line break after the fence's word: not a block */
    if (str_contains(inside, str_sub(t, 0, fence)))
        return t;                                       /* more than one block */
    *fenced = true;
    return str_trim(str_from(inside, (size_t)eol + 1));
}

const json_t *subject_json(const struct subject *s, struct arena *a, struct str *why)
{
    struct subject_cache *c = s->cache;

    if (!c->json_tried) {
        struct err e = ERR_INIT;
        struct str text = subject_unfenced(s->output, &c->fenced);

        c->json_tried = true;
        if (!text.len)
            c->json_why = S("the output is empty");
        else if (json_read(text, &c->json, &e) == ERR_OK)
            json_in_arena(c->json, a);
        else
            c->json_why = arena_strdup(a, str_c(e.text));
    }
    if (why)
        *why = c->json_why;
    return c->json;
}

bool subject_fenced(const struct subject *s, struct arena *a)
{
    return subject_json(s, a, NULL) && s->cache->fenced;
}

const json_t *subject_expected(const struct subject *s)
{
    const json_t *x = s->kase ? s->kase->expected : NULL;

    return json_is_null(x) ? NULL : x;
}

const json_t *subject_vars(const struct subject *s, struct arena *a)
{
    struct subject_cache *c = s->cache;
    json_t *v, *kase;

    if (c->vars)
        return c->vars;
    v = c->vars = json_in_arena(json_object(), a);
    kase = json_object();
    if (s->kase) {
        if (json_is_object(s->kase->vars))
            json_object_update(v, (json_t *)s->kase->vars);
        json_set_str(kase, "id", s->kase->id);
        json_object_set_new(kase, "index", json_integer(s->kase->index));
        if (s->kase->expected)
            json_object_set(v, "expected", (json_t *)s->kase->expected);
    }
    json_object_set_new(v, "case", kase);
    json_set_str(v, "answer", subject_text(s));
    return v;
}

void **subject_slot(const struct subject *s, struct str key, struct arena *a)
{
    struct subject_slot *slot;

    for (slot = s->cache->slots; slot; slot = slot->next)
        if (str_eq(slot->key, key))
            return &slot->value;
    slot = arena_new(a, struct subject_slot);
    *slot = (struct subject_slot){ .key = key, .next = s->cache->slots };
    s->cache->slots = slot;
    return &slot->value;
}

struct str subject_quote(struct str s, struct arena *a)
{
    struct str head = str_utf8_head(s, 80);
    struct str q = arena_printf(a, "\"" STR_FMT "%s\"", STR_ARG(head), head.len < s.len ? "..." : "");
    char *p = (char *)q.at;

    for (size_t i = 0; i < q.len; i++)
        if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
            p[i] = ' ';
    return q;
}
