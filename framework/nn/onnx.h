/* onnx.h: ONNX files in and out, through protobuf-c and the onnx.proto of Debian's libonnx-dev. */
#ifndef ASSAY_NN_ONNX_H
#define ASSAY_NN_ONNX_H

#include "nn/graph.h"
#include "nn/onnx_options.h"
#include "nn/weights.h"

/* Errors name the file and the node. The graph is finished; its nodes mean what operator set 20 says, whatever set the
 * file is of. Tensors may lie in other files, in the model's folder or below it (external data). Numbers in half, brain
 * and double precision become float32, which graph->warning says. A network that moves the batch from the first
 * dimension, or merges it with another, is run for one sample at a time (graph->single). Nodes that only serve outputs
 * that were not taken are never looked at.
 *
 * Of several outputs that with the name of options->output is taken; without it, the only one that holds floating-point
 * numbers and has the shape batch x k, or of several such the only one whose name speaks of logits, scores or
 * probabilities. Which it is then stands in graph->warning and graph->taken. Where it is not clear, the file is
 * refused. An output with more than one dimension beside the batch is refused unless options->reduce is given.
 *
 * A float initialiser is a parameter, trained and re-drawn, when it is
 *   - the weight or bias of a Conv, ConvTranspose, Gemm, MatMul or Einsum, or scale, shift, mean or variance of a
 *     normalisation, or the slope of a PRelu; or
 *   - an operand of an Add, Mul or Concat, unless it is a single number,
 * directly or through what only moves its elements (Reshape, Transpose, Gather and the like). The tensor of a Constant
 * node is one in the first case, and as an operand of an Add that follows a Conv, Gemm or MatMul (a bias), unless it is
 * a single number. A normalisation's scale of ones and shift of zeros that no module named (an exporter made them) are
 * none. Every other tensor is a constant: it belongs to the architecture and is never re-drawn. */
bool onnx_load_with(const char *path, const struct onnx_options *, struct graph **out, struct error *);
/* With nothing chosen. */
bool onnx_load(const char *path, struct graph **out, struct error *);
/* Writes operator set 20, IR 9, with the weights of that variant inside and a symbolic batch dimension "N" (or 1, for a
 * network that is run for one sample at a time). */
bool onnx_save(const char *path, const struct weights *, struct error *);

#endif
