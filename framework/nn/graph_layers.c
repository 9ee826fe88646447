/* graph_layers.c: what is randomised together. */
#include "nn/graph_build.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Names of parameters end so in PyTorch, TensorFlow, Keras, CNTK and MXNet exports. */
static const char *const weight_endings[] = {".weight", "_weight", "/weight", ".weights", "_weights", "/weights",
                                             ".kernel", "_kernel", "/kernel", ".W",       "_W",       "/W",
                                             ".w",      "_w",      "/w",      ".bias",    "_bias",    "/bias"};

/* The first `length` bytes, at most 1000; NULL when there are none, and without memory, which sets *failed: another
 * name would name the layer's random streams. The caller frees. */
static char *beginning(const char *name, size_t length, bool *failed) {
    char *out = length ? text_format("%.*s", (int)(length < 1000 ? length : 1000), name) : NULL;
    *failed = *failed || (length && !out);
    return out;
}

/* The name without its ending, or NULL; the caller frees. */
static char *without_ending(const char *name, bool *failed) {
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof weight_endings / sizeof *weight_endings; i++) {
        size_t ending = strlen(weight_endings[i]);
        if (length > ending && strcmp(name + length - ending, weight_endings[i]) == 0) {
            length -= ending;
            break;
        }
    }
    return beginning(name, length, failed);
}

/* PyTorch's name of the module from the path of a node or value: "/layer1/layer1.0/conv1/Conv" is layer1.0.conv1. A
 * part that the next one repeats goes, and the last, the operator. NULL when nothing is left; the caller frees. */
static char *module_name(const char *path, bool *failed) {
    char *out = calloc(strlen(path) + 1, 1);
    *failed = *failed || !out;
    const char *end = strrchr(path, '/');
    for (const char *part = path + 1, *next; out && part < end; part = next + 1) {
        next = strchr(part, '/');
        size_t length = (size_t)(next - part);
        if (strncmp(next + 1, part, length) == 0 && next[1 + length] == '.') continue;
        size_t at = strlen(out);
        if (at) out[at++] = '.';
        memcpy(out + at, part, length);
    }
    if (out && out[0]) return out;
    free(out);
    return NULL;
}

/* Where in the name of a weight that tf2onnx made the operator ends that reads it: a variable, one with a normalisation
 * in it, or the scale of a normalisation. NULL: it is none. */
static const char *converted_end(const char *name) {
    static const char scale[] = "/batchnorm/mul:";
    const char *end = strstr(name, "/ReadVariableOp");
    if (!end) end = strstr(name, "/merged_input");
    const char *found = end ? NULL : strstr(name, scale);
    return found ? found + strlen("/batchnorm") : end;
}

/* TensorFlow's name of the layer from that of a node or variable:
 * "StatefulPartitionedCall/net/fc1/MatMul/ReadVariableOp" is net/fc1. NULL when nothing is left; the caller frees. */
static char *scope_name(const char *path, bool *failed) {
    static const char call[] = "StatefulPartitionedCall/";
    while (strncmp(path, call, strlen(call)) == 0) path += strlen(call);
    const char *read = converted_end(path), *end = read ? read : path + strlen(path);
    while (end > path && end[-1] != '/') end--; /* the operator */
    return end > path + 1 ? beginning(path, (size_t)(end - 1 - path), failed) : NULL;
}

static bool begins(const char *name, const char *with) {
    return strncmp(name, with, strlen(with)) == 0;
}

bool graph_name_is_numbered(const char *name) {
    return begins(name, "onnx::") || begins(name, "val_") || begins(name, "const_fold_opt_") ||
           begins(name, "const_axes_");
}

/* What exporters call a weight that they computed, such as one with a BatchNormalization in it or one that is
 * transposed, is a number, or the path of the node that they saved. */
static bool is_made(const char *name) {
    return graph_name_is_numbered(name) || name[0] == '/' || converted_end(name);
}

/* A parameter that PyTorch's new exporter computed is called by the function that made it (permute_55, index_10), one
 * of a module by its path; the node that reads it then has a path, too. */
static bool is_made_for(const char *name, const char *node) {
    const char *last = strrchr(node, '/');
    return node[0] == '/' && begins(last + 1, "node_") && !strchr(name, '.');
}

/* Of such a weight, by its own path or that of the node that reads it. */
static char *made_name(const char *weight, const char *node, bool *failed) {
    if (weight[0] == '/') return module_name(weight, failed);
    if (converted_end(weight)) return scope_name(weight, failed);
    if (node[0] == '/' && strchr(node + 1, '/')) return module_name(node, failed);
    return strchr(node, '/') ? scope_name(node, failed) : NULL;
}

/* The first name that says something: of a path, of a parameter, of the node. NULL without memory; the caller frees. */
static char *layer_stem(const struct graph *g, const struct node *node, const uint32_t *parameters, uint32_t count) {
    const char *weight = g->values[parameters[0]].name;
    bool failed = false;
    const bool made = is_made(weight) || is_made_for(weight, node->name);
    char *stem = made ? made_name(weight, node->name, &failed) : NULL;
    for (uint32_t i = 0; i < count && !stem; i++)
        if (!is_made(g->values[parameters[i]].name)) stem = without_ending(g->values[parameters[i]].name, &failed);
    if (!stem && made && node->name[0] == '/' && node->name[1]) stem = text_copy(node->name + 1); /* of no module */
    if (!stem) stem = without_ending(weight, &failed);
    if (!stem) stem = without_ending(node->name, &failed);
    if (!stem) stem = text_copy(node->op->name);
    if (!failed) return stem;
    free(stem);
    return NULL;
}

