/* Who grades an assertion, and in whose words: the assertion's own `provider` and `rubricPrompt`, else those of the
 * test's options, else defaultTest's provider. What is found goes once into the check's options (promptfoo.h: graders,
 * rubrics) and as numbers into the assertions. */
#include "eval/promptfoo/kinds.h"
#include "eval/promptfoo/load.h"

#include "llm/llm.h"
#include "template/template.h"

/* A provider as a configuration writes it, and what we call it; index -1: it is not here, which was told. */
static ptrdiff_t graders_seen(const json_t *seen, const json_t *raw, bool vectors)
{
    for (size_t i = 0; i < json_array_size(seen); i++) {
        const json_t *one = json_array_get(seen, i);

        if (json_is_true(json_child(one, "vectors")) == vectors && json_equal(json_child(one, "raw"), (json_t *)raw))
            return (ptrdiff_t)json_get_i64(one, "at", -1);
    }
    return -2;
}

static void graders_note(struct load *l, const json_t *raw, bool vectors, ptrdiff_t at)
{
    json_array_append_new(l->graders_seen,
                          json_pack("{s:O,s:b,s:I}", "raw", raw, "vectors", vectors, "at", (json_int_t)at));
}

/* The part of {text, embedding, classification...} that is meant, itself a provider. */
static const json_t *graders_part(const json_t *provider, bool vectors)
{
    for (int depth = 0; depth < 4; depth++) {
        const json_t *part = json_child(provider, vectors ? "embedding" : "text");

        if (!json_is_string(part) && !json_is_object(part))
            break;
        provider = part;
    }
    return provider;
}

static ptrdiff_t graders_at(struct load *l, struct str where, const json_t *provider, bool vectors)
{
    const json_t *raw = graders_part(provider, vectors);
    ptrdiff_t at = graders_seen(l->graders_seen, raw, vectors);
    json_t *grader;

    if (at > -2)
        return at;
    at = -1;
    grader = load_grader(l, where, raw, vectors);
    if (grader && json_array_size(l->graders) == PROMPTFOO_GRADERS_MAX) {
        load_fault(l, where, "a configuration has at most %d graders", PROMPTFOO_GRADERS_MAX);
    } else if (grader) {
        at = (ptrdiff_t)json_array_size(l->graders);
        json_array_append(l->graders, grader);
    }
    graders_note(l, raw, vectors, at);
    return at;
}

/* --- rubricPrompt ------------------------------------------------------------------------------------------------- */

static bool rubric_messages(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_child(json_array_get(list, i), "role")) ||
            !json_is_string(json_child(json_array_get(list, i), "content")))
            return false;
    return json_array_size(list) > 0;
}

/* A text, a conversation in JSON or YAML, or a list of messages, as [{role, content}]; NULL: told. Yours. */
static json_t *rubric_talk(struct load *l, struct str where, const json_t *raw)
{
    AUTO_JSON *read = load_files_in(l, where, (json_t *)raw, 0), *list = NULL;
    AUTO_BUF struct buf text = BUF_INIT(PROMPTFOO_VALUE_MAX);
    struct str said = str_trim(json_to_str(read));
    struct doc_node *tree;
    struct err e = ERR_INIT;

    if (json_is_string(read) && said.len && said.at[0] == '[' && json_read(said, &list, &e) == ERR_OK &&
        rubric_messages(list))
        return TAKE(list);
    if (str_starts(said, S("- role:")) && doc_read(S("rubricPrompt"), said, DOC_YAML, l->a, &tree, &e) == ERR_OK) {
        json_decref(list);
        list = doc_to_json(tree);
        if (rubric_messages(list))
            return TAKE(list);
    }
    if (json_is_array(read) && rubric_messages(read))
        return TAKE(read);
    if (!json_is_string(read))
        json_write(read, &text);
    if (json_is_array(read) || buf_failed(&text)) {
        load_note(l, where, "rubricPrompt is a text or a list of messages {role, content}; this one is not honoured");
        return NULL;
    }
    return json_pack("[{s:s,s:o}]", "role", "user", "content",
                     json_from_str(json_is_string(read) ? json_to_str(read) : buf_str(&text)));
}

