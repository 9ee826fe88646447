/* blur-ig: gradients on the path on which the input is blurred more and more, times the change of the input there. It
 * has no baseline but the blurred input. Values beyond the border are zero, and the change is a difference of two
 * blurs, as in the authors' code. Xu et al. 2020, arXiv:2004.03383. */
#include "explainer.h"
#include "kit.h"
#include "kit_features.h"

#define SIGMA_STEP .01 /* of the difference: the authors' */
#define TRUNCATE 4.0   /* standard deviations, of the kernel */

enum { STEPS, SIGMA, PARAMS };

struct scratch {
    kit_axes axes;
    uint32_t block;                      /* points of the path held at once */
    double *one, *two, *line;            /* [input] each: the input blurred, and a little more; room for a blur */
    double *kernel;                      /* [longest axis] */
    float *points, *changes, *gradients; /* [block][input] */
    uint32_t *targets;                   /* [block] */
};

static bool scratch_init(struct scratch *t, const assay_shape *shape, uint32_t steps) {
    size_t count = shape->count, most = KIT_SCORES_FLOATS / count + 1;
    *t = (struct scratch){.axes = kit_axes_of(shape), .block = steps < most ? steps : (uint32_t)most};
    t->one = (double *)calloc(4 * count, sizeof *t->one);
    t->points = kit_floats(3 * (size_t)t->block, count);
    t->targets = (uint32_t *)calloc(t->block, sizeof *t->targets);
    if (!t->one || !t->points || !t->targets) return false;
    t->two = t->one + count;
    t->line = t->two + count;
    t->kernel = t->line + count;
    t->changes = t->points + t->block * count;
    t->gradients = t->changes + t->block * count;
    return true;
}

static void scratch_finish(struct scratch *t) {
    free(t->one);
    free(t->points);
    free(t->targets);
}

/* Half of the kernel, from its middle: exp(-k^2 / (2 sigma^2)), cut off and scaled so that the whole sums to 1. Only
 * the first `length` can meet two places of an axis of that length. */
static size_t fill_kernel(double sigma, size_t length, double *kernel) {
    size_t radius = (size_t)(TRUNCATE * sigma + .5);
    double sum = 0;
    for (size_t k = 0; k <= radius; k++) {
        double value = exp(-.5 * (double)(k * k) / (sigma * sigma));
        sum += k ? 2 * value : value;
        if (k < length) kernel[k] = value;
    }
    size_t used = radius + 1 < length ? radius + 1 : length;
    for (size_t k = 0; k < used; k++) kernel[k] /= sum;
    return used;
}

/* Blurs one axis of values[outer][length][inner] in place. */
static void blur_axis(const double *kernel, size_t used, size_t outer, size_t length, size_t inner, double *line,
                      double *values) {
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < inner; i++) {
            double *at = values + o * length * inner + i;
            for (size_t k = 0; k < length; k++) line[k] = at[k * inner];
            for (size_t k = 0; k < length; k++) {
                double sum = kernel[0] * line[k];
                for (size_t d = 1; d < used; d++)
                    sum += kernel[d] * ((k >= d ? line[k - d] : 0) + (k + d < length ? line[k + d] : 0));
                at[k * inner] = sum;
            }
        }
}

/* out[input]: x blurred along every axis of places, each channel by itself. */
static void blur(struct scratch *t, const float *x, double sigma, double *out) {
    size_t count = t->axes.channels * t->axes.places, inner = t->axes.places;
    for (size_t k = 0; k < count; k++) out[k] = (double)x[k];
    for (int d = 0; d < 3 && sigma > 0; d++) {
        size_t length = t->axes.size[d];
        inner /= length;
        if (length < 2) continue;
        size_t used = fill_kernel(sigma, length, t->kernel);
        blur_axis(t->kernel, used, count / length / inner, length, inner, t->line, out);
    }
}

/* Point i of the path, and what is multiplied with the gradient there: minus the step of sigma times dx / dsigma. */
static void fill_point(struct scratch *t, const float *x, double sigma, double step, uint32_t i) {
    size_t count = t->axes.channels * t->axes.places;
    blur(t, x, sigma, t->one);
    blur(t, x, sigma + SIGMA_STEP, t->two);
    for (size_t k = 0; k < count; k++) {
        t->points[i * count + k] = (float)t->one[k];
        t->changes[i * count + k] = (float)(-step * (t->two[k] - t->one[k]) / SIGMA_STEP);
    }
}

static assay_status explain_one(const assay_explainer *self, const assay_model *model, const float *x, uint32_t target,
                                struct scratch *t, float *map, assay_why *why) {
    size_t count = model->input.count, side = t->axes.size[2];
    uint32_t steps = (uint32_t)kit_number(self, STEPS);
    for (int d = 0; d < 2; d++) side = t->axes.size[d] > 1 && t->axes.size[d] < side ? t->axes.size[d] : side;
    double most = kit_number(self, SIGMA) > 0 ? kit_number(self, SIGMA) : (double)side / 6, step = most / steps;
    for (size_t k = 0; k < count; k++) map[k] = 0;
    for (kit_block b = {0, 0}; kit_next(&b, steps, t->block);) {
        for (uint32_t i = 0; i < b.n; i++) {
            fill_point(t, x, step * (b.first + i), step, i);
            t->targets[i] = target;
        }
        assay_status status = model->gradient(model, b.n, t->points, t->targets, t->gradients, why);
        if (status != ASSAY_OK) return status;
        for (size_t k = 0; k < b.n * count; k++) map[k % count] += t->changes[k] * t->gradients[k];
    }
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    size_t count = model->input.count;
    if (model->input.rank < 2)
        return assay_say(why, ASSAY_UNSUPPORTED, "features of a table have no neighbours to be blurred with");
    struct scratch t;
    assay_status status = ASSAY_OK;
    if (!scratch_init(&t, &model->input, (uint32_t)kit_number(self, STEPS)))
        status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++)
        status = explain_one(self, model, request->inputs + i * count, request->targets[i], &t, maps + i * count, why);
    scratch_finish(&t);
    return status;
}

static const assay_param_info params[PARAMS] = {
    [STEPS] =
        {.name = "steps", .summary = "points on the path", .kind = ASSAY_INTEGER, .number = 50, .min = 1, .max = 10000},
    [SIGMA] = {.name = "sigma",
               .summary = "of the strongest blur, in places; 0: a sixth of the shortest side",
               .kind = ASSAY_NUMBER,
               .max = 10000},
};

static const assay_explainer_info info = {
    .id = "blur-ig",
    .name = "Blur Integrated Gradients",
    .summary = "gradients on the path from the blurred input, times the change of the input",
    .source = "Xu et al. 2020, section 3, arXiv:2004.03383",
    .param_count = PARAMS,
    .params = params,
};

static const assay_about about = {
    .id = "blur-ig",
    .family = "path",
    .formula = "minus the sum of df/dx(s) dx(s)/ds ds, x(s) the input blurred by s, s from 0 to sigma",
    .cost = "steps gradients",
    .inputs = ASSAY_SEQUENCES | ASSAY_PICTURES | ASSAY_VOLUMES | ASSAY_TOKENS,
    .checked = "saliency 0.2.1 BlurIG",
    .within = 1e-4,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
