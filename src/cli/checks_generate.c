/* assay checks generate TASK: checks that a model writes, or three that need none; looked at, edited, and put into the
 * task file without touching the rest of it. */
#include "cli/checks_generate.h"

#include "cli/editor.h"
#include "cli/keys.h"
#include "cli/session.h"
#include "data/usecase.h"
#include "eval/generate.h"
#include "eval/report/grid.h"
#include "eval/task_edit.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHECKS_TOKENS = 2000, CHECKS_KEYS = 9 };

struct making {
    struct session s;
    const struct args *args;
    struct str file;                    /* as the user named it, or found in the folder */
    char *real;                         /* where a link leads: what is written */
    unsigned mode;
    enum doc_form form;
    struct str text;                    /* as it was read */
    const struct doc_node *root;
    struct task *task;
    struct model model;
    bool asked;
    struct generate_spent spent;
    struct generated_checks checks;
    bool dropped[GENERATE_CHECKS_MAX];
    struct str draft;                   /* of the editor, when it could not be used */
    size_t saved;
};

/* --- the file ----------------------------------------------------------------------------------------------------- */

static enum err_code making_verify(struct making *m, struct str text, struct task **out, struct err *e)
{
    AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
    char *dir = arena_cstr(m->s.arena, path_dir(m->file));
    enum err_code code = task_load_text(m->file, dir, text, NULL, m->s.arena, out, &p, e);

    if (code != ERR_OK && p.errors > 1)
        session_problems(&p);
    return code;
}

/* A fork that gets a list of its own would lose its parent's. */
static enum err_code making_check_fork(const struct making *m, struct err *e)
{
    size_t inherited = 0;

    if (!doc_get(m->root, "fork_of") || doc_get(m->root, "checks"))
        return ERR_OK;
    for (size_t i = 0; i < m->task->check_count; i++)
        inherited += !str_is(m->task->checks[i].name, "output_schema");
    return !inherited ? ERR_OK
                      : err_set(e, ERR_CONFLICT, STR_FMT " inherits %zu checks from \"" STR_FMT "\" and would lose them with a list of "
                                "its own; generate for that file, or copy its checks first", STR_ARG(m->file), inherited,
                                STR_ARG(doc_get(m->root, "fork_of")->text));
}

static enum err_code making_read(struct making *m, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(TASK_EDIT_BYTES_MAX);
    const char *path = args_positional(m->args, 1).at;
    struct doc_node *root;
    struct stat st;
    char real[PATH_MAX];

    TRY(task_file_of(path, m->s.arena, &m->file, e));
    m->file = arena_strdup(m->s.arena, m->file);
    if (str_is(path_base(m->file), USECASE_FILE_NAME))
        return err_set(e, ERR_BAD_INPUT,
                       "a use case has no checks of its own; put a task.yaml with `fork_of: " USECASE_FILE_NAME
                       "` into " STR_FMT " and generate for it",
                       STR_ARG(path_dir(m->file)));
    if (!realpath(m->file.at, real) || stat(real, &st) != 0)
        return err_errno(e, file_open_code(errno), errno, STR_FMT " can't be read", STR_ARG(m->file));
    m->real = arena_cstr(m->s.arena, str_c(real));
    m->mode = st.st_mode & 0777;
    m->form = doc_form_of(m->file);
    TRY(file_read(m->real, TASK_EDIT_BYTES_MAX, &text, e));
    m->text = arena_strdup(m->s.arena, buf_str(&text));
    TRY(making_verify(m, m->text, &m->task, e));
    TRY(doc_read(m->file, m->text, m->form, m->s.arena, &root, e));
    m->root = root;
    return making_check_fork(m, e);
}

static json_t *making_list(const struct making *m)
{
    json_t *list = json_array();

    for (size_t i = 0; i < m->checks.count; i++)
        if (!m->dropped[i])
            json_array_append_new(list, generate_check_json(&m->checks.at[i]));
    return list;
}

/* The new text must be a task, and the file must still be the one that was read. */
static enum err_code making_save(struct making *m, struct err *e)
{
    AUTO_BUF struct buf out = BUF_INIT(2 * TASK_EDIT_BYTES_MAX), now = BUF_INIT(TASK_EDIT_BYTES_MAX);
    AUTO_JSON *list = making_list(m);
    struct task *ignored;

