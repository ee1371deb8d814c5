/* assay sandbox run|doctor: an untrusted program run where it can do no harm, and whether this machine can do that. */
#include "cli/session.h"
#include "eval/report/grid.h"
#include "sandbox/beneath.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SANDBOX_FOLDER_DEPTH 16

static const struct option sandbox_options[] = {
    { "time", 't', "TIME", "run: at most so long: 10, 500ms, 2m (default 10 s)", NULL },
    { "memory", 'm', "SIZE", "run: at most so much memory: 64M, 1G (default 512M)", NULL },
    { "cpu-time", 0, "TIME", "run: at most so much processor time (default 10 s)", NULL },
    { "cpus", 0, "N", "run: at most N processors at once (default 1)", NULL },
    { "pids", 0, "N", "run: at most N processes and threads (default 32)", NULL },
    { "output", 0, "SIZE", "run: at most so much of standard output, and of standard error (default 1M)", NULL },
    { "disk", 0, "SIZE", "run: at most so much in files, all together (default 100M)", NULL },
    { "file-size", 0, "SIZE", "run: at most so much in one file (default 25M)", NULL },
    { "inodes", 0, "N", "run: at most N files and folders (default 4096)", NULL },
    { "open-files", 0, "N", "run: at most N files open at once (default 256)", NULL },
    { "collect", 0, "N", "run: at most N of the files it made are taken (default 20)", NULL },
    { "collect-bytes", 0, "SIZE", "run: at most so much of them (default 25M)", NULL },
    { "files", 'f', "DIR", "run: the files of this folder are copied to where it starts", NULL },
    { "input", 'i', "FILE", "run: its standard input; - is ours", NULL },
    { "out", 'o', "DIR", "run: the files it made are saved here; none is overwritten", NULL },
    { "allow-exec", 0, NULL, "run: it may start other programs", NULL },
    { "with", 'w', "NAME", "run: bubblewrap (default), or runsc: gVisor's kernel between it and ours", NULL },
    { "json", 0, NULL, "as JSON", NULL },
    OPTION_END,
};
static const char *const sandbox_limit_options[] = { "time", "memory", "cpu-time", "cpus", "pids", "output", "disk", "file-size",
                                                     "inodes", "open-files", "collect", "collect-bytes" };

static void sandbox_closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* --- showing ------------------------------------------------------------------------------------------------------ */

/* A guest's bytes with everything that could steer a terminal written out: "\x1b[31m". Line ends and tabs stay. */
static struct str sandbox_shown(struct str s, struct arena *a)
{
    AUTO_BUF struct buf out = BUF_INIT((s.len + 1) * 8);

    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        uint32_t cp = str_utf8_next(s, &i);

        if (cp == '\n' || cp == '\t')
            buf_byte(&out, (char)cp);
        else if (cp == 0xfffd && i - from == 1)
            buf_printf(&out, "\\x%02x", (unsigned char)s.at[from]);
        else if (str_utf8_steers(cp))
            buf_printf(&out, cp < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)cp);
        else
            buf_append(&out, str_sub(s, from, i - from));
    }
    return arena_strdup(a, buf_str(&out));
}

