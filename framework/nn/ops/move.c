/* move.c: operators that copy elements of their input: Pad, Slice, Gather, Transpose, Expand. */
#include "nn/ops/move.h"

#include "nn/ops/broadcast.h"

#include <inttypes.h>
#include <string.h>

size_t move_scratch(const struct op_call *call) {
    size_t count = SHAPE_MAX_RANK;
    for (uint32_t i = 0; i < call->out.shape.rank; i++) count += call->out.shape.dim[i];
    return count > shape_count(&call->out.shape) ? count : shape_count(&call->out.shape);
}

void move_forward(const struct op_call *call, lay_out *lay, float outside) {
    struct view view = {0};
    lay(call, &view, (int32_t *)(void *)call->scratch);
    view_copy(&view, call->team, call->in[0].data, outside, call->out.data);
}

void move_learn(const struct op_call *call, lay_out *lay, const float *dy, float *d) {
    struct view view = {0};
    lay(call, &view, (int32_t *)(void *)call->scratch);
    view_add(&view, call->team, dy, d);
}

void move_backward(const struct op_call *call, lay_out *lay, const float *dy, float *dx) {
    memset(dx, 0, shape_count(&call->in[0].shape) * sizeof *dx);
    move_learn(call, lay, dy, dx);
}

bool move_list(const struct op_call *call, uint32_t i, const char *what, const int64_t **list, size_t *count,
               struct error *e) {
    *list = op_present(call, i) ? call->in[i].ints : NULL;
    *count = *list ? shape_count(&call->in[i].shape) : 0;
    return *list || !op_present(call, i) || error_set(e, "its %s are not constant integers", what);
}

/* ---- Pad: data, pads, constant, axes ---- */

enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP };

static bool pad_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    static const char *const names[] = {"constant", "reflect", "edge", "wrap"};
    const char *text;
    enum pad_mode *mode = op_config(node, sizeof *mode, e);
    if (!mode || !op_text(node, "mode", &text, e)) return false;
    for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *mode = (enum pad_mode)i;
            return true;
        }
    return !text || !*text || error_set(e, "attribute 'mode' is '%s': wanted constant, reflect, edge or wrap", text);
}

/* before[rank] and after[rank]; negative ones crop. */
static bool pad_amounts(const struct op_call *call, int64_t *before, int64_t *after, struct error *e) {
    const int64_t *pads, *axes;
    size_t count, axis_count;
    uint32_t rank = call->in[0].shape.rank;
    if (!move_list(call, 1, "pads", &pads, &count, e) || !move_list(call, 3, "axes", &axes, &axis_count, e))
        return false;
    if (!op_present(call, 3)) axis_count = rank;
    if (count != 2 * axis_count)
        return error_set(e, "%zu pads for %zu dimensions: wanted two for each", count, axis_count);
    memset(before, 0, rank * sizeof *before);
    memset(after, 0, rank * sizeof *after);
    for (size_t i = 0; i < axis_count; i++) {
        uint32_t axis = (uint32_t)i;
        if (axes && !op_axis(axes[i], rank, false, &axis, e)) return false;
        before[axis] = pads[i];
        after[axis] = pads[i + axis_count];
    }
    return true;
}

static bool pad_infer(const struct op_call *call, struct shape *out, struct error *e) {
    int64_t before[SHAPE_MAX_RANK], after[SHAPE_MAX_RANK], most = (int64_t)OP_MAX_ELEMENTS;
    enum pad_mode mode = *(const enum pad_mode *)call->node->config;
    *out = call->in[0].shape;
    if (!pad_amounts(call, before, after, e)) return false;
    if (op_present(call, 2) && (call->in[2].batched || shape_count(&call->in[2].shape) != 1))
        return error_set(e, "its constant is not one fixed number");
    if (!op_spares_batch(call, out->rank && (before[0] || after[0]), e)) return false;
    for (uint32_t i = 0; i < out->rank; i++) {
        bool sane = before[i] >= -most && before[i] <= most && after[i] >= -most && after[i] <= most;
        int64_t size = sane && out->dim[i] <= OP_MAX_ELEMENTS ? (int64_t)out->dim[i] + before[i] + after[i] : 0;
        if (size < 1 || size > most)
            return error_set(e, "padding %" PRId64 " and %" PRId64 " does not fit a dimension of %zu", before[i],
                             after[i], out->dim[i]);
        if (mode == PAD_REFLECT && (before[i] >= (int64_t)out->dim[i] || after[i] >= (int64_t)out->dim[i]))
            return error_set(e,
                             "reflection of %" PRId64 " and %" PRId64 " elements of a dimension of %zu: wanted fewer",
                             before[i], after[i], out->dim[i]);
        out->dim[i] = (size_t)size;
    }
    return true;
}

