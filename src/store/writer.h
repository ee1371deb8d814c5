/* src/store/writer.h: the thread through which every change goes; private to the room. The rules are in store.h. */
#pragma once

#include "store/driver.h"

struct writer;
/* Takes `conn` whatever it answers. */
enum err_code writer_new(struct store *s, struct store_conn *conn, struct writer **out, struct err *e) MUST_USE;
void          writer_free(struct writer *w);            /* after what waits was written; NULL is fine */
