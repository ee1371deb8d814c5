/* Tools about tasks, which cost nothing: list_tasks, validate_task, estimate; and what run_task shares with them. */
#include "compat/mcp_parts.h"

#include "eval/task_verify.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- list_tasks --------------------------------------------------------------------------------------------------- */
#define MCP_WALK_DEPTH   6
#define MCP_WALK_ENTRIES 20000
#define MCP_WALK_TASKS   500
#define MCP_TASK_BYTES   ((size_t)1 << 20)

struct mcp_walk { const struct mcp *m; struct arena *a; json_t *list; int64_t entries; bool more; };

/* Has it the keys of a task? Only load says whether it is a good one. */
static bool mcp_looks_like_task(const struct doc_node *n)
{
    return n->kind == DOC_MAP &&
           (doc_get(n, "prompt") || doc_get(n, "prompts") || doc_get(n, "fork_of") ||
            (doc_get(n, "description") && doc_get(n, "output_format")) || (doc_get(n, "name") && doc_get(n, "goal")));
}

static void mcp_walk_text(const struct doc_node *n, const char *key, json_t *o)
{
    const struct doc_node *value = doc_get(n, key);

    if (value && value->kind == DOC_STRING)
        json_set_str(o, key, str_utf8_head(str_trim(value->text), 500));
}

static void mcp_walk_file(struct mcp_walk *w, struct str path)
{
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    AUTO_BUF struct buf text = BUF_INIT(MCP_TASK_BYTES);
    struct doc_node *root;
    const struct doc_node *models;
    json_t *one;

    if (json_array_size(w->list) >= MCP_WALK_TASKS) {
        w->more = true;
        return;
    }
    if (file_read_beneath(w->m->root, path, MCP_TASK_BYTES, &text, NULL) != ERR_OK ||
        doc_read(path, buf_str(&text), doc_form_of(path), a, &root, NULL) != ERR_OK || !mcp_looks_like_task(root))
        return;
    one = json_object();
    json_set_str(one, "task", path);
    mcp_walk_text(root, "name", one);
    mcp_walk_text(root, "description", one);
    models = doc_get(root, "models");
    if (models && models->kind == DOC_LIST && models->count <= 100)
        json_object_set_new(one, "models", doc_to_json(models));
    json_array_append_new(w->list, one);
}

