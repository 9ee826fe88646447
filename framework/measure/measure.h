/* measure.h: what a similarity measure is: its descriptor, and a map as a measure sees it. A measure is a file of its
 * own with a const descriptor, and a line in table.c. */
#ifndef ASSAY_MEASURE_MEASURE_H
#define ASSAY_MEASURE_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {signed, absolute} x {all pixels, pixels whose input is not at the baseline} (Sundararajan & Taly 2018,
 * arXiv:1806.04205) */
enum view { VIEW_SIGNED_ALL, VIEW_SIGNED_NONZERO, VIEW_ABSOLUTE_ALL, VIEW_ABSOLUTE_NONZERO, VIEW_COUNT };
unsigned view_named(const char *name); /* VIEW_COUNT where none has that name */
const char *view_name(enum view);      /* "signed/all", "signed/nonzero", "absolute/all", "absolute/nonzero" */
bool view_is_absolute(enum view);
bool view_is_nonzero(enum view);

struct map_shape {
    uint32_t channels, height, width; /* features: 1 x 1 x F */
};

/* Smallest and largest of some values; they mean nothing unless finite and count > 0. */
struct range {
    float low, high;
    size_t count; /* of values looked at */
    bool finite;
};

/* A map in its views. */
struct map_views {
    struct map_shape shape;
    size_t count;           /* channels x height x width */
    const float *data;      /* [count], borrowed */
    const uint8_t *nonzero; /* [count], borrowed: 0 where the non-zero views leave a pixel out; NULL: nowhere */
    /* The first view with the same values: a map without negative values is its own absolute map, and without a mask
     * the non-zero views hold all pixels. What a measure keeps, it keeps of those only. */
    enum view same_as[VIEW_COUNT];
    struct range range[VIEW_COUNT]; /* of those only */
    /* Finite everywhere, and in the view at least 3 pixels that are not all equal. */
    bool informative[VIEW_COUNT];
};

/* One map of a pair. */
struct measure_side {
    const struct map_views *views;
    void *kept; /* what the measure's prepare made of it; NULL if it has none */
};

/* How far down an axis of figures reaches, and the distance of its tics. */
struct measure_axis {
    double lowest, step;
};
#define MEASURE_AXES 3u

enum measure_needs { MEASURE_NEEDS_ORDER = 1 }; /* the order of the values; all measures share one sort */

struct measure {
    const char *id;     /* "spearman": in tables, in the store and in the names of figures */
    const char *title;  /* "Spearman correlation": in headings */
    const char *symbol; /* before a number under a map */
    const char *unit;   /* "": none */
    const char *summary;
    const char *source;                     /* where it is defined */
    double highest;                         /* of two equal maps */
    struct measure_axis axes[MEASURE_AXES]; /* from the shortest to that of the lowest value there is */
    unsigned needs;                         /* of enum measure_needs */
    bool chosen;                            /* computed where a battery names it, and of different inputs then, too */

    /* Whether it can be computed on maps of this shape (SSIM needs 11 x 11 pixels); nothing below is called where not.
     */
    bool (*applies)(const struct map_shape *);
    /* What to keep of one map for all comparisons with it, released by free; false when out of memory, with nothing
     * left behind. Both are NULL where there is nothing to keep. The map is finite. */
    bool (*prepare)(const struct map_views *, void **kept);
    void (*free)(void *kept);
    /* Bytes that are kept of a map of that shape, the orders below included; `masked`: its non-zero views differ. NULL
     * where nothing is kept. */
    size_t (*size)(const struct map_shape *, bool masked);
    /* With MEASURE_NEEDS_ORDER, after prepare, for each informative view that is not the same as another: the entries
     * of its n pixels in ascending order (ranks.h), which are lent for the call. False when out of memory. */
    bool (*take_order)(const struct map_views *, void *kept, enum view, const uint64_t *order, size_t n);
    /* similarity[v] for the views that are wanted, which are informative on both sides; NaN where there is none. Both
     * sides have one shape and one mask. */
    void (*compare)(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT]);
};

extern const struct measure measure_spearman, measure_ssim, measure_pearson, measure_cosine, measure_top, measure_hog,
    measure_ssim_flip;

/* The table of measures, ended by NULL. Index 0 is the one on which verdicts rest. */
extern const struct measure *const measures[];
const struct measure *measure_find(const char *id); /* NULL: none of that name */
size_t measure_count(void);

#endif
