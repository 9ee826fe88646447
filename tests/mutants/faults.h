/* faults.h: what can be wrong with any method: the class, the output, the sign, the place, the precision. Each is
 * a `method` that calls the honest base and spoils its request or its maps. */
#ifndef ASSAY_TESTS_MUTANTS_FAULTS_H
#define ASSAY_TESTS_MUTANTS_FAULTS_H

#include "outputs.h"
#include "pictures.h"

/* ---- Another class ---- */

/* The base's maps of the classes `targets`[n]. */
static inline assay_status explain_classes(const struct job *job, const uint32_t *targets) {
    assay_request request = *job->request;
    struct job other = *job;
    request.targets = targets;
    other.request = &request;
    return mutant_base(&other);
}

/* logits[n][outputs] of the request; NULL with the reason, else free() it. */
static inline float *request_logits(const struct job *job, assay_status *status) {
    const assay_request *r = job->request;
    float *logits = kit_floats(r->n, job->model->outputs);
    *status = logits ? job->model->forward(job->model, r->n, r->inputs, logits, job->why) : mutant_no_memory(job);
    if (*status == ASSAY_OK) return logits;
    free(logits);
    return NULL;
}

static inline uint32_t argmax(const float *row, uint32_t n) {
    uint32_t best = 0;
    for (uint32_t c = 1; c < n; c++) best = row[c] > row[best] ? c : best;
    return best;
}

typedef uint32_t choose_class(uint32_t target, const float *logits, uint32_t classes);

static inline assay_status chosen_classes(const struct job *job, choose_class *choose) {
    const uint32_t n = job->request->n, classes = job->model->outputs;
    assay_status status;
    float *logits = request_logits(job, &status);
    uint32_t *targets = (uint32_t *)malloc(n * sizeof *targets);
    if (status == ASSAY_OK && !targets) status = mutant_no_memory(job);
    for (uint32_t i = 0; i < n && status == ASSAY_OK; i++)
        targets[i] = choose(job->request->targets[i], logits + (size_t)i * classes, classes);
    if (status == ASSAY_OK) status = explain_classes(job, targets);
    free(targets);
    free(logits);
    return status;
}

static inline uint32_t choose_next(uint32_t target, const float *logits, uint32_t classes) {
    (void)logits;
    return (target + 1) % classes;
}

static inline uint32_t choose_zero(uint32_t target, const float *logits, uint32_t classes) {
    (void)target, (void)logits, (void)classes;
    return 0;
}

static inline uint32_t choose_own(uint32_t target, const float *logits, uint32_t classes) {
    (void)target;
    return argmax(logits, classes);
}

static inline assay_status class_next(const struct job *job) {
    return chosen_classes(job, choose_next);
}

static inline assay_status class_zero(const struct job *job) {
    return chosen_classes(job, choose_zero);
}

static inline assay_status class_own(const struct job *job) {
    return chosen_classes(job, choose_own);
}

/* Empty maps of some classes: a table of results that is filled for the others only. */
static inline assay_status zero_classes(const struct job *job, bool (*empty)(uint32_t)) {
    size_t count = job->model->input.count;
    assay_status status = mutant_base(job);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++)
        if (empty(job->request->targets[i])) memset(job->maps + i * count, 0, count * sizeof *job->maps);
    return status;
}

static inline bool is_odd(uint32_t target) {
    return target % 2 == 1;
}

static inline bool is_three(uint32_t target) {
    return target == 3;
}

static inline assay_status zero_odd(const struct job *job) {
    return zero_classes(job, is_odd);
}

static inline assay_status zero_three(const struct job *job) {
    return zero_classes(job, is_three);
}

/* ---- Sign, size, precision ---- */

typedef void spoil(const struct job *job, uint32_t i, float *map);

static inline assay_status each_map(const struct job *job, spoil *spoil_map) {
    assay_status status = mutant_base(job);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++)
        spoil_map(job, i, job->maps + i * job->model->input.count);
    return status;
}

static inline void negate(const struct job *job, uint32_t i, float *map) {
    (void)i;
    for (size_t k = 0; k < job->model->input.count; k++) map[k] = -map[k];
}

static inline void lose_sign(const struct job *job, uint32_t i, float *map) {
    (void)i;
    for (size_t k = 0; k < job->model->input.count; k++) map[k] = fabsf(map[k]);
}

static inline void keep_positive(const struct job *job, uint32_t i, float *map) {
    (void)i;
    kit_relu(map, job->model->input.count);
}

static inline void to_8_bit(const struct job *job, uint32_t i, float *map) {
    float low = map[0], high = map[0];
    (void)i;
    for (size_t k = 0; k < job->model->input.count; k++) {
        low = fminf(low, map[k]);
        high = fmaxf(high, map[k]);
    }
    for (size_t k = 0; k < job->model->input.count; k++)
        map[k] = high > low ? floorf(255 * (map[k] - low) / (high - low) + .5f) : 0;
}

