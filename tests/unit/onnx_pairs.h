/* onnx_pairs.h: networks in two forms, which must give the same logits. */
#ifndef ASSAY_TESTS_ONNX_PAIRS_H
#define ASSAY_TESTS_ONNX_PAIRS_H

#include "onnx_text.h"

#include "nn/net.h"

#include <math.h>

struct onnx_pair {
    const char *what;
    struct onnx_words fused, plain;
};

#define MOST_LOGITS 16

/* Logits of one sample whose elements lie between -2 and 2. */
static uint32_t pair_run(const struct onnx_words *words, const char *what, float *logits) {
    struct graph *g;
    struct weights *weights;
    struct net *net;
    struct error e = {""};
    float x[64];
    for (int i = 0; i < 64; i++) x[i] = (float)(i * 29 % 17 - 8) / 4;
    cr_assert(words_load(words, NULL, &g, &e), "%s: %s", what, e.text);
    cr_assert(shape_count(&g->sample) <= 64 && g->classes <= MOST_LOGITS);
    cr_expect_not(strstr(what, "ttention") && g->single, "%s: a batch is run sample by sample", what);
    cr_assert(weights_create(g, &weights, &e) && net_create(weights, &net, &e) && net_forward(net, 1, x, logits, &e),
              "%s: %s", what, e.text);
    uint32_t classes = g->classes;
    net_destroy(net);
    weights_destroy(weights);
    graph_destroy(g);
    return classes;
}

static void check_pairs(const struct onnx_pair *pairs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float fused[MOST_LOGITS], plain[MOST_LOGITS];
        uint32_t n = pair_run(&pairs[i].fused, pairs[i].what, fused);
        cr_assert_eq(pair_run(&pairs[i].plain, pairs[i].what, plain), n, "%s", pairs[i].what);
        for (uint32_t k = 0; k < n; k++)
            cr_expect_float_eq(fused[k], plain[k], 1e-5, "%s, %u: %g, wanted %g", pairs[i].what, k, (double)fused[k],
                               (double)plain[k]);
    }
}

#endif
