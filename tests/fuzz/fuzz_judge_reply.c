/* A judge's reply, whatever it was asked, and a rubric. It ends; what is read keeps to its bounds; a reply that can't
 * be used says why; and no reply is worth more than what the checks found allows. */
#include "eval/judge.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void fuzz_bounds(const struct judge_verdict *v)
{
    ASSERT(v->violation_count <= JUDGE_VIOLATIONS_MAX && v->reasoning.len <= JUDGE_REASONING_BYTES + 200);
    for (size_t i = 0; i < v->violation_count; i++)
        ASSERT(v->violations[i].text.len > 0 && v->violations[i].text.len <= JUDGE_VIOLATION_BYTES);
    for (enum judge_part p = 0; p < JUDGE_PARTS; p++)
        ASSERT(v->parts[p] >= 0 && v->parts[p] <= 100);
    ASSERT(v->overall >= 0 && v->overall <= 100);
}

static void fuzz_scores(struct str reply, const struct judge_rubric *rubric, struct arena *a)
{
    static const struct str failed[] = { { "one", 3 }, { "two", 3 }, { "three", 5 }, { "four", 4 }, { "five", 4 } };
    struct judge_facts facts = { .measured = NAN, .failed = failed, .failed_count = 5, .checked = true };
    struct judge_verdict v = { .judged = false }, capped;
    struct str why = STR_NONE;

    if (!judge_reply_read(reply, rubric, a, &v, &why)) {
        ASSERT(why.len > 0 && !v.judged);
        return;
    }
    fuzz_bounds(&v);
    capped = v;
    judge_verdict_settle(&capped, rubric, &facts, a);
    fuzz_bounds(&capped);
    ASSERT(capped.parts[JUDGE_COMPLIANCE] <= 60 && capped.overall <= v.overall);
    facts.invalid = true;
    judge_verdict_settle(&v, rubric, &facts, a);
    ASSERT(v.overall <= 25);
}

static void fuzz_others(struct str reply, const struct judge_rubric *rubric, struct arena *a)
{
    static const struct judge_criterion usual = { .name = { "a", 1 }, .weight = 1, .low = 1, .high = 5 };
    const struct judge_criterion *c = rubric->criterion_count ? &rubric->criteria[0] : &usual;
    struct judge_verdict v = { .judged = false };
    enum judge_choice choice = JUDGE_CHOICES;
    struct str why = STR_NONE, text = STR_NONE;
    double grade;

    if (judge_choice_read(reply, a, &choice, &text, &why))
        ASSERT(choice < JUDGE_CHOICES && text.len <= JUDGE_REASONING_BYTES);
    else
        ASSERT(why.len > 0);
    if (judge_grade_read(reply, c, a, &grade, &text, &v, &why)) {
        ASSERT(grade >= c->low && grade <= c->high && text.len <= JUDGE_REASONING_BYTES);
        fuzz_bounds(&v);
    }
    if (rubric->label_count && judge_label_read(reply, rubric, a, &v, &why))
        ASSERT(v.label.len > 0 && v.label.len <= 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str text = str_n((const char *)bytes, n);
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *value = NULL;
    struct judge_rubric rubric = { .weights = { 0.3, 0.2, 0.5 } };
    struct err e = ERR_INIT;
    static const struct str sides[] = { { "pass", 4 }, { "fail", 4 } };

    if (json_read(text, &value, NULL) == ERR_OK && judge_rubric_of(S("r"), value, a, &rubric, &e) != ERR_OK)
        ASSERT(e.text[0] && !rubric.criterion_count);
    ASSERT(rubric.criterion_count <= JUDGE_CRITERIA_MAX);
    if (!rubric.label_count) {
        rubric.labels = (struct str *)sides;
        rubric.label_count = COUNT_OF(sides);
    }
    fuzz_others(text, &rubric, a);
    rubric.criterion_count = 0;
    fuzz_scores(text, &rubric, a);
    return 0;
}
