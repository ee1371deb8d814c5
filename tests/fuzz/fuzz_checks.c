/* One check as JSON on the first line, an output after it: read, prepared and judged. Whatever comes, it ends, and what
 * did not pass says why. */
#include "eval/check/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void fuzz_judge(const struct check_ready *ready, struct str output, enum output_format format, struct arena *a)
{
    json_t *vars = json_in_arena(json_pack("{s:s, s:[{s:s}], s:s}", "name", "Ada", "checks", "contains", "a", "ends",
                                           "1:00"),
                                 a);
    json_t *expected = json_in_arena(json_pack("{s:i}", "n", 3), a);
    json_t *calls = json_in_arena(json_pack("[{s:s, s:{s:i}}]", "name", "book", "input", "seats", 2), a);
    struct dataset_case kase = { .id = S("1"), .vars = vars, .expected = expected };
    struct task task = { .output.format = format };
    struct turn turn = { .number = 1, .tool_calls = calls };
    struct usage usage = { .input = 3, .output = 5 };
    struct subject s = { .task = &task, .kase = &kase, .output = output, .turns = &turn, .turn_count = 1, .usage = &usage,
                         .cost_nanousd = 1000, .latency_ms = 5 };
    struct score score;

    subject_begin(&s, a);
    check_judge(ready, &s, a, &score);
    ASSERT(score.state == SCORE_MISSING || score.value == 0 || score.value == 1);
    ASSERT(score.state == SCORE_VALUE && score.value == 1 ? score.note.len == 0 : score.note.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str rest = str_n((const char *)bytes, n), line;
    AUTO_ARENA *a = arena_new_sized(0);
    struct check_ready ready;
    struct check_spec spec;
    struct err e = ERR_INIT;
    json_t *check = NULL;

    if (!str_split(&rest, '\n', &line) || json_read(line, &check, &e) != ERR_OK)
        return 0;
    json_in_arena(check, a);
    if (check_spec_read(check, &spec, &e) != ERR_OK || check_prepare(&spec, a, &ready, &e) != ERR_OK) {
        ASSERT(e.code != ERR_OK && e.text[0]);
        return 0;
    }
    fuzz_judge(&ready, rest, OUTPUT_TEXT, a);
    fuzz_judge(&ready, rest, OUTPUT_CSV, a);
    return 0;
}
