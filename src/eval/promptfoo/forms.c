/* Assertions about the form of the output: JSON and XML, whole or somewhere in the text.
 *
 * JSON in a text is looked for as promptfoo does: from a brace to the one that closes it, read as YAML's flow style, so
 * that single quotes and bare words are forgiven; a text that ends too early is closed. What is cut off after
 * FORMS_JSON_BYTES or FORMS_TRIES attempts is not evaluated.
 * XML is well-formedness (XML 1.0): one root, tags that match, attributes once each and in quotes, no bare ampersand.
 * A document with a DTD of its own is refused, as promptfoo refuses it. Namespaces are not looked at. */
#include "eval/promptfoo/kinds.h"

#include "template/unicode.h"

#define FORMS_JSON_BYTES 100000         /* of one object */
#define FORMS_TRIES      1000
#define FORMS_STEPS      INT64_C(20000000)
#define FORMS_XML_DEPTH  256

/* --- JSON --------------------------------------------------------------------------------------------------------- */

/* The schema in a value, which may be YAML text. True with *schema NULL: there is none. */
static bool forms_schema(const struct promptfoo_question *q, struct schema **schema, struct promptfoo_answer *out)
{
    const json_t *j = q->value;
    struct doc_node *root;
    struct err e = ERR_INIT;

    *schema = NULL;
    if (!j || (json_is_string(j) && !json_string_length(j)))
        return true;
    if (json_is_string(j)) {
        if (doc_read(S("schema"), json_to_str(j), DOC_YAML, q->a, &root, &e) != ERR_OK) {
            promptfoo_broken(arena_strdup(q->a, str_c(e.text)), out);
            return false;
        }
        j = json_in_arena(doc_to_json(root), q->a);
    }
    if (!json_is_object(j)) {
        promptfoo_broken(S("its value must be a JSON Schema"), out);
        return false;
    }
    if (schema_compile(j, q->a, schema, &e) == ERR_OK)
        return true;
    promptfoo_broken(arena_strdup(q->a, str_c(e.text)), out);
    return false;
}

/* A sentence when it does not fit; *undecided when nobody knows. */
static struct str forms_fault(const struct schema *schema, const json_t *value, struct arena *a, bool *undecided)
{
    struct schema_fault fault = { STR_NONE, STR_NONE };
    size_t count = 0;
    enum schema_verdict v = schema_validate(schema, value, a, &fault, 1, &count);

    *undecided = v == SCHEMA_UNDECIDED;
    return v == SCHEMA_VALID ? STR_NONE
                             : arena_printf(a, STR_FMT ": " STR_FMT, STR_ARG(fault.path), STR_ARG(fault.text));
}

void promptfoo_is_json(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    AUTO_JSON *said = NULL;
    struct schema *schema;
    struct str fault = STR_NONE;
    struct err e = ERR_INIT;
    bool undecided = false;

    if (!forms_schema(q, &schema, out))
        return;
    if (json_read(q->output, &said, &e) != ERR_OK) {
        promptfoo_say(q, false, arena_strdup(q->a, str_c(e.text)), out);
        return;
    }
    if (schema)
        fault = forms_fault(schema, said, q->a, &undecided);
    if (undecided)
        promptfoo_skip(fault, out);
    else
        promptfoo_say(q, !fault.len, fault, out);
}

/* Past the brace that closes the one at `from`; the end of the text when none does, then *open is how many are missing. */
static size_t forms_object_end(struct str s, size_t from, int64_t *open)
{
    size_t end = MIN(s.len, from + FORMS_JSON_BYTES), i = from;

    *open = 0;
    do {
        *open += s.at[i] == '{' ? 1 : s.at[i] == '}' ? -1 : 0;
        i++;
    } while (i<end && * open> 0);
    return i;
}

static const json_t *forms_object(struct str text, int64_t missing, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(2 * FORMS_JSON_BYTES + 16);
    struct doc_node *root;
    struct err e = ERR_INIT;

    buf_append(&b, text);
    for (int64_t i = 0; i < missing; i++)
        buf_byte(&b, '}');
    if (buf_failed(&b) || doc_read(S("output"), arena_strdup(a, buf_str(&b)), DOC_YAML, a, &root, &e) != ERR_OK)
        return NULL;
    return root->kind == DOC_MAP || root->kind == DOC_LIST ? json_in_arena(doc_to_json(root), a) : NULL;
}

