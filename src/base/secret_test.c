#include "base/test.h"

TEST(secret_is_revealed_only_where_asked_and_gone_when_disposed)
{
    AUTO_SECRET struct secret s = SECRET_INIT;

    CHECK(!secret_is_set(&s));
    secret_set(&s, S("sk-12345"));
    CHECK(secret_is_set(&s));
    CHECK_STR(secret_reveal(&s), "sk-12345");
    secret_set(&s, str_from(secret_reveal(&s), 3));     /* of itself */
    CHECK_STR(secret_reveal(&s), "12345");
    secret_set(&s, S(""));
    CHECK(!secret_is_set(&s));
    secret_dispose(&s);
    secret_dispose(&s);
    CHECK(!secret_is_set(&s));
}
