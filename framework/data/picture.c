/* picture.c: values into colours, enlarged, into a PNG file. */
#include "data/picture.h"
#include "data/picture_parts.h"

#include "base/file.h"

#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_LIMIT 16384u /* of the file, in pixels */

/* RdBu of Cynthia Brewer (colorbrewer2.org), from blue over white to red; its middle made pure white. */
static const uint8_t diverging[][3] = {
    {5, 48, 97},     {33, 102, 172},  {67, 147, 195}, {146, 197, 222}, {209, 229, 240}, {255, 255, 255},
    {253, 219, 199}, {244, 165, 130}, {214, 96, 77},  {178, 24, 43},   {103, 0, 31},
};

static void colour_of(double value, uint8_t rgb[3]) {
    const int last = (int)(sizeof diverging / sizeof *diverging) - 1;
    double at = (fmin(fmax(value, -1), 1) + 1) / 2 * last;
    int low = at >= last ? last - 1 : (int)at;
    double part = at - low;

    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)lround(diverging[low][c] + part * (diverging[low + 1][c] - diverging[low][c]));
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool picture_scale(const double *values, size_t n, double *scale) {
    double *sorted = malloc(n * sizeof *sorted);

    if (!sorted) return false;
    for (size_t i = 0; i < n; i++) sorted[i] = fabs(values[i]);
    qsort(sorted, n, sizeof *sorted, compare_doubles);
    double at = .99 * (double)(n - 1);
    size_t low = (size_t)at, high = low + 1 < n ? low + 1 : low;
    *scale = sorted[low] + (at - (double)low) * (sorted[high] - sorted[low]);
    if (*scale <= 0) *scale = sorted[n - 1];
    free(sorted);
    return true;
}

double *picture_sum(const float *data, size_t channels, size_t plane) {
    double *sum = calloc(plane, sizeof *sum);

    for (size_t c = 0; sum && c < channels; c++)
        for (size_t i = 0; i < plane; i++) sum[i] += (double)data[c * plane + i];
    return sum;
}

static bool paint_map(struct pixels *p, const float *data, size_t channels, enum picture_style style) {
    size_t plane = p->width * p->height;
    double *sum = picture_sum(data, channels, plane), scale = 0;
    bool ok = sum && picture_scale(sum, plane, &scale);

    for (size_t i = 0; ok && i < plane; i++) {
        double value = scale > 0 ? sum[i] / scale : 0;
        colour_of(style == PICTURE_POSITIVE ? fmax(value, 0) : value, p->rgb + 3 * i);
    }
    free(sum);
    return ok;
}

static bool paint_input(struct pixels *p, const float *data, size_t channels) {
    size_t plane = p->width * p->height;
    double *mean = channels == 3 ? NULL : picture_sum(data, channels, plane);

    if (channels != 3 && !mean) return false;
    double low = 0, high = 0;
    for (size_t i = 0; i < (mean ? plane : 3 * plane); i++) {
        double value = mean ? mean[i] : (double)data[i];
        low = fmin(low, value);
        high = i ? fmax(high, value) : value;
    }
    double range = high > low ? high - low : 1;
    for (size_t i = 0; i < plane; i++)
        for (size_t c = 0; c < 3; c++) {
            double value = mean ? mean[i] : (double)data[c * plane + i];
            p->rgb[3 * i + c] = (uint8_t)lround(255 * (value - low) / range);
        }
    free(mean);
    return true;
}

/* ---- PNG in memory ---- */

struct png_job {
    uint8_t *data;
    size_t size, capacity;
    struct error *error;
};

/* libpng calls this from inside its own functions and must not be returned to. */
static void job_fail(png_structp png, png_const_charp text) {
    struct png_job *job = png_get_error_ptr(png);

    error_set(job->error, "libpng: %s", text);
    png_longjmp(png, 1);
}

