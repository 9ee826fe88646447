/* net_fuse.c: Convs that take over the BatchNormalization and Relu behind them, and their weights made ready. */
#include "nn/net_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT = 1, BIAS };                 /* inputs of a Conv */
enum { SCALE = 1, SHIFT, MEAN, VARIANCE }; /* of a BatchNormalization */

/* The one step that reads the value as its first input, if it is of that kind; else GRAPH_NONE. */
static uint32_t only_reader(const struct net *net, uint32_t value, const char *op) {
    const struct graph *g = net->graph;
    if (net->readers[value] != 1) return GRAPH_NONE;
    for (uint32_t i = 0; i < net->step_count; i++) {
        const struct node *node = &g->nodes[net->steps[i]];
        if (node->inputs[0] == value && strcmp(node->op->name, op) == 0) return net->steps[i];
    }
    return GRAPH_NONE;
}

static bool are_parameters(const struct graph *g, const struct node *node) {
    for (uint32_t k = 1; k < node->input_count; k++)
        if (node->inputs[k] != GRAPH_NONE && g->values[node->inputs[k]].batched) return false;
    return true;
}

static void find_followers(const struct net *net, struct fusion *f) {
    const struct graph *g = net->graph;
    uint32_t value = g->nodes[f->conv].outputs[0];
    f->last = f->conv;
    f->norm = only_reader(net, value, "BatchNormalization");
    if (f->norm != GRAPH_NONE && !are_parameters(g, &g->nodes[f->norm])) f->norm = GRAPH_NONE;
    if (f->norm != GRAPH_NONE) f->last = f->norm;
    f->relu = only_reader(net, g->nodes[f->last].outputs[0], "Relu");
    if (f->relu != GRAPH_NONE) f->last = f->relu;
    f->how.relu = f->relu != GRAPH_NONE;
}

static void choose_route(const struct net *net, struct fusion *f, enum conv_route route) {
    struct op_call call;
    struct operand in[3];
    const struct node *node = &net->graph->nodes[f->conv];
    op_call_init(&call, net->graph, node, NULL, in);
    f->how.winograd =
        route != CONV_DIRECT && conv_winograd_fits(&call) && (route == CONV_WINOGRAD || conv_winograd_pays(&call));
}

bool fuse_create(struct net *net, enum conv_route route, struct error *e) {
    const struct graph *g = net->graph;
    net->fusions = calloc((size_t)net->step_count + 1, sizeof *net->fusions);
    net->fusion_of = calloc((size_t)g->node_count + 1, sizeof *net->fusion_of);
    if (!net->fusions || !net->fusion_of) return error_memory(e);
    for (uint32_t i = 0; i < net->step_count; i++) {
        if (strcmp(g->nodes[net->steps[i]].op->name, "Conv") != 0) continue;
        struct fusion *f = &net->fusions[net->fusion_count++];
        f->conv = net->steps[i];
        find_followers(net, f);
        choose_route(net, f, route);
        net->fusion_of[f->conv] = net->fusion_count;
        if (f->norm != GRAPH_NONE) net->fusion_of[f->norm] = net->fusion_count;
        if (f->relu != GRAPH_NONE) net->fusion_of[f->relu] = net->fusion_count;
    }
    return true;
}

static void release(struct fusion *f) {
    free(f->how.weights);
    free(f->how.factors);
    free(f->how.bias);
    f->how.weights = f->how.factors = f->how.bias = NULL;
}

void fuse_destroy(struct net *net) {
    for (uint32_t i = 0; i < net->fusion_count; i++) release(&net->fusions[i]);
    free(net->fusions);
    free(net->fusion_of);
}

void fuse_forget(struct net *net) {
    for (uint32_t i = 0; i < net->fusion_count; i++) release(&net->fusions[i]);
}

