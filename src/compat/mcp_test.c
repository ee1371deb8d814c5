#include "base/test.h"
#include "compat/mcp_parts.h"

#include <stdio.h>

struct said { struct buf text; int lines; bool broken; };

static enum err_code said_write(void *arg, struct str line, struct err *e)
{
    struct said *s = arg;

    if (s->broken)
        return err_set(e, ERR_IO, "the client has gone");
    buf_append(&s->text, line);
    s->lines++;
    return ERR_OK;
}

static struct mcp *said_server(struct said *s)
{
    struct mcp_options o = { .root = test_folder(), .home = test_folder(), .budget_nanousd = MONEY_PER_USD, .write = said_write, .arg = s };
    struct mcp *m = NULL;

    *s = (struct said){ .text = BUF_INIT(1 << 24) };
    CHECK_OK(mcp_new(&o, &m, NULL));
    return m;
}

#define HELLO "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\"}}\n"

TEST(every_tools_schema_is_a_schema_and_closed)
{
    AUTO_JSON *all = mcp_tools_list();
    const json_t *one, *list = json_child(all, "tools");
    AUTO_ARENA *a = arena_new_sized(0);
    size_t i;

    CHECK(json_array_size(list) == 11);
    json_array_foreach(list, i, one) {
        const json_t *input = json_child(one, "inputSchema");
        struct schema *compiled;

        CHECK_OK(schema_compile(input, a, &compiled, NULL));
        CHECK(json_is_false(json_child(input, "additionalProperties")));
        CHECK(json_get_str(one, "description").len > 20);
    }
}

TEST(messages_may_be_cut_anywhere)
{
    AUTO_BUF struct buf whole = BUF_INIT(1 << 20);
    struct said said;

    for (size_t piece = 1; piece < 40; piece += 3) {
        AUTO(mcp_freep) struct mcp *m = said_server(&said);
        struct str text = S(HELLO "\r\n{\"jsonrpc\":\"2.0\",\"id\":\"b\",\"method\":\"ping\"}\n{\"jsonrpc\":\"2.0\","
                                  "\"id\":3,\"method\":\"tools/list\"}\n");

        for (size_t i = 0; i < text.len; i += piece)
            CHECK_OK(mcp_receive(m, str_sub(text, i, piece), NULL));
        CHECK_INT(said.lines, 3);
        if (piece == 1)
            buf_append(&whole, buf_str(&said.text));
        CHECK(str_eq(buf_str(&whole), buf_str(&said.text)));
        buf_dispose(&said.text);
    }
}

TEST(a_writer_that_fails_ends_the_session)
{
    struct said said;
    AUTO(mcp_freep) struct mcp *m = said_server(&said);
    struct err e = ERR_INIT;

    said.broken = true;
    CHECK_INT(mcp_receive(m, S(HELLO), &e), ERR_IO);
    buf_dispose(&said.text);
}

TEST(a_line_too_long_is_passed_over_in_memory_that_does_not_grow)
{
    struct said said;
    AUTO(mcp_freep) struct mcp *m = said_server(&said);
    char *block = xmalloc(1 << 20);

    memset(block, 'x', 1 << 20);
    for (int i = 0; i < 64; i++)
        CHECK_OK(mcp_receive(m, str_n(block, 1 << 20), NULL));
    CHECK_OK(mcp_receive(m, S("\n" HELLO), NULL));
    CHECK_INT(said.lines, 2);
    CHECK(m->in.cap <= 2 * MCP_MESSAGE_MAX);
    free(block);
    buf_dispose(&said.text);
}

TEST(no_more_than_the_bounds_are_looked_at)
{
    struct said said;
    AUTO(mcp_freep) struct mcp *m = said_server(&said);
    AUTO_BUF struct buf deep = BUF_INIT(1 << 16);

    CHECK_OK(mcp_receive(m, S(HELLO), NULL));
    for (int extra = 0; extra < 2; extra++) {
        buf_reset(&deep);
        buf_puts(&deep, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"ping\",\"params\":{\"a\":");
        for (int i = 0; i < MCP_DEPTH_MAX - 2 + extra; i++)
            buf_byte(&deep, '[');
        for (int i = 0; i < MCP_DEPTH_MAX - 2 + extra; i++)
            buf_byte(&deep, ']');
        buf_puts(&deep, "}}\n");
        buf_reset(&said.text);
        CHECK_OK(mcp_receive(m, buf_str(&deep), NULL));
        CHECK(str_contains(buf_str(&said.text), extra ? S("-32600") : S("\"result\":{}")));
    }
    buf_dispose(&said.text);
}

TEST(paths_stay_below_the_root)
{
    struct said said;
    AUTO(mcp_freep) struct mcp *m = said_server(&said);
    AUTO_ARENA *a = arena_new_sized(0);
    struct str task = path_join(a, str_c(m->root), S("t.yaml")), full;
    static const char *const out[] = { "..", "../x", "a/../../x", "/", "/etc/passwd", "//t.yaml", "t.yaml/../../x" };
    struct err e = ERR_INIT;

    CHECK_OK(file_write_atomic(task.at, S("name: x\n"), 0600, NULL));
    CHECK_OK(mcp_path(m, S("t.yaml"), a, &full, NULL));
    CHECK_STR(full, task.at);
    CHECK_OK(mcp_path(m, task, a, &full, NULL));
    CHECK_INT(mcp_path(m, S(""), a, &full, &e), ERR_USAGE);
    CHECK_INT(mcp_path(m, str_n("a\0b", 3), a, &full, &e), ERR_USAGE);
    for (size_t i = 0; i < COUNT_OF(out); i++)
        CHECK(mcp_path(m, str_c(out[i]), a, &full, &e) != ERR_OK);
    buf_dispose(&said.text);
}
