/* depthwise_frames.h: private to depthwise*: how a plane lies in its frames, where every tap sees it there, and what a
 * worker does. */
#ifndef ASSAY_NN_KERNELS_DEPTHWISE_FRAMES_H
#define ASSAY_NN_KERNELS_DEPTHWISE_FRAMES_H

#include "nn/kernels/depthwise.h"

#define DEPTHWISE_LANES 8u
#define DEPTHWISE_UNIT (4 * DEPTHWISE_LANES) /* elements summed side by side */

/* The taps that one sum consists of: element `offset` further on in the frame, and which of the kernel. */
struct depthwise_taps {
    size_t count;
    ptrdiff_t offset[DEPTHWISE_TAPS];
    size_t element[DEPTHWISE_TAPS];
};

/* stride[0] x stride[1] frames: row y and column x of the plane are row (y + before) / stride of the frame
 * (y + before) % stride, and so on. */
struct depthwise_frames {
    ptrdiff_t plane[2], before[2], stride[2];
    size_t pitch, size; /* of a row and of a frame */
    size_t sums;        /* what is summed at a time, whole units: one row after the other, `pitch` apart */
};

/* Forward: the frames of the input. */
struct depthwise_frames depthwise_there(const struct depthwise *, struct depthwise_taps *);
/* Backward: the one frame of the output's gradient, and the taps of the rows and columns y and x, y + stride, ... of
 * the input's. */
struct depthwise_frames depthwise_back(const struct depthwise *, ptrdiff_t y, ptrdiff_t x, struct depthwise_taps *);

/* Planes of the input are numbered through all samples. */
struct depthwise_job {
    const struct depthwise *d;
    const float *from, *weights, *bias; /* bias: NULL: none */
    bool relu;
    float *to;
    size_t own; /* floats of a worker */
    float *scratch;
};
/* The body: planes [first, end), in memory of one worker. */
void depthwise_planes(const struct depthwise_job *, size_t first, size_t end, float *own);
void depthwise_planes_back(const struct depthwise_job *, size_t first, size_t end, float *own);

#endif
