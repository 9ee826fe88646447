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

/* The kind of file is told by its first bytes. Grey becomes three equal channels, a palette its colours, 16 bits their
 * upper 8; transparency is dropped, as by Pillow's convert("RGB"). The orientation that cameras write (EXIF) is obeyed.
 * CMYK, and a file that is cut or damaged, is an error. out->data is the caller's (image_finish). */
bool image_load(const char *path, struct image *out, struct error *);
/* The same from memory; `name` is for messages. */
bool image_decode(const char *name, const uint8_t *bytes, size_t size, struct image *out, struct error *);
void image_finish(struct image *);

/* Whether the name ends as those of JPEG and PNG files do, in either case. */
bool image_has_extension(const char *path);

#endif
