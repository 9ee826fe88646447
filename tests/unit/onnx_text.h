/* onnx_text.h: small ONNX models from words, as the bytes of a file. */
#ifndef ASSAY_TESTS_ONNX_TEXT_H
#define ASSAY_TESTS_ONNX_TEXT_H

#include "scratch.h"

#include "nn/onnx.h"
#include "nn/onnx_proto.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MOST 16

/* Words are separated by blanks. A value: name:type:shape, with types f (FLOAT), d, h (FLOAT16), b (BFLOAT16), i
 * (INT64), t (BOOL); a dimension ? is open. A tensor has =number, repeated, or =number,number,... behind it, or
 * numbers of its own. A node: Op inputs > outputs name=value ..., with values 1, 1.5, [1,2], [1.5,2] or a word; _ is an
 * absent input, and Constant:w > y takes a tensor of the list; name=@branch takes one of the branches. The end of a
 * list is NULL. */
struct onnx_words {
    int opset;
    const char *inputs, *outputs;
    const char *tensors[WORDS_MOST], *nodes[WORDS_MOST];
    struct onnx_branch_words {
        const char *name, *outputs;
        const char *tensors[4], *nodes[8];
    } branches[4];
};

static int32_t words_type(char letter) {
    static const struct {
        char letter;
        int32_t type;
    } rows[] = {{'f', ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT},   {'d', ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE},
                {'h', ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16}, {'b', ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16},
                {'i', ONNX__TENSOR_PROTO__DATA_TYPE__INT64},   {'t', ONNX__TENSOR_PROTO__DATA_TYPE__BOOL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].letter == letter) return rows[i].type;
    cr_assert_fail("type %c", letter);
    return 0;
}

static void *words_memory(size_t size) {
    void *memory = calloc(1, size);
    cr_assert_not_null(memory);
    return memory;
}

static Onnx__ValueInfoProto *words_value(const char *word) {
    Onnx__ValueInfoProto *v = words_memory(sizeof *v);
    Onnx__TypeProto *type = words_memory(sizeof *type);
    Onnx__TypeProto__Tensor *tensor = words_memory(sizeof *tensor);
    Onnx__TensorShapeProto *shape = words_memory(sizeof *shape);
    const char *colon = strchr(word, ':');
    onnx__value_info_proto__init(v);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    v->name = strndup(word, (size_t)(colon - word));
    v->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = words_type(colon[1]);
    tensor->shape = shape;
    shape->dim = words_memory(WORDS_MOST * sizeof *shape->dim);
    for (const char *at = colon + 2; *at; at += strcspn(at, "x")) {
        Onnx__TensorShapeProto__Dimension *dim = shape->dim[shape->n_dim++] = words_memory(sizeof *dim);
        onnx__tensor_shape_proto__dimension__init(dim);
        at++;
        if (*at == '?') {
            dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            dim->dim_param = strdup("size");
        } else {
            dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            dim->dim_value = strtol(at, NULL, 10);
        }
    }
    return v;
}

/* Binary16 of numbers that it holds exactly, none of them subnormal. */
static int32_t words_half(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return x == 0 ? 0 : (int32_t)((bits >> 16 & 0x8000u) | ((bits >> 23 & 255) - 112) << 10 | (bits >> 13 & 1023));
}

static void words_number(Onnx__TensorProto *t, double number) {
    uint32_t bits;
    float x = (float)number;
    memcpy(&bits, &x, sizeof bits);
    switch (t->data_type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT: t->float_data[t->n_float_data++] = x; break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE: t->double_data[t->n_double_data++] = number; break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64: t->int64_data[t->n_int64_data++] = (int64_t)number; break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16: t->int32_data[t->n_int32_data++] = words_half(x); break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16: t->int32_data[t->n_int32_data++] = (int32_t)(bits >> 16); break;
    default: t->int32_data[t->n_int32_data++] = (int32_t)number;
    }
}

