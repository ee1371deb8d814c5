#include "eval/corpus.h"

#include <math.h>
#include <stdio.h>

/* A scorer whose trials leave parts, and what they come to for every variant. Scorers over the same labels share the
 * sums of the first of them, the set's owner. */
struct corpus_scorer {
    size_t scorer;
    const struct metric *metric;
    const void *state;
    ptrdiff_t set;                      /* of labels; -1: numbers */
    size_t width;                       /* of a row; 0: nothing to add up */
    double *rows;                       /* [place][block][width] */
    bool *filled;                       /* [place][block]: the row holds something */
    int64_t *trials;                    /* [place]: finished ones in the rows */
    struct corpus_sample *samples;      /* [place], of a quantile */
};
/* Values of a variant: all of them, or past CORPUS_VALUES a fair choice of so many (Vitter 1985, algorithm R). */
struct corpus_sample { double *at; size_t len, cap; int64_t seen, cases, last_case; struct rng rng; };
struct corpus_set { struct map labels; struct corpus_scorer *owner; bool closed, too_many; };
struct corpus {
    struct result *r;
    struct arena *a;
    struct corpus_scorer *scorers;  size_t count;
    struct corpus_set *sets;
    size_t *places;                     /* of a variant's number in r->variants */
    size_t blocks;
    struct score *scores;               /* of the trial at hand, when a quantile needs them */
    bool learning;                      /* the first pass: which labels there are */
};

static void corpus_dispose(struct corpus *c)
{
    if (!c->sets)
        return;
    for (size_t i = 0; i < c->count; i++) {
        free(c->scorers[i].rows);
        free(c->scorers[i].filled);
        for (size_t v = 0; c->scorers[i].samples && v < c->r->variant_count; v++)
            free(c->scorers[i].samples[v].at);
    }
    for (size_t i = 0; i < c->r->class_count; i++)
        map_dispose(&c->sets[i].labels);
}

/* --- which scorers ------------------------------------------------------------------------------------------------ */

static ptrdiff_t corpus_same_labels(const struct corpus *c, const json_t *options)
{
    for (size_t i = 0; i < c->r->class_count; i++) {
        const json_t *theirs = c->r->scorers[c->sets[i].owner->scorer].options;

        if (options == theirs || (options && theirs && json_equal(options, theirs)))
            return (ptrdiff_t)i;
    }
    return -1;
}

static void corpus_add_set(struct corpus *c, struct corpus_scorer *s, const void *state)
{
    struct metric_labels list = s->metric->labels_of(state);
    struct corpus_set *set = &c->sets[c->r->class_count];

    s->set = corpus_same_labels(c, c->r->scorers[s->scorer].options);
    if (s->set >= 0)
        return;
    *set = (struct corpus_set){ .owner = s, .closed = list.count };
    for (size_t i = 0; i < list.count; i++)
        map_put(&set->labels, list.at[i], set);
    c->r->classes[c->r->class_count] = (struct result_classes){ .scorer = s->scorer };
    s->set = (ptrdiff_t)c->r->class_count++;
}

static enum err_code corpus_scorers(struct corpus *c, struct err *e)
{
    struct result *r = c->r;

    c->scorers = arena_array(c->a, struct corpus_scorer, r->scorer_count + 1);
    c->sets = arena_array(c->a, struct corpus_set, r->scorer_count + 1);
    r->classes = arena_array(c->a, struct result_classes, r->scorer_count + 1);
    for (size_t i = 0; i < r->scorer_count; i++) {
        const struct scorer_info *info = &r->scorers[i];
        struct metric_spec spec = { .name = info->name, .kind = info->base, .options = info->options };
        struct corpus_scorer *s = &c->scorers[c->count];
        const struct metric *m = info->kind == SCORER_METRIC ? metric_find(info->base) : NULL;
        void *state;

        if (!m || (!m->labels && !m->parts && !m->quantile))
            continue;
        TRY(metric_prepare(&spec, c->a, &m, &state, e));
        *s = (struct corpus_scorer){ .scorer = i, .metric = m, .state = state, .set = -1, .width = m->parts };
        c->count++;
        if (m->quantile) {
            s->samples = arena_array(c->a, struct corpus_sample, r->variant_count);
            c->scores = c->scores ? c->scores : arena_array(c->a, struct score, r->scorer_count);
        }
        if (m->labels)
            corpus_add_set(c, s, state);
    }
    return ERR_OK;
}

