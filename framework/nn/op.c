/* op.c: what operators share: finding one by name, attributes, axes, and the set-up of a call. */
#include "nn/op.h"

#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct op *op_find(const char *name) {
    for (const struct op *const *op = ops_all(); *op; op++)
        if (strcmp((*op)->name, name) == 0) return *op;
    return NULL;
}

const char *op_nearest(const char *name) {
    const struct op *const *all = ops_all();
    size_t count = 0;
    while (all[count]) count++;
    const char **names = malloc(count * sizeof *names), *nearest = NULL;
    for (size_t i = 0; names && i < count; i++) names[i] = all[i]->name;
    if (names) nearest = text_nearest(name, names, count);
    free(names);
    return nearest;
}

static bool wrong_kind(const char *name, const char *wanted, struct error *e) {
    return error_set(e, "attribute '%s' has another type: wanted %s", name, wanted);
}

static bool out_of_range(const char *name, int64_t found, int64_t min, int64_t max, struct error *e) {
    return error_set(e, "attribute '%s' is %" PRId64 ": wanted %" PRId64 " to %" PRId64, name, found, min, max);
}

bool op_integer(const struct node *node, const char *name, int64_t min, int64_t max, int64_t fallback, int64_t *out,
                struct error *e) {
    const struct attribute *a = node_attribute(node, name);
    if (a && a->kind != ATTRIBUTE_INT) return wrong_kind(name, "an integer", e);
    *out = a ? a->integer : fallback;
    return (*out >= min && *out <= max) || out_of_range(name, *out, min, max, e);
}

bool op_number(const struct node *node, const char *name, float fallback, float *out, struct error *e) {
    const struct attribute *a = node_attribute(node, name);
    if (a && a->kind != ATTRIBUTE_FLOAT) return wrong_kind(name, "a number", e);
    *out = a ? a->number : fallback;
    return isfinite(*out) || error_set(e, "attribute '%s' is %g: wanted a finite number", name, (double)*out);
}

bool op_epsilon(const struct node *node, float *out, struct error *e) {
    return op_number(node, "epsilon", 1e-5f, out, e) &&
           (*out >= 0 || error_set(e, "attribute 'epsilon' is %g: wanted 0 or more", (double)*out));
}

bool op_sizes(const struct node *node, const char *name, int64_t min, int64_t max, uint32_t fallback, uint32_t *out,
              size_t count, struct error *e) {
    const struct attribute *a = node_attribute(node, name);
    if (a && a->kind != ATTRIBUTE_INTS) return wrong_kind(name, "a list of integers", e);
    if (a && a->count != count)
        return error_set(e, "attribute '%s' has %zu elements: wanted %zu", name, a->count, count);
    for (size_t i = 0; i < count; i++) {
        if (a && (a->ints[i] < min || a->ints[i] > max)) return out_of_range(name, a->ints[i], min, max, e);
        out[i] = a ? (uint32_t)a->ints[i] : fallback;
    }
    return true;
}

bool op_text(const struct node *node, const char *name, const char **out, struct error *e) {
    const struct attribute *a = node_attribute(node, name);
    if (a && (a->kind != ATTRIBUTE_TEXT || !a->text)) return wrong_kind(name, "text", e);
    *out = a ? a->text : NULL;
    return true;
}

void *op_config(struct node *node, size_t size, struct error *e) {
    node->config = calloc(1, size);
    if (!node->config) error_memory(e);
    return node->config;
}

bool op_present(const struct op_call *call, uint32_t input) {
    return input < call->node->input_count && call->node->inputs[input] != GRAPH_NONE;
}

bool op_batch_first(const struct op_call *call) {
    return call->out.batched && !call->single;
}

bool op_spares_batch(const struct op_call *call, bool touches, struct error *e) {
    return !touches || !op_batch_first(call) || error_set(e, "dimension 0 is the batch: samples must not be mixed");
}

bool op_axis(int64_t axis, uint32_t rank, bool end, uint32_t *out, struct error *e) {
    int64_t limit = (int64_t)rank, found = axis;
    if (axis < 0) axis += limit;
    if (axis < 0 || axis > limit || (axis == limit && !end))
        return error_set(e, "axis %" PRId64 " of an input of %u dimensions: wanted %" PRId64 " to %" PRId64, found,
                         rank, -limit, end ? limit : limit - 1);
    *out = (uint32_t)axis;
    return true;
}

/* ---- Calls ---- */

void op_call_init(struct op_call *call, const struct graph *g, const struct node *node, const struct shape *shapes,
                  struct operand *in) {
    *call = (struct op_call){.node = node, .in = in, .batch = 1, .workers = 1, .single = g->single};
    if (shapes && g->input != GRAPH_NONE) call->batch = (uint32_t)shapes[g->input].dim[0];
    for (uint32_t i = 0; i < node->input_count; i++) {
        in[i] = (struct operand){.shape = {0}};
        if (node->inputs[i] == GRAPH_NONE) continue;
        const struct value *v = &g->values[node->inputs[i]];
        in[i] = (struct operand){.shape = shapes ? shapes[node->inputs[i]] : v->shape,
                                 .data = v->data,
                                 .ints = v->ints,
                                 .batched = v->batched};
    }
    call->out.batched = g->values[node->outputs[0]].batched;
    if (shapes) call->out.shape = shapes[node->outputs[0]];
}

bool op_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct op *op = call->node->op;
    for (uint32_t i = 0; i < call->node->input_count; i++)
        if (op_present(call, i) && shape_count(&call->in[i].shape) == 0 && !(i < 32 && op->empty_inputs >> i & 1))
            return error_set(e, "input %u is empty", i);
    for (uint32_t i = 0; call->out.batched && i < call->node->input_count; i++)
        if (call->in[i].ints && !(i < 32 && op->integer_inputs >> i & 1))
            return error_set(e, "input %u is of integers: wanted float32", i);
    if (!op->infer) *out = call->in[0].shape;
    return !op->infer || op->infer(call, out, e);
}
