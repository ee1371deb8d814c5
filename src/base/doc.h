/* src/base/doc.h (through base.h): a YAML 1.2 or JSON file as a tree that knows where each thing stood.
 *
 * Scalars follow YAML's core schema: `no` and `on` are text, quoted text is text. Two equal keys in one mapping are an
 * error that names both lines. Anchors, aliases and merge keys (`<<`) work; an alias shares its anchor's node, and
 * the tree as a reader would walk it, aliases written out, stays under DOC_NODES_MAX nodes and DOC_BYTES_MAX bytes of
 * text, so a small file cannot become a large one. Other documents in the same file, keys that are not scalars,
 * unknown tags and numbers that JSON cannot hold are refused. Errors read "file:line:column: what".
 * Everything lives in the arena. Threads: a tree is read-only once read. Cost: O(file). */
#pragma once

#define DOC_BYTES_MAX   (64u * 1024 * 1024)
#define DOC_NODES_MAX   1000000
#define DOC_DEPTH_MAX   128

enum doc_kind { DOC_NULL, DOC_BOOL, DOC_INT, DOC_DOUBLE, DOC_STRING, DOC_LIST, DOC_MAP };

struct doc_pair;
struct doc_node {
    enum doc_kind kind;
    int line, column;               /* from 1: where the value begins, of a block scalar its first line of text; an
                                       alias has the place of its anchor */
    int file;                       /* 0; who joins several documents into one numbers them here */
    struct str text;                /* scalars: as written, decoded; the value of DOC_STRING */
    union {
        bool truth;
        int64_t integer;
        double number;
        struct doc_node **items;    /* DOC_LIST */
        struct doc_pair *pairs;     /* DOC_MAP, in the file's order, merged ones last */
    };
    size_t count;                   /* of items or pairs */
    int64_t weight, bytes;          /* nodes and text bytes below and with this one; doc.c's business */
};
struct doc_pair { struct str key; int line, column; struct doc_node *value; };

enum doc_form { DOC_YAML, DOC_JSON };
enum doc_form doc_form_of(struct str path);                     /* DOC_JSON when the name ends in .json */

/* `name` is how errors call the file. */
enum err_code doc_read(struct str name, struct str text, enum doc_form form, struct arena *a, struct doc_node **out,
                       struct err *e) MUST_USE;

const char            *doc_kind_name(enum doc_kind kind);       /* "a list", "text", "true or false"...: for sentences */
const struct doc_pair *doc_pair_get(const struct doc_node *map, const char *key);   /* NULL unless a map that has it */
struct doc_node       *doc_get(const struct doc_node *map, const char *key);
json_t                *doc_to_json(const struct doc_node *n);   /* yours; keeps the order */
