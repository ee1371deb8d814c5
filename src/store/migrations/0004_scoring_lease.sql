-- Who is at work on a judgement, and until when that holds: two commands that ask the same would pay twice.
CREATE TABLE IF NOT EXISTS scoring_lease (
    run_no           INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    judgement        TEXT NOT NULL,
    owner            TEXT NOT NULL,
    expires_ms       INTEGER NOT NULL,
    PRIMARY KEY (run_no, judgement)
) STRICT, WITHOUT ROWID;
