/* assay usecases prepare FOLDER: prompts and a rubric for a use case, by a model or without one, kept in its folder. */
#include "cli/usecases_prepare.h"

#include "eval/generate_usecase.h"
#include "eval/judge.h"

#include <inttypes.h>

#define PREPARE_ITSELF "assay"             /* who made what no model made */

struct prepare {
    struct session *s;
    const struct args *args;
    struct usecase *usecase;
    struct str by;                      /* "openai:gpt-4o", or "assay" without a model */
    const json_t *prompts;
    struct generate_spent spent;
    bool asked;
};

static int prepare_interrupted(void *arg)
{
    (void)arg;
    return interrupts_seen();
}

static bool prepare_reply(void *arg, struct str reply, struct arena *a, struct str *why)
{
    return generate_usecase_read(reply, a, &((struct prepare *)arg)->prompts, why);
}

/* A folder, or a file in one. */
static enum err_code prepare_read(struct prepare *p, const char *path, struct err *e)
{
    struct arena *a = p->s->arena;
    struct str folder = file_is_dir(path) ? str_c(path) : path_dir(str_c(path));
    struct usecase *u;

    while (folder.len > 1 && folder.at[folder.len - 1] == '/')
        folder.len--;
    folder = arena_strdup(a, folder);
    if (!usecase_is(folder.at))
        return err_set(e, ERR_NOT_FOUND, STR_FMT " is no use case: it has no " USECASE_FILE_NAME, STR_ARG(folder));
    TRY(usecase_read(folder.at, a, &u, e));
    if (!u->goal.text.len)
        return err_set(e, ERR_BAD_INPUT, STR_FMT " has no section \"## Goal\", so there is nothing to prepare", STR_ARG(u->file));
    p->usecase = u;
    return ERR_OK;
}

static enum err_code prepare_make(struct prepare *p, struct str text, struct err *e)
{
    struct generate_question q = { .max_tokens = GENERATE_PROMPT_TOKENS, .phase = PHASE_PROMPTS, .read = prepare_reply, .arg = p,
                                   .form = "one JSON object {\"analysis\", \"task_prompt\", \"judge_prompt\", \"rubric\"}",
                                   .interrupted = prepare_interrupted };
    struct model *model = arena_new(p->s->arena, struct model);
    struct message *messages;

    p->by = S(PREPARE_ITSELF);
    if (!text.len || str_ieq(text, S("none")))
        return generate_usecase_default(p->usecase, p->s->arena, &p->prompts, e);
    TRY(session_model(p->s, p->args, text, model, e));
    TRY(args_money(p->args, "budget", &q.budget_nanousd, e));
    TRY(generate_usecase_ask(p->usecase, p->s->arena, &messages, e));
    p->by = model->name;
    p->asked = true;
    q.llm = p->s->llm;
    q.model = model;
    q.messages = messages;
    interrupts_watch();
    term_note("asking " STR_FMT " for prompts and a rubric", STR_ARG(model->name));
    return generate_ask(&q, p->s->arena, &p->spent, e);
}

static void prepare_cost(const struct prepare *p)
{
    char money[MONEY_TEXT];

    if (p->asked)
        term_note(STR_FMT ": %" PRId64 " call%s, %s%s", STR_ARG(p->by), p->spent.ledger.calls,
                  p->spent.ledger.calls == 1 ? "" : "s", money_show(p->spent.ledger.cost_nanousd, money),
                  p->spent.ledger.unknown_calls ? " + what has no price" : "");
}

/* The user's own prompt stands in prompts/ and wins over what is made. */
static bool prepare_own(const struct prepare *p, const char *name)
{
    return file_exists(path_join(p->s->arena, p->usecase->folder, str_c(name)).at);
}

