/* A pool that is fed from elsewhere. */
#include "run/serve.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "experiment/record.h"
#include "experiment/route.h"
#include "experiment/setup.h"
#include "run/memory.h"
#include "run/network.h"
#include "run/rank_message.h"
#include "run/schedule.h"
#include "run/share.h"
#include "workers/scratch_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIVE 1.0 /* seconds */

/* A job of the parent's. */
struct served {
    struct pool_job pool;
    struct job job;
    uint64_t ticket;
    bool given, skip, cancelled;
    struct served *next;
};

struct server {
    struct run run;
    struct wave_state wave;
    const struct transport *transport;
    struct served *jobs; /* the last that came first */
    FILE *log;           /* what plugins print, on its way to the parent */
    long sent;           /* of it */
    double alive;
    bool over, failed;
    struct error *error;
};

static bool say(struct server *s, const struct rank_header *h, const void *body, size_t size) {
    return rank_send(s->transport, 0, h, body, size, s->error);
}

/* ---- what the parent tells ---- */

static void end_wave(struct server *s) {
    memo_file_destroy(s->wave.memos);
    memo_file_destroy(s->wave.gradients);
    s->wave = (struct wave_state){.run = &s->run};
}

static bool take_job(struct server *s, uint64_t ticket, const void *body, size_t size) {
    struct served *j = calloc(1, sizeof *j);
    if (!j) return error_memory(s->error);
    bool ok = job_record_read(&s->run, body, size, &j->job, &j->pool, &j->skip, s->error);
    j->ticket = ticket;
    j->pool.user = &j->job;
    j->job.wave = &s->wave;
    j->next = s->jobs;
    s->jobs = j;
    return ok;
}

static bool take_network(struct server *s, uint32_t index, const void *body, size_t size) {
    float *flat = malloc(size + 1);
    if (!flat) return error_memory(s->error);
    memcpy(flat, body, size);
    bool ok = network_take(&s->run, index, flat, size / sizeof *flat, s->error);
    free(flat);
    return ok;
}

static void cancel(struct server *s, uint64_t ticket) {
    for (struct served *j = s->jobs; j; j = j->next)
        if (j->ticket == ticket) j->cancelled = true;
}

static bool obey(struct server *s, const char *data, size_t size) {
    struct rank_header h;
    const char *body = data + sizeof h;
    if (size < sizeof h) return error_set(s->error, "a message of %zu bytes", size);
    memcpy(&h, data, sizeof h);
    size -= sizeof h;
    switch (h.kind) {
    case TELL_EXPAND:
        return h.a < s->run.control_count ? setup_expand(&s->run, h.a, h.b, h.c, s->error)
                                          : error_set(s->error, "a control that the battery does not have");
    case TELL_NETWORK: return take_network(s, h.a, body, size);
    case TELL_LABELS: return setup_inputs(&s->run, ROOT_LABELS, s->error);
    case TELL_WAVE:
        end_wave(s);
        schedule_make_memos(&s->wave);
        return true;
    case TELL_JOB: return take_job(s, h.ticket, body, size);
    case TELL_CANCEL: cancel(s, h.ticket); return true;
    case TELL_FINISH: s->over = true; return true;
    default: return error_set(s->error, "a message of kind %u", h.kind);
    }
}

static bool listen(struct server *s) {
    bool ok = true;
    for (bool there = true; ok && there && !s->over;) {
        uint32_t from;
        void *data = NULL;
        size_t size;
        ok = s->transport->receive(s->transport->state, &from, &data, &size, &there, s->error) &&
             (!there || obey(s, data, size));
        free(data);
    }
    return ok;
}

/* ---- the pool's hooks ---- */

static bool prepare(void *user, struct pool_job *p, struct error *e) {
    struct server *s = user;
    return schedule_prepare(&s->wave, p, e);
}

static struct served *served_of(struct server *s, const struct pool_job *p) {
    struct served *j = s->jobs;
    while (&j->pool != p) j = j->next;
    return j;
}

static void work(void *user, struct pool_job *p, struct channel *channel) {
    struct server *s = user;
    if (!served_of(s, p)->skip) schedule_work(&s->wave, p, channel);
}

static enum pool_answer message(void *user, struct pool_job *p, uint32_t type, const void *data, size_t size,
                                struct error *e) {
    struct server *s = user;
    const struct served *j = served_of(s, p);
    if (j->cancelled) {
        error_set(e, "is not wanted any more");
        return POOL_BREACH;
    }
    if (say(s, &(struct rank_header){.kind = SAY_MESSAGE, .a = type, .ticket = j->ticket}, data, size))
        return POOL_TAKEN;
    *e = *s->error;
    return POOL_FAILURE;
}

