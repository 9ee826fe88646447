/* graph_layout.h: networks that take their pictures with the channels last. */
#ifndef ASSAY_NN_GRAPH_LAYOUT_H
#define ASSAY_NN_GRAPH_LAYOUT_H

#include "nn/graph.h"

/* What is said of such a network. */
#define LAYOUT_LAST_SAID "takes pictures with the channels last: it is fed and judged as channels x height x width"

enum layout { LAYOUT_AUTO, LAYOUT_NCHW, LAYOUT_NHWC };
extern const char *const layout_names[]; /* in that order, ended by NULL */

/* Makes a finished graph that takes H x W x C take C x H x W, by a Transpose in front; before weights are made. With
 * LAYOUT_AUTO where the file's first step, after scaling at most, is the Transpose to channels first that converters
 * from TensorFlow write; with LAYOUT_NHWC always, and a network without three dimensions fails. */
bool graph_settle_layout(struct graph *, enum layout, struct error *);

#endif
