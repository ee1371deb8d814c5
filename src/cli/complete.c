/* assay complete SHELL -- WORD...: what could stand where the cursor is, for the scripts of `assay completion`.
 *
 * The last WORD is the one being typed, up to the cursor; for bash, which cuts words at ':' and '=', a single WORD is
 * the whole line instead. Each candidate is a line: the word, a tab, what it is. The line ":file" means: files. It
 * never fails, never makes a store, and a fault says nothing: somebody is in the middle of typing.
 * What a value is comes from the tables: a positional's kind from command.complete, an option's from option.words
 * ("@kind", or the words themselves) or from its argument's name (FILE). */
#include "cli/session.h"

#include "eval/catalogue.h"
#include "eval/scoring.h"

#define COMPLETE_RUNS  60
#define COMPLETE_WORDS 4096             /* of a line */

struct complete {
    struct session s;
    struct str shell, word;             /* being typed */
    struct str before;                  /* of `word`: kept in front of each candidate ("--models=a,") */
    VEC(struct str) words;              /* those before it, the command first */
    const struct command *command;      /* NULL: not yet */
    struct buf out;
};

static void complete_dispose(struct complete *c)
{
    session_close(&c->s);
    vec_dispose(&c->words);
    buf_dispose(&c->out);
}

/* --- candidates --------------------------------------------------------------------------------------------------- */

static void complete_offer(struct complete *c, struct str value, struct str about)
{
    struct str typed = str_from(c->word, c->before.len);
    struct str whole = arena_printf(c->s.arena, STR_FMT STR_FMT, STR_ARG(c->before), STR_ARG(value));

    if (!str_istarts(value, typed) || !value.len)
        return;
    if (str_is(c->shell, "bash")) {                     /* bash replaces only what follows its last break */
        for (size_t i = MIN(c->word.len, whole.len); i > 0; i--)
            if (whole.at[i - 1] == ':' || whole.at[i - 1] == '=') {
                whole = str_from(whole, i);
                break;
            }
        buf_printf(&c->out, STR_FMT "\n", STR_ARG(report_clean(whole, false, false, c->s.arena)));
        return;
    }
    buf_printf(&c->out, STR_FMT "\t" STR_FMT "\n", STR_ARG(report_clean(whole, false, false, c->s.arena)),
               STR_ARG(report_clean(str_utf8_head(about, 100), false, false, c->s.arena)));
}

static void complete_words(struct complete *c, const char *words)
{
    struct str rest = str_c(words), word;

    while (str_split(&rest, ' ', &word))
        complete_offer(c, word, S(""));
}

static bool complete_store(struct complete *c)
{
    struct err ignored = ERR_INIT;

    if (c->s.store)
        return true;
    if (!file_exists(arena_printf(c->s.arena, STR_FMT "/assay.db", STR_ARG(c->s.home)).at))
        return false;
    return session_store(&c->s, &ignored) == ERR_OK;
}

static void complete_runs(struct complete *c)
{
    struct store_run_row *rows;
    struct err ignored = ERR_INIT;
    size_t count;

    if (!complete_store(c) ||
        store_runs_list(c->s.store, STR_NONE, COMPLETE_RUNS, 0, c->s.arena, &rows, &count, &ignored) != ERR_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        char when[CLOCK_TEXT];

        clock_text(rows[i].run.created_ms, when);
        complete_offer(c, id_short(rows[i].run.id),
                       arena_printf(c->s.arena, STR_FMT ", %s, %.10s %.5s", STR_ARG(rows[i].run.task_name),
                                    run_state_name(rows[i].run.state), when, when + 11));
    }
    if (count)
        complete_offer(c, S("last"), S("the newest run"));
    if (count > 1)
        complete_offer(c, S("last~1"), S("the one before it"));
}

static void complete_tasks(struct complete *c)
{
    AUTO_MAP struct map seen = MAP_INIT;
    struct store_run_row *rows;
    struct err ignored = ERR_INIT;
    size_t count;

    if (!complete_store(c) ||
        store_runs_list(c->s.store, STR_NONE, COMPLETE_RUNS, 0, c->s.arena, &rows, &count, &ignored) != ERR_OK)
        return;
    for (size_t i = 0; i < count; i++)
        if (!map_put(&seen, rows[i].run.task_name, c))
            complete_offer(c, rows[i].run.task_name, S("task"));
}

/* The run that the line names, or the last one. */
static struct run *complete_run_of_line(struct complete *c)
{
    struct err ignored = ERR_INIT;
    struct run *run;

    if (!complete_store(c))
        return NULL;
    for (size_t i = 1; i < c->words.len; i++)
        if (c->words.at[i].len && c->words.at[i].at[0] != '-' &&
            store_run_get(c->s.store, c->words.at[i], c->s.arena, &run, &ignored) == ERR_OK)
            return run;
    return store_run_get(c->s.store, S("last"), c->s.arena, &run, &ignored) == ERR_OK ? run : NULL;
}

