/* units.c: groups of hidden units, and another order for them. */
#include "nn/units.h"
#include "nn/units_flow.h"

#include "base/array.h"
#include "base/rng.h"
#include "nn/op.h"

#include <stdlib.h>
#include <string.h>

/* ---- sets ---- */

static uint32_t set_root(const struct units *u, uint32_t set) {
    while (u->sets[set].parent != set) set = u->sets[set].parent;
    return set;
}

static uint32_t new_set(struct units *u, const struct unit_set *set) {
    struct unit_set *more = array_grow(u->sets, u->set_count, sizeof *more);
    u->failed = u->failed || !more;
    if (!more) return 0;
    u->sets = more;
    u->sets[u->set_count] = *set;
    u->sets[u->set_count].parent = (uint32_t)u->set_count;
    return (uint32_t)u->set_count++;
}

static void join_sets(struct units *u, uint32_t a, uint32_t b) {
    a = set_root(u, a);
    b = set_root(u, b);
    u->sets[a].fixed = u->sets[a].fixed || u->sets[b].fixed;
    u->sets[b].parent = a;
}

static bool is_fixed(const struct units *u, uint32_t set) {
    return u->sets[set_root(u, set)].fixed;
}

/* Elements along the axis. */
static size_t flow_length(const struct units *u, struct flow f) {
    size_t length = 0;
    for (uint32_t k = 0; k < f.count; k++) length += (size_t)u->parts[f.first + k].units * u->parts[f.first + k].block;
    return length;
}

void units_add_part(struct units *u, struct flow *f, struct part part) {
    struct part *more = array_grow(u->parts, u->part_count, sizeof *more);
    u->failed = u->failed || !more;
    if (!more) return;
    u->parts = more;
    if (!f->count) f->first = (uint32_t)u->part_count;
    u->parts[u->part_count++] = part;
    f->count++;
}

/* The first cut of the origin behind `from`, or `end`. */
static uint32_t next_cut(const struct units *u, uint32_t origin, uint32_t from, uint32_t end) {
    for (size_t k = 0; k < u->cut_count; k++)
        if (u->cuts[k].origin == origin && u->cuts[k].at > from && u->cuts[k].at < end) end = u->cuts[k].at;
    return end;
}

struct flow units_new(struct units *u, uint32_t axis, size_t count) {
    struct flow f = {.axis = axis};
    uint32_t origin = u->origins++;
    for (uint32_t from = 0, to; from < count && !u->failed; from = to) {
        to = next_cut(u, origin, from, (uint32_t)count);
        const struct unit_set set = {.units = to - from, .origin = origin, .start = from};
        uint32_t order = new_set(u, &set), factors = new_set(u, &set);
        if (!u->failed) units_add_part(u, &f, (struct part){order, factors, to - from, 1});
    }
    return f;
}

struct flow units_new_factors(struct units *u, struct flow of) {
    struct flow f = {.axis = of.axis};
    for (uint32_t k = 0; k < of.count && !u->failed; k++) {
        struct part part = u->parts[of.first + k];
        part.factors = new_set(u, &(struct unit_set){.units = part.units});
        units_add_part(u, &f, part);
    }
    return f;
}

void units_fix_factors(struct units *u, struct flow f) {
    for (uint32_t k = 0; k < f.count; k++) u->sets[set_root(u, u->parts[f.first + k].factors)].fixed = true;
}

void units_fix(struct units *u, struct flow f) {
    units_fix_factors(u, f);
    for (uint32_t k = 0; k < f.count; k++) u->sets[set_root(u, u->parts[f.first + k].order)].fixed = true;
}

static void add_cut(struct units *u, uint32_t origin, uint32_t at) {
    for (size_t k = 0; k < u->cut_count; k++)
        if (u->cuts[k].origin == origin && u->cuts[k].at == at) return;
    struct cut *more = array_grow(u->cuts, u->cut_count, sizeof *more);
    u->failed = u->failed || !more;
    if (!more) return;
    u->cuts = more;
    u->cuts[u->cut_count++] = (struct cut){origin, at};
    u->again = true;
}

/* Cuts f where `like` is cut, unless that is amid the elements of one unit. */
static void cut_like(struct units *u, struct flow f, struct flow like) {
    size_t end = 0, from = 0;
    for (uint32_t k = 0, p = 0; k + 1 < like.count; k++) {
        end += (size_t)u->parts[like.first + k].units * u->parts[like.first + k].block;
        while (p < f.count && from + (size_t)u->parts[f.first + p].units * u->parts[f.first + p].block <= end) {
            from += (size_t)u->parts[f.first + p].units * u->parts[f.first + p].block;
            p++;
        }
        if (p == f.count || from == end || (end - from) % u->parts[f.first + p].block) continue;
        const struct part *part = &u->parts[f.first + p];
        const struct unit_set *set = &u->sets[part->order];
        add_cut(u, set->origin, set->start + (uint32_t)((end - from) / part->block));
    }
}

