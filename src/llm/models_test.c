#include "base/test.h"
#include "llm/provider/provider.h"

TEST(models_resolve)
{
    static const struct {
        const char *text, *provider, *id;
    } rows[] = {
        { "openai:gpt-4o-mini", "openai", "gpt-4o-mini" },
        { "openai/gpt-4o-mini", "openai", "gpt-4o-mini" },
        { "OpenAI:gpt-4o", "openai", "gpt-4o" },
        { " openai:gpt-4o ", "openai", "gpt-4o" },
        { "gpt-4o-mini", "openai", "gpt-4o-mini" },
        { "o3", "openai", "o3" },
        { "o4-mini-2025-04-16", "openai", "o4-mini-2025-04-16" },
        { "ft:gpt-4o:org::id", "openai", "ft:gpt-4o:org::id" },
        { "claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5" },
        { "gemini-2.5-flash", "google", "gemini-2.5-flash" },
        { "models/gemini-2.5-flash", "google", "models/gemini-2.5-flash" },
        { "gemini:gemini-2.5-pro", "google", "gemini-2.5-pro" },
        { "grok-4", "xai", "grok-4" },
        { "deepseek-chat", "deepseek", "deepseek-chat" },
        { "codestral-latest", "mistral", "codestral-latest" },
        { "mistral-small:24b", "mistral", "mistral-small:24b" },
        { "ollama:gemma3:4b", "ollama", "gemma3:4b" },
        { "openrouter:anthropic/claude-sonnet-4.5", "openrouter", "anthropic/claude-sonnet-4.5" },
        { "openrouter/meta-llama/llama-4-scout:free", "openrouter", "meta-llama/llama-4-scout:free" },
        { "compat:Qwen/Qwen2.5", "openai-compatible", "Qwen/Qwen2.5" }, { "sim:careful!429", "sim", "careful!429" },
    };
    AUTO_ARENA *a = arena_new_sized(0);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct model m = { 0 };
        struct err e = ERR_INIT;

        if (llm_model_resolve(str_c(rows[i].text), a, &m, &e) != ERR_OK)
            test_fail(__FILE__, __LINE__, "%s: %s", rows[i].text, e.text);
        CHECK_STR(m.provider, rows[i].provider);
        CHECK_STR(m.id, rows[i].id);
        CHECK_STR(m.name, arena_cstr(a, arena_printf(a, "%s:%s", rows[i].provider, rows[i].id)));
    }
}

TEST(models_that_cannot_be_resolved_say_why)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "", "a model's name is empty" },
        { "  ", "a model's name is empty" },
        { "openai:", "names a provider without a model: write openai:MODEL" },
        { "openai", "names a provider without a model" },
        { "opanai:gpt-4o", "there is no provider \"opanai\" (did you mean \"openai\"?)" },
        { "anthropc/claude-x", "(did you mean \"anthropic\"?)" },
        { "gpt 4", "must be one word" },
        { "a\nb", "must be one word" },
        { "llama3:8b", "cannot tell the provider of model \"llama3:8b\": write it in front, such as ollama:llama3:8b" },
        { "meta-llama/llama-4", "such as openrouter:meta-llama/llama-4" },
        { "o1x", "cannot tell" },
        { "adadas", "cannot tell" },
    };
    AUTO_ARENA *a = arena_new_sized(0);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct model m = { 0 };
        struct err e = ERR_INIT;

        CHECK_INT(llm_model_resolve(str_c(rows[i].text), a, &m, &e), ERR_UNSUPPORTED_PROVIDER);
        if (!str_contains(str_c(e.text), str_c(rows[i].says)))
            test_fail(__FILE__, __LINE__, "\"%s\": %s", rows[i].text, e.text);
    }
}

TEST(models_a_request_counts_with_its_frame)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct model m = { .id = S("gpt-4o-mini") };
    struct message messages[] = { message_text(MESSAGE_SYSTEM, S("Be brief."), a), message_text(MESSAGE_USER, S("hello world"), a) };
    struct request rq = { .model = &m, .messages = messages, .message_count = 2 };

    CHECK_INT(llm_request_tokens(&rq), 3 + 2 + 2 * 4 + 3);
}