static void prepare_say(const struct prepare *p, enum generated_state state, bool made)
{
    static const char *const own[][2] = { { "prompts/task-prompt.txt", "prompt" }, { "prompts/judge-prompt.txt", "judge's prompt" },
                                          { "prompts/rubric.json", "rubric" } };
    const json_t *w = json_child(json_child(p->prompts, "rubric"), "weights");
    struct str folder = p->usecase->folder;

    if (!made)
        printf(STR_FMT "/" GENERATED_FILE " is up to date, made by " STR_FMT "; --force makes it anew\n",
               STR_ARG(folder), STR_ARG(p->by));
    else
        printf(STR_FMT "/" GENERATED_FILE " %s by " STR_FMT ": weights accuracy %g, format %g, compliance %g\n",
               STR_ARG(folder), state == GENERATED_NONE ? "made" : "made anew",
               STR_ARG(p->asked ? p->by : S("the program, without a model")), json_get_double(w, "accuracy", 0),
               json_get_double(w, "format", 0), json_get_double(w, "compliance", 0));
    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (prepare_own(p, own[i][0]))
            printf("the folder's own %s is used instead of the %s in it\n", own[i][0], own[i][1]);
    printf("next: assay run " STR_FMT "\n", STR_ARG(folder));
}

static json_t *prepare_json(const struct prepare *p, enum generated_state state, bool made)
{
    json_t *o = json_object();
    char money[MONEY_TEXT];

    json_set_str(o, "folder", p->usecase->folder);
    json_object_set_new(o, "file", json_string(GENERATED_FILE));
    json_object_set_new(o, "before", json_string(generated_state_name(state)));
    json_object_set_new(o, "made", json_boolean(made));
    json_set_str(o, "by", p->by);
    json_object_set_new(o, "own_prompt", json_boolean(prepare_own(p, "prompts/task-prompt.txt")));
    json_object_set(o, "prompts", p->prompts ? (json_t *)p->prompts : json_null());
    json_object_set_new(o, "calls", json_integer(p->spent.ledger.calls));
    json_object_set_new(o, "repaired", json_boolean(p->spent.rounds > 1));
    json_object_set_new(o, "cost_usd", json_string(money_exact(p->spent.ledger.cost_nanousd, money)));
    return o;
}

static enum err_code prepare_execute(struct prepare *p, struct err *e)
{
    bool force = args_has(p->args, "force");
    enum generated_state state;
    struct str by;

    TRY(session_open(p->s, e));
    TRY(prepare_read(p, args_positional(p->args, 1).at, e));
    TRY(generate_usecase_state(p->usecase, p->s->arena, &state, &by, e));
    if (state == GENERATED_FOREIGN && !force)
        return err_set(e, ERR_CONFLICT, STR_FMT "/" GENERATED_FILE " was not made by this program; --force replaces it",
                       STR_ARG(p->usecase->folder));
    if (by.len && !str_is(by, PREPARE_ITSELF) && (state == GENERATED_STALE || force) && !args_has(p->args, "model"))
        return err_set(e, ERR_USAGE,
                       STR_FMT "/" GENERATED_FILE " was made by " STR_FMT "; say --model " STR_FMT
                               " to ask it again, or "
                               "--model none to do without",
                       STR_ARG(p->usecase->folder), STR_ARG(by), STR_ARG(by));
    p->by = by;
    if (state != GENERATED_FRESH || force) {
        TRY(prepare_make(p, args_get(p->args, "model"), e));
        TRY(generate_usecase_save(p->usecase, p->prompts, p->by, e));
    }
    if (args_has(p->args, "json"))
        return term_json(prepare_json(p, state, p->prompts != NULL), e);
    prepare_cost(p);
    prepare_say(p, state, p->prompts != NULL);
    return ERR_OK;
}

enum err_code usecases_prepare(struct args *args, struct err *e)
{
    AUTO_SESSION s = { 0 };
    struct prepare p = { .s = &s, .args = args };

    if (!args_positional(args, 1).len)
        return err_set(e, ERR_USAGE, "which use case? write: assay usecases prepare FOLDER");
    term_quiet(args_has(args, "quiet"));
    return prepare_execute(&p, e);
}

enum err_code usecases_regenerate(struct session *s, const struct args *args, const char *path, struct str text,
                                  struct err *e)
{
    struct prepare p = { .s = s, .args = args };

    TRY(prepare_read(&p, path, e));
    TRY(prepare_make(&p, text, e));
    TRY(generate_usecase_save(p.usecase, p.prompts, p.by, e));
    prepare_cost(&p);
    return ERR_OK;
}
