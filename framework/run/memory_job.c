/* memory_job.c: the sums of what each kind of job allocates. */
#include "run/memory_job.h"

#include "host/call.h"
#include "run/answers.h"
#include "run/compare.h"
#include "run/likeness.h"
#include "run/reference.h"
#include "run/schedule_jobs.h"
#include "run/variant.h"

#include <math.h>
#include <stdlib.h>

/* A process before it does anything: pages that it writes of the parent's, stacks, what libraries keep. Fitted to small
 * batteries. */
#define PROCESS_BYTES ((size_t)6 << 20)

/* What variants expect of all draws together: those of one draw begin at no more layers. */
static bool size_passes(const struct run *run, enum root root, const struct net *net, size_t *bytes, struct error *e) {
    const struct graph *g = run_root_graph(run, root);
    bool *begins = calloc(g->layer_count + 1u, sizeof *begins);
    if (!begins) return error_memory(e);
    for (uint32_t i = 0; i < run->plan.attribution_count; i++) {
        const struct attribution *a = &run->plan.attributions[i];
        uint32_t layer = variant_begin(run, a);
        if (a->root == root && layer < g->layer_count) begins[layer] = true;
    }
    bool ok = net_keep_size(net, begins, bytes, e);
    free(begins);
    return ok;
}

static bool size_root(struct memory_case *c, enum root root, struct error *e) {
    const struct run *run = c->run;
    const struct graph *g = run_root_graph(run, root);
    const struct net_options options = {.conv = run->battery->conv, .memory = c->limits->group};
    struct root_size *size = &c->roots[root];
    struct weights *weights;
    struct net *net = NULL;
    if (!g) return true;
    if (!weights_create(g, &weights, e)) return false;
    size->parameters = weights_flat_count(g) * sizeof(float);
    bool ok = net_create_with(weights, &options, &net, e) &&
              net_size(net, NET_PASSES_GRADIENT, c->threads, &size->net, e) &&
              size_passes(run, root, net, &size->passes, e) &&
              (root != ROOT_LABELS || net_size_training(net, run->battery->recipe.batch, &size->training, e));
    net_destroy(net);
    weights_destroy(weights);
    return ok;
}

bool memory_case_init(struct memory_case *c, const struct run *run, const struct memory_limits *limits,
                      unsigned threads, struct error *e) {
    *c = (struct memory_case){.run = run, .limits = limits, .threads = threads};
    bool ok = true;
    for (int root = 0; ok && root < ROOT_COUNT; root++) ok = size_root(c, (enum root)root, e);
    return ok;
}

static size_t sample_bytes(const struct memory_case *c) {
    return shape_count(&c->run->data->sample) * sizeof(float);
}

static size_t inputs_of(const struct memory_case *c) {
    return c->run->battery->inputs;
}

/* Samples of one request. */
static size_t request_of(const struct memory_case *c) {
    return call_request_size(shape_count(&c->run->data->sample), c->run->battery->inputs);
}

static size_t net_bytes(const struct memory_case *c, enum root root) {
    const struct net_size *net = &c->roots[root].net;
    return net->folded + net->group + net->parts;
}

/* Inputs and maps of a guarded call. */
static size_t call_bytes(const struct memory_case *c) {
    return 2 * request_of(c) * sample_bytes(c);
}

/* Until the inputs are taken, zeros may be among them. */
static bool has_zeros(const struct run *run) {
    return !run->inputs[ROOT_MODEL].count || run->inputs[ROOT_MODEL].zero_share > 0;
}

static size_t comparer_bytes(const struct memory_case *c, uint32_t row, size_t prepared) {
    return comparer_size(&c->run->data->sample, c->run->explainers[row].reduction, c->run->battery->inputs,
                         has_zeros(c->run), prepared);
}

size_t memory_of_conform(const struct memory_case *c) {
    return PROCESS_BYTES + net_bytes(c, ROOT_MODEL) + call_bytes(c) + 2 * request_of(c) * sample_bytes(c);
}

static bool draws_layer(const struct plan *p, enum root root, uint32_t draw, uint32_t layer) {
    for (uint32_t i = 0; i < p->attribution_count; i++) {
        const struct attribution *a = &p->attributions[i];
        if (a->root == root && a->draw == draw && !a->study && attribution_is_redrawn(a) && a->model.layers[layer])
            return true;
    }
    return false;
}

/* Parameters of the layers that some network of that draw has anew: others stay shared. */
static size_t drawn_bytes(const struct memory_case *c, enum root root, uint32_t draw) {
    const struct graph *g = run_root_graph(c->run, root);
    size_t floats = 0;
    for (uint32_t l = 0; g && l < g->layer_count; l++)
        for (uint32_t k = 0; k < g->layers[l].parameter_count && draws_layer(&c->run->plan, root, draw, l); k++)
            floats += shape_count(&g->values[g->layers[l].parameters[k]].shape);
    return floats * sizeof(float);
}

