/* Benchmark files and use cases: tasks without a prompt, whose fields describe the work; the prompt is made of them.
 *
 * Two stages, as that sheet has them: which fields must be there and what they may say; then whether they fit together.
 * Constraints, criteria and examples may stand in our own task files as well. */
#include "eval/task_read.h"

#include "data/usecase.h"

#define COMPOSE_EXAMPLES 3
#define COMPOSE_EXAMPLE_INPUT 200           /* characters */

static bool task_need(struct task_read *r, const char *key, enum doc_kind kind, const struct doc_node **out)
{
    *out = task_member(r->root, key);
    if (!*out) {
        task_problem_at(r, r->root,
                        "the task has no %s, and a task without a prompt needs name, description, input_type, "
                        "output_format, evaluation_criteria and judge_instructions",
                        key);
        return false;
    }
    return task_is(r, *out, key, kind);
}

static void task_word_of(struct task_read *r, const struct doc_node *n, const char *what, const char *words)
{
    struct str rest = str_c(words), one;
    struct suggest near;
    char hint[160];

    suggest_begin(&near, n->text);
    while (str_split(&rest, ' ', &one)) {
        if (str_eq(one, n->text))
            return;
        suggest_offer(&near, one);
    }
    task_problem_at(r, n, "%s is one of %s, not \"" STR_FMT "\"%s", what, words, STR_ARG(n->text),
                    suggest_hint(&near, hint));
}

static void task_read_criteria(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "evaluation_criteria");

    if (!n || !task_is(r, n, "evaluation_criteria", DOC_LIST))
        return;
    if (n->count == 0)
        task_problem_at(r, n,
                        "evaluation_criteria is an empty list; write at least one sentence, or leave the key out");
    for (size_t i = 0; i < n->count; i++)
        task_is(r, n->items[i], "a criterion", DOC_STRING);
    r->t->criteria = task_json(r, n);
}

static void task_read_examples(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "examples");

    if (!n || !task_is(r, n, "examples", DOC_LIST))
        return;
    for (size_t i = 0; i < n->count; i++) {
        const struct doc_node *x = n->items[i], *score = task_member(x, "quality_score");
        double value;

        if (!task_is(r, x, "an example", DOC_MAP))
            continue;
        task_check_keys(r, x, "an example", "input expected_output quality_score notes");
        if (!task_member(x, "input") || !task_member(x, "expected_output"))
            task_problem_at(r, x, "an example needs input and expected_output");
        if (score)
            task_number(r, score, "quality_score", 0, 100, &value);
    }
    r->t->examples = task_json(r, n);
}

void task_read_benchmark(struct task_read *r)
{
    const struct doc_node *n, *type = task_member(r->root, "input_type");
    const struct doc_node *words = task_member(r->root, "judge_instructions");

    task_read_criteria(r);
    task_read_examples(r);
    if (type && task_is(r, type, "input_type", DOC_STRING))
        task_word_of(r, type, "input_type", "transcript text csv json");
    if (words && words->kind == DOC_STRING && !str_trim(words->text).len)
        task_problem_at(r, words, "judge_instructions is blank");
    if (!r->benchmark || r->usecase)
        return;
    task_need(r, "description", DOC_STRING, &n);
    task_need(r, "input_type", DOC_STRING, &n);
    if (task_need(r, "output_format", DOC_STRING, &n))
        task_word_of(r, n, "output_format", "csv json markdown");
    task_need(r, "evaluation_criteria", DOC_LIST, &n);
    task_need(r, "judge_instructions", DOC_STRING, &n);
    n = task_member(r->root, "input_format_hint");
    if (n)
        task_is(r, n, "input_format_hint", DOC_STRING);
}

/* --- constraints --- */

static void task_constraint_pair(struct task_read *r, const struct doc_node *map, const char *low, const char *high,
                                 bool numbers)
{
    const struct doc_node *a = task_member(map, low), *b = task_member(map, high);
    double x, y;

    if (numbers) {
        bool fine = !a || task_number(r, a, low, -1e15, 1e15, &x);

        if ((b && !task_number(r, b, high, -1e15, 1e15, &y)) || !fine)
            return;
    }
    if (!a || !b)
        return;
    if ((a->kind != DOC_INT && a->kind != DOC_DOUBLE) || (b->kind != DOC_INT && b->kind != DOC_DOUBLE)) {
        task_problem_at(r, a, "%s and %s must be numbers", low, high);
        return;
    }
    x = a->kind == DOC_INT ? (double)a->integer : a->number;
    y = b->kind == DOC_INT ? (double)b->integer : b->number;
    if (x >= y)
        task_problem_at(r, a, "%s (%.10g) must be below %s (%.10g)", low, x, high, y);
}

