/* operators.c: names into rules of propagation, and masks on what they see. */
#include "host/operators.h"

#include "host/handle_checks.h"
#include "nn/op.h"
#include "nn/propagate.h"
#include "nn/propagation/rule.h"

#include <math.h>
#include <string.h>

static bool is_shown(enum role role) {
    return role != ROLE_NONE && role != ROLE_MERGED && role != ROLE_ASIDE;
}

bool operators_init(struct operators *o, struct net *net, struct error *e) {
    const struct graph *graph = net_graph(net);
    const struct node_roles *roles;
    *o = (struct operators){.net = net, .nodes = calloc((size_t)graph->node_count + 1, sizeof *o->nodes)};
    if (!o->nodes) return error_memory(e);
    if (!net_roles(net, &roles, e)) return false;
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (is_shown(roles->nodes[i].role)) o->nodes[o->count++] = i;
    return true;
}

void operators_finish(struct operators *o) {
    free(o->nodes);
}

bool operators_get(const struct operators *o, uint32_t index, assay_operator *out) {
    static const assay_role shown[] = {
        [ROLE_LAYER] = ASSAY_ROLE_LAYER,         [ROLE_LINEAR] = ASSAY_ROLE_LINEAR,
        [ROLE_MOVE] = ASSAY_ROLE_MOVE,           [ROLE_RECTIFIER] = ASSAY_ROLE_RECTIFIER,
        [ROLE_POINTWISE] = ASSAY_ROLE_POINTWISE, [ROLE_MAXIMUM] = ASSAY_ROLE_MAXIMUM,
        [ROLE_OTHER] = ASSAY_ROLE_OTHER,
    };
    const struct node_roles *roles;
    if (index >= o->count || !out || !net_roles(o->net, &roles, NULL)) return false;
    const struct node *node = &roles->graph->nodes[o->nodes[index]];
    const struct node_role *role = &roles->nodes[o->nodes[index]];
    *out = (assay_operator){node->name ? node->name : "", node->op->name, shown[role->role], role->first};
    return true;
}

bool operators_are_ruled(const struct operators *o, const assay_operator_rule *rules) {
    for (uint32_t i = 0; i < o->count; i++)
        if (rules[i].rule && strcmp(rules[i].rule, "gradient") != 0) return true;
    return false;
}

/* Of its role, but of other operators. */
static bool is_for_others(const struct propagation_rule *rule, const struct node_roles *roles, uint32_t node) {
    return rule->roles >> roles->nodes[node].role & 1 && !propagation_takes(rule, roles, node);
}

static assay_status refuse_rule(const char *rule, const struct node *node, assay_why *why) {
    bool named = node->name && *node->name;
    return assay_say(why, ASSAY_UNSUPPORTED, "rule '%s' is not for the operator %s%s%s%s", rule, node->op->name,
                     named ? " (node '" : "", named ? node->name : "", named ? "')" : "");
}

/* rules[node_count] from those of the operators. */
static assay_status translate(const struct operators *o, const assay_operator_rule *given, struct node_rule *rules,
                              assay_why *why) {
    const struct node_roles *roles;
    if (!net_roles(o->net, &roles, NULL)) return assay_say(why, ASSAY_FAILED, "propagate: out of memory");
    for (uint32_t i = 0; i < o->count; i++) {
        struct node_rule *rule = &rules[o->nodes[i]];
        if (!given[i].rule) continue;
        *rule = (struct node_rule){propagation_find(given[i].rule), (float)given[i].a, (float)given[i].b};
        if (!rule->rule)
            return assay_say(why, ASSAY_UNSUPPORTED, "propagate: this host has no rule '%s'", given[i].rule);
        if (is_for_others(rule->rule, roles, o->nodes[i]))
            return refuse_rule(given[i].rule, &roles->graph->nodes[o->nodes[i]], why);
        if (!isfinite(rule->a) || !isfinite(rule->b))
            return assay_say(why, ASSAY_FAILED, "propagate: rule '%s' of operator %u: its numbers are not finite",
                             given[i].rule, i);
    }
    return ASSAY_OK;
}

/* Of f(mask * x): the product with the mask is linear, so that a multiplier goes through it times the mask. Relevance
 * of a masked element is 0, as it adds nothing. */
static bool propagate(const struct operators *o, const struct operators_request *r, struct propagation *how, float *out,
                      struct error *e) {
    const size_t count = shape_count(&net_graph(o->net)->sample);
    float *x = r->mask ? masked(r->mask, count, r->n, r->x) : NULL;
    float *reference = r->mask && r->reference ? masked(r->mask, count, r->n, r->reference) : NULL;
    bool ok = !r->mask || (x && (reference || !r->reference));
    if (!ok) error_memory(e);
    how->reference = reference ? reference : r->reference;
    ok = ok && net_propagate(o->net, how, r->n, x ? x : r->x, r->targets, out, e);
    for (size_t k = 0; ok && r->mask && k < r->n * count; k++) out[k] *= r->mask[k % count];
    free(x);
    free(reference);
    return ok;
}

assay_status operators_propagate(const struct operators *o, const struct operators_request *r, float *out,
                                 const char **not_finite, assay_why *why) {
    const size_t total = r->n * shape_count(&net_graph(o->net)->sample);
    struct error e = {{0}};
    if (r->start != ASSAY_START_ONE && r->start != ASSAY_START_LOGIT)
        return assay_say(why, ASSAY_UNSUPPORTED, "propagate: this host has no start %d", (int)r->start);
    struct node_rule *rules = calloc((size_t)net_graph(o->net)->node_count + 1, sizeof *rules);
    if (!rules) return assay_say(why, ASSAY_FAILED, "propagate: out of memory");
    assay_status status = translate(o, r->rules, rules, why);
    if (status == ASSAY_OK) {
        struct propagation how = {.rules = rules, .from_logit = r->start == ASSAY_START_LOGIT};
        status = finish(propagate(o, r, &how, out, &e), "propagate", &e, why);
    }
    free(rules);
    for (size_t k = 0; k < total && status == ASSAY_OK; k++) {
        if (isfinite(out[k])) continue;
        *not_finite = "propagated signal is";
        status = assay_say(why, ASSAY_FAILED, "propagate: the network's %s not finite", *not_finite);
    }
    return status;
}
