/* node_roles.h: what each node of a network is to a rule of propagation (propagate.h). */
#ifndef ASSAY_NN_NODE_ROLES_H
#define ASSAY_NN_NODE_ROLES_H

#include "nn/graph.h"

enum role {
    ROLE_NONE,      /* the logits do not depend on it, or it does not depend on the input */
    ROLE_LAYER,     /* weights times its one input, and a bias: Conv, ConvTranspose, Gemm, MatMul, Einsum */
    ROLE_MERGED,    /* the bias (Add) or BatchNormalization of the layer before it, of which it is a part */
    ROLE_LINEAR,    /* otherwise linear or affine in its inputs: AveragePool, Add of two branches, a product with a
                       constant, a BatchNormalization that follows no layer */
    ROLE_MOVE,      /* its elements are those of its inputs: Reshape, Transpose, Concat, Pad, ... */
    ROLE_RECTIFIER, /* Relu and its kin, as backward rules have them (net_options.h) */
    ROLE_POINTWISE, /* any other function of one element: Sigmoid, Tanh, Gelu, ... */
    ROLE_MAXIMUM,   /* MaxPool, GlobalMaxPool */
    ROLE_ASIDE,     /* on the way to the deviation of a normalisation written as several nodes, or to whether a value
                       is NaN: no operator of its own, and its gradient is what passes */
    ROLE_OTHER      /* products of two values, Softmax, LayerNormalization, recurrent networks, ... */
};

struct node_role {
    enum role role;
    bool first;    /* of a layer: no other layer comes before it */
    uint32_t last; /* of a layer: the last node that is merged into it, or the node itself */
    /* Of a product x g(x), element by element, with g of one element (Sigmoid: SiLU; 1 + Erf: GELU), which is an
     * activation, and of x / sqrt(mean x^2 + c), a normalisation: the input that is x. Else GRAPH_NONE. */
    uint32_t signal;
};

struct node_roles {
    const struct graph *graph;
    struct node_role nodes[]; /* [graph->node_count] */
};

/* Borrows the graph. */
bool node_roles_create(const struct graph *, struct node_roles **out, struct error *);
void node_roles_destroy(struct node_roles *);
/* The one input of a node of that role that depends on the network's input: it is the only one. */
uint32_t node_role_input(const struct graph *, const struct node *);

#endif
