/* src/eval/check/group.c: checks of checks: all_of, any_of, none_of, and case_checks, which are in the case's own data.
 *
 * A group's members are checks as in a task, groups too, CHECK_DEPTH_MAX deep. Their weights count in any_of with
 * `at_least`: the weights of those that pass must reach it. Severity and name of a member only make the sentence.
 * A path at the group chooses values, and each is judged by the members, whose own paths begin there.
 * What can't be evaluated leaves a group undecided only where it would decide:
 *   all_of   fails when one fails;    none_of  fails when one passes;
 *   any_of   passes when enough pass; fails when enough can't pass any more.
 * Case checks are a list in a variable of the case (`checks` unless `from` says another); all must pass. They are read
 * when the case is scored, and verified before a run begins. */
#include "eval/check/check.h"

enum group_kind { GROUP_ALL, GROUP_ANY, GROUP_NONE };
struct group_member { struct check_ready ready; double weight; struct str name; };
struct group { enum group_kind kind; double at_least; struct group_member *at; size_t count; };

static size_t group_nested(const json_t *checks)
{
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(checks) && n <= CHECK_NESTED_MAX; i++) {
        json_t *one = json_array_get(checks, i);

        n++;
        for (void *it = json_object_iter(one); it; it = json_object_iter_next(one, it)) {
            struct str key = str_c(json_object_iter_key(it));
            const struct check *c = check_find(str_starts(key, S("not_")) ? str_from(key, 4) : key);

            if (c && c->argument == CHECK_CHECKS)
                n += group_nested(json_object_iter_value(it));
        }
    }
    return n;
}

static enum err_code group_members(const json_t *checks, int depth, struct arena *a, struct group *g, struct err *e)
{
    if (!json_is_array(checks) || !json_array_size(checks))
        return err_set(e, ERR_BAD_INPUT, "the checks are not a list of at least one check");
    if (json_array_size(checks) > CHECK_GROUP_MAX)
        return err_set(e, ERR_TOO_LARGE, "%zu checks in one list; at most %d are allowed", json_array_size(checks),
                       CHECK_GROUP_MAX);
    if (depth > CHECK_DEPTH_MAX)
        return err_set(e, ERR_TOO_LARGE, "groups stand in groups more than %d levels deep", CHECK_DEPTH_MAX);
    if (depth == 1 && group_nested(checks) > CHECK_NESTED_MAX)
        return err_set(e, ERR_TOO_LARGE, "more than %d checks in one group and those in it", CHECK_NESTED_MAX);
    g->count = json_array_size(checks);
    g->at = arena_array(a, struct group_member, g->count);
    for (size_t i = 0; i < g->count; i++) {
        struct check_spec spec;

        if (check_spec_read(json_array_get(checks, i), &spec, e) != ERR_OK)
            return err_prefix(e, "check %zu", i + 1);
        spec.depth = depth;
        if (check_prepare(&spec, a, &g->at[i].ready, e) != ERR_OK)
            return err_prefix(e, "check %zu", i + 1);
        g->at[i].weight = spec.weight;
        g->at[i].name = arena_strdup(a, spec.name.len ? spec.name : spec.kind);
    }
    return ERR_OK;
}

static enum err_code group_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    const json_t *at_least = json_child(spec->options, "at_least");
    struct group *g = arena_new(a, struct group);
    double total = 0;

    g->kind = str_is(spec->kind, "all_of") ? GROUP_ALL : str_is(spec->kind, "any_of") ? GROUP_ANY : GROUP_NONE;
    if (group_members(spec->argument, spec->depth + 1, a, g, e) != ERR_OK)
        return err_prefix(e, STR_FMT, STR_ARG(spec->kind));
    for (size_t i = 0; i < g->count; i++)
        total += g->at[i].weight;
    g->at_least = json_number_value(at_least);
    if (at_least && (!json_is_number(at_least) || g->at_least <= 0 || g->at_least > total))
        return err_set(e, ERR_BAD_INPUT,
                       STR_FMT ": at_least is a number above 0, at most the members' weights together "
                               "(%.15g)",
                       STR_ARG(spec->kind), total);
    *state = g;
    return ERR_OK;
}

/* How the members were judged: how many each way, what the passed ones weigh, the first sentences. */
struct group_tally { size_t passed, failed, skipped; double weight_passed, weight_skipped; struct str failing, skipping, passing; };

static void group_count(const struct group *g, const struct check_target *t, struct arena *a, struct group_tally *out)
{
    *out = (struct group_tally){ 0 };
    for (size_t i = 0; i < g->count; i++) {
        const struct group_member *m = &g->at[i];
        struct str why;

        switch (check_judge_target(&m->ready, t, a, &why)) {
        case CHECK_PASS:
            out->passed++;
            out->weight_passed += m->weight;
            if (!out->passing.len)
                out->passing = m->name;
            break;
        case CHECK_FAIL:
            if (!out->failed++)
                out->failing = arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(m->name), STR_ARG(why));
            break;
        case CHECK_SKIP:
            out->weight_skipped += m->weight;
            if (!out->skipped++)
                out->skipping = arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(m->name), STR_ARG(why));
            break;
        }
    }
}

