/* The parent's side of a run on several machines. */
#include "run/ranks.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "experiment/record.h"
#include "experiment/route.h"
#include "run/rank_message.h"
#include "run/share.h"
#include "workers/interrupt.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SILENCE 120.0   /* seconds after which a process is lost that should speak every second */
#define PATIENCE 3600.0 /* where it takes inputs, as the parent did */
#define MEETING 900.0   /* until all have read the battery */

struct peer {
    char *host;
    uint32_t places, taken; /* workers there; jobs there */
    uint32_t done;          /* jobs that came to their end there */
    double heard;           /* or is not to be missed before then */
    bool ready, lost, over;
};

struct ticket {
    uint64_t number;
    uint32_t rank;
    size_t job;
    bool cancelled;
};

struct ranks {
    const struct transport *transport;
    struct peer *peers;     /* [count]; the first is the parent itself */
    struct ticket *tickets; /* [ticket_count] jobs that are away */
    size_t ticket_count;
    uint64_t last; /* ticket */
    double silence, created;
    struct wave_state *wave;
    void *data; /* of the message at hand */
    uint32_t lost;
};

bool ranks_create(const struct transport *t, struct ranks **out, struct error *e) {
    struct ranks *r = calloc(1, sizeof *r);
    const char *given = getenv("ASSAY_RANK_SILENCE");
    if (!r || !(r->peers = calloc(t->count, sizeof *r->peers))) {
        free(r);
        return error_memory(e);
    }
    r->transport = t;
    if (!given || !text_to_double(given, &r->silence) || r->silence <= 0) r->silence = SILENCE;
    r->created = clock_seconds();
    *out = r;
    return true;
}

void ranks_say(const struct ranks *r) {
    if (!r) return;
    for (uint32_t k = 1; k < r->transport->count; k++)
        fprintf(stderr, "assay: rank %u on %s: %u jobs%s\n", k, r->peers[k].host ? r->peers[k].host : "?",
                r->peers[k].done, r->peers[k].lost ? ", then lost" : "");
}

uint32_t ranks_lost(const struct ranks *r) {
    return r ? r->lost : 0;
}

/* To all that are there. */
static bool tell_all(struct ranks *r, const struct rank_header *h, const void *body, size_t size, struct error *e) {
    bool ok = true;
    for (uint32_t k = 1; ok && k < r->transport->count; k++)
        if (!r->peers[k].lost) ok = rank_send(r->transport, k, h, body, size, e);
    return ok;
}

