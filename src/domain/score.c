#include "domain/domain.h"

static const char *const severity_names[SEVERITIES] = { "info", "warning", "critical" };

const char *severity_name(enum severity s)
{
    return severity_names[s];
}

bool severity_from(struct str name, enum severity *out)
{
    for (int i = 0; i < SEVERITIES; i++)
        if (str_is(name, severity_names[i])) {
            *out = (enum severity)i;
            return true;
        }
    return false;
}
