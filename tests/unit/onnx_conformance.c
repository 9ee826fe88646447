/* The ONNX project's own operator cases (Debian: libonnx-testdata). Every case whose model uses only operators of ours
 * is run in two ways: folded, all inputs given as constants; and as a network, its first input given as a batch. A case
 * that cannot be run must be refused for one of the reasons below. */
#include "onnx_tolerances.h"
#include "ops_document.h"

#include "base/file.h"
#include "base/text.h"
#include "nn/net.h"
#include "nn/onnx_branch.h"
#include "nn/onnx_fused.h"
#include "nn/onnx_proto.h"
#include "nn/op.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Debian's folder, or another one of the same form: cases of newer operator sets (ASSAY_ONNX_CASES). */
static const char *cases_root(void) {
    const char *given = getenv("ASSAY_ONNX_CASES");
    return given ? given : "/usr/share/libonnx-testdata/data";
}

/* ---- One case ---- */

#define MAX_INPUTS 8

struct sample_case {
    char name[200];
    Onnx__ModelProto *model;
    Onnx__TensorProto *inputs[MAX_INPUTS]; /* of the test data, named after the model's */
    size_t input_count;
    Onnx__TensorProto *output;
    struct onnx_array wanted; /* borrows from it */
    char why[1024];           /* it could not be run */
};

static void *read_message(const char *path, const ProtobufCMessageDescriptor *descriptor) {
    uint8_t *data;
    size_t size;
    if (!file_read(path, &data, &size, NULL)) return NULL;
    void *message = onnx_unpack(descriptor, data, size);
    free(data);
    return message;
}

static bool is_initialiser(const Onnx__GraphProto *graph, const char *name) {
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0) return true;
    return false;
}

/* NULL, or why it was not read. */
static const char *read_data(struct sample_case *c, const char *folder) {
    char *path;
    for (size_t i = 0; i < c->model->graph->n_input; i++) {
        const char *name = c->model->graph->input[i]->name;
        if (is_initialiser(c->model->graph, name)) continue;
        cr_assert_lt(c->input_count, MAX_INPUTS);
        path = text_format("%s/test_data_set_0/input_%zu.pb", folder, c->input_count);
        Onnx__TensorProto *t = read_message(path, &onnx__tensor_proto__descriptor);
        free(path);
        if (!t) return "the input is no tensor";
        c->inputs[c->input_count++] = t;
        free(t->name);
        t->name = text_copy(name);
        const Onnx__TypeProto *type = c->model->graph->input[i]->type;
        if (type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE && type->tensor_type->elem_type != t->data_type)
            return "the input's data are of another type than the model says"; /* BFLOAT16 as UINT16 */
    }
    path = text_format("%s/test_data_set_0/output_0.pb", folder);
    Onnx__TensorProto *t = read_message(path, &onnx__tensor_proto__descriptor);
    free(path);
    struct error e = {""};
    bool ok = t && onnx_array_read(t, &c->wanted, &e);
    c->output = t;
    if (ok) return NULL;
    snprintf(c->why, sizeof c->why, "output: %.900s", t ? e.text : "no tensor");
    return c->why;
}

static void case_finish(struct sample_case *c) {
    for (size_t i = 0; i < c->input_count; i++) onnx_free(&c->inputs[i]->base);
    onnx_array_finish(&c->wanted);
    if (c->output) onnx_free(&c->output->base);
    if (c->model) onnx_free(&c->model->base);
}

/* The model with the inputs from `first` on as initialisers, and its output turned twice: a Relu or Softmax at the end
 * of a network would be taken off. */
