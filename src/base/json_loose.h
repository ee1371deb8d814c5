/* src/base/json_loose.h (through base.h): the JSON values in a text that a model wrote.
 *
 * Prose, code fences and other marks around them are passed over; a comma before a closing bracket is forgiven; nothing
 * else is. A value nested deeper than `depth_max` ends the look (`deep`), as does the JSON_LOOSE_TRIES_MAX-th bracket
 * that might begin one: hostile text costs at most so many passes over it. Nothing found is ever executed.
 * Threads: one owner at a time. Cost: O(bytes) a try. */
#pragma once

#define JSON_LOOSE_TRIES_MAX 64

struct json_loose {
    struct str text;
    const char *openers;                /* what a value may begin with: "{", or "{[" */
    int depth_max;
    size_t at;                          /* where to look on */
    int tries;
    bool deep;                          /* one was nested deeper than depth_max: it is not read, nor what follows */
};
#define JSON_LOOSE_INIT(t, begins_with, depth) \
    ((struct json_loose){ .text = (t), .openers = (begins_with), .depth_max = (depth) })

/* The next one, which lives in the arena; NULL: no more. What stands inside a value that was given is not given again;
 * of a value that can't be read, those in it are. */
const json_t *json_loose_next(struct json_loose *l, struct arena *a);
