/* plan_time.c: passes, comparisons, draws of weights and digests, each timed for a fraction of a second. */
#include "run/plan_time.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/scratch.h"
#include "experiment/reduce.h"
#include "experiment/setup.h"
#include "measure/similarity.h"
#include "nn/net.h"
#include "run/likeness.h"
#include "run/memory.h"
#include "run/plan_audit.h"
#include "run/schedule_jobs.h"
#include "run/sketch.h"
#include "run/unit_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_SECONDS .15 /* for each */
#define PROBE_SAMPLES 8u
#define JOB_SECONDS .006 /* a process that begins, sends and ends: fitted to small batteries on two busy cores */
/* The parent's for one comparison, stored, judged and reported: docs/scale.md has what was measured. */
#define COMPARISON_SECONDS 3.1e-6
#define REPORT_SECONDS .2              /* besides: reading everything, and reports without figures; fitted likewise */
#define SMALL_BYTES ((size_t)16 << 20) /* of a process of those batteries */
#define MEASURES_SHOWN 2.              /* of each map of a network that is not trained yet */
#define PROBE_BYTES ((size_t)1 << 22)

/* Processor seconds of one sample, or of one byte or number. */
struct probe {
    double forward, gradient, prepared, compared, first, drawn, digested;
    double read;    /* reading one sample */
    double trained; /* of one image in one epoch; where networks are trained */
    double likened; /* the activations of one network */
    double sketched;
    double fresh;  /* one byte of memory that a process touches first */
    double slower; /* seconds that go by for one of them: others use the processor, too */
};