/* --- the passes --------------------------------------------------------------------------------------------------- */

static void corpus_learn(struct corpus_set *set, const json_t *parts)
{
    struct str label = json_to_str(json_array_get(parts, 0));

    if (set->closed || set->too_many || !label.len || map_has(&set->labels, label))
        return;
    set->too_many = map_len(&set->labels) == CLASS_LABELS_MAX;
    if (!set->too_many)
        map_put(&set->labels, label, set);
}

/* A label's number, or label_count for what is none. */
static size_t corpus_label(const struct corpus *c, ptrdiff_t set, struct str label)
{
    const struct str *at = label.len ? map_get(&c->sets[set].labels, label) : NULL;

    return at ? (size_t)(at - c->r->classes[set].labels) : c->r->classes[set].label_count;
}

static void corpus_add_labels(struct corpus *c, const struct corpus_scorer *s, size_t place, const json_t *parts,
                              double *row)
{
    size_t n = c->r->classes[s->set].label_count;
    size_t want = corpus_label(c, s->set, json_to_str(json_array_get(parts, 0))),
           got = corpus_label(c, s->set, json_to_str(json_array_get(parts, 1)));
    struct confusion *x = &c->r->variants[place].confusions[s->set];

    if (want == n)
        return;
    x->n++;
    x->correct += want == got;
    x->counts[want * (n + 1) + got]++;
    row[3 * want]++;
    if (got < n)
        row[3 * got + 1]++;
    row[3 * want + 2] += want == got;
}

/* The row a case's trials of a variant go to. */
static double *corpus_row(struct corpus *c, struct corpus_scorer *s, size_t place, int64_t case_index)
{
    size_t block = (size_t)(case_index % (int64_t)c->blocks) + place * c->blocks;

    s->filled[block] = true;
    return s->rows + block * s->width;
}

static enum err_code corpus_add(struct corpus *c, struct corpus_scorer *s, size_t place, int64_t case_index,
                                const json_t *parts, struct err *e)
{
    double *row = corpus_row(c, s, place, case_index);

    if (s->set < 0 && json_array_size(parts) != s->width)
        return err_set(e, ERR_STORE, "a trial's score of %s has %zu parts, not %zu", s->metric->name,
                       json_array_size(parts), s->width);
    s->trials[place]++;
    if (s->set >= 0)
        corpus_add_labels(c, s, place, parts, row);
    for (size_t i = 0; s->set < 0 && i < s->width; i++)
        row[i] += json_number_value(json_array_get(parts, i));
    return ERR_OK;
}

static void corpus_add_failed(struct corpus *c, struct corpus_scorer *s, size_t place, int64_t case_index,
                              const struct trial *t)
{
    double parts[SCORE_PARTS_MAX], *row;

    if (!s->metric->failed || !s->metric->failed(t, parts))
        return;
    row = corpus_row(c, s, place, case_index);
    for (size_t i = 0; i < s->width; i++)
        row[i] += parts[i];
}

static void corpus_add_value(struct corpus_sample *x, int64_t case_index, double v)
{
    size_t at = x->len;

    if (!x->seen)
        rng_seed(&x->rng, CORPUS_SEED);
    x->cases += !x->seen || case_index != x->last_case;
    x->last_case = case_index;
    x->seen++;
    if (x->len == CORPUS_VALUES) {
        at = (size_t)rng_below(&x->rng, (uint64_t)x->seen);
        if (at >= CORPUS_VALUES)
            return;
    } else if (x->len++ == x->cap) {
        x->cap = x->cap ? 2 * x->cap : 64;
        x->at = xreallocarray(x->at, x->cap, sizeof *x->at);
    }
    x->at[at] = v;
}

