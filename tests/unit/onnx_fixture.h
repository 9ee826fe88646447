/* onnx_fixture.h: a small ONNX file of our own, in a scratch folder. */
#ifndef ASSAY_TESTS_ONNX_FIXTURE_H
#define ASSAY_TESTS_ONNX_FIXTURE_H

#include "scratch.h"

#include "base/file.h"
#include "nn/arch.h"
#include "nn/onnx.h"

#define PATH "a.onnx"

static uint8_t *good; /* the bytes of a file that loads */
static size_t good_size;

static inline void onnx_enter(void) {
    struct error e = {""};
    struct shape sample = {3, {1, 6, 6}};
    struct init_options options = {.scheme = &init_normal, .sigma = .5, .seed = 1};
    struct graph *graph;
    struct weights *weights;

    scratch_enter();
    cr_assert(arch_build("conv:2x3/1+1,batchnorm,relu,maxpool:2,avgpool:2/1,fc:3", &sample, &graph, &e), "%s", e.text);
    cr_assert(weights_create(graph, &weights, &e), "%s", e.text);
    for (uint32_t i = 0; i < graph->layer_count; i++) cr_assert(weights_redraw(weights, i, &options, &e), "%s", e.text);
    cr_assert(onnx_save(PATH, weights, &e), "%s", e.text);
    cr_assert(file_read(PATH, &good, &good_size, &e), "%s", e.text);
    weights_destroy(weights);
    graph_destroy(graph);
}

static inline void onnx_leave(void) {
    free(good);
    scratch_leave();
}

static inline bool load_bytes(const void *data, size_t size, struct graph **out, struct error *e) {
    scratch_put(PATH, data, size);
    return onnx_load(PATH, out, e);
}

#endif
