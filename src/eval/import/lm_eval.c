/* Tasks of lm-evaluation-harness (its YAML), with data in local files, asked by generation.
 *
 *   prompt     description, num_fewshot examples, doc_to_text (a Jinja2 template, or the name of a field)
 *   expected   doc_to_target rendered for each document; a field that is a list: any of its items; with doc_to_choice
 * its index
 *   params     generation_kwargs: until, max_gen_toks, temperature, do_sample, top_p; until's default is the harness's
 *   metrics    exact_match with its options and each filter pipeline that is a regex; acc, bleu, chrf, f1
 * multiple_choice has no log-likelihoods here: the choices are shown with letters and the model writes the letter,
 * which is warned of, as it changes the number. What would change a task silently is an error: Python (!function),
 * process_docs, data on a hub. Everything else that is not carried over is a warning at its key. */
#include "data/data.h"
#include "eval/imports.h"
#include "template/template.h"

#define LM_INCLUDES_MAX 4
#define LM_CHOICES_MAX  26
#define LM_FEWSHOT_MAX  100
#define LM_TEXT_MAX     ((size_t)4 << 20)

struct lm {
    const struct import_in *in;
    struct arena *a;
    const struct doc_node *roots[LM_INCLUDES_MAX + 1];          /* the file, then what it includes */
    size_t root_count;
    struct template_env *env;
    json_t *docs;                       /* of the split that is asked */
    bool choices;                       /* multiple_choice */
    json_t *metrics;
};

static const char lm_used[] =
    "task dataset_path dataset_name dataset_kwargs test_split validation_split training_split fewshot_split output_type "
    "doc_to_text "
    "doc_to_target doc_to_choice description target_delimiter fewshot_delimiter generation_kwargs metric_list filter_list repeats "
    "num_fewshot include tag group task_alias group_alias metadata fewshot_config should_decontaminate "
    "doc_to_decontamination_query";
/* Keys that change what is asked or how it is judged, in ways that are not here. */
static const char lm_refused[] = "process_docs process_results doc_to_image doc_to_audio use_prompt custom_dataset class "
    "unsafe_code "
                                 "gen_prefix";

static bool lm_word(const char *list, struct str word)
{
    struct str rest = str_c(list), one;

    while (str_split(&rest, ' ', &one))
        if (str_eq(one, word))
            return true;
    return false;
}

static const struct doc_node *lm_get(const struct lm *l, const char *key)
{
    for (size_t i = 0; i < l->root_count; i++) {
        const struct doc_node *n = doc_get(l->roots[i], key);

        if (n)
            return n->kind == DOC_NULL ? NULL : n;
    }
    return NULL;
}