/* Until all have said that they end, or are lost: the transport's end would wait for them. */
static void part(struct ranks *r) {
    struct error ignored;
    double begin = clock_seconds();
    uint32_t left = 0;
    for (uint32_t k = 1; k < r->transport->count; k++) left += !r->peers[k].over && !r->peers[k].lost;
    tell_all(r, &(struct rank_header){.kind = TELL_FINISH}, NULL, 0, &ignored);
    while (left && clock_seconds() - begin < r->silence && !interrupt_signal()) {
        struct rank_header h = {0};
        uint32_t from;
        void *data = NULL;
        size_t size;
        bool there;
        if (!r->transport->receive(r->transport->state, &from, &data, &size, &there, &ignored)) break;
        if (there && size >= sizeof h) memcpy(&h, data, sizeof h);
        if (there && (h.kind == SAY_BYE || h.kind == SAY_FAILED) && !r->peers[from].over) {
            r->peers[from].over = true;
            left -= !r->peers[from].lost; /* whoever is lost may speak again */
        }
        free(data);
        if (!there) nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
    for (uint32_t k = 1; left && k < r->transport->count; k++)
        if (!r->peers[k].over && !r->peers[k].lost) r->transport->drop(r->transport->state, k);
}

void ranks_destroy(struct ranks *r) {
    if (!r) return;
    part(r);
    for (uint32_t k = 0; k < r->transport->count; k++) free(r->peers[k].host);
    free(r->peers);
    free(r->tickets);
    free(r->data);
    free(r);
}

/* While a wave is at work: its table would be written over what is said. */
static void make_room(struct ranks *r) {
    if (r->wave->progress) progress_hide(r->wave->progress);
}

static void lose(struct ranks *r, uint32_t rank, const char *why) {
    struct peer *p = &r->peers[rank];
    if (p->lost) return;
    fprintf(stderr, "assay: warning: rank %u%s%s %s: it is left out, and its jobs start again elsewhere\n", rank,
            p->host ? " on " : "", p->host ? p->host : "", why);
    p->lost = true;
    r->lost++;
    r->transport->drop(r->transport->state, rank);
}

/* ---- meeting ---- */

static bool check_hello(struct ranks *r, uint32_t from, const char *body, size_t size, const char *identity,
                        const char *probe, struct error *e) {
    json_t *o = json_loadb(body, size, 0, NULL);
    const char *host = json_string_value(json_object_get(o, "host"));
    const char *theirs = json_string_value(json_object_get(o, "identity"));
    const char *route = json_string_value(json_object_get(o, "route"));
    const char *bytes = json_string_value(json_object_get(o, "probe"));
    struct compute_route here;
    compute_route_here(&here);
    struct peer *p = &r->peers[from];
    bool ok = (host && theirs && route && bytes) || error_set(e, "rank %u: a greeting that is none", from);
    if (ok && !(p->host = text_clean(host))) ok = error_memory(e);
    if (ok && strcmp(theirs, identity) != 0)
        ok = error_set(
            e, "rank %u on %s: another battery, seed, model, data, explainer or version: the same files were wanted",
            from, p->host);
    if (ok && strcmp(route, compute_route_text(&here).text) != 0)
        ok = error_set(e,
                       "rank %u on %s: its compute route is %s, and that of rank 0 %s: processors alike were wanted "
                       "(or ASSAY_ISA and OPENBLAS_CORETYPE set alike)",
                       from, p->host, excerpt_of(route).text, compute_route_text(&here).text);
    if (ok && strcmp(bytes, probe) != 0)
        ok = error_set(e,
                       "rank %u on %s: the machine gives other bytes than that of rank 0 for the model's own outputs: "
                       "processors alike were wanted (or ASSAY_ISA and OPENBLAS_CORETYPE set alike)",
                       from, p->host);
    p->places = (uint32_t)json_integer_value(json_object_get(o, "workers"));
    p->ready = ok;
    json_decref(o);
    return ok;
}

static bool take_greeting(struct ranks *r, uint32_t from, const char *data, size_t size, const char *identity,
                          const char *probe, struct error *e) {
    struct rank_header h = {0};
    const char *body = data + sizeof h;
    if (from >= r->transport->count || size < sizeof h) return error_set(e, "rank %u: a message that is none", from);
    memcpy(&h, data, sizeof h);
    r->peers[from].heard = clock_seconds();
    if (h.kind == SAY_FAILED) {
        r->peers[from].over = true;
        return error_set(e, "rank %u: %.*s", from, (int)(size - sizeof h), body);
    }
    return h.kind != SAY_HELLO || check_hello(r, from, body, size - sizeof h, identity, probe, e);
}

static bool all_ready(const struct ranks *r) {
    for (uint32_t k = 1; k < r->transport->count; k++)
        if (!r->peers[k].ready) return false;
    return true;
}

/* What has come, if anything. */
static bool hear(struct ranks *r, const char *identity, const char *probe, bool *there, struct error *e) {
    uint32_t from;
    void *data = NULL;
    size_t size;
    bool ok = r->transport->receive(r->transport->state, &from, &data, &size, there, e) &&
              (!*there || take_greeting(r, from, data, size, identity, probe, e));
    free(data);
    return ok;
}

bool ranks_meet(struct ranks *r, const struct run *run, struct error *e) {
    char identity[FILE_DIGEST_SIZE], probe[FILE_DIGEST_SIZE], *text = NULL;
    bool ok = record_run(run, identity, &text, e) && share_probe(run, probe, e), there = false;
    double ready = clock_seconds(), took = ready - r->created;
    free(text);
    while (ok && !all_ready(r)) {
        ok = hear(r, identity, probe, &there, e);
        if (ok && interrupt_signal()) ok = error_set(e, "was interrupted by %s", strsignal(interrupt_signal()));
        if (!ok || there) continue;
        if (clock_seconds() - ready > fmax(r->silence, 2 * took)) break; /* as long as it took here, and more */
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
    for (uint32_t k = 1; ok && k < r->transport->count; k++)
        if (!r->peers[k].ready) lose(r, k, "has not read the battery");
    return ok;
}

/* ---- what changes ---- */

bool ranks_expand(struct ranks *r, uint32_t control, uint32_t from, uint32_t to, struct error *e) {
    return !r || tell_all(r, &(struct rank_header){.kind = TELL_EXPAND, .a = control, .b = from, .c = to}, NULL, 0, e);
}

bool ranks_labels(struct ranks *r, const struct run *run, struct error *e) {
    if (!r) return true;
    size_t count = weights_flat_count(run->label_graph);
    float *flat = malloc((count + 1) * sizeof *flat);
    bool ok = flat ? true : error_memory(e);
    for (uint32_t i = 0; ok && i < run->network_count; i++) {
        if (!run->networks[i].weights) continue;
        weights_to_flat(run->networks[i].weights, flat);
        ok = tell_all(r, &(struct rank_header){.kind = TELL_NETWORK, .a = i}, flat, count * sizeof *flat, e);
    }
    free(flat);
    ok = ok && tell_all(r, &(struct rank_header){.kind = TELL_LABELS}, NULL, 0, e);
    for (uint32_t k = 1; k < r->transport->count; k++) r->peers[k].heard = clock_seconds() + PATIENCE;
    return ok;
}

/* ---- jobs that are away ---- */

static bool start(void *state, size_t job, bool *taken, struct error *e) {
    struct ranks *r = state;
    uint32_t best = 0;
    void *record = NULL;
    size_t size = 0;
    *taken = false;
    for (uint32_t k = 1; k < r->transport->count; k++) {
        const struct peer *p = &r->peers[k], *b = &r->peers[best];
        if (p->lost || p->taken >= p->places) continue;
        if (!best || p->places - p->taken > b->places - b->taken) best = k;
    }
    if (!best) return true;
    struct ticket *more = array_grow(r->tickets, r->ticket_count, sizeof *more);
    if (!more) return error_memory(e);
    r->tickets = more;
    const struct rank_header h = {.kind = TELL_JOB, .ticket = ++r->last};
    *taken = job_record_make(r->wave->run, &r->wave->jobs[job], &r->wave->pool[job], &record, &size, e) &&
             rank_send(r->transport, best, &h, record, size, e);
    free(record);
    if (!*taken) return false;
    r->tickets[r->ticket_count++] = (struct ticket){r->last, best, job, false};
    r->peers[best].taken++;
    return true;
}

static void cancel(void *state, size_t job) {
    struct ranks *r = state;
    struct error ignored;
    for (size_t i = 0; i < r->ticket_count; i++) {
        struct ticket *t = &r->tickets[i];
        if (t->job != job || t->cancelled) continue;
        t->cancelled = true;
        rank_send(r->transport, t->rank, &(struct rank_header){.kind = TELL_CANCEL, .ticket = t->number}, NULL, 0,
                  &ignored);
    }
}

static struct ticket *find(struct ranks *r, uint64_t number, uint32_t from) {
    for (size_t i = 0; i < r->ticket_count; i++)
        if (r->tickets[i].number == number && r->tickets[i].rank == from) return &r->tickets[i];
    return NULL;
}

static void give_back(struct ranks *r, struct ticket *t) {
    r->peers[t->rank].taken--;
    *t = r->tickets[--r->ticket_count];
}

/* Nothing has come: somebody may be missing. */
static void miss(struct ranks *r) {
    double now = clock_seconds();
    for (uint32_t k = 1; k < r->transport->count; k++)
        if (!r->peers[k].lost && now - r->peers[k].heard > r->silence) {
            make_room(r);
            lose(r, k, "is silent");
        }
}

/* The jobs of the lost, one at a time. */
static bool take_lost(struct ranks *r, struct pool_event *event) {
    for (size_t i = 0; i < r->ticket_count; i++) {
        struct ticket *t = &r->tickets[i];
        if (!r->peers[t->rank].lost) continue;
        bool cancelled = t->cancelled;
        *event = (struct pool_event){.kind = POOL_LOST, .job = t->job};
        give_back(r, t);
        if (!cancelled) return true;
        i--;
    }
    return false;
}

static void take_end(struct ranks *r, struct ticket *t, const struct rank_header *h, const char *body, size_t size,
                     struct pool_event *event) {
    *event = (struct pool_event){.kind = POOL_END, .job = t->job, .breach = h->a != 0, .outside = h->b != 0};
    snprintf(event->death.text, sizeof event->death.text, "%.*s", (int)size, body);
    r->peers[t->rank].done++;
    give_back(r, t);
}

/* Whether it is something for the pool. */
static bool take(struct ranks *r, uint32_t from, const char *data, size_t size, struct pool_event *event) {
    struct rank_header h;
    const char *body = data + sizeof h;
    if (from >= r->transport->count || r->peers[from].lost || size < sizeof h) return false;
    memcpy(&h, data, sizeof h);
    size -= sizeof h;
    r->peers[from].heard = clock_seconds();
    struct ticket *t = h.kind == SAY_MESSAGE || h.kind == SAY_END ? find(r, h.ticket, from) : NULL;
    if (h.kind == SAY_LOG && r->wave->run->log >= 0) file_write_all(r->wave->run->log, body, size);
    if (h.kind == SAY_FAILED) {
        r->peers[from].over = true;
        make_room(r);
        lose(r, from, "takes no more jobs");
    }
    if (!t) return false;
    bool wanted = !t->cancelled;
    if (h.kind == SAY_END) take_end(r, t, &h, body, size, event);
    else *event = (struct pool_event){.kind = POOL_MESSAGE, .job = t->job, .type = h.a, .data = body, .size = size};
    return wanted;
}

static bool next(void *state, struct pool_event *event, bool *there, struct error *e) {
    struct ranks *r = state;
    for (bool came = true; came;) {
        uint32_t from;
        size_t size = 0;
        free(r->data);
        r->data = NULL;
        if (!r->transport->receive(r->transport->state, &from, &r->data, &size, &came, e)) return false;
        *there = came && take(r, from, r->data, size, event);
        if (*there) return true;
    }
    miss(r);
    *there = take_lost(r, event);
    return true;
}

bool ranks_begin(struct ranks *r, struct wave_state *w, struct pool_remote *out) {
    struct error e = {{0}};
    bool any = false;
    r->wave = w;
    *out = (struct pool_remote){r, start, cancel, next};
    if (!tell_all(r, &(struct rank_header){.kind = TELL_WAVE}, NULL, 0, &e)) return false;
    for (uint32_t k = 1; k < r->transport->count; k++) any = any || !r->peers[k].lost;
    return any;
}