    if (!json_array_size(list))
        return ERR_OK;
    TRY(task_edit_add_checks(m->file, m->text, m->form, list, &out, e));
    if (making_verify(m, buf_str(&out), &ignored, e) != ERR_OK)
        return err_prefix(e, "with these checks the task can't be read, so they were not saved");
    TRY(file_read(m->real, TASK_EDIT_BYTES_MAX, &now, e));
    if (!str_eq(buf_str(&now), m->text))
        return err_set(e, ERR_CONFLICT, STR_FMT " was changed meanwhile, so nothing was written; do it again",
                       STR_ARG(m->file));
    TRY(file_write_atomic(m->real, buf_str(&out), m->mode, e));
    m->saved = json_array_size(list);
    return ERR_OK;
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static int making_interrupted(void *arg)
{
    (void)arg;
    return interrupts_seen();
}

static bool making_reply(void *arg, struct str reply, struct arena *a, struct str *why)
{
    return generate_checks_read(reply, a, &((struct making *)arg)->checks, why);
}

static enum err_code making_ask(struct making *m, struct err *e)
{
    struct str text = args_get(m->args, "model"), domain = args_get(m->args, "domain");
    const struct doc_node *own = doc_get(m->root, "domain");
    struct generate_question q = { .max_tokens = CHECKS_TOKENS, .phase = PHASE_CHECKS, .read = making_reply, .arg = m,
                                   .form = "one JSON object {\"checks\": [{\"name\", \"description\", \"severity\", \"rule\"}]} with 5 "
                                           "to 8 checks", .interrupted = making_interrupted };

    if (!text.len || str_ieq(text, S("none"))) {
        generate_checks_default(m->task, m->s.arena, &m->checks);
        if (!text.len)
            term_note("three checks that need no model; --model openai:gpt-4o asks one for more");
        return ERR_OK;
    }
    TRY(session_model(&m->s, m->args, text, &m->model, e));
    TRY(args_money(m->args, "budget", &q.budget_nanousd, e));
    q.llm = m->s.llm;
    q.model = &m->model;
    q.messages = generate_checks_ask(m->task, domain.len || !own || own->kind != DOC_STRING ? domain : own->text,
                                     m->s.arena);
    m->asked = true;
    interrupts_watch();
    term_note("asking " STR_FMT " for checks", STR_ARG(m->model.name));
    if (generate_ask(&q, m->s.arena, &m->spent, e) == ERR_OK)
        return ERR_OK;
    return e->code == ERR_INVALID_RESPONSE
               ? err_set(e, e->code, "%.560s (--model none adds three checks without a model)",
                         arena_cstr(m->s.arena, str_c(e->text)))
               : e->code;
}

/* --- showing ------------------------------------------------------------------------------------------------------ */

static const char *making_by(const struct generated_check *c)
{
    static const char *const by[RULE_WAYS] = { "program", "judge", "not evaluated" };

    return by[c->rule.way];
}

/* {max_words: 40} as "max_words: 40"; the rule's own words for a judge and for what nobody evaluates. */
static struct str making_rule(const struct generated_check *c, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(1u << 20);
    AUTO_JSON *list = json_pack("[O]", (json_t *)c->rule.check);
    struct str s;

    if (c->rule.way != RULE_NATIVE)
        return c->text;
    task_edit_yaml(list, &b);
    s = str_trim(str_from(buf_str(&b), 2));
    return arena_strdup(a, s);
}

static enum err_code making_table(const struct making *m, bool numbers, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "#", .right = true }, { .heading = "name", .least = 14 }, { .heading = "severity" },
        { .heading = "rule", .least = 16 }, { .heading = "evaluated by" },
    };
    static const enum grid_paint paints[RULE_WAYS] = { GRID_PLAIN, GRID_CYAN, GRID_YELLOW };
    struct arena *a = m->s.arena;
    struct grid *g = grid_new(a, columns, COUNT_OF(columns));

    for (size_t i = 0; i < m->checks.count; i++) {
        const struct generated_check *c = &m->checks.at[i];

        grid_cellf(g, "%s%zu", numbers && m->dropped[i] ? "-" : "", i + 1);
        grid_cell(g, c->name, m->dropped[i] ? GRID_DIM : GRID_PLAIN);
        grid_cell(g, str_c(severity_name(c->severity)), GRID_PLAIN);
        grid_cell(g, making_rule(c, a), m->dropped[i] ? GRID_DIM : GRID_PLAIN);
        grid_cell(g, str_c(m->dropped[i] ? "dropped" : making_by(c)), paints[c->rule.way]);
    }
    TRY(session_grid(g, e));
    for (size_t i = 0; i < m->checks.count; i++)
        if (m->checks.at[i].rule.way == RULE_NONE && !m->dropped[i])
            printf("%zu is not evaluated: " STR_FMT "\n", i + 1, STR_ARG(term_clean(m->checks.at[i].rule.why, a)));
    return ERR_OK;
}

