/* label_accuracy.h: how often a network is right where a sample has several labels, each there or not. */
#ifndef ASSAY_MEASURE_LABEL_ACCURACY_H
#define ASSAY_MEASURE_LABEL_ACCURACY_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct label_accuracy {
    uint32_t read, labels; /* samples looked at; labels of each */
    uint64_t right;        /* of read x labels */
    double base;           /* base rate: what the more frequent answer of each label reaches, the mean over labels */
    double lower;          /* one-sided 95 % bound of accuracy - base rate; NaN of one sample */
    bool few;              /* even all right would not be clear */
};

enum label_accuracy_state { LABELS_UNKNOWN, LABELS_CLEAR, LABELS_FEW, LABELS_CHANCE };

/* flags[n][labels] are 0 or 1; logits[n][labels] say 1 where they are above 0. flags NULL: nothing is known. Labels of
 * a sample depend on each other, so samples are compared: of each the share of labels that the network is right on,
 * less the share that the base rate's answers are right on. The bound is Student's, n - 1 degrees of freedom. */
struct label_accuracy label_accuracy_count(const float *flags, const float *logits, uint32_t n, uint32_t labels);
enum label_accuracy_state label_accuracy_state(const struct label_accuracy *);
/* Mean over labels of the share of the more frequent answer. */
double label_base_rate(const float *flags, uint32_t n, uint32_t labels);

/* "the network is right on 1423 of 1500 labels of 300 read (accuracy .94, base rate .71)". */
void label_accuracy_add_sentence(struct text *, const struct label_accuracy *);
/* Nothing where the accuracy is clearly above the base rate or nothing is known. */
void label_accuracy_add_warning(struct text *, const struct label_accuracy *);

#endif
