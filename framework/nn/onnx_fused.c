/* onnx_fused.c: nodes of other domains and of newer operator sets, as nodes of set 20. What they compute is in
 * onnxruntime's docs/ContribOperators.md and in ONNX's docs/Operators-ml.md. */
#include "nn/onnx_fused.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* A node under translation. `stem` names what is made on the way: that of its result. */
struct fused {
    struct graph *graph;
    const Onnx__NodeProto *node;
    const char *stem;
    struct error *e;
};

#define MOST_MADE 12

/* ---- What is asked of the node ---- */

static const char *input(const struct fused *f, size_t i) {
    return i < f->node->n_input ? onnx_text(f->node->input[i]) : "";
}

static int64_t integer(const struct fused *f, const char *name, int64_t fallback) {
    const Onnx__AttributeProto *a = onnx_find_attribute(f->node, name);
    return a ? a->i : fallback;
}

static float number(const struct fused *f, const char *name, float fallback) {
    const Onnx__AttributeProto *a = onnx_find_attribute(f->node, name);
    return a ? a->f : fallback;
}

static bool text_is(const struct fused *f, const char *name, const char *wanted, bool fallback) {
    const Onnx__AttributeProto *a = onnx_find_attribute(f->node, name);
    if (!a) return fallback;
    return a->s.len == strlen(wanted) && memcmp(a->s.data, wanted, a->s.len) == 0;
}

/* ---- What is made of it ---- */

/* One node more: `out` NULL is the node's result, any other a name behind the stem, as are inputs that begin with ".".
 * Up to three inputs, NULL behind the last. */
static bool make(const struct fused *f, const char *op, const char *out, const char *const *inputs,
                 const struct attribute *attributes, size_t attribute_count) {
    char *names[4] = {NULL};
    const char *list[3];
    size_t count = 0;
    bool ok = true;
    names[3] = text_format("%s%s", f->stem, out ? out : "");
    for (; count < 3 && inputs[count]; count++) {
        list[count] = inputs[count];
        if (inputs[count][0] != '.') continue;
        names[count] = text_format("%s%s", f->stem, inputs[count]);
        list[count] = names[count];
        ok = ok && names[count];
    }
    const char *result = names[3], *name = out ? result : onnx_text(f->node->name);
    ok = (ok && result) || error_memory(f->e);
    ok = ok && graph_add_node(f->graph, op, name, list, count, &result, 1, attributes, attribute_count, f->e);
    for (size_t i = 0; i < 4; i++) free(names[i]);
    return ok;
}
#define MAKE(f, op, out, ...) make(f, op, out, (const char *const[4]){__VA_ARGS__}, NULL, 0)
#define MAKE_WITH(f, op, out, attributes, ...)                                                                         \
    make(f, op, out, (const char *const[4]){__VA_ARGS__}, attributes, sizeof(attributes) / sizeof *(attributes))

static bool add_floats(const struct fused *f, const char *suffix, const struct shape *shape, const float *data,
                       bool parameter) {
    char *name = text_format("%s%s", f->stem, suffix);
    bool ok = name || error_memory(f->e);
    ok = ok && (parameter ? graph_add_parameter : graph_add_floats)(f->graph, name, shape, data, f->e);
    free(name);
    return ok;
}

static bool add_number(const struct fused *f, const char *suffix, float value) {
    return add_floats(f, suffix, &(struct shape){0}, &value, false);
}

static const struct attribute along_last[] = {{.name = "axis", .kind = ATTRIBUTE_INT, .integer = -1}};

/* ---- ai.onnx.ml ---- */

/* The numbers of an attribute: as many as there are features, or one for all. */
static bool add_list(const struct fused *f, const char *attribute, const char *suffix) {
    const Onnx__AttributeProto *a = onnx_find_attribute(f->node, attribute);
    if (!a || a->n_floats == 0) return error_set(f->e, "attribute '%s' is missing", attribute);
    return add_floats(f, suffix, &(struct shape){1, {a->n_floats}}, a->floats, false);
}

