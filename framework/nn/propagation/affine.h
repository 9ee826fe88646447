/* affine.h: a layer as z = w x + b, with the bias and the normalisation that are merged into it, and with other weights
 * and inputs in their place: what rules of relevance propagation are made of. */
#ifndef ASSAY_NN_PROPAGATION_AFFINE_H
#define ASSAY_NN_PROPAGATION_AFFINE_H

#include "nn/propagation/rule.h"

/* What stands in the place of the input or the weights: all of them, their positive or negative part, ... */
enum affine_input { X_ALL, X_POSITIVE, X_NEGATIVE, X_ONE, X_LOW, X_HIGH }; /* low and high: a and b of the rule */
enum affine_weight { W_ALL, W_POSITIVE, W_NEGATIVE, W_SQUARE, W_ONE, W_MORE_POSITIVE, W_MORE_NEGATIVE };
/* more: w + a max(w, 0), w + a min(w, 0) */

/* A product of the one with the other, and with the bias changed as the weights are. */
struct affine_term {
    enum affine_input input;
    enum affine_weight weight;
    bool bias;
};

struct affine {
    struct op_call call; /* of the layer, with operands of its own */
    struct operand in[3];
    uint32_t input, weight; /* which operand is x, and which w */
    size_t weight_count;
    const float *weights; /* with the normalisation's factors in them */
    const float *x;
    const float *value;     /* z */
    const float *bias;      /* [channels]; NULL: none */
    size_t channels, inner; /* z is rows of channels x inner elements */
    float a, b;
    float *changed_x, *changed_weights, *changed_bias, *product;
};

/* Memory for the layers of a network: each array is large enough for any of them. */
struct affine_room {
    float *folded, *changed_x, *changed_weights, *product;
    float *bias, *changed_bias, *zeros;
};

/* The layer at `node`, whose calls are [node_count]; what is merged into it is folded into room. */
void affine_init(struct affine *, const struct node_roles *, uint32_t node, const struct op_call *calls, float *scratch,
                 const struct affine_room *);
/* z += the term. z[value] */
void affine_add(const struct affine *, const struct affine_term *, float *z);
/* out += factor * the term's input * (its weights' transpose times s). */
void affine_back(const struct affine *, const struct affine_term *, const float *s, float factor, float *out);
size_t affine_outputs(const struct affine *);
size_t affine_inputs(const struct affine *);

/* What rules have in common whose z is a sum of terms: out += factor * sum of terms' shares of relevance. s[value] is
 * overwritten by relevance / z. */
void affine_share(const struct affine *, const struct affine_term *, size_t terms, const float *relevance, float factor,
                  float *s, float *out);

#endif
