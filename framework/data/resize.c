/* resize.c: after Pillow's src/libImaging/Resample.c: first rows, then columns, each output pixel a weighted sum of the
 * input pixels within the support of the filter, which is stretched by the factor of reduction (antialiasing). Weights
 * and rounding are Pillow's, so that results are equal, not just close. */
#include "data/resize.h"

#include "data/image_codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PRECISION_BITS (32 - 8 - 2) /* weights in fixed point: 8 bits of result, 2 of sign and overshoot */

const char *const interpolation_names[] = {"bilinear", "bicubic", NULL};

static double bilinear(double x) {
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* Keys' cubic convolution with a = -1/2. */
static double bicubic(double x) {
    const double a = -.5;

    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static const struct filter {
    double (*weight)(double);
    double support;
} filters[] = {[INTERPOLATION_BILINEAR] = {bilinear, 1}, [INTERPOLATION_BICUBIC] = {bicubic, 2}};

/* For each output position, which inputs it is made of, and how much of each. */
struct taps {
    size_t room; /* weights per position */
    uint32_t *first, *count;
    int32_t *fixed; /* [positions][room] */
};

static void taps_free(struct taps *w) {
    free(w->first);
    free(w->count);
    free(w->fixed);
}

/* The weights of one position sum to 1 before they are rounded. */
static uint32_t fill_position(const struct filter *f, double centre, double stretch, uint32_t from, uint32_t to,
                              double *w, int32_t *fixed) {
    uint32_t n = to - from;
    double sum = 0;

    for (uint32_t i = 0; i < n; i++) {
        w[i] = f->weight((i + from - centre + .5) * (1 / stretch));
        sum += w[i];
    }
    for (uint32_t i = 0; i < n; i++) {
        double share = (sum != 0 ? w[i] / sum : w[i]) * (1 << PRECISION_BITS);
        fixed[i] = (int32_t)(share < 0 ? share - .5 : share + .5);
    }
    return n;
}

static bool taps_make(const struct filter *f, uint32_t in, uint32_t out, struct taps *w) {
    double scale = (double)in / out, stretch = scale < 1 ? 1 : scale, support = f->support * stretch;

    w->room = (size_t)ceil(support) * 2 + 1;
    double *row = malloc(w->room * sizeof *row);
    w->first = malloc(out * sizeof *w->first);
    w->count = malloc(out * sizeof *w->count);
    w->fixed = out <= SIZE_MAX / sizeof *w->fixed / w->room ? malloc(out * w->room * sizeof *w->fixed) : NULL;
    bool ok = row && w->first && w->count && w->fixed;
    for (uint32_t x = 0; ok && x < out; x++) {
        double centre = (x + .5) * scale, low = centre - support + .5, high = centre + support + .5;
        uint32_t from = low < 0 ? 0 : (uint32_t)low, to = high > in ? in : (uint32_t)high;
        w->first[x] = from;
        w->count[x] = fill_position(f, centre, stretch, from, to, row, w->fixed + x * w->room);
    }
    free(row);
    return ok;
}

static uint8_t clip(int32_t sum) {
    sum >>= PRECISION_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* Rows of all planes at once: to rows they are one tall picture. */
static void resample_rows(const struct taps *w, const uint8_t *in, size_t in_width, size_t rows, uint8_t *out,
                          size_t width) {
    for (size_t y = 0; y < rows; y++, in += in_width, out += width)
        for (size_t x = 0; x < width; x++) {
            const int32_t *k = w->fixed + x * w->room;
            const uint8_t *from = in + w->first[x];
            int32_t sum = 1 << (PRECISION_BITS - 1);
            for (uint32_t i = 0; i < w->count[x]; i++) sum += from[i] * k[i];
            out[x] = clip(sum);
        }
}

static void resample_columns(const struct taps *w, const uint8_t *in, size_t width, uint8_t *out, size_t height) {
    for (size_t y = 0; y < height; y++, out += width)
        for (size_t x = 0; x < width; x++) {
            const int32_t *k = w->fixed + y * w->room;
            const uint8_t *from = in + w->first[y] * width + x;
            int32_t sum = 1 << (PRECISION_BITS - 1);
            for (uint32_t i = 0; i < w->count[y]; i++) sum += from[i * width] * k[i];
            out[x] = clip(sum);
        }
}

/* Replaces the data of an image; takes `data`, which may be NULL when memory ran out. */
static bool replace(struct image *image, uint32_t width, uint32_t height, uint8_t *data, struct error *e) {
    if (!data) return error_memory(e);
    free(image->data);
    image->width = width;
    image->height = height;
    image->data = data;
    return true;
}

static bool resize_width(struct image *image, uint32_t width, enum interpolation how, struct error *e) {
    struct taps w = {0};
    size_t rows = (size_t)image->channels * image->height;
    uint8_t *data = taps_make(&filters[how], image->width, width, &w) ? malloc(rows * width) : NULL;

    if (data) resample_rows(&w, image->data, image->width, rows, data, width);
    taps_free(&w);
    return replace(image, width, image->height, data, e);
}

static bool resize_height(struct image *image, uint32_t height, enum interpolation how, struct error *e) {
    struct taps w = {0};
    size_t from = (size_t)image->width * image->height, to = (size_t)image->width * height;
    uint8_t *data = taps_make(&filters[how], image->height, height, &w) ? malloc(image->channels * to) : NULL;

    for (size_t c = 0; data && c < image->channels; c++)
        resample_columns(&w, image->data + c * from, image->width, data + c * to, height);
    taps_free(&w);
    return replace(image, image->width, height, data, e);
}

bool image_resize(struct image *image, uint32_t width, uint32_t height, enum interpolation how, struct error *e) {
    uint32_t taller = height > image->height ? height : image->height; /* the width is changed first */

    if (width == 0 || height == 0 || width > IMAGE_PIXELS_MAX / taller)
        return error_set(e, "%u x %u pixels made %u x %u: at most %u pixels wanted", image->width, image->height, width,
                         height, IMAGE_PIXELS_MAX);
    return (width == image->width || resize_width(image, width, how, e)) &&
           (height == image->height || resize_height(image, height, how, e));
}

bool image_resize_shorter(struct image *image, uint32_t side, enum interpolation how, struct error *e) {
    bool upright = image->width <= image->height;
    uint64_t shorter = upright ? image->width : image->height, longer = upright ? image->height : image->width;
    uint64_t other = side * longer / shorter;
    uint32_t rest = other > IMAGE_PIXELS_MAX ? IMAGE_PIXELS_MAX + 1 : (uint32_t)other; /* refused by image_resize */

    return image_resize(image, upright ? side : rest, upright ? rest : side, how, e);
}

/* Where a side of the crop comes from. */
struct span {
    size_t from, to, length; /* in the picture, in the crop */
};

/* Half of an odd margin is rounded to the even number, as Python's round() does; half of what is missing, down. */
static struct span span_of(uint32_t whole, uint32_t side) {
    if (whole < side) return (struct span){0, (side - whole) / 2, whole};
    uint32_t half = (whole - side) / 2;
    return (struct span){half + ((whole - side) % 2 && half % 2), 0, side};
}

bool image_crop_centre(struct image *image, uint32_t side, struct error *e) {
    if (side == 0 || side > IMAGE_PIXELS_MAX / side)
        return error_set(e, "a crop of %u x %u pixels: 1 to %u pixels wanted", side, side, IMAGE_PIXELS_MAX);
    struct span x = span_of(image->width, side), y = span_of(image->height, side);
    size_t row = image->width, plane = row * image->height;
    uint8_t *data = calloc(image->channels, (size_t)side * side);
    for (size_t c = 0; data && c < image->channels; c++)
        for (size_t i = 0; i < y.length; i++)
            memcpy(data + (c * side + y.to + i) * side + x.to, image->data + c * plane + (y.from + i) * row + x.from,
                   x.length);
    return replace(image, side, side, data, e);
}
