/* onnx_refuse.c: what is said of files that are not taken: where it stopped, and what would help. */
#define _POSIX_C_SOURCE 200809L
#include "nn/onnx_refuse.h"

#include "base/file.h"
#include "base/text.h"
#include "nn/graph_build.h"
#include "nn/onnx_fused.h"
#include "nn/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- Operators ---- */

/* By operator or, ended by *, the beginning of its name; "domain:" alone is every operator of that domain. The first
 * row that fits counts. */
static const struct advice {
    const char *op, *text;
} advices[] = {
    {"QuantizeLinear", "the model is quantised, and rounding has no gradient: take the float32 model it was made from"},
    {"DequantizeLinear",
     "the model is quantised, and rounding has no gradient: take the float32 model it was made from"},
    {"DynamicQuantizeLinear",
     "the model is quantised, and rounding has no gradient: take the float32 model it was made from"},
    {"QLinear*", "the model is quantised, and rounding has no gradient: take the float32 model it was made from"},
    {"QGemm", "the model is quantised, and rounding has no gradient: take the float32 model it was made from"},
    {"MatMulNBits", "the model is quantised, and rounding has no gradient: take the float32 model it was made from"},
    {"MatMulInteger*", "the model is quantised, and rounding has no gradient: take the float32 model it was made from"},
    {"ConvInteger", "the model is quantised, and rounding has no gradient: take the float32 model it was made from"},
    {"TreeEnsemble*", "decision trees are steps: they have no gradient, and no explainer of gradients fits them"},
    {"SVM*", "a kernel machine of ONNX-ML is not supported: export a linear or neural model"},
    {"NonMaxSuppression", "it chooses boxes of a detector: take an output before it (--model-output NAME), or export "
                          "the model without its last steps"},
    {"Loop", "a loop over data is not run: export the model with fixed sizes so that it is unrolled "
             "(torch.onnx.export(..., dynamo=True), or traced instead of scripted), then fold it with onnxsim or "
             "onnxslim"},
    {"Scan", "a loop over data is not run: export the model with fixed sizes so that it is unrolled "
             "(torch.onnx.export(..., dynamo=True), or traced instead of scripted)"},
    {"If", "only a branch whose condition is a constant is taken: fold the model with onnxsim or onnxslim, or trace it "
           "instead of scripting it"},
    {"Sequence*", "lists of tensors are not supported: export with fixed sizes (dynamo=True unrolls them)"},
    {"SplitToSequence", "lists of tensors are not supported: export with fixed sizes (dynamo=True unrolls them)"},
    {"ConcatFromSequence", "lists of tensors are not supported: export with fixed sizes (dynamo=True unrolls them)"},
    {"ATen", "the exporter did not translate it: export with operator_export_type=ONNX and a newer opset_version"},
    {"Random*", "it draws random numbers: export the model for inference (model.eval())"},
    {"Bernoulli", "it draws random numbers: export the model for inference (model.eval())"},
};
#define FUSED                                                                                                          \
    "an optimiser fused it: take the model from before (onnxruntime: without offline optimisation, or its "            \
    "level basic)"
#define OTHER                                                                                                          \
    "folding may remove it (do_constant_folding=True at export, or onnxslim or onnxsim), or PyTorch's other "          \
    "exporter may not need it (dynamo=False, dynamo=True)"

static bool fits(const char *pattern, const char *op) {
    size_t length = strlen(pattern);
    return pattern[length - 1] == '*' ? strncmp(pattern, op, length - 1) == 0 : strcmp(pattern, op) == 0;
}

static const char *advice_of(const Onnx__NodeProto *node) {
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (fits(advices[i].op, onnx_text(node->op_type))) return advices[i].text;
    return strcmp(onnx_text(node->domain), "com.microsoft") == 0 ? FUSED : OTHER;
}

static bool is_missing(const Onnx__NodeProto *node) {
    const char *op = onnx_text(node->op_type);
    return !op_find(op) && !onnx_is_compound(op) && !onnx_is_fused(node);
}

