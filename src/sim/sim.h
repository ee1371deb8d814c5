/* src/sim/sim.h: simulated providers: an HTTP server that talks like the model vendors do.
 *
 * It speaks their wire formats, plain and streamed, refuses in each vendor's own words, answers from an answer book
 * (cases whose expected answers are known) with seeded, model-specific mistakes, waits as long as a model would, and
 * keeps a ledger of every call a vendor would have charged for. Demos, tests, dry runs and load tests stand on it.
 *
 * Where: bare /v1/chat/completions is an OpenAI-compatible server that needs no key; /v1/messages, /v1beta/models/...
 * and /api/chat are Anthropic, Gemini and Ollama. A prefix chooses the vendor's error shapes and headers: /openai,
 * /anthropic, /google, /xai, /deepseek, /mistral, /openrouter (then /api/v1/...), /ollama. Any key will do there but
 * must be given; "wrong" or one with "invalid" in it is refused.
 * Models: see sim_model_at. Another id behaves like one of them, chosen by its hash; "no-such..." is not found.
 *
 * An answer is decided by (seed, model, case, prompt, salt): the same request gets the same answer. The salt is the
 * request's `seed`, or its x-assay-trial header (or body member assay_trial), and is left out when temperature is 0.
 *
 * Faults, in the model's name ("careful!429=2"), the header x-sim-fault, or for all by sim_control:
 *     kind[=value][@N][~P]  joined by commas; @N: only the first N times for one and the same request, ~P: with
 *     probability P.  Kinds: sim_fault_at.
 * Also served: GET, DELETE /ledger (?summary=1, ?since=SEQ&limit=N, ?all=1), GET, PUT, DELETE /control, GET /healthz.
 *
 * Threads: sim_book_* from any, also while serving. Cost: a plain answer about 25 us of one core; a book of n cases
 * 150 bytes a case above its texts; finding a case is O(length of the prompt). */
#pragma once

#include "domain/domain.h"

struct sim;

struct sim_options {
    const char *address;                    /* "127.0.0.1" when NULL */
    uint16_t port;                          /* 0: any free one */
    int threads;                            /* that take requests; 0: 1 */
    int64_t connections_max;                /* 0: 20,000 */
    uint64_t seed;
    double latency_scale;                   /* 0: no model takes time; 1: as in the table; 0.1: ten times faster */
    const char *faults;                     /* for every request, in the words above; NULL: none */
    const char *aws_secret;                 /* Bedrock's calls must be signed with it (V4); NULL: only that they are signed */
};

enum err_code sim_new(const struct sim_options *options, struct sim **out, struct err *e) MUST_USE;
uint16_t      sim_port(const struct sim *s);
const char   *sim_url(const struct sim *s);             /* "http://127.0.0.1:8080" */
void          sim_free(struct sim *s);

/* The answer book. A prompt belongs to a case when one of the case's longest string variables stands in it. A case
 * without an expected answer or without a string variable is passed over. */
enum err_code sim_book_add(struct sim *s, const struct dataset_case *c, struct err *e) MUST_USE;
enum err_code sim_book_add_text(struct sim *s, struct str input, const json_t *expected, struct err *e) MUST_USE;
/* JSON lines: {"vars": {...}, "expected": ...}, or the variables beside "expected" (or "expected_output"). */
enum err_code sim_book_load(struct sim *s, const char *path, struct err *e) MUST_USE;
/* The first SIM_BOOK_CASES_MAX of a run's frozen cases. */
#define SIM_BOOK_CASES_MAX 1000000
struct data_pack;
enum err_code sim_book_add_pack(struct sim *s, struct data_pack *pack, struct err *e) MUST_USE;
int64_t       sim_book_len(struct sim *s);

/* {"faults": [{"kind": "429=2", "rate": 0.2, "models": ["careful"], "first": N, "every": N}],
 *  "limits": {"requests_per_minute": N, "tokens_per_minute": N, "per_model": bool, "headers": bool, "burst_seconds":
 * N},
 *  "latency_scale": N}: what is given replaces what was. */
enum err_code sim_control(struct sim *s, const json_t *control, struct err *e) MUST_USE;

/* The ledger as JSON: rows with seq > since, at most `limit` (0: 10,000); only billed calls unless `all`. */
json_t *sim_ledger_json(struct sim *s, int64_t since, int64_t limit, bool all) MUST_USE;
json_t *sim_ledger_summary(struct sim *s) MUST_USE;
void    sim_ledger_reset(struct sim *s);

/* The models on offer, for `assay models`: false past the end. Prices are nano-dollars for a million tokens. */
struct sim_model_info { const char *name, *about; bool priced; int64_t input_nanousd, output_nanousd; double skill; int64_t median_ms; };
bool sim_model_at(size_t i, struct sim_model_info *out);
/* The kinds of faults: name, the meaning of its value ("" when it takes none), what happens. */
struct sim_fault_info { const char *name, *value, *about; };
bool sim_fault_at(size_t i, struct sim_fault_info *out);
