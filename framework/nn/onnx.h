/* onnx.h: ONNX files in and out, through protobuf-c and the onnx.proto of Debian's libonnx-dev. */
#ifndef ASSAY_NN_ONNX_H
#define ASSAY_NN_ONNX_H

#include "nn/graph.h"
#include "nn/weights.h"

/* Errors name the file and the node. The graph is finished; its nodes mean what operator set 13 says, whatever set the
 * file is of. Files with several outputs: the first is the network's. Numbers in double precision are narrowed.
 *
 * A float initialiser is a parameter, trained and re-drawn, when it is
 *   - the weight or bias of a Conv, Gemm or MatMul, or scale, shift, mean or variance of a BatchNormalization; or
 *   - an operand of an Add or Mul, unless it is a single number,
 * directly or through Reshape, Flatten and Identity. Every other one, and whatever a Constant node holds, is a
 * constant: it belongs to the architecture and is never re-drawn. */
bool onnx_load(const char *path, struct graph **out, struct error *);
/* Writes opset 13, IR 8, with the weights of that variant and a symbolic batch dimension "N". */
bool onnx_save(const char *path, const struct weights *, struct error *);

#endif
