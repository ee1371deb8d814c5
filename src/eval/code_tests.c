#include "eval/code_tests.h"

#include "embedded.h"

#define CODE_JUDGE_BYTES (512 << 20)    /* of memory, for the judge of a program */
#define CODE_SPARE_MS    2000           /* what a guest has beyond the time: the judge says who was late */
#define CODE_ROWS_USUAL  10000
#define CODE_WHY_MAX     500

static const struct {
    const char *name, *words;           /* of a fence, space-separated */
} code_languages[CODE_LANGUAGES] = {
    [CODE_PYTHON] = { "python", "python py python3" },
    [CODE_SQL] = { "sql", "sql sqlite sqlite3" },
};

struct code_tests {
    enum code_language language;
    struct str tests, tests_variable;   /* the task's own text, or the case's variable */
    struct str setup, setup_variable;
    struct str entry;
    int64_t time_ms, max_rows;
    double tolerance;
    bool ordered;
    struct sandbox_spec guest;          /* python: what runs the program */
    struct sandbox_file files[2];       /* the judge's driver, the guest's */
    struct str args[2][3];
    struct evaluator evaluator;
};

/* --- the program in an answer ------------------------------------------------------------------------------------- */

struct fence { struct str word, inside; };

/* The line's fence: how long, of which mark; 0: none. *word is what stands after it. */
static size_t fence_of(struct str line, char *mark, struct str *word)
{
    size_t at = 0, n = 0;

    while (at < line.len && at < 4 && line.at[at] == ' ')
        at++;
    if (at == 4 || at == line.len || (line.at[at] != '`' && line.at[at] != '~'))
        return 0;
    *mark = line.at[at];
    while (at + n < line.len && line.at[at + n] == *mark)
        n++;
    *word = str_trim(str_from(line, at + n));
    return n >= 3 && (*mark == '~' || str_find_byte(*word, '`') < 0) ? n : 0;
}

static size_t line_end(struct str s, size_t at)
{
    const char *end = memchr(s.at + at, '\n', s.len - at);

    return end ? (size_t)(end - s.at) + 1 : s.len;
}

/* The next fenced block from *at on. */
static bool fence_next(struct str s, size_t *at, struct fence *out)
{
    size_t open = 0, n, from, next;
    char mark = 0, other;
    struct str word;

    for (; *at < s.len && !open; *at = line_end(s, *at))
        open = fence_of(str_sub(s, *at, line_end(s, *at) - *at), &mark, &out->word);
    if (!open)
        return false;
    for (from = *at; *at < s.len; *at = next) {
        next = line_end(s, *at);
        n = fence_of(str_sub(s, *at, next - *at), &other, &word);
        if (n >= open && other == mark && !word.len) {
            out->inside = str_sub(s, from, *at - from);
            *at = next;
            return true;
        }
    }
    out->inside = str_from(s, MIN(from, s.len));
    return true;
}

static bool fence_is_of(const struct fence *f, enum code_language language)
{
    struct str words = str_c(code_languages[language].words), rest = f->word, first = STR_NONE, one;

    (void)str_split(&rest, ' ', &first);
    while (str_split(&words, ' ', &one))
        if (str_ieq(first, one))
            return true;
    return false;
}

static struct str code_trim_end(struct str s)
{
    while (s.len && memchr(" \t\r\n", s.at[s.len - 1], 4))
        s.len--;
    return s;
}

struct str code_find(struct str answer, enum code_language language)
{
    struct fence f, any = { .inside = STR_NONE }, own = { .inside = STR_NONE };
    size_t at = 0, count = 0, own_count = 0;

    while (fence_next(answer, &at, &f)) {
        any = f;
        count++;
        if (fence_is_of(&f, language)) {
            own = f;
            own_count++;
        }
    }
    if (own_count)
        return code_trim_end(own.inside);
    return count ? code_trim_end(any.inside) : str_trim(answer);
}

/* --- options ------------------------------------------------------------------------------------------------------ */

