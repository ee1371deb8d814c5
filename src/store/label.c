/* src/store/label.c: what people say of trials. */
#include "store/stmt.h"
#include "store/tx.h"

static enum err_code label_bounds(const struct store_label *l, struct err *e)
{
    if (!l->who.len || l->who.len > STORE_LABEL_WHO_MAX)
        return err_set(e, ERR_BAD_INPUT, "a person's name has 1 to %d bytes, this one %zu", STORE_LABEL_WHO_MAX,
                       l->who.len);
    if (l->value.len > STORE_LABEL_VALUE_MAX)
        return err_set(e, ERR_TOO_LARGE, "a label has at most %d bytes, this one %zu", STORE_LABEL_VALUE_MAX,
                       l->value.len);
    if (l->note.len > STORE_LABEL_NOTE_MAX)
        return err_set(e, ERR_TOO_LARGE, "a note has at most %d bytes, this one %zu", STORE_LABEL_NOTE_MAX,
                       l->note.len);
    return ERR_OK;
}

enum err_code store_tx_label_add(struct store_tx *tx, int64_t run_no, const struct store_label *l, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(label_bounds(l, e));
    TRY(stmt_open_tx(&q, tx, "INSERT INTO label (run_no, trial_no, who, value, note, made_ms) SELECT run_no, trial_no, $1, $2, $3, $4 "
                     "FROM trial WHERE run_no = $5 AND trial_no = $6", e));
    stmt_bind_i64(q, 5, run_no);
    stmt_bind_i64(q, 6, l->trial);
    stmt_bind_str(q, 1, l->who);
    stmt_bind_str(q, 2, l->value.at ? l->value : S(""));
    stmt_bind_str(q, 3, l->note.at ? l->note : S(""));
    stmt_bind_i64(q, 4, l->made_ms);
    TRY(stmt_run(q, e));
    return stmt_changes(q) ? ERR_OK
                           : err_set(e, ERR_NOT_FOUND, "trial %lld has no outcome in this run", (long long)l->trial);
}

enum err_code store_labels(struct store *s, int64_t run_no, bool history, struct arena *a, struct store_label **rows,
                           size_t *count, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    VEC(struct store_label) found = { 0 };
    struct map names = MAP_INIT;            /* few people and labels, many rows: each name is kept once */
    enum err_code code;

    TRY(stmt_open(&q, s,
                  "SELECT l.no, l.trial_no, l.who, l.value, l.note, l.made_ms, t.case_id, t.variant_no FROM label l "
                  "JOIN trial t ON t.run_no = l.run_no AND t.trial_no = l.trial_no WHERE l.run_no = $1 "
                  "ORDER BY l.trial_no, l.who, l.no", e));
    stmt_bind_i64(q, 1, run_no);
    while ((code = stmt_step(q, e)) == ERR_OK && stmt_has_row(q)) {
        struct store_label l = { .no = stmt_i64(q, 0), .trial = stmt_i64(q, 1), .made_ms = stmt_i64(q, 5), .variant = stmt_i64(q, 7) };
        struct str *const parts[] = { &l.who, &l.value };
        const struct store_label *last = found.len ? &found.at[found.len - 1] : NULL;

        for (size_t i = 0; i < COUNT_OF(parts); i++) {
            struct str text = stmt_str(q, 2 + (int)i);
            char *kept = map_get(&names, text);

            if (!kept) {
                kept = arena_cstr(a, text);
                map_put(&names, text, kept);
            }
            *parts[i] = str_n(kept, text.len);
        }
        l.note = arena_strdup(a, stmt_str(q, 4));
        l.case_id = last && last->trial == l.trial ? last->case_id : arena_strdup(a, stmt_str(q, 6));
        if (!history && last && last->trial == l.trial && str_eq(last->who, l.who))
            found.len--;                    /* the one before is what this one replaced */
        vec_push(&found, l);
    }
    if (code == ERR_OK) {
        size_t kept = 0;

        *rows = arena_array(a, struct store_label, found.len + 1);
        for (size_t i = 0; i < found.len; i++)
            if (history || found.at[i].value.len || found.at[i].note.len)
                (*rows)[kept++] = found.at[i];
        *count = kept;
    }
    map_dispose(&names);
    vec_dispose(&found);
    return code;
}
