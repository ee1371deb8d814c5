#include "eval/scoring.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "eval/constraints.h"

#define SCORING_ROW_MAX (8u << 20)      /* bytes of a trial's scores */

static const struct str scores_parts_mark = { ",\"p\":{", 6 };        /* inside a JSON string its quotes would be escaped */

struct scoring_metric { const struct metric *metric; void *state; };
struct scoring_constraint { struct str key; const json_t *value; };

/* Scorers stand in this order: metrics, the task's checks, constraints as checks. */
struct scoring {
    struct arena *arena;
    const struct task *task;
    struct scorer_info *infos;
    struct scoring_metric *metrics;         size_t metric_count;
    struct check_ready *checks;             size_t check_count;
    struct scoring_constraint *constraints; size_t constraint_count;
    double *weights;                        /* of checks and constraints */
    size_t count;
    size_t wishing;                     /* metrics and checks that ask models or programs */
};

static const char *const scoring_ranking[] = {
    "accuracy", "code_passes", "tests_passed", "classification", "f1", "macro_f1", "exact_match", "answer_match", "normalized_match",
    "numeric_match", "completeness", "chrf", "bleu", "rouge_l", "rouge_1", "rouge_2", "edit_similarity", "embedding_similarity", "scorer",
    "judge", "instruction_following", "checks_passed", "imported",
};

static bool scoring_has_name(const struct scoring *sc, struct str name)
{
    for (size_t i = 0; i < sc->count; i++)
        if (str_eq(sc->infos[i].name, name))
            return true;
    return false;
}

static enum err_code scoring_add(struct scoring *sc, struct scorer_info info, struct err *e)
{
    if (sc->count == SCORERS_MAX)
        return err_set(e, ERR_TOO_LARGE, "a task may have at most %d checks and metrics together", SCORERS_MAX);
    if (scoring_has_name(sc, info.name))
        return err_set(e, ERR_BAD_INPUT, "two checks or metrics are called \"" STR_FMT "\"", STR_ARG(info.name));
    sc->infos[sc->count++] = info;
    return ERR_OK;
}

static enum err_code scoring_add_metric(struct scoring *sc, const struct metric_spec *spec, struct err *e)
{
    struct scoring_metric *m = &sc->metrics[sc->metric_count];

    if (metric_prepare(spec, sc->arena, &m->metric, &m->state, e) != ERR_OK)
        return err_prefix(e, "metric \"" STR_FMT "\"", STR_ARG(spec->name));
    sc->metric_count++;
    sc->wishing += m->metric->wish != NULL;
    return scoring_add(sc, (struct scorer_info){
        .name = arena_strdup(sc->arena, spec->name), .base = str_c(m->metric->name), .kind = SCORER_METRIC,
        .unit = metric_unit_of(m->metric, m->state), .higher_is_better = metric_better_of(m->metric, m->state),
        .over_repeats = m->metric->over_repeats,
        .options = metric_is_read_later(m->metric) ? spec->options : NULL, .weight = 1 }, e);
}

static enum err_code scoring_add_metrics(struct scoring *sc, struct err *e)
{
    const struct metric_spec checks_passed = { .name = S("checks_passed"), .kind = S("checks_passed") };
    const struct task *t = sc->task;

    for (size_t i = 0; i < t->metric_count; i++)
        TRY(scoring_add_metric(sc, &t->metrics[i], e));
    for (size_t i = 0; i < sc->count; i++)
        sc->infos[i].ranks = t->rank_by.len && str_eq(sc->infos[i].name, t->rank_by);
    if (scoring_quality(sc->infos, sc->count) < 0 && (t->check_count || json_object_size(t->constraints)) &&
        !scoring_has_name(sc, checks_passed.name))
        TRY(scoring_add_metric(sc, &checks_passed, e));
    return ERR_OK;
}

static enum err_code scoring_add_checks(struct scoring *sc, struct err *e)
{
    const struct task *t = sc->task;

    for (size_t i = 0; i < t->check_count; i++) {
        const struct check_spec *spec = &t->checks[i];

        if (check_prepare(spec, sc->arena, &sc->checks[i], e) != ERR_OK)
            return err_prefix(e, "check \"" STR_FMT "\"", STR_ARG(spec->name));
        sc->weights[i] = spec->weight;
        sc->wishing += sc->checks[i].check->wish != NULL;
        TRY(scoring_add(sc, (struct scorer_info){
            .name = arena_strdup(sc->arena, spec->name), .base = str_c(sc->checks[i].check->name), .kind = SCORER_CHECK,
            .higher_is_better = true, .severity = spec->severity, .weight = spec->weight }, e));
        sc->check_count++;
    }
    return ERR_OK;
}

