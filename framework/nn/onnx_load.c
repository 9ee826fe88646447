/* onnx_load.c: a graph from an ONNX file. */
#include "nn/onnx.h"
#include "nn/onnx_proto.h"
#include "nn/onnx_roles.h"
#include "nn/onnx_tokens.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

struct loader {
    const Onnx__GraphProto *proto;
    int64_t opset;
    struct roles *roles;
    struct onnx_cut cut;
    struct graph *graph; /* being built */
};

static bool add_array(struct graph *graph, const char *name, const struct onnx_array *array, bool parameter,
                      struct error *e) {
    if (array->ints) return graph_add_ints(graph, name, &array->shape, array->ints, e);
    return (parameter ? graph_add_parameter : graph_add_floats)(graph, name, &array->shape, array->floats, e);
}

static bool add_initialisers(struct loader *l, struct error *e) {
    if (l->proto->n_sparse_initializer) return error_set(e, "it has sparse initialisers, which are not supported");
    for (size_t i = 0; i < l->proto->n_initializer; i++) {
        const Onnx__TensorProto *tensor = l->proto->initializer[i];
        const char *name = onnx_text(tensor->name);
        struct onnx_array array;
        bool ok = onnx_array_read(tensor, &array, e) &&
                  add_array(l->graph, name, &array, roles_is_parameter(l->roles, name, shape_count(&array.shape)), e);
        onnx_array_finish(&array);
        if (!ok) return false;
    }
    return true;
}

static bool input_shape(const Onnx__ValueInfoProto *info, struct shape *out, struct error *e) {
    const char *name = onnx_text(info->name);
    const Onnx__TypeProto *type = info->type;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type)
        return error_set(e, "input '%s' is no tensor", name);
    int32_t element = type->tensor_type->elem_type;
    if (element != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT && element != ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE)
        return error_set(e, "input '%s' does not hold floating-point numbers: wanted FLOAT or DOUBLE", name);
    const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    if (!shape || shape->n_dim == 0)
        return error_set(e, "input '%s' has no shape: wanted a batch dimension and fixed sizes behind it", name);
    if (shape->n_dim > SHAPE_MAX_RANK)
        return error_set(e, "input '%s' has %zu dimensions: at most %d are supported", name, shape->n_dim,
                         SHAPE_MAX_RANK);
    out->rank = (uint32_t)shape->n_dim;
    for (size_t i = 0; i < shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        bool fixed = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE && dim->dim_value > 0;
        if (!fixed && i > 0)
            return error_set(e,
                             "input '%s' has no fixed size in dimension %zu: only the batch, dimension 0, may vary; "
                             "export the model with fixed sizes",
                             name, i);
        out->dim[i] = fixed ? (size_t)dim->dim_value : 0;
    }
    return true;
}

static bool add_input(struct loader *l, struct error *e) {
    const Onnx__ValueInfoProto *found = NULL;
    if (!onnx_cut_find(l->proto, l->roles, &l->cut, e)) return false;
    if (l->cut.gather) return onnx_cut_inputs(&l->cut, l->proto, l->roles, l->graph, e);
    for (size_t i = 0; i < l->proto->n_input; i++) {
        const Onnx__ValueInfoProto *info = l->proto->input[i];
        if (roles_is_initialiser(l->roles, onnx_text(info->name)))
            continue; /* before IR version 4 every initialiser was listed as an input as well */
        if (found)
            return error_set(e, "it has several inputs ('%s', '%s'): wanted one", onnx_text(found->name),
                             onnx_text(info->name));
        found = info;
    }
    if (!found) return true;
    struct shape shape = {0};
    return input_shape(found, &shape, e) && graph_add_input(l->graph, onnx_text(found->name), &shape, e);
}

/* ---- Attributes ---- */

/* A node's attributes in the graph's form. Texts are copied, because those of the file have no closing zero. */
struct attributes {
    struct attribute *rows;
    char **texts;
    size_t count;
};

