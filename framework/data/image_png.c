/* image_png.c: PNG through libpng. */
#include "data/image_codec.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define DEFLATE_RATIO 1032u /* no deflate stream grows more: 258 bytes from 2 bits, almost */

struct png_job {
    const uint8_t *bytes;
    size_t size, at;
    png_structp png;
    png_infop info;
    uint8_t **rows;
    struct raster *raster;
    struct error *error;
};

/* libpng calls this from inside its own functions and must not be returned to. */
static void fail(png_structp png, png_const_charp text) {
    struct png_job *job = png_get_error_ptr(png);

    error_set(job->error, "libpng: %s: an intact PNG file wanted", text);
    png_longjmp(png, 1);
}

static void warn(png_structp png, png_const_charp text) {
    (void)png;
    (void)text; /* of chunks that do not change the picture */
}

static void take(png_structp png, png_bytep out, size_t n) {
    struct png_job *job = png_get_io_ptr(png);

    if (n > job->size - job->at) png_error(png, "the file ends early");
    memcpy(out, job->bytes + job->at, n);
    job->at += n;
}

/* Whatever the file holds comes out as 8-bit RGB. */
static void set_transformations(png_structp png) {
    png_set_palette_to_rgb(png);
    png_set_expand_gray_1_2_4_to_8(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
}

/* A file cannot hold so many bytes in so few. */
static bool check_stored(const struct png_job *job) {
    const struct raster *r = job->raster;
    size_t stored = png_get_rowbytes(job->png, job->info) * r->height;
    return stored / DEFLATE_RATIO <= job->size ||
           error_set(job->error, "%zu bytes for %u x %u pixels: the whole file wanted", job->size, r->width, r->height);
}

/* Which part of the range is used, only its maker knows; the largest value tells the reader. */
static bool refuse_wide(struct png_job *job) {
    struct raster *r = job->raster;
    unsigned largest = 0;

    png_set_strip_alpha(job->png);
    png_set_interlace_handling(job->png);
    png_read_update_info(job->png, job->info);
    size_t row_size = png_get_rowbytes(job->png, job->info);
    r->rgb = calloc(r->height, row_size);
    job->rows = malloc(r->height * sizeof *job->rows);
    if (!r->rgb || !job->rows) return error_memory(job->error);
    for (size_t y = 0; y < r->height; y++) job->rows[y] = r->rgb + y * row_size;
    png_read_image(job->png, job->rows);
    for (size_t i = 0; i + 1 < row_size * r->height; i += 2) {
        unsigned value = (unsigned)r->rgb[i] << 8 | r->rgb[i + 1];
        largest = value > largest ? value : largest;
    }
    return error_set(job->error,
                     "a PNG of 16 bits, whose largest value is %u: 8 bits wanted (scale its values to 0 .. 255 by the "
                     "range of the whole data set: 12 bits in 16 would become black)",
                     largest);
}

static bool read_header(struct png_job *job) {
    png_read_info(job->png, job->info);
    struct raster *r = job->raster;
    r->width = png_get_image_width(job->png, job->info);
    r->height = png_get_image_height(job->png, job->info);
    if (!image_check_size(r->width, r->height, job->error)) return false;
    return check_stored(job) && (png_get_bit_depth(job->png, job->info) != 16 || refuse_wide(job));
}

static bool read_rows(struct png_job *job) {
    struct raster *r = job->raster;
    size_t row_size = 3 * (size_t)r->width;

    set_transformations(job->png);
    png_set_interlace_handling(job->png);
    png_read_update_info(job->png, job->info);
    if (png_get_rowbytes(job->png, job->info) != row_size) png_error(job->png, "cannot be made 8-bit RGB");
    r->rgb = calloc(r->height, row_size);
    job->rows = malloc(r->height * sizeof *job->rows);
    if (!r->rgb || !job->rows) return error_memory(job->error);
    for (size_t y = 0; y < r->height; y++) job->rows[y] = r->rgb + y * row_size;
    png_read_image(job->png, job->rows);
    png_read_end(job->png, job->info);
    return true;
}

static void read_orientation(struct png_job *job) {
    png_uint_32 n = 0;
    png_bytep exif = NULL;

    if (png_get_eXIf_1(job->png, job->info, &n, &exif)) job->raster->orientation = exif_orientation(exif, n);
}

/* All state is in *job, and no local of this function changes after the setjmp (C11 7.13.2.1p3). */
static bool run_job(struct png_job *job) {
    if (setjmp(png_jmpbuf(job->png)) != 0) return false;
    png_set_read_fn(job->png, job, take);
    png_set_user_limits(job->png, IMAGE_PIXELS_MAX, IMAGE_PIXELS_MAX);
    if (!read_header(job) || !read_rows(job)) return false;
    read_orientation(job);
    return true;
}

/* libpng takes memory for a chunk as long as its header claims, before it reads it. */
static bool check_chunks(const uint8_t *bytes, size_t size, struct error *e) {
    for (size_t at = 8, n; at + 8 <= size; at += n + 12) {
        n = png_get_uint_32(bytes + at);
        if (n > size - at - 8)
            return error_set(e, "the chunk at byte %zu claims %zu bytes, %zu are left: an intact PNG file wanted", at,
                             n, size - at - 8);
        if (memcmp(bytes + at + 4, "IEND", 4) == 0 || size - at - 8 - n < 4) break;
    }
    return true;
}

bool image_png_decode(const uint8_t *bytes, size_t size, struct raster *out, struct error *e) {
    struct png_job job = {.bytes = bytes, .size = size, .raster = out, .error = e};

    if (!check_chunks(bytes, size, e)) return false;
    job.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job, fail, warn);
    job.info = job.png ? png_create_info_struct(job.png) : NULL;
    bool ok = job.info ? run_job(&job) : error_memory(e);
    free(job.rows);
    png_destroy_read_struct(&job.png, &job.info, NULL);
    return ok;
}
