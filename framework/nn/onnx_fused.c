/* onnx_fused.c: nodes of other domains and of newer operator sets, as nodes of set 20. What they compute is in
 * onnxruntime's docs/ContribOperators.md and in ONNX's docs/Operators-ml.md. */
#include "nn/onnx_fused.h"
#include "nn/onnx_fused_make.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MOST_MADE 12 /* attributes */

static const struct attribute along_last[] = {{.name = "axis", .kind = ATTRIBUTE_INT, .integer = -1}};

/* ---- ai.onnx.ml ---- */

/* The numbers of an attribute: as many as there are features, or one for all. */
static bool add_list(const struct fused *f, const char *attribute, const char *suffix) {
    const Onnx__AttributeProto *a = onnx_find_attribute(f->node, attribute);
    if (!a || a->n_floats == 0) return error_set(f->e, "attribute '%s' is missing", attribute);
    return fused_add_floats(f, suffix, &(struct shape){1, {a->n_floats}}, a->floats, false);
}

static bool scaler(const struct fused *f) {
    return add_list(f, "offset", ".offset") && add_list(f, "scale", ".scale") &&
           MAKE(f, "Sub", ".centred", fused_input(f, 0), ".offset") && MAKE(f, "Mul", NULL, ".centred", ".scale");
}

static bool normalizer(const struct fused *f) {
    bool ok = fused_add_one(f, ".axes", -1);
    bool most = fused_text_is(f, "norm", "MAX", true), squares = fused_text_is(f, "norm", "L2", false);
    if (ok && most) ok = MAKE(f, "Abs", ".size", fused_input(f, 0)) && MAKE(f, "ReduceMax", ".norm", ".size", ".axes");
    else if (ok) ok = MAKE(f, squares ? "ReduceL2" : "ReduceL1", ".norm", fused_input(f, 0), ".axes");
    return ok && MAKE(f, "Div", NULL, fused_input(f, 0), ".norm");
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
    return fused_add_floats(f, ".weight", &matrix, w->floats, true) &&
           (!shifted || fused_add_floats(f, ".bias", &vector, b->floats, true)) &&
           MAKE_WITH(f, "Gemm", out, transposed, fused_input(f, 0), ".weight", shifted ? ".bias" : NULL);
}

static bool linear_regressor(const struct fused *f) {
    if (!fused_text_is(f, "post_transform", "NONE", true)) return error_set(f->e, "a post_transform is not supported");
    return add_linear(f, (size_t)fused_integer(f, "targets", 1), NULL);
}

/* Its scores; the label is no concern of ours. */
static bool linear_classifier(const struct fused *f) {
    const Onnx__AttributeProto *ints = onnx_find_attribute(f->node, "classlabels_ints");
    const Onnx__AttributeProto *strings = onnx_find_attribute(f->node, "classlabels_strings");
    const Onnx__AttributeProto *b = onnx_find_attribute(f->node, "intercepts");
    size_t classes = ints && ints->n_ints ? ints->n_ints : strings ? strings->n_strings : 0;
    bool none = fused_text_is(f, "post_transform", "NONE", true),
         softmax = fused_text_is(f, "post_transform", "SOFTMAX", false);
    if (!none && !softmax && !fused_text_is(f, "post_transform", "LOGISTIC", false))
        return error_set(f->e, "attribute 'post_transform': wanted NONE, SOFTMAX or LOGISTIC");
    if (b && b->n_floats == 1 && classes == 2)
        return error_set(f->e, "one row of coefficients for two classes: wanted one for each");
    if (!add_linear(f, classes, none ? NULL : ".logits")) return false;
    if (softmax) return MAKE_WITH(f, "Softmax", NULL, along_last, ".logits");
    return none || MAKE(f, "Sigmoid", NULL, ".logits");
}

static bool zipmap(const struct fused *f) {
    return MAKE(f, "Identity", NULL, fused_input(f, 0));
}

/* One column, too, keeps its dimension, also where the index has none. */
static bool array_feature_extractor(const struct fused *f) {
    return fused_add_one(f, ".list", -1) && MAKE(f, "Reshape", ".columns", fused_input(f, 1), ".list") &&
           MAKE_WITH(f, "Gather", NULL, along_last, fused_input(f, 0), ".columns");
}

