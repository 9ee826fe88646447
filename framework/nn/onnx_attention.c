/* onnx_attention.c: scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762, section 3.2) that an optimiser
 * or a newer operator set holds in one node, as the products and the Softmax it was made of. What the nodes compute is
 * in onnxruntime's docs/ContribOperators.md and in ONNX's docs/Operators.md. The batch stays the first dimension. */
#include "nn/onnx_fused_make.h"

#include <string.h>

static const int64_t heads_first[] = {0, 2, 1, 3}, keys_across[] = {0, 1, 3, 2};
static const struct attribute to_heads[] = {{.name = "perm", .kind = ATTRIBUTE_INTS, .ints = heads_first, .count = 4}};
static const struct attribute across[] = {{.name = "perm", .kind = ATTRIBUTE_INTS, .ints = keys_across, .count = 4}};
static const struct attribute along_last[] = {{.name = "axis", .kind = ATTRIBUTE_INT, .integer = -1}};

static const char *remedy(const struct fused *f) {
    return strcmp(onnx_text(f->node->domain), "com.microsoft") == 0
               ? "take the model from before the optimiser, where it is written out"
               : "export the model with opset_version=22 or lower, where it is written out";
}

/* Inputs and attributes that no exporter writes for a classifier: masks of lengths, caches, quantised softmaxes. */
static bool refuse_inputs(const struct fused *f, const size_t *list, const char *const *what, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (*fused_input(f, list[i]))
            return error_set(f->e, "%s (input %zu) is not supported: %s", what[i], list[i], remedy(f));
    return true;
}

static bool refuse_attributes(const struct fused *f, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const Onnx__AttributeProto *a = onnx_find_attribute(f->node, names[i]);
        if (a && (a->i || a->f > 0 || a->f < 0))
            return error_set(f->e, "attribute '%s' is not supported: %s", names[i], remedy(f));
    }
    return true;
}

static bool read_heads(const struct fused *f, const char *name, int64_t *out) {
    *out = fused_integer(f, name, 0);
    return (*out >= 1 && *out <= INT32_MAX) ||
           error_set(f->e, "attribute '%s' is %lld: wanted 1 or more", name, (long long)*out);
}

/* Softmax(q k^T scale + bias) v, of .q, .k and .v with dimensions batch x heads x tokens x size. `bias` NULL: none. */
static bool attend(const struct fused *f, const char *bias, const char *out) {
    static const struct attribute last[] = {{.name = "start", .kind = ATTRIBUTE_INT, .integer = -1}};
    static const struct attribute to_float[] = {
        {.name = "to", .kind = ATTRIBUTE_INT, .integer = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT}};
    const float scale = fused_number(f, "scale", 0);
    const bool given = scale > 0 || scale < 0;
    bool ok = MAKE_WITH(f, "Transpose", ".keys", across, ".k") && MAKE(f, "MatMul", ".products", ".q", ".keys");
    if (given) ok = ok && fused_add_number(f, ".scale", scale) && MAKE(f, "Mul", ".scores", ".products", ".scale");
    else
        ok = ok && MAKE_WITH(f, "Shape", ".size", last, ".q") && MAKE_WITH(f, "Cast", ".width", to_float, ".size") &&
             MAKE(f, "Sqrt", ".root", ".width") && MAKE(f, "Div", ".scores", ".products", ".root");
    ok = ok && (!bias || MAKE(f, "Add", ".biased", ".scores", bias));
    return ok && MAKE_WITH(f, "Softmax", ".weights", along_last, bias ? ".biased" : ".scores") &&
           MAKE(f, "MatMul", out, ".weights", ".v");
}

/* Batch x heads x tokens x size to batch x tokens x all. */
static bool join_heads(const struct fused *f, const char *in) {
    static const int64_t whole[] = {0, 0, -1};
    return MAKE_WITH(f, "Transpose", ".joined", to_heads, in) && fused_add_ints(f, ".flat", whole, 3) &&
           MAKE(f, "Reshape", NULL, ".joined", ".flat");
}

/* `in`, batch x tokens x all, to batch x heads x tokens x size. The names in between begin with out. */
static bool split_heads(const struct fused *f, int64_t heads, const char *in, const char *const names[3]) {
    const int64_t split[] = {0, 0, heads, -1};
    return fused_add_ints(f, names[0], split, 4) && MAKE(f, "Reshape", names[1], in, names[0]) &&
           MAKE_WITH(f, "Transpose", names[2], to_heads, names[1]);
}

static const char *const q_names[] = {".q.shape", ".q.split", ".q"}, *const k_names[] = {".k.shape", ".k.split", ".k"},
                         *const v_names[] = {".v.shape", ".v.split", ".v"};

/* Part i of three along `axis`. */
static bool pick(const struct fused *f, const char *in, int64_t i, int64_t axis, const char *index, const char *out) {
    const struct attribute along[] = {{.name = "axis", .kind = ATTRIBUTE_INT, .integer = axis}};
    return fused_add_index(f, index, i) && MAKE_WITH(f, "Gather", out, along, in, index);
}

static const char *const index_names[] = {".q.index", ".k.index", ".v.index"};

