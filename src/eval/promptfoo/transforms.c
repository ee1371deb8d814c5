/* Transforms: code that makes of an output what is judged. A provider's own comes first, then the test's, then, for one
 * assertion alone, its own; each is asked of the drivers as scripts are (scripts.c), once the one before it answered.
 *
 *   {"transform": true, "code" or "file" and "function", "output", "context": {vars, prompt}}
 *   -> {"output": TEXT}, {"json": TEXT} of what is no text, {"error": TEXT}
 *
 * What answers to a schema (a provider's response_format) is the value it says before that.
 * A transform that throws or returns nothing breaks the test, whatever its assertions weigh; one without an answer (a
 * crash, a hang, more than a line may hold) leaves it not evaluated. */
#include "eval/promptfoo/kinds.h"

#include "eval/evaluators.h"

static const json_t *transforms_test(const struct subject *s)
{
    return s->kase ? json_child(s->kase->vars, PROMPTFOO_VARIABLE) : NULL;
}

/* What the variant's provider brings; NULL: nothing. */
static const json_t *transforms_provider(const struct subject *s)
{
    const json_t *all = json_child(transforms_test(s), "providers");

    return json_is_object(all) && s->variant.len ? json_object_getn(all, s->variant.at, s->variant.len) : NULL;
}

static const json_t *transforms_of(const json_t *owner)
{
    const json_t *transform = json_child(owner, "transform");

    return json_string_length(transform) ? transform : NULL;
}

static void transforms_skip(struct str why, struct promptfoo_output *o)
{
    *o = (struct promptfoo_output){ .state = PROMPTFOO_SKIP, .reason = why };
}

/* The language and, of a file, where the function is; false: no transform that is run here. */
static bool transforms_parse(const json_t *transform, enum promptfoo_language *language, struct str *path,
                             struct str *function)
{
    struct str text = json_to_str(transform);

    *language = PROMPTFOO_JAVASCRIPT;
    *path = *function = STR_NONE;
    if (!str_starts(text, S("file://")))
        return true;
    if (!promptfoo_script_file(text, path, function, language))
        return false;
    if (!function->len && *language == PROMPTFOO_PYTHON)
        *function = S(PROMPTFOO_PYTHON_TRANSFORM);
    return true;
}

static struct str transforms_missing(const json_t *transform, const char *whose, struct arena *a)
{
    enum promptfoo_language language;
    struct str path, function, why;

    if (!transforms_parse(transform, &language, &path, &function))
        why = S("it is no script that is run here");
    else if (promptfoo_language_runs(language, a, &why))
        why = S("it was not run: the configuration brought none, or what it is told is longer than 8,388,608 bytes");
    return arena_printf(a, "%s: " STR_FMT ": not evaluated", whose, STR_ARG(why));
}

/* A driver writes nothing else; a script that answers in its place might, and it goes into the next question as it is. */
static bool transforms_is_json(struct str text)
{
    AUTO_JSON *unused = NULL;

    return json_read(text, &unused, NULL) == ERR_OK && str_find_byte(text, '\n') < 0;
}

/* What `transform` (NULL: there is none) made of *o, as far as it is known. */
static void transforms_apply(const struct subject *s, const json_t *transform, const char *whose, struct arena *a,
                             struct promptfoo_output *o)
{
    const struct subject_wish *w = transform ? subject_wish_of(s, transform) : NULL;
    const json_t *answer = w && w->evaluation ? w->evaluation->answer : NULL, *json = json_child(answer, "json");

    if (!transform || o->state != PROMPTFOO_PASS)
        return;
    if (!w)
        transforms_skip(transforms_missing(transform, whose, a), o);
    else if (w->why.len)
        transforms_skip(arena_printf(a, "%s: " STR_FMT, whose, STR_ARG(w->why)), o);
    else if (json && !transforms_is_json(json_to_str(json)))
        transforms_skip(arena_printf(a, "%s: what it made can't be read as JSON: not evaluated", whose), o);
    else if (json || json_is_string(json_child(answer, "output")))
        *o = (struct promptfoo_output){ .state = PROMPTFOO_PASS, .transformed = true, .json = json != NULL,
                                        .text = json ? json_to_str(json) : json_get_str(answer, "output") };
    else
        *o = (struct promptfoo_output){ .state = PROMPTFOO_BROKEN,
                                        .reason = arena_printf(a, "%s: " STR_FMT, whose,
                                                               STR_ARG(json_get_str(answer, "error"))) };
}

