#include "eval/prompting.h"

#include "template/template.h"

#define PROMPTING_TEXT_MAX  (16u * 1024 * 1024)     /* of one rendered message */
#define PROMPTING_IMAGE_MAX (20u * 1024 * 1024)     /* of one image file */

struct prompting_message { struct template *text, **images; };
struct prompting_prompt { struct template *system, *user; struct prompting_message *before; struct template **images; };
struct prompting {
    const struct task *task;
    struct template_env *env;
    struct arena *arena;                /* lists of templates */
    char *folder;
    struct prompting_prompt *prompts;
    struct template **turns, **images;
};

static enum err_code prompting_compile(struct prompting *p, struct str where, struct str source, struct template **out,
                                       struct err *e)
{
    *out = NULL;
    if (source.len == 0)
        return ERR_OK;
    return template_compile(p->env, where, source, out, e);
}

static enum err_code prompting_compile_images(struct prompting *p, const struct str *sources, size_t n,
                                              struct template ***out, struct arena *a, struct err *e)
{
    *out = arena_array(a, struct template *, n);
    for (size_t i = 0; i < n; i++)
        TRY(prompting_compile(p, arena_printf(a, "image %zu", i + 1), sources[i], &(*out)[i], e));
    return ERR_OK;
}

/* What is said before the user's message of a chat prompt. */
static enum err_code prompting_compile_before(struct prompting *p, const struct task_prompt *tp,
                                              struct prompting_prompt *out, struct arena *a, struct err *e)
{
    out->before = arena_array(p->arena, struct prompting_message, tp->message_count);
    for (size_t i = 0; i < tp->message_count; i++) {
        const struct task_message *m = &tp->messages[i];
        struct str where = arena_printf(a, STR_FMT ", message %zu", STR_ARG(tp->name), i + 1);

        TRY(prompting_compile(p, m->file.len ? m->file : where, m->source, &out->before[i].text, e));
        TRY(prompting_compile_images(p, m->images, m->image_count, &out->before[i].images, p->arena, e));
    }
    return prompting_compile_images(p, tp->images, tp->image_count, &out->images, p->arena, e);
}

static enum err_code prompting_compile_all(struct prompting *p, struct arena *a, struct err *e)
{
    const struct task *t = p->task;

    for (size_t i = 0; i < t->prompt_count; i++) {
        const struct task_prompt *tp = &t->prompts[i];
        struct str system = tp->system.len ? tp->system : t->system;

        TRY(prompting_compile(p, tp->file.len ? tp->file : tp->name, tp->source, &p->prompts[i].user, e));
        TRY(prompting_compile(p, S("system"), system, &p->prompts[i].system, e));
        TRY(prompting_compile_before(p, tp, &p->prompts[i], a, e));
    }
    for (size_t i = 0; i < t->turn_count; i++)
        TRY(prompting_compile(p, t->turns[i].label, t->turns[i].source, &p->turns[i], e));
    for (size_t i = 0; i < t->image_count; i++)
        TRY(prompting_compile(p, arena_printf(a, "image %zu", i + 1), t->images[i].source, &p->images[i], e));
    return ERR_OK;
}

enum err_code prompting_new(const struct task *task, struct prompting **out, struct err *e)
{
    struct prompting *p = xcalloc(1, sizeof *p);
    AUTO_ARENA *a = arena_new_sized(0);
    enum err_code code;

    p->task = task;
    p->arena = arena_new_sized(0);
    p->folder = xstrndup(task->dir.at, task->dir.len);
    p->env = template_env_new(&(struct template_options){ .folder = p->folder, .files = task->files,
                                                          .output_max = PROMPTING_TEXT_MAX });
    p->prompts = xcalloc(task->prompt_count, sizeof *p->prompts);
    p->turns = xcalloc(task->turn_count, sizeof *p->turns);
    p->images = xcalloc(task->image_count, sizeof *p->images);
    code = prompting_compile_all(p, a, e);
    if (code != ERR_OK)
        prompting_free(p);
    else
        *out = p;
    return code;
}

void prompting_free(struct prompting *p)
{
    if (!p)
        return;
    template_env_free(p->env);
    arena_free(p->arena);
    free(p->folder);
    free(p->prompts);
    free(p->turns);
    free(p->images);
    free(p);
}

json_t *prompting_files(const struct prompting *p)
{
    return template_files(p->env);
}