static void making_count(const struct making *m, size_t counts[RULE_WAYS])
{
    memset(counts, 0, RULE_WAYS * sizeof *counts);
    for (size_t i = 0; i < m->checks.count; i++)
        counts[m->checks.at[i].rule.way] += !m->dropped[i];
}

static json_t *making_json(const struct making *m)
{
    json_t *o = json_object(), *list = json_array();
    size_t counts[RULE_WAYS];
    char money[MONEY_TEXT];

    json_set_str(o, "task", m->file);
    json_object_set_new(o, "model", m->asked ? json_from_str(m->model.name) : json_null());
    for (size_t i = 0; i < m->checks.count; i++) {
        const struct generated_check *c = &m->checks.at[i];
        json_t *one = json_object();

        json_set_str(one, "name", c->name);
        json_set_str(one, "description", c->description);
        json_object_set_new(one, "severity", json_string(severity_name(c->severity)));
        json_set_str(one, "rule", c->text);
        json_object_set_new(one, "evaluated", json_string(rule_way_name(c->rule.way)));
        json_object_set_new(one, "why", c->rule.why.len ? json_from_str(c->rule.why) : json_null());
        json_object_set_new(one, "check", generate_check_json(c));
        json_array_append_new(list, one);
    }
    json_object_set_new(o, "checks", list);
    making_count(m, counts);
    for (int i = 0; i < RULE_WAYS; i++)
        json_object_set_new(o, i == RULE_NONE ? "not_evaluated" : rule_way_name((enum rule_way)i),
                            json_integer((json_int_t)counts[i]));
    json_object_set_new(o, "already_there", json_integer((json_int_t)m->checks.already));
    json_object_set_new(o, "saved", json_integer((json_int_t)m->saved));
    json_object_set_new(o, "calls", json_integer(m->spent.ledger.calls));
    json_object_set_new(o, "repaired", json_boolean(m->spent.rounds > 1));
    json_object_set_new(o, "cost_usd", json_string(money_exact(m->spent.ledger.cost_nanousd, money)));
    json_object_set_new(o, "unknown_calls", json_integer(m->spent.ledger.unknown_calls));
    return o;
}

static void making_cost(const struct making *m)
{
    char money[MONEY_TEXT];

    if (m->asked)
        term_note(STR_FMT ": %" PRId64 " call%s, %s%s%s", STR_ARG(m->model.name), m->spent.ledger.calls,
                  m->spent.ledger.calls == 1 ? "" : "s", money_show(m->spent.ledger.cost_nanousd, money),
                  m->spent.ledger.unknown_calls ? " + what has no price" : "",
                  m->spent.rounds > 1 ? ", its first reply could not be used" : "");
}

static void making_say(const struct making *m)
{
    size_t counts[RULE_WAYS];

    making_count(m, counts);
    printf("%zu check%s saved to " STR_FMT ": %zu evaluated by the program, %zu by a judge, %zu not evaluated\n",
           m->saved, m->saved == 1 ? "" : "s", STR_ARG(m->file), counts[RULE_NATIVE], counts[RULE_JUDGE],
           counts[RULE_NONE]);
    if (counts[RULE_JUDGE] && !json_get_str(m->task->judge, "model").len)
        printf("%s needs a judge: add `judge: {model: openai:gpt-4o}` to the task, or it is not evaluated\n",
               counts[RULE_JUDGE] == 1 ? "one" : "some");
    printf("next: assay run " STR_FMT "\n", STR_ARG(m->file));
}

/* --- editing ------------------------------------------------------------------------------------------------------ */

/* What came back from the editor as checks; `why` names the first that can't be read. */
static bool making_parse(struct making *m, struct str text, struct str *why)
{
    struct arena *a = m->s.arena;
    struct generated_checks g = { .at = arena_array(a, struct generated_check, GENERATE_CHECKS_MAX) };
    struct doc_node *n;
    struct err e = ERR_INIT;

    if (doc_read(S("checks"), text, DOC_YAML, a, &n, &e) != ERR_OK) {
        *why = arena_strdup(a, str_c(e.text));
        return false;
    }
    if (n->kind != DOC_NULL && (n->kind != DOC_LIST || n->count > GENERATE_CHECKS_MAX)) {
        *why = arena_printf(a, "the checks are a list of at most %d", GENERATE_CHECKS_MAX);
        return false;
    }
    for (size_t i = 0; n->kind == DOC_LIST && i < n->count; i++) {
        const json_t *o = json_in_arena(doc_to_json(n->items[i]), a);
        struct generated_check *c = &g.at[g.count];
        enum severity said;

        if (!generate_check_of(o, a, c, why))
            return false;
        if (c->rule.way == RULE_NONE && !json_child(o, "rule")) {
            *why = arena_printf(a, "line %d, \"" STR_FMT "\": " STR_FMT, n->items[i]->line, STR_ARG(c->name),
                                STR_ARG(c->rule.why));
            return false;
        }
        if (json_child(o, "severity") && !severity_from(json_get_str(o, "severity"), &said)) {
            *why = arena_printf(a, "line %d, \"" STR_FMT "\": severity is critical, warning or info", n->items[i]->line,
                                STR_ARG(c->name));
            return false;
        }
        g.count++;
    }
    generate_checks_fit(m->task, a, &g);
    m->checks = g;
    memset(m->dropped, 0, sizeof m->dropped);
    return true;
}

