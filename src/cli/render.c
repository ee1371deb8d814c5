/* assay render: what would be sent, word for word, for one case of a task. Asks nobody. */
#include "cli/choosing.h"
#include "cli/running.h"
#include "eval/preview.h"
#include "eval/report/grid.h"

#include <inttypes.h>

static const struct option render_options[] = {
    { "case", 0, "ID", "this case, by id or position (default the first of those chosen)", NULL },
    SESSION_TASK_OPTIONS,
    CHOOSING_OPTIONS, { "json", 0, NULL, "as JSON", NULL }, SESSION_LLM_OPTIONS, OPTION_END,
};

static bool render_same(const struct preview *a, const struct preview *b)
{
    if (a->count != b->count || a->parts != b->parts)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct message *x = &a->messages[i], *y = &b->messages[i];

        if (x->role != y->role || x->part_count != y->part_count)
            return false;
        for (size_t k = 0; k < x->part_count; k++) {
            const struct part *p = &x->parts[k], *q = &y->parts[k];

            if (p->kind != q->kind || !str_eq(p->text, q->text) || !str_eq(p->url, q->url) ||
                !str_eq(p->base64, q->base64))
                return false;
        }
    }
    return true;
}

/* --- as JSON ------------------------------------------------------------------------------------------------------ */

static json_t *render_part_json(const struct part *p)
{
    json_t *o = json_object();

    json_object_set_new(o, "type", json_string(p->kind == PART_TEXT ? "text" : "image"));
    if (p->kind == PART_TEXT) {
        json_set_str(o, "text", p->text);
    } else if (p->url.len) {
        json_set_str(o, "url", p->url);
    } else {
        json_set_str(o, "media_type", p->media_type);
        json_object_set_new(o, "base64_bytes", json_integer((json_int_t)p->base64.len));
    }
    return o;
}

static json_t *render_variant_json(const struct variant *v, const struct preview *r)
{
    json_t *o = json_object(), *messages = json_array(), *tokens = json_object();

    json_set_str(o, "variant", v->name);
    for (size_t i = 0; i < r->count; i++) {
        json_t *message = json_object(), *parts = json_array();

        json_object_set_new(message, "role", json_string(message_role_name(r->messages[i].role)));
        for (size_t k = 0; k < r->messages[i].part_count; k++)
            json_array_append_new(parts, render_part_json(&r->messages[i].parts[k]));
        json_object_set_new(message, "content", parts);
        json_array_append_new(messages, message);
    }
    json_object_set_new(o, "messages", messages);
    json_object_set_new(o, "parts", json_integer(r->parts));
    json_object_set_new(tokens, "text", json_integer(r->tokens.text));
    json_object_set_new(tokens, "frame", json_integer(r->tokens.frame));
    json_object_set_new(tokens, "tools", json_integer(r->tokens.tools));
    json_object_set_new(tokens, "images", json_integer(r->tokens.images));
    json_object_set_new(tokens, "total", json_integer(r->tokens.total));
    json_object_set_new(tokens, "exact", json_boolean(r->tokens.exact));
    json_object_set_new(o, "tokens", tokens);
    return o;
}

static json_t *render_json(const struct plan *plan, const struct dataset_case *kase, const struct preview *previews)
{
    const struct task *task = plan->task;
    json_t *o = json_object(), *list = json_array();

    json_set_str(o, "task", task->name);
    json_set_str(o, "case", kase->id);
    json_object_set_new(o, "cases", json_integer(plan->run.cases));
    json_object_set_new(o, "vars", json_deep_copy(kase->vars));
    json_object_set_new(o, "expected", kase->expected ? json_deep_copy(kase->expected) : json_null());
    if (task->tools)
        json_object_set_new(o, "tools", json_deep_copy(task->tools));
    if (task->output.schema)
        json_object_set_new(o, "schema", json_deep_copy(task->output.schema));
    json_object_set_new(o, "follow_ups", json_integer((json_int_t)task->turn_count));
    for (size_t i = 0; i < task->variant_count; i++)
        json_array_append_new(list, render_variant_json(&task->variants[i], &previews[i]));
    json_object_set_new(o, "variants", list);
    return o;
}

/* --- as text ------------------------------------------------------------------------------------------------------ */

static void render_value(const char *label, const json_t *value)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 20);

    if (!value)
        return;
    if (json_is_string(value)) {
        term_text(label, str_n(json_string_value(value), json_string_length(value)));
        return;
    }
    json_write_pretty(value, &text);
    term_text(label, buf_failed(&text) ? S("(too large to show)") : buf_str(&text));
}

