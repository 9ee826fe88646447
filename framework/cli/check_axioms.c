/* check_axioms.c: maps on the networks of the axioms, from a child process. */
#include "cli/check_axioms.h"

#include "base/array.h"
#include "host/call.h"
#include "host/handle.h"
#include "workers/pool.h"
#include "workers/printed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEED 1u

struct asked {
    const struct plugin *plugin;
    struct axiom_case cases[AXIOMS]; /* of those that are asked */
    struct axioms_seen *seen;
    bool came;
    char death[200];
};

/* In the child: how far off the maps are; NaN: there are none. */
static double ask(const struct axiom *a, const struct axiom_case *c, const assay_explainer *explainer,
                  struct channel *channel) {
    struct net *net = NULL;
    struct handle *handle = NULL;
    struct call call = {0};
    struct error e;
    const assay_request request = {c->n, c->inputs, c->targets, c->seeds};
    float *maps = malloc(c->n * c->count * sizeof *maps);
    double off = NAN;
    bool ok = maps && net_create(c->weights, &net, &e) && handle_create(net, &handle, &e) &&
              call_init(&call, explainer, c->count, c->n, &e);
    channel_beat(channel);
    if (ok) handle_background(handle, c->inputs, c->n);
    if (ok && call_make(&call, handle, &request, CALL_NAN_A, maps) == ASSAY_OK)
        off = floats_are_finite(maps, c->n * c->count) ? a->measure(c, maps) : INFINITY;
    channel_beat(channel);
    call_finish(&call);
    handle_destroy(handle);
    net_destroy(net);
    free(maps);
    return off;
}

static void work(void *user, struct pool_job *job, struct channel *channel) {
    const struct asked *asked = user;
    const assay_explainer *explainer = NULL;
    double off[AXIOMS];
    struct error e;
    (void)job;
    bool opened = plugin_open(asked->plugin, handle_host(), &explainer, &e);
    for (uint32_t k = 0; k < AXIOMS; k++)
        off[k] = opened && asked->cases[k].weights ? ask(&axioms[k], &asked->cases[k], explainer, channel) : NAN;
    channel_send(channel, 1, off, sizeof off);
    channel_beat(channel);
    if (opened) plugin_close(asked->plugin, explainer);
}

static enum pool_answer message(void *user, struct pool_job *job, uint32_t type, const void *data, size_t size,
                                struct error *e) {
    struct asked *asked = user;
    struct axioms_seen *seen = asked->seen;
    (void)job, (void)type;
    if (size != sizeof seen->off) {
        error_set(e, "sent a message that is damaged");
        return POOL_BREACH;
    }
    memcpy(seen->off, data, sizeof seen->off);
    for (uint32_t k = 0; k < AXIOMS; k++)
        if (asked->cases[k].weights)
            seen->state[k] = isnan(seen->off[k])                 ? AXIOM_NO_MAPS
                             : seen->off[k] <= axioms[k].allowed ? AXIOM_HOLDS
                                                                 : AXIOM_BROKEN;
    asked->came = true;
    return POOL_TAKEN;
}

static bool ended(void *user, struct pool_job *job, const char *death, struct error *e) {
    struct asked *asked = user;
    (void)job, (void)e;
    snprintf(asked->death, sizeof asked->death, "%s", death ? death : "");
    return true;
}

static bool ask_all(struct asked *asked, double limit, struct error *e) {
    static const struct pool_hooks hooks = {.work = work, .message = message, .ended = ended};
    struct pool_job job = {
        .name = PRINTED_PLUGIN, .limit = limit, .calls = 2 * AXIOMS + 4, .largest = sizeof asked->seen->off};
    plugin_bind_job(asked->plugin, &job);
    if (!pool_run(&job, 1, 1, STDERR_FILENO, &hooks, asked, e)) return false;
    if (asked->death[0]) return error_set(e, "%s", asked->death);
    return asked->came || error_set(e, "the child process sent no answer");
}

bool check_axioms(const struct plugin *plugin, double limit, struct axioms_seen *seen, struct error *e) {
    struct asked asked = {.plugin = plugin, .seen = seen};
    bool ok = true, any = false;
    *seen = (struct axioms_seen){{AXIOM_NOT_ASKED}, {0}};
    for (uint32_t k = 0; ok && k < AXIOMS; k++) {
        if (!axiom_is_asked(&axioms[k], plugin->claims)) continue;
        ok = axiom_case_init(&asked.cases[k], &axioms[k], plugin_number(plugin, "baseline", 0), SEED, e);
        any = true;
    }
    ok = ok && (!any || ask_all(&asked, limit, e));
    for (uint32_t k = 0; k < AXIOMS; k++) axiom_case_finish(&asked.cases[k]);
    return ok || error_prefix(e, "axioms");
}

void check_axioms_print(const struct axioms_seen *seen, unsigned counts[CONFORMANCE_STATES]) {
    for (uint32_t k = 0; k < AXIOMS; k++) {
        const struct axiom *a = &axioms[k];
        switch (seen->state[k]) {
        case AXIOM_NO_MAPS:
            counts[CONFORMANCE_UNSUPPORTED]++;
            printf("unsupported axiom: %s: the method has no maps on the network that is built for it\n", a->id);
            break;
        case AXIOM_HOLDS:
            counts[CONFORMANCE_OK]++;
            printf("ok          axiom: %s: %s\n", a->id, a->what);
            break;
        case AXIOM_BROKEN:
            counts[a->breach ? CONFORMANCE_BREACH : CONFORMANCE_WARNING]++;
            printf("%s axiom: %s: does not hold: %s: off by %.2g, allowed %g\n",
                   a->breach ? "breach     " : "warning    ", a->id, a->what, seen->off[k], a->allowed);
            break;
        case AXIOM_NOT_ASKED:
        default: break;
        }
    }
}
