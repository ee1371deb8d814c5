#include "base/test.h"

#include "eval/report/scene.h"

#include <math.h>

static struct scene *scene_small(struct arena *a)
{
    return scene_new(a, 200, 100, S("a <title> & \"more\""), S("said \x01 aloud"));
}

TEST(a_scene_is_written_with_classes_and_escaped_text_and_nothing_inline)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(SCENE_SVG_MAX), css = BUF_INIT(SCENE_SVG_MAX);
    struct scene *s = scene_small(a);

    scene_open(s, S("g]]>"));
    scene_rect(s, 1, 2.5, 10, 20, 3, (struct scene_style){ .fill = SCENE_BAD, .opacity = 0.25 });
    scene_line(s, 0, 0.004, -0.001, 9, (struct scene_style){ .stroke = SCENE_GRID, .dashed = true });
    scene_open_clip(s, 5, 5, 50, 50);
    scene_circle(s, 10, 10, 4, (struct scene_style){ .fill = SCENE_PAPER, .stroke = SCENE_ACCENT, .width = 1.5 });
    scene_close(s);
    scene_text(s, 20, 30, S("</text><script>\xff\x1b[31m\xe2\x80\xae\xef\xbf\xbe"), (struct scene_font){ .size = 11, .color = SCENE_INK,
               .anchor = SCENE_END, .bold = true, .angle = -45 });
    scene_close(s);
    scene_svg(s, false, &b);
    CHECK(!buf_failed(&b));
    CHECK_STR(buf_str(&b),
              "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 200 100\" width=\"200\" height=\"100\" role=\"img\""
              " aria-label=\"a &lt;title&gt; &amp; &quot;more&quot;\">\n<title>a &lt;title&gt; &amp; &quot;more&quot;</title>\n"
              "<desc>said ? aloud</desc>\n<g><title>g]]&gt;</title>\n"
              "<rect x=\"1\" y=\"2.5\" width=\"10\" height=\"20\" rx=\"3\" class=\"f-bad\" opacity=\"0.25\"/>\n"
              "<path d=\"M0 0L0 9\" class=\"f-none s-grid\" stroke-dasharray=\"4 3\"/>\n"
              "<svg x=\"5\" y=\"5\" width=\"50\" height=\"50\" viewBox=\"5 5 50 50\">\n"
              "<circle cx=\"10\" cy=\"10\" r=\"4\" class=\"f-paper s-accent\" stroke-width=\"1.5\"/>\n</svg>\n"
              "<text x=\"20\" y=\"30\" font-size=\"11\" class=\"f-ink t-end t-bold\" transform=\"rotate(-45 20 30)\">"
              "&lt;/text&gt;&lt;script&gt;\xef\xbf\xbd?[31m?\?</text>\n</g>\n</svg>\n");
    CHECK(str_find(buf_str(&b), S("style")) < 0 && str_find(buf_str(&b), S(" id=")) < 0);
    scene_css(&css);
    for (enum scene_color c = SCENE_INK; c < SCENE_COLOR_COUNT; c++)
        CHECK(str_contains(buf_str(&css), arena_printf(a, "var(--chart-%s,#%06x)", scene_color_name(c), scene_color_value(c, false))));
}

TEST(a_standalone_picture_carries_its_style_for_day_and_night)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(SCENE_SVG_MAX);
    struct scene *s = scene_small(a);

    scene_svg(s, true, &b);
    CHECK(str_contains(buf_str(&b), S("<style>")) && str_contains(buf_str(&b), S("prefers-color-scheme:dark")));
}

TEST(text_is_measured_by_its_letters)
{
    CHECK_NEAR(scene_text_width(S("iii"), 10, false), 8.34, 1e-9);
    CHECK(scene_text_width(S("WWW"), 10, false) > 3 * scene_text_width(S("i"), 10, false));
    CHECK(scene_text_width(S("WWW"), 10, true) > scene_text_width(S("WWW"), 10, false));
    CHECK_NEAR(scene_text_width(S("\xe4\xb8\xad\xe6\x96\x87"), 10, false), 20, 1e-9);      /* wide */
    CHECK_NEAR(scene_text_width(S("e\xcc\x81"), 10, false), scene_text_width(S("e"), 10, false), 1e-9);   /* combining */
    CHECK_INT(scene_text_width(S(""), 10, false), 0);
}

