/* onnx_output.h: which of a file's outputs is the network's, and which nodes that one needs. Private to onnx_*.c. */
#ifndef ASSAY_NN_ONNX_OUTPUT_H
#define ASSAY_NN_ONNX_OUTPUT_H

#include "nn/graph.h"
#include "nn/onnx_options.h"
#include "nn/onnx_proto.h"

#include <stdbool.h>
#include <stdint.h>

/* *out: a name of the graph; `wanted` as in onnx_options. */
bool onnx_choose_output(const Onnx__GraphProto *, const char *wanted, const char **out, struct error *);

/* How many dimensions the file says it has; 0: it does not say. */
size_t onnx_output_rank(const Onnx__GraphProto *, const char *output);

/* Of the finished graph: one number for each class, or what the user should do about it. */
bool onnx_check_output(const struct graph *, const char *output, struct error *);
/* Fills graph->taken, and says in graph->warning which outputs were not taken. */
bool onnx_tell_output(const Onnx__GraphProto *, const struct onnx_options *, const char *output, struct graph *,
                      struct error *);

/* *out[n_node]: whether the output depends on the node; the caller frees it. */
bool onnx_needed_nodes(const Onnx__GraphProto *, const char *output, bool **out, struct error *);

#endif
