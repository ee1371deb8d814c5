/* Assertions that are code: what is asked of the drivers (eval/drivers/promptfoo.js and .py), and what their answer
 * comes to. One evaluator a language: an inline script travels with its question, a file's functions are loaded by the
 * hello, so that one which does not load is told of before anything is spent.
 *
 *   truth        pass and score are it, or its opposite under "not-"
 *   number       the score; it passes when it reaches the threshold, above 0 without one
 *   {pass, score, reason}   the score stays under "not-"; Python's also fails below the threshold
 *   an error     fails with score 0, "not-" or not; one thrown by a JavaScript file breaks the test, one thrown by a
 *                Python file fails it even where the assertion weighs nothing
 * No answer at all (a crash, a hang, a flood) is no verdict. */
#include "eval/promptfoo/kinds.h"

#include <math.h>
#include <unistd.h>

#include "embedded.h"
#include "eval/evaluators.h"

#define SCRIPTS_TIME_MS      10000
#define SCRIPTS_NODE_MEMORY  (INT64_C(1) << 30)      /* of addresses, which V8 reserves; its heap: see the arguments */
#define SCRIPTS_HELLO_MAX    (1u << 20)

_Static_assert(PROMPTFOO_QUESTION_MAX == EVALUATORS_QUESTION_MAX, "what a driver is told");

struct promptfoo_scripts { struct evaluator at[PROMPTFOO_LANGUAGES]; bool used[PROMPTFOO_LANGUAGES]; };

const char *promptfoo_language_name(enum promptfoo_language language)
{
    static const char *const names[PROMPTFOO_LANGUAGES] = { [PROMPTFOO_JAVASCRIPT] = "javascript",
                                                            [PROMPTFOO_PYTHON] = "python" };

    return names[language];
}

/* The interpreter where a guest sees it; NULL: it is not there. */
static const char *scripts_program(enum promptfoo_language language)
{
    static const char *const javascript[] = { "/usr/bin/node", "/usr/local/bin/node", "/usr/bin/nodejs", NULL },
                            *const python[] = { "/usr/bin/python3", NULL };
    const char *const *all = language == PROMPTFOO_PYTHON ? python : javascript;

    while (*all && access(*all, X_OK) != 0)
        all++;
    return *all;
}

bool promptfoo_language_runs(enum promptfoo_language language, struct arena *a, struct str *why)
{
    struct err e = ERR_INIT;

    if (sandbox_ready(&e) != ERR_OK)
        *why = arena_printf(a, "it runs in the sandbox: %s", e.text);
    else if (!scripts_program(language))
        *why = language == PROMPTFOO_PYTHON ? S("it needs python3 in /usr/bin, where the sandbox finds it")
                                            : S("it needs node in /usr/bin, where the sandbox finds it");
    else
        return true;
    return false;
}

bool promptfoo_script_file(struct str value, struct str *path, struct str *function, enum promptfoo_language *language)
{
    struct str rest, ext;

    if (!str_starts(value, S("file://")))
        return false;
    rest = str_from(value, 7);
    if (str_starts(rest, S("./")))
        rest = str_from(rest, 2);
    *path = STR_NONE;
    (void)str_split(&rest, ':', path);
    *function = rest;
    ext = path_ext(*path);
    *language = str_is(ext, "py") ? PROMPTFOO_PYTHON : PROMPTFOO_JAVASCRIPT;
    return str_is(ext, "py") || str_is(ext, "js") || str_is(ext, "cjs") || str_is(ext, "mjs");
}

/* --- evaluators --------------------------------------------------------------------------------------------------- */

static enum err_code scripts_files(const json_t *files, struct str driver, struct str bytes, struct arena *a,
                                   struct sandbox_spec *spec, struct err *e)
{
    size_t count = json_object_size(files);
    struct sandbox_file *list = arena_array(a, struct sandbox_file, count + 1);