/* Networks that a job makes. */
static size_t made_bytes(const struct memory_case *c, enum root root, uint32_t draw) {
    const struct plan *p = &c->run->plan;
    bool twin = false, study = false;
    for (uint32_t i = 0; i < p->attribution_count; i++) {
        const struct attribution *a = &p->attributions[i];
        if (a->root != root || a->draw != draw) continue;
        twin = twin || attribution_is_twin(a);
        study = study || a->study;
    }
    return drawn_bytes(c, root, draw) + ((size_t)twin + study) * c->roots[root].parameters +
           (study ? net_bytes(c, root) : 0);
}

/* `passes`: through the network, for each input. */
static size_t passes_bytes(const struct memory_case *c, enum root root, double passes) {
    const double most = (double)c->limits->passes;
    const double bytes = ceil(passes) * (double)(inputs_of(c) * c->roots[root].passes);
    return (size_t)fmin(bytes, most);
}

/* Passes of one input that are kept. Those of sums are not, but how many those are is not known: a budget takes all for
 * kept, and as many as there is room for where conformance was not asked yet. Without a budget it is one. */
static double passes_of(const struct memory_case *c, const struct explainer_entry *row) {
    const double passes = row->conform_bytes > 0 ? row->forwards + row->backwards : 1e9;
    return c->run->memory ? passes : fmin(1, passes);
}

size_t memory_of_record(const struct memory_case *c) {
    const struct experiment_view view = run_view(c->run);
    size_t pairs = DERANGEMENTS; /* of mismatched inputs, by the first measure and those that were chosen */
    for (size_t m = 0; measures[m]; m++)
        if (view_measures(&view, m)) pairs += 1 + (measures[m]->chosen ? DERANGEMENTS : 0);
    return inputs_of(c) * pairs * VIEW_COUNT * sizeof(struct record_pair);
}

size_t memory_of_explain(const struct memory_case *c, enum root root, uint32_t row) {
    const struct run *run = c->run;
    const struct experiment_view view = run_view(run);
    size_t outputs = c->roots[root].parameters ? run_root_graph(run, root)->classes : 0, made = 0;
    const size_t block = request_of(c) * 2 * sample_bytes(c), logits = inputs_of(c) * outputs * sizeof(float);
    size_t answers = 0;
    for (uint32_t draw = 0; draw <= jobs_draws(&run->plan); draw++) {
        uint32_t of = draw < jobs_draws(&run->plan) ? draw : PLAN_NO_DRAW;
        size_t here = made_bytes(c, root, of), kept = answers_most(&view, root, of);
        if (here > made) made = here;
        if (kept > answers) answers = kept;
    }
    return PROCESS_BYTES + made + net_bytes(c, root) + block + logits + call_bytes(c) + 2 * memory_of_record(c) +
           answers * answers_size(inputs_of(c), sample_bytes(c) / sizeof(float), outputs) +
           passes_bytes(c, root, passes_of(c, &run->explainers[row])) + comparer_bytes(c, row, c->limits->prepared) +
           (size_t)run->explainers[row].own_bytes;
}

size_t memory_of_reference(const struct memory_case *c) {
    const struct run *run = c->run;
    size_t outputs = run->graph->classes * sizeof(float), comparers = memory_of_record(c), drawn = 0; /* on its way */
    const size_t block = reference_block(sample_bytes(c) / sizeof(float), run->battery->inputs);
    const size_t prepared = reference_prepared(run, c->limits->prepared);
    for (uint32_t row = 0; row < run->explainer_count; row++)
        if (run->explainers[row].yardstick) comparers += comparer_bytes(c, row, prepared) + memory_of_record(c);
    for (uint32_t draw = 0; draw < jobs_draws(&run->plan); draw++) {
        size_t here = drawn_bytes(c, ROOT_MODEL, draw);
        if (here > drawn) drawn = here;
    }
    struct likeness layers = {.count = 0};
    bool known = likeness_plan(&layers, run, NULL); /* else memory is out, and a job will say so */
    return PROCESS_BYTES + drawn + net_bytes(c, ROOT_MODEL) + inputs_of(c) * 2 * outputs + 3 * block * sample_bytes(c) +
           passes_bytes(c, ROOT_MODEL, 1) + comparers + (known ? layers.bytes : 0);
}

/* Parameters, two moments of each, and a copy on the way to the parent; images of training and of the test. */
size_t memory_of_training(const struct memory_case *c) {
    const struct run *run = c->run;
    const struct root_size *root = &c->roots[ROOT_LABELS];
    if (!run->network_count || !root->parameters) return 0;
    size_t images = run->battery->training_images + (size_t)run_test_samples(run) + run->battery->recipe.batch;
    return PROCESS_BYTES + 4 * root->parameters + root->training + images * sample_bytes(c);
}