void units_join(struct units *u, struct flow a, struct flow b, bool factors) {
    bool alike = a.count == b.count;
    for (uint32_t k = 0; alike && k < a.count; k++) {
        const struct part *p = &u->parts[a.first + k], *q = &u->parts[b.first + k];
        alike = p->units == q->units && p->block == q->block;
    }
    if (!alike) {
        if (flow_length(u, a) == flow_length(u, b)) {
            cut_like(u, a, b);
            cut_like(u, b, a);
        }
        units_fix(u, a);
        units_fix(u, b);
        return;
    }
    for (uint32_t k = 0; k < a.count; k++) {
        join_sets(u, u->parts[a.first + k].order, u->parts[b.first + k].order);
        if (factors) join_sets(u, u->parts[a.first + k].factors, u->parts[b.first + k].factors);
    }
}

void units_follow(struct units *u, const struct node *node, uint32_t input, const struct follower *how) {
    struct follower f = *how;
    struct flow along = f.out.count ? f.out : f.in;
    if (input >= node->input_count || node->inputs[input] == GRAPH_NONE || !along.count) return;
    f.value = node->inputs[input];
    const struct value *v = &u->graph->values[f.value];
    if (v->kind != VALUE_PARAMETER || u->reads[f.value] != 1 || f.axis >= v->shape.rank ||
        v->shape.dim[f.axis] != flow_length(u, along)) {
        units_fix(u, f.out);
        units_fix(u, f.in);
        return;
    }
    struct follower *more = array_grow(u->followers, u->follower_count, sizeof *more);
    u->failed = u->failed || !more;
    if (!more) return;
    u->followers = more;
    u->followers[u->follower_count++] = f;
}

/* ---- finding them ---- */

/* Through all nodes, with the cuts that are known. */
static void find_flows(struct units *u) {
    const struct graph *g = u->graph;
    u->set_count = u->part_count = u->follower_count = 0;
    u->origins = 0;
    u->again = false;
    free(u->sets);
    free(u->parts);
    free(u->followers);
    u->sets = NULL;
    u->parts = NULL;
    u->followers = NULL;
    memset(u->flows, 0, g->value_count * sizeof *u->flows);
    for (uint32_t i = 0; !u->failed && i < g->node_count; i++)
        if (g->values[g->nodes[i].outputs[0]].batched) units_node(u, &g->nodes[i]);
    if (!u->failed) units_fix(u, u->flows[g->output]);
}

/* Passes through a network at most: a cut may travel a block of a ResNet in each. */
#define MOST_PASSES 100u

bool units_create(const struct graph *g, struct units **out, struct error *e) {
    struct units *u = calloc(1, sizeof *u);
    if (!u) return error_memory(e);
    u->graph = g;
    u->flows = calloc(g->value_count + (size_t)1, sizeof *u->flows);
    u->reads = calloc(g->value_count + (size_t)1, sizeof *u->reads);
    u->failed = !u->flows || !u->reads;
    for (uint32_t i = 0; !u->failed && i < g->node_count; i++)
        for (uint32_t k = 0; k < g->nodes[i].input_count; k++)
            if (g->nodes[i].inputs[k] != GRAPH_NONE) u->reads[g->nodes[i].inputs[k]]++;
    u->again = true;
    for (uint32_t pass = 0; u->again && !u->failed && pass < MOST_PASSES; pass++) find_flows(u);
    if (u->failed) {
        units_destroy(u);
        return error_memory(e);
    }
    *out = u;
    return true;
}

void units_destroy(struct units *u) {
    if (!u) return;
    free(u->sets);
    free(u->parts);
    free(u->followers);
    free(u->cuts);
    free(u->flows);
    free(u->reads);
    free(u);
}

/* Followers tell: a set of factors is no order. */
static bool is_order(const struct units *u, uint32_t set) {
    for (size_t k = 0; k < u->part_count; k++)
        if (set_root(u, u->parts[k].order) == set) return true;
    return false;
}

uint32_t units_free(const struct units *u) {
    uint32_t count = 0;
    for (uint32_t s = 0; s < u->set_count; s++)
        count += u->sets[s].parent == s && !u->sets[s].fixed && u->sets[s].units > 1 && is_order(u, s);
    return count;
}

bool units_reach_last(const struct units *u) {
    const struct graph *g = u->graph;
    if (!g->layer_count || !g->layers[g->layer_count - 1].parameter_count) return false;
    uint32_t weight = g->layers[g->layer_count - 1].parameters[0];
    for (size_t k = 0; k < u->follower_count; k++) {
        const struct follower *f = &u->followers[k];
        if (f->value != weight || f->out.count || !f->in.count) continue;
        bool all = true;
        for (uint32_t p = 0; p < f->in.count; p++) {
            const struct part *part = &u->parts[f->in.first + p];
            all = all && !is_fixed(u, part->order) && part->units > 1;
        }
        if (all) return true;
    }
    return false;
}