/* --- what is judged ----------------------------------------------------------------------------------------------- */

/* The provider's answers are held to a schema: one that is JSON is the value it says. */
static void transforms_read_json(struct promptfoo_output *o, struct arena *a)
{
    AUTO_JSON *value = NULL, *written = NULL;
    AUTO_BUF struct buf b = BUF_INIT((size_t)16 << 20);

    if (json_read(o->text, &value, NULL) != ERR_OK)
        return;
    written = promptfoo_value(value);
    o->json = !json_is_string(written);
    o->transformed = !o->json;
    if (o->json)
        json_write(written, &b);
    o->text = arena_strdup(a, o->json ? buf_str(&b) : json_to_str(written));
}

/* As the model gave it: the tools called stand for an output that has no text. */
static struct promptfoo_output transforms_raw(const struct subject *s, struct arena *a)
{
    struct promptfoo_output o = { .state = PROMPTFOO_PASS, .text = subject_text(s) };
    const json_t *calls = s->turn_count ? s->turns[s->turn_count - 1].tool_calls : NULL;
    AUTO_BUF struct buf b = BUF_INIT((size_t)16 << 20);

    if (o.text.len && json_is_true(json_child(transforms_provider(s), "json")))
        transforms_read_json(&o, a);
    if (o.text.len || !json_array_size(calls))
        return o;
    json_write(calls, &b);
    o.text = arena_strdup(a, buf_str(&b));
    o.json = json_is_object(json_child(json_array_get(calls, 0), "function"));
    return o;
}

/* What was kept when the trial was new; false: nothing. */
static bool transforms_kept(const struct subject *s, struct promptfoo_output *o)
{
    for (size_t i = 0; i < json_array_size(s->kept); i++) {
        const json_t *one = json_array_get(s->kept, i);

        if (!json_is_object(one))
            continue;
        *o = (struct promptfoo_output){ .state = PROMPTFOO_PASS, .transformed = true, .json = json_child(one, "json") != NULL };
        o->text = json_get_str(one, o->json ? "json" : "output");
        if (json_child(one, "broken") || json_child(one, "skip")) {
            o->state = json_child(one, "broken") ? PROMPTFOO_BROKEN : PROMPTFOO_SKIP;
            o->reason = json_get_str(one, o->state == PROMPTFOO_BROKEN ? "broken" : "skip");
        }
        return true;
    }
    return false;
}

bool promptfoo_judged(const json_t *kept, struct arena *a, struct str *out)
{
    struct subject s = { .kept = kept };
    struct promptfoo_output judged = promptfoo_output(&s, a);

    *out = judged.text;
    return judged.transformed && judged.state == PROMPTFOO_PASS;
}

json_t *promptfoo_output_keep(const struct promptfoo_output *o)
{
    json_t *one = json_object();

    if (o->state == PROMPTFOO_PASS)
        json_set_str(one, o->json ? "json" : "output", o->text);
    else
        json_set_str(one, o->state == PROMPTFOO_BROKEN ? "broken" : "skip", o->reason);
    return one;
}

bool promptfoo_transforms(const struct subject *s)
{
    struct promptfoo_output unused;

    return transforms_kept(s, &unused) || transforms_of(transforms_provider(s)) || transforms_of(transforms_test(s));
}

struct promptfoo_output promptfoo_output_first(const struct subject *s, struct arena *a)
{
    struct promptfoo_output o = transforms_raw(s, a);
    const json_t *provider = transforms_provider(s);

    if (!s->variant.len && json_object_size(json_child(transforms_test(s), "providers")))
        transforms_skip(S("a provider's transform: whose answer it is, is not known: not evaluated"), &o);
    else if (json_get_str(provider, "blind").len)
        transforms_skip(json_get_str(provider, "blind"), &o);
    transforms_apply(s, transforms_of(provider), "the provider's transform", a, &o);
    return o;
}

struct promptfoo_output promptfoo_output(const struct subject *s, struct arena *a)
{
    struct promptfoo_output o;
    struct str blind = json_get_str(transforms_test(s), "blind");

    if (transforms_kept(s, &o))
        return o;
    o = promptfoo_output_first(s, a);
    if (blind.len && o.state == PROMPTFOO_PASS)
        transforms_skip(blind, &o);
    transforms_apply(s, transforms_of(transforms_test(s)), "the test's transform", a, &o);
    return o;
}

