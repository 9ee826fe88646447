/* pick.c: operators whose every result is an element of one operand, chosen by constant indices, or 0: GatherND,
 * GatherElements, Trilu and, at load, OneHot. */
#include "nn/ops/pick.h"

#include "nn/ops/view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Where the results come from: input `first` and, behind it, input `second` (or GRAPH_NONE), numbered through;
 * VIEW_OUTSIDE: 0. */
struct sources {
    uint32_t first, second;
    void (*find)(const struct op_call *, int32_t *source);
};

static const struct sources *sources_of(const struct op_call *call);

static size_t pick_scratch(const struct op_call *call) {
    return shape_count(&call->out.shape);
}

static const int32_t *find_sources(const struct op_call *call) {
    int32_t *source = (int32_t *)(void *)call->scratch;
    sources_of(call)->find(call, source);
    return source;
}

static void pick_forward(const struct op_call *call) {
    const struct sources *s = sources_of(call);
    const int32_t *source = find_sources(call);
    int32_t split = (int32_t)shape_count(&call->in[s->first].shape);
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) {
        int32_t at = source[i];
        call->out.data[i] = at == VIEW_OUTSIDE ? 0
                            : at < split       ? call->in[s->first].data[at]
                                               : call->in[s->second].data[at - split];
    }
}

static void pick_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    const struct sources *s = sources_of(call);
    const int32_t *source = find_sources(call);
    int32_t split = (int32_t)shape_count(&call->in[s->first].shape);
    if (input != s->first && input != s->second) return;
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) {
        int32_t at = source[i];
        if (at == VIEW_OUTSIDE || (at < split) != (input == s->first)) continue;
        d[input == s->first ? at : at - split] += dy[i];
    }
}

static void pick_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    memset(dx, 0, shape_count(&call->in[input].shape) * sizeof *dx);
    pick_learn(call, input, dy, dx);
}

static bool pick_whole(const struct op_call *call) {
    return call->in[sources_of(call)->first].ints;
}

static bool pick_integers(const struct op_call *call, int64_t *out, struct error *e) {
    const struct sources *s = sources_of(call);
    const struct operand *a = &call->in[s->first], *b = s->second == GRAPH_NONE ? a : &call->in[s->second];
    size_t n = shape_count(&call->out.shape), split = shape_count(&a->shape);
    if (!b->ints) return error_set(e, "one operand is of integers and the other is not");
    int32_t *source = malloc((n + 1) * sizeof *source);
    if (!source) return error_memory(e);
    s->find(call, source);
    for (size_t i = 0; i < n; i++)
        out[i] = source[i] == VIEW_OUTSIDE   ? 0
                 : (size_t)source[i] < split ? a->ints[source[i]]
                                             : b->ints[(size_t)source[i] - split];
    free(source);
    return true;
}

bool pick_check_indices(const struct op_call *call, size_t limit, struct error *e) {
    const int64_t *list = call->in[1].ints;
    if (!list) return error_set(e, "its indices are not constant integers");
    for (size_t i = 0; i < shape_count(&call->in[1].shape); i++)
        if (list[i] < -(int64_t)limit || list[i] >= (int64_t)limit)
            return error_set(e, "index %" PRId64 " of a dimension of %zu", list[i], limit);
    return true;
}

static bool axis_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t *axis = op_config(node, sizeof *axis, e);
    return axis && op_integer(node, "axis", -SHAPE_MAX_RANK, SHAPE_MAX_RANK - 1, 0, axis, e);
}

/* ---- GatherElements: data, indices ---- */

/* Indices of a batch of one stand for every sample. */
static bool fits_batch(const struct op_call *call, size_t indices, size_t data) {
    return indices == data || (op_batch_first(call) && indices == 1);
}

static bool gatherelements_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *x = &call->in[0].shape, *indices = &call->in[1].shape;
    uint32_t axis;
    if (!op_axis(*(const int64_t *)call->node->config, x->rank, false, &axis, e) ||
        !op_spares_batch(call, axis == 0, e) || !pick_check_indices(call, x->dim[axis], e))
        return false;
    bool fits = indices->rank == x->rank;
    for (uint32_t d = 0; fits && d < x->rank; d++)
        fits = d == axis || indices->dim[d] <= x->dim[d] || (d == 0 && fits_batch(call, indices->dim[0], x->dim[0]));
    if (!fits) return error_set(e, "its indices have another shape than its data");
    *out = *indices;
    if (op_batch_first(call)) out->dim[0] = x->dim[0];
    return fits_batch(call, indices->dim[0], out->dim[0]) ||
           error_set(e, "its indices are of another batch than its data");
}

