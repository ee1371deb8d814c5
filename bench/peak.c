/* bench/peak.c: peak FILE COMMAND...: runs the command and writes its peak resident memory, in KiB, to FILE.
 *
 * The system counts a process's peak from its birth, before it has become the command: born of a large Python it would
 * start with Python's. This one is small. Ends with the command's status, or 128 + signal. */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct rusage used;
    int status;
    pid_t child;
    FILE *out;

    if (argc < 3) {
        fprintf(stderr, "usage: peak FILE COMMAND...\n");
        return 2;
    }
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) < 0 || !(out = fopen(argv[1], "w"))) {
        perror("peak");
        return 2;
    }
    fprintf(out, "%ld\n", used.ru_maxrss);
    if (fclose(out) != 0) {
        perror(argv[1]);
        return 2;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
