/* What a grader's reply comes to: read as promptfoo reads it, so that the same reply is the same verdict.
 *
 *   llm-rubric   the first object: pass (nothing: true; else true, "true", "yes", "pass", "y"), score (nothing: 1 or 0
 * as
 *                it passed); with a threshold the score must reach it too. Turned round: 1 - score, within 0 and 1
 *   closed-qa    ends in Y; score 1 or 0
 *   factuality   the first object's category, else the first "(a)" or "a)" of a..e; its score is 1, of D 0, or as
 *                options.factuality says (subset, superset, agree, disagree, differButFactual); it passes above 0
 *   g-eval       one line {"steps": [text]}; then one line {"score": 0..10, "reason": text}; score / 10 reaches 0.7. Of
 *                several criteria the mean does
 *   select-best  the first number in it is the column chosen, from 0; none, or one there is not: nobody passes
 *   answer-relevance   three replies, each a question; the mean of their cosines to what was asked reaches 0, or the
 *                threshold; the three about a context: rag.c
 *   similar      cosine or dot product reach 0.75, or distance is at most that; the score of a distance is 1 / (1 +
 * it).
 *                Of several texts the first that is near enough counts, else the nearest; turned round all must be far
 * promptfoo turns closed-qa, factuality and answer-relevance round for nobody, and neither does this. A reply that
 * can't be read fails, turned round or not; a call that failed leaves the assertion not evaluated. */
#include "eval/promptfoo/graded.h"

#include <float.h>
#include <math.h>

#include "eval/judge.h"

#define GRADES_OBJECT_MAX  100000       /* bytes of a reply's object */
#define GRADES_TRIES_MAX   64
#define GRADES_REASON_MAX  500

/* --- objects in a reply ------------------------------------------------------------------------------------------- */

/* JSON, or what YAML takes for a map on one line: keys without quotes, trailing commas. */
static const json_t *grades_map(struct str text, struct arena *a)
{
    struct doc_node *tree;
    struct err e = ERR_INIT;
    json_t *j;

    if (json_read(text, &j, &e) == ERR_OK)
        return json_in_arena(j, a);
    if (str_contains(text, S("&")) || str_contains(text, S("*")))
        return NULL;                                    /* anchors: nothing may stand for much more than it is */
    if (doc_read(S("reply"), text, DOC_YAML, a, &tree, &e) != ERR_OK || tree->kind != DOC_MAP)
        return NULL;
    return json_in_arena(doc_to_json(tree), a);
}

/* The first map between braces that match, or that would with more of them at the end; NULL: there is none. */
static const json_t *grades_object(struct str reply, struct arena *a)
{
    int tries = 0;

    for (size_t i = 0; i < reply.len && tries < GRADES_TRIES_MAX; i++) {
        size_t end = MIN(reply.len, i + GRADES_OBJECT_MAX), j = i + 1;
        int open = 1;
        const json_t *o;

        if (reply.at[i] != '{')
            continue;
        tries++;
        for (; j < end && open; j++)
            open += reply.at[j] == '{' ? 1 : reply.at[j] == '}' ? -1 : 0;
        if (open > JUDGE_DEPTH_MAX)
            continue;
        o = grades_map(arena_printf(a, STR_FMT "%.*s", STR_ARG(str_sub(reply, i, j - i)), open,
                                    "}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}"),
                       a);
        if (o)
            return o;
    }
    return NULL;
}

/* What begins with `opener` and goes as far as the last brace of its line, as JSON; NULL: there is none such. */
static const json_t *grades_line(struct str reply, struct str opener, struct arena *a)
{
    struct str line;
    json_t *j;

    while (str_split(&reply, '\n', &line)) {
        ptrdiff_t at = str_find(line, opener);
        size_t end = line.len;

        if (at < 0)
            continue;
        while (end > (size_t)at && line.at[end - 1] != '}')
            end--;
        if (end < (size_t)at + opener.len + 2)
            continue;
        if (json_read(str_sub(line, (size_t)at, end - (size_t)at), &j, NULL) != ERR_OK)
            return NULL;
        return json_in_arena(j, a);
    }
    return NULL;
}

/* A number as JavaScript's Number() makes one; NAN: none. */
static double grades_number(const json_t *v)
{
    struct str text = str_trim(json_to_str(v));
    double n;

    if (json_is_number(v))
        return json_number_value(v);
    if (json_is_string(v))
        return !text.len ? 0 : str_to_double(text, &n) && isfinite(n) ? n : NAN;
    return json_is_null(v) ? 0 : json_is_boolean(v) ? json_is_true(v) : NAN;
}

/* --- hearing ------------------------------------------------------------------------------------------------------ */

static struct str grades_short(struct str text, struct arena *a)
{
    return arena_strdup(a, str_utf8_head(str_trim(text), GRADES_REASON_MAX));
}

