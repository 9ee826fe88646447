/* onnx: ONNX models; small ones are run forward and backward, and written again. */
#include "fuzz.h"

#include "nn/net.h"
#include "nn/onnx.h"

#include <stdlib.h>

static void run(const struct graph *graph, const struct weights *weights) {
    enum { INPUTS = 2 };
    struct net *net = NULL;
    struct error e;
    size_t elements = shape_count(&graph->sample);
    uint32_t targets[INPUTS] = {0, graph->classes - 1};
    float *x = calloc(2 * INPUTS * elements, sizeof *x), *logits = calloc(INPUTS, graph->classes * sizeof *logits);
    for (size_t i = 0; x && i < INPUTS * elements; i++) x[i] = (float)(i % 7) - 3;
    if (x && logits && net_create(weights, &net, &e)) {
        net_forward(net, INPUTS, x, logits, &e);
        net_gradient(net, NET_GUIDED, INPUTS, x, targets, x + INPUTS * elements, &e);
    }
    net_destroy(net);
    free(logits);
    free(x);
}

void fuzz_onnx(const uint8_t *data, size_t size) {
    struct graph *graph = NULL;
    struct weights *weights = NULL;
    struct error e;
    if (!onnx_load(fuzz_file("model.onnx", data, size), &graph, &e)) return;
    bool small = graph->input != GRAPH_NONE && graph->classes && shape_count(&graph->sample) < 4096 &&
                 graph->classes < 4096 && graph_flops(graph) < 1e7 && graph->node_count < 200;
    if (small && weights_create(graph, &weights, &e)) {
        run(graph, weights);
        onnx_save(fuzz_file("again.onnx", "", 0), weights, &e);
    }
    weights_destroy(weights);
    graph_destroy(graph);
}
