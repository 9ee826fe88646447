/* onnx_branch.h: an If whose condition is known at load becomes the nodes of the branch that is taken. Private to
 * onnx_*.c. */
#ifndef ASSAY_NN_ONNX_BRANCH_H
#define ASSAY_NN_ONNX_BRANCH_H

#include "nn/onnx_options.h"
#include "nn/onnx_proto.h"

#include <stdbool.h>

bool onnx_is_branch(const Onnx__NodeProto *); /* an If */

/* Asks for the value of a name in that graph, for one sample. *known: it does not depend on the input; then *truth is
 * whether it is anything but 0. False without memory. */
struct onnx_asker {
    bool (*ask)(const struct onnx_asker *, const Onnx__GraphProto *, const char *name, bool *known, bool *truth,
                struct error *);
    const void *user;
};

/* A graph with the same inputs and outputs, which borrows from the one it was made of. */
struct onnx_inlined {
    Onnx__GraphProto graph;
    void **owned;
    size_t owned_count;
};

/* `output` is what is wanted of the graph: nodes that it does not need stay as they are, and so does an If whose
 * condition is not known. Names of nodes are kept; a value's is made unique where it has to be. onnx_inlined_finish()
 * in any case. */
bool onnx_inline(const Onnx__GraphProto *, const char *output, const struct onnx_asker *, struct onnx_inlined *out,
                 struct error *);
void onnx_inlined_finish(struct onnx_inlined *);

#endif
