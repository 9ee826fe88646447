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

/* Inputs and attributes that no exporter writes for a classifier: caches, lengths. */
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

/* What is done to the scores before the Softmax. */
struct scores {
    const char *bias; /* a value that is added, or NULL */
    float softcap;    /* 0: none */
    bool causal;
    bool grouped; /* there may be fewer heads of keys than of queries */
};

/* The dimensions 0, a, b, ... of a reshape: the batch and what `parts` are lists of. -1 stands where it is ".rest". */
static bool add_shape(const struct fused *f, const char *out, const char *a, const char *b, const char *c) {
    static const struct attribute front[] = {{.name = "axis", .kind = ATTRIBUTE_INT, .integer = 0}};
    return MAKE_WITH(f, "Concat", out, front, ".batch", a, b, c);
}

/* Dimensions [from, to) of `in`. */
static bool add_dimensions(const struct fused *f, const char *in, int64_t from, int64_t to, const char *out) {
    const struct attribute range[] = {{.name = "start", .kind = ATTRIBUTE_INT, .integer = from},
                                      {.name = "end", .kind = ATTRIBUTE_INT, .integer = to}};
    return MAKE_WITH(f, "Shape", out, range, in);
}

/* Each head of keys serves as many heads of queries, one behind the other (Ainslie et al. 2023, arXiv:2305.13245):
 * these become further queries of one head, which moves nothing. */
static bool add_group_shapes(const struct fused *f) {
    return fused_add_one(f, ".batch", 0) && fused_add_one(f, ".rest", -1) &&
           add_dimensions(f, ".q", 1, 3, ".q.places") && add_dimensions(f, ".q", 3, 4, ".q.width") &&
           add_dimensions(f, ".k", 1, 2, ".k.heads") && add_dimensions(f, ".k", 2, 3, ".k.places") &&
           add_shape(f, ".group.q", ".k.heads", ".rest", ".q.width") &&
           add_shape(f, ".group.weights", ".k.heads", ".rest", ".k.places") &&
           add_shape(f, ".ungroup", ".q.places", ".rest", NULL);
}

/* .q k^T, as .products. */
static bool multiply_keys(const struct fused *f, bool grouped) {
    if (!MAKE_WITH(f, "Transpose", ".keys", across, ".k")) return false;
    if (!grouped) return MAKE(f, "MatMul", ".products", ".q", ".keys");
    return add_group_shapes(f) && MAKE(f, "Reshape", ".q.group", ".q", ".group.q") &&
           MAKE(f, "MatMul", ".products.group", ".q.group", ".keys") &&
           MAKE(f, "Reshape", ".products", ".products.group", ".ungroup");
}

static bool multiply_values(const struct fused *f, bool grouped, const char *out) {
    if (!grouped) return MAKE(f, "MatMul", out, ".weights", ".v");
    return MAKE(f, "Reshape", ".weights.group", ".weights", ".group.weights") &&
           MAKE(f, "MatMul", ".heads.group", ".weights.group", ".v") &&
           MAKE(f, "Reshape", out, ".heads.group", ".ungroup");
}

static bool cap(const struct fused *f, float softcap) {
    return fused_add_number(f, ".cap", softcap) && MAKE(f, "Div", ".share", ".scores", ".cap") &&
           MAKE(f, "Tanh", ".bent", ".share") && MAKE(f, "Mul", ".capped", ".bent", ".cap");
}

