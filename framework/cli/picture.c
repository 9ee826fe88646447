#include "cli/picture.h"

#include "base/file.h"

#include <math.h>
#include <png.h>
#include <stdlib.h>

#define WANTED_WIDTH 224u /* of a magnified small map, about */

struct plane {
    size_t width, height;
    double *value; /* [height][width], channels summed */
    double largest;
};

static bool plane_init(struct plane *plane, const struct shape *shape, const float *map, struct error *e) {
    size_t channels = shape->rank == 3 ? shape->dim[0] : 1, n = shape_count(shape) / (channels ? channels : 1);
    plane->width = shape->rank == 3 ? shape->dim[2] : n;
    plane->height = plane->width ? n / plane->width : 0;
    plane->largest = 0;
    plane->value = calloc(n ? n : 1, sizeof *plane->value);
    if (!plane->value) {
        return error_memory(e);
    }
    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < n; i++) {
            plane->value[i] += (double)map[c * n + i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        plane->largest = fmax(plane->largest, fabs(plane->value[i]));
    }
    return true;
}

/* Linear from white to the ends of ColorBrewer's RdBu. */
static void colour(double value, uint8_t rgb[3]) {
    static const double red[3] = {178, 24, 43}, blue[3] = {33, 102, 172};
    const double *end = value < 0 ? blue : red;
    for (int i = 0; i < 3; i++) {
        rgb[i] = (uint8_t)lround(255 + fabs(value) * (end[i] - 255));
    }
}

static bool encode(const char *path, const uint8_t *rgb, size_t width, size_t height, struct error *e) {
    png_image image = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)width, .height = (png_uint_32)height,
                       .format = PNG_FORMAT_RGB};
    png_alloc_size_t size = 0;
    uint8_t *bytes = NULL;
    bool ok = png_image_write_to_memory(&image, NULL, &size, 0, rgb, 0, NULL) && (bytes = malloc(size)) &&
              png_image_write_to_memory(&image, bytes, &size, 0, rgb, 0, NULL);
    if (ok) {
        ok = file_write(path, bytes, size, e);
    } else {
        error_set(e, "%s: cannot be made a PNG: %s", path, image.message[0] ? image.message : "out of memory");
    }
    png_image_free(&image);
    free(bytes);
    return ok;
}

bool picture_write(const char *path, const struct shape *shape, const float *map, struct error *e) {
    struct plane plane;
    if (!plane_init(&plane, shape, map, e)) {
        return false;
    }
    size_t zoom = plane.width && plane.width < WANTED_WIDTH ? WANTED_WIDTH / plane.width : 1;
    size_t width = plane.width * zoom, height = plane.height * zoom;
    uint8_t *rgb = calloc(width ? width : 1, 3 * (height ? height : 1));
    if (!rgb) {
        free(plane.value);
        return error_memory(e);
    }
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            double value = plane.value[y / zoom * plane.width + x / zoom];
            colour(plane.largest > 0 ? value / plane.largest : 0, rgb + 3 * (y * width + x));
        }
    }
    bool ok = encode(path, rgb, width, height, e);
    free(rgb);
    free(plane.value);
    return ok;
}
