/* network_choice.c: `input: NAME`, `inputs: {NAME: 0, NAME: file.npy}`, `output: NAME` or `output: {name, reduce,
 * index}`, and `input-shape: 3x224x224`. */
#include "battery/network_choice.h"

#include "base/file.h"
#include "base/text.h"
#include "battery/network_choice_yaml.h"

#include <float.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_WANTED "the name of an output, or a mapping with name, reduce, index"
#define INPUT_WANTED "the name of an input"
#define INPUTS_WANTED "a mapping from inputs to numbers or .npy files"
#define FIXED_WANTED "a finite number or a .npy file"
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

const struct yaml_field network_choice_output_fields[] = {
    {.name = "name", .read = read_name, .wanted = OUTPUT_WANTED},
    {.name = "reduce",
     .read = yaml_read_choice,
     .offset = offsetof(struct network_choice, onnx.reduce),
     .choices = reductions},
    {.name = "index", .read = read_index, .min = 0, .max = INT_MAX},
    {.name = NULL},
};

static bool read_output(struct yaml_file *file, const yaml_node_t *node, struct network_choice *out, struct error *e) {
    return node->type == YAML_SCALAR_NODE
               ? read_name(file, &network_choice_output_fields[0], node, out, e)
               : yaml_read_fields(file, node, OUTPUT_WANTED, network_choice_output_fields, out, e);
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

/* ---- Inputs ---- */

static bool read_fixed(struct yaml_file *file, const yaml_node_t *node, struct onnx_fixed *out, struct error *e) {
    const char *text = yaml_scalar(file, node, FIXED_WANTED, e);
    size_t length = text ? strlen(text) : 0;
    double number = 0;

    if (!text) return false;
    if (text_to_double(text, &number)) {
        out->number = (float)number;
        return (number <= FLT_MAX && number >= -FLT_MAX) ||
               yaml_fail(file, node, e, "'%s': " FIXED_WANTED " wanted", excerpt_of(text).text);
    }
    if (length < 5 || strcmp(text + length - 4, ".npy") != 0)
        return yaml_fail(file, node, e, "'%s': " FIXED_WANTED " wanted", excerpt_of(text).text);
    out->path = path_from(yaml_folder(file, node), text);
    return out->path || error_memory(e);
}

static bool read_inputs(struct yaml_file *file, const yaml_node_t *node, struct network_choice *out, struct error *e) {
    if (!yaml_check_keys(file, node, "input", INPUTS_WANTED, NULL, 0, e)) return false;
    const yaml_node_pair_t *pairs = node->data.mapping.pairs.start;
    size_t count = (size_t)(node->data.mapping.pairs.top - pairs);

    out->fixed = calloc(count + 1, sizeof *out->fixed);
    if (!out->fixed) return error_memory(e);
    out->onnx.fixed = out->fixed;
    for (size_t i = 0; i < count; i++) {
        struct onnx_fixed *fixed = &out->fixed[i];
        fixed->name = text_copy(yaml_key(file, &pairs[i]));
        out->onnx.fixed_count = i + 1;
        if (!fixed->name) return error_memory(e);
        if (!read_fixed(file, yaml_file_node(file, pairs[i].value), fixed, e)) return false;
    }
    return true;
}

bool network_choice_read_input(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                               void *base, struct error *e) {
    struct network_choice *choice = member(field, base);
    const char *text = yaml_scalar(file, node, INPUT_WANTED, e);

    if (!text) return false;
    choice->input = text_copy(text);
    choice->onnx.input = choice->input;
    return choice->input || error_memory(e);
}

bool network_choice_read_inputs(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                                void *base, struct error *e) {
    return read_inputs(file, node, member(field, base), e);
}

bool network_choice_read_shape(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                               void *base, struct error *e) {
    struct network_choice *choice = member(field, base);
    const char *text = yaml_scalar(file, node, SHAPE_WANTED, e);

    if (!text) return false;
    return read_shape(text, &choice->onnx.declared) ||
           yaml_fail(file, node, e, "'%s': " SHAPE_WANTED " wanted", excerpt_of(text).text);
}

/* A text of an option, as YAML. */
static bool parse_yaml(const char *option, const char *text, const char *wanted,
                       bool (*read)(struct yaml_file *, const yaml_node_t *, struct network_choice *, struct error *),
                       struct network_choice *out, struct error *e) {
    struct yaml_file file;

    if (!yaml_text_open(option, text, strlen(text), wanted, &file, e)) return false;
    file.folder = ".";
    bool ok = read(&file, yaml_file_root(&file), out, e);
    yaml_file_close(&file);
    return ok;
}

static bool copy(const char *text, char **copied, const char **used, struct error *e) {
    *used = *copied = text_copy(text);
    return *copied || error_memory(e);
}

bool network_choice_parse(const struct network_choice_texts *texts, struct network_choice *out, struct error *e) {
    const char *output = texts->output, *shape = texts->input_shape;
    bool ok = true;

    *out = (struct network_choice){.name = NULL};
    if (shape && !read_shape(shape, &out->onnx.declared))
        return error_set(e, "--input-shape: '%s': " SHAPE_WANTED " wanted", excerpt_of(shape).text);
    if (output && *output == '{') ok = parse_yaml("--model-output", output, OUTPUT_WANTED, read_output, out, e);
    else if (output) ok = copy(output, &out->name, &out->onnx.output, e);
    if (ok && texts->input) ok = copy(texts->input, &out->input, &out->onnx.input, e);
    if (ok && texts->inputs) ok = parse_yaml("--fixed-inputs", texts->inputs, INPUTS_WANTED, read_inputs, out, e);
    if (!ok) network_choice_finish(out);
    return ok;
}

void network_choice_finish(struct network_choice *choice) {
    for (size_t i = 0; i < choice->onnx.fixed_count; i++) {
        free((void *)choice->fixed[i].name);
        free((void *)choice->fixed[i].path);
    }
    free(choice->fixed);
    free(choice->input);
    free(choice->name);
    *choice = (struct network_choice){.name = NULL};
}
