/* A folder of text files: each is a case, sorted by name. */
#include "data/source.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#define FOLDER_FILES_MAX 200000

struct folder_names { VEC(char *) list; };
struct folder_source {
    const struct dataset_source *src;
    struct folder_names files, answers;
    char *answers_dir;                  /* NULL: there are none */
    size_t at;
};

static void folder_names_dispose(struct folder_names *n)
{
    for (size_t i = 0; i < n->list.len; i++)
        free(n->list.at[i]);
    vec_dispose(&n->list);
}

static void folder_close(void *state)
{
    struct folder_source *s = state;

    if (!s)
        return;
    folder_names_dispose(&s->files);
    folder_names_dispose(&s->answers);
    free(s->answers_dir);
    free(s);
}

static int folder_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void folder_closedirp(DIR **d)
{
    if (*d)
        closedir(*d);
}

/* Names of the plain files, sorted; hidden ones are not cases. */
static enum err_code folder_list(const char *dir, struct folder_names *out, struct err *e)
{
    AUTO(folder_closedirp) DIR *d = opendir(dir);
    struct dirent *entry;

    if (!d)
        return err_errno(e, ERR_IO, errno, "folder %s can't be read", dir);
    while ((entry = readdir(d))) {
        AUTO(freep) char *path = NULL;

        if (entry->d_name[0] == '.' || asprintf(&path, "%s/%s", dir, entry->d_name) < 0 || file_is_dir(path))
            continue;
        if (out->list.len == FOLDER_FILES_MAX)
            return err_set(e, ERR_TOO_LARGE, "folder %s has more than %d files; put the cases into one JSONL file", dir,
                           FOLDER_FILES_MAX);
        vec_push(&out->list, xstrdup(entry->d_name));
    }
    if (out->list.len)
        qsort(out->list.at, out->list.len, sizeof *out->list.at, folder_compare);
    return ERR_OK;
}

static bool folder_has_answers(const struct folder_source *s)
{
    int fd;

    if (file_open_folder_beneath(s->src->path.at, S("expected"), &fd, NULL) != ERR_OK)
        return false;
    close(fd);
    return true;
}

static enum err_code folder_find_answers(struct folder_source *s, struct err *e)
{
    for (int outside = 0; outside < 2; outside++) {
        char *dir;

        if (asprintf(&dir, "%s/%sexpected", s->src->path.at, outside ? "../" : "") < 0)
            continue;
        if (outside ? file_is_dir(dir) : folder_has_answers(s)) {
            s->answers_dir = dir;
            return folder_list(dir, &s->answers, e);
        }
        free(dir);
    }
    return ERR_OK;
}

static enum err_code folder_open(const struct dataset_source *src, void **state, struct err *e)
{
    struct folder_source *s = xcalloc(1, sizeof *s);
    enum err_code code;

    s->src = src;
    code = folder_list(src->path.at, &s->files, e);
    if (code == ERR_OK && s->files.list.len == 0)
        code = err_set(e, ERR_BAD_INPUT, "folder " STR_FMT " holds no files", STR_ARG(src->name));
    if (code == ERR_OK)
        code = folder_find_answers(s, e);
    if (code != ERR_OK)
        folder_close(s);
    else
        *state = s;
    return code;
}

static struct str folder_stem(const char *name)
{
    struct str s = str_c(name), ext = path_ext(s);

    return ext.len ? str_n(s.at, s.len - ext.len - 1) : s;
}

/* The answer's file name: the same name, else the first with the same stem. */
static const char *folder_answer(const struct folder_source *s, const char *file)
{
    const char *const *same = s->answers.list.len ? bsearch(&file, s->answers.list.at, s->answers.list.len,
                                                            sizeof *s->answers.list.at, folder_compare)
                                                  : NULL;

    if (same)
        return *same;
    for (size_t i = 0; i < s->answers.list.len; i++)
        if (str_eq(folder_stem(s->answers.list.at[i]), folder_stem(file)))
            return s->answers.list.at[i];
    return NULL;
}

/* Such folders come with tasks from anywhere: a link that leads out of one is no case. */
static enum err_code folder_read(const char *dir, const char *name, struct buf *out, struct err *e)
{
    if (file_read_beneath(dir, str_c(name), DATASET_CASE_MAX, out, e) != ERR_OK)
        return err_prefix(e, "%s", dir);
    if (!str_is_utf8(buf_str(out)))
        return err_set(e, ERR_BAD_INPUT, "%s/%s is not UTF-8 text", dir, name);
    return ERR_OK;
}

static enum err_code folder_read_answer(struct folder_source *s, const char *file, json_t **out, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(DATASET_CASE_MAX);
    const char *name = folder_answer(s, file);

    if (!name)
        return ERR_OK;
    TRY(folder_read(s->answers_dir, name, &text, e));
    if (!str_ieq(path_ext(str_c(name)), S("json"))) {
        *out = json_from_str(str_trim_end(buf_str(&text)));
        return ERR_OK;
    }
    if (json_read(buf_str(&text), out, e) != ERR_OK)
        return err_prefix(e, "%s/%s", s->answers_dir, name);
    return ERR_OK;
}

static enum err_code folder_next(void *state, struct source_item *out, bool *more, struct err *e)
{
    struct folder_source *s = state;
    AUTO_BUF struct buf text = BUF_INIT(DATASET_CASE_MAX);
    AUTO_JSON *expected = NULL;
    const char *name;

    *more = s->at < s->files.list.len;
    if (!*more)
        return ERR_OK;
    name = s->files.list.at[s->at];
    TRY(folder_read(s->src->path.at, name, &text, e));
    TRY(folder_read_answer(s, name, &expected, e));
    s->at++;
    out->id = str_c(name);
    out->json = json_object();
    json_set_str(out->json, "input", buf_str(&text));
    if (expected)
        json_object_set(out->json, "expected", expected);
    return ERR_OK;
}

const struct source_kind source_folder = {
    .name = "folder", .extensions = "",
    .open = folder_open, .next = folder_next, .close = folder_close,
};
