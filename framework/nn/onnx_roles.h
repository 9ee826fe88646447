/* onnx_roles.h: what the names of a file stand for: which float initialisers are trained parameters and which fixed
 * constants (the rule is in onnx.h), and which tensor has which name. Private to onnx_*.c. */
#ifndef ASSAY_NN_ONNX_ROLES_H
#define ASSAY_NN_ONNX_ROLES_H

#include "nn/onnx_proto.h"

#include <stdbool.h>

struct roles;

/* The doc_string of a tensor that looks like a parameter and is none: what onnx_save writes keeps its constants. */
#define ONNX_NO_PARAMETER "a constant, no parameter"

bool roles_create(const Onnx__GraphProto *, struct roles **out, struct error *);
void roles_destroy(struct roles *);
/* Whether the tensor of that name and size, an initialiser or a Constant node, is a parameter. */
bool roles_is_parameter(const struct roles *, const char *name, size_t elements);
bool roles_is_initialiser(const struct roles *, const char *name);
/* The initialiser, or value of a Constant node, of that name; NULL when there is none. */
const Onnx__TensorProto *roles_tensor(const struct roles *, const char *name);

#endif