static enum err_code scoring_add_constraints(struct scoring *sc, struct err *e)
{
    json_t *all = (json_t *)sc->task->constraints;

    for (void *it = json_is_object(all) ? json_object_iter(all) : NULL; it; it = json_object_iter_next(all, it)) {
        struct str key = str_c(json_object_iter_key(it));
        struct str name = key;

        if (!constraint_known(key))
            continue;
        if (scoring_has_name(sc, name))
            name = arena_printf(sc->arena, "constraint_" STR_FMT, STR_ARG(key));
        sc->constraints[sc->constraint_count] = (struct scoring_constraint){ key, json_object_iter_value(it) };
        sc->weights[sc->check_count + sc->constraint_count++] = 1;
        TRY(scoring_add(sc, (struct scorer_info){ .name = arena_strdup(sc->arena, name), .base = S("constraint"),
            .kind = SCORER_CHECK, .higher_is_better = true, .severity = SEVERITY_WARNING, .weight = 1 }, e));
    }
    return ERR_OK;
}

enum err_code scoring_new(const struct task *task, struct scoring **out, struct err *e)
{
    AUTO(scoring_freep) struct scoring *sc = xcalloc(1, sizeof *sc);
    size_t rules = task->check_count + json_object_size(task->constraints);

    sc->arena = arena_new_sized(4096);
    sc->task = task;
    if (rules + task->metric_count >= SCORERS_MAX)
        return err_set(e, ERR_TOO_LARGE, "a task may have at most %d checks and metrics together", SCORERS_MAX - 1);
    sc->infos = arena_array(sc->arena, struct scorer_info, SCORERS_MAX);
    sc->metrics = arena_array(sc->arena, struct scoring_metric, task->metric_count + 1);
    sc->checks = arena_array(sc->arena, struct check_ready, task->check_count + 1);
    sc->constraints = arena_array(sc->arena, struct scoring_constraint, rules + 1);
    sc->weights = arena_array(sc->arena, double, rules + 1);
    TRY(scoring_add_metrics(sc, e));
    TRY(scoring_add_checks(sc, e));
    TRY(scoring_add_constraints(sc, e));
    *out = TAKE(sc);
    return ERR_OK;
}

bool scoring_reads_cases(const struct task *task)
{
    for (size_t i = 0; i < task->check_count; i++)
        if (check_case_variable(&task->checks[i]).len)
            return true;
    return false;
}

enum err_code scoring_case_verify(const struct task *task, const struct dataset_case *kase, struct err *e)
{
    for (size_t i = 0; i < task->check_count; i++) {
        struct str name = check_case_variable(&task->checks[i]);
        const json_t *checks = name.len && json_is_object(kase->vars) ? json_object_getn(kase->vars, name.at, name.len)
                                                                      : NULL;

        if (checks && !json_is_null(checks) && check_case_verify(checks, e) != ERR_OK)
            return err_prefix(e, "case " STR_FMT ": " STR_FMT, STR_ARG(kase->id), STR_ARG(name));
    }
    return ERR_OK;
}

void scoring_free(struct scoring *sc)
{
    if (!sc)
        return;
    arena_free(sc->arena);
    free(sc);
}

void scoring_freep(struct scoring **sc)
{
    scoring_free(*sc);
    *sc = NULL;
}

size_t scoring_count(const struct scoring *sc)
{
    return sc->count;
}

const struct scorer_info *scoring_at(const struct scoring *sc, size_t i)
{
    ASSERT(i < sc->count);
    return &sc->infos[i];
}

const struct scorer_info *scoring_infos(const struct scoring *sc)
{
    return sc->infos;
}

static void scoring_wait(struct score *out)
{
    *out = (struct score){ .note = S("it waits for the other variants' answers"), .kept = out->kept, .waits = true };
}

/* A check that compares, and cannot yet. */
static bool scoring_waits(const struct check_ready *c, const struct subject *s, struct arena *a, struct score *out)
{
    if (!c->check->compares || s->rivals || !c->check->compares(c->state, s->kase))
        return false;
    out->kept = c->check->kept ? c->check->kept(c->state, s, a) : NULL;
    scoring_wait(out);
    return true;
}

