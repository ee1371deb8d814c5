/* Providers: promptfoo's names for models as ours, and what of their settings is sent.
 *
 * Keys are taken from the environment, under the names `assay providers` lists; a key in the file is not used. */
#include "eval/promptfoo/load.h"

#include "llm/llm.h"

/* What stands before the model's id, the longest first, and what we call it. */
static const struct provider_name { const char *theirs, *ours; } provider_names[] = {
    { "openai:chat:", "openai:" }, { "openai:responses:", "openai-responses:" },
    { "anthropic:messages:", "anthropic:" }, { "azure:chat:", "azure-openai:" }, { "azureopenai:chat:", "azure-openai:" },
    { "azure:", "azure-openai:" }, { "azureopenai:", "azure-openai:" },
    { "bedrock:converse:", "bedrock:" }, { "mistral:chat:", "mistral:" }, { "ollama:chat:", "ollama:" },
    { "ollama:completion:", "ollama:" }, { "togetherai:chat:", "together:" }, { "togetherai:", "together:" },
    { "palm:", "google:" }, { "fireworks:chat:", "fireworks:" }, { "cohere:chat:", "cohere:" },
    { "localai:chat:", "openai-compatible:" }, { "localai:", "openai-compatible:" },
};
/* Of a vendor that is here, but no conversation. */
static const char *const provider_others[] = {
    "openai:completion:", "openai:embedding", "openai:image:", "openai:realtime:", "openai:assistant:", "openai:moderation",
    "openai:agents:", "openai:transcription:", "openai:video:", "openai:speech:", "anthropic:completion:", "anthropic:claude-agent-sdk",
    "azure:completion:", "azure:embedding", "azure:assistant:", "azure:responses:", "azureopenai:completion:",
    "azureopenai:assistant:", "bedrock:kb:", "bedrock-agent:", "cohere:embedding:", "google:live:", "google:image:",
    "google:video:", "mistral:embedding", "ollama:embeddings:", "localai:completion:", "localai:embeddings:", "exec:",
};

static bool provider_is_ours(const struct load *l, struct str id)
{
    struct model unused;
    struct err e = ERR_INIT;

    return str_find_byte(id, ':') > 0 && llm_model_resolve(id, l->a, &unused, &e) == ERR_OK;
}

/* False: promptfoo knows it and we don't. */
static bool provider_model(struct load *l, struct str id, struct str *out)
{
    if (str_is(id, "echo")) {
        *out = S("sim:echo");
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(provider_others); i++)
        if (str_starts(id, str_c(provider_others[i])))
            return false;
    for (size_t i = 0; i < COUNT_OF(provider_names); i++)
        if (str_starts(id, str_c(provider_names[i].theirs))) {
            *out = arena_printf(l->a, "%s" STR_FMT, provider_names[i].ours,
                                STR_ARG(str_from(id, strlen(provider_names[i].theirs))));
            return true;
        }
    *out = id;
    return provider_is_ours(l, id);
}

/* --- settings ----------------------------------------------------------------------------------------------------- */

static const struct provider_key { const char *theirs, *ours; } provider_keys[] = {
    { "temperature", "temperature" }, { "max_tokens", "max_tokens" }, { "max_completion_tokens", "max_tokens" },
    { "max_output_tokens", "max_tokens" }, { "maxOutputTokens", "max_tokens" }, { "maxTokens", "max_tokens" },
    { "num_predict", "max_tokens" }, { "top_p", "top_p" }, { "topP", "top_p" }, { "top_k", "top_k" }, { "topK", "top_k" },
    { "frequency_penalty", "frequency_penalty" }, { "frequencyPenalty", "frequency_penalty" },
    { "presence_penalty", "presence_penalty" }, { "presencePenalty", "presence_penalty" },
    { "seed", "seed" }, { "stop", "stop" }, { "stop_sequences", "stop" }, { "stopSequences", "stop" },
    { "reasoning_effort", "reasoning_effort" },
};
/* Written into the request as they are. */
static const char provider_extra[] = "response_format tools tool_choice functions function_call logit_bias parallel_tool_calls "
                                     "user store service_tier verbosity thinking text modalities";
static const char provider_quiet[] = "cost inputCost outputCost showThinking";

struct provider {
    struct str id, label, base_url;
    json_t *params, *extra, *prompts, *transform;
    bool reads_json;
    const struct doc_node *at;
};

static bool provider_word(const char *words, struct str word)
{
    struct str rest = str_c(words), one;

    while (str_split(&rest, ' ', &one))
        if (str_eq(one, word))
            return true;
    return false;
}

