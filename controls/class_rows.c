/* Rows of the last layer. */
#include "controls/class_rows.h"

#include "base/rng.h"
#include "base/text.h"
#include "nn/op.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_op(const struct node *node, const char *op) {
    return strcmp(node->op->name, op) == 0;
}

/* The dimension of the layer's weight that counts outputs. */
static bool output_dimension(const struct node *node, uint32_t value, const struct shape *shape, uint32_t *out) {
    const struct attribute *transposed = node_attribute(node, "transB");
    if (node->input_count < 2 || node->inputs[1] != value || shape->rank < 2) return false;
    if (is_op(node, "Conv")) *out = 0;
    else if (is_op(node, "Gemm")) *out = transposed && transposed->integer ? 0 : 1;
    else if (is_op(node, "MatMul")) *out = shape->rank - 1;
    else return false;
    return true;
}

static bool add(struct class_rows *r, uint32_t value, const struct shape *s, uint32_t dimension, bool drawn) {
    if (r->count == CLASS_ROWS_PARAMETERS || s->dim[dimension] != r->classes) return false;
    struct class_parameter *p = &r->parameters[r->count++];
    *p = (struct class_parameter){.value = value, .outer = 1, .inner = 1, .drawn = drawn};
    for (uint32_t d = 0; d < s->rank; d++) *(d < dimension ? &p->outer : &p->inner) *= d == dimension ? 1 : s->dim[d];
    return true;
}

/* Where it is added, as a bias is: by Gemm or Conv themselves, or by an Add. */
static bool is_bias(const struct graph *g, uint32_t value) {
    for (uint32_t n = 0; n < g->node_count; n++)
        for (uint32_t i = 0; i < g->nodes[n].input_count; i++)
            if (g->nodes[n].inputs[i] == value)
                return is_op(&g->nodes[n], "Add") ||
                       (i == 2 && (is_op(&g->nodes[n], "Gemm") || is_op(&g->nodes[n], "Conv")));
    return false;
}

static bool add_parameter(struct class_rows *r, const struct graph *g, const struct layer *layer, uint32_t value) {
    const struct shape *s = &g->values[value].shape;
    uint32_t dimension;
    if (output_dimension(&g->nodes[layer->node], value, s, &dimension)) return add(r, value, s, dimension, true);
    if (shape_count(s) != r->classes) return false;
    for (dimension = 0; dimension + 1 < s->rank && s->dim[dimension] == 1;) dimension++;
    return add(r, value, s, dimension, is_bias(g, value));
}

bool class_rows_find(const struct study_case *c, struct class_rows *r, struct error *e) {
    const struct graph *g = c->model->graph;
    *r = (struct class_rows){.classes = g->classes};
    if (g->classes < 2 || g->paired) return error_set(e, "The network has one output: there are no other classes.");
    const struct layer *layer = g->layer_count ? &g->layers[g->layer_count - 1] : NULL;
    bool ok = layer != NULL;
    for (uint32_t k = 0; ok && k < layer->parameter_count; k++) ok = add_parameter(r, g, layer, layer->parameters[k]);
    return (ok && r->count && r->parameters[0].drawn) ||
           error_set(e, "The network's last layer%s%s has no row for each class.", layer ? " " : "",
                     layer ? layer->name : "");
}

static double deviation(const float *v, size_t n) {
    double sum = 0, squares = 0;
    for (size_t k = 0; k < n; k++) sum += (double)v[k];
    for (size_t k = 0; k < n; k++) squares += ((double)v[k] - sum / (double)n) * ((double)v[k] - sum / (double)n);
    return sqrt(squares / (double)n);
}

bool class_rows_redraw(const struct class_rows *r, const struct study_case *c, const bool *which, uint64_t draw,
                       struct weights *w, struct error *e) {
    for (uint32_t k = 0; k < r->count; k++) {
        const struct class_parameter *p = &r->parameters[k];
        float *to = p->drawn ? weights_edit(w, p->value) : NULL;
        if (!p->drawn) continue;
        char *purpose = text_format("%s/%s", c->study->name, w->graph->values[p->value].name);
        if (!to || !purpose) {
            free(purpose);
            return error_memory(e);
        }
        struct rng rng = rng_stream(c->seed, purpose, draw);
        double sd = deviation(c->model->data[p->value], p->outer * p->inner * r->classes);
        free(purpose);
        for (size_t o = 0; o < p->outer; o++)
            for (uint32_t row = 0; row < r->classes; row++)
                for (size_t i = 0; which[row] && i < p->inner; i++)
                    to[(o * r->classes + row) * p->inner + i] = (float)(sd * rng_normal(&rng));
    }
    return true;
}

bool class_rows_permute(const struct class_rows *r, const struct study_case *c, const uint32_t *to, struct weights *w,
                        struct error *e) {
    for (uint32_t k = 0; k < r->count; k++) {
        const struct class_parameter *p = &r->parameters[k];
        const float *from = c->model->data[p->value];
        float *data = weights_edit(w, p->value);
        if (!data) return error_memory(e);
        for (size_t o = 0; o < p->outer; o++)
            for (uint32_t row = 0; row < r->classes; row++)
                memcpy(data + (o * r->classes + to[row]) * p->inner, from + (o * r->classes + row) * p->inner,
                       p->inner * sizeof *data);
    }
    return true;
}

static enum study_outcome compare(const struct study_case *c, const float *model, const float *other,
                                  const uint32_t *to, const bool *drawn, double tolerance, uint32_t n,
                                  struct error *e) {
    uint32_t k = c->model->graph->classes;
    double scale = 0, change = 0;
    for (size_t i = 0; i < (size_t)n * k; i++) scale = fmax(scale, fabs((double)model[i]));
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t t = 0; t < k; t++) {
            double off = fabs((double)other[(size_t)i * k + (to ? to[t] : t)] - (double)model[(size_t)i * k + t]);
            if (drawn && drawn[t]) change = fmax(change, off);
            else if (!(off <= tolerance * scale)) {
                error_set(e,
                          "The rows of the last layer are not those of single logits: with other rows logit %u is "
                          "off by %.2g.",
                          t, off);
                return STUDY_UNSUPPORTED;
            }
        }
    if (!drawn || change > 0) return STUDY_DONE;
    error_set(e, "The logits do not change with the rows of the last layer.");
    return STUDY_UNSUPPORTED;
}

enum study_outcome class_rows_audit(const struct study_case *c, const struct weights *w, const uint32_t *to,
                                    const bool *drawn, double tolerance, uint32_t n, const float *x, struct error *e) {
    size_t count = (size_t)n * w->graph->classes;
    float *model = malloc(2 * count * sizeof *model);
    enum study_outcome outcome = model ? STUDY_FAILED : study_memory(e);
    if (model && c->host.forward(c->host.user, c->model, n, x, model, e) &&
        c->host.forward(c->host.user, w, n, x, model + count, e))
        outcome = compare(c, model, model + count, to, drawn, tolerance, n, e);
    free(model);
    return outcome;
}
