/* propagate.c: the way back under a rule for each node, over plans that keep every value. */
#include "nn/propagate.h"

#include "nn/net_plan.h"
#include "nn/propagation/affine.h"
#include "nn/propagation/rules.h"

#include <stdlib.h>
#include <string.h>

enum { HERE, THERE };

/* One request on its way. */
struct passage {
    struct net *net;
    const struct propagation *how;
    float *memory;
    struct affine_room room;
    float *free[3]; /* for rules */
};

bool net_roles(struct net *net, const struct node_roles **out, struct error *e) {
    if (!net->roles && !node_roles_create(net->graph, &net->roles, e)) return false;
    *out = net->roles;
    return true;
}

static const struct propagation_rule *rule_of(const struct passage *p, uint32_t node) {
    const struct propagation_rule *rule = p->how->rules[node].rule;
    return rule ? rule : &propagation_gradient;
}

/* ---- Checks and memory ---- */

static bool check_rules(const struct net *net, const struct propagation *how, struct error *e) {
    for (uint32_t i = 0; i < net->graph->node_count; i++) {
        const struct propagation_rule *rule = how->rules[i].rule;
        const struct node *node = &net->graph->nodes[i];
        enum role role = net->roles->nodes[i].role;
        if (!rule || role == ROLE_NONE || role == ROLE_MERGED || role == ROLE_ASIDE) continue;
        if (!(rule->roles >> role & 1) || !propagation_takes(rule, net->roles, i))
            return error_set(e, "rule '%s' is not for node '%s' (%s)", rule->name, node->name ? node->name : "",
                             node->op->name);
        if (rule->compares && !how->reference) return error_set(e, "rule '%s' wants a reference", rule->name);
    }
    return true;
}

/* The plan for as many samples as the other has, if there is one. */
static bool prepare_plan(struct net *net, int which, struct error *e) {
    if (net->kept[which]) return true;
    uint32_t most = which == THERE ? net->kept[HERE]->capacity : group_size(net);
    return plan_create(net, PLAN_KEPT, most, &net->kept[which], e);
}

/* The largest value of a full group, and the largest parameter. */
static size_t largest(const struct net *net, const struct plan *plan, bool values) {
    size_t most = 1;
    for (uint32_t v = 0; v < net->graph->value_count; v++) {
        if (net->graph->values[v].batched != values) continue;
        size_t count = shape_count(&plan->shapes[v]);
        if (values) count = count / plan->batch * plan->capacity + plan->capacity;
        most = count > most ? count : most;
    }
    return most;
}

static bool prepare(struct passage *p, struct error *e) {
    struct net *net = p->net;
    const struct node_roles *roles;
    if (!net_roles(net, &roles, e) || !check_rules(net, p->how, e) || !prepare_plan(net, HERE, e) ||
        (p->how->reference && !prepare_plan(net, THERE, e)))
        return false;
    size_t value = largest(net, net->kept[HERE], true), weights = largest(net, net->kept[HERE], false);
    size_t any = value > weights ? value : weights;
    p->memory = malloc((5 * any + 5 * weights + 2 * any) * sizeof *p->memory);
    if (!p->memory) return error_memory(e);
    float *at = p->memory;
    float **const wide[] = {&p->free[0], &p->free[1], &p->free[2], &p->room.changed_x, &p->room.product, NULL};
    float **const narrow[] = {&p->room.folded, &p->room.changed_weights, NULL};
    float **const biases[] = {&p->room.bias, &p->room.changed_bias, &p->room.zeros, NULL};
    for (float **const *w = wide; *w; w++, at += any) **w = at;
    for (float **const *w = narrow; *w; w++, at += any) **w = at;
    for (float **const *w = biases; *w; w++, at += weights) **w = at;
    memset(p->room.zeros, 0, weights * sizeof *p->room.zeros);
    return true;
}

/* ---- The way back ---- */

/* What is merged into a layer whose rule folds it goes through unchanged. */
static bool is_folded(const struct passage *p, uint32_t node) {
    const struct node_roles *roles = p->net->roles;
    uint32_t layer = node;
    if (roles->nodes[node].role != ROLE_MERGED) return false;
    while (roles->nodes[layer].role == ROLE_MERGED) {
        const struct node *at = &roles->graph->nodes[layer];
        layer = roles->graph->values[at->inputs[node_role_input(roles->graph, at)]].node;
    }
    return rule_of(p, layer)->folds;
}

