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

struct depthwise_body;

/* Planes of the input are numbered through all samples. */
struct depthwise_job {
    const struct depthwise *d;
    const float *from, *weights, *bias; /* bias: NULL: none */
    bool relu;
    float *to, *scratch;
    size_t own;                        /* floats of a worker */
    const struct depthwise_body *body; /* these two are depthwise_run_with's */
};
/* The body for one kind of processor: planes [first, end), in memory of one worker. All make the same bits. The first
 * exists on x86-64 only. */
struct depthwise_body {
    void (*planes)(const struct depthwise_job *, size_t first, size_t end, float *own);
    void (*planes_back)(const struct depthwise_job *, size_t first, size_t end, float *own);
};
extern const struct depthwise_body depthwise_avx512, depthwise_avx2;

/* The gradient of the input (`back`), or the output. */
void depthwise_run_with(const struct depthwise_body *, struct depthwise_job *, struct thread_team *, bool back);

#endif