struct str prompting_label(const struct prompting *p, size_t turn)
{
    return turn == 0 || turn > p->task->turn_count ? S("prompt") : p->task->turns[turn - 1].label;
}

json_t *prompting_vars(const struct prompting *p, const struct dataset_case *kase, struct arena *a)
{
    json_t *vars = kase->vars ? json_copy((json_t *)kase->vars) : json_object();

    if (!json_object_get(vars, "case")) {
        json_t *about = json_object();

        json_set_str(about, "id", kase->id);
        json_object_set_new(about, "index", json_integer(kase->index));
        json_object_set_new(vars, "case", about);
    }
    if (!json_object_get(vars, "task")) {
        json_t *about = json_object();

        json_set_str(about, "name", p->task->name);
        json_set_str(about, "description", p->task->description);
        json_object_set_new(vars, "task", about);
    }
    return json_in_arena(vars, a);
}

static enum err_code prompting_render(const struct template *t, const json_t *vars, struct arena *a, struct str *out,
                                      struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(PROMPTING_TEXT_MAX);

    TRY(template_render(t, vars, a, &text, e));
    *out = arena_strdup(a, buf_str(&text));
    return ERR_OK;
}

static struct str prompting_media_type(struct str bytes)
{
    static const struct { struct str mark, type; } kinds[] = {
        { { "\x89PNG", 4 }, { "image/png", 9 } },
        { { "\xff\xd8\xff", 3 }, { "image/jpeg", 10 } },
        { { "GIF8", 4 }, { "image/gif", 9 } },
    };

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (str_starts(bytes, kinds[i].mark))
            return kinds[i].type;
    if (bytes.len > 12 && str_starts(bytes, S("RIFF")) && str_eq(str_sub(bytes, 8, 4), S("WEBP")))
        return S("image/webp");
    return STR_NONE;
}

static enum err_code prompting_image(const struct prompting *p, struct str source, struct arena *a, struct part *out,
                                     struct err *e)
{
    AUTO_BUF struct buf bytes = BUF_INIT(PROMPTING_IMAGE_MAX);
    size_t base64_len;
    char *base64;

    *out = (struct part){ .kind = PART_IMAGE };
    source = str_trim(source);
    if (str_starts(source, S("https://")) || str_starts(source, S("http://"))) {
        out->url = source;
        return ERR_OK;
    }
    TRY(file_read_beneath(p->folder, source, PROMPTING_IMAGE_MAX, &bytes, e));
    out->media_type = prompting_media_type(buf_str(&bytes));
    if (!out->media_type.len)
        return err_set(e, ERR_BAD_INPUT, "\"" STR_FMT "\" is not an image; PNG, JPEG, GIF and WebP are understood",
                       STR_ARG(source));
    base64_len = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_ORIGINAL);
    base64 = arena_alloc(a, base64_len);
    sodium_bin2base64(base64, base64_len, (const unsigned char *)bytes.bytes, bytes.len,
                      sodium_base64_VARIANT_ORIGINAL);
    out->base64 = str_n(base64, base64_len - 1);
    return ERR_OK;
}

/* The images of a message that this case has; `marks` tells them in words. */
static enum err_code prompting_images(const struct prompting *p, struct template *const *images, size_t count,
                                      const json_t *vars, struct arena *a, struct part *parts, size_t *n,
                                      struct buf *marks, struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        struct str source = S("");

        if (images[i])
            TRY(prompting_render(images[i], vars, a, &source, e));
        if (!str_trim(source).len)
            continue;                               /* a case without this image */
        TRY(prompting_image(p, source, a, &parts[(*n)++], e));
        buf_printf(marks, "[image " STR_FMT "]\n", STR_ARG(str_trim(source)));
    }
    return ERR_OK;
}

static enum err_code prompting_user(const struct prompting *p, const struct variant *v, const json_t *vars,
                                    struct arena *a, struct message *out, struct str *shown, struct err *e)
{
    const struct prompting_prompt *prompt = &p->prompts[v->prompt];
    size_t own = p->task->prompts[v->prompt].image_count, n = 0;
    struct part *parts = arena_array(a, struct part, own + p->task->image_count + 1);
    AUTO_BUF struct buf marks = BUF_INIT(PROMPTING_TEXT_MAX + 65536);
    struct str text = S("");

