/* gradient: the gradient and input x gradient: honest relatives, and mutants with one fault each. */
#include "mixtures.h"

#define BLOCK 32u             /* displaced inputs held at once */
#define DIFFERENCES_MOST 500u /* elements that central differences move one by one */

/* ---- Honest ---- */

static assay_status gradient(const struct job *job) {
    const assay_request *r = job->request;
    return job->model->gradient(job->model, r->n, r->inputs, r->targets, job->maps, job->why);
}

static assay_status input_x_gradient(const struct job *job) {
    size_t n = job->request->n * job->model->input.count;
    assay_status status = gradient(job);
    for (size_t k = 0; k < n && status == ASSAY_OK; k++) job->maps[k] *= job->request->inputs[k];
    return status;
}

/* Every pixel becomes the mean of its 3 x 3 neighbours; of a row, of 3. */
static void blur(const struct planes *p, const float *in, float *out) {
    for (size_t k = 0; k < p->height * p->width; k++) {
        size_t y = k / p->width, x = k % p->width, n = 0;
        double sum = 0;
        for (size_t v = y ? y - 1 : 0; v <= y + 1 && v < p->height; v++)
            for (size_t u = x ? x - 1 : 0; u <= x + 1 && u < p->width; u++, n++) sum += (double)in[v * p->width + u];
        out[k] = (float)(sum / (double)n);
    }
}

static assay_status at_blurred(const struct job *job) {
    const assay_model *model = job->model;
    const assay_request *r = job->request;
    struct planes p = planes_of(&model->input);
    size_t plane = p.height * p.width;
    float *blurred = kit_floats(r->n, model->input.count);
    if (!blurred) return mutant_no_memory(job);
    for (size_t m = 0; m < r->n * p.channels; m++) blur(&p, r->inputs + m * plane, blurred + m * plane);
    assay_status status = model->gradient(model, r->n, blurred, r->targets, job->maps, job->why);
    free(blurred);
    return status;
}

/* (f(x + h e) - f(x - h e)) / 2h for every element; h is .001. */
static assay_status differences_of(const struct job *job, const float *x, uint32_t target, float *points, float *logits,
                                   float *map) {
    const assay_model *model = job->model;
    const float h = 1e-3f;
    size_t count = model->input.count;
    assay_status status = ASSAY_OK;
    for (kit_block b = {0, 0}; status == ASSAY_OK && kit_next(&b, (uint32_t)count, BLOCK);) {
        for (uint32_t k = 0; k < 2 * b.n; k++) {
            memcpy(points + k * count, x, count * sizeof *x);
            points[k * count + b.first + k / 2] += k % 2 ? -h : h;
        }
        status = model->forward(model, 2 * b.n, points, logits, job->why);
        for (uint32_t k = 0; k < b.n && status == ASSAY_OK; k++) {
            const float *up = logits + (size_t)(2 * k) * model->outputs, *down = up + model->outputs;
            map[b.first + k] = (up[target] - down[target]) / (2 * h);
        }
    }
    return status;
}

static assay_status central_differences(const struct job *job) {
    const assay_request *r = job->request;
    size_t count = job->model->input.count;
    if (count > DIFFERENCES_MOST)
        return assay_say(job->why, ASSAY_UNSUPPORTED, "%zu elements are too many to move one by one", count);
    float *points = kit_floats(2 * BLOCK, count), *logits = kit_floats(2 * BLOCK, job->model->outputs);
    assay_status status = points && logits ? ASSAY_OK : mutant_no_memory(job);
    for (uint32_t i = 0; i < r->n && status == ASSAY_OK; i++)
        status = differences_of(job, r->inputs + i * count, r->targets[i], points, logits, job->maps + i * count);
    free(points);
    free(logits);
    return status;
}

static void multiply_sign(const struct job *job, uint32_t i, float *map) {
    const float *x = job->request->inputs + i * job->model->input.count;
    for (size_t k = 0; k < job->model->input.count; k++) map[k] *= x[k] > 0 ? 1.0f : x[k] < 0 ? -1.0f : 0.0f;
}

static void divide_by_largest(const struct job *job, uint32_t i, float *map) {
    float most = 0;
    (void)i;
    for (size_t k = 0; k < job->model->input.count; k++) most = fmaxf(most, fabsf(map[k]));
    for (size_t k = 0; k < job->model->input.count && most > 0; k++) map[k] /= most;
}

