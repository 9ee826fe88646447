/* inputs-second-call: writes to the inputs in the second call of a process. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (c->number == 2) ((float *)c->request->inputs)[c->elements - 1] += 1;
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
