/* packed_cut.h: private to packed*: how the work is cut into parts, and the memory. */
#ifndef ASSAY_NN_KERNELS_PACKED_CUT_H
#define ASSAY_NN_KERNELS_PACKED_CUT_H

#include "nn/kernels/packed.h"

#define PACKED_BLOCK 96u  /* positions */
#define PACKED_DEPTH 256u /* products, about, that are added up in registers */

struct packed_cut {
    size_t chunk;          /* channels whose products are added up together */
    size_t blocks, groups; /* of positions, and of rows: parts of the work */
    size_t group_rows;
    size_t weights, own; /* floats: of the weights as the kernel reads them, and of each worker */
};

/* The inner kernel makes `rows` rows of the output at a time. */
struct packed_cut packed_cut(const struct packed *, size_t rows, unsigned workers);

/* The body for one kind of processor; packed_run takes the best one. Both make the same bits. */
struct packed_body {
    size_t rows;
    void (*run)(const struct packed *, struct thread_team *, const float *x, const float *weights, const float *bias,
                float *y, float *scratch);
};
extern const struct packed_body packed_avx512, packed_avx2;
size_t packed_scratch_with(const struct packed_body *, const struct packed *, unsigned workers);

#endif
