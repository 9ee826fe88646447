/* broadcast.c: the shape of two operands together, and loops over it with as few dimensions as possible. */
#include "nn/ops/broadcast.h"

/* Dimension `i` counted from the back; 1 where the shape has none. */
static size_t from_back(const struct shape *s, uint32_t i) {
    return i < s->rank ? s->dim[s->rank - 1 - i] : 1;
}

bool broadcast_shape(const struct shape *a, const struct shape *b, struct shape *out, struct error *e) {
    char text_a[OP_SHAPE_TEXT], text_b[OP_SHAPE_TEXT];
    out->rank = a->rank > b->rank ? a->rank : b->rank;
    for (uint32_t i = 0; i < out->rank; i++) {
        size_t da = from_back(a, i), db = from_back(b, i);
        if (da != db && da != 1 && db != 1)
            return error_set(e, "shapes %s and %s do not broadcast", shape_text(a, text_a, sizeof text_a),
                             shape_text(b, text_b, sizeof text_b));
        out->dim[out->rank - 1 - i] = da == 1 ? db : da;
    }
    return true;
}

void broadcast_init(struct broadcast *c, const struct shape *a, const struct shape *b) {
    uint32_t rank = a->rank > b->rank ? a->rank : b->rank, used = 0;
    size_t dim[SHAPE_MAX_RANK], sa[SHAPE_MAX_RANK], sb[SHAPE_MAX_RANK]; /* innermost first */
    size_t count_a = 1, count_b = 1;
    for (uint32_t i = 0; i < rank; i++) {
        size_t da = from_back(a, i), db = from_back(b, i), d = da == 1 ? db : da;
        if (d == 1) continue;
        size_t stride_a = da == 1 ? 0 : count_a, stride_b = db == 1 ? 0 : count_b;
        count_a *= da;
        count_b *= db;
        if (used && stride_a == sa[used - 1] * dim[used - 1] && stride_b == sb[used - 1] * dim[used - 1]) {
            dim[used - 1] *= d;
            continue;
        }
        dim[used] = d;
        sa[used] = stride_a;
        sb[used++] = stride_b;
    }
    if (used == 0) {
        dim[0] = 1;
        sa[0] = sb[0] = 0;
        used = 1;
    }
    c->rank = used;
    for (uint32_t i = 0; i < used; i++) {
        c->dim[i] = dim[used - 1 - i];
        c->a[i] = sa[used - 1 - i];
        c->b[i] = sb[used - 1 - i];
    }
}

bool broadcast_next(const struct broadcast *c, struct broadcast_offsets *p) {
    for (uint32_t i = c->rank - 1; i-- > 0;) {
        p->a += c->a[i];
        p->b += c->b[i];
        if (++p->index[i] < c->dim[i]) return true;
        p->index[i] = 0;
        p->a -= c->a[i] * c->dim[i];
        p->b -= c->b[i] * c->dim[i];
    }
    return false;
}