TEST(a_long_text_loses_its_middle_and_fits)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct str name = S("openrouter:anthropic/claude-sonnet-4.5-with-a-very-long-tail"), all;

    for (double width = 0; width < 500; width += 7) {
        struct str fit = scene_fit(name, 12, false, width, a);

        CHECK(scene_text_width(fit, 12, false) <= width);
        CHECK(str_is_utf8(fit));
    }
    all = scene_fit(name, 12, false, 150, a);
    CHECK(str_starts(all, S("openr")) && str_ends(all, S("tail")) && str_contains(all, S("\xe2\x80\xa6")));
    CHECK(str_eq(scene_fit(name, 12, false, 1000, a), name));
}

TEST(a_text_of_a_megabyte_is_cut)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(freep) char *big = xmalloc(1 << 20);
    struct scene *s = scene_small(a);

    memset(big, 'x', 1 << 20);
    scene_text(s, 0, 50, str_n(big, 1 << 20), (struct scene_font){ .size = 10, .color = SCENE_INK });
    CHECK_INT(s->items.len, 1);
    CHECK(s->items.at[0].text.len <= SCENE_TEXT_MAX + 3);
    scene_textf(s, 0, 50, (struct scene_font){ .size = 10, .color = SCENE_INK }, "%d of %d", 3, 4);
    CHECK_STR(s->items.at[1].text, "3 of 4");
}

TEST(items_past_the_ceiling_are_left_out_and_groups_stay_whole)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(SCENE_SVG_MAX);
    struct scene *s = scene_small(a);
    size_t opened = 0, closed = 0;

    for (int i = 0; i < SCENE_ITEMS_MAX / 2 + 100; i++) {
        scene_open(s, S(""));
        scene_circle(s, 1, 1, 1, (struct scene_style){ .fill = SCENE_INK });
        scene_line(s, 1, 1, 2, 2, (struct scene_style){ .stroke = SCENE_INK });
        scene_close(s);
    }
    CHECK(scene_is_full(s));
    CHECK(s->items.len <= SCENE_ITEMS_MAX + SCENE_DEPTH_MAX);
    for (size_t i = 0; i < s->items.len; i++) {
        opened += s->items.at[i].kind == SCENE_OPEN;
        closed += s->items.at[i].kind == SCENE_CLOSE;
    }
    CHECK_INT(opened, closed);
    scene_svg(s, false, &b);
    CHECK(!buf_failed(&b));
}

TEST(what_a_scene_covers_counts_strokes_anchors_and_turned_text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct scene *s = scene_small(a);
    struct scene_box box = scene_extent(s);

    CHECK_NEAR(box.right, 0, 0);
    scene_circle(s, 50, 50, 10, (struct scene_style){ .stroke = SCENE_INK, .width = 4 });
    box = scene_extent(s);
    CHECK_NEAR(box.left, 38, 1e-9);
    CHECK_NEAR(box.bottom, 62, 1e-9);
    scene_text(s, 100, 50, S("iii"), (struct scene_font){ .size = 10, .color = SCENE_INK, .anchor = SCENE_END });
    box = scene_item_box(&s->items.at[1]);
    CHECK_NEAR(box.left, 100 - 8.34, 1e-9);
    CHECK_NEAR(box.right, 100, 1e-9);
    scene_text(s, 100, 50, S("iii"), (struct scene_font){ .size = 10, .color = SCENE_INK, .angle = -90 });
    box = scene_item_box(&s->items.at[2]);
    CHECK_NEAR(box.top, 50 - 8.34, 1e-9);
    CHECK_NEAR(box.left, 100 - 7.8, 1e-9);
    scene_path(s, (struct scene_point[]){ { 1, 1 } }, 1, false, (struct scene_style){ .stroke = SCENE_INK });
    CHECK_INT(s->items.len, 3);             /* one point is no path */
}
