#include "eval/report/pdf_lib.h"

#include <dlfcn.h>
#include <pthread.h>

#define PDF_LIB_NAME "libpangocairo-1.0.so.0"   /* brings pango, cairo and gobject with it */

struct pdf_lib pdf_lib;
static pthread_once_t pdf_lib_once = PTHREAD_ONCE_INIT;
static struct err pdf_lib_fault;

static void pdf_lib_find(void)
{
    static const struct { const char *name; size_t at; } wanted[] = {
#define X(fn) { #fn, offsetof(struct pdf_lib, fn) },
        PDF_LIB_FUNCTIONS(X)
#undef X
    };
    void *handle = dlopen(PDF_LIB_NAME, RTLD_NOW | RTLD_LOCAL);         /* stays open: there is no way to unload gobject */
    PangoFontMap *fonts;
    PangoFontFamily **families;
    int count = 0;

    if (!handle) {
        err_set(&pdf_lib_fault, ERR_ENVIRONMENT, "a PDF needs pango and cairo, and %s is not here (Debian, Ubuntu: "
                "apt-get install libpangocairo-1.0-0 fonts-dejavu-core)", PDF_LIB_NAME);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        void *fn = dlsym(handle, wanted[i].name);

        if (!fn) {
            err_set(&pdf_lib_fault, ERR_ENVIRONMENT,
                    "a PDF needs pango 1.50 and cairo 1.16 or newer; the pango here has no %s", wanted[i].name);
            return;
        }
        memcpy((char *)&pdf_lib + wanted[i].at, &fn, sizeof fn);
    }
    fonts = pdf_lib.pango_cairo_font_map_new();
    pdf_lib.pango_font_map_list_families(fonts, &families, &count);
    pdf_lib.g_free(families);
    pdf_lib.g_object_unref(fonts);
    if (!count)
        err_set(&pdf_lib_fault, ERR_ENVIRONMENT,
                "a PDF needs a font, and none is installed (Debian, Ubuntu: "
                "apt-get install fonts-dejavu-core)");
}

enum err_code pdf_lib_open(struct err *e)
{
    pthread_once(&pdf_lib_once, pdf_lib_find);
    return pdf_lib_fault.code == ERR_OK ? ERR_OK : err_set(e, pdf_lib_fault.code, "%s", pdf_lib_fault.text);
}
