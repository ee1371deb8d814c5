/* src/sim/answer.h: what a personality says to a request: right or wrong in its own way, and how long it takes.
 *
 * Pure but for the book: the same ask, seed and book give the same reply. Whether two models fail on the same case is
 * not independent: hard cases are hard for all, as with real models. */
#pragma once

#include "sim/book.h"
#include "sim/models.h"

#define SIM_TOOLS_MAX 128
enum sim_finish { SIM_STOP, SIM_LENGTH, SIM_STOP_SEQUENCE, SIM_FILTERED, SIM_TOOL_USE };
/* May the model ask for a tool: as it sees fit, never, it must for one of them, it must for the named one. */
enum sim_tool_wish { SIM_TOOLS_AUTO, SIM_TOOLS_NONE, SIM_TOOLS_ANY, SIM_TOOLS_ONE };
struct sim_tool { struct str name; const json_t *parameters; };     /* parameters: a JSON Schema, or NULL */
struct sim_use { struct str name, text; json_t *arguments; };       /* arguments: an object; text: the same as JSON */

/* A request of any vendor, read. Strings live in the request's arena or body. */
struct sim_ask {
    struct str model_asked;                 /* as it stands in the request */
    struct str model_name;                  /* without faults and "sim:" */
    const struct sim_model *model;
    struct str system, user, last_user;     /* user: all user texts, joined by line feeds */
    int64_t images;
    bool stream, include_usage, json_mode, thinking;
    bool max_covers_reasoning;
    const json_t *schema;                   /* of the answer, or NULL */
    struct sim_tool *tools;                 /* on offer; SIM_TOOLS_MAX of them have room */
    size_t tool_count;
    int64_t tool_tokens;                    /* what reading their declarations takes */
    enum sim_tool_wish tool_wish;
    struct str tool_wanted;                 /* of SIM_TOOLS_ONE */
    bool one_call;                          /* calls side by side are not wanted */
    bool tools_answered;                    /* what a tool gave is the last thing said */
    struct str tool_result;                 /* that */
    double temperature;                     /* negative: not given */
    int64_t max_tokens, seed;               /* -1: not given */
    struct str stops[16];
    size_t stop_count;
    struct str trial;                       /* x-assay-trial */
    const json_t *body;
    uint64_t hash;                          /* of system and user texts */
};

struct sim_reply {
    struct str text, reasoning;
    struct sim_use *uses;                   /* tools asked for */
    size_t use_count;
    enum sim_finish finish;
    struct str stop;                        /* the sequence that ended it */
    uint32_t which;                         /* case, or SIM_NO_CASE */
    int64_t input_tokens, cached_tokens;    /* cached: of input */
    int64_t output_tokens, reasoning_tokens;/* reasoning: of output */
    double first_ms, total_ms;              /* unscaled */
    uint64_t id;                            /* to make the vendor's ids of */
};

void    sim_reply_make(uint64_t seed, struct sim_book *book, const struct sim_ask *ask, struct arena *a, struct sim_reply *out);
int64_t sim_tokens(struct str text);        /* about four letters each */
int64_t sim_ask_tokens(const struct sim_ask *ask);

/* Grades what stands between the marks of a judge's question (judge.c): false when there are none. */
bool    sim_judge(const struct sim_ask *ask, struct arena *a, struct buf *out);
/* Replies what the question's script says (grader.c): false when it has none. */
bool    sim_grade(const struct sim_ask *ask, struct arena *a, struct buf *out);
/* Writes checks, or prompts and a rubric, where the question asks for them (writer.c). */
bool    sim_write(const struct sim_ask *ask, struct arena *a, struct buf *out);
/* The text between a part's marks; false when there are none. */
bool    sim_part(struct str text, const char *name, struct arena *a, struct str *out);

/* Analyses a task or ranks candidates (select.c): false when neither is asked. */
bool    sim_select(const struct sim_ask *ask, struct arena *a, struct buf *out);

/* --- between answer.c and uses.c ---------------------------------------------------------------------------------- */

/* How a personality fares on one case: right or not, and what it draws its mistakes from. */
struct sim_draw { bool wrong; enum sim_mistake mistake; struct rng r; };
/* The smallest value a schema allows, near enough. Yours. */
json_t *sim_value_of(const json_t *schema);
/* `right` (an object) with that mistake in it; `path` is where the book knows other values for it. In the arena. */
json_t *sim_spoil(struct sim_book *book, const struct sim_ask *ask, const json_t *right, struct str path,
                  enum sim_mistake mistake, struct rng *r, struct arena *a);
/* Asks for tools when that is the answer: the book says so ({"tool_calls": [{"name", "arguments"}]} is expected), the
 * request demands it, or the model always does. `expected` is NULL without a case. False: text is the answer. */
bool sim_use_tools(struct sim_book *book, const struct sim_ask *ask, const json_t *expected, struct sim_draw *draw,
                   struct arena *a, struct sim_reply *reply);
/* What is said instead of or after calls: `content` of such an expected answer, or what the tool gave. */
struct str sim_after_tools(const struct sim_ask *ask, const json_t *expected, struct arena *a);
