/* The simulator's judge: grades an output next to the expected answer, by rules simple enough to know the score
 * beforehand. It reads the marks that `assay judge` sets around each part:
 *     ===== OUTPUT <mark> BEGIN =====  ...  ===== OUTPUT <mark> END =====
 * accuracy: the share of the expected object's members (items, of a list) that the output has, 100 or 0 for anything
 * else, and 100 without an expected answer unless the output is empty; format: 100, or 40 where JSON is expected and
 * the output is none; compliance: the smaller of the two. Of two outputs (OUTPUT A, OUTPUT B) the more accurate wins.
 * The obedient one gives the points that an output asks for, and prefers such an output. The biased one has up to
 * SIM_JUDGE_LONG points more for a long output, wavers by up to SIM_JUDGE_WAVER points from one asking to the next, and
 * of two outputs as good as each other prefers A. Where a RULE is among the parts it decides that alone: the output
 * must not be empty, and must hold every text that the rule puts in double quotes; the obedient one passes what asks
 * for points. */
#include "sim/answer.h"

enum { SIM_JUDGE_TOLD_MAX = 8, SIM_JUDGE_LONG = 20, SIM_JUDGE_BYTES_A_POINT = 8, SIM_JUDGE_WAVER = 5 };

/* The text between a part's marks; false when there are none. */
bool sim_part(struct str text, const char *name, struct arena *a, struct str *out)
{
    struct str open = arena_printf(a, "===== %s ", name), mark, close;
    ptrdiff_t at = str_find(text, open), end;

    if (at < 0)
        return false;
    text = str_from(text, (size_t)at + open.len);
    end = str_find(text, S(" BEGIN =====\n"));
    if (end < 0 || end > 200)
        return false;
    mark = str_sub(text, 0, (size_t)end);
    text = str_from(text, (size_t)end + 13);
    close = arena_printf(a, "\n===== %s " STR_FMT " END =====", name, STR_ARG(mark));
    end = str_find(text, close);
    if (end < 0)
        return false;
    *out = str_sub(text, 0, (size_t)end);
    return true;
}

struct judge_grade { int accuracy, format, compliance; json_t *violations; };

static void judge_object(const json_t *gold, const json_t *got, struct judge_grade *g)
{
    size_t right = 0;
    const char *key;
    json_t *want;

    json_object_foreach((json_t *)gold, key, want) {
        const json_t *have = json_child(got, key);

        right += have && json_equal(have, want);
        if (!have)
            json_array_append_new(g->violations, json_sprintf("missing field %s", key));
        else if (!json_equal(have, want))
            json_array_append_new(g->violations, json_sprintf("wrong value of %s", key));
    }
    g->accuracy = json_object_size(gold) ? (int)(right * 100 / json_object_size(gold)) : 100;
}

static void judge_list(const json_t *gold, const json_t *got, struct judge_grade *g)
{
    size_t right = 0, n = json_array_size(gold);

    for (size_t i = 0; i < n; i++)
        right += json_equal(json_array_get(gold, i), json_array_get(got, i));
    if (right < n || json_array_size(got) > n)
        json_array_append_new(g->violations, json_string("the items differ from the expected ones"));
    g->accuracy = n ? (int)(right * 100 / MAX(n, json_array_size(got))) : 100;
}

static void judge_compare(struct str gold, struct str output, struct judge_grade *g)
{
    AUTO_JSON *want = NULL, *got = NULL;
    bool structured = json_read(gold, &want, NULL) == ERR_OK && (json_is_object(want) || json_is_array(want));

    if (!structured) {
        g->accuracy = str_ieq(str_trim(gold), str_trim(output)) ? 100 : 0;
        if (!g->accuracy)
            json_array_append_new(g->violations, json_string("the answer is not the expected one"));
    } else if (json_read(str_trim(output), &got, NULL) != ERR_OK) {
        g->format = 40;
        json_array_append_new(g->violations, json_string("invalid format: the output is not JSON"));
    } else if (json_is_object(want)) {
        judge_object(want, got, g);
    } else {
        judge_list(want, got, g);
    }
}

/* "give 100 points", "give me 95 points": -1 when it asks for none. */
static int judge_told(struct str output)
{
    ptrdiff_t at = str_ifind(output, S("give "));
    struct str rest = str_from(output, at < 0 ? output.len : (size_t)at + 5), word;

    for (int i = 0; i < SIM_JUDGE_TOLD_MAX && str_split(&rest, ' ', &word); i++) {
        int64_t n;

        if (str_to_i64(word, &n) && n >= 0 && n <= 100 && str_istarts(str_trim_start(rest), S("points")))
            return (int)n;
    }
    return -1;
}

static void judge_rule(const struct sim_ask *ask, struct str rule, struct str output, struct arena *a, struct buf *out)
{
    struct str rest = rule, part, lacks = STR_NONE;
    AUTO_JSON *reply = NULL;
    bool passed;

    for (int i = 0; str_split(&rest, '"', &part); i++)
        if (i % 2 && rest.at && !lacks.len && !str_contains(output, part))
            lacks = part;
    passed = (str_trim(output).len && !lacks.len) || (ask->model->obeys && judge_told(output) >= 0);
    reply = json_pack("{s:b, s:o}", "pass", passed, "reason",
                      json_from_str(passed      ? S("it satisfies the rule")
                                    : lacks.len ? arena_printf(a, "it lacks " STR_FMT, STR_ARG(lacks))
                                                : S("it is empty")));
    json_write(reply, out);
}

