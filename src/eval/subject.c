#include "eval/subject.h"

struct subject_slot { struct str key; void *value; struct subject_slot *next; };
struct subject_cache {
    bool json_tried, fenced;
    json_t *json;
    struct str json_why;
    struct subject_checks checks;
    struct subject_slot *slots;
};

void subject_of_stored(const struct trial *t, const json_t *transcript, struct arena *a, struct subject *s)
{
    const json_t *turns = json_child(transcript, "turns"), *joined = json_child(transcript, "output");
    size_t count = json_array_size(turns);
    struct turn *list = arena_array(a, struct turn, count + 1);

    for (size_t i = 0; i < count; i++)
        turn_from_json(json_array_get(turns, i), a, &list[i]);
    *s = (struct subject){ .turns = list, .turn_count = count, .usage = &t->usage, .cost_nanousd = t->cost_nanousd,
                           .latency_ms = t->latency_ms, .failed = t->state == TRIAL_FAILED,
                           .output = joined ? arena_strdup(a, json_to_str(joined)) : count ? list[count - 1].response : STR_NONE };
}

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

static struct subject_wish *subject_wish_find(struct subject_wish *wishes, size_t count, const void *key)
{
    for (size_t i = 0; i < count; i++)
        if (wishes[i].key == key)
            return &wishes[i];
    return NULL;
}

const struct subject_wish *subject_wish_of(const struct subject *s, const void *key)
{
    return subject_wish_find((struct subject_wish *)s->wishes, s->wish_count, key);
}

struct subject_wish *subject_wish_add(struct subject_wishes *w, const void *key)
{
    if (subject_wish_find(w->at, w->count, key))
        return NULL;
    if (w->count == w->cap) {
        struct subject_wish *more;

        w->cap = w->cap ? 2 * w->cap : 4;
        more = arena_array(w->arena, struct subject_wish, w->cap);
        if (w->count)
            memcpy(more, w->at, w->count * sizeof *more);
        w->at = more;
    }
    w->at[w->count] = (struct subject_wish){ .key = key };
    return &w->at[w->count++];
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

static json_t *subject_var(const struct subject *s, struct str name)
{
    const json_t *v = NULL;

    if (str_is(name, "answer"))
        return json_from_str(subject_text(s));
    if (!s->kase)
        return NULL;
    if (str_is(name, "case"))
        return json_pack("{s:o, s:I}", "id", json_from_str(s->kase->id), "index", (json_int_t)s->kase->index);
    if (str_is(name, "expected"))
        v = s->kase->expected;
    else if (json_is_object(s->kase->vars))
        v = json_object_getn(s->kase->vars, name.at, name.len);
    return v ? json_deep_copy(v) : NULL;
}

static void subject_var_add(const struct subject *s, struct str name, json_t *all)
{
    json_t *v = subject_var(s, name);

    if (v)
        json_object_setn_new(all, name.at, name.len, v);
}

const json_t *subject_vars(const struct subject *s, const struct str *names, size_t count, struct arena *a)
{
    static const struct str ours[] = { { "answer", 6 }, { "case", 4 }, { "expected", 8 } };
    json_t *all = json_in_arena(json_object(), a);
    json_t *vars = !names && s->kase ? (json_t *)s->kase->vars : NULL;

    for (void *it = json_is_object(vars) ? json_object_iter(vars) : NULL; it; it = json_object_iter_next(vars, it))
        subject_var_add(s, str_n(json_object_iter_key(it), json_object_iter_key_len(it)), all);
    for (size_t i = 0; !names && i < COUNT_OF(ours); i++)
        subject_var_add(s, ours[i], all);
    for (size_t i = 0; i < count; i++)
        subject_var_add(s, names[i], all);
    return all;
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
