/* onnx_attributes.c: attributes of a node of a file, as those of a graph. */
#include "nn/onnx_attributes.h"

#include <stdlib.h>
#include <string.h>

void onnx_attributes_finish(struct onnx_attributes *a) {
    for (size_t i = 0; i < a->count; i++) free(a->texts[i]);
    free(a->texts);
    free(a->rows);
}

static bool convert_attribute(const Onnx__AttributeProto *from, struct attribute *to, char **text, struct error *e) {
    to->name = onnx_text(from->name);
    switch (from->type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        to->kind = ATTRIBUTE_INT;
        to->integer = from->i;
        return true;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        to->kind = ATTRIBUTE_FLOAT;
        to->number = from->f;
        return true;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        to->kind = ATTRIBUTE_INTS;
        to->ints = from->ints;
        to->count = from->n_ints;
        return true;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
        to->kind = ATTRIBUTE_FLOATS;
        to->floats = from->floats;
        to->count = from->n_floats;
        return true;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        to->kind = ATTRIBUTE_TEXT;
        *text = calloc(1, from->s.len + 1);
        if (!*text) return error_memory(e);
        if (from->s.len) memcpy(*text, from->s.data, from->s.len);
        to->text = *text;
        return true;
    default:
        return error_set(e,
                         "attribute '%s' is of a type that is not supported: wanted INT, FLOAT, STRING, INTS or "
                         "FLOATS",
                         to->name);
    }
}

bool onnx_attributes_read(const Onnx__NodeProto *node, struct onnx_attributes *out, struct error *e) {
    size_t n = node->n_attribute + ONNX_MORE_ATTRIBUTES;
    out->rows = calloc(n, sizeof *out->rows);
    out->texts = calloc(n, sizeof *out->texts);
    if (!out->rows || !out->texts) return error_memory(e);
    for (size_t i = 0; i < node->n_attribute; i++) {
        enum onnx_attribute_fate fate = onnx_attribute_fate(node, node->attribute[i], e);
        if (fate == ONNX_REFUSE) return false;
        if (fate == ONNX_DROP || onnx_attribute_is_input(node, onnx_text(node->attribute[i]->name))) continue;
        size_t k = out->count++;
        if (!convert_attribute(node->attribute[i], &out->rows[k], &out->texts[k], e)) return false;
    }
    return true;
}
