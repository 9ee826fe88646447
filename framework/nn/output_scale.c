/* output_scale.c: mean and deviation of targets, and the last layer that takes them over. */
#include "nn/output_scale.h"

#include "nn/op.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is(const struct node *node, const char *op) {
    return strcmp(node->op->name, op) == 0;
}

static uint32_t readers(const struct graph *g, uint32_t value) {
    uint32_t count = 0;
    for (uint32_t n = 0; n < g->node_count; n++)
        for (uint32_t k = 0; k < g->nodes[n].input_count; k++) count += g->nodes[n].inputs[k] == value;
    return count;
}

/* A parameter of so many elements that nothing else reads. */
static bool is_own(const struct graph *g, uint32_t value, size_t count) {
    return value != GRAPH_NONE && g->values[value].kind == VALUE_PARAMETER &&
           shape_count(&g->values[value].shape) == count && readers(g, value) == 1;
}

/* The node that computes the value, behind reshapes. */
static const struct node *maker(const struct graph *g, uint32_t value) {
    uint32_t node = g->values[value].node;
    while (node != GRAPH_NONE && (g->nodes[node].op->flags & OP_RESHAPES)) {
        value = g->nodes[node].inputs[0];
        node = g->values[value].node;
    }
    return node == GRAPH_NONE ? NULL : &g->nodes[node];
}

static int64_t integer(const struct node *node, const char *name) {
    const struct attribute *a = node_attribute(node, name);
    return a ? a->integer : 0;
}

static float number(const struct node *node, const char *name) {
    const struct attribute *a = node_attribute(node, name);
    return a ? a->number : 1;
}

static bool takes_matrix(struct output_scale *s, const struct graph *g, const struct node *node, bool rows) {
    const struct shape *shape = &g->values[node->inputs[1]].shape;
    s->weight = node->inputs[1];
    s->rows = rows;
    return shape->rank == 2 && shape->dim[!rows] == s->outputs && is_own(g, s->weight, shape_count(shape));
}

/* Gemm(x, W, b), or MatMul(x, W) + b. */
static bool find_last(struct output_scale *s, const struct graph *g) {
    const struct node *last = maker(g, g->output);
    if (last && is(last, "Gemm") && last->input_count == 3 && fabsf(number(last, "beta") - 1) <= 0) {
        s->bias = last->inputs[2];
        return is_own(g, s->bias, s->outputs) && takes_matrix(s, g, last, integer(last, "transB") != 0);
    }
    if (!last || !is(last, "Add")) return false;
    bool second = g->values[last->inputs[0]].batched;
    const struct node *product = maker(g, last->inputs[!second]);
    s->bias = last->inputs[second];
    return product && is(product, "MatMul") && is_own(g, s->bias, s->outputs) && takes_matrix(s, g, product, false);
}

bool output_scale_create(const struct graph *g, uint32_t n, const float *values, struct output_scale *s,
                         struct error *e) {
    *s = (struct output_scale){.outputs = g->classes};
    s->mean = calloc(2 * (size_t)s->outputs, sizeof *s->mean);
    if (!s->mean) return error_memory(e);
    s->deviation = s->mean + s->outputs;
    for (size_t k = 0; k < s->outputs; k++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++) sum += (double)values[i * s->outputs + k];
        s->mean[k] = sum / n;
        for (size_t i = 0; i < n; i++) squares += pow((double)values[i * s->outputs + k] - s->mean[k], 2);
        s->deviation[k] = squares > 0 ? sqrt(squares / n) : 1;
    }
    s->folds = find_last(s, g);
    return true;
}

void output_scale_finish(struct output_scale *s) {
    free(s->mean);
    *s = (struct output_scale){.mean = NULL};
}

void output_scale_apply(const struct output_scale *s, uint32_t n, const float *values, float *out) {
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < s->outputs; k++) {
            double v = (double)values[i * s->outputs + k];
            out[i * s->outputs + k] = (float)(s->folds ? (v - s->mean[k]) / s->deviation[k] : v);
        }
}

bool output_scale_fold(const struct output_scale *s, struct weights *w, struct error *e) {
    if (!s->folds) return true;
    float *weight = weights_edit(w, s->weight), *bias = weights_edit(w, s->bias);
    if (!weight || !bias) return error_memory(e);
    size_t all = shape_count(&w->graph->values[s->weight].shape), depth = all / s->outputs;
    for (size_t i = 0; i < all; i++)
        weight[i] = (float)((double)weight[i] * s->deviation[s->rows ? i / depth : i % s->outputs]);
    for (size_t k = 0; k < s->outputs; k++) bias[k] = (float)((double)bias[k] * s->deviation[k] + s->mean[k]);
    return true;
}