/* ---- com.microsoft ---- */

static const struct attribute by_tanh[] = {{.name = "approximate", .kind = ATTRIBUTE_TEXT, .text = "tanh"}};

static bool gelu(const struct fused *f) {
    return MAKE(f, "Gelu", NULL, fused_input(f, 0));
}

static bool bias_gelu(const struct fused *f) {
    return MAKE(f, "Add", ".sum", fused_input(f, 0), fused_input(f, 1)) && MAKE(f, "Gelu", NULL, ".sum");
}

static bool fast_gelu(const struct fused *f) {
    bool bias = *fused_input(f, 1) != '\0';
    return (!bias || MAKE(f, "Add", ".sum", fused_input(f, 0), fused_input(f, 1))) &&
           MAKE_WITH(f, "Gelu", NULL, by_tanh, bias ? ".sum" : fused_input(f, 0));
}

static bool quick_gelu(const struct fused *f) {
    return fused_add_number(f, ".alpha", fused_number(f, "alpha", 1.702f)) &&
           MAKE(f, "Mul", ".scaled", fused_input(f, 0), ".alpha") && MAKE(f, "Sigmoid", ".gate", ".scaled") &&
           MAKE(f, "Mul", NULL, fused_input(f, 0), ".gate");
}

/* .axes: those from `axis` on, of any number of dimensions. */
static bool last_axes(const struct fused *f, const char *x, int64_t axis) {
    bool ok = MAKE(f, "Shape", ".dimensions", x) && MAKE(f, "Size", ".rank", ".dimensions") &&
              fused_add_index(f, axis < 0 ? ".below" : ".from", axis) && fused_add_index(f, ".step", 1);
    if (axis < 0) ok = ok && MAKE(f, "Add", ".from", ".rank", ".below");
    return ok && MAKE(f, "Range", ".axes", ".from", ".rank", ".step");
}

/* Zhang & Sennrich 2019, arXiv:1910.07467. Input `x`, the scale is input 1 of the node (SimplifiedLayerNormalization,
 * RMSNormalization) or input 2 of a Skip... */
static bool rms_norm(const struct fused *f, const char *x, const char *scale) {
    bool ok = last_axes(f, x, fused_integer(f, "axis", -1));
    return ok && fused_add_number(f, ".epsilon", fused_number(f, "epsilon", 1e-5f)) &&
           MAKE(f, "Mul", ".square", x, x) && MAKE(f, "ReduceMean", ".mean", ".square", ".axes") &&
           MAKE(f, "Add", ".shifted", ".mean", ".epsilon") && MAKE(f, "Sqrt", ".root", ".shifted") &&
           MAKE(f, "Div", ".normalised", x, ".root") && MAKE(f, "Mul", NULL, ".normalised", scale);
}

static bool simplified_layer_norm(const struct fused *f) {
    return rms_norm(f, fused_input(f, 0), fused_input(f, 1));
}

/* Input, skip, gamma, beta, bias. */
static bool skip_sum(const struct fused *f, size_t bias) {
    bool more = *fused_input(f, bias) != '\0';
    return MAKE(f, "Add", more ? ".skip" : ".sum", fused_input(f, 0), fused_input(f, 1)) &&
           (!more || MAKE(f, "Add", ".sum", ".skip", fused_input(f, bias)));
}

static bool skip_layer_norm(const struct fused *f) {
    const struct attribute rows[] = {
        {.name = "axis", .kind = ATTRIBUTE_INT, .integer = -1},
        {.name = "epsilon", .kind = ATTRIBUTE_FLOAT, .number = fused_number(f, "epsilon", 1e-12f)}};
    const char *beta = *fused_input(f, 3) ? fused_input(f, 3) : NULL;
    return skip_sum(f, 4) && MAKE_WITH(f, "LayerNormalization", NULL, rows, ".sum", fused_input(f, 2), beta);
}

static bool skip_simplified_layer_norm(const struct fused *f) {
    return skip_sum(f, 3) && rms_norm(f, ".sum", fused_input(f, 2));
}

