/* Command lines: --name value, --name=value, -n value, flags, "--", and the nearest name for a misspelt one. */
#include "cli/cli.h"

static size_t args_option_count(const struct command *c)
{
    size_t n = 0;

    while (c->options && c->options[n].name)
        n++;
    return n;
}

static size_t args_index(const struct args *a, const char *name)
{
    size_t n = args_option_count(a->command);

    for (size_t i = 0; i < n; i++)
        if (strcmp(a->command->options[i].name, name) == 0)
            return i;
    ASSERT(!"an option the command did not declare");
    return n;
}

static enum err_code args_unknown(const struct args *a, struct str word, struct err *e)
{
    struct suggest near;
    struct str bare = word;
    char hint[200] = "";
    size_t n = args_option_count(a->command);

    while (bare.len && bare.at[0] == '-')
        bare = str_from(bare, 1);
    suggest_begin(&near, bare);
    for (size_t i = 0; i < n; i++)
        suggest_offer(&near, str_c(a->command->options[i].name));
    if (suggest_best(&near).len)
        snprintf(hint, sizeof hint, "; did you mean --" STR_FMT "?", STR_ARG(suggest_best(&near)));
    else
        snprintf(hint, sizeof hint, "; `assay help %s` lists them", a->command->name);
    return err_set(e, ERR_USAGE, "%s has no option " STR_FMT "%s", a->command->name, STR_ARG(word), hint);
}

static enum err_code args_option(struct args *a, struct str word, int *i, int argc, char **argv, bool *help,
                                 struct err *e)
{
    bool is_long = str_starts(word, S("--"));
    struct str name = str_from(word, is_long ? 2 : 1), value = STR_NONE;
    ptrdiff_t equals = is_long ? str_find_byte(name, '=') : -1;
    size_t n = args_option_count(a->command);

    if (str_is(word, "--help") || str_is(word, "-h")) {
        *help = true;
        return ERR_OK;
    }
    if (equals >= 0) {
        value = str_from(name, (size_t)equals + 1);
        name.len = (size_t)equals;
    }
    for (size_t k = 0; k < n; k++) {
        const struct option *o = &a->command->options[k];

        if (is_long ? !str_is(name, o->name) : !(name.len == 1 && o->letter && name.at[0] == o->letter))
            continue;
        if (!o->arg && equals >= 0)
            return err_set(e, ERR_USAGE, "--%s takes no value", o->name);
        if (o->arg && equals < 0) {
            if (*i + 1 >= argc)
                return err_set(e, ERR_USAGE, "--%s needs a value: --%s %s", o->name, o->name, o->arg);
            value = str_c(argv[++*i]);
        }
        a->given[k] = true;
        a->values[k] = value.at ? value : S("");
        return ERR_OK;
    }
    return args_unknown(a, str_n(word.at, (is_long ? 2 : 1) + name.len), e);
}

enum err_code args_read(struct args *a, const struct command *c, int argc, char **argv, bool *help, struct err *e)
{
    size_t n = args_option_count(c);
    bool only_positional = false;

    *a = (struct args){ .command = c, .arena = arena_new_sized(0) };
    a->values = arena_array(a->arena, struct str, n);
    a->given = arena_array(a->arena, bool, n);
    for (int i = 0; i < argc; i++) {
        struct str word = str_c(argv[i]);

        if (!only_positional && str_is(word, "--"))
            only_positional = true;
        else if (!only_positional && word.len > 1 && word.at[0] == '-')
            TRY(args_option(a, word, &i, argc, argv, help, e));
        else
            vec_push(&a->positional, word);
    }
    if (*help)
        return ERR_OK;
    if ((int)a->positional.len < c->positional_min)
        return err_set(e, ERR_USAGE, "usage: assay %s %s", c->name, c->usage);
    if (c->positional_max >= 0 && (int)a->positional.len > c->positional_max)
        return err_set(e, ERR_USAGE, "%s does not take \"" STR_FMT "\"; usage: assay %s %s", c->name,
                       STR_ARG(a->positional.at[c->positional_max]), c->name, c->usage);
    return ERR_OK;
}

void args_dispose(struct args *a)
{
    vec_dispose(&a->positional);
    arena_freep(&a->arena);
}

bool args_has(const struct args *a, const char *name)
{
    return a->given[args_index(a, name)];
}

