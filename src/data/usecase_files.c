/* Inputs and ground truth of a use-case folder, and which belong together; the rules usecase.h states. */
#include "data/data.h"
#include "data/usecase.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void usecase_warn(struct usecase_files *f, struct arena *a, struct str text)
{
    if (!f->warnings)
        f->warnings = arena_array(a, struct str, USECASE_ITEMS_MAX);
    if (f->warning_count < USECASE_ITEMS_MAX)
        f->warnings[f->warning_count++] = text;
}

static int usecase_file_compare(const void *a, const void *b)
{
    const struct usecase_file *x = a, *y = b;

    return str_cmp(x->path, y->path);
}

static void usecase_closedirp(DIR **d)
{
    if (*d)
        closedir(*d);
}

/* The size of an ordinary file that can't be a way out of the folder. */
static enum err_code usecase_file_size(const char *folder, struct str path, int64_t *size, struct err *e)
{
    struct stat st;
    int fd;

    if (file_open_beneath(folder, path, &fd, e) != ERR_OK)
        return err_prefix(e, "%s", folder);
    *size = fstat(fd, &st) == 0 ? st.st_size : 0;
    close(fd);
    if (*size > (int64_t)DATASET_CASE_MAX)
        return err_set(e, ERR_TOO_LARGE, "%s: \"" STR_FMT "\" is larger than %u bytes, which one case may have", folder,
                       STR_ARG(path), DATASET_CASE_MAX);
    return ERR_OK;
}

static struct str usecase_stem(struct str base)
{
    struct str ext = path_ext(base);

    return ext.len ? str_n(base.at, base.len - ext.len - 1) : base;
}

/* A folder in the use case's; *out NULL, and a warning, when it is not there. */
static enum err_code usecase_opendir(const char *folder, const char *sub, struct usecase_files *f, struct arena *a,
                                     DIR **out, struct err *e)
{
    struct err why = ERR_INIT;
    int fd;
    enum err_code code = file_open_folder_beneath(folder, str_c(sub), &fd, &why);

    *out = NULL;
    if (code == ERR_NOT_FOUND) {
        usecase_warn(f, a, arena_printf(a, "the folder has no %s/", sub));
        return ERR_OK;
    }
    if (code != ERR_OK)
        return err_set(e, code, "%s: %s", folder, why.text);
    *out = fdopendir(fd);
    if (*out)
        return ERR_OK;
    close(fd);
    return err_errno(e, ERR_IO, errno, "%s/%s can't be read", folder, sub);
}

/* Hidden files and folders are left alone. */
static bool usecase_wanted(DIR *d, const char *name)
{
    struct stat st;

    return name[0] != '.' && (fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode));
}

/* The plain files of `sub`, by name. */
static enum err_code usecase_list(const char *folder, const char *sub, struct usecase_files *f, struct arena *a,
                                  struct usecase_file **out, size_t *count, struct err *e)
{
    AUTO(usecase_closedirp) DIR *d = NULL;
    struct usecase_file *list = arena_array(a, struct usecase_file, USECASE_FILES_MAX);
    struct dirent *entry;

    *out = list;
    *count = 0;
    TRY(usecase_opendir(folder, sub, f, a, &d, e));
    while (d && (entry = readdir(d))) {
        struct usecase_file *one = &list[*count];

        if (!usecase_wanted(d, entry->d_name))
            continue;
        if (!str_is_utf8(str_c(entry->d_name)))
            return err_set(e, ERR_BAD_INPUT, "%s/%s holds a file whose name is not UTF-8", folder, sub);
        if (*count == USECASE_FILES_MAX)
            return err_set(e, ERR_TOO_LARGE, "%s/%s holds more than %d files; put the cases into one JSONL dataset",
                           folder, sub, USECASE_FILES_MAX);
        one->path = arena_printf(a, "%s/%s", sub, entry->d_name);
        TRY(usecase_file_size(folder, one->path, &one->size_bytes, e));
        one->name = usecase_stem(path_base(one->path));
        one->extension = path_ext(one->path);
        (*count)++;
    }
    if (*count)
        qsort(list, *count, sizeof *list, usecase_file_compare);
    return ERR_OK;
}

/* --- matching ----------------------------------------------------------------------------------------------------- */

static struct str usecase_pattern(struct str name, int which)
{
    size_t hyphens = 0;

    if (which == 1) {
        for (size_t i = 0; i < name.len; i++)
            if (name.at[i] == '-' && ++hyphens == 2)
                return str_n(name.at, i);
        return name;
    }
    if (which == 2)
        for (size_t i = name.len; i > 0; i--)
            if (name.at[i - 1] == '-')
                return str_n(name.at, i - 1);
    return name;
}

/* How good a candidate is; 0: it is none. Equal ones are taken in the order of their names. */
static int usecase_candidate(const struct usecase_file *gold, struct str pattern, struct str whole, struct str prefer)
{
    if (!pattern.len || !str_contains(gold->name, pattern))
        return 0;
    return 1 + 4 * str_starts(gold->name, pattern) + 2 * str_ieq(gold->extension, prefer) +
           str_starts(gold->name, whole);
}

static bool usecase_match_one(const struct usecase_files *f, const struct usecase_file *data, struct str prefer,
                              struct usecase_pair *out)
{
    for (int which = 1; which <= 3; which++) {
        struct str pattern = usecase_pattern(data->name, which);
        int best = 0;

        for (size_t i = 0; i < f->gold_count; i++) {
            int how = usecase_candidate(&f->gold[i], pattern, data->name, prefer);

            if (how <= best)
                continue;
            best = how;
            *out = (struct usecase_pair){ data, &f->gold[i], which, pattern };
        }
        if (best)
            return true;
    }
    return false;
}

void usecase_match(struct usecase_files *f, struct str prefer, struct arena *a)
{
    f->pairs = arena_array(a, struct usecase_pair, f->data_count);
    f->pair_count = 0;
    for (size_t i = 0; i < f->data_count; i++) {
        struct usecase_pair *pair = &f->pairs[f->pair_count];

        *pair = (struct usecase_pair){ .data = &f->data[i] };
        if (!f->gold_count || usecase_match_one(f, &f->data[i], prefer, pair))
            f->pair_count++;
        else
            usecase_warn(f, a,
                         arena_printf(a, "\"" STR_FMT "\" has no match in ground-truth/ and is left out",
                                      STR_ARG(f->data[i].path)));
    }
}

enum err_code usecase_files_read(const char *folder, struct str prefer, struct arena *a, struct usecase_files *out,
                                 struct err *e)
{
    *out = (struct usecase_files){ 0 };
    TRY(usecase_list(folder, "data", out, a, &out->data, &out->data_count, e));
    TRY(usecase_list(folder, "ground-truth", out, a, &out->gold, &out->gold_count, e));
    usecase_match(out, prefer, a);
    return ERR_OK;
}
