/* Assertions about the context that a retrieval put before the model: how they ask, and how replies are read.
 *
 *   recall        the lines of the reply that hold [Attributed] or [Not Attributed], whatever the case of letters: the
 *                 share of those that hold the first and not the second
 *   relevance     sentences of the reply over units of the context, at most 1; 0 when the reply holds "Insufficient
 *                 Information". Units: a list's entries, lines when there are several, else sentences (a mark . ! ? and
 *                 white space behind it; a mere "1." is none). Sentences of the reply: its lines, or cut the same way
 *                 when the context was cut into sentences; equal ones count once
 *   faithfulness  asked twice: the lines of the first reply are the output's statements. In the second what follows
 *                 "Final verdict for each statement in order:" is cut at full stops, and every part without "yes" is
 *                 against one statement; without that line each "verdict: no" is. Statements that got no verdict count
 *                 as not supported
 * All three pass when the share reaches the threshold, which is 0 when there is none; promptfoo turns them round for
 * nobody. The context is the case's variable `context`, a text or a list of texts; recall takes the prompt where there
 * is none. Relevance and faithfulness need the variable `query`. Cost: linear in the context and the reply. */
#include "eval/promptfoo/graded.h"

#include <float.h>
#include <math.h>

#include "eval/judge.h"

bool rag_is(enum graded_kind kind)
{
    return kind == GRADED_RECALL || kind == GRADED_RELEVANCE || kind == GRADED_FAITHFUL || kind == GRADED_ANSWER;
}

/* --- what is asked about ------------------------------------------------------------------------------------------ */

/* What JavaScript takes for false. */
static bool rag_nothing(const json_t *value)
{
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && !json_string_length(value)) ||
           (json_is_number(value) && json_number_value(value) == 0);
}

static struct str rag_prompt(const struct subject *s)
{
    return s->turn_count ? s->turns[0].prompt : STR_NONE;
}

struct str rag_question(const struct subject *s)
{
    const json_t *query = json_child(s->kase->vars, "query");

    return json_is_string(query) ? json_to_str(query) : rag_prompt(s);
}

static struct str rag_context_fault(const struct subject *s, enum graded_kind kind)
{
    const json_t *context = json_child(s->kase->vars, "context");
    bool texts = json_array_size(context) > 0;

    if (rag_nothing(context) && kind == GRADED_RECALL && rag_prompt(s).len)
        return STR_NONE;
    for (size_t i = 0; i < json_array_size(context); i++)
        texts &= json_string_length(json_array_get(context, i)) > 0;
    return texts || json_string_length(context) > 0
               ? STR_NONE
               : S("it needs the variable context: a text, or a list of texts, none of them empty");
}

struct str rag_fault(const struct subject *s, const json_t *assertion, enum graded_kind kind, bool json)
{
    if (kind == GRADED_RECALL && !json_is_string(json_child(assertion, "value")))
        return S("its value must be a text: what the context should hold");
    if (json && (kind == GRADED_FAITHFUL || kind == GRADED_ANSWER))
        return S("the output must be a text");
    if (kind == GRADED_ANSWER)
        return rag_prompt(s).len ? STR_NONE : S("it needs a prompt");
    if (kind != GRADED_RECALL && !json_is_string(json_child(s->kase->vars, "query")))
        return S("it needs the variable query: a text, what was asked");
    if (json_child(assertion, "rubric_unfit"))
        return S("its rubricPrompt must be a list of two: for the statements, and for the verdicts");
    return rag_context_fault(s, kind);
}

static struct str rag_first_line(struct str *rest)
{
    struct str line;

    while (str_split(rest, '\n', &line))
        if (promptfoo_trim(line).len)
            return line;
    return STR_NONE;
}

/* "1." or "12)" */
static bool rag_is_number(struct str s)
{
    size_t i = 0;

    while (i < s.len && s.at[i] >= '0' && s.at[i] <= '9')
        i++;
    return i && i + 1 == s.len && (s.at[i] == '.' || s.at[i] == ')');
}

/* Units of a text, one by one. */
struct rag_units { struct str rest; bool lines, cut; };

/* `cut`: a single line is cut into sentences. */
static struct rag_units rag_units_of(struct str text, bool cut)
{
    struct str rest = text;
    bool several = rag_first_line(&rest).len && rag_first_line(&rest).len;

