#include "template/parser.h"
#include "template/engine.h"

#include <pthread.h>

/* `lock` guards names, files, templates, name_arena and `followed`. A template in the list is else never changed. */
struct template_env {
    struct template_options options;
    pthread_mutex_t lock;
    struct map names;                       /* interned: name -> its bytes in name_arena */
    struct map files;                       /* path -> struct template */
    struct arena *name_arena;
    struct template *templates;
};

struct template_env *template_env_new(const struct template_options *options)
{
    struct template_env *env = xcalloc(1, sizeof *env);
    struct template_options *o = &env->options;

    if (options)
        *o = *options;
    o->folder = o->folder ? xstrdup(o->folder) : NULL;
    json_incref((json_t *)o->files);
    o->output_max = o->output_max ? o->output_max : 16u << 20;
    o->memory_max = o->memory_max ? o->memory_max : 256u << 20;
    o->source_max = o->source_max ? o->source_max : 4u << 20;
    o->depth_max = o->depth_max > 0 ? MIN(o->depth_max, 200) : 100;
    o->steps_max = o->steps_max > 0 ? o->steps_max : 10 * 1000 * 1000;
    pthread_mutex_init(&env->lock, NULL);
    env->names = MAP_INIT;
    env->files = MAP_INIT;
    env->name_arena = arena_new_sized(4096);
    return env;
}

void template_env_free(struct template_env *env)
{
    if (!env)
        return;
    while (env->templates) {
        struct template *t = env->templates;

        env->templates = t->next;
        arena_free(t->arena);
    }
    map_dispose(&env->names);
    map_dispose(&env->files);
    arena_free(env->name_arena);
    pthread_mutex_destroy(&env->lock);
    free((char *)(uintptr_t)env->options.folder);
    json_decref((json_t *)env->options.files);
    free(env);
}

void template_env_freep(struct template_env **env)
{
    template_env_free(*env);
    *env = NULL;
}

const struct template_options *env_options(const struct template_env *env)
{
    return &env->options;
}

struct str env_intern(struct template_env *env, struct str name)
{
    char *at;

    pthread_mutex_lock(&env->lock);
    at = map_get(&env->names, name);
    if (!at) {
        at = arena_cstr(env->name_arena, name);
        map_put(&env->names, name, at);
    }
    pthread_mutex_unlock(&env->lock);
    return str_n(at, name.len);
}

/* Everything but the list entry: `arena` goes with the template. */
static enum err_code env_compile(struct template_env *env, struct str name, struct str source, struct template **out,
                                 struct err *e)
{
    AUTO_ARENA *arena = NULL;
    struct template *t;

    if (source.len > env->options.source_max)
        return err_set(e, ERR_TOO_LARGE, STR_FMT ": the template is longer than %zu bytes", STR_ARG(name),
                       env->options.source_max);
    arena = arena_new_sized(MIN(source.len * 4 + 512, (size_t)65536));
    t = arena_new(arena, struct template);
    t->env = env;
    t->arena = arena;
    t->name = arena_strdup(arena, name);
    t->words = (struct words){ env_intern(env, S("loop")), env_intern(env, S("self")), env_intern(env, S("super")),
                               env_intern(env, S("caller")), env_intern(env, S("kwargs")), env_intern(env, S("varargs")) };
    TRY(parser_run(t, source, e));
    arena = NULL;
    *out = t;
    return ERR_OK;
}

static void env_keep(struct template_env *env, struct template *t)
{
    t->next = env->templates;
    env->templates = t;
}

enum err_code template_compile(struct template_env *env, struct str name, struct str source, struct template **out,
                               struct err *e)
{
    struct template *t;

    TRY(env_compile(env, name, source, &t, e));
    pthread_mutex_lock(&env->lock);
    env_keep(env, t);
    pthread_mutex_unlock(&env->lock);
    *out = t;
    return ERR_OK;
}

static enum err_code env_read(struct template_env *env, struct str path, struct buf *source, struct err *e)
{
    const json_t *kept = env->options.files ? json_object_getn(env->options.files, path.at, path.len) : NULL;
    size_t count;

    pthread_mutex_lock(&env->lock);
    count = map_len(&env->files);
    pthread_mutex_unlock(&env->lock);
    if (count >= TEMPLATE_FILES_MAX)
        return err_set(e, ERR_TOO_LARGE, "templates read more than %d files", TEMPLATE_FILES_MAX);
    if (!json_is_string(kept))
        return file_read_beneath(env->options.folder, path, env->options.source_max, source, e);
    buf_append(source, json_to_str(kept));
    return ERR_OK;
}