/* Transposes of the last two dimensions, where the rank is not known yet. */
static bool fused_matmul(const struct fused *f) {
    static const struct attribute swapped_left[] = {
        {.name = "equation", .kind = ATTRIBUTE_TEXT, .text = "...ji,...jk->...ik"}};
    static const struct attribute swapped_right[] = {
        {.name = "equation", .kind = ATTRIBUTE_TEXT, .text = "...ij,...kj->...ik"}};
    static const struct attribute swapped_both[] = {
        {.name = "equation", .kind = ATTRIBUTE_TEXT, .text = "...ji,...kj->...ik"}};
    bool a = fused_integer(f, "transA", 0) != 0, b = fused_integer(f, "transB", 0) != 0;
    float alpha = fused_number(f, "alpha", 1);
    bool scaled = alpha < 1 || alpha > 1;
    const char *out = scaled ? ".product" : NULL, *x = fused_input(f, 0), *y = fused_input(f, 1);
    if (fused_integer(f, "transBatchA", 0) || fused_integer(f, "transBatchB", 0))
        return error_set(f->e, "a transposed batch is not supported");
    bool ok = a && b ? MAKE_WITH(f, "Einsum", out, swapped_both, x, y)
              : a    ? MAKE_WITH(f, "Einsum", out, swapped_left, x, y)
              : b    ? MAKE_WITH(f, "Einsum", out, swapped_right, x, y)
                     : MAKE(f, "MatMul", out, x, y);
    return ok && (!scaled || (fused_add_number(f, ".alpha", alpha) && MAKE(f, "Mul", NULL, ".product", ".alpha")));
}

/* The activation behind a FusedConv or FusedGemm. */
static bool activate(const struct fused *f) {
    static const char *const plain[] = {"Relu", "Sigmoid", "Tanh"};
    const Onnx__AttributeProto *p = onnx_find_attribute(f->node, "activation_params");
    float first = p && p->n_floats ? p->floats[0] : fused_number(f, "leaky_relu_alpha", .01f);
    const struct attribute slope[] = {{.name = "alpha", .kind = ATTRIBUTE_FLOAT, .number = first}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (fused_text_is(f, "activation", plain[i], false)) return MAKE(f, plain[i], NULL, ".linear");
    if (fused_text_is(f, "activation", "LeakyRelu", false)) return MAKE_WITH(f, "LeakyRelu", NULL, slope, ".linear");
    if (fused_text_is(f, "activation", "Clip", false) && p && p->n_floats == 2)
        return fused_add_number(f, ".low", p->floats[0]) && fused_add_number(f, ".high", p->floats[1]) &&
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
    const char *inputs[FUSED_INPUTS + 1] = {fused_input(f, 0), fused_input(f, 1),
                                            *fused_input(f, 2) ? fused_input(f, 2) : NULL};
    bool ok = fused_make(f, op, adds ? ".product" : ".linear", inputs, rows, count);
    free(text);
    return ok && (!adds || MAKE(f, "Add", ".linear", ".product", fused_input(f, 3))) && activate(f);
}

static bool fused_conv(const struct fused *f) {
    return with_activation(f, "Conv", *fused_input(f, 3) != '\0');
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
    {MICROSOFT, "Attention", 2, 0, fused_attention},
    {MICROSOFT, "MultiHeadAttention", 3, 0, fused_multi_head_attention},
    {"", "Attention", 3, 0, fused_attention_23},
    {"ai.onnx", "Attention", 3, 0, fused_attention_23},
    {MICROSOFT, "RotaryEmbedding", 4, 0, fused_rotary_microsoft},
    {"", "RotaryEmbedding", 3, 0, fused_rotary_23},
    {"ai.onnx", "RotaryEmbedding", 3, 0, fused_rotary_23},
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
        if (!*fused_input(&f, i)) ok = error_set(e, "input %zu is absent: it is not optional", i);
    ok = ok && row->add(&f);
    bool named = !ok && e && strncmp(e->text, "node ", 5) == 0; /* by the graph */
    if (!ok && !named) error_prefix(e, "%s", onnx_node_text(node, text, sizeof text));
    return ok;
}
