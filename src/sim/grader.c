/* The simulator's grader: for tests of who reads replies. It says what the question tells it to, in double brackets:
 *     [[=> reply]]            says the reply
 *     [[word => reply]]       the same, where the word stands in the question outside all brackets; the last such
 * counts A reply holds no "]]". */
#include "sim/answer.h"

enum { SIM_GRADER_SCRIPTS_MAX = 64 };

struct grader_script { struct str word, reply; };

bool sim_grade(const struct sim_ask *ask, struct arena *a, struct buf *out)
{
    struct grader_script scripts[SIM_GRADER_SCRIPTS_MAX];
    struct str rest = arena_printf(a, STR_FMT "\n" STR_FMT, STR_ARG(ask->system), STR_ARG(ask->user)), said = STR_NONE;
    AUTO_BUF struct buf outside = BUF_INIT(rest.len + 1);
    size_t count = 0;
    bool found = false;
    ptrdiff_t open, close, arrow;

    while (count < SIM_GRADER_SCRIPTS_MAX && (open = str_find(rest, S("[["))) >= 0) {
        struct str inside = str_from(rest, (size_t)open + 2);

        close = str_find(inside, S("]]"));
        if (close < 0)
            break;
        buf_append(&outside, str_sub(rest, 0, (size_t)open));
        rest = str_from(inside, (size_t)close + 2);
        inside = str_sub(inside, 0, (size_t)close);
        arrow = str_find(inside, S("=>"));
        if (arrow >= 0)
            scripts[count++] = (struct grader_script){ str_trim(str_sub(inside, 0, (size_t)arrow)),
                                                       str_trim(str_from(inside, (size_t)arrow + 2)) };
    }
    buf_append(&outside, rest);
    for (size_t i = 0; i < count; i++)
        if (!scripts[i].word.len || str_contains(buf_str(&outside), scripts[i].word)) {
            found = true;
            said = scripts[i].reply;
        }
    buf_append(out, said);
    return found;
}
