/* The child's side: computing and comparing. chain_store.c is the parent's. */
#include "run/chain.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/text.h"
#include "nn/net.h"
#include "run/chain_record.h"
#include "run/handle.h"
#include "run/variant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Elements of one request: enough that a batch pays, few enough that a plugin's buffers stay small. */
#define REQUEST_ELEMENTS (1u << 20)

struct session {
    const struct run *run;
    const struct chain *chain;
    const struct row *row;
    struct channel *channel;
    const struct input_set *set;
    const struct graph *graph;
    const assay_explainer *explainer; /* NULL: the yardstick */
    struct variant variant;
    struct map_shape shape;
    size_t full, reduced; /* elements of a sample, and of a map after reduction */
    float *x, *maps, *map;
    uint64_t *seeds;
    uint8_t *mask;
    struct prepared **originals; /* [inputs] */
    struct record_buffer out;
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
    struct crew crew = channel_crew(s->channel);
    const struct net_request request = {.question = ASK_FORWARD, .n = s->set->count, .x = s->x};
    bool ok = crew_ask(&crew, net, &request, logits, e);
    if (ok && !all_finite(logits, count)) ok = error_set(e, "overflow: the network's logits are not finite.");
    free(logits);
    return ok;
}

static bool check_maps(struct session *s, struct error *e) {
    for (uint32_t i = 0; i < s->set->count; i++) {
        const float *map = s->maps + (size_t)i * s->full;
        for (size_t k = 0; k < s->full; k++)
            if (!isfinite(map[k]))
                return error_set(e, "the map of input %u holds %s at element %zu.", s->set->global[i],
                                 isnan(map[k]) ? "NaN (written, or never written)" : "an infinite value", k);
    }
    return true;
}

static bool call_yardstick(struct session *s, struct net *net, struct error *e) {
    struct crew crew = channel_crew(s->channel);
    const struct net_request request = {
        .question = ASK_GRADIENT, .n = s->set->count, .x = s->x, .targets = s->set->target};
    if (!crew_ask(&crew, net, &request, s->maps, e)) return false;
    for (size_t k = 0; k < s->set->count * s->full; k++) s->maps[k] = fabsf(s->maps[k]);
    return true;
}