    if (count >= SANDBOX_FILES_MAX)
        return err_set(e, ERR_BAD_INPUT, "scripts are at most %d files", SANDBOX_FILES_MAX - 1);
    list[spec->files_count++] = (struct sandbox_file){ driver, bytes };
    for (void *it = json_object_iter((json_t *)files); it; it = json_object_iter_next((json_t *)files, it))
        list[spec->files_count++] = (struct sandbox_file){ str_c(json_object_iter_key(it)),
                                                           json_to_str(json_object_iter_value(it)) };
    spec->files = list;
    return ERR_OK;
}

static enum err_code scripts_evaluator(enum promptfoo_language language, const json_t *of, struct arena *a,
                                       struct evaluator *out, struct err *e)
{
    bool python = language == PROMPTFOO_PYTHON;
    struct str driver = python ? S(".assay/promptfoo.py") : S(".assay/promptfoo.js"),
               *args = arena_array(a, struct str, 3);
    AUTO_BUF struct buf hello = BUF_INIT(SCRIPTS_HELLO_MAX);

    *out = (struct evaluator){ .name = python ? S("the configuration's Python") : S("the configuration's JavaScript"),
                               .time_ms = SCRIPTS_TIME_MS };
    sandbox_limits_usual(&out->spec.limits);
    out->spec.program = str_c(scripts_program(language));
    out->spec.args = args;
    if (python) {
        args[out->spec.args_count++] = S("-B");
        args[out->spec.args_count++] = S("-s");
    } else {
        out->spec.limits.memory_bytes = SCRIPTS_NODE_MEMORY;
        args[out->spec.args_count++] = S("--max-old-space-size=256");
    }
    args[out->spec.args_count++] = driver;
    TRY(scripts_files(json_child(of, "files"), driver,
                      python ? embedded_src_eval_drivers_promptfoo_py.bytes
                             : embedded_src_eval_drivers_promptfoo_js.bytes,
                      a, &out->spec, e));
    buf_puts(&hello, "{\"hello\":true,\"files\":");
    if (json_is_array(json_child(of, "load")))
        json_write(json_child(of, "load"), &hello);
    else
        buf_puts(&hello, "[]");
    buf_puts(&hello, "}");
    if (buf_failed(&hello))
        return err_set(e, ERR_BAD_INPUT, "the scripts' files and functions are too many to name");
    out->hello = arena_strdup(a, buf_str(&hello));
    evaluator_seal(out);
    return ERR_OK;
}

/* [[path, function], ...] and {path: text} */
static bool scripts_are_good(const json_t *of)
{
    const json_t *load = json_child(of, "load"), *files = json_child(of, "files");

    if (!json_is_object(of) || (load && !json_is_array(load)) || (files && !json_is_object(files)))
        return false;
    for (size_t i = 0; i < json_array_size(load); i++)
        if (!json_is_string(json_array_get(json_array_get(load, i), 0)) ||
            !json_is_string(json_array_get(json_array_get(load, i), 1)))
            return false;
    for (void *it = json_object_iter((json_t *)files); it; it = json_object_iter_next((json_t *)files, it))
        if (!json_is_string(json_object_iter_value(it)))
            return false;
    return true;
}

enum err_code promptfoo_scripts_new(const json_t *argument, struct arena *a, struct promptfoo_scripts **out,
                                    struct err *e)
{
    struct promptfoo_scripts *x = arena_new(a, struct promptfoo_scripts);
    struct str why;
    size_t known = 0;

    for (size_t i = 0; i < PROMPTFOO_LANGUAGES; i++) {
        const json_t *of = json_child(argument, promptfoo_language_name(i));

        known += of != NULL;
        if (of && !scripts_are_good(of))
            return err_set(e, ERR_BAD_INPUT, "%s holds files: {path: text} and load: [[path, function]]",
                           promptfoo_language_name(i));
        if (!of || !promptfoo_language_runs(i, a, &why))
            continue;                               /* who reads the configuration has told */
        TRY(scripts_evaluator(i, of, a, &x->at[i], e));
        x->used[i] = true;
    }
    if (!json_is_true(argument) && (!json_is_object(argument) || known != json_object_size(argument)))
        return err_set(e, ERR_BAD_INPUT,
                       "promptfoo takes true, or the scripts of a configuration: {javascript: {...}, python: {...}}");
    *out = x;
    return ERR_OK;
}

