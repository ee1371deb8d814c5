/* bench/engine_load.c: drives the engine alone, as fast as it goes, and says what it cost.
 *
 *   engine_load --url http://127.0.0.1:9000/v1 --calls 200000 --in-flight 256 [--start 256] [--seconds 20] [--stream]
 * Keeps `in-flight` calls outstanding from one thread, counts answers, prints one line of JSON: calls a second, CPU
 * of this process a call, bytes a waiting call (resident size at the most in flight, less that at the start). */
#include "llm/llm.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

struct load_slot { struct call call; struct arena *arena; struct load *load; };
struct load {
    struct llm *llm;
    struct model model;
    struct message message;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct load_slot **idle;                /* guarded by lock */
    size_t idle_len, width;
    int64_t calls;
    int64_t done, failed, attempts, limited;/* guarded by lock */
    struct err last;
    bool stream, waiting;
};

static double load_option(int argc, char **argv, const char *name, double usual)
{
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], name))
            return strtod(argv[i + 1], NULL);
    return usual;
}

static const char *load_text(int argc, char **argv, const char *name, const char *usual)
{
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], name))
            return argv[i + 1];
    return usual;
}

static int64_t load_resident(void)
{
    long long pages = 0, all;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f) {
        if (fscanf(f, "%lld %lld", &all, &pages) != 2)
            pages = 0;
        fclose(f);
    }
    return pages * sysconf(_SC_PAGESIZE);
}

static double load_cpu_s(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void load_done(struct call *c)
{
    struct load_slot *s = c->owner;
    struct load *l = s->load;

    pthread_mutex_lock(&l->lock);
    l->done++;
    l->attempts += (int64_t)c->attempt_count;
    for (size_t i = 0; i < c->attempt_count; i++)
        l->limited += c->attempts[i].code == ERR_RATE_LIMIT;
    if (c->code != ERR_OK) {
        l->failed++;
        l->last = c->err;
    }
    l->idle[l->idle_len++] = s;
    if (l->waiting && (l->idle_len >= MIN(l->width / 4, (size_t)32) || l->done == l->calls))
        pthread_cond_signal(&l->more);
    pthread_mutex_unlock(&l->lock);
}

static void load_submit(struct load *l, struct load_slot *s)
{
    struct err e = ERR_INIT;

    arena_reset(s->arena);
    s->call = (struct call){
        .request = { .model = &l->model, .messages = &l->message, .message_count = 1 },
        .arena = s->arena, .done = load_done, .owner = s,
    };
    if (l->stream) {
        s->call.request.params.set = BIT(PARAM_STREAM);
        s->call.request.params.stream = true;
    }
    if (llm_submit(l->llm, &s->call, &e) != ERR_OK) {
        fprintf(stderr, "submit: %s\n", e.text);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    int64_t calls = (int64_t)load_option(argc, argv, "--calls", 100000), sent = 0, done = 0;
    size_t width = (size_t)load_option(argc, argv, "--in-flight", 256);
    int64_t seconds = (int64_t)load_option(argc, argv, "--seconds", 0);
    struct llm_options options = {
        .limits = { .in_flight_max = (int64_t)width, .in_flight_start = (int64_t)load_option(argc, argv, "--start", (double)width) },
        .calls_max = 1000000, .seed = 1,
    };
    AUTO_ARENA *a = arena_new_sized(0);
    struct load l = { .stream = load_text(argc, argv, "--stream", NULL) != NULL };
    struct err e = ERR_INIT;
    struct load_slot **batch = xcalloc(width, sizeof *batch);
    struct llm_lane_stat lane;
    int64_t begin, resident, resident_most = 0, last_us, last_done = 0;
    double cpu;

    ASSERT(sodium_init() >= 0);
    if (llm_new(&options, &l.llm, &e) != ERR_OK ||
        llm_set_base_url(l.llm, S("sim"), str_c(load_text(argc, argv, "--url", "http://127.0.0.1:9000/v1")), &e) != ERR_OK) {
        fprintf(stderr, "%s\n", e.text);
        return 4;
    }
    l.model = (struct model){ S("sim"), S("instant"), S("sim:instant") };
    l.message = message_text(MESSAGE_USER, S("The export button has done nothing since this morning and our month closes today."
                             " Which queue, and how urgent? Answer in JSON."), a);
    l.width = width;
    l.calls = calls;
    pthread_mutex_init(&l.lock, NULL);
    pthread_cond_init(&l.more, NULL);
    l.idle = xcalloc(width, sizeof(struct load_slot *));
    for (; l.idle_len < width; l.idle_len++) {
        l.idle[l.idle_len] = xcalloc(1, sizeof(struct load_slot));
        l.idle[l.idle_len]->arena = arena_new_sized(2048);
        l.idle[l.idle_len]->load = &l;
    }
    resident = load_resident();
    begin = last_us = clock_mono_us();
    cpu = load_cpu_s();
    while (done < calls) {
        size_t n;

        pthread_mutex_lock(&l.lock);
        while (l.done < calls && (l.idle_len == 0 || sent == calls)) {
            l.waiting = true;
            pthread_cond_wait(&l.more, &l.lock);
            l.waiting = false;
        }
        n = l.idle_len;
        memcpy(batch, l.idle, n * sizeof *batch);
        l.idle_len = 0;
        done = l.done;
        pthread_mutex_unlock(&l.lock);
        for (size_t i = 0; i < n && sent < calls; i++, sent++)
            load_submit(&l, batch[i]);
        if (clock_mono_us() - last_us > 1000000) {
            int64_t now = clock_mono_us();

            resident_most = MAX(resident_most, load_resident());
            if (load_text(argc, argv, "--watch", NULL) && llm_lane_at(l.llm, 0, &lane))
                fprintf(stderr, "%6.1f s  %8.0f/s  window %lld  in flight %lld  limited %lld  paused %lld ms\n",
                        (double)(now - begin) / 1e6, (double)(done - last_done) / ((double)(now - last_us) / 1e6),
                        (long long)lane.window, (long long)lane.in_flight, (long long)lane.rate_limited,
                        (long long)lane.paused_ms);
            last_us = now;
            last_done = done;
            if (seconds && now - begin > seconds * 1000000)
                l.calls = calls = sent;             /* enough: wait for what is out */
        }
    }
    resident_most = MAX(resident_most, load_resident());
    printf("{\"calls\":%lld,\"seconds\":%.3f,\"calls_per_s\":%.0f,\"cpu_us_per_call\":%.1f,\"failed\":%lld,\"limited\":%lld,"
           "\"bytes_per_waiting_call\":%lld,\"resident_mib\":%.1f}\n", (long long)done, (double)(clock_mono_us() - begin) / 1e6,
           (double)done / ((double)(clock_mono_us() - begin) / 1e6), (load_cpu_s() - cpu) * 1e6 / (double)done,
           (long long)l.failed, (long long)l.limited, (long long)((resident_most - resident) / (int64_t)width),
           (double)resident_most / 1048576);
    if (l.failed)
        fprintf(stderr, "last failure: %s: %s\n", err_name(l.last.code), l.last.text);
    llm_free(l.llm);
    return l.failed ? 3 : 0;
}
