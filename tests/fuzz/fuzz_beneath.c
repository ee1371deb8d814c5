/* tests/fuzz/fuzz_beneath.c: any folder and any paths. A line is a letter and words: what a guest does to its folder (l
 * makes a link, d a folder, p a pipe, m moves), and what the host then does by sandbox/beneath.h (r reads, w writes, o
 * opens, W walks). Beside the folder lies a secret: it is never read, never changed, and nothing joins it. An input
 * that already holds the secret (the fuzzer learns it from our comparison) could write it inside itself: it proves
 * nothing. */
#include "sandbox/beneath.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "do not tell 4711"
#define OPERATIONS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char home[] = "/tmp/assay-fuzz-XXXXXX";
static char inside[64], outside[64];

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void remove_home(void)
{
    nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void begin(void)
{
    if (!inside[0]) {
        ASSERT(mkdtemp(home));
        atexit(remove_home);
        snprintf(inside, sizeof inside, "%s/inside", home);
        snprintf(outside, sizeof outside, "%s/outside", home);
        ASSERT(mkdir(outside, 0755) == 0);
        strcat(outside, "/secret");
        ASSERT(file_write_atomic(outside, S(SECRET), 0644, NULL) == ERR_OK);
        outside[strlen(outside) - strlen("/secret")] = '\0';
    }
    nftw(inside, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    ASSERT(mkdir(inside, 0755) == 0);
}

static enum err_code see(void *arg, const struct beneath_entry *entry, struct err *e)
{
    int *seen = arg;

    (void)e;
    ASSERT(beneath_path_check(entry->path, NULL) == ERR_OK);
    ++*seen;
    return ERR_OK;
}

static void operate(int fd, char letter, const char *one, const char *two)
{
    AUTO_BUF struct buf out = BUF_INIT(4096);
    struct err e = ERR_INIT;
    int got = -1, seen = 0;

    switch (letter) {
    case 'l': (void)!symlinkat(two, fd, one); break;
    case 'd': mkdirat(fd, one, 0755); break;
    case 'p': mkfifoat(fd, one, 0600); break;
    case 'm': renameat(fd, one, fd, two); break;
    case 'r':
        if (beneath_read(fd, str_c(one), 64, &out, &e) == ERR_OK)
            ASSERT(!str_contains(buf_str(&out), S(SECRET)));
        break;
    case 'w': (void)!beneath_write(fd, str_c(one), 0644, str_c(two), &e); break;
    case 'o':
        if (beneath_open(fd, str_c(one), &got, &e) == ERR_OK) {
            struct stat st;

            ASSERT(fstat(got, &st) == 0 && S_ISREG(st.st_mode));
            close(got);
        } else {
            ASSERT(e.text[0]);
        }
        break;
    case 'W':
        (void)!beneath_walk(fd, (struct beneath_bounds){ 50, 5 }, see, &seen, &e);
        ASSERT(seen <= 50);
        break;
    default: break;
    }
}

/* A guest works below its own folder only: names that lead away are for the host to meet. */
static bool is_own(const char *path)
{
    return path[0] != '/' && !strstr(path, "..");
}

static void check_outside(void)
{
    AUTO_BUF struct buf text = BUF_INIT(4096);
    int fd = -1, seen = 0, entries = 0;
    DIR *dir;

    ASSERT(beneath_folder(outside, &fd, NULL) == ERR_OK);
    ASSERT(beneath_read(fd, S("secret"), 100, &text, NULL) == ERR_OK && str_is(buf_str(&text), SECRET));
    ASSERT(beneath_walk(fd, (struct beneath_bounds){ 10, 1 }, see, &seen, NULL) == ERR_OK && seen == 1);
    close(fd);
    dir = opendir(home);
    ASSERT(dir);
    while (readdir(dir))
        entries++;
    closedir(dir);
    ASSERT(entries == 4 && access("/tmp/assay-fuzz-escaped", F_OK) < 0);     /* ".", "..", inside, outside, and no fifth */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_n((const char *)data, size), line;
    int fd = -1;

    if (str_contains(rest, S(SECRET)))
        return 0;
    begin();
    ASSERT(beneath_folder(inside, &fd, NULL) == ERR_OK);
    for (int n = 0; n < OPERATIONS_MAX && str_split(&rest, '\n', &line); n++) {
        struct str words = str_from(line, 1), one = STR_NONE, two;
        AUTO(freep) char *first = NULL;
        AUTO(freep) char *second = NULL;

        if (line.len < 2)
            continue;
        (void)str_split(&words, ' ', &one);
        two = words;
        first = xstrndup(one.at ? one.at : "", one.len);
        second = xstrndup(two.at ? two.at : "", two.len);
        if (strchr("ldpm", line.at[0]) &&
            (!is_own(first) || (line.at[0] == 'm' && !is_own(second)) || strlen(second) > 4000))
            continue;
        operate(fd, line.at[0], first, second);
    }
    close(fd);
    check_outside();
    return 0;
}
