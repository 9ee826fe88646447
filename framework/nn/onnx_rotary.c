/* onnx_rotary.c: rotary position embedding (Su et al. 2021, arXiv:2104.09864, section 3.2) in one node, as products of
 * halves with cosines and sines. */
#include "nn/onnx_fused_make.h"

/* Turning nothing, each refuses an input of other dimensions. */
static const int64_t three[] = {0, 1, 2}, four[] = {0, 1, 2, 3};
static const struct attribute as_three[] = {{.name = "perm", .kind = ATTRIBUTE_INTS, .ints = three, .count = 3}};
static const struct attribute as_four[] = {{.name = "perm", .kind = ATTRIBUTE_INTS, .ints = four, .count = 4}};
static const struct attribute last[] = {{.name = "axis", .kind = ATTRIBUTE_INT, .integer = -1}};

/* What both forms of the node say: which inputs are what, and how heads lie. */
struct rotary {
    const char *cosines, *sines, *places; /* places "": one row of these for each token */
    int64_t heads;                        /* of batch x tokens x all; 0: batch x heads x tokens x size */
    int64_t turned;                       /* numbers of a head that are turned; 0: all */
    bool interleaved;
};

/* The rows of cosines or sines, beside the heads. */
static bool add_rows(const struct fused *f, const struct rotary *r, const char *table, const char *rows,
                     const char *out) {
    static const struct attribute front[] = {{.name = "axis", .kind = ATTRIBUTE_INT, .integer = 0}};
    const bool looked_up = *r->places != '\0';
    return (!looked_up || MAKE_WITH(f, "Gather", rows, front, table, r->places)) &&
           MAKE(f, "Unsqueeze", out, looked_up ? rows : table, ".beside");
}

/* .first and .second of the numbers that are turned, .kept what is not. */
static bool add_halves(const struct fused *f, const struct rotary *r, const char *x) {
    static const struct attribute size[] = {{.name = "start", .kind = ATTRIBUTE_INT, .integer = -1}};
    static const int64_t pairs[] = {0, 0, 0, -1, 2};
    bool ok = MAKE_WITH(f, "Shape", ".half", size, ".cosines") && MAKE(f, "Add", ".whole", ".half", ".half") &&
              fused_add_one(f, ".start", 0) && fused_add_one(f, ".end", INT64_MAX) && fused_add_one(f, ".axis", -1);
    if (r->turned) ok = ok && MAKE(f, "Slice", ".kept", x, ".whole", ".end", ".axis");
    if (!r->interleaved)
        return ok && MAKE(f, "Slice", ".first", x, ".start", ".half", ".axis") &&
               MAKE(f, "Slice", ".second", x, ".half", ".whole", ".axis");
    return ok && MAKE(f, "Slice", ".turning", x, ".start", ".whole", ".axis") &&
           fused_add_ints(f, ".pairs.shape", pairs, 5) && MAKE(f, "Reshape", ".pairs", ".turning", ".pairs.shape") &&
           fused_add_index(f, ".0", 0) && fused_add_index(f, ".1", 1) &&
           MAKE_WITH(f, "Gather", ".first", last, ".pairs", ".0") &&
           MAKE_WITH(f, "Gather", ".second", last, ".pairs", ".1");
}

/* ".turned" of both halves. */
static bool add_turned(const struct fused *f, const struct rotary *r) {
    static const int64_t joined[] = {0, 0, 0, -1};
    bool ok = MAKE(f, "Mul", ".c1", ".first", ".cosines") && MAKE(f, "Mul", ".s2", ".second", ".sines") &&
              MAKE(f, "Sub", ".real", ".c1", ".s2") && MAKE(f, "Mul", ".s1", ".first", ".sines") &&
              MAKE(f, "Mul", ".c2", ".second", ".cosines") && MAKE(f, "Add", ".imaginary", ".s1", ".c2");
    if (!r->interleaved) return ok && MAKE_WITH(f, "Concat", ".turned", last, ".real", ".imaginary");
    return ok && MAKE(f, "Unsqueeze", ".real.column", ".real", ".axis") &&
           MAKE(f, "Unsqueeze", ".imaginary.column", ".imaginary", ".axis") &&
           MAKE_WITH(f, "Concat", ".columns", last, ".real.column", ".imaginary.column") &&
           fused_add_ints(f, ".joined.shape", joined, 4) && MAKE(f, "Reshape", ".turned", ".columns", ".joined.shape");
}

static bool rotate(const struct fused *f, const struct rotary *r) {
    const int64_t split[] = {0, 0, r->heads, -1};
    static const int64_t whole[] = {0, 0, -1};
    const bool flat = r->heads > 0;
    const char *x = flat ? ".split" : ".x", *out = flat ? ".all" : NULL;
    bool ok = flat ? MAKE_WITH(f, "Transpose", ".x", as_three, fused_input(f, 0)) &&
                         fused_add_ints(f, ".split.shape", split, 4) &&
                         MAKE(f, "Reshape", ".split", ".x", ".split.shape")
                   : MAKE_WITH(f, "Transpose", ".x", as_four, fused_input(f, 0));
    ok = ok && fused_add_one(f, ".beside", flat ? 2 : 1) && add_rows(f, r, r->cosines, ".cosine.rows", ".cosines") &&
         add_rows(f, r, r->sines, ".sine.rows", ".sines") && add_halves(f, r, x) && add_turned(f, r);
    ok =
        ok && (r->turned ? MAKE_WITH(f, "Concat", out, last, ".turned", ".kept") : MAKE(f, "Identity", out, ".turned"));
    return ok &&
           (!flat || (fused_add_ints(f, ".flat.shape", whole, 3) && MAKE(f, "Reshape", NULL, ".all", ".flat.shape")));
}

static bool read_rotary(const struct fused *f, struct rotary *r) {
    r->heads = fused_integer(f, "num_heads", 0);
    r->turned = fused_integer(f, "rotary_embedding_dim", 0);
    r->interleaved = fused_integer(f, "interleaved", 0) != 0;
    if (r->heads < 0 || r->heads > INT32_MAX)
        return error_set(f->e, "attribute 'num_heads' is %lld: wanted 0 or more", (long long)r->heads);
    return r->turned >= 0 ||
           error_set(f->e, "attribute 'rotary_embedding_dim' is %lld: wanted 0 or more", (long long)r->turned);
}

/* X, cos_cache, sin_cache, position_ids. */
bool fused_rotary_23(const struct fused *f) {
    struct rotary r = {.cosines = fused_input(f, 1), .sines = fused_input(f, 2), .places = fused_input(f, 3)};
    return read_rotary(f, &r) && rotate(f, &r);
}

/* input, position_ids, cos_cache, sin_cache. */
bool fused_rotary_microsoft(const struct fused *f) {
    struct rotary r = {.cosines = fused_input(f, 2), .sines = fused_input(f, 3), .places = fused_input(f, 1)};
    const float scale = fused_number(f, "scale", 1);
    if (fused_integer(f, "is_packed_batching", 0) || scale < 1 || scale > 1)
        return error_set(f->e, "attributes 'is_packed_batching' and 'scale' are not supported");
    if (fused_rank(f, r.places) != 2) /* one number would be the place of the first token */
        return error_set(f->e, "its positions '%s' are not known at load as batch x tokens", r.places);
    return read_rotary(f, &r) && rotate(f, &r);
}
