/* propagate.h: a backward pass in which every node has a rule of its own: layer-wise relevance propagation and its
 * composites (Bach et al. 2015, doi:10.1371/journal.pone.0130140), DeepLIFT, excitation backpropagation, RectGrad. The
 * plain gradient does not come this way: net_gradient is as fast as it was.
 *
 * A rule gets the signal at a node's output and says what goes to each of its inputs; what several nodes send to one
 * value is added up. One rule is one file in propagation/. */
#ifndef ASSAY_NN_PROPAGATE_H
#define ASSAY_NN_PROPAGATE_H

#include "nn/net.h"
#include "nn/node_roles.h"

struct propagation_rule;

/* The rule of one node, and its numbers. */
struct node_rule {
    const struct propagation_rule *rule; /* NULL: the gradient */
    float a, b;
};

struct propagation {
    const struct node_rule *rules; /* [node_count]; of ROLE_MERGED, ROLE_ASIDE, ROLE_NONE not looked at */
    const float *reference;        /* [n][sample]: what rules compare with; NULL: no rule does */
    bool from_logit;               /* the signal begins with the target's logit, as the last layer gives it; else 1 */
};

/* Of the network's nodes; borrowed, valid as long as the net. */
bool net_roles(struct net *, const struct node_roles **out, struct error *);
/* out[n][sample]: what arrives at the input. Fails when a rule is not for the node it is given to, naming both, or
 * wants a reference where there is none. Memory holds every value of a group of samples. */
bool net_propagate(struct net *, const struct propagation *, uint32_t n, const float *x, const uint32_t *targets,
                   float *out, struct error *);

/* Whether the rule is for the node, given that it is for its role. */
bool propagation_takes(const struct propagation_rule *, const struct node_roles *, uint32_t node);
/* The rule of that name, or NULL. */
const struct propagation_rule *propagation_find(const char *name);
/* All rules, ended by NULL. */
const struct propagation_rule *const *propagation_all(void);

#endif
