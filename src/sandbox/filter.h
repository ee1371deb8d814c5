/* src/sandbox/filter.h: the seccomp filter of guests, made by libseccomp from calls.h.
 *
 * libseccomp (LGPL) is opened when the first guest is started, so no other command needs it. A filter is made once for
 * each kind of guest and kept. Native architecture only; calls of another (i386, x32) end the guest. Threads: any. */
#pragma once

#include "base/base.h"

struct filter { const void *instructions; size_t count; };     /* struct sock_filter; lives as long as the process */
/* ERR_ENVIRONMENT when libseccomp is not there. */
enum err_code filter_get(bool starts_programs, struct filter *out, struct err *e) MUST_USE;
/* "2.5.4", or "" when it is not there. */
const char   *filter_library_version(char out[32]);
