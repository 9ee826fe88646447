/* arch: layer lists, and a forward pass through what they build. */
#include "fuzz.h"

#include "nn/arch.h"

#include <stdlib.h>

void fuzz_arch(const uint8_t *data, size_t size) {
    const struct shape image = {3, {2, 9, 9}}, features = {1, {7}};
    struct graph *graph = NULL;
    struct error e;
    char *list = fuzz_text(data, size, 200);
    if (arch_build(list, &image, &graph, &e)) graph_destroy(graph);
    if (arch_build(list, &features, &graph, &e)) graph_destroy(graph);
    free(list);
}