static void provider_param(struct load *l, struct provider *p, const char *name, const struct doc_pair *pair)
{
    AUTO_JSON *value = doc_to_json(pair->value);
    struct params unused = PARAMS_INIT;
    struct err e = ERR_INIT;

    if (json_is_string(value) && strcmp(name, "stop") == 0) {
        json_t *list = json_pack("[O]", value);

        json_decref(value);
        value = list;
    }
    if (json_is_string(value) && str_contains(json_to_str(value), S("{{"))) {
        load_note(l, load_where(l, pair->value), "config: " STR_FMT " is a template, which settings can't be",
                  STR_ARG(pair->key));
    } else if (params_read_one(str_c(name), value, l->a, &unused, &e) != ERR_OK) {
        load_fault(l, load_where(l, pair->value), "config: %s", e.text);
    } else {
        json_object_set(p->params, name, value);
    }
}

/* Answers held to a schema are read as JSON before anybody sees them; Azure's to JSON at all, too. */
static void provider_reads_json(struct provider *p, struct str key)
{
    struct str type = json_get_str(json_child(p->extra, "response_format"), "type");

    if (str_is(key, "response_format"))
        p->reads_json = str_is(type, "json_schema") || (str_is(type, "json_object") && str_starts(p->id, S("azure")));
}

static void provider_config(struct load *l, struct provider *p, const struct doc_node *n, int depth)
{
    for (size_t i = 0; n->kind == DOC_MAP && i < n->count && depth < 4; i++) {
        const struct doc_pair *pair = &n->pairs[i];
        struct str key = pair->key, where = load_where(l, pair->value);
        const char *ours = NULL;

        for (size_t k = 0; k < COUNT_OF(provider_keys) && !ours; k++)
            ours = str_is(key, provider_keys[k].theirs) ? provider_keys[k].ours : NULL;
        if (pair->value->kind == DOC_NULL || provider_word(provider_quiet, key))
            continue;
        if (ours) {
            provider_param(l, p, ours, pair);
        } else if (provider_word(provider_extra, key)) {
            AUTO_JSON *j = doc_to_json(pair->value);

            json_object_setn_new(p->extra, key.at, key.len, load_files_in(l, where, j, 0));
            provider_reads_json(p, key);
        } else if (str_is(key, "passthrough") && pair->value->kind == DOC_MAP) {
            AUTO_JSON *j = doc_to_json(pair->value);

            json_object_update(p->extra, j);
            provider_reads_json(p, S("response_format"));
        } else if (str_is(key, "generationConfig") || str_is(key, "reasoning")) {
            if (str_is(key, "reasoning") && task_member(pair->value, "effort"))
                provider_param(l, p, "reasoning_effort", doc_pair_get(pair->value, "effort"));
            else
                provider_config(l, p, pair->value, depth + 1);
        } else if (str_is(key, "apiBaseUrl") && pair->value->kind == DOC_STRING) {
            p->base_url = pair->value->text;
        } else if (str_is(key, "apiHost") && pair->value->kind == DOC_STRING) {
            p->base_url = arena_printf(l->a, "%s" STR_FMT "%s", str_contains(pair->value->text, S("://")) ? "" : "https://",
                                       STR_ARG(pair->value->text), str_starts(p->id, S("openai:")) ? "/v1" : "");
        } else if (str_is(key, "apiKey")) {
            load_hide(l, pair->value->text);
            load_note(
                l, where,
                "config: apiKey is not taken from the file; set the key in the environment (see `assay providers`)");
        } else {
            for (size_t k = 0; str_is(key, "headers") && pair->value->kind == DOC_MAP && k < pair->value->count; k++)
                load_hide(l, pair->value->pairs[k].value->text);
            load_note(l, where,
                      "config: \"" STR_FMT
                      "\" is not honoured; what a request is to hold besides goes into passthrough",
                      STR_ARG(key));
        }
    }
}

/* --- one provider ------------------------------------------------------------------------------------------------- */

/* What its variants' outputs go through before anybody judges them. */
static void provider_transform(struct load *l, struct provider *p, const struct doc_node *n)
{
    const struct doc_node *t = task_member(n, "transform");

    if (!t || t->kind == DOC_NULL || (t->kind == DOC_STRING && !t->text.len))
        return;
    p->transform = json_in_arena(json_object(), l->a);
    load_transform(l, load_where(l, t), json_in_arena(doc_to_json(t), l->a), "a provider's", p->transform);
}

static void provider_tools(struct load *l, const struct provider *p)
{
    json_t *tools = json_child(p->extra, "tools");

    if (l->tools && !json_equal(l->tools, tools))
        l->tools_differ = true;
    if (!l->tools && tools)
        l->tools = json_in_arena(json_incref(tools), l->a);
}

