/* PNG by libpng's simplified writer, and base64 (RFC 4648, section 4). */
#include "reports/png.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

static void add_base64(struct text *out, const uint8_t *data, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t three =
            (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) | (left > 2 ? data[i + 2] : 0u);
        const char four[] = {digits[three >> 18], digits[three >> 12 & 63], left > 1 ? digits[three >> 6 & 63] : '=',
                             left > 2 ? digits[three & 63] : '='};
        text_append(out, four, sizeof four);
    }
}

static void add(struct text *out, png_image *image, const uint8_t *pixels, const void *palette) {
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(*image);
    uint8_t *bytes = malloc(size);

    if (!bytes || !png_image_write_to_memory(image, bytes, &size, 0, pixels, 0, palette)) out->failed = true;
    else {
        text_add(out, "data:image/png;base64,");
        add_base64(out, bytes, size);
    }
    free(bytes);
    png_image_free(image);
}

void png_add_indexed(struct text *out, uint32_t width, uint32_t height, const uint8_t *pixels,
                     const uint8_t palette[PNG_COLOURS][4]) {
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = width,
                       .height = height,
                       .format = PNG_FORMAT_RGBA_COLORMAP,
                       .colormap_entries = PNG_COLOURS};
    add(out, &image, pixels, palette);
}

void png_add_rgb(struct text *out, uint32_t width, uint32_t height, const uint8_t *pixels) {
    png_image image = {.version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = PNG_FORMAT_RGB};
    add(out, &image, pixels, NULL);
}
