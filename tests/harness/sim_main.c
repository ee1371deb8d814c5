/* tests/harness/sim_main.c: the simulator alone: sim_main PORT [BOOK.jsonl [LATENCY_SCALE [THREADS]]]. For trying it
 * against real clients without the rest of the program; `assay sim` is the same with all its options. */
#include "sim/sim.h"

#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    struct err e = ERR_INIT;
    struct sim *s = NULL;
    int64_t port = 0, threads = 1;
    double scale = 0;
    sigset_t stop;
    int which;

    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    if (sodium_init() < 0 || (argc > 1 && (!str_to_i64(str_c(argv[1]), &port) || port < 0 || port > 65535)) ||
        (argc > 3 && !str_to_double(str_c(argv[3]), &scale)) || (argc > 4 && !str_to_i64(str_c(argv[4]), &threads))) {
        fprintf(stderr, "usage: sim_main PORT [BOOK.jsonl [LATENCY_SCALE [THREADS]]]\n");
        return 2;
    }
    if (sim_new(&(struct sim_options){ .port = (uint16_t)port, .latency_scale = scale, .threads = (int)threads,
                                       .seed = 1 }, &s, &e) != ERR_OK ||
        (argc > 2 && *argv[2] && sim_book_load(s, argv[2], &e) != ERR_OK)) {
        fprintf(stderr, "sim_main: %s\n", e.text);
        sim_free(s);
        return err_exit_status(e.code);
    }
    printf("%s (%lld cases)\n", sim_url(s), (long long)sim_book_len(s));
    fflush(stdout);
    sigwait(&stop, &which);
    sim_free(s);
    return 0;
}
