/* graph_build.c: a graph under construction: its names, values and nodes; and its end. */
#include "nn/graph_build.h"

#include "base/array.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

bool graph_create(struct graph **out, struct error *e) {
    struct graph *g = calloc(1, sizeof *g);
    struct builder *b = calloc(1, sizeof *b);
    if (!g || !b) {
        free(g);
        free(b);
        return error_memory(e);
    }
    g->building = b;
    g->opset = 13;
    g->input = g->output = g->file_output = GRAPH_NONE;
    *out = g;
    return true;
}

void builder_destroy(struct builder *b) {
    if (!b) return;
    name_table_finish(&b->values);
    name_table_finish(&b->suffixes);
    free(b->readers);
    free(b);
}

void value_finish(struct value *v) {
    free(v->name);
    free(v->data);
    free(v->ints);
}

void attribute_finish(struct attribute *a) {
    free((void *)a->name);
    free((void *)a->text);
    free((void *)a->ints);
    free((void *)a->floats);
}

void node_finish(struct node *node) {
    for (size_t i = 0; i < node->attribute_count; i++) attribute_finish(&node->attributes[i]);
    free(node->attributes);
    free(node->name);
    free(node->inputs);
    free(node->outputs);
    free(node->config);
}

void graph_destroy(struct graph *g) {
    if (!g) return;
    for (uint32_t i = 0; i < g->value_count; i++) value_finish(&g->values[i]);
    for (uint32_t i = 0; i < g->node_count; i++) node_finish(&g->nodes[i]);
    for (uint32_t i = 0; i < g->layer_count; i++) {
        free(g->layers[i].name);
        free(g->layers[i].parameters);
    }
    builder_destroy(g->building);
    tokens_destroy(g->tokens);
    free(g->values);
    free(g->nodes);
    free(g->layers);
    free(g->warning);
    free(g->taken);
    free(g);
}

/* ---- Names ---- */

bool graph_name(struct graph *g, const char *name, uint32_t *index, struct error *e) {
    const uint32_t *known = name_table_find(&g->building->values, name);
    if (known) {
        *index = *known - 1;
        return true;
    }
    struct value *values = array_grow(g->values, g->value_count, sizeof *values);
    if (!values) return error_memory(e);
    g->values = values;
    char *copy = text_copy(name);
    uint32_t *number = copy ? name_table_at(&g->building->values, copy) : NULL;
    if (!number) {
        free(copy);
        return error_memory(e);
    }
    g->values[g->value_count] = (struct value){.name = copy, .kind = VALUE_ACTIVATION, .node = GRAPH_NONE};
    *index = g->value_count++;
    *number = g->value_count;
    return true;
}

uint32_t graph_find(const struct graph *g, const char *name) {
    const uint32_t *known = name_table_find(&g->building->values, name);
    return known ? *known - 1 : GRAPH_NONE;
}

void graph_swap_names(struct graph *g, uint32_t a, uint32_t b) {
    const struct name_table *table = &g->building->values;
    char *name = g->values[a].name;
    *name_table_find(table, g->values[a].name) = b + 1;
    *name_table_find(table, g->values[b].name) = a + 1;
    g->values[a].name = g->values[b].name;
    g->values[b].name = name;
}

bool value_is_defined(const struct value *v) {
    return v->kind != VALUE_ACTIVATION || v->node != GRAPH_NONE;
}

bool graph_check_new(const struct graph *g, uint32_t index, struct error *e) {
    if (!value_is_defined(&g->values[index])) return true;
    return error_set(e, "value '%s' is defined twice: names of inputs, initialisers and outputs must be unique",
                     g->values[index].name);
}

/* ---- Adding values ---- */

static bool define(struct graph *g, const char *name, struct value **out, uint32_t *index, struct error *e) {
    if (!graph_name(g, name, index, e) || !graph_check_new(g, *index, e)) return false;
    *out = &g->values[*index];
    return true;
}

