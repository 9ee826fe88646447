/* arch.c: a list of layers read item by item, and the graph that it means. */
#include "nn/arch.h"

#include "base/layout.h"
#include "base/rng.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 32
#define MAX_SIZE 65536           /* of channels, kernels, strides, features */
#define MAX_PARAMETER (1u << 28) /* elements of one parameter */

enum item_kind { EMBED, CONV, BATCHNORM, RELU, MAXPOOL, AVGPOOL, GLOBALAVGPOOL, FLATTEN, FC, KINDS };

/* The numbers of an item: conv:OUTxKERNEL/STRIDE+PAD, maxpool:KERNEL/STRIDE, fc:OUT. */
struct item {
    enum item_kind kind;
    const char *text; /* in the list, `length` bytes */
    size_t length;
    size_t out, kernel, stride, pad;
};

struct builder {
    struct graph *graph;
    const char *list;
    const struct item *item;
    struct shape shape;        /* of the current value, without the batch */
    char value[2 * NAME_SIZE]; /* its name */
    unsigned seen[KINDS];
    bool last;
};

/* ---- Errors: `layers:COLUMN: 'item': what is wrong` ---- */

__attribute__((format(printf, 4, 5))) static bool item_error(const char *list, const struct item *item, struct error *e,
                                                             const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(e, "layers:%zu: '%.*s': %s", (size_t)(item->text - list) + 1,
                     item->length < 100 ? (int)item->length : 100, item->text, text);
}

/* ---- Parsing ---- */

static const char *const names[KINDS] = {"embed",   "conv",          "batchnorm", "relu", "maxpool",
                                         "avgpool", "globalavgpool", "flatten",   "fc"};
static const char *const forms[KINDS] = {"embed:WORDSxDIMENSIONS",
                                         "conv:OUTxKERNEL[/STRIDE][+PAD]",
                                         "batchnorm",
                                         "relu",
                                         "maxpool:KERNEL[/STRIDE]",
                                         "avgpool:KERNEL[/STRIDE]",
                                         "globalavgpool",
                                         "flatten",
                                         "fc:OUT"};

/* A whole number in [min, MAX_SIZE] at *at. */
static bool take_number(const char **at, const char *end, size_t min, size_t *out) {
    size_t n = 0;
    const char *c = *at;
    for (; c < end && *c >= '0' && *c <= '9'; c++)
        if ((n = n * 10 + (size_t)(*c - '0')) > MAX_SIZE) return false;
    bool ok = c > *at && n >= min;
    *at = c;
    *out = n;
    return ok;
}

/* `mark` and a number, or nothing. */
static bool take_optional(const char **at, const char *end, char mark, size_t min, size_t *out) {
    if (*at == end || **at != mark) return true;
    ++*at;
    return take_number(at, end, min, out);
}

static bool take_sizes(struct item *item, const char *at, const char *end) {
    switch (item->kind) {
    case EMBED:
        if (!take_number(&at, end, 1, &item->kernel) || at == end || *at++ != 'x' ||
            !take_number(&at, end, 1, &item->out))
            return false;
        break;
    case CONV:
        item->stride = 1;
        if (!take_number(&at, end, 1, &item->out) || at == end || *at++ != 'x' ||
            !take_number(&at, end, 1, &item->kernel) || !take_optional(&at, end, '/', 1, &item->stride) ||
            !take_optional(&at, end, '+', 0, &item->pad))
            return false;
        break;
    case MAXPOOL:
    case AVGPOOL:
        if (!take_number(&at, end, 1, &item->kernel)) return false;
        item->stride = item->kernel;
        if (!take_optional(&at, end, '/', 1, &item->stride)) return false;
        break;
    case FC:
        if (!take_number(&at, end, 1, &item->out)) return false;
        break;
    default: break;
    }
    return at == end;
}

