/* onnx_load.c: a graph from an ONNX model in memory. */
#include "nn/graph_build.h"
#include "nn/onnx_attributes.h"
#include "nn/onnx_branch.h"
#include "nn/onnx_feed.h"
#include "nn/onnx_fused.h"
#include "nn/onnx_options.h"
#include "nn/onnx_output.h"
#include "nn/onnx_proto.h"
#include "nn/onnx_refuse.h"
#include "nn/onnx_roles.h"
#include "nn/onnx_sizes.h"
#include "nn/onnx_tokens.h"

#include "base/name_table.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct loader {
    const Onnx__GraphProto *proto;
    const struct onnx_options *options;
    int64_t opset;
    const char *output; /* of the file, that was chosen */
    bool *needed;       /* [proto->n_node] by it */
    struct roles *roles;
    struct onnx_cut cut;
    struct graph *graph; /* being built */
    unsigned precisions; /* bits: the types, other than FLOAT, of parameters and the input */
};

static void note_precision(struct loader *l, int32_t type) {
    if (type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT) l->precisions |= 1u << (type & 31);
}

static bool add_array(struct graph *graph, const char *name, const struct onnx_array *array, bool parameter,
                      struct error *e) {
    if (array->ints) return graph_add_ints(graph, name, &array->shape, array->ints, e);
    return (parameter ? graph_add_parameter : graph_add_floats)(graph, name, &array->shape, array->floats, e);
}

static bool add_tensor(struct loader *l, const char *name, const Onnx__TensorProto *tensor, struct error *e) {
    struct onnx_array array;
    bool ok = onnx_array_read(tensor, &array, e);
    bool parameter = ok && array.floats && roles_is_parameter(l->roles, name, shape_count(&array.shape));
    if (parameter) note_precision(l, tensor->data_type);
    ok = ok && add_array(l->graph, name, &array, parameter, e);
    onnx_array_finish(&array);
    return ok;
}

static bool add_initialisers(struct loader *l, struct error *e) {
    if (l->proto->n_sparse_initializer) return error_set(e, "it has sparse initialisers, which are not supported");
    for (size_t i = 0; i < l->proto->n_initializer; i++) {
        const Onnx__TensorProto *tensor = l->proto->initializer[i];
        const char *name = onnx_text(tensor->name);
        if (!add_tensor(l, name, tensor, e)) return false;
    }
    return true;
}

static bool input_shape(struct loader *l, const Onnx__ValueInfoProto *info, struct shape *out, struct error *e) {
    const char *name = onnx_text(info->name);
    const Onnx__TypeProto *type = info->type;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type)
        return error_set(e, "input '%s' is no tensor", name);
    if (!onnx_type_is_float(type->tensor_type->elem_type))
        return error_set(
            e, "input '%s' does not hold floating-point numbers: wanted FLOAT, DOUBLE, FLOAT16 or BFLOAT16", name);
    note_precision(l, type->tensor_type->elem_type);
    const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    if (!shape || shape->n_dim == 0)
        return error_set(e, "input '%s' has no shape: wanted a batch dimension and fixed sizes behind it", name);
    if (shape->n_dim > SHAPE_MAX_RANK)
        return error_set(e, "input '%s' has %zu dimensions: at most %d are supported", name, shape->n_dim,
                         SHAPE_MAX_RANK);
    if (l->options->declared.rank && l->options->declared.rank + 1 != shape->n_dim)
        return error_set(e, "input '%s' has %zu dimensions behind the batch: %u were declared", name, shape->n_dim - 1,
                         l->options->declared.rank);
    out->rank = (uint32_t)shape->n_dim;
    for (size_t i = 0; i < shape->n_dim; i++)
        if (!onnx_input_size(l->options, info, i, &out->dim[i], e)) return false;
    return true;
}

static bool add_tokens(struct loader *l, const struct onnx_source *file, struct error *e) {
    note_precision(l, l->cut.table->data_type);
    return onnx_cut_inputs(&l->cut, file, l->graph, e) && onnx_feed_fix(file, 0, l->graph, e);
}

static bool add_explained(struct loader *l, const struct onnx_source *file, struct error *e) {
    const Onnx__ValueInfoProto *found;
    struct shape shape = {0};
    if (!onnx_feed_explained(file, &found, e)) return false;
    if (found && (!input_shape(l, found, &shape, e) || !graph_add_input(l->graph, onnx_text(found->name), &shape, e)))
        return false;
    return onnx_feed_fix(file, shape.dim[0], l->graph, e);
}

