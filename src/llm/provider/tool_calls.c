/* src/llm/provider/tool_calls.c: tool calls as the vendors write them, read in one way.
 *
 *   chat completions, cohere, ollama   {"function": {"name", "arguments": text or object}}
 *   openai-responses, exec             {"name", "arguments": text or object}
 *   anthropic, bedrock                 {"name", "input": object}
 *   google                             {"name", "args": object} */
#include "llm/llm.h"

void llm_tool_call_read(const json_t *call, struct arena *a, struct tool_call *out)
{
    const json_t *inner = json_is_object(json_child(call, "function")) ? json_child(call, "function") : call;
    const char *const names[] = { "arguments", "input", "args" };
    const json_t *given = NULL;
    json_t *read = NULL;

    *out = (struct tool_call){ .name = json_get_str(inner, "name") };
    for (size_t i = 0; i < COUNT_OF(names) && !given; i++)
        given = json_child(inner, names[i]);
    if (!json_is_string(given))
        out->arguments = given;
    else if (!str_trim(json_to_str(given)).len)         /* some vendors write nothing where there are none */
        out->arguments = json_in_arena(json_object(), a);
    else if (json_read(json_to_str(given), &read, NULL) == ERR_OK)
        out->arguments = json_in_arena(read, a);
}
