/* onnx_tolerances.h: how exact operators are held to be, for onnx_conformance.c. */
#ifndef ASSAY_TESTS_ONNX_TOLERANCES_H
#define ASSAY_TESTS_ONNX_TOLERANCES_H

#include "onnx.pb-c.h"

#include <math.h>
#include <string.h>

#define EXACT 0.
static const struct tolerance {
    const char *op;
    double relative, absolute;
} tolerances[] = {
    {"Conv", 1e-4, 1e-5},
    {"ConvTranspose", 1e-4, 1e-5},
    {"Gemm", 1e-5, 1e-6},
    {"MatMul", 1e-5, 1e-6},
    {"Einsum", 1e-5, 1e-6},
    {"BatchNormalization", 1e-5, 1e-5},
    {"Softmax", 1e-5, 1e-7},
    {"LogSoftmax", 1e-5, 1e-6},
    {"LayerNormalization", 1e-5, 1e-5},
    {"RMSNormalization", 1e-5, 1e-5},
    {"Attention", 1e-5, 1e-6},
    {"RotaryEmbedding", 1e-5, 1e-6},
    {"InstanceNormalization", 1e-5, 1e-5},
    {"GroupNormalization", 1e-5, 1e-5},
    {"AveragePool", 1e-5, 1e-6},
    {"GlobalAveragePool", 1e-5, 1e-6},
    {"Add", 1e-6, EXACT},
    {"Mul", 1e-6, EXACT},
    {"Sub", 1e-6, EXACT},
    {"Div", 1e-6, EXACT},
    {"Pow", 1e-5, EXACT},
    {"Sqrt", 1e-6, EXACT},
    {"Exp", 1e-6, 5e-7}, /* Selu written out loses digits in exp(x) - 1 */
    {"Log", 1e-6, 1e-7},
    {"Reciprocal", 1e-6, EXACT},
    {"Tanh", 1e-6, 1e-7},
    {"Sigmoid", 1e-6, 1e-7},
    {"Erf", 1e-6, 1e-7},
    {"HardSigmoid", 1e-6, 1e-7},
    {"HardSwish", 1e-6, 1e-7},
    {"LeakyRelu", 1e-6, EXACT},
    {"PRelu", 1e-6, EXACT},
    {"Elu", 1e-6, 1e-7},
    {"Selu", 1e-5, 1e-7},
    {"Celu", 1e-6, 1e-7},
    {"Gelu", 1e-5, 1e-6},
    {"Sin", 1e-6, 1e-7},
    {"Cos", 1e-3, 1e-7}, /* the expected windows were made with 3.1415 */
    {"Atan", 1e-6, 1e-7},
    {"LSTM", 1e-5, 1e-6},
    {"GRU", 1e-5, 1e-6},
    {"RNN", 1e-5, 1e-6},
    {"Softsign", 1e-6, EXACT},
    {"Shrink", 1e-6, EXACT},
    {"Mish", 1e-6, 1e-7},
    {"Softplus", 1e-6, 1e-7},
    {"LRN", 1e-5, 1e-7},
    {"Resize", 1e-5, 1e-6},
    {"ReduceMean", 1e-5, 1e-6},
    {"ReduceSum", 1e-5, 1e-6},
    {"ReduceProd", 1e-5, 1e-6},
    {"ReduceL1", 1e-5, 1e-6},
    {"ReduceL2", 1e-5, 1e-6},
    {"ReduceSumSquare", 1e-5, 1e-6},
    {"ReduceLogSum", 1e-5, 1e-6},
    {"ReduceLogSumExp", 1e-5, 1e-6},
};

/* That of the least exact operator of the model; EXACT for those that only choose or move elements. */
static struct tolerance tolerance_of(const Onnx__GraphProto *graph) {
    struct tolerance out = {NULL, EXACT, EXACT};
    for (size_t i = 0; i < graph->n_node; i++)
        for (size_t k = 0; k < sizeof tolerances / sizeof *tolerances; k++)
            if (strcmp(tolerances[k].op, graph->node[i]->op_type) == 0) {
                out.relative = fmax(out.relative, tolerances[k].relative);
                out.absolute = fmax(out.absolute, tolerances[k].absolute);
            }
    return out;
}

#endif
