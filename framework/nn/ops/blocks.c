/* blocks.c: DepthToSpace, SpaceToDepth and Tile. */
#include "nn/ops/move.h"

#include <inttypes.h>
#include <string.h>

struct blocks {
    size_t size;
    bool columns_first; /* DepthToSpace in mode CRD: channels before the position in the block */
};

static bool blocks_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    int64_t size;
    const char *mode;
    struct blocks *blocks = op_config(node, sizeof *blocks, e);
    if (!blocks || !op_integer(node, "blocksize", 1, 65535, 0, &size, e) || !op_text(node, "mode", &mode, e))
        return false;
    blocks->size = (size_t)size;
    blocks->columns_first = mode && strcmp(mode, "CRD") == 0;
    return !mode || !*mode || blocks->columns_first || strcmp(mode, "DCR") == 0 ||
           error_set(e, "attribute 'mode' is '%s': wanted DCR or CRD", mode);
}

/* Output loops over `dims` of the input split into them, which they take in the order `order`. */
static void lay_split(struct view *view, const struct shape *split, const uint32_t *order) {
    for (uint32_t i = 0; i < split->rank; i++) view_keep(view, split, order[i]);
}

/* ---- DepthToSpace: C = c b b channels become blocks of b x b positions ---- */

static bool depthtospace_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct blocks *blocks = call->node->config;
    size_t b = blocks->size;
    *out = call->in[0].shape;
    if (out->rank != 4 || out->dim[1] % (b * b))
        return error_set(e, "blocks of %zu x %zu do not fit: wanted batch x channels x height x width", b, b);
    if (out->dim[2] > OP_MAX_ELEMENTS || out->dim[3] > OP_MAX_ELEMENTS) return error_set(e, "its input is too large");
    out->dim[1] /= b * b;
    out->dim[2] *= b;
    out->dim[3] *= b;
    return true;
}

static void depthtospace_lay(const struct op_call *call, struct view *view, int32_t *memory) {
    (void)memory;
    const struct blocks *blocks = call->node->config;
    const size_t *x = call->in[0].shape.dim, b = blocks->size, c = x[1] / (b * b);
    static const uint32_t crd[] = {0, 1, 4, 2, 5, 3}, dcr[] = {0, 3, 4, 1, 5, 2};
    const struct shape columns = {6, {x[0], c, b, b, x[2], x[3]}}, depth = {6, {x[0], b, b, c, x[2], x[3]}};
    if (blocks->columns_first) lay_split(view, &columns, crd);
    else lay_split(view, &depth, dcr);
}

DEFINE_MOVES(depthtospace, 0)

/* ---- SpaceToDepth ---- */

static bool spacetodepth_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct blocks *blocks = call->node->config;
    size_t b = blocks->size;
    *out = call->in[0].shape;
    if (out->rank != 4 || out->dim[2] % b || out->dim[3] % b)
        return error_set(e, "blocks of %zu x %zu do not fit: wanted batch x channels x height x width", b, b);
    if (out->dim[1] > OP_MAX_ELEMENTS) return error_set(e, "its input is too large");
    out->dim[1] *= b * b;
    out->dim[2] /= b;
    out->dim[3] /= b;
    return true;
}

static void spacetodepth_lay(const struct op_call *call, struct view *view, int32_t *memory) {
    (void)memory;
    const struct blocks *blocks = call->node->config;
    const size_t *x = call->in[0].shape.dim, b = blocks->size;
    const struct shape split = {6, {x[0], x[1], x[2] / b, b, x[3] / b, b}};
    lay_split(view, &split, (const uint32_t[]){0, 3, 5, 1, 2, 4});
}

DEFINE_MOVES(spacetodepth, 0)

/* ---- Tile: data, repeats ---- */

static bool tile_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const int64_t *repeats;
    size_t count;
    *out = call->in[0].shape;
    if (!move_list(call, 1, "repeats", &repeats, &count, e)) return false;
    if (count != out->rank) return error_set(e, "%zu repeats for %u dimensions", count, out->rank);
    if (!op_spares_batch(call, count && repeats[0] != 1, e)) return false;
    for (uint32_t i = 0; i < out->rank; i++) {
        if (repeats[i] < 1 || out->dim[i] > OP_MAX_ELEMENTS || repeats[i] > (int64_t)(OP_MAX_ELEMENTS / out->dim[i]))
            return error_set(e, "a dimension of %zu repeated %" PRId64 " times: wanted 1 to %zu elements", out->dim[i],
                             repeats[i], OP_MAX_ELEMENTS);
        out->dim[i] *= (size_t)repeats[i];
    }
    return true;
}

static void tile_lay(const struct op_call *call, struct view *view, int32_t *memory) {
    const struct shape *in = &call->in[0].shape, *out = &call->out.shape;
    for (uint32_t i = 0; i < in->rank; i++) {
        if (in->dim[i] == out->dim[i]) {
            view_keep(view, in, i);
            continue;
        }
        int32_t *table = view_pick(view, in, i, out->dim[i], &memory);
        for (size_t k = 0; k < out->dim[i]; k++) table[k] = (int32_t)(k % in->dim[i]);
    }
    if (in->rank == 0) *view = (struct view){.rank = 1, .dim = {1}};
}

DEFINE_MOVES(tile, 0)

MOVE(depthtospace, "DepthToSpace", "channels become blocks of positions", 1, 1, 0, 0, blocks_parse);
MOVE(spacetodepth, "SpaceToDepth", "blocks of positions become channels", 1, 1, 0, 0, blocks_parse);
MOVE(tile, "Tile", "repeated along some dimensions", 2, 2, 2, 0, NULL);
