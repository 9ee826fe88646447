/* accuracy.h: how often a network is right on labelled samples, in words, and whether that is clearly above chance. */
#ifndef ASSAY_MEASURE_ACCURACY_H
#define ASSAY_MEASURE_ACCURACY_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct accuracy {
    uint32_t read, right; /* samples looked at, and of these the ones whose label is the prediction */
    uint32_t outputs;     /* classes of the network */
    uint32_t classes;     /* different labels among the samples */
    uint32_t largest;     /* samples of the most frequent label */
};

enum accuracy_state {
    ACCURACY_UNKNOWN, /* nothing was read, or there are no labels */
    ACCURACY_CLEAR,   /* the one-sided 95 % Clopper-Pearson bound lies above chance */
    ACCURACY_FEW,     /* of so few samples that even all right would not be clear */
    ACCURACY_CHANCE
};

/* Counts predicted[i] against labels[i], i < n; labels NULL: nothing is known. */
struct accuracy accuracy_count(const uint32_t *predicted, const uint32_t *labels, uint32_t n, uint32_t outputs);

/* What guessing reaches: 1 / outputs, or the share of the most frequent label where there are several. */
double accuracy_chance(const struct accuracy *);
/* The bound is above chance p where P(X >= right) < .05 for X ~ Binomial(read, p): Clopper and Pearson 1934,
 * doi:10.1093/biomet/26.4.404. */
enum accuracy_state accuracy_state(const struct accuracy *);
/* Both bounds of that kind: 90 % lie between them. Of at least one sample. */
void accuracy_interval(const struct accuracy *, double *low, double *high);

/* ".80", "1.00", "-.12"; a share below 1 is never rounded up to it. */
void accuracy_add_share(struct text *, double share);
/* "the network is right on 24 of 30 read (accuracy .80)". */
void accuracy_add_sentence(struct text *, const struct accuracy *);
/* What is wrong and what to look at: of ACCURACY_CHANCE, and of ACCURACY_FEW where the accuracy is below chance; else
 * nothing. */
void accuracy_add_warning(struct text *, const struct accuracy *);

#endif
