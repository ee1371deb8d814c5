/* src/eval/check/text.c: checks that look for a text: contains, contains_any, starts_with, ends_with, equals, one_of. */
#include "eval/check/text_arg.h"

#include "eval/items.h"

struct text_state { struct text_args args; bool ignore_case, is_text; };

static enum err_code text_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct text_state *t = arena_new(a, struct text_state);

    t->ignore_case = check_option(spec, "ignore_case");
    t->is_text = json_is_string(spec->argument);
    TRY(text_args_prepare(spec->argument, a, &t->args, e));
    for (size_t i = 0; i < t->args.count; i++)
        if (!t->args.at[i].fixed.len && str_is(spec->kind, "contains"))
            return err_set(e, ERR_BAD_INPUT, "contains \"\" is always true; write the text to look for");
    *state = t;
    return ERR_OK;
}

typedef bool text_test(struct str text, struct str arg, bool ignore_case);

static bool text_has(struct str text, struct str arg, bool ignore_case)
{
    return (ignore_case ? str_ifind(text, arg) : str_find(text, arg)) >= 0;
}

static bool text_same(struct str text, struct str arg, bool ignore_case)
{
    return ignore_case ? str_ieq(text, arg) : str_eq(text, arg);
}

static bool text_begins(struct str text, struct str arg, bool ignore_case)
{
    return text.len >= arg.len && text_same(str_sub(text, 0, arg.len), arg, ignore_case);
}

static bool text_finishes(struct str text, struct str arg, bool ignore_case)
{
    return text.len >= arg.len && text_same(str_from(text, text.len - arg.len), arg, ignore_case);
}

static bool text_is(struct str text, struct str arg, bool ignore_case)
{
    return text_same(str_trim(text), str_trim(arg), ignore_case);
}

/* `all`: every argument must satisfy the test; otherwise one is enough. */
static enum check_verdict text_judge(const struct text_state *st, const struct check_target *t, struct arena *a,
                                     bool all, text_test *test, const char *failing, struct str *why)
{
    AUTO_BUF struct buf list = BUF_INIT(400);

    for (size_t i = 0; i < st->args.count; i++) {
        struct str arg;

        if (!text_arg_value(&st->args.at[i], t->subject, a, &arg, why))
            return CHECK_SKIP;
        if (test(t->text, arg, st->ignore_case)) {
            if (!all)
                return CHECK_PASS;
        } else if (all) {
            *why = arena_printf(a, STR_FMT " %s " STR_FMT, STR_ARG(subject_quote(t->text, a)), failing,
                                STR_ARG(subject_quote(arg, a)));
            return CHECK_FAIL;
        } else {
            buf_printf(&list, "%s" STR_FMT, i ? ", " : "", STR_ARG(subject_quote(arg, a)));    /* full: the rest is left out */
        }
    }
    if (all)
        return CHECK_PASS;
    *why = arena_printf(a, STR_FMT " %s " STR_FMT, STR_ARG(subject_quote(t->text, a)), failing,
                        STR_ARG(buf_str(&list)));
    return CHECK_FAIL;
}

#define TEXT_JUDGE(id, all, test, failing)                                                          \
    static enum check_verdict text_judge_##id(const void *state, const struct check_target *t, struct arena *a, struct str *why) \
    {                                                                                               \
        return text_judge(state, t, a, all, test, failing, why);                                    \
    }
TEXT_JUDGE(contains, true, text_has, "does not contain")
TEXT_JUDGE(contains_any, false, text_has, "contains none of")
TEXT_JUDGE(starts_with, true, text_begins, "does not start with")
TEXT_JUDGE(ends_with, true, text_finishes, "does not end with")
TEXT_JUDGE(one_of, false, text_is, "is none of")

/* A text equals the trimmed output, or a chosen value's text; any other value equals as JSON does. */
static enum check_verdict text_judge_equals(const void *state, const struct check_target *t, struct arena *a,
                                            struct str *why)
{
    const struct text_state *st = state;
    const json_t *j;
    struct str arg, text;

    if (st->is_text)
        return text_judge(st, t, a, true, text_is, "is not", why);
    j = check_target_json(t, a, why);
    if (!j)
        return CHECK_FAIL;
    arg = st->args.at[0].fixed;
    text = items_text(j, a);
    if (str_eq(arg, text))
        return CHECK_PASS;
    *why = arena_printf(a, STR_FMT " is not " STR_FMT, STR_ARG(subject_quote(text, a)), STR_ARG(subject_quote(arg, a)));
    return CHECK_FAIL;
}

static enum err_code text_prepare_equals(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct text_state *t;

    if (json_is_string(spec->argument))
        return text_prepare(spec, a, state, e);
    t = arena_new(a, struct text_state);
    t->args = (struct text_args){ .at = arena_new(a, struct text_arg), .count = 1 };
    t->args.at[0].fixed = items_text(spec->argument, a);
    *state = t;
    return ERR_OK;
}

const struct check check_contains = {
    .name = "contains", .argument = CHECK_TEXTS, .options = "ignore_case",
    .doc = "The text is in the output; of a list, every one.",
    .example = "- contains: refund",
    .prepare = text_prepare, .judge = text_judge_contains,
};
const struct check check_contains_any = {
    .name = "contains_any", .argument = CHECK_TEXTS, .options = "ignore_case",
    .doc = "At least one of the texts is in the output.",
    .example = "- contains_any: [refund, credit]",
    .prepare = text_prepare, .judge = text_judge_contains_any,
};
const struct check check_starts_with = {
    .name = "starts_with", .argument = CHECK_TEXT, .options = "ignore_case",
    .doc = "The output begins with the text.",
    .example = "- starts_with: Dear",
    .prepare = text_prepare, .judge = text_judge_starts_with,
};
const struct check check_ends_with = {
    .name = "ends_with", .argument = CHECK_TEXT, .options = "ignore_case",
    .doc = "The output ends with the text.",
    .example = "- ends_with: \"?\"",
    .prepare = text_prepare, .judge = text_judge_ends_with,
};
const struct check check_equals = {
    .name = "equals", .argument = CHECK_VALUE, .options = "ignore_case",
    .doc = "The output is this text, or this JSON value.",
    .example = "- {path: $.queue, equals: \"{{ expected.queue }}\"}",
    .prepare = text_prepare_equals, .judge = text_judge_equals,
};
const struct check check_one_of = {
    .name = "one_of", .argument = CHECK_VALUES, .options = "ignore_case",
    .doc = "The output is one of the listed values.",
    .example = "- {path: $.queue, one_of: [billing, technical, sales]}",
    .prepare = text_prepare, .judge = text_judge_one_of,
};
