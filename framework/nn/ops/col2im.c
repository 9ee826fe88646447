/* col2im.c: Col2Im: blocks of a sliding window, summed where they overlap (PyTorch's Fold). */
#include "nn/ops/move.h"
#include "nn/ops/unfold.h"

#include <string.h>

struct col2im {
    struct window window; /* its kernel is the block, an input */
};

static bool col2im_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    struct col2im *c = op_config(node, sizeof *c, e);
    return c && window_parse(node, &c->window, e);
}

/* The window on an image of one to three dimensions. `fit` is that of the convolution that would unfold the image. */
static bool col2im_place(const struct op_call *call, struct window_fit *fit, struct shape *image, struct error *e) {
    const struct col2im *c = call->node->config;
    struct window window = c->window;
    const int64_t *size, *block;
    size_t sizes, blocks;
    char text[OP_SHAPE_TEXT];
    if (!move_list(call, 1, "image_shape", &size, &sizes, e) || !move_list(call, 2, "block_shape", &block, &blocks, e))
        return false;
    if (sizes < 1 || sizes > WINDOW_AXES || sizes != blocks || (window.axes && window.axes != sizes))
        return error_set(e, "an image of %zu dimensions and blocks of %zu: wanted one to three, and as many", sizes,
                         blocks);
    image->rank = (uint32_t)sizes + 2;
    image->dim[0] = image->dim[1] = 1;
    for (size_t i = 0; i < sizes; i++) {
        if (size[i] < 1 || size[i] > (int64_t)OP_MAX_ELEMENTS || block[i] < 1 || block[i] > WINDOW_MOST)
            return error_set(e, "an image of %lld elements and a block of %lld: wanted 1 to %d", (long long)size[i],
                             (long long)block[i], WINDOW_MOST);
        image->dim[i + 2] = (size_t)size[i];
        window.kernel[window_axis(i, sizes)] = (uint32_t)block[i];
    }
    return shape_count(image) <= OP_MAX_ELEMENTS
               ? window_place(&window, image, fit, e)
               : error_set(e, "an image of %s is too large", shape_text(image, text, sizeof text));
}

static bool col2im_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *x = &call->in[0].shape;
    struct window_fit fit;
    struct unfold u;
    char text[OP_SHAPE_TEXT];
    if (!col2im_place(call, &fit, out, e)) return false;
    unfold_init(&u, &fit, 1);
    if (x->rank != 3 || x->dim[1] % u.taps != 0 || x->dim[2] != u.out_plane)
        return error_set(e, "columns of shape %s: wanted batch x (channels x %zu) x %zu",
                         shape_text(x, text, sizeof text), u.taps, u.out_plane);
    out->dim[0] = x->dim[0];
    out->dim[1] = x->dim[1] / u.taps;
    return true;
}

/* Of one channel. */
static struct unfold col2im_unfold(const struct op_call *call) {
    struct window_fit fit;
    struct shape image;
    struct unfold u;
    col2im_place(call, &fit, &image, NULL); /* infer has found it to fit */
    unfold_init(&u, &fit, 1);
    return u;
}

static size_t col2im_scratch(const struct op_call *call) {
    struct unfold u = col2im_unfold(call);
    return u.taps * u.out_slice;
}

static void col2im_forward(const struct op_call *call) {
    struct unfold u = col2im_unfold(call);
    size_t planes = call->out.shape.dim[0] * call->out.shape.dim[1];
    memset(call->out.data, 0, planes * u.in_plane * sizeof *call->out.data);
    for (size_t i = 0; i < planes; i++)
        for (size_t z = 0; z < u.slices; z++) {
            const float *columns = call->in[0].data + i * u.taps * u.out_plane + z * u.out_slice;
            for (size_t k = 0; k < u.taps; k++)
                memcpy(call->scratch + k * u.out_slice, columns + k * u.out_plane, u.out_slice * sizeof *columns);
            fold(&u, call->team, z, call->scratch, call->out.data + i * u.in_plane);
        }
}

static void col2im_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    struct unfold u = col2im_unfold(call);
    size_t planes = call->out.shape.dim[0] * call->out.shape.dim[1];
    for (size_t i = 0; i < planes; i++)
        for (size_t z = 0; z < u.slices; z++) {
            float *columns = dx + i * u.taps * u.out_plane + z * u.out_slice;
            unfold(&u, call->team, z, dy + i * u.in_plane, call->scratch);
            for (size_t k = 0; k < u.taps; k++)
                memcpy(columns + k * u.out_plane, call->scratch + k * u.out_slice, u.out_slice * sizeof *columns);
        }
}

const struct op op_col2im = {
    .name = "Col2Im",
    .summary = "blocks of a window, summed where they overlap",
    .flags = OP_LINEAR,
    .min_inputs = 3,
    .max_inputs = 3,
    .integer_inputs = 6,
    .parse = col2im_parse,
    .infer = col2im_infer,
    .scratch = col2im_scratch,
    .forward = col2im_forward,
    .backward = col2im_backward,
};
