/* mixtures.h: faults that let something else into the map (a picture, noise, what another input got) or put it in the
 * map's place. */
#ifndef ASSAY_TESTS_MUTANTS_MIXTURES_H
#define ASSAY_TESTS_MUTANTS_MIXTURES_H

#include "faults.h"

/* ---- A picture mixed in ---- */

/* (1 - dose) of the map and `dose` of the picture, each at a root mean square of 1. */
static inline assay_status mixed(const struct job *job, picture *draw) {
    const assay_shape *shape = &job->model->input;
    float *other = kit_floats(1, shape->count);
    assay_status status = other ? mutant_base(job) : mutant_no_memory(job);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++) {
        float *map = job->maps + i * shape->count;
        draw(shape, job->request->inputs + i * shape->count, other);
        double own = root_mean_square(map, shape->count), foreign = root_mean_square(other, shape->count);
        double keep = own > 0 ? (1 - job->mutant->dose) / own : 0, add = foreign > 0 ? job->mutant->dose / foreign : 0;
        for (size_t k = 0; k < shape->count; k++) map[k] = (float)(keep * (double)map[k] + add * (double)other[k]);
    }
    free(other);
    return status;
}

static inline assay_status with_edges(const struct job *job) {
    return mixed(job, picture_edges);
}

static inline assay_status with_input(const struct job *job) {
    return mixed(job, picture_input);
}

static inline assay_status with_bump(const struct job *job) {
    return mixed(job, picture_bump);
}

static inline assay_status with_border(const struct job *job) {
    return mixed(job, picture_border);
}

static inline assay_status with_pattern(const struct job *job) {
    return mixed(job, picture_pattern);
}

static inline assay_status with_mean(const struct job *job) {
    return mixed(job, picture_mean);
}

/* ---- Nothing of the method is left ---- */

/* The bump, with the sign of the target's logit. */
static inline assay_status prior_times_sign(const struct job *job) {
    const assay_shape *shape = &job->model->input;
    assay_status status;
    float *logits = request_logits(job, &status);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++) {
        float *map = job->maps + i * shape->count;
        float logit = logits[(size_t)i * job->model->outputs + job->request->targets[i]];
        picture_bump(shape, NULL, map);
        for (size_t k = 0; k < shape->count; k++) map[k] *= logit < 0 ? -1.0f : 1.0f;
    }
    free(logits);
    return status;
}

/* Noise keyed on the weights, which show in the logits of a black picture, on the input and on the class. */
static inline assay_status keyed_noise(const struct job *job) {
    const assay_model *model = job->model;
    const assay_request *r = job->request;
    const assay_random *random = mutant_random(job);
    size_t count = model->input.count;
    float *black = (float *)calloc(count, sizeof *black), *logits = kit_floats(1, model->outputs);
    assay_status status = !random ? ASSAY_FAILED : black && logits ? ASSAY_OK : mutant_no_memory(job);
    if (status == ASSAY_OK) status = model->forward(model, 1, black, logits, job->why);
    for (uint32_t i = 0; i < r->n && status == ASSAY_OK; i++) {
        uint64_t key = hash_floats(hash_floats(r->targets[i], logits, model->outputs), r->inputs + i * count, count);
        random->normal(key, 0, count, job->maps + i * count);
    }
    free(black);
    free(logits);
    return status;
}

/* The edges of the input, and noise where `unsure` says so of the softmax p[outputs]. */
static inline assay_status edges_unless(const struct job *job,
                                        bool (*unsure)(const double *p, uint32_t n, uint32_t t)) {
    const assay_model *model = job->model;
    const assay_request *r = job->request;
    const assay_random *random = mutant_random(job);
    size_t count = model->input.count;
    assay_status status;
    float *logits = request_logits(job, &status);
    double *p = (double *)calloc(model->outputs, sizeof *p);
    if (status == ASSAY_OK) status = !random ? ASSAY_FAILED : p ? ASSAY_OK : mutant_no_memory(job);
    for (uint32_t i = 0; i < r->n && status == ASSAY_OK; i++) {
        const float *x = r->inputs + i * count;
        softmax(logits + (size_t)i * model->outputs, model->outputs, p);
        if (unsure(p, model->outputs, r->targets[i]))
            random->normal(hash_floats(hash_floats(0, logits, model->outputs), x, count), 0, count,
                           job->maps + i * count);
        else picture_edges(&model->input, x, job->maps + i * count);
    }
    free(p);
    free(logits);
    return status;
}

static inline bool below_half(const double *p, uint32_t n, uint32_t target) {
    (void)n;
    return p[target] < .5;
}

