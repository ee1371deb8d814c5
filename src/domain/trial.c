#include "domain/domain.h"

const char *phase_name(enum phase p)
{
    static const char *const names[PHASES] = { "execution", "judge", "quality_checks", "prompts", "embedding", "model_selection" };

    return names[p];
}