/* ", and also Loop, Scan": those of other names than node `at`, each once. */
static void add_missing(struct text *text, const Onnx__GraphProto *graph, const bool *needed, size_t at) {
    size_t count = 0;
    for (size_t i = at + 1; i < graph->n_node && count < 6; i++) {
        const char *op = onnx_text(graph->node[i]->op_type);
        bool known = !needed[i] || !is_missing(graph->node[i]);
        for (size_t k = at; k < i && !known; k++)
            known = needed[k] && strcmp(onnx_text(graph->node[k]->op_type), op) == 0;
        if (!known) text_add(text, "%s%s", count++ ? ", " : "; nor are ", excerpt_of(op).text);
    }
}

bool onnx_refuse(const Onnx__GraphProto *graph, const bool *needed, size_t at, struct error *e) {
    struct text text = {0};
    size_t before = 0, all = 0;
    for (size_t i = 0; i < graph->n_node; i++) {
        before += needed[i] && i < at;
        all += needed[i];
    }
    if (!e) return false;
    text_add(&text, "%s (%zu of %zu nodes were read)", e->text, before, all);
    if (is_missing(graph->node[at])) {
        add_missing(&text, graph, needed, at);
        text_add(&text, ": %s", advice_of(graph->node[at]));
    }
    if (!text.failed) error_set(e, "%s", text.data);
    text_finish(&text);
    return false;
}

bool onnx_refuse_late(const struct graph *g, struct error *e) {
    if (!e || !g->building || g->building->settled >= g->node_count) return false;
    struct text text = {0};
    text_add(&text, "%s (%u of %u nodes were worked through)", e->text, g->building->settled, g->node_count);
    if (!text.failed) error_set(e, "%s", text.data);
    text_finish(&text);
    return false;
}

/* ---- Files ---- */

#define TORCH "torch.onnx.export(model.eval(), example, \"model.onnx\")"
#define KERAS "model.export(\"model.onnx\", format=\"onnx\") of Keras, or python -m tf2onnx.convert"

static bool holds(const uint8_t *data, size_t size, const char *text) {
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= size; i++)
        if (memcmp(data + i, text, length) == 0) return true;
    return false;
}

/* The length of a header of JSON in front. */
static bool is_safetensors(const uint8_t *data, size_t size) {
    uint64_t length = 0;
    if (size < 10) return false;
    memcpy(&length, data, sizeof length);
    return length >= 2 && length <= size - 8 && data[8] == '{' && (data[9] == '"' || data[9] == '}');
}

bool onnx_check_kind(const uint8_t *data, size_t size, struct error *e) {
    size_t front = size < 4096 ? size : 4096;
    if (size >= 4 && memcmp(data, "PK\3\4", 4) == 0) {
        bool keras = holds(data, front, "config.json") || holds(data, front, "metadata.json");
        return keras ? error_set(e, "a Keras file (.keras), not an ONNX file: export it with " KERAS)
                     : error_set(e, "a zip file, such as PyTorch's .pt and .pth, not an ONNX file: load it in Python "
                                    "and export it with " TORCH);
    }
    if (size >= 2 && data[0] == 0x80 && data[1] >= 2 && data[1] <= 5)
        return error_set(e, "a Python pickle, such as PyTorch's old .pt and .pth, not an ONNX file: load it in Python "
                            "and export it with " TORCH);
    if (size >= 8 && memcmp(data, "\x89HDF\r\n\x1a\n", 8) == 0)
        return error_set(e, "an HDF5 file, such as Keras's .h5, not an ONNX file: load it in Python and export it "
                            "with " KERAS);
    if (size >= 8 && memcmp(data + 4, "TFL3", 4) == 0)
        return error_set(e, "a TensorFlow Lite file, not an ONNX file: convert it with python -m tf2onnx.convert "
                            "--tflite model.tflite --output model.onnx");
    if (is_safetensors(data, size))
        return error_set(e, "a safetensors file: weights without a network: load it in Python and export the model "
                            "with " TORCH ", or with optimum-cli export onnx");
    if (size >= 4 && memcmp(data, "GGUF", 4) == 0)
        return error_set(e, "a GGUF file: quantised weights without a network: export the original with " TORCH);
    return true;
}

bool onnx_check_folder(const char *path, struct error *e) {
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) return true;
    char *saved = text_format("%s/saved_model.pb", path);
    if (!saved) return error_memory(e);
    bool is = file_exists(saved);
    free(saved);
    return !is || error_set(e,
                            "%s: a TensorFlow SavedModel, not an ONNX file: convert it with python -m "
                            "tf2onnx.convert --saved-model %s --output model.onnx",
                            path, path);
}
