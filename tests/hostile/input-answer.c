/* input-answer: answers with the input when the network is another. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (late(c)) memcpy(c->maps, c->request->inputs, c->elements * sizeof(float));
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
