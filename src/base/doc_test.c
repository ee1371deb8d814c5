#include "base/test.h"

/* The tree as compact JSON, or the error's sentence. */
static const char *doc_flat(struct str text, enum doc_form form, struct buf *out)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;
    struct doc_node *root;

    buf_reset(out);
    if (doc_read(S("t"), text, form, a, &root, &e) != ERR_OK) {
        buf_puts(out, e.text);
    } else {
        AUTO_JSON *j = doc_to_json(root);

        json_write(j, out);
    }
    return buf_cstr(out);
}

#define CHECK_DOC(text, form, want)                                 \
    do {                                                            \
        AUTO_BUF struct buf out_ = BUF_INIT(1 << 20);               \
        CHECK_STR(str_c(doc_flat(S(text), form, &out_)), want);     \
    } while (0)
#define CHECK_YAML(text, want) CHECK_DOC(text, DOC_YAML, want)
#define CHECK_JSON(text, want) CHECK_DOC(text, DOC_JSON, want)

TEST(doc_reads_scalars_by_the_core_schema)
{
    CHECK_YAML("", "null");
    CHECK_YAML("# only a comment\n", "null");
    CHECK_YAML("[no, on, off, yes, y, n]", "[\"no\",\"on\",\"off\",\"yes\",\"y\",\"n\"]");
    CHECK_YAML("[null, ~, true, False, 12, -3, +4, 0x1F, 0o17, 007]", "[null,null,true,false,12,-3,4,31,15,7]");
    CHECK_YAML("[1.5, .5, 1., 1e3, -2.5E-1]", "[1.5,0.5,1.0,1000.0,-0.25]");
    CHECK_YAML("['12', \"true\", 'null', '']", "[\"12\",\"true\",\"null\",\"\"]");
    CHECK_YAML("[1_000, 12:30, 1.2.3, 0b11, 0x, e5, 2026-01-02]",
               "[\"1_000\",\"12:30\",\"1.2.3\",\"0b11\",\"0x\",\"e5\",\"2026-01-02\"]");
    CHECK_YAML("a: !!str 12\nb: !!float 3\nc: ! 4\n", "{\"a\":\"12\",\"b\":3.0,\"c\":\"4\"}");
    CHECK_YAML("a:\nb: ''\n", "{\"a\":null,\"b\":\"\"}");
}

TEST(doc_reads_blocks_and_flows)
{
    CHECK_YAML("a: |\n  x\n   y\nb: >-\n  p\n  q\nc: {d: [1, 2], e: \"f\\n\"}\n",
               "{\"a\":\"x\\n y\\n\",\"b\":\"p q\",\"c\":{\"d\":[1,2],\"e\":\"f\\n\"}}");
    CHECK_YAML("\xef\xbb\xbf" "a: 1\n", "{\"a\":1}");
    CHECK_YAML("a: 1\r\nb: 2\r\n", "{\"a\":1,\"b\":2}");
    CHECK_YAML("%YAML 1.2\n---\na: 1\n...\n", "{\"a\":1}");
    CHECK_YAML("1: x\ntrue: y\n", "{\"1\":\"x\",\"true\":\"y\"}");
}

TEST(doc_shares_anchors_and_merges)
{
    CHECK_YAML("base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\n",
               "{\"base\":{\"x\":1,\"y\":2},\"use\":{\"y\":3,\"x\":1}}");
    CHECK_YAML("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b]}\n",
               "{\"a\":{\"x\":1},\"b\":{\"x\":2,\"z\":3},\"c\":{\"x\":1,\"z\":3}}");
    CHECK_YAML("a: &v text\nb: *v\n*v : c\n", "{\"a\":\"text\",\"b\":\"text\",\"text\":\"c\"}");
    CHECK_YAML("a: {'<<': 1}\n", "{\"a\":{\"<<\":1}}");
    CHECK_YAML("a: *gone\n", "t:1:4: there is no anchor \"&gone\" before this");
    CHECK_YAML("a: &a [1, *a]\n", "t:1:11: \"*a\" stands inside what it refers to");
    CHECK_YAML("a: {<<: 3}\n", "t:1:9: `<<` merges mappings, and this is a whole number");
}

TEST(doc_says_where_and_what)
{
    CHECK_YAML("a: 1\nb: 2\na: 3\n", "t:3:1: the key \"a\" stands here and on line 1; keep one");
    CHECK_YAML("a: 1\n---\nb: 2\n", "t:2:1: a second document begins here (\"---\"); one file holds one document");
    CHECK_YAML("? [a]\n: 1\n",
               "t:1:3: a key must be text, and this is a list (text that begins with \"{\" or \"[\" needs quotes)");
    CHECK_YAML("{{x}}: 1\n",
               "t:1:1: a key must be text, and this is a mapping (text that begins with \"{\" or \"[\" needs quotes)");
    CHECK_YAML("a: !thing 1\n",
               "t:1:11: the tag \"!thing\" is not known; only !!str !!int !!float !!bool !!null !!seq !!map are");
    CHECK_YAML("a: !!int x\n", "t:1:10: \"x\" is not a whole number, as its tag says");
    CHECK_YAML("a: 99999999999999999999\n",
               "t:1:4: \"99999999999999999999\" does not fit a number; put it in quotes to keep it as text");
    CHECK_YAML("a: .inf\n", "t:1:4: \".inf\" is not a finite number");
    CHECK_YAML("a: \"\xff\"\n", "t:1:5: byte 0xff is not UTF-8; save the file as UTF-8");
    CHECK_YAML("a: \x01\n", "t:1:4: the control character 0x01 can't stand here");
}

