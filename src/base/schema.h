/* src/base/schema.h (through base.h): JSON Schema, draft 2020-12 (json-schema.org/draft/2020-12), for one document.
 *
 * All assertion and applicator vocabularies, unevaluatedProperties and unevaluatedItems included; $ref, $dynamicRef,
 * $anchor and $dynamicAnchor inside the document only (and to schemas it embeds by $id): nothing is fetched. `format`
 * and the content keywords are annotations. Patterns are searched for by PCRE2 with Unicode on, \d \w \s meaning ASCII
 * as in ECMA-262, and match limits. 1.0 is an integer and equals 1; lengths count code points.
 *
 * Limits: SCHEMA_NODES_MAX subschemas; a validation takes at most SCHEMA_STEPS_MAX steps (a subschema met, a member
 * or item looked at) and SCHEMA_DEPTH_MAX levels. One that meets a limit is undecided, which is neither.
 *
 * Threads: a compiled schema is never changed and may be used by many threads. Cost: compiling is linear; a validation
 * is linear in value x subschemas that apply to it. */
#pragma once

#define SCHEMA_NODES_MAX   20000
#define SCHEMA_STEPS_MAX   2000000
#define SCHEMA_DEPTH_MAX   1000
#define SCHEMA_PATTERN_MAX 4096             /* bytes */

struct schema;

enum schema_verdict { SCHEMA_INVALID, SCHEMA_VALID, SCHEMA_UNDECIDED };

/* `path` is that of the value ("$.queue[2]"), `text` a few words: "\"spares\" is not one of: billing, technical". */
struct schema_fault { struct str path, text; };

/* The schema lives in the arena and keeps what it needs of `j`. ERR_BAD_INPUT with the place in the schema
 * ("#/properties/x: ..."), ERR_TOO_LARGE past a limit. */
enum err_code schema_compile(const json_t *j, struct arena *a, struct schema **out, struct err *e) MUST_USE;

/* Up to `max` faults, the first found first; *count how many are in `faults`. Undecided: faults[0] says why. */
enum schema_verdict schema_validate(const struct schema *s, const json_t *value, struct arena *a,
                                    struct schema_fault *faults, size_t max, size_t *count);
