/* src/eval/check/check_try_test.h (tests only): one check, written as in a task file, on one output. */
#pragma once

#include "base/test.h"

#include <stdio.h>

#include "eval/check/check.h"

/* What surrounds the output; JSON as text, NULL: none. */
struct check_world {
    enum output_format format;
    const char *vars, *expected, *tools, *calls;
    enum finish finish;
    bool answered;                      /* there is a turn: calls and finish are known */
    int64_t cost_nanousd, latency_ms, output_tokens;        /* negative: not known */
};
#define CHECK_WORLD ((struct check_world){ .vars = "{\"customer\":\"Ada\",\"least\":3,\"ends\":\"0:10:00\"}",                 \
                                           .expected = "{\"queue\":\"billing\",\"n\":3}", .cost_nanousd = MONEY_UNKNOWN,      \
                                           .latency_ms = -1, .output_tokens = -1 })

struct check_row { const char *check, *output; char want; };

static json_t *check_try_json(const char *text, struct arena *a)
{
    struct doc_node *n = NULL;
    struct err e = ERR_INIT;

    if (!text)
        return NULL;
    if (doc_read(S("test"), str_c(text), DOC_YAML, a, &n, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", text, e.text);
    return json_in_arena(n ? doc_to_json(n) : json_null(), a);
}

/* '+' passed, '-' failed, '?' not evaluated, '!' can't be prepared; `note` gets the sentence. */
static char check_try(const struct check_world *w, const char *check, const char *output, char note[300])
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct dataset_case kase = { .id = S("7"), .vars = check_try_json(w->vars, a), .expected = check_try_json(w->expected, a) };
    struct task task = { .output.format = w->format, .tools = check_try_json(w->tools, a) };
    struct turn turn = { .number = 1, .tool_calls = check_try_json(w->calls, a), .finish = w->finish };
    struct usage usage = { .output = w->output_tokens };
    struct subject s = { .task = &task, .kase = &kase, .output = str_c(output), .latency_ms = w->latency_ms,
                         .cost_nanousd = w->cost_nanousd, .turns = w->answered ? &turn : NULL, .turn_count = w->answered,
                         .usage = w->output_tokens < 0 ? NULL : &usage };
    struct check_ready ready;
    struct check_spec spec;
    struct score score;
    struct err e = ERR_INIT;

    if (check_spec_read(check_try_json(check, a), &spec, &e) != ERR_OK ||
        check_prepare(&spec, a, &ready, &e) != ERR_OK) {
        snprintf(note, 300, "%.299s", e.text);
        return '!';
    }
    subject_begin(&s, a);
    check_judge(&ready, &s, a, &score);
    snprintf(note, 300, STR_FMT, STR_ARG(score.note));
    return score.state == SCORE_MISSING ? '?' : score.value == 1 ? '+' : '-';
}

static void check_try_rows(const struct check_world *w, const struct check_row *rows, size_t count, const char *file)
{
    for (size_t i = 0; i < count; i++) {
        char note[300], got = check_try(w, rows[i].check, rows[i].output, note);

        if (got != rows[i].want)
            test_fail(file, __LINE__, "%s on \"%s\" is %c, wanted %c (%s)", rows[i].check, rows[i].output, got,
                      rows[i].want, note);
        if (got == '?' && !note[0])
            test_fail(file, __LINE__, "%s on \"%s\" is not evaluated and does not say why", rows[i].check,
                      rows[i].output);
    }
}
#define CHECK_TRY_ROWS(world, rows) check_try_rows(&(world), rows, COUNT_OF(rows), __FILE__)

/* Rows whose check can't be prepared; `output` holds words of the sentence. */
static UNUSED void check_try_wrong(const struct check_row *rows, size_t count, const char *file)
{
    for (size_t i = 0; i < count; i++) {
        char note[300], got = check_try(&CHECK_WORLD, rows[i].check, "x", note);

        if (got != '!' || !strstr(note, rows[i].output))
            test_fail(file, __LINE__, "%s is %c and says \"%s\", wanted \"%s\"", rows[i].check, got, note,
                      rows[i].output);
    }
}
#define CHECK_TRY_WRONG(rows) check_try_wrong(rows, COUNT_OF(rows), __FILE__)