static bool unknown_item(const char *list, const struct item *item, size_t name_length, struct error *e) {
    char name[NAME_SIZE], hint[NAME_SIZE + 20] = "";
    size_t n = name_length < sizeof name - 1 ? name_length : sizeof name - 1;
    memcpy(name, item->text, n);
    name[n] = '\0';
    const char *nearest = text_nearest(name, names, KINDS);
    if (nearest) snprintf(hint, sizeof hint, " (did you mean %s?)", nearest);
    return item_error(list, item, e,
                      "no such layer%s: wanted embed, conv, batchnorm, relu, maxpool, avgpool, globalavgpool, "
                      "flatten or fc",
                      hint);
}

static bool parse_item(const char *list, struct item *item, struct error *e) {
    const char *colon = memchr(item->text, ':', item->length);
    size_t name = colon ? (size_t)(colon - item->text) : item->length;
    for (int k = 0; k < KINDS; k++) {
        if (strlen(names[k]) != name || memcmp(names[k], item->text, name) != 0) continue;
        item->kind = (enum item_kind)k;
        const char *end = item->text + item->length;
        bool sizes = strchr(forms[k], ':') != NULL;
        if (sizes != (colon != NULL) || (colon && !take_sizes(item, colon + 1, end)))
            return item_error(list, item, e, sizes ? "wanted %s, numbers from 1 (PAD: 0) to %d" : "wanted %s", forms[k],
                              MAX_SIZE);
        return true;
    }
    return unknown_item(list, item, name, e);
}

/* ---- Building ---- */

/* "conv1.weight" and the like: `out` has 2 * NAME_SIZE bytes. */
static void part_name(const char *layer, const char *part, char *out) {
    snprintf(out, 2 * NAME_SIZE, "%s.%s", layer, part);
}

static bool add_parameter(struct builder *b, const char *layer, const char *part, const struct shape *shape, float fill,
                          char *name, struct error *e) {
    size_t count = shape_count(shape);
    if (count > MAX_PARAMETER)
        return item_error(b->list, b->item, e, "it has %zu weights: at most %u are supported", count, MAX_PARAMETER);
    float *data = malloc(count * sizeof *data);
    if (!data) return error_memory(e);
    for (size_t i = 0; i < count; i++) data[i] = fill;
    part_name(layer, part, name);
    bool ok = graph_add_parameter(b->graph, name, shape, data, e);
    free(data);
    return ok;
}

/* Appends a node fed by the current value and then `more`; its output becomes the current value. */
static bool add_node(struct builder *b, const char *op, const char *name, const char *const *more, size_t count,
                     const struct attribute *attributes, size_t attribute_count, struct error *e) {
    const char *inputs[8] = {b->value};
    char output[2 * NAME_SIZE];
    const char *outputs[] = {output};
    for (size_t i = 0; i < count; i++) inputs[i + 1] = more[i];
    if (b->last) snprintf(output, sizeof output, "logits");
    else part_name(name, "out", output);
    if (!graph_add_node(b->graph, op, name, inputs, count + 1, outputs, 1, attributes, attribute_count, e))
        return false;
    memcpy(b->value, output, sizeof output);
    return true;
}

static void layer_name(struct builder *b, enum item_kind kind, char *out) {
    snprintf(out, NAME_SIZE, "%s%u", names[kind], ++b->seen[kind]);
}

/* A window slides over the dimensions behind the channels, of which there are one or two. */
static bool has_window(const struct shape *sample) {
    const struct layout_kind *kind = layout_of(sample).kind;
    return kind == &layout_picture || kind == &layout_sequence;
}

static bool want_window(const struct builder *b, struct error *e) {
    char text[64];
    if (has_window(&b->shape)) return true;
    return item_error(b->list, b->item, e, "its input has shape %s: wanted %s or %s",
                      shape_text(&b->shape, text, sizeof text), layout_picture.form, layout_sequence.form);
}

static bool slide(struct builder *b, struct error *e) {
    const struct item *item = b->item;
    char text[64], across[32] = "";
    if (!want_window(b, e)) return false;
    if (b->shape.rank == 3) snprintf(across, sizeof across, "x%zu", item->kernel);
    for (uint32_t axis = 1; axis < b->shape.rank; axis++)
        if (b->shape.dim[axis] + 2 * item->pad < item->kernel)
            return item_error(b->list, item, e, "a window of %zu%s does not fit into its input of %s", item->kernel,
                              across, shape_text(&b->shape, text, sizeof text));
    for (uint32_t axis = 1; axis < b->shape.rank; axis++)
        b->shape.dim[axis] = (b->shape.dim[axis] + 2 * item->pad - item->kernel) / item->stride + 1;
    return true;
}

