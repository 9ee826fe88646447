/* net_region_run.c: computes parts of planes: gathers what a node sees of its inputs, runs the operator on it as on
 * small planes, and in the end puts parts into whole planes. */
#include "nn/net_region.h"

#include "nn/ops/copy_rows.h"

#include <stdlib.h>
#include <string.h>

/* ---- Rectangles ---- */

/* A rectangle of `size` at `at` of a plane; the plane itself begins at (0, 0). */
struct area {
    ptrdiff_t at[2], size[2];
};

static ptrdiff_t later(ptrdiff_t a, ptrdiff_t b) {
    return a > b ? a : b;
}

static ptrdiff_t earlier(ptrdiff_t a, ptrdiff_t b) {
    return a < b ? a : b;
}

/* What both have. False: nothing. */
static bool meet(const struct area *a, const struct area *b, struct area *out) {
    for (int axis = 0; axis < 2; axis++) {
        out->at[axis] = later(a->at[axis], b->at[axis]);
        out->size[axis] = earlier(a->at[axis] + a->size[axis], b->at[axis] + b->size[axis]) - out->at[axis];
        if (out->size[axis] <= 0) return false;
    }
    return true;
}

/* Planes that lie one behind the other, each of that area. */
struct planes {
    float *data;
    struct area area;
};

/* What `to` has of `from` and the plane is copied. */
static void copy_planes(const struct planes *from, const struct planes *to, const struct area *plane, size_t count) {
    struct area inside, both;
    if (!meet(&from->area, plane, &inside) || !meet(&inside, &to->area, &both)) return;
    ptrdiff_t from_width = from->area.size[1], to_width = to->area.size[1];
    const float *f = from->data + (both.at[0] - from->area.at[0]) * from_width + (both.at[1] - from->area.at[1]);
    float *t = to->data + (both.at[0] - to->area.at[0]) * to_width + (both.at[1] - to->area.at[1]);
    for (size_t c = 0; c < count; c++, f += from->area.size[0] * from_width, t += to->area.size[0] * to_width)
        copy_rows(t, to_width, f, from_width, both.size[0], both.size[1]);
}

static bool holds(const struct area *outer, const struct area *inner) {
    for (int axis = 0; axis < 2; axis++)
        if (inner->at[axis] < outer->at[axis] ||
            inner->at[axis] + inner->size[axis] > outer->at[axis] + outer->size[axis])
            return false;
    return true;
}

static struct area area_of(const struct patch *p, uint32_t s) {
    return (struct area){{p->at[s][0], p->at[s][1]}, {(ptrdiff_t)p->size[0], (ptrdiff_t)p->size[1]}};
}

/* ---- Gathering ---- */

/* Memory for the patches, as far as the limit goes. */
static float *grow(struct patches *p, float **memory, size_t *floats, size_t wanted) {
    if (*memory && wanted <= *floats) return *memory;
    free(*memory);
    *memory = NULL;
    *floats = wanted;
    if (p->gathered_floats + p->scratch_floats > p->most) return NULL;
    return *memory = aligned_alloc(64, (wanted * sizeof **memory + 64) / 64 * 64);
}

static float *take_gathered(struct patches *p, size_t wanted) {
    return grow(p, &p->gathered, &p->gathered_floats, wanted);
}

/* That of the whole pass, where it is enough. */
static bool take_scratch(const struct net *net, struct patches *p, struct op_call *part, uint32_t node) {
    const struct op *op = part->node->op;
    const size_t wanted = op->scratch ? op->scratch(part) : 0;
    part->scratch = net->group->arrays[node].forward;
    if (!wanted || wanted <= op->scratch(&net->group->calls[node])) return true;
    part->scratch = grow(p, &p->scratch, &p->scratch_floats, wanted);
    return part->scratch;
}

/* What a node sees of an input. */
struct sight {
    size_t channels, size[2];
    ptrdiff_t at[NET_GROUP][2];
};

static struct sight sight_of(const struct windows *w, const struct patch *out, uint32_t samples, size_t channels) {
    struct sight sight = {.channels = channels};
    for (int axis = 0; axis < 2; axis++) {
        const struct window_fit *f = &w->fit;
        sight.size[axis] = out->size[axis];
        if (w->unit)
            sight.size[axis] = (out->size[axis] - 1) * (size_t)f->stride[axis] +
                               (size_t)((f->kernel[axis] - 1) * f->dilation[axis]) + 1;
        for (uint32_t s = 0; s < samples; s++)
            sight.at[s][axis] = w->unit ? out->at[s][axis] * f->stride[axis] - f->before[axis] : out->at[s][axis];
    }
    return sight;
}

static size_t sight_count(const struct sight *s) {
    return s->channels * s->size[0] * s->size[1];
}

static bool is_patch(const struct sight *s, const struct patch *p, uint32_t samples) {
    return s->size[0] == p->size[0] && s->size[1] == p->size[1] && memcmp(s->at, p->at, samples * sizeof *s->at) == 0;
}

