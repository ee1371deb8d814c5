/* Dimensions of a task: what is varied, and where a prompt shows it. */
#include "eval/task_read.h"

#include <stdio.h>

#define TASK_DIMENSION_PROMPT_MAX 10000         /* characters of a template with dimensions */

/* --- reading ------------------------------------------------------------------------------------------------------ */

static bool task_dimension_name(struct task_read *r, const struct doc_node *n, struct str *out)
{
    static const char *const taken[] = { "dimension", "dimensions", "case", "task", "answer", "answers" };
    ptrdiff_t other;

    if (!task_text(r, n, "a dimension's name", TASK_NAME_MAX, out))
        return false;
    *out = str_trim(*out);
    for (size_t i = 0; i < out->len; i++)
        if ((unsigned char)out->at[i] < 0x20 || out->at[i] == '[' || out->at[i] == ']') {
            task_problem_at(r, n, "a dimension's name is one line without [ and ]");
            return false;
        }
    for (size_t i = 0; i < COUNT_OF(taken); i++)
        if (str_is(*out, taken[i])) {
            task_problem_at(r, n, "\"%s\" is a variable of every prompt; call the dimension something else", taken[i]);
            return false;
        }
    if (out->at[0] == '_') {
        task_problem_at(r, n, "a dimension's name can't begin with _");
        return false;
    }
    other = dimensions_find(&r->t->dimensions, *out);
    if (other >= 0)
        task_problem_at(r, n, "two dimensions are called \"" STR_FMT "\" (capitals don't count)",
                        STR_ARG(r->t->dimensions.list[other].name));
    return other < 0;
}

static void task_level_options(struct task_read *r, const struct doc_node *n, struct dimension_level *l)
{
    struct str text;

    if (!task_is(r, n, "options", DOC_LIST))
        return;
    if (n->count > DIMENSION_OPTIONS_MAX) {
        task_problem_at(r, n, "a level has %zu options; at most %d are allowed", n->count, DIMENSION_OPTIONS_MAX);
        return;
    }
    l->options = arena_array(r->a, struct str, n->count);
    for (size_t i = 0; i < n->count; i++)
        if (task_text(r, n->items[i], "an option", TASK_DIMENSION_PROMPT_MAX, &text))
            l->options[l->option_count++] = text;
}

/* {score, label, options, description} */
static bool task_level(struct task_read *r, const struct doc_node *n, struct dimension_level *l)
{
    const struct doc_node *score, *label, *options, *about;

    if (!task_is(r, n, "a level", DOC_MAP))
        return false;
    task_check_keys(r, n, "a level", "score label options description");
    score = task_member(n, "score");
    label = task_member(n, "label");
    options = task_member(n, "options");
    about = task_member(n, "description");
    if (!score || !label) {
        task_problem_at(r, n, "a level needs %s, as in {score: 1, label: low, options: [a scratch, a bruise]}",
                        score ? "label: a text" : "score: a whole number from 1 to 5");
        return false;
    }
    if (options)
        task_level_options(r, options, l);
    if (about)
        task_text(r, about, "a level's description", TASK_DIMENSION_PROMPT_MAX, &l->description);
    return task_whole(r, score, "a level's score", 1, DIMENSION_SCORE_MAX, &l->score) &&
           task_text(r, label, "a level's label", TASK_DIMENSION_PROMPT_MAX, &l->label);
}

