#include "domain/domain.h"

const char *message_role_name(enum message_role role)
{
    static const char *const names[] = { "system", "user", "assistant" };

    return names[role];
}

struct message message_text(enum message_role role, struct str text, struct arena *a)
{
    struct part *p = arena_new(a, struct part);

    *p = (struct part){ .kind = PART_TEXT, .text = text };
    return (struct message){ .role = role, .parts = p, .part_count = 1 };
}
