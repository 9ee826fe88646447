/* plane.h: networks that take H x W, without an axis for channels, and what they are fed with. */
#ifndef ASSAY_EXPERIMENT_PLANE_H
#define ASSAY_EXPERIMENT_PLANE_H

#include "data/dataset.h"
#include "nn/graph.h"

/* What is said where a network's H x W is taken for a picture. */
#define PLANE_SAID "its input of two dimensions is taken for a picture of one channel, 1 x height x width"

/* A network that takes H x W is fed with grey pictures (`pictures`) or with a square, flat or 1 x H x W: its samples
 * are pictures 1 x H x W from then on, and true comes back. Other samples 1 x C x L, and squares where the network
 * convolves along one dimension or is recurrent, become the C x L that it takes, a sequence. Nothing else changes. */
bool plane_settle_shape(struct graph *, struct shape *sample, bool pictures);
bool plane_settle(struct graph *, struct dataset *);

#endif
