/* src/eval/check/count.c: checks that count, each as {min, max}, min_X and max_X:
 *   length      characters (code points)
 *   words       runs without white space
 *   items       of a JSON list (its elements, those under "items" or "concepts", or an object's members)
 *   lines       that have something other than white space on them
 *   paragraphs  runs of such lines, with an empty line between them
 *   sentences   ends of one: . ! ? or ... (also of CJK, Arabic and Devanagari), with closing quotes and brackets
 * behind,
 *               before white space or the end; CJK ones end anywhere. Text after the last end counts as one more. A
 *               number's point does not end a sentence, an abbreviation's does: this counts, it does not understand. */
#include "eval/check/check.h"

#include <inttypes.h>

#include "eval/items.h"

enum count_what { COUNT_CHARACTERS, COUNT_WORDS, COUNT_ITEMS, COUNT_LINES, COUNT_PARAGRAPHS, COUNT_SENTENCES, COUNTS };
static const char *const count_names[COUNTS] = { "characters", "words", "items", "lines", "paragraphs", "sentences" };
static const char *const count_kinds[COUNTS] = { "length", "words", "items", "lines", "paragraphs", "sentences" };

struct count_state { enum count_what what; int64_t min, max; };

static bool count_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int64_t count_words(struct str s)
{
    int64_t words = 0;
    bool inside = false;

    for (size_t i = 0; i < s.len; i++) {
        words += !count_space(s.at[i]) && !inside;
        inside = !count_space(s.at[i]);
    }
    return words;
}

/* Lines with something on them, or runs of them. */
static int64_t count_lines(struct str s, bool runs)
{
    struct str rest = s, line;
    bool before = false, full;
    int64_t n = 0;

    for (; str_split(&rest, '\n', &line); before = full) {
        full = str_trim(line).len > 0;
        n += full && !(runs && before);
    }
    return n;
}

/* 0: ends nothing; 1: where white space follows; 2: anywhere. */
static int count_ends(uint32_t cp)
{
    static const uint32_t spaced[] = { '.', '!', '?', 0x2026, 0x61f, 0x6d4, 0x964, 0x965, 0x203c, 0x2047, 0x2048, 0x2049 };
    static const uint32_t anywhere[] = { 0x3002, 0xff01, 0xff1f, 0xff0e, 0xff61 };

    for (size_t i = 0; i < COUNT_OF(spaced); i++)
        if (spaced[i] == cp)
            return 1;
    for (size_t i = 0; i < COUNT_OF(anywhere); i++)
        if (anywhere[i] == cp)
            return 2;
    return 0;
}

static bool count_closes(uint32_t cp)
{
    return cp == '"' || cp == '\'' || cp == ')' || cp == ']' || cp == '}' || cp == '*' || cp == '_' || cp == 0xbb ||
           cp == 0x2019 || cp == 0x201d || cp == 0x300d || cp == 0x300f || cp == 0xff09;
}

static int64_t count_sentences(struct str s)
{
    int64_t n = 0;
    bool open = false;                                  /* something was said since the last end */
    int ending = 0;

    for (size_t i = 0; i < s.len;) {
        uint32_t cp = str_utf8_next(s, &i);
        bool space = cp < 128 && count_space((char)cp);
        int ends = count_ends(cp);

        if (ending && open && (space || (ending == 2 && !ends && !count_closes(cp)))) {
            n++;
            open = false;
        }
        if (ends)
            ending = MAX(ending, ends);
        else if (space || !count_closes(cp))
            ending = 0;
        open = open || !(space || ends || count_closes(cp));
    }
    return n + open;
}

static enum err_code count_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct count_state *c = arena_new(a, struct count_state);
    const json_t *arg = spec->argument;

    while (c->what < COUNTS - 1 && !str_ends(spec->kind, str_c(count_kinds[c->what])))
        c->what++;
    c->max = INT64_MAX;
    if (json_is_object(arg)) {
        c->min = json_get_i64(arg, "min", 0);
        c->max = json_get_i64(arg, "max", INT64_MAX);
        if (c->min < 0 || c->max < 0 || json_is_real(json_child(arg, "min")) || json_is_real(json_child(arg, "max")))
            return err_set(e, ERR_BAD_INPUT, "min and max are whole numbers, 0 or more");
    } else if (str_starts(spec->kind, S("min_"))) {
        c->min = json_integer_value(arg);
    } else {
        c->max = json_integer_value(arg);
    }
    *state = c;
    return ERR_OK;
}

