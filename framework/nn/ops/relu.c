/* relu.c: Relu, and the rules by which a gradient passes it. */
#include "nn/op.h"

/* NaN stays NaN: it is not below zero. */
static void relu_forward(const struct op_call *call) {
    const float *x = call->in[0].data;
    float *y = call->out.data;
    size_t n = shape_count(&call->out.shape);
    for (size_t i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

static void relu_backward(const struct op_call *call, uint32_t input, const float *restrict dy, float *restrict dx) {
    (void)input;
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

const struct op op_relu = {
    .name = "Relu",
    .summary = "max(x, 0)",
    .min_inputs = 1,
    .max_inputs = 1,
    .forward = relu_forward,
    .backward = relu_backward,
};