enum err_code env_load(struct template_env *env, struct str path, const struct template **out, struct err *e)
{
    AUTO_BUF struct buf source = BUF_INIT(env->options.source_max + 1);
    struct template *t, *other;

    if (!env->options.folder)
        return err_set(e, ERR_DENIED, "this template may not read other files: it has no folder");
    pthread_mutex_lock(&env->lock);
    t = map_get(&env->files, path);
    pthread_mutex_unlock(&env->lock);
    if (t) {
        *out = t;
        return ERR_OK;
    }
    TRY(env_read(env, path, &source, e));
    TRY(env_compile(env, path, buf_str(&source), &t, e));
    t->source = arena_strdup(t->arena, buf_str(&source));
    pthread_mutex_lock(&env->lock);
    other = map_get(&env->files, path);             /* another thread may have been faster; both texts are the same */
    if (!other)
        map_put(&env->files, path, t);
    env_keep(env, t);
    pthread_mutex_unlock(&env->lock);
    *out = other ? other : t;
    return ERR_OK;
}

enum err_code template_load(struct template_env *env, struct str path, const struct template **out, struct err *e)
{
    return env_load(env, path, out, e);
}

/* --- the files of an env -------------------------------------------------------------------------------------- */

/* A file that isn't there, or is wrong, is the render's affair: it may never come to it. */
static void env_follow_name(struct template_env *env, const struct expr *x)
{
    const struct template *t;

    if (x->kind == EXPR_CONST && x->constant.kind == VALUE_STR) {
        (void)!env_load(env, x->constant.s, &t, NULL);
    } else if (x->kind == EXPR_IF) {
        env_follow_name(env, x->a);
        if (x->c)
            env_follow_name(env, x->c);
    } else if (x->kind == EXPR_LIST || x->kind == EXPR_TUPLE) {
        for (size_t i = 0; i < x->len; i++)
            env_follow_name(env, x->items[i]);
    }
}

static void env_follow(struct template_env *env, const struct statement *s)
{
    for (; s; s = s->next) {
        bool names = s->kind == STATEMENT_EXTENDS || s->kind == STATEMENT_INCLUDE || s->kind == STATEMENT_IMPORT ||
                     s->kind == STATEMENT_FROM;

        if (names && s->value)
            env_follow_name(env, s->value);
        env_follow(env, s->body);
        env_follow(env, s->other);
        if (s->macro)
            env_follow(env, s->macro->body);
    }
}

static struct template *env_take_unfollowed(struct template_env *env)
{
    struct template *t;

    pthread_mutex_lock(&env->lock);
    for (t = env->templates; t && t->followed; t = t->next)
        continue;
    if (t)
        t->followed = true;
    pthread_mutex_unlock(&env->lock);
    return t;
}

json_t *template_files(struct template_env *env)
{
    json_t *all = json_object();
    struct template *t;
    struct str path;

    if (env->options.folder)
        while ((t = env_take_unfollowed(env)))
            env_follow(env, t->body);
    pthread_mutex_lock(&env->lock);
    for (size_t i = 0; map_next(&env->files, &i, &path, (void **)&t);)
        json_object_setn_new(all, path.at, path.len, json_from_str(t->source));
    pthread_mutex_unlock(&env->lock);
    return all;
}

struct str template_name(const struct template *t)
{
    return t->name;
}

enum err_code template_render(const struct template *t, const json_t *vars, struct arena *scratch, struct buf *out,
                              struct err *e)
{
    const struct template_options *o = &t->env->options;
    AUTO_BUF struct buf b = BUF_INIT(o->output_max);
    struct root root = { .vars = vars && json_is_object(vars) ? vars : NULL };
    struct err unseen;
    struct render r = {
        .env = t->env, .t = t, .arena = scratch, .out = &b, .output_max = o->output_max, .memory_max = o->memory_max,
        .memory_start = arena_bytes(scratch), .steps_left = o->steps_max, .steps_max = o->steps_max,
        .depth_max = o->depth_max, .stack = __builtin_frame_address(0), .e = e ? e : &unseen,
    };

    root.scope.root = &root;
    TRY(compose_run(&r, t, &root));
    buf_append(out, buf_str(&b));
    if (buf_failed(out))
        return err_set(e, ERR_TOO_LARGE, STR_FMT ": the text is longer than the %zu bytes there is room for",
                       STR_ARG(t->name), out->max);
    return ERR_OK;
}