static bool reads(const struct net *net, uint32_t node, uint32_t value) {
    if (node == GRAPH_NONE) return false;
    const struct node *n = &net->graph->nodes[node];
    for (uint32_t k = 0; k < n->input_count; k++)
        if (n->inputs[k] == value) return true;
    return false;
}

void fuse_forget_layer(struct net *net, const struct layer *layer) {
    for (uint32_t i = 0; i < net->fusion_count; i++) {
        struct fusion *f = &net->fusions[i];
        for (uint32_t p = 0; p < layer->parameter_count; p++)
            if (reads(net, f->conv, layer->parameters[p]) || reads(net, f->norm, layer->parameters[p])) release(f);
    }
}

const struct fusion *fuse_find(const struct net *net, const struct plan *plan, uint32_t node) {
    uint32_t index = net->fusion_of[node];
    if (plan_keeps(plan) || !index) return NULL;
    const struct fusion *f = &net->fusions[index - 1];
    bool apart = plan->split != f->last && (plan->split == f->conv || plan->split == f->norm);
    return plan->split != GRAPH_NONE && apart ? NULL : f;
}

/* ---- Weights ---- */

static const float *parameter(const struct net *net, const struct node *node, uint32_t input) {
    if (input >= node->input_count || node->inputs[input] == GRAPH_NONE) return NULL;
    const struct value *v = &net->graph->values[node->inputs[input]];
    return v->kind == VALUE_PARAMETER ? net->weights->data[node->inputs[input]] : v->data;
}

/* y = factor (w x + b) + shift: the normalisation's factor goes into the weights, which Winograd's method does as it
 * transforms them; the rest into the bias. */
static bool fold_norm(const struct net *net, struct fusion *f, struct error *e) {
    const struct graph *g = net->graph;
    const struct node *conv = &g->nodes[f->conv], *norm = &g->nodes[f->norm];
    const struct shape *s = &g->values[conv->inputs[WEIGHT]].shape;
    size_t channels = s->dim[0], taps = shape_count_from(s, 1);
    const float *weights = parameter(net, conv, WEIGHT), *bias = parameter(net, conv, BIAS);
    const float *scale = parameter(net, norm, SCALE), *shift = parameter(net, norm, SHIFT);
    const float *mean = parameter(net, norm, MEAN), *variance = parameter(net, norm, VARIANCE);
    const float epsilon = *(const float *)norm->config;
    f->how.factors = malloc(channels * sizeof *weights);
    f->how.bias = malloc(channels * sizeof *bias);
    f->how.weights = f->how.winograd ? NULL : malloc(channels * taps * sizeof *weights);
    if (!f->how.factors || !f->how.bias || (!f->how.weights && !f->how.winograd)) {
        release(f);
        return error_memory(e);
    }
    for (size_t c = 0; c < channels; c++) {
        float factor = scale[c] / sqrtf(variance[c] + epsilon);
        f->how.factors[c] = factor;
        f->how.bias[c] = shift[c] + ((bias ? bias[c] : 0) - mean[c]) * factor;
        for (size_t i = 0; f->how.weights && i < taps; i++)
            f->how.weights[c * taps + i] = factor * weights[c * taps + i];
    }
    return true;
}

bool fuse_prepare(struct net *net, struct error *e) {
    for (uint32_t i = 0; i < net->fusion_count; i++) {
        struct fusion *f = &net->fusions[i];
        if (f->norm != GRAPH_NONE && !f->how.bias && !fold_norm(net, f, e)) return false;
    }
    return true;
}

size_t fuse_size(const struct net *net) {
    size_t floats = 0;
    for (uint32_t i = 0; i < net->fusion_count; i++) {
        const struct fusion *f = &net->fusions[i];
        const struct shape *s = &net->graph->values[net->graph->nodes[f->conv].inputs[WEIGHT]].shape;
        if (f->norm != GRAPH_NONE) floats += 2 * s->dim[0] + (f->how.winograd ? 0 : shape_count(s));
    }
    return floats * sizeof(float);
}
