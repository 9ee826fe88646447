/* onnx_feed.h: which of a file's inputs is explained, and the values of the others. Private to onnx_*.c. */
#ifndef ASSAY_NN_ONNX_FEED_H
#define ASSAY_NN_ONNX_FEED_H

#include "nn/graph.h"
#include "nn/onnx_options.h"
#include "nn/onnx_proto.h"
#include "nn/onnx_roles.h"

#include <stdbool.h>

/* What is read of the file. */
struct onnx_source {
    const Onnx__GraphProto *proto;
    const bool *needed; /* [proto->n_node] the others are no part of the network */
    const struct roles *roles;
    const struct onnx_options *options;
    bool *open; /* [proto->n_input] a needed node reads it, and it is neither an initialiser nor fixed */
    bool *read; /* [proto->n_input] open or fixed */
};

/* Fills open and read; onnx_source_finish() in any case. False where options->input or a fixed one is no input of the
 * file. */
bool onnx_source_init(struct onnx_source *, struct error *);
void onnx_source_finish(struct onnx_source *);

/* The input that is explained where no tokens are: the one that options->input names, else the only open one. NULL
 * where nothing is read. False, with the list of all, where several are open. */
bool onnx_feed_explained(const struct onnx_source *, const Onnx__ValueInfoProto **out, struct error *);
/* "it has several inputs ...", with the list and what to say about it. Returns false. */
bool onnx_feed_refuse(const struct onnx_source *, struct error *);

/* Constants in place of the fixed inputs that are read: a number everywhere, or the elements of a file. The batch of a
 * constant is 1. `batch`: that of the explained input, 0 where it is open. */
bool onnx_feed_fix(const struct onnx_source *, size_t batch, struct graph *, struct error *);

#endif
