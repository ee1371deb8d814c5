/* Nunjucks in our template language. Both descend from Jinja2; what differs in practice:
 *   {{ x | dump }}        is tojson
 *   {{ flag }}, {{ list }}    JavaScript writes true, 1,2 and nothing for null, Python True, [1, 2] and None
 *   a variable that is not there is nothing, and with us an error: the name is given an empty text
 * Not translated: methods of JavaScript in expressions (x.length, x.toUpperCase()), === and filters of one's own. */
#include "eval/promptfoo/load.h"

#include "template/template.h"

/* "user.name" or "list[0]", and the name it begins with. */
static bool template_is_path(struct str expression, struct str *root)
{
    struct str s = str_trim(expression);
    size_t i = 0;

    for (; i < s.len; i++) {
        char c = s.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_', digit = c >= '0' && c <= '9';

        if (!letter && !(i && (digit || c == '.' || c == '[' || c == ']')))
            return false;
    }
    for (i = 0; i < s.len && s.at[i] != '.' && s.at[i] != '['; i++)
        ;
    *root = str_sub(s, 0, i);
    return s.len > 0;
}

/* x as JavaScript makes text of it; lists of plain values, of which those inside lists keep Python's form. */
static void template_print(struct buf *b, struct str x)
{
    static const char *const pieces[] = { "\"\" if ", " is undefined or ", " is none else \"true\" if ",
        " is sameas true else \"false\" if ", " is sameas false else \"[object Object]\" if ", " is mapping else ",
        " | join(\",\") if ", " is iterable and ", " is not string else " };

    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        buf_puts(b, pieces[i]);
        buf_append(b, x);
    }
}

/* The inside of a tag, with "| dump" as "| tojson". */
static void template_inside(struct buf *b, struct str inside)
{
    for (size_t i = 0; i < inside.len; i++) {
        size_t k = i + 1;

        buf_byte(b, inside.at[i]);
        if (inside.at[i] != '|')
            continue;
        while (k < inside.len && inside.at[k] == ' ')
            k++;
        if (str_starts(str_from(inside, k), S("dump")) && (k + 4 == inside.len || strchr(" ()|-", inside.at[k + 4]))) {
            buf_puts(b, " tojson");
            i = k + 3;
        }
    }
}

/* The length of a {% raw %} ... {% endraw %} that begins here, as far as endraw; 0: none does. */
static size_t template_raw(struct str s)
{
    ptrdiff_t close = str_find(s, S("%}")), end;
    struct str word = close < 0 ? STR_NONE : str_trim(str_sub(s, 2, (size_t)close - 2));

    if (!str_is(word, "raw") && !str_is(word, "- raw") && !str_is(word, "raw -") && !str_is(word, "- raw -"))
        return 0;
    end = str_find(s, S("endraw"));
    return end < 0 ? s.len : (size_t)end;
}

struct str load_template(const struct load *l, struct str text)
{
    AUTO_BUF struct buf b = BUF_INIT(TASK_TEXT_MAX);

    for (size_t i = 0; i < text.len;) {
        struct str rest = str_from(text, i), root;
        bool value = str_starts(rest, S("{{")), tag = value || str_starts(rest, S("{%"));
        size_t raw = tag && !value ? template_raw(rest) : 0;
        ptrdiff_t end = tag ? str_find(rest, value ? S("}}") : S("%}")) : -1;
        struct str inside = end < 0 ? STR_NONE : str_sub(rest, 2, (size_t)end - 2);

        if (raw || end < 0) {
            buf_append(&b, str_sub(rest, 0, MAX(raw, (size_t)1)));
            i += MAX(raw, (size_t)1);
            continue;
        }
        buf_append(&b, str_sub(rest, 0, 2));
        if (value && template_is_path(inside, &root) && map_has(&l->odd, root)) {
            buf_byte(&b, ' ');
            template_print(&b, str_trim(inside));
            buf_byte(&b, ' ');
        } else {
            template_inside(&b, inside);
        }
        buf_append(&b, value ? S("}}") : S("%}"));
        i += (size_t)end + 2;
    }
    return buf_failed(&b) ? text : arena_strdup(l->a, buf_str(&b));
}

/* Names our language knows by itself, which nobody may take away. */
static bool template_own(struct str name)
{
    return str_is(name, "range") || str_is(name, "dict") || str_is(name, "cycler") || str_is(name, "joiner") ||
           str_is(name, "namespace") || str_is(name, "loop");
}

void load_reads(struct load *l, struct str text, json_t *names)
{
    struct template *t;
    struct err e = ERR_INIT;
    struct str *list;
    size_t count;

    if (template_compile(l->templates, S("text"), load_template(l, text), &t, &e) != ERR_OK)
        return;                                         /* who compiles it for use will tell */
    count = template_variables(t, l->a, &list);
    for (size_t i = 0; i < count; i++)
        if (!template_own(list[i]))
            json_object_setn_new(names, list[i].at, list[i].len, json_string(""));
}

/* The variables and "" for what the template reads besides; *missing when there is such. */
static json_t *template_vars(struct load *l, const struct template *t, const json_t *vars, bool *missing)
{
    json_t *all = json_copy((json_t *)vars);
    struct str *names;
    size_t count = template_variables(t, l->a, &names);

    *missing = false;
    for (size_t i = 0; i < count; i++)
        if (!json_object_getn(all, names[i].at, names[i].len) && !template_own(names[i])) {
            *missing = true;
            json_object_setn_new(all, names[i].at, names[i].len, json_string(""));
        }
    return all;
}

void load_check_env(struct load *l, struct str where, const json_t *reads)
{
    if (json_is_string(json_child(reads, "env")) && !json_string_length(json_child(reads, "env")))
        load_fault(l, where, "the environment is read as {{ env.NAME }} or {{ env['NAME'] }}, with nothing behind it");
}

struct str load_render(struct load *l, struct str where, struct str text, const json_t *vars, bool strict)
{
    AUTO_BUF struct buf b = BUF_INIT(PROMPTFOO_VALUE_MAX);
    AUTO_ARENA *scratch = NULL;
    AUTO_JSON *all = NULL;
    struct template *t;
    struct err e = ERR_INIT;
    bool missing;

    if (!str_contains(text, S("{{")) && !str_contains(text, S("{%")) && !str_contains(text, S("{#")))
        return text;
    if (template_compile(l->templates, S("text"), load_template(l, text), &t, &e) == ERR_OK) {
        scratch = arena_new_sized(4096);
        all = template_vars(l, t, vars, &missing);
        if (strict && missing)
            return text;
        load_check_env(l, where, all);
        if (template_render(t, all, scratch, &b, &e) == ERR_OK)
            return arena_strdup(l->a, buf_str(&b));
    }
    load_fault(l, where, "the template \"" STR_FMT "\" can't be filled in: %s", STR_ARG(str_utf8_head(text, 60)),
               e.text);
    return text;
}

json_t *load_render_value(struct load *l, struct str where, const json_t *value, const json_t *vars, int depth)
{
    if (json_is_string(value))
        return json_from_str(load_render(l, where, json_to_str(value), vars, false));
    if (json_is_array(value) && depth < LOAD_DEPTH_MAX) {
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(value); i++)
            json_array_append_new(list, load_render_value(l, where, json_array_get(value, i), vars, depth + 1));
        return list;
    }
    return json_incref((json_t *)value);
}