void task_read_constraints(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "constraints"), *columns, *format = task_member(r->root, "output_format");
    static const struct { const char *low, *high; bool numbers; } pairs[] = {
        { "min_duration_minutes", "max_duration_minutes", true },
        { "min_segment_duration_minutes", "max_segment_duration_minutes", true },
        { "chunk_min_minutes", "chunk_max_minutes", true },
        { "min_count", "max_count", false }, { "min_length", "max_length", false }, { "min_tokens", "max_tokens", false },
    };

    if (!n || !task_is(r, n, "constraints", DOC_MAP))
        return;
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        task_constraint_pair(r, n, pairs[i].low, pairs[i].high, pairs[i].numbers);
    columns = task_member(n, "required_csv_columns");
    if (columns && format && str_is(format->text, "csv") && task_is(r, columns, "required_csv_columns", DOC_LIST) &&
        !columns->count)
        task_problem_at(r, columns, "required_csv_columns is an empty list");
    r->t->constraints = task_json(r, n);
}

/* --- the composed prompt --- */

/* Text into a template so that it comes out as it is. */
static void compose_text(struct buf *b, struct str s)
{
    bool special = str_contains(s, S("{{")) || str_contains(s, S("{%")) || str_contains(s, S("{#"));

    if (!special) {
        buf_append(b, s);
        return;
    }
    buf_puts(b, "{{ ");
    json_write_str(s, b);                   /* a JSON string is a string of the template language, too */
    buf_puts(b, " }}");
}

static void compose_value(struct buf *b, const json_t *v)
{
    AUTO_BUF struct buf text = BUF_INIT(TASK_TEXT_MAX);

    if (json_is_string(v)) {
        compose_text(b, str_trim(json_to_str(v)));
        return;
    }
    if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++) {
            buf_puts(b, i ? ", " : "");
            compose_value(b, json_array_get(v, i));
        }
        return;
    }
    json_write(v, &text);
    compose_text(b, buf_str(&text));
}

static void compose_constraints(struct buf *b, const json_t *constraints)
{
    static const struct { const char *key, *before, *after; } known[] = {
        { "min_count", "at least ", " items" }, { "max_count", "at most ", " items" },
        { "min_length", "at least ", " characters" }, { "max_length", "at most ", " characters" },
        { "min_tokens", "at least ", " tokens" }, { "max_tokens", "at most ", " tokens" },
        { "min_duration_minutes", "each item lasts at least ", " minutes" },
        { "max_duration_minutes", "each item lasts at most ", " minutes" },
        { "min_segment_duration_minutes", "each segment lasts at least ", " minutes" },
        { "max_segment_duration_minutes", "each segment lasts at most ", " minutes" },
        { "chunk_min_minutes", "each part lasts at least ", " minutes" },
        { "chunk_max_minutes", "each part lasts at most ", " minutes" },
        { "required_csv_columns", "the header has the columns ", "" },
        { "required_json_keys", "every item has the keys ", "" }, { "required_fields", "every item has the fields ", "" },
        { "timestamp_format", "times are written as ", "" },
    };
    const char *key;
    json_t *value;

    if (!json_object_size(constraints))
        return;
    buf_puts(b, "RULES THAT MUST BE KEPT\n");
    json_object_foreach((json_t *)constraints, key, value) {
        size_t i = 0;

        while (i < COUNT_OF(known) && strcmp(known[i].key, key) != 0)
            i++;
        buf_puts(b, "- ");
        if (i < COUNT_OF(known)) {
            buf_puts(b, known[i].before);
            compose_value(b, value);
            buf_puts(b, known[i].after);
        } else if (strcmp(key, "coverage_required") == 0) {
            buf_puts(b, json_is_true(value) ? "the whole input is covered, nothing left out"
                                            : "parts of the input may be left out");
        } else if (strcmp(key, "allow_shorter_if_justified") == 0) {
            buf_puts(b, json_is_true(value) ? "shorter than the minimum is fine where the input gives no more"
                                            : "shorter than the minimum is never fine");
        } else {
            compose_text(b, str_c(key));
            buf_puts(b, ": ");
            compose_value(b, value);
        }
        buf_byte(b, '\n');
    }
    buf_byte(b, '\n');
}

