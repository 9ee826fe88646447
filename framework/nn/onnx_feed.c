/* onnx_feed.c: one input of a file is explained. Inputs that nothing reads do not count, and the others are constants
 * of the caller's choice. */
#include "nn/onnx_feed.h"

#include "base/name_table.h"
#include "base/npy.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ELEMENTS ((size_t)1 << 24) /* of an input that becomes a constant; and integers that float32 holds */

/* ---- What is read ---- */

static bool note_reads(const Onnx__NodeProto *node, struct name_table *reads) {
    for (size_t i = 0; i < node->n_input; i++)
        if (*onnx_text(node->input[i]) && !name_table_at(reads, node->input[i])) return false;
    for (size_t i = 0; i < node->n_attribute; i++) {
        const Onnx__GraphProto *branch = node->attribute[i]->g;
        for (size_t k = 0; branch && k < branch->n_node; k++)
            if (!note_reads(branch->node[k], reads)) return false;
        for (size_t k = 0; branch && k < branch->n_output; k++)
            if (!name_table_at(reads, onnx_text(branch->output[k]->name))) return false;
    }
    return true;
}

static const struct onnx_fixed *fixed_at(const struct onnx_source *s, const char *name) {
    for (size_t i = 0; i < s->options->fixed_count; i++)
        if (strcmp(s->options->fixed[i].name, name) == 0) return &s->options->fixed[i];
    return NULL;
}

static bool is_input(const struct onnx_source *s, size_t i) {
    return !roles_is_initialiser(s->roles, onnx_text(s->proto->input[i]->name));
    /* before IR version 4 every initialiser was listed as an input as well */
}

/* "'a' of N x 2, 'b' of N x 3": every input of the file, or those that are read. */
static void list_inputs(const struct onnx_source *s, bool all, struct text *text) {
    size_t count = 0;
    for (size_t i = 0; i < s->proto->n_input; i++) {
        if (!is_input(s, i) || (!all && !s->read[i])) continue;
        text_add(text, "%s", count++ ? ", " : "");
        onnx_value_text(s->proto->input[i], text);
    }
}

static bool check_name(const struct onnx_source *s, const char *name, struct error *e) {
    const char **names = calloc(s->proto->n_input + 1, sizeof *names);
    struct text list = {0};
    size_t count = 0;
    bool found = false;
    if (!names) return error_memory(e);
    for (size_t i = 0; i < s->proto->n_input; i++)
        if (is_input(s, i)) {
            names[count] = onnx_text(s->proto->input[i]->name);
            found |= strcmp(names[count++], name) == 0;
        }
    const char *near = found ? NULL : text_nearest(name, names, count);
    if (!found) {
        list_inputs(s, true, &list);
        error_set(e, "it has no input '%s'%s%s%s: its inputs are %s", excerpt_of(name).text,
                  near ? " (did you mean '" : "", near ? excerpt_of(near).text : "", near ? "'?)" : "",
                  list.data ? list.data : "none");
        text_finish(&list);
    }
    free(names);
    return found;
}

static bool check_options(const struct onnx_source *s, struct error *e) {
    const char *wanted = s->options->input;
    if (wanted && !check_name(s, wanted, e)) return false;
    if (wanted && fixed_at(s, wanted))
        return error_set(e, "input '%s' is to be explained and to be a constant: one of both wanted", wanted);
    for (size_t i = 0; i < s->options->fixed_count; i++)
        if (!check_name(s, s->options->fixed[i].name, e)) return false;
    return true;
}

bool onnx_source_init(struct onnx_source *s, struct error *e) {
    struct name_table reads = {0};
    bool ok = true;
    s->open = calloc(s->proto->n_input + 1, sizeof *s->open);
    s->read = calloc(s->proto->n_input + 1, sizeof *s->read);
    for (size_t i = 0; ok && i < s->proto->n_node; i++) ok = !s->needed[i] || note_reads(s->proto->node[i], &reads);
    ok = ok && s->open && s->read;
    for (size_t i = 0; ok && i < s->proto->n_input; i++) {
        const char *name = onnx_text(s->proto->input[i]->name);
        s->read[i] = is_input(s, i) && name_table_find(&reads, name);
        s->open[i] = s->read[i] && !fixed_at(s, name);
    }
    name_table_finish(&reads);
    return ok ? check_options(s, e) : error_memory(e);
}