/* `levels: [{...}, ...]`, or the older `values: [text, ...]` whose scores are their places. */
static bool task_levels(struct task_read *r, const struct doc_node *list, bool old, struct dimension *d)
{
    size_t before = r->p->errors + r->p->more;

    if (!task_is(r, list, old ? "values" : "levels", DOC_LIST))
        return false;
    if (list->count < DIMENSION_LEVELS_MIN || list->count > DIMENSION_LEVELS_MAX) {
        task_problem_at(r, list, "the dimension \"" STR_FMT "\" has %zu level%s; from %d to %d are needed",
                        STR_ARG(d->name), list->count, list->count == 1 ? "" : "s", DIMENSION_LEVELS_MIN,
                        DIMENSION_LEVELS_MAX);
        return false;
    }
    d->levels = arena_array(r->a, struct dimension_level, list->count);
    for (size_t i = 0; i < list->count; i++) {
        struct dimension_level *l = &d->levels[d->level_count];

        l->score = (int64_t)i + 1;
        if (old ? task_text(r, list->items[i], "a value", TASK_DIMENSION_PROMPT_MAX, &l->label)
                : task_level(r, list->items[i], l))
            d->level_count++;
        for (size_t k = 0; k + 1 < d->level_count && d->level_count == i + 1; k++)
            if (d->levels[k].score == l->score)
                task_warning_at(r, list->items[i], "two levels of \"" STR_FMT "\" have the score %lld; reports can't tell "
                                "them apart", STR_ARG(d->name), (long long)l->score);
    }
    return before == r->p->errors + r->p->more;
}

static void task_dimension(struct task_read *r, const struct doc_node *n)
{
    const struct doc_node *name = task_member(n, "name"), *levels = task_member(n, "levels"),
                          *values = task_member(n, "values");
    struct dimensions *all = &r->t->dimensions;
    struct dimension d = { .level_count = 0 };

    if (!task_is(r, n, "a dimension", DOC_MAP))
        return;
    task_check_keys(r, n, "a dimension", "name levels values");
    if (!name || (!levels && !values)) {
        task_problem_at(r, n, "a dimension needs %s", name ? "levels: a list of {score, label}" : "name");
        return;
    }
    if (levels && values)
        task_problem_at(r, values, "a dimension has levels or values, not both");
    if (task_dimension_name(r, name, &d.name) && task_levels(r, levels ? levels : values, !levels, &d))
        all->list[all->count++] = d;
}

static void task_read_brackets(struct task_read *r, bool by_default)
{
    const struct doc_node *n = task_member(r->root, "placeholders");
    struct suggest near;
    char hint[160];

    r->brackets = by_default;
    if (!n || !task_is(r, n, "placeholders", DOC_STRING))
        return;
    if (str_is(n->text, "brackets") || str_is(n->text, "none")) {
        r->brackets = str_is(n->text, "brackets");
        return;
    }
    suggest_begin(&near, n->text);
    suggest_offer(&near, S("brackets"));
    suggest_offer(&near, S("none"));
    task_problem_at(r, n, "placeholders is brackets or none, not \"" STR_FMT "\"%s", STR_ARG(n->text),
                    suggest_hint(&near, hint));
}

void task_read_dimensions(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "dimensions"), *seed = task_member(r->root, "seed");
    struct dimensions *all = &r->t->dimensions;
    int64_t combinations;

    all->seed = 1;
    if (seed)
        task_whole(r, seed, "seed", 0, INT64_MAX, &all->seed);
    if (r->ov->seed.len && !str_to_i64(r->ov->seed, &all->seed))
        task_problem_in(r, S("--seed"), false, S("a seed is a whole number"));
    task_read_brackets(r, n && n->kind == DOC_LIST && n->count);
    if (!n || !task_is(r, n, "dimensions", DOC_LIST))
        return;
    if (n->count > DIMENSIONS_MAX) {
        task_problem_at(r, n, "the task has %zu dimensions; at most %d are allowed", n->count, DIMENSIONS_MAX);
        return;
    }
    all->list = arena_array(r->a, struct dimension, n->count);
    for (size_t i = 0; i < n->count; i++)
        task_dimension(r, n->items[i]);
    combinations = dimensions_combinations(all);
    if (combinations > DIMENSION_COMBINATIONS_MAX)
        task_problem_at(r, n, "the dimensions have %lld combinations; at most %d are allowed, so leave some levels out",
                        (long long)combinations, DIMENSION_COMBINATIONS_MAX);
}