static bool scaler(const struct fused *f) {
    return add_list(f, "offset", ".offset") && add_list(f, "scale", ".scale") &&
           MAKE(f, "Sub", ".centred", input(f, 0), ".offset") && MAKE(f, "Mul", NULL, ".centred", ".scale");
}

/* [-1]: the last axis, or a shape of one dimension. */
static bool add_minus_one(const struct fused *f, const char *suffix) {
    const int64_t last = -1;
    char *name = text_format("%s%s", f->stem, suffix);
    bool ok = name || error_memory(f->e);
    ok = ok && graph_add_ints(f->graph, name, &(struct shape){1, {1}}, &last, f->e);
    free(name);
    return ok;
}

static bool normalizer(const struct fused *f) {
    bool ok = add_minus_one(f, ".axes");
    bool most = text_is(f, "norm", "MAX", true), squares = text_is(f, "norm", "L2", false);
    if (ok && most) ok = MAKE(f, "Abs", ".size", input(f, 0)) && MAKE(f, "ReduceMax", ".norm", ".size", ".axes");
    else if (ok) ok = MAKE(f, squares ? "ReduceL2" : "ReduceL1", ".norm", input(f, 0), ".axes");
    return ok && MAKE(f, "Div", NULL, input(f, 0), ".norm");
}

/* `rows` x features coefficients, and the intercepts. */
static bool add_linear(const struct fused *f, size_t rows, const char *out) {
    static const struct attribute transposed[] = {{.name = "transB", .kind = ATTRIBUTE_INT, .integer = 1}};
    const Onnx__AttributeProto *w = onnx_find_attribute(f->node, "coefficients");
    const Onnx__AttributeProto *b = onnx_find_attribute(f->node, "intercepts");
    if (!w || rows == 0 || w->n_floats == 0 || w->n_floats % rows)
        return error_set(f->e, "its coefficients are no matrix of %zu rows", rows);
    if (b && b->n_floats && b->n_floats != rows)
        return error_set(f->e, "%zu intercepts: wanted %zu", b->n_floats, rows);
    const struct shape matrix = {2, {rows, w->n_floats / rows}}, vector = {1, {rows}};
    bool shifted = b && b->n_floats;
    return add_floats(f, ".weight", &matrix, w->floats, true) &&
           (!shifted || add_floats(f, ".bias", &vector, b->floats, true)) &&
           MAKE_WITH(f, "Gemm", out, transposed, input(f, 0), ".weight", shifted ? ".bias" : NULL);
}

static bool linear_regressor(const struct fused *f) {
    if (!text_is(f, "post_transform", "NONE", true)) return error_set(f->e, "a post_transform is not supported");
    return add_linear(f, (size_t)integer(f, "targets", 1), NULL);
}

/* Its scores; the label is no concern of ours. */
static bool linear_classifier(const struct fused *f) {
    const Onnx__AttributeProto *ints = onnx_find_attribute(f->node, "classlabels_ints");
    const Onnx__AttributeProto *strings = onnx_find_attribute(f->node, "classlabels_strings");
    const Onnx__AttributeProto *b = onnx_find_attribute(f->node, "intercepts");
    size_t classes = ints && ints->n_ints ? ints->n_ints : strings ? strings->n_strings : 0;
    bool none = text_is(f, "post_transform", "NONE", true), softmax = text_is(f, "post_transform", "SOFTMAX", false);
    if (!none && !softmax && !text_is(f, "post_transform", "LOGISTIC", false))
        return error_set(f->e, "attribute 'post_transform': wanted NONE, SOFTMAX or LOGISTIC");
    if (b && b->n_floats == 1 && classes == 2)
        return error_set(f->e, "one row of coefficients for two classes: wanted one for each");
    if (!add_linear(f, classes, none ? NULL : ".logits")) return false;
    if (softmax) return MAKE_WITH(f, "Softmax", NULL, along_last, ".logits");
    return none || MAKE(f, "Sigmoid", NULL, ".logits");
}

