/* destroy-hangs: never returns from destroy once it was asked for a map. */
#include "honest.h"

#include <time.h>

static volatile int asked;

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    asked = 1;
    return honest(self, model, request, maps, why);
}

static void destroy(const assay_explainer *self) {
    (void)self;
    while (asked) nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static const assay_explainer_info info = {
    .id = "destroy-hangs",
    .name = "destroy-hangs",
    .summary = "never returns from destroy once it was asked for a map",
    .source = "tests/bad",
};

static const assay_explainer_info *const infos[] = {&info};
static const assay_explainer explainer = {&info, attribute, destroy};

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n,
                                     assay_why *why) {
    (void)host, (void)id, (void)given, (void)n, (void)why;
    return &explainer;
}

ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
