/* src/template/value.h: what an expression can be, with Python's rules for truth, equality, order, text.
 *
 * A value is 24 bytes, copied freely; what it points to lives in the render's arena or in the caller's json_t, which
 * is looked at lazily: a JSON object is converted member by member only where a template walks it.
 * Nothing reachable from a template can be changed by it, except namespace, cycler, joiner and loop.
 * A function that can fail takes the render, whose `at` says where; it sets the render's error. */
#pragma once

#include "base/base.h"

struct render;
struct template;
struct expr;

enum value_kind {
    VALUE_MISSING,          /* no argument was given; never seen by a template */
    VALUE_UNDEFINED, VALUE_NONE, VALUE_BOOL, VALUE_INT, VALUE_FLOAT, VALUE_STR, VALUE_LIST, VALUE_DICT,
    VALUE_NAMESPACE, VALUE_MACRO, VALUE_LOOP, VALUE_MODULE, VALUE_CYCLER, VALUE_JOINER, VALUE_GLOBAL, VALUE_METHOD,
    VALUE_SELF, VALUE_BLOCK, VALUE_KINDS
};

/* What kind of row of things it is: they print, compare and count differently. */
enum list_flavor { LIST_PLAIN, LIST_TUPLE, LIST_RANGE, LIST_KEYS, LIST_VALUES, LIST_ITEMS, LIST_LAZY, LIST_GROUP };

struct value {
    enum value_kind kind;
    bool escaped;                           /* a string that went through escape or safe */
    union {
        bool b;
        int64_t i;
        double d;
        struct str s;
        struct list *list;
        struct dict *dict;
        struct undefined *undefined;
        struct macro *macro;
        struct turns *loop;
        struct module *module;
        struct cycler *cycler;
        struct joiner *joiner;
        struct method *method;
        struct block_ref *block;
        const struct callable *global;
        void *any;
    };
};

struct list {
    struct value *at;
    size_t len, cap;
    const json_t *json;                     /* not NULL: the items are there, `at` is NULL */
    enum list_flavor flavor;
    int64_t start, stop, step;              /* of a LIST_RANGE */
    const char *made_by;                    /* of a LIST_LAZY: the filter; NULL: reversed() */
};

struct pair { struct value key, value; uint64_t hash; };
struct dict {
    struct pair *at;
    size_t len, cap;
    uint32_t *index;                        /* open addressing over pairs + 1, once there are more than 8 */
    size_t index_cap;
    const json_t *json;                     /* not NULL: not yet converted */
};

/* `of`: the dict that has no such key; with neither `of` nor `hint` it is a variable. `lenient`: what an inline `if`
 * without `else` gives: it prints as nothing and is false. `denied`: using it is ERR_DENIED. */
struct undefined {
    struct str name, hint;
    struct dict *of;
    uint32_t line, col;
    const struct template *t;
    const struct expr *expr;
    bool lenient, denied;
};
struct cycler { struct value items; size_t at; };
struct joiner { struct value separator; bool used; };
struct method { struct value self; const struct callable *fn; };

/* Making. */
#define VALUE_OF_NONE       ((struct value){ .kind = VALUE_NONE })
#define VALUE_OF_MISSING    ((struct value){ .kind = VALUE_MISSING })
static inline struct value value_bool(bool b)       { return (struct value){ .kind = VALUE_BOOL, .b = b }; }
static inline struct value value_int(int64_t i)     { return (struct value){ .kind = VALUE_INT, .i = i }; }
static inline struct value value_float(double d)    { return (struct value){ .kind = VALUE_FLOAT, .d = d }; }
static inline struct value value_str(struct str s)  { return (struct value){ .kind = VALUE_STR, .s = s }; }
static inline struct value value_list(struct list *l) { return (struct value){ .kind = VALUE_LIST, .list = l }; }
static inline struct value value_dict(struct dict *d) { return (struct value){ .kind = VALUE_DICT, .dict = d }; }
struct value value_json(struct render *r, const json_t *j);
struct value value_undefined(struct render *r, struct str name, const char *hint_fmt, ...) PRINTF_LIKE(3, 4);

