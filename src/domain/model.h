/* src/domain/model.h (through domain.h): provider:model-id, split at the first colon.
 * Which providers exist is llm/'s knowledge; llm_model_resolve makes these. */
#pragma once

struct model {
    struct str provider;        /* "openai" */
    struct str id;              /* what the vendor is asked for: "gpt-4o-mini", "anthropic/claude-sonnet-4.5" */
    struct str name;            /* "openai:gpt-4o-mini": how the user and the records call it */
};