void promptfoo_contains_json(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    struct str why = S("no JSON object is in the output");
    int64_t steps = 0, open;
    struct schema *schema;
    bool some = false;
    int tries = 0;

    if (!forms_schema(q, &schema, out))
        return;
    for (size_t i = 0; i < q->output.len; i++) {
        size_t end;
        const json_t *j;
        bool undecided = false;
        struct str fault;

        if (q->output.at[i] != '{')
            continue;
        end = forms_object_end(q->output, i, &open);
        steps += (int64_t)(end - i);
        if (tries++ == FORMS_TRIES || steps > FORMS_STEPS) {
            promptfoo_skip(S("contains-json: the output has too many braces"), out);
            return;
        }
        j = forms_object(str_sub(q->output, i, end - i), open, q->a);
        if (!j)
            continue;
        some = true;
        fault = schema ? forms_fault(schema, j, q->a, &undecided) : STR_NONE;
        if (undecided) {
            promptfoo_skip(fault, out);
            return;
        }
        if (!fault.len) {
            promptfoo_say(q, true, STR_NONE, out);
            return;
        }
        why = fault;
        i = end - 1;
    }
    (void)some;
    promptfoo_say(q, false, why, out);
}

/* --- XML ---------------------------------------------------------------------------------------------------------- */

struct xml { struct str s; size_t i; struct str open[FORMS_XML_DEPTH]; size_t depth; struct arena *a; json_t *paths; struct str why; };

static bool xml_fail(struct xml *x, const char *why)
{
    if (!x->why.len)
        x->why = arena_printf(x->a, "%s at character %zu", why, str_utf8_len(str_sub(x->s, 0, x->i)) + 1);
    return false;
}

static struct str xml_rest(const struct xml *x)
{
    return str_from(x->s, x->i);
}

static void xml_blanks(struct xml *x)
{
    while (x->i < x->s.len && strchr(" \t\r\n", x->s.at[x->i]) && x->s.at[x->i])
        x->i++;
}

static bool xml_name(struct xml *x, struct str *out)
{
    size_t from = x->i, next;

    for (; x->i < x->s.len; x->i = next) {
        uint32_t c;

        next = x->i;
        c = str_utf8_next(x->s, &next);
        if (unicode_is_alpha(c) || c == '_' || c == ':')
            continue;
        if (x->i == from || !(unicode_is_word(c) || c == '-' || c == '.' || c == 0xb7))
            break;
    }
    *out = str_sub(x->s, from, x->i - from);
    return x->i > from || xml_fail(x, "a name is missing");
}

/* Behind `end`; false when it is not there. */
static bool xml_past(struct xml *x, struct str end)
{
    ptrdiff_t at = str_find(xml_rest(x), end);

    if (at < 0)
        return xml_fail(x, "something is not closed");
    x->i += (size_t)at + end.len;
    return true;
}

static bool xml_reference(struct xml *x)
{
    static const char *const known[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };
    struct str rest = xml_rest(x);
    ptrdiff_t end = str_find_byte(str_utf8_head(rest, 16), ';');
    size_t i = 2;

    for (size_t k = 0; k < COUNT_OF(known); k++)
        if (str_starts(rest, str_c(known[k]))) {
            x->i += strlen(known[k]);
            return true;
        }
    if (!str_starts(rest, S("&#")) || end < 3)
        return xml_fail(x, "an ampersand that begins no entity stands");
    if (rest.at[2] == 'x')
        i++;
    for (; i < (size_t)end; i++)
        if (!strchr(rest.at[2] == 'x' ? "0123456789abcdefABCDEF" : "0123456789", rest.at[i]))
            return xml_fail(x, "a character number that can't be read stands");
    x->i += (size_t)end + 1;
    return true;
}

