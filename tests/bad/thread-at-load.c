/* thread-at-load: starts a thread while it is loaded, which never ends. */
#include "explainer.h"

#include <pthread.h>
#include <time.h>

static void *for_ever(void *user) {
    for (;;) nanosleep(&(struct timespec){0, 1000000}, NULL);
    return user;
}

__attribute__((constructor)) static void on_load(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, for_ever, NULL);
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    .id = "thread-at-load",
    .name = "thread-at-load",
    .summary = "starts a thread while it is loaded, which never ends",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
