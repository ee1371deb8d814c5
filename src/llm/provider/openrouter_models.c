#include "llm/provider/openrouter_models.h"

#define PRICE_DIGITS_MAX 34                 /* of a number, written out; 128 bits hold 38 */
#define PRICE_MAX        (INT64_C(1000000000) * MONEY_PER_USD)

/* digits x 10^-scale dollars a token are digits x 10^(15 - scale) nano-dollars a million tokens. */
static bool openrouter_scaled(unsigned __int128 digits, int scale, int64_t *out)
{
    for (; scale < 15; scale++) {
        if (digits > (unsigned __int128)PRICE_MAX)
            return false;
        digits *= 10;
    }
    if (scale > 15 + PRICE_DIGITS_MAX) {
        digits = 0;
        scale = 15;
    }
    for (; scale > 16; scale--)
        digits /= 10;
    if (scale == 16)
        digits = (digits + 5) / 10;
    if (digits > (unsigned __int128)PRICE_MAX)
        return false;
    *out = (int64_t)digits;
    return true;
}

bool openrouter_price(struct str text, int64_t *nanousd)
{
    unsigned __int128 digits = 0;
    int scale = 0, seen = 0;
    bool point = false;
    size_t i = 0;

    text = str_trim(text);
    for (; i < text.len; i++) {
        char c = text.at[i];

        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        if (++seen > PRICE_DIGITS_MAX)
            return false;
        digits = digits * 10 + (unsigned)(c - '0');
        scale += point;
    }
    if (!seen)
        return false;
    if (i < text.len) {
        int64_t exponent;

        if ((text.at[i] | 0x20) != 'e' || !str_to_i64(str_from(text, i + 1), &exponent) || exponent < -40 ||
            exponent > 15)
            return false;
        scale -= (int)exponent;
    }
    return openrouter_scaled(digits, scale, nanousd);
}

static bool openrouter_price_of(const json_t *pricing, const char *key, int64_t *out)
{
    const json_t *v = json_child(pricing, key);
    char text[64];

    if (json_is_string(v))
        return openrouter_price(json_to_str(v), out);
    if (!json_is_number(v))
        return false;
    return snprintf(text, sizeof text, "%.15g", json_number_value(v)) < (int)sizeof text &&
           openrouter_price(str_c(text), out);
}

static bool openrouter_lists(const json_t *list, const char *word)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (str_ieq(json_to_str(json_array_get(list, i)), str_c(word)))
            return true;
    return false;
}

static bool openrouter_is_name(struct str id)
{
    for (size_t i = 0; i < id.len; i++)
        if ((unsigned char)id.at[i] <= 0x20 || (unsigned char)id.at[i] >= 0x7f)
            return false;
    return id.len && id.len <= OPENROUTER_ID_MAX;
}

static void openrouter_can(const json_t *o, struct llm_price *row)
{
    const json_t *params = json_child(o, "supported_parameters"), *in = JSON_AT(o, "architecture", "input_modalities");

    if (json_is_array(in)) {
        row->can_known |= MODEL_CAN_IMAGES;
        row->can |= openrouter_lists(in, "image") ? MODEL_CAN_IMAGES : 0;
    }
    if (!json_is_array(params))
        return;
    row->can_known |= MODEL_CAN_TOOLS | MODEL_CAN_JSON;
    row->can |= openrouter_lists(params, "tools") ? MODEL_CAN_TOOLS : 0;
    row->can |= openrouter_lists(params, "response_format") || openrouter_lists(params, "structured_outputs")
                    ? MODEL_CAN_JSON
                    : 0;
}

static bool openrouter_row(const json_t *o, struct arena *a, struct llm_price *row)
{
    const json_t *pricing = json_child(o, "pricing");
    struct str id = json_get_str(o, "id");
    int64_t context = json_get_i64(o, "context_length", 0),
            most = json_get_i64(json_child(o, "top_provider"), "max_completion_tokens", 0);

    *row = (struct llm_price){ .cached = -1, .cache_written = -1, .reasoning = -1 };
    if (!openrouter_is_name(id) || !openrouter_price_of(pricing, "prompt", &row->input) ||
        !openrouter_price_of(pricing, "completion", &row->output))
        return false;
    if (!openrouter_price_of(pricing, "input_cache_read", &row->cached))
        row->cached = -1;
    if (!openrouter_price_of(pricing, "input_cache_write", &row->cache_written))
        row->cache_written = -1;
    row->model = arena_printf(a, "openrouter:" STR_FMT, STR_ARG(id));
    row->context_tokens = MAX(context, INT64_C(0));
    row->output_tokens_max = MAX(most, INT64_C(0));
    openrouter_can(o, row);
    row->special = json_is_array(JSON_AT(o, "architecture", "output_modalities")) &&
                   !openrouter_lists(JSON_AT(o, "architecture", "output_modalities"), "text");
    return true;
}

enum err_code openrouter_models_read(struct str body, struct arena *a, struct llm_price **rows, size_t *count,
                                     size_t *skipped, struct err *e)
{
    AUTO_JSON *o = NULL;
    const json_t *list;
    struct llm_price *out;
    size_t n;

    TRY(json_read(body, &o, e));
    list = json_child(o, "data");
    n = json_array_size(list);
    if (!json_is_array(list))
        return err_set(e, ERR_BAD_INPUT,
                       "it is no list of models: {\"data\": [{\"id\", \"pricing\", ...}]} is expected");
    if (n > OPENROUTER_MODELS_MAX)
        return err_set(e, ERR_TOO_LARGE, "it names %zu models; at most %d are read", n, OPENROUTER_MODELS_MAX);
    out = arena_array(a, struct llm_price, n + 1);
    *count = *skipped = 0;
    for (size_t i = 0; i < n; i++)
        if (openrouter_row(json_array_get(list, i), a, &out[*count]))
            ++*count;
        else
            ++*skipped;
    *rows = out;
    return ERR_OK;
}