static bool add_input(struct loader *l, struct error *e) {
    struct onnx_source file = {l->proto, l->needed, l->roles, l->options, NULL, NULL};
    bool ok = onnx_source_init(&file, e) && onnx_cut_find(&file, &l->cut, e) &&
              (l->cut.gather ? add_tokens : add_explained)(l, &file, e);
    onnx_source_finish(&file);
    return ok;
}

/* ---- Nodes ---- */

/* The value of a Constant that is a tensor; the graph itself knows the other forms. */
static const Onnx__TensorProto *constant_tensor(const Onnx__NodeProto *node) {
    const Onnx__AttributeProto *value = onnx_find_attribute(node, "value");
    bool constant = strcmp(onnx_text(node->op_type), "Constant") == 0 && node->n_output == 1;
    return constant && value ? value->t : NULL;
}

/* The numbers of such a list, where they are a parameter. *is: whether they are. */
static bool add_list(struct loader *l, const Onnx__NodeProto *node, bool *is, struct error *e) {
    const Onnx__AttributeProto *list = onnx_constant_list(node);
    const bool one = list && list->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    const char *name = node->n_output ? onnx_text(node->output[0]) : "";
    *is = list && roles_is_parameter(l->roles, name, one ? 1 : list->n_floats);
    if (!*is) return true;
    const struct shape shape = {one ? 0 : 1, {list->n_floats}};
    return graph_add_parameter(l->graph, name, &shape, one ? &list->f : list->floats, e);
}

/* Inference needs the first input and the first output of a Dropout: the others say what training drops. */
static bool is_dropout(const Onnx__NodeProto *node) {
    return strcmp(onnx_text(node->op_type), "Dropout") == 0;
}

/* The other outputs of a BatchNormalization are statistics. */
static bool has_one_output(const Onnx__NodeProto *node) {
    return is_dropout(node) || strcmp(onnx_text(node->op_type), "BatchNormalization") == 0;
}

static size_t count_used(const Onnx__NodeProto *node, char *const *names, size_t n) {
    while (n && !*onnx_text(names[n - 1])) n--;
    return n > 1 && is_dropout(node) ? 1 : n;
}

static bool add_converted(struct loader *l, const Onnx__NodeProto *node, struct onnx_attributes *a, struct error *e) {
    const char *op = onnx_text(node->op_type);
    size_t inputs = count_used(node, node->input, node->n_input);
    size_t outputs = count_used(node, node->output, node->n_output);
    if (outputs > 1 && has_one_output(node)) outputs = 1;

    if (l->opset < 13 && onnx_is_softmax(op) && !onnx_find_attribute(node, "axis"))
        a->rows[a->count++] = (struct attribute){.name = "axis", .kind = ATTRIBUTE_INT, .integer = 1};
    if (onnx_is_training_form(node, l->opset))
        a->rows[a->count++] = (struct attribute){.name = "training_mode", .kind = ATTRIBUTE_INT, .integer = 1};
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
    struct onnx_attributes attributes = {.count = 0};
    const Onnx__TensorProto *constant = constant_tensor(node);
    char text[200];

    bool listed;
    if (!add_list(l, node, &listed, e)) return error_prefix(e, "%s", onnx_node_text(node, text, sizeof text));
    if (listed) return true;
    if (onnx_cut_has(&l->cut, node)) return onnx_cut_node(&l->cut, node, l->graph, e);
    if (onnx_is_branch(node))
        return error_set(e, "%s: its condition '%s' is not known at load", onnx_node_text(node, text, sizeof text),
                         node->n_input ? excerpt_of(onnx_text(node->input[0])).text : "");
    if (onnx_is_fused(node)) return onnx_add_fused(l->graph, node, e);
    if (onnx_is_recurrent(node)) return onnx_add_recurrent(l->graph, node, e);
    bool ok = onnx_node_check(l->roles, node, e) && (constant ? add_tensor(l, onnx_text(node->output[0]), constant, e)
                                                              : onnx_attributes_read(node, &attributes, e));
    if (!ok) error_prefix(e, "%s", onnx_node_text(node, text, sizeof text));
    else if (!constant) ok = add_converted(l, node, &attributes, e);
    onnx_attributes_finish(&attributes);
    return ok;
}

/* ---- The model ---- */

/* The newest whose operators are known. */
#define NEWEST_OPSET 23

