#include "base/test.h"
#include "eval/promptfoo/kinds.h"

static bool html_passes(struct str text, struct arena *a)
{
    struct promptfoo_question q = { .output = text, .a = a };
    struct promptfoo_answer some;

    promptfoo_contains_html(&q, &some);
    CHECK(some.state == PROMPTFOO_PASS || some.reason.len);
    return some.state == PROMPTFOO_PASS;
}

/* Verdicts of promptfoo 0.121.20, of texts by hand and of some that were drawn. */
TEST(html_is_found_where_promptfoo_finds_it)
{
    AUTO_ARENA *a = arena_new_sized(0);
    static const struct { struct str text; char mark; } rows[] = {
        { S("<p>Hello</p>"), '+' }, { S("Hello <b>you</b>"), '+' }, { S("<div>Hello</div> and more"), '+' }, { S("Hello"), '-' },
        { S("&lt;p&gt;"), '-' }, { S("1 < 2 and 3 > 2"), '-' }, { S("x &amp; y &copy; z"), '-' },
        { S("<!DOCTYPE html><html><head><title>T</title></head><body>Hello</body></html>"), '+' }, { S("<html>Hello</html>"), '+' },
        { S("<body>Hello</body>"), '+' }, { S("<BODY class=x>Hello"), '+' }, { S("<head></head>Hello"), '+' },
        { S("<body-x>Hello</body-x>"), '+' }, { S("<html>"), '+' }, { S("<head><title>T</title></head>"), '+' },
        { S("```html\n<p>x</p>\n```"), '+' }, { S("<?xml version=\"1.0\"?><p>x</p>"), '+' }, { S("<?php echo 1 ?><p>x</p>"), '+' },
        { S("<note><to>x</to></note>"), '+' }, { S("<my-card>x</my-card>"), '+' }, { S("<foo>x</foo>"), '+' },
        { S("<foo><b>x</b></foo>"), '+' }, { S("<br>"), '+' }, { S("<br/>"), '+' }, { S("</p>"), '-' }, { S("</br>"), '-' },
        { S("</div>"), '-' }, { S("<!-- only a comment -->"), '-' }, { S("<!-- a --><p>x</p>"), '+' }, { S("<!-->x<p>"), '+' },
        { S("<table><tr><td>x</td></tr></table>"), '+' }, { S("<tr><td>x</td></tr>"), '+' },
        { S("<table>x<tr><td>y</td></tr></table>"), '+' }, { S("<!DOCTYPE html><p><table>x</table>"), '+' },
        { S("<p><table>x</table>"), '+' }, { S("<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 3.2//EN\"><p><table>x</table>"), '+' },
        { S("<table><b>x</table>"), '+' }, { S("<table><tr><b>x</b><td>y</table>"), '+' },
        { S("<table><caption>x</caption></table>"), '+' }, { S("<caption>x</caption>"), '+' }, { S("<li>x"), '+' },
        { S("<option>x</option>"), '+' }, { S("<select><option>x<p>y</select>"), '+' }, { S("<select>x</select>y"), '+' },
        { S("<a>x<p>y</a>z"), '+' }, { S("<b><p>x</b>y</p>"), '+' }, { S("<b><p>x</b></p>y"), '+' },
        { S("<p><b><b><b><b></p></b></b></b>x"), '+' }, { S("<p><b><b><b></p></b></b></b>x"), '+' },
        { S("<p><b a=1><b a=2><b a=3><b a=4></p></b></b></b>x"), '+' }, { S("<nobr><nobr></nobr>x"), '+' },
        { S("<p>x</p>&nbsp;"), '+' }, { S("<p>x</p>&nbsp"), '+' }, { S("<p>x</p>&#32;&Tab;&ensp;&#x2003;"), '+' },
        { S("<p>x</p>&zwnj;"), '+' }, { S("<p>x</p>&ZeroWidthSpace;"), '+' }, { S("<p>x</p>\343\200\200"), '+' },
        { S("<p>x</p>&"), '+' }, { S("<p>x</p><"), '+' }, { S("<p>x</p></"), '+' }, { S("<p>x</p></>"), '+' },
        { S("<p>x</p><b"), '+' }, { S("<p>x</p></ b>y"), '+' }, { S("<i></i><svg><circle/></svg>"), '+' },
        { S("<i></i><svg><circle></svg>x"), '+' }, { S("<i></i><svg><b>x</b></svg>"), '+' },
        { S("<i></i><svg><foreignObject><p>x</svg>"), '+' }, { S("<i></i><svg><title>x<p>y</title></svg>"), '+' },
        { S("<i></i><svg>x<![CDATA[<b>]]></svg>"), '+' }, { S("<p>a</p><![CDATA[x]]>"), '+' }, { S("<math><mi>x</mi></math>"), '+' },
        { S("<math><annotation-xml encoding='text/html'><p>x</math>"), '+' }, { S("<i></i><svg><font>x</font></svg>"), '+' },
        { S("<i></i><svg><font color=red>x</font></svg>"), '+' }, { S("<i></i><svg><html>x</svg>"), '+' },
        { S("<script>if (a < b) x()</script>"), '+' }, { S("<script><!--<script></script>x</script>"), '+' },
        { S("<script><!--<script></script></script>x"), '+' }, { S("<script><!-- </script>x"), '+' },
        { S("<style>p { }</style>"), '+' }, { S("<title>x</title>"), '+' }, { S("<textarea><b>x</textarea>"), '+' },
        { S("<textarea>x"), '-' }, { S("<plaintext>x</p>"), '+' }, { S("<noscript><p>x</noscript>"), '+' },
        { S("<iframe>x</iframe>"), '+' }, { S("<template>x</template>"), '+' }, { S("<template><tr><td>x</template>"), '+' },
        { S("<table><template><colgroup><table>x"), '+' }, { S("<frameset><frame></frameset>"), '+' },
        { S("<html><frameset></frameset>x</html>"), '+' }, { S("<p>x<frameset>"), '+' }, { S("<input type=hidden><frameset>"), '+' },
        { S("<input><frameset>"), '+' }, { S("<p title=\"a\">"), '+' }, { S("- a=\"b\" &amp;"), '+' }, { S("x a='b' y"), '-' },
        { S("a=\"b\""), '-' }, { S("x =\"b\" <b"), '-' }, { S("<div"), '+' }, { S("<div "), '+' }, { S("<p/>x"), '+' },
        { S("<img src='a.png' alt=\"b\">"), '+' }, { S("<h1>"), '+' }, { S("<h7>x</h7>"), '+' }, { S("<P>x</P>"), '+' },
        { S("<p-x"), '+' }, { S("&amp; <!-- x -->"), '+' }, { S("&amp; <!-- a--b -->"), '-' }, { S("&#x41; <foo/>"), '+' },
        { S("&#X41; <foo/>"), '-' }, { S("<!doctype   HTML> x"), '+' }, { S("<foo / >"), '-' }, { S("<foo bar/>"), '+' },
        { S("</foo >"), '-' }, { S("< p>"), '-' }, { S("<foo\n>x</foo\n>"), '+' }, { S("<ma\342\204\252>"), '-' },
        { S("<mar\342\204\252>x</mar\342\204\252>"), '-' }, { S("</p>x"), '-' }, { S("x<table><dl>"), '+' },
        { S("x<html><template></tt><search><html><noframes><frameset>"), '+' },
        { S("</table></h1>\000x</a></rp></dd></h1></ruby></a></tr></table>"), '-' }, { S("<desc>x</big><tr>"), '+' },
        { S("<tbody></form><tbody><template><option></template>x"), '+' }, { S("<table>\000x</template><input><table><i>"), '+' },
        { S("<noframes>x"), '-' }, { S("<table></font><annotation-xml></p><table>x"), '+' },
        { S("<dir></dir><tt x=1><hgroup></search>\000x"), '+' }, { S("</font></ul>x"), '-' },
        { S("<!DOCTYPE html><head></script>x"), '+' }, { S("<head></button></rt><td></li></dl>x"), '+' },
        { S("<!DOCTYPE html></svg>x"), '+' }, { S("x<head><caption>"), '+' }, { S("<html></p>x<applet>"), '+' },
        { S("<head><td>\000x"), '+' }, { S("<p></input></p>\000x"), '+' },
        { S("x<!DOCTYPE html><a><h2><input type=hidden><address>"), '+' },
        { S("<head></template>\000x</i><object></select><button><optgroup><b></b>"), '+' },
        { S("<html><input>\000x<template></b></button></th><form></table></nobr><input><b>"), '+' },
        { S("x<!DOCTYPE html></dd><pre><pre><search>"), '+' }, { S("x<html></object><rb><li></h1><dl></table><h2><dd>"), '+' },
        { S("x<head><frameset></table><style></b><b></applet></object><noframes><script>"), '+' },
        { S("<table><caption><tbody x=1></b>\000x"), '+' },
        { S("<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"><td>x"), '+' },
        { S("<p></tt></p></i></font>\000x"), '+' }, { S("<head>x<h2></rtc><annotation-xml>"), '+' },
        { S("x<html></p><b><a></title><desc></table>"), '+' }, { S("</foreignObject>x"), '-' }, { S("</b><tr></a>x"), '+' },
        { S("</body></svg><body>x"), '+' }, { S("x<object></applet>"), '+' }, { S("<html>\000x</table><tr></tr>"), '+' },
        { S("<p><td></caption><tbody></tr><td><b><input></template></td>x"), '+' },
        { S("<html><td></caption><template><tbody><th>x"), '+' }, { S("<b><p><title><br></table><b><b>x"), '+' },
        { S("<b><p><select></option><table></optgroup><svg x=1><td><td><optgroup><option>x"), '+' },
        { S("<head><input type=hidden></select><script></tr></option></svg></svg><svg>x"), '+' }, { S("<b><p></td><a><td>\000x"), '+' },
        { S("<p></form><input type=hidden><input type=hidden><form><form></b>\000x"), '+' },
        { S("<head><template><title><input></body>x</b></frame>"), '+' }, { S("<a><a></a></a><button>x"), '+' },
        { S("<p></template><dl>x"), '+' }, { S("<foo></td><div>\000x"), '+' },
        { S("<html><b x=1><button></td><applet></applet></td><object>x"), '+' },
        { S("<td><object></table></font><button><button></button></p>x"), '+' }, { S("<b><p><tr><head><a>\000x"), '+' },
        { S("</p></noframes><hgroup></foo><font><style>\000x"), '+' }, { S("<table><rb><pre><ul>x"), '+' },
        { S("</td></b><template><td x=1>x<td x=0><option></form>"), '+' }, { S("<p><button><nobr><button></nobr></a>\000x"), '+' },
        { S("<table><i></table></applet><i><big></dir></search>x"), '+' },
        { S("<annotation-xml><title x=1>\000x</annotation-xml></template>"), '+' }, { S("<p></button><font><li></li>x"), '+' },
        { S("<tbody><option><template><tr x=1>x<template></th></form>"), '+' }, { S("<html></a><i><tr></p>\000x"), '+' },
        { S("<table></ul><li></ul><hgroup><center></nobr></center>\000x"), '+' }, { S("<head><address>x<button>"), '+' },
        { S("<html><font><a></ul></button>x<mi></ul>"), '+' }, { S("<object><b x=0></p>x<i><a><button><td><object>"), '+' },
        { S("<html><input><p><hgroup/><p><head><noframes/></html><body></dir><frame>x"), '+' }, { S("<p><p><i><nobr></b>x"), '+' },
        { S("<p>x<td></table></template><select><tr></table></i><select><select><svg>"), '+' },
        { S("<caption></colgroup><p><caption></template></colgroup>x"), '+' }, { S("<!DOCTYPE html></rp><dt></pre>x"), '+' },
        { S("<!DOCTYPE html><svg> <option><font></select>x"), '+' }, { S("<address>x"), '-' },
        { S("<b><frameset></frameset></html> </head>"), '+' },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool passes = html_passes(rows[i].text, a);

        if (passes != (rows[i].mark == '+'))
            test_fail(__FILE__, __LINE__, "%s: it passes: %d", rows[i].text.at, passes);
    }
}

TEST(html_signs_are_counted_in_long_texts_that_hold_none)
{
    static const char *const parts[] = { "<x b=", "<!--", "&#", "<!doctype ", "=\" ", "</", "& " };
    AUTO_ARENA *a = arena_new_sized(0);

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        AUTO_BUF struct buf b = BUF_INIT(1 << 20);

        while (b.len < 500000)
            buf_puts(&b, parts[i]);
        CHECK(!html_passes(buf_str(&b), a));
        buf_puts(&b, "<b></b>");
        CHECK(html_passes(buf_str(&b), a));
    }
}
