/* onnx_fused.h: nodes of other domains than ONNX's own (scikit-learn's ai.onnx.ml, onnxruntime's com.microsoft), and of
 * newer operator sets, as nodes of set 20. Private to onnx_*.c. */
#ifndef ASSAY_NN_ONNX_FUSED_H
#define ASSAY_NN_ONNX_FUSED_H

#include "nn/graph.h"
#include "nn/onnx_proto.h"

/* Whether the node is one of them: onnx_add_fused adds what it stands for. */
bool onnx_is_fused(const Onnx__NodeProto *);
bool onnx_add_fused(struct graph *, const Onnx__NodeProto *, struct error *);

/* LSTM, GRU and RNN (onnx_recurrent.c). */
bool onnx_is_recurrent(const Onnx__NodeProto *);
bool onnx_add_recurrent(struct graph *, const Onnx__NodeProto *, struct error *);

#endif
