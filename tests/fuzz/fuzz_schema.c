/* A JSON Schema on the first line, a value after it: compiled and judged. Whatever comes, it ends, and a value that
 * does not fit has a fault. */
#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str rest = str_n((const char *)bytes, n), line;
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *schema = NULL;
    AUTO_JSON *value = NULL;
    struct schema_fault faults[4];
    struct schema *s = NULL;
    struct err e = ERR_INIT;
    enum schema_verdict verdict;
    size_t count = 0;

    if (!str_split(&rest, '\n', &line) || json_read(line, &schema, &e) != ERR_OK ||
        json_read(rest, &value, &e) != ERR_OK)
        return 0;
    if (schema_compile(schema, a, &s, &e) != ERR_OK)
        return 0;
    verdict = schema_validate(s, value, a, faults, COUNT_OF(faults), &count);
    ASSERT(count <= COUNT_OF(faults) && (verdict == SCHEMA_VALID) == (count == 0));
    return 0;
}