/* Of the input, whole planes; of others the patch, and the base around it. */
static void gather(const struct net *net, const struct patches *p, uint32_t value, const struct sight *sight,
                   float beside, const float *x, float *to) {
    const struct shape *s = &net->graph->values[value].shape;
    const struct area plane = {{0, 0}, {plane_size(s, 0), plane_size(s, 1)}};
    const size_t sample = shape_count_from(s, 1), count = sight_count(sight);
    const bool input = value == net->graph->input;
    const struct patch *patch = input ? NULL : &p->all[net->regions->slots[value]];
    for (uint32_t i = 0; i < net->group->batch; i++, to += count) {
        const struct planes whole = {input ? (float *)x + i * sample : net->regions->values[value], plane};
        struct planes seen = {
            to, {{sight->at[i][0], sight->at[i][1]}, {(ptrdiff_t)sight->size[0], (ptrdiff_t)sight->size[1]}}};
        for (size_t k = 0; !holds(&plane, &seen.area) && k < count; k++) to[k] = beside;
        struct planes part = seen;
        if (patch) part.area = area_of(patch, i);
        if (!patch || !holds(&part.area, &seen.area)) copy_planes(&whole, &seen, &plane, sight->channels);
        if (!patch) continue;
        part.data = net->group->data[value] + i * sight->channels * patch->size[0] * patch->size[1];
        copy_planes(&part, &seen, &plane, sight->channels);
    }
}

static void cut_shape(struct shape *s, const size_t size[2]) {
    s->dim[s->rank - 1] = size[1];
    if (s->rank == 4) s->dim[2] = size[0];
}

/* Inputs are where they are, or gathered. */
static bool take_inputs(const struct net *net, struct patches *p, uint32_t i, const struct op_call *call,
                        const float *x) {
    const struct regions *r = net->regions;
    const struct windows *w = &r->windows[i];
    const struct patch *out = &p->all[r->slots[r->outs[i]]];
    size_t wanted = 0, used = 0;
    for (int turn = 0; turn < 2; turn++) {
        if (turn && !take_gathered(p, wanted)) return false;
        for (uint32_t k = 0; k < call->node->input_count; k++) {
            uint32_t v = call->node->inputs[k];
            p->in[k] = call->in[k];
            if (v == GRAPH_NONE || !call->in[k].batched) continue;
            struct sight sight = sight_of(w, out, call->batch, call->in[k].shape.dim[1]);
            cut_shape(&p->in[k].shape, sight.size);
            if (v != net->graph->input && is_patch(&sight, &p->all[r->slots[v]], call->batch)) continue;
            size_t count = (call->batch * sight_count(&sight) + 15) / 16 * 16;
            wanted += turn ? 0 : count;
            if (!turn) continue;
            p->in[k].data = p->gathered + used;
            used += count;
            gather(net, p, v, &sight, w->beside, x, p->in[k].data);
        }
    }
    return true;
}

bool region_run(const struct net *net, struct patches *p, uint32_t i, const float *x) {
    const struct regions *r = net->regions;
    const struct fusion *f = fuse_find(net, net->group, r->nodes[i]);
    struct op_call call = net->group->calls[r->nodes[i]];
    if (!take_inputs(net, p, i, &call, x)) return false;
    call.in = p->in;
    call.fused = f ? &f->how : NULL;
    call.whole = r->windows[i].unit ? &r->windows[i].fit : NULL;
    call.mask = NULL;
    call.team = thread_team_size(net->team) <= net->group->workers ? net->team : NULL;
    cut_shape(&call.out.shape, p->all[r->slots[r->outs[i]]].size);
    if (!take_scratch(net, p, &call, r->nodes[i])) return false;
    call.node->op->forward(&call);
    p->runs++;
    return true;
}

/* ---- Whole planes ---- */

static bool spread(const struct net *net, struct patches *p, uint32_t value) {
    const struct shape *s = &net->graph->values[value].shape;
    const struct area plane = {{0, 0}, {plane_size(s, 0), plane_size(s, 1)}};
    const struct patch *patch = &p->all[net->regions->slots[value]];
    const size_t sample = shape_count_from(s, 1), channels = s->dim[1];
    const size_t part = channels * patch->size[0] * patch->size[1], batch = net->group->batch;
    if (!take_gathered(p, batch * part)) return false;
    memcpy(p->gathered, net->group->data[value], batch * part * sizeof *p->gathered);
    for (uint32_t i = 0; i < batch; i++) {
        const struct planes from = {p->gathered + i * part, area_of(patch, i)};
        const struct planes to = {net->group->data[value] + i * sample, plane};
        memcpy(to.data, net->regions->values[value], sample * sizeof *to.data);
        copy_planes(&from, &to, &plane, channels);
    }
    return true;
}

/* Whether a step from `next` on reads it, or it is the answer. */
static bool is_read(const struct net *net, uint32_t value, uint32_t next) {
    if (value == net->graph->output) return true;
    for (uint32_t i = net->step_count; i-- > 0 && net->steps[i] >= next;) {
        const struct node *node = net->group->calls[net->steps[i]].node;
        const struct fusion *f = fuse_find(net, net->group, net->steps[i]);
        if (plan_skips(net, net->group, net->steps[i]) || (f && f->conv != net->steps[i])) continue;
        for (uint32_t k = 0; k < node->input_count; k++)
            if (node->inputs[k] == value) return true;
    }
    return false;
}

bool region_spread(const struct net *net, struct patches *p, uint32_t count, uint32_t next) {
    for (uint32_t i = 0; i < count; i++)
        if (is_read(net, net->regions->outs[i], next) && !spread(net, p, net->regions->outs[i])) return false;
    return true;
}