static bool call_plugin(struct session *s, struct net *net, struct error *e) {
    struct handle *handle;
    char text[256] = "";
    assay_why why = {text, sizeof text};
    assay_status status = ASSAY_OK;
    uint32_t n = s->set->count, most = (uint32_t)(REQUEST_ELEMENTS / s->full + 1);
    if (!handle_create(net, &handle, e)) return false;
    handle->crew = channel_crew(s->channel);
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

static bool compute(struct session *s, const struct attribution *a, struct error *e) {
    char purpose[512];
    snprintf(purpose, sizeof purpose, "attribution/%s/%s", s->row->name, a->key);
    for (uint32_t i = 0; i < s->set->count; i++)
        s->seeds[i] = rng_seed(s->run->battery->seed, purpose, s->set->sample[i]);
    make_inputs(s, a->inputs);
    s->unsupported = false;
    if (!variant_take(&s->variant, a, e)) return false;
    struct net *net = s->variant.net;
    return (a->layers || check_logits(s, net, e)) &&
           (s->explainer ? call_plugin(s, net, e) : call_yardstick(s, net, e)) && check_maps(s, e);
}

/* The map of input i, reduced and prepared; borrows map and mask as long as it lives. */
static struct prepared *prepare(struct session *s, uint32_t i, float *map, uint8_t *mask) {
    run_reduce(&s->run->data->sample, s->row->reduction, s->maps + i * s->full, map);
    run_nonzero(&s->run->data->sample, s->row->reduction, s->set->x + i * s->full, mask);
    return prepared_create(map, mask, &s->shape);
}

static bool compare_input(struct session *s, const struct attribution *a, uint32_t i) {
    struct prepared *p = prepare(s, i, s->map, s->mask);
    if (!p) return false;
    double similarity[VIEW_COUNT];
    for (uint32_t m = 0; (a->wants & WANT_MATCHED) && measures[m].id; m++) {
        if (!measures[m].applies(&s->shape)) continue;
        measures[m].compare_views(s->originals[i], p, similarity);
        for (int v = 0; v < VIEW_COUNT; v++)
            record_comparison(&s->out, false, m, (enum view)v, s->set->global[i], s->set->global[i], similarity[v]);
    }
    /* Mismatched: the original of input i against this network's map of another input, so that only structure common to
     * all inputs is left. */
    bool others = (a->wants & WANT_MISMATCHED) && s->set->count > 1;
    for (uint32_t d = 0; others && d < DERANGEMENTS; d++) {
        const uint32_t *other = s->set->derangements + (size_t)d * s->set->count;
        for (uint32_t k = 0; k < s->set->count; k++) {
            if (other[k] != i) continue;
            measures[0].compare_views(s->originals[k], p, similarity);
            for (int v = 0; v < VIEW_COUNT; v++)
                record_comparison(&s->out, true, 0, (enum view)v, s->set->global[k], s->set->global[i], similarity[v]);
        }
    }
    prepared_destroy(p);
    return true;
}

static void run_checks(struct session *s, uint32_t index) {
    const struct plan *plan = &s->run->plan;
    const struct shape *sample = &s->run->data->sample;
    size_t channels = sample->rank == 3 ? sample->dim[0] : 1;
    for (uint32_t k = 0; k < plan->check_count; k++) {
        if (plan->checks[k].attribution != index) continue;
        for (uint32_t i = 0; i < s->set->count; i++) {
            uint32_t target = s->set->target[i];
            struct predicate_case c = {
                .map = s->maps + i * s->full,
                .input = s->x + i * s->full,
                .count = s->full,
                .channels = (uint32_t)channels,
                .pixels = (uint32_t)(s->full / channels),
                .target = target,
                .claims = s->row->claims,
                .row = s->chain->root == ROOT_LINEAR ? run_linear_row(s->run, target) : NULL,
            };
            double worst, tolerance;
            plan->checks[k].holds(&c, &worst, &tolerance);
            record_check(&s->out, k, s->set->global[i], worst, tolerance);
        }
    }
}

/* Compares what s->maps holds and sends the unit; a failure is sent as one. */
static bool deliver(struct session *s, uint32_t index, bool computed, double seconds, const struct error *failure) {
    const struct attribution *a = &s->run->plan.attributions[index];
    enum unit_status status = computed ? UNIT_OK : s->unsupported ? UNIT_UNSUPPORTED : UNIT_FAILED;
    record_begin(&s->out, index, status, computed ? "" : failure->text, seconds);
    for (uint32_t i = 0; computed && i < s->set->count; i++)
        if (!compare_input(s, a, i)) return false;
    if (computed) run_checks(s, index);
    /* Kept for the figures: the first input's maps, on the original and the first draw. */
    if (computed && a->inputs == INPUT_PLAIN && !a->repeat && (a->draw == 0 || a->draw == PLAN_NO_DRAW)) {
        run_reduce(&s->run->data->sample, s->row->reduction, s->maps, s->map);
        record_map(&s->out, s->map, s->reduced);
    }
    return record_send(&s->out, s->channel);
}

static bool prepare_originals(struct session *s) {
    for (uint32_t i = 0; i < s->set->count; i++) {
        float *map = malloc(s->reduced * sizeof *map); /* both live as long as the child */
        uint8_t *mask = malloc(s->reduced);
        s->originals[i] = map && mask ? prepare(s, i, map, mask) : NULL;
        if (!s->originals[i]) return false;
    }
    return true;
}

static bool session_init(struct session *s, struct error *e) {
    const struct run *run = s->run;
    s->row = &run->rows[s->chain->row];
    s->set = &run->inputs[s->chain->root];
    s->graph = run_root_graph(run, s->chain->root);
    s->shape = run_map_shape(&s->run->data->sample, s->row->reduction);
    s->full = shape_count(&s->run->data->sample);
    s->reduced = (size_t)s->shape.channels * s->shape.height * s->shape.width;
    size_t n = s->set->count;
    s->x = malloc(2 * n * s->full * sizeof *s->x);
    s->map = malloc(s->reduced * sizeof *s->map);
    s->mask = malloc(s->reduced);
    s->seeds = malloc(n * sizeof *s->seeds);
    s->originals = calloc(n, sizeof *s->originals);
    if (!s->x || !s->map || !s->mask || !s->seeds || !s->originals) return error_memory(e);
    s->maps = s->x + n * s->full;
    if (!variant_init(&s->variant, run, s->chain->root, e)) return false;
    return !s->row->plugin || plugin_explainer(s->row->plugin, handle_host(), &s->explainer, e);
}

/* What is wrong with the original is wrong with everything compared to it. */
static void fail_all(struct session *s, const struct error *failure) {
    for (uint32_t k = 0; k < s->chain->count; k++) deliver(s, s->chain->attributions[k], false, 0, failure);
}

void chain_work(const struct run *run, const struct chain *chain, struct channel *channel) {
    struct session s = {.run = run, .chain = chain, .channel = channel};
    struct error e;
    uint32_t original = run_original(run, chain->root);
    double start = clock_seconds();
    channel_beat(channel);
    if (!session_init(&s, &e) || !compute(&s, &run->plan.attributions[original], &e) ||
        (!prepare_originals(&s) && !error_memory(&e))) {
        fail_all(&s, &e);
        return;
    }
    char digest[FILE_DIGEST_SIZE];
    data_digest(s.maps, s.set->count * s.full * sizeof *s.maps, digest);
    channel_send(channel, RECORD_ORIGINAL, digest, sizeof digest);
    for (uint32_t k = 0; k < chain->count; k++) {
        uint32_t index = chain->attributions[k];
        bool computed = true;
        if (index != original || k > 0) {
            start = clock_seconds();
            computed = compute(&s, &run->plan.attributions[index], &e);
        }
        if (!deliver(&s, index, computed, clock_seconds() - start, &e)) return;
    }
    if (s.explainer) plugin_explainer_destroy(s.explainer);
}
