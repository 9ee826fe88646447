/* The structural similarity index and its measure. Wang et al. 2004, doi:10.1109/TIP.2003.819861, equation 13 with the
 * Gaussian window of section III.C, in double precision, as scikit-image's structural_similarity(gaussian_weights=True,
 * sigma=1.5, use_sample_covariance=False). */
#include "measure/kernels.h"
#include "measure/similarity.h"
#include "measure/views.h"

#include <math.h>
#include <stdlib.h>

static const double sigma = 1.5, k1 = .01, k2 = .03;

void ssim_window_mean(const struct ssim_plane *plane, double *scratch, double *out) {
    double weight[SSIM_RADIUS + 1], sum = 0;

    for (int i = 0; i <= SSIM_RADIUS; i++) {
        weight[i] = exp(-i * i / (2 * sigma * sigma));
        sum += i ? 2 * weight[i] : weight[i];
    }
    for (int i = 0; i <= SSIM_RADIUS; i++) weight[i] /= sum;
    ssim_kernels()->filter(plane, weight, scratch, out);
}

/* Over the pixels that are set in mask (NULL: all). */
static double mean_of(const double *map, uint32_t height, uint32_t width, const uint8_t *mask) {
    size_t rows = height - 2 * SSIM_RADIUS, columns = width - 2 * SSIM_RADIUS, count = 0;
    double sum[SSIM_LANES] = {0};

    for (size_t y = 0; y < rows; y += SSIM_LANES)
        for (size_t x = 0; x < columns; x++, map += SSIM_LANES)
            for (size_t r = 0; r < SSIM_LANES && y + r < rows; r++) {
                if (mask && !mask[(y + r + SSIM_RADIUS) * width + x + SSIM_RADIUS]) continue;
                sum[r] += map[r];
                count++;
            }
    return count ? ((sum[0] + sum[1]) + (sum[2] + sum[3])) / (double)count : NAN;
}

struct ssim_mean ssim_pair_mean(const struct ssim_pair *p, double *scratch, double *map) {
    double l = k1 * p->data_range, c = k2 * p->data_range;
    uint32_t height = p->product.height, width = p->product.width;
    size_t count = ssim_count(height, width);

    ssim_window_mean(&p->product, scratch, map);
    ssim_kernels()->map(count, p->a, p->b, l * l, c * c, map);
    double all = mean_of(map, height, width, NULL);
    return (struct ssim_mean){all, p->mask ? mean_of(map, height, width, p->mask) : all};
}

double ssim(const float *a, const float *b, uint32_t height, uint32_t width, const uint8_t *mask) {
    const float *planes[] = {a, b};
    size_t n = (size_t)height * width;
    struct range all[2], seen[2];

    if (height < SSIM_WINDOW || width < SSIM_WINDOW) return NAN;
    for (int i = 0; i < 2; i++) {
        all[i] = range_of(planes[i], n, NULL, false);
        seen[i] = mask ? range_of(planes[i], n, mask, false) : all[i];
        if (!all[i].finite || !range_informative(&seen[i])) return NAN;
    }
    size_t count = ssim_count(height, width);
    double *moments = malloc((5 * count + ssim_filter_scratch(width)) * sizeof *moments);
    if (!moments) return NAN;
    double *map = moments + 4 * count, *scratch = map + count;
    for (int i = 0; i < 4; i++) {
        const float *plane = planes[i / 2];
        ssim_window_mean(&(struct ssim_plane){plane, i % 2 ? plane : NULL, false, height, width}, scratch,
                         moments + (size_t)i * count);
    }
    const struct ssim_pair pair = {
        .product = {a, b, false, height, width},
        .a = {moments, moments + count},
        .b = {moments + 2 * count, moments + 3 * count},
        .data_range = fmax(all[0].high, all[1].high) - fmin(all[0].low, all[1].low),
        .mask = mask,
    };
    double result = ssim_pair_mean(&pair, scratch, map).masked;
    free(moments);
    return result;
}

/* ---- the measure ---- */

struct moments {
    double *mean[VIEW_COUNT]; /* window means [channels][ssim_count] of the map and, unless it is the same, of its
                                 magnitude: of the two views of all pixels */
    double *square;           /* window means of the squares, the same for both */
    double *scratch;          /* a filter's, then a map of SSIM */
};

static bool applies(const struct map_shape *s) {
    return s->height >= SSIM_WINDOW && s->width >= SSIM_WINDOW;
}

static struct ssim_plane plane_of(const struct map_views *m, uint32_t channel) {
    uint32_t height = m->shape.height, width = m->shape.width;
    return (struct ssim_plane){.x = m->data + (size_t)channel * height * width, .height = height, .width = width};
}

