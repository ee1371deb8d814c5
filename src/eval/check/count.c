/* src/eval/check/count.c: checks that count: characters (code points), words (runs without white space), items of a
 * JSON list (its elements, those under "items" or "concepts", or an object's members). Each as {min, max}, min_X and
 * max_X. */
#include "eval/check/check.h"

#include <inttypes.h>

#include "eval/items.h"

enum count_what { COUNT_CHARACTERS, COUNT_WORDS, COUNT_ITEMS };
static const char *const count_names[] = { "characters", "words", "items" };

struct count_state { enum count_what what; int64_t min, max; };

static int64_t count_words(struct str s)
{
    int64_t words = 0;
    bool inside = false;

    for (size_t i = 0; i < s.len; i++) {
        bool space = s.at[i] == ' ' || (s.at[i] >= '\t' && s.at[i] <= '\r');

        words += !space && !inside;
        inside = !space;
    }
    return words;
}

static enum err_code count_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct count_state *c = arena_new(a, struct count_state);
    const json_t *arg = spec->argument;

    c->what = str_ends(spec->kind, S("words"))   ? COUNT_WORDS
              : str_ends(spec->kind, S("items")) ? COUNT_ITEMS
                                                 : COUNT_CHARACTERS;
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
        n = c->what == COUNT_WORDS ? count_words(t->text) : (int64_t)str_utf8_len(t->text);
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
