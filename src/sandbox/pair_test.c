#include "base/test.h"

#include "sandbox/pair.h"

#include <signal.h>

struct heard { struct loop *loop; enum sandbox_cause cause[2]; int status[2]; char errors[256]; int done; };

static void heard_done(void *owner, const struct sandbox_end ends[2])
{
    struct heard *h = owner;

    for (int i = 0; i < 2; i++) {
        h->cause[i] = ends[i].cause;
        h->status[i] = ends[i].status;
    }
    snprintf(h->errors, sizeof h->errors, STR_FMT, STR_ARG(str_utf8_head(ends[SANDBOX_JUDGE].errors, 200)));
    h->done++;
    loop_stop(h->loop);
}

static struct sandbox_spec pair_python(struct sandbox_file *file, struct str args[2], const char *program)
{
    struct sandbox_spec s = { .program = S("/usr/bin/python3"), .args = args, .args_count = 2, .files = file, .files_count = 1 };

    *file = (struct sandbox_file){ S("p.py"), str_c(program) };
    args[0] = S("-B");
    args[1] = S("p.py");
    sandbox_limits_usual(&s.limits);
    return s;
}

/* False: this machine can't; said. */
static bool pair_run(const char *judge, const char *other, int64_t wall_ms, struct heard *h)
{
    struct sandbox_file files[2];
    struct str args[2][2];
    struct sandbox_pair_spec spec = { .first = { S("judge\n"), S("other\n") }, .done = heard_done, .owner = h };
    struct sandbox_pair *pair = NULL;
    struct err e = ERR_INIT;

    *h = (struct heard){ 0 };
    signal(SIGPIPE, SIG_IGN);
    if (sandbox_ready(&e) != ERR_OK) {
        printf("SKIPPED: %s\n", e.text);
        return false;
    }
    spec.guests[SANDBOX_JUDGE] = pair_python(&files[0], args[0], judge);
    spec.guests[SANDBOX_OTHER] = pair_python(&files[1], args[1], other);
    spec.guests[SANDBOX_OTHER].limits.wall_ms = wall_ms;
    CHECK_OK(loop_new(&h->loop, &e));
    CHECK_OK(sandbox_pair_start(h->loop, &spec, &pair, &e));
    loop_run(h->loop);
    loop_free(h->loop);
    CHECK_INT(h->done, 1);
    CHECK_INT(sandbox_count(), 0);
    return true;
}

#define ASKS "import sys\nfirst = input()\nprint('to you', flush=True)\nsaid = sys.stdin.readline()\n" \
             "sys.stderr.write('%s %r' % (first, said))\nsys.exit(5)\n"

TEST(pair_carries_lines_both_ways_and_ends_with_its_judge)
{
    struct heard h;

    if (!pair_run(ASKS, "first = input()\nprint(first, input(), flush=True)\nimport time\ntime.sleep(60)\n", 30000, &h))
        return;
    CHECK_STR(str_c(h.errors), "judge 'other to you\\n'");
    CHECK_INT(h.cause[SANDBOX_JUDGE], SANDBOX_EXITED);
    CHECK_INT(h.status[SANDBOX_JUDGE], 5);
    CHECK_INT(h.cause[SANDBOX_OTHER], SANDBOX_CANCELLED);
}

TEST(pair_tells_the_judge_when_the_other_is_gone)
{
    struct heard h;

    if (!pair_run(ASKS, "import os\nos.write(2, b'not for the judge')\nos._exit(3)", 30000, &h))
        return;
    CHECK_STR(str_c(h.errors), "judge ''");
    CHECK_INT(h.cause[SANDBOX_OTHER], SANDBOX_EXITED);
    CHECK_INT(h.status[SANDBOX_OTHER], 3);
}

TEST(pair_holds_each_to_its_own_limits)
{
    struct heard h;
    int64_t n = 0;

    if (!pair_run(ASKS, "import time\ntime.sleep(60)", 400, &h))
        return;
    CHECK_STR(str_c(h.errors), "judge ''");
    CHECK_INT(h.cause[SANDBOX_OTHER], SANDBOX_TIME);
    (void)pair_run("import sys\nn = len(sys.stdin.read())\nsys.stderr.write('%d' % n)\n",
                   "while True: print('x' * 999, flush=True)", 30000, &h);
    CHECK_INT(h.cause[SANDBOX_OTHER], SANDBOX_OUTPUT);
    CHECK(str_to_i64(str_c(h.errors), &n) && n <= 1 << 20);
    CHECK_INT(h.cause[SANDBOX_JUDGE], SANDBOX_EXITED);
}

TEST(pair_refuses_more_than_it_can_carry)
{
    struct sandbox_pair_spec spec = { .done = heard_done };
    struct sandbox_pair *pair = NULL;
    struct err e = ERR_INIT;

    sandbox_limits_usual(&spec.guests[0].limits);
    sandbox_limits_usual(&spec.guests[1].limits);
    spec.guests[1].limits.output_bytes = SANDBOX_PAIR_OUTPUT_MAX + 1;
    CHECK_INT(sandbox_pair_start(NULL, &spec, &pair, &e), ERR_TOO_LARGE);
    CHECK_STR(str_c(e.text), "guests that speak with each other may say, and be told, at most 8388608 bytes each");
}