static void complete_variants(struct complete *c)
{
    struct run *run = complete_run_of_line(c);
    struct store_variant *variants;
    struct err ignored = ERR_INIT;
    size_t count;

    if (!run || store_variants(c->s.store, run->no, c->s.arena, &variants, &count, &ignored) != ERR_OK)
        return;
    for (size_t i = 0; i < count; i++)
        complete_offer(c, variants[i].name, variants[i].model);
}

static void complete_metrics(struct complete *c)
{
    struct metric_about m;

    for (size_t i = 0; metric_about_at(i, &m); i++)
        complete_offer(c, str_c(m.name), str_c(m.doc));
}

/* Metrics and checks that a run has, by the names its task gave them. */
static void complete_scorers(struct complete *c)
{
    struct run *run = complete_run_of_line(c);
    AUTO_JSON *settings = NULL;
    struct scorer_info *infos;
    struct err ignored = ERR_INIT;
    size_t count;

    if (!run || json_read(run->settings, &settings, &ignored) != ERR_OK ||
        scorers_from_json(json_child(settings, "scorers"), c->s.arena, &infos, &count, &ignored) != ERR_OK)
        return;
    for (size_t i = 0; i < count; i++)
        complete_offer(c, infos[i].name, infos[i].kind == SCORER_CHECK ? S("check") : S("metric"));
}

static void complete_checks(struct complete *c)
{
    struct check_about k;

    complete_offer(c, S("generate"), S("write checks into a task file"));
    for (size_t i = 0; check_about_at(i, &k); i++)
        complete_offer(c, str_c(k.name), str_c(k.doc));
}

static bool complete_llm(struct complete *c)
{
    struct llm_options o = { .home = c->s.home.at };
    struct err ignored = ERR_INIT;

    return c->s.llm || llm_new(&o, &c->s.llm, &ignored) == ERR_OK;
}

static void complete_models(struct complete *c)
{
    struct llm_price p;

    if (!complete_llm(c))
        return;
    for (size_t i = 0; i < llm_price_count(c->s.llm); i++) {
        llm_price_at(c->s.llm, i, &p);
        if (!str_ends(p.model, S("*")))
            complete_offer(c, p.model,
                           arena_printf(c->s.arena, "$%.4g in, $%.4g out for a million tokens",
                                        money_to_double(MAX(p.input, INT64_C(0))),
                                        money_to_double(MAX(p.output, INT64_C(0)))));
    }
}

static void complete_providers(struct complete *c)
{
    struct llm_provider_info p;

    for (size_t i = 0; complete_llm(c) && llm_provider_at(c->s.llm, i, &p); i++)
        complete_offer(c, str_c(p.name), str_c(p.label));
}

static void complete_commands(struct complete *c)
{
    for (size_t i = 0; command_at(i); i++)
        if (!command_at(i)->hidden)
            complete_offer(c, str_c(command_at(i)->name), str_c(command_at(i)->summary));
}

static void complete_files(struct complete *c)
{
    buf_puts(&c->out, ":file\n");
}

static const struct complete_kind { const char *name; void (*offer)(struct complete *c); bool list; } complete_kinds[] = {
    { "check", complete_checks, false },     { "command", complete_commands, false }, { "file", complete_files, false },
    { "metric", complete_metrics, true },    { "model", complete_models, true },      { "provider", complete_providers, false },
    { "run", complete_runs, false },         { "scorer", complete_scorers, false },   { "task", complete_tasks, false },
    { "variant", complete_variants, false },
};

static bool complete_kind(struct complete *c, struct str name)
{
    for (size_t i = 0; i < COUNT_OF(complete_kinds); i++) {
        const struct complete_kind *k = &complete_kinds[i];

        if (!str_is(name, k->name))
            continue;
        if (k->list)                                    /* "a,b,": what stands before the last comma stays */
            for (size_t at = c->word.len; at > c->before.len; at--)
                if (c->word.at[at - 1] == ',') {
                    c->before = str_n(c->word.at, at);
                    break;
                }
        k->offer(c);
        return true;
    }
    return false;
}

/* --- where the cursor is ------------------------------------------------------------------------------------------ */

static const struct option *complete_option(const struct command *command, struct str word)
{
    bool is_long = str_starts(word, S("--"));
    struct str name = str_from(word, is_long ? 2 : MIN(word.len, (size_t)1));
    ptrdiff_t equals = str_find_byte(name, '=');

    if (!is_long && !(word.len == 2 && word.at[0] == '-'))
        return NULL;
    if (equals >= 0)
        name.len = (size_t)equals;
    for (const struct option *o = command->options; o && o->name; o++)
        if (is_long ? str_is(name, o->name) : o->letter && name.at[0] == o->letter)
            return o;
    return NULL;
}