/* The element of n that stands at position `at`, which may lie outside. */
static int32_t pad_source(enum pad_mode mode, int64_t at, int64_t n) {
    if (at >= 0 && at < n) return (int32_t)at;
    switch (mode) {
    case PAD_REFLECT: return (int32_t)(at < 0 ? -at : 2 * (n - 1) - at);
    case PAD_EDGE: return (int32_t)(at < 0 ? 0 : n - 1);
    case PAD_WRAP: return (int32_t)((at % n + n) % n);
    default: return VIEW_OUTSIDE;
    }
}

static void pad_lay(const struct op_call *call, struct view *view, int32_t *memory) {
    int64_t before[SHAPE_MAX_RANK], after[SHAPE_MAX_RANK];
    const struct shape *in = &call->in[0].shape, *out = &call->out.shape;
    enum pad_mode mode = *(const enum pad_mode *)call->node->config;
    pad_amounts(call, before, after, NULL);
    for (uint32_t i = 0; i < in->rank; i++) {
        if (before[i] == 0 && after[i] == 0) {
            view_keep(view, in, i);
            continue;
        }
        int32_t *table = view_pick(view, in, i, out->dim[i], &memory);
        for (size_t k = 0; k < out->dim[i]; k++)
            table[k] = pad_source(mode, (int64_t)k - before[i], (int64_t)in->dim[i]);
    }
    if (in->rank == 0) *view = (struct view){.rank = 1, .dim = {1}};
}

DEFINE_MOVES(pad, op_present(call, 2) ? call->in[2].data[0] : 0)

/* ---- Slice: data, starts, ends, axes, steps ---- */

struct cut {
    int64_t start, step;
    size_t count;
};

/* As NumPy has it. */
static bool cut_axis(int64_t start, int64_t end, int64_t step, size_t size, struct cut *out, struct error *e) {
    int64_t n = (int64_t)size, lowest = step > 0 ? 0 : -1, highest = step > 0 ? n : n - 1;
    if (step == 0 || step == INT64_MIN) return error_set(e, "a step of %" PRId64, step);
    if (start < 0) start += n;
    if (end < 0) end += n;
    start = start < lowest ? lowest : start > highest ? highest : start;
    end = end < lowest ? lowest : end > highest ? highest : end;
    int64_t way = step > 0 ? end - start : start - end, length = step > 0 ? step : -step;
    *out = (struct cut){start, step, way > 0 ? (size_t)((way - 1) / length + 1) : 0};
    return true;
}

/* cuts[rank] */
static bool slice_cuts(const struct op_call *call, struct cut *cuts, struct error *e) {
    const struct shape *in = &call->in[0].shape;
    const int64_t *starts, *ends, *axes, *steps;
    size_t count, end_count, axis_count, step_count;
    if (!move_list(call, 1, "starts", &starts, &count, e) || !move_list(call, 2, "ends", &ends, &end_count, e) ||
        !move_list(call, 3, "axes", &axes, &axis_count, e) || !move_list(call, 4, "steps", &steps, &step_count, e))
        return false;
    if (end_count != count || (axes && axis_count != count) || (steps && step_count != count) || count > in->rank)
        return error_set(e, "its starts, ends, axes and steps do not fit each other or the input");
    for (uint32_t i = 0; i < in->rank; i++) cuts[i] = (struct cut){0, 1, in->dim[i]};
    for (size_t i = 0; i < count; i++) {
        uint32_t axis = (uint32_t)i;
        if (axes && !op_axis(axes[i], in->rank, false, &axis, e)) return false;
        if (!cut_axis(starts[i], ends[i], steps ? steps[i] : 1, in->dim[axis], &cuts[axis], e)) return false;
    }
    return true;
}

