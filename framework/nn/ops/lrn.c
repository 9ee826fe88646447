/* lrn.c: LRN, local response normalisation across channels (Krizhevsky et al. 2012, section 3.3):
 * y = x / s^beta with s = bias + alpha / size * the sum of squares of the `size` channels around. */
#include "nn/op.h"

#include <math.h>
#include <string.h>

struct lrn {
    float alpha, beta, bias;
    size_t before, after; /* channels of the window on either side */
};

/* samples x channels x plane elements */
struct layout {
    size_t samples, channels, plane;
    float factor; /* alpha / size */
};

static bool lrn_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t size;
    struct lrn *lrn = op_config(node, sizeof *lrn, e);
    if (!lrn || !op_number(node, "alpha", 1e-4f, &lrn->alpha, e) || !op_number(node, "beta", .75f, &lrn->beta, e) ||
        !op_number(node, "bias", 1, &lrn->bias, e))
        return false;
    if (!node_attribute(node, "size")) return error_set(e, "attribute 'size' is missing");
    if (!op_integer(node, "size", 1, INT32_MAX, 1, &size, e)) return false;
    lrn->before = (size_t)(size - 1) / 2;
    lrn->after = (size_t)size / 2;
    return true;
}

static bool lrn_infer(const struct op_call *call, struct shape *out, struct error *e) {
    *out = call->in[0].shape;
    return out->rank >= 2 || error_set(e, "an input of %u dimensions: wanted batch x channels", out->rank);
}

static struct layout lrn_layout(const struct op_call *call) {
    const struct lrn *lrn = call->node->config;
    const struct shape *x = &call->in[0].shape;
    return (struct layout){.samples = x->dim[0],
                           .channels = x->dim[1],
                           .plane = shape_count_from(x, 2),
                           .factor = lrn->alpha / (float)(lrn->before + lrn->after + 1)};
}

static size_t lrn_saved(const struct op_call *call) {
    return shape_count(&call->out.shape); /* s */
}

/* The channels [*first, *end) from `before` before channel c to `after` behind it. */
static void neighbours(const struct layout *l, size_t c, size_t before, size_t after, size_t *first, size_t *end) {
    *first = c > before ? c - before : 0;
    *end = after < l->channels - c ? c + after + 1 : l->channels;
}

static void lrn_forward(const struct op_call *call) {
    const struct lrn *lrn = call->node->config;
    struct layout l = lrn_layout(call);
    const float *image = call->in[0].data;
    float *s = call->saved, *y = call->out.data;
    for (size_t i = 0; i < l.samples; i++, image += l.channels * l.plane)
        for (size_t c = 0; c < l.channels; c++, s += l.plane, y += l.plane) {
            size_t first, end;
            neighbours(&l, c, lrn->before, lrn->after, &first, &end);
            for (size_t k = 0; k < l.plane; k++) s[k] = 0;
            for (size_t n = first; n < end; n++)
                for (size_t k = 0; k < l.plane; k++) s[k] += image[n * l.plane + k] * image[n * l.plane + k];
            for (size_t k = 0; k < l.plane; k++) {
                s[k] = lrn->bias + l.factor * s[k];
                y[k] = image[c * l.plane + k] * powf(s[k], -lrn->beta);
            }
        }
}

/* Channel c is in the windows of the channels from `after` before it to `before` behind it. */
static void lrn_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input;
    const struct lrn *lrn = call->node->config;
    struct layout l = lrn_layout(call);
    float factor = 2 * l.factor * lrn->beta;
    for (size_t i = 0; i < l.samples; i++) {
        size_t at = i * l.channels * l.plane;
        const float *x = call->in[0].data + at, *y = call->out.data + at, *s = call->saved + at, *d = dy + at;
        for (size_t c = 0; c < l.channels; c++, dx += l.plane) {
            size_t first, end;
            neighbours(&l, c, lrn->after, lrn->before, &first, &end);
            for (size_t k = 0; k < l.plane; k++) dx[k] = 0;
            for (size_t n = first * l.plane; n < end * l.plane; n += l.plane)
                for (size_t k = 0; k < l.plane; k++) dx[k] += d[n + k] * y[n + k] / s[n + k];
            for (size_t k = 0, m = c * l.plane; k < l.plane; k++, m++)
                dx[k] = d[m] * powf(s[m], -lrn->beta) - factor * x[m] * dx[k];
        }
    }
}

const struct op op_lrn = {
    .name = "LRN",
    .summary = "local response normalisation across channels",
    .min_inputs = 1,
    .max_inputs = 1,
    .parse = lrn_parse,
    .infer = lrn_infer,
    .saved = lrn_saved,
    .forward = lrn_forward,
    .backward = lrn_backward,
};
