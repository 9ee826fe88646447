/* score-cam: feature maps weighted by what the network says of the input seen through each of them. A map, enlarged and
 * brought to [0, 1] by its own least and largest value, masks the input; the softmax over channels of the target's
 * logits are the weights. (The paper subtracts the logit of a baseline, which is the same for all channels: it does not
 * change the softmax.) A map without contrast is a mask of zeros. As many passes as there are channels, and one.
 * Wang et al. 2020, section 3, arXiv:1910.01279. */
#include "cam.h"

#define BLOCK 50u /* masked inputs held at once */

/* What one call needs. */
struct scratch {
    float *activation, *points, *logits, *mask, *plane;
    double *weights; /* [channels] */
};

static bool scratch_init(struct scratch *s, const assay_model *model, const kit_maps *maps) {
    *s = (struct scratch){.activation = kit_floats(1, maps->layer.output.count),
                          .points = kit_floats(BLOCK, model->input.count),
                          .logits = kit_floats(BLOCK, model->outputs),
                          .mask = kit_floats(1, model->input.count),
                          .plane = kit_floats((size_t)maps->height, maps->width),
                          .weights = calloc((size_t)maps->channels + 1, sizeof *s->weights)};
    return s->activation && s->points && s->logits && s->mask && s->plane && s->weights;
}

static void scratch_finish(struct scratch *s) {
    free(s->activation);
    free(s->points);
    free(s->logits);
    free(s->mask);
    free(s->plane);
    free(s->weights);
}

/* The input x seen through channel c, into point[input]. */
static void look_through(const kit_maps *maps, const assay_shape *input, uint32_t c, const float *x, struct scratch *s,
                         float *point) {
    size_t pixels = input->count / input->dim[0], plane = (size_t)maps->height * maps->width;
    for (size_t k = 0; k < plane; k++) s->plane[k] = s->activation[maps->first + c * maps->across + k * maps->along];
    kit_enlarge(maps, s->plane, input, s->mask);
    float low = s->mask[0], high = s->mask[0];
    for (size_t k = 1; k < pixels; k++) {
        low = fminf(low, s->mask[k]);
        high = fmaxf(high, s->mask[k]);
    }
    for (size_t k = 0; k < pixels; k++) s->mask[k] = high > low ? (s->mask[k] - low) / (high - low) : 0;
    for (size_t k = 0; k < input->count; k++) point[k] = x[k] * s->mask[k % pixels];
}

static void softmax(double *scores, size_t n) {
    double largest = scores[0], sum = 0;
    for (size_t k = 1; k < n; k++) largest = fmax(largest, scores[k]);
    for (size_t k = 0; k < n; k++) sum += scores[k] = exp(scores[k] - largest);
    for (size_t k = 0; k < n; k++) scores[k] /= sum;
}

/* The coarse map cam of one input, whose feature maps are in the scratch. */
static assay_status weigh(const assay_model *model, const kit_maps *maps, const float *x, uint32_t target,
                          struct scratch *s, float *cam, assay_why *why) {
    size_t plane = (size_t)maps->height * maps->width;
    for (kit_block b = {0, 0}; kit_next(&b, maps->channels, BLOCK);) {
        for (uint32_t i = 0; i < b.n; i++)
            look_through(maps, &model->input, b.first + i, x, s, s->points + i * model->input.count);
        assay_status status = model->forward(model, b.n, s->points, s->logits, why);
        if (status != ASSAY_OK) return status;
        for (uint32_t i = 0; i < b.n; i++)
            s->weights[b.first + i] = (double)s->logits[(size_t)i * model->outputs + target];
    }
    softmax(s->weights, maps->channels);
    memset(cam, 0, plane * sizeof *cam);
    for (uint32_t c = 0; c < maps->channels; c++)
        for (size_t k = 0; k < plane; k++)
            cam[k] += (float)s->weights[c] * s->activation[maps->first + c * maps->across + k * maps->along];
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *out, assay_why *why) {
    const assay_layers *layers;
    kit_maps maps = {0};
    struct scratch s;
    assay_status status = cam_open(self, model, true, &layers, &maps, why);
    if (status != ASSAY_OK) return status;
    float *cam = kit_floats((size_t)maps.height, maps.width);
    bool ready = scratch_init(&s, model, &maps) && cam;
    if (!ready) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        const float *x = request->inputs + i * model->input.count;
        status = layers->inspect(model, maps.index, 1, x, request->targets + i, s.activation, NULL, why);
        if (status == ASSAY_OK) status = weigh(model, &maps, x, request->targets[i], &s, cam, why);
        if (status != ASSAY_OK) break;
        kit_relu(cam, (size_t)maps.height * maps.width);
        cam_enlarge(&maps, cam, &model->input, out + i * model->input.count);
    }
    scratch_finish(&s);
    free(cam);
    return status;
}

static const assay_param_info params[] = {[CAM_LAYER] = CAM_LAYER_PARAM(CAM_LAST_RECTIFIED)};

static const assay_explainer_info info = {
    .id = "score-cam",
    .name = "Score-CAM",
    .summary = "feature maps weighted by the logit of the input seen through each, enlarged bilinearly",
    .source = "Wang et al. 2020, section 3, arXiv:1910.01279",
    .claims = ASSAY_NON_NEGATIVE,
    .param_count = 1,
    .params = params,
};

static const assay_about about = {
    .id = "score-cam",
    .family = "activation map",
    .formula = "ReLU(sum over channels of softmax(f(x H(A))) A), H: enlarged and between 0 and 1",
    .cost = "1 + channels forward",
    .inputs = ASSAY_SEQUENCES | ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "the paper's algorithm 1 in PyTorch",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
