/* table.c: the rules of propagation. */
#include "nn/propagate.h"
#include "nn/propagation/rules.h"

#include <string.h>

static const struct propagation_rule *const rules[] = {
    &propagation_gradient,   &propagation_pass,       &propagation_epsilon,  &propagation_gamma,
    &propagation_alpha_beta, &propagation_z_plus,     &propagation_w_square, &propagation_flat,
    &propagation_z_box,      &propagation_excitation, &propagation_rescale,  &propagation_rectify,
    &propagation_softmax,    &propagation_uniform,    &propagation_detached, NULL,
};

const struct propagation_rule *const *propagation_all(void) {
    return rules;
}

bool propagation_takes(const struct propagation_rule *rule, const struct node_roles *roles, uint32_t node) {
    return !rule->takes || rule->takes(roles, node);
}

const struct propagation_rule *propagation_find(const char *name) {
    for (const struct propagation_rule *const *rule = rules; *rule; rule++)
        if (strcmp((*rule)->name, name) == 0) return *rule;
    return NULL;
}
