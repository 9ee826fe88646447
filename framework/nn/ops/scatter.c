/* scatter.c: ScatterElements and ScatterND: elements or slices at constant indices replaced by updates or, with a
 * reduction, combined with them. Updates come one after the other, as they lie. */
#include "nn/ops/pick.h"

#include <stdlib.h>
#include <string.h>

enum { DATA, INDICES, UPDATES };
enum reduction { REDUCE_NONE, REDUCE_ADD, REDUCE_MUL, REDUCE_MAX, REDUCE_MIN };

struct scatter {
    int64_t axis; /* of ScatterElements */
    enum reduction reduction;
};

static bool scatter_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    static const char *const names[] = {"none", "add", "mul", "max", "min"};
    const char *text;
    struct scatter *s = op_config(node, sizeof *s, e);
    if (!s || !op_integer(node, "axis", -SHAPE_MAX_RANK, SHAPE_MAX_RANK - 1, 0, &s->axis, e) ||
        !op_text(node, "reduction", &text, e))
        return false;
    for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            s->reduction = (enum reduction)i;
            return true;
        }
    return !text || error_set(e, "attribute 'reduction' is '%s': wanted none, add, mul, max or min", text);
}

static const struct scatter *config_of(const struct op_call *call) {
    return call->node->config;
}

/* ---- Where updates go: place[updates] ---- */

/* ---- ScatterElements: data, indices, updates ---- */

static bool scatterelements_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *x = &call->in[0].shape, *indices = &call->in[1].shape, *updates = &call->in[2].shape;
    uint32_t axis;
    if (!op_axis(config_of(call)->axis, x->rank, false, &axis, e) || !op_spares_batch(call, axis == 0, e) ||
        !pick_check_indices(call, x->dim[axis], e))
        return false;
    bool fits = indices->rank == x->rank && updates->rank == x->rank;
    for (uint32_t d = 0; fits && d < x->rank; d++)
        fits = (indices->dim[d] == updates->dim[d] || (d == 0 && op_batch_first(call) && indices->dim[0] == 1)) &&
               (d == axis || updates->dim[d] <= x->dim[d]);
    if (!fits) return error_set(e, "its data, indices and updates do not fit each other");
    if (op_batch_first(call) && (!call->in[0].batched || updates->dim[0] != x->dim[0]))
        return error_set(e, "it works on some of the samples: samples must not be mixed");
    *out = *x;
    return true;
}

static void scatterelements_places(const struct op_call *call, int32_t *place) {
    const struct shape *x = &call->in[DATA].shape, *indices = &call->in[INDICES].shape;
    const struct shape *updates = &call->in[UPDATES].shape;
    size_t index[SHAPE_MAX_RANK];
    uint32_t axis = 0;
    op_axis(config_of(call)->axis, x->rank, false, &axis, NULL);
    for (size_t i = 0; i < shape_count(updates); i++) {
        pick_unravel(updates, i, index);
        index[axis] = pick_from_front(call->in[INDICES].ints[pick_ravel(indices, index)], x->dim[axis]);
        place[i] = (int32_t)pick_ravel(x, index);
    }
}

/* ---- ScatterND: data, indices, updates ---- */

static bool scatternd_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *x = &call->in[0].shape, *indices = &call->in[1].shape, *updates = &call->in[2].shape;
    uint32_t depth;
    if (!op_spares_batch(call, true, e) || !pick_check_tuples(call, 0, &depth, e)) return false;
    size_t wanted = shape_count(indices) / depth * shape_count_from(x, depth);
    *out = *x;
    return shape_count(updates) == wanted ||
           error_set(e, "%zu elements in its updates: wanted %zu", shape_count(updates), wanted);
}

static void scatternd_places(const struct op_call *call, int32_t *place) {
    const struct shape *x = &call->in[DATA].shape, *indices = &call->in[INDICES].shape;
    uint32_t depth = (uint32_t)indices->dim[indices->rank - 1];
    size_t inner = shape_count_from(x, depth);
    for (size_t t = 0; t < shape_count(indices) / depth; t++) {
        size_t at = pick_tuple_place(call, 0, depth, t) * inner;
        for (size_t k = 0; k < inner; k++) *place++ = (int32_t)(at + k);
    }
}

/* In scratch: a place for every update and, for every element, the update that it is (-1: the data), which means
 * something where there is one. */
struct places {
    int32_t *place, *winner;
    size_t updates, elements;
};

static size_t scatter_scratch(const struct op_call *call) {
    return shape_count(&call->in[UPDATES].shape) + shape_count(&call->out.shape);
}

static void find_places(const struct op_call *call, int32_t *place) {
    if (strcmp(call->node->op->name, "ScatterND") == 0) scatternd_places(call, place);
    else scatterelements_places(call, place);
}

static struct places places_of(const struct op_call *call) {
    struct places p = {.updates = shape_count(&call->in[UPDATES].shape), .elements = shape_count(&call->out.shape)};
    p.place = (int32_t *)(void *)call->scratch;
    p.winner = p.place + p.updates;
    find_places(call, p.place);
    return p;
}

/* ---- Forward ---- */

static float combine(enum reduction reduction, float a, float b) {
    switch (reduction) {
    case REDUCE_ADD: return a + b;
    case REDUCE_MUL: return a * b;
    case REDUCE_MAX: return b > a ? b : a;
    case REDUCE_MIN: return b < a ? b : a;
    case REDUCE_NONE: break;
    }
    return b;
}

