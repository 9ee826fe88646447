/* slow: nothing wrong with it: each call takes a twentieth of a second longer than it need. */
#include "honest.h"

#include <time.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    nanosleep(&(struct timespec){0, 50000000}, NULL);
    return honest(self, model, request, maps, why);
}

HONEST_PLUGIN("slow", attribute);