/* How a kind writes its rubricPrompt: one conversation, {steps, evaluate}, or a list of the two. */
enum rubric_form { RUBRIC_TALK, RUBRIC_STAGES, RUBRIC_PAIR };

static const json_t *rubric_stage(const json_t *raw, enum rubric_form form, size_t i, const char *name)
{
    const json_t *one = form == RUBRIC_PAIR ? json_array_get(raw, i) : json_child(raw, name);

    if (form == RUBRIC_PAIR && !json_is_string(one))
        one = json_child(one, "content");
    return form == RUBRIC_PAIR && json_is_string(one) && !json_string_length(one) ? NULL : one;
}

static json_t *rubric_of(struct load *l, struct str where, const json_t *raw, enum rubric_form form)
{
    static const char *const stages[] = { "steps", "evaluate" };
    json_t *o;

    if (form == RUBRIC_TALK)
        return rubric_talk(l, where, raw);
    o = json_object();
    for (size_t i = 0; i < COUNT_OF(stages); i++) {
        const json_t *stage = rubric_stage(raw, form, i, stages[i]);
        json_t *talk = stage ? rubric_talk(l, where, stage) : NULL;

        if (talk)
            json_object_set_new(o, stages[i], talk);
    }
    if (json_object_size(o))
        return o;
    json_decref(o);
    if (form == RUBRIC_PAIR)
        return NULL;                                    /* neither is given: our own words */
    load_note(l, where,
              "the rubricPrompt of a g-eval is {steps, evaluate}; any other is passed over, as promptfoo does");
    return NULL;
}

static bool rubric_is_code(const json_t *raw)
{
    struct str path;

    return json_is_string(raw) && load_is_file(json_to_str(raw), &path) && load_is_code(path);
}

static ptrdiff_t rubric_at(struct load *l, struct str where, const json_t *raw, enum rubric_form form)
{
    json_t *rubric;

    for (size_t i = 0; i < json_array_size(l->rubrics_seen); i++) {
        const json_t *one = json_array_get(l->rubrics_seen, i);

        if (json_get_i64(one, "form", -1) == (int64_t)form && json_equal(json_child(one, "raw"), (json_t *)raw))
            return (ptrdiff_t)json_get_i64(one, "at", -1);
    }
    rubric = json_array_size(l->rubrics) < PROMPTFOO_RUBRICS_MAX ? rubric_of(l, where, raw, form) : NULL;
    if (json_array_size(l->rubrics) == PROMPTFOO_RUBRICS_MAX)
        load_fault(l, where, "a configuration has at most %d different rubricPrompts", PROMPTFOO_RUBRICS_MAX);
    json_array_append_new(l->rubrics_seen,
                          json_pack("{s:O,s:i,s:I}", "raw", raw, "form", (int)form, "at",
                                    (json_int_t)(rubric ? (ptrdiff_t)json_array_size(l->rubrics) : -1)));
    if (!rubric)
        return -1;
    json_array_append_new(l->rubrics, rubric);
    return (ptrdiff_t)json_array_size(l->rubrics) - 1;
}

/* --- assertions --------------------------------------------------------------------------------------------------- */

static const json_t *graded_member(const struct load *l, const json_t *assertion, const char *key)
{
    const json_t *own = json_child(assertion, key), *test = json_child(l->options, key);

    if (own && !json_is_null(own))
        return own;
    return json_is_null(test) ? NULL : test;
}

static void graded_rubric(struct load *l, struct str where, const json_t *assertion, struct str type, json_t *out)
{
    const json_t *raw = graded_member(l, assertion, "rubricPrompt");
    ptrdiff_t at;

    if (!raw || (json_is_string(raw) && !json_string_length(raw)))
        return;
    if (rubric_is_code(raw)) {
        load_note(l, where, "a rubricPrompt made by code is not made here: assertion " STR_FMT " is not evaluated",
                  STR_ARG(type));
        json_object_set_new(out, "blind", json_string("its rubricPrompt is made by code: not evaluated"));
        return;
    }
    if (str_ends(type, S("context-faithfulness")) && !json_is_array(raw)) {
        load_note(
            l, where,
            "the rubricPrompt of a context-faithfulness is a list of two: any other breaks the test, as in promptfoo");
        json_object_set_new(out, "rubric_unfit", json_true());
        return;
    }
    at = rubric_at(l, where, raw,
                   str_ends(type, S("g-eval"))                 ? RUBRIC_STAGES
                   : str_ends(type, S("context-faithfulness")) ? RUBRIC_PAIR
                                                               : RUBRIC_TALK);
    if (at >= 0)
        json_object_set_new(out, "rubric", json_integer(at));
}

