/* window.h: the sliding window that Conv, MaxPool and AveragePool share. */
#ifndef ASSAY_NN_OPS_WINDOW_H
#define ASSAY_NN_OPS_WINDOW_H

#include "nn/op.h"

enum auto_pad { PAD_GIVEN, PAD_VALID, PAD_SAME_UPPER, PAD_SAME_LOWER };

/* Index 0 is vertical, 1 horizontal, 2 deep. */
#define WINDOW_AXES 3
#define WINDOW_DEEP 2

/* As the node declares it. A window of one dimension is horizontal, on an input of height 1; one of two has a depth
 * of 1.
 */
struct window {
    uint32_t axes; /* spatial dimensions: 1 to 3; 0 where no list tells */
    uint32_t kernel[WINDOW_AXES], stride[WINDOW_AXES], dilation[WINDOW_AXES];
    uint32_t before[WINDOW_AXES], after[WINDOW_AXES]; /* pads */
    enum auto_pad auto_pad;
    bool ceil;       /* round the output size up */
    bool has_kernel; /* kernel_shape was given */
};

/* As it lies on an input of a certain size. All fit a ptrdiff_t comfortably. */
struct window_fit {
    ptrdiff_t in[WINDOW_AXES], out[WINDOW_AXES], kernel[WINDOW_AXES], stride[WINDOW_AXES], dilation[WINDOW_AXES];
    ptrdiff_t before[WINDOW_AXES], after[WINDOW_AXES]; /* padding */
};

/* What a part of the output (call->whole) sees of the input. */
struct windows {
    struct window_fit fit; /* on whole planes */
    ptrdiff_t unit;        /* elements of the output along an axis whose bits depend on all that they see together */
    float beside;          /* what stands for the padding */
};
/* Of a call with call->whole: parts have no padding. */
void window_part(const struct op_call *, struct window_fit *);

bool window_parse(const struct node *, struct window *, struct error *);
/* Whether the weights (input 1) and the bias can be those of a convolution with this window: parameters, of one to
 * three spatial dimensions, as the node says. */
bool window_weights(const struct window *, const struct op_call *, struct error *);
#define WINDOW_MOST 65535 /* elements of a kernel along an axis */
/* `in`: n x channels x width, n x channels x height x width or n x channels x depth x height x width. */
bool window_place(const struct window *, const struct shape *in, struct window_fit *, struct error *);
/* The spatial dimensions of `out`, which has the rank of the input. */
void window_result(const struct window_fit *, struct shape *out);

/* Axis of dimension i of `count` spatial ones. */
static inline int window_axis(size_t i, size_t count) {
    size_t behind = count - 1 - i;
    return behind == 0 ? 1 : behind == 1 ? 0 : WINDOW_DEEP;
}

/* Height, width or depth of an image or kernel. */
static inline size_t window_size(const struct shape *s, int axis) {
    uint32_t behind = axis == 1 ? 1 : axis == 0 ? 2 : 3;
    return s->rank >= behind + 2 ? s->dim[s->rank - behind] : 1;
}

/* The kernel positions [first, last) for which output position `out` along `axis` lies inside the input. */
static inline void window_inside(const struct window_fit *w, int axis, ptrdiff_t out, ptrdiff_t *first,
                                 ptrdiff_t *last) {
    ptrdiff_t start = out * w->stride[axis] - w->before[axis], step = w->dilation[axis];
    *first = start < 0 ? (-start + step - 1) / step : 0;
    ptrdiff_t room = w->in[axis] - start;
    *last = room <= 0 ? 0 : (room + step - 1) / step;
    if (*last > w->kernel[axis]) *last = w->kernel[axis];
    if (*first > *last) *first = *last;
}

/* The output positions [*first, *last) along `axis` whose tap `k` falls inside the input. */
static inline void window_positions(const struct window_fit *f, int axis, ptrdiff_t k, ptrdiff_t *first,
                                    ptrdiff_t *last) {
    ptrdiff_t offset = k * f->dilation[axis] - f->before[axis], stride = f->stride[axis];
    *first = offset < 0 ? (-offset + stride - 1) / stride : 0;
    *last = f->in[axis] > offset ? (f->in[axis] - offset + stride - 1) / stride : 0;
    if (*last > f->out[axis]) *last = f->out[axis];
    if (*first > *last) *first = *last;
}

#endif