static enum err_code code_language_read(const json_t *options, enum code_language *out, struct err *e)
{
    const json_t *j = json_child(options, "language");
    struct suggest s;
    char hint[160];

    *out = CODE_PYTHON;
    if (!j)
        return ERR_OK;
    suggest_begin(&s, json_to_str(j));
    for (size_t i = 0; i < CODE_LANGUAGES; i++) {
        if (str_is(json_to_str(j), code_languages[i].name)) {
            *out = (enum code_language)i;
            return ERR_OK;
        }
        suggest_offer(&s, str_c(code_languages[i].name));
    }
    return err_set(e, ERR_BAD_INPUT, "language takes python or sql%s", suggest_hint(&s, hint));
}

/* A file beside the task, which the reader of tasks has put in as {name, text}; or {text: ...} written there. */
static enum err_code code_text_read(const json_t *options, const char *name, struct str *out, struct err *e)
{
    const json_t *j = json_child(options, name);

    if (!j)
        return ERR_OK;
    if (!json_is_object(j) || !json_is_string(json_child(j, "text")))
        return err_set(e, ERR_BAD_INPUT, "%s takes the name of a file beside the task, or {text: ...}", name);
    *out = json_get_str(j, "text");
    if (out->len > CODE_TESTS_MAX)
        return err_set(e, ERR_TOO_LARGE, "%s has %zu bytes; at most %zu are allowed", name, out->len, CODE_TESTS_MAX);
    return ERR_OK;
}

static enum err_code code_name_read(const json_t *options, const char *name, const char *usual, struct str *out,
                                    struct err *e)
{
    const json_t *j = json_child(options, name);

    *out = j ? json_to_str(j) : str_c(usual);
    if (j && !out->len)
        return err_set(e, ERR_BAD_INPUT, "%s takes a name", name);
    return ERR_OK;
}

static enum err_code code_number_read(const json_t *options, const char *name, double low, double high, double *out,
                                      struct err *e)
{
    const json_t *j = json_child(options, name);

    if (!j)
        return ERR_OK;
    if (!json_is_number(j) || !(json_number_value(j) >= low && json_number_value(j) <= high))
        return err_set(e, ERR_BAD_INPUT, "%s takes a number from %.15g to %.15g", name, low, high);
    *out = json_number_value(j);
    return ERR_OK;
}

/* What concerns the other language is a mistake worth a word. */
static enum err_code code_options_fit(const json_t *options, enum code_language language, struct err *e)
{
    static const struct { const char *name; enum code_language of; } own[] = {
        { "tests", CODE_PYTHON }, { "tests_variable", CODE_PYTHON }, { "entry_point", CODE_PYTHON },
        { "setup", CODE_SQL }, { "setup_variable", CODE_SQL }, { "ordered", CODE_SQL }, { "tolerance", CODE_SQL },
        { "max_rows", CODE_SQL },
    };

    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (own[i].of != language && json_child(options, own[i].name))
            return err_set(e, ERR_BAD_INPUT, "%s is for language: %s", own[i].name, code_languages[own[i].of].name);
    for (int i = 0; i < 2; i++) {
        const char *text = i ? "setup" : "tests", *variable = i ? "setup_variable" : "tests_variable";

        if (json_child(options, text) && json_child(options, variable))
            return err_set(e, ERR_BAD_INPUT, "say %s: or %s:, not both", text, variable);
    }
    if (json_child(options, "ordered") && !json_is_boolean(json_child(options, "ordered")))
        return err_set(e, ERR_BAD_INPUT, "ordered takes true or false");
    return ERR_OK;
}

static void code_driver(struct code_tests *t, int i, const char *name, const struct embedded *driver,
                        struct sandbox_spec *spec)
{
    t->files[i] = (struct sandbox_file){ str_c(name), driver->bytes };
    t->args[i][0] = S("-B");
    t->args[i][1] = S("-s");
    t->args[i][2] = str_c(name);
    spec->program = S("/usr/bin/python3");
    spec->args = t->args[i];
    spec->args_count = 3;
    spec->files = &t->files[i];
    spec->files_count = 1;
    spec->limits.collect_count = 0;
    spec->limits.output_bytes = SANDBOX_PAIR_OUTPUT_MAX;
}