static void apply(const struct passage *p, uint32_t node, uint32_t k, const float *relevance, float *out) {
    struct net *net = p->net;
    struct plan *here = net->kept[HERE], *there = p->how->reference ? net->kept[THERE] : NULL;
    const struct propagation_rule *rule = rule_of(p, node);
    struct propagation_call call = {.here = &here->calls[node],
                                    .there = there ? &there->calls[node] : NULL,
                                    .a = p->how->rules[node].a,
                                    .b = p->how->rules[node].b,
                                    .signal = net->roles->nodes[node].signal,
                                    .room = {p->free[0], p->free[1], p->free[2]}};
    struct affine layer;
    if (net->roles->nodes[node].role == ROLE_ASIDE) rule = &propagation_gradient;
    if (net->roles->nodes[node].role == ROLE_MERGED) {
        rule = &propagation_gradient;
        if (is_folded(p, node)) {
            memcpy(out, relevance, shape_count(&call.here->in[k].shape) * sizeof *out);
            return;
        }
    }
    here->calls[node].scratch = here->arrays[node].backward;
    if (there) there->calls[node].scratch = there->arrays[node].backward;
    if (rule->folds && net->roles->nodes[node].role == ROLE_LAYER) {
        affine_init(&layer, net->roles, node, here->calls, here->arrays[node].backward, &p->room);
        layer.a = call.a;
        layer.b = call.b;
        call.layer = &layer;
    }
    rule->pass(&call, k, relevance, out);
}

static void pass_on(const struct passage *p, uint32_t node, uint32_t k) {
    struct plan *plan = p->net->kept[HERE];
    uint32_t v = plan->calls[node].node->inputs[k], out = plan->calls[node].node->outputs[0];
    if (plan->passes[out] && plan->sources[out] == v) {
        plan->written[v] = true; /* the same elements in the same array */
    } else if (!plan->written[v]) {
        apply(p, node, k, plan->gradient[out], plan->gradient[v]);
        plan->written[v] = true;
    } else {
        apply(p, node, k, plan->gradient[out], plan->spare[v]);
        for (size_t i = 0; i < shape_count(&plan->shapes[v]); i++) plan->gradient[v][i] += plan->spare[v][i];
    }
}

static void run_back(const struct passage *p, const uint32_t *targets, float *out) {
    struct net *net = p->net;
    const struct graph *g = net->graph;
    struct plan *plan = net->kept[HERE];
    float factors[NET_GROUP];
    for (uint32_t i = 0; i < plan->batch; i++)
        factors[i] = p->how->from_logit ? plan->data[g->output][(size_t)i * g->classes + targets[i]] : 1;
    seed_targets(net, plan, targets, factors);
    memset(plan->written, 0, g->value_count * sizeof *plan->written);
    plan->written[g->output] = true;
    plan->gradient[g->input] = out;
    for (uint32_t i = net->step_count; i-- > 0;) {
        uint32_t node = net->steps[i];
        const struct op_call *call = &plan->calls[node];
        if (!plan->written[call->node->outputs[0]]) continue;
        for (uint32_t k = 0; k < call->node->input_count; k++)
            if (call->node->inputs[k] != GRAPH_NONE && g->values[call->node->inputs[k]].batched) pass_on(p, node, k);
    }
}

bool net_propagate(struct net *net, const struct propagation *how, uint32_t n, const float *x, const uint32_t *targets,
                   float *out, struct error *e) {
    struct passage p = {.net = net, .how = how};
    size_t sample = shape_count(&net->graph->sample);
    bool ok = net_check_targets(net, n, targets, e) && prepare(&p, e);
    for (uint32_t i = 0; ok && i < n; i += net->kept[HERE]->batch) {
        uint32_t most = net->kept[HERE]->capacity, batch = n - i < most ? n - i : most;
        ok = plan_resize(net, net->kept[HERE], batch, e) &&
             (!how->reference || plan_resize(net, net->kept[THERE], batch, e));
        if (!ok) break;
        run_forward(net, net->kept[HERE], x + i * sample, 0, GRAPH_NONE);
        if (how->reference) run_forward(net, net->kept[THERE], how->reference + i * sample, 0, GRAPH_NONE);
        run_back(&p, targets + i, out + i * sample);
    }
    free(p.memory);
    return ok;
}
