#include "blob/driver.h"

/* The one list of back ends, in the order they are asked; dir serves any folder, so it stays last. */
#define BLOBS(X) \
    X(dir)

#define X(id) extern const struct blob_driver blob_##id;
BLOBS(X)
#undef X
#define X(id) &blob_##id,
static const struct blob_driver *const blobs[] = { BLOBS(X) };
#undef X

enum err_code blob_driver_for(const char *home, const struct blob_driver **out, struct err *e)
{
    for (size_t i = 0; i < COUNT_OF(blobs); i++)
        if (blobs[i]->serves(str_c(home))) {
            *out = blobs[i];
            return ERR_OK;
        }
    return err_set(e, ERR_STORE, "\"%s\" is no place for objects: it must be a folder's path, and not empty", home);
}