/* "12 B", "3.4 KiB", "20 MiB" */
static const char *sandbox_size(int64_t n, char out[32])
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    double value = (double)n;
    size_t unit = 0;

    for (; value >= 1024 && unit + 1 < COUNT_OF(units); unit++)
        value /= 1024;
    snprintf(out, 32, value < 10 && unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

/* --- running ------------------------------------------------------------------------------------------------------ */
struct sandbox_job {
    const struct args *args;
    struct arena *arena;
    struct loop *loop;
    struct sandbox_spec spec;
    VEC(struct sandbox_file) files;
    struct str program;                 /* the path in the guest of what is run, which --files does not replace */
    int folder;                         /* --files */
    int64_t given_bytes;
    int out;                            /* --out, or -1 */
    bool fine;                          /* it ended by itself with 0 */
    enum err_code code;                 /* of what went wrong in `done` */
    struct err err;
};

static void sandbox_job_dispose(struct sandbox_job *j)
{
    sandbox_closep(&j->folder);
    sandbox_closep(&j->out);
    vec_dispose(&j->files);
    if (j->loop)
        loop_free(j->loop);
}

static json_t *sandbox_job_files(struct sandbox *s)
{
    const struct sandbox_taken *taken;
    json_t *list = json_array();

    for (size_t i = 0, n = sandbox_taken(s, &taken); i < n; i++)
        json_array_append_new(list, json_pack("{s:o,s:I}", "path", json_from_str(taken[i].path), "bytes",
                                              (json_int_t)taken[i].bytes.len));
    return list;
}

static enum err_code sandbox_job_json(struct sandbox *s, struct err *e)
{
    const struct sandbox_left *left;
    struct sandbox_used used = sandbox_used(s);
    json_t *list = json_array();

    for (size_t i = 0, n = sandbox_left(s, &left); i < n; i++)
        json_array_append_new(list, json_pack("{s:o,s:s}", "path", json_from_str(left[i].path), "why", left[i].why));
    return term_json(json_pack("{s:s,s:s,s:i,s:f,s:f,s:I,s:o,s:o,s:o,s:o}", "ended", sandbox_cause_name(sandbox_cause(s)), "why",
                               sandbox_cause_text(sandbox_cause(s)), "status", sandbox_status(s), "wall_ms", (double)used.wall_us / 1000,
                               "cpu_ms", (double)used.cpu_us / 1000, "memory_peak_bytes", (json_int_t)used.memory_peak_bytes, "output",
                               json_from_str(sandbox_output(s)), "errors", json_from_str(sandbox_errors(s)), "files",
                               sandbox_job_files(s), "left", list), e);
}

static void sandbox_job_say(struct sandbox_job *j, struct sandbox *s)
{
    struct sandbox_used used = sandbox_used(s);
    const struct sandbox_taken *taken;
    const struct sandbox_left *left;
    char size[32], ended[80];

    for (size_t i = 0, n = sandbox_taken(s, &taken); i < n; i++)
        term_note("%s " STR_FMT " (%s)", j->out < 0 ? "made" : "saved", STR_ARG(sandbox_shown(taken[i].path, j->arena)),
                  sandbox_size((int64_t)taken[i].bytes.len, size));
    for (size_t i = 0, n = sandbox_left(s, &left); i < n; i++)
        term_note("left " STR_FMT ": %s", STR_ARG(sandbox_shown(left[i].path, j->arena)), left[i].why);
    snprintf(ended, sizeof ended, sandbox_cause(s) == SANDBOX_EXITED ? "it ended with %d" : "status %d",
             sandbox_status(s));
    term_note("%s%s%s; %lld ms, %lld ms of a processor, %s of memory", ended,
              sandbox_cause(s) == SANDBOX_EXITED ? "" : ": ",
              sandbox_cause(s) == SANDBOX_EXITED ? "" : sandbox_cause_text(sandbox_cause(s)),
              (long long)used.wall_us / 1000, (long long)used.cpu_us / 1000,
              sandbox_size(used.memory_peak_bytes, size));
}

static enum err_code sandbox_job_save(struct sandbox_job *j, struct sandbox *s, struct err *e)
{
    const struct sandbox_taken *taken;

    for (size_t i = 0, n = j->out < 0 ? 0 : sandbox_taken(s, &taken); i < n; i++)
        TRY(beneath_write(j->out, taken[i].path, 0644, taken[i].bytes, e));
    return ERR_OK;
}

static enum err_code sandbox_job_tell(struct sandbox_job *j, struct sandbox *s, struct err *e)
{
    if (sandbox_cause(s) == SANDBOX_FAILED)
        return err_set(e, ERR_ENVIRONMENT, "%s (assay sandbox doctor says more)", sandbox_failure(s));
    j->fine = sandbox_cause(s) == SANDBOX_EXITED && sandbox_status(s) == 0;
    TRY(sandbox_job_save(j, s, e));
    if (args_has(j->args, "json"))
        return sandbox_job_json(s, e);
    TRY(term_write(sandbox_shown(sandbox_output(s), j->arena), e));
    if (fflush(stdout) != 0)
        return err_errno(e, ERR_IO, errno, "standard output can't be written");
    fprintf(stderr, STR_FMT, STR_ARG(sandbox_shown(sandbox_errors(s), j->arena)));
    sandbox_job_say(j, s);
    return ERR_OK;
}

static void sandbox_job_done(void *owner, struct sandbox *s)
{
    struct sandbox_job *j = owner;

    j->code = sandbox_job_tell(j, s, &j->err);
    loop_stop(j->loop);
}

static enum err_code sandbox_job_give(void *arg, const struct beneath_entry *entry, struct err *e)
{
    struct sandbox_job *j = arg;
    AUTO_BUF struct buf bytes = BUF_INIT(SANDBOX_GIVEN_BYTES_MAX);

    if (entry->kind == BENEATH_FOLDER || str_eq(entry->path, j->program))
        return ERR_OK;
    if (entry->kind != BENEATH_FILE)
        return err_set(e, ERR_BAD_INPUT, "\"" STR_FMT "\" is a %s; only ordinary files are given to a sandbox",
                       STR_ARG(entry->path), entry->kind == BENEATH_LINK ? "link" : "pipe, a socket or a device");
    if (j->files.len >= SANDBOX_FILES_MAX - 1)
        return err_set(e, ERR_TOO_LARGE, "more than %d files; that is the most a sandbox is given",
                       SANDBOX_FILES_MAX - 1);
    TRY(beneath_read(j->folder, entry->path, (size_t)(SANDBOX_GIVEN_BYTES_MAX - j->given_bytes), &bytes, e));
    j->given_bytes += (int64_t)bytes.len;
    vec_push(&j->files,
             (struct sandbox_file){ arena_strdup(j->arena, entry->path), arena_strdup(j->arena, buf_str(&bytes)) });
    return ERR_OK;
}

static enum err_code sandbox_job_folder(struct sandbox_job *j, struct err *e)
{
    const char *path = arena_cstr(j->arena, args_get(j->args, "files"));
    enum err_code code;

    if (!args_has(j->args, "files"))
        return ERR_OK;
    TRY(beneath_folder(path, &j->folder, e));
    code = beneath_walk(j->folder, (struct beneath_bounds){ 4 * SANDBOX_FILES_MAX, SANDBOX_FOLDER_DEPTH },
                        sandbox_job_give, j, e);
    return code == ERR_OK ? ERR_OK : err_prefix(e, "--files %.200s", path);
}

static enum err_code sandbox_job_input(struct sandbox_job *j, struct err *e)
{
    AUTO_BUF struct buf bytes = BUF_INIT(16u << 20);
    const char *path = arena_cstr(j->arena, args_get(j->args, "input"));

    if (!args_has(j->args, "input"))
        return ERR_OK;
    TRY(file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, bytes.max, &bytes, e));
    j->spec.input = arena_strdup(j->arena, buf_str(&bytes));
    return ERR_OK;
}

