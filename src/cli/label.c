/* assay label RUN: people say of a run's answers whether they are right; what they said, and how far they agree. */
#include "cli/labels.h"

#include <inttypes.h>
#include <unistd.h>

#include "eval/report/grid.h"

static const struct option label_options[] = {
    { "labels", 0, "A,B,..", "labels to choose from, by number, in order (default: pass,fail by p and f)", NULL },
    { "only", 0, "WHICH", "only trials that failed, or with failed checks: failed, violations", "failed violations" },
    { "sample", 0, "N", "N trials drawn at random (see --seed)", NULL },
    { "seed", 0, "N", "of the order and of --sample (default 1)", NULL },
    { "all", 0, NULL, "also trials that you have labelled already", NULL },
    { "show-variant", 0, NULL, "show whose answer it is (hidden otherwise)", NULL },
    { "by", 0, "NAME", "who labels (default: $USER)", NULL },
    { "import", 0, "FILE", "read labels from a .csv or .jsonl file: trial, label, who, note, made_at", NULL },
    { "export", 0, NULL, "write the labels: csv, or jsonl", NULL },
    { "format", 'f', "NAME", "of --import and --export: csv jsonl (default by the file's ending, else csv)", "csv jsonl" },
    { "output", 'o', "FILE", "of --export: write there instead of standard output", NULL },
    { "history", 0, NULL, "in lists and --export: also what was changed or taken back", NULL },
    { "summary", 0, NULL, "how many labels, by person and by variant", NULL },
    { "agreement", 0, NULL, "how far people agree with each other, and with checks and metrics", NULL },
    { "scale", 0, "NAME", "of --agreement: nominal (default) ordinal interval", "nominal ordinal interval" },
    { "positive", 0, "A,B,..", "of --agreement: labels that mean that a check should pass (default: pass)", NULL },
    { "pass", 0, "X", "of --agreement: a metric passes when its value is at least X (default 0.5)", NULL },
    { "json", 0, NULL, "as JSON", NULL },
    OPTION_END,
};

enum err_code labels_name(const char *what, struct str name, size_t bytes_max, struct err *e)
{
    if (!name.len || name.len > bytes_max)
        return err_set(e, ERR_BAD_INPUT, "%s has 1 to %zu bytes, this one has %zu", what, bytes_max, name.len);
    if (!str_is_utf8(name))
        return err_set(e, ERR_BAD_INPUT, "%s must be UTF-8", what);
    for (size_t i = 0; i < name.len;)
        if (str_utf8_steers(str_utf8_next(name, &i)))
            return err_set(e, ERR_BAD_INPUT, "%s \"" STR_FMT "\" holds a control character", what, STR_ARG(name));
    return ERR_OK;
}

enum err_code labels_who(const struct labels *l, struct str *out, struct err *e)
{
    static const char *const variables[] = { "USER", "LOGNAME" };
    struct str who = str_trim(args_get(l->args, "by"));

    for (size_t i = 0; i < COUNT_OF(variables) && !who.len; i++)
        who = str_trim(str_c(getenv(variables[i])));
    if (!who.len)
        return err_set(e, ERR_USAGE, "who labels? --by NAME says it, as $USER is not set");
    TRY(labels_name("a person's name", who, STORE_LABEL_WHO_MAX, e));
    *out = who;
    return ERR_OK;
}

enum err_code labels_known(const struct labels *l, struct str value, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, value);
    for (size_t i = 0; i < l->set_count; i++) {
        if (str_eq(l->set[i], value))
            return ERR_OK;
        suggest_offer(&near, l->set[i]);
    }
    if (!args_has(l->args, "labels"))
        return ERR_OK;
    return err_set(e, ERR_BAD_INPUT, "\"" STR_FMT "\" is none of the labels of --labels " STR_FMT "%s", STR_ARG(value),
                   STR_ARG(args_get(l->args, "labels")), suggest_hint(&near, hint));
}

