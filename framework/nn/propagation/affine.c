/* affine.c: products of changed weights and changed inputs, by the layer's own operator. */
#include "nn/propagation/affine.h"

#include <math.h>
#include <string.h>

static bool is_op(const struct op_call *call, const char *name) {
    return strcmp(call->node->op->name, name) == 0;
}

static float changed_weight(float w, enum affine_weight how, float a) {
    switch (how) {
    case W_POSITIVE: return fmaxf(w, 0);
    case W_NEGATIVE: return fminf(w, 0);
    case W_SQUARE: return w * w;
    case W_ONE: return 1;
    case W_MORE_POSITIVE: return w + a * fmaxf(w, 0);
    case W_MORE_NEGATIVE: return w + a * fminf(w, 0);
    default: return w;
    }
}

static float changed_input(float x, enum affine_input how, float a, float b) {
    switch (how) {
    case X_POSITIVE: return fmaxf(x, 0);
    case X_NEGATIVE: return fminf(x, 0);
    case X_ONE: return 1;
    case X_LOW: return a;
    case X_HIGH: return b;
    default: return x;
    }
}

/* ---- What is merged into a layer ---- */

/* Channels of the output: the second dimension of a Conv, the last one of a Gemm or a MatMul with weights behind. */
static void find_channels(struct affine *l, const struct op_call *call) {
    const struct shape *out = &call->out.shape;
    l->channels = l->inner = 0;
    if (is_op(call, "Conv") || is_op(call, "ConvTranspose")) {
        l->channels = out->dim[1];
        l->inner = shape_count_from(out, 2);
    } else if (is_op(call, "Gemm") || (is_op(call, "MatMul") && l->input == 0)) {
        l->channels = out->dim[out->rank - 1];
        l->inner = 1;
    }
}

/* The layer's own bias into bias[channels]. */
static void take_bias(const struct affine *l, const struct op_call *call, float *bias) {
    const struct attribute *beta = node_attribute(call->node, "beta");
    float factor = is_op(call, "Gemm") && beta ? beta->number : 1;
    bool present = call->node->input_count > 2 && op_present(call, 2);
    size_t count = present ? shape_count(&call->in[2].shape) : 0;
    for (size_t c = 0; c < l->channels; c++) bias[c] = present ? factor * call->in[2].data[count == 1 ? 0 : c] : 0;
}

/* The channel of a weight. */
static size_t channel_of(const struct affine *l, size_t index) {
    const struct attribute *turned = node_attribute(l->call.node, "transB");
    const struct shape *w = &l->in[l->weight].shape;
    bool rows = is_op(&l->call, "Conv") || (is_op(&l->call, "Gemm") && turned && turned->integer);
    return rows ? index / shape_count_from(w, 1) : index % w->dim[w->rank - 1];
}

/* factor (w x + b - mean) + shift */
static void fold_norm(const struct affine *l, const struct op_call *norm, float *weights, float *bias) {
    const float epsilon = *(const float *)norm->node->config;
    const float *scale = norm->in[1].data, *shift = norm->in[2].data, *mean = norm->in[3].data,
                *variance = norm->in[4].data;
    for (size_t c = 0; c < l->channels; c++)
        bias[c] = shift[c] + (bias[c] - mean[c]) * scale[c] / sqrtf(variance[c] + epsilon);
    for (size_t i = 0; i < l->weight_count; i++) {
        size_t c = channel_of(l, i);
        weights[i] *= scale[c] / sqrtf(variance[c] + epsilon);
    }
}

static void fold_bias(const struct affine *l, const struct op_call *add, float *bias) {
    const struct operand *other = &add->in[add->in[0].batched ? 1 : 0];
    for (size_t c = 0; c < l->channels; c++) bias[c] += other->data[shape_count(&other->shape) == 1 ? 0 : c];
}

/* Everything behind the layer that is merged into it. */
static void fold(const struct affine *l, const struct node_roles *roles, uint32_t node, const struct op_call *calls,
                 float *weights, float *bias) {
    for (uint32_t at = node; at != roles->nodes[node].last;) {
        uint32_t value = roles->graph->nodes[at].outputs[0], next = at + 1;
        while (roles->nodes[next].role != ROLE_MERGED ||
               roles->graph->nodes[next].inputs[node_role_input(roles->graph, &roles->graph->nodes[next])] != value)
            next++;
        if (is_op(&calls[next], "Add")) fold_bias(l, &calls[next], bias);
        else fold_norm(l, &calls[next], weights, bias);
        at = next;
    }
}

