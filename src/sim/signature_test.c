#include "base/test.h"
#include "sim/signature.h"

#include <stdio.h>

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define PATH "/model/anthropic.claude-3-5-haiku-20241022-v1%3A0/converse"

struct sent { char lines[4096]; const char *host; };

static struct str sent_header(void *arg, const char *name)
{
    struct sent *s = arg;
    struct str rest = str_c(s->lines), line;

    if (strcmp(name, "host") == 0)
        return str_c(s->host);
    while (str_split(&rest, '\n', &line)) {
        ptrdiff_t colon = str_find_byte(line, ':');

        if (colon > 0 && str_ieq(str_sub(line, 0, (size_t)colon), str_c(name)))
            return str_trim(str_from(line, (size_t)colon + 1));
    }
    return S("");
}

#define SCOPE "AKIDEXAMPLE/20261121/eu-west-1/bedrock/aws4_request"
#define HOST "bedrock-runtime.eu-west-1.amazonaws.com"

/* What botocore 1.44 sent at `now` to that host, with and without a session. */
static const char sent_plain[] =
    "X-Amz-Date: 20261121T081500Z\nAuthorization: AWS4-HMAC-SHA256 Credential=" SCOPE ", SignedHeaders=host;x-amz-date, "
    "Signature=3e72673961ebacbae9661ce7d1b92139c9bfa6d11b73219d653ffd2902f1d46c\n";
static const char sent_session[] =
    "X-Amz-Date: 20261121T081500Z\nX-Amz-Security-Token: SESSION/token==\nAuthorization: AWS4-HMAC-SHA256 Credential=" SCOPE
    ", SignedHeaders=host;x-amz-date;x-amz-security-token, "
    "Signature=bffdc9e9341fb0d84c2452e39c58ee511a0f4b96333d0023e11e86831c1636bb\n";

static void sent_say(struct sent *s, const char *lines, const char *more)
{
    *s = (struct sent){ .host = HOST };
    snprintf(s->lines, sizeof s->lines, "%s%s", lines, more);
}

static enum signature_verdict sent_check(struct sent *s, const char *secret, const char *path, const char *body,
                                         int64_t now, struct str *why)
{
    static struct arena *a;

    if (!a)
        a = arena_new_sized(0);
    *why = S("");
    return signature_check(&(struct signature_ask){ .method = S("POST"), .path = str_c(path), .body = str_c(body),
                                                    .authorization = sent_header(s, "authorization"), .header = sent_header, .arg = s,
                                                    .secret = str_c(secret), .service = S("bedrock"), .wall_ms = now }, a, why);
}

TEST(what_botocore_signs_is_good_and_any_change_is_seen)
{
    static const int64_t now = 1795248900000;                /* 2026-11-21T08:15:00Z */
    struct sent s, t;
    struct str why;
    char *at;

    sent_say(&s, sent_plain, "");
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_GOOD);
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now + 14 * 60000, &why), SIGNATURE_GOOD);
    CHECK_INT(sent_check(&s, SECRET "x", PATH, "{\"a\":1}", now, &why), SIGNATURE_INVALID);
    CHECK(str_contains(why, S("does not match the signature you provided")) && !str_contains(why, S("wJalr")));
    CHECK_INT(sent_check(&s, SECRET, PATH "x", "{\"a\":1}", now, &why), SIGNATURE_INVALID);
    CHECK_INT(sent_check(&s, SECRET, "/model/anthropic.claude-3-5-haiku-20241022-v1:0/converse", "{\"a\":1}", now,
                         &why),
              SIGNATURE_INVALID);
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":2}", now, &why), SIGNATURE_INVALID);
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now + 16 * 60000, &why), SIGNATURE_INVALID);
    CHECK(str_starts(why, S("Signature expired: ")));
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now - 16 * 60000, &why), SIGNATURE_INVALID);
    CHECK(str_starts(why, S("Signature not yet current: ")));
    t = s;
    t.host = "example.com";
    CHECK_INT(sent_check(&t, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_INVALID);
    t = s;
    at = strstr(t.lines, "Signature=") + 10;
    *at = *at == '0' ? '1' : '0';
    CHECK_INT(sent_check(&t, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_INVALID);
    t = s;
    *strstr(t.lines, "aws4_request") = 'x';
    CHECK_INT(sent_check(&t, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_INCOMPLETE);
    t = s;
    *strstr(t.lines, "X-Amz-Date") = 'Y';
    CHECK_INT(sent_check(&t, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_INCOMPLETE);
    t = s;
    strstr(t.lines, "AKIDEXAMPLE/")[12] = '3';              /* another day in the credential */
    CHECK_INT(sent_check(&t, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_INVALID);
    CHECK(str_starts(why, S("Date in Credential scope")));
    t = s;
    memcpy(strstr(t.lines, "/bedrock/"), "/polly01/", 9);
    CHECK_INT(sent_check(&t, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_INVALID);
    CHECK_STR(why, "Credential should be scoped to correct service: 'bedrock'.");
}

TEST(a_session_token_must_be_signed_too)
{
    static const int64_t now = 1795248900000;                /* 2026-11-21T08:15:00Z */
    struct sent s;
    struct str why;

    sent_say(&s, sent_session, "");
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_GOOD);
    *strstr(s.lines, "SESSION") = 'T';
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_INVALID);
    sent_say(&s, sent_plain, "X-Amz-Security-Token: smuggled\n");
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_INVALID);
}

TEST(a_broken_authorization_is_incomplete)
{
    static const char *const broken[] = {
        "", "Bearer x", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e/aws4_request, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=a/20261121/r/bedrock/aws4_request, Signature=00", "AWS4-HMAC-SHA256 ,,,=,",
    };

    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct sent s = { .host = "h" };
        struct str why;

        snprintf(s.lines, sizeof s.lines, "Authorization: %s\nX-Amz-Date: 20261121T081500Z\n", broken[i]);
        CHECK_INT(sent_check(&s, SECRET, PATH, "", 1795248900000, &why), SIGNATURE_INCOMPLETE);
        CHECK(why.len > 0);
    }
}
