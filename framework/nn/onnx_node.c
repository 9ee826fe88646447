/* onnx_node.c: asking nodes of a file. */
#include "nn/onnx_proto.h"

#include <stdio.h>
#include <string.h>

const Onnx__AttributeProto *onnx_find_attribute(const Onnx__NodeProto *node, const char *name) {
    for (size_t i = 0; i < node->n_attribute; i++)
        if (strcmp(onnx_text(node->attribute[i]->name), name) == 0) return node->attribute[i];
    return NULL;
}

const char *onnx_node_text(const Onnx__NodeProto *node, char *buffer, size_t size) {
    const char *name = onnx_text(node->name);
    if (!*name && node->n_output)
        snprintf(buffer, size, "node of '%s' (%s)", onnx_text(node->output[0]), onnx_text(node->op_type));
    else snprintf(buffer, size, "node '%s' (%s)", name, onnx_text(node->op_type));
    return buffer;
}
