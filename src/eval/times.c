#include "eval/times.h"

#include <math.h>

const char time_pattern[] = "\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?:[Zz]|[+-]\\d\\d:\\d\\d)"
                            "|(?<![\\d:.,-])\\d{1,3}(?::\\d\\d){1,2}(?:[.,]\\d{1,9})?(?![\\d:])";

static const char *const time_form_names[TIME_FORMS] = { "clock", "rfc3339", "number" };

const char *time_form_name(enum time_form f)
{
    return time_form_names[f];
}

bool time_form_from(struct str name, enum time_form *out)
{
    for (int i = 0; i < TIME_FORMS; i++)
        if (str_is(name, time_form_names[i])) {
            *out = (enum time_form)i;
            return true;
        }
    return false;
}

/* So many digits and nothing else, as a number. */
static bool time_digits(struct str s, size_t least, size_t most, double *out)
{
    *out = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        *out = *out * 10 + (s.at[i] - '0');
    }
    return s.len >= least && s.len <= most;
}

static bool time_clock(struct str text, double *seconds)
{
    struct str rest = text, part, fraction = STR_NONE;
    double total = 0, n, below;
    int parts = 0;

    for (size_t i = 0; i < rest.len; i++)
        if (rest.at[i] == '.' || rest.at[i] == ',') {
            fraction = str_from(rest, i + 1);
            rest = str_sub(rest, 0, i);
            if (!time_digits(fraction, 1, 9, &below))
                return false;
            total = below / pow(10, (double)fraction.len);
            break;
        }
    below = total;
    total = 0;
    while (str_split(&rest, ':', &part)) {
        if (++parts > 3 || !time_digits(part, parts == 1 ? 1 : 2, parts == 1 ? 3 : 2, &n) || (parts > 1 && n >= 60))
            return false;
        total = total * 60 + n;
    }
    *seconds = total + below;
    return parts == 2 || parts == 3;
}

bool time_parse(struct str text, bool numbers, struct time_point *out)
{
    struct str s = str_trim(text);
    int64_t ms;

    if (s.len > 1 && s.at[0] == '[' && s.at[s.len - 1] == ']')
        s = str_trim(str_sub(s, 1, s.len - 2));
    *out = (struct time_point){ .form = TIME_CLOCK };
    if (time_clock(s, &out->seconds))
        return true;
    if (clock_parse(s, &ms)) {
        *out = (struct time_point){ TIME_CALENDAR, (double)ms / 1000 };
        return true;
    }
    out->form = TIME_NUMBER;
    return numbers && str_to_double(s, &out->seconds);
}

bool time_of_json(const json_t *j, bool numbers, struct time_point *out)
{
    if (json_is_number(j)) {
        *out = (struct time_point){ TIME_NUMBER, json_number_value(j) };
        return numbers;
    }
    return json_is_string(j) && time_parse(json_to_str(j), numbers, out);
}
