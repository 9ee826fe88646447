/* mask.h: what a Relu let through, one bit for each element: all that its gradient needs of the forward pass. */
#ifndef ASSAY_NN_OPS_MASK_H
#define ASSAY_NN_OPS_MASK_H

#include "base/thread_team.h"
#include "nn/net_options.h"

#include <stddef.h>
#include <stdint.h>

/* Words for `n` elements. */
size_t mask_words(size_t n);
/* The bits of y[n], a Relu's output or its input: set where it is not 0 or less (so for NaN, too). */
void mask_make(struct thread_team *, size_t n, const float *y, uint32_t *mask);
/* y[n] = max(x, 0), and its bits. y may be x. */
void mask_clip(struct thread_team *, size_t n, const float *x, float *y, uint32_t *mask);
/* dx[n] from dy[n] under the rule, as relu.c has it. dx may be dy. */
void mask_pass(struct thread_team *, size_t n, const uint32_t *mask, enum net_rule, const float *dy, float *dx);

#endif