enum err_code code_tests_prepare(const json_t *options, struct arena *a, struct code_tests **out, struct err *e)
{
    struct code_tests *t = arena_new(a, struct code_tests);
    struct sandbox_limits limits;
    double rows = CODE_ROWS_USUAL;

    sandbox_limits_usual(&limits);
    t->tolerance = 1e-6;
    TRY(code_language_read(options, &t->language, e));
    TRY(code_options_fit(options, t->language, e));
    TRY(code_text_read(options, "tests", &t->tests, e));
    TRY(code_text_read(options, "setup", &t->setup, e));
    TRY(code_name_read(options, "tests_variable", "tests", &t->tests_variable, e));
    TRY(code_name_read(options, "setup_variable", "setup", &t->setup_variable, e));
    TRY(code_name_read(options, "entry_point", "", &t->entry, e));
    TRY(evaluator_limit(options, "time", &limits, e));
    TRY(evaluator_limit(options, "memory", &limits, e));
    TRY(code_number_read(options, "tolerance", 0, 1, &t->tolerance, e));
    TRY(code_number_read(options, "max_rows", 1, CODE_ROWS_MAX, &rows, e));
    if (limits.wall_ms > CODE_TIME_MAX_MS)
        return err_set(e, ERR_BAD_INPUT, "time is at most %d s", CODE_TIME_MAX_MS / 1000);
    if (limits.memory_bytes < CODE_MEMORY_MIN)
        return err_set(e, ERR_BAD_INPUT, "memory is at least %dM: Python itself needs half of it",
                       CODE_MEMORY_MIN >> 20);
    t->max_rows = (int64_t)rows;
    t->ordered = json_get_bool(options, "ordered", false);
    t->time_ms = limits.wall_ms;
    limits.wall_ms = limits.cpu_ms = t->time_ms + CODE_SPARE_MS;
    t->evaluator = (struct evaluator){ .name = S("the tests"), .time_ms = t->time_ms, .once = true, .spec.limits = limits };
    if (t->language == CODE_SQL) {
        code_driver(t, 0, "sql_judge.py", &embedded_src_eval_drivers_sql_judge_py, &t->evaluator.spec);
    } else {
        t->guest.limits = limits;
        t->evaluator.spec.limits.wall_ms = t->evaluator.spec.limits.cpu_ms += CODE_SPARE_MS;
        t->evaluator.spec.limits.memory_bytes = CODE_JUDGE_BYTES;
        code_driver(t, 0, "code_judge.py", &embedded_src_eval_drivers_code_judge_py, &t->evaluator.spec);
        code_driver(t, 1, "code_guest.py", &embedded_src_eval_drivers_code_guest_py, &t->guest);
        t->evaluator.other = &t->guest;
    }
    evaluator_seal(&t->evaluator);
    *out = t;
    return ERR_OK;
}

const struct evaluator *code_tests_program(const struct code_tests *t, size_t i)
{
    return i == 0 ? &t->evaluator : NULL;
}

/* --- the question ------------------------------------------------------------------------------------------------- */

static const json_t *code_variable(const struct subject *s, struct str name)
{
    return s->kase && json_is_object(s->kase->vars) ? json_object_getn(s->kase->vars, name.at, name.len) : NULL;
}

/* A text, or a list of texts, one a line. */
static bool code_variable_text(const struct subject *s, struct str name, struct arena *a, struct str *out,
                               struct str *why)
{
    const json_t *j = code_variable(s, name);
    AUTO_BUF struct buf b = BUF_INIT(CODE_TESTS_MAX);

