/* why_activations.h: how alike the activations of the re-drawn networks and the model's are, for `assay why`. */
#ifndef ASSAY_REPORTS_WHY_ACTIVATIONS_H
#define ASSAY_REPORTS_WHY_ACTIVATIONS_H

#include "store/store.h"

#include <stdio.h>

/* Of the control's stages, over its first `draws` draws. Nothing where the store has no activations of them. */
bool why_activations(struct store *, const char *control, uint32_t draws, FILE *, struct error *);

#endif
