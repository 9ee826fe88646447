/* net_region.c: forward passes of samples that differ from another one, the base, in small parts of their planes.
 * Occlusion asks for hundreds of them. Of every value only the part is computed that can differ, from what the base has
 * beside it. It grows from node to node; where it is nearly the plane, or a node mixes all places, the pass goes on
 * with whole planes. Kernels sum every element in one order wherever it lies, so the bits are those of the whole pass.
 */
#include "nn/net_region.h"

#include "nn/net.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_SAMPLES 8u /* of a request, that make up for the pass of the base */
/* Of the plane, where computing a part no longer pays: measured (docs/performance.md). Of the work, what has to be
 * saved; of the input's plane, where it is not tried. */
#define MOST_OF_PLANE .8
#define LEAST_SAVED .1
#define MOST_OF_INPUT .3
#define SHARE_OF_GROUP .25 /* floats beside those of a group, for what nodes see of their inputs */

/* ---- What can be computed in parts ---- */

/* Samples are planes, and several go together. */
static bool suits(const struct net *net) {
    const uint32_t rank = net->graph->sample.rank;
    return !net->graph->single && net->step_count && (rank == 2 || rank == 3);
}

/* Numbers for whole planes. */
static bool is_flat(const struct shape *s) {
    return shape_count(s) == 1 || (plane_size(s, 0) == 1 && plane_size(s, 1) == 1 && s->dim[s->rank - 1] == 1 &&
                                   (s->rank < 2 || s->dim[s->rank - 2] == 1));
}

static bool has_planes(const struct shape *s, const struct shape *out) {
    return s->rank == out->rank && plane_size(s, 0) == plane_size(out, 0) && plane_size(s, 1) == plane_size(out, 1);
}

static bool is_local(const struct op_call *call) {
    const bool norm = strcmp(call->node->op->name, "BatchNormalization") == 0;
    if (!(call->node->op->flags & (OP_LOCAL | OP_POINTWISE))) return false;
    for (uint32_t k = 0; k < call->node->input_count; k++) {
        if (!op_present(call, k)) continue;
        const struct shape *s = &call->in[k].shape;
        if (call->in[k].batched ? !has_planes(s, &call->out.shape) : !norm && !is_flat(s)) return false;
    }
    return true;
}

/* Whether node number r->count can be; its windows. */
static bool can_part(struct regions *r, const struct op_call *call) {
    struct windows *w = &r->windows[r->count];
    const uint32_t rank = call->out.shape.rank;
    *w = (struct windows){.unit = 0};
    if ((rank != 3 && rank != 4) || !call->out.batched) return false;
    if (!call->node->op->windows) return is_local(call);
    return call->in[0].shape.rank == rank && call->node->op->windows(call, w);
}

static void add_node(const struct net *net, struct regions *r, const struct op_call *call, uint32_t node,
                     uint32_t *slot) {
    const struct fusion *f = fuse_find(net, net->group, node);
    r->outs[r->count] = f ? net->graph->nodes[f->last].outputs[0] : call->node->outputs[0];
    r->slots[r->outs[r->count]] = ++*slot;
    if (call->node->input_count > r->input_counts) r->input_counts = call->node->input_count;
    r->nodes[r->count++] = node;
}

/* As many as the values of the base fit into what a group may take. */
static void find_nodes(const struct net *net, struct regions *r) {
    uint32_t slot = 0;
    r->end = GRAPH_NONE;
    for (uint32_t i = 0; i < net->step_count; i++) {
        uint32_t node = net->steps[i];
        const struct fusion *f = fuse_find(net, net->group, node);
        struct op_call call = net->group->calls[node];
        size_t floats = shape_count(&net->graph->values[call.node->outputs[0]].shape);
        if (plan_skips(net, net->group, node) || (f && f->conv != node)) continue;
        call.fused = f ? &f->how : NULL;
        if (net->shared[call.node->outputs[0]] || r->floats + floats > net->memory || !can_part(r, &call)) {
            r->end = node;
            return;
        }
        r->floats += floats;
        add_node(net, r, &call, node, &slot);
    }
}

static bool place_values(const struct net *net, struct regions *r) {
    /* No scratch memory: a process forked from this one goes on with the base. */
    float *next = r->memory = malloc((r->floats + 1) * sizeof *next);
    for (uint32_t i = 0; next && i < r->count; i++) {
        r->values[r->outs[i]] = next;
        next += shape_count(&net->graph->values[r->outs[i]].shape);
    }
    return r->memory;
}

static struct regions *create(const struct net *net) {
    const struct graph *g = net->graph;
    struct regions *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->nodes = calloc(net->step_count + 1u, sizeof *r->nodes);
    r->windows = calloc(net->step_count + 1u, sizeof *r->windows);
    r->outs = calloc(net->step_count + 1u, sizeof *r->outs);
    r->slots = calloc(g->value_count + 1u, sizeof *r->slots);
    r->values = calloc(g->value_count + 1u, sizeof *r->values);
    r->x = malloc((shape_count(&g->sample) + 1) * sizeof *r->x);
    bool ok = r->nodes && r->windows && r->outs && r->slots && r->values && r->x;
    if (ok) find_nodes(net, r);
    if (ok && place_values(net, r)) return r;
    regions_destroy(r);
    return NULL;
}

