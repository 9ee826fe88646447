/* onnx_options.h: what a caller chooses about an ONNX file: which of its inputs is explained and what the others are,
 * which of its outputs is the network's and what is made of it, and sizes that the file leaves open. */
#ifndef ASSAY_NN_ONNX_OPTIONS_H
#define ASSAY_NN_ONNX_OPTIONS_H

#include "base/error.h"
#include "base/shape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How an output of batch x k x positions becomes one number for each of the k. */
enum onnx_reduce { ONNX_REDUCE_NONE, ONNX_REDUCE_SUM, ONNX_REDUCE_MEAN };

/* An input that is a constant: of one number everywhere, or the elements of a .npy file. Inputs of integers take whole
 * numbers up to 2^24, those of truths 0 and 1. */
struct onnx_fixed {
    const char *name;
    float number;
    const char *path; /* NULL: the number */
};

struct onnx_options {
    const char *input; /* the name of the one that is explained; NULL: the only one that is read and is not fixed */
    const struct onnx_fixed *fixed;
    size_t fixed_count;

    const char *output; /* its name; NULL: chosen as onnx.h says */
    enum onnx_reduce reduce;
    bool pick;      /* of the k only number `index` is kept */
    uint32_t index; /* from 0 */

    bool keep_head; /* a closing Softmax, Sigmoid or Relu is part of the network: its output is what is asked for */

    struct shape declared; /* of one sample, without the batch: what the file leaves open is so, and what it says must
                              agree. Rank 0: not declared */
    struct shape data;     /* of one sample of the data: for what is still open. Rank 0: not known */
    /* NULL, or asked for `data`, once, where the file leaves a size open: data is read for its shape only then. False:
     * that failed. */
    bool (*ask)(void *user, struct shape *data, struct error *);
    void *user; /* of `ask` */
    bool *open; /* NULL, or set when the file is refused because a size is missing */
};

#endif
