/* src/eval/metric/embedding_similarity.c: how near the output is to the expected answer in meaning, as a model of
 * vectors sees it: the cosine of the two texts' vectors, x.y / (|x| |y|); below 0 counts as 0. Of several expected
 * answers the nearest counts. The vectors come from `model`, asked by the runner once the answer is there, in one call
 * for the output and all expected texts; its cost is in the ledger's phase "embedding", not in the trial's. When that
 * call fails the score is missing with its reason, and the answer is kept. An empty output is 0 and asks nobody. */
#include "eval/metric/reference.h"

#include <math.h>

struct embedding { struct str key; struct model model; };

static enum err_code embedding_prepare(const struct metric_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct embedding *m = arena_new(a, struct embedding);
    struct str name = json_get_str(spec->options, "model");

    *state = m;
    if (!name.len)
        return err_set(e, ERR_BAD_INPUT,
                       "embedding_similarity needs a model of vectors: {metric: embedding_similarity, model: "
                       "openai:text-embedding-3-small}");
    TRY(llm_model_resolve(arena_strdup(a, name), a, &m->model, e));
    TRY(llm_model_check_vectors(&m->model, e));
    return reference_key(spec, &m->key, e);
}

static const struct model *embedding_model(const void *state)
{
    return &((const struct embedding *)state)->model;
}

/* The texts to compare; false: *out already is the score. */
static bool embedding_texts(const struct embedding *m, const struct subject *s, struct arena *a, struct reference *r,
                            struct score *out)
{
    if (!reference_of(m->key, s, a, r, out))
        return false;
    for (size_t i = 0; i < r->count; i++)
        if (!r->golds[i].len) {
            *out = score_missing(S("the expected answer is an empty text"));
            return false;
        }
    *out = (struct score){ .state = SCORE_VALUE, .note = S("the output is empty") };
    return r->output.len;
}

static void embedding_wish(const void *state, const struct subject *s, struct subject_wishes *w)
{
    const struct embedding *m = state;
    struct reference r;
    struct score ignored;
    struct subject_wish *out;
    struct str *texts;

    if (!embedding_texts(m, s, w->arena, &r, &ignored) || !(out = subject_wish_add(w, state)))
        return;
    texts = arena_array(w->arena, struct str, r.count + 1);
    texts[0] = r.output;
    memcpy(texts + 1, r.golds, r.count * sizeof *texts);
    out->model = &m->model;
    out->texts = texts;
    out->text_count = r.count + 1;
}

static double embedding_cosine(const struct vector *x, const struct vector *y)
{
    double dot = 0, xx = 0, yy = 0;

    for (size_t i = 0; i < x->count; i++) {
        dot += x->at[i] * y->at[i];
        xx += x->at[i] * x->at[i];
        yy += y->at[i] * y->at[i];
    }
    return xx > 0 && yy > 0 ? CLAMP(dot / sqrt(xx) / sqrt(yy), 0.0, 1.0) : 0;
}

static void embedding_similarity_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    const struct subject_wish *wish = subject_wish_of(s, state);
    struct reference r;
    double best = 0;

    if (!embedding_texts(state, s, a, &r, out))
        return;
    if (!wish || !wish->vectors) {
        *out = score_missing(wish ? wish->why : S("nobody was asked for vectors"));
        return;
    }
    for (size_t i = 1; i < wish->text_count; i++)
        best = MAX(best, embedding_cosine(&wish->vectors[0], &wish->vectors[i]));
    *out = score_of(best);
}

const struct metric metric_embedding_similarity = {
    .name = "embedding_similarity", .label = "embedding similarity", .unit = METRIC_RATIO, .higher_is_better = true,
    .needs_expected = true, .options = REFERENCE_OPTIONS " model", .prepare = embedding_prepare,
    .score = embedding_similarity_score, .wish = embedding_wish, .model = embedding_model,
    .doc = "Cosine of the vectors a model gives the output and the expected answer; needs model.",
};
