#include "domain/domain.h"

/* The counts are a vendor's word: at the ceiling a sum stays there instead of wrapping. */
static void usage_count(int64_t *sum, int64_t more)
{
    if (__builtin_add_overflow(*sum, more, sum))
        *sum = more < 0 ? INT64_MIN : INT64_MAX;
}

void usage_add(struct usage *sum, const struct usage *u)
{
    usage_count(&sum->input, u->input);
    usage_count(&sum->output, u->output);
    usage_count(&sum->cached, u->cached);
    usage_count(&sum->cache_written, u->cache_written);
    usage_count(&sum->reasoning, u->reasoning);
    sum->input_estimated |= u->input_estimated;
    sum->output_estimated |= u->output_estimated;
}

static void usage_write_count(const char *key, int64_t n, struct buf *out)
{
    json_write_key(key, out);
    json_write_i64(n, out);
}

void usage_write(const struct usage *u, struct buf *out)
{
    buf_byte(out, '{');
    usage_write_count("input_tokens", u->input, out);
    usage_write_count("output_tokens", u->output, out);
    if (u->cached)
        usage_write_count("cached_tokens", u->cached, out);
    if (u->cache_written)
        usage_write_count("cache_written_tokens", u->cache_written, out);
    if (u->reasoning)
        usage_write_count("reasoning_tokens", u->reasoning, out);
    if (u->input_estimated)
        buf_puts(out, ",\"input_estimated\":true");
    if (u->output_estimated)
        buf_puts(out, ",\"output_estimated\":true");
    buf_byte(out, '}');
}

json_t *usage_to_json(const struct usage *u)
{
    AUTO_BUF struct buf text = BUF_INIT(1024);
    json_t *o = NULL;

    usage_write(u, &text);
    ASSERT(json_read(buf_str(&text), &o, NULL) == ERR_OK);
    return o;
}

void usage_from_json(const json_t *o, struct usage *out)
{
    *out = (struct usage){
        .input = json_get_i64(o, "input_tokens", 0), .output = json_get_i64(o, "output_tokens", 0),
        .cached = json_get_i64(o, "cached_tokens", 0), .cache_written = json_get_i64(o, "cache_written_tokens", 0),
        .reasoning = json_get_i64(o, "reasoning_tokens", 0),
        .input_estimated = json_get_bool(o, "input_estimated", false),
        .output_estimated = json_get_bool(o, "output_estimated", false),
    };
}
