#include "eval/judge.h"

#include <math.h>

static const char *const pass_kinds[JUDGE_PASS_KINDS] = { "judge", "judge-again", "pairwise", "criterion", "labels" };
static const char *const pass_scorers[] = { "judge", "judge_accuracy", "judge_format", "judge_compliance" };

/* A task's own check may be called "judge": then ours is "judge_2". */
static struct str pass_free_name(const struct scorer_info *infos, size_t count, struct str name, struct arena *a)
{
    struct str free = name;

    for (int n = 2;; n++) {
        size_t i = 0;

        while (i < count && !str_eq(infos[i].name, free))
            i++;
        if (i == count)
            return arena_strdup(a, free);
        free = arena_printf(a, STR_FMT "_%d", STR_ARG(name), n);
    }
}

const char *judge_pass_name(enum judge_pass_kind k)
{
    return pass_kinds[k];
}

/* What the judge is told to grade by: the same words, the same question, whoever is asked. */
static struct str pass_question(const json_t *about, struct arena *a)
{
    static const char *const parts[] = { "rubric_text", "weights", "instructions", "criteria", "labels" };
    AUTO_BUF struct buf text = BUF_INIT(8u << 20);
    AUTO_JSON *o = json_object();
    char hex[HASH_HEX];

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        json_object_set(o, parts[i], json_child(about, parts[i]));
    json_write_canonical(o, &text);
    hash_sha256_hex(buf_str(&text), hex);
    return arena_strdup(a, str_c(hex));
}

/* Labels are texts, criteria have a name. */
static void pass_names(const json_t *list, struct arena *a, struct judge_pass *out)
{
    out->names = arena_array(a, struct str, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);

        out->names[out->name_count++] = arena_strdup(a, json_is_string(v) ? json_to_str(v) : json_get_str(v, "name"));
    }
}

static enum err_code pass_read(const struct store_scoring *row, struct arena *a, struct judge_pass *out, struct err *e)
{
    AUTO_JSON *about = NULL;
    const json_t *variants;

    TRY(json_read(row->about, &about, e));
    variants = json_child(about, "variants");
    *out = (struct judge_pass){
        .no = row->no, .created_ms = row->created_ms, .trials = row->trials,
        .model = arena_strdup(a, json_get_str(about, "model")),
        .rubric = arena_strdup(a, json_get_str(about, "rubric")),
        .judgement = arena_strdup(a, json_get_str(about, "judgement")),
        .salt = arena_strdup(a, json_get_str(about, "salt")),
        .question = pass_question(about, a), .of = json_get_i64(about, "of", 0),
        .variants = { json_integer_value(json_array_get(variants, 0)), json_integer_value(json_array_get(variants, 1)) },
    };
    out->criterion = json_get_i64(about, "criterion", -1);
    pass_names(json_child(about, json_child(about, "labels") ? "labels" : "criteria"), a, out);
    for (enum judge_part p = 0; p < JUDGE_PARTS; p++)
        out->weights[p] = json_get_double(json_child(about, "weights"), judge_part_name(p), 0);
    return ERR_OK;
}

/* Passes of kinds that only a newer assay knows are left out. */
static enum err_code pass_list(struct store *s, const struct run *run, struct arena *a, struct judge_scorers *out,
                               struct err *e)
{
    struct store_scoring *rows;
    size_t n;

    TRY(store_scorings(s, run->no, a, &rows, &n, e));
    out->passes = arena_array(a, struct judge_pass, n + 1);
    out->shown = -1;
    for (size_t i = 0; i < n; i++) {
        enum judge_pass_kind k = 0;

        while (k < JUDGE_PASS_KINDS && !str_is(rows[i].name, pass_kinds[k]))
            k++;
        if (k == JUDGE_PASS_KINDS)
            continue;
        TRY(pass_read(&rows[i], a, &out->passes[out->pass_count], e));
        out->passes[out->pass_count].kind = k;
        if (k == JUDGE_PASS_SCORES)
            out->shown = (ptrdiff_t)out->pass_count;
        out->pass_count++;
    }
    return ERR_OK;
}