void affine_init(struct affine *l, const struct node_roles *roles, uint32_t node, const struct op_call *calls,
                 float *scratch, const struct affine_room *room) {
    const struct op_call *call = &calls[node];
    *l = (struct affine){.call = *call,
                         .input = call->in[0].batched ? 0 : 1,
                         .value = calls[roles->nodes[node].last].out.data,
                         .changed_x = room->changed_x,
                         .changed_weights = room->changed_weights,
                         .changed_bias = room->changed_bias,
                         .product = room->product};
    l->weight = 1 - l->input;
    for (uint32_t k = 0; k < call->node->input_count && k < 3; k++) l->in[k] = call->in[k];
    if (call->node->input_count > 2 && op_present(call, 2)) l->in[2].data = room->zeros; /* ours is added afterwards */
    l->call.in = l->in;
    l->call.scratch = scratch;
    l->call.team = NULL;
    l->call.fused = NULL;
    l->x = call->in[l->input].data;
    l->weight_count = shape_count(&call->in[l->weight].shape);
    find_channels(l, call);
    memcpy(room->folded, call->in[l->weight].data, l->weight_count * sizeof *room->folded);
    take_bias(l, call, room->bias);
    fold(l, roles, node, calls, room->folded, room->bias);
    l->weights = room->folded;
    l->bias = l->channels ? room->bias : NULL;
}

/* ---- Terms ---- */

size_t affine_outputs(const struct affine *l) {
    return shape_count(&l->call.out.shape);
}

size_t affine_inputs(const struct affine *l) {
    return shape_count(&l->in[l->input].shape);
}

static void change_weights(const struct affine *l, enum affine_weight how) {
    for (size_t i = 0; i < l->weight_count; i++) l->changed_weights[i] = changed_weight(l->weights[i], how, l->a);
}

static void add_bias(const struct affine *l, enum affine_weight how, float *z) {
    for (size_t c = 0; c < l->channels; c++) l->changed_bias[c] = changed_weight(l->bias[c], how, l->a);
    for (size_t i = 0, n = affine_outputs(l); i < n; i++) z[i] += l->changed_bias[i / l->inner % l->channels];
}

void affine_add(const struct affine *l, const struct affine_term *term, float *z) {
    struct operand in[3] = {l->in[0], l->in[1], l->in[2]};
    struct op_call call = l->call;
    size_t n = affine_outputs(l);
    for (size_t i = 0; i < affine_inputs(l); i++) l->changed_x[i] = changed_input(l->x[i], term->input, l->a, l->b);
    change_weights(l, term->weight);
    in[l->input].data = l->changed_x;
    in[l->weight].data = l->changed_weights;
    call.in = in;
    call.out.data = l->product;
    call.node->op->forward(&call);
    for (size_t i = 0; i < n; i++) z[i] += l->product[i];
    if (term->bias && l->bias) add_bias(l, term->weight, z);
}

void affine_back(const struct affine *l, const struct affine_term *term, const float *s, float factor, float *out) {
    struct operand in[3] = {l->in[0], l->in[1], l->in[2]};
    struct op_call call = l->call;
    change_weights(l, term->weight);
    in[l->weight].data = l->changed_weights;
    call.in = in;
    call.node->op->backward(&call, l->input, s, l->product);
    for (size_t i = 0; i < affine_inputs(l); i++)
        out[i] += factor * changed_input(l->x[i], term->input, l->a, l->b) * l->product[i];
}

void affine_share(const struct affine *l, const struct affine_term *terms, size_t count, const float *relevance,
                  float factor, float *s, float *out) {
    size_t n = affine_outputs(l);
    memset(s, 0, n * sizeof *s);
    for (size_t t = 0; t < count; t++) affine_add(l, &terms[t], s);
    for (size_t i = 0; i < n; i++) s[i] = propagation_divide(relevance[i], s[i], PROPAGATION_STABILISER);
    for (size_t t = 0; t < count; t++) affine_back(l, &terms[t], s, factor, out);
}
