/* external: an ONNX model whose weights lie beside it: the first two bytes are the size of the model, the rest is
 * split. */
#include "fuzz.h"

#include "nn/graph.h"
#include "nn/onnx.h"

void fuzz_external(const uint8_t *data, size_t size) {
    struct graph *graph = NULL;
    struct error e;
    if (size < 2) return;
    size_t model = (size_t)data[0] << 8 | data[1];
    if (model > size - 2) model = size - 2;
    fuzz_file("weights.bin", data + 2 + model, size - 2 - model);
    if (onnx_load(fuzz_file("external.onnx", data + 2, model), &graph, &e)) graph_destroy(graph);
}
