/* resize.h: pictures made smaller or larger, and cut, to the same bytes as Pillow and torchvision. */
#ifndef ASSAY_DATA_RESIZE_H
#define ASSAY_DATA_RESIZE_H

#include "data/image.h"

enum interpolation { INTERPOLATION_BILINEAR, INTERPOLATION_BICUBIC };
extern const char *const interpolation_names[]; /* NULL-terminated */

/* Pillow's Image.resize: antialiased, in its fixed-point arithmetic. The image is replaced. */
bool image_resize(struct image *, uint32_t width, uint32_t height, enum interpolation, struct error *);

/* torchvision's Resize(side): the shorter side becomes `side`, the longer one keeps the ratio, rounded down. */
bool image_resize_shorter(struct image *, uint32_t side, enum interpolation, struct error *);

/* torchvision's CenterCrop(side): where a picture is too small, black is put around it. */
bool image_crop_centre(struct image *, uint32_t side, struct error *);

#endif
