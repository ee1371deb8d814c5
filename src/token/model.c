/* src/token/model.c: which vocabulary counts for which model.
 *
 * OpenAI publishes its vocabularies; the table's first rows are exact. The others are an estimate: the o200k count
 * times a factor. The factors of deepseek, llama and qwen were measured against those models' own tokenizers over
 * English, code and eight groups of scripts (docs/tokens.md has the figures and the spread); those of vendors who
 * publish nothing are rough, and on the high side, because a limit passed costs more than one not used up. */
#include "token/token_parts.h"

#include <ctype.h>

#define CL100K_PER_O200K 1.4                /* measured: 1.0 for English and code, 1.4 for Chinese, more for Hindi or Thai */

enum match { MATCH_HEAD, MATCH_WHOLE };     /* the word begins here; ... and ends here (o1, o1-mini, not o100) */
#define EXACT(vocab)   .encoding = VOCAB_##vocab, .factor = 1, .exact = true, .tools = TOKEN_TOOLS_OPENAI
#define ROUGHLY(times) .encoding = VOCAB_O200K, .factor = times, .tools = TOKEN_TOOLS_JSON
#define TILES(base, tile) .image = { TOKEN_IMAGE_TILES, base, tile }
#define PATCHES(times)    .image = { TOKEN_IMAGE_PATCHES, 0, times }
#define PIXELS            .image = { TOKEN_IMAGE_PIXELS, 0, 0 }
#define SQUARES           .image = { TOKEN_IMAGE_SQUARES, 0, 258 }
static const struct family {
    const char *word;
    enum match match;
    int encoding;
    double factor;
    bool exact;
    enum token_tools tools;
    struct token_image image;
    const char *name;
} families[] = {        /* the first that matches answers: the longer word stands first */
    { "gpt-oss", MATCH_HEAD, EXACT(O200K), TILES(85, 170), .name = "gpt-oss" },
    { "gpt-5-mini", MATCH_HEAD, EXACT(O200K), PATCHES(1.62), .name = "gpt-5" },
    { "gpt-5-nano", MATCH_HEAD, EXACT(O200K), PATCHES(2.46), .name = "gpt-5" },
    { "gpt-5", MATCH_HEAD, EXACT(O200K), TILES(70, 140), .name = "gpt-5" },
    { "gpt-4o-mini", MATCH_HEAD, EXACT(O200K), TILES(2833, 5667), .name = "gpt-4o" },
    { "gpt-4o", MATCH_HEAD, EXACT(O200K), TILES(85, 170), .name = "gpt-4o" },
    { "chatgpt-4o", MATCH_HEAD, EXACT(O200K), TILES(85, 170), .name = "gpt-4o" },
    { "gpt-4.5", MATCH_HEAD, EXACT(O200K), TILES(85, 170), .name = "gpt-4o" },
    { "gpt-4.1-mini", MATCH_HEAD, EXACT(O200K), PATCHES(1.62), .name = "gpt-4.1" },
    { "gpt-4.1-nano", MATCH_HEAD, EXACT(O200K), PATCHES(2.46), .name = "gpt-4.1" },
    { "gpt-4.1", MATCH_HEAD, EXACT(O200K), TILES(85, 170), .name = "gpt-4.1" },
    { "gpt-4", MATCH_HEAD, EXACT(CL100K), TILES(85, 170), .name = "gpt-4" },
    { "gpt-3.5", MATCH_HEAD, EXACT(CL100K), TILES(85, 170), .name = "gpt-4" },
    { "gpt-35", MATCH_HEAD, EXACT(CL100K), TILES(85, 170), .name = "gpt-4" },
    { "text-embedding-3", MATCH_HEAD, EXACT(CL100K), TILES(85, 170), .name = "text-embedding" },
    { "text-embedding-ada-002", MATCH_HEAD, EXACT(CL100K), TILES(85, 170), .name = "text-embedding" },
    { "o4-mini", MATCH_WHOLE, EXACT(O200K), PATCHES(1.72), .name = "o-series" },
    { "o1", MATCH_WHOLE, EXACT(O200K), TILES(75, 150), .name = "o-series" },
    { "o3", MATCH_WHOLE, EXACT(O200K), TILES(75, 150), .name = "o-series" },
    { "codex", MATCH_HEAD, EXACT(O200K), TILES(70, 140), .name = "gpt-5" },
    { "claude", MATCH_HEAD, ROUGHLY(1.2), PIXELS, .name = "claude" },
    { "gemini", MATCH_HEAD, ROUGHLY(1.1), SQUARES, .name = "gemini" },
    { "gemma", MATCH_HEAD, ROUGHLY(1.1), SQUARES, .name = "gemini" },
    { "deepseek", MATCH_HEAD, ROUGHLY(1.07), TILES(85, 170), .name = "deepseek" },
    { "llama", MATCH_HEAD, ROUGHLY(1.03), TILES(85, 170), .name = "llama" },
    { "qwen", MATCH_HEAD, ROUGHLY(1.06), PIXELS, .name = "qwen" },
    { "qwq", MATCH_HEAD, ROUGHLY(1.06), PIXELS, .name = "qwen" },
    { "mistral", MATCH_HEAD, ROUGHLY(1.15), PIXELS, .name = "mistral" },
    { "mixtral", MATCH_HEAD, ROUGHLY(1.15), PIXELS, .name = "mistral" },
    { "ministral", MATCH_HEAD, ROUGHLY(1.15), PIXELS, .name = "mistral" },
    { "magistral", MATCH_HEAD, ROUGHLY(1.15), PIXELS, .name = "mistral" },
    { "codestral", MATCH_HEAD, ROUGHLY(1.15), PIXELS, .name = "mistral" },
    { "pixtral", MATCH_HEAD, ROUGHLY(1.15), PIXELS, .name = "mistral" },
    { "grok", MATCH_HEAD, ROUGHLY(1.1), TILES(85, 170), .name = "grok" },
    { "command", MATCH_HEAD, ROUGHLY(1.1), TILES(85, 170), .name = "command" },
};
static const struct family family_unknown = { "", MATCH_HEAD, ROUGHLY(1.1), TILES(85, 170), .name = "unknown" };

/* A model's word may stand behind a vendor, a region or a folder: "us.anthropic.claude-...", "models/llama-v3". */
static bool family_in(const struct family *f, struct str id)
{
    struct str word = str_c(f->word);

    for (size_t i = 0; i + word.len <= id.len; i++) {
        bool begins = i == 0 || strchr("/.:-_@", id.at[i - 1]);
        char after = i + word.len < id.len ? id.at[i + word.len] : '\0';

        if (begins && str_ieq(str_sub(id, i, word.len), word) &&
            (f->match == MATCH_HEAD || !isalnum((unsigned char)after)))
            return true;
    }
    return false;
}

struct token_counter token_counter_for(struct str model_id)
{
    const struct family *f = NULL;
    double per_o200k;

    for (size_t i = 0; i < COUNT_OF(families) && !f; i++)
        if (family_in(&families[i], model_id))
            f = &families[i];
    if (!f)
        f = &family_unknown;
    per_o200k = f->encoding == VOCAB_CL100K ? CL100K_PER_O200K : f->factor;
    return (struct token_counter){ .encoding = encoding_at(f->encoding), .factor = f->factor, .exact = f->exact,
                                   .family = f->name, .per_o200k = per_o200k,
                                   .tools = f->tools, .image = f->image };
}

int64_t token_counter_text(const struct token_counter *c, struct str text)
{
    int64_t n = token_count(c->encoding, text);

    return c->exact ? n : (int64_t)((double)n * c->factor + 0.5);
}
