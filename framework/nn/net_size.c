/* net_size.c: plans without their memory. */
#include "nn/net_size.h"
#include "nn/net_plan.h"

bool net_size(const struct net *net, enum net_passes passes, unsigned threads, struct net_size *out, struct error *e) {
    static const enum plan_kind kinds[] = {
        [NET_PASSES_FORWARD] = PLAN_FORWARD, [NET_PASSES_GRADIENT] = PLAN_GRADIENT, [NET_PASSES_RULES] = PLAN_KEPT};
    struct plan *plan;
    if (!plan_measure(net, kinds[passes], group_size(net), threads, &plan, e)) return false;
    size_t plans = passes == NET_PASSES_RULES ? 2 : 1;
    *out = (struct net_size){plan->capacity, plans * plan->floats * sizeof(float), fuse_size(net),
                             regions_size(net, plan)};
    plan_destroy(plan);
    return true;
}

bool net_size_training(const struct net *net, uint32_t batch, size_t *bytes, struct error *e) {
    struct plan *plan;
    size_t learned = weights_flat_count(net->graph);
    if (!plan_measure(net, PLAN_TRAINING, plan_training_samples(net, learned, batch), 1, &plan, e)) return false;
    *bytes = (plan->floats + learned) * sizeof(float);
    plan_destroy(plan);
    if (!plan_measure(net, PLAN_FORWARD, plan_training_samples(net, learned, batch), 1, &plan, e)) return false;
    *bytes += plan->floats * sizeof(float);
    plan_destroy(plan);
    return true;
}
