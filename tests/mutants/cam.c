/* cam: Grad-CAM and Score-CAM: honest relatives, and mutants with one fault each. */
#include "masks.h"

enum cam_weights {
    CAM_MEAN_GRADIENT, /* Grad-CAM */
    CAM_PLUS_PLUS,     /* Grad-CAM++ */
    CAM_ELEMENTS,      /* HiResCAM: each place by its own gradient */
    CAM_POSITIVE,      /* LayerCAM: each place by its own gradient where that is positive */
    CAM_RELATIVE,      /* XGrad-CAM: gradients weighted by the share of the activation */
    CAM_NONE           /* all channels alike */
};

struct cam {
    enum cam_weights weights;
    bool signed_map; /* without the ReLU at the end */
    bool misaligned; /* the coarse map lies one cell to the right and below */
};

/* Grad-CAM++: sum over places of alpha * relu(gradient), alpha = g^2 / (2 g^2 + sum(A) g^3): Chattopadhay et al. 2018,
 * equation 19, arXiv:1710.11063. */
static double plus_plus(const float *a, const float *g, size_t plane) {
    double total = 0, weight = 0;
    for (size_t k = 0; k < plane; k++) total += (double)a[k];
    for (size_t k = 0; k < plane; k++) {
        double here = (double)g[k], below = 2 * here * here + total * here * here * here;
        if (fabs(below) > 1e-12 && here > 0) weight += here * here / below * here;
    }
    return weight;
}

/* The weight of one channel of activations a and gradients g. */
static double channel_weight(enum cam_weights weights, const float *a, const float *g, size_t plane) {
    double sum = 0, products = 0, total = 0;
    for (size_t k = 0; k < plane; k++) {
        sum += (double)g[k];
        products += (double)g[k] * (double)a[k];
        total += (double)a[k];
    }
    if (weights == CAM_PLUS_PLUS) return plus_plus(a, g, plane);
    if (weights == CAM_RELATIVE) return fabs(total) > 1e-12 ? products / total : 0;
    return weights == CAM_NONE ? 1 : sum / (double)plane;
}

/* coarse[plane] of one sample: activations and gradients are channels x plane. */
static void weigh(const struct cam *cam, const float *a, const float *g, size_t channels, size_t plane, float *coarse) {
    memset(coarse, 0, plane * sizeof *coarse);
    for (size_t c = 0; c < channels; c++, a += plane, g += plane) {
        double weight = channel_weight(cam->weights, a, g, plane);
        for (size_t k = 0; k < plane; k++) {
            double own = cam->weights == CAM_POSITIVE ? fmax((double)g[k], 0) : (double)g[k];
            coarse[k] +=
                (float)((cam->weights == CAM_ELEMENTS || cam->weights == CAM_POSITIVE ? own : weight) * (double)a[k]);
        }
    }
}

static void misalign(float *coarse, size_t height, size_t width) {
    for (size_t k = height * width; k-- > 0;) {
        size_t y = k / width, x = k % width, up = height > 1 ? 1 : 0;
        coarse[k] = y >= up && x >= 1 ? coarse[(y - up) * width + x - 1] : 0;
    }
}

static assay_status class_activation(const struct job *job) {
    static const struct cam plain = {CAM_MEAN_GRADIENT, false, false};
    const struct cam *cam = job->mutant->with ? (const struct cam *)job->mutant->with : &plain;
    const assay_model *model = job->model;
    const assay_request *r = job->request;
    const assay_layers *layers = (const assay_layers *)model->extension(model, ASSAY_LAYERS);
    struct planes p = planes_of(&model->input);
    kit_maps maps;
    if (!layers || model->input.rank < 2 || !kit_last_convolution(layers, model, 2, &maps))
        return assay_say(job->why, ASSAY_UNSUPPORTED, "no convolution whose maps could be weighed");
    size_t plane = maps.across, count = maps.layer.output.count, pixels = p.height * p.width;
    float *a = kit_floats(2 * (size_t)r->n + 1, count), *g = a ? a + r->n * count : NULL,
          *coarse = a ? g + r->n * count : NULL;
    assay_status status =
        a ? layers->inspect(model, maps.index, r->n, r->inputs, r->targets, a, g, job->why) : mutant_no_memory(job);
    for (uint32_t i = 0; i < r->n && status == ASSAY_OK; i++) {
        float *out = job->maps + i * model->input.count;
        weigh(cam, a + i * count, g + i * count, maps.channels, plane, coarse);
        if (cam->misaligned) misalign(coarse, maps.height, maps.width);
        if (!cam->signed_map) kit_relu(coarse, plane);
        kit_enlarge(&maps, coarse, &model->input, out);
        for (size_t c = 1; c < p.channels; c++) memcpy(out + c * pixels, out, pixels * sizeof *out);
    }
    free(a);
    return status;
}

/* Minus the sum of the weighed maps, of which the ReLU keeps what speaks against the class. */
static assay_status against_class(const struct job *job) {
    const struct mutant bare = {.with = &(const struct cam){CAM_MEAN_GRADIENT, true, false}};
    struct job other = *job;
    other.mutant = &bare;
    assay_status status = class_activation(&other);
    for (size_t k = 0; k < job->request->n * job->model->input.count && status == ASSAY_OK; k++)
        job->maps[k] = fmaxf(-job->maps[k], 0);
    return status;
}