/* {id, label, config, prompts, transform, delay, env} */
static void provider_map(struct load *l, struct provider *p, const struct doc_node *n)
{
    const struct doc_node *config = task_member(n, "config"), *prompts = task_member(n, "prompts"),
                          *label = task_member(n, "label");

    load_keys(l, n, "a provider", "id label config prompts transform", "");
    provider_transform(l, p, n);
    if (label && label->kind == DOC_STRING)
        p->label = label->text;
    if (config)
        provider_config(l, p, config, 0);
    if (prompts)
        p->prompts = prompts->kind == DOC_LIST ? json_in_arena(doc_to_json(prompts), l->a)
                                               : json_in_arena(json_pack("[o]", doc_to_json(prompts)), l->a);
}

/* What stands before the id of a model of vectors, the longest first. */
static const struct provider_name provider_vectors[] = {
    { "openai:embeddings:", "openai:" }, { "openai:embedding:", "openai:" }, { "azure:embeddings:", "azure-openai:" },
    { "azure:embedding:", "azure-openai:" }, { "azureopenai:embeddings:", "azure-openai:" },
    { "azureopenai:embedding:", "azure-openai:" }, { "mistral:embedding:", "mistral:" }, { "google:embedding:", "google:" },
    { "ollama:embeddings:", "ollama:" }, { "cohere:embedding:", "cohere:" }, { "localai:embeddings:", "openai-compatible:" },
};

static bool provider_of_vectors(struct load *l, struct str id, struct str *out)
{
    struct model m;

    *out = id;
    for (size_t i = 0; i < COUNT_OF(provider_vectors); i++)
        if (str_starts(id, str_c(provider_vectors[i].theirs))) {
            *out = arena_printf(l->a, "%s" STR_FMT, provider_vectors[i].ours,
                                STR_ARG(str_from(id, strlen(provider_vectors[i].theirs))));
            break;
        }
    return llm_model_resolve(*out, l->a, &m, NULL) == ERR_OK && llm_model_check_vectors(&m, NULL) == ERR_OK;
}

json_t *load_grader(struct load *l, struct str where, const json_t *provider, bool vectors)
{
    struct provider p = { .at = l->root, .params = json_in_arena(json_object(), l->a), .extra = json_in_arena(json_object(), l->a) };
    const json_t *config = json_child(provider, "config");
    json_t *o = json_in_arena(json_object(), l->a);
    struct str model;

    p.id = str_trim(json_is_string(provider) ? json_to_str(provider) : json_get_str(provider, "id"));
    if (!p.id.len) {
        load_note(l, where,
                  "a provider that grades is its id, {id, config}, or {text: ..., embedding: ...}; this one is not "
                  "honoured, and what it grades is not evaluated");
        return NULL;
    }
    if (!(vectors ? provider_of_vectors(l, p.id, &model) : provider_model(l, p.id, &model))) {
        load_note(l, where, "\"" STR_FMT "\", which grades, %s: what it grades is not evaluated",
                  STR_ARG(str_utf8_head(p.id, 80)),
                  vectors ? "gives no vectors here (options: {provider: {embedding: openai:embedding:...}})"
                          : "is not here");
        return NULL;
    }
    if (json_is_object(provider))
        load_json_keys(l, where, provider, "a provider that grades", "id label config");
    if (json_is_object(config))
        provider_config(l, &p, load_node(l, config, l->root), 0);
    json_set_str(o, "model", model);
    if (json_object_size(p.extra))
        json_object_set(p.params, "extra", p.extra);
    if (json_object_size(p.params))
        json_object_set(o, "params", p.params);
    if (p.base_url.len)
        json_set_str(o, "base_url", p.base_url);
    return o;
}

/* Is the prompt one that the provider's `prompts` wants? By label or name; "Group" and "Group:*" for "Group:one". */
static bool provider_wants(const struct load *l, const struct provider *p, const struct load_prompt *prompt)
{
    for (size_t i = 0; i < json_array_size(p->prompts); i++) {
        struct str ref = json_to_str(json_array_get(p->prompts, i)),
                   label = prompt->label.len ? prompt->label : prompt->name;

        if (load_is_file(ref, &ref) || str_eq(ref, label) || str_eq(ref, prompt->name))
            return true;
        if (str_ends(ref, S("*")) && str_starts(label, str_sub(ref, 0, ref.len - 1)))
            return true;
        if (str_starts(label, arena_printf(l->a, STR_FMT ":", STR_ARG(ref))))
            return true;
        if (json_is_string(prompt->body) && str_eq(str_trim(ref), str_trim(json_to_str(prompt->body))))
            return true;
    }
    return !json_array_size(p->prompts);
}

static bool provider_taken(const struct doc_node *list, struct str name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_eq(doc_get(list->items[i], "name")->text, name))
            return true;
    return false;
}

/* What becomes of the variant's answers before they are judged. */
static void provider_output(struct load *l, const struct provider *p, struct str variant)
{
    json_t *o = p->transform ? json_copy(p->transform) : json_object();

    if (p->reads_json)
        json_object_set_new(o, "json", json_true());
    if (json_object_size(o))
        json_object_setn(l->providers, variant.at, variant.len, o);
    json_decref(o);
}