/* --- [Name] ------------------------------------------------------------------------------------------------------- */

struct bracket_scan { struct str s; size_t i; };

/* Where the code that began at rest[0] ends: offset of its "}}", "%}" or "#}". */
static size_t bracket_code_end(struct str rest, bool code, char close)
{
    size_t depth = 0, k = 2;
    char quote = 0;

    for (; k < rest.len; k++) {
        char c = rest.at[k];

        if (quote && c == '\\')
            k++;
        else if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == close && !depth && k + 1 < rest.len && rest.at[k + 1] == '}')
            return k;
        else if (code && (c == '"' || c == '\''))
            quote = c;
        else if (code && (c == '{' || c == '(' || c == '['))
            depth++;
        else if (code && (c == '}' || c == ')' || c == ']') && depth)
            depth--;                                    /* a literal's brace is no end: {{ {"a": {}} }} */
    }
    return rest.len;
}

static struct str bracket_tag(struct str inside)
{
    while (inside.len && (inside.at[0] == '-' || inside.at[0] == '+'))
        inside = str_from(inside, 1);
    while (inside.len && (inside.at[inside.len - 1] == '-' || inside.at[inside.len - 1] == '+'))
        inside.len--;
    return str_trim(inside);
}

/* Offset of the "{% endraw %}" in `s`, or its end. */
static size_t bracket_raw_end(struct str s)
{
    size_t open = s.len;                                /* the last "{%" */

    for (size_t i = 0; i + 1 < s.len; i++) {
        if (s.at[i] == '{' && s.at[i + 1] == '%')
            open = i;
        if (s.at[i] != '%' || s.at[i + 1] != '}' || open == s.len)
            continue;
        if (i >= open + 2 && str_is(bracket_tag(str_sub(s, open + 2, i - open - 2)), "endraw"))
            return open;
        open = s.len;
    }
    return s.len;
}

/* Past "{{ ... }}", "{% ... %}" or "{# ... #}" (and, of a raw block, past its text); true when there was one. */
static bool bracket_skip_code(struct bracket_scan *b)
{
    struct str rest = str_from(b->s, b->i);
    bool code = str_starts(rest, S("{{")) || str_starts(rest, S("{%"));
    char close;
    size_t end;

    if (!code && !str_starts(rest, S("{#")))
        return false;
    close = rest.at[1] == '{' ? '}' : rest.at[1];
    end = bracket_code_end(rest, code, close);
    b->i += MIN(end + 2, rest.len);
    if (close == '%' && str_is(bracket_tag(str_sub(rest, 2, end - 2)), "raw"))
        b->i += bracket_raw_end(str_from(b->s, b->i));
    return true;
}

/* The name in "[Name]" at the scan's place. */
static bool bracket_name(const struct bracket_scan *b, struct str *name)
{
    for (size_t k = b->i + 1; k < b->s.len && k - b->i <= TASK_NAME_MAX + 1; k++) {
        if (b->s.at[k] == '[' || b->s.at[k] == '\n')
            return false;
        if (b->s.at[k] == ']') {
            *name = str_n(b->s.at + b->i + 1, k - b->i - 1);
            return name->len > 0;
        }
    }
    return false;
}

/* Words that may well be meant as a placeholder: not a link's text, not an index, not a tick box. */
static bool bracket_plausible(const struct bracket_scan *b, struct str name)
{
    size_t after = b->i + name.len + 2;

    if (name.len < 2 || (after < b->s.len && (b->s.at[after] == '(' || b->s.at[after] == '[')))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!dimension_is_variable(str_n(name.at + i, 1)) && !(i && strchr("_ -0123456789", name.at[i])))
            return false;
    return true;
}

