#include "store/driver.h"

/* The one list of back ends, in the order they are asked; a name here is declared, linked, found. sqlite serves any
 * folder, so it stays last. */
#define STORES(X) \
    X(sqlite)

#define X(id) extern const struct store_driver store_##id;
STORES(X)
#undef X
#define X(id) &store_##id,
static const struct store_driver *const stores[] = { STORES(X) };
#undef X

enum err_code store_driver_for(const char *home, const struct store_driver **out, struct err *e)
{
    for (size_t i = 0; i < COUNT_OF(stores); i++)
        if (stores[i]->serves(str_c(home))) {
            *out = stores[i];
            return ERR_OK;
        }
    return err_set(e, ERR_STORE, "\"%s\" is no place for a store: it must be a folder's path, and not empty", home);
}