static enum err_code making_edit(struct making *m, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(EDITOR_BYTES_MAX);
    AUTO_JSON *list = making_list(m);
    struct str edited, why;

    if (m->draft.len) {
        buf_append(&text, m->draft);
    } else {
        buf_printf(&text, "# Checks for " STR_FMT ". Change them, add some, or delete what you don't want.\n"
                          "# `assay checks` lists the kinds; `judged:` takes plain language for a judge.\n", STR_ARG(m->file));
        task_edit_yaml(list, &text);
    }
    TRY(editor_run("checks.yaml", buf_str(&text), m->s.arena, &edited, e));
    m->draft = STR_NONE;
    if (making_parse(m, edited, &why))
        return ERR_OK;
    m->draft = edited;
    printf("not taken: " STR_FMT " (e edits it again)\n", STR_ARG(term_clean(why, m->s.arena)));
    return ERR_OK;
}

/* *yes: the user wants them. */
static enum err_code making_look(struct making *m, bool *yes, struct err *e)
{
    *yes = false;
    for (;;) {
        int key;

        TRY(making_table(m, true, e));
        printf("[a] add them  [1-%d] drop or keep  [e] edit  [q] quit ", CHECKS_KEYS);
        fflush(stdout);
        TRY(keys_begin(e));
        key = keys_read();
        keys_end();
        printf("\n");
        if (key == 'q' || key == KEY_ESCAPE || key == KEY_STOP)
            return ERR_OK;
        if (key == 'a' || key == 'y') {
            *yes = true;
            return ERR_OK;
        }
        if (key == 'e' && making_edit(m, e) != ERR_OK)
            term_problem(e);
        else if (key >= '1' && key <= '0' + CHECKS_KEYS && (size_t)(key - '1') < m->checks.count)
            m->dropped[key - '1'] = !m->dropped[key - '1'];
    }
}

/* --- the command -------------------------------------------------------------------------------------------------- */

/* What would be added, as it would stand there. */
static enum err_code making_preview(const struct making *m, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(1u << 20);
    AUTO_JSON *list = making_list(m);

    buf_puts(&b, "\nchecks:\n");
    task_edit_yaml(list, &b);
    return term_write(term_clean(buf_str(&b), m->s.arena), e);
}

static enum err_code making_execute(struct making *m, struct err *e)
{
    const struct args *args = m->args;
    bool json = args_has(args, "json"), yes = args_has(args, "yes"), dry = args_has(args, "dry-run");

    if (!yes && !dry && (!isatty(STDIN_FILENO) || !term_get()->out_tty || json))
        return err_set(e, ERR_USAGE, "%s: --yes saves the checks as they come, --dry-run only shows them",
                       json ? "--json asks nobody" : "there is no terminal to look at them");
    TRY(session_open(&m->s, e));
    TRY(making_read(m, e));
    TRY(making_ask(m, e));
    generate_checks_fit(m->task, m->s.arena, &m->checks);
    if (!json && m->checks.already)
        term_note("%zu that the task has already %s left out", m->checks.already,
                  m->checks.already == 1 ? "was" : "were");
    if (!json && m->checks.count && (yes || dry))
        TRY(making_table(m, false, e));
    if (dry && !json)
        TRY(making_preview(m, e));
    if (!dry && !yes && m->checks.count)
        TRY(making_look(m, &yes, e));
    if (!dry && yes)
        TRY(making_save(m, e));
    if (json)
        return term_json(making_json(m), e);
    making_cost(m);
    if (m->saved)
        making_say(m);
    else
        printf("nothing was saved%s\n", m->checks.count ? "" : ": the task has all of them");
    return ERR_OK;
}

enum err_code checks_generate(struct args *args, int *status, struct err *e)
{
    struct making m = { .args = args };
    enum err_code code;

    (void)status;
    if (!args_positional(args, 1).len)
        return err_set(e, ERR_USAGE, "which task? write: assay checks generate TASK");
    term_quiet(args_has(args, "quiet"));
    code = making_execute(&m, e);
    session_close(&m.s);
    return code;
}
