#include "eval/report/report.h"

#define REPORTS(X)      /* the one list, sorted by name */ \
    X(csv)              \
    X(html)             \
    X(inspect)          \
    X(json)             \
    X(jsonl)            \
    X(junit)            \
    X(markdown)         \
    X(pdf)              \
    X(promptfoo)        \
    X(table)

#define X(id) extern const struct report_format report_##id;
REPORTS(X)
#undef X
#define X(id) &report_##id,
static const struct report_format *const reports[] = { REPORTS(X) };
#undef X

size_t report_count(void)
{
    return COUNT_OF(reports);
}

const struct report_format *report_at(size_t i)
{
    ASSERT(i < COUNT_OF(reports));
    return reports[i];
}

const struct report_format *report_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(reports); i++)
        if (str_is(name, reports[i]->name))
            return reports[i];
    for (size_t i = 0; i < COUNT_OF(reports); i++)
        if (str_is(name, reports[i]->extension))
            return reports[i];
    return NULL;
}

void report_suggest(struct suggest *s)
{
    for (size_t i = 0; i < COUNT_OF(reports); i++)
        suggest_offer(s, str_c(reports[i]->name));
}

static enum err_code report_buf_write(void *arg, struct str bytes, struct err *e)
{
    struct buf *b = arg;

    buf_append(b, bytes);
    return buf_failed(b) ? err_set(e, ERR_TOO_LARGE, "the report is larger than %zu bytes", b->max) : ERR_OK;
}

struct report_sink report_to_buf(struct buf *b)
{
    return (struct report_sink){ .write = report_buf_write, .arg = b };
}
