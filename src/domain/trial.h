/* src/domain/trial.h (through domain.h): one case x one variant x one repetition: the unit of work, retry and
 * resume. */
#pragma once

enum trial_state { TRIAL_DONE, TRIAL_FAILED };      /* exactly one outcome per trial; absent = not yet */

struct trial {
    int64_t number;
    int64_t variant;                    /* number in the run, from 0 */
    enum trial_state state;
    enum err_code error;                /* ERR_OK when done */
    struct str error_text;              /* at most 2,000 bytes */
    struct str case_id;
    struct usage usage;                 /* of all turns' answers */
    int64_t cost_nanousd;               /* of all attempts of all turns; MONEY_UNKNOWN if any answered one is unknown */
    int64_t latency_ms;                 /* sum over turns of the answering attempts */
    int64_t attempts;                   /* calls made */
    int64_t finished_ms;                /* wall */
    int64_t violations, critical;       /* failed checks; of these, critical ones */
};

/* What the ledger adds for one trial, by phase. */
enum phase { PHASE_EXECUTION, PHASE_JUDGE, PHASE_CHECKS, PHASE_PROMPTS, PHASE_EMBEDDING, PHASE_MODEL_SELECTION, PHASES };
const char *phase_name(enum phase p);

struct ledger_entry {
    enum phase phase;
    int64_t calls;                      /* billed or answered */
    struct usage usage;
    int64_t cost_nanousd;               /* sum of the known ones */
    int64_t unknown_calls;              /* answered calls whose cost nobody knows */
};
