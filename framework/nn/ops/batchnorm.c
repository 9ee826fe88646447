/* batchnorm.c: BatchNormalization with running statistics or, in training, with those of the batch (Ioffe & Szegedy
 * 2015, arXiv:1502.03167, algorithms 1 and 2). */
#include "nn/op.h"
#include "nn/ops/batchnorm.h"
#include "nn/ops/fast_math.h"

#include <math.h>

enum { X, SCALE, SHIFT, MEAN, VARIANCE };

struct batchnorm {
    float epsilon;
    int64_t training; /* of the file: for constants alone, such as weights that are standardised */
};

static float epsilon_of(const struct op_call *call) {
    return ((const struct batchnorm *)call->node->config)->epsilon;
}

static bool batchnorm_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t spatial;
    struct batchnorm *config = op_config(node, sizeof *config, e);
    float momentum;
    if (!config || !op_epsilon(node, &config->epsilon, e) || !op_number(node, "momentum", .9f, &momentum, e) ||
        !op_integer(node, "training_mode", 0, 1, 0, &config->training, e) ||
        !op_integer(node, "spatial", INT64_MIN, INT64_MAX, 1, &spatial, e))
        return false;
    return spatial == 1 || error_set(e, "attribute 'spatial' is not 1: statistics per pixel are not supported");
}

static bool batchnorm_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *x = &call->in[X].shape;
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    if (((const struct batchnorm *)call->node->config)->training && call->out.batched)
        return error_set(e, "it is in training mode, with the statistics of the batch: export the model for inference "
                            "(model.eval())");
    for (uint32_t i = SCALE; i <= VARIANCE; i++) {
        const struct shape *p = &call->in[i].shape;
        if (call->in[i].batched) return error_set(e, "input %u depends on the network's input: wanted a parameter", i);
        if (x->rank < 2 || p->rank != 1 || p->dim[0] != x->dim[1])
            return error_set(e, "input of shape %s does not fit a parameter of shape %s", shape_text(x, a, sizeof a),
                             shape_text(p, b, sizeof b));
    }
    *out = *x;
    return true;
}

/* Mean and variance of the batch, then 1 / sqrt(variance + epsilon), per channel. */
static size_t batchnorm_saved(const struct op_call *call) {
    return 3 * call->in[X].shape.dim[1];
}

const float *batchnorm_statistic(const struct op_call *call, uint32_t input) {
    size_t channels = call->in[X].shape.dim[1];
    return input == MEAN ? call->saved : input == VARIANCE ? call->saved + channels : NULL;
}

/* Double sums, so that the variance is good however far the mean is from zero. */
static void measure(const struct op_call *call, size_t channel, float *mean, float *variance) {
    const struct shape *s = &call->in[X].shape;
    size_t plane = shape_count_from(s, 2), step = s->dim[1] * plane;
    const float *x = call->in[X].data + channel * plane;
    double sum = 0, squares = 0, count = (double)(s->dim[0] * plane);
    for (size_t i = 0; i < s->dim[0]; i++)
        for (size_t k = 0; k < plane; k++) sum += (double)x[i * step + k];
    double center = sum / count;
    for (size_t i = 0; i < s->dim[0]; i++)
        for (size_t k = 0; k < plane; k++) {
            double d = (double)x[i * step + k] - center;
            squares += d * d;
        }
    *mean = (float)center;
    *variance = (float)(squares / count);
}

/* y = factor x + shift, over some of the planes. */
struct job {
    const struct op_call *call;
    const float *from;
    float *to;
    bool back; /* factor alone */
};

#define PIECE 16384u /* elements, about, that are shared out */

FAST_CLONES static void scale_plane(const float *restrict from, float *restrict to, size_t n, float factor,
                                    float shift) {
    for (size_t k = 0; k < n; k++) to[k] = from[k] * factor + shift;
}

FAST_CLONES static void pass_plane(const float *restrict from, float *restrict to, size_t n, float factor) {
    for (size_t k = 0; k < n; k++) to[k] = factor * from[k];
}