static void compose_examples(struct buf *b, const json_t *examples)
{
    for (size_t i = 0; i < json_array_size(examples) && i < COMPOSE_EXAMPLES; i++) {
        const json_t *x = json_array_get(examples, i);
        struct str input = json_get_str(x, "input"), notes = json_get_str(x, "notes");
        size_t at = 0;

        for (int chars = 0; at < input.len && chars < COMPOSE_EXAMPLE_INPUT; chars++)
            str_utf8_next(input, &at);
        buf_printf(b, "EXAMPLE %zu\nInput: ", i + 1);
        compose_text(b, str_sub(input, 0, at));
        buf_puts(b, at < input.len ? "...\nAnswer: " : "\nAnswer: ");
        compose_value(b, json_child(x, "expected_output") ? json_child(x, "expected_output") : json_child(x, "input"));
        if (notes.len) {
            buf_puts(b, "\nWhy it is good: ");
            compose_text(b, str_trim(notes));
        }
        buf_puts(b, "\n\n");
    }
}

static void compose_criteria(struct buf *b, const json_t *criteria)
{
    if (!json_array_size(criteria))
        return;
    buf_puts(b, "THE ANSWER IS JUDGED BY\n");
    for (size_t i = 0; i < json_array_size(criteria); i++) {
        buf_puts(b, "- ");
        compose_value(b, json_array_get(criteria, i));
        buf_byte(b, '\n');
    }
    buf_byte(b, '\n');
}

static void compose_part(struct buf *b, const char *title, struct str text)
{
    if (!text.len)
        return;
    buf_printf(b, "%s\n", title);
    compose_text(b, text);
    buf_puts(b, "\n\n");
}

/* What a use case says besides its goal: what counts as good, what to watch for, how long things may be. */
static void compose_usecase(struct buf *b, const struct usecase *u)
{
    if (!u)
        return;
    compose_part(b, "A GOOD ANSWER", u->criteria.text);
    compose_part(b, "NOTES", u->notes.text);
    compose_part(b, "DURATIONS", u->durations.text);
}

void task_compose_prompt(struct task_read *r)
{
    static const struct { const char *form, *empty, *only; } words[OUTPUT_FORMATS] = {
        [OUTPUT_TEXT] = { "plain text", "an empty answer", "text" },
        [OUTPUT_JSON] = { "one JSON document, without a code fence around it", "an empty list: []", "JSON" },
        [OUTPUT_CSV] = { "CSV with a header row; text that holds a comma or a quote stands in double quotes",
                         "the header row alone", "CSV" },
        [OUTPUT_MARKDOWN] = { "Markdown", "an empty answer", "Markdown" },
    };
    const struct task *t = r->t;
    const struct doc_node *type = task_member(r->root, "input_type"), *hint = task_member(r->root, "input_format_hint");
    AUTO_BUF struct buf b = BUF_INIT(TASK_TEXT_MAX);
    struct task_prompt p = { .name = S("composed"), .line = 1 };

    buf_puts(&b, "TASK: ");
    compose_text(&b, t->name);
    buf_puts(&b, "\n");
    compose_text(&b, str_trim(t->description));
    if (r->usecase && r->usecase_generated && r->usecase->goal.text.len) {
        buf_puts(&b, "\n\nGOAL\n");
        compose_text(&b, r->usecase->goal.text);
    }
    buf_puts(&b, "\n\nINPUT FORM: ");
    compose_text(&b, type ? type->text : S("text"));
    if (hint && hint->kind == DOC_STRING) {
        buf_puts(&b, ". ");
        compose_text(&b, str_trim(hint->text));
    }
    buf_printf(&b, "\nANSWER FORM: %s\n\n", words[t->output.format].form);
    if (r->usecase)
        compose_part(&b, "WHAT IT LOOKS LIKE", r->usecase->schema.text);
    compose_constraints(&b, t->constraints);
    compose_examples(&b, t->examples);
    compose_criteria(&b, t->criteria);
    compose_usecase(&b, r->usecase);
    buf_printf(&b, "Use only what the input says and add nothing of your own. Times must lie inside the input's. Where nothing "
               "fits, give %s.\n\nINPUT\n{{ input }}\n\nGive the %s and nothing else.\n", words[t->output.format].empty,
               words[t->output.format].only);
    if (buf_failed(&b)) {
        task_problem_at(r, r->root, "the prompt made of this task is larger than %u bytes", TASK_TEXT_MAX);
        return;
    }
    p.source = arena_strdup(r->a, buf_str(&b));
    task_template(r, STR_NONE, r->root, p.source);
    vec_push(&r->prompts, p);
}
