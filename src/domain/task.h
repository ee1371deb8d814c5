/* src/domain/task.h (through domain.h): what is asked. Read by eval/task_load from a YAML or JSON file; here it is
 * the plain struct that planning, running, scoring and reports share. All strings live in the task's arena. */
#pragma once

enum output_format { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_CSV, OUTPUT_MARKDOWN, OUTPUT_FORMATS };
const char *output_format_name(enum output_format f);
bool        output_format_from(struct str name, enum output_format *out) MUST_USE;

struct task_message {           /* of a chat prompt; texts are templates */
    enum message_role role;
    struct str source;
    struct str *images;         /* the user's: templates as in task_image, shown before the text */
    size_t image_count;
    struct str file;            /* where the text comes from, as in task_prompt */
    int line;
};
struct task_prompt {
    struct str name;            /* "route", from the file's name, or "prompt", "prompt_2"... */
    struct str source;          /* template text of the user's message */
    struct str system;          /* of a chat-style prompt; empty: the task's system applies */
    struct str file;            /* relative to the task's folder; empty when inline */
    int line;                   /* where the text begins in the task file when inline, else 1 */
    struct task_message *messages;      /* said before the user's message: examples, earlier turns */
    size_t message_count;
    struct str *images;                 /* of the user's message, before the task's */
    size_t image_count;
};
struct task_turn { struct str label, source; int line; };   /* a follow-up, a template too */
struct task_image { struct str source; };                   /* a template giving a path in the folder or an https url */

/* One rule of `checks:`. What a kind's arguments mean is eval/check's knowledge; here they stay JSON. */
struct check_spec {
    struct str name;            /* the user's, or made from the kind: unique in the task */
    struct str kind;            /* "contains": a name in the check table */
    const json_t *argument;     /* the value written after the kind's name */
    const json_t *options;      /* the whole mapping: path, ignore_case... */
    bool negate;                /* `not: true` or a `not_` prefix */
    enum severity severity;     /* warning when not said */
    double weight;              /* 1 when not said; >= 0 */
    int line;
    int depth;                  /* groups (all_of, any_of, none_of) it stands in */
};
struct metric_spec {
    struct str name;            /* how reports call it; unique in the task */
    struct str kind;            /* a name in the metric table */
    const json_t *options;      /* object or NULL */
    int line;
};
/* Long inputs, asked in parts (eval/chunk.h). */
enum chunk_mode { CHUNK_AUTO, CHUNK_OFF, CHUNK_FIXED, CHUNK_DYNAMIC };
struct task_chunking {
    enum chunk_mode mode;
    int64_t characters, overlap;        /* CHUNK_FIXED */
    struct str variable;                /* empty: `input`, else the longest text of the case */
    int64_t part_tokens, above_tokens;  /* by planning, from the smallest context of the models; 0: none is known */
};
/* Ends what is sure early (eval/race.h). Metric and limit are filled in by planning. */
struct task_sure { bool on; double level, margin; struct str metric; bool limited; double limit; };
struct threshold { struct str metric; double low; int line; };       /* for a cost or latency the value is a ceiling */

/* One column of the result. A plain model is a variant with nothing else set. */
struct variant {
    struct str name;            /* unique; the model's name when only models differ */
    struct str model_text;      /* as written: resolved by llm_model_resolve */
    struct model model;         /* filled by planning */
    size_t prompt;              /* index in task.prompts */
    struct params params;       /* task's params with the variant's over them */
    struct str base_url;        /* empty: the provider's */
    int line;
};

struct task {
    struct str name, description, path, dir;        /* dir: the folder all file references are relative to */
    struct str text;                                /* the whole file, for the run's snapshot */
    struct str system;                              /* template; empty: none */
    struct task_prompt *prompts;   size_t prompt_count;
    struct task_turn *turns;       size_t turn_count;        /* follow-ups */
    struct task_image *images;     size_t image_count;
    struct params params;
    struct str *models;            size_t model_count;       /* as written */
    struct variant *variants;      size_t variant_count;     /* models x prompts, then the explicit ones */
    int64_t repeat;                                 /* >= 1 */
    struct {
        enum output_format format;
        bool format_given;                          /* the user wrote one: send JSON mode, count it as a constraint */
        const json_t *schema;                       /* JSON Schema or NULL */
        struct str schema_name;
    } output;
    struct check_spec *checks;     size_t check_count;
    struct metric_spec *metrics;   size_t metric_count;      /* never empty: the default set when not said */
    const json_t *tools;                            /* [{name, description?, parameters?}] or NULL */
    struct str tool_choice;                         /* auto none required or a tool's name; empty: not said */
    const json_t *constraints;                      /* of benchmark files; object or NULL */
    bool models_auto;                               /* `models: auto`: they are still to be chosen (eval/choose.h) */
    const json_t *choose;                           /* how: {tiers, max_models, selector, providers, min_context}, or NULL */
    const json_t *chosen;                           /* what was chosen and why (choice_json), or NULL */
    const json_t *recommend;                        /* rules of the recommendation (eval/recommend.h), or NULL */
    const json_t *judge;                            /* carried for later; object or NULL */
    const json_t *criteria;                         /* evaluation_criteria; list or NULL */
    const json_t *examples;                         /* of benchmark files; list or NULL */
    const json_t *files;                            /* of a planned run: path -> text of what its templates include */
    struct task_chunking chunking;
    int64_t budget_nanousd;                         /* 0: none */
    struct str rank_by;                             /* one of metrics, the one that ranks; empty: the usual order decides */
    struct threshold *thresholds;  size_t threshold_count;
    struct task_sure sure;
    struct {
        struct str path;                            /* relative to dir; empty when inline */
        const json_t *inline_cases;                 /* list, or NULL */
        struct str expected, id;                    /* member names when the user said; else empty */
        const json_t *defaults;                     /* `vars:`: variables every case has unless it says otherwise */
        bool alone;                                 /* the one case is of our making: combinations name the cases */
    } dataset;
    struct dimensions dimensions;                   /* every case in every combination; count 0: as it is */
};

/* Messages of one user turn are rendered with these variables: the case's own, `case` (id, index), `task` (name,
 * description) and, in follow-ups, `answers` (texts so far) and `answer` (the last). */
