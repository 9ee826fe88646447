#include "measure/similarity.h"
#include "measure/kernels.h"
#include "measure/ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const view_names[VIEW_COUNT] = {
    [VIEW_SIGNED_ALL] = "signed/all",
    [VIEW_SIGNED_NONZERO] = "signed/nonzero",
    [VIEW_ABSOLUTE_ALL] = "absolute/all",
    [VIEW_ABSOLUTE_NONZERO] = "absolute/nonzero",
};

const char *view_name(enum view view) {
    return view_names[view];
}

static bool is_absolute(enum view view) {
    return view == VIEW_ABSOLUTE_ALL || view == VIEW_ABSOLUTE_NONZERO;
}

static bool is_nonzero(enum view view) {
    return view == VIEW_SIGNED_NONZERO || view == VIEW_ABSOLUTE_NONZERO;
}

/* Ranks of the pixels of one view. */
struct ranked {
    int32_t *deviation; /* [count], 0 where the mask leaves a pixel out; NULL: nothing to compare */
    double norm;        /* sum of squares */
};

/* The map, or its magnitude, and what SSIM keeps of it. */
struct image {
    struct range range;
    double *mean; /* window means [channels][ssim_count], or NULL where SSIM does not apply */
};

struct prepared {
    struct map_shape shape;
    size_t count;
    const float *data;      /* borrowed */
    const uint8_t *nonzero; /* borrowed; NULL when every pixel is in */
    bool informative[VIEW_COUNT];
    /* The first view with the same pixels: a map without negative values is its own absolute map, and without a mask
     * the non-zero views hold all pixels. Only those have ranks and moments. */
    enum view same_as[VIEW_COUNT];
    struct ranked ranked[VIEW_COUNT];
    struct image images[VIEW_COUNT]; /* of the two views of all pixels */
    double *square;                  /* window means of both images' squares */
    double *scratch;                 /* a filter's, then a map of SSIM */
};

static bool ssim_applies(const struct map_shape *s) {
    return s->height >= SSIM_WINDOW && s->width >= SSIM_WINDOW;
}

static enum view image_view(const struct prepared *p, enum view view) {
    return p->same_as[is_absolute(view) ? VIEW_ABSOLUTE_ALL : VIEW_SIGNED_ALL];
}

/* Finds out which views are the same, and which have something to compare. */
static void prepare_views(struct prepared *p) {
    struct range range = range_of(p->data, p->count, NULL, false);
    bool negative = range.low < 0;

    p->images[VIEW_SIGNED_ALL].range = range;
    if (negative) p->images[VIEW_ABSOLUTE_ALL].range = range_of(p->data, p->count, NULL, true);
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        bool absolute = negative && is_absolute(v), nonzero = p->nonzero && is_nonzero(v);
        p->same_as[v] = absolute ? (nonzero ? VIEW_ABSOLUTE_NONZERO : VIEW_ABSOLUTE_ALL)
                                 : (nonzero ? VIEW_SIGNED_NONZERO : VIEW_SIGNED_ALL);
        struct range seen =
            nonzero ? range_of(p->data, p->count, p->nonzero, absolute) : p->images[p->same_as[v]].range;
        /* Nothing is said about a map that is broken anywhere. */
        p->informative[v] = range.finite && range_informative(&seen);
    }
}

static bool prepare_ranks(struct prepared *p, enum view view, const uint64_t *order, size_t n) {
    struct ranked *r = &p->ranked[view];

    if (!p->informative[view]) return true;
    r->deviation = calloc(p->count, sizeof *r->deviation);
    if (!r->deviation) return false;
    r->norm = order_deviations(order, n, r->deviation);
    return true;
}

/* The view of all pixels, and that of the pixels under the mask. */
static bool prepare_order(struct prepared *p, bool absolute, uint64_t *order) {
    enum view all = absolute ? VIEW_ABSOLUTE_ALL : VIEW_SIGNED_ALL;
    enum view nonzero = absolute ? VIEW_ABSOLUTE_NONZERO : VIEW_SIGNED_NONZERO;

    if (!prepare_ranks(p, all, order, p->count)) return false;
    return !p->nonzero || prepare_ranks(p, nonzero, order, order_keep(order, p->count, p->nonzero));
}

