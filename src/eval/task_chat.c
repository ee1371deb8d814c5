/* Chat prompts: a conversation to begin with, as a list of messages in a task or in a file of its own.
 *
 * [{role: system | user | assistant, content}]: the last one is the user's and is what the model answers; what stands
 * before it (examples, earlier turns) is said as it is. content is text, a file, or a list of texts and images. Every
 * text is a template. A leading system message is the prompt's system text. */
#include "eval/task_read.h"

#define CHAT_PARTS_MAX 64

static bool chat_role(struct task_read *r, const struct doc_node *n, enum message_role *out)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, n->text);
    for (int role = MESSAGE_SYSTEM; role <= MESSAGE_ASSISTANT; role++) {
        *out = (enum message_role)role;
        if (n->kind == DOC_STRING && str_is(n->text, message_role_name(*out)))
            return true;
        suggest_offer(&near, str_c(message_role_name(*out)));
    }
    if (str_is(n->text, "tool") || str_is(n->text, "function"))
        task_problem_at(r, n, "what a tool gave can't be part of a prompt; a role is system, user or assistant");
    else if (str_is(n->text, "developer") || str_is(n->text, "model"))
        task_problem_at(r, n, "the role \"" STR_FMT "\" is called %s here; each vendor is sent its own word",
                        STR_ARG(n->text), str_is(n->text, "model") ? "assistant" : "system");
    else
        task_problem_at(r, n, "a role is system, user or assistant, not \"" STR_FMT "\"%s", STR_ARG(n->text),
                        suggest_hint(&near, hint));
    return false;
}

static bool chat_image(struct task_read *r, const struct doc_node *n, struct task_message *out)
{
    struct str source;

    if (!task_text(r, n, "an image (a file in the task's folder, an https address, or a template of one)", 65536,
                   &source))
        return false;
    task_template(r, STR_NONE, n, source);
    out->images[out->image_count++] = source;
    return true;
}

/* A text, {text}, {image}, or the same as the chat APIs write it: {type: text, text}, {type: image_url, image_url:
 * {url}}. */
static bool chat_part(struct task_read *r, const struct doc_node *n, struct task_message *out, struct buf *text)
{
    const struct doc_node *said = n, *image = NULL;
    struct task_prompt part = { .line = 0 };

    if (n->kind == DOC_MAP) {
        task_check_keys(r, n, "a part of a message", "type text image image_url");
        said = task_member(n, "text");
        image = task_member(n, "image") ? task_member(n, "image") : task_member(n, "image_url");
        if (image && image->kind == DOC_MAP)
            image = task_member(image, "url");
        if (!said == !image) {
            task_problem_at(r, n, "a part of a message is a text, {text: ...} or {image: ...}");
            return false;
        }
    }
    if (image)
        return chat_image(r, image, out);
    if (!task_prompt_source(r, said, &part))
        return false;
    buf_puts(text, text->len ? "\n\n" : "");
    buf_append(text, part.source);
    return true;
}

static bool chat_content(struct task_read *r, const struct doc_node *n, struct task_message *out)
{
    AUTO_BUF struct buf text = BUF_INIT(TASK_TEXT_MAX);
    struct task_prompt part = { .line = 0 };
    bool good = true;

    if (n->kind != DOC_LIST) {
        if (!task_prompt_source(r, n, &part))
            return false;
        out->source = part.source;
        out->file = part.file;
        out->line = part.line;
        return true;
    }
    if (n->count == 0 || n->count > CHAT_PARTS_MAX) {
        task_problem_at(r, n, "the content of a message is a text or a list of 1 to %d parts, and here are %zu",
                        CHAT_PARTS_MAX, n->count);
        return false;
    }
    out->images = arena_array(r->a, struct str, n->count);
    for (size_t i = 0; i < n->count; i++)
        good = chat_part(r, n->items[i], out, &text) && good;
    if (good && buf_failed(&text)) {
        task_problem_at(r, n, "the parts of a message are longer than %u bytes together", TASK_TEXT_MAX);
        return false;
    }
    out->source = arena_strdup(r->a, buf_str(&text));
    out->line = n->line;
    if (good && out->role != MESSAGE_USER && out->image_count) {
        task_problem_at(r, n, "only the user shows images; this is the %s's message", message_role_name(out->role));
        return false;
    }
    return good;
}