static bool slice_infer(const struct op_call *call, struct shape *out, struct error *e) {
    struct cut cuts[SHAPE_MAX_RANK];
    *out = call->in[0].shape;
    if (!slice_cuts(call, cuts, e)) return false;
    if (out->rank && !op_spares_batch(call, cuts[0].count != out->dim[0] || cuts[0].step < 0, e)) return false;
    for (uint32_t i = 0; i < out->rank; i++) {
        /* Only of a list of integers: what is before the first dimension of a shape, say. */
        if (cuts[i].count == 0 && !(call->in[0].ints && out->rank == 1))
            return error_set(e, "nothing is left of a dimension of %zu", out->dim[i]);
        out->dim[i] = cuts[i].count;
    }
    return true;
}

static void slice_lay(const struct op_call *call, struct view *view, int32_t *memory) {
    struct cut cuts[SHAPE_MAX_RANK];
    const struct shape *in = &call->in[0].shape;
    slice_cuts(call, cuts, NULL);
    for (uint32_t i = 0; i < in->rank; i++) {
        if (cuts[i].step == 1 && cuts[i].count == in->dim[i]) {
            view_keep(view, in, i);
            continue;
        }
        int32_t *table = view_pick(view, in, i, cuts[i].count, &memory);
        for (size_t k = 0; k < cuts[i].count; k++) table[k] = (int32_t)(cuts[i].start + (int64_t)k * cuts[i].step);
    }
    if (in->rank == 0) *view = (struct view){.rank = 1, .dim = {1}};
}

DEFINE_MOVES(slice, 0)

/* ---- Gather: data, indices ---- */

static bool gather_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t *axis = op_config(node, sizeof *axis, e);
    return axis && op_integer(node, "axis", -SHAPE_MAX_RANK, SHAPE_MAX_RANK - 1, 0, axis, e);
}

static bool gather_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *in = &call->in[0].shape, *indices = &call->in[1].shape;
    const int64_t *list;
    size_t count;
    uint32_t axis;
    if (!op_axis(*(const int64_t *)call->node->config, in->rank, false, &axis, e) ||
        !move_list(call, 1, "indices", &list, &count, e))
        return false;
    if (!op_spares_batch(call, axis == 0, e)) return false;
    if (in->rank + indices->rank - 1 > SHAPE_MAX_RANK)
        return error_set(e, "its output has more than %d dimensions", SHAPE_MAX_RANK);
    int64_t size = (int64_t)in->dim[axis];
    for (size_t i = 0; i < count; i++)
        if (list[i] < -size || list[i] >= size)
            return error_set(e, "index %" PRId64 " of a dimension of %" PRId64, list[i], size);
    out->rank = 0;
    for (uint32_t i = 0; i < axis; i++) out->dim[out->rank++] = in->dim[i];
    for (uint32_t i = 0; i < indices->rank; i++) out->dim[out->rank++] = indices->dim[i];
    for (uint32_t i = axis + 1; i < in->rank; i++) out->dim[out->rank++] = in->dim[i];
    return true;
}

static void gather_lay(const struct op_call *call, struct view *view, int32_t *memory) {
    const struct shape *in = &call->in[0].shape;
    uint32_t axis = 0;
    op_axis(*(const int64_t *)call->node->config, in->rank, false, &axis, NULL);
    size_t inner = shape_count_from(in, axis + 1), outer = shape_count(in) / shape_count_from(in, axis);
    const struct shape merged = {3, {outer, in->dim[axis], inner}};
    size_t count = shape_count(&call->in[1].shape);
    view_keep(view, &merged, 0);
    int32_t *table = view_pick(view, &merged, 1, count, &memory);
    view_keep(view, &merged, 2);
    for (size_t i = 0; i < count; i++) {
        int64_t index = call->in[1].ints[i];
        table[i] = (int32_t)(index < 0 ? index + (int64_t)in->dim[axis] : index);
    }
}

DEFINE_MOVES(gather, 0)

/* ---- Transpose ---- */

static bool transpose_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    const struct attribute *a = node_attribute(node, "perm");
    return !a || a->kind == ATTRIBUTE_INTS || error_set(e, "attribute 'perm' is no list of integers");
}