void grades_unread(struct graded *g, struct str why)
{
    g->unread = true;
    g->reason = why;
}

static void grades_hear_rubric(struct graded *g, struct str reply, struct arena *a)
{
    static const char *const yes[] = { "true", "yes", "pass", "y" };
    const json_t *o = grades_object(reply, a), *pass = json_child(o, "pass"), *score = json_child(o, "score");

    if (!o) {
        grades_unread(g, S("the grader's reply holds no JSON object"));
        return;
    }
    g->pass = !pass || json_is_null(pass) || json_is_true(pass);
    for (size_t i = 0; i < COUNT_OF(yes); i++)
        g->pass |= json_is_string(pass) && str_ieq(json_to_str(pass), str_c(yes[i]));
    g->score = score ? grades_number(score) : NAN;
    if (isnan(g->score))
        g->score = g->pass;
    g->reason = grades_short(json_get_str(o, "reason"), a);
}

static void grades_hear_closedqa(struct graded *g, struct str reply, struct arena *a)
{
    struct str text = str_trim(reply);

    g->pass = str_ends(text, S("Y"));
    g->score = g->pass;
    g->reason = str_ends(text, S("N")) ? grades_short(text, a) : S("the grader's reply ends in neither Y nor N");
}

/* "(b)" or "b)", the first there is; '\0': none */
static char grades_letter(struct str reply)
{
    for (size_t i = 0; i + 1 < reply.len; i++) {
        char c = reply.at[i];

        if (reply.at[i + 1] == ')' && ((c >= 'a' && c <= 'e') || (c >= 'A' && c <= 'E')))
            return (char)(c & ~0x20);
    }
    return '\0';
}

static void grades_hear_factuality(struct graded *g, struct str reply, struct arena *a)
{
    const json_t *o = grades_object(reply, a);
    struct str category = str_trim(json_get_str(o, "category"));

    if (json_string_length(json_child(o, "category"))) {
        char c = category.len == 1 ? (char)(category.at[0] & ~0x20) : '\0';

        if (c < 'A' || c > 'E')
            grades_unread(g, S("the grader's category is none of A to E"));
        g->category = c;
        g->reason = g->unread ? g->reason : grades_short(json_get_str(o, "reason"), a);
        return;
    }
    g->category = grades_letter(reply);
    if (!g->category)
        grades_unread(g, S("the grader's reply names no category"));
    else
        g->reason = grades_short(reply, a);
}

/* False: the reply was read, and there is a second question. */
static bool grades_hear_steps(struct subject_wish *w, struct graded *g, struct str reply, struct arena *a)
{
    const json_t *steps = json_child(grades_line(reply, S("{\"steps\""), a), "steps");
    AUTO_BUF struct buf b = BUF_INIT(JUDGE_REPLY_MAX);

    for (size_t i = 0; i < json_array_size(steps); i++) {
        struct str one = json_to_str(json_array_get(steps, i));

        if (!str_trim(one).len)
            steps = NULL;
        else
            buf_printf(&b, "%s" STR_FMT, i ? "\n- " : "", STR_ARG(one));
    }
    if (!json_array_size(steps) || buf_failed(&b)) {
        grades_unread(g, S("the grader named no steps on one line of JSON"));
        return true;
    }
    g->steps = arena_strdup(a, buf_str(&b));
    return !graded_ask_points(w, g, a);
}

static void grades_hear_points(struct graded *g, struct str reply, struct arena *a)
{
    const json_t *o = grades_line(reply, S("{"), a), *score = json_child(o, "score");
    double points = NAN;

    if (json_is_number(score) || str_trim(json_to_str(score)).len)
        points = grades_number(score);
    if (!(points >= 0 && points <= 10)) {
        grades_unread(g, S("the grader gave no score from 0 to 10 on one line of JSON"));
        return;
    }
    g->reason = grades_short(json_get_str(o, "reason"), a);
    if (!g->reason.len)
        grades_unread(g, S("the grader gave no reason"));
    g->score = points / 10;
}

/* The first number in the reply is the column's. */
static void grades_hear_best(struct graded *g, struct str reply)
{
    size_t from = 0, end;
    int64_t column;

    while (from < reply.len && !(reply.at[from] >= '0' && reply.at[from] <= '9'))
        from++;
    for (end = from; end < reply.len && reply.at[end] >= '0' && reply.at[end] <= '9';)
        end++;
    if (!str_to_i64(str_sub(reply, from, end - from), &column) || column >= (int64_t)g->output_count)
        grades_unread(g, S("the grader named none of the answers"));
    else
        g->chosen = column;
}

