/* handle_checks.h: what every call of a plugin is asked before it is passed on, and the mask on its inputs. */
#ifndef ASSAY_HOST_HANDLE_CHECKS_H
#define ASSAY_HOST_HANDLE_CHECKS_H

#include "base/error.h"
#include "explainers/explainer.h"

#include <stdlib.h>

static inline assay_status null_passed(const char *call, const char *what, assay_why *why) {
    return assay_say(why, ASSAY_FAILED, "%s: %s is NULL", call, what);
}

/* The arguments every call has; targets may be NULL where `targeted` is false. */
static inline assay_status check_batch(const assay_model *model, const char *call, uint32_t n, const float *x,
                                       bool targeted, const uint32_t *targets, assay_why *why) {
    if (n == 0) return assay_say(why, ASSAY_FAILED, "%s: n is 0: wanted 1 sample or more", call);
    if (!x) return null_passed(call, "x", why);
    if (targeted && !targets) return null_passed(call, "targets", why);
    for (uint32_t i = 0; targeted && i < n; i++) {
        if (targets[i] >= model->outputs) {
            return assay_say(why, ASSAY_FAILED, "%s: target %u of sample %u: wanted one below the %u outputs", call,
                             targets[i], i, model->outputs);
        }
    }
    return ASSAY_OK;
}

static inline assay_status finish(bool ok, const char *call, const struct error *e, assay_why *why) {
    return ok ? ASSAY_OK : assay_say(why, ASSAY_FAILED, "%s: %s", call, e->text);
}

/* x[n][count] under the mask[count], in fresh memory; NULL: out of memory. */
static inline float *masked(const float *mask, size_t count, uint32_t n, const float *x) {
    float *out = malloc(n * count * sizeof *out);
    for (size_t k = 0; out && k < n * count; k++) out[k] = mask[k % count] * x[k];
    return out;
}

#endif