static bool zipmap(const struct fused *f) {
    return MAKE(f, "Identity", NULL, input(f, 0));
}

/* One column, too, keeps its dimension, also where the index has none. */
static bool array_feature_extractor(const struct fused *f) {
    return add_minus_one(f, ".list") && MAKE(f, "Reshape", ".columns", input(f, 1), ".list") &&
           MAKE_WITH(f, "Gather", NULL, along_last, input(f, 0), ".columns");
}

/* ---- com.microsoft ---- */

static const struct attribute by_tanh[] = {{.name = "approximate", .kind = ATTRIBUTE_TEXT, .text = "tanh"}};

static bool gelu(const struct fused *f) {
    return MAKE(f, "Gelu", NULL, input(f, 0));
}

static bool bias_gelu(const struct fused *f) {
    return MAKE(f, "Add", ".sum", input(f, 0), input(f, 1)) && MAKE(f, "Gelu", NULL, ".sum");
}

static bool fast_gelu(const struct fused *f) {
    bool bias = *input(f, 1) != '\0';
    return (!bias || MAKE(f, "Add", ".sum", input(f, 0), input(f, 1))) &&
           MAKE_WITH(f, "Gelu", NULL, by_tanh, bias ? ".sum" : input(f, 0));
}

static bool quick_gelu(const struct fused *f) {
    return add_number(f, ".alpha", number(f, "alpha", 1.702f)) && MAKE(f, "Mul", ".scaled", input(f, 0), ".alpha") &&
           MAKE(f, "Sigmoid", ".gate", ".scaled") && MAKE(f, "Mul", NULL, input(f, 0), ".gate");
}

/* Zhang & Sennrich 2019, arXiv:1910.07467. Input `x`, the scale is input 1 of the node (SimplifiedLayerNormalization,
 * RMSNormalization) or input 2 of a Skip... */
static bool rms_norm(const struct fused *f, const char *x, const char *scale) {
    const int64_t axis = integer(f, "axis", -1);
    char *axes = text_format("%s.axes", f->stem);
    bool ok = axes || error_memory(f->e);
    if (axis != -1) ok = error_set(f->e, "attribute 'axis' is %lld: wanted -1", (long long)axis);
    ok = ok && graph_add_ints(f->graph, axes, &(struct shape){1, {1}}, &axis, f->e);
    free(axes);
    return ok && add_number(f, ".epsilon", number(f, "epsilon", 1e-5f)) && MAKE(f, "Mul", ".square", x, x) &&
           MAKE(f, "ReduceMean", ".mean", ".square", ".axes") && MAKE(f, "Add", ".shifted", ".mean", ".epsilon") &&
           MAKE(f, "Sqrt", ".root", ".shifted") && MAKE(f, "Div", ".normalised", x, ".root") &&
           MAKE(f, "Mul", NULL, ".normalised", scale);
}

static bool simplified_layer_norm(const struct fused *f) {
    return rms_norm(f, input(f, 0), input(f, 1));
}

/* Input, skip, gamma, beta, bias. */
static bool skip_sum(const struct fused *f, size_t bias) {
    bool more = *input(f, bias) != '\0';
    return MAKE(f, "Add", more ? ".skip" : ".sum", input(f, 0), input(f, 1)) &&
           (!more || MAKE(f, "Add", ".sum", ".skip", input(f, bias)));
}

static bool skip_layer_norm(const struct fused *f) {
    const struct attribute rows[] = {
        {.name = "axis", .kind = ATTRIBUTE_INT, .integer = -1},
        {.name = "epsilon", .kind = ATTRIBUTE_FLOAT, .number = number(f, "epsilon", 1e-12f)}};
    const char *beta = *input(f, 3) ? input(f, 3) : NULL;
    return skip_sum(f, 4) && MAKE_WITH(f, "LayerNormalization", NULL, rows, ".sum", input(f, 2), beta);
}

