#include "eval/check/text_arg.h"

#include "eval/items.h"
#include "template/template.h"

#define TEXT_ARG_BYTES_MAX ((size_t)1 << 20)

static void text_arg_release(void *env)
{
    template_env_free(env);
}

enum err_code text_arg_prepare(struct str text, struct arena *a, struct text_arg *out, struct err *e)
{
    struct template_env *env;

    *out = (struct text_arg){ .fixed = text };
    if (!str_contains(text, S("{{")) && !str_contains(text, S("{%")))
        return ERR_OK;
    env = template_env_new(&(struct template_options){ .output_max = TEXT_ARG_BYTES_MAX });
    arena_defer(a, text_arg_release, env);
    TRY(template_compile(env, S("argument"), text, &out->tmpl, e));
    out->name_count = template_variables(out->tmpl, a, &out->names);
    return ERR_OK;
}

enum err_code text_args_prepare(const json_t *value, struct arena *a, struct text_args *out, struct err *e)
{
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    struct text_arg *at = arena_array(a, struct text_arg, n);

    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;

        TRY(text_arg_prepare(arena_strdup(a, items_text(one, a)), a, &at[i], e));
    }
    *out = (struct text_args){ .at = at, .count = n };
    return ERR_OK;
}

/* Renders with what the template names; should that fail, once more with all there is, so that the sentence can name
 * the nearest variable. */
static enum err_code text_arg_render(const struct text_arg *t, const struct subject *s, struct arena *a,
                                     struct buf *out, struct err *e)
{
    static const struct str none = { "", 0 };
    const struct str *names = t->name_count ? t->names : &none;

    if (template_render(t->tmpl, subject_vars(s, names, t->name_count, a), a, out, e) == ERR_OK)
        return ERR_OK;
    return template_render(t->tmpl, subject_vars(s, NULL, 0, a), a, out, e);
}

bool text_arg_value(const struct text_arg *t, const struct subject *s, struct arena *a, struct str *out,
                    struct str *why)
{
    AUTO_BUF struct buf b = BUF_INIT(TEXT_ARG_BYTES_MAX);
    struct err e = ERR_INIT;

    *out = t->fixed;
    if (!t->tmpl)
        return true;
    if (text_arg_render(t, s, a, &b, &e) != ERR_OK) {
        *why = arena_strdup(a, str_c(e.text));
        return false;
    }
    *out = arena_strdup(a, buf_str(&b));
    return true;
}