const struct store_label *labels_find(const struct store_label *rows, size_t count, int64_t trial, struct str who)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t by = rows[middle].trial - trial;
        int order = by ? (by < 0 ? -1 : 1) : str_cmp(rows[middle].who, who);

        if (order == 0)
            return &rows[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

struct str labels_variant(const struct labels *l, int64_t variant)
{
    return variant >= 0 && (size_t)variant < l->variant_count ? l->variants[variant].name : S("");
}

static enum err_code label_set(struct labels *l, struct err *e)
{
    static const struct str usual[] = { { "pass", 4 }, { "fail", 4 } };
    struct str *named;

    l->set = usual;
    l->set_count = COUNT_OF(usual);
    if (!args_has(l->args, "labels"))
        return ERR_OK;
    l->set_count = args_list(l->args, "labels", &named);
    l->set = named;
    if (l->set_count < 2 || l->set_count > LABELS_SET_MAX)
        return err_set(e, ERR_USAGE, "--labels takes 2 to %d labels, \"" STR_FMT "\" has %zu", LABELS_SET_MAX,
                       STR_ARG(args_get(l->args, "labels")), l->set_count);
    for (size_t i = 0; i < l->set_count; i++) {
        named[i] = str_trim(named[i]);
        TRY(labels_name("a label", named[i], STORE_LABEL_VALUE_MAX, e));
        for (size_t k = 0; k < i; k++)
            if (str_eq(named[i], named[k]))
                return err_set(e, ERR_USAGE, "--labels names \"" STR_FMT "\" twice", STR_ARG(named[i]));
    }
    return ERR_OK;
}

/* --- lists -------------------------------------------------------------------------------------------------------- */

static enum err_code label_list(struct labels *l, struct err *e)
{
    struct store_label *rows;
    AUTO_JSON *list = json_array();
    size_t n;

    TRY(store_labels(l->s->store, l->run->no, args_has(l->args, "history"), l->s->arena, &rows, &n, e));
    for (size_t i = 0; i < n; i++) {
        char when[CLOCK_TEXT];

        json_array_append_new(list, json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:s}", "trial", (json_int_t)rows[i].trial, "case",
                                              json_from_str(rows[i].case_id), "variant", json_from_str(labels_variant(l, rows[i].variant)),
                                              "who", json_from_str(rows[i].who), "label",
                                              rows[i].value.len ? json_from_str(rows[i].value) : json_null(), "note",
                                              json_from_str(rows[i].note), "made_at", clock_text(rows[i].made_ms, when)));
    }
    return term_json(json_pack("{s:o,s:O}", "run", json_from_str(l->run->id), "labels", list), e);
}

/* How often each label was given, by somebody or for some variant. */
struct label_count { struct str of, value; int64_t n; };
struct label_counts { VEC(struct label_count) list; struct map index; struct arena *arena; };

static void label_counts_dispose(struct label_counts *c)
{
    vec_dispose(&c->list);
    map_dispose(&c->index);
}

static void label_counts_add(struct label_counts *c, struct str of, struct str value)
{
    struct str key = arena_printf(c->arena, STR_FMT "%c" STR_FMT, STR_ARG(of), 1, STR_ARG(value));
    size_t at = (size_t)(uintptr_t)map_get(&c->index, key);

    if (!at) {
        vec_push(&c->list, (struct label_count){ .of = of, .value = value });
        at = c->list.len;
        map_put(&c->index, key, (void *)(uintptr_t)at);         /* names hold no control character: 1 parts them */
    }
    c->list.at[at - 1].n++;
}

static int label_count_cmp(const void *x, const void *y)
{
    const struct label_count *a = x, *b = y;
    int order = str_cmp(a->of, b->of);

    return order ? order : str_cmp(a->value, b->value);
}

static void label_counts_sort(struct label_counts *c)
{
    if (c->list.len)
        qsort(c->list.at, c->list.len, sizeof *c->list.at, label_count_cmp);
}

static int64_t label_counts_all(const struct label_counts *c, struct str of)
{
    int64_t n = 0;

    for (size_t i = 0; i < c->list.len; i++)
        n += str_eq(c->list.at[i].of, of) ? c->list.at[i].n : 0;
    return n;
}

/* [{"who": "ann", "labels": {"pass": 3}}] */
static json_t *label_counts_json(const struct label_counts *c, const char *name)
{
    json_t *list = json_array(), *labels = NULL;

    for (size_t i = 0; i < c->list.len; i++) {
        const struct label_count *x = &c->list.at[i];

        if (i == 0 || !str_eq(x->of, c->list.at[i - 1].of)) {
            labels = json_object();
            json_array_append_new(list, json_pack("{s:o,s:I,s:o}", name, json_from_str(x->of), "trials",
                                                  (json_int_t)label_counts_all(c, x->of), "labels", labels));
        }
        json_object_setn_new(labels, x->value.at, x->value.len, json_integer((json_int_t)x->n));
    }
    return list;
}

static enum err_code label_counts_table(struct labels *l, const struct label_counts *c, const char *name, struct err *e)
{
    const struct grid_column columns[] = {
        { .heading = name, .least = 8 }, { .heading = "label", .least = 6 }, { .heading = "labels", .right = true },
        { .heading = "share", .right = true },
    };
    struct grid *g = grid_new(l->s->arena, columns, COUNT_OF(columns));