/* Unique among the layers so far, which `taken` knows: stem, stem_2, ... Of a stem it keeps the last number tried. The
 * caller frees. */
static char *layer_name(struct name_table *taken, const char *stem) {
    const uint32_t *known = name_table_find(taken, stem);
    uint32_t last = known ? *known : 0;
    char *name = NULL;
    do {
        free(name);
        name = ++last == 1 ? text_copy(stem) : text_format("%s_%u", stem, last);
    } while (name && name_table_find(taken, name));
    if (known) *name_table_find(taken, stem) = last;
    return name;
}

/* reader[value]: the only node that reads it, or GRAPH_NONE for none or several. */
static uint32_t *only_readers(const struct graph *g) {
    uint32_t *reader = malloc(((size_t)g->value_count + 1) * sizeof *reader);
    bool *seen = calloc((size_t)g->value_count + 1, sizeof *seen);
    if (!reader || !seen) {
        free(reader);
        free(seen);
        return NULL;
    }
    for (uint32_t i = 0; i < g->value_count; i++) reader[i] = GRAPH_NONE;
    for (uint32_t i = 0; i < g->node_count; i++)
        for (uint32_t k = 0; k < g->nodes[i].input_count; k++) {
            uint32_t v = g->nodes[i].inputs[k];
            if (v == GRAPH_NONE) continue;
            reader[v] = seen[v] ? GRAPH_NONE : i;
            seen[v] = true;
        }
    free(seen);
    return reader;
}

/* Appends the node's parameters that no layer has yet. */
static uint32_t take_parameters(const struct graph *g, const struct node *node, bool *taken, uint32_t *out) {
    uint32_t count = 0;
    for (uint32_t k = 0; k < node->input_count; k++) {
        uint32_t v = node->inputs[k];
        if (v == GRAPH_NONE || g->values[v].kind != VALUE_PARAMETER || taken[v]) continue;
        taken[v] = true;
        out[count++] = v;
    }
    return count;
}

static bool has_parameter(const struct graph *g, const struct node *node) {
    for (uint32_t k = 0; k < node->input_count; k++)
        if (node->inputs[k] != GRAPH_NONE && g->values[node->inputs[k]].kind == VALUE_PARAMETER) return true;
    return false;
}

/* The layer that begins at node `first`: parameters into `found`, their number in the result. */
static uint32_t collect(const struct graph *g, uint32_t first, const uint32_t *reader, bool *taken, uint32_t *found) {
    uint32_t count = take_parameters(g, &g->nodes[first], taken, found);
    uint32_t next = count ? reader[g->nodes[first].outputs[0]] : GRAPH_NONE;
    while (next != GRAPH_NONE) {
        const struct node *node = &g->nodes[next];
        bool joins = (node->op->flags & OP_JOINS) && has_parameter(g, node);
        if (!joins && !(node->op->flags & OP_RESHAPES)) break;
        if (joins) count += take_parameters(g, node, taken, found + count);
        next = reader[node->outputs[0]];
    }
    return count;
}

static bool add_layer(struct graph *g, struct name_table *taken, uint32_t node, const uint32_t *parameters,
                      uint32_t count, struct error *e) {
    struct layer layer = {.node = node, .parameter_count = count};
    char *stem = layer_stem(g, &g->nodes[node], parameters, count);
    layer.name = stem ? layer_name(taken, stem) : NULL;
    layer.parameters = malloc(count * sizeof *parameters);
    uint32_t *last = layer.name ? name_table_at(taken, layer.name) : NULL;
    if (last) *last = 1;
    free(stem);
    if (!last || !layer.parameters) {
        free(layer.name);
        free(layer.parameters);
        return error_memory(e);
    }
    memcpy(layer.parameters, parameters, count * sizeof *parameters);
    g->layers[g->layer_count++] = layer;
    return true;
}

/* The parameters of the layer that begins at a node, in `found`. */
struct group {
    uint32_t first, count;
};

/* Weight-bearing nodes take what follows them; then whoever reads a parameter that is left (a normalisation before its
 * Conv, a position embedding) begins a layer of its own. */
static void group_parameters(const struct graph *g, const uint32_t *reader, bool *taken, uint32_t *found,
                             struct group *groups) {
    uint32_t used = 0;
    for (int weighted = 1; weighted >= 0; weighted--)
        for (uint32_t i = 0; i < g->node_count; i++) {
            bool bears = (g->nodes[i].op->flags & OP_WEIGHTED) != 0;
            if (bears != (weighted == 1)) continue;
            groups[i] = (struct group){used, collect(g, i, reader, taken, found + used)};
            used += groups[i].count;
        }
}

bool graph_find_layers(struct graph *g, struct error *e) {
    uint32_t *reader = only_readers(g);
    uint32_t *found = calloc((size_t)g->value_count + 1, sizeof *found);
    bool *taken = calloc((size_t)g->value_count + 1, sizeof *taken);
    struct group *groups = calloc((size_t)g->node_count + 1, sizeof *groups);
    g->layers = calloc((size_t)g->node_count + 1, sizeof *g->layers);
    struct name_table names = {0};
    bool ok = (reader && found && taken && groups && g->layers) || error_memory(e);
    if (ok) group_parameters(g, reader, taken, found, groups);
    for (uint32_t i = 0; ok && i < g->node_count; i++)
        ok = groups[i].count == 0 || add_layer(g, &names, i, found + groups[i].first, groups[i].count, e);
    name_table_finish(&names);
    free(reader);
    free(found);
    free(taken);
    free(groups);
    return ok;
}