static void complete_value(struct complete *c, const struct option *o)
{
    static const char *const files[] = { "FILE", "FOLDER", "DIR" };

    if (o->words && o->words[0] == '@') {
        (void)complete_kind(c, str_c(o->words + 1));
        return;
    }
    if (o->words)
        complete_words(c, o->words);
    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (strcmp(o->arg, files[i]) == 0)
            complete_files(c);
}

static void complete_options(struct complete *c)
{
    for (const struct option *o = c->command->options; o && o->name; o++)
        complete_offer(c, arena_printf(c->s.arena, "--%s", o->name), str_c(o->doc));
    complete_offer(c, S("--help"), S("explain the command"));
}

/* How many positionals stand before the cursor; *value: the option whose value is being typed. */
static size_t complete_position(struct complete *c, const struct option **value)
{
    size_t position = 0;
    bool only_positional = false;

    *value = NULL;
    for (size_t i = 1; i < c->words.len; i++) {
        struct str word = c->words.at[i];
        const struct option *o = only_positional ? NULL : complete_option(c->command, word);

        *value = NULL;
        if (!only_positional && str_is(word, "--"))
            only_positional = true;
        else if (o && o->arg && str_find_byte(word, '=') < 0 && ++i >= c->words.len)
            *value = o;
        else if (!o && (only_positional || !word.len || word.at[0] != '-'))
            position++;
    }
    return position;
}

static void complete_positional(struct complete *c, size_t position)
{
    struct str rest = str_c(c->command->complete ? c->command->complete : ""), kind = STR_NONE, part;

    if (c->command->positional_max >= 0 && (int)position >= c->command->positional_max)
        return;
    for (size_t i = 0; i <= position && str_split(&rest, ' ', &part); i++)
        kind = part;
    if (kind.len && !complete_kind(c, kind))            /* no kind: the words themselves */
        for (rest = kind; str_split(&rest, '|', &part);)
            complete_offer(c, part, S(""));
}

static void complete_answer(struct complete *c)
{
    const struct option *value;
    size_t position;
    ptrdiff_t equals;

    if (!c->words.len) {
        complete_commands(c);
        return;
    }
    for (size_t i = 0; command_at(i) && !c->command; i++)
        if (str_is(c->words.at[0], command_at(i)->name))
            c->command = command_at(i);
    if (!c->command)
        return;
    position = complete_position(c, &value);
    if (value) {
        complete_value(c, value);
    } else if (c->word.len && c->word.at[0] == '-') {
        equals = str_find_byte(c->word, '=');
        value = equals > 0 ? complete_option(c->command, c->word) : NULL;
        if (!value) {
            complete_options(c);
        } else if (value->arg) {
            c->before = str_n(c->word.at, (size_t)equals + 1);
            complete_value(c, value);
        }
    } else {
        complete_positional(c, position);
    }
}

/* --- reading the line --------------------------------------------------------------------------------------------- */

/* As the shell cuts it: at white space, outside of quotes; quotes and backslashes go. The last word may be empty. */
static void complete_cut(struct complete *c, struct str line)
{
    char *text = arena_alloc(c->s.arena, line.len + 1);
    size_t start = 0, n = 0;
    bool within = false;
    char quote = 0;

    for (size_t i = 0; i < line.len && c->words.len < COMPLETE_WORDS; i++) {
        char ch = line.at[i];

        if (ch == '\\' && quote != '\'' && i + 1 < line.len) {
            text[n++] = line.at[++i];
            within = true;
        } else if (quote ? ch == quote : ch == '"' || ch == '\'') {
            quote = quote ? 0 : ch;
            within = true;
        } else if (!quote && (ch == ' ' || ch == '\t' || ch == '\n')) {
            if (within)
                vec_push(&c->words, str_n(text + start, n - start));
            start = n;
            within = false;
        } else {
            text[n++] = ch;
            within = true;
        }
    }
    c->word = str_n(text + start, n - start);
}

static enum err_code complete_run(struct args *args, int *status, struct err *e)
{
    AUTO(complete_dispose) struct complete c = { .shell = args_positional(args, 0), .out = BUF_INIT(1u << 20) };
    struct err ignored = ERR_INIT;

    (void)status;
    if (session_open(&c.s, &ignored) != ERR_OK)
        return ERR_OK;
    if (str_is(c.shell, "bash")) {
        complete_cut(&c, args_positional(args, 1));
        if (c.words.len) {                              /* the first is the program's name */
            memmove(c.words.at, c.words.at + 1, (c.words.len - 1) * sizeof *c.words.at);
            c.words.len--;
        }
    } else {
        for (size_t i = 1; i + 1 < args->positional.len; i++)
            vec_push(&c.words, args->positional.at[i]);
        c.word = args->positional.len > 1 ? args->positional.at[args->positional.len - 1] : S("");
    }
    complete_answer(&c);
    return term_write(buf_str(&c.out), e);
}

const struct command command_complete = {
    .name = "complete", .usage = "bash LINE | SHELL -- WORD...", .summary = "Say what could stand where the cursor is.",
    .positional_min = 1, .positional_max = -1, .hidden = true, .run = complete_run,
};