static bool skip_simplified_layer_norm(const struct fused *f) {
    return skip_sum(f, 3) && rms_norm(f, ".sum", input(f, 2));
}

/* Transposes of the last two dimensions, where the rank is not known yet. */
static bool fused_matmul(const struct fused *f) {
    static const struct attribute swapped_left[] = {
        {.name = "equation", .kind = ATTRIBUTE_TEXT, .text = "...ji,...jk->...ik"}};
    static const struct attribute swapped_right[] = {
        {.name = "equation", .kind = ATTRIBUTE_TEXT, .text = "...ij,...kj->...ik"}};
    static const struct attribute swapped_both[] = {
        {.name = "equation", .kind = ATTRIBUTE_TEXT, .text = "...ji,...kj->...ik"}};
    bool a = integer(f, "transA", 0) != 0, b = integer(f, "transB", 0) != 0;
    float alpha = number(f, "alpha", 1);
    bool scaled = alpha < 1 || alpha > 1;
    const char *out = scaled ? ".product" : NULL, *x = input(f, 0), *y = input(f, 1);
    if (integer(f, "transBatchA", 0) || integer(f, "transBatchB", 0))
        return error_set(f->e, "a transposed batch is not supported");
    bool ok = a && b ? MAKE_WITH(f, "Einsum", out, swapped_both, x, y)
              : a    ? MAKE_WITH(f, "Einsum", out, swapped_left, x, y)
              : b    ? MAKE_WITH(f, "Einsum", out, swapped_right, x, y)
                     : MAKE(f, "MatMul", out, x, y);
    return ok && (!scaled || (add_number(f, ".alpha", alpha) && MAKE(f, "Mul", NULL, ".product", ".alpha")));
}

