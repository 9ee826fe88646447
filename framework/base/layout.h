/* layout.h: what the dimensions of a sample mean: which of them are channels, which are places. Whatever differs
 * between pictures, sequences, volumes and features is a member of the layout; nothing else asks for a rank. */
#ifndef ASSAY_BASE_LAYOUT_H
#define ASSAY_BASE_LAYOUT_H

#include "base/shape.h"

/* How reports draw a map; a slice is the middle one along the depth. */
enum layout_figure { LAYOUT_IMAGE, LAYOUT_SLICE, LAYOUT_LINE, LAYOUT_BARS };

struct layout_kind {
    const char *name;     /* "picture" */
    const char *form;     /* "channels x height x width" */
    const char *position; /* one of its places, in words: "pixel" */
    uint32_t rank;        /* of a sample */
    bool channels;        /* dimension 0 counts channels; else there is one */
    bool plane;           /* the last two dimensions are a plane: measures that look at neighbours (SSIM) apply */
    bool letters;         /* channels may be an alphabet: one of them is 1 at each position, or none (one-hot) */
    enum layout_figure figure;
};

extern const struct layout_kind layout_features, layout_sequence, layout_picture, layout_volume;

/* A sample is [channels][height][width]: element (c, p) is at c * positions + p. */
struct layout {
    const struct layout_kind *kind;
    size_t channels, height, width, positions; /* positions = height * width */
};

/* By the rank: F features; C x L a sequence; C x H x W a picture; C x D x H x W a volume, whose positions are one row.
 * Samples of any other rank are features. */
struct layout layout_of(const struct shape *);

/* Whether x[channels * positions] is one-hot: its kind has letters, there are two channels at least, every element is 0
 * or 1, at most one channel of a position is 1, and some position has one. */
bool layout_one_hot(const struct layout *, const float *x);

/* Whether samples of the one shape are samples of the other: equal, or one of the two is flat. */
bool layout_fits(const struct shape *, const struct shape *);

#endif
