/* propagation.h: what methods share that give every operator a rule on the way back (assay.propagation/1). Source, not
 * ABI, as kit.h is. */
#ifndef ASSAY_PROPAGATION_KIT_H
#define ASSAY_PROPAGATION_KIT_H

#include "explainer.h"
#include "kit.h"

#define PROPAGATION_BLOCK 20u       /* inputs asked about at once */
#define PROPAGATION_STABILISER 1e-6 /* of sums and averages, whose rule is epsilon */

/* The rule of one operator; ASSAY_UNSUPPORTED with the reason where the method has none for it. `rule` comes as the
 * gradient. */
typedef assay_status (*propagation_choose)(const assay_explainer *, const assay_operator *, assay_operator_rule *rule,
                                           assay_why *);

/* "Softmax (node 'attn/softmax')" and that no rule is defined: what to answer for a ROLE_OTHER. */
static inline assay_status propagation_refuse(const assay_explainer *self, const assay_operator *op, assay_why *why) {
    return assay_say(why, ASSAY_UNSUPPORTED, "%s has no rule for the operator %s%s%s%s", self->info->name, op->op,
                     *op->name ? " (node '" : "", op->name, *op->name ? "')" : "");
}

/* DeepLIFT's rules: an activation's and a maximum's slope is that between the reference and the input, and so is that
 * of what consists of activations and products. */
static inline assay_status propagation_rescale(const assay_explainer *self, const assay_operator *op,
                                               assay_operator_rule *rule, assay_why *why) {
    static const char *const others[] = {
        "Softmax", "Mul", "MatMul", "Einsum", "LayerNormalization", "GroupNormalization", "InstanceNormalization",
        NULL};
    const char *const *other = others;
    while (*other && strcmp(op->op, *other) != 0) other++;
    if (op->role == ASSAY_ROLE_OTHER && !*other) return propagation_refuse(self, op, why);
    if (op->role == ASSAY_ROLE_OTHER || op->role == ASSAY_ROLE_RECTIFIER || op->role == ASSAY_ROLE_POINTWISE ||
        op->role == ASSAY_ROLE_MAXIMUM)
        rule->rule = "rescale";
    return ASSAY_OK;
}

/* For a method that gives layers a rule of their own: that of every other operator. Sums and averages divide relevance
 * in proportion, activations pass it on, what is left keeps the gradient. */
static inline assay_status propagation_between(const assay_explainer *self, const assay_operator *op,
                                               assay_operator_rule *rule, assay_why *why) {
    switch (op->role) {
    case ASSAY_ROLE_OTHER: return propagation_refuse(self, op, why);
    case ASSAY_ROLE_LINEAR:
        rule->rule = "epsilon";
        rule->a = PROPAGATION_STABILISER;
        break;
    case ASSAY_ROLE_RECTIFIER:
    case ASSAY_ROLE_POINTWISE: rule->rule = "pass"; break;
    default: break;
    }
    return ASSAY_OK;
}

/* The rules of all operators of a model. */
typedef struct propagation_rules {
    const assay_propagation *host;
    assay_operator_rule *rules;
} propagation_rules;

/* free(out->rules) either way. */
static inline assay_status propagation_open(const assay_explainer *self, const assay_model *model,
                                            propagation_choose choose, propagation_rules *out, assay_why *why) {
    memset(out, 0, sizeof *out);
    out->host = (const assay_propagation *)model->extension(model, ASSAY_PROPAGATION);
    if (!out->host)
        return assay_say(why, ASSAY_UNSUPPORTED, "the model offers no %s, which %s needs", ASSAY_PROPAGATION,
                         self->info->name);
    uint32_t count = out->host->count(model);
    out->rules = (assay_operator_rule *)calloc((size_t)count + 1, sizeof *out->rules);
    if (!out->rules) return assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < count; i++) {
        assay_operator op;
        if (!out->host->get(model, i, &op)) return assay_say(why, ASSAY_FAILED, "the model hides operator %u", i);
        assay_status status = choose(self, &op, &out->rules[i], why);
        if (status != ASSAY_OK) return status;
    }
    return ASSAY_OK;
}

/* A whole method without a reference: maps under the rules of `choose`. */
static inline assay_status propagation_attribute(const assay_explainer *self, const assay_model *model,
                                                 const assay_request *request, propagation_choose choose,
                                                 assay_start start, float *maps, assay_why *why) {
    propagation_rules rules;
    size_t count = model->input.count;
    assay_status status = propagation_open(self, model, choose, &rules, why);
    for (kit_block b = {0, 0}; status == ASSAY_OK && kit_next(&b, request->n, PROPAGATION_BLOCK);)
        status = rules.host->propagate(model, rules.rules, start, b.n, request->inputs + b.first * count, NULL,
                                       request->targets + b.first, maps + b.first * count, why);
    free(rules.rules);
    return status;
}

#endif
