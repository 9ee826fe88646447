/* similarity.h: how alike two attribution maps are, by any measure of the table, in four views. */
#ifndef ASSAY_MEASURE_SIMILARITY_H
#define ASSAY_MEASURE_SIMILARITY_H

#include "measure/measure.h"

/* One map, prepared for comparisons by every measure: its views, and what each measure keeps of one side (ranks of a
 * reference are computed once). Borrowed data must outlive it. */
struct prepared;

/* `data`: channels x height x width; `nonzero` (same count, may be NULL: all pixels): 1 where the input is not at the
 * baseline. For a map whose channels were reduced the mask is that of the pixel. NULL when out of memory. Quickest when
 * the mask is the same pointer for all maps of one input; two masks that differ are allowed (see below). */
struct prepared *prepared_create(const float *data, const uint8_t *nonzero, const struct map_shape *);
void prepared_destroy(struct prepared *);
/* Bytes that such a map takes at most; `masked`: some pixel is left out by the mask. */
size_t prepared_size(const struct map_shape *, bool masked);

/* At most the measure's `highest`; NaN when the pair has no similarity: a side is constant in the view, shows fewer
 * than 3 pixels there, or holds a non-finite value anywhere; also when the measure does not apply to the shape, the
 * shapes differ or memory runs out. The pixels of a non-zero view are those of `a`, the reference: a `b` with another
 * mask (a mismatched image) is prepared again under that of `a`. Several channels: Spearman ranks the pixels of all of
 * them together; SSIM is the mean over the channels, with one data range for all. The measure is one of the table. One
 * thread at a time per prepared map. */
double measure_compare(const struct measure *, const struct prepared *a, const struct prepared *b, enum view);
/* All views, the same numbers; quicker than one by one, as most of the work is shared. False: memory ran out. */
bool measure_compare_views(const struct measure *, const struct prepared *a, const struct prepared *b,
                           double similarity[VIEW_COUNT]);

/* ---- the kernels behind the table ---- */

/* NaN when a side is constant or not finite, or n < 3 (Pearson: n < 2). */
double spearman(const float *a, const float *b, size_t n);
double pearson(const double *a, const double *b, size_t n);
/* Mean 2-D SSIM (Wang et al. 2004, doi:10.1109/TIP.2003.819861, section III.C): Gaussian window 11, sigma 1.5, K1 .01,
 * K2 .03, data range of the pair (largest minus smallest value of both); mean over the pixels at least 5 from the
 * border (scikit-image's gaussian_weights, use_sample_covariance=False), and, with a mask, over those of them that are
 * set. */
double ssim(const float *a, const float *b, uint32_t height, uint32_t width, const uint8_t *mask);

#endif