static void bracket_unknown(struct task_read *r, const struct doc_node *n, struct str name)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; i < r->t->dimensions.count; i++)
        suggest_offer(&near, r->t->dimensions.list[i].name);
    task_warning_at(r, n,
                    "the prompt has a placeholder [" STR_FMT "], and there is no such dimension%s; it stays as it is",
                    STR_ARG(name), suggest_hint(&near, hint));
}

/* A brace right before an expression would be taken for a part of it: {[Name]} must not become {{{ ... }}}. */
static void bracket_open(struct buf *out)
{
    if (out->len && out->bytes[out->len - 1] == '{') {
        buf_truncate(out, out->len - 1);
        buf_puts(out, "{{ \"{\" }}");
    }
    buf_puts(out, "{{ ");
}

/* Writes what stands for the placeholder; false: it is none. */
static bool bracket_replace(struct task_read *r, const struct doc_node *n, const struct bracket_scan *b,
                            struct str name, struct buf *out)
{
    const struct dimensions *d = &r->t->dimensions;
    ptrdiff_t which = dimensions_find(d, name);

    if (which >= 0) {
        bracket_open(out);
        buf_puts(out, "dimension[");
        json_write_str(d->list[which].name, out);       /* a JSON string is one of the template language, too */
        buf_puts(out, "].text }}");
        r->bracket_used[which] = true;
        return true;
    }
    if (!bracket_plausible(b, name))
        return false;
    if (d->count) {
        bracket_unknown(r, n, name);
        return false;
    }
    if (!dimension_is_variable(name))
        return false;
    bracket_open(out);
    buf_printf(out, STR_FMT " }}", STR_ARG(name));
    return true;
}

struct str task_placeholders(struct task_read *r, const struct doc_node *n, struct str source)
{
    AUTO_BUF struct buf out = BUF_INIT(TASK_TEXT_MAX);
    struct bracket_scan b = { .s = source };
    struct str name;

    if (r->t->dimensions.count && str_utf8_len(source) > TASK_DIMENSION_PROMPT_MAX)
        task_problem_at(r, n, "a template of a task with dimensions has at most %d characters, and this has %zu",
                        TASK_DIMENSION_PROMPT_MAX, str_utf8_len(source));
    if (!r->brackets)
        return source;
    while (b.i < source.len) {
        size_t from = b.i;

        if (source.at[from] == '{' && bracket_skip_code(&b)) {
            buf_append(&out, str_sub(source, from, b.i - from));
        } else if (source.at[from] == '[' && bracket_name(&b, &name) && bracket_replace(r, n, &b, name, &out)) {
            b.i += name.len + 2;
        } else {
            buf_byte(&out, source.at[from]);
            b.i++;
        }
    }
    if (buf_failed(&out)) {
        task_problem_at(r, n, "the template is larger than %u bytes with its placeholders filled in", TASK_TEXT_MAX);
        return source;
    }
    if (!r->t->dimensions.count)
        task_template(r, STR_NONE, n, arena_strdup(r->a, buf_str(&out)));      /* the variables it reads are known now */
    return arena_strdup(r->a, buf_str(&out));
}

/* --- afterwards --------------------------------------------------------------------------------------------------- */

void task_check_dimensions(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "dimensions");
    const struct dimensions *d = &r->t->dimensions;
    bool all = false;

    for (size_t i = 0; i < r->reads.len; i++)
        all |= str_is(r->reads.at[i], "dimension") || str_is(r->reads.at[i], "dimensions");
    for (size_t i = 0; i < d->count && !all; i++) {
        bool used = r->bracket_used[i];

        for (size_t k = 0; k < r->reads.len && !used; k++)
            used = str_eq(r->reads.at[k], d->list[i].name);
        if (!used && i < n->count)
            task_warning_at(r, n, "no prompt shows the dimension \"" STR_FMT "\"; write [" STR_FMT "] where it belongs",
                            STR_ARG(d->list[i].name), STR_ARG(d->list[i].name));
    }
}