static bool build(struct sample_case *c, size_t first, struct graph **out, struct error *e) {
    Onnx__ModelProto model = *c->model;
    Onnx__GraphProto graph = *c->model->graph;
    size_t constants = graph.n_initializer, nodes = graph.n_node;
    bool floats = c->wanted.floats != NULL;
    Onnx__TensorProto **list = calloc(constants + c->input_count + 1, sizeof *list);
    Onnx__NodeProto turns[2] = {ONNX__NODE_PROTO__INIT, ONNX__NODE_PROTO__INIT};
    Onnx__NodeProto **node_list = calloc(nodes + 2, sizeof *node_list);
    Onnx__ValueInfoProto output = *graph.output[0], *output_list[] = {&output};
    char op[] = "Neg", once[] = "turned", twice[] = "turned back", *names[] = {graph.output[0]->name, once, twice};
    cr_assert(list && node_list);

    for (size_t i = 0; i < constants; i++) list[i] = graph.initializer[i];
    for (size_t i = first; i < c->input_count; i++) list[constants++] = c->inputs[i];
    for (size_t i = 0; i < nodes; i++) node_list[i] = graph.node[i];
    for (size_t i = 0; i < 2; i++) {
        turns[i].op_type = op;
        turns[i].n_input = turns[i].n_output = 1;
        turns[i].input = names + i;
        turns[i].output = names + i + 1;
        if (floats) node_list[nodes++] = &turns[i];
    }
    if (floats) output.name = twice;
    graph.initializer = list;
    graph.n_initializer = constants;
    graph.node = node_list;
    graph.n_node = nodes;
    graph.output = output_list;
    model.graph = &graph;
    bool ok = onnx_build(&model, out, e);
    free(list);
    free(node_list);
    return ok;
}

static void compare(const struct sample_case *c, const char *way, const float *got, size_t n) {
    struct tolerance t = tolerance_of(c->model->graph);
    if (c->output->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16) t.relative = fmax(t.relative, 0x1p-10);
    if (c->output->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16) t.relative = fmax(t.relative, 0x1p-7);
    cr_assert(n == shape_count(&c->wanted.shape), "%s %s: %zu elements, wanted %zu", c->name, way, n,
              shape_count(&c->wanted.shape));
    for (size_t i = 0; i < n; i++) {
        double wanted = (double)c->wanted.floats[i], off = fabs((double)got[i] - wanted);
        if (got[i] == c->wanted.floats[i] || (isnan(got[i]) && isnan(wanted))) continue; /* infinities too */
        cr_expect(off <= t.relative * fabs(wanted) + t.absolute, "%s %s, element %zu: %.9g, wanted %.9g", c->name, way,
                  i, (double)got[i], wanted);
    }
}

static void compare_integers(const struct sample_case *c, const struct value *v) {
    size_t n = shape_count(&c->wanted.shape);
    cr_assert(shape_equal(&v->shape, &c->wanted.shape), "%s", c->name);
    for (size_t i = 0; i < n; i++) cr_assert_eq(v->ints[i], c->wanted.ints[i], "%s, element %zu", c->name, i);
}

/* NULL, or why it could not be run. */
static const char *run_folded(struct sample_case *c) {
    struct graph *graph;
    struct error e = {""};
    if (!build(c, 0, &graph, &e)) {
        snprintf(c->why, sizeof c->why, "%s", e.text);
        return c->why;
    }
    const struct value *v = &graph->values[graph->file_output];
    const char *why = NULL;
    if (!c->wanted.floats != !v->data) why = "the output is of another type";
    else if (v->ints) compare_integers(c, v);
    else {
        cr_expect(shape_equal(&v->shape, &c->wanted.shape), "%s", c->name);
        compare(c, "folded", v->data, shape_count(&v->shape));
    }
    graph_destroy(graph);
    return why;
}

static const char *forward(struct sample_case *c, const struct graph *graph, struct error *e) {
    struct onnx_array x = {.floats = NULL};
    struct weights *weights = NULL;
    struct net *net = NULL;
    size_t n = shape_count(&c->wanted.shape);
    float *out = malloc((n ? n : 1) * sizeof *out);
    cr_assert_not_null(out);
    bool ok =
        onnx_array_read(c->inputs[0], &x, e) && weights_create(graph, &weights, e) && net_create(weights, &net, e);
    const char *why = NULL;
    if (ok && graph->classes * x.shape.dim[0] != n) why = "the output has another batch than the input";
    else if (ok) ok = net_forward(net, (uint32_t)x.shape.dim[0], x.floats, out, e);
    if (ok && !why) compare(c, "as a network", out, n);
    net_destroy(net);
    weights_destroy(weights);
    onnx_array_finish(&x);
    free(out);
    return ok ? why : e->text;
}

