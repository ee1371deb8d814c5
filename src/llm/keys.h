/* src/llm/keys.h: where a provider's key comes from: the environment, a file it names, or ASSAY_HOME/keys.env.
 *
 * In this order, first found wins: NAME for each of the provider's variables; NAME_FILE, which names a file that holds
 * the key and nothing else; NAME=value in keys.env, which nobody but its owner may read. A key never passes through
 * an error, a log or an argument. Threads: any, while nobody changes the environment. */
#pragma once

#include "llm/provider/provider.h"

/* `home`: ASSAY_HOME or NULL. ERR_OK with *out not set when there is none and none is needed. *variable (may be NULL)
 * is the name that had it, else the first one, else NULL. ERR_MISSING_KEY says which variable to set. */
enum err_code keys_find(const struct provider *p, const char *home, struct secret *out, const char **variable,
                        struct err *e) MUST_USE;
/* One of key_parts; ERR_OK with *out not set when the provider has no such part, or it is the second and is not there. */
enum err_code keys_find_part(const struct provider *p, size_t part, const char *home, struct secret *out,
                             struct err *e) MUST_USE;
/* Does it only exist? For lists; reads files too, tells no fault. */
bool          keys_exist(const struct provider *p, const char *home);