static enum err_code sandbox_job_program(struct sandbox_job *j, struct err *e)
{
    AUTO_BUF struct buf bytes = BUF_INIT(SANDBOX_GIVEN_BYTES_MAX);
    struct str path = args_positional(j->args, 1), *words = j->args->positional.at;
    struct sandbox_file file;

    TRY(file_read(arena_cstr(j->arena, path), bytes.max, &bytes, e));
    TRY(sandbox_program(path, arena_strdup(j->arena, buf_str(&bytes)), words + 2, j->args->positional.len - 2, j->arena,
                        &j->spec, &file, e));
    if (file.path.len)
        vec_push(&j->files, file);
    j->program = file.path;
    j->given_bytes = (int64_t)bytes.len;
    return ERR_OK;
}

static enum err_code sandbox_job_limits(struct sandbox_job *j, struct err *e)
{
    sandbox_limits_usual(&j->spec.limits);
    for (size_t i = 0; i < COUNT_OF(sandbox_limit_options); i++)
        if (args_has(j->args, sandbox_limit_options[i]) &&
            sandbox_limits_set(&j->spec.limits, str_c(sandbox_limit_options[i]),
                               args_get(j->args, sandbox_limit_options[i]), e) != ERR_OK)
            return err_prefix(e, "--%s", sandbox_limit_options[i]);
    return ERR_OK;
}

static enum err_code sandbox_run_file(const struct args *args, int *status, struct err *e)
{
    AUTO(sandbox_job_dispose) struct sandbox_job j = { .args = args, .arena = args->arena, .folder = -1, .out = -1, .err = ERR_INIT };
    struct sandbox *s;

