/* preprocess.h: how stored values become the inputs of a network, as a declaration. */
#ifndef ASSAY_DATA_PREPROCESS_H
#define ASSAY_DATA_PREPROCESS_H

#include "base/shape.h"
#include "base/text.h"
#include "data/resize.h"

enum channel_order { ORDER_RGB, ORDER_BGR };
extern const char *const channel_order_names[]; /* NULL-terminated */

/* Pictures get their number of channels, are resized, cropped, and their channels put in order; then every value
 * becomes (value * scale - mean[c]) / std[c], where c counts channels in that order. Samples that have not three
 * channels take only a mean and std that are the same for all. */
struct preprocess {
    uint32_t resize; /* of the shorter side; 0: none */
    bool stretch;    /* of both sides, whatever their ratio */
    uint32_t crop;   /* side of the square in the centre; 0: none */
    enum interpolation interpolation;
    double scale, mean[3], std[3];
    enum channel_order order;
    uint32_t channels; /* 1: grey; 3: grey three times; 0: as they are */
};

struct preset {
    const char *name;
    struct preprocess preprocess;
};
extern const struct preset presets[]; /* ended by a NULL name; the first is `none`: values as they are */

/* The preset of that name, or NULL with the nearest name in the error. */
const struct preprocess *preset_find(const char *name, struct error *);

/* "resize 256 bilinear, crop 224, (x / 255 - [...]) / [...]": equal declarations have equal texts. */
void preprocess_text(const struct preprocess *, struct text *out);

/* False when samples of this shape (after resize and crop) have not the channels that are declared. */
bool preprocess_fits(const struct preprocess *, const struct shape *sample, struct error *);

/* Whether pictures are changed before their values are. */
bool preprocess_reshapes(const struct preprocess *);

/* Channels, resize and crop. */
bool preprocess_image(const struct preprocess *, struct image *, struct error *);

/* What comes behind it; `out` is not `in`. */
void preprocess_bytes(const struct preprocess *, const struct shape *sample, const uint8_t *in, float *out);
void preprocess_floats(const struct preprocess *, const struct shape *sample, const float *in, float *out);

#endif