    if (!j || json_is_null(j)) {
        *why = arena_printf(a, "the case has no variable \"" STR_FMT "\"", STR_ARG(name));
        return false;
    }
    if (json_is_string(j))
        buf_append(&b, json_to_str(j));
    for (size_t i = 0; i < json_array_size(j); i++) {
        if (!json_is_string(json_array_get(j, i)))
            break;
        buf_append(&b, json_to_str(json_array_get(j, i)));
        buf_byte(&b, '\n');
    }
    if (buf_failed(&b))
        *why = arena_printf(a, "the variable \"" STR_FMT "\" is longer than %zu bytes", STR_ARG(name), CODE_TESTS_MAX);
    else if (!b.len)
        *why = arena_printf(a, "the variable \"" STR_FMT "\" is no text, and no list of texts", STR_ARG(name));
    else
        *out = arena_strdup(a, buf_str(&b));
    return !why->len;
}

static json_t *code_question_python(const struct code_tests *t, const struct subject *s, struct arena *a,
                                    struct str *why)
{
    struct str tests = t->tests, entry = t->entry;
    json_t *o;

    if (!tests.len && !code_variable_text(s, t->tests_variable, a, &tests, why))
        return NULL;
    if (!entry.len)
        entry = json_to_str(code_variable(s, S("entry_point")));
    o = json_in_arena(json_object(), a);
    json_set_str(o, "tests", tests);
    json_set_str(o, "entry", entry);
    return o;
}

static json_t *code_question_sql(const struct code_tests *t, const struct subject *s, struct str query, struct arena *a,
                                 struct str *why)
{
    const json_t *expected = subject_expected(s), *ordered = code_variable(s, S("ordered"));
    struct str setup = t->setup;
    json_t *o;

    if (!setup.len && !code_variable_text(s, t->setup_variable, a, &setup, why))
        return NULL;
    if (!json_is_string(expected) && !json_is_array(expected)) {
        *why = S("the case expects neither a query (a text) nor rows (a list)");
        return NULL;
    }
    o = json_in_arena(json_object(), a);
    json_set_str(o, "setup", setup);
    json_set_str(o, "query", query);
    json_object_set_new(o, "reference", json_is_string(expected) ? json_deep_copy(expected) : json_null());
    json_object_set_new(o, "rows", json_is_array(expected) ? json_deep_copy(expected) : json_null());
    json_object_set_new(o, "ordered", json_boolean(json_is_boolean(ordered) ? json_is_true(ordered) : t->ordered));
    json_object_set_new(o, "tolerance", json_real(t->tolerance));
    json_object_set_new(o, "max_rows", json_integer(t->max_rows));
    return o;
}

static struct str code_line(const json_t *o, size_t most, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(most);

    json_write(o, &b);
    buf_byte(&b, '\n');
    return buf_failed(&b) ? STR_NONE : arena_strdup(a, buf_str(&b));
}

/* What is to be asked about this answer. False: nothing is, and either *v is the verdict, or v->why says why there is
 * none (v->total is 0 then). */
static bool code_question(const struct code_tests *t, const struct subject *s, struct arena *a, struct str *question,
                          struct str *told, struct code_verdict *v)
{
    struct str program = code_find(s->output, t->language);
    json_t *o, *guest;

    *v = (struct code_verdict){ .why = STR_NONE };
    o = t->language == CODE_SQL ? code_question_sql(t, s, program, a, &v->why) : code_question_python(t, s, a, &v->why);
    if (!o)
        return false;
    v->total = 1;
    if (!program.len || program.len > CODE_PROGRAM_MAX) {
        v->why = program.len ? arena_printf(a, "the program in the answer is longer than %zu bytes", CODE_PROGRAM_MAX)
                             : S("the answer holds no program");
        return false;
    }
    json_object_set_new(o, "ms", json_integer(t->time_ms));
    *question = code_line(o, EVALUATORS_QUESTION_MAX, a);
    if (!question->len) {
        *v = (struct code_verdict){ .why = S("tests, database and expected rows are longer than 8,388,608 bytes together") };
        return false;
    }
    if (t->language == CODE_SQL)
        return true;
    guest = json_in_arena(json_object(), a);
    json_set_str(guest, "code", program);
    *told = code_line(guest, SANDBOX_PAIR_OUTPUT_MAX, a);
    return true;
}

