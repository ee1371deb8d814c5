-- Runs and all they hold. Money is integer nano-dollars (NULL: nobody knows), time is wall milliseconds UTC.
-- Trials are numbered case-major, so (run_no, trial_no) only ever grows at its end while a run is under way.

CREATE TABLE run (
    no               INTEGER PRIMARY KEY AUTOINCREMENT,
    id               TEXT NOT NULL UNIQUE,
    task_name        TEXT NOT NULL,
    task_path        TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('planned', 'running', 'stopped', 'done', 'cancelled')),
    stopped_by       TEXT NOT NULL DEFAULT '',
    created_ms       INTEGER NOT NULL,
    started_ms       INTEGER,
    finished_ms      INTEGER,
    fingerprint      TEXT NOT NULL,
    dataset_hash     TEXT NOT NULL,
    cases            INTEGER NOT NULL CHECK (cases >= 0),
    variants         INTEGER NOT NULL CHECK (variants >= 1),
    repeat           INTEGER NOT NULL CHECK (repeat >= 1),
    shard_trials     INTEGER NOT NULL CHECK (shard_trials >= 1),
    estimate_nanousd INTEGER,
    budget_nanousd   INTEGER NOT NULL,
    settings         TEXT NOT NULL
) STRICT;
CREATE INDEX run_by_fingerprint ON run (fingerprint, no);
CREATE INDEX run_by_task ON run (task_name, no);

-- done and failed count this variant's outcomes; they move in the transaction that adds the trials.
CREATE TABLE run_variant (
    run_no           INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    variant_no       INTEGER NOT NULL,
    name             TEXT NOT NULL,
    model            TEXT NOT NULL,
    settings         TEXT NOT NULL,
    aggregate        TEXT NOT NULL DEFAULT '',
    abandoned        INTEGER NOT NULL DEFAULT 0 CHECK (abandoned IN (0, 1)),
    done             INTEGER NOT NULL DEFAULT 0,
    failed           INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_no, variant_no)
) STRICT, WITHOUT ROWID;

-- state: 0 open, 1 leased, 2 finished
CREATE TABLE shard (
    run_no           INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    shard_no         INTEGER NOT NULL,
    first_trial      INTEGER NOT NULL,
    last_trial       INTEGER NOT NULL,
    state            INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)),
    owner            TEXT,
    expires_ms       INTEGER,
    PRIMARY KEY (run_no, shard_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX shard_by_state ON shard (run_no, state, shard_no, expires_ms);

-- One row is one outcome. state: 0 done, 1 failed; estimated: bit 0 input, bit 1 output
CREATE TABLE trial (
    run_no           INTEGER NOT NULL,
    trial_no         INTEGER NOT NULL,
    variant_no       INTEGER NOT NULL,
    state            INTEGER NOT NULL CHECK (state IN (0, 1)),
    error            TEXT,
    error_text       TEXT,
    case_id          TEXT NOT NULL,
    input            INTEGER NOT NULL,
    output           INTEGER NOT NULL,
    cached           INTEGER NOT NULL,
    cache_written    INTEGER NOT NULL,
    reasoning        INTEGER NOT NULL,
    estimated        INTEGER NOT NULL,
    cost_nanousd     INTEGER,
    latency_ms       INTEGER NOT NULL,
    attempts         INTEGER NOT NULL,
    finished_ms      INTEGER NOT NULL,
    violations       INTEGER NOT NULL,
    critical         INTEGER NOT NULL,
    PRIMARY KEY (run_no, trial_no),
    FOREIGN KEY (run_no, variant_no) REFERENCES run_variant (run_no, variant_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX trial_failed ON trial (run_no, state, trial_no, variant_no) WHERE state = 1;

-- Transcripts and scores come and go in the transaction of their trial; a foreign key would look each up again, and
-- cost a tenth of the whole insert.
-- body: JSON behind one byte that says how it is packed (store/press.h)
CREATE TABLE transcript (
    run_no           INTEGER NOT NULL,
    trial_no         INTEGER NOT NULL,
    body             BLOB NOT NULL,
    PRIMARY KEY (run_no, trial_no)
) STRICT, WITHOUT ROWID;

-- One of a run's own transcripts, as it was: what the others are packed against.
CREATE TABLE dictionary (
    run_no           INTEGER PRIMARY KEY REFERENCES run (no) ON DELETE CASCADE,
    body             BLOB NOT NULL
) STRICT;

-- scoring 0 is the run's own; scoring again later, or by a judge, adds others beside it.
CREATE TABLE scoring (
    run_no           INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    scoring_no       INTEGER NOT NULL,
    name             TEXT NOT NULL,
    scorers          TEXT NOT NULL,
    created_ms       INTEGER NOT NULL,
    PRIMARY KEY (run_no, scoring_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE score (
    run_no           INTEGER NOT NULL,
    scoring_no       INTEGER NOT NULL,
    trial_no         INTEGER NOT NULL,
    "values"         TEXT NOT NULL,
    PRIMARY KEY (run_no, scoring_no, trial_no)
) STRICT, WITHOUT ROWID;

-- phase: 0 execution, 1 judge, 2 quality checks, 3 prompts
CREATE TABLE ledger (
    run_no           INTEGER NOT NULL,
    variant_no       INTEGER NOT NULL,
    phase            INTEGER NOT NULL,
    calls            INTEGER NOT NULL,
    input            INTEGER NOT NULL,
    output           INTEGER NOT NULL,
    cached           INTEGER NOT NULL,
    cache_written    INTEGER NOT NULL,
    reasoning        INTEGER NOT NULL,
    estimated        INTEGER NOT NULL,
    cost_nanousd     INTEGER NOT NULL,
    unknown_calls    INTEGER NOT NULL,
    PRIMARY KEY (run_no, variant_no, phase),
    FOREIGN KEY (run_no, variant_no) REFERENCES run_variant (run_no, variant_no)
) STRICT, WITHOUT ROWID;
