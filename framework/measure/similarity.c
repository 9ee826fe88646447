#include "measure/similarity.h"
#include "measure/kernels.h"

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

/* Ranks of the pixels of one view, as deviations from their mean (n + 1) / 2. */
struct ranked {
    double *deviation; /* [n] */
    size_t n;
    double norm; /* sum of squared deviations */
};

/* The map with or without signs, and what SSIM keeps of it. */
struct image {
    const float *data;
    struct range range;
    struct moments *moments; /* [channels], or NULL where SSIM does not apply */
    double *memory;
};

struct prepared {
    struct map_shape shape;
    size_t count;
    const uint8_t *nonzero; /* borrowed; NULL when every pixel is in */
    bool informative[VIEW_COUNT];
    /* The first view with the same pixels: a map without negative values is its own absolute map, and without a mask
     * the non-zero views hold all pixels. Only those have ranks and moments. */
    enum view same_as[VIEW_COUNT];
    struct ranked ranked[VIEW_COUNT];
    struct image images[VIEW_COUNT]; /* of the two views of all pixels */
    float *absolute;
    double *scratch; /* ssim_pair's cross and work */
};

static bool ssim_applies(const struct map_shape *s) {
    return s->height >= SSIM_WINDOW && s->width >= SSIM_WINDOW;
}

static enum view image_view(const struct prepared *p, enum view view) {
    return p->same_as[is_absolute(view) ? VIEW_ABSOLUTE_ALL : VIEW_SIGNED_ALL];
}

static size_t scratch_count(const struct prepared *p) {
    size_t plane = (size_t)p->shape.height * p->shape.width;
    return ssim_applies(&p->shape) ? ssim_count(p->shape.height, p->shape.width) + plane + p->shape.width : 0;
}

/* `values` is room for the view's pixels, `scratch` for twice their number. */
static bool prepare_ranks(struct prepared *p, enum view view, float *values, uint64_t *scratch) {
    const float *data = p->images[image_view(p, view)].data;
    const uint8_t *mask = is_nonzero(view) ? p->nonzero : NULL;
    struct ranked *r = &p->ranked[view];

    for (size_t i = 0; i < p->count; i++)
        if (!mask || mask[i]) values[r->n++] = data[i];
    r->deviation = malloc(r->n * sizeof *r->deviation);
    if (!r->deviation) return false;
    rank_average_in(values, r->n, scratch, r->deviation);
    double mean = ((double)r->n + 1) / 2;
    for (size_t i = 0; i < r->n; i++) r->deviation[i] -= mean;
    r->norm = dot(r->deviation, r->deviation, r->n);
    return true;
}

static bool prepare_moments(struct prepared *p, struct image *image) {
    size_t plane = (size_t)p->shape.height * p->shape.width, kept = ssim_count(p->shape.height, p->shape.width);

    image->moments = calloc(p->shape.channels, sizeof *image->moments);
    image->memory = malloc(p->shape.channels * 2 * kept * sizeof *image->memory);
    if (!image->moments || !image->memory) return false;
    for (uint32_t c = 0; c < p->shape.channels; c++) {
        image->moments[c] = (struct moments){image->memory + 2 * c * kept, image->memory + (2 * c + 1) * kept};
        ssim_moments(image->data + c * plane, p->shape.height, p->shape.width, p->scratch + kept, &image->moments[c]);
    }
    return true;
}

/* Finds out which views are the same, and which have something to compare. */
static bool prepare_views(struct prepared *p, const float *data) {
    struct range range = range_of(data, p->count, NULL);
    bool negative = range.low < 0;

    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        bool absolute = negative && is_absolute(v), nonzero = p->nonzero && is_nonzero(v);
        p->same_as[v] = absolute ? (nonzero ? VIEW_ABSOLUTE_NONZERO : VIEW_ABSOLUTE_ALL)
                                 : (nonzero ? VIEW_SIGNED_NONZERO : VIEW_SIGNED_ALL);
    }
    p->images[VIEW_SIGNED_ALL] = (struct image){.data = data, .range = range};
    if (negative) {
        p->absolute = malloc(p->count * sizeof *p->absolute);
        if (!p->absolute) return false;
        for (size_t i = 0; i < p->count; i++) p->absolute[i] = fabsf(data[i]);
        range = range_of(p->absolute, p->count, NULL);
        p->images[VIEW_ABSOLUTE_ALL] = (struct image){.data = p->absolute, .range = range};
    }
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        const struct image *image = &p->images[image_view(p, v)];
        struct range seen = range_of(image->data, p->count, is_nonzero(v) ? p->nonzero : NULL);
        /* Nothing is said about a map that is broken anywhere. */
        p->informative[v] = image->range.finite && range_informative(&seen);
    }
    return true;
}