static enum err_code corpus_finished(struct corpus *c, const struct store_trial *t, struct trial_place at, size_t place,
                                     struct err *e)
{
    AUTO_JSON *all = NULL;

    TRY(scores_read_parts(t->scores, &all, e));
    if (c->scores && !c->learning)
        TRY(scores_read(t->scores, NULL, c->scores, c->r->scorer_count, e));
    for (size_t i = 0; i < c->count; i++) {
        struct corpus_scorer *s = &c->scorers[i];
        char key[24];
        const json_t *parts;

        if (s->samples && !c->learning && c->scores[s->scorer].state == SCORE_VALUE)
            corpus_add_value(&s->samples[place], at.case_index, c->scores[s->scorer].value);
        snprintf(key, sizeof key, "%zu", s->scorer);
        parts = json_child(all, key);
        if (!parts)
            continue;
        if (c->learning && s->set >= 0)
            corpus_learn(&c->sets[s->set], parts);
        else if (!c->learning && s->rows)
            TRY(corpus_add(c, s, place, at.case_index, parts, e));
    }
    return ERR_OK;
}

static enum err_code corpus_trial(const struct store_trial *t, void *arg, struct err *e)
{
    struct corpus *c = arg;
    struct trial_place at = run_trial_place(c->r->run, t->trial.number);
    size_t place;

    if (at.variant < 0 || (size_t)at.variant >= c->r->variant_count)
        return err_set(e, ERR_STORE, "trial %lld belongs to no variant of its run", (long long)t->trial.number);
    place = c->places[at.variant];
    if (t->trial.state == TRIAL_DONE)
        return corpus_finished(c, t, at, place, e);
    for (size_t i = 0; !c->learning && i < c->count; i++)
        if (c->scorers[i].rows)
            corpus_add_failed(c, &c->scorers[i], place, at.case_index, &t->trial);
    return ERR_OK;
}

static enum err_code corpus_pass(struct corpus *c, struct store *s, struct err *e)
{
    return store_trials_each(s, c->r->run->no, &(struct store_trials_filter){ .variant = -1 }, corpus_trial, c, e);
}

