/* wide.h: the bodies of kernels for 512-bit vectors, which run wherever those for AVX2 do. */
#ifndef TESTS_UNIT_WIDE_H
#define TESTS_UNIT_WIDE_H

#include "nn/kernels/packed_cut.h"
#include "nn/kernels/product_cut.h"
#include "nn/kernels/sliding_cut.h"
#include "nn/kernels/strided_passes.h"
#include "nn/kernels/winograd_blocks.h"

extern const struct winograd_body winograd_wide;
extern const struct packed_body packed_wide;
extern const struct product_body product_wide;
extern const struct strided_body strided_wide;
extern const struct sliding_body sliding_wide;

#endif
