/* onnx_options.h: what a caller chooses about an ONNX file: which of its outputs is the network's and what is made of
 * it, and sizes that the file leaves open. */
#ifndef ASSAY_NN_ONNX_OPTIONS_H
#define ASSAY_NN_ONNX_OPTIONS_H

#include "base/shape.h"

#include <stdbool.h>
#include <stdint.h>

/* How an output of batch x k x positions becomes one number for each of the k. */
enum onnx_reduce { ONNX_REDUCE_NONE, ONNX_REDUCE_SUM, ONNX_REDUCE_MEAN };

struct onnx_options {
    const char *output; /* its name; NULL: chosen as onnx.h says */
    enum onnx_reduce reduce;
    bool pick;      /* of the k only number `index` is kept */
    uint32_t index; /* from 0 */

    bool keep_head; /* a closing Softmax, Sigmoid or Relu is part of the network: its output is what is asked for */

    struct shape declared; /* of one sample, without the batch: what the file leaves open is so, and what it says must
                              agree. Rank 0: not declared */
    struct shape data;     /* of one sample of the data: for what is still open. Rank 0: not known */
    bool *open;            /* NULL, or set when the file is refused because a size is missing */
};

#endif