static bool scoring_follows(const struct metric *m)
{
    return m->over_checks || m->compares;
}

void scoring_run(const struct scoring *sc, const struct subject *subject, struct arena *a, struct score *out)
{
    struct subject s = *subject;
    bool waits = false;
    struct score *checks = out + sc->metric_count, *constraints = checks + sc->check_count;

    if (s.failed) {
        for (size_t i = 0; i < sc->count; i++)
            out[i] = score_missing(STR_NONE);
        return;
    }
    s.task = sc->task;
    subject_begin(&s, a);
    for (size_t i = 0; i < sc->check_count; i++) {
        check_judge(&sc->checks[i], &s, a, &checks[i]);
        waits |= scoring_waits(&sc->checks[i], &s, a, &checks[i]);
    }
    for (size_t i = 0; i < sc->constraint_count; i++) {
        struct constraint_result r;

        constraint_judge(sc->constraints[i].key, sc->constraints[i].value, &s, a, &r);
        constraints[i] = (struct score){ .state = SCORE_VALUE, .value = r.violations == 0, .note = r.why };
    }
    subject_set_checks(&s, (struct subject_checks){ checks, sc->weights, sc->check_count + sc->constraint_count });
    for (size_t i = 0; i < sc->metric_count; i++) {
        metric_score(sc->metrics[i].metric, sc->metrics[i].state, &s, a, &out[i]);
        if (waits && scoring_follows(sc->metrics[i].metric))
            scoring_wait(&out[i]);
    }
}

/* --- scores that wait --------------------------------------------------------------------------------------------- */

bool scoring_compares(const struct scoring *sc, const struct dataset_case *kase)
{
    for (size_t i = 0; i < sc->check_count; i++)
        if (sc->checks[i].check->compares && sc->checks[i].check->compares(sc->checks[i].state, kase))
            return true;
    return false;
}

bool scores_wait(struct str text)
{
    AUTO_JSON *row = NULL;

    return str_contains(text, S(",\"w\":1")) && json_read(text, &row, NULL) == ERR_OK && json_child(row, "w");
}

size_t scoring_compare_wishes(const struct scoring *sc, const struct subject *all, size_t count, struct arena *a,
                              struct subject_wish **out)
{
    struct subject_wishes wishes = { .arena = a };

    for (size_t i = 0; i < sc->check_count; i++)
        if (sc->checks[i].check->compare_wish)
            sc->checks[i].check->compare_wish(sc->checks[i].state, all, count, &wishes);
    *out = wishes.at;
    return wishes.count;
}

const json_t *scoring_kept(const struct scoring *sc, struct str text, struct arena *a)
{
    for (size_t i = 0; i < sc->check_count; i++) {
        json_t *kept = NULL;

        if (sc->checks[i].check->kept && scores_read_kept(text, sc->metric_count + i, &kept, NULL) == ERR_OK && kept)
            return json_in_arena(kept, a);
    }
    return NULL;
}

/* The row anew, with what a row holds beside values and notes. */
static enum err_code scoring_row(const struct score *scores, size_t count, struct str before, struct arena *a,
                                 struct str *row, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(SCORING_ROW_MAX);
    ptrdiff_t parts = str_find(before, scores_parts_mark);

    scores_write(scores, count, &text);
    if (parts >= 0) {
        buf_truncate(&text, text.len - 1);
        buf_append(&text, str_from(before, (size_t)parts));
    }
    if (buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, "the scores of a trial take more than %d bytes", (int)SCORING_ROW_MAX);
    *row = arena_strdup(a, buf_str(&text));
    return ERR_OK;
}

enum err_code scoring_settle(const struct scoring *sc, const struct subject *all, size_t count, size_t place,
                             struct str text, struct arena *a, struct score *out, struct str *row, struct err *e)
{
    struct score *checks = out + sc->metric_count;
    struct subject s = all[place];
    json_t *old;

