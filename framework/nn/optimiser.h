/* optimiser.h: one step of gradient descent at a time. */
#ifndef ASSAY_NN_OPTIMISER_H
#define ASSAY_NN_OPTIMISER_H

#include "nn/recipe.h"
#include "nn/weights.h"

struct optimiser_state;

/* Borrows the graph. The recipe's optimiser, rate, momentum and weight decay are used. */
bool optimiser_create(const struct graph *, const struct recipe *, struct optimiser_state **out, struct error *);
void optimiser_destroy(struct optimiser_state *);

/* Moves every parameter with a gradient; grads of the loss as net_loss gives them, without the decay. */
bool optimiser_step(struct optimiser_state *, struct weights *, float *const *grads, struct error *);

#endif