const struct evaluator *promptfoo_scripts_program(const struct promptfoo_scripts *x, size_t i)
{
    for (size_t k = 0; k < PROMPTFOO_LANGUAGES; k++)
        if (x->used[k] && i-- == 0)
            return &x->at[k];
    return NULL;
}

/* --- questions ---------------------------------------------------------------------------------------------------- */

bool promptfoo_is_variable(const json_t *vars, const char *name)
{
    const json_t *test = json_child(vars, PROMPTFOO_VARIABLE);

    return strcmp(name, PROMPTFOO_VARIABLE) != 0 && (strcmp(name, "id") != 0 || json_get_bool(test, "id", false));
}

/* By hand: a case is shared by threads, and nothing of it may be touched. */
void promptfoo_scripts_vars(const struct subject *s, struct buf *b)
{
    json_t *o = (json_t *)s->kase->vars;
    bool some = false;

    buf_byte(b, '{');
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        if (!promptfoo_is_variable(o, json_object_iter_key(it)))
            continue;
        if (some)
            buf_byte(b, ',');
        json_write_str(str_c(json_object_iter_key(it)), b);
        buf_byte(b, ':');
        json_write(json_object_iter_value(it), b);
        some = true;
    }
    buf_byte(b, '}');
}

static void scripts_write_response(const struct subject *s, const struct promptfoo_output *whole, struct arena *a,
                                   struct buf *b)
{
    struct promptfoo_output first = promptfoo_output_first(s, a);

    buf_puts(b, "{\"output\":");
    promptfoo_output_write(whole, b);
    buf_puts(b, ",\"providerTransformedOutput\":");
    promptfoo_output_write(&first, b);
    if (s->usage) {
        AUTO_JSON *usage = usage_to_json(s->usage);
        int64_t in = json_get_i64(usage, "input_tokens", 0), out = json_get_i64(usage, "output_tokens", 0);

        buf_printf(b, ",\"tokenUsage\":{\"total\":%lld,\"prompt\":%lld,\"completion\":%lld}", (long long)(in + out),
                   (long long)in, (long long)out);
    }
    if (s->cost_nanousd != MONEY_UNKNOWN)
        buf_printf(b, ",\"cost\":%.9f", (double)s->cost_nanousd / 1e9);
    if (s->latency_ms >= 0)
        buf_printf(b, ",\"latencyMs\":%lld", (long long)s->latency_ms);
    if (s->turn_count && s->turns[s->turn_count - 1].finish_native.len) {
        buf_puts(b, ",\"finishReason\":");
        json_write_str(s->turns[s->turn_count - 1].finish_native, b);
    }
    buf_byte(b, '}');
}

static void scripts_write_context(const struct subject *s, const struct promptfoo_output *whole,
                                  const json_t *assertion, struct arena *a, struct buf *b)
{
    static const char *const kept[] = { "assert", "description", "metadata", "threshold", "options" };
    const json_t *test = json_child(s->kase->vars, PROMPTFOO_VARIABLE);

    buf_puts(b, "{\"prompt\":");
    json_write_str(s->turn_count ? s->turns[0].prompt : S(""), b);
    buf_puts(b, ",\"vars\":");
    promptfoo_scripts_vars(s, b);
    buf_puts(b, ",\"test\":{\"vars\":");
    promptfoo_scripts_vars(s, b);
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (json_child(test, kept[i])) {
            json_write_key(kept[i], b);
            json_write(json_child(test, kept[i]), b);
        }
    buf_puts(b, "},\"providerResponse\":");
    scripts_write_response(s, whole, a, b);
    if (json_child(assertion, "config")) {
        buf_puts(b, ",\"config\":");
        json_write(json_child(assertion, "config"), b);
    }
    buf_byte(b, '}');
}

