/* onnx.h: ONNX files in and out, through protobuf-c and the onnx.proto of Debian's libonnx-dev. */
#ifndef ASSAY_NN_ONNX_H
#define ASSAY_NN_ONNX_H

#include "nn/graph.h"
#include "nn/weights.h"

/* Errors name the file and the node. Float initialisers become parameters. The graph is finished. */
bool onnx_load(const char *path, struct graph **out, struct error *);
/* Writes opset 13, IR 8, with the weights of that variant and a symbolic batch dimension "N". */
bool onnx_save(const char *path, const struct weights *, struct error *);

#endif
