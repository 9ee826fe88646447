/* random-noise: independent normal numbers. A baseline that must not pass: it has nothing in common with itself. */
#include "explainer.h"

#include <stdlib.h>

struct noise {
    assay_explainer base; /* first: the host holds a pointer to it */
    const assay_random *random;
};

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)why;
    const assay_random *random = ((const struct noise *)self)->random;
    for (uint32_t i = 0; i < request->n; i++)
        random->normal(request->seeds[i], 0, model->input.count, maps + i * model->input.count);
    return ASSAY_OK;
}

static void destroy(const assay_explainer *self) {
    free((void *)self);
}

static const assay_explainer_info info = {
    .id = "random-noise",
    .name = "Random Noise",
    .summary = "baseline: independent normal numbers, another map for every seed",
    .source = "baseline",
    .claims = ASSAY_CLASS_BLIND | ASSAY_STOCHASTIC,
};
static const assay_explainer_info *const infos[] = {&info};

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *params, uint32_t n,
                                     assay_why *why) {
    (void)id, (void)params, (void)n;
    const assay_random *random = host->extension(host, ASSAY_RANDOM);
    struct noise *self = random ? malloc(sizeof *self) : NULL;
    if (!self) {
        assay_say(why, ASSAY_FAILED, random ? "out of memory" : "the host offers no " ASSAY_RANDOM);
        return NULL;
    }
    *self = (struct noise){{&info, attribute, destroy}, random};
    return &self->base;
}

ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