/* ---- another order ---- */

/* Of every set: the order, and the factors. */
struct shuffle {
    uint32_t **order; /* [set_count]: of roots that are free, [units]; else NULL */
    float **factors;  /* likewise */
    size_t *from;     /* of the longest axis: where an element comes from, and by what it is multiplied */
    float *by;
};

static void shuffle_finish(const struct units *u, struct shuffle *s) {
    for (size_t k = 0; k < u->set_count; k++) {
        if (s->order) free(s->order[k]);
        if (s->factors) free(s->factors[k]);
    }
    free(s->order);
    free(s->factors);
    free(s->from);
    free(s->by);
}

static size_t longest(const struct units *u) {
    size_t most = 1;
    for (size_t k = 0; k < u->follower_count; k++) {
        const struct follower *f = &u->followers[k];
        size_t length = u->graph->values[f->value].shape.dim[f->axis];
        if (length > most) most = length;
    }
    return most;
}

static bool shuffle_init(const struct units *u, uint64_t seed, struct shuffle *s) {
    static const float factors[] = {.25f, .5f, 1, 2, 4};
    *s = (struct shuffle){calloc(u->set_count + 1, sizeof *s->order), calloc(u->set_count + 1, sizeof *s->factors),
                          calloc(longest(u), sizeof *s->from), calloc(longest(u), sizeof *s->by)};
    if (!s->order || !s->factors || !s->from || !s->by) return false;
    for (size_t k = 0; k < u->set_count; k++) {
        if (u->sets[k].parent != k || u->sets[k].fixed) continue;
        uint32_t n = u->sets[k].units;
        struct rng rng = rng_stream(seed, "twin/units", k);
        s->order[k] = calloc(n + (size_t)1, sizeof **s->order);
        s->factors[k] = calloc(n + (size_t)1, sizeof **s->factors);
        if (!s->order[k] || !s->factors[k]) return false;
        rng_permutation(&rng, n, s->order[k]);
        for (uint32_t i = 0; i < n; i++) s->factors[k][i] = factors[rng_below(&rng, 5)];
    }
    return true;
}

static float power(const float *factors, uint32_t unit, int by) {
    if (!factors || !by) return 1;
    return by > 0 ? factors[unit] : 1 / factors[unit];
}

/* Along the axis of a follower. */
static void trace(const struct units *u, const struct follower *f, struct shuffle *s) {
    const struct flow along = f->out.count ? f->out : f->in;
    size_t at = 0;
    for (uint32_t k = 0; k < along.count; k++) {
        const struct part *part = &u->parts[along.first + k];
        const uint32_t *order = s->order[set_root(u, part->order)];
        const float *out = f->out.count ? s->factors[set_root(u, u->parts[f->out.first + k].factors)] : NULL,
                    *in = f->in.count ? s->factors[set_root(u, u->parts[f->in.first + k].factors)] : NULL;
        for (uint32_t j = 0; j < part->units; j++) {
            uint32_t unit = order ? order[j] : j;
            float by = power(out, unit, f->by_out) * power(in, unit, f->by_in);
            for (uint32_t b = 0; b < part->block; b++) {
                s->from[at + (size_t)j * part->block + b] = at + (size_t)unit * part->block + b;
                s->by[at + (size_t)j * part->block + b] = by;
            }
        }
        at += (size_t)part->units * part->block;
    }
}

static bool move(const struct units *u, const struct follower *f, const struct shuffle *s, struct weights *w) {
    const struct shape *shape = &u->graph->values[f->value].shape;
    size_t count = shape_count(shape), length = shape->dim[f->axis], inner = shape_count_from(shape, f->axis) / length;
    float *data = weights_edit(w, f->value), *old = malloc((count ? count : 1) * sizeof *old);
    if (data && old) {
        memcpy(old, data, count * sizeof *old);
        for (size_t row = 0; row < count / inner; row++) {
            size_t j = row % length;
            const float *from = old + (row - j + s->from[j]) * inner;
            for (size_t k = 0; k < inner; k++) data[row * inner + k] = from[k] * s->by[j];
        }
    }
    free(old);
    return data && old;
}

bool units_shuffle(const struct units *u, uint64_t seed, struct weights *w, struct error *e) {
    struct shuffle s;
    bool ok = shuffle_init(u, seed, &s);
    for (size_t k = 0; ok && k < u->follower_count; k++) {
        trace(u, &u->followers[k], &s);
        ok = move(u, &u->followers[k], &s, w);
    }
    shuffle_finish(u, &s);
    return ok || error_memory(e);
}
