#include "base/test.h"
#include "llm/sigv4.h"
#include "sim/signature.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define PATH "/bedrock/model/anthropic.claude-3-5-haiku-20241022-v1%3A0/converse"

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

/* What our own client sends, at that time. */
static void sent_sign(struct sent *s, const char *token, const char *service, int64_t wall_ms)
{
    AUTO_BUF struct buf lines = BUF_INIT(4000);

    sigv4_sign(&(struct sigv4_ask){ .id = S("AKIDEXAMPLE"), .secret = S(SECRET), .token = str_c(token), .region = S("eu-west-1"),
                                    .service = str_c(service), .method = S("POST"), .url = S("http://127.0.0.1:8080" PATH),
                                    .body = S("{\"a\":1}"), .wall_ms = wall_ms }, &lines);
    *s = (struct sent){ .host = "127.0.0.1:8080" };
    memcpy(s->lines, buf_cstr(&lines), lines.len + 1);
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

TEST(what_our_client_signs_is_good_and_any_change_is_seen)
{
    static const int64_t now = 1795245000000;
    struct sent s, t;
    struct str why;
    char *at;

    sent_sign(&s, "", "bedrock", now);
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_GOOD);
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now + 14 * 60000, &why), SIGNATURE_GOOD);
    CHECK_INT(sent_check(&s, SECRET "x", PATH, "{\"a\":1}", now, &why), SIGNATURE_INVALID);
    CHECK(str_contains(why, S("does not match the signature you provided")) && !str_contains(why, S("wJalr")));
    CHECK_INT(sent_check(&s, SECRET, PATH "x", "{\"a\":1}", now, &why), SIGNATURE_INVALID);
    CHECK_INT(sent_check(&s, SECRET, "/bedrock/model/anthropic.claude-3-5-haiku-20241022-v1:0/converse", "{\"a\":1}",
                         now, &why),
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
    sent_sign(&s, "", "s3", now);
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_INVALID);
    CHECK_STR(why, "Credential should be scoped to correct service: 'bedrock'.");
}

TEST(a_session_token_must_be_signed_too)
{
    static const int64_t now = 1795245000000;
    struct sent s;
    struct str why;

    sent_sign(&s, "SESSION/token==", "bedrock", now);
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_GOOD);
    *strstr(s.lines, "SESSION") = 'T';
    CHECK_INT(sent_check(&s, SECRET, PATH, "{\"a\":1}", now, &why), SIGNATURE_INVALID);
    sent_sign(&s, "", "bedrock", now);
    memcpy(s.lines + strlen(s.lines), "X-Amz-Security-Token: smuggled\n", sizeof "X-Amz-Security-Token: smuggled\n");
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
        CHECK_INT(sent_check(&s, SECRET, PATH, "", 1795245000000, &why), SIGNATURE_INCOMPLETE);
        CHECK(why.len > 0);
    }
}