static enum err_code lm_fail(const struct lm *l, const struct doc_node *at, struct err *e, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
static enum err_code lm_fail(const struct lm *l, const struct doc_node *at, struct err *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    err_setv(e, ERR_BAD_INPUT, fmt, ap);
    va_end(ap);
    return at ? err_prefix(e, STR_FMT ":%d:%d", STR_ARG(l->in->name), at->line, at->column)
              : err_prefix(e, STR_FMT, STR_ARG(l->in->name));
}

static void lm_warn(const struct lm *l, const struct doc_node *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void lm_warn(const struct lm *l, const struct doc_node *at, const char *fmt, ...)
{
    struct err text = ERR_INIT;
    va_list ap;

    va_start(ap, fmt);
    err_setv(&text, ERR_OK, fmt, ap);
    va_end(ap);
    l->in->warn(l->in->arg, at, arena_strdup(l->a, str_c(text.text)));
}

static enum err_code lm_text(const struct lm *l, const char *key, struct str fallback, struct str *out, struct err *e)
{
    const struct doc_node *n = lm_get(l, key);

    *out = fallback;
    if (!n)
        return ERR_OK;
    if (n->kind == DOC_LIST || n->kind == DOC_MAP)
        return lm_fail(l, n, e, "%s must be text, and this is %s", key, doc_kind_name(n->kind));
    *out = n->text;
    return ERR_OK;
}

/* --- files -------------------------------------------------------------------------------------------------------- */
static enum err_code lm_include(struct lm *l, struct err *e)
{
    for (size_t i = 0; i < l->root_count; i++) {
        const struct doc_node *n = doc_get(l->roots[i], "include");
        AUTO_BUF struct buf text = BUF_INIT(LM_TEXT_MAX);
        struct doc_node *root;

        if (!n || n->kind == DOC_NULL)
            continue;
        if (l->root_count > LM_INCLUDES_MAX)
            return lm_fail(l, n, e, "files that include each other %d deep are too many", LM_INCLUDES_MAX + 1);
        if (n->kind != DOC_STRING)
            return lm_fail(l, n, e, "include names one file of the task's folder");
        if (file_read_beneath(l->in->dir, n->text, LM_TEXT_MAX, &text, e) != ERR_OK ||
            doc_read(n->text, arena_strdup(l->a, buf_str(&text)), DOC_YAML, l->a, &root, e) != ERR_OK)
            return err_prefix(e, STR_FMT ":%d:%d", STR_ARG(l->in->name), n->line, n->column);
        l->roots[l->root_count++] = root;
    }
    return ERR_OK;
}

static enum err_code lm_keys(const struct lm *l, struct err *e)
{
    for (size_t r = 0; r < l->root_count; r++)
        for (size_t i = 0; i < l->roots[r]->count; i++) {
            const struct doc_pair *p = &l->roots[r]->pairs[i];

            if (lm_word(lm_refused, p->key))
                return lm_fail(
                    l, p->value, e,
                    STR_FMT
                    " changes the task in a way that can't be carried over; write what it does into the data and "
                    "doc_to_text",
                    STR_ARG(p->key));
            if (!lm_word(lm_used, p->key))
                lm_warn(l, p->value, "\"" STR_FMT "\" is not carried over", STR_ARG(str_utf8_head(p->key, 100)));
        }
    return ERR_OK;
}

/* The file of a split; data_files is one file, or files by split. */
static enum err_code lm_data_file(const struct lm *l, struct str split, const struct doc_node **at, struct str *out,
                                  struct err *e)
{
    const struct doc_node *kwargs = lm_get(l, "dataset_kwargs"), *path = lm_get(l, "dataset_path"),
                          *files = kwargs ? doc_get(kwargs, "data_files") : NULL;

    *at = path;
    if (!path || (!str_is(path->text, "json") && !str_is(path->text, "csv")))
        return lm_fail(l, path, e, "the data of \"" STR_FMT "\" is not in a local file; save it as JSON lines beside the "
            "task and write dataset_path: "
                       "json, dataset_kwargs: {data_files: FILE}", STR_ARG(path ? str_utf8_head(path->text, 100) : S("nothing")));
    *at = files ? files : path;
    if (files && files->kind == DOC_MAP) {
        char *name = arena_cstr(l->a, split);
        const struct doc_node *one = doc_get(files, name);

        if (!one)
            return lm_fail(l, files, e, "data_files has no split \"%s\"", name);
        files = one;
    }
    if (files && files->kind == DOC_LIST && files->count == 1)
        files = files->items[0];
    if (!files || files->kind != DOC_STRING)
        return lm_fail(l, *at, e,
                       "dataset_kwargs needs data_files: one file of the task's folder, or one for each split");
    *out = files->text;
    return ERR_OK;
}

static enum err_code lm_read_docs(const struct lm *l, struct str split, int64_t max, json_t **out, struct err *e)
{
    AUTO(dataset_closep) struct dataset_reader *reader = NULL;
    AUTO_BUF struct buf probe = BUF_INIT(IMPORT_FILE_MAX);
    AUTO_ARENA *a = arena_new_sized(64 * 1024);
    const struct doc_node *at;
    struct dataset_source source = { .plain = true };
    struct dataset_case kase;
    bool more = true;

    TRY(lm_data_file(l, split, &at, &source.name, e));
    if (file_read_beneath(l->in->dir, source.name, IMPORT_FILE_MAX, &probe, e) != ERR_OK)
        return err_prefix(e, STR_FMT ":%d:%d", STR_ARG(l->in->name), at->line, at->column);
    source.path = path_join(l->a, str_c(l->in->dir), source.name);
    TRY(dataset_open(&source, &(struct dataset_select){ .limit = max }, &reader, e));
    *out = json_in_arena(json_array(), l->a);
    for (;;) {
        json_t *doc;

        arena_reset(a);
        TRY(dataset_next(reader, a, &kase, &more, e));
        if (!more)
            break;
        if (json_array_size(*out) >= IMPORT_CASES_MAX)
            return lm_fail(l, at, e,
                           "the data has more than %d documents; a task that is taken over may have that many",
                           IMPORT_CASES_MAX);
        doc = json_deep_copy(kase.vars);
        json_array_append_new(*out, doc);
    }
    return json_array_size(*out) ? ERR_OK : lm_fail(l, at, e, "there is no document in the data");
}

static struct str lm_split(const struct lm *l)
{
    static const char *const keys[] = { "test_split", "validation_split", "training_split" };

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (lm_get(l, keys[i]))
            return lm_get(l, keys[i])->text;
    return S("train");
}

/* --- templates ---------------------------------------------------------------------------------------------------- */
static bool lm_is_field(const struct lm *l, struct str name)
{
    return json_object_getn(json_array_get(l->docs, 0), name.at, name.len) != NULL;
}

/* As the harness has it: a template keeps its last line's end. */
static enum err_code lm_compile(const struct lm *l, const struct doc_node *at, struct str source, struct template **out,
                                struct err *e)
{
    if (template_compile(l->env, l->in->name, source, out, e) == ERR_OK)
        return ERR_OK;
    return err_prefix(e, "the template at line %d", at->line);
}

/* A value a document gives for doc_to_X: a field, else the template rendered. *out lives in the arena. */
static enum err_code lm_value(const struct lm *l, const struct doc_node *n, const struct template *t, const json_t *doc,
                              const json_t **out, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(LM_TEXT_MAX);
    const json_t *field = json_object_getn(doc, n->text.at, n->text.len);

    if (n->kind == DOC_INT || field) {
        *out = field ? field : json_in_arena(json_integer(n->integer), l->a);
        return ERR_OK;
    }
    if (template_render(t, doc, l->a, &text, e) != ERR_OK)
        return e->code;
    *out = json_in_arena(json_from_str(buf_str(&text)), l->a);
    return ERR_OK;
}

/* {{ expression }} as the JSON of its value, so that a list stays one. */
static struct str lm_as_json(const struct lm *l, struct str source)
{
    struct str inner = str_trim(source);

    if (!str_starts(inner, S("{{")) || !str_ends(inner, S("}}")) || str_find(str_from(inner, 2), S("{{")) >= 0)
        return source;
    return arena_printf(l->a, "{{ (" STR_FMT ") | tojson }}", STR_ARG(str_sub(inner, 2, inner.len - 4)));
}

/* The choices of a document as a list of texts. */
static enum err_code lm_choices(const struct lm *l, const struct doc_node *n, const struct template *t,
                                const json_t *doc, const json_t **out, struct err *e)
{
    const json_t *value = NULL;
    json_t *list, *read = NULL;

    if (n->kind == DOC_LIST)
        value = list = json_in_arena(doc_to_json(n), l->a);
    else
        TRY(lm_value(l, n, t, doc, &value, e));
    if (json_is_string(value) && json_read(json_to_str(value), &read, NULL) == ERR_OK)
        value = json_in_arena(read, l->a);
    if (!json_is_array(value) || !json_array_size(value) || json_array_size(value) > LM_CHOICES_MAX)
        return lm_fail(l, n, e, "doc_to_choice must give a list of 1 to %d choices", LM_CHOICES_MAX);
    *out = value;
    return ERR_OK;
}

static struct str lm_json_text(const struct lm *l, const json_t *j)
{
    AUTO_BUF struct buf b = BUF_INIT(LM_TEXT_MAX);

    if (json_is_string(j))
        return json_to_str(j);
    json_write(j, &b);
    return arena_strdup(l->a, buf_str(&b));
}

/* The place of the right choice: a number, or the choice's own text. -1: neither. */
static int64_t lm_right(const struct lm *l, const json_t *target, const json_t *choices)
{
    struct str text = str_trim(lm_json_text(l, target));
    int64_t at = -1;

    if (json_is_integer(target))
        at = json_integer_value(target);
    else if (!str_to_i64(text, &at))
        at = -1;
    for (size_t i = 0; at < 0 && i < json_array_size(choices); i++)
        if (str_eq(str_trim(lm_json_text(l, json_array_get(choices, i))), text))
            at = (int64_t)i;
    return at >= 0 && at < (int64_t)json_array_size(choices) ? at : -1;
}

struct lm_target { const struct doc_node *target, *choice; struct template *target_template, *choice_template; };

static enum err_code lm_target_compile(const struct lm *l, struct lm_target *t, struct err *e)
{
    *t = (struct lm_target){ .target = lm_get(l, "doc_to_target"), .choice = lm_get(l, "doc_to_choice") };
    if (!t->target || (t->target->kind != DOC_STRING && t->target->kind != DOC_INT))
        return lm_fail(l, t->target, e, "doc_to_target must be a template, the name of a field, or a choice's number");
    if (t->target->kind == DOC_STRING)
        TRY(lm_compile(l, t->target, t->target->text, &t->target_template, e));
    if (l->choices && !t->choice)
        return lm_fail(l, NULL, e, "a multiple_choice task needs doc_to_choice");
    if (t->choice && t->choice->kind == DOC_STRING)
        TRY(lm_compile(l, t->choice, lm_as_json(l, t->choice->text), &t->choice_template, e));
    return ERR_OK;
}

/* What is expected of a document; *shown: the choices as lines with letters, when it has some that are asked for. */
static enum err_code lm_expected(const struct lm *l, const struct lm_target *t, const json_t *doc, const json_t **out,
                                 struct str *shown, struct err *e)
{
    AUTO_BUF struct buf lines = BUF_INIT(LM_TEXT_MAX);
    const json_t *target, *choices = NULL;
    int64_t right;

    TRY(lm_value(l, t->target, t->target_template, doc, &target, e));
    *out = target;
    if (!t->choice)
        return ERR_OK;
    TRY(lm_choices(l, t->choice, t->choice_template, doc, &choices, e));
    right = lm_right(l, target, choices);
    if (right < 0 && l->choices)
        return lm_fail(l, t->target, e,
                       "doc_to_target gives \"" STR_FMT "\", which is no number of a choice and none of the choices",
                       STR_ARG(str_utf8_head(lm_json_text(l, target), 100)));
    if (right >= 0)
        *out = json_array_get(choices, (size_t)right);
    if (!l->choices)
        return ERR_OK;
    for (size_t i = 0; i < json_array_size(choices); i++)
        buf_printf(&lines, "%c. " STR_FMT "\n", (char)('A' + i), STR_ARG(lm_json_text(l, json_array_get(choices, i))));
    *shown = arena_strdup(l->a, buf_str(&lines));
    *out = json_in_arena(json_sprintf("%c", (char)('A' + right)), l->a);
    return ERR_OK;
}

/* --- metrics ------------------------------------------------------------------------------------------------------ */
static void lm_copy_flag(const struct doc_node *from, const char *name, json_t *to)
{
    const struct doc_node *n = doc_get(from, name);

    if (n && n->kind == DOC_BOOL)
        json_object_set_new(to, name, json_boolean(n->truth));
}

/* exact_match of the harness, of what a pipeline of filters leaves. */
static json_t *lm_exact(const struct lm *l, const struct doc_node *metric, struct str name)
{
    json_t *o = json_object();
    const struct doc_node *ignore = metric ? doc_get(metric, "regexes_to_ignore") : NULL;

    (void)l;
    json_object_set_new(o, "metric", json_string("answer_match"));
    json_set_str(o, "name", name);
    if (metric) {
        lm_copy_flag(metric, "ignore_case", o);
        lm_copy_flag(metric, "ignore_punctuation", o);
        lm_copy_flag(metric, "ignore_numbers", o);
    }
    if (ignore && ignore->kind == DOC_LIST)
        json_object_set_new(o, "ignore", doc_to_json(ignore));
    return o;
}

/* One step of a pipeline. */
static void lm_filter_step(const struct lm *l, const struct doc_node *step, json_t *o)
{
    const struct doc_node *function = doc_get(step, "function"), *pattern = doc_get(step, "regex_pattern"),
                          *pick = doc_get(step, "group_select");
    struct str name = function ? function->text : STR_NONE;

    if (str_is(name, "regex")) {
        if (json_object_get(o, "regex"))
            lm_warn(l, step, "of several regex filters in a row only the first is carried over");
        else
            json_set_str(o, "regex", pattern ? pattern->text : S("#### (\\-?[0-9\\.\\,]+)"));
        if (pick && pick->kind == DOC_INT && pick->integer)
            json_object_set_new(o, "pick", json_integer(pick->integer));
    } else if (!str_is(name, "take_first") && !str_is(name, "remove_whitespace")) {
        lm_warn(l, step,
                "the filter \"" STR_FMT "\" is not carried over; there are regex, take_first, remove_whitespace",
                STR_ARG(str_utf8_head(name, 100)));
    }
}

static void lm_exacts(struct lm *l, const struct doc_node *metric)
{
    const struct doc_node *list = lm_get(l, "filter_list");

    if (!list || list->kind != DOC_LIST || !list->count) {
        json_array_append_new(l->metrics, lm_exact(l, metric, S("exact_match")));
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct doc_node *name = doc_get(list->items[i], "name"), *steps = doc_get(list->items[i], "filter");
        json_t *o = lm_exact(l, metric,
                             name && name->kind == DOC_STRING ? name->text : arena_printf(l->a, "filter_%zu", i + 1));

        for (size_t k = 0; steps && steps->kind == DOC_LIST && k < steps->count; k++)
            lm_filter_step(l, steps->items[k], o);
        json_array_append_new(l->metrics, o);
    }
}

static void lm_letter(struct lm *l)
{
    json_t *o = json_pack("{s:s, s:s, s:s}", "metric", "answer_match", "name", "acc", "regex",
                          "(?i)(?:^|answer(?: is)?:?\\s*)\\W{0,3}([A-Z])\\b");

    json_object_set_new(o, "ignore_case", json_true());
    json_array_append_new(l->metrics, o);
}

static bool lm_has_metric(const struct lm *l, const char *name)
{
    const json_t *one;
    size_t i;

    json_array_foreach(l->metrics, i, one)
        if (str_is(json_is_string(one) ? json_to_str(one) : json_get_str(one, "name"), name))
            return true;
    return false;
}

static void lm_metric(struct lm *l, const struct doc_node *n)
{
    static const char *const same[] = { "bleu", "chrf", "f1" };
    const struct doc_node *word = n->kind == DOC_MAP ? doc_get(n, "metric") : n;
    struct str name = word ? word->text : STR_NONE;

    if (l->choices) {
        if (!str_is(name, "acc"))
            lm_warn(l, n, "\"" STR_FMT "\" needs log-likelihoods; the share of right letters (acc) stands for it",
                    STR_ARG(str_utf8_head(name, 100)));
        if (!lm_has_metric(l, "acc"))
            lm_letter(l);
        return;
    }
    if (str_is(name, "exact_match") || str_is(name, "acc")) {
        lm_exacts(l, n);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(same); i++)
        if (str_is(name, same[i])) {
            if (!lm_has_metric(l, same[i]))
                json_array_append_new(l->metrics, json_string(same[i]));
            return;
        }
    lm_warn(l, n, "the metric \"" STR_FMT "\" is not carried over; there are exact_match, acc, bleu, chrf, f1",
            STR_ARG(str_utf8_head(name, 100)));
}

static void lm_read_metrics(struct lm *l)
{
    const struct doc_node *list = lm_get(l, "metric_list");

    l->metrics = json_in_arena(json_array(), l->a);
    for (size_t i = 0; list && list->kind == DOC_LIST && i < list->count; i++)
        lm_metric(l, list->items[i]);
    if (!json_array_size(l->metrics) && l->choices)
        lm_letter(l);
    else if (!json_array_size(l->metrics))
        lm_exacts(l, NULL);
    json_array_append_new(l->metrics, json_string("cost"));
    json_array_append_new(l->metrics, json_string("latency"));
}

/* --- what is asked ------------------------------------------------------------------------------------------------ */
static enum err_code lm_params(const struct lm *l, json_t *task, struct err *e)
{
    const struct doc_node *kwargs = lm_get(l, "generation_kwargs"), *until = kwargs ? doc_get(kwargs, "until") : NULL;
    json_t *params = json_object(), *stop = json_array();
    struct str delimiter;

    json_object_set_new(task, "params", params);
    json_object_set_new(params, "temperature", json_real(0));
    for (size_t i = 0; kwargs && kwargs->kind == DOC_MAP && i < kwargs->count; i++) {
        const struct doc_pair *p = &kwargs->pairs[i];

        if (str_is(p->key, "max_gen_toks") || str_is(p->key, "max_tokens") || str_is(p->key, "max_new_tokens"))
            json_object_set_new(params, "max_tokens", doc_to_json(p->value));
        else if (str_is(p->key, "temperature") || str_is(p->key, "top_p"))
            json_object_set_new(params, arena_cstr(l->a, p->key), doc_to_json(p->value));
        else if (!str_is(p->key, "until") && !str_is(p->key, "do_sample"))
            lm_warn(l, p->value, "generation_kwargs: \"" STR_FMT "\" is not carried over",
                    STR_ARG(str_utf8_head(p->key, 100)));
    }
    TRY(lm_text(l, "fewshot_delimiter", S("\n\n"), &delimiter, e));
    if (l->choices) {
        json_decref(stop);
        return ERR_OK;
    }
    if (until && until->kind == DOC_LIST) {
        json_decref(stop);
        stop = doc_to_json(until);
    } else {
        json_array_append_new(stop, json_from_str(until ? until->text : delimiter));
    }
    if (json_array_size(stop))
        json_object_set(params, "stop", stop);
    json_decref(stop);
    return ERR_OK;
}

/* The text that stands before every document: num_fewshot documents with their answers. */
static enum err_code lm_fewshot(struct lm *l, const struct lm_target *t, const struct doc_node *text_node,
                                const struct template *text, struct str *out, struct err *e)
{
    const struct doc_node *n = lm_get(l, "num_fewshot"), *split = lm_get(l, "fewshot_split"),
                          *config = lm_get(l, "fewshot_config"), *sampler = config ? doc_get(config, "sampler") : NULL;
    AUTO_BUF struct buf all = BUF_INIT(LM_TEXT_MAX);
    struct str delimiter, between;
    const json_t *doc;
    json_t *docs;
    size_t i;

    *out = STR_NONE;
    if (!n || n->kind != DOC_INT || n->integer == 0)
        return ERR_OK;
    if (n->integer < 0 || n->integer > LM_FEWSHOT_MAX)
        return lm_fail(l, n, e, "num_fewshot must be from 0 to %d", LM_FEWSHOT_MAX);
    if (!split)
        split = lm_get(l, "training_split") ? lm_get(l, "training_split") : lm_get(l, "validation_split");
    if (!split)
        return lm_fail(l, n, e,
                       "num_fewshot needs a fewshot_split, training_split or validation_split to take examples from");
    if (!sampler || !str_is(sampler->text, "first_n"))
        lm_warn(l, n,
                "the first %lld documents of \"" STR_FMT
                "\" are the examples, for all cases; the harness draws them (sampler: first_n does not)",
                (long long)n->integer, STR_ARG(str_utf8_head(split->text, 100)));
    if (str_eq(split->text, lm_split(l)))
        lm_warn(l, n, "the examples stand among the cases too: \"" STR_FMT "\" is both",
                STR_ARG(str_utf8_head(split->text, 100)));
    TRY(lm_text(l, "target_delimiter", S(" "), &delimiter, e));
    TRY(lm_text(l, "fewshot_delimiter", S("\n\n"), &between, e));
    TRY(lm_read_docs(l, split->text, n->integer, &docs, e));
    json_array_foreach(docs, i, doc) {
        const json_t *question, *answer;
        struct str shown = STR_NONE;

        TRY(lm_value(l, text_node, text, doc, &question, e));
        TRY(lm_expected(l, t, doc, &answer, &shown, e));
        if (json_is_array(answer))
            answer = json_array_get(answer, 0);
        buf_append(&all, lm_json_text(l, question));
        if (shown.len)
            buf_printf(&all, "\n" STR_FMT "Answer:", STR_ARG(shown));
        buf_append(&all, delimiter);
        buf_append(&all, lm_json_text(l, answer));
        buf_append(&all, between);
    }
    if (buf_failed(&all))
        return lm_fail(l, n, e, "the examples are larger than 4 MiB");
    *out = arena_strdup(l->a, buf_str(&all));
    return ERR_OK;
}

static enum err_code lm_cases(const struct lm *l, const struct lm_target *t, json_t *task, struct err *e)
{
    json_t *list = json_array();
    const json_t *doc;
    size_t i;

    json_object_set_new(task, "cases", list);
    json_array_foreach(l->docs, i, doc) {
        struct str shown = STR_NONE;
        const json_t *expected, *id = json_object_get(doc, "id");
        json_t *vars = json_copy((json_t *)doc), *one = json_object();
        char number[32];

        snprintf(number, sizeof number, "%zu", i + 1);
        json_array_append_new(list, one);
        json_object_set_new(one, "vars", vars);
        if (json_is_string(id) || json_is_integer(id))
            json_object_set(one, "id", (json_t *)id);
        else
            json_object_set_new(one, "id", json_string(number));
        if (lm_expected(l, t, doc, &expected, &shown, e) != ERR_OK)
            return err_prefix(e, "document %zu", i + 1);
        json_object_set(one, "expected", (json_t *)expected);
        if (l->choices)
            json_set_str(vars, "lm_eval_choices", shown);
    }
    return ERR_OK;
}

static enum err_code lm_prompt(struct lm *l, const struct lm_target *t, json_t *task, struct err *e)
{
    const struct doc_node *n = lm_get(l, "doc_to_text");
    AUTO_BUF struct buf prompt = BUF_INIT(2 * LM_TEXT_MAX);
    struct template *text = NULL;
    struct str fewshot, description;

    if (!n || n->kind != DOC_STRING)
        return lm_fail(l, n, e, "doc_to_text must be a template or the name of a field");
    TRY(lm_compile(l, n, n->text, &text, e));
    TRY(lm_text(l, "description", STR_NONE, &description, e));
    TRY(lm_fewshot(l, t, n, text, &fewshot, e));
    buf_append(&prompt, description);
    if (fewshot.len) {
        buf_puts(&prompt, "{{ lm_eval_examples }}");
        json_object_set_new(task, "vars", json_pack("{s:o}", "lm_eval_examples", json_from_str(fewshot)));
    }
    if (lm_is_field(l, n->text))
        buf_printf(&prompt, "{{ " STR_FMT " }}", STR_ARG(n->text));
    else
        buf_append(&prompt, n->text);
    if (l->choices)
        buf_puts(&prompt, "\n{{ lm_eval_choices }}\nAnswer with the letter of the right choice and nothing else.");
    json_object_set_new(task, "prompt", json_pack("{s:o}", "text", json_from_str(buf_str(&prompt))));
    return ERR_OK;
}

static enum err_code lm_output_type(struct lm *l, struct err *e)
{
    const struct doc_node *n = lm_get(l, "output_type");

    l->choices = n && str_is(n->text, "multiple_choice");
    if (!n || str_is(n->text, "generate_until"))
        return ERR_OK;
    if (!l->choices)
        return lm_fail(l, n, e, "output_type \"" STR_FMT "\" needs log-likelihoods, which chat models do not give; "
            "generate_until and multiple_choice "
                       "can be asked", STR_ARG(str_utf8_head(n->text, 60)));
    lm_warn(l, n, "multiple_choice is asked by generation: the choices are shown with letters and the model writes one; "
        "numbers are not those of "
            "log-likelihoods");
    return ERR_OK;
}

static enum err_code lm_convert(struct lm *l, json_t *task, struct err *e)
{
    const struct doc_node *repeats = lm_get(l, "repeats"), *name = lm_get(l, "task");
    struct lm_target target;

    TRY(lm_keys(l, e));
    TRY(lm_output_type(l, e));
    TRY(lm_read_docs(l, lm_split(l), 0, &l->docs, e));
    TRY(lm_target_compile(l, &target, e));
    json_set_str(task, "name", name && name->kind == DOC_STRING ? name->text : S("lm-eval"));
    TRY(lm_prompt(l, &target, task, e));
    TRY(lm_cases(l, &target, task, e));
    TRY(lm_params(l, task, e));
    lm_read_metrics(l);
    json_object_set(task, "metrics", l->metrics);
    if (repeats && repeats->kind == DOC_INT && repeats->integer > 1)
        json_object_set_new(task, "repeat", json_integer(repeats->integer));
    return ERR_OK;
}

static enum err_code lm_eval_task(const struct import_in *in, json_t **out, struct err *e)
{
    AUTO(template_env_freep) struct template_env *env = template_env_new(&(struct template_options){ .keep_trailing_newline
        = true });
    struct lm l = { .in = in, .a = in->a, .env = env, .roots = { in->root }, .root_count = 1 };

    *out = json_in_arena(json_object(), in->a);
    TRY(lm_include(&l, e));
    return lm_convert(&l, *out, e);
}

static bool lm_eval_is(const struct doc_node *root)
{
    return root->kind == DOC_MAP && !doc_get(root, "prompt") && !doc_get(root, "models") &&
           (doc_get(root, "doc_to_text") || doc_get(root, "doc_to_target") ||
            (doc_get(root, "task") && doc_get(root, "include")));
}

const struct import_format import_lm_eval = {
    .name = "lm-eval", .tool = "lm-evaluation-harness", .kind = IMPORT_TASK, .is = lm_eval_is, .task = lm_eval_task,
    .doc = "A task YAML of lm-evaluation-harness with its data in local files; multiple choice is asked by generation.",
};
