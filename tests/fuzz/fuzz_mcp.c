/* tests/fuzz/fuzz_mcp.c: any bytes from a client, whole and cut in two: every line said is one JSON-RPC message, and
 * both ways say the same. Nothing can run: the root is an empty folder. */
#include "compat/mcp.h"

#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err_code fuzz_write(void *arg, struct str line, struct err *e)
{
    AUTO_JSON *message = NULL;

    ASSERT(json_read(line, &message, e) == ERR_OK && line.at[line.len - 1] == '\n');
    ASSERT(json_is_array(message) || str_is(json_get_str(message, "jsonrpc"), "2.0"));
    buf_append(arg, line);
    return ERR_OK;
}

static void fuzz_session(const char *folder, struct str text, size_t cut, struct buf *out)
{
    struct mcp_options o = { .root = folder, .home = folder, .budget_nanousd = 1, .write = fuzz_write, .arg = out };
    AUTO(mcp_freep) struct mcp *m = NULL;
    struct err e = ERR_INIT;

    ASSERT(mcp_new(&o, &m, &e) == ERR_OK);
    ASSERT(mcp_receive(m, str_sub(text, 0, cut), &e) == ERR_OK);
    ASSERT(mcp_receive(m, str_from(text, cut), &e) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[] = "/tmp/assay-fuzz-mcp-XXXXXX";
    AUTO_BUF struct buf whole = BUF_INIT(1 << 26), cut = BUF_INIT(1 << 26);
    struct str text = str_n((const char *)data, size);

    if (folder[sizeof folder - 2] == 'X')
        ASSERT(mkdtemp(folder));
    fuzz_session(folder, text, size, &whole);
    fuzz_session(folder, text, size / 2, &cut);
    ASSERT(str_eq(buf_str(&whole), buf_str(&cut)));
    return 0;
}