static void scatter_forward(const struct op_call *call) {
    const struct places p = places_of(call);
    const float *updates = call->in[UPDATES].data;
    float *y = call->out.data;
    memcpy(y, call->in[DATA].data, p.elements * sizeof *y);
    for (size_t i = 0; i < p.updates; i++)
        y[p.place[i]] = combine(config_of(call)->reduction, y[p.place[i]], updates[i]);
}

/* ---- Backward ---- */

/* The last update of an element, or the first that is the largest or smallest; data before equal updates. */
static void find_winners(const struct op_call *call, const struct places *p) {
    const enum reduction reduction = config_of(call)->reduction;
    const float *data = call->in[DATA].data, *updates = call->in[UPDATES].data;
    for (size_t k = 0; k < p->elements; k++) p->winner[k] = -1;
    for (size_t i = 0; i < p->updates; i++) {
        int32_t *winner = &p->winner[p->place[i]];
        bool wins = reduction == REDUCE_NONE;
        if (!wins) {
            float best = *winner < 0 ? data[p->place[i]] : updates[*winner];
            wins = reduction == REDUCE_MAX ? updates[i] > best : updates[i] < best;
        }
        if (wins) *winner = (int32_t)i;
    }
}

/* d y / d x of element `at` where x is the data, or update i: a product of all other factors. */
static float other_factors(const struct op_call *call, const struct places *p, size_t at, size_t except) {
    float product = except == SIZE_MAX ? 1 : call->in[DATA].data[at];
    for (size_t i = 0; i < p->updates; i++)
        if ((size_t)p->place[i] == at && i != except) product *= call->in[UPDATES].data[i];
    return product;
}

static float share_of_data(const struct op_call *call, const struct places *p, size_t at) {
    switch (config_of(call)->reduction) {
    case REDUCE_ADD: return 1;
    case REDUCE_MUL: return other_factors(call, p, at, SIZE_MAX);
    default: return p->winner[at] < 0 ? 1.f : 0.f;
    }
}

static float share_of_update(const struct op_call *call, const struct places *p, size_t i) {
    switch (config_of(call)->reduction) {
    case REDUCE_ADD: return 1;
    case REDUCE_MUL: return other_factors(call, p, (size_t)p->place[i], i);
    default: return p->winner[p->place[i]] == (int32_t)i ? 1.f : 0.f;
    }
}

static void scatter_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    const struct places p = places_of(call);
    const enum reduction reduction = config_of(call)->reduction;
    if (reduction != REDUCE_ADD && reduction != REDUCE_MUL) find_winners(call, &p);
    if (input == DATA && reduction == REDUCE_MUL) { /* elements without updates need no search */
        for (size_t k = 0; k < p.elements; k++) p.winner[k] = -1;
        for (size_t i = 0; i < p.updates; i++) p.winner[p.place[i]] = 0;
        for (size_t k = 0; k < p.elements; k++) d[k] += dy[k] * (p.winner[k] < 0 ? 1 : share_of_data(call, &p, k));
    } else if (input == DATA) {
        for (size_t k = 0; k < p.elements; k++) d[k] += dy[k] * share_of_data(call, &p, k);
    } else {
        for (size_t i = 0; i < p.updates; i++) d[i] += dy[p.place[i]] * share_of_update(call, &p, i);
    }
}

static void scatter_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    memset(dx, 0, shape_count(&call->in[input].shape) * sizeof *dx);
    scatter_learn(call, input, dy, dx);
}

/* ---- At load ---- */

static bool scatter_integers(const struct op_call *call, int64_t *out, struct error *e) {
    const enum reduction reduction = config_of(call)->reduction;
    const int64_t *data = call->in[DATA].ints, *updates = call->in[UPDATES].ints;
    size_t n = shape_count(&call->in[UPDATES].shape);
    if (!updates) return error_set(e, "one operand is of integers and the other is not");
    int32_t *place = malloc((n + 1) * sizeof *place);
    bool ok = place || error_memory(e);
    if (ok) find_places(call, place);
    memcpy(out, data, shape_count(&call->out.shape) * sizeof *out);
    for (size_t i = 0; ok && i < n; i++) {
        int64_t *to = &out[place[i]], x = updates[i];
        bool overflows = false;
        if (reduction != REDUCE_NONE && (*to == GRAPH_BATCH || x == GRAPH_BATCH))
            ok = error_set(e, "it computes with the number of samples: not supported");
        else if (reduction == REDUCE_ADD) overflows = __builtin_add_overflow(*to, x, to);
        else if (reduction == REDUCE_MUL) overflows = __builtin_mul_overflow(*to, x, to);
        else if (reduction == REDUCE_NONE || (reduction == REDUCE_MAX ? x > *to : x < *to)) *to = x;
        if (overflows) ok = error_set(e, "a sum or product of integers is too large");
    }
    free(place);
    return ok;
}

static bool scatter_whole(const struct op_call *call) {
    return call->in[DATA].ints;
}

#define SCATTER(id, title, text)                                                                                       \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .min_inputs = 3,                                                                                               \
        .max_inputs = 3,                                                                                               \
        .integer_inputs = 2,                                                                                           \
        .parse = scatter_parse,                                                                                        \
        .infer = id##_infer,                                                                                           \
        .scratch = scatter_scratch,                                                                                    \
        .whole = scatter_whole,                                                                                        \
        .integers = scatter_integers,                                                                                  \
        .forward = scatter_forward,                                                                                    \
        .backward = scatter_backward,                                                                                  \
        .learn = scatter_learn,                                                                                        \
    }
SCATTER(scatterelements, "ScatterElements", "some elements replaced or combined with others, along one axis");
SCATTER(scatternd, "ScatterND", "some elements or slices replaced or combined with others, at tuples of indices");
