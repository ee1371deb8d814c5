#include "sim/answer.h"

#include <math.h>
#include <stdio.h>

#define ANSWER_BYTES_MAX    (64u << 20)
#define ANSWER_IMAGE_TOKENS 85
#define ANSWER_SCHEMA_DEPTH 8
#define ANSWER_USE_TOKENS   8           /* what stands around the name and the arguments of a call */

enum answer_salt { SALT_CASE = 1, SALT_MODEL, SALT_PROMPT, SALT_MISTAKE, SALT_LATENCY, SALT_REASONING, SALT_ID };

int64_t sim_tokens(struct str text)
{
    return text.len ? (int64_t)((text.len + 3) / 4) : 0;
}

int64_t sim_ask_tokens(const struct sim_ask *ask)
{
    return sim_tokens(ask->system) + sim_tokens(ask->user) + sim_tokens(ask->tool_result) + ask->tool_tokens +
           ask->images * ANSWER_IMAGE_TOKENS + 4;
}

static double answer_normal(uint64_t seed, enum answer_salt salt)
{
    struct rng r;

    rng_seed(&r, rng_mix(seed + (uint64_t)salt * UINT64_C(0x632be59bd9b4e019)));
    return rng_normal(&r);
}

/* --- mistakes ----------------------------------------------------------------------------------------------------- */

static const char *const answer_openings[] = {
    "Sure! Here is what I found:", "Of course. After reading it carefully, my answer is:", "Great question! In short:",
};
static const char *const answer_closings[] = {
    "Let me know if you would like me to explain my reasoning!",
    "I hope this helps.",
    "Feel free to ask for more detail.",
};
static const char *const answer_inventions[] = {
    "follow-up call agreed for Tuesday", "see also appendix B", "customer is a premium member", "reported twice before",
};

static json_t *answer_near_miss(const json_t *value, struct rng *r)
{
    if (json_is_integer(value)) {
        int64_t n = json_integer_value(value), step = MAX((n < 0 ? -(n / 10) : n / 10), INT64_C(1));

        if (n > INT64_MAX / 2 || n < INT64_MIN / 2)
            return json_integer(n / 2);
        return json_integer(rng_below(r, 2) ? n + step : n - step);
    }
    if (json_is_real(value))
        return json_real(json_real_value(value) * (rng_below(r, 2) ? 1.1 : 0.9) +
                         (json_real_value(value) == 0 ? 0.1 : 0));
    if (json_is_boolean(value))
        return json_boolean(!json_is_true(value));
    if (json_is_string(value)) {
        struct str s = json_to_str(value);
        ptrdiff_t space = -1;

        for (size_t i = 0; i < s.len; i++)
            if (s.at[i] == ' ')
                space = (ptrdiff_t)i;
        if (space > 0)                                      /* its last word is lost */
            return json_from_str(str_n(s.at, (size_t)space));
        if (s.len > 3)                                      /* a letter is */
            return json_from_str(str_utf8_head(s, s.len - 1));
        return json_string("unknown");
    }
    return json_null();
}

/* One leaf of `value` becomes wrong; `path` is where the book knows other values for it. NULL: nothing to spoil. */
static json_t *answer_spoil(struct sim_book *book, const json_t *value, struct str path, bool near, struct rng *r,
                            struct arena *a, int depth)
{
    AUTO_BUF struct buf now = BUF_INIT(ANSWER_BYTES_MAX);
    struct str other;
    json_t *wrong = NULL;

