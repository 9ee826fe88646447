/* golden_network.h: networks as exporters write them. */
#ifndef ASSAY_TESTS_GOLDEN_NETWORK_H
#define ASSAY_TESTS_GOLDEN_NETWORK_H

#include "base/file.h"
#include "base/rng.h"
#include "nn/onnx.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A network of tests/golden/networks, whose files have no weights: some positive ones. */
static inline struct graph *golden_network(const char *name) {
    const size_t count = 2000000;
    char folder[] = "/tmp/assay-stems-XXXXXX", path[200], values[200];
    struct graph *g;
    struct error e;
    uint8_t *bytes;
    size_t size;
    float *weights = malloc(count * sizeof *weights);
    cr_assert_not_null(weights);
    rng_fill_uniform(1, 0, count, weights);
    for (size_t i = 0; i < count; i++) weights[i] = .02f + .05f * weights[i];
    snprintf(path, sizeof path, "tests/golden/networks/%s.onnx", name);
    cr_assert(file_read(path, &bytes, &size, &e) && mkdtemp(folder), "%s", e.text);
    snprintf(path, sizeof path, "%s/m.onnx", folder);
    snprintf(values, sizeof values, "%s/weights.bin", folder);
    cr_assert(file_write(path, bytes, size, &e) && file_write(values, weights, count * sizeof *weights, &e) &&
                  onnx_load(path, &g, &e),
              "%s: %s", name, e.text);
    cr_assert(unlink(path) == 0 && unlink(values) == 0 && rmdir(folder) == 0);
    free(bytes);
    free(weights);
    return g;
}

#endif