static Onnx__TensorProto *words_tensor(const char *word) {
    Onnx__TensorProto *t = words_memory(sizeof *t);
    const char *colon = strchr(word, ':'), *list = strchr(word, '=');
    size_t count = 1;
    onnx__tensor_proto__init(t);
    t->name = strndup(word, (size_t)(colon - word));
    t->has_data_type = true;
    t->data_type = words_type(colon[1]);
    t->dims = words_memory(WORDS_MOST * sizeof *t->dims);
    for (const char *at = colon + 2; *at == ':' || *at == 'x';) {
        t->dims[t->n_dims] = strtol(at + 1, (char **)&at, 10);
        count *= (size_t)t->dims[t->n_dims++];
    }
    t->float_data = words_memory((count + 1) * sizeof(float));
    t->double_data = words_memory((count + 1) * sizeof(double));
    t->int64_data = words_memory((count + 1) * sizeof(int64_t));
    t->int32_data = words_memory((count + 1) * sizeof(int32_t));
    const bool given = list != NULL;
    double number = given ? strtod(list + 1, NULL) : 0;
    for (size_t i = 0; i < count; i++) {
        if (!given) number = ((double)(i * 37 % 11) - 5) / 8;
        words_number(t, number);
        list = list ? strchr(list, ',') : NULL;
        if (list) number = strtod(++list, NULL);
    }
    return t;
}

static Onnx__GraphProto *words_branch(const struct onnx_branch_words *branches, const char *name);

static Onnx__AttributeProto *words_attribute(const char *word, const struct onnx_branch_words *branches) {
    Onnx__AttributeProto *a = words_memory(sizeof *a);
    const char *value = strchr(word, '=') + 1;
    onnx__attribute_proto__init(a);
    a->name = strndup(word, (size_t)(value - 1 - word));
    a->has_type = true;
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    if (*value == '@') {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH;
        a->g = words_branch(branches, value + 1);
    } else if (*value == '[' && strchr(value, '.')) {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
        a->floats = words_memory(WORDS_MOST * sizeof *a->floats);
        for (char *at = (char *)value; *at == '[' || *at == ',';) a->floats[a->n_floats++] = strtof(at + 1, &at);
    } else if (*value == '[') {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        a->ints = words_memory(WORDS_MOST * sizeof *a->ints);
        for (char *at = (char *)value; *at == '[' || *at == ',';) a->ints[a->n_ints++] = strtol(at + 1, &at, 10);
    } else if (!strchr("-0123456789", *value)) {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
        a->has_s = true;
        a->s = (ProtobufCBinaryData){strlen(value), (uint8_t *)strdup(value)};
    } else if (strchr(value, '.')) {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
        a->has_f = true;
        a->f = strtof(value, NULL);
    } else {
        a->has_i = true;
        a->i = strtol(value, NULL, 10);
    }
    return a;
}

