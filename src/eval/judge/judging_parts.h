/* src/eval/judge/judging_parts.h (private to eval/judge): what the loop of a judgement (judging.c) shares with its
 * kinds: scores (judging_scores.c) and preferences (judging_pairs.c). A kind says which questions there are, how one is
 * asked and what its reply means; the loop owns calls, budget, repair round, ledger and commits. All on the caller's
 * thread. */
#pragma once

#include "data/pack.h"
#include "eval/judge.h"
#include "eval/lease.h"

enum {
    JUDGING_WINDOW = 128,               /* trial numbers looked at together */
    JUDGING_ROW_MAX = 4 << 20,
    JUDGING_WHY_BYTES = 400,            /* kept of why a trial is not evaluated */
};

struct judging;
struct judging_work {
    struct judging *j;
    struct arena *arena;
    struct judging_work *next;
    struct store_trial trial;           /* its row is keyed by this one; copied into the arena */
    struct store_trial other;           /* of a pair: the one that is shown second */
    struct message *messages;           size_t message_count;
    struct call call;
    char cache_key[HASH_HEX];
    int round;                          /* 1: asked again */
    const struct judge_question *question;              /* of a trial that is graded by criteria, one after the other */
    size_t criterion, violations_before;                /* which; violations that earlier ones found */
    int64_t pass;                       /* of the row; 0: the judgement's own */
    int64_t reserve_nanousd;            /* what the call is set aside in a budget */
    struct judge_verdict verdict;
    enum judge_choice choice;
    struct ledger_entry ledger;
    struct str row;                     /* empty: nothing to keep but the ledger */
};

struct judging_kind {
    /* Appends the next questions to `waiting` and moves `window`; nothing at the end of the run. */
    enum err_code (*read)(struct judging *j, struct err *e);
    bool (*read_all)(const struct judging *j);                          /* the window is past the end */
    enum err_code (*prepare)(struct judging_work *w, struct err *e);    /* sets its two messages */
    /* False: *why says why the reply can't be used. */
    bool (*hear)(struct judging_work *w, struct str reply, struct str *why);
    /* Writes what is stored of the verdict, which may be "not evaluated". */
    enum err_code (*keep)(struct judging_work *w, struct buf *row, struct err *e);
    /* MAY. After a reply was heard: the trial needs another question, whose two messages are set; what was heard is
     * kept as `row` of the pass numbered *pass, so that it is never paid for again. False: it was the last. */
    bool (*more)(struct judging_work *w, struct buf *row, int64_t *pass);
    const char *form;                   /* of a reply, for the second question */
};
extern const struct judging_kind judging_scores, judging_criteria, judging_labels, judging_pairs;

struct judging {
    const struct judging_kind *kind;
    struct store *store;
    struct llm *llm;
    const struct run *run;
    const struct judge_options *o;
    struct judge_result *out;
    struct arena *a;
    struct task *task;
    struct judge_scorers scorers;
    struct params params;
    struct str salt;
    char judgement[HASH_HEX];           /* hash of all that decides it */
    struct lease lease;
    int64_t criterion_passes[JUDGE_CRITERIA_MAX];       /* of all criteria but the last, which comes with the whole */
    struct data_pack *pack;
    struct pack_cursor *cursor;
    struct arena *case_arena;
    struct dataset_case kase;
    int64_t case_at;                    /* index of `kase`; -1: none yet */
    int64_t window;                     /* where the next window begins: a trial, or a case of pairs */
    unsigned char scored[JUDGING_WINDOW / 8];
    unsigned char *chosen;              /* trials to be judged, a bit each; NULL: all */
    struct judging_work *waiting, **waiting_last;       /* read, not asked yet */
    struct judging_work *finished, **finished_last;
    struct queue *answers;
    int64_t outstanding, started, reserved_nanousd;
    int failures_in_row;
    enum err_code first_code;           /* of the first failure */
    int stopping;                       /* 1: what is in flight may end; 2: nothing may */
    int64_t stop_ms;
    bool give_up;
};

struct judging_work *judging_work_new(struct judging *j);
void                 judging_work_copy(struct judging_work *w, const struct store_trial *t, struct store_trial *out);
void                 judging_wait(struct judging *j, struct judging_work *w);           /* to the end of `waiting` */
/* Moves to the case; they must be asked for in order. */
enum err_code        judging_case(struct judging *j, int64_t index, struct err *e) MUST_USE;
struct str           judging_gold(const json_t *expected, struct arena *a);
/* What was said to the model, and its answer; the mark is one that none of the texts holds. */
void                 judging_said(const json_t *transcript, struct arena *a, struct str *input, struct str *output);
struct str           judging_mark(const struct judging *j, int64_t number, const struct str *texts, size_t count,
                                  struct arena *a);