/* com.microsoft.Attention: input, weights, bias, mask_index, past, attention_bias. The projections to queries, keys and
 * values lie side by side in the weights. */
bool fused_attention(const struct fused *f) {
    static const size_t refused[] = {3, 4, 6};
    static const char *const what[] = {"a mask", "a cache of keys and values", "a cache of keys and values"};
    static const char *const attributes[] = {"unidirectional", "do_rotary", "past_present_share_buffer"};
    static const char *const parts[] = {".q.part", ".k.part", ".v.part"};
    const Onnx__AttributeProto *sizes = onnx_find_attribute(f->node, "qkv_hidden_sizes");
    const char *bias = fused_input(f, 2), *more = fused_input(f, 5);
    int64_t heads;
    if (!refuse_inputs(f, refused, what, 3) || !refuse_attributes(f, attributes, 3) ||
        !read_heads(f, "num_heads", &heads))
        return false;
    for (size_t i = 1; sizes && i < sizes->n_ints; i++)
        if (sizes->ints[i] != sizes->ints[0])
            return error_set(f->e, "attribute 'qkv_hidden_sizes': sizes that differ are not supported: %s", remedy(f));
    const int64_t split[] = {0, 0, 3, heads, -1};
    bool ok = MAKE(f, "MatMul", *bias ? ".product" : ".qkv", fused_input(f, 0), fused_input(f, 1)) &&
              (!*bias || MAKE(f, "Add", ".qkv", ".product", bias)) && fused_add_ints(f, ".shape", split, 5) &&
              MAKE(f, "Reshape", ".split", ".qkv", ".shape");
    for (int64_t i = 0; ok && i < 3; i++)
        ok = pick(f, ".split", i, 2, index_names[i], parts[i]) && MAKE_WITH(f, "Transpose",
                                                                            i == 0   ? ".q"
                                                                            : i == 1 ? ".k"
                                                                                     : ".v",
                                                                            to_heads, parts[i]);
    return ok && attend(f, *more ? more : NULL, ".heads") && join_heads(f, ".heads");
}

/* com.microsoft.MultiHeadAttention: query, key, value, bias, key_padding_mask, attention_bias, past_key, past_value. */
bool fused_multi_head_attention(const struct fused *f) {
    static const size_t refused[] = {4, 6, 7, 8, 9};
    static const char *const what[] = {"a mask", "a cache of keys", "a cache of values", "a cache", "a cache"};
    static const char *const attributes[] = {"unidirectional"};
    static const char *const parts[] = {".q.bias", ".k.bias", ".v.bias"}, *const sums[] = {".q.sum", ".k.sum",
                                                                                           ".v.sum"};
    static const int64_t three[] = {3, -1};
    static const char *const *const names[] = {q_names, k_names, v_names};
    const char *bias = fused_input(f, 3), *more = fused_input(f, 5);
    int64_t heads;
    if (!refuse_inputs(f, refused, what, 5) || !refuse_attributes(f, attributes, 1) ||
        !read_heads(f, "num_heads", &heads))
        return false;
    bool ok = !*bias || (fused_add_ints(f, ".three", three, 2) && MAKE(f, "Reshape", ".biases", bias, ".three"));
    for (int64_t i = 0; ok && i < 3; i++) {
        const char *in = fused_input(f, (size_t)i);
        if (*bias) ok = pick(f, ".biases", i, 0, index_names[i], parts[i]) && MAKE(f, "Add", sums[i], in, parts[i]);
        ok = ok && split_heads(f, heads, *bias ? sums[i] : in, names[i]);
    }
    return ok && attend(f, *more ? more : NULL, ".heads") && join_heads(f, ".heads");
}

/* Attention of set 23: Q, K, V, attn_mask, past_key, past_value: batch x heads x tokens x size or, with the numbers of
 * heads as attributes, batch x tokens x all. */
bool fused_attention_23(const struct fused *f) {
    static const size_t refused[] = {4, 5, 6};
    static const char *const what[] = {"a cache of keys", "a cache of values", "the lengths of keys"};
    static const char *const attributes[] = {"is_causal", "softcap", "qk_matmul_output_mode"};
    static const char *const *const names[] = {q_names, k_names, v_names};
    static const char *const plain[] = {".q", ".k", ".v"};
    const char *mask = fused_input(f, 3);
    const bool flat = onnx_find_attribute(f->node, "q_num_heads") != NULL;
    int64_t heads = 0, key_heads = 0;
    if (!refuse_inputs(f, refused, what, 3) || !refuse_attributes(f, attributes, 3) ||
        (flat && (!read_heads(f, "q_num_heads", &heads) || !read_heads(f, "kv_num_heads", &key_heads))))
        return false;
    if (heads != key_heads)
        return error_set(f->e, "%lld heads of queries and %lld of keys, which is not supported: %s", (long long)heads,
                         (long long)key_heads, remedy(f));
    bool ok = true;
    for (size_t i = 0; ok && i < 3; i++)
        ok = flat ? split_heads(f, heads, fused_input(f, i), names[i])
                  : MAKE(f, "Identity", plain[i], fused_input(f, i));
    ok = ok && attend(f, *mask ? mask : NULL, flat ? ".heads" : NULL);
    return ok && (!flat || join_heads(f, ".heads"));
}
