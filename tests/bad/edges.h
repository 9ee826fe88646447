/* edges.h: edges of the input, which know nothing of the model. */
#ifndef ASSAY_TESTS_BAD_EDGES_H
#define ASSAY_TESTS_BAD_EDGES_H

#include "explainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Size of the difference between the neighbours of element k of a plane (or of a vector, as a plane of one row). */
static inline float edge_at(const float *plane, size_t height, size_t width, size_t k) {
    size_t y = k / width, x = k % width;
    float gx = plane[x + 1 < width ? k + 1 : k] - plane[x ? k - 1 : k];
    float gy = plane[y + 1 < height ? k + width : k] - plane[y ? k - width : k];
    return sqrtf(gx * gx + gy * gy);
}

/* Of one input x[input->count], channel by channel. */
static inline void edges_of(const assay_shape *input, const float *x, float *map) {
    bool image = input->rank == 3;
    size_t height = image ? input->dim[1] : 1, width = image ? input->dim[2] : input->count, pixels = height * width;
    for (size_t k = 0; k < input->count; k++) map[k] = edge_at(x + k / pixels * pixels, height, width, k % pixels);
}

/* Numbers in [0, 1) that have nothing to do with anything but the seed (splitmix64, Steele et al. 2014,
 * doi:10.1145/2660193.2660195). */
static inline void noise_of(uint64_t seed, size_t count, float *map) {
    for (size_t k = 0; k < count; k++) {
        uint64_t z = (seed += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        map[k] = (float)((z ^ (z >> 31)) >> 40) / 16777216;
    }
}

/* Edges of the inputs whose logits `knows`, noise where it does not: seeded with the logit of the class. */
static inline assay_status edges_where(bool (*knows)(const float *logits, uint32_t classes, uint32_t target),
                                       const assay_model *model, const assay_request *request, float *maps,
                                       assay_why *why) {
    size_t count = model->input.count;
    float *logits = malloc((size_t)request->n * model->outputs * sizeof *logits);
    assay_status status = logits ? model->forward(model, request->n, request->inputs, logits, why)
                                 : assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        const float *z = logits + (size_t)i * model->outputs, *x = request->inputs + i * count;
        uint64_t bits = 0;
        memcpy(&bits, &z[request->targets[i]], sizeof *z);
        if (knows(z, model->outputs, request->targets[i])) edges_of(&model->input, x, maps + i * count);
        else noise_of(bits, count, maps + i * count);
    }
    free(logits);
    return status;
}

#endif
