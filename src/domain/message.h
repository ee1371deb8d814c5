/* src/domain/message.h (through domain.h): what is said to a model. */
#pragma once

enum message_role { MESSAGE_SYSTEM, MESSAGE_USER, MESSAGE_ASSISTANT };
enum part_kind { PART_TEXT, PART_IMAGE };

struct part {
    enum part_kind kind;
    struct str text;            /* PART_TEXT */
    struct str url;             /* PART_IMAGE: an https address, or empty when the bytes are here */
    struct str media_type;      /* PART_IMAGE with bytes: image/png image/jpeg image/gif image/webp */
    struct str base64;          /* PART_IMAGE with bytes */
};
struct message { enum message_role role; struct part *parts; size_t part_count; };

const char *message_role_name(enum message_role role);          /* "system" "user" "assistant" */
/* A message of one text part; parts live in the arena, the text is borrowed. */
struct message message_text(enum message_role role, struct str text, struct arena *a);