bool graded_heard(struct subject_wish *w, struct str reply, struct arena *a)
{
    struct graded *g = w->own;

    if (reply.len > JUDGE_REPLY_MAX) {
        grades_unread(g, S("the grader's reply is longer than 262,144 bytes"));
        return true;
    }
    if (!(rag_is(g->kind) ? reply : str_trim(reply)).len) {
        grades_unread(g, S("the grader said nothing"));
        return true;
    }
    switch (g->kind) {
    case GRADED_RUBRIC: grades_hear_rubric(g, reply, a); break;
    case GRADED_CLOSEDQA: grades_hear_closedqa(g, reply, a); break;
    case GRADED_FACTUALITY: grades_hear_factuality(g, reply, a); break;
    case GRADED_GEVAL:
        if (w->round < 2)
            return grades_hear_steps(w, g, reply, a);
        grades_hear_points(g, reply, a);
        break;
    case GRADED_BEST: grades_hear_best(g, reply); break;
    case GRADED_RECALL:
    case GRADED_RELEVANCE:
    case GRADED_FAITHFUL:
    case GRADED_ANSWER: return rag_heard(w, g, reply, a);
    case GRADED_SIMILAR:
    case GRADED_KINDS: break;
    }
    return true;
}

/* --- judging ------------------------------------------------------------------------------------------------------ */

/* What came of the question with that key; false: *out says already what that means. */
static bool grades_of(const struct promptfoo_question *q, const json_t *key, const struct subject_wish **w,
                      struct promptfoo_answer *out)
{
    *w = subject_wish_of(q->s, key);
    if (!*w)
        promptfoo_skip(arena_printf(q->a, STR_FMT ": no model grades it: name one in options: {provider: ...}, or in the "
                                    "task's judge: not evaluated", STR_ARG(json_get_str(q->assertion, "type"))),
                       out);
    else if ((*w)->why.len)
        promptfoo_skip(arena_printf(q->a, "the grader was not heard: " STR_FMT, STR_ARG((*w)->why)), out);
    else
        return true;
    return false;
}

const struct graded *grades_heard(const struct promptfoo_question *q, const json_t *key,
                                  struct promptfoo_answer *out)
{
    const struct subject_wish *w;
    const struct graded *g;

    if (!grades_of(q, key, &w, out))
        return NULL;
    g = w->own;
    if (!g->unread)
        return g;
    *out = (struct promptfoo_answer){ PROMPTFOO_FAIL, 0, g->reason };
    return NULL;
}

void grades_say(const struct promptfoo_question *q, bool pass, double score, struct str reason,
                struct promptfoo_answer *out)
{
    *out = (struct promptfoo_answer){ pass ? PROMPTFOO_PASS : PROMPTFOO_FAIL, score, STR_NONE };
    if (!pass)
        out->reason = reason.len ? reason : arena_printf(q->a, "the grader's score is %.4g", score);
}

void promptfoo_rubric(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    const struct graded *g = grades_heard(q, q->assertion, out);

    if (g)
        grades_say(q, (g->pass && (isnan(q->threshold) || g->score >= q->threshold)) != q->inverse,
                   q->inverse ? CLAMP(1 - g->score, 0.0, 1.0) : g->score, g->reason, out);
}

static bool grades_text(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    if (!json_is_string(q->value))
        promptfoo_broken(S("its value must be a text"), out);
    return json_is_string(q->value);
}

void promptfoo_closedqa(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    const struct graded *g = grades_text(q, out) ? grades_heard(q, q->assertion, out) : NULL;

    if (g)
        grades_say(q, g->pass, g->score, g->reason, out);
}

void promptfoo_factuality(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    static const char *const names[] = { "subset", "superset", "agree", "disagree", "differButFactual" };
    const struct graded *g = grades_text(q, out) ? grades_heard(q, q->assertion, out) : NULL;
    double score;

    if (!g)
        return;
    score = json_get_double(json_child(q->assertion, "factuality"), names[g->category - 'A'], g->category != 'D');
    grades_say(q, score > 0, score, g->reason, out);
}

void promptfoo_geval(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    bool list = json_is_array(q->value);
    size_t count = list ? json_array_size(q->value) : 1;
    double sum = 0, threshold = isnan(q->threshold) ? 0.7 : q->threshold;
    struct str reason = STR_NONE;

    for (size_t i = 0; i < count; i++)
        if (!json_is_string(list ? json_array_get(q->value, i) : q->value)) {
            promptfoo_broken(S("its value must be a text or a list of texts"), out);
            return;
        }
    if (!count || count > PROMPTFOO_CRITERIA_MAX) {
        *out = (struct promptfoo_answer){ PROMPTFOO_FAIL, 0,
                                          count ? S("it has more than 64 criteria") : S("it has no criterion") };
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct graded *g = grades_heard(q, list ? json_array_get(q->value, i) : q->assertion, out);

        if (!g)
            return;
        sum += g->score;
        reason = g->reason;
    }
    sum /= (double)count;
    grades_say(q, (sum >= threshold) != q->inverse, q->inverse ? 1 - sum : sum, reason, out);
}