/* ---- Score-CAM ---- */

struct score_cam {
    bool first;      /* the first convolution with more than one place, not the last */
    bool inverted;   /* inputs seen through 1 - mask */
    bool unmasked;   /* all channels weigh alike */
    bool misaligned; /* the coarse map lies one cell to the right and below */
};

/* The convolution that is weighed. */
static bool convolution_of(const struct score_cam *how, const assay_layers *layers, const assay_model *model,
                           kit_maps *maps) {
    assay_layer layer;
    if (!how->first) return kit_last_convolution(layers, model, 2, maps);
    for (uint32_t i = 0; i < layers->count(model); i++)
        if (layers->get(model, i, &layer) && strcmp(layer.op, "Conv") == 0 &&
            kit_maps_of_planes(i, &layer, &model->input, maps) && maps->across >= 2)
            return true;
    return false;
}

/* x through the rectified map of one channel, brought to [0, 1] by its own least and largest value: into point. */
static void look_through(const kit_maps *maps, const assay_shape *input, bool inverted, const float *plane,
                         const float *x, float *mask, float *point) {
    struct planes p = planes_of(input);
    size_t pixels = p.height * p.width;
    kit_enlarge(maps, plane, input, mask);
    float low = mask[0], high = mask[0];
    for (size_t k = 0; k < pixels; k++) {
        low = fminf(low, mask[k]);
        high = fmaxf(high, mask[k]);
    }
    for (size_t k = 0; k < p.channels * pixels; k++) {
        float share = high > low ? (mask[k % pixels] - low) / (high - low) : 0;
        point[k] = x[k] * (inverted ? 1 - share : share);
    }
}

/* The weights of channels, and the map: softmax over channels of the logits of the inputs seen through them (Wang et
 * al. 2020, section 3, arXiv:1910.01279). activation[channels x plane] is rectified. */
static assay_status score_one(const struct job *job, const struct score_cam *how, const kit_maps *maps, uint32_t i,
                              struct scorer *s, double *weights, float *mask, const float *activation) {
    const assay_shape *input = &job->model->input;
    const float *x = job->request->inputs + i * input->count;
    float *coarse = mask + input->count, *out = job->maps + i * input->count;
    struct planes p = planes_of(input);
    assay_status status = ASSAY_OK;
    s->scores = weights;
    s->target = job->request->targets[i];
    for (uint32_t c = 0; c < maps->channels && status == ASSAY_OK; c++) {
        look_through(maps, input, how->inverted, activation + c * maps->across, x, mask, scorer_point(s));
        status = scorer_add(s);
    }
    if (status == ASSAY_OK) status = scorer_flush(s);
    if (status != ASSAY_OK) return status;
    double top = weights[0], sum = 0;
    for (uint32_t c = 1; c < maps->channels; c++) top = fmax(top, weights[c]);
    for (uint32_t c = 0; c < maps->channels; c++) sum += weights[c] = how->unmasked ? 1 : exp(weights[c] - top);
    memset(coarse, 0, maps->across * sizeof *coarse);
    for (uint32_t c = 0; c < maps->channels; c++)
        for (size_t k = 0; k < maps->across; k++)
            coarse[k] += (float)(weights[c] / sum) * activation[c * maps->across + k];
    if (how->misaligned) misalign(coarse, maps->height, maps->width);
    kit_enlarge(maps, coarse, input, out);
    for (size_t c = 1; c < p.channels; c++) memcpy(out + c * p.height * p.width, out, p.height * p.width * sizeof *out);
    return ASSAY_OK;
}

static assay_status score_cam(const struct job *job) {
    static const struct score_cam plain = {0};
    const struct score_cam *how = job->mutant->with ? (const struct score_cam *)job->mutant->with : &plain;
    const assay_model *model = job->model;
    const assay_request *r = job->request;
    const assay_layers *layers = (const assay_layers *)model->extension(model, ASSAY_LAYERS);
    kit_maps maps;
    if (!layers || model->input.rank < 2 || !convolution_of(how, layers, model, &maps))
        return assay_say(job->why, ASSAY_UNSUPPORTED, "no convolution whose maps could be weighed");
    size_t count = model->input.count, size = maps.layer.output.count;
    struct scorer s;
    double *weights = (double *)calloc(maps.channels, sizeof *weights);
    float *activation = kit_floats(1, size), *mask = kit_floats(1, count + maps.across);
    bool ready = scorer_begin(&s, job) && weights && activation && mask;
    assay_status status = ready ? ASSAY_OK : mutant_no_memory(job);
    for (uint32_t i = 0; i < r->n && status == ASSAY_OK; i++) {
        status =
            layers->inspect(model, maps.index, 1, r->inputs + i * count, r->targets + i, activation, NULL, job->why);
        if (status != ASSAY_OK) break;
        kit_relu(activation, size);
        status = score_one(job, how, &maps, i, &s, weights, mask, activation);
    }
    scorer_end(&s);
    free(weights);
    free(activation);
    free(mask);
    return status;
}

