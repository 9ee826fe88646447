/* broadcast.c: the shape of two operands together, and loops over it with as few dimensions as possible. */
#include "nn/ops/broadcast.h"

#define PIECE 16384u /* elements of the result, about, that one takes at a time */

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

struct job {
    const struct broadcast *loops;
    size_t step; /* elements of the result in one step of the outermost loop */
    broadcast_run *run;
    void *user;
};

static void run_part(void *user, size_t first, size_t count) {
    const struct job *j = user;
    struct broadcast_part part = {*j->loops, first * j->loops->a[0], first * j->loops->b[0], first * j->step};
    part.loops.dim[0] = count;
    j->run(&part, j->user);
}

void broadcast_share(const struct broadcast *c, struct thread_team *team, broadcast_run *run, void *user) {
    struct job j = {c, 1, run, user};
    for (uint32_t i = 1; i < c->rank; i++) j.step *= c->dim[i];
    thread_team_share(team, c->dim[0], (PIECE + j.step - 1) / j.step, run_part, &j);
}