    TRY(scores_read(text, a, out, sc->count, e));
    TRY(json_read(text, &old, e));
    json_in_arena(old, a);
    for (size_t i = 0; i < sc->count; i++) {
        char key[24];

        snprintf(key, sizeof key, "%zu", i);
        out[i].kept = JSON_AT(old, "k", key);
    }
    s.task = sc->task;
    s.rivals = all;
    s.rival_count = count;
    s.place = place;
    subject_begin(&s, a);
    for (size_t i = 0; i < sc->check_count; i++)
        if (sc->checks[i].check->compares && sc->checks[i].check->compares(sc->checks[i].state, s.kase)) {
            s.kept = checks[i].kept;
            check_judge(&sc->checks[i], &s, a, &checks[i]);
            checks[i].kept = sc->checks[i].check->kept ? sc->checks[i].check->kept(sc->checks[i].state, &s, a) : NULL;
        }
    subject_set_checks(&s, (struct subject_checks){ checks, sc->weights, sc->check_count + sc->constraint_count });
    for (size_t i = 0; i < sc->metric_count; i++)
        if (scoring_follows(sc->metrics[i].metric))
            metric_score(sc->metrics[i].metric, sc->metrics[i].state, &s, a, &out[i]);
    return scoring_row(out, sc->count, text, a, row, e);
}

void scoring_wishes(const struct scoring *sc, const struct subject *subject, struct subject_wishes *w)
{
    struct subject s = *subject;

    w->more = false;
    if (!sc->wishing || s.failed || w->rounds == SCORING_ROUNDS)
        return;
    s.task = sc->task;
    subject_begin(&s, w->arena);
    for (size_t i = 0; i < sc->metric_count; i++) {
        const struct scoring_metric *m = &sc->metrics[i];

        if (m->metric->wish && (subject_expected(&s) || !m->metric->needs_expected))
            m->metric->wish(m->state, &s, w);
    }
    for (size_t i = 0; i < sc->check_count; i++)
        if (sc->checks[i].check->wish)
            sc->checks[i].check->wish(sc->checks[i].state, &s, w);
    w->more = w->more && ++w->rounds < SCORING_ROUNDS;
}

size_t scoring_check_count(const struct scoring *sc)
{
    return sc->check_count;
}

const struct check_ready *scoring_check(const struct scoring *sc, size_t i)
{
    ASSERT(i < sc->check_count);
    return &sc->checks[i];
}

const struct evaluator *scoring_program(const struct scoring *sc, size_t n)
{
    for (size_t i = 0; i < sc->metric_count; i++) {
        const struct scoring_metric *m = &sc->metrics[i];

        for (size_t k = 0; m->metric->program && m->metric->program(m->state, k); k++)
            if (n-- == 0)
                return m->metric->program(m->state, k);
    }
    for (size_t i = 0; i < sc->check_count; i++) {
        const struct check_ready *c = &sc->checks[i];

        for (size_t k = 0; c->check->program && c->check->program(c->state, k); k++)
            if (n-- == 0)
                return c->check->program(c->state, k);
    }
    return NULL;
}

ptrdiff_t scoring_quality(const struct scorer_info *infos, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (infos[i].ranks)
            return (ptrdiff_t)i;
    for (size_t k = 0; k < COUNT_OF(scoring_ranking); k++)
        for (size_t i = 0; i < count; i++)
            if (infos[i].kind == SCORER_METRIC && str_is(infos[i].base, scoring_ranking[k]))
                return (ptrdiff_t)i;
    return -1;
}

void scores_violations(const struct scorer_info *infos, const struct score *scores, size_t count, int64_t *violations,
                       int64_t *critical)
{
    *violations = *critical = 0;
    for (size_t i = 0; i < count; i++)
        if (infos[i].kind == SCORER_CHECK && scores[i].state == SCORE_VALUE && scores[i].value == 0) {
            ++*violations;
            *critical += infos[i].severity == SEVERITY_CRITICAL;
        }
}

/* The shortest decimal that reads back as the same double. */
static void scores_write_number(double v, struct buf *out)
{
    char text[40];

    if (v == floor(v) && fabs(v) < 1e15) {
        int64_t n = (int64_t)v;

        if (n >= 0 && n <= 9)
            buf_byte(out, (char)('0' + n));
        else
            buf_printf(out, "%" PRId64, n);
        return;
    }
    for (int digits = 6; digits <= 17; digits += digits == 6 ? 9 : 1) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    buf_puts(out, text);
}

