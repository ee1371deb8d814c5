/* src/domain/turn.h (through domain.h): one question and its answer, and the attempts it took.
 *
 * A transcript is the list of a trial's turns with the system message. Every attempt is kept, also those that failed:
 * what was billed must be seen. Costs are nano-dollars, MONEY_UNKNOWN where no price is known. */
#pragma once

enum finish {
    FINISH_UNKNOWN, FINISH_STOP, FINISH_MAX_TOKENS, FINISH_STOP_SEQUENCE, FINISH_TOOL_USE, FINISH_CONTENT_FILTER,
    FINISH_REFUSAL, FINISH_ERROR, FINISH_OTHER, FINISHES
};
const char *finish_name(enum finish f);             /* "stop" "max_tokens" ... as in the spec's normalised names */
enum finish finish_from(struct str name);

struct attempt {
    enum err_code code;                 /* ERR_OK for the one that answered */
    int http_status;                    /* 0: no answer came */
    struct str text;                    /* the fault's sentence */
    int64_t started_ms;                 /* wall */
    int64_t duration_ms, waited_ms;     /* waited: the pause before this attempt */
    int64_t cost_nanousd;               /* of a failed attempt that was billed all the same; 0 when none is known of */
    struct usage usage;
};

struct turn {
    int number;                         /* from 1 */
    struct str label;                   /* "prompt", "followup_1"... or the user's */
    struct str prompt;                  /* what was sent as the user's message (images as [image ...] marks) */
    struct str response;                /* trimmed text */
    struct str reasoning;               /* the vendor's visible reasoning text, if any */
    const json_t *tool_calls;           /* as the vendor's arguments were, or NULL */
    enum finish finish;
    struct str finish_native;           /* the vendor's own word */
    struct str model_version, response_id, upstream;    /* empty when not reported; upstream: OpenRouter's provider */
    const json_t *raw;                  /* vendor's own small fields, or NULL */
    struct str dropped;                 /* parameters this model refused and that were left out, comma-separated */
    struct usage usage;
    int64_t cost_nanousd;
    bool cached;                        /* given again from the response cache: asked nobody, cost nothing */
    int64_t saved_nanousd, cached_ms;   /* when cached: what it had cost (MONEY_UNKNOWN), and when it was asked (wall) */
    bool cost_reported;                 /* by the vendor, not computed from the price table */
    int64_t latency_ms, first_token_ms; /* of the attempt that answered; first_token -1 unless streamed */
    struct attempt *attempts;
    size_t attempt_count;
};

void    turn_write(const struct turn *t, struct buf *out);        /* appends it as JSON, without a tree: once per trial */
void    turn_from_json(const json_t *o, struct arena *a, struct turn *out);
