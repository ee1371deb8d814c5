/* src/cli/keys.h: single keys from a terminal.
 *
 * Between keys_begin and keys_end the terminal hands on each key at once and echoes none. It is put back on every way
 * out: keys_end, exit, a signal that ends or crashes us, Ctrl-Z (and taken again when we go on). The first Ctrl-C,
 * hang-up or SIGTERM is handed on as KEY_STOP, a second one ends the program. Threads: the main one. */
#pragma once

#include "cli/cli.h"

enum { KEY_STOP = -1, KEY_RESIZED = -2, KEY_OTHER = -3 };      /* stop: also when the terminal is gone; other: an arrow... */
enum { KEY_ESCAPE = 27, KEY_ENTER = 13, KEY_BACKSPACE = 127, KEY_CLEAR = 21 };

enum err_code keys_begin(struct err *e) MUST_USE;       /* ERR_ENVIRONMENT unless standard input and output are a terminal */
void          keys_end(void);                           /* harmless when there is nothing to put back */
int           keys_read(void);                          /* waits; a code point, or one of the above */
bool          keys_stopped(void);                       /* KEY_STOP was given, or is due */
void          keys_size(int *rows, int *columns);       /* of the terminal as it is now */