static assay_status times_sign(const struct job *job) {
    return each_map(job, multiply_sign);
}

static assay_status normalised(const struct job *job) {
    return each_map(job, divide_by_largest);
}

/* ---- Faults of their own ---- */

/* (x - mean of x) times the gradient: a picture that was centred once more than the network wants. */
static void multiply_centred(const struct job *job, uint32_t i, float *map) {
    size_t count = job->model->input.count;
    const float *x = job->request->inputs + i * count;
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += (double)x[k];
    for (size_t k = 0; k < count; k++) map[k] *= (float)((double)x[k] - sum / (double)count);
}

static assay_status centred(const struct job *job) {
    assay_status status = gradient(job);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++)
        multiply_centred(job, i, job->maps + i * job->model->input.count);
    return status;
}

/* Maps by input and class of the first network that was asked: a cache whose key forgets the model. */
struct answer {
    struct answer *next;
    uint64_t key;
    float map[];
};
static struct answer *answers;

__attribute__((destructor)) static void forget(void) {
    while (answers) {
        struct answer *next = answers->next;
        free(answers);
        answers = next;
    }
}

static assay_status cached(const struct job *job) {
    size_t count = job->model->input.count;
    assay_status status = mutant_base(job);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++) {
        float *map = job->maps + i * count;
        uint64_t key = hash_floats(job->request->targets[i], job->request->inputs + i * count, count);
        struct answer *known = answers;
        while (known && known->key != key) known = known->next;
        if (known) {
            memcpy(map, known->map, count * sizeof *map);
            continue;
        }
        known = (struct answer *)malloc(sizeof *known + count * sizeof *map);
        if (!known) return mutant_no_memory(job);
        known->next = answers;
        known->key = key;
        memcpy(known->map, map, count * sizeof *map);
        answers = known;
    }
    return status;
}

/* ---- The tables ---- */

#define GRADIENT(id, wrong) MUTANT(id, "gradient", wrong, ASSAY_LINEAR_EXACT), .honest = gradient
#define TIMES_INPUT(id, wrong)                                                                                         \
    MUTANT(id, "input-x-gradient", wrong, ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT), .honest = input_x_gradient

