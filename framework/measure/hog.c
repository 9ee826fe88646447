/* The correlation of histograms of oriented gradients (Dalal and Triggs 2005, doi:10.1109/CVPR.2005.177), which Adebayo
 * et al. 2018, arXiv:1810.03292, compare maps by: 9 unsigned orientations, cells of 8 x 8 pixels, blocks of 3 x 3
 * cells, L2-Hys, as scikit-image's hog has them by default. */
#include "measure/similarity.h"

#include <math.h>
#include <stdlib.h>

#define BINS 9u
#define CELL 8u
#define BLOCK 3u
#define BLOCK_SIZE (BLOCK * BLOCK * BINS)

static bool applies(const struct map_shape *s) {
    return s->height >= BLOCK * CELL && s->width >= BLOCK * CELL;
}

struct plane {
    const float *data;
    size_t height, width;
    bool absolute;
};

static double at(const struct plane *p, size_t y, size_t x) {
    double v = p->data[y * p->width + x];
    return p->absolute ? fabs(v) : v;
}

/* One pixel's gradient, 0 across the border, into its cell's histogram. */
static void add_pixel(const struct plane *p, size_t y, size_t x, double *histogram) {
    double down = y > 0 && y + 1 < p->height ? at(p, y + 1, x) - at(p, y - 1, x) : 0,
           along = x > 0 && x + 1 < p->width ? at(p, y, x + 1) - at(p, y, x - 1) : 0;
    double angle = fmod(atan2(down, along) * 180 / acos(-1) + 360, 180);
    size_t bin = (size_t)(angle / (180. / BINS));
    histogram[bin < BINS ? bin : BINS - 1] += hypot(down, along) / (CELL * CELL);
}

static void scale(double *block, double most) {
    double square = 1e-10;
    for (size_t k = 0; k < BLOCK_SIZE; k++) square += block[k] * block[k];
    for (size_t k = 0; k < BLOCK_SIZE; k++) block[k] = fmin(block[k] / sqrt(square), most);
}

/* features[blocks down][blocks along][BLOCK_SIZE] of one plane; cells[down][along][BINS] is scratch of zeros. */
static void describe(const struct plane *p, double *cells, double *features) {
    size_t down = p->height / CELL, along = p->width / CELL;
    for (size_t y = 0; y < down * CELL; y++)
        for (size_t x = 0; x < along * CELL; x++) add_pixel(p, y, x, cells + (y / CELL * along + x / CELL) * BINS);
    for (size_t y = 0; y + BLOCK <= down; y++)
        for (size_t x = 0; x + BLOCK <= along; x++, features += BLOCK_SIZE) {
            for (size_t k = 0; k < BLOCK_SIZE; k++) {
                size_t cell = k / BINS;
                features[k] = cells[((y + cell / BLOCK) * along + x + cell % BLOCK) * BINS + k % BINS];
            }
            scale(features, .2); /* clipped, then to length 1 again */
            scale(features, INFINITY);
        }
}

/* Of all channels; NULL: out of memory. The caller frees. */
static double *features_of(const struct map_views *v, bool absolute, size_t *count) {
    const struct map_shape *s = &v->shape;
    size_t down = s->height / CELL, along = s->width / CELL, cells = down * along * BINS,
           plane = (down - BLOCK + 1) * (along - BLOCK + 1) * BLOCK_SIZE;
    double *features = malloc(s->channels * plane * sizeof *features);
    *count = s->channels * plane;
    for (uint32_t c = 0; features && c < s->channels; c++) {
        const struct plane p = {v->data + (size_t)c * s->height * s->width, s->height, s->width, absolute};
        double *scratch = calloc(cells, sizeof *scratch);
        if (scratch) describe(&p, scratch, features + c * plane);
        else {
            free(features);
            features = NULL;
        }
        free(scratch);
    }
    return features;
}

/* Cells have no pixels left out: there is nothing to say of the non-zero views. */
static void compare(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT]) {
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        size_t n;
        if (!wanted[v]) continue;
        similarity[v] = (double)NAN;
        if (view_is_nonzero((enum view)v) && a->views->nonzero) continue;
        double *x = features_of(a->views, view_is_absolute((enum view)v), &n),
               *y = features_of(b->views, view_is_absolute((enum view)v), &n);
        if (x && y) similarity[v] = pearson(x, y, n);
        free(x);
        free(y);
    }
}

const struct measure measure_hog = {
    .id = "hog",
    .title = "Correlation of HOGs",
    .symbol = "HOG",
    .unit = "",
    .summary = "correlation of histograms of oriented gradients: 9 bins, cells of 8 x 8, blocks of 3 x 3",
    .source = "Dalal and Triggs 2005, doi:10.1109/CVPR.2005.177; Adebayo et al. 2018, arXiv:1810.03292",
    .highest = 1,
    .axes = {{-.2, .2}, {-.5, .5}, {-1, .5}},
    .chosen = true,
    .applies = applies,
    .compare = compare,
};