    if (json_is_object(value) && json_object_size(value) && depth < 8) {
        size_t pick = (size_t)rng_below(r, json_object_size(value)), i = 0;
        json_t *copy = json_copy((json_t *)value), *member;
        const char *key;

        json_object_foreach((json_t *)value, key, member) {
            if (i++ != pick)
                continue;
            wrong = answer_spoil(book, member, arena_printf(a, STR_FMT "%s%s", STR_ARG(path), path.len ? "." : "", key),
                                 near, r, a, depth + 1);
            if (wrong)
                json_object_set_new(copy, key, wrong);
        }
        return copy;
    }
    if (json_is_array(value) && json_array_size(value) && depth < 8) {
        size_t pick = (size_t)rng_below(r, json_array_size(value));
        json_t *copy = json_copy((json_t *)value);

        wrong = answer_spoil(book, json_array_get(value, pick), arena_printf(a, STR_FMT "[]", STR_ARG(path)), near, r,
                             a, depth + 1);
        if (wrong)
            json_array_set_new(copy, pick, wrong);
        return copy;
    }
    if (!near) {
        json_write(value, &now);
        other = sim_book_other(book, path, buf_str(&now), rng_next(r));
        if (other.len && json_read(other, &wrong, NULL) == ERR_OK)
            return wrong;
    }
    return answer_near_miss(value, r);
}

static void answer_invent(struct sim_book *book, json_t *value, struct rng *r)
{
    const char *text = answer_inventions[rng_below(r, COUNT_OF(answer_inventions))];
    const char *key;
    json_t *member;

    if (json_is_array(value)) {
        struct str other = sim_book_other(book, S("[]"), S(""), rng_next(r));
        json_t *item = NULL;

        if (!other.len || json_read(other, &item, NULL) != ERR_OK)
            item = json_string(text);
        json_array_append_new(value, item);
        return;
    }
    json_object_foreach(value, key, member)
        if (json_is_array(member)) {
            json_t *longer = json_copy(member);

            json_array_append_new(longer, json_string(text));
            json_object_set_new(value, key, longer);
            return;
        }
    if (json_is_object(value))
        json_object_set_new(value, "note", json_string(text));
}

/* Strings are said as they are, unless JSON is wanted: then they need an object around them. */
static json_t *answer_wrap(const struct sim_ask *ask, json_t *value)
{
    const char *name = "answer", *key;
    json_t *properties = json_child(ask->schema, "properties"), *member, *o;

    if (json_is_object(value) || json_is_array(value))
        return value;
    if (properties && json_object_size(properties) == 1)
        json_object_foreach(properties, key, member)
            name = key;
    o = json_object();
    json_object_set_new(o, name, value);
    return o;
}

static void answer_say(const json_t *value, struct buf *out)
{
    if (json_is_string(value))
        buf_append(out, json_to_str(value));
    else
        json_write(value, out);
}

static enum sim_mistake answer_mistake(const struct sim_model *m, struct rng *r)
{
    unsigned sum = 0, at;
    int i;

    for (i = 0; i < SIM_MISTAKES; i++)
        sum += m->weights[i];
    at = sum ? (unsigned)rng_below(r, sum) : 0;
    for (i = 0; i < SIM_MISTAKES - 1 && at >= m->weights[i]; i++)
        at -= m->weights[i];
    return sum ? (enum sim_mistake)i : SIM_WRONG_LABEL;
}

static void answer_in_prose(const json_t *value, struct rng *r, struct buf *out)
{
    bool block = json_is_object(value) || json_is_array(value);

    buf_printf(out, "%s\n\n%s", answer_openings[rng_below(r, COUNT_OF(answer_openings))], block ? "```json\n" : "");
    answer_say(value, out);
    buf_printf(out, "%s\n\n%s", block ? "\n```" : "", answer_closings[rng_below(r, COUNT_OF(answer_closings))]);
}

/* The right value with a mistake that leaves it a value of its kind. */
json_t *sim_spoil(struct sim_book *book, const struct sim_ask *ask, const json_t *right, struct str path,
                  enum sim_mistake mistake, struct rng *r, struct arena *a)
{
    json_t *value = json_in_arena(json_copy((json_t *)right), a);
    const char *key;
    json_t *member;
    size_t pick;