/* kernel_shape, strides and pads of the item; the arrays live in the caller. */
static void window_attributes(const struct builder *b, int64_t sizes[8], struct attribute out[3]) {
    const struct item *item = b->item;
    const size_t axes = b->shape.rank - 1;
    for (int i = 0; i < 8; i++) sizes[i] = (int64_t)(i < 2 ? item->kernel : i < 4 ? item->stride : item->pad);
    out[0] = (struct attribute){.name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = sizes, .count = axes};
    out[1] = (struct attribute){.name = "strides", .kind = ATTRIBUTE_INTS, .ints = sizes + 2, .count = axes};
    out[2] = (struct attribute){.name = "pads", .kind = ATTRIBUTE_INTS, .ints = sizes + 4, .count = 2 * axes};
}

/* Rows drawn at random, and not trained: of so few words any different rows will do. */
static bool build_embed(struct builder *b, struct error *e) {
    const struct shape table = {2, {b->item->kernel, b->item->out}};
    const size_t length = b->shape.dim[0];
    char text[64];

    if (b->item->text != b->list || b->shape.rank != 1)
        return item_error(b->list, b->item, e,
                          "its input has shape %s: wanted numbers of tokens, and embed first of all",
                          shape_text(&b->shape, text, sizeof text));
    if (shape_count(&table) > MAX_PARAMETER)
        return item_error(b->list, b->item, e, "it has %zu weights: at most %u wanted", shape_count(&table),
                          MAX_PARAMETER);
    float *rows = malloc(shape_count(&table) * sizeof *rows);
    if (!rows) return error_memory(e);
    rng_fill_normal(rng_seed(0, "embedding", 0), 0, shape_count(&table), rows);
    b->shape = (struct shape){2, {b->item->out, length}};
    bool ok = graph_add_tokens(b->graph, "embedding", "tokens", "embedding.weight", &table, rows, length, e);
    if (ok) snprintf(b->value, sizeof b->value, "%s", b->graph->tokens->input);
    free(rows);
    return ok;
}

static bool build_conv(struct builder *b, struct error *e) {
    const struct item *item = b->item;
    char name[NAME_SIZE], weight[2 * NAME_SIZE], bias[2 * NAME_SIZE];
    const char *more[] = {weight, bias};
    struct attribute attributes[3];
    int64_t sizes[8];

    if (!want_window(b, e)) return false;
    struct shape filters = {b->shape.rank + 1, {item->out, b->shape.dim[0], item->kernel, item->kernel}};
    struct shape biases = {1, {item->out}};
    if (!slide(b, e)) return false;
    b->shape.dim[0] = item->out;
    layer_name(b, CONV, name);
    window_attributes(b, sizes, attributes);
    return add_parameter(b, name, "weight", &filters, 0, weight, e) &&
           add_parameter(b, name, "bias", &biases, 0, bias, e) && add_node(b, "Conv", name, more, 2, attributes, 3, e);
}

static bool build_pool(struct builder *b, struct error *e) {
    char name[NAME_SIZE];
    struct attribute attributes[3];
    int64_t sizes[8];

    if (!slide(b, e)) return false;
    layer_name(b, b->item->kind, name);
    window_attributes(b, sizes, attributes);
    return add_node(b, b->item->kind == MAXPOOL ? "MaxPool" : "AveragePool", name, NULL, 0, attributes, 2, e);
}

static bool build_batchnorm(struct builder *b, struct error *e) {
    static const char *const parts[] = {"scale", "shift", "mean", "var"};
    char name[NAME_SIZE], parameters[4][2 * NAME_SIZE];
    const char *more[] = {parameters[0], parameters[1], parameters[2], parameters[3]};
    struct shape channels = {1, {b->shape.dim[0]}};

    layer_name(b, BATCHNORM, name);
    for (int i = 0; i < 4; i++)
        if (!add_parameter(b, name, parts[i], &channels, i % 3 == 0, parameters[i], e)) return false;
    return add_node(b, "BatchNormalization", name, more, 4, NULL, 0, e);
}