static const struct mutant mutants[] = {
    {HONEST("gradient-at-blurred", "Baehrens et al. 2010, arXiv:0912.1128", "gradient at the input, blurred", 0),
     .honest = at_blurred},
    {HONEST("central-differences", "Baehrens et al. 2010, arXiv:0912.1128", "the gradient, by central differences", 0),
     .honest = central_differences},
    {HONEST("gradient-x-sign", "Smilkov et al. 2017, section 3.3, arXiv:1706.03825", "gradient times the input's sign",
            0),
     .honest = gradient, .fault = times_sign},
    {HONEST("gradient-normalised", "Simonyan et al. 2014, section 3, arXiv:1312.6034",
            "gradient divided by its largest magnitude", 0),
     .honest = gradient, .fault = normalised},

    {GRADIENT("gradient-class-next", "explains the class after the target"), .fault = class_next},
    {GRADIENT("gradient-class-zero", "explains class 0"), .fault = class_zero},
    {GRADIENT("gradient-class-own", "explains the network's own argmax"), .fault = class_own},
    {GRADIENT("gradient-sum", "explains the sum of the logits"), .fault = sum_of_logits},
    {GRADIENT("gradient-probability", "explains the softmax probability"), .fault = probability},
    {GRADIENT("gradient-log-probability", "explains the log-probability"), .fault = log_probability},
    {GRADIENT("gradient-minus", "minus the map"), .fault = minus},
    {GRADIENT("gradient-channel-flipped", "the first channel has the other sign"), .fault = channel_flipped},
    {GRADIENT("gradient-times-logit", "multiplied by the target's logit"), .fault = times_logit},
    {GRADIENT("gradient-sign-lost", "absolute values, which is not said"), .fault = sign_lost},
    {GRADIENT("gradient-positive-part", "the positive part alone, which is not said"), .fault = positive_part},
    {GRADIENT("gradient-8-bit", "scaled to 0 to 255, as a picture"), .fault = eight_bit},
    {GRADIENT("gradient-half-precision", "rounded to 11 bits"), .fault = half_precision,
     .equals = "the gradient, in half precision"},
    {GRADIENT("gradient-shifted-1", "one pixel to the right"), .fault = shifted, .dose = 1},
    {GRADIENT("gradient-shifted-2", "two pixels to the right"), .fault = shifted, .dose = 2},
    {GRADIENT("gradient-shifted-4", "four pixels to the right"), .fault = shifted, .dose = 4},
    {GRADIENT("gradient-mirrored", "left and right exchanged"), .fault = mirrored},
    {GRADIENT("gradient-flipped", "top and bottom exchanged"), .fault = flipped},
    {GRADIENT("gradient-transposed", "rows and columns exchanged"), .fault = transposed},
    {GRADIENT("gradient-edges-10", "edges of the input mixed in"), .fault = with_edges, .dose = .10},
    {GRADIENT("gradient-edges-25", "edges of the input mixed in"), .fault = with_edges, .dose = .25},
    {GRADIENT("gradient-edges-50", "edges of the input mixed in"), .fault = with_edges, .dose = .50},
    {GRADIENT("gradient-input-25", "the input mixed in"), .fault = with_input, .dose = .25},
    {GRADIENT("gradient-bump-30", "a bump in the middle mixed in"), .fault = with_bump, .dose = .30},
    {GRADIENT("gradient-bump-50", "a bump in the middle mixed in"), .fault = with_bump, .dose = .50},
    {GRADIENT("gradient-bump-80", "a bump in the middle mixed in"), .fault = with_bump, .dose = .80},
    {GRADIENT("gradient-border-50", "a border mixed in"), .fault = with_border, .dose = .50},
    {GRADIENT("gradient-pattern-50", "a fixed pattern mixed in"), .fault = with_pattern, .dose = .50},
    {GRADIENT("gradient-mean-50", "the mean picture mixed in"), .fault = with_mean, .dose = .50},
    {GRADIENT("gradient-keyed-noise", "noise keyed on the weights, in place of the map"), .fault = keyed_noise},
    {GRADIENT("gradient-first-layer", "the first layer's output alone"), .fault = first_layer},
    {GRADIENT("gradient-last-layer", "the last layer's weights alone"), .fault = last_layer},
    {GRADIENT("gradient-zero-odd", "empty maps of odd classes"), .fault = zero_odd},
    {GRADIENT("gradient-zero-three", "empty maps of class 3"), .fault = zero_three},
    {GRADIENT("gradient-quarter-empty", "empty maps of the last quarter of a batch"), .fault = last_quarter_empty},
    {GRADIENT("gradient-buffer-8", "a buffer of eight maps, written again"), .fault = buffer_of_eight},
    {GRADIENT("gradient-half-copied", "half the batch has the maps of the other half"), .fault = half_copied},
    {GRADIENT("gradient-of-next-input", "each map is that of the batch's next input"), .fault = map_of_next},
    {GRADIENT("gradient-cached", "maps of the first network that was asked"), .fault = cached},
    {GRADIENT("edges-if-sure", "edges; noise where the softmax is below .5"), .fault = noise_unless_sure},
    {GRADIENT("edges-if-predicted", "edges; noise where the class is not predicted"), .fault = noise_unless_predicted},
    {GRADIENT("prior-x-sign", "a bump with the sign of the target's logit"), .fault = prior_times_sign},

    {TIMES_INPUT("ixg-class-next", "explains the class after the target"), .fault = class_next},
    {TIMES_INPUT("ixg-class-own", "explains the network's own argmax"), .fault = class_own},
    {TIMES_INPUT("ixg-probability", "explains the softmax probability"), .fault = probability},
    {TIMES_INPUT("ixg-minus", "minus the map"), .fault = minus},
    {TIMES_INPUT("ixg-sign-lost", "absolute values, which is not said"), .fault = sign_lost},
    {TIMES_INPUT("ixg-shifted-1", "one pixel to the right"), .fault = shifted, .dose = 1},
    {TIMES_INPUT("ixg-edges-30", "edges of the input mixed in"), .fault = with_edges, .dose = .30},
    {TIMES_INPUT("ixg-bump-50", "a bump in the middle mixed in"), .fault = with_bump, .dose = .50},
    {TIMES_INPUT("ixg-centred", "multiplied by the input less its mean"), .fault = centred,
     .equals = "the gradient times (input - its mean)"},
    {TIMES_INPUT("ixg-input-lost", "not multiplied by the input"), .fault = gradient, .equals = "the gradient"},
};

MUTANT_PLUGIN("gradient");