/* Sorted once for all views. */
static bool prepare_all_ranks(struct prepared *p) {
    bool absolute = p->same_as[VIEW_ABSOLUTE_ALL] == VIEW_ABSOLUTE_ALL;
    uint64_t *scratch = malloc(p->count * 2 * sizeof *scratch);

    if (!scratch) return false;
    uint64_t *order = order_values(p->data, p->count, scratch), *other = order == scratch ? order + p->count : scratch;
    if (absolute) order_magnitudes(order, p->count, other);
    bool ok = prepare_order(p, false, order) && (!absolute || prepare_order(p, true, other));
    free(scratch);
    return ok;
}

static struct ssim_plane plane_of(const struct prepared *p, uint32_t channel) {
    uint32_t height = p->shape.height, width = p->shape.width;
    return (struct ssim_plane){.x = p->data + (size_t)channel * height * width, .height = height, .width = width};
}

static bool prepare_moments(struct prepared *p) {
    bool absolute = p->same_as[VIEW_ABSOLUTE_ALL] == VIEW_ABSOLUTE_ALL;
    size_t kept = ssim_count(p->shape.height, p->shape.width), all = p->shape.channels * kept;

    p->scratch = malloc((ssim_filter_scratch(p->shape.width) + kept) * sizeof *p->scratch);
    p->square = malloc((absolute ? 3 : 2) * all * sizeof *p->square);
    if (!p->scratch || !p->square) return false;
    double *mean = p->images[VIEW_SIGNED_ALL].mean = p->square + all;
    double *magnitude = p->images[VIEW_ABSOLUTE_ALL].mean = absolute ? mean + all : NULL;
    for (uint32_t c = 0; c < p->shape.channels; c++) {
        struct ssim_plane plane = plane_of(p, c);
        ssim_window_mean(&plane, p->scratch, mean + c * kept);
        plane.magnitude = true;
        if (absolute) ssim_window_mean(&plane, p->scratch, magnitude + c * kept);
        plane.y = plane.x;
        ssim_window_mean(&plane, p->scratch, p->square + c * kept);
    }
    return true;
}

struct prepared *prepared_create(const float *data, const uint8_t *nonzero, const struct map_shape *shape) {
    size_t count = (size_t)shape->channels * shape->height * shape->width;
    struct prepared *p = calloc(1, sizeof *p);

    if (!p) return NULL;
    p->shape = *shape;
    p->count = count;
    p->data = data;
    p->nonzero = nonzero && memchr(nonzero, 0, count) ? nonzero : NULL;
    prepare_views(p);
    if (!p->images[VIEW_SIGNED_ALL].range.finite) return p;
    if (prepare_all_ranks(p) && (!ssim_applies(shape) || prepare_moments(p))) return p;
    prepared_destroy(p);
    return NULL;
}

void prepared_destroy(struct prepared *p) {
    if (!p) return;
    for (unsigned v = 0; v < VIEW_COUNT; v++) free(p->ranked[v].deviation);
    free(p->square);
    free(p->scratch);
    free(p);
}

/* ---- Pairs ---- */

struct pair {
    const struct prepared *a, *b;
    struct prepared *again; /* b under the mask of a */
    struct ssim_mean ssim[VIEW_COUNT];
    bool has_ssim[VIEW_COUNT]; /* of the two views of all pixels: both means come from one filter */
};

/* Whether both maps show the same pixels where the input is not zero. */
static bool same_pixels(const struct prepared *a, const struct prepared *b) {
    if (a->nonzero == b->nonzero) return true;
    return a->nonzero && b->nonzero && memcmp(a->nonzero, b->nonzero, a->count) == 0;
}

static bool pair_init(struct pair *pair, const struct prepared *a, const struct prepared *b) {
    *pair = (struct pair){.a = a, .b = b};
    if (a->shape.channels != b->shape.channels || a->shape.height != b->shape.height ||
        a->shape.width != b->shape.width)
        return false;
    if (same_pixels(a, b)) return true;
    pair->b = pair->again = prepared_create(b->data, a->nonzero, &b->shape);
    return pair->b != NULL;
}

static void pair_finish(struct pair *pair) {
    prepared_destroy(pair->again);
}

typedef double pair_measure(struct pair *, enum view);

static double rank_correlation(struct pair *pair, enum view view) {
    const struct ranked *a = &pair->a->ranked[pair->a->same_as[view]], *b = &pair->b->ranked[pair->b->same_as[view]];
    double r = deviations_dot(a->deviation, b->deviation, pair->a->count) / sqrt(a->norm * b->norm);
    return fmax(-1, fmin(1, r));
}