static int64_t count_text(enum count_what what, struct str text)
{
    switch (what) {
    case COUNT_WORDS: return count_words(text);
    case COUNT_LINES: return count_lines(text, false);
    case COUNT_PARAGRAPHS: return count_lines(text, true);
    case COUNT_SENTENCES: return count_sentences(text);
    default: return (int64_t)str_utf8_len(text);
    }
}

static enum check_verdict count_judge(const void *state, const struct check_target *t, struct arena *a, struct str *why)
{
    const struct count_state *c = state;
    const json_t *j;
    int64_t n;

    if (c->what == COUNT_ITEMS) {
        j = check_target_json(t, a, why);
        if (!j)
            return CHECK_FAIL;
        if (!json_is_array(j) && !json_is_object(j)) {
            *why = S("is not a list");
            return CHECK_FAIL;
        }
        n = (int64_t)(items_list(j) ? json_array_size(items_list(j)) : json_object_size(j));
    } else {
        n = count_text(c->what, t->text);
    }
    if (n >= c->min && n <= c->max)
        return CHECK_PASS;
    *why = arena_printf(a, "%" PRId64 " %s, %s %" PRId64, n, count_names[c->what], n < c->min ? "at least" : "at most",
                        n < c->min ? c->min : c->max);
    return CHECK_FAIL;
}

#define COUNT_CHECK(id, arg, words, yaml)                                                           \
    const struct check check_##id = {                                                               \
        .name = #id, .argument = arg, .doc = words, .example = yaml,                                \
        .prepare = count_prepare, .judge = count_judge,                                             \
    }
COUNT_CHECK(length, CHECK_BOUNDS, "The output has this many characters.", "- length: {min: 20, max: 400}");
COUNT_CHECK(min_length, CHECK_NUMBER, "The output has at least this many characters.", "- min_length: 20");
COUNT_CHECK(max_length, CHECK_NUMBER, "The output has at most this many characters.", "- max_length: 400");
COUNT_CHECK(words, CHECK_BOUNDS, "The output has this many words.", "- words: {min: 5, max: 40}");
COUNT_CHECK(min_words, CHECK_NUMBER, "The output has at least this many words.", "- min_words: 5");
COUNT_CHECK(max_words, CHECK_NUMBER, "The output has at most this many words.", "- max_words: 40");
COUNT_CHECK(items, CHECK_BOUNDS, "The JSON list has this many items.", "- {path: $.tags, items: {min: 1, max: 5}}");
COUNT_CHECK(min_items, CHECK_NUMBER, "The JSON list has at least this many items.", "- {path: $.tags, min_items: 1}");
COUNT_CHECK(max_items, CHECK_NUMBER, "The JSON list has at most this many items.", "- {path: $.tags, max_items: 5}");
COUNT_CHECK(lines, CHECK_BOUNDS, "The output has this many lines, empty ones not counted.", "- lines: {min: 3, max: 10}");
COUNT_CHECK(min_lines, CHECK_NUMBER, "The output has at least this many lines.", "- min_lines: 3");
COUNT_CHECK(max_lines, CHECK_NUMBER, "The output has at most this many lines.", "- max_lines: 10");
COUNT_CHECK(paragraphs, CHECK_BOUNDS, "The output has this many paragraphs.", "- paragraphs: {min: 1, max: 4}");
COUNT_CHECK(min_paragraphs, CHECK_NUMBER, "The output has at least this many paragraphs.", "- min_paragraphs: 1");
COUNT_CHECK(max_paragraphs, CHECK_NUMBER, "The output has at most this many paragraphs.", "- max_paragraphs: 4");
COUNT_CHECK(sentences, CHECK_BOUNDS, "The output has this many sentences.", "- sentences: {min: 1, max: 3}");
COUNT_CHECK(min_sentences, CHECK_NUMBER, "The output has at least this many sentences.", "- min_sentences: 1");
COUNT_CHECK(max_sentences, CHECK_NUMBER, "The output has at most this many sentences.", "- max_sentences: 3");