static int corpus_label_cmp(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* The labels are known: sorted, numbered, and every variant gets its empty matrix. */
static void corpus_settle(struct corpus *c, size_t set)
{
    struct result_classes *out = &c->r->classes[set];
    struct corpus_set *in = &c->sets[set];
    struct str *labels = arena_array(c->a, struct str, map_len(&in->labels) + 1), key;
    void *ignored;
    size_t n = 0;

    if (in->too_many)
        out->why = arena_printf(c->a, "more than %d different answers are expected: no confusion matrix; `labels:` names "
                                "the ones that count", CLASS_LABELS_MAX);
    else if (!map_len(&in->labels))
        out->why = S("no trial has an expected label");
    for (size_t i = 0; !out->why.len && map_next(&in->labels, &i, &key, &ignored);)
        labels[n++] = arena_strdup(c->a, key);
    if (n)
        qsort(labels, n, sizeof *labels, corpus_label_cmp);
    for (size_t i = 0; i < n; i++)
        map_put(&in->labels, labels[i], &labels[i]);
    out->labels = labels;
    out->label_count = n;
    in->owner->width = 3 * n;
    for (size_t v = 0; v < c->r->variant_count; v++)
        c->r->variants[v].confusions[set] = (struct confusion){
            .counts = arena_array(c->a, int64_t, n * (n + 1) + 1), .labels = arena_array(c->a, struct class_score, n + 1) };
}

static void corpus_room(struct corpus *c)
{
    size_t width = 1, places = c->r->variant_count;

    for (size_t i = 0; i < c->count; i++)
        width += c->scorers[i].width;
    c->blocks = CLAMP(CORPUS_BYTES / (places * width * sizeof(double)), (size_t)CORPUS_BLOCKS_MIN,
                      (size_t)CORPUS_BLOCKS);
    c->blocks = MAX(MIN(c->blocks, (size_t)c->r->run->cases), (size_t)1);
    for (size_t i = 0; i < c->count; i++) {
        struct corpus_scorer *s = &c->scorers[i];

        if (s->set >= 0 && c->sets[s->set].owner != s)
            continue;
        if (!s->width)
            continue;
        s->rows = xcalloc(places * c->blocks * s->width, sizeof *s->rows);
        s->filled = xcalloc(places * c->blocks, sizeof *s->filled);
        s->trials = arena_array(c->a, int64_t, places);
    }
}

/* --- what they come to -------------------------------------------------------------------------------------------- */

static void corpus_classes(const struct corpus *c, size_t set, struct confusion *x)
{
    size_t n = c->r->classes[set].label_count, shown = 0;
    double chance = 0, total = (double)x->n;

    for (size_t i = 0; i < n; i++) {
        struct class_score *l = &x->labels[i];

        l->correct = x->counts[i * (n + 1) + i];
        for (size_t k = 0; k <= n; k++)
            l->support += x->counts[i * (n + 1) + k];
        for (size_t k = 0; k < n; k++)
            l->given += x->counts[k * (n + 1) + i];
        l->precision = l->given ? (double)l->correct / (double)l->given : 0;
        l->recall = l->support ? (double)l->correct / (double)l->support : 0;
        l->f1 = l->support + l->given ? 2 * (double)l->correct / (double)(l->support + l->given) : 0;
        if (!l->support && !l->given)
            continue;
        shown++;
        x->macro_precision += l->precision;
        x->macro_recall += l->recall;
        x->weighted_f1 += l->f1 * (double)l->support;
        chance += (double)l->support / total * ((double)l->given / total);
    }
    if (shown) {
        x->macro_precision /= (double)shown;
        x->macro_recall /= (double)shown;
        x->weighted_f1 /= total;
    }
    x->kappa = x->n && chance < 1 ? ((double)x->correct / total - chance) / (1 - chance) : NAN;
}

/* The rows that hold something, next to each other; their count. */
static size_t corpus_gather(const struct corpus *c, const struct corpus_scorer *s, size_t place, double *out)
{
    size_t n = 0;

    for (size_t b = place * c->blocks; b < (place + 1) * c->blocks; b++)
        if (s->filled[b])
            memcpy(out + n++ * s->width, s->rows + b * s->width, s->width * sizeof *out);
    return n;
}

static struct estimate corpus_estimate(const struct corpus *c, const struct corpus_scorer *s, stats_fold *fold,
                                       size_t place, double *rows)
{
    struct estimate x = { .n = s->trials[place] };
    size_t n = corpus_gather(c, s, place, rows);
    double *sums = xcalloc(s->width, sizeof *sums);

    for (size_t i = 0; i < n * s->width; i++)
        sums[i % s->width] += rows[i];
    x.value = x.n ? fold(sums, s->width) : NAN;
    free(sums);
    if (!isfinite(x.value))
        x.value = x.n = 0;
    else
        x.interval = stats_bootstrap(rows, n, s->width, fold, RESULT_LEVEL);
    if (x.interval.known)
        x.method = ESTIMATE_BOOTSTRAP;
    x.missing = c->r->variants[place].sum->done - x.n;
    return x;
}

/* With repetitions a case counts once for how wide the interval is, whatever its trials gave: never too narrow. */
static struct estimate corpus_quantile(const struct corpus *c, const struct corpus_scorer *s, size_t place)
{
    const struct corpus_sample *x = &s->samples[place];
    struct estimate out = { .n = x->seen, .missing = c->r->variants[place].sum->done - x->seen };
    double q = s->metric->quantile(s->state);

    if (!x->len)
        return out;
    qsort(x->at, x->len, sizeof *x->at, stats_double_cmp);
    out.value = stats_quantile_sorted(x->at, x->len, q);
    out.interval = stats_quantile_interval(q, MIN(x->cases, (int64_t)x->len), RESULT_LEVEL);
    if (!out.interval.known)
        return out;
    out.interval.low = stats_quantile_sorted(x->at, x->len, out.interval.low);
    out.interval.high = stats_quantile_sorted(x->at, x->len, out.interval.high);
    out.method = ESTIMATE_ORDER;
    return out;
}

static double corpus_accuracy(const double *sums, size_t count)
{
    double support = 0, correct = 0;

    for (size_t i = 0; i + 3 <= count; i += 3) {
        support += sums[i];
        correct += sums[i + 2];
    }
    return support > 0 ? correct / support : NAN;
}

static void corpus_values(struct corpus *c, double *rows)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct corpus_scorer *s = &c->scorers[i], *owner = s->set >= 0 ? c->sets[s->set].owner : s;

        for (size_t v = 0; s->samples && v < c->r->variant_count; v++)
            c->r->variants[v].scores[s->scorer] = corpus_quantile(c, s, v);
        for (size_t v = 0; s->metric->corpus && v < c->r->variant_count; v++) {
            struct estimate *x = &c->r->variants[v].scores[s->scorer];

            if (owner->rows)
                *x = corpus_estimate(c, owner, s->metric->corpus, v, rows);
            else
                *x = (struct estimate){ .missing = c->r->variants[v].sum->done };
        }
    }
    for (size_t i = 0; i < c->r->class_count; i++)
        for (size_t v = 0; c->sets[i].owner->rows && v < c->r->variant_count; v++) {
            struct confusion *x = &c->r->variants[v].confusions[i];

            corpus_classes(c, i, x);
            x->macro_f1 = corpus_estimate(c, c->sets[i].owner, metric_find(S("macro_f1"))->corpus, v, rows);
            x->accuracy = corpus_estimate(c, c->sets[i].owner, corpus_accuracy, v, rows);
            if (c->r->run->repeat == 1 && x->n) {
                x->accuracy.interval = stats_wilson(x->correct, x->n, RESULT_LEVEL);
                x->accuracy.method = ESTIMATE_WILSON;
            }
        }
}

