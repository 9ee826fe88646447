/* onnx_scope.c: the module that a node belongs to, which PyTorch's new exporter writes as metadata of the node. Older
 * versions of onnx.proto do not know the field, and newer ones do. */
#include "nn/onnx_proto.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define METADATA_FIELD 9 /* NodeProto.metadata_props, of IR version 10 */

/* The value of that key in a list of metadata; the caller frees. */
static char *find_known(const Onnx__NodeProto *node, const char *key) {
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(node->base.descriptor, "metadata_props");
    if (!field) return NULL;
    size_t count;
    Onnx__StringStringEntryProto **list;
    memcpy(&count, (const char *)node + field->quantifier_offset, sizeof count);
    memcpy(&list, (const char *)node + field->offset, sizeof list);
    for (size_t i = 0; i < count; i++)
        if (strcmp(onnx_text(list[i]->key), key) == 0) return text_copy(onnx_text(list[i]->value));
    return NULL;
}

/* Behind the length that stands before a field. */
static const uint8_t *skip_length(const uint8_t *data, const uint8_t *end) {
    while (data < end && *data & 0x80) data++;
    return data < end ? data + 1 : end;
}

static char *find_unknown(const Onnx__NodeProto *node, const char *key) {
    for (unsigned i = 0; i < node->base.n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &node->base.unknown_fields[i];
        if (field->tag != METADATA_FIELD || field->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) continue;
        const uint8_t *end = field->data + field->len, *data = skip_length(field->data, end);
        Onnx__StringStringEntryProto *entry = (Onnx__StringStringEntryProto *)onnx_unpack(
            &onnx__string_string_entry_proto__descriptor, data, (size_t)(end - data));
        bool found = entry && strcmp(onnx_text(entry->key), key) == 0;
        char *value = found ? text_copy(onnx_text(entry->value)) : NULL;
        if (entry) onnx_free(&entry->base);
        if (found) return value;
    }
    return NULL;
}

/* The innermost module of "['', 'layers', 'layers.0', 'linear_3']", whose last entry is the function called. */
static char *innermost(const char *list) {
    const char *quote = "'\"", *module = NULL, *last = NULL;
    size_t module_length = 0, last_length = 0;
    for (const char *at = strpbrk(list, quote), *end; at && (end = strchr(at + 1, *at)); at = strpbrk(end + 1, quote)) {
        module = last;
        module_length = last_length;
        last = at + 1;
        last_length = (size_t)(end - at - 1);
    }
    return module && module_length && module_length < 400 ? text_format("%.*s", (int)module_length, module) : NULL;
}

static bool name_node(Onnx__NodeProto *node, struct error *e) {
    static const char key[] = "pkg.torch.onnx.name_scopes";
    if (strncmp(onnx_text(node->name), "node_", 5) != 0) return true;
    char *list = find_known(node, key);
    if (!list) list = find_unknown(node, key);
    char *module = list ? innermost(list) : NULL;
    char *name = module ? text_format("/%s/%s", module, node->name) : NULL;
    bool ok = name || !module || error_memory(e);
    if (name) {
        free(node->name);
        node->name = name;
    }
    free(module);
    free(list);
    return ok;
}

bool onnx_name_by_scope(Onnx__GraphProto *graph, struct error *e) {
    bool ok = true;
    for (size_t i = 0; ok && i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        ok = name_node(graph->node[i], e);
        for (size_t k = 0; ok && k < node->n_attribute; k++)
            ok = !node->attribute[k]->g || onnx_name_by_scope(node->attribute[k]->g, e);
    }
    return ok;
}
