/* view.c: walking over strided elements, with the innermost dimension as one loop. */
#include "nn/ops/view.h"

void view_keep(struct view *v, const struct shape *in, uint32_t axis) {
    v->dim[v->rank] = in->dim[axis];
    v->table[v->rank] = NULL;
    v->stride[v->rank++] = shape_count_from(in, axis + 1);
}

int32_t *view_pick(struct view *v, const struct shape *in, uint32_t axis, size_t count, int32_t **memory) {
    int32_t *table = *memory;
    v->dim[v->rank] = count;
    v->table[v->rank] = table;
    v->stride[v->rank++] = shape_count_from(in, axis + 1);
    *memory += count;
    return table;
}

void view_expand(struct view *v, const struct shape *in, const struct shape *out) {
    uint32_t missing = out->rank - in->rank;
    *v = (struct view){.rank = out->rank};
    for (uint32_t i = 0; i < out->rank; i++) {
        v->dim[i] = out->dim[i];
        v->stride[i] = i < missing || in->dim[i - missing] == 1 ? 0 : shape_count_from(in, i - missing + 1);
    }
    if (v->rank == 0) *v = (struct view){.rank = 1, .dim = {1}};
}

/* One position of the loops but the innermost. */
struct position {
    size_t index[SHAPE_MAX_RANK], offset;
    bool outside;
};

static void locate(const struct view *v, struct position *p) {
    p->offset = 0;
    p->outside = false;
    for (uint32_t i = 0; i + 1 < v->rank; i++) {
        int32_t element = v->table[i] ? v->table[i][p->index[i]] : 0;
        if (element == VIEW_OUTSIDE) p->outside = true;
        else p->offset += (v->table[i] ? (size_t)element : p->index[i]) * v->stride[i];
    }
}

static bool advance(const struct view *v, struct position *p) {
    for (uint32_t i = v->rank - 1; i-- > 0;) {
        if (++p->index[i] < v->dim[i]) return true;
        p->index[i] = 0;
    }
    return false;
}

void view_copy(const struct view *v, const float *from, float outside, float *to) {
    struct position p = {{0}, 0, false};
    size_t n = v->dim[v->rank - 1], stride = v->stride[v->rank - 1];
    const int32_t *table = v->table[v->rank - 1];
    do {
        locate(v, &p);
        const float *row = from + p.offset;
        for (size_t i = 0; i < n; i++, to++) {
            bool inside = !p.outside && !(table && table[i] == VIEW_OUTSIDE);
            *to = inside ? row[(table ? (size_t)table[i] : i) * stride] : outside;
        }
    } while (advance(v, &p));
}

void view_add(const struct view *v, const float *from, float *to) {
    struct position p = {{0}, 0, false};
    size_t n = v->dim[v->rank - 1], stride = v->stride[v->rank - 1];
    const int32_t *table = v->table[v->rank - 1];
    do {
        locate(v, &p);
        float *row = to + p.offset;
        for (size_t i = 0; i < n; i++, from++)
            if (!p.outside && !(table && table[i] == VIEW_OUTSIDE))
                row[(table ? (size_t)table[i] : i) * stride] += *from;
    } while (advance(v, &p));
}
