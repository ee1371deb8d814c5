#include "eval/custom_scorer.h"

#include <math.h>
#include <sodium.h>

#include "embedded.h"

#define CUSTOM_DRIVER       "assay_scorer.py"
#define CUSTOM_FILES_MAX    64
#define CUSTOM_DETAILS_MAX  300
#define CUSTOM_QUESTION_MAX (EVALUATORS_QUESTION_MAX)

/* --- what it is --------------------------------------------------------------------------------------------------- */

/* {name, text | base64} into a sandbox file of the name's last part. */
static enum err_code custom_file(const json_t *j, struct arena *a, struct sandbox_file *out, struct err *e)
{
    struct str name = json_get_str(j, "name"), base64 = json_get_str(j, "base64");
    size_t n = 0;
    char *bytes;

    if (!name.len || !(json_is_string(json_child(j, "text")) || base64.len))
        return err_set(e, ERR_BAD_INPUT, "scorer takes a file beside the task: scorer: polite.py");
    out->path = arena_strdup(a, path_base(name));
    out->bytes = arena_strdup(a, json_get_str(j, "text"));
    if (!base64.len)
        return ERR_OK;
    bytes = arena_alloc(a, base64.len);
    if (sodium_base642bin((unsigned char *)bytes, base64.len, base64.at, base64.len, NULL, &n, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return err_set(e, ERR_BAD_INPUT, "scorer: \"" STR_FMT "\" is not base64", STR_ARG(name));
    out->bytes = str_n(bytes, n);
    return ERR_OK;
}

static enum err_code custom_files(const json_t *list, struct arena *a, struct sandbox_file *files, size_t *count,
                                  struct err *e)
{
    size_t n = json_is_array(list) ? json_array_size(list) : list != NULL;

    if (n > CUSTOM_FILES_MAX)
        return err_set(e, ERR_TOO_LARGE, "scorer: %zu files; at most %d are given to one", n, CUSTOM_FILES_MAX);
    for (size_t i = 0; i < n; i++) {
        TRY(custom_file(json_is_array(list) ? json_array_get(list, i) : list, a, &files[*count], e));
        for (size_t k = 0; k < *count; k++)
            if (str_eq(files[k].path, files[*count].path))
                return err_set(e, ERR_BAD_INPUT, "scorer: two of its files are called \"" STR_FMT "\"",
                               STR_ARG(files[k].path));
        ++*count;
    }
    return ERR_OK;
}

enum err_code custom_scorer_prepare(const json_t *file, const json_t *options, struct arena *a,
                                    struct custom_scorer *out, struct err *e)
{
    struct sandbox_file *files = arena_array(a, struct sandbox_file, CUSTOM_FILES_MAX + 2), own = { 0 }, given = { 0 };
    struct evaluator *v = &out->evaluator;
    struct str args[1];
    size_t count = 0;

    *v = (struct evaluator){ 0 };
    sandbox_limits_usual(&v->spec.limits);
    if (evaluator_limit(options, "time", &v->spec.limits, e) != ERR_OK ||
        evaluator_limit(options, "memory", &v->spec.limits, e) != ERR_OK)
        return err_prefix(e, "scorer");
    v->time_ms = v->spec.limits.wall_ms;
    v->spec.starts_programs = json_get_bool(options, "allow_exec", false);
    if (json_child(options, "with") && sandbox_with_read(json_get_str(options, "with"), &v->spec.with, e) != ERR_OK)
        return err_prefix(e, "scorer: with");
    TRY(custom_file(file, a, &own, e));
    v->name = own.path;
    if (str_is(path_ext(own.path), "py")) {
        v->hello = S("{\"hello\":true}");
        v->numbered = true;
        args[0] = own.path;
        TRY(sandbox_program(S(CUSTOM_DRIVER), embedded_src_eval_drivers_scorer_py.bytes, args, 1, a, &v->spec, &given,
                            e));
        files[count++] = given;
    } else {
        TRY(sandbox_program(own.path, own.bytes, NULL, 0, a, &v->spec, &given, e));
    }
    if (!v->spec.native.len)
        files[count++] = own;
    if (count == 2 && str_eq(own.path, given.path))
        return err_set(e, ERR_BAD_INPUT, "scorer: a file can't be called " CUSTOM_DRIVER);
    TRY(custom_files(json_child(options, "files"), a, files, &count, e));
    v->spec.files = files;
    v->spec.files_count = count;
    evaluator_seal(v);
    return ERR_OK;
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static void custom_question(const struct subject *s, struct buf *b)
{
    const json_t *expected = subject_expected(s);
    bool known_cost = s->cost_nanousd != MONEY_UNKNOWN;

    buf_byte(b, '{');
    json_write_key("output", b);
    json_write_str(s->output, b);
    json_write_key("expected", b);
    if (expected)
        json_write(expected, b);
    else
        buf_puts(b, "null");
    json_write_key("metadata", b);
    buf_byte(b, '{');
    json_write_key("case", b);
    json_write_str(s->kase ? s->kase->id : STR_NONE, b);
    json_write_key("vars", b);
    if (s->kase && s->kase->vars)
        json_write(s->kase->vars, b);
    else
        buf_puts(b, "{}");
    json_write_key("prompt", b);
    json_write_str(s->turn_count ? s->turns[s->turn_count - 1].prompt : STR_NONE, b);
    json_write_key("latency_ms", b);
    if (s->latency_ms >= 0)
        buf_printf(b, "%lld", (long long)s->latency_ms);
    else
        buf_puts(b, "null");
    json_write_key("cost_usd", b);
    buf_printf(b, known_cost ? "%.9f" : "null", known_cost ? money_to_double(s->cost_nanousd) : 0.0);
    buf_puts(b, "}}");
}

void custom_scorer_wish(const struct custom_scorer *c, const struct subject *s, struct subject_wishes *w)
{
    AUTO_BUF struct buf b = BUF_INIT(CUSTOM_QUESTION_MAX);
    struct subject_wish *out = subject_wish_add(w, c);

    if (!out)
        return;
    custom_question(s, &b);
    if (buf_failed(&b)) {
        out->why = S("the trial is longer than the 8,388,608 bytes that a scorer is told");
        return;
    }
    out->evaluation = arena_new(w->arena, struct evaluation);
    *out->evaluation = (struct evaluation){ .evaluator = &c->evaluator, .question = arena_strdup(w->arena, buf_str(&b)) };
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static struct str custom_details(const json_t *details, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(EVALUATORS_LINE_MAX);

    if (!details || json_is_null(details))
        return STR_NONE;
    if (json_is_string(details))
        return arena_strdup(a, str_utf8_head(str_trim(json_to_str(details)), CUSTOM_DETAILS_MAX));
    json_write(details, &text);
    return arena_strdup(a, str_utf8_head(buf_str(&text), CUSTOM_DETAILS_MAX));
}

void custom_scorer_read(const struct custom_scorer *c, const struct subject *s, struct arena *a,
                        struct custom_score *out)
{
    const struct subject_wish *w = subject_wish_of(s, c);
    const json_t *answer = w && w->evaluation ? w->evaluation->answer : NULL, *score = json_child(answer, "score"),
                 *passed = json_child(answer, "passed");
    struct str name = c->evaluator.name;

    *out = (struct custom_score){ .score = NAN, .passed = -1 };
    if (!w || w->why.len || !answer) {
        out->why = w ? w->why : S("nobody asked the scorer");
        return;
    }
    out->details = custom_details(json_child(answer, "details"), a);
    if (json_child(answer, "error") && !json_is_null(json_child(answer, "error")))
        out->why = arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(name),
                                STR_ARG(custom_details(json_child(answer, "error"), a)));
    else if (score && !json_is_null(score) &&
             (!json_is_number(score) || !(json_number_value(score) >= 0 && json_number_value(score) <= 1)))
        out->why = arena_printf(a, STR_FMT ": its score is not a number from 0 to 1: " STR_FMT, STR_ARG(name),
                                STR_ARG(custom_details(score, a)));
    else if (passed && !json_is_null(passed) && !json_is_boolean(passed))
        out->why = arena_printf(a, STR_FMT ": `passed` is neither true nor false", STR_ARG(name));
    if (out->why.len)
        return;
    if (json_is_number(score))
        out->score = json_number_value(score);
    if (json_is_boolean(passed))
        out->passed = json_is_true(passed);
}