static bool chat_message(struct task_read *r, const struct doc_node *n, struct task_message *out)
{
    const struct doc_node *role, *content;
    bool known;

    if (!task_is(r, n, "a message", DOC_MAP))
        return false;
    role = task_member(n, "role");
    content = task_member(n, "content");
    task_check_keys(r, n, "a message", "role content");
    if (!role || !content) {
        task_problem_at(r, n, "a message needs role and content");
        return false;
    }
    known = chat_role(r, role, &out->role);
    return chat_content(r, content, out) && known;
}

bool task_is_chat(const struct doc_node *n)
{
    return n->kind == DOC_LIST && n->count && n->items[0]->kind == DOC_MAP &&
           (doc_get(n->items[0], "role") || doc_get(n->items[0], "content"));
}

bool task_chat_read(struct task_read *r, const struct doc_node *n, struct task_prompt *out)
{
    struct task_message *list;
    size_t first = 0;
    bool good = true;

    if (n->kind != DOC_LIST || n->count == 0 || n->count > TASK_LIST_MAX) {
        task_problem_at(r, n, "a chat prompt is a list of 1 to %d messages {role, content}", TASK_LIST_MAX);
        return false;
    }
    list = arena_array(r->a, struct task_message, n->count);
    for (size_t i = 0; i < n->count; i++)
        good = chat_message(r, n->items[i], &list[i]) && good;
    if (!good)
        return false;
    if (list[n->count - 1].role != MESSAGE_USER) {
        task_problem_at(r, n->items[n->count - 1],
                        "the last message of a chat prompt must be the user's, whom the model answers, and "
                        "this is the %s's",
                        message_role_name(list[n->count - 1].role));
        return false;
    }
    if (list[0].role == MESSAGE_SYSTEM) {
        out->system = list[0].source;
        first = 1;
    }
    out->messages = list + first;
    out->message_count = n->count - 1 - first;
    out->source = list[n->count - 1].source;
    out->images = list[n->count - 1].images;
    out->image_count = list[n->count - 1].image_count;
    out->line = list[n->count - 1].line;
    if (!out->file.len)
        out->file = list[n->count - 1].file;
    return true;
}

bool task_names_chat_file(struct str path)
{
    struct str ext = path.len ? path_ext(path) : STR_NONE;

    return str_is(ext, "yaml") || str_is(ext, "yml") || str_is(ext, "json");
}

/* [messages] or {messages, system}. */
bool task_chat_text(struct task_read *r, const struct doc_node *n, struct str shown, struct str text,
                    struct task_prompt *out)
{
    struct str before = r->inside, system;
    const struct doc_node *list, *own;
    struct doc_node *root;
    struct err e = ERR_INIT;
    bool good;

    if (doc_read(shown, text, doc_form_of(shown), r->a, &root, &e) != ERR_OK) {
        task_problem_placed(r, n, shown, str_c(e.text));
        return false;
    }
    r->inside = shown;
    list = root->kind == DOC_MAP ? task_member(root, "messages") : root;
    own = root->kind == DOC_MAP ? task_member(root, "system") : NULL;
    if (root->kind == DOC_MAP)
        task_check_keys(r, root, "a chat prompt", "messages system");
    if (!list)
        task_problem_at(r, root, "a chat prompt file holds a list of messages {role, content}, or {messages, system}");
    good = list && task_chat_read(r, list, out);
    if (good && own && task_text(r, own, "system", TASK_TEXT_MAX, &system)) {
        if (out->system.len)
            task_problem_at(r, own, "the system text stands here and as the first message");
        task_template(r, STR_NONE, own, system);
        out->system = system;
    }
    r->inside = before;
    return good;
}
