/* function_class.c: the class by the roles of nodes; biases by what the network answers to an input of zeros. */
#include "nn/function_class.h"

#include "nn/activations.h"
#include "nn/node_roles.h"
#include "nn/op.h"

#include <stdlib.h>
#include <string.h>

static bool is_op(const struct node *node, const char *name) {
    return strcmp(node->op->name, name) == 0;
}

/* f(z) = z f'(z), and so f(a z) = a f(z) for a >= 0. */
static bool is_homogeneous(const struct node *node) {
    return is_op(node, "Relu") || is_op(node, "LeakyRelu") || is_op(node, "PRelu");
}

static bool is_affine(enum role role) {
    return role == ROLE_NONE || role == ROLE_LAYER || role == ROLE_MERGED || role == ROLE_LINEAR || role == ROLE_MOVE;
}

static unsigned class_of(const struct graph *g, const struct node_roles *roles) {
    unsigned is = FUNCTION_AFFINE | FUNCTION_RECTIFIED | FUNCTION_NO_RECTIFIER;
    uint32_t layers = 0, dense = 0, activations = 0, others = 0;
    for (uint32_t i = 0; i < g->node_count; i++) {
        enum role role = roles->nodes[i].role;
        layers += role == ROLE_LAYER;
        dense += role == ROLE_LAYER && (is_op(&g->nodes[i], "Gemm") || is_op(&g->nodes[i], "MatMul"));
        if (is_affine(role)) continue;
        is &= ~(unsigned)FUNCTION_AFFINE;
        *(role == ROLE_RECTIFIER || role == ROLE_POINTWISE ? &activations : &others) += 1;
        if (role == ROLE_RECTIFIER) is &= ~(unsigned)FUNCTION_NO_RECTIFIER;
        if (role != ROLE_MAXIMUM && (role != ROLE_RECTIFIER || !is_homogeneous(&g->nodes[i])))
            is &= ~(unsigned)FUNCTION_RECTIFIED;
    }
    if ((is & FUNCTION_AFFINE) && layers == 1 && dense == 1) is |= FUNCTION_ONE_LAYER;
    if (dense == layers) is |= FUNCTION_DENSE;
    if (activations == 1 && others == 0) is |= FUNCTION_ONE_ACTIVATION;
    if (g->sample.rank == 1) is |= FUNCTION_OF_FEATURES;
    return is;
}

/* Whether every node answers zeros to zeros. By induction along the nodes: then no layer adds anything. */
static bool find_bias(struct net *net, const struct node_roles *roles, bool *biased, struct error *e) {
    const struct graph *g = net_graph(net);
    const uint32_t target = 0;
    size_t most = shape_count(&g->sample);
    for (uint32_t i = 0; i < g->node_count; i++) {
        size_t n = shape_count(&g->values[g->nodes[i].outputs[0]].shape);
        if (roles->nodes[i].role != ROLE_NONE && n > most) most = n;
    }
    float *zeros = calloc(2 * most, sizeof *zeros), *out = zeros ? zeros + most : NULL;
    bool ok = zeros || error_memory(e);
    *biased = false;
    for (uint32_t i = 0; ok && !*biased && i < g->node_count; i++) {
        size_t n = shape_count(&g->values[g->nodes[i].outputs[0]].shape);
        if (roles->nodes[i].role == ROLE_NONE) continue;
        ok = net_inspect(net, i, 1, zeros, &target, out, NULL, e);
        for (size_t k = 0; ok && !*biased && k < n; k++) *biased = out[k] < 0 || out[k] > 0 || out[k] != out[k];
    }
    free(zeros);
    return ok;
}

bool function_class_of(struct net *net, unsigned *out, struct error *e) {
    struct node_roles *roles = NULL;
    bool biased = true;
    *out = 0;
    if (!node_roles_create(net_graph(net), &roles, e)) return false;
    *out = class_of(net_graph(net), roles);
    bool ok = !(*out & FUNCTION_RECTIFIED) || net_weights(net)->raised || find_bias(net, roles, &biased, e);
    if (!biased) *out |= FUNCTION_NO_BIAS;
    node_roles_destroy(roles);
    return ok;
}

/* ---- what follows feature maps ---- */

/* Over all places of samples x channels x places. */
static bool is_mean_of_places(const struct graph *g, const struct node *node) {
    const struct shape *in = &g->values[node->inputs[0]].shape, *out = &g->values[node->outputs[0]].shape;
    if (in->rank < 3 || out->rank != in->rank || out->dim[1] != in->dim[1]) return false;
    for (uint32_t d = 2; d < out->rank; d++)
        if (out->dim[d] != 1) return false;
    return is_op(node, "GlobalAveragePool") || is_op(node, "ReduceMean");
}

static bool reads(const struct node *node, const bool *behind) {
    for (uint32_t k = 0; k < node->input_count; k++)
        if (node->inputs[k] != GRAPH_NONE && behind[node->inputs[k]]) return true;
    return false;
}

bool function_is_pooled_behind(const struct graph *g, uint32_t node, bool *pooled, struct error *e) {
    struct node_roles *roles = NULL;
    bool *behind = calloc((size_t)g->value_count + 1, sizeof *behind);
    bool ok = (behind || error_memory(e)) && node_roles_create(g, &roles, e);
    const uint32_t maps = g->nodes[node].outputs[0];
    *pooled = ok && maps != g->output;
    if (ok) behind[maps] = true;
    for (uint32_t i = node + 1; ok && *pooled && i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (roles->nodes[i].role == ROLE_NONE || !reads(n, behind)) continue;
        bool first = false;
        for (uint32_t k = 0; k < n->input_count; k++) first |= n->inputs[k] == maps;
        *pooled = first ? is_mean_of_places(g, n) : is_affine(roles->nodes[i].role);
        for (uint32_t k = 0; k < n->output_count; k++)
            if (n->outputs[k] != GRAPH_NONE) behind[n->outputs[k]] = true;
    }
    node_roles_destroy(roles);
    free(behind);
    return ok;
}
