#include "base/test.h"
#include "domain/domain.h"

TEST(severities_formats_phases_and_roles_have_their_words)
{
    enum severity s;
    enum output_format f;

    for (int i = 0; i < SEVERITIES; i++)
        CHECK(severity_from(str_c(severity_name((enum severity)i)), &s) && (int)s == i);
    CHECK(!severity_from(S("fatal"), &s));
    for (int i = 0; i < OUTPUT_FORMATS; i++)
        CHECK(output_format_from(str_c(output_format_name((enum output_format)i)), &f) && (int)f == i);
    CHECK(!output_format_from(S("xml"), &f));
    for (int i = 0; i < PHASES; i++)
        CHECK(*phase_name((enum phase)i));
    CHECK_STR(str_c(message_role_name(MESSAGE_SYSTEM)), "system");
    CHECK_STR(str_c(message_role_name(MESSAGE_USER)), "user");
    CHECK_STR(str_c(message_role_name(MESSAGE_ASSISTANT)), "assistant");
}

TEST(message_text_is_one_part)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct message m = message_text(MESSAGE_USER, S("hello"), a);

    CHECK_INT(m.role, MESSAGE_USER);
    REQUIRE(m.part_count == 1);
    CHECK_INT(m.parts[0].kind, PART_TEXT);
    CHECK_STR(m.parts[0].text, "hello");
}

TEST(score_missing_is_no_value)
{
    struct score none = score_missing(S("no expected answer")), some = score_of(0.0);

    CHECK_INT(none.state, SCORE_MISSING);
    CHECK_STR(none.note, "no expected answer");
    CHECK_INT(some.state, SCORE_VALUE);
    CHECK_NEAR(some.value, 0, 0);
}
