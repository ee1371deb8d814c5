/* src/domain/dimension.h (through domain.h): what a task varies: each dimension has levels, and every combination of
 * levels is a case of its own.
 *
 * Combinations are numbered, not stored: number = ((l0 * n1 + l1) * n2 + l2)..., the last dimension fastest. Which of a
 * level's options stands for it is a function of (seed, case, combination, dimension) alone, so the same whatever else
 * is chosen or left out. Threads: values. */
#pragma once

#define DIMENSIONS_MAX          10
#define DIMENSION_LEVELS_MIN    2
#define DIMENSION_LEVELS_MAX    10
#define DIMENSION_SCORE_MAX     5
#define DIMENSION_OPTIONS_MAX   100
#define DIMENSION_COMBINATIONS_MAX 1000

struct dimension_level {
    int64_t score;                          /* 1..5; of a plain list of values the place, from 1 */
    struct str label, description;
    struct str *options;    size_t option_count;           /* none: the label stands for the level */
};
struct dimension { struct str name; struct dimension_level *levels; size_t level_count; };
struct dimensions { struct dimension *list; size_t count; int64_t seed; };

int64_t     dimensions_combinations(const struct dimensions *d);     /* 1 when there are none; INT64_MAX when more fit not */
/* The level of each dimension in a combination. */
void        dimensions_levels(const struct dimensions *d, int64_t combination, size_t levels[DIMENSIONS_MAX]);
/* "Stakes_1 / Tone_2". */
struct str  dimensions_name(const struct dimensions *d, int64_t combination, struct arena *a);
/* The words that stand for `level` of dimension `which` in that combination of case `position`. */
struct str dimensions_text(const struct dimensions *d, size_t which, size_t level, int64_t position,
                           int64_t combination);
/* Sets the variables of a combination in `vars`: `dimensions` {name: score}, `dimension` {name: {score, label, text,
 * description}}, and under its own name the text of each dimension whose name can be a variable's. */
void        dimensions_set(const struct dimensions *d, int64_t position, int64_t combination, json_t *vars);
bool        dimension_is_variable(struct str name);         /* letters, digits, _; no digit first */
/* By name, ASCII case ignored; -1 when there is none. */
ptrdiff_t   dimensions_find(const struct dimensions *d, struct str name);
