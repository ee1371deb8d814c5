/* assay tokens: how many tokens a text is for a model, and what sending it would cost. */
#include "cli/session.h"
#include "token/token.h"

#include <inttypes.h>
#include <unistd.h>

enum { TOKENS_TEXT_MAX = 256 << 20 };

static const struct option tokens_options[] = {
    { "models", 'm', "A,B", "count for these models, such as openai:gpt-4o", "model" },
    { "encoding", 0, "NAME", "count by this vocabulary", "o200k_base cl100k_base" },
    { "ids", 0, NULL, "print the tokens, a line each: id and text", NULL },
    { "json", 0, NULL, "as JSON", NULL },
    SESSION_PRICES_OPTION,
    OPTION_END,
};

static enum err_code tokens_read(const char *path, struct buf *out, struct err *e)
{
    char chunk[1 << 16];
    ssize_t n;

    if (strcmp(path, "-") != 0)
        return file_read(path, TOKENS_TEXT_MAX, out, e);
    while ((n = read(STDIN_FILENO, chunk, sizeof chunk)) > 0)
        buf_append(out, str_n(chunk, (size_t)n));
    if (n < 0)
        return err_set(e, ERR_IO, "standard input can't be read");
    if (buf_failed(out))
        return err_set(e, ERR_TOO_LARGE, "standard input is larger than %d MiB", TOKENS_TEXT_MAX >> 20);
    return ERR_OK;
}

/* One line of the answer: a model, or a vocabulary by its own name. */
struct tokens_row { struct str name; struct token_counter counter; int64_t tokens, cost_nanousd, context; };

static enum err_code tokens_rows(struct session *s, struct args *args, struct str text, struct tokens_row **out,
                                 size_t *count, struct err *e)
{
    static const char *const usual[] = { "openai:gpt-4o", "openai:gpt-4", "anthropic:claude-sonnet-4", "google:gemini-2.5-flash" };
    struct str *names;
    size_t n = args_list(args, "models", &names);
    struct tokens_row *rows = arena_array(args->arena, struct tokens_row, MAX(n, COUNT_OF(usual)));

    for (size_t i = 0; i < (n ? n : COUNT_OF(usual)); i++) {
        struct tokens_row *r = &rows[i];
        struct llm_price price;
        struct model m;
        struct usage u;

        TRY(llm_model_resolve(n ? names[i] : str_c(usual[i]), args->arena, &m, e));
        *r = (struct tokens_row){ .name = m.name, .counter = token_counter_for(m.id) };
        r->tokens = token_counter_text(&r->counter, text);
        u = (struct usage){ .input = r->tokens };
        r->cost_nanousd = llm_cost(s->llm, &m, &u);
        if (llm_price_of(s->llm, &m, &price))
            r->context = price.context_tokens;
    }
    *out = rows;
    *count = n ? n : COUNT_OF(usual);
    return ERR_OK;
}

static json_t *tokens_row_json(const struct tokens_row *r)
{
    json_t *o = json_object();
    char money[MONEY_TEXT];

    json_set_str(o, "model", r->name);
    json_object_set_new(o, "tokens", json_integer(r->tokens));
    json_object_set_new(o, "exact", json_boolean(r->counter.exact));
    json_object_set_new(o, "encoding", json_string(token_encoding_name(r->counter.encoding)));
    json_object_set_new(o, "factor", json_real(r->counter.factor));
    json_object_set_new(o, "cost_usd",
                        r->cost_nanousd == MONEY_UNKNOWN ? json_null()
                                                         : json_string(money_exact(r->cost_nanousd, money)));
    json_object_set_new(o, "context_tokens", r->context ? json_integer(r->context) : json_null());
    return o;
}

static enum err_code tokens_models(struct args *args, struct str text, struct err *e)
{
    AUTO_SESSION s = { 0 };
    struct tokens_row *rows;
    bool rough = false;
    int widest = 24;
    size_t count;