static bool check_opset(int64_t opset, struct error *e) {
    return opset <= NEWEST_OPSET ||
           error_set(e,
                     "operator set %lld: sets 1 to %d are known: export with opset_version=%d, or convert the model "
                     "(onnx.version_converter.convert_version)",
                     (long long)opset, NEWEST_OPSET, NEWEST_OPSET);
}

static int64_t model_opset(const Onnx__ModelProto *model) {
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = onnx_text(model->opset_import[i]->domain);
        if (!*domain || strcmp(domain, "ai.onnx") == 0) return model->opset_import[i]->version;
    }
    return 1; /* before IR version 3 */
}

static bool fill(struct loader *l, struct error *e) {
    l->precisions = 0;
    if (!graph_create(&l->graph, e) || !add_input(l, e) || !add_initialisers(l, e)) return false;
    l->graph->keep_head = l->options->keep_head;
    for (size_t i = 0; i < l->proto->n_node; i++)
        if (l->needed[i] && !add_node(l, l->proto->node[i], e)) return onnx_refuse(l->proto, l->needed, i, e);
    return true;
}

/* The name of the output, or of what the options make of it. */
static bool add_output(struct loader *l, const char **out, struct error *e) {
    static const char reduced[] = "assay.reduced", axes[] = "assay.reduced.axes", picked[] = "assay.picked";
    static const char *const limits[] = {"assay.picked.start", "assay.picked.end", "assay.picked.axis"};
    const struct onnx_options *o = l->options;
    const struct shape one = {1, {1}};
    const struct attribute drop = {.name = "keepdims", .kind = ATTRIBUTE_INT, .integer = 0};
    int64_t behind[SHAPE_MAX_RANK];
    *out = l->output;
    if (o->reduce) {
        size_t rank = onnx_output_rank(l->proto, l->output), count = 0;
        if (rank < 3 || rank > SHAPE_MAX_RANK)
            return error_set(e, "output '%s' has %zu dimensions: nothing to reduce, wanted batch x k x positions",
                             l->output, rank);
        for (size_t i = 2; i < rank; i++) behind[count++] = (int64_t)i;
        if (!graph_add_ints(l->graph, axes, &(struct shape){1, {count}}, behind, e) ||
            !graph_add_node(l->graph, o->reduce == ONNX_REDUCE_SUM ? "ReduceSum" : "ReduceMean", reduced,
                            (const char *[]){*out, axes}, 2, (const char *[]){reduced}, 1, &drop, 1, e))
            return false;
        *out = reduced;
    }
    if (!o->pick) return true;
    const int64_t bounds[] = {o->index, (int64_t)o->index + 1, 1};
    for (size_t i = 0; i < 3; i++)
        if (!graph_add_ints(l->graph, limits[i], &one, &bounds[i], e)) return false;
    const char *inputs[] = {*out, limits[0], limits[1], limits[2]};
    *out = picked;
    return graph_add_node(l->graph, "Slice", picked, inputs, 4, out, 1, NULL, 0, e);
}

static bool finish(struct loader *l, struct error *e) {
    const char *output;
    if (!add_output(l, &output, e)) return false;
    if (!graph_finish(l->graph, output, e)) return onnx_refuse_late(l->graph, e);
    return onnx_shapes_check(l->graph, l->proto, l->opset, e);
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
    if (!roles_create(l->proto, &l->roles, e) || !fill(l, e)) return false;
    struct error why;
    if (finish(l, &why)) return true;
    bool may_be_single = l->graph->input != GRAPH_NONE && l->graph->file_batch <= 1;
    return may_be_single ? build_single(l, e) : error_set(e, "%s", why.text);
}

static bool warn_precision(const struct loader *l, struct error *e) {
    static const struct {
        int32_t type;
        const char *text;
    } rows[] = {{ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16, "half precision (FLOAT16)"},
                {ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16, "brain precision (BFLOAT16)"},
                {ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE, "double precision (DOUBLE)"}};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof rows / sizeof *rows; i++)
        if (l->precisions >> rows[i].type & 1)
            ok = graph_warn(l->graph, e, "its numbers of %s are computed with as float32", rows[i].text);
    return ok;
}

static bool build_chosen(struct loader *l, struct error *e) {
    bool ok = onnx_needed_nodes(l->proto, l->output, &l->needed, e) && build(l, e) && warn_precision(l, e);
    roles_destroy(l->roles);
    free(l->needed);
    if (!ok) graph_destroy(l->graph);
    return ok;
}