static void scale_planes(void *user, size_t first, size_t count) {
    const struct job *j = user;
    const struct op_call *call = j->call;
    const struct shape *s = &call->in[X].shape;
    const float *scale = call->in[SCALE].data, epsilon = epsilon_of(call);
    size_t channels = s->dim[1], plane = shape_count_from(s, 2);
    for (size_t i = first; i < first + count; i++) {
        size_t c = i % channels;
        const float *from = j->from + i * plane;
        if (j->back) {
            pass_plane(from, j->to + i * plane, plane, scale[c] / sqrtf(call->in[VARIANCE].data[c] + epsilon));
            continue;
        }
        float factor = scale[c] * call->saved[2 * channels + c];
        scale_plane(from, j->to + i * plane, plane, factor, call->in[SHIFT].data[c] - call->saved[c] * factor);
    }
}

static void share_planes(const struct op_call *call, bool back, const float *from, float *to) {
    const struct shape *s = &call->in[X].shape;
    struct job j = {call, from, to, back};
    thread_team_share(call->team, s->dim[0] * s->dim[1], PIECE / shape_count_from(s, 2) + 1, scale_planes, &j);
}

static void batchnorm_forward(const struct op_call *call) {
    const float epsilon = epsilon_of(call);
    bool training = call->training || ((const struct batchnorm *)call->node->config)->training;
    size_t channels = call->in[X].shape.dim[1];
    float *mean = call->saved, *variance = mean + channels, *inverse = variance + channels;
    for (size_t c = 0; c < channels; c++) {
        mean[c] = call->in[MEAN].data[c];
        variance[c] = call->in[VARIANCE].data[c];
        if (training) measure(call, c, &mean[c], &variance[c]);
        inverse[c] = 1 / sqrtf(variance[c] + epsilon);
    }
    share_planes(call, false, call->in[X].data, call->out.data);
}

/* Sums over the batch of dy and of dy times the normalised input. */
static void channel_sums(const struct op_call *call, size_t channel, const float *dy, double *sum, double *product) {
    const struct shape *s = &call->in[X].shape;
    size_t plane = shape_count_from(s, 2), step = s->dim[1] * plane;
    const float *x = call->in[X].data + channel * plane;
    double mean = (double)call->saved[channel], inverse = (double)call->saved[2 * s->dim[1] + channel];
    *sum = *product = 0;
    dy += channel * plane;
    for (size_t i = 0; i < s->dim[0]; i++)
        for (size_t k = 0; k < plane; k++) {
            *sum += (double)dy[i * step + k];
            *product += (double)dy[i * step + k] * ((double)x[i * step + k] - mean);
        }
    *product *= inverse;
}

/* The statistics depend on the input, too. */
static void training_backward(const struct op_call *call, const float *dy, float *dx) {
    const struct shape *s = &call->in[X].shape;
    size_t channels = s->dim[1], plane = shape_count_from(s, 2), step = channels * plane;
    double count = (double)(s->dim[0] * plane);
    for (size_t c = 0; c < channels; c++) {
        double sum, product;
        channel_sums(call, c, dy, &sum, &product);
        float mean = call->saved[c], inverse = call->saved[2 * channels + c];
        float factor = call->in[SCALE].data[c] * inverse;
        float a = (float)(sum / count), b = (float)(product / count) * inverse;
        for (size_t i = 0; i < s->dim[0]; i++)
            for (size_t k = 0; k < plane; k++) {
                size_t at = i * step + c * plane + k;
                dx[at] = factor * (dy[at] - a - b * (call->in[X].data[at] - mean));
            }
    }
}

static void batchnorm_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input; /* only input 0 may depend on the network's input */
    if (call->training) {
        training_backward(call, dy, dx);
        return;
    }
    share_planes(call, true, dy, dx);
}

/* Running statistics are not learnt by gradient: theirs stays zero. */
static void batchnorm_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    size_t channels = call->in[X].shape.dim[1];
    for (size_t c = 0; c < channels && (input == SCALE || input == SHIFT); c++) {
        double sum, product;
        channel_sums(call, c, dy, &sum, &product);
        d[c] += (float)(input == SCALE ? product : sum);
    }
}

const struct op op_batchnorm = {
    .name = "BatchNormalization",
    .summary = "per channel, with running statistics",
    .flags = OP_JOINS | OP_LINEAR | OP_STATISTICS | OP_LOCAL,
    .min_inputs = 5,
    .max_inputs = 5,
    .parse = batchnorm_parse,
    .infer = batchnorm_infer,
    .saved = batchnorm_saved,
    .forward = batchnorm_forward,
    .backward = batchnorm_backward,
    .learn = batchnorm_learn,
};