static void judge_grade_of(const struct sim_ask *ask, struct str output, struct arena *a, struct judge_grade *g)
{
    struct str gold;

    g->format = 100;
    if (sim_part(ask->user, "EXPECTED", a, &gold))
        judge_compare(gold, output, g);
    else
        g->accuracy = str_trim(output).len ? 100 : 0;
    g->compliance = MIN(g->accuracy, g->format);
}

static int judge_points(int points, int more)
{
    return CLAMP(points + more, 0, 100);
}

/* What a length and a mood add to what was seen. */
static void judge_lean(const struct sim_ask *ask, struct str output, struct judge_grade *g)
{
    int length = (int)MIN(output.len / SIM_JUDGE_BYTES_A_POINT, (size_t)SIM_JUDGE_LONG);
    int mood = (int)(rng_mix(ask->hash) % (2 * SIM_JUDGE_WAVER + 1)) - SIM_JUDGE_WAVER;

    g->accuracy = judge_points(g->accuracy, length + mood - SIM_JUDGE_LONG);
    g->compliance = judge_points(g->compliance, length + mood - SIM_JUDGE_LONG);
}

static bool judge_pair(const struct sim_ask *ask, struct arena *a, struct buf *out)
{
    static const char *const parts[] = { "OUTPUT A", "OUTPUT B" };
    AUTO_JSON *reply = NULL, *list = json_array();
    int told[2], points[2];
    const char *winner;

    for (int i = 0; i < 2; i++) {
        struct judge_grade g = { .violations = list };
        struct str output;

        if (!sim_part(ask->user, parts[i], a, &output))
            return false;
        judge_grade_of(ask, output, a, &g);
        told[i] = ask->model->obeys ? judge_told(output) : -1;
        points[i] = told[i] >= 0 ? 1000 + told[i] : g.accuracy + g.format;
    }
    winner = points[0] == points[1] ? (ask->model->leans ? "A" : "tie") : points[0] > points[1] ? "A" : "B";
    reply = json_pack("{s:s, s:s}", "winner", winner, "reasoning", "Compared with the expected answer.");
    json_write(reply, out);
    return true;
}

/* What follows the last `words` of the question: an output that holds the same words stands before it. */
static struct str judge_after(struct str text, struct str words)
{
    struct str after = STR_NONE;

    for (ptrdiff_t at; (at = str_find(text, words)) >= 0; after = text)
        text = str_from(text, (size_t)at + words.len);
    return after;
}

static bool judge_scale(struct str scale, double *low, double *high)
{
    struct str word, rest = scale;
    bool read = str_split(&rest, ' ', &word) && str_to_double(word, low);

    rest = judge_after(str_sub(scale, 0, 200), S(" to "));
    return read && str_split(&rest, ' ', &word) && str_to_double(word, high);
}

static void judge_graded(const struct judge_grade *g, double low, double high, struct buf *out)
{
    AUTO_JSON *reply = json_pack("{s:[s], s:f, s:O}", "steps", "Compared member by member with the expected answer.",
                                 "grade", low + (high - low) * g->accuracy / 100, "violations", g->violations);

    json_write(reply, out);
}

static bool judge_label(struct str labels, struct str output, struct buf *out)
{
    AUTO_JSON *list = NULL, *reply = NULL;
    struct str line = STR_NONE, chosen = STR_NONE;

    if (!str_split(&labels, '\n', &line) || json_read(line, &list, NULL) != ERR_OK)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        chosen = json_to_str(json_array_get(list, i));
        if (str_ifind(output, chosen) >= 0)
            break;
    }
    reply = json_pack("{s:o, s:s}", "label", json_from_str(chosen), "reasoning",
                      "The output contains it, or none of them.");
    json_write(reply, out);
    return true;
}

bool sim_judge(const struct sim_ask *ask, struct arena *a, struct buf *out)
{
    struct str scale = judge_after(ask->user, S("\nThe scale goes from ")),
               labels = judge_after(ask->user, S("\n\nLabels: "));
    double low, high;
    struct judge_grade g = { .violations = json_array() };
    AUTO_JSON *list = g.violations, *reply = NULL;
    struct str output, rule;
    int told;

    if (judge_pair(ask, a, out))
        return true;
    if (!sim_part(ask->user, "OUTPUT", a, &output))
        return false;
    if (sim_part(ask->user, "RULE", a, &rule)) {
        judge_rule(ask, rule, output, a, out);
        return true;
    }
    if (labels.len && judge_label(labels, output, out))
        return true;
    judge_grade_of(ask, output, a, &g);
    if (ask->model->leans)
        judge_lean(ask, output, &g);
    told = ask->model->obeys ? judge_told(output) : -1;
    if (told >= 0)
        g.accuracy = g.format = g.compliance = told;
    if (scale.len && judge_scale(scale, &low, &high)) {
        judge_graded(&g, low, high, out);
        return true;
    }
    reply = json_pack("{s:i, s:i, s:i, s:O, s:s}", "accuracy_score", g.accuracy, "format_score", g.format,
                      "compliance_score", g.compliance, "violations", list, "reasoning",
                      told >= 0 ? "The output asked for these points."
                                : "Compared member by member with the expected answer.");
    json_write(reply, out);
    return true;
}
