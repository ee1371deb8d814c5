/* src/token/request.c: what a whole request counts as. */
#include "token/token_parts.h"

enum {
    MESSAGE_FRAME = 4,                      /* three around each message and its role's word; measured for OpenAI's */
    REPLY_FRAME = 3,                        /* the answer's own beginning, counted as input */
    IMAGE_SIDE_ASSUMED = 1024,              /* of an image that lies elsewhere, or whose head does not say */
    /* OpenAI's cookbook, "How to count tokens with tiktoken", for its function tools. */
    TOOL_EACH_O200K = 7, TOOL_EACH_CL100K = 10, TOOL_PROPERTIES = 3, TOOL_PROPERTY = 3, TOOL_ENUM = -3, TOOL_ENUM_ITEM = 3,
    TOOLS_END = 12,
    TOOLS_CLAUDE = 346,                     /* the system prompt Anthropic adds when tools are offered */
    TOOL_DEPTH_MAX = 16,
};

static struct str request_no_dot(struct str s)
{
    return str_ends(s, S(".")) ? str_sub(s, 0, s.len - 1) : s;
}

static int64_t request_joined(const struct token_counter *c, struct str a, struct str b, struct str d)
{
    AUTO_BUF struct buf line = BUF_INIT(1u << 26);

    buf_append(&line, a);
    buf_byte(&line, ':');
    buf_append(&line, b);
    if (d.at) {
        buf_byte(&line, ':');
        buf_append(&line, d);
    }
    return token_counter_text(c, buf_str(&line));
}

/* The cookbook counts one level; what an object or an array holds inside is counted the same way. */
static int64_t request_properties(const struct token_counter *c, const json_t *schema, int depth)
{
    const json_t *properties = json_child(schema, "properties"), *one, *item;
    const char *name;
    int64_t n = 0;
    size_t i;

    if (depth == TOOL_DEPTH_MAX)
        return 0;
    if (json_object_size(properties))
        n += TOOL_PROPERTIES;
    json_object_foreach((json_t *)properties, name, one) {
        struct str about = request_no_dot(json_get_str(one, "description"));

        n += TOOL_PROPERTY + request_joined(c, str_c(name), json_get_str(one, "type"), about.at ? about : S(""));
        if (json_child(one, "enum"))
            n += TOOL_ENUM;
        json_array_foreach(json_child(one, "enum"), i, item)
            n += TOOL_ENUM_ITEM + token_counter_text(c, str_c(json_string_value(item)));
        n += request_properties(c, one, depth + 1);
        n += request_properties(c, json_child(one, "items"), depth + 1);
    }
    return n;
}

static int64_t request_tools(const struct token_counter *c, const json_t *tools)
{
    AUTO_BUF struct buf text = BUF_INIT(1u << 26);
    int64_t n = 0;
    const json_t *tool;
    size_t i;

    if (!json_array_size(tools))
        return 0;
    if (c->tools == TOKEN_TOOLS_JSON) {
        json_write(tools, &text);
        return token_counter_text(c, buf_str(&text)) + (strcmp(c->family, "claude") == 0 ? TOOLS_CLAUDE : TOOLS_END);
    }
    json_array_foreach(tools, i, tool) {
        n += c->encoding->vocab == VOCAB_O200K ? TOOL_EACH_O200K : TOOL_EACH_CL100K;
        n += request_joined(c, json_get_str(tool, "name"), request_no_dot(json_get_str(tool, "description")), STR_NONE);
        n += request_properties(c, json_child(tool, "parameters"), 0);
    }
    return n + TOOLS_END;
}

static int64_t request_image(const struct token_counter *c, const struct part *p)
{
    int64_t w = IMAGE_SIDE_ASSUMED, h = IMAGE_SIDE_ASSUMED;

    if (p->base64.len)
        image_size(p->base64, &w, &h);      /* untouched when the head does not say */
    return image_tokens(&c->image, w, h);
}

struct token_request token_count_request(const struct token_counter *c, const struct message *messages, size_t count,
                                         const json_t *tools)
{
    struct token_request r = { .exact = c->exact };

    for (size_t i = 0; i < count; i++) {
        r.frame += MESSAGE_FRAME;
        for (size_t k = 0; k < messages[i].part_count; k++) {
            const struct part *p = &messages[i].parts[k];

            if (p->kind == PART_TEXT) {
                r.text += token_counter_text(c, p->text);
            } else {
                r.images += request_image(c, p);
                r.exact = false;
            }
        }
    }
    r.frame += REPLY_FRAME;
    r.tools = request_tools(c, tools);
    if (r.tools)
        r.exact = false;
    r.total = r.text + r.frame + r.tools + r.images;
    return r;
}