bool graph_add_input(struct graph *g, const char *name, const struct shape *with_batch, struct error *e) {
    if (g->input != GRAPH_NONE)
        return error_set(e, "a second input '%s' beside '%s': wanted a network with one input", name,
                         g->values[g->input].name);
    if (with_batch->rank < 2 || with_batch->rank > SHAPE_MAX_RANK)
        return error_set(e, "input '%s' has %u dimensions: wanted the batch and 1 to %d more", name, with_batch->rank,
                         SHAPE_MAX_RANK - 1);
    struct shape shape = *with_batch;
    g->file_batch = shape.dim[0] == SIZE_MAX ? 0 : shape.dim[0];
    shape.dim[0] = 1;
    for (uint32_t i = 1; i < shape.rank; i++)
        if (shape.dim[i] == 0 || shape.dim[i] == SIZE_MAX)
            return error_set(e, "input '%s': dimension %u is not a number: only the first, the batch, may be left open",
                             name, i);
    if (shape_count(&shape) > OP_MAX_ELEMENTS)
        return error_set(e, "input '%s' has too many elements: at most %zu per sample", name, OP_MAX_ELEMENTS);
    struct value *v = NULL;
    uint32_t index = GRAPH_NONE;
    if (!define(g, name, &v, &index, e)) return false;
    v->kind = VALUE_INPUT;
    v->shape = shape;
    v->batched = true;
    g->input = index;
    g->sample.rank = shape.rank - 1;
    memcpy(g->sample.dim, shape.dim + 1, g->sample.rank * sizeof *shape.dim);
    return true;
}

/* A value that comes with its elements: `data` is copied. */
static bool add_elements(struct graph *g, const char *name, enum value_kind kind, const struct shape *shape,
                         const void *data, size_t size, struct value **out, void **copy, struct error *e) {
    struct value *v = NULL;
    uint32_t index = GRAPH_NONE;
    if (!define(g, name, &v, &index, e)) return false;
    size_t count = shape->rank <= SHAPE_MAX_RANK ? shape_count(shape) : SIZE_MAX;
    if (count > SIZE_MAX / 2 / size)
        return error_set(e, "'%s' has more than %d dimensions or too many elements", name, SHAPE_MAX_RANK);
    void *bytes = malloc(count ? count * size : 1);
    if (!bytes) return error_memory(e);
    if (count) memcpy(bytes, data, count * size);
    v->kind = kind;
    v->shape = *shape;
    *copy = bytes;
    *out = v;
    return true;
}

static bool add_floats(struct graph *g, const char *name, enum value_kind kind, const struct shape *shape,
                       const float *data, struct error *e) {
    struct value *v = NULL;
    void *copy = NULL;
    if (!add_elements(g, name, kind, shape, data, sizeof *data, &v, &copy, e)) return false;
    v->data = copy;
    return true;
}

bool graph_add_parameter(struct graph *g, const char *name, const struct shape *shape, const float *data,
                         struct error *e) {
    return add_floats(g, name, VALUE_PARAMETER, shape, data, e);
}

bool graph_add_floats(struct graph *g, const char *name, const struct shape *shape, const float *data,
                      struct error *e) {
    return add_floats(g, name, VALUE_CONSTANT, shape, data, e);
}

bool graph_add_ints(struct graph *g, const char *name, const struct shape *shape, const int64_t *data,
                    struct error *e) {
    struct value *v = NULL;
    void *copy = NULL;
    if (!add_elements(g, name, VALUE_CONSTANT, shape, data, sizeof *data, &v, &copy, e)) return false;
    v->ints = copy;
    return true;
}

/* ---- Adding nodes ---- */

static void *copy_bytes(const void *data, size_t size) {
    void *copy = malloc(size ? size : 1);
    if (copy && size) memcpy(copy, data, size);
    return copy;
}

