/* view.c: walking over strided elements, with the innermost dimension as one loop. */
#include "nn/ops/view.h"

#include "base/sizes.h"
#include "nn/kernels/turn.h"

#include <string.h>

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

static void copy_any(const struct view *v, const float *from, float outside, float *to) {
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

static void add_any(const struct view *v, const float *from, float *to) {
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

/* ---- Views whose loops step on evenly: slices, permutations, repetitions ---- */

/* Loops from an offset on, the last innermost, those of one step left out and neighbours merged. The result is cut into
 * runs of the innermost loop or, where the loop around it is over neighbours of the input, of both, which are a matrix
 * transposed. */
struct even {
    uint32_t rank;
    size_t dim[SHAPE_MAX_RANK];
    ptrdiff_t stride[SHAPE_MAX_RANK], offset;
    bool turns, repeats; /* repeats: some elements come several times */
    uint32_t outer;      /* loops around a run */
    size_t run, runs;    /* elements of one, and how many */
    const float *from;
    float *to;
};

static void add_loop(struct even *w, size_t dim, ptrdiff_t stride) {
    if (dim == 1) return;
    w->repeats |= stride == 0;
    if (w->rank && w->stride[w->rank - 1] == (ptrdiff_t)dim * stride) {
        w->dim[w->rank - 1] *= dim;
        w->stride[w->rank - 1] = stride;
        return;
    }
    w->dim[w->rank] = dim;
    w->stride[w->rank++] = stride;
}

/* False: entry i of a table is not the first plus i times a step. */
static bool loop_of(const struct view *v, uint32_t i, struct even *w) {
    const int32_t *table = v->table[i];
    ptrdiff_t stride = (ptrdiff_t)v->stride[i];
    int32_t step = table && v->dim[i] > 1 ? table[1] - table[0] : 1;
    for (size_t k = 0; table && k < v->dim[i]; k++)
        if (table[k] == VIEW_OUTSIDE || step == 0 || table[k] != table[0] + (int32_t)k * step) return false;
    if (table) w->offset += table[0] * stride;
    add_loop(w, v->dim[i], step * stride);
    return true;
}

static bool find_even(const struct view *v, struct even *w) {
    *w = (struct even){.runs = 1};
    for (uint32_t i = 0; i < v->rank; i++)
        if (!loop_of(v, i, w)) return false;
    if (w->rank == 0) w->dim[w->rank++] = 1; /* of one element */
    uint32_t last = w->rank - 1;
    w->turns = last > 0 && w->stride[last - 1] == 1 && w->stride[last] > 1;
    w->outer = w->turns ? last - 1 : last;
    w->run = w->turns ? w->dim[last - 1] * w->dim[last] : w->dim[last];
    for (uint32_t i = 0; i < w->outer; i++) w->runs *= w->dim[i];
    return true;
}

static void copy_run(const struct even *w, const float *from, float *to) {
    uint32_t last = w->rank - 1;
    size_t n = w->dim[last];
    ptrdiff_t stride = w->stride[last];
    if (w->turns) turn_run(from, (size_t)stride, to, n, w->dim[last - 1], n);
    else if (stride == 1) memcpy(to, from, n * sizeof *to);
    else
        for (size_t i = 0; i < n; i++) to[i] = from[(ptrdiff_t)i * stride];
}

static void add_run(const struct even *w, const float *from, float *to) {
    uint32_t last = w->rank - 1;
    size_t n = w->dim[last], rows = w->turns ? w->dim[last - 1] : 1;
    ptrdiff_t stride = w->stride[last];
    for (size_t r = 0; r < rows; r++, from += n, to++) {
        if (stride == 1)
            for (size_t i = 0; i < n; i++) to[i] += from[i];
        else
            for (size_t i = 0; i < n; i++) to[(ptrdiff_t)i * stride] += from[i];
    }
}

/* Runs [first, first + count), in order: index[] is kept, not divided out for each. */
static void each_run(const struct even *w, size_t first, size_t count, bool add) {
    size_t index[SHAPE_MAX_RANK] = {0}, left = first;
    ptrdiff_t at = w->offset;
    for (uint32_t i = w->outer; i-- > 0; left /= w->dim[i]) {
        index[i] = left % w->dim[i];
        at += (ptrdiff_t)index[i] * w->stride[i];
    }
    for (size_t k = first; k < first + count; k++) {
        if (add) add_run(w, w->from + k * w->run, w->to + at);
        else copy_run(w, w->from + at, w->to + k * w->run);
        for (uint32_t i = w->outer; i-- > 0;) {
            at += w->stride[i];
            if (++index[i] < w->dim[i]) break;
            at -= (ptrdiff_t)w->dim[i] * w->stride[i];
            index[i] = 0;
        }
    }
}

static void copy_runs(void *user, size_t first, size_t count) {
    each_run(user, first, count, false);
}

static void add_runs(void *user, size_t first, size_t count) {
    each_run(user, first, count, true);
}

#define PIECE 16384u /* elements, about, that are shared out */

/* Rows of the one matrix that all of it is, in blocks. */
static void turn_rows(void *user, size_t first, size_t count) {
    const struct even *w = user;
    size_t n = w->dim[1];
    turn_run(w->from + w->offset + first, (size_t)w->stride[1], w->to + first * n, n, count, n);
}

void view_copy(const struct view *v, struct thread_team *team, const float *from, float outside, float *to) {
    struct even w;
    if (!find_even(v, &w)) {
        copy_any(v, from, outside, to);
        return;
    }
    w.from = from;
    w.to = to;
    if (w.run * w.runs == 0) return; /* a list of integers of which a Slice leaves nothing */
    if (w.turns && w.runs == 1)
        thread_team_share(team, w.dim[0], size_up(PIECE / w.dim[1] + 1, TURN_BLOCK), turn_rows, &w);
    else thread_team_share(team, w.runs, PIECE / w.run + 1, copy_runs, &w);
}

void view_add(const struct view *v, struct thread_team *team, const float *from, float *to) {
    struct even w;
    if (!find_even(v, &w) || w.repeats) {
        add_any(v, from, to);
        return;
    }
    w.from = from;
    w.to = to;
    if (w.run * w.runs == 0) return;
    thread_team_share(team, w.runs, PIECE / w.run + 1, add_runs, &w);
}