static bool build_relu(struct builder *b, struct error *e) {
    char name[NAME_SIZE];
    layer_name(b, RELU, name);
    return add_node(b, "Relu", name, NULL, 0, NULL, 0, e);
}

static bool build_globalavgpool(struct builder *b, struct error *e) {
    char name[NAME_SIZE];
    if (!want_window(b, e)) return false;
    layer_name(b, GLOBALAVGPOOL, name);
    for (uint32_t axis = 1; axis < b->shape.rank; axis++) b->shape.dim[axis] = 1;
    return add_node(b, "GlobalAveragePool", name, NULL, 0, NULL, 0, e);
}

static bool build_flatten(struct builder *b, struct error *e) {
    char name[NAME_SIZE];
    size_t count = shape_count(&b->shape);
    layer_name(b, FLATTEN, name);
    b->shape = (struct shape){1, {count}};
    return add_node(b, "Flatten", name, NULL, 0, NULL, 0, e);
}

static bool build_fc(struct builder *b, struct error *e) {
    char name[NAME_SIZE], weight[2 * NAME_SIZE], bias[2 * NAME_SIZE];
    const char *more[] = {weight, bias};
    bool last = b->last;

    b->last = false;
    if (b->shape.rank > 1 && !build_flatten(b, e)) return false;
    b->last = last;
    struct attribute transposed = {.name = "transB", .kind = ATTRIBUTE_INT, .integer = 1};
    struct shape matrix = {2, {b->item->out, b->shape.dim[0]}}, biases = {1, {b->item->out}};
    b->shape = biases;
    layer_name(b, FC, name);
    return add_parameter(b, name, "weight", &matrix, 0, weight, e) &&
           add_parameter(b, name, "bias", &biases, 0, bias, e) && add_node(b, "Gemm", name, more, 2, &transposed, 1, e);
}

static bool (*const builders[KINDS])(struct builder *, struct error *) = {
    build_embed, build_conv,          build_batchnorm, build_relu, build_pool,
    build_pool,  build_globalavgpool, build_flatten,   build_fc};

static bool build_items(struct builder *b, struct error *e) {
    for (const char *at = b->list;; at++) {
        const char *comma = strchr(at, ',');
        struct item item = {.text = at, .length = comma ? (size_t)(comma - at) : strlen(at)};
        b->item = &item;
        b->last = !comma;
        if (item.length == 0)
            return error_set(e, "layers:%zu: nothing between commas: wanted a layer such as fc:10",
                             (size_t)(at - b->list) + 1);
        if (!parse_item(b->list, &item, e) || !builders[item.kind](b, e)) return false;
        if (!comma)
            return item.kind == FC || item_error(b->list, &item, e, "the list ends here: wanted fc:CLASSES last");
        at = comma;
    }
}

bool arch_build(const char *list, const struct shape *sample, struct graph **out, struct error *e) {
    struct builder b = {.list = list, .shape = *sample, .value = "input"};
    struct shape batch = {.rank = sample->rank + 1}; /* dim[0] is 0: any batch */

    if (sample->rank != 1 && !has_window(sample))
        return error_set(e, "layers: samples have %u dimensions: wanted %s, %s, or features", sample->rank,
                         layout_picture.form, layout_sequence.form);
    memcpy(batch.dim + 1, sample->dim, sample->rank * sizeof *sample->dim);
    if (!graph_create(&b.graph, e)) return false;
    bool embeds = strncmp(list, "embed:", strlen("embed:")) == 0;
    if ((!embeds && !graph_add_input(b.graph, b.value, &batch, e)) || !build_items(&b, e) ||
        !graph_finish(b.graph, b.value, e)) {
        graph_destroy(b.graph);
        return false;
    }
    *out = b.graph;
    return true;
}
