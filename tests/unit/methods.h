/* methods.h: the networks of tests/golden/make_methods.py. */
#ifndef ASSAY_TESTS_METHODS_H
#define ASSAY_TESTS_METHODS_H

#include "lab.h"
#include "nn/onnx.h"

#define SEQ "conv:6x5,relu,maxpool:2,conv:8x3,relu,fc:3"
#define SEQ_WEIGHTS (6u * 4 * 5 + 6 + 8 * 6 * 3 + 8 + 3 * 64 + 3)
#define MOST_ELEMENTS 392u /* elements of the largest input */

static inline struct lab lab_seq(void) {
    const struct shape sample = {2, {4, 24}};
    float *flat = lab_read_from("methods", "seq-weights", SEQ_WEIGHTS);
    struct lab lab = lab_build(SEQ, &sample, flat, lab_read_from("methods", "seq-inputs", LAB_INPUTS * 96));
    free(flat);
    memcpy(lab.targets, (uint32_t[]){2, 0, 1}, sizeof lab.targets);
    return lab;
}

static inline struct lab lab_res(void) {
    struct error e;
    struct graph *graph;
    cr_assert(onnx_load("tests/golden/methods/res.onnx", &graph, &e), "%s", e.text);
    struct lab lab = lab_of(graph, NULL, lab_read_from("methods", "res-inputs", LAB_INPUTS * MOST_ELEMENTS));
    memcpy(lab.targets, (uint32_t[]){1, 0, 3}, sizeof lab.targets);
    return lab;
}

enum network { CNN, MLP, RES, SEQUENCE, NETS };

static inline const char *network_name(enum network n) {
    static const char *const names[NETS] = {"cnn", "mlp", "res", "seq"};
    return names[n];
}

static inline struct lab network_lab(enum network n) {
    return n == CNN ? lab_cnn() : n == MLP ? lab_mlp() : n == RES ? lab_res() : lab_seq();
}

#endif