static bool xml_attribute(struct xml *x, json_t *seen)
{
    struct str name;
    char quote;

    if (!xml_name(x, &name))
        return false;
    if (json_object_getn(seen, name.at, name.len))
        return xml_fail(x, "an attribute stands twice");
    json_object_setn_new(seen, name.at, name.len, json_true());
    xml_blanks(x);
    if (x->i >= x->s.len || x->s.at[x->i] != '=')
        return xml_fail(x, "an attribute has no value");
    x->i++;
    xml_blanks(x);
    quote = x->i < x->s.len ? x->s.at[x->i] : '\0';
    if (quote != '"' && quote != '\'')
        return xml_fail(x, "the value of an attribute is not in quotes");
    for (x->i++; x->i < x->s.len && x->s.at[x->i] != quote;) {
        if (x->s.at[x->i] == '<')
            return xml_fail(x, "a < stands in the value of an attribute");
        if (x->s.at[x->i] != '&')
            x->i++;
        else if (!xml_reference(x))
            return false;
    }
    if (x->i >= x->s.len)
        return xml_fail(x, "the value of an attribute is not closed");
    x->i++;
    return true;
}

/* Remembers where the element stands: "order", "order.id". */
static void xml_note(struct xml *x, struct str name)
{
    AUTO_BUF struct buf path = BUF_INIT(65536);

    for (size_t i = 0; i < x->depth; i++)
        buf_printf(&path, STR_FMT ".", STR_ARG(x->open[i]));
    buf_append(&path, name);
    json_object_setn_new(x->paths, path.bytes, path.len, json_true());
}

static bool xml_open(struct xml *x)
{
    AUTO_JSON *seen = json_object();
    struct str name;

    x->i++;
    if (!xml_name(x, &name))
        return false;
    for (;;) {
        size_t before = x->i;

        xml_blanks(x);
        if (str_starts(xml_rest(x), S("/>"))) {
            x->i += 2;
            xml_note(x, name);
            return true;
        }
        if (x->i < x->s.len && x->s.at[x->i] == '>') {
            x->i++;
            xml_note(x, name);
            if (x->depth == FORMS_XML_DEPTH)
                return xml_fail(x, "elements stand in elements too deep");
            x->open[x->depth++] = name;
            return true;
        }
        if (x->i == before || !xml_attribute(x, seen))
            return xml_fail(x, "a tag that can't be read stands");
    }
}

static bool xml_close(struct xml *x)
{
    struct str name;

    x->i += 2;
    if (!xml_name(x, &name))
        return false;
    xml_blanks(x);
    if (!x->depth || !str_eq(x->open[x->depth - 1], name))
        return xml_fail(x, "a tag is closed that was not open");
    if (x->i >= x->s.len || x->s.at[x->i] != '>')
        return xml_fail(x, "a tag that can't be read stands");
    x->i++;
    x->depth--;
    return true;
}

/* Comments, CDATA, instructions. *skipped false: it is none of these. */
static bool xml_aside(struct xml *x, bool *skipped)
{
    struct str rest = xml_rest(x);

    *skipped = true;
    if (str_starts(rest, S("<!--"))) {
        ptrdiff_t dashes = str_find(str_from(rest, 4), S("--"));

        if (dashes < 0 || !str_starts(str_from(rest, 4 + (size_t)dashes), S("-->")))
            return xml_fail(x, "a comment that is not closed, or holds --, stands");
        x->i += 4 + (size_t)dashes + 3;
        return true;
    }
    if (str_starts(rest, S("<![CDATA[")))
        return x->depth ? xml_past(x, S("]]>")) : xml_fail(x, "CDATA stands outside the root");
    if (str_starts(rest, S("<?")))
        return str_istarts(rest, S("<?xml")) && x->i && (rest.len < 6 || strchr(" \t\r\n?", rest.at[5]))
                   ? xml_fail(x, "an XML declaration that is not at the beginning stands")
                   : xml_past(x, S("?>"));
    if (str_starts(rest, S("<!DOCTYPE"))) {
        ptrdiff_t end = str_find_byte(rest, '>'), dtd = str_find_byte(rest, '[');

        if (json_object_size(x->paths) || end < 0 || (dtd >= 0 && dtd < end))
            return xml_fail(x, "a DOCTYPE that can't be used stands");
        x->i += (size_t)end + 1;
        return true;
    }
    *skipped = false;
    return true;
}

