/* output_scale.h: targets of a regression as standard scores while a network is trained: whatever their unit, they are
 * of the size that fresh weights give. Afterwards the last layer takes the unit over. Private to nn/. */
#ifndef ASSAY_NN_OUTPUT_SCALE_H
#define ASSAY_NN_OUTPUT_SCALE_H

#include "nn/weights.h"

struct output_scale {
    bool folds;            /* the last layer can take mean and deviation over; otherwise targets stay as they are */
    uint32_t weight, bias; /* of it: values of the graph */
    bool rows;             /* output k is row k of the weight, otherwise column k */
    uint32_t outputs;
    double *mean, *deviation; /* [outputs] of the targets; where all are the same the deviation is 1 */
};

/* From values[n][outputs of the graph]. */
bool output_scale_create(const struct graph *, uint32_t n, const float *values, struct output_scale *, struct error *);
void output_scale_finish(struct output_scale *);
/* out[n][outputs]: (value - mean) / deviation, or the values where the last layer cannot fold. */
void output_scale_apply(const struct output_scale *, uint32_t n, const float *values, float *out);
/* The last layer's weights for outputs in the unit of the targets. */
bool output_scale_fold(const struct output_scale *, struct weights *, struct error *);

#endif