static const char *run_network(struct sample_case *c) {
    struct graph *graph;
    struct error e = {""};
    if (!build(c, 1, &graph, &e)) {
        snprintf(c->why, sizeof c->why, "%s", e.text);
        return c->why;
    }
    const char *why = graph->input == GRAPH_NONE ? "it has no input"
                      : graph->tokens            ? "the input does not hold floating-point numbers but tokens"
                                                 : forward(c, graph, &e);
    if (why && why != c->why) snprintf(c->why, sizeof c->why, "%s", why);
    graph_destroy(graph);
    return why ? c->why : NULL;
}

/* ---- All cases ---- */

/* Why a case is not ours to run, by what our loader says of it. Which cases those are stands in docs/ops.md. */
static const struct reason {
    const char *found, *reason;
} not_run[] =
    {
        {"elements of type", "a type of elements that is not ours"},
        {"another type", "data of another type than the model says"},
        {"output is BFLOAT16", "data of another type than the model says"},
        {"the input is no tensor", "the input is a sequence or an optional"},
        {"training", "training mode: ours is inference"},
        {"is an integer: wanted float32", "arithmetic on integers"},
        {"is floating-point: supported on integers only",
         "a choice among floating-point numbers, or a remainder of them"},
        {"it compares floating-point", "a comparison of floating-point numbers"},
        {"'allowzero'", "an empty tensor"},
        {"is empty", "an empty tensor"},
        {"tensor '' holds", "the output is a sequence or an optional"},
        {"an empty list", "an empty tensor"},
        {"nothing is left", "an empty tensor"},
        {"wanted positive ones, and at most", "an empty tensor"},
        {"(PRelu): shapes", "a slope for each channel aligned as before operator set 7"},
        {"a part of size 0", "an empty tensor"},
        {"is 'tf_crop_and_resize'", "a part of the input resized, as TensorFlow has it"},
        {"is 'tf_half_pixel_for_nn'", "a placing of pixels that operator set 13 has no more"},
        {"implementations of align_corners differ",
         "aligned corners and no whole number of elements: ONNX, its runtime and PyTorch differ"},
        {"one operand is of integers", "arithmetic on an integer and a number"},
        {"'to' is", "a type of elements that is not ours"},
        {"attribute 'antialias'", "resized with a filter of the scale's width"},
        {"attribute 'keep_aspect_ratio_policy'", "resized to keep the aspect ratio"},
        {"a cache of keys", "attention with a cache of keys and values"},
        {"its sizes are not constant", "sizes of a Split that are computed"},
        {NULL, NULL},
},
  not_a_network[] = {
      {"has no input", "no input"},
      {"it has no input", "no input"},
      {"does not hold floating-point", "the input is of integers"},
      {"must be the batch", "dimension 0 of input and output is no batch"},
      {"has another batch", "dimension 0 of input and output is no batch"},
      {"samples must not be mixed", "mixes samples"},
      {"computes with the number of samples", "mixes samples"},
      {"nothing is left", "mixes samples"},
      {"one sample at a time", "the constant operand has the size of the batch"},
      {"depends on the batch", "the constant operand has the size of the batch"},
      {"cannot be joined", "the constant operand has the size of the batch"},
      {"more elements than its input", "the constant operand has the size of the batch"},
      {"do not broadcast", "the constant operand has the size of the batch"},
      {"cannot be multiplied", "the constant operand has the size of the batch"},
      {"its indices have another shape", "the constant operand has the size of the batch"},
      {"indices are of another batch", "the constant operand has the size of the batch"},
      {"do not fit", "the constant operand has the size of the batch"},
      {"some of the samples", "mixes samples"},
      {"values depend on the input", "the input is of indices"},
      {"in training mode", "training mode: ours is inference"},
      {"does not fit", "the constant operand has the size of the batch"},
      {"does not depend on the input", "the output does not depend on the input"},
      {"has 1 dimensions", "the input has one dimension, so no batch and sample"},
      {"has 0 dimensions", "the input has one dimension, so no batch and sample"},
      {"has no shape", "the input has one dimension, so no batch and sample"},
      {"of integers", "the output is of integers"},
      {"cast to integers", "the output is of integers"},
      {"are not constant integers", "a list of integers is the input"},
      {NULL, NULL},
};

