/* Evals of OpenAI's registry (its YAML) with their samples in a local JSON-lines file: {"input": text or messages,
 * "ideal": text or texts}.
 *
 * Of the file's evals the first is taken: `name: {id: X}` names one, `X: {class, args}` is it. Match, Includes,
 * FuzzyMatch and JsonMatch become the metric answer_match with how: starts, includes, fuzzy, json. Messages of all
 * samples with the same roles become a chat prompt whose texts are variables; where the roles differ, a sample's
 * messages are joined into one text, which is warned of. args: samples_jsonl, num_few_shot with few_shot_jsonl (its
 * first so many, before the last user message), max_tokens, ignore_case. samples_jsonl is looked for beside the YAML
 * file, then in data/ below it. */
#include "eval/imports.h"

#include "data/data.h"

#define EVALS_MESSAGES_MAX 64
#define EVALS_FEWSHOT_MAX  100

struct evals {
    const struct import_in *in;
    struct arena *a;
    struct str name;
    const struct doc_node *args;
    json_t *samples;                    /* [{"messages": [{role, content}], "ideal": ...}] */
};

static const char evals_start[] = "evals.elsuite.";

static const struct doc_node *evals_class(const struct doc_node *n)
{
    const struct doc_node *class = n->kind == DOC_MAP ? doc_get(n, "class") : NULL;

    return class && class->kind == DOC_STRING && str_starts(class->text, str_c(evals_start)) ? class : NULL;
}

static bool evals_is(const struct doc_node *root)
{
    for (size_t i = 0; root->kind == DOC_MAP && i < root->count; i++)
        if (evals_class(root->pairs[i].value))
            return true;
    return false;
}

