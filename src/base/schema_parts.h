/* src/base/schema_parts.h (private to base): a compiled schema, for schema_compile.c and schema_validate.c. */
#pragma once

#include "base/base.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum schema_type {
    SCHEMA_NULL = 1, SCHEMA_BOOLEAN = 2, SCHEMA_OBJECT = 4, SCHEMA_ARRAY = 8, SCHEMA_NUMBER = 16, SCHEMA_STRING = 32,
    SCHEMA_INTEGER = 64
};

struct schema_pattern { pcre2_code *code; struct str text; };
struct schema_member { struct str key; const struct schema_node *node; };
struct schema_matched { const struct schema_pattern *pattern; const struct schema_node *node; };
struct schema_nodes { const struct schema_node **at; size_t len; };
struct schema_count { int64_t value; bool set; };

struct schema_node {
    const json_t *source;               /* an object, true or false; the compiled schema holds a reference */
    const struct schema_node *resource; /* the nearest schema with $id above it, or the root */
    struct str base;                    /* of the resource; its URI without fragment */
    /* references */
    const struct schema_node *ref, *dynamic_ref;
    struct str dynamic_name;            /* $dynamicRef whose first target has the $dynamicAnchor; else empty */
    /* any value */
    unsigned types;                     /* 0: all */
    const json_t *one_of_values, *constant;
    struct schema_nodes all_of, any_of, one_of;
    const struct schema_node *not, *when, *then, *otherwise;
    /* numbers */
    const json_t *multiple_of, *maximum, *exclusive_maximum, *minimum, *exclusive_minimum;
    /* strings */
    struct schema_count max_length, min_length;
    const struct schema_pattern *pattern;
    /* arrays */
    struct schema_nodes prefix_items;
    const struct schema_node *items, *contains, *unevaluated_items;
    struct schema_count max_items, min_items, max_contains, min_contains;
    bool unique_items;
    /* objects */
    struct schema_member *properties;   /* sorted by key */
    size_t property_count;
    struct schema_matched *patterns;
    size_t pattern_count;
    const struct schema_node *additional, *property_names, *unevaluated_properties;
    struct schema_member *dependent;    /* dependentSchemas */
    size_t dependent_count;
    const json_t *required, *dependent_required;
    struct schema_count max_properties, min_properties;
};

struct schema {
    const struct schema_node *root;
    struct map anchors;                 /* "uri#name" -> node, of $anchor and $dynamicAnchor */
    struct map dynamic;                 /* the same, of $dynamicAnchor only */
    bool tracks;                        /* has an unevaluated... somewhere: what was evaluated must be kept */
    pcre2_match_context *limits;
};

/* Equal as JSON Schema sees it: 1 and 1.0 are, true and 1 are not. */
bool schema_equal(const json_t *a, const json_t *b);