    for (size_t i = 0; i < c->list.len; i++) {
        const struct label_count *x = &c->list.at[i];

        grid_cell(g, i && str_eq(x->of, c->list.at[i - 1].of) ? S("") : x->of, GRID_PLAIN);
        grid_cell(g, x->value, GRID_PLAIN);
        grid_cellf(g, "%" PRId64, x->n);
        grid_cellf(g, "%.1f %%", 100 * (double)x->n / (double)label_counts_all(c, x->of));
    }
    printf("\n");
    return session_grid(g, e);
}

static enum err_code label_summary(struct labels *l, struct err *e)
{
    AUTO(label_counts_dispose) struct label_counts people = { .arena = l->s->arena }, variants = { .arena = l->s->arena };
    struct store_label *rows;
    int64_t trials = 0, labels = 0, notes = 0, before = -1;
    size_t n;

    TRY(store_labels(l->s->store, l->run->no, false, l->s->arena, &rows, &n, e));
    for (size_t i = 0; i < n; i++) {
        notes += rows[i].note.len > 0;
        if (!rows[i].value.len)
            continue;
        labels++;
        trials += rows[i].trial != before;
        before = rows[i].trial;
        label_counts_add(&people, rows[i].who, rows[i].value);
        label_counts_add(&variants, labels_variant(l, rows[i].variant), rows[i].value);
    }
    label_counts_sort(&people);
    label_counts_sort(&variants);
    if (args_has(l->args, "json"))
        return term_json(json_pack("{s:o,s:I,s:I,s:I,s:I,s:o,s:o}", "run", json_from_str(l->run->id), "trials",
                                   (json_int_t)run_trials(l->run), "labelled", (json_int_t)trials, "labels", (json_int_t)labels,
                                   "notes", (json_int_t)notes, "people", label_counts_json(&people, "who"), "variants",
                                   label_counts_json(&variants, "variant")), e);
    printf("run " STR_FMT ": %" PRId64 " of %" PRId64 " trials labelled, %" PRId64 " labels, %" PRId64 " notes\n",
           STR_ARG(id_short(l->run->id)), trials, run_trials(l->run), labels, notes);
    if (!labels)
        return ERR_OK;
    TRY(label_counts_table(l, &people, "who", e));
    return label_counts_table(l, &variants, "variant", e);
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static enum err_code label_run(struct args *args, int *status, struct err *e)
{
    static const struct { const char *option; enum err_code (*run)(struct labels *, struct err *); } ways[] = {
        { "import", labels_import }, { "export", labels_export }, { "summary", label_summary }, { "agreement", labels_agreement },
    };
    AUTO_SESSION s = { 0 };
    struct labels l = { .s = &s, .args = args };
    struct str ref = args_positional(args, 0);
    const char *given = NULL;
    size_t way = COUNT_OF(ways);

    (void)status;
    for (size_t i = 0; i < COUNT_OF(ways); i++)
        if (args_has(args, ways[i].option)) {
            if (given)
                return err_set(e, ERR_USAGE, "--%s and --%s are two things: one at a time", given, ways[i].option);
            given = ways[i].option;
            way = i;
        }
    if (!given && !args_has(args, "json") && (!term_get()->out_tty || !isatty(STDIN_FILENO)))
        return err_set(e, ERR_USAGE,
                       "labelling by keys needs a terminal; without one there are --import FILE, --export, --json, "
                       "--summary and --agreement");
    TRY(label_set(&l, e));
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    TRY(store_run_get(s.store, ref.len ? ref : S("last"), s.arena, &l.run, e));
    TRY(store_variants(s.store, l.run->no, s.arena, &l.variants, &l.variant_count, e));
    return given ? ways[way].run(&l, e) : args_has(args, "json") ? label_list(&l, e) : labelling(&l, e);
}

const struct command command_label = {
    .name = "label", .usage = "[RUN] [options]", .summary = "Judge answers by hand, key by key; see how far people and checks agree.",
    .doc = "Shows one answer after the other, with its input and what was expected, in an order that --seed decides, and does not say "
           "whose it is. Keys: p pass, f fail (or the digits of --labels), n note, s skip, u undo, v all of a long text, q quit. Each "
           "label is stored at once, with who and when; the same command goes on where it stopped, and other people may label the same "
           "trials. Changed labels stay as history.\n"
           "--agreement: Cohen's kappa between any two people and between a person and each check or metric, "
           "Krippendorff's alpha over "
           "all people, each with its 95 % interval.",
    .options = label_options, .positional_max = 1, .complete = "run", .run = label_run,
};