void regions_destroy(struct regions *r) {
    if (!r) return;
    free(r->memory);
    free(r->nodes);
    free(r->windows);
    free(r->outs);
    free(r->slots);
    free(r->values);
    free(r->x);
    free(r);
}

size_t regions_size(const struct net *net, const struct plan *plan) {
    if (!suits(net)) return 0;
    struct regions *r = create(net);
    size_t floats = r ? r->floats + shape_count(&net->graph->sample) : 0;
    floats += (size_t)(SHARE_OF_GROUP * (double)plan->floats);
    regions_destroy(r);
    return floats * sizeof(float);
}

void regions_forget(struct regions *r) {
    if (r) r->ready = false;
}

/* ---- Where samples differ ---- */

/* Widens the box by what differs of row `y`. */
static void look_at_row(const float *x, const float *base, ptrdiff_t y, ptrdiff_t width, struct box *box) {
    ptrdiff_t first = 0, last = width;
    const size_t one = sizeof *x;
    if (memcmp(x, base, (size_t)width * one) == 0) return;
    while (memcmp(x + first, base + first, one) == 0) first++;
    while (memcmp(x + last - 1, base + last - 1, one) == 0) last--;
    bool none = box->from[0] == box->to[0];
    if (none || y < box->from[0]) box->from[0] = y;
    if (none || y + 1 > box->to[0]) box->to[0] = y + 1;
    if (none || first < box->from[1]) box->from[1] = first;
    if (none || last > box->to[1]) box->to[1] = last;
}

static double area(const struct box *b) {
    return (double)(b->to[0] - b->from[0]) * (double)(b->to[1] - b->from[1]);
}

/* The smallest box; false: it is too large. Bits count, so that zeros have a sign. */
static bool find_box(const struct net *net, const float *x, const float *base, struct box *box) {
    const struct shape *s = &net->graph->values[net->graph->input].shape;
    ptrdiff_t height = plane_size(s, 0), width = plane_size(s, 1);
    size_t rows = shape_count(&net->graph->sample) / (size_t)width;
    *box = (struct box){{0, 0}, {0, 0}};
    for (size_t i = 0; i < rows; i++, x += width, base += width) {
        look_at_row(x, base, (ptrdiff_t)i % height, width, box);
        if (area(box) > MOST_OF_INPUT * (double)(height * width)) return false;
    }
    return true;
}

/* ---- The base ---- */

static bool run_base(struct net *net, const float *x, struct error *e) {
    struct regions *r = net->regions;
    if (!plan_resize(net, net->group, 1, e)) return false;
    for (uint32_t i = 0, first = 0; i < r->count; first = r->nodes[i++] + 1) {
        run_forward(net, net->group, x, first, r->nodes[i]);
        size_t count = shape_count(&net->group->shapes[r->outs[i]]);
        memcpy(r->values[r->outs[i]], net->group->data[r->outs[i]], count * sizeof *x);
    }
    memcpy(r->x, x, shape_count(&net->graph->sample) * sizeof *x);
    r->ready = true;
    return true;
}

bool net_forward_begin(struct net *net, uint32_t n, const float *x, struct error *e) {
    const size_t sample = shape_count(&net->graph->sample);
    struct box box;
    if (n < LEAST_SAMPLES || !suits(net)) return true;
    if (net->regions && net->regions->ready && find_box(net, x, net->regions->x, &box)) return true;
    regions_forget(net->regions);
    if (!find_box(net, x + sample, x, &box)) return true;
    if (!net_prepare(net, PLAN_FORWARD, e)) return false;
    if (net->group->plain) return true;
    if (!net->regions) net->regions = create(net);
    return !net->regions || !net->regions->count || run_base(net, x, e);
}

/* ---- Which parts a group needs ---- */

static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b) {
    return a > 0 ? (a + b - 1) / b : 0;
}

/* The outputs along an axis whose windows see [from, to) of the input; how many are computed. */
static size_t see(const struct windows *w, int axis, const struct box *in, struct box *out) {
    const struct window_fit *f = &w->fit;
    ptrdiff_t reach = (w->unit - 1) * f->stride[axis] + (f->kernel[axis] - 1) * f->dilation[axis] + 1;
    ptrdiff_t step = w->unit * f->stride[axis], end = divide_up(f->out[axis], w->unit);
    ptrdiff_t first = divide_up(in->from[axis] + f->before[axis] - reach + 1, step);
    ptrdiff_t last = divide_up(in->to[axis] + f->before[axis], step);
    last = last < end ? last : end;
    if (in->from[axis] == in->to[axis] || first >= last) first = last = 0;
    out->from[axis] = first * w->unit;
    out->to[axis] = last * w->unit < f->out[axis] ? last * w->unit : f->out[axis];
    return (size_t)((last > first ? last - first : 1) * w->unit);
}