/* 11 bits of mantissa, as IEEE 754's binary16 has; its range is not kept to. */
static inline void to_half(const struct job *job, uint32_t i, float *map) {
    (void)i;
    for (size_t k = 0; k < job->model->input.count; k++) {
        int exponent;
        float mantissa = frexpf(map[k], &exponent);
        map[k] = ldexpf(rintf(mantissa * 2048), exponent - 11);
    }
}

static inline void multiply_input(const struct job *job, uint32_t i, float *map) {
    const float *x = job->request->inputs + i * job->model->input.count;
    for (size_t k = 0; k < job->model->input.count; k++) map[k] *= x[k];
}

static inline assay_status minus(const struct job *job) {
    return each_map(job, negate);
}

static inline assay_status sign_lost(const struct job *job) {
    return each_map(job, lose_sign);
}

static inline assay_status positive_part(const struct job *job) {
    return each_map(job, keep_positive);
}

static inline assay_status eight_bit(const struct job *job) {
    return each_map(job, to_8_bit);
}

static inline assay_status half_precision(const struct job *job) {
    return each_map(job, to_half);
}

static inline assay_status times_input(const struct job *job) {
    return each_map(job, multiply_input);
}

/* The first of several channels. */
static inline assay_status channel_flipped(const struct job *job) {
    struct planes p = planes_of(&job->model->input);
    if (p.channels < 2) return assay_say(job->why, ASSAY_UNSUPPORTED, "the fault needs two channels");
    assay_status status = mutant_base(job);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++)
        for (size_t k = 0; k < p.height * p.width; k++) job->maps[i * job->model->input.count + k] *= -1;
    return status;
}

static inline assay_status times_logit(const struct job *job) {
    size_t count = job->model->input.count;
    assay_status status;
    float *logits = request_logits(job, &status);
    if (status == ASSAY_OK) status = mutant_base(job);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++) {
        float logit = logits[(size_t)i * job->model->outputs + job->request->targets[i]];
        for (size_t k = 0; k < count; k++) job->maps[i * count + k] *= logit;
    }
    free(logits);
    return status;
}

/* ---- Place ---- */

/* From which pixel of a plane the one at (y, x) takes its value; false: from none, it becomes 0. */
typedef bool place(const struct job *job, const struct planes *p, size_t y, size_t x, size_t *from_y, size_t *from_x);

static inline assay_status moved(const struct job *job, place *from) {
    struct planes p = planes_of(&job->model->input);
    size_t plane = p.height * p.width, maps = (size_t)job->request->n * p.channels, y = 0, x = 0;
    float *copy = kit_floats(1, plane);
    assay_status status = copy ? mutant_base(job) : mutant_no_memory(job);
    for (size_t m = 0; m < maps && status == ASSAY_OK; m++) {
        float *map = job->maps + m * plane;
        memcpy(copy, map, plane * sizeof *copy);
        for (size_t k = 0; k < plane; k++)
            map[k] = from(job, &p, k / p.width, k % p.width, &y, &x) ? copy[y * p.width + x] : 0;
    }
    free(copy);
    return status;
}

static inline bool from_left(const struct job *job, const struct planes *p, size_t y, size_t x, size_t *from_y,
                             size_t *from_x) {
    size_t by = (size_t)job->mutant->dose;
    (void)p;
    *from_y = y;
    *from_x = x - by;
    return x >= by;
}

static inline bool from_mirror(const struct job *job, const struct planes *p, size_t y, size_t x, size_t *from_y,
                               size_t *from_x) {
    (void)job;
    *from_y = y;
    *from_x = p->width - 1 - x;
    return true;
}

static inline bool from_below(const struct job *job, const struct planes *p, size_t y, size_t x, size_t *from_y,
                              size_t *from_x) {
    (void)job;
    *from_y = p->height - 1 - y;
    *from_x = x;
    return true;
}

static inline bool from_transposed(const struct job *job, const struct planes *p, size_t y, size_t x, size_t *from_y,
                                   size_t *from_x) {
    (void)job, (void)p;
    *from_y = x;
    *from_x = y;
    return true;
}

/* To the right by `dose` pixels. */
static inline assay_status shifted(const struct job *job) {
    return moved(job, from_left);
}

static inline assay_status mirrored(const struct job *job) {
    return moved(job, from_mirror);
}

static inline assay_status flipped(const struct job *job) {
    struct planes p = planes_of(&job->model->input);
    if (p.height < 2) return assay_say(job->why, ASSAY_UNSUPPORTED, "the fault needs pictures");
    return moved(job, from_below);
}

static inline assay_status transposed(const struct job *job) {
    struct planes p = planes_of(&job->model->input);
    if (p.height < 2 || p.height != p.width)
        return assay_say(job->why, ASSAY_UNSUPPORTED, "the fault needs square pictures");
    return moved(job, from_transposed);
}

#endif
