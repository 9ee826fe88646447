/* net_mate.c: nets of the same weights for several threads: what a net knows is shared, the memory of a pass is not. */
#include "nn/net.h"
#include "nn/net_plan.h"

#include <stdlib.h>

/* All that a net knows, and nothing that it works in. */
static struct net *make_mate(const struct net *net) {
    struct net *mate = malloc(sizeof *mate);
    if (!mate) return NULL;
    *mate = *net;
    mate->team = NULL;
    mate->group = mate->training = NULL;
    mate->kept[0] = mate->kept[1] = NULL;
    mate->roles = NULL;
    mate->learned = NULL;
    mate->learned_fresh = NULL;
    mate->learned_memory = mate->total = mate->inputs = mate->ends = mate->points = NULL;
    mate->patches = NULL;
    mate->mates = NULL;
    mate->mate_count = 0;
    return mate;
}

static void destroy_mate(struct net *mate) {
    plan_destroy(mate->group);
    free(mate->total);
    free(mate->inputs);
    free(mate->points);
    patches_destroy(mate->patches);
    free(mate);
}

void mates_destroy(struct net *net) {
    for (unsigned i = 0; i < net->mate_count; i++) destroy_mate(net->mates[i]);
    free(net->mates);
    net->mates = NULL;
    net->mate_count = 0;
}

void net_drop_mates(struct net *net) {
    if (net->brief_mates) mates_destroy(net);
}

unsigned net_mates(const struct net *net) {
    return net->mate_count;
}

static bool add_mate(struct net *net, enum plan_kind kind, uint32_t most, struct error *e) {
    struct net **all = realloc(net->mates, (net->mate_count + 1) * sizeof(struct net *));
    if (!all) return error_memory(e);
    net->mates = all;
    struct net *mate = make_mate(net);
    if (!mate) return error_memory(e);
    mate->most = most < net->most ? most : net->most;
    if (!plan_create(mate, kind, group_size(mate), &mate->group, e)) {
        destroy_mate(mate);
        return false;
    }
    net->mates[net->mate_count++] = mate;
    return true;
}

bool net_mate(struct net *net, unsigned index, uint32_t most, bool gradient, struct net **out, struct error *e) {
    const enum plan_kind kind = gradient ? PLAN_GRADIENT : PLAN_FORWARD;
    while (net->mate_count <= index)
        if (!add_mate(net, kind, most, e)) return false;
    struct net *mate = net->mates[index];
    mate->plain = net->plain;
    mate->ends = net->ends;
    mate->stems = net->stems;
    mate->regions = net->regions;
    if (!(gradient ? sum_prepare(mate, e) : net_prepare(mate, kind, e))) return false;
    *out = mate;
    return true;
}