static void scores_write_parts(const struct score *scores, size_t count, struct buf *out)
{
    bool some = false;

    for (size_t i = 0; i < count; i++) {
        const struct score_parts *p = scores[i].parts;

        if (!p)
            continue;
        buf_printf(out, "%s\"%zu\":[", some ? "," : ",\"p\":{", i);
        some = true;
        for (size_t k = 0; k < p->count; k++) {
            buf_puts(out, k ? "," : "");
            scores_write_number(p->sums[k], out);
        }
        if (p->expected.len)
            json_write_str(p->expected, out);
        if (p->expected.len && p->got.len) {
            buf_byte(out, ',');
            json_write_str(p->got, out);
        }
        buf_byte(out, ']');
    }
    buf_puts(out, some ? "}" : "");
}

static void scores_write_kept(const struct score *scores, size_t count, struct buf *out)
{
    bool some = false;

    for (size_t i = 0; i < count; i++) {
        if (!scores[i].kept)
            continue;
        buf_printf(out, "%s\"%zu\":", some ? "," : ",\"k\":{", i);
        json_write(scores[i].kept, out);
        some = true;
    }
    buf_puts(out, some ? "}" : "");
}

void scores_write(const struct score *scores, size_t count, struct buf *out)
{
    bool noted = false, waits = false;

    buf_puts(out, "{\"v\":[");
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_byte(out, ',');
        if (scores[i].state == SCORE_VALUE)
            scores_write_number(scores[i].value, out);
        else
            buf_puts(out, "null");
    }
    buf_byte(out, ']');
    for (size_t i = 0; i < count; i++) {
        struct str note = str_utf8_head(scores[i].note, 400);
        AUTO_JSON *clean = NULL;

        if (!note.len)
            continue;
        if (!str_is_utf8(note))
            note = json_to_str(clean = json_from_str(note));
        buf_printf(out, "%s\"%zu\":", noted ? "," : ",\"n\":{", i);
        json_write_str(note, out);
        noted = true;
    }
    buf_puts(out, noted ? "}" : "");
    for (size_t i = 0; i < count; i++)
        waits |= scores[i].waits;
    buf_puts(out, waits ? ",\"w\":1" : "");
    scores_write_kept(scores, count, out);
    scores_write_parts(scores, count, out);
    buf_byte(out, '}');
}

static enum err_code scores_bad(struct err *e)
{
    return err_set(e, ERR_STORE, "the scores of a trial can't be read: they are not what this program writes");
}

static enum err_code scores_read_notes(struct str text, struct arena *a, struct score *out, size_t count, struct err *e)
{
    AUTO_JSON *doc = NULL;
    json_t *notes;

    TRY(json_read(text, &doc, e));
    notes = json_child(doc, "n");
    for (void *it = json_is_object(notes) ? json_object_iter(notes) : NULL; it; it = json_object_iter_next(notes, it)) {
        int64_t i;

        if (str_to_i64(str_c(json_object_iter_key(it)), &i) && i >= 0 && (size_t)i < count)
            out[i].note = arena_strdup(a, json_to_str(json_object_iter_value(it)));
    }
    return ERR_OK;
}

enum err_code scores_read(struct str text, struct arena *a, struct score *out, size_t count, struct err *e)
{
    struct str rest = text, list, one;
    ptrdiff_t end;
    size_t i = 0;

    for (size_t k = 0; k < count; k++)
        out[k] = score_missing(STR_NONE);
    if (!str_starts(rest, S("{\"v\":[")))
        return text.len ? scores_bad(e) : ERR_OK;
    rest = str_from(rest, 6);
    end = str_find_byte(rest, ']');
    if (end < 0)
        return scores_bad(e);
    list = str_sub(rest, 0, (size_t)end);
    for (; list.len && str_split(&list, ',', &one); i++) {
        double v;

        if (i >= count || str_is(one, "null"))
            continue;
        if (one.len == 1 && one.at[0] >= '0' && one.at[0] <= '9')
            v = one.at[0] - '0';
        else if (!str_to_double(one, &v))
            return scores_bad(e);
        out[i] = score_of(v);
    }
    if (a && str_starts(str_from(rest, (size_t)end), S("],\"n\"")))
        TRY(scores_read_notes(text, a, out, count, e));
    return ERR_OK;
}

enum err_code scores_read_parts(struct str text, json_t **out, struct err *e)
{
    ptrdiff_t at = str_find(text, scores_parts_mark);

    *out = NULL;
    if (at < 0)
        return ERR_OK;
    if (!str_ends(text, S("}}")))
        return scores_bad(e);
    return json_read(str_sub(text, (size_t)at + 5, text.len - (size_t)at - 6), out, e);
}

