/* The child's side: computing and comparing. explain_job_store.c is the parent's. */
#include "run/explain_job.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/text.h"
#include "nn/net.h"
#include "run/compare.h"
#include "host/handle.h"
#include "run/variant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Elements of one request: enough that a batch pays, few enough that a plugin's buffers stay small. */
#define REQUEST_ELEMENTS (1u << 20)

struct session {
    const struct run *run;
    const struct explain_job *explain;
    struct channel *channel;
    const struct input_set *set;
    const struct graph *graph;
    const assay_explainer *explainer;
    struct variant variant;
    struct comparer comparer;
    size_t full; /* elements of a sample */
    float *x, *maps;
    uint64_t *seeds;
    bool unsupported;
};

/* s->x: the inputs as this attribution wants them. */
static void make_inputs(struct session *s, enum input_kind kind) {
    const struct run *run = s->run;
    memcpy(s->x, s->set->x, (size_t)s->set->count * s->full * sizeof *s->x);
    size_t channels = s->run->data->sample.rank == 3 ? s->run->data->sample.dim[0] : 1, pixels = s->full / channels;
    for (uint32_t i = 0; kind != INPUT_PLAIN && i < s->set->count; i++) {
        float *x = s->x + (size_t)i * s->full, low = x[0], high = x[0];
        struct rng rng = rng_stream(run->battery->seed, kind == INPUT_JITTER ? "jitter" : "zeroed", s->set->sample[i]);
        for (size_t k = 0; k < s->full; k++) {
            low = fminf(low, x[k]);
            high = fmaxf(high, x[k]);
        }
        double sd = run->battery->rule.jitter * ((double)high - (double)low);
        for (size_t k = 0; kind == INPUT_JITTER && k < s->full; k++)
            if (x[k] != 0) x[k] += (float)(sd * rng_normal(&rng));
        for (size_t p = 0; kind == INPUT_ZEROED && p < pixels; p++)
            if (rng_below(&rng, 4) == 0)
                for (size_t c = 0; c < channels; c++) x[c * pixels + p] = 0;
    }
}

static bool all_finite(const float *v, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i])) return false;
    return true;
}

/* A network whose logits overflow is no control, and says nothing about the explainer. Of networks with layers drawn
 * anew the audit says so. */
static bool check_logits(struct session *s, struct net *net, struct error *e) {
    size_t count = (size_t)s->set->count * s->graph->classes;
    float *logits = malloc(count * sizeof *logits);
    if (!logits) return error_memory(e);
    struct helpers helpers = channel_helpers(s->channel);
    const struct net_request request = {.question = ASK_FORWARD, .n = s->set->count, .x = s->x};
    bool ok = helpers_ask(&helpers, net, &request, logits, e);
    if (ok && !all_finite(logits, count)) ok = error_set(e, "overflow: the network's logits are not finite.");
    free(logits);
    return ok;
}

static bool call_plugin(struct session *s, const struct attribution *a, struct net *net, struct error *e) {
    struct handle *handle;
    char text[256] = "";
    assay_why why = {text, sizeof text};
    assay_status status = ASSAY_OK;
    uint32_t n = s->set->count, most = (uint32_t)(REQUEST_ELEMENTS / s->full + 1);
    if (!handle_create(net, &handle, e)) return false;
    handle->helpers = channel_helpers(s->channel);
    /* Every process of this explainer asks for it, and conformance did. */
    if (a == &s->run->plan.attributions[run_original(s->run, ROOT_MODEL)]) handle->memo = s->explain->memo;
    handle->gradients = s->explain->gradients;
    handle->network = a->key;
    /* An element that is never written stays NaN, and is found. */
    for (size_t k = 0; k < n * s->full; k++) s->maps[k] = NAN;
    for (uint32_t i = 0; status == ASSAY_OK && i < n; i += most) {
        assay_request request = {.n = n - i < most ? n - i : most,
                                 .inputs = s->x + i * s->full,
                                 .targets = s->set->target + i,
                                 .seeds = s->seeds + i};
        channel_beat(s->channel);
        status = s->explainer->attribute(s->explainer, &handle->model, &request, s->maps + i * s->full, &why);
    }
    channel_beat(s->channel);
    handle_destroy(handle);
    s->unsupported = status == ASSAY_UNSUPPORTED;
    if (status != ASSAY_OK) return error_set(e, "%s", text[0] ? text : "the plugin failed and gave no reason.");
    return true;
}

