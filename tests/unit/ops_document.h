/* ops_document.h: docs/ops.md, written from what onnx_conformance.c has seen. */
#ifndef ASSAY_TESTS_OPS_DOCUMENT_H
#define ASSAY_TESTS_OPS_DOCUMENT_H

#include "base/file.h"
#include "base/text.h"
#include "nn/onnx_proto.h"
#include "nn/op.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENT "docs/ops.md"
#define MOST_OPS 128
#define CASES "%u cases"

static struct tally { unsigned folded, network, refused; } tallies[MOST_OPS]; /* in the order of ops_all */

static char *refusals; /* rows of a table */

static bool uses(const Onnx__GraphProto *graph, const char *op) {
    for (size_t i = 0; i < graph->n_node; i++)
        if (strcmp(graph->node[i]->op_type, op) == 0) return true;
    return false;
}

static void count_case(const Onnx__GraphProto *graph, const char *name, const char *refused, bool network) {
    const struct op *const *ops = ops_all();
    for (size_t i = 0; ops[i]; i++) {
        if (!uses(graph, ops[i]->name)) continue;
        cr_assert_lt(i, MOST_OPS);
        *(refused ? &tallies[i].refused : &tallies[i].folded) += 1;
        tallies[i].network += network;
    }
    if (!refused) return;
    char *longer = text_format("%s| %s | %s |\n", refusals ? refusals : "", name, refused);
    free(refusals);
    refusals = longer;
}

/* The caller frees. */
static char *document(unsigned cases) {
    char *text = text_format(
        "# Operators\n\nWritten by the tests (`ASSAY_WRITE_DOCS=1 make unit`): do not edit.\n\n"
        "ONNX operators of sets 1 to 23. Cases are those of the ONNX project (libonnx-testdata of Debian 12, " CASES
        ";\n"
        "node, simple, pytorch-operator, pytorch-converted) that consist of these operators. Every case runs with all\n"
        "inputs constant, folded at load, and as a network on a batch where it is one. The gradient of every operator\n"
        "that is not marked *at load* agrees with central differences (tests/unit/op_gradients.c).\n\n"
        "| operator | what it is | cases that agree | of these as a network | cases refused |\n"
        "|---|---|---|---|---|\n",
        cases);
    const struct op *const *ops = ops_all();
    for (size_t i = 0; ops[i]; i++) {
        char *longer = text_format("%s| %s | %s | %u | %u | %u |\n", text, ops[i]->name, ops[i]->summary,
                                   tallies[i].folded, tallies[i].network, tallies[i].refused);
        free(text);
        text = longer;
    }
    char *whole = text_format(
        "%s\nSum is read as Add; Min, Max and Sum of several operands as several of two; Split as a Slice for every part;\n"
        "Upsample as Resize. An If whose condition is known at load is the branch that is taken. What onnxruntime fuses is\n"
        "read as the operators it was made of (com.microsoft: Gelu, BiasGelu, FastGelu, QuickGelu, LayerNormalization,\n"
        "SkipLayerNormalization, Attention, MultiHeadAttention, FusedMatMul, FusedConv, FusedGemm, and the simplified\n"
        "normalisations and RotaryEmbedding), so are RMSNormalization, RotaryEmbedding and Attention of set 23, and so are\n"
        "scikit-learn's Scaler, Normalizer, LinearRegressor, LinearClassifier, ZipMap and ArrayFeatureExtractor\n"
        "(ai.onnx.ml). Attention takes masks of truths, of numbers and of keys, causal ones, fewer heads of keys than of\n"
        "queries and bounded scores, but no cache. A newer set than 23 is refused.\n"
        "\n## Cases refused\n\n| case | reason |\n|---|---|\n%s",
        text, refusals ? refusals : "");
    free(text);
    return whole;
}

/* Of other cases (a newer Debian's) the document says nothing. */
static void check_document(unsigned cases) {
    char *text = document(cases), count[40];
    uint8_t *data = NULL;
    size_t size = 0;
    struct error e = {""};
    if (getenv("ASSAY_WRITE_DOCS")) cr_assert(file_write(DOCUMENT, text, strlen(text), &e), "%s", e.text);
    cr_assert(file_read(DOCUMENT, &data, &size, &e), "%s", e.text);
    snprintf(count, sizeof count, CASES, cases);
    bool same = size == strlen(text) && memcmp(data, text, size) == 0;
    if (strstr((const char *)data, "libonnx-testdata of Debian 12") && !strstr((const char *)data, count))
        printf("onnx_conformance: %u cases, others than those of " DOCUMENT ", which was not compared\n", cases);
    else cr_expect(same, DOCUMENT " is out of date: write it anew with ASSAY_WRITE_DOCS=1 make unit");
    free(data);
    free(text);
    free(refusals);
}

#endif