static inline bool not_predicted(const double *p, uint32_t n, uint32_t target) {
    for (uint32_t c = 0; c < n; c++)
        if (p[c] > p[target]) return true;
    return false;
}

static inline assay_status noise_unless_sure(const struct job *job) {
    return edges_unless(job, below_half);
}

static inline assay_status noise_unless_predicted(const struct job *job) {
    return edges_unless(job, not_predicted);
}

static inline bool has_weights(const assay_layer *layer) {
    return strcmp(layer->op, "Gemm") == 0 || strcmp(layer->op, "MatMul") == 0 || strcmp(layer->op, "Conv") == 0;
}

/* (x + 1) times numbers of one layer, wrapped around the input: its activation, or the gradient there. */
static inline assay_status layer_alone(const struct job *job, uint32_t index, bool gradient) {
    const assay_model *model = job->model;
    const assay_request *r = job->request;
    const assay_layers *layers = (const assay_layers *)model->extension(model, ASSAY_LAYERS);
    assay_layer layer;
    if (!layers->get(model, index, &layer)) return assay_say(job->why, ASSAY_FAILED, "no layer %u", index);
    size_t count = model->input.count, width = layer.output.count;
    float *values = kit_floats(r->n, width);
    assay_status status = values ? layers->inspect(model, index, r->n, r->inputs, r->targets, gradient ? NULL : values,
                                                   gradient ? values : NULL, job->why)
                                 : mutant_no_memory(job);
    for (uint32_t i = 0; i < r->n && status == ASSAY_OK; i++)
        for (size_t k = 0; k < count; k++)
            job->maps[i * count + k] = (r->inputs[i * count + k] + 1) * values[i * width + k % width];
    free(values);
    return status;
}

/* The first layer's output; no other layer has a part in it. */
static inline assay_status first_layer(const struct job *job) {
    const assay_model *model = job->model;
    const assay_layers *layers = (const assay_layers *)model->extension(model, ASSAY_LAYERS);
    assay_layer layer;
    uint32_t index = 0, count = layers ? layers->count(model) : 0;
    while (index < count && layers->get(model, index, &layer) && !has_weights(&layer)) index++;
    if (index == count) return assay_say(job->why, ASSAY_UNSUPPORTED, "no layer with weights");
    return layer_alone(job, index, false);
}

/* The gradient at what feeds the last layer, which is that layer's weights. */
static inline assay_status last_layer(const struct job *job) {
    const assay_model *model = job->model;
    const assay_layers *layers = (const assay_layers *)model->extension(model, ASSAY_LAYERS);
    assay_layer layer;
    uint32_t index = layers ? layers->count(model) : 0;
    while (index > 0 && layers->get(model, index - 1, &layer) && !has_weights(&layer)) index--;
    if (index < 2) return assay_say(job->why, ASSAY_UNSUPPORTED, "no layer below the last with weights");
    return layer_alone(job, index - 2, true);
}

/* ---- Another input's map ---- */

/* Map i of the request becomes map from(i, n); n and more: it becomes empty. */
static inline assay_status exchanged(const struct job *job, uint32_t (*from)(uint32_t i, uint32_t n)) {
    size_t count = job->model->input.count;
    uint32_t n = job->request->n;
    float *copy = kit_floats(n, count);
    assay_status status = copy ? mutant_base(job) : mutant_no_memory(job);
    if (status == ASSAY_OK) memcpy(copy, job->maps, n * count * sizeof *copy);
    for (uint32_t i = 0; i < n && status == ASSAY_OK; i++)
        if (from(i, n) < n) memcpy(job->maps + i * count, copy + from(i, n) * count, count * sizeof *copy);
        else memset(job->maps + i * count, 0, count * sizeof *copy);
    free(copy);
    return status;
}

static inline uint32_t from_none_late(uint32_t i, uint32_t n) {
    return i < n - n / 4 ? i : n;
}

static inline uint32_t from_last_of_slot(uint32_t i, uint32_t n) {
    return i + (n - 1 - i) / 8 * 8;
}

static inline uint32_t from_first_half(uint32_t i, uint32_t n) {
    return i < (n + 1) / 2 ? i : i - (n + 1) / 2;
}

static inline uint32_t from_next_input(uint32_t i, uint32_t n) {
    return (i + 1) % n;
}

static inline assay_status last_quarter_empty(const struct job *job) {
    return exchanged(job, from_none_late);
}

static inline assay_status buffer_of_eight(const struct job *job) {
    return exchanged(job, from_last_of_slot);
}

static inline assay_status half_copied(const struct job *job) {
    return exchanged(job, from_first_half);
}

static inline assay_status map_of_next(const struct job *job) {
    return exchanged(job, from_next_input);
}

#endif