/* Cases whose expected values are not right: ONNX 1.17 (Debian 13) counts elements of a window that lie behind its
 * input and padding, where the size is rounded up. Later releases, its runtime and PyTorch do not. */
static const char *const wrong[] = {
    "node/test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True",
};

static unsigned count_found, count_folded, count_network, count_not_run, count_not_network;

/* ---- Running them ---- */

static const char *reason_of(const struct reason *table, const char *why) {
    for (; table->found; table++)
        if (strstr(why, table->found)) return table->reason;
    return NULL;
}

/* `why` NULL: it ran. Every other answer must be one we know. */
static void account(const struct reason *table, const char *way, const struct sample_case *c, const char *why,
                    unsigned *ran, unsigned *listed) {
    *(why ? listed : ran) += 1;
    cr_expect(!why || reason_of(table, why), "%s could not be run %s: %s", c->name, way, why);
}

static bool is_wrong(const char *name) {
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (strcmp(wrong[i], name) == 0) return true;
    return false;
}

static bool only_our_operators(const Onnx__GraphProto *graph);

static bool is_ours(const Onnx__NodeProto *node) {
    bool ours = op_find(node->op_type) || onnx_is_compound(node->op_type) || onnx_is_fused(node);
    if (!onnx_is_branch(node)) return ours;
    for (size_t i = 0; i < node->n_attribute; i++)
        if (!only_our_operators(node->attribute[i]->g)) return false;
    return true;
}

static bool only_our_operators(const Onnx__GraphProto *graph) {
    for (size_t i = 0; i < graph->n_node; i++)
        if (!is_ours(graph->node[i])) return false;
    return graph->n_node > 0;
}

static void run_case(const char *group, const char *name) {
    struct sample_case c = {.input_count = 0};
    snprintf(c.name, sizeof c.name, "%s/%s", group, name);
    count_found++;
    if (is_wrong(c.name)) return;
    char *folder = text_format("%s/%s", cases_root(), c.name), *path = text_format("%s/model.onnx", folder);
    c.model = read_message(path, &onnx__model_proto__descriptor);
    cr_assert(c.model && c.model->graph, "%s", path);
    if (only_our_operators(c.model->graph)) {
        const char *why = read_data(&c, folder);
        if (!why) why = run_folded(&c);
        account(not_run, "at all", &c, why, &count_folded, &count_not_run);
        const char *refused = why ? reason_of(not_run, why) : NULL;
        unsigned before = count_network;
        if (!why && c.wanted.floats)
            account(not_a_network, "as a network", &c, run_network(&c), &count_network, &count_not_network);
        count_case(c.model->graph, c.name, refused, count_network > before);
    }
    case_finish(&c);
    free(folder);
    free(path);
}

static int no_dots(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static void run_group(const char *group) {
    struct dirent **list;
    char *path = text_format("%s/%s", cases_root(), group);
    int n = scandir(path, &list, no_dots, alphasort);
    cr_assert(n > 0, "%s: install libonnx-testdata", path);
    for (int i = 0; i < n; i++) {
        run_case(group, list[i]->d_name);
        free(list[i]);
    }
    free(list);
    free(path);
}

Test(onnx_conformance, every_case_of_our_operators) {
    static const char *const groups[] = {"node", "simple", "pytorch-operator", "pytorch-converted"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) run_group(groups[i]);
    printf("onnx_conformance: %u cases folded, %u of them as networks too (%u not, for the reasons listed); %u not "
           "run, for the reasons listed\n",
           count_folded, count_network, count_not_network, count_not_run);
    check_document(count_found);
}
