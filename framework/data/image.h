/* image.h: photographs, from JPEG and PNG files to 8-bit red, green and blue. */
#ifndef ASSAY_DATA_IMAGE_H
#define ASSAY_DATA_IMAGE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A picture or its part, plane by plane. */
struct image {
    uint32_t channels, width, height;
    uint8_t *data; /* [channels][height][width] */
};

/* The kind of file is told by its first bytes. Grey becomes three equal channels, a palette its colours;
 * transparency is dropped, as by Pillow's convert("RGB"). The orientation that cameras write (EXIF) is obeyed. CMYK, 16
 * bits, and a file that is cut or damaged, is an error. out->data is the caller's (image_finish). */
bool image_load(const char *path, struct image *out, struct error *);
/* The same from memory; `name` is for messages. */
bool image_decode(const char *name, const uint8_t *bytes, size_t size, struct image *out, struct error *);
void image_finish(struct image *);

/* 1: grey, (19595 R + 38470 G + 7471 B + 32768) / 65536, the luma of ITU-R BT.601 as Pillow's convert("L") rounds it.
 * 3: grey three times. The image is replaced; one that has so many channels stays. */
bool image_set_channels(struct image *, uint32_t channels, struct error *);

/* Whether the name ends as those of JPEG and PNG files do, in either case. */
bool image_has_extension(const char *path);

#endif
