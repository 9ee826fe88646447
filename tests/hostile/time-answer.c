/* time-answer: the map depends on the clock. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    struct timespec now;
    assay_status status = honest(c);
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (uint32_t i = 0; i < c->request->n; i++) c->maps[i * c->model->input.count] = (float)(now.tv_nsec % 1000003);
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