/* The checks speak for themselves. */
static ptrdiff_t pass_measured(const struct scorer_info *infos, size_t count)
{
    ptrdiff_t at = scoring_quality(infos, count);

    if (at >= 0 && (infos[at].unit != METRIC_RATIO || str_is(infos[at].base, "checks_passed") ||
                    str_is(infos[at].base, "instruction_following")))
        return -1;
    return at;
}

static void pass_scorer_add(struct judge_scorers *r, struct str name, struct str base, struct arena *a)
{
    r->infos[r->count] = (struct scorer_info){ .name = pass_free_name(r->infos, r->count, name, a), .base = base,
        .kind = SCORER_METRIC, .unit = METRIC_RATIO, .higher_is_better = true, .severity = SEVERITY_WARNING, .weight = 1 };
    r->count++;
}

/* Those of the pass that is shown: the whole, then its parts or criteria. */
static void pass_scorers_add(struct judge_scorers *r, struct arena *a)
{
    const struct judge_pass *p = r->shown >= 0 ? &r->passes[r->shown] : NULL;

    if (!p)
        return;
    for (size_t i = 0; i < (p->name_count ? 1 : COUNT_OF(pass_scorers)); i++)
        pass_scorer_add(r, str_c(pass_scorers[i]), str_c(pass_scorers[i]), a);
    for (size_t i = 0; i < MIN(p->name_count, (size_t)JUDGE_CRITERIA_MAX); i++)
        pass_scorer_add(r, arena_printf(a, "judge_" STR_FMT, STR_ARG(p->names[i])), S("judge_criterion"), a);
}

static enum err_code pass_show(struct judge_scorers *r, int64_t shown, struct err *e)
{
    AUTO_BUF struct buf there = BUF_INIT(4096);

    for (size_t i = 0; i < r->pass_count; i++) {
        if (r->passes[i].kind != JUDGE_PASS_SCORES)
            continue;
        if (r->passes[i].no == shown) {
            r->shown = (ptrdiff_t)i;
            return ERR_OK;
        }
        buf_printf(&there, "%s%lld", there.len ? ", " : "", (long long)r->passes[i].no);
    }
    return err_set(e, ERR_NOT_FOUND, "the run has no scores of a judge in pass %lld; %s%s", (long long)shown,
                   there.len ? "passes with scores: " : "nobody has judged it", there.len ? buf_cstr(&there) : "");
}

enum err_code judge_scorers_of(struct store *s, const struct run *run, const json_t *settings, int64_t shown,
                               struct arena *a, struct judge_scorers *out, struct err *e)
{
    struct judge_scorers r = { .count = 0 };
    struct scorer_info *own;

    TRY(scorers_from_json(json_child(settings, "scorers"), a, &own, &r.count, e));
    TRY(pass_list(s, run, a, &r, e));
    if (shown)
        TRY(pass_show(&r, shown, e));
    r.judge_at = r.count;
    r.measured_at = pass_measured(own, r.count);
    r.infos = arena_array(a, struct scorer_info, r.count + JUDGE_SCORERS_MAX + COUNT_OF(pass_scorers));
    memcpy(r.infos, own, r.count * sizeof *own);
    pass_scorers_add(&r, a);
    *out = r;
    return ERR_OK;
}

static void pass_parts(const struct judge_verdict *v, json_t *o)
{
    for (enum judge_part p = 0; p < JUDGE_PARTS; p++)
        json_object_set_new(o, judge_part_name(p), json_integer(v->parts[p]));
    json_object_set_new(o, "said",
                        json_pack("{s:i, s:i, s:i, s:i}", "overall", v->said_overall, "accuracy",
                                  v->said[JUDGE_ACCURACY], "format", v->said[JUDGE_FORMAT], "compliance",
                                  v->said[JUDGE_COMPLIANCE]));
}