struct probing {
    const struct run *run;
    struct net *net;
    const struct input_set *set;
    uint32_t n;
    float *out, *numbers, *sample;
    struct prepared *map[2];
    uint8_t *mask;
    bool first; /* the first measure alone */
    struct net *trainee;
    uint32_t batch; /* of training: x holds as many */
    float *x;
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

/* Inputs stand for maps. */
static bool prepare_map(struct probing *p) {
    const struct map_shape shape = run_map_shape(&p->run->data->sample, REDUCE_NONE);
    run_nonzero(&p->run->data->sample, REDUCE_NONE, p->set->x, p->mask);
    struct prepared *map = prepared_create(p->set->x, p->mask, &shape);
    prepared_destroy(map);
    return map || error_memory(p->error);
}

static bool compare_maps(struct probing *p) {
    double similarity[VIEW_COUNT];
    bool ok = true;
    for (size_t m = 0; ok && measures[m] && (m == 0 || !p->first); m++)
        if (is_measured(p->run, m)) ok = measure_compare_views(measures[m], p->map[0], p->map[1], similarity);
    return ok || error_memory(p->error);
}

static bool compare_first(struct probing *p) {
    p->first = true;
    return compare_maps(p);
}

static bool train_batch(struct probing *p) {
    double loss;
    uint32_t correct, labels[NET_TRAIN_BATCH] = {0};
    float *const *grads;
    return net_loss(p->trainee, p->batch, p->x, labels, &loss, &correct, &grads, p->error);
}

/* Of a folder each time from its file. */
static bool read_sample(struct probing *p) {
    return dataset_sample(p->run->data, p->set->sample[0], p->sample, p->error);
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

static bool touch_pages(struct probing *p) {
    char *memory = scratch_create(PROBE_BYTES, p->error);
    for (size_t k = 0; memory && k < PROBE_BYTES; k += 4096) memory[k] = 1;
    scratch_destroy(memory, PROBE_BYTES);
    return memory != NULL;
}

static bool probe_maps(struct probing *p, struct probe *out) {
    const struct map_shape shape = run_map_shape(&p->run->data->sample, REDUCE_NONE);
    const size_t size = shape_count(&p->run->data->sample), last = p->set->count > 1 ? size : 0;
    p->mask = malloc(size);
    if (!p->mask) return error_memory(p->error);
    run_nonzero(&p->run->data->sample, REDUCE_NONE, p->set->x, p->mask);
    for (int k = 0; k < 2; k++) p->map[k] = prepared_create(p->set->x + (k ? last : 0), p->mask, &shape);
    bool ok = (p->map[0] && p->map[1]) || error_memory(p->error);
    ok = ok && time_calls(p, prepare_map, &out->prepared) && time_calls(p, compare_maps, &out->compared) &&
         time_calls(p, compare_first, &out->first);
    for (int k = 0; k < 2; k++) prepared_destroy(p->map[k]);
    free(p->mask);
    return ok;
}

/* On inputs that are repeated: what they are changes no time. */
static bool probe_training(struct probing *p, struct probe *out) {
    const struct run *run = p->run;
    const size_t size = shape_count(&run->data->sample);
    struct weights *weights = NULL;
    if (!run->network_count) return true;
    p->batch = run->battery->recipe.batch;
    p->x = malloc(p->batch * size * sizeof *p->x);
    bool ok = p->x ? weights_create(run->label_graph, &weights, p->error) : error_memory(p->error);
    for (uint32_t i = 0; ok && i < p->batch; i++)
        memcpy(p->x + i * size, p->set->x + i % p->set->count * size, size * sizeof *p->x);
    ok = ok && run_net(run, weights, &p->trainee, p->error) && time_calls(p, train_batch, &out->trained);
    out->trained /= p->batch;
    net_destroy(p->trainee);
    weights_destroy(weights);
    free(p->x);
    return ok;
}

static bool probe_all(struct probing *p, struct probe *out) {
    const double begun = clock_seconds(), used = clock_processor();
    bool ok = time_calls(p, pass_forward, &out->forward) && time_calls(p, pass_gradient, &out->gradient) &&
              probe_maps(p, out) && time_calls(p, read_sample, &out->read) &&
              time_calls(p, draw_numbers, &out->drawn) && time_calls(p, digest_bytes, &out->digested) &&
              time_calls(p, touch_pages, &out->fresh) && probe_training(p, out) &&
              plan_time_likeness(p->run, p->net, PROBE_SECONDS / 3, &out->likened, p->error);
    if (!ok) return false;
    plan_time_sketch(p->run, PROBE_SECONDS / 3, &out->sketched);
    const double spent = clock_processor() - used;
    out->slower = spent > 0 ? fmax(1, (clock_seconds() - begun) / spent) : 1;
    out->forward /= p->n;
    out->gradient /= p->n;
    out->drawn /= PROBE_BYTES / sizeof *p->numbers;
    out->digested /= PROBE_BYTES;
    out->fresh /= PROBE_BYTES;
    return true;
}

static bool probe_run(const struct run *run, struct probe *out, struct error *e) {
    struct probing p = {.run = run, .set = &run->inputs[ROOT_MODEL], .error = e};
    *out = (struct probe){0};
    p.n = p.set->count < PROBE_SAMPLES ? p.set->count : PROBE_SAMPLES;
    size_t sample = shape_count(&run->data->sample), classes = run->graph->classes;
    p.out = malloc(p.n * (sample > classes ? sample : classes) * sizeof *p.out);
    p.numbers = malloc(PROBE_BYTES);
    p.sample = malloc(sample * sizeof *p.sample);
    bool ok = (p.out && p.numbers && p.sample) || error_memory(e);
    ok = ok && run_net(run, run->model, &p.net, e) && probe_all(&p, out);
    net_destroy(p.net);
    free(p.out);
    free(p.numbers);
    free(p.sample);
    return ok;
}

/* ---- What there is to do ---- */

struct work {
    const struct run *run;
    const struct draw_counts *counts;
    const struct probe *probe;
    double maps, mismatched, comparisons; /* of all rows */
    double jobs, jobs_at_once;
};

static bool count_asked(void *user, const struct record_asked *asked) {
    struct work *w = user;
    w->comparisons += VIEW_COUNT;
    w->mismatched += asked->mismatched;
    return true;
}

/* Counts the comparisons of a row, and its jobs: one for each root and draw. */
static bool count_row(struct work *w, uint32_t row, struct error *e) {
    const struct run *run = w->run;
    const struct experiment_view view = run_view(run);
    const struct plan *p = &run->plan;
    const uint32_t draws = jobs_draws(p) + 1;
    bool *seen = calloc((size_t)ROOT_COUNT * draws, sizeof *seen);
    if (!seen) return error_memory(e);
    for (uint32_t a = 0; a < p->attribution_count; a++) {
        const struct attribution *attribution = &p->attributions[a];
        if (!need_attribution(run, w->counts, row, a)) continue;
        uint32_t draw = attribution->draw == PLAN_NO_DRAW ? draws - 1 : attribution->draw;
        seen[(size_t)attribution->root * draws + draw] = true;
        if (attribution->study) continue;
        w->maps += run->battery->inputs;
        if (run->inputs[attribution->root].count) record_each_asked(&view, row, a, count_asked, w);
        else w->comparisons += MEASURES_SHOWN * (double)VIEW_COUNT * run->battery->inputs;
    }
    for (uint32_t k = 0; !run->explainers[row].yardstick && k < ROOT_COUNT * draws; k++) w->jobs += seen[k];
    free(seen);
    return true;
}

/* Passes of explainers. Gradients of networks drawn anew are told (reference.h); a job that runs beside the one that
 * makes them meets it half way. */
static double explaining(const struct work *w, const struct plan_cost *c) {
    const double forward = w->probe->forward, backward = fmax(0, w->probe->gradient - forward);
    double sum = 0, beside = w->jobs_at_once - 1;
    for (uint32_t row = 0; row < c->explainer_count; row++) {
        const struct explainer_entry *r = &w->run->explainers[row];
        const struct cost *cost = &c->explainers[row].cost;
        double share = r->yardstick || plan_cost_told(r) ? 0 : 1;
        if (!r->yardstick && beside-- >= 1 && plan_cost_told(r)) share = .5;
        sum += share * (cost->forward * forward + cost->backward * backward);
    }
    return sum;
}

/* Of audits, for which every network is drawn, digested and asked, its activations once more, and of the gradients of
 * yardsticks, once for all of them. */
static double referring(const struct work *w, const struct plan_cost *c) {
    const struct plan *p = &w->run->plan;
    double gradients = 0, audits = 0, digested = 0;
    for (uint32_t row = 0; row < c->explainer_count; row++)
        if (w->run->explainers[row].yardstick) gradients = fmax(gradients, c->explainers[row].cost.attributions);
    for (uint32_t i = 0; i < p->attribution_count; i++) audits += attribution_is_redrawn(&p->attributions[i]);
    digested = audits * (double)weights_flat_count(w->run->graph) * sizeof(float);
    return gradients * w->probe->gradient + fmax(0, audits * w->run->battery->inputs - gradients) * w->probe->forward +
           digested * w->probe->digested + audits * w->probe->likened;
}

/* Every row, and the audits, draw the networks of a draw one from another, each layer once for each control that does.
 */
static double drawing(const struct work *w, const struct plan_cost *c) {
    const double rows = c->explainer_count - c->yardstick_count + 1., draws = w->run->battery->rule.draws[0];
    double controls = 0;
    for (uint32_t k = 0; k < w->run->control_count; k++) controls += w->run->controls[k].control->rule->sequential;
    return rows * draws * controls * (double)weights_flat_count(w->run->graph) * w->probe->drawn;
}

/* Epochs until the accuracy is reached, at most those of the recipe: of true labels, and of permuted ones. */
#define EPOCHS_TRUE 20.
#define EPOCHS_PERMUTED 50.

/* After each epoch the network is asked for all images. */
static double training(const struct work *w) {
    const struct battery *b = w->run->battery;
    double epochs = 0;
    for (uint32_t i = 0; i < w->run->network_count; i++) {
        const struct network *n = &w->run->networks[i];
        double wanted = n->kind == NETWORK_PERMUTED ? EPOCHS_PERMUTED : EPOCHS_TRUE;
        if (!n->weights) epochs += b->recipe.stop_accuracy > 1 ? b->recipe.epochs : fmin(b->recipe.epochs, wanted);
    }
    return epochs * b->training_images * (w->probe->trained + w->probe->forward);
}

/* How good the network is: the samples that are read beyond the inputs. */
static double judging_network(const struct work *w) {
    const struct dataset *d = w->run->data;
    const double least = d->count < SETUP_READ_LEAST ? d->count : SETUP_READ_LEAST;
    if (d->unlabelled && !d->targets) return 0;
    return fmax(0, least - w->run->battery->inputs) * (w->probe->read + w->probe->forward);
}

/* Keys of gradients that are told (reference.h): audits and who asks for them hash each input. The original maps of
 * each job are hashed, too. */
static double hashing(const struct work *w, const struct plan_cost *c) {
    double keys = 0, audits = 0;
    for (uint32_t row = 0; row < c->explainer_count; row++) {
        const bool asks = w->run->explainers[row].backwards > 0 && !w->run->explainers[row].yardstick;
        if (w->run->explainers[row].yardstick) audits = fmax(audits, c->explainers[row].cost.attributions);
        else if (asks) keys += c->explainers[row].cost.attributions;
    }
    const double bytes = (double)shape_count(&w->run->data->sample) * sizeof(float);
    return (keys + audits + w->jobs * w->run->battery->inputs) * bytes * w->probe->digested;
}

/* Memory that a process has for the first time, beyond what JOB_SECONDS was fitted with. */
static bool touching(const struct work *w, double *seconds, struct error *e) {
    struct memory_need need;
    if (!memory_predict(w->run, run_limits(w->run), (unsigned)w->jobs_at_once, &need, e)) return false;
    *seconds = need.worker > SMALL_BYTES ? w->jobs * (double)(need.worker - SMALL_BYTES) * w->probe->fresh : 0;
    return true;
}

/* Every job begins with the originals: those of its row, with the logits, or those of all yardsticks. */
static double beginning(const struct work *w, const struct plan_cost *c) {
    const struct probe *p = w->probe;
    const double parts = fmax(w->run->battery->rule.draws[0], w->jobs_at_once);
    const uint32_t inputs = w->run->battery->inputs;
    const double sketches = inputs < SKETCH_INPUTS ? inputs : SKETCH_INPUTS;
    return w->jobs * sketches * p->sketched +
           inputs * (w->jobs * (p->forward + p->prepared) + parts * (p->gradient + c->yardstick_count * p->prepared));
}

/* What others do, and what the parent does with what they send, which nobody shares. */
static bool sum_up(struct work *w, const struct plan_cost *c, double *shared, double *alone, struct error *e) {
    const bool masks = w->run->inputs[ROOT_MODEL].zero_share > 0;
    *shared = 0;
    for (uint32_t row = 0; row < c->explainer_count; row++)
        if (!count_row(w, row, e)) return false;
    *shared += explaining(w, c) + beginning(w, c);
    w->jobs += w->run->battery->rule.draws[0] + w->run->network_count;
    double touched;
    if (!touching(w, &touched, e)) return false;
    *shared += touched + hashing(w, c) + referring(w, c) + drawing(w, c) + training(w) + w->jobs * JOB_SECONDS +
               w->maps * (w->probe->prepared + w->probe->compared) +
               w->mismatched * (w->probe->first + (masks ? w->probe->prepared : 0));
    *alone = REPORT_SECONDS + w->comparisons * COMPARISON_SECONDS + judging_network(w);
    return true;
}

bool plan_time_estimate(const struct run *run, unsigned jobs, const struct draw_counts *counts,
                        const struct plan_done *done, struct plan_cost *cost, struct error *e) {
    struct probe probe;
    struct work work = {.run = run, .counts = counts, .probe = &probe, .jobs_at_once = jobs};
    double shared, alone;
    if (!probe_run(run, &probe, e) || !sum_up(&work, cost, &shared, &alone, e)) return false;
    cost->workers = jobs < work.jobs ? jobs : (unsigned)work.jobs;
    cost->seconds = done->seconds + (shared / cost->workers + alone) * probe.slower;
    cost->processor = done->processor + shared + alone;
    return true;
}
