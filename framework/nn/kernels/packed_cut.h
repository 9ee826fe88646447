/* packed_cut.h: private to packed*: how the work is cut into parts, and the memory. */
#ifndef ASSAY_NN_KERNELS_PACKED_CUT_H
#define ASSAY_NN_KERNELS_PACKED_CUT_H

#include "nn/kernels/packed.h"

#define PACKED_ROWS 6u
#define PACKED_BLOCK 96u  /* positions */
#define PACKED_DEPTH 256u /* products, about, that are added up in registers */

struct packed_cut {
    size_t chunk;          /* channels whose products are added up together */
    size_t blocks, groups; /* of positions, and of rows: parts of the work */
    size_t group_rows;
    size_t weights, own; /* floats: of the weights as the kernel reads them, and of each worker */
};

struct packed_cut packed_cut(const struct packed *, unsigned workers);

#endif