/* Means over the channels that have pixels in the view; one data range for all of them. */
static struct ssim_mean channel_means(const struct prepared *a, const struct prepared *b, enum view all) {
    const struct image *ia = &a->images[image_view(a, all)], *ib = &b->images[image_view(b, all)];
    size_t plane = (size_t)a->shape.height * a->shape.width, kept = ssim_count(a->shape.height, a->shape.width);
    double range = fmax(ia->range.high, ib->range.high) - fmin(ia->range.low, ib->range.low);
    struct ssim_mean sum = {0};
    uint32_t used = 0;

    for (uint32_t c = 0; c < a->shape.channels; c++) {
        struct ssim_pair pair = {
            .product = plane_of(a, c),
            .a = {ia->mean + c * kept, a->square + c * kept},
            .b = {ib->mean + c * kept, b->square + c * kept},
            .data_range = range,
            .mask = a->nonzero ? a->nonzero + c * plane : NULL,
        };
        pair.product.y = b->data + c * plane;
        pair.product.magnitude = is_absolute(all);
        struct ssim_mean one = ssim_pair_mean(&pair, a->scratch, a->scratch + ssim_filter_scratch(a->shape.width));
        sum.all += one.all;
        if (isnan(one.masked)) continue;
        sum.masked += one.masked;
        used++;
    }
    return (struct ssim_mean){sum.all / a->shape.channels, used ? sum.masked / used : NAN};
}

static double structural_similarity(struct pair *pair, enum view view) {
    enum view all = is_absolute(view) ? VIEW_ABSOLUTE_ALL : VIEW_SIGNED_ALL;

    if (!ssim_applies(&pair->a->shape)) return NAN;
    if (!pair->has_ssim[all]) pair->ssim[all] = channel_means(pair->a, pair->b, all);
    pair->has_ssim[all] = true;
    return is_nonzero(view) ? pair->ssim[all].masked : pair->ssim[all].all;
}

/* One view. The pixels of a non-zero view are those of `a`, the reference. */
static double compare(const struct prepared *a, const struct prepared *b, enum view view, pair_measure *measure) {
    struct pair pair;
    double result = NAN;

    if (pair_init(&pair, a, b) && a->informative[view] && pair.b->informative[view]) result = measure(&pair, view);
    pair_finish(&pair);
    return result;
}

/* All views; those with the same pixels on both sides are computed once. */
static void compare_views(const struct prepared *a, const struct prepared *b, pair_measure *measure,
                          double similarity[VIEW_COUNT]) {
    struct pair pair;
    bool ok = pair_init(&pair, a, b);

    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        unsigned twin = 0;
        while (ok && (a->same_as[twin] != a->same_as[v] || pair.b->same_as[twin] != pair.b->same_as[v])) twin++;
        bool informative = ok && a->informative[v] && pair.b->informative[v];
        similarity[v] = !informative ? NAN : twin < v ? similarity[twin] : measure(&pair, v);
    }
    pair_finish(&pair);
}

static bool spearman_applies(const struct map_shape *s) {
    return (size_t)s->channels * s->height * s->width >= VIEW_LEAST_PIXELS;
}

static double spearman_compare(const struct prepared *a, const struct prepared *b, enum view view) {
    return compare(a, b, view, rank_correlation);
}

static void spearman_views(const struct prepared *a, const struct prepared *b, double similarity[VIEW_COUNT]) {
    compare_views(a, b, rank_correlation, similarity);
}

static double ssim_compare(const struct prepared *a, const struct prepared *b, enum view view) {
    return compare(a, b, view, structural_similarity);
}

static void ssim_views(const struct prepared *a, const struct prepared *b, double similarity[VIEW_COUNT]) {
    compare_views(a, b, structural_similarity, similarity);
}

const struct measure measures[] = {
    {
        .id = "spearman",
        .summary = "rank correlation, tied pixels share their mean rank",
        .source = "Spearman 1904, doi:10.2307/1412159",
        .applies = spearman_applies,
        .compare = spearman_compare,
        .compare_views = spearman_views,
    },
    {
        .id = "ssim",
        .summary = "mean structural similarity, Gaussian window 11, sigma 1.5, data range of the pair",
        .source = "Wang et al. 2004, doi:10.1109/TIP.2003.819861, section III",
        .applies = ssim_applies,
        .compare = ssim_compare,
        .compare_views = ssim_views,
    },
    {0},
};

const struct measure *measure_find(const char *id) {
    for (const struct measure *m = measures; m->id; m++)
        if (strcmp(m->id, id) == 0) return m;
    return NULL;
}