static void unite(const struct box *b, struct box *to) {
    if (b->from[0] == b->to[0]) return;
    bool none = to->from[0] == to->to[0];
    for (int axis = 0; axis < 2; axis++) {
        if (none || b->from[axis] < to->from[axis]) to->from[axis] = b->from[axis];
        if (none || b->to[axis] > to->to[axis]) to->to[axis] = b->to[axis];
    }
}

static const struct patch *patch_of(const struct net *net, const struct patches *p, uint32_t value) {
    uint32_t slot = net->regions->slots[value];
    return slot ? &p->all[slot] : value == net->graph->input ? &p->all[0] : NULL;
}

static size_t part_of_sample(const struct net *net, const struct patches *p, const struct op_call *call,
                             const struct windows *w, uint32_t s, struct box *out, size_t size[2]) {
    struct box in = {{0, 0}, {0, 0}};
    for (uint32_t k = 0; k < call->node->input_count; k++) {
        const struct patch *from = call->in[k].batched ? patch_of(net, p, call->node->inputs[k]) : NULL;
        if (from) unite(&from->changed[s], &in);
    }
    *out = in;
    for (int axis = 0; axis < 2; axis++)
        size[axis] = w->unit ? see(w, axis, &in, out) : (size_t)(in.to[axis] - in.from[axis]);
    if (out->from[0] == out->to[0] || out->from[1] == out->to[1]) *out = (struct box){{0, 0}, {0, 0}};
    return size[0] * size[1];
}

/* The patch of node number `i`: its share of the plane. */
static double lay_out(const struct net *net, struct patches *p, uint32_t i) {
    const struct regions *r = net->regions;
    const struct op_call *call = &net->group->calls[r->nodes[i]];
    struct patch *patch = &p->all[r->slots[r->outs[i]]];
    patch->size[0] = patch->size[1] = 1;
    for (uint32_t s = 0; s < net->group->batch; s++) {
        size_t size[2];
        part_of_sample(net, p, call, &r->windows[i], s, &patch->changed[s], size);
        for (int axis = 0; axis < 2; axis++) {
            patch->at[s][axis] = patch->changed[s].from[axis];
            if (size[axis] > patch->size[axis]) patch->size[axis] = size[axis];
        }
    }
    double plane = (double)plane_size(&call->out.shape, 0) * (double)plane_size(&call->out.shape, 1);
    return (double)patch->size[0] * (double)patch->size[1] / plane;
}

/* Products of a Conv for one sample. */
static double work_of(const struct op_call *call) {
    if (!(call->node->op->flags & OP_WEIGHTED)) return 0;
    return 2 * (double)shape_count_from(&call->out.shape, 1) * (double)shape_count_from(&call->in[1].shape, 1);
}

/* How many nodes are worth it; 0: none. */
static uint32_t lay_out_all(const struct net *net, struct patches *p) {
    const struct regions *r = net->regions;
    uint32_t count = 0;
    double saved = 0;
    for (; count < r->count; count++) {
        double share = lay_out(net, p, count);
        if (share > MOST_OF_PLANE) break;
        saved += (1 - share) * work_of(&net->group->calls[r->nodes[count]]);
    }
    return saved >= LEAST_SAVED * graph_flops(net->graph) ? count : 0;
}

/* ---- A group ---- */

static struct patches *take_patches(struct net *net) {
    const struct regions *r = net->regions;
    struct patches *p = net->patches ? net->patches : calloc(1, sizeof *p);
    if (!p || net->patches) return p;
    p->most = (size_t)(SHARE_OF_GROUP * (double)net->group->floats);
    p->all = calloc(r->count + 1u, sizeof *p->all);
    p->in = calloc(r->input_counts + 1u, sizeof *p->in);
    if (!p->all || !p->in) {
        patches_destroy(p);
        return NULL;
    }
    return net->patches = p;
}

void patches_destroy(struct patches *p) {
    if (!p) return;
    free(p->all);
    free(p->in);
    free(p->gathered);
    free(p->scratch);
    free(p);
}

uint32_t regions_forward(struct net *net, const float *x) {
    struct regions *r = net->regions;
    struct plan *plan = net->group;
    const size_t sample = shape_count(&net->graph->sample);
    if (!r || !r->ready || plan->plain) return 0;
    struct patches *p = take_patches(net);
    if (!p || p->failed) return 0;
    for (uint32_t s = 0; s < plan->batch; s++)
        if (!find_box(net, x + s * sample, r->x, &p->all[0].changed[s])) return 0;
    uint32_t count = lay_out_all(net, p), next = count < r->count ? r->nodes[count] : r->end;
    if (!count) return 0;
    run_bind(net, plan, x);
    bool ok = true;
    for (uint32_t i = 0; ok && i < count; i++) ok = region_run(net, p, i, x);
    ok = ok && region_spread(net, p, count, next);
    p->failed = !ok;
    return ok ? next : 0;
}