void onnx_source_finish(struct onnx_source *s) {
    free(s->open);
    free(s->read);
    s->open = s->read = NULL;
}

/* ---- Which one is explained ---- */

bool onnx_feed_refuse(const struct onnx_source *s, struct error *e) {
    const char *wanted = s->options->input, *first = wanted, *other = NULL;
    struct text list = {0};
    for (size_t i = 0; i < s->proto->n_input; i++) {
        const char *name = onnx_text(s->proto->input[i]->name);
        if (!s->open[i] || (wanted && strcmp(name, wanted) == 0)) continue;
        if (!first) first = name;
        else if (!other) other = name;
    }
    list_inputs(s, false, &list);
    if (list.failed || !first || !other) error_memory(e);
    else
        error_set(e,
                  "it has several inputs, %s: one is explained and the others are constants: name it and fix them "
                  "(--model-input %s --fixed-inputs '{%s: 0}'; in a battery input: %s and inputs: {%s: 0}, "
                  "or a .npy file in place of 0)",
                  list.data, first, other, first, other);
    text_finish(&list);
    return false;
}

bool onnx_feed_explained(const struct onnx_source *s, const Onnx__ValueInfoProto **out, struct error *e) {
    const char *wanted = s->options->input;
    size_t count = 0;
    *out = NULL;
    for (size_t i = 0; i < s->proto->n_input; i++) {
        if (!s->open[i]) continue;
        if (!wanted || strcmp(onnx_text(s->proto->input[i]->name), wanted) == 0) *out = s->proto->input[i];
        count++;
    }
    if (wanted && !*out)
        return error_set(e, "input '%s' has no effect on the output: nothing reads it", excerpt_of(wanted).text);
    return count <= 1 || onnx_feed_refuse(s, e);
}

/* ---- What the others are ---- */

/* The shape as the file has it; 0: open. The batch is 1. */
static bool fixed_shape(const Onnx__ValueInfoProto *info, size_t batch, struct shape *out, struct error *e) {
    const Onnx__TypeProto__Tensor *tensor = onnx_tensor_type(info);
    const Onnx__TensorShapeProto *shape = tensor ? tensor->shape : NULL;
    const char *name = onnx_text(info->name);
    if (!shape) return error_set(e, "input '%s' is no tensor, or has no shape: it cannot be a constant", name);
    if (shape->n_dim > SHAPE_MAX_RANK)
        return error_set(e, "input '%s' has %zu dimensions: at most %d are supported", name, shape->n_dim,
                         SHAPE_MAX_RANK);
    *out = (struct shape){.rank = (uint32_t)shape->n_dim};
    for (size_t i = 0; i < shape->n_dim; i++) {
        bool fixed = shape->dim[i]->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        out->dim[i] = fixed && shape->dim[i]->dim_value > 0 ? (size_t)shape->dim[i]->dim_value : 0;
    }
    if (out->rank && (out->dim[0] == 0 || (batch > 1 && out->dim[0] == batch))) out->dim[0] = 1;
    return true;
}

static bool check_count(const char *name, const struct shape *shape, struct error *e) {
    size_t count = shape_count(shape);
    return (count > 0 && count <= MOST_ELEMENTS) ||
           error_set(e, "input '%s' has no elements, or more than %zu", name, MOST_ELEMENTS);
}