static void render_message(const struct message *m, struct arena *a)
{
    const char *role = message_role_name(m->role);

    for (size_t k = 0; k < m->part_count; k++) {
        const struct part *p = &m->parts[k];

        if (p->kind == PART_TEXT)
            term_text(role, p->text);
        else if (p->url.len)
            term_text(arena_printf(a, "%s, image", role).at, p->url);
        else
            term_text(arena_printf(a, "%s, image", role).at,
                      arena_printf(a, STR_FMT ", %zu bytes", STR_ARG(p->media_type), p->base64.len / 4 * 3));
    }
}

static enum err_code render_text(struct session *s, const struct plan *plan, const struct dataset_case *kase,
                                 const struct preview *previews, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "variant", .least = 12 }, { .heading = "tokens in", .right = true }, { .heading = "counted" },
        { .heading = "calls", .right = true, .drop = 1 },
    };
    const struct task *task = plan->task;
    struct grid *g = grid_new(s->arena, columns, COUNT_OF(columns));
    bool *shown = arena_array(s->arena, bool, task->variant_count);

    printf("case " STR_FMT ", %" PRId64 " of %" PRId64 "\n", STR_ARG(report_clean(kase->id, false, false, s->arena)),
           kase->index + 1, plan->run.cases);
    for (size_t i = 0; i < task->variant_count; i++) {
        AUTO_BUF struct buf who = BUF_INIT(1 << 16);

        if (shown[i])
            continue;
        for (size_t k = i; k < task->variant_count; k++)
            if (!shown[k] && render_same(&previews[i], &previews[k])) {
                shown[k] = true;
                buf_printf(&who, "%s" STR_FMT, k == i ? "" : ", ", STR_ARG(task->variants[k].name));
            }
        printf("\n");
        term_wrap(stdout, arena_printf(s->arena, "to " STR_FMT, STR_ARG(buf_str(&who))), 0, term_get()->columns);
        for (size_t k = 0; k < previews[i].count; k++)
            render_message(&previews[i].messages[k], s->arena);
        if (previews[i].parts > 1)
            printf("(part 1 of %" PRId64 ": the input is too long to be asked whole)\n", previews[i].parts);
    }
    if (task->turn_count)
        printf("\nthen %zu follow-up%s, written when the answer before %s is there\n", task->turn_count,
               task->turn_count == 1 ? "" : "s", task->turn_count == 1 ? "it" : "each");
    printf("\n");
    render_value("tools", task->tools);
    render_value("schema", task->output.schema);
    render_value("expected", kase->expected);
    printf("\n");
    for (size_t i = 0; i < task->variant_count; i++) {
        grid_cell(g, task->variants[i].name, GRID_PLAIN);
        grid_cellf(g, "%" PRId64, previews[i].tokens.total);
        grid_cell(g, previews[i].tokens.exact ? S("exact") : S("estimate"), GRID_PLAIN);
        grid_cellf(g, "%" PRId64, previews[i].parts * ((int64_t)task->turn_count + 1));
    }
    return session_grid(g, e);
}

static enum err_code render_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO(plan_freep) struct plan *plan = NULL;
    struct dataset_case kase;
    struct preview *previews;

    (void)status;
    TRY(session_open(&s, e));
    TRY(running_plan_dry(&s, args, args_positional(args, 0).at, &plan, e));
    TRY(preview_case(plan, args_get(args, "case"), s.arena, &kase, e));
    previews = arena_array(s.arena, struct preview, plan->task->variant_count);
    for (size_t i = 0; i < plan->task->variant_count; i++)
        if (preview_call(plan, &plan->task->variants[i], &kase, s.arena, &previews[i], e) != ERR_OK)
            return err_prefix(e, "case " STR_FMT, STR_ARG(kase.id));
    return args_has(args, "json") ? term_json(render_json(plan, &kase, previews), e)
                                  : render_text(&s, plan, &kase, previews, e);
}

const struct command command_render = {
    .name = "render", .usage = "TASK [--case ID] [options]", .summary = "Show what would be sent for a case, word for word.",
    .doc = "The messages are rendered as a run would, with the tools and the schema that go with them, and counted as each "
           "variant's model counts them. Nobody is asked.",
    .options = render_options, .positional_min = 1, .positional_max = 1, .complete = "file", .run = render_run,
};
