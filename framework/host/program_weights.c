/* program_weights.c: a network's parameters and their digests, as programs are told of them. */
#include "host/program_weights.h"

#include "base/text.h"
#include "host/handle.h"
#include "host/parameters.h"

#include <stdlib.h>

/* Networks of the same parameters may differ in what they do with them. */
static bool digest_layers(const assay_model *model, struct text *all) {
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    for (uint32_t i = 0; i < layers->count(model); i++) {
        assay_layer layer;
        layers->get(model, i, &layer);
        text_add(all, "%s %s\n", layer.op, layer.name);
    }
    return !all->failed;
}

bool program_weights_init(const assay_model *model, struct program_weights *w, struct error *e) {
    const struct handle *handle = model->host;
    const assay_weights *weights = model->extension(model, ASSAY_WEIGHTS);
    struct text all = {0};
    *w = (struct program_weights){.count = weights->count(model)};
    w->of = calloc(w->count + (size_t)1, sizeof *w->of);
    w->digests = calloc(w->count + (size_t)1, sizeof *w->digests);
    bool ok = w->of && w->digests;
    for (uint32_t i = 0; ok && i < w->count; i++) {
        weights->get(model, i, &w->of[i]);
        parameters_digest(net_weights(handle->net), &w->of[i], i, w->digests[i]);
        text_add(&all, "%s %s\n", w->of[i].name, w->digests[i]);
    }
    text_add(&all, "%u outputs\n", model->outputs);
    ok = ok && digest_layers(model, &all);
    if (ok) data_digest(all.data, all.length, w->all);
    text_finish(&all);
    return ok || error_memory(e);
}

void program_weights_finish(struct program_weights *w) {
    free(w->of);
    free(w->digests);
    *w = (struct program_weights){0};
}