    switch (mistake) {
    case SIM_EXTRA_FIELD:
        if (json_is_object(value))
            json_object_set_new(value, "explanation", json_string("This follows from the text."));
        else
            answer_invent(book, value, r);
        break;
    case SIM_HALLUCINATED: answer_invent(book, value, r); break;
    case SIM_MISSING_FIELD:
        if (json_is_array(value)) {
            if (json_array_size(value))
                json_array_remove(value, (size_t)rng_below(r, json_array_size(value)));
            break;
        }
        pick = json_object_size(value) ? (size_t)rng_below(r, json_object_size(value)) : 0;
        json_object_foreach(value, key, member)
            if (!pick--) {
                json_object_del(value, key);
                break;
            }
        break;
    default: value = json_in_arena(answer_spoil(book, value, path, mistake == SIM_NEAR_MISS, r, a, 0), a); break;
    }
    if (ask->json_mode)
        value = json_in_arena(answer_wrap(ask, json_incref(value)), a);
    return value;
}

static void answer_wrong(struct sim_book *book, const struct sim_ask *ask, json_t *right, enum sim_mistake mistake,
                         struct rng *r, struct arena *a, struct buf *out)
{
    bool text = json_is_string(right), bound = ask->json_mode && !ask->model->breaks_json;

    if (bound && (mistake == SIM_PROSE || mistake == SIM_FENCE || mistake == SIM_TRUNCATED || mistake == SIM_REFUSAL))
        mistake = SIM_WRONG_LABEL;
    if ((mistake == SIM_EXTRA_FIELD || mistake == SIM_HALLUCINATED || mistake == SIM_MISSING_FIELD) &&
        !json_is_object(right) && !json_is_array(right))
        mistake = text && !ask->json_mode ? SIM_PROSE : SIM_WRONG_LABEL;
    switch (mistake) {
    case SIM_REFUSAL: buf_puts(out, "I'm sorry, but I can't help with that."); return;
    case SIM_PROSE: answer_in_prose(right, r, out); return;
    case SIM_FENCE:
        buf_puts(out, text ? "```\n" : "```json\n");
        answer_say(right, out);
        buf_puts(out, "\n```");
        return;
    case SIM_TRUNCATED:
        answer_say(right, out);
        buf_truncate(out, str_utf8_head(buf_str(out), out->len * 3 / 5).len);
        return;
    default: answer_say(sim_spoil(book, ask, right, str_n("", 0), mistake, r, a), out); return;
    }
}

/* --- without a case ----------------------------------------------------------------------------------------------- */

static json_t *answer_from_schema(const json_t *schema, int depth)
{
    const json_t *type = json_child(schema, "type"), *choices = json_child(schema, "enum"),
                 *any = json_child(schema, "anyOf");
    const char *key;
    json_t *member, *o;
    struct str t;

    if (json_array_size(choices))
        return json_incref(json_array_get(choices, 0));
    if (json_child(schema, "const"))
        return json_incref(json_child(schema, "const"));
    if (json_array_size(any) && depth < ANSWER_SCHEMA_DEPTH)
        return answer_from_schema(json_array_get(any, 0), depth + 1);
    if (json_is_array(type))
        type = json_array_get(type, 0);
    t = json_to_str(type);
    if (str_ieq(t, S("string")))
        return json_string("none");
    if (str_ieq(t, S("integer")))
        return json_integer(json_get_i64(schema, "minimum", 0));
    if (str_ieq(t, S("number")))
        return json_real(json_get_double(schema, "minimum", 0));
    if (str_ieq(t, S("boolean")))
        return json_false();
    if (str_ieq(t, S("null")))
        return json_null();
    if (str_ieq(t, S("array"))) {
        o = json_array();
        for (int64_t i = 0; i < MIN(json_get_i64(schema, "minItems", 0), INT64_C(16)) && depth < ANSWER_SCHEMA_DEPTH;
             i++)
            json_array_append_new(o, answer_from_schema(json_child(schema, "items"), depth + 1));
        return o;
    }
    o = json_object();
    if (depth < ANSWER_SCHEMA_DEPTH)
        json_object_foreach(json_child(schema, "properties"), key, member)
            json_object_set_new(o, key, answer_from_schema(member, depth + 1));
    return o;
}

json_t *sim_value_of(const json_t *schema)
{
    return answer_from_schema(schema, 0);
}