    return (struct rag_units){ text, !cut || several, cut };
}

static struct str rag_sentence(struct str *rest)
{
    struct str whole = *rest;
    char before = '\0';

    for (size_t i = 0, at = 0; i < whole.len; at = i) {
        uint32_t c = str_utf8_next(whole, &i);

        if (at && strchr(".!?", before) && before && promptfoo_is_space(c)) {
            *rest = str_from(whole, i);
            return str_sub(whole, 0, at);
        }
        before = c < 0x80 ? (char)c : 'x';
    }
    *rest = STR_NONE;
    return whole;
}

/* Empty: there are no more. */
static struct str rag_unit(struct rag_units *u)
{
    for (;;) {
        struct str one = u->lines ? rag_first_line(&u->rest) : rag_sentence(&u->rest);

        if (u->cut)
            one = promptfoo_trim(one);
        if ((one.len && !(u->cut && rag_is_number(one))) || !u->rest.len)
            return u->cut && rag_is_number(one) ? STR_NONE : one;
    }
}

static size_t rag_count(struct str text, bool cut)
{
    struct rag_units u = rag_units_of(text, cut);
    size_t n = 0;

    while (rag_unit(&u).len)
        n++;
    return n;
}

void rag_begin(struct graded *g, const struct subject *s, struct arena *a)
{
    const json_t *context = g->kind == GRADED_ANSWER ? NULL : json_child(s->kase->vars, "context");
    struct str text = rag_nothing(context) ? rag_prompt(s) : json_to_str(context), rest;
    AUTO_BUF struct buf b = BUF_INIT(PROMPTFOO_VALUE_MAX);

    for (size_t i = 0; i < json_array_size(context); i++) {
        struct str one = json_to_str(json_array_get(context, i));

        buf_printf(&b, "%s" STR_FMT, i ? "\n\n" : "", STR_ARG(one));
        g->units += promptfoo_trim(one).len > 0;
    }
    if (json_is_array(context)) {
        text = arena_strdup(a, buf_str(&b));
    } else {
        rest = text;
        g->units = rag_count(text, true);
        g->segmented = rag_first_line(&rest).len && rag_first_line(&rest).len;
    }
    g->segmented |= json_is_array(context);
    g->context = judge_prompt_cut(text, JUDGE_GOLD_MAX, JUDGE_GOLD_MAX / 2, a);
    g->query = judge_prompt_cut(json_get_str(s->kase->vars, "query"), JUDGE_INPUT_WHOLE, JUDGE_INPUT_WHOLE * 5 / 8, a);
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static const char rag_recall_role[] =
    "You check whether a context holds what an expected answer says.\n" GRADED_MARKS
    "Go through the sentences of the expected answer one by one. Write each on a line of its own, then a few words on what "
    "the context says about it, and end the line with [Attributed] when the context says it, or with [Not Attributed] when "
    "it does not. Write no other lines.";
static const char rag_relevance_role[] =
    "You pick out of a context what is needed to answer a question.\n" GRADED_MARKS
    "Copy from the context, word for word, the sentences without which the question can't be answered, each on a line of "
    "its own, and write nothing else. When none of them helps, or the context does not answer the question, reply with the "
    "words Insufficient Information and nothing else.";
static const char rag_statements_role[] =
    "You take an answer to a question apart into the statements it makes.\n" GRADED_MARKS
    "Write every statement as a short sentence that can be understood by itself, each on a line of its own, without "
    "numbers. Leave out nothing the answer claims, add nothing, and write no other lines.";
static const char rag_verdicts_role[] =
    "You decide whether statements are supported by a context.\n" GRADED_MARKS
    "What the context does not say is not supported, even if it is true. Say in one line for each statement what the "
    "context says about it. Then write one last line that begins with \"Final verdict for each statement in order:\" and "
    "goes on with a word and a full stop for each statement, in their order: Yes. when it is supported, No. when it is not.";

static const char rag_question_role[] =
    "You guess the question that an answer was given to.\n" GRADED_MARKS
    "Reply with one question which the output answers, and nothing else.";

static bool rag_second(const struct graded *g)
{
    return g->kind == GRADED_FAITHFUL && g->statements;
}

const char *rag_role(const struct graded *g)
{
    if (g->kind == GRADED_FAITHFUL)
        return rag_second(g) ? rag_verdicts_role : rag_statements_role;
    if (g->kind == GRADED_ANSWER)
        return rag_question_role;
    return g->kind == GRADED_RECALL ? rag_recall_role : rag_relevance_role;
}

void rag_parts(const struct graded *g, struct buf *b)
{
    AUTO_BUF struct buf list = BUF_INIT(2 * JUDGE_REPLY_MAX);

    if (g->kind == GRADED_RELEVANCE || (g->kind == GRADED_FAITHFUL && !rag_second(g)))
        graded_part("QUESTION", g, g->query, b);
    if (g->kind == GRADED_ANSWER) {
        graded_part("OUTPUT", g, g->output, b);
        buf_puts(b, "Write the question.");
        return;
    }
    if (g->kind != GRADED_FAITHFUL || rag_second(g))
        graded_part("CONTEXT", g, g->context, b);
    if (g->kind == GRADED_RECALL)
        graded_part("EXPECTED", g, g->criterion, b);
    if (g->kind == GRADED_FAITHFUL && !rag_second(g))
        graded_part("OUTPUT", g, g->output, b);
    for (size_t i = 0; i < g->statement_count; i++)
        buf_printf(&list, "%s%zu. " STR_FMT, i ? "\n" : "", i + 1, STR_ARG(g->statements[i]));
    if (rag_second(g))
        graded_part("STATEMENTS", g, buf_str(&list), b);
    buf_puts(b, g->kind == GRADED_RECALL      ? "Classify the sentences."
                : g->kind == GRADED_RELEVANCE ? "Copy the sentences."
                : rag_second(g)               ? "Judge the statements."
                                              : "Name the statements.");
}

/* The statements as a list; the first and the last bring the marks. */
static json_t *rag_vars_statements(const struct graded *g)
{
    AUTO_BUF struct buf marks = BUF_INIT(1000);
    json_t *list = json_array();
    struct str begin, end;

    graded_part("STATEMENTS", g, STR_NONE, &marks);
    end = buf_str(&marks);
    (void)str_split(&end, '\n', &begin);
    end = str_trim(end);
    for (size_t i = 0; i < g->statement_count; i++) {
        AUTO_BUF struct buf b = BUF_INIT(JUDGE_REPLY_MAX + 1000);

        if (i == 0)
            buf_printf(&b, STR_FMT "\n", STR_ARG(begin));
        buf_append(&b, g->statements[i]);
        if (i + 1 == g->statement_count)
            buf_printf(&b, "\n" STR_FMT, STR_ARG(end));
        json_array_append_new(list, json_from_str(buf_str(&b)));
    }
    return list;
}

void rag_vars(const struct graded *g, json_t *vars, struct arena *a)
{
    if (g->kind == GRADED_RELEVANCE || g->kind == GRADED_ANSWER)
        json_object_clear(vars);                        /* promptfoo shows these what follows only */
    if (g->kind == GRADED_ANSWER) {
        graded_var(vars, g, "answer", "OUTPUT", g->output, a);
        return;
    }
    if (g->kind != GRADED_FAITHFUL || rag_second(g))
        graded_var(vars, g, "context", "CONTEXT", g->context, a);
    if (g->kind == GRADED_RELEVANCE)
        graded_var(vars, g, "query", NULL, g->query, a);
    if (g->kind == GRADED_RECALL)
        graded_var(vars, g, "groundTruth", NULL, g->criterion, a);
    if (rag_second(g)) {
        json_object_set_new(vars, "statements", rag_vars_statements(g));
    } else if (g->kind == GRADED_FAITHFUL) {
        graded_var(vars, g, "question", NULL, g->query, a);
        graded_var(vars, g, "answer", "OUTPUT", g->output, a);
    }
}

/* --- hearing ------------------------------------------------------------------------------------------------------ */

static void rag_share(struct graded *g, size_t part, size_t whole, const char *of, struct arena *a)
{
    g->score = whole ? CLAMP((double)part / (double)whole, 0.0, 1.0) : 0;
    g->reason = arena_printf(a, "%zu of %zu %s", part, whole, of);
}

static void rag_hear_recall(struct graded *g, struct str reply, struct arena *a)
{
    size_t held = 0, all = 0;
    struct str line;

    while (str_split(&reply, '\n', &line)) {
        bool no = str_ifind(line, S("[Not Attributed]")) >= 0, yes = str_ifind(line, S("[Attributed]")) >= 0;

        held += yes && !no;
        all += yes || no;
    }
    rag_share(g, held, all, "sentences are in the context", a);
}

static void rag_hear_relevance(struct graded *g, struct str reply, struct arena *a)
{
    AUTO_MAP struct map seen = MAP_INIT;
    struct rag_units u = rag_units_of(reply, !g->segmented);
    struct str one;

    if (!str_contains(reply, S("Insufficient Information")))
        while ((one = rag_unit(&u)).len)
            map_put(&seen, one, g);
    rag_share(g, MIN(map_len(&seen), g->units), g->units, "parts of the context are needed", a);
}

/* The lines of the first reply, and the second question; its marks are drawn anew, for the grader knew the old ones. */
static bool rag_hear_statements(struct subject_wish *w, struct graded *g, struct str reply, struct arena *a)
{
    struct rag_units u;
    struct str one;

    reply = arena_strdup(a, reply);
    g->statements = arena_array(a, struct str, rag_count(reply, false) + 1);
    u = rag_units_of(reply, false);
    while ((one = rag_unit(&u)).len)
        g->statements[g->statement_count++] = one;
    g->mark = judge_mark((const struct str[]){ reply, g->context }, 2, a);
    return !graded_ask_points(w, g, a);
}

static size_t rag_times(struct str text, struct str what)
{
    size_t n = 0;

    for (ptrdiff_t at; (at = str_ifind(text, what)) >= 0; n++)
        text = str_from(text, (size_t)at + what.len);
    return n;
}

static void rag_hear_verdicts(struct graded *g, struct str reply, struct arena *a)
{
    struct str last = S("final verdict for each statement in order:"), one;
    ptrdiff_t at = str_ifind(reply, last);
    size_t against = 0, given = 0, all = g->statement_count;

    if (at < 0) {
        against = rag_times(reply, S("verdict: no"));
        given = against + rag_times(reply, S("verdict: yes"));
    } else {
        reply = str_from(reply, (size_t)at + last.len);
        while (str_split(&reply, '.', &one))
            if (promptfoo_trim(one).len) {
                given++;
                against += str_ifind(one, S("yes")) < 0;
            }
    }
    against += given < all ? all - given : 0;
    rag_share(g, given && against < all ? all - against : 0, all, "statements are supported by the context", a);
}

bool rag_heard(struct subject_wish *w, struct graded *g, struct str reply, struct arena *a)
{
    if (g->kind == GRADED_ANSWER) {
        g->statements = g->statements ? g->statements : arena_array(a, struct str, RAG_QUESTIONS);
        g->statements[g->statement_count++] = arena_strdup(a, reply);
        return g->statement_count == RAG_QUESTIONS;
    }
    if (g->kind == GRADED_FAITHFUL && w->round < 2)
        return rag_hear_statements(w, g, reply, a);
    if (g->kind == GRADED_FAITHFUL)
        rag_hear_verdicts(g, reply, a);
    else if (g->kind == GRADED_RECALL)
        rag_hear_recall(g, reply, a);
    else
        rag_hear_relevance(g, reply, a);
    return true;
}

/* --- judging ------------------------------------------------------------------------------------------------------ */

static void rag_judge(const struct promptfoo_question *q, enum graded_kind kind, struct promptfoo_answer *out)
{
    struct str fault = rag_fault(q->s, q->assertion, kind, q->json);
    double threshold = isnan(q->threshold) ? 0 : q->threshold;
    const struct graded *g;

    if (fault.len)
        promptfoo_broken(fault, out);
    else if ((g = grades_heard(q, q->assertion, out)))
        grades_say(q, g->score >= threshold - DBL_EPSILON, g->score,
                   arena_printf(q->a, "%.4f is below the threshold %.15g: " STR_FMT, g->score, threshold,
                                STR_ARG(g->reason)),
                   out);
}

void promptfoo_context_recall(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    rag_judge(q, GRADED_RECALL, out);
}

void promptfoo_context_relevance(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    rag_judge(q, GRADED_RELEVANCE, out);
}

void promptfoo_context_faithfulness(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    rag_judge(q, GRADED_FAITHFUL, out);
}
