/* What is known about a judge, for programs and in words. */
#include "eval/judge_quality.h"

#include <math.h>

static json_t *words_real(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static void words_interval(json_t *o, const struct interval *x)
{
    json_object_set_new(o, "low", x->known ? json_real(x->low) : json_null());
    json_object_set_new(o, "high", x->known ? json_real(x->high) : json_null());
}

static json_t *words_alpha(const struct agreement_alpha *x)
{
    json_t *o = json_object();

    json_object_set_new(o, "trials", json_integer(x->units));
    json_object_set_new(o, "ratings", json_integer(x->ratings));
    json_object_set_new(o, "alpha", words_real(x->alpha));
    words_interval(o, &x->interval);
    return o;
}

static json_t *words_rank(const struct rank_test *t, int64_t n)
{
    json_t *o = json_object();

    json_object_set_new(o, "n", json_integer(n));
    json_object_set_new(o, "rho", t->known ? json_real(t->value) : json_null());
    json_object_set_new(o, "p", t->known ? json_real(t->p) : json_null());
    return o;
}

static json_t *words_people_json(const struct judge_people *p)
{
    static const char *const kinds[] = { "none", "pass or fail", "numbers", "other" };
    json_t *o = json_object(), *kappa;

    json_object_set_new(o, "people", json_integer(p->people));
    json_object_set_new(o, "labels", json_integer(p->labels));
    json_object_set_new(o, "labels_are", json_string(kinds[p->kind]));
    if (p->kind == JUDGE_LABELS_SIDES) {
        kappa = json_object();
        json_object_set_new(kappa, "trials", json_integer(p->kappa.n));
        json_object_set_new(kappa, "agree", words_real(p->kappa.observed));
        json_object_set_new(kappa, "kappa", words_real(p->kappa.kappa));
        words_interval(kappa, &p->kappa.interval);
        json_object_set_new(o, "kappa", kappa);
        json_object_set_new(o, "alpha", words_alpha(&p->alpha));
        json_object_set_new(o, "passes_from_points", json_integer(JUDGE_PASS));
    } else if (p->kind == JUDGE_LABELS_NUMBERS) {
        json_object_set_new(o, "rank_correlation", words_rank(&p->rank, p->ranked));
    }
    return o;
}

static json_t *words_steadiness_json(const struct judge_steadiness *x)
{
    json_t *o = json_object(), *same = json_object(), *apart = json_object();

    json_object_set_new(o, "trials", json_integer(x->trials));
    json_object_set_new(o, "passes", json_integer(x->passes));
    json_object_set_new(same, "share", x->trials ? json_real((double)x->same / (double)x->trials) : json_null());
    words_interval(same, &x->share);
    json_object_set_new(o, "same_verdict", same);
    json_object_set_new(apart, "mean", x->trials ? json_real(x->apart) : json_null());
    words_interval(apart, &x->apart_interval);
    json_object_set_new(o, "points_apart", apart);
    return o;
}

static json_t *words_position_json(const struct judge_position *x)
{
    json_t *o = json_object();

    json_object_set_new(o, "pairs", json_integer(x->pairs));
    json_object_set_new(o, "follows_first_place", json_integer(x->first));
    json_object_set_new(o, "follows_second_place", json_integer(x->second));
    json_object_set_new(o, "share",
                        x->pairs ? json_real((double)(x->first + x->second) / (double)x->pairs) : json_null());
    words_interval(o, &x->interval);
    return o;
}

static json_t *words_panel_json(const struct judge_panel *p)
{
    json_t *o = json_object(), *list = json_array(), *apart = json_object(), *flagged = json_array();

    for (size_t i = 0; i < p->count; i++) {
        const struct judge_other *j = &p->judges[i];
        json_t *one = json_object();

        json_object_set_new(one, "pass", json_integer(j->pass));
        json_set_str(one, "model", j->model);
        json_object_set_new(one, "n", json_integer(j->n));
        json_object_set_new(one, "mean_points", j->n ? json_real(j->mean) : json_null());
        json_array_append_new(list, one);
    }
    json_object_set_new(o, "judges", list);
    json_object_set_new(o, "trials", json_integer(p->trials));
    json_object_set_new(o, "spread_points", p->trials ? json_real(p->spread) : json_null());
    json_object_set_new(apart, "mean", p->trials ? json_real(p->apart) : json_null());
    words_interval(apart, &p->apart_interval);
    json_object_set_new(o, "points_apart", apart);
    json_object_set_new(o, "alpha", words_alpha(&p->alpha));
    json_object_set_new(o, "flagged", json_integer(p->flagged));
    for (size_t i = 0; i < p->listed_count; i++)
        json_array_append_new(flagged, json_integer(p->listed[i]));
    json_object_set_new(o, "first_flagged_trials", flagged);
    return o;
}

json_t *judge_quality_json(const struct judge_quality *q)
{
    json_t *o = json_object(), *length = words_rank(&q->length.test, q->length.n);

    json_object_set_new(o, "people", words_people_json(&q->people));
    json_object_set_new(o, "self_consistency", words_steadiness_json(&q->steadiness));
    json_object_set_new(length, "given_what_was_measured", json_boolean(q->length.given));
    json_object_set_new(length, "settled_by_what_was_measured", json_boolean(q->length.settled));
    json_object_set_new(o, "length_bias", length);
    json_object_set_new(o, "position_bias", words_position_json(&q->position));
    if (q->panel.count > 1)
        json_object_set_new(o, "judges", words_panel_json(&q->panel));
    return o;
}

/* --- in words ----------------------------------------------------------------------------------------------------- */

static struct str words_range(const struct interval *x, struct arena *a)
{
    return x->known ? arena_printf(a, ", 95 %% interval %.2f to %.2f", x->low, x->high) : STR_NONE;
}

static struct str words_range_percent(const struct interval *x, struct arena *a)
{
    return x->known ? arena_printf(a, ", 95 %% interval %.1f to %.1f %%", x->low * 100, x->high * 100) : STR_NONE;
}

static struct str words_p(double p, struct arena *a)
{
    return p < 0.001 ? S("p < 0.001") : arena_printf(a, "p %.3f", p);
}

static struct str words_of_alpha(const struct agreement_alpha *x, struct arena *a)
{
    if (!isfinite(x->alpha))
        return S("alpha is not known: only one verdict was given");
    return arena_printf(a, "Krippendorff's alpha %.2f" STR_FMT, x->alpha, STR_ARG(words_range(&x->interval, a)));
}

static struct str words_people(const struct judge_people *p, struct str run, struct arena *a)
{
    if (p->kind == JUDGE_LABELS_NONE)
        return arena_printf(a, "no labels yet: assay label " STR_FMT, STR_ARG(run));
    if (p->kind == JUDGE_LABELS_OTHER)
        return arena_printf(a, "%lld labels that are neither pass or fail nor numbers: nothing to hold scores against",
                            (long long)p->labels);
    if (p->kind == JUDGE_LABELS_NUMBERS)
        return p->rank.known ? arena_printf(a, "Spearman's rho of points and labels %.2f, " STR_FMT ", n %lld",
                                            p->rank.value, STR_ARG(words_p(p->rank.p, a)), (long long)p->ranked)
                             : arena_printf(a, "%lld labelled trials are too few, or all alike", (long long)p->ranked);
    if (!p->kappa.n)
        return arena_printf(a, "%lld labels, in which people are evenly divided", (long long)p->labels);
    if (!isfinite(p->kappa.kappa))
        return arena_printf(a,
                            "agrees on %.1f %% of %lld labelled trials; kappa is not known: only one verdict was given",
                            p->kappa.observed * 100, (long long)p->kappa.n);
    return arena_printf(a, "agrees on %.1f %% of %lld labelled trials, Cohen's kappa %.2f" STR_FMT "; " STR_FMT
                        " (%lld of %s; pass is %d points)", p->kappa.observed * 100, (long long)p->kappa.n, p->kappa.kappa,
                        STR_ARG(words_range(&p->kappa.interval, a)), STR_ARG(words_of_alpha(&p->alpha, a)),
                        (long long)p->people, p->people == 1 ? "person" : "people", JUDGE_PASS);
}

static struct str words_steadiness(const struct judge_steadiness *x, struct str run, struct arena *a)
{
    if (!x->trials)
        return arena_printf(a, "not measured: assay judge " STR_FMT " --passes 2", STR_ARG(run));
    return arena_printf(a,
                        "same verdict in %.1f %% of %lld trials judged %lld times" STR_FMT
                        "; %.1f points apart" STR_FMT,
                        (double)x->same / (double)x->trials * 100, (long long)x->trials, (long long)x->passes,
                        STR_ARG(words_range_percent(&x->share, a)), x->apart,
                        STR_ARG(words_range(&x->apart_interval, a)));
}

static struct str words_length(const struct judge_length *x, struct arena *a)
{
    const char *verdict;

    if (x->settled)
        return arena_printf(a, "none seen: the points follow what was measured, n %lld", (long long)x->n);
    if (!x->test.known)
        return S("not known: too few trials, or scores or lengths all alike");
    verdict = x->test.p >= 0.05   ? "none seen"
              : x->test.value > 0 ? "longer outputs get more points"
                                  : "longer outputs get fewer points";
    return arena_printf(a, "%s: Spearman's rho %.2f%s, " STR_FMT ", n %lld", verdict, x->test.value,
                        x->given ? " given what was measured" : "", STR_ARG(words_p(x->test.p, a)), (long long)x->n);
}

static struct str words_position(const struct judge_position *x, struct str run, struct arena *a)
{
    if (!x->pairs)
        return arena_printf(a, "not measured: assay judge " STR_FMT " --pairwise", STR_ARG(run));
    return arena_printf(a, "%.1f %% of %lld pairs follow the place (%lld the first, %lld the second)" STR_FMT,
                        (double)(x->first + x->second) / (double)x->pairs * 100, (long long)x->pairs,
                        (long long)x->first, (long long)x->second, STR_ARG(words_range_percent(&x->interval, a)));
}

static struct str words_panel(const struct judge_panel *p, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(16384);

    for (size_t i = 0; i < p->count; i++)
        buf_printf(&b, "%s" STR_FMT " %.1f points", i ? ", " : "", STR_ARG(str_utf8_head(p->judges[i].model, 200)),
                   p->judges[i].mean);
    if (p->trials)
        buf_printf(&b, "; %.1f points apart on %lld trials" STR_FMT ", spread %.1f; " STR_FMT, p->apart,
                   (long long)p->trials, STR_ARG(words_range(&p->apart_interval, a)), p->spread,
                   STR_ARG(words_of_alpha(&p->alpha, a)));
    else
        buf_puts(&b, "; no trial was judged by all of them");
    if (p->flagged)
        buf_printf(&b, "; %lld flagged, more than %d points apart: trial", (long long)p->flagged, JUDGE_APART);
    for (size_t i = 0; i < p->listed_count; i++)
        buf_printf(&b, "%s %lld", i ? "," : "", (long long)p->listed[i]);
    if (p->flagged > (int64_t)p->listed_count)
        buf_puts(&b, " ...");
    return arena_strdup(a, buf_str(&b));
}

size_t judge_quality_lines(const struct judge_quality *q, struct str run, struct arena *a,
                           struct judge_quality_line out[JUDGE_QUALITY_LINES])
{
    size_t n = 0;

    out[n++] = (struct judge_quality_line){ "with people", words_people(&q->people, run, a) };
    out[n++] = (struct judge_quality_line){ "with itself", words_steadiness(&q->steadiness, run, a) };
    out[n++] = (struct judge_quality_line){ "length bias", words_length(&q->length, a) };
    out[n++] = (struct judge_quality_line){ "position bias", words_position(&q->position, run, a) };
    if (q->panel.count > 1)
        out[n++] = (struct judge_quality_line){ "judges", words_panel(&q->panel, a) };
    return n;
}
