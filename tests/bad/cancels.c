/* cancels: noise of either sign that depends on input and class, so large that its sum, 0, is near any logit beside it;
 * and it claims to be complete. */
#include "explainer.h"

#include <string.h>

static uint32_t mix(uint32_t x) {
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self, (void)why;
    const size_t count = model->input.count;
    for (uint32_t i = 0; i < request->n; i++) {
        uint32_t state = mix(request->targets[i] + 1);
        for (size_t k = 0; k < count; k++) {
            uint32_t bits;
            memcpy(&bits, &request->inputs[i * count + k], sizeof bits);
            state = mix(state ^ bits) + 1;
        }
        for (size_t k = 0; k + 1 < count; k += 2) { /* each value stands beside its negative */
            maps[i * count + k] = (float)(mix(state + (uint32_t)k) % 2000);
            maps[i * count + k + 1] = -maps[i * count + k];
        }
        if (count % 2) maps[i * count + count - 1] = 0;
    }
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "cancels",
    .name = "cancels",
    .summary = "noise whose sum is 0, and that claims to be complete",
    .source = "tests/bad",
    .claims = ASSAY_COMPLETE,
};

ASSAY_PLUGIN(info, attribute);