bool node_copy_attributes(struct node *node, const struct attribute *from, size_t count, struct error *e) {
    node->attributes = calloc(count + 1, sizeof *node->attributes);
    if (!node->attributes) return error_memory(e);
    for (size_t i = 0; i < count; i++) {
        struct attribute *to = &node->attributes[i];
        *to = from[i];
        to->name = text_copy(from[i].name);
        to->text = from[i].text ? text_copy(from[i].text) : NULL;
        to->ints = from[i].ints ? copy_bytes(from[i].ints, from[i].count * sizeof *from[i].ints) : NULL;
        to->floats = from[i].floats ? copy_bytes(from[i].floats, from[i].count * sizeof *from[i].floats) : NULL;
        node->attribute_count = i + 1;
        if (!to->name || !to->text != !from[i].text || !to->ints != !from[i].ints || !to->floats != !from[i].floats)
            return error_memory(e);
    }
    return true;
}

static bool link_inputs(struct graph *g, struct node *node, const char *const *names, size_t count, struct error *e) {
    while (count && !names[count - 1][0]) count--; /* absent optional inputs at the end */
    if (count < node->op->min_inputs || count > node->op->max_inputs)
        return error_set(e, "%zu inputs: wanted %u to %u", count, node->op->min_inputs, node->op->max_inputs);
    node->inputs = calloc(count + 1, sizeof *node->inputs);
    if (!node->inputs) return error_memory(e);
    for (size_t i = 0; i < count; i++) {
        node->inputs[i] = GRAPH_NONE;
        if (names[i][0] && !graph_name(g, names[i], &node->inputs[i], e)) return false;
        if (!names[i][0] && i < node->op->min_inputs) return error_set(e, "input %zu is absent: it is not optional", i);
    }
    node->input_count = (uint32_t)count;
    return true;
}

static bool link_outputs(struct graph *g, struct node *node, const char *const *names, size_t count, struct error *e) {
    if (count == 0 || count > 64 || !names[0][0]) return error_set(e, "the node has no output, or more than 64");
    node->outputs = calloc(count, sizeof *node->outputs);
    if (!node->outputs) return error_memory(e);
    for (size_t i = 0; i < count; i++) {
        node->outputs[i] = GRAPH_NONE;
        if (!names[i][0]) continue;
        if (!graph_name(g, names[i], &node->outputs[i], e) || !graph_check_new(g, node->outputs[i], e)) return false;
        g->values[node->outputs[i]].node = g->node_count;
    }
    node->output_count = (uint32_t)count;
    return true;
}

static bool unsupported(const char *op, const char *name, struct error *e) {
    const char *nearest = op_nearest(op);
    return error_set(e, "node '%s': operator '%s' is not supported%s%s%s: `assay list ops` lists those that are", name,
                     op, nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
}

bool graph_add_node(struct graph *g, const char *op_name, const char *name, const char *const *inputs,
                    size_t input_count, const char *const *outputs, size_t output_count,
                    const struct attribute *attributes, size_t attribute_count, struct error *e) {
    if (!name[0] && output_count) name = outputs[0];
    const struct op *op = op_find(op_name);
    if (!op) return unsupported(op_name, name, e);
    if (op->define) {
        bool ok = output_count == 1 ? op->define(g, outputs[0], attributes, attribute_count, e)
                                    : error_set(e, "%zu outputs: wanted 1", output_count);
        return ok || error_prefix(e, "node '%s' (%s)", name, op_name);
    }
    struct node *nodes = array_grow(g->nodes, g->node_count, sizeof *nodes);
    if (!nodes) return error_memory(e);
    g->nodes = nodes;
    struct node *node = &g->nodes[g->node_count];
    *node = (struct node){.op = op, .name = text_copy(name)};
    if (!node->name || !link_inputs(g, node, inputs, input_count, e) ||
        !link_outputs(g, node, outputs, output_count, e) ||
        !node_copy_attributes(node, attributes, attribute_count, e) || (op->parse && !op->parse(node, g->opset, e))) {
        if (!node->name) error_memory(e);
        node_finish(node);
        return error_prefix(e, "node '%s' (%s)", name, op_name);
    }
    g->node_count++;
    return true;
}