static enum check_verdict group_judge_any(const struct group *g, const struct group_tally *n, struct arena *a,
                                          struct str *why)
{
    bool enough = g->at_least > 0 ? n->weight_passed >= g->at_least : n->passed > 0;
    bool possible = g->at_least > 0 ? n->weight_passed + n->weight_skipped >= g->at_least : n->skipped > 0;

    if (enough)
        return CHECK_PASS;
    *why = possible ? n->skipping
                    : arena_printf(a, "%zu of %zu passed; " STR_FMT, n->passed, g->count, STR_ARG(n->failing));
    return possible ? CHECK_SKIP : CHECK_FAIL;
}

static enum check_verdict group_judge_members(const struct group *g, const struct check_target *t, struct arena *a,
                                              struct str *why)
{
    size_t broken;
    struct group_tally n;

    group_count(g, t, a, &n);
    if (g->kind == GROUP_ANY)
        return group_judge_any(g, &n, a, why);
    broken = g->kind == GROUP_ALL ? n.failed : n.passed;
    if (broken)
        *why = g->kind == GROUP_NONE ? arena_printf(a, STR_FMT " passed, and must not", STR_ARG(n.passing))
               : broken > 1 ? arena_printf(a, "%zu of %zu failed; " STR_FMT, broken, g->count, STR_ARG(n.failing))
                            : n.failing;
    else
        *why = n.skipping;
    return broken ? CHECK_FAIL : n.skipped ? CHECK_SKIP : CHECK_PASS;
}

static enum check_verdict group_judge(const void *state, const struct check_target *t, struct arena *a, struct str *why)
{
    return group_judge_members(state, t, a, why);
}

/* --- checks of a case --------------------------------------------------------------------------------------------- */

enum err_code check_case_verify(const json_t *checks, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct group g = { 0 };

    return group_members(checks, 1, a, &g, e);
}

struct str check_case_variable(const struct check_spec *spec)
{
    struct str from = json_get_str(spec->options, "from");

    return !str_is(spec->kind, "case_checks") ? STR_NONE : from.len ? from : S("checks");
}

static enum err_code case_checks_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    const json_t *from = json_child(spec->options, "from");
    struct str *name = arena_new(a, struct str);

    if (from && !json_string_length(from))
        return err_set(e, ERR_BAD_INPUT, "case_checks: from: is the name of a variable");
    if (spec->depth)
        return err_set(e, ERR_BAD_INPUT, "case_checks can't stand in a group, nor in a case");
    *name = check_case_variable(spec);
    *state = name;
    return ERR_OK;
}

static enum check_verdict case_checks_judge(const void *state, const struct check_target *t, struct arena *a,
                                            struct str *why)
{
    const struct dataset_case *kase = t->subject->kase;
    struct group g = { .kind = GROUP_ALL };
    struct err e = ERR_INIT;
    const struct str *name = state;
    const json_t *checks = kase && json_is_object(kase->vars) ? json_object_getn(kase->vars, name->at, name->len)
                                                              : NULL;

    if (!checks || json_is_null(checks)) {
        *why = S("the case has no checks of its own");
        return CHECK_SKIP;
    }
    if (group_members(checks, 1, a, &g, &e) != ERR_OK) {
        *why = arena_strdup(a, str_c(e.text));
        return CHECK_SKIP;
    }
    return group_judge_members(&g, t, a, why);
}

const struct check check_all_of = {
    .name = "all_of", .argument = CHECK_CHECKS, .doc = "Every one of these checks passes.",
    .example = "- all_of: [{min_words: 3}, {not_contains: sorry}]",
    .prepare = group_prepare, .judge = group_judge,
};
const struct check check_any_of = {
    .name = "any_of", .argument = CHECK_CHECKS, .options = "at_least",
    .doc = "At least one of these checks passes; with at_least: N, so many (by weight).",
    .example = "- any_of: [{contains: refund}, {path: $.queue, eq: billing}]",
    .prepare = group_prepare, .judge = group_judge,
};
const struct check check_none_of = {
    .name = "none_of", .argument = CHECK_CHECKS, .doc = "Not one of these checks passes.",
    .example = "- none_of: [{contains: TODO}, refusal]",
    .prepare = group_prepare, .judge = group_judge,
};
const struct check check_case_checks = {
    .name = "case_checks", .argument = CHECK_TRUE, .options = "from", .scope = CHECK_OF_TRIAL,
    .doc = "The case's own checks pass: a list of checks in its variable `checks`, or the one named by from.",
    .example = "- case_checks",
    .prepare = case_checks_prepare, .judge = case_checks_judge,
};