enum err_code corpus_load(struct result *r, struct store *s, struct arena *a, struct err *e)
{
    struct corpus c = { .r = r, .a = a };
    enum err_code code = corpus_scorers(&c, e);
    AUTO(freep) double *rows = NULL;
    bool learn = false;
    size_t width = 1;

    if (code != ERR_OK || !c.count || !r->variant_count) {
        corpus_dispose(&c);
        r->class_count = 0;
        return code;
    }
    c.places = arena_array(a, size_t, r->variant_count);
    for (size_t v = 0; v < r->variant_count; v++) {
        c.places[r->variants[v].no] = v;
        r->variants[v].confusions = arena_array(a, struct confusion, r->class_count + 1);
    }
    for (size_t i = 0; i < r->class_count; i++)
        learn |= !c.sets[i].closed;
    c.learning = true;
    if (learn)
        code = corpus_pass(&c, s, e);
    c.learning = false;
    for (size_t i = 0; i < r->class_count; i++)
        corpus_settle(&c, i);
    corpus_room(&c);
    if (code == ERR_OK)
        code = corpus_pass(&c, s, e);
    for (size_t i = 0; i < c.count; i++)
        width = MAX(width, c.scorers[i].width);
    rows = xcalloc(c.blocks * width, sizeof *rows);
    if (code == ERR_OK)
        corpus_values(&c, rows);
    corpus_dispose(&c);
    return code;
}