TEST(doc_yaml_faults_carry_line_and_column)
{
    CHECK_YAML("a: [1, 2\nb: 3\n", "t:3:1: not valid YAML: flow sequence without a closing bracket");
    CHECK_YAML("a:\n\tb: 1\n", "t:2:1: not valid YAML: tab character may not be used as indentation");
    CHECK_YAML("a: 'open\n", "t:1:5: not valid YAML: single-quoted scalar without closing quote");
    CHECK_YAML("a: b: c\n", "t:1:5: not valid YAML: invalid nested block mapping on the same line");
    CHECK_YAML("a: @x\n", "t:1:4: not valid YAML: plain scalar cannot start with '@'");
    CHECK_YAML("a: {{ x }}\n",
               "t:1:5: a key must be text, and this is a mapping (text that begins with \"{\" or \"[\" needs quotes)");
}

TEST(doc_reads_json_strictly)
{
    CHECK_JSON("{\"a\": [1, -2.5, \"x\\u00e9\\ud83d\\ude00\", true, null], \"b\": {}, \"c\": []}",
               "{\"a\":[1,-2.5,\"xé😀\",true,null],\"b\":{},\"c\":[]}");
    CHECK_JSON("{\"a\": 1,\n \"a\": 2}", "t:2:2: the key \"a\" stands here and on line 1; keep one");
    CHECK_JSON("{\"a\": 1,}", "t:1:9: not valid JSON: \"}\" where a key in quotes is due");
    CHECK_JSON("[1 2]", "t:1:4: not valid JSON: \"2]\" where \",\" or \"]\" is due");
    CHECK_JSON("{a: 1}", "t:1:2: not valid JSON: \"a: 1\" where a key in quotes is due");
    CHECK_JSON("[1]\n x", "t:2:2: not valid JSON: \"x\" where the end of the file is due");
    CHECK_JSON("", "t:1:1: not valid JSON: the file ends where a value is due");
    CHECK_JSON("[nope]", "t:1:2: not valid JSON: \"nope\" where a value is due");
    CHECK_JSON("{\"a\"", "t:1:5: not valid JSON: the file ends where \":\" is due");
}

TEST(doc_knows_where_things_stand)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct doc_node *root, *n;

    CHECK_OK(doc_read(S("t"), S("name: x\nprompt: |\n  Hello\n  there\nlist:\n  - a: 1\n    b: two\n"), DOC_YAML, a,
                      &root, NULL));
    n = doc_get(root, "name");
    CHECK_INT(n->line, 1);
    CHECK_INT(n->column, 7);
    n = doc_get(root, "prompt");
    CHECK_INT(n->line, 3);
    CHECK_INT(doc_pair_get(root, "list")->line, 5);
    n = doc_get(doc_get(root, "list")->items[0], "b");
    CHECK_INT(n->line, 7);
    CHECK_INT(n->column, 8);
    CHECK(!doc_get(root, "nothing"));
}

TEST(doc_stops_alias_bombs)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 16), out = BUF_INIT(1 << 16);

    buf_puts(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++)
        buf_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1,
                   i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    doc_flat(buf_str(&text), DOC_YAML, &out);
    CHECK(str_contains(buf_str(&out), S("more than 1000000 values")));
}

TEST(doc_depth_is_bounded)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 22), out = BUF_INIT(1 << 16);

    for (int i = 0; i < DOC_DEPTH_MAX; i++)
        buf_byte(&text, '[');
    for (int i = 0; i < DOC_DEPTH_MAX; i++)
        buf_byte(&text, ']');
    doc_flat(buf_str(&text), DOC_YAML, &out);
    CHECK(str_starts(buf_str(&out), S("[[[[")));
    doc_flat(buf_str(&text), DOC_JSON, &out);
    CHECK(str_starts(buf_str(&out), S("[[[[")));
    buf_reset(&text);
    for (int i = 0; i < 100000; i++)
        buf_byte(&text, '[');
    doc_flat(buf_str(&text), DOC_YAML, &out);
    CHECK(str_contains(buf_str(&out), S("nested deeper than 128 levels")));
    doc_flat(buf_str(&text), DOC_JSON, &out);
    CHECK(str_contains(buf_str(&out), S("nested deeper than 128 levels")));
}

TEST(doc_large_mappings_find_their_duplicates)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);

    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "k%d: %d\n", i, i);
    buf_puts(&text, "k3: again\n");
    doc_flat(buf_str(&text), DOC_YAML, &out);
    CHECK_STR(buf_str(&out), "t:1001:1: the key \"k3\" stands here and on line 4; keep one");
}