static enum err_code evals_fail(const struct evals *v, const struct doc_node *at, struct err *e, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
static enum err_code evals_fail(const struct evals *v, const struct doc_node *at, struct err *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    err_setv(e, ERR_BAD_INPUT, fmt, ap);
    va_end(ap);
    return err_prefix(e, STR_FMT ":%d:%d", STR_ARG(v->in->name), at->line, at->column);
}

static void evals_warn(const struct evals *v, const struct doc_node *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void evals_warn(const struct evals *v, const struct doc_node *at, const char *fmt, ...)
{
    struct err text = ERR_INIT;
    va_list ap;

    va_start(ap, fmt);
    err_setv(&text, ERR_OK, fmt, ap);
    va_end(ap);
    v->in->warn(v->in->arg, at, arena_strdup(v->a, str_c(text.text)));
}

/* The first eval of the file: its entry with the class. */
static const struct doc_pair *evals_choose(const struct evals *v, const struct doc_node **about)
{
    const struct doc_node *root = v->in->root;
    const struct doc_pair *first = NULL;
    size_t others = 0;

    *about = NULL;
    for (size_t i = 0; i < root->count; i++)
        if (evals_class(root->pairs[i].value)) {
            others += first != NULL;
            first = first ? first : &root->pairs[i];
        }
    for (size_t i = 0; i < root->count; i++) {
        const struct doc_node *n = root->pairs[i].value, *id = n->kind == DOC_MAP ? doc_get(n, "id") : NULL;

        if (id && str_eq(id->text, first->key))
            *about = n;
    }
    if (others)
        evals_warn(v, first->value, "the file has %zu evals more; the first one, \"" STR_FMT "\", is run", others,
                   STR_ARG(str_utf8_head(first->key, 100)));
    return first;
}

/* --- samples ------------------------------------------------------------------------------------------------------ */
/* {"role": "system", "name": "example_user"} is how a registry writes examples. */
static struct str evals_role(const json_t *m)
{
    struct str role = json_get_str(m, "role"), name = json_get_str(m, "name");

    if (str_is(name, "example_user"))
        return S("user");
    if (str_is(name, "example_assistant"))
        return S("assistant");
    return role;
}

static enum err_code evals_messages(const struct evals *v, const json_t *input, size_t line, json_t **out,
                                    struct err *e)
{
    json_t *list = json_in_arena(json_array(), v->a);
    const json_t *m;
    size_t i;

    *out = list;
    if (json_is_string(input)) {
        json_array_append_new(list, json_pack("{s:s, s:O}", "role", "user", "content", input));
        return ERR_OK;
    }
    if (!json_array_size(input) || json_array_size(input) > EVALS_MESSAGES_MAX)
        return evals_fail(v, v->args, e, "sample %zu: input must be text or a list of 1 to %d messages", line,
                          EVALS_MESSAGES_MAX);
    json_array_foreach(input, i, m) {
        struct str role = evals_role(m);

        if (!json_is_string(json_child(m, "content")) ||
            (!str_is(role, "system") && !str_is(role, "user") && !str_is(role, "assistant")))
            return evals_fail(v, v->args, e,
                              "sample %zu: message %zu needs a role (system, user, assistant) and content that is text",
                              line, i + 1);
        json_array_append_new(list, json_pack("{s:o, s:o}", "role", json_from_str(role), "content",
                                              json_from_str(json_get_str(m, "content"))));
    }
    return ERR_OK;
}

static enum err_code evals_read(const struct evals *v, const struct doc_node *n, int64_t max, json_t **out,
                                struct err *e)
{
    AUTO(dataset_closep) struct dataset_reader *reader = NULL;
    AUTO_ARENA *a = arena_new_sized(64 * 1024);
    AUTO_BUF struct buf probe = BUF_INIT(IMPORT_FILE_MAX);
    struct dataset_source source = { .plain = true, .name = n->text };
    struct dataset_case kase;
    bool more = true;

    if (n->kind != DOC_STRING || str_contains(n->text, S("://")))
        return evals_fail(v, n, e, "the samples must be a file of the task's folder");
    if (file_read_beneath(v->in->dir, n->text, IMPORT_FILE_MAX, &probe, e) != ERR_OK) {
        source.name = path_join(v->a, S("data"), n->text);
        if (e->code != ERR_NOT_FOUND || str_starts(n->text, S("/")) ||
            file_read_beneath(v->in->dir, source.name, IMPORT_FILE_MAX, &probe, e) != ERR_OK)
            return err_prefix(e, STR_FMT ":%d:%d", STR_ARG(v->in->name), n->line, n->column);
    }
    source.path = path_join(v->a, str_c(v->in->dir), source.name);
    TRY(dataset_open(&source, &(struct dataset_select){ .limit = max }, &reader, e));
    *out = json_in_arena(json_array(), v->a);
    for (size_t line = 1;; line++) {
        json_t *messages, *one;

        arena_reset(a);
        TRY(dataset_next(reader, a, &kase, &more, e));
        if (!more)
            break;
        if (line > IMPORT_CASES_MAX)
            return evals_fail(v, n, e, "there are more than %d samples", IMPORT_CASES_MAX);
        one = json_deep_copy(kase.vars);
        json_array_append_new(*out, one);
        TRY(evals_messages(v, json_child(one, json_child(one, "sample") ? "sample" : "input"), line, &messages, e));
        json_object_set(one, "messages", messages);
    }
    return json_array_size(*out) ? ERR_OK : evals_fail(v, n, e, "there is no sample in the file");
}

/* --- the prompt --------------------------------------------------------------------------------------------------- */
/* The roles of a sample's messages, each once: "system user". */
static struct str evals_roles(const struct evals *v, const json_t *sample)
{
    AUTO_BUF struct buf b = BUF_INIT(4096);
    const json_t *m;
    size_t i;

    json_array_foreach(json_child(sample, "messages"), i, m)
        buf_printf(&b, "%s" STR_FMT, i ? " " : "", STR_ARG(json_get_str(m, "role")));
    return arena_strdup(v->a, buf_str(&b));
}

/* A system message may only come first and a user's must come last, or the roles are not those of a chat prompt. */
static bool evals_chat(const struct evals *v, struct str *roles)
{
    const json_t *sample;
    size_t i;

    *roles = evals_roles(v, json_array_get(v->samples, 0));
    json_array_foreach(v->samples, i, sample)
        if (!str_eq(*roles, evals_roles(v, sample)))
            return false;
    return str_ends(*roles, S("user")) && str_find(str_from(*roles, 1), S("system")) < 0;
}

static void evals_examples(const json_t *examples, json_t *prompt)
{
    const json_t *one, *m;
    size_t i, k;

    json_array_foreach(examples, i, one)
        json_array_foreach(json_child(one, "messages"), k, m) {
            struct str role = json_get_str(m, "role");
            json_t *text = json_sprintf("{{ few_shot_%zu_%zu }}", i + 1, k + 1);

            json_array_append_new(prompt, json_pack("{s:o, s:o}", "role",
                                                    json_from_str(str_is(role, "assistant") ? role : S("user")),
                                                    "content", text));
        }
}

static json_t *evals_example_vars(const json_t *examples)
{
    json_t *vars = json_object();
    const json_t *one, *m;
    size_t i, k;

    json_array_foreach(examples, i, one)
        json_array_foreach(json_child(one, "messages"), k, m) {
            char name[64];

            snprintf(name, sizeof name, "few_shot_%zu_%zu", i + 1, k + 1);
            json_set_str(vars, name, json_get_str(m, "content"));
        }
    return vars;
}

static json_t *evals_prompt(struct str roles, const json_t *examples)
{
    json_t *list = json_array();
    struct str rest = roles, role;

    for (int i = 0; str_split(&rest, ' ', &role); i++) {
        if (!rest.at)
            evals_examples(examples, list);
        json_array_append_new(list, json_pack("{s:o, s:o}", "role", json_from_str(role), "content",
                                              json_sprintf("{{ message_%d }}", i + 1)));
    }
    return list;
}

static void evals_vars(const struct evals *v, const json_t *sample, bool chat, json_t *vars)
{
    AUTO_BUF struct buf all = BUF_INIT(IMPORT_FILE_MAX);
    const json_t *m;
    char name[32];
    size_t i;

    (void)v;
    json_array_foreach(json_child(sample, "messages"), i, m) {
        snprintf(name, sizeof name, "message_%zu", i + 1);
        if (chat)
            json_set_str(vars, name, json_get_str(m, "content"));
        else
            buf_printf(&all, "%s" STR_FMT ": " STR_FMT, i ? "\n\n" : "", STR_ARG(json_get_str(m, "role")),
                       STR_ARG(json_get_str(m, "content")));
    }
    if (!chat)
        json_set_str(vars, "message_1", buf_str(&all));
}

static void evals_cases(const struct evals *v, bool chat, json_t *task)
{
    json_t *list = json_array();
    const json_t *sample;
    size_t i;

    json_object_set_new(task, "cases", list);
    json_array_foreach(v->samples, i, sample) {
        json_t *one = json_object(), *vars = json_object(), *ideal = json_child(sample, "ideal");

        json_object_set_new(one, "id", json_sprintf("%zu", i + 1));
        if (ideal)
            json_object_set(one, "expected", ideal);
        json_object_set_new(one, "vars", vars);
        evals_vars(v, sample, chat, vars);
        json_array_append_new(list, one);
    }
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */
static enum err_code evals_metric(const struct evals *v, const struct doc_node *class, json_t *task, struct err *e)
{
    static const struct { const char *class, *how, *name; } kinds[] = {
        { "Match", "starts", "match" }, { "Includes", "includes", "includes" }, { "FuzzyMatch", "fuzzy", "fuzzy_match" },
        { "JsonMatch", "json", "json_match" },
    };
    struct str text = class->text;
    ptrdiff_t colon = str_find_byte(text, ':');
    const struct doc_node *fold = v->args ? doc_get(v->args, "ignore_case") : NULL;

    text = colon < 0 ? text : str_from(text, (size_t)colon + 1);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        json_t *o;

        if (!str_is(text, kinds[i].class))
            continue;
        o = json_pack("{s:s, s:s, s:s}", "metric", "answer_match", "name", kinds[i].name, "how", kinds[i].how);
        if (fold && fold->kind == DOC_BOOL)
            json_object_set_new(o, "ignore_case", json_boolean(fold->truth));
        json_object_set_new(task, "metrics", json_pack("[o, s, s]", o, "cost", "latency"));
        return ERR_OK;
    }
    return evals_fail(v, class, e,
                      "the eval's class is \"" STR_FMT "\"; Match, Includes, FuzzyMatch and JsonMatch can be run here",
                      STR_ARG(str_utf8_head(text, 100)));
}

static enum err_code evals_fewshot(const struct evals *v, json_t **out, struct err *e)
{
    const struct doc_node *n = doc_get(v->args, "num_few_shot"), *file = doc_get(v->args, "few_shot_jsonl");

    *out = NULL;
    if (!n || n->kind != DOC_INT || n->integer == 0)
        return ERR_OK;
    if (n->integer < 0 || n->integer > EVALS_FEWSHOT_MAX)
        return evals_fail(v, n, e, "num_few_shot must be from 0 to %d", EVALS_FEWSHOT_MAX);
    if (!file)
        return evals_fail(v, n, e, "num_few_shot needs few_shot_jsonl");
    return evals_read(v, file, n->integer, out, e);
}

static void evals_args(const struct evals *v)
{
    static const char known[] = " samples_jsonl num_few_shot few_shot_jsonl max_tokens ignore_case ";

    for (size_t i = 0; i < v->args->count; i++) {
        struct str key = v->args->pairs[i].key;

        if (!str_contains(str_c(known), arena_printf(v->a, " " STR_FMT " ", STR_ARG(key))))
            evals_warn(v, v->args->pairs[i].value, "args: \"" STR_FMT "\" is not carried over",
                       STR_ARG(str_utf8_head(key, 100)));
    }
}

static enum err_code evals_task(const struct import_in *in, json_t **out, struct err *e)
{
    struct evals v = { .in = in, .a = in->a };
    const struct doc_node *about, *samples, *tokens;
    const struct doc_pair *chosen = evals_choose(&v, &about);
    const struct doc_node *description = about ? doc_get(about, "description") : NULL;
    json_t *task = json_in_arena(json_object(), in->a), *examples;
    struct str roles;
    bool chat;

    *out = task;
    v.args = doc_get(chosen->value, "args");
    samples = v.args && v.args->kind == DOC_MAP ? doc_get(v.args, "samples_jsonl") : NULL;
    if (!samples)
        return evals_fail(&v, chosen->value, e, "the eval \"" STR_FMT "\" needs args: {samples_jsonl: FILE}",
                          STR_ARG(str_utf8_head(chosen->key, 100)));
    evals_args(&v);
    json_set_str(task, "name", chosen->key);
    if (description && description->kind == DOC_STRING)
        json_set_str(task, "description", description->text);
    TRY(evals_metric(&v, evals_class(chosen->value), task, e));
    TRY(evals_read(&v, samples, 0, &v.samples, e));
    TRY(evals_fewshot(&v, &examples, e));
    chat = evals_chat(&v, &roles);
    if (!chat)
        evals_warn(&v, samples,
                   "the samples' messages do not all have the same roles, system first and user last; each sample's "
                   "are joined into one text");
    json_object_set_new(task, "prompt", evals_prompt(chat ? roles : S("user"), examples));
    if (examples)
        json_object_set_new(task, "vars", evals_example_vars(examples));
    evals_cases(&v, chat, task);
    tokens = doc_get(v.args, "max_tokens");
    json_object_set_new(task, "params", json_pack("{s:i}", "temperature", 0));
    if (tokens && tokens->kind == DOC_INT)
        json_object_set_new(json_object_get(task, "params"), "max_tokens", json_integer(tokens->integer));
    return ERR_OK;
}

const struct import_format import_openai_evals = {
    .name = "openai-evals", .tool = "OpenAI evals", .kind = IMPORT_TASK, .is = evals_is, .task = evals_task,
    .doc = "A registry YAML of OpenAI evals with its samples (input, ideal) in JSON lines: Match, Includes, FuzzyMatch, JsonMatch.",
};
