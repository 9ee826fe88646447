/* thread-asks: asks the model from two threads at once. */
#include "hostile.h"

#include <pthread.h>

static void *ask(void *user) {
    const struct call *c = user;
    char text[64];
    assay_why why = {text, sizeof text};
    float *maps = malloc(c->elements * sizeof *maps);
    if (maps) c->model->gradient(c->model, c->request->n, c->request->inputs, c->request->targets, maps, &why);
    free(maps);
    return NULL;
}

static assay_status attribute(const struct call *c) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, ask, (void *)c) != 0) return ASSAY_FAILED;
    assay_status status = honest(c);
    pthread_join(thread, NULL);
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
