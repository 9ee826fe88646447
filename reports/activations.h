/* activations.h (private to reports/): how alike the activations of the networks that a control draws anew are to the
 * model's, stage by stage and layer by layer (docs/verdict.md, section 2). */
#ifndef ASSAY_REPORTS_ACTIVATIONS_H
#define ASSAY_REPORTS_ACTIVATIONS_H

#include "reports/layer_names.h"

struct activation_sum {
    double of;
    uint32_t count;
};

struct activation_stage {
    char *name;                    /* NULL: there is no such stage */
    struct activation_sum *layers; /* [names.count + 1]: rank correlations, and behind them |r| of the logits */
};

struct activations {
    struct layer_names names;
    bool *measured; /* [names.count] */
    struct activation_stage *stages;
    uint32_t stage_count;
    bool any;
};

#define ACTIVATIONS_EVERY_DRAW UINT32_MAX
/* Of the first so many draws. */
bool activations_load(struct store *, const char *control, uint32_t draws, struct activations *, struct error *);
void activations_finish(struct activations *);
/* The mean over draws; NaN where nothing was measured. */
double activations_mean(const struct activation_sum *);

#endif
