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
    struct experiment_view view;
    struct comparer comparer;
    struct answers answers;
    size_t full;              /* elements of a sample */
    float *x, *maps, *logits; /* [inputs][sample], [inputs][sample], [inputs][classes] */
    uint32_t *targets;        /* [inputs] */
    uint64_t *seeds;          /* [inputs] */
    bool unsupported;
};

/* s->x and s->targets: the inputs, and the classes explained, as this attribution wants them. */
static void make_inputs(struct session *s, const struct attribution *a) {
    const struct battery *b = s->run->battery;
    const struct input_set *set = s->set;
    size_t channels = view_channels(&s->view);
    const struct input_case c = {channels, s->full / channels, b->rule.jitter};
    memcpy(s->x, set->x, (size_t)set->count * s->full * sizeof *s->x);
    memcpy(s->targets, set->target, set->count * sizeof *s->targets);
    for (uint32_t i = 0; i < set->count; i++) {
        if (a->inputs) {
            struct rng rng = rng_stream(b->seed, a->inputs->name, set->sample[i]);
            a->inputs->apply(&c, &rng, s->x + i * s->full);
        }
        if (a->target) {
            const struct target_case t = {set->target[i], set->label[i], set->predicted[i], s->graph->classes};
            struct rng rng = rng_stream(b->seed, a->target->name, set->sample[i]);
            s->targets[i] = a->target->choose(&t, &rng);
        }
    }
}

static bool all_finite(const float *v, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i])) return false;
    return true;
}

/* s->logits of the inputs s->x. A network whose logits overflow is no control, and says nothing about the explainer.
 * Of networks with layers drawn anew the audit says so; they are asked here only where a check wants the logits. */
static bool check_logits(struct session *s, struct net *net, struct error *e) {
    size_t count = (size_t)s->set->count * s->graph->classes;
    struct helpers helpers = channel_helpers(s->channel);
    const struct net_request request = {.question = ASK_FORWARD, .n = s->set->count, .x = s->x};
    if (!helpers_ask(&helpers, net, &request, s->logits, e)) return false;
    return all_finite(s->logits, count) || error_set(e, "overflow: the network's logits are not finite.");
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
                                 .targets = s->targets + i,
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

void explain_job_seeds(const struct run *run, uint32_t row, const struct attribution *a, uint32_t n, uint64_t *seeds) {
    char purpose[512];
    snprintf(purpose, sizeof purpose, "attribution/%s/%s", run->explainers[row].name, a->key);
    for (uint32_t i = 0; i < n; i++) seeds[i] = rng_seed(run->battery->seed, purpose, run->inputs[a->root].sample[i]);
}

static bool compute(struct session *s, uint32_t index, struct error *e) {
    const struct attribution *a = &s->run->plan.attributions[index];
    explain_job_seeds(s->run, s->explain->row, a, s->set->count, s->seeds);
    make_inputs(s, a);
    s->unsupported = false;
    if (!variant_take(&s->variant, a, e)) return false;
    struct net *net = s->variant.net;
    bool logits = !attribution_is_redrawn(a) || answers_want_logits(&s->answers, index);
    return (!logits || check_logits(s, net, e)) && call_plugin(s, a, net, e) &&
           comparer_finite(&s->view, s->explain->root, s->maps, e);
}

static struct attributed given_of(const struct session *s, uint32_t index, bool computed, double seconds,
                                  const struct error *failure) {
    return (struct attributed){
        .status = computed         ? UNIT_OK
                  : s->unsupported ? UNIT_UNSUPPORTED
                                   : UNIT_FAILED,
        .why = failure->text,
        .maps = s->maps,
        .x = s->x,
        .targets = s->targets,
        .logits = answers_want_logits(&s->answers, index) ? s->logits : NULL,
        .seconds = seconds,
    };
}

static bool deliver(struct session *s, uint32_t index, bool computed, double seconds, const struct error *failure) {
    const struct attributed given = given_of(s, index, computed, seconds, failure);
    return comparer_send(&s->comparer, index, &given, &s->answers) && answers_keep(&s->answers, index, &given);
}

/* Before an attribution whose unit carries a check: what the check asks for besides. Its own unit, if it has one, is
 * another matter: it may be in the store since an interrupted run. */
static bool prepare_checks(struct session *s, uint32_t owner) {
    struct error e = {{0}};
    uint32_t other;
    while (answers_lack(&s->answers, owner, &other)) {
        bool computed = compute(s, other, &e);
        const struct attributed given = given_of(s, other, computed, 0, &e);
        if (!answers_keep(&s->answers, other, &given)) return false;
    }
    return true;
}

static bool session_init(struct session *s, struct error *e) {
    const struct run *run = s->run;
    const struct explain_job *explain = s->explain;
    s->set = &run->inputs[explain->root];
    s->graph = run_root_graph(run, explain->root);
    s->full = shape_count(&run->data->sample);
    size_t n = s->set->count;
    s->view = run_view(run);
    if (!comparer_init(&s->comparer, &s->view, explain->row, explain->root, s->channel, e) ||
        !answers_init(&s->answers, &s->view, explain->root, e))
        return false;
    s->x = malloc(n * (2 * s->full + s->graph->classes) * sizeof *s->x);
    s->seeds = malloc(n * sizeof *s->seeds);
    s->targets = malloc(n * sizeof *s->targets);
    if (!s->x || !s->seeds || !s->targets) return error_memory(e);
    s->maps = s->x + n * s->full;
    s->logits = s->maps + n * s->full;
    return variant_init(&s->variant, run, explain->root, e) &&
           plugin_explainer(run->explainers[explain->row].plugin, handle_host(), &s->explainer, e);
}

/* What is wrong with the original is wrong with everything compared to it. */
static void fail_all(struct session *s, const struct error *failure) {
    const struct attributed none = {.status = s->unsupported ? UNIT_UNSUPPORTED : UNIT_FAILED, .why = failure->text};
    for (uint32_t k = 0; k < s->explain->count; k++)
        comparer_send(&s->comparer, s->explain->attributions[k], &none, NULL);
}

void explain_job_work(const struct run *run, const struct explain_job *explain, struct channel *channel) {
    struct session s = {.run = run, .explain = explain, .channel = channel};
    struct error e = {{0}};
    uint32_t original = run_original(run, explain->root), other;
    double start = clock_seconds();
    channel_beat(channel);
    if (!session_init(&s, &e) || !compute(&s, original, &e) || !comparer_take_originals(&s.comparer, s.maps, &e)) {
        fail_all(&s, &e);
        return;
    }
    char digest[FILE_DIGEST_SIZE];
    data_digest(s.maps, s.set->count * s.full * sizeof *s.maps, digest);
    channel_send(channel, RECORD_ORIGINAL, digest, sizeof digest);
    const struct attributed given = given_of(&s, original, true, 0, &e);
    if (!answers_keep(&s.answers, original, &given)) return;
    for (uint32_t k = 0; k < explain->count; k++) {
        uint32_t index = explain->attributions[k];
        bool computed = true;
        if (index != original || k > 0 || answers_lack(&s.answers, index, &other)) {
            if (!prepare_checks(&s, index)) return;
            start = clock_seconds();
            computed = compute(&s, index, &e);
        }
        if (!deliver(&s, index, computed, clock_seconds() - start, &e)) return;
    }
    answers_finish(&s.answers);
    plugin_explainer_destroy(s.explainer);
}
