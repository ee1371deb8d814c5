/* src/base/base.h: the ground floor, and the one header the other rooms include for it.
 *
 * What is here knows nothing of models, runs or SQL. Order below is reading order: words of the compiler,
 * memory, strings, errors, then the containers and the operating system. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/err.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/id.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/vec.h"
#include "base/suggest.h"
#include "base/money.h"
#include "base/secret.h"
#include "base/json.h"
#include "base/json_loose.h"
#include "base/file.h"
#include "base/schema.h"
#include "base/regex.h"
#include "base/jsonpath.h"
#include "base/doc.h"
#include "base/csv.h"
#include "base/queue.h"
#include "base/loop.h"
#include "base/thread.h"
#include "base/fault.h"