static bool fill_number(const char *name, float number, const struct shape *shape, float **out, struct error *e) {
    for (uint32_t i = 0; i < shape->rank; i++)
        if (shape->dim[i] == 0)
            return error_set(e, "input '%s' has no fixed size in dimension %u: give a .npy file in place of %g", name,
                             i, (double)number);
    if (!check_count(name, shape, e)) return false;
    size_t count = shape_count(shape);
    *out = malloc(count * sizeof **out);
    for (size_t i = 0; *out && i < count; i++) (*out)[i] = number;
    return *out || error_memory(e);
}

/* Whether the array is what the file wants, or one sample of it without the batch. */
static bool array_fits(const struct shape *array, struct shape *wanted) {
    struct shape with_batch = *array;
    if (array->rank + 1 == wanted->rank) {
        with_batch = (struct shape){.rank = wanted->rank, .dim = {1}};
        memcpy(with_batch.dim + 1, array->dim, array->rank * sizeof *array->dim);
    }
    bool fits = with_batch.rank == wanted->rank;
    for (uint32_t i = 0; fits && i < wanted->rank; i++)
        fits = wanted->dim[i] == 0 || wanted->dim[i] == with_batch.dim[i];
    if (fits) *wanted = with_batch;
    return fits;
}

static bool fill_file(const char *name, const char *path, struct shape *shape, float **out, struct error *e) {
    struct npy_array array = {.values = NULL};
    char have[128], want[128];
    if (!npy_load(path, &array, e)) return false;
    if (!array_fits(&array.shape, shape)) {
        error_set(e, "%s: an array of shape %s: input '%s' takes %s (0: any size)", path,
                  shape_text(&array.shape, have, sizeof have), name, shape_text(shape, want, sizeof want));
        free(array.values);
        return false;
    }
    *out = array.values;
    return check_count(name, shape, e);
}

static bool add_integers(const char *name, const struct shape *shape, const float *values, struct graph *graph,
                         struct error *e) {
    size_t count = shape_count(shape);
    int64_t *ints = malloc(count * sizeof *ints);
    bool ok = ints || error_memory(e);
    for (size_t i = 0; ok && i < count; i++) {
        bool whole = fabsf(values[i]) <= (float)MOST_ELEMENTS && truncf(values[i]) == values[i];
        ok = whole || error_set(e, "input '%s' takes integers from -%zu to %zu: %g is none", name, MOST_ELEMENTS,
                                MOST_ELEMENTS, (double)values[i]);
        if (ok) ints[i] = (int64_t)values[i];
    }
    ok = ok && graph_add_ints(graph, name, shape, ints, e);
    free(ints);
    return ok;
}

static bool add_floats(const char *name, const struct shape *shape, const float *values, struct graph *graph,
                       struct error *e) {
    for (size_t i = 0; i < shape_count(shape); i++)
        if (!isfinite(values[i]))
            return error_set(e, "input '%s' would be %g: finite numbers wanted", name, (double)values[i]);
    return graph_add_floats(graph, name, shape, values, e);
}

static bool fix(const Onnx__ValueInfoProto *info, const struct onnx_fixed *fixed, size_t batch, struct graph *graph,
                struct error *e) {
    float *values = NULL;
    struct shape shape;
    bool ok = fixed_shape(info, batch, &shape, e) &&
              (fixed->path ? fill_file(fixed->name, fixed->path, &shape, &values, e)
                           : fill_number(fixed->name, fixed->number, &shape, &values, e));
    bool floats = ok && onnx_type_is_float(onnx_tensor_type(info)->elem_type);
    ok = ok && (floats ? add_floats : add_integers)(fixed->name, &shape, values, graph, e);
    free(values);
    return ok;
}

bool onnx_feed_fix(const struct onnx_source *s, size_t batch, struct graph *graph, struct error *e) {
    for (size_t i = 0; i < s->proto->n_input; i++) {
        const struct onnx_fixed *fixed = s->read[i] ? fixed_at(s, onnx_text(s->proto->input[i]->name)) : NULL;
        if (fixed && !fix(s->proto->input[i], fixed, batch, graph, e)) return false;
    }
    return true;
}
