/* onnx_tokens.h: networks that read numbers of tokens are cut behind the embedding. Private to onnx_*.c. */
#ifndef ASSAY_NN_ONNX_TOKENS_H
#define ASSAY_NN_ONNX_TOKENS_H

#include "nn/onnx_feed.h"

#include <stdbool.h>

/* Where the cut is: a Gather of rows of a float initialiser by an integer input [N, length]. */
struct onnx_cut {
    const Onnx__NodeProto *gather; /* NULL: the file has no integer inputs */
    const Onnx__ValueInfoProto *ids;
    const Onnx__NodeProto *transpose; /* of the rows alone, to dimensions x length; NULL: there is none */
    const Onnx__TensorProto *table;
    size_t length;
};

/* False where the file has integer inputs that are no tokens, or tokens that are used for more than the embedding. */
bool onnx_cut_find(const struct onnx_source *, struct onnx_cut *out, struct error *);

/* The float input [N, dimensions, length] in place of all inputs of the file, and what the graph knows of the tokens.
 * Integer inputs besides that were not fixed become constants: ones for a mask, 0 .. length - 1 for positions, zeros
 * for anything else. */
bool onnx_cut_inputs(const struct onnx_cut *, const struct onnx_source *, struct graph *, struct error *);
/* Whether the node is cut off; in place of a Gather whose rows are not transposed comes a Transpose. */
bool onnx_cut_has(const struct onnx_cut *, const Onnx__NodeProto *);
bool onnx_cut_node(const struct onnx_cut *, const Onnx__NodeProto *, struct graph *, struct error *);

#endif