    TRY(session_open(&s, e));
    TRY(session_prices(&s, args, e));
    TRY(tokens_rows(&s, args, text, &rows, &count, e));
    if (args_has(args, "json")) {
        json_t *o = json_object(), *list = json_array();

        json_object_set_new(o, "bytes", json_integer((json_int_t)text.len));
        json_object_set_new(o, "characters", json_integer((json_int_t)str_utf8_len(text)));
        for (size_t i = 0; i < count; i++)
            json_array_append_new(list, tokens_row_json(&rows[i]));
        json_object_set_new(o, "models", list);
        return term_json(o, e);
    }
    for (size_t i = 0; i < count; i++)
        widest = MAX(widest, (int)str_utf8_width(rows[i].name));
    printf("%zu bytes, %zu characters\n\n%-*s %12s  %-8s %10s %9s\n", text.len, str_utf8_len(text), widest, "model", "tokens", "",
           "as input", "context");
    for (size_t i = 0; i < count; i++) {
        char money[MONEY_TEXT], share[24] = "-";

        if (rows[i].context)
            snprintf(share, sizeof share, "%.1f %%", 100.0 * (double)rows[i].tokens / (double)rows[i].context);
        rough |= !rows[i].counter.exact;
        printf("%-*.*s %12" PRId64 "  %-8s %10s %9s\n", widest, STR_ARG(rows[i].name), rows[i].tokens,
               rows[i].counter.exact ? "exact" : "estimate", money_show(rows[i].cost_nanousd, money), share);
    }
    if (rough)
        printf("\nAn estimate is the o200k_base count times a factor for the model's family.\n");
    return ERR_OK;
}

static enum err_code tokens_of_encoding(struct args *args, const struct token_encoding *t, struct str text,
                                        struct err *e)
{
    struct token_ids ids = { 0 };
    enum err_code code = ERR_OK;

    if (!args_has(args, "ids")) {
        int64_t n = token_count(t, text);

        if (args_has(args, "json"))
            return term_json(json_pack("{s:s, s:I}", "encoding", token_encoding_name(t), "tokens", (json_int_t)n), e);
        printf("%" PRId64 "\n", n);
        return ERR_OK;
    }
    token_encode(t, text, &ids);
    if (args_has(args, "json")) {           /* without a tree: there may be millions */
        AUTO_BUF struct buf out = BUF_INIT(SIZE_MAX / 4);

        buf_printf(&out, "{\"encoding\": \"%s\", \"tokens\": %zu, \"ids\": [", token_encoding_name(t), ids.len);
        for (size_t i = 0; i < ids.len; i++) {
            if (i)
                buf_byte(&out, ',');
            json_write_i64(ids.at[i], &out);
        }
        buf_puts(&out, "]}\n");
        code = term_write(buf_str(&out), e);
    }
    for (size_t i = 0; i < ids.len && !args_has(args, "json"); i++) {
        AUTO_BUF struct buf shown = BUF_INIT(4096);

        json_write_str(token_bytes(t, ids.at[i]), &shown);      /* half a character is shown as U+FFFD */
        printf("%6" PRIu32 "  %s\n", ids.at[i], buf_cstr(&shown));
    }
    vec_dispose(&ids);
    return code;
}

static enum err_code tokens_encoding(struct args *args, const struct token_encoding **out, struct err *e)
{
    struct str name = args_get(args, "encoding"), *names;

    if (name.len && !(*out = token_encoding_named(name)))
        return err_set(e, ERR_USAGE, "there is no vocabulary \"" STR_FMT "\"; there are o200k_base and cl100k_base",
                       STR_ARG(name));
    if (!name.len && args_has(args, "ids")) {
        struct token_counter c = token_counter_for(S("gpt-4o"));
        struct model m;

        if (args_list(args, "models", &names)) {
            TRY(llm_model_resolve(names[0], args->arena, &m, e));
            c = token_counter_for(m.id);
            if (!c.exact)
                return err_set(e, ERR_USAGE,
                               "the vocabulary of " STR_FMT " is not published: its tokens can be estimated, not "
                               "listed (--encoding NAME lists those of a vocabulary)",
                               STR_ARG(m.name));
        }
        *out = c.encoding;
    }
    return ERR_OK;
}

static enum err_code tokens_run(struct args *args, int *status, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(TOKENS_TEXT_MAX);
    const struct token_encoding *t = NULL;

    (void)status;
    TRY(tokens_encoding(args, &t, e));
    TRY(tokens_read(args_positional(args, 0).at, &text, e));
    return t ? tokens_of_encoding(args, t, buf_str(&text), e) : tokens_models(args, buf_str(&text), e);
}

const struct command command_tokens = {
    .name = "tokens", .usage = "FILE|- [options]", .summary = "Count the tokens of a text.",
    .doc = "Exact for OpenAI's models; an estimate, marked as such, for all others. A chat request is a little more than its\n"
           "text: `assay estimate TASK` counts whole requests.",
    .options = tokens_options, .positional_min = 1, .positional_max = 1, .complete = "file", .run = tokens_run,
};
