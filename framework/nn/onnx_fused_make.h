/* onnx_fused_make.h: a node under translation: what is asked of it, and what is made of it. Private to onnx_fused.c,
 * onnx_attention.c, onnx_mask.c and onnx_rotary.c. */
#ifndef ASSAY_NN_ONNX_FUSED_MAKE_H
#define ASSAY_NN_ONNX_FUSED_MAKE_H

#include "nn/graph.h"
#include "nn/onnx_proto.h"

/* A node under translation. `stem` names what is made on the way: that of its result. */
struct fused {
    struct graph *graph;
    const Onnx__NodeProto *node;
    const char *stem;
    struct error *e;
};

/* ---- What is asked of the node ---- */

/* "" where it is absent. */
const char *fused_input(const struct fused *, size_t i);
int64_t fused_integer(const struct fused *, const char *name, int64_t fallback);
float fused_number(const struct fused *, const char *name, float fallback);
bool fused_text_is(const struct fused *, const char *name, const char *wanted, bool fallback);

/* Dimensions of a value that is a tensor, cast or not; 0 where that is not known yet (onnx_mask.c). */
uint32_t fused_rank(const struct fused *, const char *name);

/* ---- What is made of it ---- */

/* One node more: `out` NULL is the node's result, any other a name behind the stem, as are inputs that begin with ".".
 * Up to FUSED_INPUTS inputs, NULL behind the last. */
#define FUSED_INPUTS 4
bool fused_make(const struct fused *, const char *op, const char *out, const char *const *inputs,
                const struct attribute *, size_t attribute_count);
#define MAKE(f, op, out, ...) fused_make(f, op, out, (const char *const[FUSED_INPUTS + 1]){__VA_ARGS__}, NULL, 0)
#define MAKE_WITH(f, op, out, attributes, ...)                                                                         \
    fused_make(f, op, out, (const char *const[FUSED_INPUTS + 1]){__VA_ARGS__}, attributes,                             \
               sizeof(attributes) / sizeof *(attributes))

bool fused_add_floats(const struct fused *, const char *suffix, const struct shape *, const float *data,
                      bool parameter);
bool fused_add_number(const struct fused *, const char *suffix, float value);
bool fused_add_ints(const struct fused *, const char *suffix, const int64_t *data, size_t count);
/* [value], and that integer without a dimension. */
bool fused_add_one(const struct fused *, const char *suffix, int64_t value);
bool fused_add_index(const struct fused *, const char *suffix, int64_t index);

/* com.microsoft's Attention and MultiHeadAttention, and Attention of set 23 (onnx_attention.c). */
bool fused_attention(const struct fused *);
bool fused_multi_head_attention(const struct fused *);
bool fused_attention_23(const struct fused *);

/* ---- What keeps a query from a key (onnx_mask.c) ---- */

/* What exporters and optimisers write, and what it becomes: numbers that are added to scores of dimensions
 * batch x heads x queries x keys. Each makes the value `out`. */
/* `mask` of set 23's Attention: truths (take part) or such numbers. */
bool fused_mask_23(const struct fused *, const char *mask, const char *out);
/* `mask` of com.microsoft's: integers, 1 where a key takes part, of dimensions batch x keys or batch x queries x keys.
 */
bool fused_mask_of_keys(const struct fused *, const char *mask, const char *out);
/* Of the scores: -inf where a key comes after the query. */
bool fused_mask_causal(const struct fused *, const char *scores, const char *out);

/* RotaryEmbedding of set 23 and of com.microsoft (onnx_rotary.c). */
bool fused_rotary_23(const struct fused *);
bool fused_rotary_microsoft(const struct fused *);

#endif