/* ---- The tables ---- */

#define CAM_PAPER "Selvaraju et al. 2017, section 3, arXiv:1610.02391"
#define CAM(id, wrong) MUTANT(id, "grad-cam", wrong, ASSAY_NON_NEGATIVE), .honest = class_activation
#define SIGNED_CAM(id, wrong)                                                                                          \
    MUTANT(id, "grad-cam:relu=0", wrong, 0), .honest = class_activation, .with = &(const struct cam) {                 \
        .signed_map = true                                                                                             \
    }
#define SCORE_CAM(id, wrong) MUTANT(id, "score-cam", wrong, ASSAY_NON_NEGATIVE), .honest = score_cam
#define SCORING(...)                                                                                                   \
    .with = &(const struct score_cam) {                                                                                \
        __VA_ARGS__                                                                                                    \
    }
#define WITH(...)                                                                                                      \
    .with = &(const struct cam) {                                                                                      \
        __VA_ARGS__                                                                                                    \
    }

static const struct mutant mutants[] = {
    {HONEST("cam-before-relu", CAM_PAPER, "Grad-CAM without the ReLU", 0), .honest = class_activation,
     WITH(.signed_map = true)},
    {HONEST("grad-cam-plus-plus", "Chattopadhay et al. 2018, arXiv:1710.11063", "Grad-CAM++", 0),
     .honest = class_activation, WITH(.weights = CAM_PLUS_PLUS, .signed_map = true)},
    {HONEST("layer-cam", "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943", "LayerCAM", ASSAY_NON_NEGATIVE),
     .honest = class_activation, WITH(.weights = CAM_POSITIVE)},
    {HONEST("hires-cam", "Draelos & Carin 2020, arXiv:2011.08891", "HiResCAM without the ReLU", 0),
     .honest = class_activation, WITH(.weights = CAM_ELEMENTS, .signed_map = true)},
    {HONEST("xgrad-cam", "Fu et al. 2020, arXiv:2008.02312", "XGrad-CAM without the ReLU", 0),
     .honest = class_activation, WITH(.weights = CAM_RELATIVE, .signed_map = true)},
    {HONEST("score-cam", "Wang et al. 2020, arXiv:1910.01279", "Score-CAM", ASSAY_NON_NEGATIVE), .honest = score_cam},

    {CAM("cam-class-next", "explains the class after the target"), .fault = class_next},
    {CAM("cam-relu-lost", "not rectified"), WITH(.signed_map = true), .equals = "Grad-CAM before its ReLU"},
    {CAM("cam-against-class", "keeps what speaks against the class"), .fault = against_class},
    {SIGNED_CAM("scam-class-next", "explains the class after the target"), .fault = class_next},
    {SIGNED_CAM("scam-class-own", "explains the network's own argmax"), .fault = class_own},
    {SIGNED_CAM("scam-sum", "explains the sum of the logits"), .fault = sum_of_logits},
    {SIGNED_CAM("scam-log-probability", "explains the log-probability"), .fault = log_probability},
    {SIGNED_CAM("scam-minus", "minus the map"), .fault = minus},
    {MUTANT("scam-grid-misaligned", "grad-cam:relu=0", "enlarged one cell to the right and below", 0),
     .honest = class_activation, WITH(.signed_map = true, .misaligned = true)},
    {MUTANT("scam-weights-lost", "grad-cam:relu=0", "all channels alike", 0), .honest = class_activation,
     WITH(.signed_map = true, .weights = CAM_NONE)},
    {MUTANT("scam-unpooled", "grad-cam:relu=0", "gradients not averaged over places", 0), .honest = class_activation,
     WITH(.signed_map = true, .weights = CAM_ELEMENTS), .equals = "HiResCAM"},
    {SIGNED_CAM("scam-shifted-2", "two pixels to the right"), .fault = shifted, .dose = 2},
    {SIGNED_CAM("scam-shifted-4", "four pixels to the right"), .fault = shifted, .dose = 4},
    {SIGNED_CAM("scam-transposed", "rows and columns exchanged"), .fault = transposed},
    {SIGNED_CAM("scam-flipped", "top and bottom exchanged"), .fault = flipped},
    {SIGNED_CAM("scam-over-input", "laid over the input"), .fault = with_input, .dose = .40},
    {SIGNED_CAM("scam-bump-50", "a bump in the middle mixed in"), .fault = with_bump, .dose = .50},

    {SCORE_CAM("score-cam-class-next", "explains the class after the target"), .fault = class_next},
    {SCORE_CAM("score-cam-first-layer", "weighs the first convolution"), SCORING(.first = true)},
    {SCORE_CAM("score-cam-inverted", "inputs seen through what the maps leave out"), SCORING(.inverted = true)},
    {SCORE_CAM("score-cam-weights-lost", "all channels alike"), SCORING(.unmasked = true)},
    {SCORE_CAM("score-cam-misaligned", "enlarged one cell to the right and below"), SCORING(.misaligned = true)},
};

MUTANT_PLUGIN("cam");