static void answer_unknown(const struct sim_ask *ask, struct buf *out)
{
    AUTO_JSON *j = NULL;

    if (ask->schema) {
        j = answer_from_schema(ask->schema, 0);
        json_write(j, out);
    } else if (ask->json_mode) {
        buf_puts(out, "{\"answer\":\"The answer book holds no case for this prompt.\"}");
    } else {
        buf_puts(out, "The answer book holds no case for this prompt.");
    }
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

/* Right or wrong, and by what mistake: drawn from the case, the model and a little from the prompt. */
static void answer_draw(uint64_t seed, uint64_t salt, struct sim_book *book, const struct sim_ask *ask, uint32_t which,
                        struct sim_draw *out)
{
    const struct sim_model *m = ask->model;
    uint64_t of_case = hash_bytes(which == SIM_NO_CASE ? S("") : sim_book_case_id(book, which), seed);
    uint64_t of_model = of_case ^ rng_mix(hash_bytes(ask->model_name, seed) ^ salt);
    double z = sqrt(0.4) * answer_normal(of_case, SALT_CASE) + sqrt(0.4) * answer_normal(of_model, SALT_MODEL) +
               sqrt(0.2) * answer_normal(of_model ^ ask->hash, SALT_PROMPT);

    out->wrong = which != SIM_NO_CASE && m->skill < 1 && erfc(-z / sqrt(2)) / 2 >= m->skill;
    rng_seed(&out->r, rng_mix(of_model ^ ask->hash ^ SALT_MISTAKE));
    if (out->wrong)
        out->mistake = answer_mistake(m, &out->r);
}

/* Where JSON isn't asked for, a list of texts is what may all be said: the first of them. */
static json_t *answer_alternative(const struct sim_ask *ask, json_t *right)
{
    const json_t *text;
    size_t i;

    if (ask->json_mode || !json_array_size(right))
        return right;
    json_array_foreach(right, i, text)
        if (!json_is_string(text))
            return right;
    return json_array_get(right, 0);
}

static void answer_text(uint64_t seed, uint64_t salt, struct sim_book *book, const struct sim_ask *ask, struct arena *a,
                        struct sim_reply *reply, struct buf *out)
{
    const struct sim_model *m = ask->model;
    bool tools = ask->tool_count || ask->tools_answered;
    struct sim_draw draw = { .wrong = false };
    struct str expected = str_n("", 0);
    json_t *right = NULL;

    if (m->echo && !tools) {
        buf_append(out, ask->last_user);
        return;
    }
    if ((m->scripted && sim_grade(ask, a, out)) || (m->judges && sim_judge(ask, a, out)) ||
        (m->writes && sim_write(ask, a, out)))
        return;
    if (m->selects && sim_select(ask, a, out))
        return;
    reply->which = sim_book_find_last(book, ask->user, ask->last_user);
    if (reply->which == SIM_NO_CASE && ask->system.len)
        reply->which = sim_book_find(book, ask->system);
    if (reply->which == SIM_NO_CASE && !tools) {
        answer_unknown(ask, out);
        return;
    }
    if (reply->which != SIM_NO_CASE)
        expected = sim_book_expected(book, reply->which);
    answer_draw(seed, salt, book, ask, reply->which, &draw);
    if (!tools && !draw.wrong && m->prose_rate <= 0 && (*expected.at == '{' || (*expected.at == '[' && ask->json_mode))) {
        buf_append(out, expected);                      /* as it stands: no need to read it */
        return;
    }
    if (expected.len && json_read(expected, &right, NULL) == ERR_OK)
        right = answer_alternative(ask, json_in_arena(right, a));
    if (tools && sim_use_tools(book, ask, right, &draw, a, reply)) {
        buf_append(out, reply->text);
        return;
    }
    if (tools && (json_child(right, "tool_calls") || (ask->tools_answered && !right))) {
        buf_append(out, sim_after_tools(ask, right, a));
    } else if (m->echo) {
        buf_append(out, ask->last_user);
    } else if (!right) {
        answer_unknown(ask, out);
    } else if (draw.wrong) {
        answer_wrong(book, ask, right, draw.mistake, &draw.r, a, out);
    } else if (!ask->json_mode && m->prose_rate > 0 && rng_unit(&draw.r) < m->prose_rate) {
        answer_in_prose(right, &draw.r, out);
    } else {
        if (ask->json_mode)
            right = json_in_arena(answer_wrap(ask, json_incref(right)), a);
        answer_say(right, out);
    }
}

static int64_t answer_use_tokens(const struct sim_reply *reply)
{
    int64_t tokens = 0;

    for (size_t i = 0; i < reply->use_count; i++)
        tokens += sim_tokens(reply->uses[i].name) + sim_tokens(reply->uses[i].text) + ANSWER_USE_TOKENS;
    return tokens;
}

static void answer_cut(const struct sim_ask *ask, int64_t room_tokens, struct sim_reply *reply)
{
    for (size_t i = 0; i < ask->stop_count; i++) {
        ptrdiff_t at = ask->stops[i].len ? str_find(reply->text, ask->stops[i]) : -1;

        if (at >= 0) {
            reply->text.len = (size_t)at;
            reply->finish = SIM_STOP_SEQUENCE;
            reply->stop = ask->stops[i];
        }
    }
    if (room_tokens >= 0 && sim_tokens(reply->text) > room_tokens) {
        reply->text = str_utf8_head(reply->text, (size_t)room_tokens * 4);
        reply->finish = SIM_LENGTH;
    }
    if (room_tokens >= 0 && sim_tokens(reply->text) + answer_use_tokens(reply) > room_tokens) {
        reply->use_count = 0;                           /* a call that is cut short is none */
        reply->finish = SIM_LENGTH;
    }
    if (reply->use_count && reply->finish == SIM_STOP)
        reply->finish = SIM_TOOL_USE;
}

void sim_reply_make(uint64_t seed, struct sim_book *book, const struct sim_ask *ask, struct arena *a,
                    struct sim_reply *out)
{
    AUTO_BUF struct buf text = BUF_INIT(ANSWER_BYTES_MAX);
    const struct sim_model *m = ask->model;
    uint64_t salt = 0, mine;
    int64_t room = m->hostile ? -1 : ask->max_tokens;
    double sigma;

    if (ask->temperature != 0)
        salt = ask->seed >= 0 ? rng_mix((uint64_t)ask->seed + 1) : ask->trial.len ? hash_bytes(ask->trial, 11) : 0;
    *out = (struct sim_reply){ .which = SIM_NO_CASE };
    answer_text(seed, salt, book, ask, a, out, &text);
    out->text = m->echo && !ask->tool_count && !ask->tools_answered ? ask->last_user : arena_strdup(a, buf_str(&text));
    mine = rng_mix(hash_bytes(ask->model_name, seed) ^ ask->hash ^ salt);
    if (m->reasoning_tokens) {
        out->reasoning_tokens = (int64_t)(m->reasoning_tokens * exp(0.4 * answer_normal(mine, SALT_REASONING))) + 1;
        out->reasoning = S(
            "Reading the question again, weighing the possible answers, and checking the choice against the text.");
        if (ask->max_covers_reasoning && room >= 0) {
            out->reasoning_tokens = MIN(out->reasoning_tokens, room);
            room -= out->reasoning_tokens;
        }
        out->cached_tokens = sim_tokens(ask->system) / 16 * 16;
    }
    answer_cut(ask, room, out);
    out->input_tokens = sim_ask_tokens(ask);
    out->output_tokens = MAX(sim_tokens(out->text) + answer_use_tokens(out) + out->reasoning_tokens, INT64_C(1));
    out->id = rng_mix(mine ^ SALT_ID);
    if (m->median_ms > 0) {
        sigma = log(m->p95_ms / m->median_ms) / 1.6449;
        out->total_ms = m->median_ms * exp(sigma * answer_normal(mine, SALT_LATENCY));
        out->first_ms = out->total_ms * 0.4;
        out->total_ms += (double)MAX(out->output_tokens - out->reasoning_tokens - 50, INT64_C(0)) / m->tokens_per_s *
                         1000;
    }
}