struct list *list_new(struct render *r, enum list_flavor flavor, size_t expected);
enum err_code list_push(struct render *r, struct list *l, struct value v) MUST_USE;
/* The way to look at an item: `at` is empty for JSON arrays and ranges. */
struct value list_item(struct render *r, const struct list *l, size_t i);
static inline size_t list_len(const struct list *l) { return l->len; }
static inline bool value_is_str(struct value v) { return v.kind == VALUE_STR; }
static inline bool value_is_number(struct value v)  { return v.kind >= VALUE_BOOL && v.kind <= VALUE_FLOAT; }
static inline bool value_is_integral(struct value v) { return v.kind == VALUE_BOOL || v.kind == VALUE_INT; }
static inline int64_t value_integral(struct value v) { return v.kind == VALUE_BOOL ? v.b : v.i; }
bool value_is_lazy(struct value v);
bool value_is_tuple(struct value v);

struct dict *dict_new(struct render *r);
enum err_code dict_force(struct render *r, struct dict *d) MUST_USE;        /* after it, `at` and `len` are true */
enum err_code dict_put(struct render *r, struct dict *d, struct value key, struct value v) MUST_USE;
/* *found is false when there is no such key. An unhashable key is an error. */
enum err_code dict_get(struct render *r, struct dict *d, struct value key, struct value *out, bool *found) MUST_USE;
bool dict_get_str(struct render *r, struct dict *d, struct str key, struct value *out);
size_t dict_len(const struct dict *d);

/* Asking. */
const char *value_type(struct value v);                                     /* "str", "list", "tuple": Python's word */
enum err_code value_truth(struct render *r, struct value v, bool *out) MUST_USE;
enum err_code value_defined(struct render *r, struct value v) MUST_USE;     /* the error of using an undefined */
enum err_code value_equal(struct render *r, struct value a, struct value b, bool *out) MUST_USE;
enum err_code value_compare(struct render *r, struct value a, struct value b, const char *op, int *out) MUST_USE; /* 2: unordered (nan) */
enum err_code value_hash(struct render *r, struct value v, uint64_t *out) MUST_USE;
enum err_code value_length(struct render *r, struct value v, int64_t *out) MUST_USE;
enum err_code value_contains(struct render *r, struct value hay, struct value needle, bool *out) MUST_USE;
/* Everything `for` walks over, as a list (the value itself when it is one). */
enum err_code value_iterate(struct render *r, struct value v, struct list **out) MUST_USE;
bool value_same(struct value a, struct value b);                            /* Python's `is` */

/* Text. */
enum err_code value_text(struct render *r, struct value v, struct str *out) MUST_USE;      /* str(v) */
enum err_code value_print(struct render *r, struct value v, struct buf *out) MUST_USE;     /* appends str(v) */
enum err_code value_repr(struct render *r, struct value v, struct buf *out) MUST_USE;      /* appends repr(v) */
void text_float(double d, struct buf *out);                                 /* Python's repr of a float */
void text_str_repr(struct str s, struct buf *out);
/* The buffer's text as a value in the arena; fails where the buffer failed or memory ran out. */
enum err_code value_take_text(struct render *r, struct buf *b, struct value *out) MUST_USE;
enum err_code value_copy_text(struct render *r, struct str s, struct value *out) MUST_USE;

/* Operators (operators.c). `op` is the operator as written. */
enum operator_kind { OPERATOR_ADD, OPERATOR_SUB, OPERATOR_MUL, OPERATOR_DIV, OPERATOR_FLOORDIV, OPERATOR_MOD, OPERATOR_POW };
enum err_code value_binary(struct render *r, enum operator_kind op, struct value a, struct value b, struct value *out) MUST_USE;
enum err_code value_negate(struct render *r, struct value v, bool minus, struct value *out) MUST_USE;
enum err_code value_attr(struct render *r, struct value v, struct str name, struct value *out) MUST_USE;       /* v.name */
enum err_code value_item(struct render *r, struct value v, struct value key, struct value *out) MUST_USE;      /* v[key] */
enum err_code value_slice(struct render *r, struct value v, struct value lo, struct value hi, struct value step,
                          struct value *out) MUST_USE;