struct str args_get(const struct args *a, const char *name)
{
    size_t i = args_index(a, name);

    return a->given[i] ? a->values[i] : S("");
}

enum err_code args_duration(const struct args *a, const char *name, int64_t *ms, struct err *e)
{
    static const struct { char letter; int64_t ms; } units[] = {
        { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 },
    };
    struct str text = args_get(a, name);
    int64_t n;

    if (!args_has(a, name))
        return ERR_OK;
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (text.len > 1 && text.at[text.len - 1] == units[i].letter &&
            str_to_i64(str_sub(text, 0, text.len - 1), &n) && n >= 1 && n <= 36500 * INT64_C(86400000) / units[i].ms) {
            *ms = n * units[i].ms;
            return ERR_OK;
        }
    return err_set(e, ERR_USAGE, "--%s \"" STR_FMT "\" is no time; write 90s, 30m, 12h or 7d", name,
                   STR_ARG(str_sub(text, 0, 40)));
}

struct str args_positional(const struct args *a, size_t i)
{
    return i < a->positional.len ? a->positional.at[i] : S("");
}

enum err_code args_int(const struct args *a, const char *name, int64_t low, int64_t high, int64_t *out, struct err *e)
{
    int64_t v;

    if (!args_has(a, name))
        return ERR_OK;
    if (!str_to_i64(args_get(a, name), &v) || v < low || v > high)
        return err_set(e, ERR_USAGE, "--%s is \"" STR_FMT "\"; it must be a whole number from %lld to %lld", name,
                       STR_ARG(args_get(a, name)), (long long)low, (long long)high);
    *out = v;
    return ERR_OK;
}

enum err_code args_double(const struct args *a, const char *name, double low, double high, double *out, struct err *e)
{
    double v;

    if (!args_has(a, name))
        return ERR_OK;
    if (!str_to_double(args_get(a, name), &v) || v < low || v > high)
        return err_set(e, ERR_USAGE, "--%s is \"" STR_FMT "\"; it must be a number from %g to %g", name,
                       STR_ARG(args_get(a, name)), low, high);
    *out = v;
    return ERR_OK;
}

enum err_code args_money(const struct args *a, const char *name, int64_t *nanousd, struct err *e)
{
    struct str text = args_get(a, name);

    if (!args_has(a, name))
        return ERR_OK;
    if (text.len && text.at[0] == '$')
        text = str_from(text, 1);
    if (!money_parse(text, nanousd))
        return err_set(e, ERR_USAGE, "--%s is \"" STR_FMT "\"; it must be dollars such as 1.50", name,
                       STR_ARG(args_get(a, name)));
    return ERR_OK;
}

size_t args_list(const struct args *a, const char *name, struct str **out)
{
    struct str rest = args_get(a, name), part;
    VEC(struct str) parts = { 0 };
    size_t n;

    while (str_split(&rest, ',', &part))
        if (str_trim(part).len)
            vec_push(&parts, str_trim(part));
    n = parts.len;
    *out = arena_array(a->arena, struct str, n);
    if (n)
        memcpy(*out, parts.at, n * sizeof **out);
    vec_dispose(&parts);
    return n;
}

void args_help(const struct command *c, FILE *to, bool colour, int columns)
{
    const char *bold = colour ? "\033[1m" : "", *plain = colour ? "\033[0m" : "";

    fprintf(to, "%sassay %s%s %s\n\n", bold, c->name, plain, c->usage);
    term_wrap(to, str_c(c->summary), 0, columns);
    if (c->doc) {
        struct str rest = str_c(c->doc), line;

        fputc('\n', to);
        while (str_split(&rest, '\n', &line))
            term_wrap(to, line, 0, columns);
    }
    if (args_option_count(c))
        fprintf(to, "\n%sOptions%s\n", bold, plain);
    for (size_t i = 0; c->options && c->options[i].name; i++) {
        const struct option *o = &c->options[i];
        char left[64];
        int n = snprintf(left, sizeof left, "  %c%c %s--%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                         "", o->name, o->arg ? " " : "", o->arg ? o->arg : "");

        if (n > 25)
            fprintf(to, "%s\n%*s", left, 28, "");
        else
            fprintf(to, "%-28s", left);
        term_wrap(to, str_c(o->doc), 28, columns);
    }
}
