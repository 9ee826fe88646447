/* The table of similarity measures. */
#include "measure/measure.h"

const struct measure *const measures[] = {&measure_spearman, &measure_ssim, NULL};