/* order[rank]: the dimension of the input that each of the output is. */
static bool transpose_order(const struct op_call *call, uint32_t *order, struct error *e) {
    const struct attribute *a = node_attribute(call->node, "perm");
    uint32_t rank = call->in[0].shape.rank, seen = 0;
    if (a && a->count != rank) return error_set(e, "%zu dimensions in 'perm' of an input of %u", a->count, rank);
    for (uint32_t i = 0; i < rank; i++) {
        int64_t axis = a ? a->ints[i] : (int64_t)(rank - 1 - i);
        if (axis < 0 || axis >= (int64_t)rank || seen >> axis & 1) return error_set(e, "'perm' is no permutation");
        seen |= 1u << axis;
        order[i] = (uint32_t)axis;
    }
    return true;
}

static bool transpose_infer(const struct op_call *call, struct shape *out, struct error *e) {
    uint32_t order[SHAPE_MAX_RANK];
    if (!transpose_order(call, order, e)) return false;
    out->rank = call->in[0].shape.rank;
    if (!op_spares_batch(call, out->rank && order[0] != 0, e)) return false;
    for (uint32_t i = 0; i < out->rank; i++) out->dim[i] = call->in[0].shape.dim[order[i]];
    return true;
}

static void transpose_lay(const struct op_call *call, struct view *view, int32_t *memory) {
    uint32_t order[SHAPE_MAX_RANK];
    (void)memory;
    transpose_order(call, order, NULL);
    for (uint32_t i = 0; i < call->in[0].shape.rank; i++) view_keep(view, &call->in[0].shape, order[i]);
    if (view->rank == 0) *view = (struct view){.rank = 1, .dim = {1}};
}

static void transpose_forward(const struct op_call *call) {
    move_forward(call, transpose_lay, 0);
}

/* The inverse permutation: every element is written once. */
static void transpose_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    uint32_t order[SHAPE_MAX_RANK], inverse[SHAPE_MAX_RANK], rank = call->in[0].shape.rank;
    struct view view = {0};
    transpose_order(call, order, NULL);
    for (uint32_t i = 0; i < rank; i++) inverse[order[i]] = i;
    for (uint32_t i = 0; i < rank; i++) view_keep(&view, &call->out.shape, inverse[i]);
    if (rank == 0) view = (struct view){.rank = 1, .dim = {1}};
    view_copy(&view, call->team, dy, 0, dx);
}

static void transpose_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    if (input == 0) move_learn(call, transpose_lay, dy, d);
}

/* ---- Expand: data, shape ---- */

static bool expand_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const int64_t *list;
    size_t count;
    if (!move_list(call, 1, "target dimensions", &list, &count, e)) return false;
    if (count > SHAPE_MAX_RANK) return error_set(e, "a target of %zu dimensions: at most %d", count, SHAPE_MAX_RANK);
    struct shape target = {.rank = (uint32_t)count};
    for (size_t i = 0; i < count; i++) {
        if (list[i] != GRAPH_BATCH && (list[i] < 1 || list[i] > (int64_t)OP_MAX_ELEMENTS))
            return error_set(e, "dimension %" PRId64 " in its target: wanted positive ones", list[i]);
        target.dim[i] = list[i] == GRAPH_BATCH ? call->batch : (size_t)list[i];
    }
    return broadcast_shape(&call->in[0].shape, &target, out, e);
}

static void expand_lay(const struct op_call *call, struct view *view, int32_t *memory) {
    const struct shape *in = &call->in[0].shape, *out = &call->out.shape;
    (void)memory;
    view_expand(view, in, out);
}

DEFINE_MOVES(expand, 0)

MOVE(pad, "Pad", "a border of a constant, or by reflection, edge or wrapping; or cropped", 2, 4, 2 | 8, 0, pad_parse);
MOVE(slice, "Slice", "part of some dimensions", 3, 5, 2 | 4 | 8 | 16, 0, NULL);
MOVE(gather, "Gather", "chosen elements along one axis", 2, 2, 2, 0, gather_parse);
MOVE(transpose, "Transpose", "dimensions in another order; the batch stays the first", 1, 1, 0, 0, transpose_parse);

const struct op op_expand = {
    .name = "Expand",
    .summary = "repeated to another shape",
    .flags = OP_LINEAR | OP_MOVES | OP_ADDS | OP_TAKES_BATCH,
    .min_inputs = 2,
    .max_inputs = 2,
    .integer_inputs = 2,
    .empty_inputs = 2, /* to that of a single number */
    .infer = expand_infer,
    .scratch = move_scratch,
    .forward = expand_forward,
    .backward = expand_backward,
    .learn = expand_learn,
};
