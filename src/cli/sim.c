/* assay sim: the simulated providers as a server of their own. */
#include "cli/session.h"
#include "sim/sim.h"

static const struct option sim_options[] = {
    { "port", 'p', "N", "listen there (default 8377; 0: any free one)", NULL },
    { "address", 0, "A", "listen on this address (default 127.0.0.1)", NULL },
    { "book", 'b', "FILE", "answers: a dataset with expected answers (any form `run` reads)", NULL },
    { "expected", 0, "NAME", "the member that holds the expected answer", NULL },
    { "speed", 0, "N", "answer N times faster than the models would (0: at once; default 1)", NULL },
    { "seed", 0, "N", "of answers and mistakes (default 1)", NULL },
    { "faults", 0, "LIST", "for every request, such as 429=2~0.1,reset~0.01", NULL },
    { "threads", 0, "N", "that take requests (default 1)", NULL },
    { "models", 0, NULL, "list the simulated models and the faults, then end", NULL },
    { "json", 0, NULL, "with --models: as JSON", NULL },
    OPTION_END,
};

static void sim_list(void)
{
    struct sim_model_info m;
    struct sim_fault_info f;

    printf("%-14s %6s %9s %10s %10s  %s\n", "model", "skill", "median", "in $/1M", "out $/1M", "what it is like");
    for (size_t i = 0; sim_model_at(i, &m); i++) {
        printf("%-14s %5.0f %% %6lld ms ", m.name, m.skill * 100, (long long)m.median_ms);
        if (m.priced)
            printf("%10.4g %10.4g", money_to_double(m.input_nanousd), money_to_double(m.output_nanousd));
        else
            printf("%10s %10s", "unknown", "unknown");
        printf("  %s\n", m.about);
    }
    printf("\nfaults: in a model's name (sim:careful!429=2), the header x-sim-fault, --faults, or PUT /control\n");
    for (size_t i = 0; sim_fault_at(i, &f); i++)
        printf("  %-22s %-14s %s\n", f.name, f.value, f.about);
}

static enum err_code sim_list_json(struct err *e)
{
    json_t *models = json_array(), *faults = json_array();
    struct sim_model_info m;
    struct sim_fault_info f;
    char money[MONEY_TEXT];

    for (size_t i = 0; sim_model_at(i, &m); i++)
        json_array_append_new(models, json_pack("{s:s, s:f, s:I, s:o, s:o, s:s}", "model", m.name, "skill", m.skill, "median_ms",
            (json_int_t)m.median_ms, "input_usd_per_million", m.priced ? json_string(money_exact(m.input_nanousd, money)) : json_null(),
            "output_usd_per_million", m.priced ? json_string(money_exact(m.output_nanousd, money)) : json_null(), "about", m.about));
    for (size_t i = 0; sim_fault_at(i, &f); i++)
        json_array_append_new(faults,
                              json_pack("{s:s, s:s, s:s}", "fault", f.name, "value", f.value, "about", f.about));
    return term_json(json_pack("{s:o, s:o}", "models", models, "faults", faults), e);
}

static enum err_code sim_load_book(struct sim *sim, const struct args *args, struct arena *a, struct err *e)
{
    AUTO(dataset_closep) struct dataset_reader *reader = NULL;
    struct dataset_source source = { .path = arena_strdup(a, args_get(args, "book")), .expected = args_get(args, "expected") };
    AUTO_ARENA *one = arena_new_sized(16 * 1024);
    struct dataset_case kase;
    bool more = true;

    TRY(dataset_open(&source, NULL, &reader, e));
    for (;;) {
        arena_reset(one);
        TRY(dataset_next(reader, one, &kase, &more, e));
        if (!more)
            return ERR_OK;
        TRY(sim_book_add(sim, &kase, e));
    }
}

static enum err_code sim_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    struct sim_options o = { .latency_scale = 1, .seed = 1 };
    int64_t port = 8377, seed = 1, threads = 1;
    double speed = 1;

    (void)status;
    if (args_has(args, "models") && args_has(args, "json"))
        return sim_list_json(e);
    if (args_has(args, "models")) {
        sim_list();
        return ERR_OK;
    }
    TRY(args_int(args, "port", 0, 65535, &port, e));
    TRY(args_int(args, "seed", 0, INT64_MAX, &seed, e));
    TRY(args_int(args, "threads", 1, 64, &threads, e));
    TRY(args_double(args, "speed", 0, 1e6, &speed, e));
    TRY(session_open(&s, e));
    o.port = (uint16_t)port;
    o.seed = (uint64_t)seed;
    o.threads = (int)threads;
    o.latency_scale = speed > 0 ? 1 / speed : 0;
    o.address = args_has(args, "address") ? arena_cstr(s.arena, args_get(args, "address")) : NULL;
    o.aws_secret = getenv("ASSAY_SIM_AWS_SECRET");
    o.faults = args_has(args, "faults") ? arena_cstr(s.arena, args_get(args, "faults")) : NULL;
    TRY(sim_new(&o, &s.sim, e));
    if (args_has(args, "book"))
        TRY(sim_load_book(s.sim, args, s.arena, e));
    interrupts_watch();
    printf("%s\n", sim_url(s.sim));
    printf("answers for %lld cases; OPENAI_BASE_URL=%s/v1, GET %s/ledger shows what was billed\n",
           (long long)sim_book_len(s.sim), sim_url(s.sim), sim_url(s.sim));
    fflush(stdout);
    while (!interrupts_seen())
        clock_sleep_ms(100);
    return ERR_OK;
}

const struct command command_sim = {
    .name = "sim", .usage = "[options]", .summary = "Serve simulated providers: every wire format, faults on demand.",
    .options = sim_options, .run = sim_run,
};
