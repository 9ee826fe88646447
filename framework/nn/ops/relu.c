/* relu.c: Relu, and the rules by which a gradient passes it. */
#include "nn/op.h"
#include "nn/ops/mask.h"

/* NaN stays NaN: it is not below zero. */
static void relu_forward(const struct op_call *call) {
    const float *x = call->in[0].data;
    float *y = call->out.data;
    size_t n = shape_count(&call->out.shape);
    if (call->mask) {
        mask_clip(call->team, n, x, y, call->mask);
        return;
    }
    for (size_t i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

static void pass_by_input(const struct op_call *call, const float *restrict dy, float *restrict dx) {
    const float *x = call->in[0].data;
    size_t n = shape_count(&call->out.shape);
    switch (call->rule) {
    case NET_GRADIENT:
        for (size_t i = 0; i < n; i++) {
            float d = dy[i];
            dx[i] = x[i] <= 0 ? 0 : d;
        }
        break;
    case NET_GUIDED: /* Springenberg et al. 2015, arXiv:1412.6806, section 3.4: both masks */
        for (size_t i = 0; i < n; i++) {
            float d = dy[i] < 0 ? 0 : dy[i];
            dx[i] = x[i] <= 0 ? 0 : d;
        }
        break;
    case NET_DECONVNET: /* Zeiler & Fergus 2014, arXiv:1311.2901, section 2.1: the rectifier applied to the gradient */
        for (size_t i = 0; i < n; i++) dx[i] = dy[i] < 0 ? 0 : dy[i];
        break;
    }
}

static void relu_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    if (call->mask) mask_pass(call->team, shape_count(&call->out.shape), call->mask, call->rule, dy, dx);
    else pass_by_input(call, dy, dx);
}

const struct op op_relu = {
    .name = "Relu",
    .summary = "max(x, 0)",
    .flags = OP_POINTWISE,
    .min_inputs = 1,
    .max_inputs = 1,
    .forward = relu_forward,
    .backward = relu_backward,
};