    if (args->positional.len < 2)
        return err_set(e, ERR_USAGE, "assay sandbox run needs a program: a *.py, a script that begins with \"#!\", or an ELF program");
    TRY(sandbox_ready(e));
    if (args_has(args, "with"))
        TRY(sandbox_with_read(args_get(args, "with"), &j.spec.with, e));
    TRY(sandbox_job_limits(&j, e));
    TRY(sandbox_job_program(&j, e));
    TRY(sandbox_job_folder(&j, e));
    TRY(sandbox_job_input(&j, e));
    if (args_has(args, "out")) {
        const char *out = arena_cstr(j.arena, args_get(args, "out"));

        TRY(file_mkdirs(out, 0777, e));
        TRY(beneath_folder(out, &j.out, e));
    }
    j.spec.files = j.files.at;
    j.spec.files_count = j.files.len;
    j.spec.starts_programs = args_has(args, "allow-exec");
    j.spec.done = sandbox_job_done;
    j.spec.owner = &j;
    TRY(loop_new(&j.loop, e));
    TRY(sandbox_start(j.loop, &j.spec, &s, e));
    loop_run(j.loop);
    *status = j.fine ? 0 : 1;
    *e = j.err;
    return j.code;
}

/* --- doctor ------------------------------------------------------------------------------------------------------- */
static const char *sandbox_level_name(enum sandbox_level level)
{
    return level == SANDBOX_HAS ? "yes" : level == SANDBOX_LACKS ? "no" : "missing";
}

static enum err_code sandbox_doctor_run(const struct args *args, int *status, struct err *e)
{
    static const struct grid_column columns[] = { { .heading = "isolation" }, { .heading = "here" }, { .heading = "found", .least = 20 } };
    const struct sandbox_finding *f;
    size_t n = sandbox_doctor(args->arena, &f);
    struct grid *g = grid_new(args->arena, columns, COUNT_OF(columns));
    json_t *list = json_array();
    bool ready = true;

    for (size_t i = 0; i < n; i++) {
        ready &= f[i].level != SANDBOX_LACKS_NEEDED;
        grid_cell(g, str_c(f[i].name), GRID_PLAIN);
        grid_cell(g, str_c(sandbox_level_name(f[i].level)),
                  f[i].level == SANDBOX_HAS     ? GRID_GREEN
                  : f[i].level == SANDBOX_LACKS ? GRID_YELLOW
                                                : GRID_RED);
        grid_cell(g, f[i].found, GRID_PLAIN);
        json_array_append_new(list, json_pack("{s:s,s:s,s:o,s:o}", "isolation", f[i].name, "here",
                                              sandbox_level_name(f[i].level), "found", json_from_str(f[i].found),
                                              "remedy", json_from_str(f[i].remedy)));
    }
    *status = ready ? 0 : err_exit_status(ERR_ENVIRONMENT);
    if (args_has(args, "json"))
        return term_json(json_pack("{s:b,s:o}", "ready", ready, "findings", list), e);
    json_decref(list);
    TRY(session_grid(g, e));
    for (size_t i = 0; i < n; i++)
        if (f[i].level != SANDBOX_HAS && f[i].remedy.len) {
            printf("\n");
            term_entry(f[i].name, f[i].remedy.at);
        }
    printf("\n%s\n", ready ? "untrusted programs can be run here"
                           : "untrusted programs can't be run here, and assay will not run them");
    return ERR_OK;
}

static enum err_code sandbox_run(struct args *args, int *status, struct err *e)
{
    static const struct { const char *name; enum err_code (*run)(const struct args *, int *, struct err *); } actions[] = {
        { "run", sandbox_run_file }, { "doctor", sandbox_doctor_run },
    };
    struct str word = args_positional(args, 0);
    struct suggest near;
    char hint[160];

    suggest_begin(&near, word);
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        suggest_offer(&near, str_c(actions[i].name));
        if (str_is(word, actions[i].name))
            return actions[i].run(args, status, e);
    }
    return err_set(e, ERR_USAGE, "assay sandbox does run or doctor, not \"" STR_FMT "\"%s", STR_ARG(word),
                   suggest_hint(&near, hint));
}

const struct command command_sandbox = {
    .name = "sandbox", .usage = "run FILE [ARGS] | doctor", .summary = "Run an untrusted program where it can do no harm.",
    .doc = "run: a Python program, a script or an ELF program, without network, on a read-only system, with bounds on time, memory,\n"
           "files and output. Arguments that begin with \"-\" come after \"--\". Exit status 0 when it ended by itself with 0, 1 when\n"
           "not, 4 when this machine can't isolate it: then it is not run at all.\n"
           "doctor: what isolation this machine has, what is missing, and how to get it.",
    .options = sandbox_options, .positional_min = 1, .positional_max = -1, .complete = "run|doctor file", .run = sandbox_run,
};