/* The language an assertion's script is in; false: it is none, or none that is run here. */
static bool scripts_of(const json_t *assertion, enum promptfoo_language *language, struct str *path,
                       struct str *function)
{
    bool inverse;
    const json_t *value = json_child(assertion, "value");
    const struct promptfoo_kind *kind = promptfoo_kind_find(json_get_str(assertion, "type"), &inverse);
    enum promptfoo_language in;

    if (!kind || kind->support != PROMPTFOO_SANDBOX || !json_is_string(value))
        return false;
    *language = str_is(str_c(kind->name), "python") ? PROMPTFOO_PYTHON : PROMPTFOO_JAVASCRIPT;
    *path = *function = STR_NONE;
    if (!str_starts(json_to_str(value), S("file://")))
        return !str_starts(json_to_str(value), S("package:"));
    return promptfoo_script_file(json_to_str(value), path, function, &in) && in == *language;
}

bool promptfoo_scripts_ask(const struct promptfoo_scripts *x, enum promptfoo_language language, const void *key,
                           const struct buf *b, struct subject_wishes *w)
{
    struct subject_wish *wish;

    if (!x->used[language] || buf_failed(b) || !(wish = subject_wish_add(w, key)))
        return false;
    wish->evaluation = arena_new(w->arena, struct evaluation);
    wish->evaluation->evaluator = &x->at[language];
    wish->evaluation->question = arena_strdup(w->arena, buf_str(b));
    return true;
}

static void scripts_wish_one(const struct promptfoo_scripts *x, const struct subject *s,
                             const struct promptfoo_output *whole, const json_t *assertion, struct subject_wishes *w)
{
    struct str path, function;
    enum promptfoo_language language;
    struct promptfoo_output output;
    AUTO_BUF struct buf b = BUF_INIT(PROMPTFOO_QUESTION_MAX);

    if (!scripts_of(assertion, &language, &path, &function) || !x->used[language])
        return;
    output = promptfoo_output_for(s, whole, assertion, w->arena);
    if (output.state != PROMPTFOO_PASS)
        return;
    buf_puts(&b, path.len ? "{\"file\":" : "{\"code\":");
    json_write_str(path.len ? path : json_get_str(assertion, "value"), &b);
    if (path.len) {
        buf_puts(&b, ",\"function\":");
        json_write_str(function.len || language == PROMPTFOO_JAVASCRIPT ? function : S("get_assert"), &b);
    }
    buf_puts(&b, ",\"output\":");
    promptfoo_output_write(&output, &b);
    buf_puts(&b, ",\"context\":");
    scripts_write_context(s, whole, assertion, w->arena, &b);
    buf_byte(&b, '}');
    (void)promptfoo_scripts_ask(x, language, assertion, &b, w);
}

void promptfoo_scripts_wish(const struct promptfoo_scripts *x, const struct subject *s, struct subject_wishes *w)
{
    const json_t *test = s->kase ? json_child(s->kase->vars, PROMPTFOO_VARIABLE) : NULL,
                 *list = json_child(test, "assert");
    struct promptfoo_output whole;

    if (!promptfoo_scripts_program(x, 0))
        return;
    whole = promptfoo_output(s, w->arena);
    if (whole.state != PROMPTFOO_PASS)
        return;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *members = json_child(one, "assert");

        scripts_wish_one(x, s, &whole, one, w);
        for (size_t k = 0; k < json_array_size(members); k++)
            scripts_wish_one(x, s, &whole, json_array_get(members, k), w);
    }
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void scripts_pass(bool pass, double score, struct str why, struct promptfoo_answer *out)
{
    *out = (struct promptfoo_answer){ .state = pass ? PROMPTFOO_PASS : PROMPTFOO_FAIL, .score = score,
                                      .reason = pass ? STR_NONE : why };
}

static void scripts_grade(const struct promptfoo_question *q, bool python, const json_t *grade,
                          struct promptfoo_answer *out)
{
    double score = json_get_double(grade, "score", 0);
    bool said = json_get_bool(grade, "pass", false), below = python && !isnan(q->threshold) && score < q->threshold;
    struct str reason = str_utf8_head(json_get_str(grade, "reason"), 1000);

