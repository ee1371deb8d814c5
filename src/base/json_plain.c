/* A reader for JSON as machines write it, three to four times as fast as jansson's, building jansson's values.
 *
 * It takes what is plainly valid and declines everything else: faults, \u escapes, numbers out of range, ill-formed
 * UTF-8, deep nesting. What it declines is read again by jansson, whose verdict and sentence stand. So it can be
 * slow-witted, but must never accept what jansson would not, nor give another value. */
#include "base/base.h"

#define PLAIN_DEPTH_MAX 128
#define PLAIN_NUMBER_MAX 63

struct plain { const char *at, *end; struct buf text; };

static bool plain_value(struct plain *p, int depth, json_t **out);

static void plain_space(struct plain *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t'))
        p->at++;
}

static bool plain_take(struct plain *p, char c)
{
    if (p->at == p->end || *p->at != c)
        return false;
    p->at++;
    return true;
}

/* After the opening quote. *out is borrowed: from the document, or from p->text when there was an escape. */
static bool plain_string(struct plain *p, struct str *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *start = p->at;
    bool escaped = false, wide = false;

    buf_reset(&p->text);
    for (;; p->at++) {
        unsigned char c;

        if (p->at == p->end)
            return false;
        c = (unsigned char)*p->at;
        if (c == '"')
            break;
        if (c < 0x20)
            return false;
        wide |= c >= 0x80;
        if (c == '\\') {
            const char *which = p->at + 1 < p->end && p->at[1] ? strchr(from, p->at[1]) : NULL;

            if (!which)
                return false;
            buf_append(&p->text, str_n(start, (size_t)(p->at - start)));
            buf_byte(&p->text, to[which - from]);
            escaped = true;
            start = ++p->at + 1;
        }
    }
    *out = str_n(start, (size_t)(p->at++ - start));
    if (escaped) {
        buf_append(&p->text, *out);
        *out = buf_str(&p->text);
    }
    return !buf_failed(&p->text) && (!wide || str_is_utf8(*out));
}

static bool plain_digits(struct plain *p)
{
    const char *start = p->at;

    while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
        p->at++;
    return p->at > start;
}

static bool plain_number(struct plain *p, json_t **out)
{
    const char *start = p->at;
    char text[PLAIN_NUMBER_MAX + 1], *stop;
    int64_t whole;
    double real;

    plain_take(p, '-');
    if (!plain_take(p, '0') && !plain_digits(p))
        return false;
    if (p->at == p->end || (*p->at != '.' && *p->at != 'e' && *p->at != 'E')) {
        if (!str_to_i64(str_n(start, (size_t)(p->at - start)), &whole))
            return false;
        *out = json_integer(whole);
        return true;
    }
    if (plain_take(p, '.') && !plain_digits(p))
        return false;
    if (plain_take(p, 'e') || plain_take(p, 'E')) {
        if (!plain_take(p, '-'))
            plain_take(p, '+');
        if (!plain_digits(p))
            return false;
    }
    if (p->at - start > PLAIN_NUMBER_MAX)
        return false;
    memcpy(text, start, (size_t)(p->at - start));
    text[p->at - start] = '\0';
    real = strtod(text, &stop);                     /* another locale's decimal comma stops it early: declined */
    if (*stop || real - real != 0)
        return false;
    *out = json_real(real);
    return true;
}

static bool plain_array(struct plain *p, int depth, json_t **out)
{
    AUTO_JSON *list = json_array();
    json_t *item;

    plain_space(p);
    if (plain_take(p, ']')) {
        *out = TAKE(list);
        return true;
    }
    for (;;) {
        if (!plain_value(p, depth, &item))
            return false;
        json_array_append_new(list, item);
        if (plain_take(p, ']'))
            break;
        if (!plain_take(p, ','))
            return false;
    }
    *out = TAKE(list);
    return true;
}

static bool plain_object(struct plain *p, int depth, json_t **out)
{
    AUTO_JSON *object = json_object();
    json_t *value;
    struct str key;

    plain_space(p);
    if (plain_take(p, '}')) {
        *out = TAKE(object);
        return true;
    }
    for (;;) {
        char kept[128];

        plain_space(p);
        if (!plain_take(p, '"') || !plain_string(p, &key) || key.len > sizeof kept || memchr(key.at, '\0', key.len))
            return false;
        memcpy(kept, key.at, key.len);              /* the value may use the buffer the key is in */
        plain_space(p);
        if (!plain_take(p, ':') || !plain_value(p, depth, &value))
            return false;
        json_object_setn_new_nocheck(object, kept, key.len, value);
        if (plain_take(p, '}'))
            break;
        if (!plain_take(p, ','))
            return false;
    }
    *out = TAKE(object);
    return true;
}

static bool plain_word(struct plain *p, struct str word, json_t *value, json_t **out)
{
    if (!str_starts(str_n(p->at, (size_t)(p->end - p->at)), word))
        return false;
    p->at += word.len;
    *out = value;
    return true;
}

/* One value with the white space around it. */
static bool plain_value(struct plain *p, int depth, json_t **out)
{
    struct str text;
    json_t *value = NULL;
    bool good = false;

    plain_space(p);
    if (p->at == p->end || depth == PLAIN_DEPTH_MAX)
        return false;
    switch (*p->at) {
    case '{': p->at++; good = plain_object(p, depth + 1, &value); break;
    case '[': p->at++; good = plain_array(p, depth + 1, &value); break;
    case 't': good = plain_word(p, S("true"), json_true(), &value); break;
    case 'f': good = plain_word(p, S("false"), json_false(), &value); break;
    case 'n': good = plain_word(p, S("null"), json_null(), &value); break;
    case '"':
        p->at++;
        good = plain_string(p, &text);
        if (good)
            value = json_stringn_nocheck(text.at, text.len);
        break;
    default: good = plain_number(p, &value); break;
    }
    if (!good)
        return false;
    *out = value;
    plain_space(p);
    return true;
}

bool json_read_plain(struct str text, json_t **out)
{
    AUTO_BUF struct buf scratch = BUF_INIT(SIZE_MAX / 4);
    struct plain p = { .at = text.at, .end = text.len ? text.at + text.len : text.at, .text = scratch };
    AUTO_JSON *value = NULL;
    bool good = text.len > 0 && plain_value(&p, 0, &value) && p.at == p.end;

    scratch = p.text;
    if (good)
        *out = TAKE(value);
    return good;
}
