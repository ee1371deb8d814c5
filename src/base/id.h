/* src/base/id.h (through base.h): record ids. UUIDv7 (RFC 9562): sortable by time of birth, also within one
 * millisecond of one process. Threads: any. */
#pragma once

#define ID_TEXT 37                                  /* 36 characters and NUL */
void id_new(char out[ID_TEXT]);
bool id_is(struct str s);                           /* has the shape of a UUID */
/* What a person types for a record: its last 8 hexadecimal digits, as the random part tells records apart. */
struct str id_short(struct str id);