    if (below)
        reason = arena_printf(q->a, "the score %.15g is less than the threshold %.15g%s" STR_FMT, score, q->threshold,
                              reason.len ? ": " : "", STR_ARG(reason));
    said = said && !below;
    scripts_pass(said != q->inverse, score, q->inverse && said ? S("the script passed it, and must not") : reason, out);
    if (json_is_object(json_child(grade, "namedScores")))
        out->named = json_child(grade, "namedScores");
    if (json_is_object(json_child(grade, "namedScoreWeights")))
        out->named_weights = json_child(grade, "namedScoreWeights");
}

static void scripts_error(const struct promptfoo_question *q, bool python, const json_t *answer,
                          struct promptfoo_answer *out)
{
    bool thrown = json_get_bool(answer, "thrown", false);

    *out = (struct promptfoo_answer){ .state = thrown && !python ? PROMPTFOO_BROKEN : PROMPTFOO_FAIL,
                                      .reason = arena_strdup(q->a, json_get_str(answer, "error")), .firm = thrown && python };
}

static void scripts_answer(const struct promptfoo_question *q, bool python, const json_t *answer,
                           struct promptfoo_answer *out)
{
    const json_t *truth = json_child(answer, "truth"), *number = json_child(answer, "number"),
                 *grade = json_child(answer, "grade");

    if (json_is_boolean(truth)) {
        bool pass = json_is_true(truth) != q->inverse;

        scripts_pass(pass, pass,
                     json_is_true(truth) ? S("the script returned true, and must not") : S("the script returned false"),
                     out);
    } else if (json_is_number(number)) {
        double score = json_number_value(number);
        bool reaches = isnan(q->threshold) ? score > 0 : score >= q->threshold;

        scripts_pass(reaches != q->inverse, score,
                     arena_printf(q->a, "the script returned %.15g, which %s %.15g", score,
                                  reaches               ? "reaches"
                                  : isnan(q->threshold) ? "is not above"
                                                        : "is below",
                                  isnan(q->threshold) ? 0.0 : q->threshold),
                     out);
    } else if (json_is_object(grade)) {
        scripts_grade(q, python, grade, out);
    } else if (json_child(answer, "error")) {
        scripts_error(q, python, answer, out);
    } else {
        promptfoo_skip(arena_printf(q->a, "the script returned no finite number (" STR_FMT "): not evaluated",
                                    STR_ARG(str_utf8_head(json_get_str(answer, "odd"), 40))),
                       out);
    }
}

static void scripts_judge(const struct promptfoo_question *q, enum promptfoo_language language,
                          struct promptfoo_answer *out)
{
    const struct subject_wish *w = subject_wish_of(q->s, q->assertion);
    struct str path, function, why;
    enum promptfoo_language in;

    if (!json_is_string(q->value) && language == PROMPTFOO_PYTHON)
        promptfoo_broken(S("its value is a text: an expression, a function's body, or file://"), out);
    else if (!json_is_string(q->value))
        scripts_pass(false, 0, S("its value is a text: an expression, a function's body, or file://"), out);
    else if (w && w->why.len)
        promptfoo_skip(w->why, out);
    else if (w && w->evaluation)
        scripts_answer(q, language == PROMPTFOO_PYTHON, w->evaluation->answer, out);
    else if (!scripts_of(q->assertion, &in, &path, &function))
        promptfoo_skip(arena_printf(q->a, "\"" STR_FMT "\" is no script that is run here: not evaluated",
                                    STR_ARG(str_utf8_head(json_to_str(q->value), 80))),
                       out);
    else if (!promptfoo_language_runs(language, q->a, &why))
        promptfoo_skip(arena_printf(q->a, STR_FMT ": not evaluated", STR_ARG(why)), out);
    else
        promptfoo_skip(S("no script was run: the configuration brought none, or what it is told is longer than "
                         "8,388,608 bytes: not evaluated"),
                       out);
}

void promptfoo_javascript(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    scripts_judge(q, PROMPTFOO_JAVASCRIPT, out);
}

void promptfoo_python(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    scripts_judge(q, PROMPTFOO_PYTHON, out);
}