static void provider_variants(struct load *l, struct doc_node *list, const struct provider *p, struct str model)
{
    struct str label = p->label.len ? p->label : p->id;
    bool some = false;

    for (size_t i = 0; i < l->prompts.len && list->count < TASK_LIST_MAX; i++) {
        const struct load_prompt *prompt = &l->prompts.at[i];
        json_t *v = json_in_arena(json_object(), l->a);
        struct str name = str_utf8_head(label, 120), wanted;

        if (!provider_wants(l, p, prompt))
            continue;
        some = true;
        if (l->prompts.len > 1)
            name = arena_printf(l->a, STR_FMT " [" STR_FMT "]", STR_ARG(name), STR_ARG(prompt->name));
        wanted = name;
        for (int k = 2; provider_taken(list, name); k++)
            name = arena_printf(l->a, STR_FMT " (%d)", STR_ARG(wanted), k);
        json_set_str(v, "name", name);
        json_set_str(v, "model", model);
        json_set_str(v, "prompt", prompt->name);
        if (json_object_size(p->extra))
            json_object_set(p->params, "extra", p->extra);
        if (json_object_size(p->params))
            json_object_set(v, "params", p->params);
        if (p->base_url.len)
            json_set_str(v, "base_url", p->base_url);
        provider_output(l, p, name);
        list->items[list->count++] = load_node(l, v, p->at);
    }
    if (!some)
        load_fault(l, load_where(l, p->at),
                   "no prompt is called as this provider's prompts say; a prompt's label is its name");
}

static void provider_one(struct load *l, struct doc_node *list, const struct doc_node *n, int depth);

/* A file with a provider or a list of them. */
static void provider_file(struct load *l, struct doc_node *list, const struct doc_node *n, struct str path, int depth)
{
    struct str shown, before = l->r->inside;
    struct doc_node *tree;

    if (!load_tree(l, load_where(l, n), path, &tree, &shown))
        return;
    l->r->inside = shown;
    if (tree->kind == DOC_LIST && depth < 4)
        for (size_t i = 0; i < tree->count; i++)
            provider_one(l, list, tree->items[i], depth + 1);
    else if (depth < 4)
        provider_one(l, list, tree, depth + 1);
    l->r->inside = before;
}

static void provider_one(struct load *l, struct doc_node *list, const struct doc_node *n, int depth)
{
    struct provider p = { .at = n, .params = json_in_arena(json_object(), l->a), .extra = json_in_arena(json_object(), l->a) };
    const struct doc_node *id = n->kind == DOC_MAP ? task_member(n, "id") : n, *settings = n;
    struct str path, model;

    if (n->kind == DOC_MAP && !id && n->count == 1 && n->pairs[0].value->kind == DOC_MAP) {
        p.id = n->pairs[0].key;                         /* - openai:gpt-4o: {config: ...} */
        settings = n->pairs[0].value;
    } else if (!id || id->kind != DOC_STRING) {
        load_fault(l, load_where(l, n), "a provider is its id, as in openai:gpt-4o-mini, or {id, label, config}");
        return;
    } else {
        p.id = str_trim(id->text);
    }
    if (load_is_file(p.id, &path) && !load_is_code(path)) {
        provider_file(l, list, n, path, depth);
        return;
    }
    if (settings->kind == DOC_MAP)
        provider_map(l, &p, settings);
    provider_tools(l, &p);
    if (!provider_model(l, p.id, &model)) {
        if (l->r->ov->model_count)
            return;                                     /* --models takes its place */
        load_fault(l, load_where(l, n), "the provider \"" STR_FMT "\" is not here%s; ask others with --models",
                   STR_ARG(str_utf8_head(p.id, 80)),
                   str_starts(p.id, S("exec:")) ? " (programs are asked otherwise: see exec: in docs/providers.md)"
                                                : "");
        return;
    }
    provider_variants(l, list, &p, model);
}

struct doc_node *load_variants(struct load *l)
{
    const struct doc_node *n = task_member(l->root, "providers");
    struct doc_node *list;

    if (!n)
        n = task_member(l->root, "targets");
    if (!n) {
        if (!l->r->ov->model_count)
            load_fault(l, load_where(l, l->root), "the configuration has no providers; ask some with --models");
        return NULL;
    }
    list = load_node(l, json_in_arena(json_array(), l->a), n);
    list->items = arena_array(l->a, struct doc_node *, TASK_LIST_MAX + 1);
    if (n->kind == DOC_LIST)
        for (size_t i = 0; i < n->count; i++)
            provider_one(l, list, n->items[i], 0);
    else
        provider_one(l, list, n, 0);
    return list->count ? list : NULL;
}
