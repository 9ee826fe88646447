/* window.c: the attributes of a window, and where it fits into its input. */
#include "nn/ops/window.h"

#include <string.h>

#define MOST 65535 /* of kernel, stride, dilation and padding */

static bool parse_auto_pad(const struct node *node, enum auto_pad *out, struct error *e) {
    static const char *const names[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    const char *text;
    if (!op_text(node, "auto_pad", &text, e)) return false;
    *out = PAD_GIVEN;
    for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (enum auto_pad)i;
            return true;
        }
    return !text || !text[0] ||
           error_set(e, "attribute 'auto_pad' is '%s': wanted NOTSET, VALID, SAME_UPPER or SAME_LOWER", text);
}

/* Spatial dimensions by the first list that there is. */
static bool count_axes(const struct node *node, uint32_t *out, struct error *e) {
    static const char *const names[] = {"kernel_shape", "strides",        "dilations",
                                        "pads",         "output_padding", "output_shape"};
    *out = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct attribute *a = node_attribute(node, names[i]);
        if (!a || a->kind != ATTRIBUTE_INTS) continue;
        size_t count = i == 3 ? a->count / 2 : a->count;
        if (count < 1 || count > WINDOW_AXES)
            return error_set(e, "attribute '%s' has %zu elements: only one to three spatial dimensions are supported",
                             names[i], a->count);
        *out = (uint32_t)count;
        return true;
    }
    return true;
}

/* The lists of a node, outermost dimension first. */
struct lists {
    uint32_t kernel[WINDOW_AXES], stride[WINDOW_AXES], dilation[WINDOW_AXES], pads[2 * WINDOW_AXES];
};

static bool read_lists(const struct node *node, size_t axes, struct lists *l, struct error *e) {
    return op_sizes(node, "kernel_shape", 1, MOST, 1, l->kernel, axes, e) &&
           op_sizes(node, "strides", 1, MOST, 1, l->stride, axes, e) &&
           op_sizes(node, "dilations", 1, MOST, 1, l->dilation, axes, e) &&
           op_sizes(node, "pads", 0, MOST, 0, l->pads, 2 * axes, e);
}

bool window_parse(const struct node *node, struct window *w, struct error *e) {
    int64_t ceil;
    struct lists l;
    if (!count_axes(node, &w->axes, e)) return false;
    size_t axes = w->axes ? w->axes : WINDOW_AXES;
    if (!read_lists(node, axes, &l, e) || !parse_auto_pad(node, &w->auto_pad, e) ||
        !op_integer(node, "ceil_mode", 0, 1, 0, &ceil, e))
        return false;
    for (int axis = 0; axis < WINDOW_AXES; axis++) {
        w->kernel[axis] = w->stride[axis] = w->dilation[axis] = 1;
        w->before[axis] = w->after[axis] = 0;
    }
    for (size_t i = 0; i < axes; i++) {
        int axis = window_axis(i, axes);
        w->kernel[axis] = l.kernel[i];
        w->stride[axis] = l.stride[i];
        w->dilation[axis] = l.dilation[i];
        w->before[axis] = l.pads[i];
        w->after[axis] = l.pads[i + axes];
    }
    w->ceil = ceil != 0;
    w->has_kernel = node_attribute(node, "kernel_shape") != NULL;
    return true;
}

/* Total padding so that the output is ceil(in / stride), the odd one behind or before. */
static void place_same(struct window_fit *f, int axis, ptrdiff_t extent, bool upper) {
    f->out[axis] = (f->in[axis] + f->stride[axis] - 1) / f->stride[axis];
    ptrdiff_t total = (f->out[axis] - 1) * f->stride[axis] + extent - f->in[axis];
    if (total < 0) total = 0;
    f->before[axis] = upper ? total / 2 : total - total / 2;
    f->after[axis] = total - f->before[axis];
}

static bool place_axis(const struct window *w, struct window_fit *f, int axis, struct error *e) {
    ptrdiff_t extent = (f->kernel[axis] - 1) * f->dilation[axis] + 1;
    if (w->auto_pad == PAD_SAME_UPPER || w->auto_pad == PAD_SAME_LOWER) {
        place_same(f, axis, extent, w->auto_pad == PAD_SAME_UPPER);
        return true;
    }
    if (w->auto_pad == PAD_GIVEN) {
        f->before[axis] = w->before[axis];
        f->after[axis] = w->after[axis];
    }
    /* Rounded up, a window that is larger than its input may fit it once: then it sees all of it. */
    ptrdiff_t room = f->in[axis] + f->before[axis] + f->after[axis] - extent + (w->ceil ? f->stride[axis] - 1 : 0);
    if (room < 0)
        return error_set(e, "a window of %td does not fit an input of %td with padding %td and %td", extent,
                         f->in[axis], f->before[axis], f->after[axis]);
    f->out[axis] = room / f->stride[axis] + 1;
    /* A window that begins behind the input and its leading padding would see nothing. */
    if (w->ceil && (f->out[axis] - 1) * f->stride[axis] >= f->in[axis] + f->before[axis]) f->out[axis]--;
    return true;
}

bool window_place(const struct window *w, const struct shape *in, struct window_fit *f, struct error *e) {
    char text[OP_SHAPE_TEXT];
    if (in->rank < 3 || in->rank > WINDOW_AXES + 2 || (w->axes && in->rank != w->axes + 2))
        return error_set(e, "input of shape %s: wanted batch x channels x %s", shape_text(in, text, sizeof text),
                         w->axes == 1   ? "length"
                         : w->axes == 3 ? "depth x height x width"
                                        : "height x width");
    memset(f, 0, sizeof *f);
    for (int axis = 0; axis < WINDOW_AXES; axis++) {
        size_t size = window_size(in, axis);
        if (size > OP_MAX_ELEMENTS)
            return error_set(e, "input of shape %s is too large", shape_text(in, text, sizeof text));
        f->in[axis] = (ptrdiff_t)size;
        f->kernel[axis] = w->kernel[axis];
        f->stride[axis] = w->stride[axis];
        f->dilation[axis] = w->dilation[axis];
        if (!place_axis(w, f, axis, e)) return false;
    }
    return true;
}

void window_part(const struct op_call *call, struct window_fit *f) {
    *f = *call->whole;
    for (int axis = 0; axis < WINDOW_AXES; axis++) {
        f->in[axis] = (ptrdiff_t)window_size(&call->in[0].shape, axis);
        f->out[axis] = (ptrdiff_t)window_size(&call->out.shape, axis);
        f->before[axis] = f->after[axis] = 0;
    }
}

void window_result(const struct window_fit *f, struct shape *out) {
    for (uint32_t i = 2; i < out->rank; i++) out->dim[i] = (size_t)f->out[window_axis(i - 2, out->rank - 2)];
}

bool window_weights(const struct window *window, const struct op_call *call, struct error *e) {
    const struct shape *w = &call->in[1].shape;
    char text[OP_SHAPE_TEXT];
    shape_text(w, text, sizeof text);
    if (call->in[1].batched || (op_present(call, 2) && call->in[2].batched))
        return error_set(e, "its weights depend on the network's input: wanted parameters");
    if (w->rank < 3 || w->rank > WINDOW_AXES + 2)
        return error_set(e, "weights of shape %s: only one to three spatial dimensions are supported", text);
    for (int axis = 0; axis < WINDOW_AXES; axis++)
        if (window_size(w, axis) > WINDOW_MOST || (window->has_kernel && window->kernel[axis] != window_size(w, axis)))
            return error_set(e, "attribute 'kernel_shape' does not fit weights of shape %s", text);
    return true;
}
