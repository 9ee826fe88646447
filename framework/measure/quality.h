/* quality.h: how well a network does on the data, whatever its task is: what every run says first. */
#ifndef ASSAY_MEASURE_QUALITY_H
#define ASSAY_MEASURE_QUALITY_H

#include "measure/accuracy.h"
#include "measure/fit.h"
#include "measure/label_accuracy.h"

enum quality_kind { QUALITY_CLASSES, QUALITY_FIT, QUALITY_LABELS };

struct quality {
    enum quality_kind kind; /* which of the others counts */
    struct accuracy accuracy;
    struct fit fit;
    struct label_accuracy labels;
};

bool quality_is_known(const struct quality *);
void quality_add_sentence(struct text *, const struct quality *);
/* Nothing where the network is clearly better than guessing, or nothing is known. */
void quality_add_warning(struct text *, const struct quality *);

#endif