static Onnx__NodeProto *words_node(const char *line, Onnx__GraphProto *graph,
                                   const struct onnx_branch_words *branches) {
    Onnx__NodeProto *n = words_memory(sizeof *n);
    char *text = strdup(line), *rest = NULL, *op = strtok_r(text, " ", &rest), *tensor = strchr(op, ':');
    bool outputs = false;
    onnx__node_proto__init(n);
    n->input = words_memory(WORDS_MOST * sizeof *n->input);
    n->output = words_memory(WORDS_MOST * sizeof *n->output);
    n->attribute = words_memory(WORDS_MOST * sizeof *n->attribute);
    if (tensor) *tensor = '\0';
    char *dot = strrchr(op, '.'); /* domain.Op */
    if (dot) *dot = '\0';
    if (dot) n->domain = strdup(op);
    n->op_type = strdup(dot ? dot + 1 : op);
    for (char *w = strtok_r(NULL, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        if (strcmp(w, ">") == 0) outputs = true;
        else if (strchr(w, '=')) n->attribute[n->n_attribute++] = words_attribute(w, branches);
        else if (outputs) n->output[n->n_output++] = strdup(strcmp(w, "_") == 0 ? "" : w);
        else n->input[n->n_input++] = strdup(strcmp(w, "_") == 0 ? "" : w);
    for (size_t i = 0; tensor && i < graph->n_initializer; i++) {
        if (strcmp(graph->initializer[i]->name, tensor + 1) != 0) continue;
        Onnx__AttributeProto *a = n->attribute[n->n_attribute++] = words_memory(sizeof *a);
        onnx__attribute_proto__init(a);
        a->name = strdup("value");
        a->has_type = true;
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
        a->t = graph->initializer[i];
        graph->initializer[i] = graph->initializer[--graph->n_initializer];
    }
    free(text);
    return n;
}

static size_t words_values(const char *line, Onnx__ValueInfoProto **list) {
    char *text = strdup(line), *rest = NULL;
    size_t count = 0;
    for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) list[count++] = words_value(w);
    free(text);
    return count;
}

/* The branch of that name, with its own branches. */
static Onnx__GraphProto *words_branch(const struct onnx_branch_words *branches, const char *name) {
    Onnx__GraphProto *graph = words_memory(sizeof *graph);
    const struct onnx_branch_words *b = branches;
    while (b < branches + 4 && b->name && strcmp(b->name, name) != 0) b++;
    cr_assert(b < branches + 4 && b->name, "no branch %s", name);
    onnx__graph_proto__init(graph);
    graph->output = words_memory(WORDS_MOST * sizeof *graph->output);
    graph->initializer = words_memory(WORDS_MOST * sizeof *graph->initializer);
    graph->node = words_memory(WORDS_MOST * sizeof *graph->node);
    graph->n_output = words_values(b->outputs, graph->output);
    for (size_t i = 0; i < 4 && b->tensors[i]; i++)
        graph->initializer[graph->n_initializer++] = words_tensor(b->tensors[i]);
    for (size_t i = 0; i < 8 && b->nodes[i]; i++)
        graph->node[graph->n_node++] = words_node(b->nodes[i], graph, branches);
    return graph;
}

/* Writes the file; what was allocated on the way is freed with the message. */
static void words_write(const struct onnx_words *words, const char *path) {
    Onnx__ModelProto *model = words_memory(sizeof *model);
    Onnx__GraphProto *graph = words_memory(sizeof *graph);
    Onnx__OperatorSetIdProto *opset = words_memory(sizeof *opset);
    onnx__model_proto__init(model);
    onnx__graph_proto__init(graph);
    onnx__operator_set_id_proto__init(opset);
    model->has_ir_version = true;
    model->ir_version = 8;
    model->graph = graph;
    model->opset_import = words_memory(sizeof *model->opset_import);
    model->opset_import[model->n_opset_import++] = opset;
    opset->has_version = true;
    opset->version = words->opset;
    graph->input = words_memory(WORDS_MOST * sizeof *graph->input);
    graph->output = words_memory(WORDS_MOST * sizeof *graph->output);
    graph->initializer = words_memory(WORDS_MOST * sizeof *graph->initializer);
    graph->node = words_memory(WORDS_MOST * sizeof *graph->node);
    graph->n_input = words_values(words->inputs, graph->input);
    graph->n_output = words_values(words->outputs, graph->output);
    for (size_t i = 0; i < sizeof words->tensors / sizeof *words->tensors && words->tensors[i]; i++)
        graph->initializer[graph->n_initializer++] = words_tensor(words->tensors[i]);
    for (size_t i = 0; i < WORDS_MOST && words->nodes[i]; i++)
        graph->node[graph->n_node++] = words_node(words->nodes[i], graph, words->branches);
    size_t size = onnx__model_proto__get_packed_size(model);
    uint8_t *bytes = words_memory(size);
    onnx__model_proto__pack(model, bytes);
    scratch_put(path, bytes, size);
    free(bytes);
    onnx_free(&model->base);
}

static inline bool words_load(const struct onnx_words *words, const struct onnx_options *options, struct graph **out,
                              struct error *e) {
    static const struct onnx_options none = {.output = NULL};
    words_write(words, "words.onnx");
    return onnx_load_with("words.onnx", options ? options : &none, out, e);
}

#endif