static void job_warn(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void job_write(png_structp png, png_bytep bytes, size_t n) {
    struct png_job *job = png_get_io_ptr(png);

    if (n > job->capacity - job->size) {
        size_t wanted = 2 * (job->size + n);
        uint8_t *bigger = realloc(job->data, wanted);
        if (!bigger) png_error(png, "out of memory");
        job->data = bigger;
        job->capacity = wanted;
    }
    memcpy(job->data + job->size, bytes, n);
    job->size += n;
}

static void job_flush(png_structp png) {
    (void)png;
}

static void write_rows(png_structp png, png_infop info, const struct pixels *p, size_t factor, uint8_t *row) {
    png_set_IHDR(png, info, (uint32_t)(p->width * factor), (uint32_t)(p->height * factor), 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (size_t y = 0; y < p->height; y++) {
        const uint8_t *from = p->rgb + 3 * y * p->width;
        for (size_t x = 0; x < p->width * factor; x++) memcpy(row + 3 * x, from + 3 * (x / factor), 3);
        for (size_t k = 0; k < factor; k++) png_write_row(png, row);
    }
    png_write_end(png, info);
}

/* Everything libpng may jump out of is below the setjmp, and no local of this function changes after it, so that all of
 * them have their values when it comes back (C11 7.13.2.1p3). */
static bool encode(struct png_job *job, const struct pixels *p, size_t factor) {
    uint8_t *const row = malloc(3 * p->width * factor);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, job, job_fail, job_warn);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    const bool ready = row && info;

    if (!ready) {
        error_memory(job->error);
    } else if (setjmp(png_jmpbuf(png)) == 0) {
        png_set_write_fn(png, job, job_write, job_flush);
        write_rows(png, info, p, factor, row);
        png_destroy_write_struct(&png, &info);
        free(row);
        return true;
    }
    png_destroy_write_struct(&png, &info);
    free(row);
    return false;
}

/* ---- */

bool picture_encode(const struct pixels *p, size_t factor, const char *path, struct error *e) {
    struct png_job job = {.error = e};
    bool ok = encode(&job, p, factor) || error_prefix(e, "%s", path);

    ok = ok && file_write(path, job.data, job.size, e);
    free(job.data);
    return ok;
}

bool picture_shape(const struct shape *s, size_t *channels, struct pixels *p, struct error *e) {
    char text[96];

    *channels = s->rank == 3 ? s->dim[0] : 1;
    p->height = s->rank >= 2 ? s->dim[s->rank - 2] : 1;
    p->width = s->rank >= 1 ? s->dim[s->rank - 1] : 0;
    size_t count = shape_count(s);
    bool small = count <= SIZE_MAX / 64 && p->width <= SIDE_LIMIT && p->height <= SIDE_LIMIT;
    if (s->rank < 1 || s->rank > 3 || count == 0 || !small)
        return error_set(e, "a picture of %s: C x H x W, H x W or F wanted, sides from 1 to %u",
                         shape_text(s, text, sizeof text), SIDE_LIMIT);
    return true;
}

bool picture_values(const float *data, size_t n, bool *negative, struct error *e) {
    *negative = false;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(data[i]))
            return error_set(e, "element %zu is %g: a finite number wanted in a picture", i, (double)data[i]);
        *negative = *negative || data[i] < 0;
    }
    return true;
}

size_t picture_enlargement(const struct pixels *p) {
    size_t longer = p->width > p->height ? p->width : p->height;
    return (PICTURE_SIZE + longer - 1) / longer;
}

bool picture_write_png(const char *path, const struct shape *shape, const float *data, enum picture_style style,
                       struct error *e) {
    struct pixels p = {0};
    size_t channels;
    bool negative;

    if (!picture_shape(shape, &channels, &p, e) || !picture_values(data, shape_count(shape), &negative, e))
        return error_prefix(e, "%s", path);
    if (style == PICTURE_MAP) style = negative ? PICTURE_SIGNED : PICTURE_POSITIVE;
    p.rgb = malloc(3 * p.width * p.height);
    bool input = style == PICTURE_INPUT;
    bool ok = p.rgb && (input ? paint_input(&p, data, channels) : paint_map(&p, data, channels, style));
    if (!ok) error_memory(e);
    ok = ok && picture_encode(&p, picture_enlargement(&p), path, e);
    free(p.rgb);
    return ok;
}