/* Softmax(q k^T scale + bias) v, of .q, .k and .v with dimensions batch x heads x tokens x size. */
static bool attend(const struct fused *f, const struct scores *s, const char *out) {
    static const struct attribute last[] = {{.name = "start", .kind = ATTRIBUTE_INT, .integer = -1}};
    static const struct attribute to_float[] = {
        {.name = "to", .kind = ATTRIBUTE_INT, .integer = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT}};
    const float scale = fused_number(f, "scale", 0);
    const bool given = scale > 0 || scale<0, capped = s->softcap> 0;
    bool ok = multiply_keys(f, s->grouped);
    if (given) ok = ok && fused_add_number(f, ".scale", scale) && MAKE(f, "Mul", ".scores", ".products", ".scale");
    else
        ok = ok && MAKE_WITH(f, "Shape", ".size", last, ".q") && MAKE_WITH(f, "Cast", ".width", to_float, ".size") &&
             MAKE(f, "Sqrt", ".root", ".width") && MAKE(f, "Div", ".scores", ".products", ".root");
    const char *scores = capped ? ".capped" : ".scores";
    ok = ok && (!capped || cap(f, s->softcap));
    if (s->bias) {
        ok = ok && MAKE(f, "Add", ".biased", scores, s->bias);
        scores = ".biased";
    }
    if (s->causal) {
        ok = ok && fused_mask_causal(f, scores, ".later") && MAKE(f, "Add", ".causal", scores, ".later");
        scores = ".causal";
    }
    return ok && MAKE_WITH(f, "Softmax", ".weights", along_last, scores) && multiply_values(f, s->grouped, out);
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

/* The bias of com.microsoft's nodes: a mask of keys, what is added to the scores, or both. */
static bool add_bias(const struct fused *f, const char *mask, const char *more, struct scores *s) {
    s->causal = fused_integer(f, "unidirectional", 0) != 0;
    s->bias = *more ? more : NULL;
    if (!*mask) return true;
    s->bias = *more ? ".bias.both" : ".bias.mask";
    return fused_mask_of_keys(f, mask, ".bias.mask") && (!*more || MAKE(f, "Add", ".bias.both", ".bias.mask", more));
}

/* com.microsoft.Attention: input, weights, bias, mask_index, past, attention_bias. The projections to queries, keys and
 * values lie side by side in the weights. */
bool fused_attention(const struct fused *f) {
    static const size_t refused[] = {4, 6};
    static const char *const what[] = {"a cache of keys and values", "a cache of keys and values"};
    static const char *const attributes[] = {"do_rotary", "past_present_share_buffer"};
    static const char *const parts[] = {".q.part", ".k.part", ".v.part"};
    const Onnx__AttributeProto *sizes = onnx_find_attribute(f->node, "qkv_hidden_sizes");
    const char *bias = fused_input(f, 2);
    struct scores scores = {.bias = NULL};
    int64_t heads;
    if (!refuse_inputs(f, refused, what, 2) || !refuse_attributes(f, attributes, 2) ||
        !read_heads(f, "num_heads", &heads) || !add_bias(f, fused_input(f, 3), fused_input(f, 5), &scores))
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
    return ok && attend(f, &scores, ".heads") && join_heads(f, ".heads");
}

/* com.microsoft.MultiHeadAttention: query, key, value, bias, key_padding_mask, attention_bias, past_key, past_value. */
bool fused_multi_head_attention(const struct fused *f) {
    static const size_t refused[] = {6, 7, 8, 9};
    static const char *const what[] = {"a cache of keys", "a cache of values", "a cache", "a cache"};
    static const char *const parts[] = {".q.bias", ".k.bias", ".v.bias"}, *const sums[] = {".q.sum", ".k.sum",
                                                                                           ".v.sum"};
    static const int64_t three[] = {3, -1};
    static const char *const *const names[] = {q_names, k_names, v_names};
    const char *bias = fused_input(f, 3);
    struct scores scores = {.bias = NULL};
    int64_t heads;
    if (!refuse_inputs(f, refused, what, 4) || !read_heads(f, "num_heads", &heads) ||
        !add_bias(f, fused_input(f, 4), fused_input(f, 5), &scores))
        return false;
    bool ok = !*bias || (fused_add_ints(f, ".three", three, 2) && MAKE(f, "Reshape", ".biases", bias, ".three"));
    for (int64_t i = 0; ok && i < 3; i++) {
        const char *in = fused_input(f, (size_t)i);
        if (*bias) ok = pick(f, ".biases", i, 0, index_names[i], parts[i]) && MAKE(f, "Add", sums[i], in, parts[i]);
        ok = ok && split_heads(f, heads, *bias ? sums[i] : in, names[i]);
    }
    return ok && attend(f, &scores, ".heads") && join_heads(f, ".heads");
}

/* Attention of set 23: Q, K, V, attn_mask, past_key, past_value: batch x heads x tokens x size or, with the numbers of
 * heads as attributes, batch x tokens x all. */
bool fused_attention_23(const struct fused *f) {
    static const size_t refused[] = {4, 5, 6};
    static const char *const what[] = {"a cache of keys", "a cache of values", "the lengths of keys"};
    static const char *const *const names[] = {q_names, k_names, v_names};
    static const char *const plain[] = {".q", ".k", ".v"};
    const char *mask = fused_input(f, 3);
    const bool flat = onnx_find_attribute(f->node, "q_num_heads") != NULL;
    int64_t heads = 0, key_heads = 0;
    if (!refuse_inputs(f, refused, what, 3) ||
        (flat && (!read_heads(f, "q_num_heads", &heads) || !read_heads(f, "kv_num_heads", &key_heads))))
        return false;
    if (flat && heads % key_heads != 0)
        return error_set(f->e, "%lld heads of queries and %lld of keys: wanted a multiple", (long long)heads,
                         (long long)key_heads);
    const struct scores scores = {.bias = *mask ? ".mask" : NULL,
                                  .softcap = fused_number(f, "softcap", 0),
                                  .causal = fused_integer(f, "is_causal", 0) != 0,
                                  .grouped = !flat || heads != key_heads};
    bool ok = !*mask || fused_mask_23(f, mask, ".mask");
    for (size_t i = 0; ok && i < 3; i++)
        ok = flat ? split_heads(f, i == 0 ? heads : key_heads, fused_input(f, i), names[i])
                  : MAKE(f, "Identity", plain[i], fused_input(f, i));
    ok = ok && attend(f, &scores, flat ? ".heads" : NULL);
    return ok && (!flat || join_heads(f, ".heads"));
}