static bool prepare_all(struct prepared *p, const float *data) {
    float *values = malloc(p->count * sizeof *values);
    uint64_t *scratch = malloc(p->count * 2 * sizeof *scratch);
    bool ok = values && scratch && prepare_views(p, data);

    if (scratch_count(p) && ok) {
        p->scratch = malloc(scratch_count(p) * sizeof *p->scratch);
        ok = p->scratch != NULL;
    }
    for (unsigned v = 0; v < VIEW_COUNT && ok; v++)
        if (p->same_as[v] == v && p->informative[v]) ok = prepare_ranks(p, v, values, scratch);
    for (unsigned v = 0; v < VIEW_COUNT && ok; v++)
        if (p->images[v].data && p->images[v].range.finite && ssim_applies(&p->shape))
            ok = prepare_moments(p, &p->images[v]);
    free(values);
    free(scratch);
    return ok;
}

struct prepared *prepared_create(const float *data, const uint8_t *nonzero, const struct map_shape *shape) {
    size_t count = (size_t)shape->channels * shape->height * shape->width;
    struct prepared *p = calloc(1, sizeof *p);

    if (!p) return NULL;
    p->shape = *shape;
    p->count = count;
    p->nonzero = nonzero && memchr(nonzero, 0, count) ? nonzero : NULL;
    if (!prepare_all(p, data)) {
        prepared_destroy(p);
        return NULL;
    }
    return p;
}

void prepared_destroy(struct prepared *p) {
    if (!p) return;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        free(p->ranked[v].deviation);
        free(p->images[v].moments);
        free(p->images[v].memory);
    }
    free(p->absolute);
    free(p->scratch);
    free(p);
}

/* Whether both maps show the same pixels in that view. */
static bool same_pixels(const struct prepared *a, const struct prepared *b, enum view view) {
    if (!is_nonzero(view) || a->nonzero == b->nonzero) return true;
    return a->nonzero && b->nonzero && memcmp(a->nonzero, b->nonzero, a->count) == 0;
}

typedef double comparison(const struct prepared *, const struct prepared *, enum view);

/* Everything that holds for every measure; the pixels of a non-zero view are those of `a`, the reference. */
static double compare(const struct prepared *a, const struct prepared *b, enum view view, comparison *measure) {
    bool same_shape = a->shape.channels == b->shape.channels && a->shape.height == b->shape.height &&
                      a->shape.width == b->shape.width;

    if (!same_shape) return NAN;
    if (!same_pixels(a, b, view)) {
        struct prepared *again = prepared_create(b->images[VIEW_SIGNED_ALL].data, a->nonzero, &b->shape);
        double result = again ? compare(a, again, view, measure) : NAN;
        prepared_destroy(again);
        return result;
    }
    return a->informative[view] && b->informative[view] ? measure(a, b, view) : NAN;
}

static double rank_correlation(const struct prepared *a, const struct prepared *b, enum view view) {
    const struct ranked *ra = &a->ranked[a->same_as[view]], *rb = &b->ranked[b->same_as[view]];
    double r = dot(ra->deviation, rb->deviation, ra->n) / sqrt(ra->norm * rb->norm);
    return fmax(-1, fmin(1, r));
}

/* Mean over the channels that have pixels in the view; one data range for all of them. */
static double channel_mean_ssim(const struct prepared *a, const struct prepared *b, enum view view) {
    const struct image *ia = &a->images[image_view(a, view)], *ib = &b->images[image_view(b, view)];
    uint32_t height = a->shape.height, width = a->shape.width, used = 0;
    size_t plane = (size_t)height * width;
    double range = fmax(ia->range.high, ib->range.high) - fmin(ia->range.low, ib->range.low), total = 0;

    if (!ssim_applies(&a->shape)) return NAN;
    for (uint32_t c = 0; c < a->shape.channels; c++) {
        const uint8_t *mask = is_nonzero(view) && a->nonzero ? a->nonzero + c * plane : NULL;
        struct ssim_side sa = {ia->data + c * plane, &ia->moments[c]}, sb = {ib->data + c * plane, &ib->moments[c]};
        double one = ssim_pair(sa, sb, range, height, width, mask, a->scratch, a->scratch + ssim_count(height, width));
        if (isnan(one)) continue;
        total += one;
        used++;
    }
    return used ? total / used : NAN;
}

static bool spearman_applies(const struct map_shape *s) {
    return (size_t)s->channels * s->height * s->width >= VIEW_LEAST_PIXELS;
}

static double spearman_compare(const struct prepared *a, const struct prepared *b, enum view view) {
    return compare(a, b, view, rank_correlation);
}

static double ssim_compare(const struct prepared *a, const struct prepared *b, enum view view) {
    return compare(a, b, view, channel_mean_ssim);
}

const struct measure measures[] = {
    {
        .id = "spearman",
        .summary = "rank correlation, tied pixels share their mean rank",
        .source = "Spearman 1904, doi:10.2307/1412159",
        .applies = spearman_applies,
        .compare = spearman_compare,
    },
    {
        .id = "ssim",
        .summary = "mean structural similarity, Gaussian window 11, sigma 1.5, data range of the pair",
        .source = "Wang et al. 2004, doi:10.1109/TIP.2003.819861, section III",
        .applies = ssim_applies,
        .compare = ssim_compare,
    },
    {0},
};

const struct measure *measure_find(const char *id) {
    for (const struct measure *m = measures; m->id; m++)
        if (strcmp(m->id, id) == 0) return m;
    return NULL;
}