/* promptfoo passes over a "not-" before it. */
static bool graded_never_turned(const struct promptfoo_kind *kind)
{
    static promptfoo_judge_fn *const judges[] = { promptfoo_closedqa, promptfoo_factuality, promptfoo_context_recall,
                                                  promptfoo_context_relevance, promptfoo_context_faithfulness,
                                                  promptfoo_answer_relevance };

    for (size_t i = 0; i < COUNT_OF(judges); i++)
        if (kind->judge == judges[i])
            return true;
    return false;
}

void load_graded(struct load *l, struct str where, const json_t *assertion, json_t *out)
{
    struct str type = json_get_str(assertion, "type");
    const json_t *provider = graded_member(l, assertion, "provider"),
                 *factuality = json_child(l->options, "factuality");
    bool vectors = str_contains(type, S("similar")), inverse;
    const struct promptfoo_kind *kind = promptfoo_kind_find(type, &inverse);
    ptrdiff_t at = -1;

    if (!provider)
        provider = json_child(l->default_test, "provider");
    if (provider && !json_is_null(provider))
        at = graders_at(l, where, provider, vectors);
    else
        load_note(l, where, "assertion " STR_FMT ": no model grades it; name one in options: {provider: ...} of the test or "
                  "of defaultTest: not evaluated", STR_ARG(type));
    json_object_set_new(out, "grader", json_integer(at));
    if (kind->judge == promptfoo_answer_relevance)      /* asks for texts, and for their vectors */
        json_object_set_new(out, "embedder", json_integer(provider && !json_is_null(provider) ? graders_at(l, where, provider, true) : -1));
    if (!vectors)
        graded_rubric(l, where, assertion, type, out);
    if (json_child(assertion, "contextTransform") && str_starts(str_c(kind->name), S("context-"))) {
        load_note(l, where, "contextTransform is code: assertion " STR_FMT " is not evaluated", STR_ARG(type));
        json_object_set_new(out, "blind", json_string("its contextTransform is code: not evaluated"));
    }
    if (inverse && graded_never_turned(kind))
        load_note(l, where, "promptfoo turns %s round for nobody: " STR_FMT " passes where it passes, here too",
                  kind->name, STR_ARG(type));
    if (json_is_object(factuality) && json_object_size(factuality))
        json_object_set(out, "factuality", (json_t *)factuality);
}

/* Templates in our language; one that nobody can fill in is told now. */
static void rubric_compile(struct load *l, json_t *talk)
{
    for (size_t i = 0; i < json_array_size(talk); i++) {
        json_t *one = json_array_get(talk, i);
        struct str text = load_template(l, json_get_str(one, "content"));
        struct template *t;
        struct err e = ERR_INIT;

        if (template_compile(l->templates, S("rubricPrompt"), text, &t, &e) != ERR_OK)
            load_fault(l, load_where(l, l->root), "%s", e.text);
        json_set_str(one, "content", text);
    }
}

void load_graders_into(struct load *l, json_t *check)
{
    for (size_t i = 0; i < json_array_size(l->rubrics); i++) {
        json_t *rubric = json_array_get(l->rubrics, i);

        if (json_is_array(rubric))
            rubric_compile(l, rubric);
        rubric_compile(l, json_child(rubric, "steps"));
        rubric_compile(l, json_child(rubric, "evaluate"));
    }
    if (json_array_size(l->graders))
        json_object_set(check, "graders", l->graders);
    if (json_array_size(l->rubrics))
        json_object_set(check, "rubrics", l->rubrics);
}