static bool xml_step(struct xml *x)
{
    char c = x->s.at[x->i];
    bool skipped;

    if (c == '<') {
        if (!xml_aside(x, &skipped))
            return false;
        if (skipped)
            return true;
        if (str_starts(xml_rest(x), S("</")))
            return xml_close(x);
        if (!x->depth && json_object_size(x->paths))
            return xml_fail(x, "a second root stands");
        return xml_open(x);
    }
    if (!x->depth && !strchr(" \t\r\n", c))
        return xml_fail(x, "text stands outside the root");
    if (str_starts(xml_rest(x), S("]]>")))
        return xml_fail(x, "a ]]> that ends nothing stands");
    if (c == '&')
        return xml_reference(x);
    x->i++;
    return true;
}

/* One element at `from`, to its end (*end, may be NULL), or the whole text as a document. */
static bool xml_read(struct xml *x, struct str s, bool document, struct arena *a)
{
    *x = (struct xml){ .s = s, .a = a, .paths = json_in_arena(json_object(), a) };
    while (x->i < s.len) {
        if (!xml_step(x))
            return false;
        if (!document && !x->depth && json_object_size(x->paths))
            return true;
    }
    if (x->depth || !json_object_size(x->paths))
        return xml_fail(x, x->depth ? "a tag is not closed" : "there is no element");
    return true;
}

/* "a, b.c", [a, b.c] or {requiredElements: [...]}; NULL: answered. */
static const json_t *xml_wanted(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    const json_t *list = json_is_object(q->value) ? json_child(q->value, "requiredElements") : q->value;
    json_t *names = json_in_arena(json_array(), q->a);
    struct str rest, one;

    if (json_is_object(q->value) && json_object_size(q->value) && !json_is_array(list)) {
        promptfoo_broken(S("its value must be a text, a list of elements, or {requiredElements: a list}"), out);
        return NULL;
    }
    if (json_is_array(list)) {
        for (size_t i = 0; i < json_array_size(list); i++)
            json_array_append_new(names, json_from_str(promptfoo_scalar(json_array_get(list, i), q->a)));
    } else if (json_is_string(list)) {
        rest = json_to_str(list);
        while (str_split(&rest, ',', &one))
            json_array_append_new(names, json_from_str(str_trim(one)));
    }
    return names;
}

static struct str xml_missing(const struct xml *x, const json_t *wanted)
{
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        struct str one = json_to_str(json_array_get(wanted, i));

        if (!json_object_getn(x->paths, one.at, one.len))
            return arena_printf(x->a, "the element " STR_FMT " is missing", STR_ARG(str_utf8_head(one, 80)));
    }
    return STR_NONE;
}

void promptfoo_is_xml(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    const json_t *wanted = xml_wanted(q, out);
    struct xml *x = arena_new(q->a, struct xml);
    struct str missing;

    if (!wanted)
        return;
    if (!xml_read(x, q->output, true, q->a)) {
        promptfoo_say(q, false, x->why, out);
        return;
    }
    missing = xml_missing(x, wanted);
    promptfoo_say(q, !missing.len, missing, out);
}

void promptfoo_contains_xml(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    const json_t *wanted = xml_wanted(q, out);
    struct str why = S("no XML element is in the output");
    struct xml *x = arena_new(q->a, struct xml);
    int64_t steps = 0;
    int tries = 0;

    if (!wanted)
        return;
    for (size_t i = 0; i < q->output.len; i++) {
        bool read;

        if (q->output.at[i] != '<' || i + 1 == q->output.len || strchr("/!? \n", q->output.at[i + 1]))
            continue;
        if (tries++ == FORMS_TRIES || steps > FORMS_STEPS) {
            promptfoo_skip(S("contains-xml: the output has too many tags that are not closed"), out);
            return;
        }
        read = xml_read(x, str_from(q->output, i), false, q->a);
        steps += (int64_t)x->i;
        if (!read)
            continue;
        why = xml_missing(x, wanted);
        if (!why.len) {
            promptfoo_say(q, true, STR_NONE, out);
            return;
        }
        i += x->i - 1;
    }
    promptfoo_say(q, false, why, out);
}
