/* bench/resample.c: the seconds that 10,000 resamples of N pairs' differences take (percentile and BCa intervals), one
 * a line: resample FILE TIMES. FILE holds the differences as doubles of this machine. */
#include "eval/stats_resample.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PAIRS_MAX 1000000

int main(int argc, char **argv)
{
    FILE *f = argc == 3 ? fopen(argv[1], "rb") : NULL;
    double *d = malloc(PAIRS_MAX * sizeof *d);
    size_t n = f ? fread(d, sizeof *d, PAIRS_MAX, f) : 0;

    if (n < 2) {
        fprintf(stderr, "resample FILE TIMES\n");
        return 2;
    }
    for (int i = 0; i < atoi(argv[2]); i++) {
        struct timespec from, to;
        struct resampled r;

        clock_gettime(CLOCK_MONOTONIC, &from);
        r = stats_resample(d, n, 0.95);
        clock_gettime(CLOCK_MONOTONIC, &to);
        printf("%.6f %.9f %.9f\n", (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9,
               r.bca.low, r.bca.high);
    }
    free(d);
    fclose(f);
    return 0;
}
