/* net_probe.c: what several nodes give, in one pass. */
#include "nn/net.h"
#include "nn/net_plan.h"

#include <math.h>

size_t net_probe_elements(const struct graph *g, uint32_t node, size_t most) {
    size_t size = shape_count(&g->values[g->nodes[node].outputs[0]].shape);
    return size < most ? size : most;
}

/* One of each of `count` equal parts, at another place in each: even steps would fall on few columns of a plane. */
static size_t place_of(size_t k, size_t count, size_t size) {
    double within = fmod((double)k * .6180339887498949, 1), at = ((double)k + within) / (double)count;
    return size == count ? k : (size_t)(at * (double)size);
}

static void take(const struct net *net, const struct net_probe *p, uint32_t first) {
    const struct plan *plan = net->group;
    uint32_t value = net->graph->nodes[p->node].outputs[0];
    size_t size = shape_count(&net->graph->values[value].shape);
    for (size_t k = 0; k < p->elements; k++) {
        const size_t place = place_of(k, p->elements, size);
        for (uint32_t i = 0; i < plan->batch; i++)
            p->out[(first + i) * p->elements + k] = plan->data[value][i * size + place];
    }
}

/* Whether the pass up to the node runs apart what is fused otherwise: none can go on from there. */
static bool splits(const struct net *net, uint32_t node) {
    uint32_t index = net->fusion_of[node];
    return index && net->fusions[index - 1].last != node;
}

static void probe_group(struct net *net, const struct net_probe *probes, uint32_t count, const float *x,
                        uint32_t first) {
    struct plan *plan = net->group;
    uint32_t from = 0;
    for (uint32_t k = 0; k < count; k++) {
        plan->split = probes[k].node;
        if (from) run_forward(net, plan, x, from, probes[k].node);
        else stem_forward(net, x, probes[k].node, probes[k].node);
        take(net, &probes[k], first);
        from = splits(net, probes[k].node) ? 0 : probes[k].node + 1;
    }
    plan->split = GRAPH_NONE;
}

static bool check_probes(const struct net *net, const struct net_probe *probes, uint32_t count, struct error *e) {
    for (uint32_t k = 0; k < count; k++) {
        uint32_t node = probes[k].node;
        if (node >= net->graph->node_count || !net->readers[net->graph->nodes[node].outputs[0]] ||
            (k && node <= probes[k - 1].node))
            return error_set(e, "node %u: nodes between the network's input and its logits were wanted, in order",
                             node);
    }
    return true;
}

bool net_probe(struct net *net, const struct net_probe *probes, uint32_t count, uint32_t n, const float *x,
               struct error *e) {
    size_t sample = shape_count(&net->graph->sample);
    const bool plain = net->plain;
    if (!check_probes(net, probes, count, e)) return false;
    for (uint32_t k = 0; k < count; k++) net->plain = net->plain || chain_hides(net, probes[k].node);
    bool ok = net_prepare(net, PLAN_FORWARD, e);
    for (uint32_t i = 0; ok && i < n; i += net->group->batch) {
        ok = net_take_group(net, n, i, e);
        if (ok) probe_group(net, probes, count, x + i * sample, i);
    }
    net->plain = plain;
    return ok;
}