    if (prompt->user)
        TRY(prompting_render(prompt->user, vars, a, &text, e));
    TRY(prompting_images(p, prompt->images, own, vars, a, parts, &n, &marks, e));
    TRY(prompting_images(p, p->images, p->task->image_count, vars, a, parts, &n, &marks, e));
    if (!str_trim(text).len && n == 0)
        return err_set(e, ERR_BAD_INPUT, "the prompt is empty for this case");
    if (text.len || n == 0)
        parts[n++] = (struct part){ .kind = PART_TEXT, .text = text };
    *out = (struct message){ .role = MESSAGE_USER, .parts = parts, .part_count = n };
    *shown = text;
    if (marks.len) {
        buf_append(&marks, text);
        *shown = arena_strdup(a, buf_str(&marks));
    }
    return ERR_OK;
}

/* The messages before the user's; one that is empty for this case is left out. */
static enum err_code prompting_before(const struct prompting *p, const struct variant *v, const json_t *vars,
                                      struct arena *a, struct message *list, size_t *count, struct err *e)
{
    const struct task_prompt *tp = &p->task->prompts[v->prompt];
    AUTO_BUF struct buf marks = BUF_INIT(PROMPTING_TEXT_MAX);

    for (size_t i = 0; i < tp->message_count; i++) {
        const struct task_message *m = &tp->messages[i];
        const struct prompting_message *from = &p->prompts[v->prompt].before[i];
        struct part *parts = arena_array(a, struct part, m->image_count + 1);
        struct str text = S("");
        size_t n = 0;

        if (from->text)
            TRY(prompting_render(from->text, vars, a, &text, e));
        TRY(prompting_images(p, from->images, m->image_count, vars, a, parts, &n, &marks, e));
        if (str_trim(text).len)
            parts[n++] = (struct part){ .kind = PART_TEXT, .text = text };
        if (n)
            list[(*count)++] = (struct message){ .role = m->role, .parts = parts, .part_count = n };
    }
    return ERR_OK;
}

enum err_code prompting_start(const struct prompting *p, const struct variant *v, const json_t *vars, struct arena *a,
                              struct message **messages, size_t *count, struct str *shown, struct err *e)
{
    const struct prompting_prompt *prompt = &p->prompts[v->prompt];
    struct message *list = arena_array(a, struct message,
                                       2 + p->task->prompts[v->prompt].message_count + 2 * p->task->turn_count);
    size_t n = 0;

    if (prompt->system) {
        struct str text;

        TRY(prompting_render(prompt->system, vars, a, &text, e));
        if (str_trim(text).len)
            list[n++] = message_text(MESSAGE_SYSTEM, text, a);
    }
    TRY(prompting_before(p, v, vars, a, list, &n, e));
    TRY(prompting_user(p, v, vars, a, &list[n], shown, e));
    *messages = list;
    *count = n + 1;
    return ERR_OK;
}

/* What the model said, for the next turn. One that only asked for tools said so: vendors refuse an empty message. */
static struct str prompting_answer(const struct turn *t, struct arena *a)
{
    AUTO_BUF struct buf calls = BUF_INIT(PROMPTING_TEXT_MAX);

    if (str_trim(t->response).len || !t->tool_calls)
        return t->response;
    json_write(t->tool_calls, &calls);
    return arena_strdup(a, buf_str(&calls));
}

enum err_code prompting_follow(const struct prompting *p, const json_t *vars, const struct turn *turns, size_t turn_count,
                               struct arena *a, struct message *messages, size_t *count, struct str *shown, bool *more,
                               struct err *e)
{
    json_t *with, *answers;
    struct str text;

    *more = turn_count <= p->task->turn_count;
    if (!*more)
        return ERR_OK;
    with = json_in_arena(json_deep_copy(vars), a);     /* other threads read `vars`: no reference may be taken */
    answers = json_array();
    for (size_t i = 0; i < turn_count; i++)
        json_array_append_new(answers, json_from_str(turns[i].response));
    json_object_set_new(with, "answers", answers);
    json_object_set_new(with, "answer", json_from_str(turns[turn_count - 1].response));
    TRY(prompting_render(p->turns[turn_count - 1], with, a, &text, e));
    if (!str_trim(text).len)
        return err_set(e, ERR_BAD_INPUT, "follow-up \"" STR_FMT "\" is empty for this case",
                       STR_ARG(p->task->turns[turn_count - 1].label));
    messages[(*count)++] = message_text(MESSAGE_ASSISTANT, prompting_answer(&turns[turn_count - 1], a), a);
    messages[(*count)++] = message_text(MESSAGE_USER, text, a);
    *shown = text;
    return ERR_OK;
}
