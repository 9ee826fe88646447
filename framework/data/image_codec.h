/* image_codec.h: the decoders of pictures, which image.c chooses from, and what they have in common. */
#ifndef ASSAY_DATA_IMAGE_CODEC_H
#define ASSAY_DATA_IMAGE_CODEC_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Larger pictures are refused before any memory is asked for: a file of a few bytes may claim any size. */
#define IMAGE_PIXELS_MAX ((uint32_t)1 << 26)

/* As it lies in the file. */
struct raster {
    uint32_t width, height;
    uint8_t *rgb;         /* [height][width][3], malloc */
    unsigned orientation; /* EXIF: 1 (upright) to 8 */
};

/* Fill a zeroed raster; what it holds after a failure is the caller's to free all the same. */
bool image_jpeg_decode(const uint8_t *bytes, size_t size, struct raster *, struct error *);
bool image_png_decode(const uint8_t *bytes, size_t size, struct raster *, struct error *);

/* False unless there are 1 to IMAGE_PIXELS_MAX of them. */
bool image_check_size(uint32_t width, uint32_t height, struct error *);

/* The orientation in a block of EXIF data (a TIFF header and what follows); 1 when it says none, or nothing legible. */
unsigned exif_orientation(const uint8_t *tiff, size_t size);

#endif
