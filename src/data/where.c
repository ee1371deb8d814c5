#include "data/where.h"

#include "template/template.h"

struct where { struct template_env *env; struct template *t; struct arena *scratch; };

enum err_code where_new(const char *expression, struct where **out, struct err *e)
{
    struct template_options options = { .output_max = 16, .memory_max = 64u * 1024 * 1024, .steps_max = 1000000 };
    AUTO_BUF struct buf source = BUF_INIT(WHERE_TEXT_MAX + 64);
    struct str text = str_trim(str_c(expression));
    struct where *w;
    enum err_code code;

    if (text.len == 0)
        return err_set(e, ERR_BAD_INPUT, "--where needs an expression, as in: queue == \"billing\"");
    if (text.len > WHERE_TEXT_MAX)
        return err_set(e, ERR_TOO_LARGE, "--where is longer than %d bytes", WHERE_TEXT_MAX);
    if (str_contains(text, S("%}")) || str_contains(text, S("{%")))
        return err_set(e, ERR_BAD_INPUT,
                       "--where takes an expression without {%% and %%}, as in: queue == \"billing\"");
    buf_printf(&source, "{%% if\n" STR_FMT " %%}1{%% endif %%}", STR_ARG(text));
    w = xcalloc(1, sizeof *w);
    w->env = template_env_new(&options);
    w->scratch = arena_new_sized(4096);
    code = template_compile(w->env, S("--where"), buf_str(&source), &w->t, e);
    if (code != ERR_OK)
        where_free(w);
    else
        *out = w;
    return code;
}

enum err_code where_holds(struct where *w, const struct dataset_case *kase, bool *holds, struct err *e)
{
    AUTO_BUF struct buf out = BUF_INIT(64);
    AUTO_JSON *vars = json_copy((json_t *)kase->vars);          /* shallow: the members are shared */

    if (!json_object_get(vars, "id"))
        json_set_str(vars, "id", kase->id);
    if (kase->expected)
        json_object_set(vars, "expected", (json_t *)kase->expected);
    else
        json_object_set_new(vars, "expected", json_null());
    arena_reset(w->scratch);
    TRY(template_render(w->t, vars, w->scratch, &out, e));
    *holds = out.len > 0;
    return ERR_OK;
}

void where_free(struct where *w)
{
    if (!w)
        return;
    template_env_free(w->env);
    arena_free(w->scratch);
    free(w);
}
