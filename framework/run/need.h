/* need.h: which attributions of the plan a row is asked for. Private to run/. */
#ifndef ASSAY_RUN_NEED_H
#define ASSAY_RUN_NEED_H

#include "experiment/state.h"

/* How many draws each explainer has under each control: draws[control * row_count + row]. */
struct draw_counts {
    uint32_t *draws;
};

/* Whether the control says anything about methods with these claims; else why not. */
bool need_applies(const struct run *, uint32_t control, uint32_t row, char *why, size_t size);

/* Whether row needs that attribution, given how many draws its controls have. */
bool need_attribution(const struct run *, const struct draw_counts *, uint32_t row, uint32_t attribution);
/* How many units are asked of the row. */
uint32_t need_units(const struct run *, const struct draw_counts *, uint32_t row);

#endif
