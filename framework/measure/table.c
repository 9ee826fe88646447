/* The table of similarity measures. */
#include "measure/measure.h"

const struct measure *const measures[] = {&measure_spearman, &measure_ssim, &measure_pearson,   &measure_cosine,
                                          &measure_top,      &measure_hog,  &measure_ssim_flip, NULL};
