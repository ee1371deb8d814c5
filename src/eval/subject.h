/* src/eval/subject.h: one trial as checks and metrics see it, and what is read from its output at most once.
 *
 * How an output is read as JSON: the whole trimmed text must be one JSON value. If the whole text is one fenced block
 * (three back quotes or tildes, an optional word such as json, a line break ... the same fence), the inside of the
 * fence is read instead and the subject remembers that it was fenced. Nothing else is forgiven: prose around JSON is
 * not JSON. Threads: a subject and its arena have one owner; the task and the case are only read. */
#pragma once

#include "domain/domain.h"
#include "llm/llm.h"

struct subject_cache;
struct evaluation;

/* What must be asked outside before a metric or a check can score: vectors of texts, a question to a model, or a
 * program in the sandbox. */
struct subject_wish {
    const void *key;                    /* whose: an address of its own in what the metric or the check prepared */
    struct evaluation *evaluation;      /* the program's (evaluators.h); the rest is then unused but `why` */
    const struct model *model;
    const struct str *texts;            size_t text_count;
    const struct vector *vectors;       /* one for each text; NULL: there are none, and `why` */
    const struct message *messages;     size_t message_count;
    struct params params;               /* of the question */
    struct str base_url;                /* empty: the provider's */
    bool in_words;                      /* the reply to the messages is text, not JSON */
    void *own;                          /* the asker's: what it knows of the question and heard so far */
    /* Reads the reply; false: it can't be used, and the messages are those to ask with once more. */
    bool (*heard)(struct subject_wish *w, struct str reply, struct arena *a);
    bool passed;                        /* what the reply said, and its reason */
    struct str reason;
    int round;                          /* replies so far */
    struct str why;                     /* why there is no answer; empty when there is one */
};
struct subject_wishes {
    struct subject_wish *at;            size_t count, cap;
    struct arena *arena;
    bool more;                          /* set by an asker: what these are answered leads to others */
    int rounds;                         /* scoring_wishes counts them */
};
/* One more, zeroed but for its key; NULL when there is one of that key. The pointer dies with the next call. */
struct subject_wish *subject_wish_add(struct subject_wishes *w, const void *key);

struct subject {
    const struct task *task;
    const struct dataset_case *kase;
    struct str variant;                 /* its name; empty: nobody knows */
    struct str output;                  /* the last answer's text */
    const struct turn *turns;           /* NULL when only the output is known */
    size_t turn_count;
    const struct usage *usage;          /* NULL: nobody knows */
    int64_t cost_nanousd;               /* MONEY_UNKNOWN allowed */
    int64_t latency_ms;                 /* negative: not measured */
    bool failed;                        /* no answer: every score is missing */
    const struct subject_wish *wishes;  /* and what came of them */
    size_t wish_count;
    const json_t *kept;                 /* of a stored trial: what a scorer left (score.kept); NULL: nothing */
    /* What all variants answered to the case, by variant, this one at `place`: for checks that compare them. NULL: they
     * have not all answered yet. */
    const struct subject *rivals;       size_t rival_count, place;
    struct subject_cache *cache;        /* scoring_run's; others leave it NULL */
};

/* The scorers that already ran on this subject, for metrics that build on checks. */
struct subject_checks { const struct score *scores; const double *weights; size_t count; };

/* A stored trial again: its transcript (NULL: none) is what `s` borrows from. Task, case and kept are the caller's. */
void          subject_of_stored(const struct trial *t, const json_t *transcript, struct arena *a, struct subject *s);
/* Gives `s` its cache; call once before anything below. */
void          subject_begin(struct subject *s, struct arena *a);
void          subject_set_checks(struct subject *s, struct subject_checks checks);
struct subject_checks subject_checks(const struct subject *s);

const struct subject_wish *subject_wish_of(const struct subject *s, const void *key);       /* NULL: not asked */

struct str    subject_text(const struct subject *s);                    /* trimmed at both ends */
/* The output as JSON, or NULL when it is not; *why (may be NULL) then says what is wrong. Borrowed from the arena. */
const json_t *subject_json(const struct subject *s, struct arena *a, struct str *why);
bool          subject_fenced(const struct subject *s, struct arena *a); /* JSON, but inside a code fence */
struct str    subject_unfenced(struct str text, bool *fenced);          /* the inside of a fence, or the trimmed text */
const json_t *subject_expected(const struct subject *s);                /* NULL when the case has none, or null */

/* What templates in checks see: the case's variables, `expected`, `answer` (the output) and `case` (id, index); of
 * these, the ones in `names`, or all when it is NULL. Copies: a case is shared by threads, and jansson's reference
 * counts would be touched by all of them. */
const json_t *subject_vars(const struct subject *s, const struct str *names, size_t count, struct arena *a);

/* A place in the cache for items.c: pairs of item sets, by key. */
void        **subject_slot(const struct subject *s, struct str key, struct arena *a);

/* At most about 80 bytes of `s` in double quotes, for notes. */
struct str    subject_quote(struct str s, struct arena *a);
