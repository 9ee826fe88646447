/* resample.h: one dimension made longer or shorter: every position of the result is a weighted sum of a few positions
 * of the input, the same for all rows. */
#ifndef ASSAY_NN_OPS_RESAMPLE_H
#define ASSAY_NN_OPS_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a position of the result lies in the input: as ONNX names them in coordinate_transformation_mode. */
enum resample_coordinates {
    COORDINATES_HALF_PIXEL,
    COORDINATES_PYTORCH,
    COORDINATES_SYMMETRIC,
    COORDINATES_ALIGN_CORNERS,
    COORDINATES_ASYMMETRIC
};
enum resample_mode { RESAMPLE_NEAREST, RESAMPLE_LINEAR, RESAMPLE_CUBIC };
enum resample_round { ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, ROUND_FLOOR, ROUND_CEIL }; /* of nearest */

struct resample_rule {
    enum resample_mode mode;
    enum resample_coordinates coordinates;
    enum resample_round round;
    double cubic;    /* a in Keys' kernel (1981) */
    bool inner_only; /* positions outside the input weigh nothing; else they repeat its ends */
};

/* `in` to `out` elements; `step`: elements of the input to one of the result. */
struct resample_line {
    size_t in, out;
    double step;
};

/* Taps of every position: 1, 2 or 4. */
size_t resample_taps(const struct resample_rule *);
/* sources[out][taps] and weights[out][taps] */
void resample_table(const struct resample_rule *, const struct resample_line *, int32_t *sources, float *weights);

/* to[outer][out][inner] from from[outer][in][inner] */
void resample(const struct resample_line *, size_t taps, const int32_t *sources, const float *weights, size_t outer,
              size_t inner, const float *from, float *to);
/* The transpose: from[outer][in][inner], overwritten, from to[outer][out][inner]. */
void resample_back(const struct resample_line *, size_t taps, const int32_t *sources, const float *weights,
                   size_t outer, size_t inner, const float *to, float *from);

#endif
