/* strided_passes.h: private to strided*: the convolutions that the way back consists of, and how they are cut. */
#ifndef ASSAY_NN_KERNELS_STRIDED_PASSES_H
#define ASSAY_NN_KERNELS_STRIDED_PASSES_H

#include "nn/kernels/strided.h"

#define STRIDED_BLOCK 96u  /* positions of a part */
#define STRIDED_DEPTH 256u /* products, about, that are added up in registers */
#define STRIDED_PASSES (STRIDED_STEP * STRIDED_STEP)

/* One phase, or all of them side by side where channels are few: row r of the product is channel r % in_channels of
 * phase r / in_channels. Position q of an axis makes element q step + first + phase, from those q + low, ... of dy. */
struct strided_pass {
    size_t first[2], phases[2];
    ptrdiff_t low[2];
    size_t out[2], taps[2];
    size_t rows, positions; /* the latter along the frame, what lies beside its columns included */
    size_t chunk;           /* channels of dy whose products are added up together */
    size_t blocks, groups;  /* of positions, and of rows: parts of the work */
    size_t group_rows;
    size_t weights, panel; /* floats before its weights, and from panel to panel of them */
};

/* The body for one kind of processor; strided_back takes the best one. Both make the same bits. */
struct strided_body {
    size_t rows, panel; /* one call of the inner kernel: rows, and positions */
    void (*run)(const struct strided *, struct thread_team *, const float *dy, const float *weights, float *dx,
                float *scratch);
};
extern const struct strided_body strided_avx512, strided_avx2;
size_t strided_scratch_with(const struct strided_body *, const struct strided *, unsigned workers);

struct strided_passes {
    const struct strided_body *body;
    const struct strided *there;
    size_t count;
    struct strided_pass pass[STRIDED_PASSES];
    bool gaps;                   /* elements of dx that no pass makes: they are zero */
    size_t before[2];            /* zeros above and to the left of dy in its frame */
    size_t frame, pitch;         /* floats of the frame of a channel, and of a row */
    size_t weights, frames, own; /* floats: of all weights as the kernel reads them, of the frames of one sample, and of
                                    each worker */
};

void strided_passes(const struct strided_body *, const struct strided *, unsigned workers, struct strided_passes *);
/* The weights from channel `c` of dy, for one pass: to[panel][chunk][tap][channel][rows]. */
void strided_weights(const struct strided_passes *, const struct strided_pass *, size_t c, const float *weights,
                     float *to);

#endif
