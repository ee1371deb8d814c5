-- What people say of trials (assay label): a label, a note, or both. Nothing is overwritten: to change is to add a row,
-- to take back is to add one with neither; the newest row of a person for a trial is what counts.
CREATE TABLE label (
    no               INTEGER PRIMARY KEY AUTOINCREMENT,
    run_no           INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    trial_no         INTEGER NOT NULL,
    who              TEXT NOT NULL,
    value            TEXT NOT NULL,
    note             TEXT NOT NULL,
    made_ms          INTEGER NOT NULL
) STRICT;
CREATE INDEX label_by_trial ON label (run_no, trial_no, who, no);
