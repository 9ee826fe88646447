/* network_choice.c: `output: NAME` or `output: {name, reduce, index}`, and `input-shape: 3x224x224`. */
#include "battery/network_choice.h"

#include "base/text.h"
#include "battery/network_choice_yaml.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_WANTED "the name of an output, or a mapping with name, reduce, index"
#define SHAPE_WANTED "the dimensions of one sample, such as 3x224x224"
#define LARGEST_SIDE 16777216L

/* In the order of enum onnx_reduce. */
static const char *const reductions[] = {"none", "sum", "mean", NULL};

static bool read_index(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                       struct error *e) {
    struct network_choice *choice = base;
    struct yaml_field number = *field;

    number.offset = 0;
    choice->onnx.pick = true;
    return yaml_read_count(file, &number, node, &choice->onnx.index, e);
}

static bool read_name(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                      struct error *e) {
    struct network_choice *choice = base;
    const char *text = yaml_scalar(file, node, field->wanted, e);

    if (!text) return false;
    choice->name = text_copy(text);
    choice->onnx.output = choice->name;
    return choice->name || error_memory(e);
}

static const struct yaml_field fields[] = {
    {.name = "name", .read = read_name, .wanted = OUTPUT_WANTED},
    {.name = "reduce",
     .read = yaml_read_choice,
     .offset = offsetof(struct network_choice, onnx.reduce),
     .choices = reductions},
    {.name = "index", .read = read_index, .min = 0, .max = INT_MAX},
    {.name = NULL},
};

static bool read_output(struct yaml_file *file, const yaml_node_t *node, struct network_choice *out, struct error *e) {
    return node->type == YAML_SCALAR_NODE ? read_name(file, &fields[0], node, out, e)
                                          : yaml_read_fields(file, node, OUTPUT_WANTED, fields, out, e);
}

static bool read_shape(const char *text, struct shape *out) {
    char part[16];

    out->rank = 0;
    for (const char *at = text, *next; at; at = next ? next + 1 : NULL) {
        next = strchr(at, 'x');
        size_t length = next ? (size_t)(next - at) : strlen(at);
        long side;
        if (length >= sizeof part || out->rank == SHAPE_MAX_RANK - 1) return false;
        memcpy(part, at, length);
        part[length] = '\0';
        if (!text_to_long(part, 1, LARGEST_SIDE, &side)) return false;
        out->dim[out->rank++] = (size_t)side;
    }
    return out->rank > 0;
}

static struct network_choice *member(const struct yaml_field *field, void *base) {
    return (struct network_choice *)(void *)((char *)base + field->offset);
}

bool network_choice_read_output(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                                void *base, struct error *e) {
    return read_output(file, node, member(field, base), e);
}

bool network_choice_read_shape(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                               void *base, struct error *e) {
    struct network_choice *choice = member(field, base);
    const char *text = yaml_scalar(file, node, SHAPE_WANTED, e);

    if (!text) return false;
    return read_shape(text, &choice->onnx.declared) ||
           yaml_fail(file, node, e, "'%s': " SHAPE_WANTED " wanted", excerpt_of(text).text);
}

bool network_choice_parse(const char *output, const char *input_shape, struct network_choice *out, struct error *e) {
    struct yaml_file file;
    bool ok = true;

    *out = (struct network_choice){.name = NULL};
    if (input_shape && !read_shape(input_shape, &out->onnx.declared))
        return error_set(e, "--input-shape: '%s': " SHAPE_WANTED " wanted", excerpt_of(input_shape).text);
    if (output && *output != '{') {
        out->name = text_copy(output);
        out->onnx.output = out->name;
        ok = out->name || error_memory(e);
    } else if (output) {
        if (!yaml_text_open("--model-output", output, strlen(output), OUTPUT_WANTED, &file, e)) return false;
        ok = read_output(&file, yaml_file_root(&file), out, e);
        yaml_file_close(&file);
    }
    if (!ok) network_choice_finish(out);
    return ok;
}

void network_choice_finish(struct network_choice *choice) {
    free(choice->name);
    *choice = (struct network_choice){.name = NULL};
}