enum err_code scores_read_kept(struct str text, size_t place, json_t **out, struct err *e)
{
    AUTO_JSON *doc = NULL;
    char key[24];

    *out = NULL;
    if (!str_contains(text, S(",\"k\":{")))
        return ERR_OK;
    TRY(json_read(text, &doc, e));
    snprintf(key, sizeof key, "%zu", place);
    *out = json_incref(JSON_AT(doc, "k", key));
    return ERR_OK;
}

bool scores_read_judged(struct str text, const struct scorer_info *infos, size_t count, struct arena *a,
                        struct str *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct metric *m = infos[i].kind == SCORER_METRIC ? metric_find(infos[i].base) : NULL;
        json_t *kept;

        if (m && m->judged && scores_read_kept(text, i, &kept, NULL) == ERR_OK && kept)
            return m->judged(json_in_arena(kept, a), a, out);
    }
    return false;
}

enum err_code scores_to_json(struct str text, const struct scorer_info *infos, size_t count, struct arena *a,
                             json_t **values, json_t **notes, struct err *e)
{
    struct score *scores = arena_array(a, struct score, count + 1);

    TRY(scores_read(text, a, scores, count, e));
    *values = json_object();
    *notes = json_object();
    for (size_t i = 0; i < count; i++) {
        struct str name = infos[i].name;

        json_object_setn_new(*values, name.at, name.len,
                             scores[i].state == SCORE_VALUE ? json_real(scores[i].value) : json_null());
        if (scores[i].note.len)
            json_object_setn_new(*notes, name.at, name.len, json_from_str(scores[i].note));
    }
    return ERR_OK;
}

/* Without the words that say which metric it is and how it is called. */
static json_t *scorer_options_to_json(const json_t *options)
{
    json_t *o = json_deep_copy(options);

    json_object_del(o, "name");
    json_object_del(o, "metric");
    json_object_del(o, "kind");
    return o;
}

json_t *scorers_to_json(const struct scorer_info *infos, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        const struct scorer_info *s = &infos[i];
        json_t *o = json_object();

        json_set_str(o, "name", s->name);
        json_set_str(o, "base", s->base);
        json_object_set_new(o, "kind", json_string(s->kind == SCORER_CHECK ? "check" : "metric"));
        json_object_set_new(o, "higher_is_better", json_boolean(s->higher_is_better));
        if (s->kind == SCORER_CHECK) {
            json_object_set_new(o, "severity", json_string(severity_name(s->severity)));
            json_object_set_new(o, "weight", json_real(s->weight));
        } else {
            json_object_set_new(o, "unit", json_string(metric_unit_name(s->unit)));
            if (s->ranks)
                json_object_set_new(o, "ranks", json_true());
            if (s->over_repeats)
                json_object_set_new(o, "over_repeats", json_true());
            if (json_object_size(s->options))
                json_object_set_new(o, "options", scorer_options_to_json(s->options));
        }
        json_array_append_new(list, o);
    }
    return list;
}

enum err_code scorers_from_json(const json_t *list, struct arena *a, struct scorer_info **infos, size_t *count,
                                struct err *e)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n > SCORERS_MAX)
        return err_set(e, ERR_STORE, "the run's settings hold no usable list of scorers");
    *infos = arena_array(a, struct scorer_info, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(list, i);
        struct scorer_info *s = &(*infos)[i];

        s->name = arena_strdup(a, json_get_str(o, "name"));
        s->base = arena_strdup(a, json_get_str(o, "base"));
        s->kind = str_is(json_get_str(o, "kind"), "check") ? SCORER_CHECK : SCORER_METRIC;
        s->unit = metric_unit_from(json_get_str(o, "unit"));
        s->higher_is_better = json_get_bool(o, "higher_is_better", true);
        s->over_repeats = json_get_bool(o, "over_repeats", false);
        s->ranks = json_get_bool(o, "ranks", false);
        s->options = json_child(o, "options") ? json_in_arena(json_deep_copy(json_child(o, "options")), a) : NULL;
        s->severity = SEVERITY_WARNING;
        if (!severity_from(json_get_str(o, "severity"), &s->severity) && s->kind == SCORER_CHECK)
            return err_set(e, ERR_STORE, "the run's settings name a check of unknown severity");
        s->weight = json_get_double(o, "weight", 1);
    }
    *count = n;
    return ERR_OK;
}
