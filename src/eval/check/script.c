/* src/eval/check/script.c: in which writing system a text is: the share of its letters that belong to the named
 * scripts, by Unicode's script extensions (Scripts.txt and ScriptExtensions.txt, as PCRE2 carries them). Languages that
 * share a script can't be told apart by it: English and French are both Latin. Names of a few languages stand for the
 * scripts they are written in. A text without a letter has no script and fails. */
#include "eval/check/check.h"

#include <stdio.h>

#define SCRIPT_SHARE 0.9                                /* of the letters, when `min` is not said */
#define SCRIPT_RUNS_MAX INT64_C(10000000)

struct script_name { const char *name, *classes; };
struct script_state { struct regex *letters, *wanted; double min; struct str names; };

static const struct script_name script_names[] = {
    { "latin", "\\p{Latin}" }, { "cyrillic", "\\p{Cyrillic}" }, { "greek", "\\p{Greek}" }, { "han", "\\p{Han}" },
    { "kana", "\\p{Hiragana}\\p{Katakana}" }, { "hiragana", "\\p{Hiragana}" }, { "katakana", "\\p{Katakana}" },
    { "hangul", "\\p{Hangul}" }, { "arabic", "\\p{Arabic}" }, { "hebrew", "\\p{Hebrew}" },
    { "devanagari", "\\p{Devanagari}" }, { "bengali", "\\p{Bengali}" }, { "gurmukhi", "\\p{Gurmukhi}" },
    { "gujarati", "\\p{Gujarati}" }, { "oriya", "\\p{Oriya}" }, { "tamil", "\\p{Tamil}" }, { "telugu", "\\p{Telugu}" },
    { "kannada", "\\p{Kannada}" }, { "malayalam", "\\p{Malayalam}" }, { "sinhala", "\\p{Sinhala}" }, { "thai", "\\p{Thai}" },
    { "lao", "\\p{Lao}" }, { "tibetan", "\\p{Tibetan}" }, { "myanmar", "\\p{Myanmar}" }, { "khmer", "\\p{Khmer}" },
    { "georgian", "\\p{Georgian}" }, { "armenian", "\\p{Armenian}" }, { "ethiopic", "\\p{Ethiopic}" },
    { "mongolian", "\\p{Mongolian}" }, { "bopomofo", "\\p{Bopomofo}" },
    { "japanese", "\\p{Han}\\p{Hiragana}\\p{Katakana}" }, { "korean", "\\p{Hangul}\\p{Han}" },
    { "chinese", "\\p{Han}\\p{Bopomofo}" },
};

static enum err_code script_add(const json_t *j, struct buf *classes, struct buf *names, struct err *e)
{
    struct str name = json_to_str(j);
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; i < COUNT_OF(script_names); i++) {
        suggest_offer(&near, str_c(script_names[i].name));
        if (!str_ieq(name, str_c(script_names[i].name)))
            continue;
        buf_puts(classes, script_names[i].classes);
        buf_printf(names, "%s%s", names->len ? " or " : "", script_names[i].name);
        return ERR_OK;
    }
    return err_set(e, ERR_BAD_INPUT, "there is no script \"" STR_FMT "\"%s; there are latin, cyrillic, greek, han, kana, "
                   "hangul, arabic, hebrew, devanagari, thai and more (docs/tasks.md)", STR_ARG(str_utf8_head(name, 40)),
                   suggest_hint(&near, hint));
}

static enum err_code script_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    const json_t *min = json_child(spec->options, "min");
    size_t n = json_is_array(spec->argument) ? json_array_size(spec->argument) : 1;
    struct script_state *s = arena_new(a, struct script_state);
    AUTO_BUF struct buf classes = BUF_INIT(REGEX_PATTERN_MAX);
    AUTO_BUF struct buf names = BUF_INIT(400);

    s->min = min ? json_number_value(min) : SCRIPT_SHARE;
    if (min && (!json_is_number(min) || !(s->min > 0 && s->min <= 1)))
        return err_set(e, ERR_BAD_INPUT, "script: min is the least share of the letters, above 0 and at most 1");
    buf_puts(&classes, "(?:(?=\\p{L})[");
    for (size_t i = 0; i < n; i++)
        TRY(script_add(json_is_array(spec->argument) ? json_array_get(spec->argument, i) : spec->argument, &classes,
                       &names, e));
    buf_puts(&classes, "])+");
    s->names = arena_strdup(a, buf_str(&names));
    if (buf_failed(&classes))
        return err_set(e, ERR_TOO_LARGE, "script: too many scripts");
    TRY(regex_compile(S("\\p{L}+"), 0, a, &s->letters, e));
    TRY(regex_compile(buf_str(&classes), 0, a, &s->wanted, e));
    *state = s;
    return ERR_OK;
}

/* Code points in all matches. */
static enum regex_verdict script_letters(const struct regex *r, struct str text, int64_t *letters, char *why)
{
    size_t at = 0, start, end;
    enum regex_verdict v;

    *letters = 0;
    for (int64_t n = 0; n < SCRIPT_RUNS_MAX; n++, at = end) {
        v = regex_find(r, text, at, &start, &end, why);
        if (v != REGEX_YES)
            return v;
        *letters += (int64_t)str_utf8_len(str_sub(text, start, end - start));
    }
    snprintf(why, REGEX_WHY, "the text is too long to look at");
    return REGEX_GAVE_UP;
}

static enum check_verdict script_judge(const void *state, const struct check_target *t, struct arena *a,
                                       struct str *why)
{
    const struct script_state *s = state;
    int64_t letters, wanted;
    char said[REGEX_WHY];
    double share;

    if (script_letters(s->letters, t->text, &letters, said) == REGEX_GAVE_UP ||
        script_letters(s->wanted, t->text, &wanted, said) == REGEX_GAVE_UP) {
        *why = arena_strdup(a, str_c(said));
        return CHECK_SKIP;
    }
    if (!letters) {
        *why = S("there is no letter in it");
        return CHECK_FAIL;
    }
    share = (double)wanted / (double)letters;
    if (share >= s->min)
        return CHECK_PASS;
    *why = arena_printf(a, "%.1f %% of the letters are " STR_FMT ", at least %.3g %%", share * 100, STR_ARG(s->names),
                        s->min * 100);
    return CHECK_FAIL;
}

const struct check check_script = {
    .name = "script", .argument = CHECK_TEXTS, .options = "min",
    .doc = "At least 90 % (or min) of the output's letters belong to this script, or to one of these: latin, cyrillic, han, "
           "kana, arabic... or japanese, chinese, korean for theirs.",
    .example = "- {script: cyrillic, min: 0.95}",
    .prepare = script_prepare, .judge = script_judge,
};
