/* winograd_wide.h: on x86-64 for processors with AVX2. */
#ifndef TESTS_UNIT_WINOGRAD_WIDE_H
#define TESTS_UNIT_WINOGRAD_WIDE_H

#include "nn/kernels/winograd_blocks.h"

extern const struct winograd_body winograd_wide;

#endif
