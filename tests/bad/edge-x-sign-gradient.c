/* edge-x-sign-gradient: mutant: edges of the input with the signs of the gradient. */
#include "explainer.h"

#include <math.h>

/* Size of the difference between the neighbours of element k of a plane (or of a vector, as a plane of one row). */
static float edge(const float *plane, size_t height, size_t width, size_t k) {
    size_t y = k / width, x = k % width;
    float gx = plane[x + 1 < width ? k + 1 : k] - plane[x ? k - 1 : k];
    float gy = plane[y + 1 < height ? k + width : k] - plane[y ? k - width : k];
    return sqrtf(gx * gx + gy * gy);
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    bool image = model->input.rank == 3;
    size_t height = image ? model->input.dim[1] : 1, width = image ? model->input.dim[2] : count;
    size_t pixels = height * width;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        const float *x = request->inputs + i * count;
        for (size_t k = 0; k < count; k++) {
            float size = edge(x + k / pixels * pixels, height, width, k % pixels);
            maps[i * count + k] = copysignf(size, maps[i * count + k]);
        }
    }
    return status;
}

static const assay_explainer_info info = {
    .id = "edge-x-sign-gradient",
    .name = "edge-x-sign-gradient",
    .summary = "mutant: edges with the signs of the gradient",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
