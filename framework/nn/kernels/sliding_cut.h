/* sliding_cut.h: private to sliding*: how the work is cut, and what the compiled bodies have in common. */
#ifndef ASSAY_NN_KERNELS_SLIDING_CUT_H
#define ASSAY_NN_KERNELS_SLIDING_CUT_H

#include "nn/kernels/sliding.h"

#include <stdint.h>

#define SLIDING_CHUNK 256u /* products that are added up in registers: as many as product.h does, for the same bits */
#define SLIDING_LEARN 256u /* the same of weights, at most: what is read of dy stays in the first cache */
#define SLIDING_TILE 16u   /* rows of a tile in memory */
#define SLIDING_TAPS 4096u

struct sliding_body;

/* Where everything is. */
struct sliding_work {
    const struct sliding *s;
    const struct sliding_body *body;
    size_t panel;                    /* channels of the output that are computed together */
    size_t pitch, frame, taps;       /* floats of a row of the frame, and of a channel; in_channels x kernel */
    size_t positions, panels, parts; /* of out; of the output's channels; of the work */
    size_t blocks;                   /* of rows of every sample: parts, forward */
    size_t own_size;                 /* floats of each worker */
    const float *x, *weights, *bias, *dy;
    float *y, *dw;
    int32_t *offsets; /* [taps] or, for weights, [positions]: in the frame */
    float *packed;    /* weights[panels][taps][panel], or their gradient */
    float *own;
};

struct sliding_body {
    size_t lanes; /* of a vector */
    void (*copy)(const float *from, size_t from_step, float *to, size_t to_step, size_t rows, size_t columns);
    /* Rows [first, end) of y of one sample from its frames[in_channels][frame]; tile[2][SLIDING_TILE][panel] is to work
     * in. */
    void (*forward)(const struct sliding_work *, const float *frames, size_t first, size_t end, float *tile, float *y);
    /* Adds the products of one sample, or of the first, sets them: packed of channels [first, first + count) and that
     * panel. turned[positions][panel]: of dy. */
    void (*learn)(const struct sliding_work *, const float *frames, size_t first, size_t count, size_t panel,
                  const float *turned, bool add);
};
extern const struct sliding_body sliding_avx512, sliding_avx2;

/* As sliding_scratch, sliding_run and sliding_learn. */
size_t sliding_scratch_with(const struct sliding_body *, const struct sliding *, unsigned workers);
void sliding_run_with(const struct sliding_body *, const struct sliding *, struct thread_team *, const float *x,
                      const float *weights, const float *bias, float *y, float *scratch);
void sliding_learn_with(const struct sliding_body *, const struct sliding *, struct thread_team *, const float *x,
                        const float *dy, float *dw, float *scratch);

#endif
