/* A model's output, whatever it is, through every metric and a check of each family; then the whole as stored scores. */
#include "eval/scoring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *fuzz_json(const char *text, struct arena *a)
{
    json_t *j = NULL;

    ASSERT(json_read(str_c(text), &j, NULL) == ERR_OK);
    return json_in_arena(j, a);
}

static void fuzz_score(struct str output, enum output_format format, const char *expected, struct arena *a)
{
    static const char *const checks[] = {
        "{\"regex\":\"^(\\\\w+ ?)+$\"}", "{\"path\":\"$.items[*].id\",\"range\":{\"min\":0}}", "{\"required_keys\":[\"a\"]}",
        "{\"max_items\":3}", "{\"contains_any\":[\"x\",\"y\"]}", "{\"equals\":{\"a\":[1]}}", "{\"words\":{\"max\":4}}",
    };
    struct check_spec specs[COUNT_OF(checks)];
    struct metric_spec metrics[48];
    struct task task = { .checks = specs, .metrics = metrics, .output = { .format = format, .format_given = true } };
    struct dataset_case kase = { .expected = fuzz_json(expected, a) };
    struct scoring *sc = NULL;
    struct score out[64];

    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        json_t *o = fuzz_json(checks[i], a);
        size_t n = 0;

        for (; n < check_kinds() && !json_object_get(o, check_at(n)->name); n++)
            ;
        specs[task.check_count++] = (struct check_spec){
            .name = arena_printf(a, "c%zu", i), .kind = str_c(check_at(n)->name), .options = o, .weight = 1,
            .argument = json_object_get(o, check_at(n)->name) };
    }
    for (size_t i = 0; i < metric_count() && i < COUNT_OF(metrics); i++)
        if (!metric_at(i)->wish)                        /* it needs a model's name */
            metrics[task.metric_count++] = (struct metric_spec){ str_c(metric_at(i)->name), str_c(metric_at(i)->name), NULL, 1 };
    task.constraints = format == OUTPUT_TEXT ? NULL : fuzz_json("{\"min_count\":1,\"max_duration_minutes\":2,"
        "\"required_fields\":[\"a\"],\"required_csv_columns\":[\"a\"],\"max_length\":9}", a);
    ASSERT(scoring_new(&task, &sc, NULL) == ERR_OK);
    scoring_run(sc, &(struct subject){ .kase = &kase, .output = output, .latency_ms = 1 }, a, out);
    for (size_t i = 0; i < scoring_count(sc); i++)
        if (scoring_at(sc, i)->unit == METRIC_RATIO && out[i].state == SCORE_VALUE)
            ASSERT(out[i].value >= 0 && out[i].value <= 1);
    scoring_free(sc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const expected[] = { "{\"a\":1,\"b\":\"x\"}", "[\"a\",{\"id\":1}]", "\"one, two\"", "{\"items\":[[\"a\",\"b\"]]}" };
    AUTO_ARENA *a = arena_new_sized(0);
    struct str all = str_n((const char *)data, size);
    struct score scores[8];

    for (int format = 0; format < OUTPUT_FORMATS; format++)
        fuzz_score(all, (enum output_format)format, expected[size % COUNT_OF(expected)], a);
    if (scores_read(all, a, scores, COUNT_OF(scores), NULL) == ERR_OK)
        ASSERT(scores[0].state == SCORE_MISSING || scores[0].value == scores[0].value);
    return 0;
}
