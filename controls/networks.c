/* Building graphs node by node. */
#include "controls/networks.h"

#include "base/text.h"

#include <stdlib.h>

void network_begin(struct network_builder *b, const struct shape *sample, struct error *e) {
    struct shape batch = {sample->rank + 1, {1}};
    *b = (struct network_builder){.last = "x", .error = e};
    for (uint32_t d = 0; d < sample->rank; d++) batch.dim[d + 1] = sample->dim[d];
    b->ok = graph_create(&b->graph, e) && graph_add_input(b->graph, "x", &batch, e);
}

void network_parameter(struct network_builder *b, const char *name, const struct shape *shape, const float *data) {
    b->ok = b->ok && graph_add_parameter(b->graph, name, shape, data, b->error);
}

void network_node(struct network_builder *b, const char *op, const char *name, const char *first, const char *second,
                  const char *third, const struct attribute *attributes, size_t count) {
    const char *in[] = {first, second, third}, *out[] = {name};
    size_t inputs = third ? 3 : second ? 2 : 1;
    b->ok = b->ok && graph_add_node(b->graph, op, name, in, inputs, out, 1, attributes, count, b->error);
    b->last = name;
}

void network_gemm(struct network_builder *b, const char *name, const char *in, size_t outputs, size_t inputs,
                  const float *w, const float *bias) {
    const struct attribute transposed = {.name = "transB", .kind = ATTRIBUTE_INT, .integer = 1};
    char *weight = text_format("%s.weight", name), *add = text_format("%s.bias", name);
    if (!weight || !add) b->ok = b->ok && error_memory(b->error);
    if (b->ok) {
        network_parameter(b, weight, &(struct shape){2, {outputs, inputs}}, w);
        if (bias) network_parameter(b, add, &(struct shape){1, {outputs}}, bias);
        network_node(b, "Gemm", name, in, weight, bias ? add : NULL, &transposed, 1);
    }
    free(weight);
    free(add);
}

bool network_end(struct network_builder *b, struct own_network *out) {
    *out = (struct own_network){b->graph, NULL};
    return b->ok && graph_finish(b->graph, b->last, b->error) && weights_create(b->graph, &out->weights, b->error);
}

void own_network_finish(struct own_network *n) {
    weights_destroy(n->weights);
    graph_destroy(n->graph);
}