static void gatherelements_find(const struct op_call *call, int32_t *source) {
    const struct shape *x = &call->in[0].shape, *indices = &call->in[1].shape;
    size_t index[SHAPE_MAX_RANK];
    uint32_t axis = 0;
    op_axis(*(const int64_t *)call->node->config, x->rank, false, &axis, NULL);
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) {
        pick_unravel(&call->out.shape, i, index);
        index[axis] = pick_from_front(call->in[1].ints[pick_ravel(indices, index)], x->dim[axis]);
        source[i] = (int32_t)pick_ravel(x, index);
    }
}

/* ---- GatherND: data, indices ---- */

static bool nd_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t *batch = op_config(node, sizeof *batch, e);
    return batch && op_integer(node, "batch_dims", 0, SHAPE_MAX_RANK - 1, 0, batch, e);
}

bool pick_check_tuples(const struct op_call *call, uint32_t batch, uint32_t *depth, struct error *e) {
    const struct shape *x = &call->in[0].shape, *indices = &call->in[1].shape;
    const int64_t *list = call->in[1].ints;
    if (!list) return error_set(e, "its indices are not constant integers");
    size_t last = indices->rank ? indices->dim[indices->rank - 1] : 0;
    if (last < 1 || batch >= indices->rank || batch + last > x->rank)
        return error_set(e, "its indices do not fit the dimensions of its data");
    *depth = (uint32_t)last;
    for (size_t i = 0; i < shape_count(indices); i++) {
        size_t size = x->dim[batch + i % last];
        if (list[i] < -(int64_t)size || list[i] >= (int64_t)size)
            return error_set(e, "index %" PRId64 " of a dimension of %zu", list[i], size);
    }
    return true;
}

static bool gathernd_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *x = &call->in[0].shape, *indices = &call->in[1].shape;
    uint32_t batch = (uint32_t) * (const int64_t *)call->node->config, depth;
    if (!op_spares_batch(call, batch == 0, e) || !pick_check_tuples(call, batch, &depth, e)) return false;
    for (uint32_t d = 0; d < batch; d++)
        if (d ? indices->dim[d] != x->dim[d] : !fits_batch(call, indices->dim[0], x->dim[0]))
            return error_set(e, "its indices do not fit the dimensions of its data");
    if (indices->rank - 1 + x->rank - batch - depth > SHAPE_MAX_RANK)
        return error_set(e, "its output has more than %d dimensions", SHAPE_MAX_RANK);
    out->rank = 0;
    for (uint32_t d = 0; d + 1 < indices->rank; d++) out->dim[out->rank++] = indices->dim[d];
    for (uint32_t d = batch + depth; d < x->rank; d++) out->dim[out->rank++] = x->dim[d];
    if (batch) out->dim[0] = x->dim[0];
    return true;
}

size_t pick_tuple_place(const struct op_call *call, uint32_t batch, uint32_t depth, size_t t) {
    const struct shape *x = &call->in[0].shape;
    size_t at = 0;
    for (uint32_t k = 0; k < depth; k++)
        at = at * x->dim[batch + k] + pick_from_front(call->in[1].ints[t * depth + k], x->dim[batch + k]);
    return at;
}

static void gathernd_find(const struct op_call *call, int32_t *source) {
    const struct shape *x = &call->in[0].shape, *indices = &call->in[1].shape;
    uint32_t batch = (uint32_t) * (const int64_t *)call->node->config;
    uint32_t depth = (uint32_t)indices->dim[indices->rank - 1];
    size_t inner = shape_count_from(x, batch + depth), whole = shape_count_from(x, batch);
    size_t groups = shape_count(x) / whole, tuples = shape_count(indices) / depth;
    size_t each = shape_count(&call->out.shape) / inner / groups; /* tuples of one group */
    for (size_t g = 0; g < groups; g++)
        for (size_t t = 0; t < each; t++) {
            size_t at = g * whole + pick_tuple_place(call, batch, depth, (g * each + t) % tuples) * inner;
            for (size_t k = 0; k < inner; k++) *source++ = (int32_t)(at + k);
        }
}

/* ---- Trilu: data, diagonal ---- */

static bool trilu_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t *upper = op_config(node, sizeof *upper, e);
    return upper && op_integer(node, "upper", 0, 1, 1, upper, e);
}

static bool trilu_infer(const struct op_call *call, struct shape *out, struct error *e) {
    *out = call->in[0].shape;
    if (op_present(call, 1) && (!call->in[1].ints || shape_count(&call->in[1].shape) != 1))
        return error_set(e, "its diagonal is not one constant integer");
    if (out->rank < 2) return error_set(e, "an input of %u dimensions: wanted at least 2", out->rank);
    return op_spares_batch(call, out->rank == 2, e);
}