static void release(void *kept) {
    struct moments *m = kept;
    free(m->square);
    free(m->scratch);
    free(m);
}

static size_t size(const struct map_shape *s, bool masked) {
    size_t count = ssim_count(s->height, s->width);
    (void)masked;
    return sizeof(struct moments) + (ssim_filter_scratch(s->width) + count + 3 * s->channels * count) * sizeof(double);
}

static bool prepare(const struct map_views *views, void **kept) {
    bool absolute = views->same_as[VIEW_ABSOLUTE_ALL] == VIEW_ABSOLUTE_ALL;
    size_t count = ssim_count(views->shape.height, views->shape.width), all = views->shape.channels * count;
    struct moments *m = calloc(1, sizeof *m);

    if (!m) return false;
    m->scratch = malloc((ssim_filter_scratch(views->shape.width) + count) * sizeof *m->scratch);
    m->square = malloc((absolute ? 3 : 2) * all * sizeof *m->square);
    if (!m->scratch || !m->square) {
        release(m);
        return false;
    }
    double *mean = m->mean[VIEW_SIGNED_ALL] = m->square + all;
    double *magnitude = m->mean[VIEW_ABSOLUTE_ALL] = absolute ? mean + all : NULL;
    for (uint32_t c = 0; c < views->shape.channels; c++) {
        struct ssim_plane plane = plane_of(views, c);
        ssim_window_mean(&plane, m->scratch, mean + c * count);
        plane.magnitude = true;
        if (absolute) ssim_window_mean(&plane, m->scratch, magnitude + c * count);
        plane.y = plane.x;
        ssim_window_mean(&plane, m->scratch, m->square + c * count);
    }
    *kept = m;
    return true;
}

/* Means over the channels that have pixels in the view; one data range for all of them. */
static struct ssim_mean channel_means(const struct measure_side *a, const struct measure_side *b, enum view all) {
    const struct map_views *va = a->views, *vb = b->views;
    const struct moments *ma = a->kept, *mb = b->kept;
    const struct range *ra = &va->range[va->same_as[all]], *rb = &vb->range[vb->same_as[all]];
    size_t plane = (size_t)va->shape.height * va->shape.width, count = ssim_count(va->shape.height, va->shape.width);
    struct ssim_mean sum = {0};
    uint32_t used = 0;

    for (uint32_t c = 0; c < va->shape.channels; c++) {
        struct ssim_pair pair = {
            .product = plane_of(va, c),
            .a = {ma->mean[va->same_as[all]] + c * count, ma->square + c * count},
            .b = {mb->mean[vb->same_as[all]] + c * count, mb->square + c * count},
            .data_range = fmax(ra->high, rb->high) - fmin(ra->low, rb->low),
            .mask = va->nonzero ? va->nonzero + c * plane : NULL,
        };
        pair.product.y = vb->data + c * plane;
        pair.product.magnitude = view_is_absolute(all);
        struct ssim_mean one = ssim_pair_mean(&pair, ma->scratch, ma->scratch + ssim_filter_scratch(va->shape.width));
        sum.all += one.all;
        if (isnan(one.masked)) continue;
        sum.masked += one.masked;
        used++;
    }
    return (struct ssim_mean){sum.all / va->shape.channels, used ? sum.masked / used : NAN};
}

/* The view of all pixels and that under the mask come from one filter. */
static void compare(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT]) {
    static const enum view pairs[][2] = {{VIEW_SIGNED_ALL, VIEW_SIGNED_NONZERO},
                                         {VIEW_ABSOLUTE_ALL, VIEW_ABSOLUTE_NONZERO}};

    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        enum view all = pairs[k][0], nonzero = pairs[k][1];
        if (!wanted[all] && !wanted[nonzero]) continue;
        struct ssim_mean mean = channel_means(a, b, all);
        similarity[all] = mean.all;
        similarity[nonzero] = mean.masked;
    }
}

const struct measure measure_ssim = {
    .id = "ssim",
    .title = "SSIM",
    .symbol = "SSIM",
    .unit = "",
    .summary = "mean structural similarity, Gaussian window 11, sigma 1.5, data range of the pair",
    .source = "Wang et al. 2004, doi:10.1109/TIP.2003.819861, section III",
    .highest = 1,
    .axes = {{-.2, .2}, {-.5, .5}, {-1, .5}},
    .applies = applies,
    .prepare = prepare,
    .size = size,
    .free = release,
    .compare = compare,
};
