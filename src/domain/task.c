#include "domain/domain.h"

static const char *const output_format_names[OUTPUT_FORMATS] = { "text", "json", "csv", "markdown" };

const char *output_format_name(enum output_format f)
{
    return output_format_names[f];
}

bool output_format_from(struct str name, enum output_format *out)
{
    for (int i = 0; i < OUTPUT_FORMATS; i++)
        if (str_is(name, output_format_names[i])) {
            *out = (enum output_format)i;
            return true;
        }
    return false;
}
