/* onnx.h: ONNX files in and out, through protobuf-c and the onnx.proto of Debian's libonnx-dev. */
#ifndef ASSAY_NN_ONNX_H
#define ASSAY_NN_ONNX_H

#include "nn/graph.h"
#include "nn/weights.h"

/* Errors name the file and the node. The graph is finished; its nodes mean what operator set 20 says, whatever set the
 * file is of. Files with several outputs: the first is the network's. Tensors may lie in other files, in the model's
 * folder or below it (external data). Numbers in double precision are narrowed. A network that moves the batch from
 * the first dimension, or merges it with another, is run for one sample at a time (graph->single).
 *
 * A float initialiser is a parameter, trained and re-drawn, when it is
 *   - the weight or bias of a Conv, ConvTranspose, Gemm, MatMul or Einsum, or scale, shift, mean or variance of a
 *     normalisation, or the slope of a PRelu; or
 *   - an operand of an Add, Mul or Concat, unless it is a single number,
 * directly or through what only moves its elements (Reshape, Transpose, Gather and the like). Every other one, and
 * whatever a Constant node holds, is a constant: it belongs to the architecture and is never re-drawn. */
bool onnx_load(const char *path, struct graph **out, struct error *);
/* Writes operator set 20, IR 9, with the weights of that variant inside and a symbolic batch dimension "N" (or 1, for a
 * network that is run for one sample at a time). */
bool onnx_save(const char *path, const struct weights *, struct error *);

#endif
