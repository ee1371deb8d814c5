/* src/cli/labels.h: the parts of `assay label`: what all of them know, and one function each. */
#pragma once

#include "cli/session.h"

#define LABELS_SET_MAX   9                  /* labels to choose from: one digit each */
#define LABELS_ROWS_MAX  1000000            /* of one imported file */

struct labels {
    struct session *s;
    const struct args *args;
    struct run *run;
    struct store_variant *variants; size_t variant_count;
    const struct str *set; size_t set_count;            /* --labels, or pass and fail */
};

/* --by, else $USER, else $LOGNAME; as a name must be. */
enum err_code labels_who(const struct labels *l, struct str *out, struct err *e) MUST_USE;
/* A person's name or a label: UTF-8 of at most `bytes_max`, nothing in it that steers a terminal. `what` names it. */
enum err_code labels_name(const char *what, struct str name, size_t bytes_max, struct err *e) MUST_USE;
/* That it is one of --labels, if there are any. */
enum err_code labels_known(const struct labels *l, struct str value, struct err *e) MUST_USE;
/* Where `label` stands among rows sorted by trial and person: its place, or -1. */
const struct store_label *labels_find(const struct store_label *rows, size_t count, int64_t trial, struct str who);
struct str    labels_variant(const struct labels *l, int64_t variant);

enum err_code labelling(struct labels *l, struct err *e) MUST_USE;             /* labelling.c: a person, key by key */
enum err_code labels_import(struct labels *l, struct err *e) MUST_USE;         /* label_file.c */
enum err_code labels_export(struct labels *l, struct err *e) MUST_USE;
enum err_code labels_agreement(struct labels *l, struct err *e) MUST_USE;      /* label_agreement.c */
