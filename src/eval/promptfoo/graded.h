/* src/eval/promptfoo/graded.h (private to promptfoo): an assertion that a model grades: between who asks (graded.c) and
 * who reads (grades.c). */
#pragma once

#include "eval/promptfoo/kinds.h"

enum graded_kind { GRADED_RUBRIC, GRADED_CLOSEDQA, GRADED_FACTUALITY, GRADED_GEVAL, GRADED_SIMILAR, GRADED_BEST, GRADED_KINDS };

/* What a wish knows of its question, and what it heard. In the trial's arena, as all it points to but `templates` (the
 * check's) and `vars` (the case's). */
struct graded {
    enum graded_kind kind;
    struct str criterion, input, output;
    struct str mark;                    /* in none of them */
    struct str steps;                   /* of a g-eval, as text */
    const json_t *vars, *templates;     /* templates: [{role, content}], or {steps, evaluate}; NULL: our own words */
    bool unread;                        /* the reply can't be read: the assertion fails, turned round or not; `reason` */
    bool pass;
    double score;
    char category;                      /* of factuality: 'A'..'E' */
    const struct str *outputs; size_t output_count;         /* of GRADED_BEST, by column */
    int64_t chosen;                     /* one of them */
    struct str reason;
};

/* False: no model grades the kind, or not here. */
bool graded_kind_of(const json_t *assertion, enum graded_kind *out);
/* The second question of a g-eval, once `g->steps` is known. False: w->why says why it can't be asked. */
bool graded_ask_points(struct subject_wish *w, struct graded *g, struct arena *a);
/* Reads a reply into the wish's struct graded (subject.h: heard). */
bool graded_heard(struct subject_wish *w, struct str reply, struct arena *a);
