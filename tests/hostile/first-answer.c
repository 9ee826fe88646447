/* first-answer: keeps the map of every input and gives it again, whatever the network. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    enum { MOST = 64 };
    static float *inputs[MOST], *maps[MOST];
    assay_status status = honest(c);
    size_t one = c->model->input.count, bytes = one * sizeof(float);
    for (uint32_t i = 0; i < c->request->n; i++)
        for (int k = 0; k < MOST; k++) {
            if (!inputs[k]) {
                inputs[k] = memcpy(malloc(bytes), c->request->inputs + i * one, bytes);
                maps[k] = memcpy(malloc(bytes), c->maps + i * one, bytes);
            }
            if (memcmp(inputs[k], c->request->inputs + i * one, bytes) != 0) continue;
            memcpy(c->maps + i * one, maps[k], bytes);
            break;
        }
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