/* The activation behind a FusedConv or FusedGemm. */
static bool activate(const struct fused *f) {
    static const char *const plain[] = {"Relu", "Sigmoid", "Tanh"};
    const Onnx__AttributeProto *p = onnx_find_attribute(f->node, "activation_params");
    float first = p && p->n_floats ? p->floats[0] : number(f, "leaky_relu_alpha", .01f);
    const struct attribute slope[] = {{.name = "alpha", .kind = ATTRIBUTE_FLOAT, .number = first}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (text_is(f, "activation", plain[i], false)) return MAKE(f, plain[i], NULL, ".linear");
    if (text_is(f, "activation", "LeakyRelu", false)) return MAKE_WITH(f, "LeakyRelu", NULL, slope, ".linear");
    if (text_is(f, "activation", "Clip", false) && p && p->n_floats == 2)
        return add_number(f, ".low", p->floats[0]) && add_number(f, ".high", p->floats[1]) &&
               MAKE(f, "Clip", NULL, ".linear", ".low", ".high");
    return error_set(f->e, "attribute 'activation': wanted Relu, LeakyRelu, Sigmoid, Tanh or Clip");
}

/* The node's attributes but those of the activation. */
static size_t kept_attributes(const struct fused *f, struct attribute *out, char **text, size_t most) {
    size_t count = 0;
    *text = NULL;
    for (size_t i = 0; i < f->node->n_attribute && count < most; i++) {
        const Onnx__AttributeProto *a = f->node->attribute[i];
        const char *name = onnx_text(a->name);
        if (strncmp(name, "activation", 10) == 0 || strcmp(name, "leaky_relu_alpha") == 0) continue;
        struct attribute row = {.name = name, .kind = ATTRIBUTE_INT, .integer = a->i};
        if (a->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS)
            row = (struct attribute){.name = name, .kind = ATTRIBUTE_INTS, .ints = a->ints, .count = a->n_ints};
        if (a->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT)
            row = (struct attribute){.name = name, .kind = ATTRIBUTE_FLOAT, .number = a->f};
        if (a->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING) { /* auto_pad */
            free(*text);
            *text = text_format("%.*s", (int)(a->s.len < 64 ? a->s.len : 64), (const char *)a->s.data);
            row = (struct attribute){.name = name, .kind = ATTRIBUTE_TEXT, .text = *text};
        }
        out[count++] = row;
    }
    return count;
}

/* FusedConv: X, W, B, Z, which is added before the activation. */
static bool with_activation(const struct fused *f, const char *op, bool adds) {
    struct attribute rows[MOST_MADE];
    char *text;
    size_t count = kept_attributes(f, rows, &text, MOST_MADE);
    const char *inputs[] = {input(f, 0), input(f, 1), *input(f, 2) ? input(f, 2) : NULL, NULL};
    bool ok = make(f, op, adds ? ".product" : ".linear", inputs, rows, count);
    free(text);
    return ok && (!adds || MAKE(f, "Add", ".linear", ".product", input(f, 3))) && activate(f);
}

static bool fused_conv(const struct fused *f) {
    return with_activation(f, "Conv", *input(f, 3) != '\0');
}

static bool fused_gemm(const struct fused *f) {
    return with_activation(f, "Gemm", false);
}

/* ---- The table ---- */

#define ML "ai.onnx.ml"
#define MICROSOFT "com.microsoft"

static const struct row {
    const char *domain, *op; /* a domain of NULL: any */
    size_t least, output;    /* inputs at least; the output that is computed */
    bool (*add)(const struct fused *);
} rows[] = {
    {ML, "Scaler", 1, 0, scaler},
    {ML, "Normalizer", 1, 0, normalizer},
    {ML, "LinearRegressor", 1, 0, linear_regressor},
    {ML, "LinearClassifier", 1, 1, linear_classifier},
    {ML, "ZipMap", 1, 0, zipmap},
    {ML, "ArrayFeatureExtractor", 2, 0, array_feature_extractor},
    {MICROSOFT, "Gelu", 1, 0, gelu},
    {MICROSOFT, "BiasGelu", 2, 0, bias_gelu},
    {MICROSOFT, "FastGelu", 1, 0, fast_gelu},
    {MICROSOFT, "QuickGelu", 1, 0, quick_gelu},
    {MICROSOFT, "SkipLayerNormalization", 3, 0, skip_layer_norm},
    {MICROSOFT, "SkipSimplifiedLayerNormalization", 3, 0, skip_simplified_layer_norm},
    {NULL, "SimplifiedLayerNormalization", 2, 0, simplified_layer_norm},
    {NULL, "RMSNormalization", 2, 0, simplified_layer_norm},
    {MICROSOFT, "FusedMatMul", 2, 0, fused_matmul},
    {MICROSOFT, "FusedConv", 2, 0, fused_conv},
    {MICROSOFT, "FusedGemm", 2, 0, fused_gemm},
};

static const struct row *row_of(const Onnx__NodeProto *node) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].op, onnx_text(node->op_type)) == 0 &&
            (!rows[i].domain || strcmp(rows[i].domain, onnx_text(node->domain)) == 0))
            return &rows[i];
    return NULL;
}

bool onnx_is_fused(const Onnx__NodeProto *node) {
    return row_of(node) != NULL;
}

bool onnx_add_fused(struct graph *graph, const Onnx__NodeProto *node, struct error *e) {
    const struct row *row = row_of(node);
    struct fused f = {graph, node, row->output < node->n_output ? onnx_text(node->output[row->output]) : "", e};
    char text[200];
    bool ok = *f.stem ? true : error_set(e, "its output %zu is missing", row->output);
    for (size_t i = 0; ok && i < row->least; i++)
        if (!*input(&f, i)) ok = error_set(e, "input %zu is absent: it is not optional", i);
    ok = ok && row->add(&f);
    bool named = !ok && e && strncmp(e->text, "node ", 5) == 0; /* by the graph */
    if (!ok && !named) error_prefix(e, "%s", onnx_node_text(node, text, sizeof text));
    return ok;
}
