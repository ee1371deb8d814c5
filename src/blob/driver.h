/* src/blob/driver.h: what the blob room asks of a place that keeps objects; private to the room.
 *
 * A driver moves bytes; hashing, the shape of a hash and the counting of offsets are blob.c's. A full disk and the
 * like become one sentence with ERR_STORE. Threads: a place is shared by any number; a writer has one owner. */
#pragma once

#include "blob/blob.h"

struct blob_driver {
    const char *name;
    /* MUST. Is `home` written the way this kind of place is? */
    bool (*serves)(struct str home);
    /* MUST. Opens the place, making it when absent, and clears away what a killed writer left. */
    enum err_code (*open)(const char *home, void **place, struct err *e);
    void (*close)(void *place);
    bool (*has)(void *place, struct str hash);
    /* MUST. An object on its way: nobody sees it before end. */
    enum err_code (*begin)(void *place, void **out, struct err *e);
    enum err_code (*append)(void *writing, struct str bytes, struct err *e);
    /* MUST. Durable under `hash` when it answers ERR_OK; frees `writing` whatever it answers, as drop does. */
    enum err_code (*end)(void *writing, struct str hash, struct err *e);
    void (*drop)(void *writing);
    /* MUST. ERR_NOT_FOUND when there is no such object. read fills `bytes` whole or says why not; any threads. */
    enum err_code (*look)(void *place, struct str hash, void **out, int64_t *size, struct err *e);
    enum err_code (*read)(void *looking, int64_t offset, void *bytes, size_t len, struct err *e);
    void (*unlook)(void *looking);
};

/* blobs.c. The driver that serves `home`; a sentence when none does. */
enum err_code blob_driver_for(const char *home, const struct blob_driver **out, struct err *e) MUST_USE;