bool explain_job_seeds(const struct run *run, uint32_t row, const struct attribution *a, uint32_t n, uint64_t *seeds,
                       struct error *e) {
    char *purpose = text_format("attribution/%s/%s", run->explainers[row].name, a->key);
    if (!purpose) return error_memory(e);
    for (uint32_t i = 0; i < n; i++) seeds[i] = rng_seed(run->battery->seed, purpose, run->inputs[a->root].sample[i]);
    free(purpose);
    return true;
}

static bool compute(struct session *s, const struct attribution *a, struct error *e) {
    s->unsupported = false;
    if (!explain_job_seeds(s->run, s->explain->row, a, s->set->count, s->seeds, e)) return false;
    make_inputs(s, a->inputs);
    if (!variant_take(&s->variant, a, e)) return false;
    struct net *net = s->variant.net;
    return (a->layers || check_logits(s, net, e)) && call_plugin(s, a, net, e) &&
           comparer_finite(s->run, s->explain->root, s->maps, e);
}

static bool deliver(struct session *s, uint32_t index, bool computed, double seconds, const struct error *failure) {
    enum unit_status status = computed ? UNIT_OK : s->unsupported ? UNIT_UNSUPPORTED : UNIT_FAILED;
    return comparer_send(&s->comparer, index, &(struct attributed){status, failure->text, s->maps, s->x, seconds});
}

static bool session_init(struct session *s, struct error *e) {
    const struct run *run = s->run;
    const struct explain_job *explain = s->explain;
    s->set = &run->inputs[explain->root];
    s->graph = run_root_graph(run, explain->root);
    s->full = shape_count(&run->data->sample);
    size_t n = s->set->count;
    if (!comparer_init(&s->comparer, run, explain->row, explain->root, s->channel, e)) return false;
    s->x = malloc(2 * n * s->full * sizeof *s->x);
    s->seeds = malloc(n * sizeof *s->seeds);
    if (!s->x || !s->seeds) return error_memory(e);
    s->maps = s->x + n * s->full;
    return variant_init(&s->variant, run, explain->root, e) &&
           plugin_explainer(run->explainers[explain->row].plugin, handle_host(), &s->explainer, e);
}

/* What is wrong with the original is wrong with everything compared to it. */
static void fail_all(struct session *s, const struct error *failure) {
    for (uint32_t k = 0; k < s->explain->count; k++) deliver(s, s->explain->attributions[k], false, 0, failure);
}

void explain_job_work(const struct run *run, const struct explain_job *explain, struct channel *channel) {
    struct session s = {.run = run, .explain = explain, .channel = channel};
    struct error e;
    uint32_t original = run_original(run, explain->root);
    double start = clock_seconds();
    channel_beat(channel);
    if (!session_init(&s, &e) || !compute(&s, &run->plan.attributions[original], &e) ||
        !comparer_take_originals(&s.comparer, s.maps, &e)) {
        fail_all(&s, &e);
        return;
    }
    char digest[FILE_DIGEST_SIZE];
    data_digest(s.maps, s.set->count * s.full * sizeof *s.maps, digest);
    channel_send(channel, RECORD_ORIGINAL, digest, sizeof digest);
    for (uint32_t k = 0; k < explain->count; k++) {
        uint32_t index = explain->attributions[k];
        bool computed = true;
        if (index != original || k > 0) {
            start = clock_seconds();
            computed = compute(&s, &run->plan.attributions[index], &e);
        }
        if (!deliver(&s, index, computed, clock_seconds() - start, &e)) return;
    }
    plugin_explainer_destroy(s.explainer);
}
