/* axis_order.h: networks that take their pictures with the channels last. */
#ifndef ASSAY_NN_AXIS_ORDER_H
#define ASSAY_NN_AXIS_ORDER_H

#include "nn/graph.h"

/* What is said of such a network. */
#define CHANNELS_LAST_SAID "takes pictures with the channels last: it is fed and judged as channels x height x width"

enum axis_order { AXIS_ORDER_AUTO, AXIS_ORDER_NCHW, AXIS_ORDER_NHWC };
extern const char *const axis_order_names[]; /* in that order, ended by NULL */

/* Makes a finished graph that takes H x W x C take C x H x W, by a Transpose in front; before weights are made. With
 * AXIS_ORDER_AUTO where the file's first step, after scaling at most, is the Transpose to channels first that
 * converters from TensorFlow write; with AXIS_ORDER_NHWC always, and a network without three dimensions fails. */
bool graph_settle_axis_order(struct graph *, enum axis_order, struct error *);

#endif