/* --- similar ------------------------------------------------------------------------------------------------------ */

enum nearness { NEAR_COSINE, NEAR_DOT, NEAR_EUCLIDEAN };

static double similar_of(enum nearness how, const struct vector *x, const struct vector *y)
{
    double dot = 0, xx = 0, yy = 0, apart = 0;

    for (size_t i = 0; i < x->count; i++) {
        dot += x->at[i] * y->at[i];
        xx += x->at[i] * x->at[i];
        yy += y->at[i] * y->at[i];
        apart += (x->at[i] - y->at[i]) * (x->at[i] - y->at[i]);
    }
    if (how == NEAR_COSINE)
        return xx > 0 && yy > 0 ? dot / (sqrt(xx) * sqrt(yy)) : 0;
    return how == NEAR_DOT ? dot : sqrt(apart);
}

static bool similar_one(const struct promptfoo_question *q, enum nearness how, double value, double threshold,
                        double *score)
{
    bool far = how == NEAR_EUCLIDEAN;
    double nearness = far ? 1 / (1 + value) : value;

    *score = q->inverse ? 1 - nearness : nearness;
    return far != q->inverse ? value <= threshold + DBL_EPSILON : value >= threshold - DBL_EPSILON;
}

void promptfoo_similar(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    struct str type = json_get_str(q->assertion, "type"), *texts;
    enum nearness how = str_ends(type, S(":dot"))         ? NEAR_DOT
                        : str_ends(type, S(":euclidean")) ? NEAR_EUCLIDEAN
                                                          : NEAR_COSINE;
    double threshold = isnan(q->threshold) ? 0.75 : q->threshold, found = NAN;
    const struct subject_wish *w;
    bool pass = q->inverse;
    size_t count;

    if (!promptfoo_texts(q->value, q->a, &texts, &count) || !count || count > PROMPTFOO_CRITERIA_MAX) {
        promptfoo_broken(S("its value must be a text or a list of 1 to 64 texts"), out);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (!texts[i].len || !q->output.len) {
            *out = (struct promptfoo_answer){ PROMPTFOO_FAIL, 0, S("an empty text has no vector") };
            return;
        }
    if (!grades_of(q, q->assertion, &w, out))
        return;
    for (size_t i = 0; i < count && pass == q->inverse; i++) {
        double score;

        pass = similar_one(q, how, similar_of(how, &w->vectors[0], &w->vectors[i + 1]), threshold, &score);
        if (pass != q->inverse || isnan(found) || (q->inverse ? score < found : score > found))
            found = score;
    }
    grades_say(q, pass, found,
               arena_printf(q->a, "similarity %.4f is %s the threshold %.15g", q->inverse ? 1 - found : found,
                            (how == NEAR_EUCLIDEAN) == q->inverse ? "below" : "above", threshold),
               out);
}

/* --- answer-relevance --------------------------------------------------------------------------------------------- */

void promptfoo_answer_relevance(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    struct str fault = rag_fault(q->s, q->assertion, GRADED_ANSWER, q->json);
    double sum = 0, threshold = isnan(q->threshold) ? 0 : q->threshold;
    const struct subject_wish *w;

    if (fault.len) {
        promptfoo_broken(fault, out);
        return;
    }
    if (!grades_heard(q, q->assertion, out))
        return;
    if (!rag_question(q->s).len) {
        *out = (struct promptfoo_answer){ PROMPTFOO_FAIL, 0, S("an empty text has no vector") };
        return;
    }
    if (!grades_of(q, json_child(q->assertion, "type"), &w, out))
        return;
    for (size_t i = 1; i <= RAG_QUESTIONS; i++)
        sum += similar_of(NEAR_COSINE, &w->vectors[0], &w->vectors[i]);
    sum /= RAG_QUESTIONS;
    grades_say(q, sum >= threshold - DBL_EPSILON, sum,
               arena_printf(q->a, "relevance %.4f is below the threshold %.15g", sum, threshold), out);
}

/* --- select-best -------------------------------------------------------------------------------------------------- */

void promptfoo_select_best(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    struct str criterion = json_to_str(q->value);
    const struct graded *g;

    if (!promptfoo_compared(q, out))
        return;
    if (!json_is_string(q->value)) {
        promptfoo_skip(S("select-best: its value must be a text: not evaluated"), out);
        return;
    }
    if (!(g = grades_heard(q, q->assertion, out)))
        return;
    grades_say(q, g->chosen == (int64_t)q->s->place, g->chosen == (int64_t)q->s->place,
               arena_printf(q->a, "another answer was chosen (column %lld): " STR_FMT, (long long)g->chosen + 1,
                            STR_ARG(str_utf8_head(criterion, 200))),
               out);
    out->firm = true;                                   /* whatever it weighs */
}