static int mcp_walk_order(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static void mcp_walk_folder(struct mcp_walk *w, struct str path, int depth)
{
    VEC(struct str) names = { 0 };
    struct dirent *d;
    DIR *dir = NULL;
    int fd;

    if (file_open_folder_beneath(w->m->root, path, &fd, NULL) == ERR_OK && !(dir = fdopendir(fd)))
        close(fd);
    while (dir && (d = readdir(dir))) {
        if (d->d_name[0] == '.' || strcmp(d->d_name, "node_modules") == 0 || d->d_type == DT_LNK)
            continue;
        if (w->entries++ >= MCP_WALK_ENTRIES) {
            w->more = true;
            break;
        }
        vec_push(&names, arena_strdup(w->a, str_c(d->d_name)));
    }
    if (names.len)
        qsort(names.at, names.len, sizeof *names.at, mcp_walk_order);
    for (size_t i = 0; i < names.len; i++) {
        struct str one = str_is(path, ".") ? names.at[i] : path_join(w->a, path, names.at[i]),
                   ext = path_ext(names.at[i]);
        struct stat st;

        if (fstatat(dirfd(dir), names.at[i].at, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth > 0)
            mcp_walk_folder(w, one, depth - 1);
        else if (S_ISREG(st.st_mode) && (str_ieq(ext, S("yaml")) || str_ieq(ext, S("yml")) || str_ieq(ext, S("json"))))
            mcp_walk_file(w, one);
        else if (S_ISREG(st.st_mode) && str_is(names.at[i], "USE-CASE.md") && json_array_size(w->list) < MCP_WALK_TASKS)
            json_array_append_new(w->list, json_pack("{s:o, s:s}", "task", json_from_str(path), "description",
                                                     "a use-case folder"));
    }
    if (dir)
        closedir(dir);
    vec_dispose(&names);
}

static enum err_code mcp_list_tasks(const struct mcp_request *rq, struct mcp_answer *out, struct err *e)
{
    struct mcp_walk w = { .m = rq->m, .a = rq->a, .list = json_array() };

    (void)e;
    mcp_walk_folder(&w, S("."), MCP_WALK_DEPTH);
    out->data = json_pack("{s:o, s:b}", "tasks", w.list, "more", (int)w.more);
    return ERR_OK;
}

const struct mcp_tool mcp_tool_list_tasks = {
    .name = "list_tasks", .title = "List task files",
    .doc = "The task files below the server's folder, with their names, descriptions and models. At most 500, six folders deep.",
    .input = "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}", .call = mcp_list_tasks,
};

/* --- loading ------------------------------------------------------------------------------------------------------ */
static enum err_code mcp_load(const struct mcp_request *rq, struct arena *a, struct task **out, struct problems *p,
                              struct err *e)
{
    const json_t *models = json_child(rq->arguments, "models");
    struct task_overrides over = { .repeat = json_get_i64(rq->arguments, "repeat", 0), .model_count = json_array_size(models) };
    struct str *list = arena_array(rq->a, struct str, over.model_count), path, root = str_c(rq->m->root);
    enum err_code code;

    for (size_t i = 0; i < over.model_count; i++)
        list[i] = json_to_str(json_array_get(models, i));
    over.models = list;
    TRY(mcp_path(rq->m, json_get_str(rq->arguments, "task"), rq->a, &path, e));
    code = task_load(path.at, &over, a, out, p, e);
    for (size_t i = 0; i < p->list.len; i++)            /* the client knows paths below the root */
        if (str_starts(p->list.at[i].where, root))
            p->list.at[i].where = str_from(p->list.at[i].where, root.len + 1);
    return code;
}

static enum err_code mcp_validate_task(const struct mcp_request *rq, struct mcp_answer *out, struct err *e)
{
    AUTO(problems_dispose) struct problems problems = PROBLEMS_INIT;
    struct err later = ERR_INIT;
    struct task *task = NULL;
    int64_t cases = 0;

    if (mcp_load(rq, rq->a, &task, &problems, e) != ERR_OK) {
        if (!problems.errors)
            return e->code;
    } else if (plan_resolve(task, rq->a, &later) == ERR_OK) {
        later.code = task_verify_cases(task, rq->a, &cases, &later);
    }
    out->data = task_verify_json(json_get_str(rq->arguments, "task"), &problems, str_c(later.text));
    if (task && later.code == ERR_OK) {
        json_object_set_new(out->data, "cases", json_integer(cases));
        json_object_set_new(out->data, "variants", json_integer((json_int_t)task->variant_count));
        json_object_set_new(out->data, "checks", json_integer((json_int_t)task->check_count));
        json_object_set_new(out->data, "metrics", json_integer((json_int_t)task->metric_count));
    }
    return ERR_OK;
}

const struct mcp_tool mcp_tool_validate_task = {
    .name = "validate_task", .title = "Check a task file",
    .doc = "Every fault of a task file and its cases at once, with file, line, column and what is allowed. Asks no model.",
    .input = "{\"type\":\"object\",\"properties\":{" MCP_TASK_ARGUMENTS "},\"required\":[\"task\"],\"additionalProperties\":false}",
    .call = mcp_validate_task,
};

/* --- planning ----------------------------------------------------------------------------------------------------- */
static enum err_code mcp_llm(const struct mcp *m, struct llm **out, struct err *e)
{
    struct llm_options o = { .home = m->options.home, .prices_file = m->options.prices_file, .calls_max = 1000000,
                             .limits.in_flight_max = 64, .allow_programs = m->options.allow_programs };

    TRY(llm_new(&o, out, e));
    return m->options.base_url
               ? llm_set_base_url(*out, str_c(m->options.base_url_provider), str_c(m->options.base_url), e)
               : ERR_OK;
}

/* What is said of a task that can't be read: all its faults, with their places. */
static enum err_code mcp_faults(const struct problems *p, enum err_code code, struct err *e)
{
    AUTO_BUF struct buf all = BUF_INIT(sizeof e->text - 64);

    for (size_t i = 0; i < p->list.len && !all.failed; i++)
        if (!p->list.at[i].warning)
            buf_printf(&all, "%s" STR_FMT ": " STR_FMT, all.len ? "; " : "", STR_ARG(p->list.at[i].where),
                       STR_ARG(p->list.at[i].text));
    if (!all.len)
        return code;
    return err_set(e, code, "%s%s", buf_cstr(&all), buf_failed(&all) ? " ... and more: validate_task lists all" : "");
}

static enum err_code mcp_plan_in(const struct mcp_request *rq, bool keys, struct llm *l, struct arena *a,
                                 struct plan **out, struct err *e)
{
    AUTO(problems_dispose) struct problems problems = PROBLEMS_INIT;
    struct dataset_select choose = { .limit = json_get_i64(rq->arguments, "limit", 0) };
    struct data_pack_info info;
    const json_t *select;
    struct task *task;
    enum err_code code = mcp_load(rq, a, &task, &problems, e);

    if (code != ERR_OK)
        return mcp_faults(&problems, code, e);
    TRY(plan_resolve(task, a, e));
    if (keys)
        TRY(plan_check_keys(task, l, e));
    TRY(mcp_blob(rq->m, e));
    TRY(plan_freeze(task, &choose, rq->m->blob, NULL, NULL, a, &info, &select, e));
    return plan_new(task, a, rq->m->blob, &info, select, l, out, e);
}

/* The task outlives the request, so it has an arena of its own, which the plan takes. */
static enum err_code mcp_plan_with(const struct mcp_request *rq, bool keys, struct llm *l, struct plan **out,
                                   struct err *e)
{
    struct arena *a = arena_new_sized(16 * 1024);
    enum err_code code = mcp_plan_in(rq, keys, l, a, out, e);

    if (code != ERR_OK)
        arena_free(a);
    return code;
}

enum err_code mcp_plan(const struct mcp_request *rq, bool keys, struct llm **llm, struct plan **out, struct err *e)
{
    struct llm *l = NULL;
    enum err_code code = mcp_llm(rq->m, &l, e);

    if (code == ERR_OK)
        code = mcp_plan_with(rq, keys, l, out, e);
    if (code == ERR_OK)
        *llm = l;
    else
        llm_free(l);
    return code;
}

static enum err_code mcp_estimate(const struct mcp_request *rq, struct mcp_answer *out, struct err *e)
{
    AUTO(plan_freep) struct plan *plan = NULL;
    struct llm *l;

    TRY(mcp_plan(rq, false, &l, &plan, e));
    out->data = plan_estimate_json(plan);
    llm_free(l);
    return ERR_OK;
}

const struct mcp_tool mcp_tool_estimate = {
    .name = "estimate", .title = "Estimate what a run costs",
    .doc = "Trials, calls, tokens and cost of a run, in all and for each variant, before anything is asked. Costs nothing.",
    .input = "{\"type\":\"object\",\"properties\":{" MCP_TASK_ARGUMENTS "," MCP_CASES_ARGUMENTS "},\"required\":[\"task\"],"
             "\"additionalProperties\":false}",
    .call = mcp_estimate,
};
