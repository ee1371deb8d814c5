/* Tests: what follows `is`. To add one: write TEST_OF(name, ...) and put it into the list below. */
#include "template/text.h"

#include <math.h>

#define TEST_AS(id, row_name, ...)                                                                          \
    static enum err_code is_##id(struct render *r UNUSED, struct value self UNUSED, const struct value *args UNUSED, \
                                 bool *yes);                                                               \
    static enum err_code is_##id##_run(struct render *r, struct value self, const struct value *args,       \
                                       const struct given *given UNUSED, struct value *out)                 \
    {                                                                                                      \
        bool yes = false;                                                                                  \
                                                                                                           \
        TRY(is_##id(r, self, args, &yes));                                                                 \
        *out = value_bool(yes);                                                                            \
        return ERR_OK;                                                                                     \
    }                                                                                                      \
    static const struct callable test_##id = { .name = row_name, .fn = is_##id##_run, __VA_ARGS__ };         \
    static enum err_code is_##id(struct render *r UNUSED, struct value self UNUSED, const struct value *args UNUSED, \
                                 bool *yes)
#define TEST_OF(id, need, ...) TEST_AS(id, #id, .required = (need), .params = { __VA_ARGS__ }, .takes_undefined = true)
#define ASK(id, expression) TEST_OF(id, 0) { *yes = (expression); return ERR_OK; }


ASK(defined, self.kind != VALUE_UNDEFINED)
ASK(undefined, self.kind == VALUE_UNDEFINED)
ASK(none, self.kind == VALUE_NONE)
ASK(boolean, self.kind == VALUE_BOOL)
TEST_AS(falsehood, "false", .takes_undefined = true) { *yes = self.kind == VALUE_BOOL && !self.b; return ERR_OK; }
TEST_AS(truth, "true", .takes_undefined = true) { *yes = self.kind == VALUE_BOOL && self.b; return ERR_OK; }
ASK(integer, self.kind == VALUE_INT)
ASK(float, self.kind == VALUE_FLOAT)
ASK(number, value_is_number(self))
ASK(string, self.kind == VALUE_STR)
ASK(mapping, self.kind == VALUE_DICT)
ASK(escaped, self.kind == VALUE_STR && self.escaped)
ASK(callable, self.kind == VALUE_MACRO || self.kind == VALUE_METHOD || self.kind == VALUE_GLOBAL || self.kind == VALUE_JOINER ||
              self.kind == VALUE_LOOP || self.kind == VALUE_BLOCK || self.kind == VALUE_UNDEFINED)
ASK(sequence, self.kind == VALUE_STR || self.kind == VALUE_DICT ||
              (self.kind == VALUE_LIST && (self.list->flavor <= LIST_RANGE || self.list->flavor == LIST_GROUP)))

TEST_OF(iterable, 0)
{
    TRY(value_defined(r, self));
    *yes = self.kind == VALUE_STR || self.kind == VALUE_DICT || self.kind == VALUE_LIST || self.kind == VALUE_LOOP;
    return ERR_OK;
}

static enum err_code tests_remainder(struct render *r, struct value self, struct value divisor, double want, bool *yes)
{
    struct value rest;

    TRY(value_defined(r, self));
    if (!value_is_number(self))
        return render_fail(r, ERR_BAD_INPUT, "this test needs a number, not %s", value_type(self));
    TRY(value_binary(r, OPERATOR_MOD, self, divisor, &rest));
    *yes = (rest.kind == VALUE_FLOAT ? rest.d : (double)value_integral(rest)) == want;
    return ERR_OK;
}

TEST_OF(odd, 0)              { return tests_remainder(r, self, value_int(2), 1, yes); }
TEST_OF(even, 0)             { return tests_remainder(r, self, value_int(2), 0, yes); }
TEST_OF(divisibleby, 1, "num") { return tests_remainder(r, self, args[0], 0, yes); }

static enum err_code tests_case(struct render *r, struct value self, const char *method, bool *yes)
{
    struct value text = self, verdict;
    struct str s;

    TRY(value_text(r, self, &s));
    text = value_str(s);
    TRY(call_callable(r, "method", methods_find(text, str_c(method)), text, &(struct given){ 0 }, &verdict));
    *yes = verdict.b;
    return ERR_OK;
}

TEST_OF(lower, 0) { return tests_case(r, self, "islower", yes); }
TEST_OF(upper, 0) { return tests_case(r, self, "isupper", yes); }

TEST_OF(sameas, 1, "other")
{
    *yes = value_same(self, args[0]);
    return ERR_OK;
}

TEST_OF(in, 1, "seq")
{
    return value_contains(r, args[0], self, yes);
}

TEST_OF(filter, 0)
{
    TRY(value_defined(r, self));
    *yes = self.kind == VALUE_STR && filters_find(self.s);
    return ERR_OK;
}

TEST_OF(test, 0)
{
    TRY(value_defined(r, self));
    *yes = self.kind == VALUE_STR && tests_find(self.s);
    return ERR_OK;
}

static enum err_code tests_order(struct render *r, struct value self, struct value other, const char *op, bool *yes)
{
    int order;

    TRY(value_compare(r, self, other, op, &order));
    *yes = order != 2 && (op[0] == '<' ? order < 0 : order > 0);
    if (op[1] == '=' && order == 0)
        *yes = true;
    return ERR_OK;
}

TEST_OF(eq, 1, "other") { return value_equal(r, self, args[0], yes); }

TEST_OF(ne, 1, "other")
{
    TRY(value_equal(r, self, args[0], yes));
    *yes = !*yes;
    return ERR_OK;
}

TEST_OF(lt, 1, "other") { return tests_order(r, self, args[0], "<", yes); }
TEST_OF(le, 1, "other") { return tests_order(r, self, args[0], "<=", yes); }
TEST_OF(gt, 1, "other") { return tests_order(r, self, args[0], ">", yes); }
TEST_OF(ge, 1, "other") { return tests_order(r, self, args[0], ">=", yes); }

/* The name, and the test it stands for. */
#define TESTS(X) \
    X("boolean", boolean) X("callable", callable) X("defined", defined) X("divisibleby", divisibleby) X("eq", eq) \
    X("equalto", eq) X("==", eq) X("escaped", escaped) X("even", even) X("false", falsehood) X("filter", filter) \
    X("float", float) X("ge", ge) X(">=", ge) X("gt", gt) X("greaterthan", gt) X(">", gt) X("in", in) \
    X("integer", integer) X("iterable", iterable) X("le", le) X("<=", le) X("lower", lower) X("lt", lt) X("lessthan", lt) \
    X("<", lt) X("mapping", mapping) X("ne", ne) X("!=", ne) X("none", none) X("number", number) X("odd", odd) \
    X("sameas", sameas) X("sequence", sequence) X("string", string) X("test", test) X("true", truth) \
    X("undefined", undefined) X("upper", upper)

#define X(word, id) { word, &test_##id },
static const struct { const char *name; const struct callable *fn; } tests[] = { TESTS(X) };
#undef X

const struct callable *tests_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        if (str_is(name, tests[i].name))
            return tests[i].fn;
    return NULL;
}

struct str tests_nearest(struct str name)
{
    struct suggest near;

    suggest_begin(&near, name);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        suggest_offer(&near, str_c(tests[i].name));
    return suggest_best(&near);
}
