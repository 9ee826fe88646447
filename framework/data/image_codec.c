/* image_codec.c: which sizes of pictures are taken. */
#include "data/image_codec.h"

bool image_check_size(uint32_t width, uint32_t height, struct error *e) {
    if (width == 0 || height == 0 || width > IMAGE_PIXELS_MAX / height)
        return error_set(e, "%u x %u pixels: 1 to %u wanted (make it smaller)", width, height, IMAGE_PIXELS_MAX);
    return true;
}