/* ---- Branches ---- */

/* The initialisers that needed nodes read, and that of the value itself: no other weights are copied. */
static bool needed_tensors(struct loader *l, Onnx__GraphProto *graph) {
    struct name_table read = {0};
    size_t count = 0;
    bool ok = name_table_at(&read, l->output);
    Onnx__TensorProto **tensors = calloc(graph->n_initializer + 1, sizeof *tensors);
    for (size_t i = 0; ok && i < graph->n_node; i++)
        for (size_t k = 0; ok && l->needed[i] && k < graph->node[i]->n_input; k++)
            ok = name_table_at(&read, onnx_text(graph->node[i]->input[k]));
    for (size_t i = 0; ok && tensors && i < graph->n_initializer; i++)
        if (name_table_find(&read, onnx_text(graph->initializer[i]->name))) tensors[count++] = graph->initializer[i];
    name_table_finish(&read);
    graph->initializer = tensors;
    graph->n_initializer = count;
    return ok && tensors;
}

/* An onnx_asker: folds what the value depends on, with a batch of one where the file allows it. */
static bool ask_truth(const struct onnx_asker *asker, const Onnx__GraphProto *graph, const char *name, bool *known,
                      bool *truth, struct error *e) {
    const struct loader *of = asker->user;
    Onnx__GraphProto part = *graph;
    struct onnx_options options = *of->options;
    struct loader l = {.proto = &part, .options = &options, .opset = of->opset, .output = name};
    struct error ignored;
    options.open = NULL;
    if (!onnx_needed_nodes(graph, name, &l.needed, e)) return false;
    bool ok = needed_tensors(&l, &part) || error_memory(e);
    if (ok && roles_create(&part, &l.roles, &ignored) && fill(&l, &ignored)) {
        l.graph->single = l.graph->file_batch <= 1;
        (void)graph_finish(l.graph, name, &ignored); /* false: what is known needs no input */
        const uint32_t output = l.graph->file_output;
        const struct value *v = output == GRAPH_NONE ? NULL : &l.graph->values[output];
        *known = v && v->ints && !v->batched && shape_count(&v->shape) == 1;
        *truth = *known && v->ints[0] != 0;
    }
    graph_destroy(l.graph);
    roles_destroy(l.roles);
    free(l.needed);
    free(part.initializer);
    return ok;
}

/* Like build_chosen, with the branches that are taken in place of every If. */
static bool build_inlined(struct loader *l, struct error *e) {
    const struct onnx_asker asker = {ask_truth, l};
    struct onnx_inlined inlined = {.owned = NULL};
    bool any = false;
    for (size_t i = 0; !any && i < l->proto->n_node; i++) any = onnx_is_branch(l->proto->node[i]);
    if (!any) return build_chosen(l, e);
    bool ok = onnx_inline(l->proto, l->output, &asker, &inlined, e);
    l->proto = &inlined.graph;
    ok = ok && build_chosen(l, e);
    onnx_inlined_finish(&inlined);
    return ok;
}

bool onnx_build(const Onnx__ModelProto *model, struct graph **out, struct error *e) {
    static const struct onnx_options none = {.output = NULL};
    struct loader loader = {.proto = model->graph, .options = &none, .opset = model_opset(model)};
    if (!loader.proto) return error_set(e, "no ONNX model: it holds no graph");
    if (loader.proto->n_output == 0) return error_set(e, "it has no output: wanted one");
    loader.output = onnx_text(loader.proto->output[0]->name);
    if (!build_inlined(&loader, e)) return false;
    *out = loader.graph;
    return true;
}

bool onnx_build_with(const Onnx__ModelProto *model, const struct onnx_options *options, struct graph **out,
                     struct error *e) {
    struct loader loader = {.proto = model->graph, .options = options, .opset = model_opset(model)};
    if (!loader.proto) return error_set(e, "no ONNX model: it holds no graph");
    if (!check_opset(loader.opset, e)) return false;
    if (!onnx_choose_output(loader.proto, options->output, &loader.output, e) || !build_inlined(&loader, e))
        return false;
    if (!onnx_check_output(loader.graph, loader.output, e) ||
        !onnx_tell_output(model->graph, options, loader.output, loader.graph, e)) {
        graph_destroy(loader.graph);
        return false;
    }
    *out = loader.graph;
    return true;
}
