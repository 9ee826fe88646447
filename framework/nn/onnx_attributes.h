/* onnx_attributes.h: attributes of a node of a file, as those of a graph. Private to onnx_*.c. */
#ifndef ASSAY_NN_ONNX_ATTRIBUTES_H
#define ASSAY_NN_ONNX_ATTRIBUTES_H

#include "nn/graph.h"
#include "nn/onnx_proto.h"

#include <stdbool.h>
#include <stddef.h>

#define ONNX_MORE_ATTRIBUTES 2 /* room behind them for those that the loader adds */

/* Texts are copied, because those of the file have no closing zero; all else is borrowed from the file. */
struct onnx_attributes {
    struct attribute *rows;
    char **texts;
    size_t count;
};

/* Without those that are dropped or become inputs (onnx_proto.h). onnx_attributes_finish() in any case. */
bool onnx_attributes_read(const Onnx__NodeProto *, struct onnx_attributes *out, struct error *);
void onnx_attributes_finish(struct onnx_attributes *);

#endif
