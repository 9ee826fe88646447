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

bool window_parse(const struct node *node, struct window *w, struct error *e) {
    int64_t ceil;
    if (!op_sizes(node, "kernel_shape", 1, MOST, 1, w->kernel, 2, e) ||
        !op_sizes(node, "strides", 1, MOST, 1, w->stride, 2, e) ||
        !op_sizes(node, "dilations", 1, MOST, 1, w->dilation, 2, e) ||
        !op_sizes(node, "pads", 0, MOST, 0, w->pads, 4, e) || !parse_auto_pad(node, &w->auto_pad, e) ||
        !op_integer(node, "ceil_mode", 0, 1, 0, &ceil, e))
        return false;
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
        f->before[axis] = w->pads[axis];
        f->after[axis] = w->pads[axis + 2];
    }
    ptrdiff_t room = f->in[axis] + f->before[axis] + f->after[axis] - extent;
    if (room < 0)
        return error_set(e, "a window of %td does not fit an input of %td with padding %td and %td", extent,
                         f->in[axis], f->before[axis], f->after[axis]);
    f->out[axis] = (w->ceil ? room + f->stride[axis] - 1 : room) / f->stride[axis] + 1;
    /* A window that begins behind the input and its leading padding would see nothing. */
    if (w->ceil && (f->out[axis] - 1) * f->stride[axis] >= f->in[axis] + f->before[axis]) f->out[axis]--;
    return true;
}

bool window_place(const struct window *w, const struct shape *in, struct window_fit *f, struct error *e) {
    char text[OP_SHAPE_TEXT];
    if (in->rank != 4)
        return error_set(e, "input of shape %s: wanted batch x channels x height x width",
                         shape_text(in, text, sizeof text));
    memset(f, 0, sizeof *f);
    for (int axis = 0; axis < 2; axis++) {
        if (in->dim[axis + 2] > OP_MAX_ELEMENTS)
            return error_set(e, "input of shape %s is too large", shape_text(in, text, sizeof text));
        f->in[axis] = (ptrdiff_t)in->dim[axis + 2];
        f->kernel[axis] = w->kernel[axis];
        f->stride[axis] = w->stride[axis];
        f->dilation[axis] = w->dilation[axis];
        if (!place_axis(w, f, axis, e)) return false;
    }
    return true;
}
