/* net_options.h: what a caller chooses about a run: the route of convolutions, how many samples go together, and the
 * rule by which gradients pass rectifiers. */
#ifndef ASSAY_NN_NET_OPTIONS_H
#define ASSAY_NN_NET_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define NET_GROUP 10u                 /* samples worked through together, at most */
#define NET_MEMORY ((size_t)48 << 20) /* bytes of their values: measured, docs/performance.md */

/* How 3x3 convolutions of stride 1 are computed: docs/performance.md has the error of each. */
enum conv_route {
    CONV_AUTO,    /* by Winograd's method where that pays: depends on the layer's sizes alone */
    CONV_DIRECT,  /* never */
    CONV_WINOGRAD /* wherever it can be used */
};
struct net_options {
    enum conv_route conv;
    size_t
        memory; /* bytes that the values of one group may take at inference, but for a single sample; 0: NET_MEMORY */
    bool brief_mates; /* nets of other threads go with the request: memory is short (net_drop_mates) */
};

/* How a gradient dy passes a rectifier with the derivative f'(x). Rectifiers are Relu, LeakyRelu, PRelu, Elu, Celu,
 * Selu, ThresholdedRelu and a Clip with a lower bound of 0 (ReLU6), and what is written out as one (Max(x, 0),
 * Where(x > 0, x, 0)); a hard sigmoid (Clip(x + 3, 0, 6)) is a gate and none. Every other operator
 * passes its gradient whatever the rule.
 *
 * - NET_GRADIENT: f'(x) dy; at a kink the derivative from below
 * - NET_GUIDED: f'(x) max(dy, 0) (Springenberg et al. 2015: for Relu both masks)
 * - NET_DECONVNET: max(dy, 0) (Zeiler & Fergus 2014: what the forward pass cut off does not matter) */
enum net_rule { NET_GRADIENT, NET_GUIDED, NET_DECONVNET }; /* in the order of assay_rule */

#endif