void code_tests_wish(const struct code_tests *t, const struct subject *s, struct subject_wishes *w)
{
    struct str question = STR_NONE, told = STR_NONE;
    struct subject_wish *wish;
    struct code_verdict v;

    if (!code_question(t, s, w->arena, &question, &told, &v) || !(wish = subject_wish_add(w, t)))
        return;
    wish->evaluation = arena_new(w->arena, struct evaluation);
    wish->evaluation->evaluator = &t->evaluator;
    wish->evaluation->question = question;
    wish->evaluation->told = told;
}

/* --- the verdict -------------------------------------------------------------------------------------------------- */

/* From outside: one line, no control bytes, of some length. */
static struct str code_clean(struct str s, struct arena *a)
{
    struct str out = arena_strdup(a, str_utf8_head(s, CODE_WHY_MAX));

    for (size_t i = 0; i < out.len; i++)
        if ((unsigned char)out.at[i] < ' ' || out.at[i] == 0x7f)
            ((char *)out.at)[i] = ' ';
    return out;
}

static struct str code_cause(const struct code_tests *t, enum sandbox_cause cause, int status, struct arena *a)
{
    if (cause == SANDBOX_EXITED)
        return arena_printf(a, "with status %d", status);
    if (cause == SANDBOX_TIME)
        return arena_printf(a, "it took longer than %.15g s", (double)t->time_ms / 1000);
    return str_c(sandbox_cause_text(cause));
}

static const json_t *code_said(const struct code_tests *t, const struct evaluation *x, struct arena *a)
{
    struct str text = str_trim(t->evaluator.other ? x->errors : x->output);
    json_t *said = NULL;

    if (x->cause != SANDBOX_EXITED || json_read(text, &said, NULL) != ERR_OK)
        return NULL;
    return json_in_arena(said, a);
}

static bool code_read(const struct code_tests *t, const struct evaluation *x, struct arena *a, struct code_verdict *v)
{
    const json_t *said = code_said(t, x, a);
    struct str failed = code_clean(json_get_str(said, "failed"), a), why = code_clean(json_get_str(said, "why"), a);

    *v = (struct code_verdict){ .passed = json_get_i64(said, "passed", 0), .total = json_get_i64(said, "total", 1) };
    if (!said) {
        v->why = arena_printf(a, "the tests came to no end: " STR_FMT, STR_ARG(code_cause(t, x->cause, x->status, a)));
        return true;
    }
    if (json_child(said, "broken")) {
        v->why = arena_printf(a, "the tests can't be run: " STR_FMT,
                              STR_ARG(code_clean(json_get_str(said, "broken"), a)));
        return false;
    }
    if (v->passed == v->total)
        return true;
    if (json_get_bool(said, "ended", false))
        why = arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(why),
                           STR_ARG(code_cause(t, x->other_cause, x->other_status, a)));
    v->why = !failed.len    ? why
             : v->total > 1 ? arena_printf(a, "%lld of %lld tests passed; " STR_FMT ": " STR_FMT, (long long)v->passed,
                                           (long long)v->total, STR_ARG(failed), STR_ARG(why))
                            : arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(failed), STR_ARG(why));
    return true;
}

bool code_tests_verdict(const struct code_tests *t, const struct subject *s, struct arena *a, struct code_verdict *v)
{
    const struct subject_wish *wish = subject_wish_of(s, t);
    struct str question, told;

    if (wish && wish->evaluation && !wish->why.len)
        return code_read(t, wish->evaluation, a, v);
    if (wish) {
        *v = (struct code_verdict){ .why = wish->why };
        return false;
    }
    if (code_question(t, s, a, &question, &told, v)) {
        *v = (struct code_verdict){ .why = S("nobody ran it: programs are run in the sandbox while a run goes on") };
        return false;
    }
    return v->total > 0;
}
