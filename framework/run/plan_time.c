/* plan_time.c: passes, comparisons, draws of weights and digests, each timed for a fraction of a second. */
#include "run/plan_time.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "experiment/reduce.h"
#include "measure/similarity.h"
#include "nn/net.h"

#include <math.h>
#include <stdlib.h>

#define PROBE_SECONDS .15 /* for each */
#define PROBE_SAMPLES 8u
#define JOB_SECONDS .012 /* a process that begins, sends and ends: three small batteries on two busy cores */
#define PROBE_BYTES ((size_t)1 << 22)

/* Processor seconds of one sample, or of one byte or number. */
struct probe {
    double forward, gradient, map, drawn, digested;
    double slower; /* seconds that go by for one of them: others use the processor, too */
};

struct probing {
    const struct run *run;
    struct net *net;
    const struct input_set *set;
    uint32_t n;
    float *out, *numbers;
    struct error *error;
};

/* Of one call, after one that is not timed. */
static bool time_calls(struct probing *p, bool (*call)(struct probing *), double *seconds) {
    unsigned calls = 0;
    if (!call(p)) return false;
    double start = clock_processor(), spent = 0;
    for (; spent < PROBE_SECONDS || calls < 2; calls++) {
        if (!call(p)) return false;
        spent = clock_processor() - start;
    }
    *seconds = spent / calls;
    return true;
}

static bool pass_forward(struct probing *p) {
    return net_forward(p->net, p->n, p->set->x, p->out, p->error);
}

static bool pass_gradient(struct probing *p) {
    return net_gradient(p->net, NET_GRADIENT, p->n, p->set->x, p->set->target, p->out, p->error);
}

static bool is_measured(const struct run *run, size_t m) {
    return !measures[m]->chosen || (run->more_measures >> m & 1);
}

/* A map is prepared and compared with another by each measure; the inputs stand for maps. */
static bool compare_maps(struct probing *p) {
    const struct map_shape shape = run_map_shape(&p->run->data->sample, REDUCE_NONE);
    size_t size = shape_count(&p->run->data->sample);
    const float *other = p->set->x + (p->set->count > 1 ? size : 0);
    struct prepared *a = prepared_create(p->set->x, NULL, &shape), *b = prepared_create(other, NULL, &shape);
    double similarity[VIEW_COUNT];
    bool ok = a && b;
    for (size_t m = 0; ok && measures[m]; m++)
        if (is_measured(p->run, m)) ok = measure_compare_views(measures[m], a, b, similarity);
    prepared_destroy(a);
    prepared_destroy(b);
    return ok || error_memory(p->error);
}

static bool draw_numbers(struct probing *p) {
    rng_fill_normal(rng_seed(1, "probe", 0), 0, PROBE_BYTES / sizeof *p->numbers, p->numbers);
    return true;
}

static bool digest_bytes(struct probing *p) {
    char digest[FILE_DIGEST_SIZE];
    data_digest(p->numbers, PROBE_BYTES, digest);
    return true;
}

static bool probe_all(struct probing *p, struct probe *out) {
    const double begun = clock_seconds(), used = clock_processor();
    bool ok = time_calls(p, pass_forward, &out->forward) && time_calls(p, pass_gradient, &out->gradient) &&
              time_calls(p, compare_maps, &out->map) && time_calls(p, draw_numbers, &out->drawn) &&
              time_calls(p, digest_bytes, &out->digested);
    if (!ok) return false;
    const double spent = clock_processor() - used;
    out->slower = spent > 0 ? fmax(1, (clock_seconds() - begun) / spent) : 1;
    out->forward /= p->n;
    out->gradient /= p->n;
    out->drawn /= PROBE_BYTES / sizeof *p->numbers;
    out->digested /= PROBE_BYTES;
    return true;
}

static bool probe_run(const struct run *run, struct probe *out, struct error *e) {
    struct probing p = {.run = run, .set = &run->inputs[ROOT_MODEL], .error = e};
    p.n = p.set->count < PROBE_SAMPLES ? p.set->count : PROBE_SAMPLES;
    size_t sample = shape_count(&run->data->sample), classes = run->graph->classes;
    p.out = malloc(p.n * (sample > classes ? sample : classes) * sizeof *p.out);
    p.numbers = malloc(PROBE_BYTES);
    bool ok = (p.out && p.numbers) || error_memory(e);
    ok = ok && run_net(run, run->model, &p.net, e) && probe_all(&p, out);
    net_destroy(p.net);
    free(p.out);
    free(p.numbers);
    return ok;
}

static uint32_t redrawn(const struct plan *p) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->attribution_count; i++) count += attribution_is_redrawn(&p->attributions[i]);
    return count;
}

/* Every row draws the networks of a draw in a chain, each layer about once; audits digest each network. */
static double seconds_of(const struct run *run, const struct plan_cost *c, const struct probe *probe, double *jobs) {
    double seconds = 0, parameters = (double)weights_flat_count(run->graph), draws = run->battery->rule.draws[0];
    double backward = probe->gradient > probe->forward ? probe->gradient - probe->forward : 0;
    for (uint32_t row = 0; row < c->explainer_count; row++) {
        const struct cost *cost = &c->explainers[row].cost;
        seconds += cost->forward * probe->forward + cost->backward * backward + cost->attributions * probe->map;
    }
    double chains = (c->explainer_count - c->yardstick_count + 1.) * draws;
    *jobs = chains + c->explainer_count;
    return seconds + chains * parameters * probe->drawn +
           (double)redrawn(&run->plan) * parameters * sizeof(float) * probe->digested + *jobs * JOB_SECONDS;
}

bool plan_time_estimate(const struct run *run, unsigned jobs, const struct plan_done *done, struct plan_cost *cost,
                        struct error *e) {
    struct probe probe;
    double processes;
    if (!probe_run(run, &probe, e)) return false;
    double seconds = seconds_of(run, cost, &probe, &processes);
    cost->workers = jobs < processes ? jobs : (unsigned)processes;
    cost->seconds = done->seconds + seconds * probe.slower / cost->workers;
    cost->processor = done->processor + seconds;
    return true;
}