static bool ended(void *user, struct pool_job *p, const char *death, struct error *e) {
    struct server *s = user;
    struct served *j = served_of(s, p), **at = &s->jobs;
    const struct rank_header h = {.kind = SAY_END, .a = p->breach, .b = p->killed > 0, .ticket = j->ticket};
    bool ok = say(s, &h, death, death ? strlen(death) : 0);
    if (!ok) *e = *s->error;
    while (*at != j) at = &(*at)->next;
    *at = j->next;
    job_finish(&j->job);
    free(j);
    return ok;
}

static void forward_log(struct server *s) {
    char bytes[4096];
    ssize_t n;
    while (s->log && (n = pread(fileno(s->log), bytes, sizeof bytes, s->sent)) > 0) {
        s->sent += n;
        if (!say(s, &(struct rank_header){.kind = SAY_LOG}, bytes, (size_t)n)) return;
    }
}

static void tick(void *user, uint32_t running) {
    struct server *s = user;
    double now = clock_seconds();
    (void)running;
    for (uint32_t row = 0; row < s->run.explainer_count; row++) {
        const struct explainer_entry *r = &s->run.explainers[row];
        if (r->plugin) plugin_tend(r->plugin, s->run.log, r->name);
    }
    s->failed = s->failed || !listen(s);
    forward_log(s);
    if (now - s->alive < ALIVE) return;
    s->alive = now;
    s->failed = s->failed || !say(s, &(struct rank_header){.kind = SAY_ALIVE}, NULL, 0);
}

static struct pool_job *more(void *user, bool *over) {
    struct server *s = user;
    struct served *oldest = NULL;
    for (struct served *j = s->jobs; j; j = j->next)
        if (!j->given) oldest = j;
    *over = s->failed || (s->over && !oldest);
    if (!oldest || s->failed) return NULL;
    oldest->given = true;
    return &oldest->pool;
}

/* ---- all of it ---- */

static bool set_up(struct server *s, const struct run_options *options, const struct control *const *controls) {
    struct run *run = &s->run;
    struct error *e = s->error;
    run->dry = true; /* the parent measures how good the network is */
    return setup_run(run, options, controls, e) && store_open(":memory:", &run->store, e) &&
           setup_inputs(run, ROOT_MODEL, e) && setup_inputs(run, ROOT_LINEAR, e) &&
           (!setup_needs_labels(run) || network_list(run, e));
}

static bool greet(struct server *s, unsigned workers) {
    char identity[FILE_DIGEST_SIZE], probe[FILE_DIGEST_SIZE], host[128] = "?", *text = NULL;
    bool ok = record_run(&s->run, identity, &text, s->error) && share_probe(&s->run, probe, s->error);
    struct compute_route route;
    compute_route_here(&route);
    free(text);
    if (gethostname(host, sizeof host - 1) != 0 || strpbrk(host, "\"\\")) strcpy(host, "?");
    text =
        text_format("{\"host\": \"%s\", \"identity\": \"%s\", \"route\": \"%s\", \"probe\": \"%s\", \"workers\": %u}",
                    host, identity, compute_route_text(&route).text, probe, workers);
    ok = ok && (text ? say(s, &(struct rank_header){.kind = SAY_HELLO}, text, strlen(text)) : error_memory(s->error));
    free(text);
    return ok;
}

bool serve_run(const struct run_options *options, const struct control *const *controls,
               const struct transport *transport, struct error *e) {
    static const struct pool_hooks hooks = {prepare, work, message, NULL, ended, tick, more};
    struct error ignored;
    struct server s = {.transport = transport, .error = e};
    scratch_folder_sweep();
    s.log = tmpfile();
    s.run.log = s.log ? fileno(s.log) : -1;
    s.wave.run = &s.run;
    unsigned workers = options->jobs;
    s.run.memory = options->memory; /* of this process and its own */
    bool ok = set_up(&s, options, controls) && memory_fit(&s.run, MEMORY_OWN_RESERVE, &workers, e) &&
              greet(&s, workers) && pool_run(NULL, 0, workers, s.run.log, &hooks, &s, e) && !s.failed;
    if (!ok) rank_send(transport, 0, &(struct rank_header){.kind = SAY_FAILED}, e->text, strlen(e->text), &ignored);
    else rank_send(transport, 0, &(struct rank_header){.kind = SAY_BYE}, NULL, 0, &ignored);
    while (s.jobs) {
        struct served *j = s.jobs;
        s.jobs = j->next;
        job_finish(&j->job);
        free(j);
    }
    end_wave(&s);
    setup_finish(&s.run);
    if (s.log) fclose(s.log);
    return ok;
}