static void attributes_finish(struct attributes *a) {
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

static bool convert_attributes(const Onnx__NodeProto *node, struct attributes *out, struct error *e) {
    size_t n = node->n_attribute + 1; /* one more: see add_converted */
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

/* ---- Nodes ---- */

/* The value of a Constant that is a tensor; the graph itself knows the other forms. */
static bool add_constant(struct loader *l, const Onnx__NodeProto *node, const Onnx__TensorProto *tensor,
                         struct error *e) {
    struct onnx_array array;
    bool ok = onnx_array_read(tensor, &array, e) && add_array(l->graph, onnx_text(node->output[0]), &array, false, e);
    onnx_array_finish(&array);
    return ok;
}

static const Onnx__TensorProto *constant_tensor(const Onnx__NodeProto *node) {
    const Onnx__AttributeProto *value = onnx_find_attribute(node, "value");
    bool constant = strcmp(onnx_text(node->op_type), "Constant") == 0 && node->n_output == 1;
    return constant && value ? value->t : NULL;
}

/* Inference needs the first input and the first output of a Dropout: the others say what training drops. */
static bool is_dropout(const Onnx__NodeProto *node) {
    return strcmp(onnx_text(node->op_type), "Dropout") == 0;
}

static size_t count_used(const Onnx__NodeProto *node, char *const *names, size_t n) {
    while (n && !*onnx_text(names[n - 1])) n--;
    return n > 1 && is_dropout(node) ? 1 : n;
}

static bool add_converted(struct loader *l, const Onnx__NodeProto *node, struct attributes *a, struct error *e) {
    const char *op = onnx_text(node->op_type);
    size_t inputs = count_used(node, node->input, node->n_input);
    size_t outputs = count_used(node, node->output, node->n_output);

    if (l->opset < 13 && onnx_is_softmax(op) && !onnx_find_attribute(node, "axis"))
        a->rows[a->count++] = (struct attribute){.name = "axis", .kind = ATTRIBUTE_INT, .integer = 1};
    char *owned[ONNX_MORE_INPUTS] = {NULL}, text[200];
    const char **names = calloc(inputs + outputs + ONNX_MORE_INPUTS, sizeof *names);
    if (!names) return error_memory(e);
    for (size_t i = 0; i < outputs; i++) names[i] = onnx_text(node->output[i]);
    for (size_t i = 0; i < inputs; i++) names[outputs + i] = onnx_text(node->input[i]);
    bool ok = onnx_add_inputs(l->graph, node, names + outputs, owned, &inputs, e) ||
              error_prefix(e, "%s", onnx_node_text(node, text, sizeof text));
    ok = ok && (onnx_is_compound(op) ? onnx_add_compound(l->graph, l->roles, node, e)
                                     : graph_add_node(l->graph, op, onnx_text(node->name), names + outputs, inputs,
                                                      names, outputs, a->rows, a->count, e));
    for (size_t i = 0; i < ONNX_MORE_INPUTS; i++) free(owned[i]);
    free(names);
    return ok;
}

static bool add_node(struct loader *l, const Onnx__NodeProto *node, struct error *e) {
    struct attributes attributes = {.count = 0};
    const Onnx__TensorProto *constant = constant_tensor(node);
    char text[200];

    if (onnx_cut_has(&l->cut, node)) return onnx_cut_node(&l->cut, node, l->graph, e);
    bool ok = onnx_node_check(l->roles, node, l->opset, e) &&
              (constant ? add_constant(l, node, constant, e) : convert_attributes(node, &attributes, e));
    if (!ok) error_prefix(e, "%s", onnx_node_text(node, text, sizeof text));
    else if (!constant) ok = add_converted(l, node, &attributes, e);
    attributes_finish(&attributes);
    return ok;
}

/* ---- The model ---- */

static int64_t model_opset(const Onnx__ModelProto *model) {
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = onnx_text(model->opset_import[i]->domain);
        if (!*domain || strcmp(domain, "ai.onnx") == 0) return model->opset_import[i]->version;
    }
    return 1; /* before IR version 3 */
}

static bool fill(struct loader *l, struct error *e) {
    if (!graph_create(&l->graph, e) || !add_input(l, e) || !add_initialisers(l, e)) return false;
    for (size_t i = 0; i < l->proto->n_node; i++)
        if (!add_node(l, l->proto->node[i], e)) return false;
    return true;
}

static bool finish(struct loader *l, struct error *e) {
    return graph_finish(l->graph, onnx_text(l->proto->output[0]->name), e) &&
           onnx_shapes_check(l->graph, l->proto, l->opset, e);
}

/* Once more, for networks that move the batch from the first dimension or merge it with others, as attention does. */
static bool build_single(struct loader *l, struct error *e) {
    graph_destroy(l->graph);
    l->graph = NULL;
    if (!fill(l, e)) return false;
    l->graph->single = true;
    return finish(l, e);
}

static bool build(struct loader *l, struct error *e) {
    if (l->proto->n_output == 0) return error_set(e, "it has no output: wanted one");
    if (!roles_create(l->proto, &l->roles, e) || !fill(l, e)) return false;
    struct error why;
    if (finish(l, &why)) return true;
    bool may_be_single = l->graph->input != GRAPH_NONE && l->graph->file_batch <= 1;
    return may_be_single ? build_single(l, e) : error_set(e, "%s", why.text);
}

/* Names come from the file, and an error goes to a terminal. */
static void make_printable(struct error *e) {
    for (char *c = e ? e->text : NULL; c && *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
}

bool onnx_build(const Onnx__ModelProto *model, struct graph **out, struct error *e) {
    struct loader loader = {.proto = model->graph, .opset = model_opset(model)};
    bool ok = loader.proto ? build(&loader, e) : error_set(e, "no ONNX model: it holds no graph");
    roles_destroy(loader.roles);
    if (ok) {
        *out = loader.graph;
        return true;
    }
    graph_destroy(loader.graph);
    return false;
}

static bool load(const char *path, const Onnx__ModelProto *model, struct graph **out, struct error *e) {
    bool external = false;
    bool ok = (!model->graph || onnx_take_external(model->graph, path, &external, e)) && onnx_build(model, out, e);
    if (!ok) make_printable(e);
    if (ok && (*out)->input == GRAPH_NONE) {
        graph_destroy(*out);
        return error_set(e, "it has no input: wanted one");
    }
    if (ok) (*out)->external = external;
    return ok;
}

bool onnx_load(const char *path, struct graph **out, struct error *e) {
    uint8_t *data;
    size_t size;
    if (!file_read(path, &data, &size, e)) return false;
    Onnx__ModelProto *model = (Onnx__ModelProto *)onnx_unpack(&onnx__model_proto__descriptor, data, size);
    free(data); /* the model has copied what it needs: the weights are to be in memory twice, not three times */
    bool ok =
        model ? load(path, model, out, e) : error_set(e, "no ONNX model, or one that is cut off: wanted an ONNX file");
    if (model) onnx_free(&model->base);
    return ok || error_prefix(e, "%s", path);
}