struct promptfoo_output promptfoo_output_for(const struct subject *s, const struct promptfoo_output *whole,
                                             const json_t *assertion, struct arena *a)
{
    struct promptfoo_output o = *whole;

    if (json_get_str(assertion, "blind").len && o.state == PROMPTFOO_PASS)
        transforms_skip(json_get_str(assertion, "blind"), &o);
    transforms_apply(s, transforms_of(assertion), "its transform", a, &o);
    return o;
}

void promptfoo_output_write(const struct promptfoo_output *o, struct buf *b)
{
    if (o->json)
        buf_append(b, o->text);
    else
        json_write_str(o->text, b);
}

/* --- wishes ------------------------------------------------------------------------------------------------------- */

/* A provider's and a test's see the prompt as it is written, an assertion's as it was sent. */
static void transforms_write_prompt(const struct subject *s, bool own, struct buf *b)
{
    const struct task *t = s->task;
    const struct task_prompt *p = NULL;

    for (size_t i = 0; !own && t && i < t->variant_count; i++)
        if (str_eq(t->variants[i].name, s->variant) && t->variants[i].prompt < t->prompt_count)
            p = &t->prompts[t->variants[i].prompt];
    if (p) {
        buf_puts(b, "{\"raw\":");
        json_write_str(p->source, b);
        buf_puts(b, ",\"template\":");
        json_write_str(p->source, b);
        buf_puts(b, ",\"label\":");
        json_write_str(p->name, b);
    } else {
        buf_puts(b, "{\"label\":");
        json_write_str(s->turn_count ? s->turns[0].prompt : S(""), b);
    }
    buf_byte(b, '}');
}

struct transforms_asking { const struct promptfoo_scripts *scripts; const struct subject *s; struct subject_wishes *w; };

static void transforms_ask(const struct transforms_asking *x, const json_t *transform,
                           const struct promptfoo_output *in, bool own)
{
    struct str path, function;
    enum promptfoo_language language;
    AUTO_BUF struct buf b = BUF_INIT(PROMPTFOO_QUESTION_MAX);

    if (!transforms_parse(transform, &language, &path, &function))
        return;
    buf_puts(&b, path.len ? "{\"transform\":true,\"file\":" : "{\"transform\":true,\"code\":");
    json_write_str(path.len ? path : json_to_str(transform), &b);
    if (path.len) {
        buf_puts(&b, ",\"function\":");
        json_write_str(function, &b);
    }
    buf_puts(&b, ",\"output\":");
    promptfoo_output_write(in, &b);
    buf_puts(&b, ",\"context\":{\"vars\":");
    promptfoo_scripts_vars(x->s, &b);
    buf_puts(&b, ",\"prompt\":");
    transforms_write_prompt(x->s, own, &b);
    buf_puts(&b, "}}");
    if (promptfoo_scripts_ask(x->scripts, language, transform, &b, x->w))
        x->w->more = true;
}

/* An assertion's own, once what it is given is there. */
static void transforms_wish_own(const struct transforms_asking *x, const struct promptfoo_output *whole,
                                const json_t *assertion)
{
    bool inverse;
    const struct promptfoo_kind *kind = promptfoo_kind_find(json_get_str(assertion, "type"), &inverse);
    const json_t *transform = transforms_of(assertion);

    if (transform && kind && kind->judge && !json_child(assertion, "blind"))
        transforms_ask(x, transform, whole, true);
}

void promptfoo_transforms_wish(const struct promptfoo_scripts *scripts, const struct subject *s,
                               struct subject_wishes *w)
{
    struct transforms_asking x = { scripts, s, w };
    const json_t *test = transforms_test(s), *list = json_child(test, "assert"),
                 *provider = transforms_of(transforms_provider(s)), *own = transforms_of(test);
    struct promptfoo_output raw = transforms_raw(s, w->arena), first = promptfoo_output_first(s, w->arena), whole;

    if (provider && !subject_wish_of(s, provider))
        transforms_ask(&x, provider, &raw, false);
    if (first.state != PROMPTFOO_PASS || json_child(test, "blind"))
        return;
    if (own && !subject_wish_of(s, own))
        transforms_ask(&x, own, &first, false);
    whole = promptfoo_output(s, w->arena);
    if (whole.state != PROMPTFOO_PASS)
        return;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *members = json_child(one, "assert");

        if (!json_is_array(members))
            transforms_wish_own(&x, &whole, one);
        for (size_t k = 0; k < json_array_size(members); k++)
            transforms_wish_own(&x, &whole, json_array_get(members, k));
    }
}
