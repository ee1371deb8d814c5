/* src/eval/metric/reference.h (private to metric): the text of an output and the texts it is held against.
 *
 * The expected answer is a text (a number or boolean is its text), or a list of them: any of these is right, and which
 * counts is each metric's affair. With the option `key` both sides are objects and the member of that name is taken,
 * the output's read as JSON. Texts are trimmed of ASCII white space.
 * Bounds: REFERENCE_BYTES_MAX bytes a text, REFERENCE_MAX expected texts; past them the score is missing, with that as
 * its reason. */
#pragma once

#include "eval/metric/metric.h"

#define REFERENCE_BYTES_MAX ((size_t)256 << 10)
#define REFERENCE_MAX 16
#define REFERENCE_OPTIONS "key"

struct reference { struct str output; struct str *golds; size_t count; };

/* Reads `key` into *key; empty when it is not said. */
enum err_code reference_key(const struct metric_spec *spec, struct str *key, struct err *e) MUST_USE;
/* A metric's prepare that knows only `key`: the state is a struct str. */
enum err_code reference_prepare(const struct metric_spec *spec, struct arena *a, void **state, struct err *e);
/* False: *out says why there is no value. An output without the member gives an empty text. */
bool reference_of(struct str key, const struct subject *s, struct arena *a, struct reference *r,
                  struct score *out) MUST_USE;
/* The same, when no side may have more than SEQUENCE_MAX units: *out says which has. */
bool reference_fits(size_t output_units, size_t gold_units, const char *unit, struct arena *a,
                    struct score *out) MUST_USE;

/* The setting `name`: a finite number in low..high; *out stays as it is when it is not said. */
enum err_code metric_number(const struct metric_spec *spec, const char *name, double low, double high, double *out,
                            struct err *e) MUST_USE;
/* Lower case, no ASCII punctuation, no a/an/the, white space as one blank (SQuAD). In the arena. (normalized_match.c) */
struct str normalized_text(struct str text, struct arena *a);
