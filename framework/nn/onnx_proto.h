/* onnx_proto.h: what reading and writing ONNX share. Private to onnx_*.c and their tests. */
#ifndef ASSAY_NN_ONNX_PROTO_H
#define ASSAY_NN_ONNX_PROTO_H

#include "base/error.h"
#include "base/shape.h"
#include "base/text.h"

#include "onnx.pb-c.h"

#include <stddef.h>
#include <stdint.h>

/* A protobuf message from untrusted bytes, or NULL when they are no such message. Nesting and memory are bounded by
 * what a file of that size may reasonably need. */
ProtobufCMessage *onnx_unpack(const ProtobufCMessageDescriptor *, const uint8_t *data, size_t size);
void onnx_free(ProtobufCMessage *);

/* A tensor as the graph stores it: `floats` (FLOAT; FLOAT16 and BFLOAT16 widened, DOUBLE narrowed) or `ints` (of every
 * width, and BOOL). */
struct onnx_array {
    struct shape shape;
    const float *floats;
    const int64_t *ints;
    void *owned; /* NULL where the elements are the tensor's own */
};

/* Errors name the tensor. Free with onnx_array_finish, also after a failure, and before the tensor. */
bool onnx_array_read(const Onnx__TensorProto *, struct onnx_array *out, struct error *);
void onnx_array_finish(struct onnx_array *);

/* What the elements of a tensor take as raw data. Errors name the tensor. */
bool onnx_tensor_bytes(const Onnx__TensorProto *, size_t *out, struct error *);
/* Reads what the graph of the model at that path stores in other files (external data) into the tensors. *any: whether
 * there was something. */
bool onnx_take_external(Onnx__GraphProto *, const char *model, bool *any, struct error *);

/* The finished graph of a model in memory, of its first output whatever that is. Without an input it folds to its
 * output's value. */
struct graph;
bool onnx_build(const Onnx__ModelProto *, struct graph **out, struct error *);
/* The same with the choice of an output, by `options`, and of sizes. */
struct onnx_options;
bool onnx_build_with(const Onnx__ModelProto *, const struct onnx_options *, struct graph **out, struct error *);

/* Nodes that PyTorch's new exporter numbered get the path of their module in front of their name, where the file has it
 * (onnx_scope.c). */
bool onnx_name_by_scope(Onnx__GraphProto *, struct error *);

/* Strings of the file are NULL when absent. */
static inline const char *onnx_text(const char *s) {
    return s ? s : "";
}

/* ---- Nodes of older and newer operator sets, rewritten to mean the same in set 20 (onnx_legacy.c) ---- */
#define ONNX_OPSET 20

/* What becomes of an attribute of a node. */
enum onnx_attribute_fate { ONNX_KEEP, ONNX_DROP, ONNX_REFUSE };
enum onnx_attribute_fate onnx_attribute_fate(const Onnx__NodeProto *, const Onnx__AttributeProto *, struct error *);

/* Attributes that became inputs (onnx_inputs.c): values that have names of their own in `graph` and their places in
 * names[*count]. Room for ONNX_MORE_INPUTS more in `names`, and in owned[], which the caller frees in any case. */
#define ONNX_MORE_INPUTS 4
bool onnx_attribute_is_input(const Onnx__NodeProto *, const char *attribute);
bool onnx_add_inputs(struct graph *, const Onnx__NodeProto *, const char **names, char **owned, size_t *count,
                     struct error *);

/* Min, Max and Sum of any number of operands, as nodes of two; Split as a Slice for every part; Upsample as a
 * Resize. */
bool onnx_is_compound(const char *op);
struct roles;
bool onnx_add_compound(struct graph *, const struct roles *, const Onnx__NodeProto *, struct error *);

/* Whether a node as a whole can be rewritten, as far as can be said before shapes are known. */
bool onnx_node_check(const struct roles *, const Onnx__NodeProto *, struct error *);
/* A BatchNormalization that, before set 14, takes the statistics of the batch. */
bool onnx_is_training_form(const Onnx__NodeProto *, int64_t opset);

/* Whether shapes allow the rewriting; `graph` is finished. */
bool onnx_shapes_check(const struct graph *, const Onnx__GraphProto *, int64_t opset, struct error *);

bool onnx_is_softmax(const char *op); /* or LogSoftmax */

/* ---- Asking nodes of the file (onnx_node.c) ---- */
const Onnx__AttributeProto *onnx_find_attribute(const Onnx__NodeProto *, const char *name);
/* value_float or value_floats of a Constant with one output, or NULL. */
const Onnx__AttributeProto *onnx_constant_list(const Onnx__NodeProto *);
/* NULL: it is no tensor. */
const Onnx__TypeProto__Tensor *onnx_tensor_type(const Onnx__ValueInfoProto *);
/* A TensorProto.DataType of floating-point numbers that are read. */
bool onnx_type_is_float(int32_t type);
/* Adds "'feat' of N x 32". */
void onnx_value_text(const Onnx__ValueInfoProto *, struct text *);

/* "node 'conv1' (Conv)" into buffer; a node without a name is shown by its first output. Returns buffer. */
const char *onnx_node_text(const Onnx__NodeProto *, char *buffer, size_t size);

#endif
