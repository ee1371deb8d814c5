#include "eval/imports.h"

#include "eval/import/outside.h"

#define IMPORTS(X)      /* the one list, sorted by name */ \
    X(inspect) \
    X(lm_eval) \
    X(openai_evals)

#define X(id) extern const struct import_format import_##id;
IMPORTS(X)
#undef X
#define X(id) &import_##id,
static const struct import_format *const imports[] = { IMPORTS(X) };
#undef X

size_t import_count(void)
{
    return COUNT_OF(imports);
}

const struct import_format *import_at(size_t i)
{
    ASSERT(i < COUNT_OF(imports));
    return imports[i];
}

const struct import_format *import_of(const struct doc_node *root)
{
    for (size_t i = 0; i < COUNT_OF(imports); i++)
        if (imports[i]->kind == IMPORT_TASK && imports[i]->is(root))
            return imports[i];
    return NULL;
}

/* NaN and Infinity, which Python writes and JSON has not, as null. */
static void import_plain_numbers(struct str text, struct buf *out)
{
    static const char *const words[] = { "-Infinity", "Infinity", "NaN" };
    bool quoted = false;
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        for (size_t k = 0; !quoted && k < COUNT_OF(words); k++)
            if (str_starts(str_from(text, i), str_c(words[k]))) {
                buf_append(out, str_sub(text, from, i - from));
                buf_puts(out, "null");
                i += strlen(words[k]) - 1;
                from = i + 1;
                break;
            }
    }
    buf_append(out, str_from(text, from));
}

enum err_code import_log(struct str name, struct str text, struct store *s, struct blob *b, struct arena *a,
                         struct run **out, json_t **notes, struct err *e)
{
    AUTO_JSON *log = NULL;
    AUTO_BUF struct buf plain = BUF_INIT(2 * IMPORT_LOG_MAX);
    struct outside o;

    if (str_starts(text, S("PK\x03\x04")))
        return err_set(e, ERR_BAD_INPUT,
                       STR_FMT
                       " is a log in Inspect's packed form (.eval); `inspect log convert --to json` makes one that can "
                       "be read here",
                       STR_ARG(name));
    import_plain_numbers(text, &plain);
    if (text.len > IMPORT_LOG_MAX || buf_failed(&plain))
        return err_set(e, ERR_TOO_LARGE, STR_FMT " is larger than 128 MiB", STR_ARG(name));
    if (json_read(buf_str(&plain), &log, e) != ERR_OK)
        return err_prefix(e, STR_FMT, STR_ARG(name));
    if (!inspect_log_is(log))
        return err_set(e, ERR_BAD_INPUT,
                       STR_FMT
                       ": no log that is known; `assay import` takes a log of Inspect (inspect_ai) in its JSON form",
                       STR_ARG(name));
    *notes = json_in_arena(json_array(), a);
    TRY(inspect_log_read(name, log, a, &o, *notes, e));
    return outside_store(&o, s, b, a, out, e);
}