static void pass_grades(const struct judge_rubric *rubric, const struct judge_verdict *v, json_t *o)
{
    json_t *list = json_array();

    for (size_t i = 0; i < v->grade_count; i++) {
        const struct judge_criterion *c = &rubric->criteria[i];
        json_t *one = json_pack("{s:f, s:f, s:f}", "grade", v->grades[i], "low", c->low, "high", c->high);

        json_set_str(one, "name", c->name);
        json_set_str(one, "steps", v->steps[i]);
        json_array_append_new(list, one);
    }
    json_object_set_new(o, "criteria", list);
    json_object_set_new(o, "said", json_pack("{s:i}", "overall", v->said_overall));
}

static json_t *pass_detail(const struct judge_rubric *rubric, const struct judge_verdict *v, size_t length)
{
    json_t *o = json_object(), *list = json_array();

    json_object_set_new(o, "overall", json_integer(v->overall));
    if (rubric->criterion_count)
        pass_grades(rubric, v, o);
    else
        pass_parts(v, o);
    json_object_set_new(o, "capped", json_boolean(v->capped));
    if (v->flag.len)
        json_set_str(o, "flagged", v->flag);
    json_set_str(o, "reasoning", v->reasoning);
    for (size_t i = 0; i < v->violation_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "kind", violation_kind_name(v->violations[i].kind), "text",
                                              json_from_str(v->violations[i].text)));
    json_object_set_new(o, "violations", list);
    json_object_set_new(o, "length", json_integer((json_int_t)length));
    return o;
}

enum err_code judge_scores_write(struct str own, size_t own_count, const struct judge_rubric *rubric,
                                 const struct judge_verdict *v, size_t length, struct buf *out, struct err *e)
{
    AUTO_JSON *old = NULL, *row = json_object();
    json_t *values, *notes;
    char place[32];

    if (own.len)
        TRY(json_read(own, &old, e));
    values = json_deep_copy(json_child(old, "v"));
    values = json_is_array(values) ? values : json_array();
    while (json_array_size(values) < own_count)
        json_array_append_new(values, json_null());
    while (json_array_size(values) > own_count)
        json_array_remove(values, json_array_size(values) - 1);
    json_array_append_new(values, v->judged ? json_real(v->overall / 100.0) : json_null());
    for (enum judge_part p = 0; p < JUDGE_PARTS && !rubric->criterion_count; p++)
        json_array_append_new(values, v->judged ? json_real(v->parts[p] / 100.0) : json_null());
    for (size_t i = 0; i < rubric->criterion_count; i++) {
        const struct judge_criterion *c = &rubric->criteria[i];

        json_array_append_new(values,
                              v->judged ? json_real((v->grades[i] - c->low) / (c->high - c->low)) : json_null());
    }
    json_object_set_new(row, "v", values);              /* v, n and p stand where scoring.c looks for them */
    notes = json_is_object(json_child(old, "n")) ? json_deep_copy(json_child(old, "n")) : json_object();
    snprintf(place, sizeof place, "%zu", own_count);
    if (!v->judged)
        json_set_str(notes, place, str_utf8_head(v->why, 400));
    else if (v->flag.len)
        json_set_str(notes, place, v->flag);
    if (json_object_size(notes))
        json_object_set(row, "n", notes);
    json_decref(notes);
    if (v->judged)
        json_object_set_new(row, "j", pass_detail(rubric, v, length));
    if (json_child(old, "p"))
        json_object_set(row, "p", json_child(old, "p"));
    json_write(row, out);
    return buf_failed(out) ? err_set(e, ERR_TOO_LARGE, "the scores of a judged trial do not fit") : ERR_OK;
}

json_t *judge_detail_of(struct str scores)
{
    AUTO_JSON *row = NULL;

    if (!str_contains(scores, S(",\"j\":{")) || json_read(scores, &row, NULL) != ERR_OK)
        return NULL;
    return json_incref(json_child(row, "j"));
}
