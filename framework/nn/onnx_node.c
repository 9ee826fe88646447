/* onnx_node.c: asking nodes of a file. */
#include "nn/onnx_proto.h"

#include <stdio.h>
#include <string.h>

const Onnx__AttributeProto *onnx_find_attribute(const Onnx__NodeProto *node, const char *name) {
    for (size_t i = 0; i < node->n_attribute; i++)
        if (strcmp(onnx_text(node->attribute[i]->name), name) == 0) return node->attribute[i];
    return NULL;
}

const Onnx__AttributeProto *onnx_constant_list(const Onnx__NodeProto *node) {
    if (strcmp(onnx_text(node->op_type), "Constant") != 0 || node->n_output != 1) return NULL;
    const Onnx__AttributeProto *one = onnx_find_attribute(node, "value_float"),
                               *list = onnx_find_attribute(node, "value_floats");
    if (one && one->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT) return one;
    return list && list->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS ? list : NULL;
}

const Onnx__TypeProto__Tensor *onnx_tensor_type(const Onnx__ValueInfoProto *info) {
    const Onnx__TypeProto *type = info->type;
    return type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ? type->tensor_type : NULL;
}

bool onnx_type_is_float(int32_t type) {
    return type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT || type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE ||
           type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 || type == ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16;
}

void onnx_value_text(const Onnx__ValueInfoProto *info, struct text *text) {
    const Onnx__TypeProto__Tensor *tensor = onnx_tensor_type(info);
    const Onnx__TensorShapeProto *shape = tensor ? tensor->shape : NULL;
    text_add(text, "'%s'", excerpt_of(onnx_text(info->name)).text);
    for (size_t k = 0; shape && k < shape->n_dim; k++) {
        bool number = shape->dim[k]->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        text_add(text, "%s", k ? " x " : " of ");
        if (number) text_add(text, "%lld", (long long)shape->dim[k]->dim_value);
        else text_add(text, "N");
    }
}

const char *onnx_node_text(const Onnx__NodeProto *node, char *buffer, size_t size) {
    const char *name = onnx_text(node->name);
    if (!*name && node->n_output)
        snprintf(buffer, size, "node of '%s' (%s)", onnx_text(node->output[0]), onnx_text(node->op_type));
    else snprintf(buffer, size, "node '%s' (%s)", name, onnx_text(node->op_type));
    return buffer;
}
