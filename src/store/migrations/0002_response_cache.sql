-- Answers kept to be given again (assay run --cache). body: JSON of a turn behind one byte that says how it is packed.
CREATE TABLE response_cache (
    key              TEXT PRIMARY KEY,
    model            TEXT NOT NULL,
    created_ms       INTEGER NOT NULL,
    used_ms          INTEGER NOT NULL,
    uses             INTEGER NOT NULL,
    cost_nanousd     INTEGER,
    saved_nanousd    INTEGER NOT NULL,
    bytes            INTEGER NOT NULL,
    body             BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX response_cache_used ON response_cache (used_ms, key);

-- One row: what all of them take together, so that a put need not count.
CREATE TABLE response_cache_sum (
    one              INTEGER PRIMARY KEY CHECK (one = 1),
    bytes            INTEGER NOT NULL
) STRICT;
INSERT INTO response_cache_sum (one, bytes) VALUES (1, 0);
