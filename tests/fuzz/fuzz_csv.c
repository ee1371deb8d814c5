/* tests/fuzz/fuzz_csv.c: CSV over any bytes. Rows written again with every field in quotes read the same. */
#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_write(const struct str *fields, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, i ? ",\"" : "\"");
        for (size_t k = 0; k < fields[i].len; k++) {
            if (fields[i].at[k] == '"')
                buf_byte(out, '"');
            buf_byte(out, fields[i].at[k]);
        }
        buf_byte(out, '"');
    }
    buf_byte(out, '\n');
}

static bool fuzz_read(struct str text, struct buf *out)
{
    struct csv c;
    const struct str *fields;
    size_t n;
    bool more = true, fine = true;
    int64_t line = 0;

    csv_open_str(&c, text, ',');
    while (more && fine) {
        fine = csv_next(&c, &fields, &n, &more, NULL) == ERR_OK;
        if (fine && more) {
            ASSERT(n >= 1 && c.row_line > line);
            line = c.row_line;
            fuzz_write(fields, n, out);
        }
    }
    csv_close(&c);
    return fine;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BUF struct buf one = BUF_INIT(1 << 24), two = BUF_INIT(1 << 24);

    if (fuzz_read(str_n((const char *)data, size), &one)) {
        ASSERT(fuzz_read(buf_str(&one), &two));
        ASSERT(str_eq(buf_str(&one), buf_str(&two)));
    }
    return 0;
}
