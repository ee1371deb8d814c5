#include "base/test.h"

#include "base/diff.h"

/* "same[-old-]{+new+}" */
static struct str shown(const char *before, const char *after, struct arena *a)
{
    static const char *const open[] = { "", "[-", "{+" }, *const close[] = { "", "-]", "+}" };
    AUTO_BUF struct buf b = BUF_INIT(1 << 20);
    struct diff_piece *p;
    size_t n = diff_words(str_c(before), str_c(after), a, &p);

    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s" STR_FMT "%s", open[p[i].kind], STR_ARG(p[i].text), close[p[i].kind]);
    return arena_strdup(a, buf_str(&b));
}

TEST(a_diff_says_what_changed_word_by_word)
{
    AUTO_ARENA *a = arena_new_sized(0);

    CHECK_STR(shown("", "", a), "");
    CHECK_STR(shown("a b c", "a b c", a), "a b c");
    CHECK_STR(shown("", "new", a), "{+new+}");
    CHECK_STR(shown("old", "", a), "[-old-]");
    CHECK_STR(shown("the quick fox", "the slow fox", a), "the [-quick-]{+slow+} fox");
    CHECK_STR(shown("{\"queue\":\"sales\"}", "{\"queue\":\"billing\"}", a), "{\"queue\":\"[-sales-]{+billing+}\"}");
    CHECK_STR(shown("a b", "a b c", a), "a b{+ c+}");
    CHECK_STR(shown("x a b", "a b", a), "[-x -]a b");
    CHECK_STR(shown("gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f euch", a), "gr\xc3\xbc\xc3\x9f [-dich-]{+euch+}");
}

/* Both texts can be read out of the pieces, whatever they are. */
static void whole(struct str before, struct str after, struct arena *a)
{
    AUTO_BUF struct buf x = BUF_INIT(1 << 24), y = BUF_INIT(1 << 24);
    struct diff_piece *p;
    size_t n = diff_words(before, after, a, &p);

    for (size_t i = 0; i < n; i++) {
        if (p[i].kind != DIFF_ADDED)
            buf_append(&x, p[i].text);
        if (p[i].kind != DIFF_REMOVED)
            buf_append(&y, p[i].text);
    }
    CHECK(str_eq(buf_str(&x), before) && str_eq(buf_str(&y), after));
}

TEST(no_text_is_lost_in_a_diff)
{
    struct rng r;

    rng_seed(&r, 7);
    for (int round = 0; round < 400; round++) {
        AUTO_ARENA *a = arena_new_sized(0);
        char text[2][64];
        size_t len[2];

        for (int k = 0; k < 2; k++) {
            len[k] = (size_t)rng_below(&r, sizeof text[k]);
            for (size_t i = 0; i < len[k]; i++)
                text[k][i] = "ab ,\n\xc3"[rng_below(&r, 6)];
        }
        whole(str_n(text[0], len[0]), str_n(text[1], len[1]), a);
    }
}

TEST(a_diff_past_its_bounds_replaces_the_middle)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf x = BUF_INIT(1 << 22), y = BUF_INIT(1 << 22);
    struct diff_piece *p;

    buf_puts(&x, "begin ");
    buf_puts(&y, "begin ");
    for (int i = 0; i < DIFF_EDITS_MAX + 10; i++) {
        buf_printf(&x, "a%d ", i);
        buf_printf(&y, "b%d ", i);
    }
    buf_puts(&x, "end");
    buf_puts(&y, "end");
    CHECK_INT(diff_words(buf_str(&x), buf_str(&y), a, &p), 4);
    CHECK_STR(p[0].text, "begin ");
    CHECK_INT(p[1].kind, DIFF_REMOVED);
    CHECK_INT(p[2].kind, DIFF_ADDED);
    CHECK_STR(p[3].text, " end");
    whole(buf_str(&x), buf_str(&y), a);
    for (int i = 0; i < DIFF_WORDS_MAX; i++)
        buf_printf(&x, ".%d", i % 7);
    whole(buf_str(&x), buf_str(&y), a);
}