static void trilu_find(const struct op_call *call, int32_t *source) {
    const struct shape *x = &call->in[0].shape;
    size_t rows = x->dim[x->rank - 2], columns = x->dim[x->rank - 1];
    bool upper = *(const int64_t *)call->node->config != 0;
    int64_t most = (int64_t)OP_MAX_ELEMENTS, k = op_present(call, 1) ? call->in[1].ints[0] : 0;
    k = k < -most ? -most : k > most ? most : k;
    for (size_t i = 0; i < shape_count(x); i++) {
        int64_t row = (int64_t)(i / columns % rows), column = (int64_t)(i % columns);
        bool inside = upper ? column >= row + k : column <= row + k;
        source[i] = inside ? (int32_t)i : VIEW_OUTSIDE;
    }
}

/* ---- OneHot, at load: indices, depth, the two values ---- */

static int64_t number_at(const struct operand *x, size_t i) {
    if (x->ints) return x->ints[i];
    return x->data[i] > -0x1p53f && x->data[i] < 0x1p53f ? (int64_t)x->data[i] : INT64_MIN;
}

static bool onehot_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *x = &call->in[0].shape;
    uint32_t axis;
    for (uint32_t i = 0; i < 3; i++)
        if (call->in[i].batched || (!call->in[i].ints && !call->in[i].data))
            return error_set(e, "its indices, depth or values depend on the input: supported on constants only");
    if (shape_count(&call->in[1].shape) != 1 || shape_count(&call->in[2].shape) != 2)
        return error_set(e, "its depth is not one number, or its values are not two");
    int64_t depth = number_at(&call->in[1], 0);
    if (depth < 1 || depth > (int64_t)OP_MAX_ELEMENTS || x->rank == SHAPE_MAX_RANK)
        return error_set(e, "a depth of %" PRId64 ": wanted 1 to %zu", depth, OP_MAX_ELEMENTS);
    const struct attribute *a = node_attribute(call->node, "axis");
    if (!op_axis(a ? a->integer : -1, x->rank + 1, false, &axis, e)) return false;
    out->rank = x->rank + 1;
    for (uint32_t d = 0, k = 0; d < out->rank; d++) out->dim[d] = d == axis ? (size_t)depth : x->dim[k++];
    return true;
}

static void onehot_find(const struct op_call *call, int32_t *source) {
    const struct attribute *a = node_attribute(call->node, "axis");
    uint32_t axis = 0;
    op_axis(a ? a->integer : -1, call->out.shape.rank, false, &axis, NULL);
    size_t inner = shape_count_from(&call->out.shape, axis + 1), depth = call->out.shape.dim[axis];
    for (size_t i = 0; i < shape_count(&call->out.shape); i++) {
        int64_t index = number_at(&call->in[0], i / inner / depth * inner + i % inner);
        if (index < 0) index += (int64_t)depth;
        source[i] = index == (int64_t)(i / inner % depth);
    }
}

#define PICK(id, title, text, least, most, how, integer, own_parse)                                                    \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .flags = how,                                                                                                  \
        .min_inputs = least,                                                                                           \
        .max_inputs = most,                                                                                            \
        .integer_inputs = integer,                                                                                     \
        .parse = own_parse,                                                                                            \
        .infer = id##_infer,                                                                                           \
        .scratch = pick_scratch,                                                                                       \
        .whole = pick_whole,                                                                                           \
        .integers = pick_integers,                                                                                     \
        .forward = pick_forward,                                                                                       \
        .backward = pick_backward,                                                                                     \
        .learn = pick_learn,                                                                                           \
    }
PICK(gatherelements, "GatherElements", "elements chosen by constant indices along one axis", 2, 2, OP_LINEAR | OP_MOVES,
     2, axis_parse);
PICK(gathernd, "GatherND", "elements or slices chosen by constant tuples of indices", 2, 2, OP_LINEAR | OP_MOVES, 2,
     nd_parse);
PICK(trilu, "Trilu", "what is above or below a diagonal, and 0", 1, 2, OP_LINEAR | OP_MOVES, 2, trilu_parse);

const struct op op_onehot = {
    .name = "OneHot",
    .summary = "one value at an index and another elsewhere, at load",
    .min_inputs = 3,
    .max_inputs = 3,
    .integer_inputs = 7,
    .infer = onehot_infer,
    .scratch = pick_scratch,
    .whole = pick_whole,
    .integers = pick_integers,
    .forward = pick_forward,
};

static const struct {
    const struct op *op;
    struct sources sources;
} table[] = {
    {&op_gatherelements, {0, GRAPH_NONE, gatherelements_find}},
    {&op_gathernd, {0, GRAPH_NONE, gathernd_find}},
    {&op_trilu, {0, GRAPH_NONE, trilu_find}},
    {&op_onehot, {2, GRAPH_NONE, onehot_find}},
};

static const struct sources *sources_of(const struct op_call *call) {
    size_t i = 0;
    while (table[i].op != call->node->op) i++;
    return &table[i].sources;
}
