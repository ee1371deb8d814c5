#include "eval/task_edit.h"

#include "base/test.h"

static const char edit_check[] = "[{\"name\": \"short\", \"max_words\": 40, \"severity\": \"warning\"}]";

struct edit_row { const char *file, *before, *after; };

static void edit_row_try(const struct edit_row *row, const char *checks)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 20);
    AUTO_JSON *list = json_loads(checks, 0, NULL);
    struct err e = ERR_INIT;

    if (task_edit_add_checks(str_c(row->file), str_c(row->before), doc_form_of(str_c(row->file)), list, &out, &e) !=
        ERR_OK) {
        if (row->after)
            test_fail(__FILE__, __LINE__, "%s\n%s", row->before, e.text);
        return;
    }
    if (!row->after || strcmp(buf_cstr(&out), row->after))
        test_fail(__FILE__, __LINE__, "%s\nbecomes\n%s", row->before, buf_cstr(&out));
}

TEST(checks_go_to_the_end_of_their_list_and_nothing_else_changes)
{
    static const struct edit_row rows[] = {
        { "t.yaml", "# mine\nname: x   # odd\n\nprompt: 'hi'\nchecks:\n  - {name: a, contains: b}   # first\nmodels: [m]\n",
          "# mine\nname: x   # odd\n\nprompt: 'hi'\nchecks:\n  - {name: a, contains: b}   # first\n"
          "  - name: short\n    max_words: 40\n    severity: warning\nmodels: [m]\n" },
        { "t.yaml", "checks:\n- json_valid\n\n# about the models\nmodels: [m]\n",
          "checks:\n- json_valid\n- name: short\n  max_words: 40\n  severity: warning\n\n# about the models\nmodels: [m]\n" },
        { "t.yaml", "name: x\nchecks:\n    - name: a\n      contains: |\n        # no comment\n        b\n",
          "name: x\nchecks:\n    - name: a\n      contains: |\n        # no comment\n        b\n"
          "    - name: short\n      max_words: 40\n      severity: warning\n" },
        { "t.yaml", "name: x\nchecks:\n  -\n    name: a\n    contains: b\n# end\n",
          "name: x\nchecks:\n  -\n    name: a\n    contains: b\n  - name: short\n    max_words: 40\n    severity: warning\n# end\n" },
        { "t.yaml", "name: x\nchecks: # they are [not] flow\n  - json_valid",
          "name: x\nchecks: # they are [not] flow\n  - json_valid\n  - name: short\n    max_words: 40\n    severity: warning\n" },
        { "t.yaml", "name: x\r\nchecks:\r\n  - json_valid\r\nmodels: [m]\r\n",
          "name: x\r\nchecks:\r\n  - json_valid\r\n  - name: short\r\n    max_words: 40\r\n    severity: warning\r\nmodels: [m]\r\n" },
        { "t.yaml", "checks: &c\n  - json_valid\nname: x\n",
          "checks: &c\n  - json_valid\n  - name: short\n    max_words: 40\n    severity: warning\nname: x\n" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        edit_row_try(&rows[i], edit_check);
}

TEST(lists_in_brackets_grow_inside_them)
{
    static const struct edit_row rows[] = {
        { "t.yaml", "checks: [json_valid] # x\nname: y\n",
          "checks: [json_valid, {name: short, max_words: 40, severity: warning}] # x\nname: y\n" },
        { "t.yaml", "checks: []\n", "checks: [{name: short, max_words: 40, severity: warning}]\n" },
        { "t.yaml", "checks: [ ]\n", "checks: [{name: short, max_words: 40, severity: warning} ]\n" },
        { "t.yaml", "checks: [{contains: 'a]'}, {one_of: [b, c]},]\n",
          "checks: [{contains: 'a]'}, {one_of: [b, c]}, {name: short, max_words: 40, severity: warning}]\n" },
        { "t.yaml", "checks: [\n  json_valid,\n  not_refusal\n ]\nname: x\n",
          "checks: [\n  json_valid,\n  not_refusal, {name: short, max_words: 40, severity: warning}\n ]\nname: x\n" },
        { "t.yaml", "checks:\n  [json_valid, # it's\n   not_refusal # last\n  ]\nname: x\n",
          "checks:\n  [json_valid, # it's\n   not_refusal # last\n  , {name: short, max_words: 40, severity: warning}]\nname: x\n" },
        { "t.yaml", "checks: &a [{one_of: [it's, 'b]']}, {one_of: [a#b, \"\\\"]\"]} # ]\n ]\n",
          "checks: &a [{one_of: [it's, 'b]']}, {one_of: [a#b, \"\\\"]\"]} # ]\n , {name: short, max_words: 40, severity: warning}]\n" },
        { "t.json", "{\"name\": \"x\", \"checks\": [{\"contains\": \"]\"}], \"models\": []}\n",
          "{\"name\": \"x\", \"checks\": [{\"contains\": \"]\"}, {\"name\": \"short\", \"max_words\": 40, \"severity\": \"warning\"}], "
          "\"models\": []}\n" },
        { "t.yaml", "{name: x, checks: [json_valid]}\n",
          "{name: x, checks: [json_valid, {\"name\": \"short\", \"max_words\": 40, \"severity\": \"warning\"}]}\n" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        edit_row_try(&rows[i], edit_check);
}

TEST(a_long_list_in_brackets_takes_few_tries)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
    AUTO_JSON *list = json_loads(edit_check, 0, NULL);
    struct err e = ERR_INIT;

    buf_puts(&text, "checks: [");
    for (int i = 0; i < 500; i++)
        buf_printf(&text, "%s{one_of: [a, b%d]}", i ? ", " : "", i);
    buf_puts(&text, "]\nname: x\n");
    CHECK_OK(task_edit_add_checks(S("t.yaml"), buf_str(&text), DOC_YAML, list, &out, &e));
    CHECK(str_ends(buf_str(&out), S("b499]}, {name: short, max_words: 40, severity: warning}]\nname: x\n")));
}

TEST(a_missing_list_is_made_at_the_end)
{
    static const struct edit_row rows[] = {
        { "t.yaml", "name: x\nprompt: hi\n", "name: x\nprompt: hi\nchecks:\n  - name: short\n    max_words: 40\n    severity: warning\n" },
        { "t.yaml", "name: x", "name: x\nchecks:\n  - name: short\n    max_words: 40\n    severity: warning\n" },
        { "t.yaml", "name: x\r\nprompt: y", "name: x\r\nprompt: y\r\nchecks:\r\n  - name: short\r\n    max_words: 40\r\n    severity: warning\r\n" },
        { "t.yaml", "  name: x\n  prompt: hi\n", "  name: x\n  prompt: hi\n  checks:\n    - name: short\n      max_words: 40\n      severity: warning\n" },
        { "t.yaml", "---\nname: x\n...\n", "---\nname: x\nchecks:\n  - name: short\n    max_words: 40\n    severity: warning\n...\n" },
        { "t.yaml", "name: x\nchecks:\nmodels: [m]\n",
          "name: x\nchecks:\n  - name: short\n    max_words: 40\n    severity: warning\nmodels: [m]\n" },
        { "t.yaml", "name: x\nchecks: null # none yet\nmodels: [m]\n",
          "name: x\nchecks: [{name: short, max_words: 40, severity: warning}] # none yet\nmodels: [m]\n" },
        { "t.yaml", "name: x\nchecks: ~", "name: x\nchecks: [{name: short, max_words: 40, severity: warning}]" },
        { "t.yaml", "\xef\xbb\xbfname: \xc3\xa4\n", "\xef\xbb\xbfname: \xc3\xa4\nchecks:\n  - name: short\n    max_words: 40\n    severity: warning\n" },
        { "t.json", "{\"name\": \"x\"}", "{\"name\": \"x\", \"checks\": [{\"name\": \"short\", \"max_words\": 40, \"severity\": \"warning\"}]}" },
        { "t.json", "{\n  \"name\": \"x\",\n  \"prompt\": \"}\"\n}\n",
          "{\n  \"name\": \"x\",\n  \"prompt\": \"}\",\n  \"checks\": [\n    {\"name\": \"short\", \"max_words\": 40, \"severity\": \"warning\"}\n"
          "  ]\n}\n" },
        { "t.yaml", "{name: x, prompt: y,} # }\n",
          "{name: x, prompt: y, \"checks\": [{\"name\": \"short\", \"max_words\": 40, \"severity\": \"warning\"}]} # }\n" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        edit_row_try(&rows[i], edit_check);
}

TEST(a_text_at_the_end_that_would_change_is_not_touched)
{
    const char *before = "name: x\nprompt: |+\n  keep\n\n";
    AUTO_BUF struct buf out = BUF_INIT(1 << 20);
    AUTO_JSON *list = json_loads(edit_check, 0, NULL), *was = NULL, *is = NULL;
    AUTO_ARENA *a = arena_new_sized(0);
    struct doc_node *root;
    struct err e = ERR_INIT;

    CHECK_OK(task_edit_add_checks(S("t.yaml"), str_c(before), DOC_YAML, list, &out, &e));
    REQUIRE(doc_read(S("t"), buf_str(&out), DOC_YAML, a, &root, &e) == ERR_OK);
    is = doc_to_json(root);
    CHECK_STR(json_get_str(is, "prompt"), "keep\n\n");
    CHECK_INT(json_array_size(json_child(is, "checks")), 1);
    was = NULL;
    edit_row_try(&(struct edit_row){ "t.yaml", "name: x\nprompt: |\n  keep",
        "name: x\nprompt: |\n  keep\nchecks:\n  - name: short\n    max_words: 40\n    severity: warning\n" }, edit_check);
}

TEST(a_file_nothing_can_be_added_to_is_refused_with_what_to_do)
{
    static const struct edit_row rows[] = {
        { "t.yaml", "base: &b\n  - json_valid\nchecks: *b\n", NULL },
        { "t.yaml", "checks: text\n", NULL },
        { "t.yaml", "- a\n", NULL },
        { "t.yaml", "a: [\n", NULL },
        { "t.yaml", "a: 1\na: 2\n", NULL },
        { "t.json", "[1]", NULL },
        { "t.yaml", "", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        edit_row_try(&rows[i], edit_check);
}

TEST(what_is_written_is_read_as_it_was)
{
    static const char *const texts[] = { "plain", "yes", "Null", "a: b", "a #b", "- x", "'q'", "\"d\\\"", "", " lead", "trail ",
                                         "line\nbreak", "tab\t", "\x7f\xc2\x85\xe2\x80\xa8", "{{ name }}", "^[A-Z]+$", "*x", "&x",
                                         "!t", "%d", "@a", "`b`", "1", "1e3", "0x1f", "~", "<<", "=", "ä ö", "\xef\xbb\xbf" };
    static const char *const files[][2] = { { "t.yaml", "name: x\n" }, { "t.yaml", "name: x\nchecks: []\n" }, { "t.json", "{}" } };

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (size_t k = 0; k < COUNT_OF(files); k++) {
            AUTO_BUF struct buf out = BUF_INIT(1 << 20);
            AUTO_JSON *list = json_pack("[{s:s, s:[s, f, b, n], s:{s:s}}]", "name", texts[i], "one_of", texts[i], 0.5, 1, "map",
                                        "k", texts[i]);
            struct err e = ERR_INIT;

            if (task_edit_add_checks(str_c(files[k][0]), str_c(files[k][1]), doc_form_of(str_c(files[k][0])), list,
                                     &out, &e) != ERR_OK)
                test_fail(__FILE__, __LINE__, "\"%s\" in %s: %s", texts[i], files[k][1], e.text);
        }
}

TEST(a_file_past_the_ceiling_is_refused)
{
    AUTO_BUF struct buf big = BUF_INIT(TASK_EDIT_BYTES_MAX + 100), out = BUF_INIT(1 << 25);
    AUTO_JSON *list = json_loads(edit_check, 0, NULL);
    struct err e = ERR_INIT;

    buf_puts(&big, "name: x\n#");
    while (big.len < TASK_EDIT_BYTES_MAX - 1)
        buf_byte(&big, 'x');
    buf_byte(&big, '\n');
    CHECK_OK(task_edit_add_checks(S("t.yaml"), buf_str(&big), DOC_YAML, list, &out, &e));
    buf_byte(&big, '\n');
    CHECK_INT(task_edit_add_checks(S("t.yaml"), buf_str(&big), DOC_YAML, list, &out, &e), ERR_TOO_LARGE);
}
